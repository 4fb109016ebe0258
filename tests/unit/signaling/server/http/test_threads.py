"""A user reads their own conversations, and nobody else's."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

import pytest
from msgspec.structs import replace

from signaling.access.codes import Claims, User, secret_bytes, sign
from signaling.access.threads import LIFE_MS, Vouched
from signaling.protocol.words import Audience, Role
from signaling.records import Site
from signaling.server import app_keys
from signaling.server.http.threads import LINES_AT_ONCE, PAGE_SIZE

from . import given
from .conftest import BEARER, Desk, refused

DAY_MS = 86_400_000
NOW = int(time.time() * 1000)
LAST_WEEK = NOW - 7 * DAY_MS


async def site_of(desk: Desk, site: str = "demo-shop") -> Site:
    found = await desk.records.site(site)
    assert found is not None
    return found


def code_for(site: Site, user: User | None, server: str, jti: str = "0123456789abcdef") -> str:
    """Return an identification code for this user, signed as the shop's back end signs codes."""
    [key, *_] = site.keys
    now_s = int(time.time())
    claims = Claims(
        site=site.id, category="cameras", language="ko", server=server, jti=jti, iat=now_s, exp=now_s + 300, user=user
    )
    return sign(claims, key.kid, secret_bytes(key.secret))


async def bearer_of(desk: Desk, user: str, jti: str = "0123456789abcdef") -> dict[str, str]:
    code = code_for(await site_of(desk), User(id=user), desk.settings.server_name, jti)
    reply = await desk.post("/api/threads", {"code": code})
    assert reply.status == 200, await reply.text()
    return {"Authorization": f"Bearer {(await reply.json())['token']}"}


@dataclass
class Past:
    """Stores past conversations of users in the database."""

    desk: Desk

    async def session(self, id: str, user: str, *, site: str = "demo-shop", at: int = LAST_WEEK, **more: Any) -> str:
        ref = self.desk.app[app_keys.CODES].user_ref(site, user)
        more = {"ended_at": at + 1000, "active_at": at + 10, "counselor": "jimin"} | more
        await given.session(self.desk, id, site=site, user_ref=ref, started_at=at, **more)
        return id

    async def line(self, session: str, text: str, *, audience: Audience = "all", role: Role = "user", **more: Any) -> None:
        values: dict[str, Any] = {"kind": "text", "at": LAST_WEEK} | more
        name = "민지" if role == "user" else "Jimin"
        await self.desk.records.append_line(
            session, line_id=f"l-{text}", author=f"a-{role}", name=name, role=role, audience=audience, text=text, **values
        )

    async def picture(self, id: str, session: str, audience: Audience, use: Any = "line") -> None:
        await given.picture(self.desk, id, session, audience=audience, use=use, at=LAST_WEEK)

    async def file(self, id: str, session: str, audience: Audience) -> None:
        await given.file(self.desk, id, session, data=b"a file", audience=audience, at=LAST_WEEK)


@pytest.fixture
async def past(desk: Desk) -> Past:
    """Store two conversations of Minji, and one of another user.

    Minji's second conversation also contains chat lines that only staff may read.
    """
    past = Past(desk)
    await past.session("s-11", "minji", at=LAST_WEEK - DAY_MS)
    await past.line("s-11", "렌즈가 흐려요")
    await past.session("s-12", "minji")
    await past.line("s-12", "joined", role="system", kind="system")
    await past.line("s-12", "카메라 있나요?")
    await past.line("s-12", "네, 있어요", role="counselor")
    await past.line("s-12", "비밀 상의", role="professional", audience="staff")
    await past.line("s-12", "비밀 메모", role="counselor", audience="staff", kind="note")
    await past.session("s-other", "suji")
    await past.line("s-other", "남의 말")
    for session in ("s-12", "s-other"):
        for audience in ("all", "staff"):
            await past.picture(f"pic-{session}-{audience}", session, audience, "board")
            await past.file(f"file-{session}-{audience}", session, audience)
    return past


async def test_signed_user_sees_own_conversations_newest_first(desk: Desk, past: Past) -> None:
    await past.session("s-3", "minji", at=NOW - 60_000, state="asleep", ended_at=None)
    page = await (await desk.get("/api/threads?lang=en", headers=await bearer_of(desk, "minji"))).json()
    assert [(each["id"], each["open"], each["asleep"], each["words"]) for each in page["items"]] == [
        ("s-3", True, True, ""),
        ("s-12", False, False, "카메라 있나요?"),
        ("s-11", False, False, "렌즈가 흐려요"),
    ]
    assert (page["more"], page["kept_days"]) == (False, 90)
    first, second, _ = page["items"]
    assert (first["kept_until"], second["kept_until"]) == (None, LAST_WEEK + 1000 + 90 * DAY_MS)
    assert (second["counselor"], second["category"]) == ("Jimin", "Cameras")


