"""Co-browsing over the WebSocket: the tests check who gets the user's page, and what that page is not allowed to do."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from signaling.live import pages
from signaling.live.connections import Client
from signaling.server import app_keys
from tests.peers.conftest import eventually
from tests.peers.live_house import Person, Service, in_conversation, running, settings_for

PART = "A" * 60_000


@pytest.fixture
async def service(tmp_path: Path) -> AsyncIterator[Service]:
    async with running(settings_for(tmp_path)) as service:
        records = service.app[app_keys.RECORDS]
        site = await records.site("demo-shop")
        assert site is not None
        await records.save_site(replace(site, cobrowse="strict"))
        yield service


async def page_of(service: Service, user: Person) -> Person:
    """Open the WebSocket over which the panel sends what the user's page shows."""
    page = Person(await service._socket(service.settings.url))
    page.session_id = user.session_id
    await page.send(type="hello", tab="t-page", token=user.token, locale="ko", page=True)
    await page.get("welcome")
    return page


async def shown(service: Service) -> tuple[Person, Person, Person]:
    """Return user, counselor and the connection of the user's page. The counselor sees this page."""
    user, counselor = await in_conversation(service, "text")
    page = await page_of(service, user)
    await counselor.until(lambda s: s["cobrowse"]["ready"])
    assert (await counselor.say("cobrowse", on=True))["type"] == "ok"
    await user.until(lambda s: s["cobrowse"]["state"] == "asked")
    assert (await counselor.say("watch_page", on=True))["reason"] == "not_yours"  # the user has not agreed yet
    assert (await user.say("cobrowse", on=True))["type"] == "ok"
    assert (await counselor.say("watch_page", on=True))["type"] == "ok"
    told = await page.find(lambda m: m["type"] == "page_state" and bool(m.get("seen_by")))
    assert told["seen_by"] == ["Jimin"]
    return user, counselor, page


def parts(person: Person) -> list[str]:
    return [message["data"] for message in person.seen if message["type"] == "page" and message["data"]]


async def send(page: Person, data: str, **rest: Any) -> None:
    await page.send(type="page", session=page.session_id, data=data, **rest)


async def test_page_reaches_only_staff_who_may_see_it(service: Service) -> None:
    user, counselor, page = await shown(service)
    await user.until(lambda s: s["cobrowse"]["seen_by"] == [counselor.session["you"]])
    other = await service.user("text")
    await send(page, "AAAA", first=True)
    await send(page, "BBBB")
    await counselor.find(lambda m: m["type"] == "page" and m["data"] == "BBBB")
    assert parts(counselor) == ["AAAA", "BBBB"]
    await counselor.say("watch_page", on=False)
    await page.find(lambda m: m["type"] == "page_state" and m["on"] and not m.get("seen_by"), len(page.seen) - 1)
    await send(page, "CCCC")  # nobody sees the page now
    assert (await counselor.say("watch_page", on=True))["type"] == "ok"
    await send(page, "DDDD", first=True)
    await counselor.find(lambda m: m["type"] == "page" and m["data"] == "DDDD")
    assert parts(counselor) == ["AAAA", "BBBB", "DDDD"]
    assert (parts(user), parts(other)) == ([], [])

    for refused in (
        await user.say("watch_page", on=True),
        await other.ask(type="watch_page", session=user.session_id, on=True),
        await other.ask(type="page", session=user.session_id, data="AAAA"),
        await user.say("page", data="AAAA"),
        await page.say("line", line="l-1", text="x"),
        await page.say("cobrowse", on=True),
    ):
        assert refused["type"] == "error", refused

    spots = [{"x": 5000, "y": 2500}]
    assert (await counselor.ask(type="point_page", session=user.session_id, kind="pointer", node=7, spots=spots))["type"] == "ok"
    pointed = await page.get("pointed")
    assert (pointed["name"], pointed["node"], pointed["spots"]) == ("Jimin", 7, spots)
    shop = service.settings.shop_url
    assert (await counselor.say("propose_link", url=f"{shop}/cart"))["type"] == "ok"
    assert (await page.get("link_proposed"))["url"] == f"{shop}/cart"
    for url in ("https://other.example/", f"{shop}.other.example/", "javascript:alert(1)"):
        assert (await counselor.say("propose_link", url=url))["type"] == "error"

    assert (await page.say("cobrowse", on=False))["type"] == "ok"
    await counselor.until(lambda s: s["cobrowse"]["state"] == "")
    before = len(parts(counselor))
    await send(page, "EEEE", first=True)
    assert (await counselor.ask(type="point_page", session=user.session_id, kind="pointer", node=7, spots=spots))[
        "reason"
    ] == "not_yours"
    assert len(parts(counselor)) == before
    entry = service.live.index.entries[user.session_id]
    assert (entry.page.frames, entry.page.viewers) == ([], {})
    audited, _ = await service.app[app_keys.RECORDS].audits()
    of_page = [each.action for each in audited if each.action.startswith("page.")]
    assert sorted(of_page) == ["page.agree", "page.ask", "page.end"]


