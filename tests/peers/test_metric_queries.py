"""The dashboard and the alert rules query only metrics that a running server has.

`docs/metrics.md` describes all metrics of the server and no others.
"""

from __future__ import annotations

import asyncio
import json
import re
import socket
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from aiohttp.test_utils import TestClient, TestServer

from signaling.server.metrics import metrics_app
from tests import PATIENCE_S, promql
from tests.peers.live_house import Service, in_conversation, running, settings_for
from tests.peers.reporting import reports_back

DEPLOY, DOCS = (Path(__file__).parents[2] / name for name in ("deploy", "docs"))
RULES: list[dict[str, Any]] = [
    rule for group in yaml.safe_load((DEPLOY / "alerts.yaml").read_text())["groups"] for rule in group["rules"]
]
TARGETS: list[dict[str, str]] = [
    target for panel in json.loads((DEPLOY / "grafana.json").read_text())["panels"] for target in panel["targets"]
]
IN_DOCUMENT = re.findall(r"```promql\n(.*?)```", (DOCS / "metrics.md").read_text(), re.DOTALL)
DOCUMENTED = [line for line in IN_DOCUMENT[0].splitlines() if not line.startswith("#")]
QUERIES = [rule["expr"] for rule in RULES] + [target["expr"] for target in TARGETS] + DOCUMENTED
WANTED = {"sangdam_media_round_trip_seconds_bucket", "sangdam_media_stream_bytes_total", "sangdam_media_drops_total"}


@pytest.fixture
async def service(tmp_path: Path) -> AsyncIterator[Service]:
    async with running(settings_for(tmp_path)) as service:
        yield service


async def told(service: Service) -> str:
    async with TestClient(TestServer(metrics_app(service.app))) as http, http.get("/metrics") as answer:
        assert answer.status == 200
        return await answer.text()


async def in_use(service: Service) -> str:
    """Return the metrics after people have spoken, an identification code was refused, and a stranger's datagram was dropped."""
    user, counselor = await in_conversation(service, "voice")
    for person, hz in ((user, 440), (counselor, 620)):
        await person.until(lambda s: s["room"]["media"])
        await person.join_room()
        person.peer.speak(hz)
    reporting = asyncio.create_task(reports_back(user.peer, 10))
    waiting = await service.user("text")
    assert (await waiting.say("enter"))["type"] == "ok"
    assert (await service.post("/api/sessions", {"code": "none"}))[0] == 400
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stranger:
        stranger.sendto(b"\xff junk", user.peer.target)
    async with asyncio.timeout(PATIENCE_S):
        while not promql.scrape(text := await told(service)).keys() >= WANTED:
            await asyncio.sleep(0.3)  # the worker updates the figures of its streams once a second
    reporting.cancel()
    await waiting.close()
    return text


async def test_queries_name_only_what_a_server_tells(service: Service) -> None:
    known = promql.scrape(await in_use(service))
    assert [wrong for query in QUERIES for wrong in promql.wrong_names(query, known)] == []
    for rule in RULES:
        texts = " ".join(rule["annotations"].values())
        named = set(re.findall(r"\$labels\.(\w+)", texts))
        assert named <= promql.result_labels(rule["expr"], known), rule["alert"]
    for target in TARGETS:
        named = set(re.findall(r"\{\{(\w+)\}\}", target["legendFormat"]))
        assert named <= promql.result_labels(target["expr"], known), target["expr"]


async def test_a_query_that_finds_nothing_is_noticed(service: Service) -> None:
    await service.user("text")
    known = promql.scrape(await told(service))
    for query, wrong in (
        ("sum by (worker) (sangdam_sessions)", "no label worker"),
        ('sangdam_sessions{kind="user"}', "no label kind"),
        ('sangdam_workers{state="alive"}', "no state=alive"),
        ("rate(sangdam_http_requests[5m])", "no sangdam_http_requests"),
        ('1 - sum(rate(sangdam_media_up_loss_ratio_bucket{le="0.055"}[5m]))', "no le=0.055"),
    ):
        found = promql.wrong_names(query, known)
        assert len(found) == 1, query
        assert wrong in found[0]


async def test_the_document_names_every_metric_and_nothing_else(service: Service) -> None:
    exposed = {
        name.removesuffix("_total")
        for name in re.findall(r"^# TYPE (sangdam_\w+)", await told(service), re.MULTILINE)
        if not name.endswith("_created")
    }
    tables = "\n".join(line for line in (DOCS / "metrics.md").read_text().splitlines() if line.startswith("|"))
    named = {name.removesuffix("_total") for name in re.findall(r"\bsangdam_\w+", tables)}
    assert named ^ exposed == set()


async def test_every_counter_ends_in_total_and_no_figure_counts_twice(service: Service) -> None:
    text = await told(service)
    kinds = dict(re.findall(r"^# TYPE (sangdam_\w+) (\w+)", text, re.MULTILINE))
    assert [name for name, kind in kinds.items() if (kind == "counter") != name.endswith("_total")] == []
    datagrams = promql.scrape(text)["sangdam_media_datagrams_total"]
    assert {labels["direction"] for labels in datagrams} == {"in", "out"}


async def test_requests_are_counted_by_route_never_by_path(service: Service) -> None:
    session, _ = await service.user_session()
    for path in ("/call", f"/api/sessions/{session}/none", "/etc/passwd", f"/assets/{session}.js", "/a/../../b"):
        async with service.http.get(service.url + path):
            pass
    async with service.http.request("BREW", service.url + "/call") as refused:
        assert refused.status in (400, 405)
    known = promql.scrape(await told(service))
    counted = known["sangdam_http_requests_total"]
    patterns = {resource.canonical for resource in service.app.router.resources()} | {"none"}
    assert {labels["route"] for labels in counted} <= patterns
    assert {"route": "/api/sessions", "method": "POST", "status": "200"} in counted
    assert {"route": "none", "method": "GET", "status": "404"} in counted
    assert {"route": "/assets/{path}", "method": "GET", "status": "404"} in counted
    assert {labels["method"] for labels in counted} <= {"GET", "POST", "other"}
    assert session not in str(counted)
    timed = {(labels["route"], labels["method"]) for labels in known["sangdam_http_request_duration_seconds_count"]}
    assert ("/call", "GET") in timed
    assert "/ws" not in {route for route, _ in timed}, "a conversation's length is no duration of a request"
