"""Operators change the settings of a site's mails, among them the site's own texts of mails.

The server checks and previews the texts, writes them into the audit log, and can undo a change.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from signaling.records import AuditRecord
from signaling.server import app_keys

from .conftest import Desk

PLAN = "/api/operator/sites/demo-shop/mail"
OWN = {"subject": "{site}: 답이 왔어요", "text": "{name} 상담사가 답했어요."}


class Operator:
    """A signed-in operator who sends requests."""

    def __init__(self, desk: Desk, cookie: dict[str, str]) -> None:
        self.desk, self.cookie = desk, cookie

    async def ask(self, path: str, body: Any) -> tuple[int, Any]:
        reply = await self.desk.post(path, body, headers=self.cookie)
        return reply.status, await reply.json()

    async def read(self, path: str) -> tuple[int, Any]:
        reply = await self.desk.get(path, headers=self.cookie)
        return reply.status, await reply.json()


@pytest.fixture
async def ops(desk: Desk) -> Operator:
    return Operator(desk, await desk.cookie_of("ops"))


async def plan_of(ops: Operator) -> dict[str, Any]:
    _, found = await ops.read("/api/operator/mail")
    return dict(next(each["plan"] for each in found if each["id"] == "demo-shop"))


async def newest(desk: Desk, action: str) -> AuditRecord:
    found, _ = await desk.records.audits()
    return next(each for each in found if each.action == action)


async def test_wording_is_saved_audited_by_text_and_undone(desk: Desk, ops: Operator) -> None:
    before = await plan_of(ops)
    changed = before | {"texts": {"ko": {"reply": OWN}}}
    assert (await ops.ask(PLAN, {"plan": changed, "former": before}))[0] == 200
    assert await plan_of(ops) == changed
    entry = await newest(desk, "site.mail")
    assert entry.change is not None
    assert entry.change.after == {"mail.ko.reply.subject": OWN["subject"], "mail.ko.reply.text": OWN["text"]}
    status, refused = await ops.ask(PLAN, {"plan": before, "former": before})
    assert (status, refused["reason"]) == (409, "changed_meanwhile")

    assert (await ops.ask(f"/api/operator/audit/{entry.n}/undo", {}))[0] == 200
    assert await plan_of(ops) == before
    assert (await ops.ask(f"/api/operator/audit/{entry.n}/undo", {}))[0] == 409, "undone already"
    undoing = await newest(desk, "settings.undo")
    assert (await ops.ask(f"/api/operator/audit/{undoing.n}/undo", {}))[0] == 200
    assert await plan_of(ops) == changed


async def test_wording_that_names_what_its_mail_has_not_is_refused_by_field(ops: Operator) -> None:
    before = await plan_of(ops)
    wrong = before | {"texts": {"ko": {"reply": OWN | {"text": "{when}"}}}}
    status, refused = await ops.ask(PLAN, {"plan": wrong})
    assert (status, refused["fields"]) == (422, {"texts.ko.reply.text": "unknown_value"})
    assert await plan_of(ops) == before


async def test_from_address_is_refused_unless_its_domain_is_allowed(desk: Desk, ops: Operator) -> None:
    before = await plan_of(ops)
    wanted = before | {"from_address": "hello@shop.example"}
    status, refused = await ops.ask(PLAN, {"plan": wanted})
    assert (status, refused["fields"]) == (422, {"from_address": "not_allowed"})
    status, refused = await ops.ask(PLAN, {"plan": before | {"senders": {"ja": {"from_address": "ja@shop.example"}}}})
    assert (status, refused["fields"]) == (422, {"senders.ja.from_address": "not_allowed"})
    desk.app[app_keys.SETTINGS] = replace(desk.settings, mail_from_allow=("shop.example",))
    assert (await ops.ask(PLAN, {"plan": wanted}))[0] == 200
    entry = await newest(desk, "site.mail")
    assert entry.change is not None
    assert entry.change.after == {"mail.from_address": "hello@shop.example"}
    desk.app[app_keys.SETTINGS] = desk.settings  # the server no longer allows this domain, but other fields can still be changed
    assert (await ops.ask(PLAN, {"plan": wanted | {"sender": "가게"}}))[0] == 200
    assert (await ops.ask(f"/api/operator/audit/{entry.n}/undo", {}))[0] == 200
    assert (await plan_of(ops))["from_address"] == ""


async def test_sender_of_one_language_is_saved_audited_and_undone(desk: Desk, ops: Operator) -> None:
    before = await plan_of(ops)
    japanese = {"sender": "光と音", "from_address": "", "reply_to": "ja@shop.example"}
    nobody = {"sender": "", "from_address": "", "reply_to": ""}
    assert (await ops.ask(PLAN, {"plan": before | {"senders": {"ja": japanese, "es": nobody}}}))[0] == 200
    assert await plan_of(ops) == before | {"senders": {"ja": japanese}}
    entry = await newest(desk, "site.mail")
    assert entry.change is not None
    assert entry.change.after == {"mail.ja.sender": "光と音", "mail.ja.reply_to": "ja@shop.example"}
    assert (await ops.ask(f"/api/operator/audit/{entry.n}/undo", {}))[0] == 200
    assert await plan_of(ops) == before


async def test_preview_shows_the_mail_and_stores_nothing(ops: Operator) -> None:
    status, seen = await ops.ask(f"{PLAN}/preview", {"kind": "reply", "language": "ko", "wording": OWN})
    assert status == 200
    assert "답이 왔어요" in seen["subject"]
    assert "<button" not in seen["html"]
    assert 'href="http' in seen["html"]
    for wrong in ({"kind": "invitation"}, {"wording": {"text": "{when}"}}):
        body = {"kind": "reply", "language": "ko", "wording": OWN} | wrong
        assert (await ops.ask(f"{PLAN}/preview", body))[0] == 422
    _, texts = await ops.read(f"{PLAN}/wording?language=ko")
    assert {each["kind"]: each["names"] for each in texts}["reply"] == ["site", "name"]
    assert (await plan_of(ops))["texts"] == {}


async def test_counselor_neither_reads_nor_previews_wordings(desk: Desk) -> None:
    jimin = Operator(desk, await desk.cookie_of("jimin"))
    assert (await jimin.read(f"{PLAN}/wording?language=ko"))[0] == 403
    assert (await jimin.ask(f"{PLAN}/preview", {"kind": "reply", "language": "ko", "wording": OWN}))[0] == 403


async def test_frame_of_previews_runs_no_script_but_its_own(desk: Desk) -> None:
    reply = await desk.get("/mail-preview")
    policy = reply.headers["Content-Security-Policy"]
    assert "sandbox allow-scripts;" in f"{policy};"
    assert "frame-ancestors 'self'" in policy
    assert "script-src 'sha256-" in policy
    assert "connect-src" not in policy, "default-src 'none' holds"
    assert "frame-src 'self'" in (await desk.get("/operator")).headers["Content-Security-Policy"]