async def test_conversation_has_no_word_of_staff_among_themselves(desk: Desk, past: Past) -> None:
    reply = await desk.get("/api/threads/s-12", headers=await bearer_of(desk, "minji"))
    text = await reply.text()
    assert "비밀" not in text
    found = await reply.json()
    assert [line["text"] for line in found["lines"]] == ["카메라 있나요?", "네, 있어요"]
    assert found["board"] == ["pic-s-12-all"]
    copy = await (
        await desk.get("/api/threads/s-12/transcript?form=text", headers=await bearer_of(desk, "minji", "b" * 16))
    ).text()
    assert "카메라 있나요?" in copy
    assert "비밀" not in copy


async def test_retracted_line_is_as_in_the_users_copy(desk: Desk, past: Past) -> None:
    await past.picture("pic-gone", "s-12", "all")
    await past.line("s-12", "", kind="picture", picture="pic-gone")
    [last] = await desk.records.lines_before("s-12", 0, 1, "all")

    def retract(line: Any) -> Any:
        return replace(line, text="", picture="", change="retracted", changed_at=NOW)

    await desk.records.change_line("s-12", last.seq, retract)
    minji = await bearer_of(desk, "minji")
    shown = (await (await desk.get("/api/threads/s-12", headers=minji)).json())["lines"][-1]
    assert (shown["change"], shown["picture"], shown["former"]) == ("retracted", "", [])
    assert (await desk.get("/api/pictures/pic-gone", headers=minji)).status == 404


async def test_pictures_and_files_are_served_by_the_rights_of_the_session(desk: Desk, past: Past) -> None:
    minji = await bearer_of(desk, "minji")
    for path in ("/api/pictures/pic-", "/api/files/file-"):
        assert (await desk.get(f"{path}s-12-all", headers=minji)).status == 200
        for other in ("s-12-staff", "s-other-all", "s-other-staff"):
            assert await refused(await desk.get(path + other, headers=minji)) == (404, "not_found")


@pytest.mark.parametrize("path", ["", "/transcript", "/drawings/1"])
async def test_other_users_other_sites_and_other_organisations_give_nothing(desk: Desk, past: Past, path: str) -> None:
    await desk.records.save_site(replace(await site_of(desk), id="second", keys=[]))
    await past.session("s-site", "minji", site="second")
    await past.session("s-organisation", "minji", organisation="another")
    await past.session("s-nobody", "")  # the identification code of this session names no user
    minji = await bearer_of(desk, "minji")
    assert [each["id"] for each in (await (await desk.get("/api/threads", headers=minji)).json())["items"]] == ["s-12", "s-11"]
    for session in ("s-other", "s-site", "s-organisation", "s-nobody", "s-none"):
        assert await refused(await desk.get(f"/api/threads/{session}{path}", headers=minji)) == (404, "not_found")
        assert await refused(await desk.post(f"/api/threads/{session}/continue", headers=minji)) == (404, "not_found")


async def test_only_a_partners_code_that_names_the_user_opens_a_thread(desk: Desk, past: Past) -> None:
    site, server = await site_of(desk), desk.settings.server_name
    claimed = await desk.post("/api/threads", {"code": await desk.code()})
    assert await refused(claimed) == (409, "unknown_person")
    nameless = await desk.post("/api/threads", {"code": code_for(site, None, server)})
    assert await refused(nameless) == (409, "unknown_person")
    for name in ("", "minji"):  # a contact or a name does not identify a user
        code = code_for(site, User(id="", name=name, contact="minji@example.com"), server, f"{name}-0123456789abcdef")
        assert await refused(await desk.post("/api/threads", {"code": code})) == (409, "unknown_person")
    once = code_for(site, User(id="minji"), server, "once-0123456789abcdef")
    assert (await desk.post("/api/threads", {"code": once})).status == 200
    assert await refused(await desk.post("/api/threads", {"code": once})) == (409, "replayed")


async def test_session_token_and_foreign_tokens_open_no_thread(desk: Desk, past: Past) -> None:
    await desk.session()
    threads = desk.app[app_keys.THREADS]
    ref = desk.app[app_keys.CODES].user_ref("demo-shop", "minji")
    late, _ = threads.issue(Vouched("demo-shop", ref), NOW - LIFE_MS - 1000)
    nowhere, _ = threads.issue(Vouched("no-such-shop", ref), NOW)
    invite = code_for(await site_of(desk), User(id="minji"), desk.settings.server_name)
    for token in (BEARER["Authorization"], f"Bearer {late}", f"Bearer {nowhere}", f"Bearer {invite}", "Bearer a.b.c", ""):
        headers = {"Authorization": token} if token else {}
        assert await refused(await desk.get("/api/threads", headers=headers)) == (401, "signed_out")
        assert (await desk.get("/api/pictures/pic-s-12-all", headers=headers)).status == 404


