"""Guests of a conversation, end to end: they get links over HTTP, enter over the WebSocket, and send real packets."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from media.mixer.hold import NOTES
from signaling.records import RecordsAway
from signaling.server import app_keys
from signaling.session import matrix
from tests import PATIENCE_S
from tests.peers.client import Peer
from tests.peers.live_house import Person, Service, in_conversation, running, settings_for

USER, COUNSELOR, GUEST, OTHER, PROFESSIONAL = 700, 1100, 1700, 2300, 2900
HOLD = tuple(int(hz) for hz, _, _ in NOTES)
ALL = (USER, COUNSELOR, GUEST, OTHER, PROFESSIONAL)


@pytest.fixture
async def service(tmp_path: Path) -> AsyncIterator[Service]:
    async with running(settings_for(tmp_path)) as service:
        records = service.app[app_keys.RECORDS]
        site = await records.site("demo-shop")
        assert site is not None
        await records.save_site(replace(site, guests=2))
        yield service


async def hears(peer: Peer, *tones: int, within_s: float = PATIENCE_S) -> None:
    """Listen until the peer hears exactly these of the tones in `ALL`. Other tones, such as the hold tone, do not count.

    Fail after `within_s`.
    """
    heard: set[int] = set()
    try:
        async with asyncio.timeout(within_s):
            while (heard := (await peer.listen(0.4)).tones(*ALL)) != set(tones):
                pass
    except TimeoutError:
        raise AssertionError(f"{peer.participant} should hear {set(tones)}, heard {heard}") from None


async def link(host: Person, label: str = "family") -> str:
    reply = await host.say("invite_guest", label=label)
    assert reply["type"] == "guest_link", reply
    return str(reply["url"])


async def opened(service: Service, url: str, tab: str = "t-guest") -> Person:
    """Redeem a guest's link as the button on the link's page does, and connect to the conversation."""
    status, made, _ = await service.post("/api/invites", {"invite": url.partition("#invite=")[2]})
    assert status == 200, made
    guest = await service.user_tab(made["session"], made["token"], tab)
    await guest.state("preparing")
    return guest


async def guest_of(service: Service, host: Person, label: str = "family", name: str = "Mina") -> Person:
    guest = await opened(service, await link(host, label), f"t-{name}")
    reply = await guest.say("enter_guest", name=name)
    assert reply["type"] == "ok", reply
    await guest.state("active")
    return guest


def present(session: dict) -> set[str]:  # type: ignore[type-arg]  # as JSON gives it
    return {person["name"] or person["role"] for person in session["participants"]}


async def test_guest_is_heard_and_hears_and_removal_ends_it(service: Service) -> None:
    user, counselor = await in_conversation(service, "voice")
    await user.send(type="line", session=user.session_id, line="u-1", text="before the guest")
    await counselor.find(lambda m: m["type"] == "line" and m["line"]["text"] == "before the guest")
    await counselor.send(type="line", session=user.session_id, line="c-1", text="a word for staff", audience="staff")
    guest = await guest_of(service, user, "family")
    for person in (user, counselor):
        told = await person.until(lambda s: "Mina" in present(s))
        [seen] = [each for each in told["participants"] if each["role"] == "guest"]
        assert (seen["label"], seen["invited_by"]) == ("family", user.session["you"])
    async with await user.join_room() as one, await counselor.join_room() as two, await guest.join_room() as three:
        one.speak(USER)
        two.speak(COUNSELOR)
        three.speak(GUEST)
        await hears(one, COUNSELOR, GUEST)
        await hears(two, USER, GUEST)
        await hears(three, USER, COUNSELOR)
        assert (await guest.say("lines", before=0))["type"] == "lines"
        await counselor.send(type="line", session=user.session_id, line="c-2", text="another word", audience="staff")
        await guest.send(type="line", session=user.session_id, line="g-1", text="hello from the guest", audience="staff")
        said = await user.find(lambda m: m["type"] == "line" and m["line"]["text"] == "hello from the guest")
        assert (said["line"]["name"], said["line"]["args"]) == ("Mina", {"label": "family"})
        for unwanted in ("a word for staff", "another word", "before the guest", '"brief": {', "former"):
            assert unwanted not in guest.traffic().replace('"former": []', ""), unwanted
        for message in ({"type": "hold", "on": True}, {"type": "rate", "score": 5}, {"type": "invite_guest", "label": "other"}):
            assert (await guest.say(message.pop("type"), **message))["reason"] == "not_yours"

        assert (await user.say("hold", on=True))["reason"] == "not_yours"
        assert (await counselor.say("hold", on=True))["type"] == "ok"
        await hears(three)
        await hears(two)
        assert (await counselor.say("hold", on=False))["type"] == "ok"
        await hears(three, USER, COUNSELOR)

        token = guest.token
        assert (await counselor.say("remove_guest", guest=guest.session["you"]))["type"] == "ok"
        await asyncio.wait_for(three.gone.wait(), PATIENCE_S)
        assert (await guest.get("session_over"))["reason"] == "removed"
        assert (await guest.get("bye"))["reason"] == "token"
        await hears(one, COUNSELOR)
        again = Person(await service._socket(service.settings.url))
        await again.send(type="hello", tab="t-again", token=token)
        assert (await again.get("bye"))["reason"] == "token"


async def test_link_works_once_tells_nothing_and_never_opens_another_session(service: Service) -> None:
    user, counselor = await in_conversation(service, "voice")
    url = await link(counselor, "interpreter")
    address, _, secret = url.partition("#invite=")
    assert address == f"{service.settings.url}/call"
    assert user.session_id not in url
    async with service.http.get(service.url + "/call") as page:  # a mail scanner fetches the link without its fragment
        assert page.status == 200
    guest = await opened(service, url)
    assert guest.session_id == user.session_id
    assert guest.session["category"] == {"id": "", "name": ""}
    assert [person["role"] for person in guest.session["participants"]] == ["guest"]
    for refused in ("line", "typing", "offer", "media", "leave_message"):
        extra = {
            "line": {"line": "x", "text": "x"},
            "typing": {"on": True},
            "offer": {"sdp": "v=0"},
            "leave_message": {"contact": "mina"},
        }
        assert (await guest.say(refused, **extra.get(refused, {})))["reason"] in ("wrong_state", "not_yours")
    assert (await service.post("/api/invites", {"invite": secret}))[1]["reason"] == "replayed"
    assert (await service.post("/api/invites", {"invite": secret[:-9]}))[1]["reason"] == "bad_invite"
    # this link is complete, but the server does not know it any more, because its conversation ended long ago
    assert (await service.post("/api/invites", {"invite": "g~" + "x" * 43}))[1]["reason"] == "expired"
    expired = await link(counselor)
    service.skip(15 * 60 + 1)
    assert (await service.post("/api/invites", {"invite": expired.partition("#invite=")[2]}))[1]["reason"] == "expired"
    unused = await link(user)
    assert (await counselor.say("leave"))["type"] == "ok"
    assert (await service.post("/api/invites", {"invite": unused.partition("#invite=")[2]}))[1]["reason"] == "over"
    stored = (service.settings.data_dir / "records.sqlite").read_bytes()
    for each in (secret, guest.token, expired.partition("g~")[2]):
        assert each.removeprefix("g~").encode() not in stored


async def test_two_presses_of_one_link_at_once_let_one_guest_in(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    user, counselor = await in_conversation(service, "voice")
    invite = {"invite": (await link(counselor)).partition("#invite=")[2]}
    answers = await asyncio.gather(*(service.post("/api/invites", invite) for _ in range(4)))
    assert sorted(status for status, _, _ in answers) == [200, 409, 409, 409]
    assert {body["reason"] for status, body, _ in answers if status == 409} == {"replayed"}
    owed = service.live.owed
    unused = {"invite": (await link(user)).partition("#invite=")[2]}
    # as if the database had not stored the session's state yet: this write is still pending
    owed._keep(user.session_id, lambda again: asyncio.sleep(3600), "state")
    assert (await service.post("/api/invites", unused))[0] == 503
    owed._writes.clear()
    records = type(service.app[app_keys.RECORDS])
    with monkeypatch.context() as patched:
        patched.setattr(records, "save_session", raising(RecordsAway))  # the server cannot store that the link was used
        assert (await service.post("/api/invites", unused))[0] == 503
        assert not owed
    assert (await service.post("/api/invites", unused))[0] == 200, "the refused presses did not use the link up"


async def test_change_that_is_not_stored_changes_nobodys_picture(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    user, counselor = await in_conversation(service, "video")
    entry = service.live.index.entries[user.session_id]
    with monkeypatch.context() as patched:
        patched.setattr(type(service.app[app_keys.RECORDS]), "save_session", raising(ValueError))
        assert (await counselor.say("media", mic=True, camera=True))["type"] == "error"
    assert entry.grid == matrix.compute(entry.session)
    assert not entry.grid.slots[user.session["you"]]
    assert (await counselor.say("media", mic=True, camera=True))["type"] == "ok"
    assert entry.grid.slots[user.session["you"]] == {0: ("jimin", "camera")}


def raising(error: type[Exception]) -> Callable[..., Awaitable[None]]:
    async def fail(*_: object, **__: object) -> None:
        raise error

    return fail


async def test_guest_reads_nothing_older_by_translating_or_quoting(service: Service) -> None:
    service.live.translating._translator._url = "http://127.0.0.1:9"
    user, counselor = await in_conversation(service, "text")
    await user.send(type="line", session=user.session_id, line="u-1", text="before the guest")
    early = (await counselor.find(lambda m: m["type"] == "line" and m["line"]["text"] == "before the guest"))["line"]["seq"]
    guest = await guest_of(service, user)
    await user.send(type="line", session=user.session_id, line="u-2", text="after")
    late = (await guest.find(lambda m: m["type"] == "line" and m["line"]["text"] == "after"))["line"]["seq"]
    assert (await guest.say("translate", seq=early, language="ko"))["reason"] == "unknown_line"
    assert (await guest.say("translate", seq=late, language="ko"))["type"] == "ok"
    assert (await guest.say("line", line="g-1", text="quoted", reply_to=early))["reason"] == "unknown_line"
    product = f"{service.url}/api/sessions/{user.session_id}/pictures?use=product"
    async with service.http.post(product, data=b"x", headers={"Authorization": f"Bearer {guest.token}"}) as answer:
        assert answer.status == 403, "all staff of the site may see the picture of a product"
    assert (await guest.say("line", line="g-2", text="quoted", reply_to=late))["type"] != "error"


async def test_guest_removed_while_their_page_returns_stays_out(service: Service) -> None:
    user, counselor = await in_conversation(service, "text")
    guest = await guest_of(service, user)
    entry = service.live.index.entries[user.session_id]
    entry.pushed_at = 5
    await guest.send(type="looking", on=True)
    await guest.ask(type="ping")
    assert entry.pushed_at == 5, "a guest who looks at the page does not see the user's answer for the user"
    turns = service.live.admission._returning
    free, turns._free = turns._free, 0  # for now, the server lets nobody reconnect, as if too many pages had returned at once
    back = Person(await service._socket(service.settings.url))
    await back.send(type="hello", tab="t-back", token=guest.token)
    async with asyncio.timeout(PATIENCE_S):
        while not turns._urgent:
            await asyncio.sleep(0.01)
    assert (await counselor.say("remove_guest", guest=guest.session["you"]))["type"] == "ok"
    turns._leave()
    assert (await back.get("bye"))["reason"] == "token"
    assert set(entry.holders) == {user.session["you"], "jimin"}
    turns._free = free


async def test_guest_returning_to_a_long_conversation_misses_no_line(service: Service) -> None:
    user, counselor = await in_conversation(service, "text")
    records, session = service.app[app_keys.RECORDS], user.session_id
    for number in range(30):  # these chat lines have more text than one WebSocket message can contain
        said: Any = {"kind": "text", "audience": "all", "text": "x" * 4000, "at": 1}
        await records.append_line(session, line_id=f"l-{number}", author="x", name="", role="counselor", **said)
    await counselor.send(type="line", session=session, line="c-0", text="now")
    await user.find(lambda m: m["type"] == "line" and m["line"]["text"] == "now")
    guest = await guest_of(service, user)
    await counselor.send(type="line", session=session, line="c-1", text="for the guest")
    await guest.find(lambda m: m["type"] == "line" and m["line"]["text"] == "for the guest")
    missed = await guest.say("lines", after=0)
    assert missed["lines"][-1]["text"] == "for the guest"


async def test_guest_returns_by_their_own_token_and_leaves_with_the_session(service: Service) -> None:
    user, counselor = await in_conversation(service, "voice")
    guest = await guest_of(service, counselor)
    token = guest.token
    await service.notices_gone(guest)
    back = await service.user_tab(user.session_id, token)
    assert (await back.state("active"))["you"] == guest.session["you"]
    assert (await user.say("leave"))["type"] == "ok"
    assert (await back.get("session_over"))["reason"] == "hung_up"
    await asyncio.wait_for(back._reader, PATIENCE_S)


async def test_guest_never_hears_a_consultation(service: Service) -> None:
    user, counselor = await in_conversation(service, "voice")
    guest = await guest_of(service, user)
    professional = await service.staff("drhan")
    assert (await counselor.say("help", note="n"))["type"] == "ok"
    ring = await professional.get("ring")
    assert (await professional.ask(type="accept", reservation=ring["reservation"]))["type"] == "ok"
    await professional.until(lambda s: s["state"] == "active")
    assert (await professional.say("join"))["type"] == "ok"
    async with AsyncExitStack() as peers:
        rooms = {}
        for person, tone in ((user, USER), (counselor, COUNSELOR), (guest, GUEST), (professional, PROFESSIONAL)):
            rooms[tone] = await peers.enter_async_context(await person.join_room())
            rooms[tone].speak(tone)
        await hears(rooms[COUNSELOR], PROFESSIONAL)
        await hears(rooms[PROFESSIONAL], COUNSELOR)
        await hears(rooms[GUEST])
        await hears(rooms[USER])
        assert (await guest.until(lambda s: s["room"]["notice"] != ""))["help"] is None
        assert (await counselor.say("mode", mode="whisper"))["type"] == "ok"
        await hears(rooms[GUEST], USER, COUNSELOR)
        await hears(rooms[COUNSELOR], USER, GUEST, PROFESSIONAL)
        assert (await counselor.say("mode", mode="conference"))["type"] == "ok"
        await hears(rooms[GUEST], USER, COUNSELOR, PROFESSIONAL)


async def test_one_side_hears_the_interpreter_and_the_original_only_as_set(service: Service) -> None:
    user, counselor = await in_conversation(service, "voice")
    interpreter = await guest_of(service, counselor, "interpreter")
    me = interpreter.session["you"]
    async with await user.join_room() as one, await counselor.join_room() as two, await interpreter.join_room() as three:
        one.speak(USER)
        two.speak(COUNSELOR)
        three.speak(GUEST)
        await hears(one, COUNSELOR, GUEST)
        full = (await one.listen(0.5)).strength(COUNSELOR)

        assert (await interpreter.say("media", mic=True))["type"] == "ok"
        assert (await counselor.say("interpret", guest=me, side="user", original="soft"))["type"] == "ok"
        told = await user.until(lambda s: s["interpreting"] is not None)
        assert told["interpreting"] == {"guest": me, "by": "Jimin", "user": "soft", "staff": "full", "paused": False}
        assert told["room"]["soft"] == {user.session["you"]: ["jimin"]}
        async with asyncio.timeout(PATIENCE_S):
            while not 0.08 < (await one.listen(0.5)).strength(COUNSELOR) / full < 0.2:
                pass
        await hears(one, COUNSELOR, GUEST)

        assert (await counselor.say("interpret", guest=me, side="user", original="none"))["type"] == "ok"
        await hears(one, GUEST)
        await hears(two, USER, GUEST)
        await hears(three, USER, COUNSELOR)
        await user.until(lambda s: s["room"]["hears"].get(s["you"]) == [me])

        assert (await interpreter.say("media", mic=False))["type"] == "ok"
        await user.until(lambda s: s["interpreting"]["paused"])
        await hears(one, COUNSELOR, GUEST)
        assert (await interpreter.say("media", mic=True))["type"] == "ok"
        await hears(one, GUEST)

        assert (await user.say("interpret", guest=me, side="staff", original="none"))["reason"] == "not_yours"
        assert (await user.say("interpret", guest=me, side="user", original="full"))["type"] == "ok"
        await hears(one, COUNSELOR, GUEST)
        assert (await counselor.say("interpret", guest=me, side="user", original="none"))["type"] == "ok"
        await hears(one, GUEST)
        assert (await counselor.say("remove_guest", guest=me))["type"] == "ok"
        await hears(one, COUNSELOR)
        said = [line["text"] for line in user.lines() if line["text"].startswith("interpreter")]
        assert said[-1] == "interpreter.off"


async def test_phone_shows_a_second_picture_and_sends_no_sound(service: Service) -> None:
    user, counselor = await in_conversation(service, "video")
    assert (await counselor.say("invite_guest", label="camera"))["reason"] == "not_yours"
    phone = await opened(service, await link(user, "camera"))
    assert (await phone.say("enter_guest"))["type"] == "ok"
    await phone.state("active")
    async with await user.join_room() as one, await counselor.join_room() as two, await phone.join_room() as three:
        one.speak(USER)
        two.speak(COUNSELOR)
        three.speak(GUEST)
        three.show("camera")
        assert (await phone.say("media", camera=True, mic=True))["type"] == "ok"
        for peer in (one, two):
            async with asyncio.timeout(PATIENCE_S):
                while not any(peer.pictures.values()):
                    await asyncio.sleep(0.05)
        await hears(one, COUNSELOR)
        await hears(two, USER)
        await hears(three)
        await counselor.send(type="line", session=user.session_id, line="c-1", text="a line for all")
        await user.find(lambda m: m["type"] == "line" and m["line"]["text"] == "a line for all")
        for kind, rest in (("line", {"line": "x", "text": "x"}), ("lines", {"before": 0}), ("typing", {"on": True})):
            assert (await phone.say(kind, **rest))["reason"] == "not_yours"
        assert "a line for all" not in phone.traffic()
        assert (await user.say("remove_guest", guest=phone.session["you"]))["type"] == "ok"
        await asyncio.wait_for(three.gone.wait(), PATIENCE_S)


async def test_no_more_guests_than_the_site_allows(service: Service) -> None:
    user, counselor = await in_conversation(service, "voice")
    await guest_of(service, user, name="Mina")
    await link(counselor)
    assert (await user.say("invite_guest", label="other"))["reason"] == "too_many_guests"
    assert (await counselor.until(lambda s: s["guests"]["places"] == 0))["guests"]["links"][0]["by"] == "jimin"
    records = service.app[app_keys.RECORDS]
    site = await records.site("demo-shop")
    assert site is not None
    await records.save_site(replace(site, guests=0))
    assert (await user.say("invite_guest", label="other"))["reason"] == "guests_off"