async def test_later_viewer_gets_the_snapshot_and_what_followed(service: Service) -> None:
    user, counselor, page = await shown(service)
    await send(page, "AAAA", first=True, more=True)
    await send(page, "BBBB", first=True)
    await send(page, "CCCC")
    await counselor.find(lambda m: m["type"] == "page" and m["data"] == "CCCC")
    since = len(counselor.seen)
    second = await service.staff("jimin", tab="t-second", cookie=counselor.cookie)  # a newer tab of Jimin's console takes over
    await second.get("session")
    assert (await second.say("watch_page", on=True))["type"] == "ok"
    await send(page, "DDDD", first=True)
    await second.find(lambda m: m["type"] == "page" and m["data"] == "DDDD")
    assert not [m for m in counselor.seen[since:] if m["type"] == "page" and m["data"] == "DDDD"]
    assert user.session["cobrowse"]["state"] == "on"


async def test_viewer_forgets_a_batch_that_will_not_be_whole(service: Service) -> None:
    user, counselor, page = await shown(service)
    await send(page, "AAAA", first=True, more=True)
    await counselor.find(lambda m: m["type"] == "page" and m["data"] == "AAAA")
    page = await page_of(service, user)  # the user went to another page in the middle of the snapshot
    await send(page, "BBBB", first=True)
    await counselor.find(lambda m: m["type"] == "page" and m["data"] == "BBBB")
    entry = service.live.index.entries[user.session_id]
    entry.page.spare_bytes = 10
    # the page sends one snapshot in three parts; with the second part, the snapshot is too large
    for part in ("CCCC", "D" * 1000, "EEEE"):
        await send(page, part, first=True, more=part != "EEEE")
    await page.get("page_again")
    entry.page.spare_bytes = pages.BURST
    await send(page, "FFFF", first=True)
    await counselor.find(lambda m: m["type"] == "page" and m["data"] == "FFFF")
    got = [message["data"] for message in counselor.seen if message["type"] == "page"]
    assert got == ["", "AAAA", "", "BBBB", "CCCC", "", "FFFF"]