async def test_site_can_turn_the_thread_off_at_once(desk: Desk, past: Past) -> None:
    minji = await bearer_of(desk, "minji")
    await desk.records.save_site(replace(await site_of(desk), own_past="off"))
    assert await refused(await desk.get("/api/threads", headers=minji)) == (401, "signed_out")
    assert (await desk.get("/api/files/file-s-12-all", headers=minji)).status == 404
    code = code_for(await site_of(desk), User(id="minji"), desk.settings.server_name, "off-0123456789abcdef")
    assert await refused(await desk.post("/api/threads", {"code": code})) == (403, "past_off")
    panel = await (await desk.get("/api/panel?site=demo-shop&category=cameras&lang=en")).json()
    assert panel["own_past"] is False


async def test_expired_and_erased_conversations_are_gone(desk: Desk, past: Past) -> None:
    await past.session("s-old", "minji", at=NOW - 91 * DAY_MS)
    minji = await bearer_of(desk, "minji")
    await desk.records.erase_session("s-12")
    assert [each["id"] for each in (await (await desk.get("/api/threads", headers=minji)).json())["items"]] == ["s-11"]
    for path in ("/api/threads/s-12", "/api/threads/s-old", "/api/pictures/pic-s-12-all", "/api/files/file-s-12-all"):
        assert await refused(await desk.get(path, headers=minji)) == (404, "not_found")


async def test_empty_conversations_are_left_out_and_messages_kept(desk: Desk, past: Past) -> None:
    await past.session("s-empty", "minji", at=NOW - 5000, active_at=None)
    await past.session("s-begun", "minji", at=NOW - 4000, active_at=None, state="preparing", ended_at=None)
    await past.session("s-left", "minji", at=NOW - 3000, active_at=None, state="message_left")
    minji = await bearer_of(desk, "minji")
    page = await (await desk.get("/api/threads", headers=minji)).json()
    assert [each["id"] for each in page["items"]] == ["s-left", "s-12", "s-11"]
    assert page["items"][0]["counselor"] == ""


@pytest.mark.slow
async def test_long_threads_and_conversations_come_in_pages(desk: Desk, past: Past) -> None:
    for n in range(PAGE_SIZE):
        await past.session(f"s-{n:03}", "minji", at=NOW - 1000)  # all these conversations began in the same millisecond
    minji = await bearer_of(desk, "minji")
    first = await (await desk.get("/api/threads", headers=minji)).json()
    assert (len(first["items"]), first["more"]) == (PAGE_SIZE, True)
    rest = await (await desk.get(f"/api/threads?before={first['items'][-1]['id']}", headers=minji)).json()
    assert ([each["id"] for each in rest["items"]], rest["more"]) == (["s-12", "s-11"], False)
    assert await refused(await desk.get("/api/threads?before=s-other", headers=minji)) == (404, "not_found")
    for n in range(LINES_AT_ONCE):
        await past.line("s-11", f"{n}")
    newest = await (await desk.get("/api/threads/s-11", headers=minji)).json()
    assert (len(newest["lines"]), newest["older"]) == (LINES_AT_ONCE, newest["lines"][0]["seq"])
    older = await (await desk.get(f"/api/threads/s-11?before={newest['older']}", headers=minji)).json()
    assert ([line["text"] for line in older["lines"]], older["older"]) == (["렌즈가 흐려요"], 0)


async def test_new_conversation_asks_first_when_one_is_open(desk: Desk, past: Past) -> None:
    await past.session("s-open", "minji", at=NOW - 1000, state="active", ended_at=None)
    site, server = await site_of(desk), desk.settings.server_name

    async def begun(user: User | None, when_open: str, channel: str = "text") -> Any:
        code = code_for(
            site, user, server, f"{len(desk.live.made_briefs)}-{when_open}-{channel}-{user.id if user else ''}-0123456789"
        )
        reply = await desk.post("/api/sessions", {"code": code, "channel": channel, "when_open": when_open})
        return reply.status if reply.status == 200 else await refused(reply)

    assert await begun(User(id="minji"), "ask") == (409, "open_elsewhere")
    assert await begun(User(id="minji"), "ask", "voice") == 200
    assert await begun(User(id="suji"), "ask") == 200
    assert await begun(None, "ask") == 200
    assert await begun(User(id="minji"), "begin") == 200


async def test_drawings_are_pictures_without_staffs(desk: Desk, past: Past) -> None:
    minji = await bearer_of(desk, "minji")
    assert (await (await desk.get("/api/threads/s-12", headers=minji)).json())["drawings"] == 0
    for number in ("0", "1", "-1", "x", "9999"):
        assert await refused(await desk.get(f"/api/threads/s-12/drawings/{number}", headers=minji)) == (404, "not_found")
