"""Staff see what is known about a session's user: notes about this user, and the user's earlier sessions."""

from __future__ import annotations

import base64
from typing import Any

from msgspec.structs import replace

from . import given
from .conftest import BEARER, Desk, refused

CARD, NOTES = "/api/sessions/s-2/person", "/api/sessions/s-2/person/notes"


async def returning(desk: Desk) -> None:
    """Make three sessions: a closed one and an active one of Minji, and a closed one of a stranger."""
    now = 1_790_000_000_000
    site = await desk.records.site("demo-shop")
    assert site is not None
    await desk.records.save_site(replace(site, retention_days=3650))
    for session, user_ref, state in (("s-1", "minji", "closed"), ("s-2", "minji", "active"), ("s-3", "other", "closed")):
        ended_at = now if state == "closed" else None
        await given.session(desk, session, state=state, user_ref=user_ref, started_at=now, ended_at=ended_at, counselor="jimin")
    await desk.records.append_line(
        "s-1", line_id="l-1", author="u-1", name="민지", role="user", kind="text", audience="all", at=now, text="렌즈가 흐려요"
    )
    await desk.records.save_wrap_up("s-1", "jimin", "교환 안내", "resolved")
    await desk.records.save_rating("s-1", 4, "")
    for session in ("s-1", "s-3"):
        await given.picture(desk, f"pic-{session}", session, at=now)


async def card(desk: Desk, headers: dict[str, str], query: str = "?lang=ko") -> Any:
    reply = await desk.get(CARD + query, headers=headers)
    assert reply.status == 200, await reply.text()
    return await reply.json()


async def test_card_lists_earlier_conversations_and_opens_them(desk: Desk) -> None:
    await returning(desk)
    jimin = await desk.cookie_of("jimin")
    [earlier] = (await card(desk, jimin))["conversations"]
    assert (earlier["id"], earlier["outcome"], earlier["rating"], earlier["category"]) == ("s-1", "해결됨", 4, "카메라")
    assert len((await card(desk, jimin, "?q=렌즈"))["conversations"]) == 1
    assert (await card(desk, jimin, "?q=없는 말"))["conversations"] == []
    whole = await (await desk.get("/api/sessions/s-2/earlier/s-1?lang=ko", headers=jimin)).json()
    assert ([line["text"] for line in whole["lines"]], whole["you"], whole["notes"]) == (["렌즈가 흐려요"], "u-1", "교환 안내")
    entries, _ = await desk.records.audits()
    assert (entries[0].action, entries[0].subject, entries[0].detail) == ("session.read", "session/s-1", "session/s-2")


async def test_staff_in_a_session_look_at_earlier_moments_of_its_board(desk: Desk) -> None:
    await returning(desk)
    for at, update in ((5, b"\0\0"), (9, b"\0\1")):
        await desk.records.append_board("s-2", 1, update, at)
    path, jimin = "/api/sessions/s-2/board", await desk.cookie_of("jimin")
    found = await (await desk.get(path, headers=jimin)).json()
    assert found["steps"] == [{"at": 5, "update": "AAA="}, {"at": 9, "update": "AAE="}]
    assert found["next"] == 0
    assert await refused(await desk.get(f"{path}?after=-1", headers=jimin)) == (400, "bad_request")


async def test_long_history_of_a_board_comes_in_bounded_answers(desk: Desk) -> None:
    await returning(desk)
    updates = [bytes([number]) * 60_000 for number in range(12)] + [b"\xff" * 400_000, b"end"]
    for number, update in enumerate(updates):
        await desk.records.append_board("s-2", 1, update, number)
    path, jimin = "/api/sessions/s-2/board", await desk.cookie_of("jimin")
    came: list[list[bytes]] = []
    asked = ""
    while True:
        found = await (await desk.get(path + asked, headers=jimin)).json()
        came.append([base64.b64decode(step["update"]) for step in found["steps"]])
        if found["next"] == 0:
            break
        asked = f"?epoch={found['epoch']}&after={found['next']}"
    assert [update for part in came for update in part] == updates
    assert [len(part) for part in came] == [4, 4, 4, 1, 1]


async def test_notes_stay_with_the_person_and_only_authors_change_them(desk: Desk) -> None:
    await returning(desk)
    jimin = await desk.cookie_of("jimin")
    note = (await (await desk.post(NOTES, {"text": "왼손잡이"}, headers=jimin)).json())["id"]
    await desk.post(NOTES, {"id": note, "text": "왼손잡이예요"}, headers=jimin)
    [shown] = (await card(desk, jimin))["notes"]
    assert (shown["author"], shown["mine"], shown["text"]) == ("Jimin", True, "왼손잡이예요")
    assert shown["changed_at"] >= shown["at"]
    assert not await desk.records.change_note(note, ("demo-shop", "minji"), "suho", "다름", 1)
    assert not await desk.records.remove_note(note, ("demo-shop", "other"), "jimin")
    assert await refused(await desk.post(NOTES, {"text": "\u200b"}, headers=jimin)) == (400, "bad_request")
    assert (await desk.post(f"{NOTES}/{note}/remove", headers=jimin)).status == 200
    assert (await card(desk, jimin))["notes"] == []


async def test_nobody_outside_the_session_reads_the_card(desk: Desk) -> None:
    await returning(desk)
    suho = await desk.cookie_of("suho")
    for path in (CARD, "/api/sessions/s-2/earlier/s-1", "/api/sessions/s-2/board", "/api/pictures/pic-s-1?via=s-2"):
        assert await refused(await desk.get(path, headers=suho)) == (404, "not_found")
        assert (await desk.get(path, headers=BEARER)).status in (401, 404)
    assert await refused(await desk.post(NOTES, {"text": "x"}, headers=suho)) == (404, "not_found")


async def test_conversations_and_pictures_of_others_stay_closed(desk: Desk, monkeypatch: Any) -> None:
    await returning(desk)
    jimin = await desk.cookie_of("jimin")
    monkeypatch.setattr(desk.live, "staff_participant", lambda session, staff: "p-jimin" if session == "s-2" else None)
    assert await refused(await desk.get("/api/sessions/s-2/earlier/s-3", headers=jimin)) == (404, "not_found")
    assert (await desk.get("/api/pictures/pic-s-1?via=s-2", headers=jimin)).status == 200
    assert await refused(await desk.get("/api/pictures/pic-s-1", headers=jimin)) == (404, "not_found")
    assert await refused(await desk.get("/api/pictures/pic-s-3?via=s-2", headers=jimin)) == (404, "not_found")
    assert await refused(await desk.get("/api/pictures/pic-s-1?via=s-9", headers=jimin)) == (404, "not_found")


async def test_visitor_whom_nobody_vouches_for_has_no_card(desk: Desk) -> None:
    session = await desk.session()
    jimin = await desk.cookie_of("jimin")
    reply = await desk.get(f"/api/sessions/{session}/person", headers=jimin)
    assert await reply.json() == {"known": False, "notes": [], "conversations": []}
    kept = await desk.post(f"/api/sessions/{session}/person/notes", {"text": "x"}, headers=jimin)
    assert await refused(kept) == (409, "unknown_person")
