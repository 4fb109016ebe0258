from __future__ import annotations

import pytest

from .conftest import BEARER, Desk, png, refused


async def talked(desk: Desk) -> str:
    """Make a session with a chat line and a picture for everybody, and with a chat line and a picture for staff only.

    Return the session's id.
    """
    session = await desk.session()
    for audience, headers in (("all", BEARER), ("staff", await desk.cookie_of("jimin"))):
        shared = await desk.post(f"/api/sessions/{session}/pictures?audience={audience}", data=png(), headers=headers)
        picture = (await shared.json())["picture"]
        for kind, text, given in (("text", f"for {audience}", ""), ("picture", "", picture)):
            await desk.records.append_line(
                session,
                line_id=f"{kind}-{audience}",
                author="p",
                name="Jimin",
                role="counselor",
                kind=kind,
                audience=audience,
                text=text,
                picture=given,
                at=1_790_000_000_000,
            )
    return session


async def test_users_copy_is_a_page_without_anything_of_staff(desk: Desk) -> None:
    session = await talked(desk)
    for more in ("", "&audience=staff"):
        url = f"/api/sessions/{session}/transcript?form=html&zone=Asia/Seoul&lang=en{more}"
        reply = await desk.get(url, headers=BEARER)
        text = await reply.text()
        assert (reply.status, reply.content_type) == (200, "text/html")
        assert reply.headers["Content-Disposition"] == 'attachment; filename="conversation.html"'
        assert "sandbox" in reply.headers["Content-Security-Policy"]
        assert reply.headers["X-Content-Type-Options"] == "nosniff"
        assert reply.headers["Cache-Control"] == "no-store"
        assert "for all" in text
        assert "23:13" in text
        assert "for staff" not in text
        assert text.count("data:image/webp") == 1


@pytest.mark.parametrize("query", ["form=pdf", "zone=%3Cscript%3E", "audience=world"])
async def test_invalid_wishes_are_refused(desk: Desk, query: str) -> None:
    session = await talked(desk)
    assert await refused(await desk.get(f"/api/sessions/{session}/transcript?{query}", headers=BEARER)) == (400, "bad_request")


async def test_many_copies_at_once_have_to_wait(desk: Desk) -> None:
    session = await talked(desk)
    for _ in range(10):
        assert (await desk.get(f"/api/sessions/{session}/transcript", headers=BEARER)).status == 200
    assert await refused(await desk.get(f"/api/sessions/{session}/transcript", headers=BEARER)) == (429, "busy")


async def test_operator_exports_for_staff_or_user_and_is_audited(desk: Desk) -> None:
    session, ops = await talked(desk), await desk.cookie_of("ops")
    path = f"/api/operator/sessions/{session}/transcript?form=html"
    assert "for staff" not in await (await desk.get(path, headers=ops)).text()
    text = await (await desk.get(f"{path}&audience=staff", headers=ops)).text()
    assert "for staff" in text
    assert text.count("data:image/webp") == 2
    newest, _ = await desk.records.audits()
    assert [(each.actor, each.action, each.detail) for each in newest[:2]] == [
        ("ops", "transcript.export", "staff"),
        ("ops", "transcript.export", "all"),
    ]
    assert (await refused(await desk.get(path, headers=await desk.cookie_of("jimin"))))[0] in (401, 403, 404)
    assert (await desk.get(path, headers=BEARER)).status in (401, 403, 404)