async def test_page_that_sends_too_much_is_bounded(service: Service) -> None:
    _, counselor, page = await shown(service)
    await send(page, "A" * 70_000, first=True)  # this message is too long
    assert (await page.get("error"))["reason"] == "bad_message"
    count = pages.MOST_SNAPSHOT // len(PART) + 1
    for _ in range(count):
        await send(page, PART, first=True, more=True)
    view = await counselor.until(lambda s: s["cobrowse"]["too_large"])
    assert view["cobrowse"]["state"] == "on"
    entry = next(iter(service.live.index.running.values()))
    assert entry.page.frames_bytes == 0
    for _ in range(pages.BURST // len(PART) + 1):  # the page sends more parts in a short time than the limit allows
        await send(page, PART, first=True)
    again = await page.get("page_again")
    assert again["after_ms"] == pages.AGAIN_MS
    assert entry.page.frames_bytes < pages.MOST_SNAPSHOT + 2 * pages.MOST_AFTER


async def test_nothing_is_seen_while_the_end_is_being_stored(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    user, counselor, page = await shown(service)
    await send(page, "AAAA", first=True)
    await counselor.find(lambda m: m["type"] == "page" and m["data"] == "AAAA")
    records = service.app[app_keys.RECORDS]
    save, storing, may_store = records.save_session, asyncio.Event(), asyncio.Event()

    async def slowly(*of: Any, **more: Any) -> None:
        storing.set()
        await may_store.wait()
        await save(*of, **more)

    monkeypatch.setattr(records, "save_session", slowly)
    await user.send(type="cobrowse", session=user.session_id, on=False)
    await storing.wait()
    await send(page, "BBBB")
    await send(page, "CCCC", first=True)
    await page.ask(type="ping")  # the server handles a page's messages in order, so after this reply it has handled BBBB and CCCC
    may_store.set()
    await counselor.until(lambda s: s["cobrowse"]["state"] == "")
    assert parts(counselor) == ["AAAA"]


async def test_consent_and_page_stay_behind_when_the_user_moves(service: Service) -> None:
    user, counselor, page = await shown(service)
    await send(page, "AAAA", first=True)
    made = await user.say("continue_elsewhere")
    invite = {"invite": made["url"].partition("#invite=")[2]}
    status, got, _ = await service.post("/api/invites", invite)
    assert status == 200, got
    for former in (user, page):
        assert (await former.get("bye"))["reason"] == "replaced"
    assert (await counselor.until(lambda s: not s["cobrowse"]["ready"]))["cobrowse"]["seen_by"] == []
    assert (await service.post("/api/invites", invite))[1]["reason"] == "replayed"
    phone = await service.user_tab(got["session"], got["token"], "t-phone")
    assert (await phone.state("active"))["cobrowse"]["state"] == ""
    elsewhere = await page_of(service, phone)
    assert not (await elsewhere.get("page_state"))["on"], "the user agreed to show a page of the former device"
    with pytest.raises(AssertionError):  # the token that the first device has is not accepted any more
        await page_of(service, user)


async def test_professional_sees_the_page_only_in_modes_with_the_user(service: Service) -> None:
    _, counselor, page = await shown(service)
    await send(page, "AAAA", first=True)
    professional = await service.staff("drhan")
    assert (await counselor.say("help", note="?"))["type"] == "ok"
    ring = await professional.get("ring")
    await professional.ask(type="accept", reservation=ring["reservation"])
    await professional.state("active")
    assert (await professional.say("watch_page", on=True))["reason"] == "not_yours", "catching up"
    assert (await professional.say("join"))["type"] == "ok"
    assert (await professional.say("watch_page", on=True))["reason"] == "not_yours", "in consultation"
    assert (await counselor.say("mode", mode="conference"))["type"] == "ok"
    assert (await professional.say("watch_page", on=True))["type"] == "ok"
    assert (await professional.get("page"))["data"] == "", "what follows is a new page"
    await professional.find(lambda m: m["type"] == "page" and m["data"] == "AAAA")
    assert (await counselor.say("mode", mode="consultation"))["type"] == "ok"
    await counselor.until(lambda s: len(s["cobrowse"]["seen_by"]) == 1)
    await send(page, "BBBB")
    await counselor.find(lambda m: m["type"] == "page" and m["data"] == "BBBB")
    assert parts(professional) == ["AAAA"]


async def test_page_keeps_no_ended_session_in_memory(service: Service) -> None:
    user, counselor, page = await shown(service)
    await user.say("leave")
    await counselor.state("after")
    assert (await counselor.say("wrap_up", notes="", outcome="resolved"))["type"] == "ok"
    for person in (page, user):
        await person.close()
    await eventually(lambda: user.session_id not in service.live.index.entries, 3)
    page = await page_of(service, user)  # a tab of the shop reconnects after the end of the session
    await page.close()
    await eventually(lambda: user.session_id not in service.live.index.entries, 3)


async def test_all_pages_together_are_bounded(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pages, "MOST_OF_ALL", 3 * len(PART))
    _, counselor, page = await shown(service)
    for n in range(3):
        await send(page, PART, first=True, more=n < 2)
    view = await counselor.until(lambda s: s["cobrowse"]["crowded"])
    assert (view["cobrowse"]["seen_by"], view["cobrowse"]["too_large"]) == ([], False)
    assert service.live.pages._held_bytes == 0
    assert (await counselor.say("watch_page", on=False))["type"] == "ok"
    assert (await counselor.say("watch_page", on=True))["type"] == "ok"
    await send(page, "AAAA", first=True)
    await counselor.find(lambda m: m["type"] == "page" and m["data"] == "AAAA")
    entry = next(iter(service.live.index.running.values()))
    assert service.live.pages._held_bytes == entry.page.frames_bytes > 0
    await counselor.say("cobrowse", on=False)
    assert service.live.pages._held_bytes == 0


async def test_viewer_who_comes_late_gets_a_new_snapshot_instead_of_too_much(service: Service) -> None:
    _, counselor, page = await shown(service)
    await send(page, "AAAA", first=True)
    for _ in range(pages.MOST_GIVEN):
        await send(page, "BBBB")
    await send(page, "CCCC")
    await counselor.find(lambda m: m["type"] == "page" and m["data"] == "CCCC")
    entry = next(iter(service.live.index.running.values()))
    late = Client(tab="late")
    entry.page.viewers["han"] = late  # this professional begins to see the page now
    assert not service.live.pages._give(entry, "han", late)
    assert (await page.get("page_again")).get("after_ms", 0) == 0
    assert late.queued_messages == 0, "so many messages would fill the send queue and close the console"
    await send(page, "DDDD", first=True)
    await counselor.find(lambda m: m["type"] == "page" and m["data"] == "DDDD")
    assert service.live.pages._give(entry, "han", late)
    assert late.queued_messages == 2, "an empty part, which ends what came before, and the snapshot"
