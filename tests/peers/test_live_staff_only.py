"""Nothing that is for staff reaches a user's connection by an edit, a search or a transcript.

The tests search everything that the user's browser gets. `test_live_files` tests the same for files, and `test_live_corrections`
for quotes.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest_asyncio

from tests.peers.live_house import Person, Service, in_conversation, running, settings_for
from tests.peers.test_live_corrections import changed, write

SECRET = "SECRET-7193"


@pytest_asyncio.fixture
async def service(tmp_path: Path) -> AsyncIterator[Service]:
    async with running(settings_for(tmp_path)) as started:
        yield started


async def fetched(service: Service, path: str, user: Person | None = None, cookie: str = "") -> tuple[int, str]:
    """Fetch an address as a page does: the user's page sends the session's token, and a page of staff sends the cookie.

    Return status and body.
    """
    headers = {"Authorization": f"Bearer {user.token}"} if user else {"Cookie": cookie}
    async with service.http.get(f"{service.url}{path}", headers=headers) as answer:
        return answer.status, await answer.text()


async def all_lines(person: Person) -> list[str]:
    """Fetch the conversation from its first chat line on, as the page does for a search. Return the texts."""
    reply = await person.say("lines", before=0)
    texts = [line["text"] for line in reply["lines"]]
    while reply.get("more"):
        reply = await person.say("lines", before=reply["lines"][0]["seq"])
        texts = [*(line["text"] for line in reply["lines"]), *texts]
    return texts


async def test_edit_of_a_staff_line_is_in_no_byte_that_the_user_gets(service: Service) -> None:
    user, counselor = await in_conversation(service)
    seq = await write(counselor, "c-1", f"{SECRET} 재고 없음", audience="staff")
    assert (await counselor.say("edit_line", seq=seq, text=f"{SECRET} 재고 하나"))["type"] == "ok"
    assert [each["text"] for each in (await changed(counselor, seq, "edited"))["former"]] == [f"{SECRET} 재고 없음"]
    assert SECRET not in str(await user.say("edit_line", seq=seq, text="내 말"))
    assert (await counselor.say("retract_line", seq=seq))["type"] == "ok"
    await changed(counselor, seq, "retracted")
    await write(user, "u-1", "여보세요")
    assert SECRET not in user.traffic()
    assert not [seen for seen in user.seen if seen["type"] == "line_changed"]
    back = await service.user_tab(user.session_id, user.token, tab="t-2")
    assert "여보세요" in [line["text"] for line in (await back.say("lines", after=0))["lines"]]
    assert SECRET not in back.traffic()


async def test_search_brings_the_user_no_word_of_staff(service: Service) -> None:
    user, counselor = await in_conversation(service)
    await write(counselor, "c-1", f"{SECRET} 단골이에요", audience="staff")
    await write(counselor, "c-2", "안녕하세요")
    assert f"{SECRET} 단골이에요" in await all_lines(counselor)
    assert "안녕하세요" in await all_lines(user)
    assert SECRET not in user.traffic()
    session = user.session_id
    for path in (f"person?q={SECRET}", f"earlier/{session}?q={SECRET}", "board"):
        status, text = await fetched(service, f"/api/sessions/{session}/{path}", user)
        assert (status in (401, 403, 404), SECRET in text) == (True, False), path
    assert (await fetched(service, f"/api/operator/sessions?q={SECRET}", user))[0] in (401, 403, 404)


async def test_transcript_has_nothing_of_staff_in_either_form(service: Service) -> None:
    user, counselor = await in_conversation(service)
    secret = await write(counselor, "c-1", f"{SECRET}-line", audience="staff")
    await write(counselor, "c-2", f"{SECRET}-quoting", audience="staff", reply_to=secret)
    said = await write(counselor, "c-3", f"{SECRET}-former 원이에요")
    assert (await counselor.say("edit_line", seq=said, text="만 원이에요"))["type"] == "ok"
    await changed(counselor, said, "edited")
    assert (await counselor.say("notes", notes=f"{SECRET}-notes"))["type"] == "ok"
    assert (await counselor.say("help", note=f"{SECRET}-help"))["type"] == "ok"
    for form in ("html", "text"):
        for more in ("", "&audience=staff"):
            status, copy = await fetched(service, f"/api/sessions/{user.session_id}/transcript?form={form}{more}", user)
            assert (status, "만 원이에요" in copy, SECRET in copy) == (200, True, False), (form, more)
    ops = await service.sign_in("ops")
    path = f"/api/operator/sessions/{user.session_id}/transcript?form=text&audience="
    assert f"{SECRET}-quoting" in (await fetched(service, path + "staff", cookie=ops))[1]
    status, for_user = await fetched(service, path + "all", cookie=ops)
    assert (status, SECRET in for_user) == (200, False)
