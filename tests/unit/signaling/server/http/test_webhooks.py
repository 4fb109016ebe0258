"""Owners and managers set the webhooks of their organisation."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from signaling.records.webhooks import MOST_ENDPOINTS, Attempt

from .conftest import Desk, refused

URL = "/api/settings/webhooks"
HOOK: dict[str, Any] = {"url": "https://erp.example/hook", "events": ["session.ended", "session.started"], "sites": None}


async def test_webhook_is_made_changed_tested_and_removed(desk: Desk) -> None:
    ops = await desk.cookie_of("ops")
    made = await (await desk.post(URL, HOOK, headers=ops)).json()
    assert made["secret"].startswith("whsec_")
    page = await (await desk.get(URL, headers=ops)).text()
    assert made["secret"] not in page, "shown once"
    [item] = (await (await desk.get(URL, headers=ops)).json())["items"]
    assert (item["events"], item["state"], item["waiting"]) == (["session.started", "session.ended"], "on", 0)
    here = f"{URL}/{made['id']}"
    assert (await desk.post(f"{here}/test", {}, headers=ops)).status == 200
    [waiting] = await (await desk.get(f"{here}/deliveries", headers=ops)).json()
    assert (waiting["type"], waiting["state"], waiting["attempts"]) == ("webhook.test", "queued", [])
    again = f"{here}/deliveries/{waiting['n']}/send"
    assert await refused(await desk.post(again, {}, headers=ops)) == (409, "wrong_state")
    endpoint = await desk.records.endpoint(made["id"])
    assert endpoint is not None
    [delivery] = await desk.records.claim_deliveries(endpoint.id, 9_000_000_000_000, 1, 1)
    await desk.records.delivered(delivery, Attempt(at=7, took_ms=12, status=200, answer="thanks"))
    [sent] = await (await desk.get(f"{here}/deliveries", headers=ops)).json()
    assert sent["attempts"] == [{"at": 7, "took_ms": 12, "status": 200, "why": "", "answer": "thanks"}]
    assert (await desk.post(again, {}, headers=ops)).status == 200
    newer = await (await desk.post(f"{here}/rotate", {}, headers=ops)).json()
    assert newer["secret"] != made["secret"]
    assert (await desk.post(here, HOOK | {"on": False}, headers=ops)).status == 200
    assert await refused(await desk.post(f"{here}/test", {}, headers=ops)) == (409, "wrong_state")
    assert (await desk.post(f"{here}/remove", {}, headers=ops)).status == 200
    assert await desk.records.endpoints() == []
    seen = [each.action for each in (await desk.records.audits())[0] if each.action.startswith("webhook.")]
    assert seen == [f"webhook.{what}" for what in ("remove", "change", "rotate", "resend", "test", "add")]


async def test_audit_says_where_events_go_but_not_the_secret_part(desk: Desk) -> None:
    ops = await desk.cookie_of("ops")
    made = await (await desk.post(URL, HOOK, headers=ops)).json()
    moved = {"url": "https://evil.example/T0/secret?key=1", "events": ["session.rated"], "sites": ["demo-shop"], "on": True}
    assert (await desk.post(f"{URL}/{made['id']}", moved, headers=ops)).status == 200
    seen = [each.detail for each in (await desk.records.audits())[0] if each.action.startswith("webhook.")]
    assert seen == ["evil.example: session.rated; demo-shop", "erp.example: session.started, session.ended; *"]


@pytest.mark.parametrize(
    ("change", "status", "reason"),
    [
        ({"url": "http://erp.example/"}, 400, "bad_webhook"),
        ({"url": "https://10.0.0.1/"}, 400, "bad_webhook"),
        ({"url": "https://169.254.169.254/latest"}, 400, "bad_webhook"),
        ({"events": []}, 400, "bad_webhook"),
        ({"events": ["session.whispered"]}, 400, "bad_request"),
        ({"sites": ["nowhere"]}, 404, "not_found"),
        ({"sites": []}, 404, "not_found"),
    ],
)
async def test_webhook_that_cannot_work_is_refused(desk: Desk, change: dict[str, Any], status: int, reason: str) -> None:
    ops = await desk.cookie_of("ops")
    assert await refused(await desk.post(URL, HOOK | change, headers=ops)) == (status, reason)
    assert await desk.records.endpoints() == []


async def test_organisation_has_so_many_webhooks_at_most(desk: Desk) -> None:
    ops = await desk.cookie_of("ops")
    for number in range(MOST_ENDPOINTS):
        assert (await desk.post(URL, HOOK | {"url": f"https://erp.example/{number}"}, headers=ops)).status == 200
    assert await refused(await desk.post(URL, HOOK, headers=ops)) == (409, "too_many_webhooks")


async def test_no_event_is_sent_twice_to_one_address(desk: Desk) -> None:
    ops = await desk.cookie_of("ops")
    assert (await desk.post(URL, HOOK, headers=ops)).status == 200
    again = HOOK | {"events": ["session.ended", "session.rated"], "sites": ["demo-shop"]}
    assert await refused(await desk.post(URL, again, headers=ops)) == (409, "webhook_taken")
    other = await (await desk.post(URL, HOOK | {"events": ["session.rated"]}, headers=ops)).json()
    here = f"{URL}/{other['id']}"
    assert await refused(await desk.post(here, HOOK | {"on": True}, headers=ops)) == (409, "webhook_taken")
    off = HOOK | {"events": ["session.rated"], "on": False}
    assert (await desk.post(here, off, headers=ops)).status == 200, "its own address is its own"
    assert (await desk.post(here, HOOK | {"on": False}, headers=ops)).status == 200, "it sends nothing while it is off"
    assert await refused(await desk.post(here, HOOK | {"on": True}, headers=ops)) == (409, "webhook_taken")
    first = next(each for each in (await (await desk.get(URL, headers=ops)).json())["items"] if each["id"] != other["id"])
    assert (await desk.post(f"{URL}/{first['id']}", HOOK | {"on": False}, headers=ops)).status == 200
    assert (await desk.post(here, HOOK | {"on": True}, headers=ops)).status == 200, "the other one is off"


async def test_limited_manager_learns_nothing_of_a_webhook_of_other_sites(desk: Desk) -> None:
    """The manager learns nothing except that the address already has a webhook.

    The server must say this, because with a second webhook each event would arrive at the address twice.
    """
    assert (await desk.post(URL, HOOK | {"sites": None}, headers=await desk.cookie_of("ops"))).status == 200
    suho = await desk.records.staff("suho")
    assert suho is not None
    await desk.records.save_staff(replace(suho, role="operator", offices=["manager"], sites=["demo-shop"]))
    manager = await desk.cookie_of("suho")
    assert (await (await desk.get(URL, headers=manager)).json())["items"] == []
    reply = await desk.post(URL, HOOK | {"sites": ["demo-shop"]}, headers=manager)
    told = await reply.text()
    assert await refused(reply) == (409, "webhook_taken")
    [theirs] = await desk.records.endpoints()
    assert theirs.id not in told


async def test_counselors_see_no_webhooks(desk: Desk) -> None:
    jimin = await desk.cookie_of("jimin")
    assert await refused(await desk.get(URL, headers=jimin)) == (403, "not_allowed")
