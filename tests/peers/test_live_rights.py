"""When staff or users lose a right, everything that this right allowed ends within a second."""

from __future__ import annotations

import asyncio
import json
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest
import sqlalchemy as sa
from msgspec.structs import replace

from media.api.recording_files import Ended, TrackBegan, TrackEnded, encode_entry
from signaling.access.identity import token_hash
from signaling.live import clock
from signaling.live.ended_rights import LOOK_S
from signaling.records import PictureRecord, Records, auditing
from signaling.records import tables as t
from signaling.server import app_keys
from signaling.server.http import bodies
from tests.clock import MachineTime
from tests.peers.live_house import Person, Service, in_conversation, running, settings_for
from tests.peers.software import Software
from tests.peers.test_live_hearing import COUNSELOR, USER, hears, listening_in

WITHIN_S = 1.0
LATE_S = 0.5  # on a busy machine, access can end up to this many seconds after `WITHIN_S`
PAST = 1_000

Way = Callable[[Records, str], Awaitable[object]]


async def _removed(records: Records, staff: str) -> None:
    assert await records.remove_staff(staff, keep_owner=False)


async def _changed(records: Records, staff: str, **values: str) -> None:
    member = await records.staff(staff)
    assert member is not None
    await records.save_staff(replace(member, **values), keep_owner=False)


async def _password(records: Records, staff: str) -> None:
    await _changed(records, staff, password_hash="of another password")


async def _role(records: Records, staff: str) -> None:
    member = await records.staff(staff)
    assert member is not None
    await _changed(records, staff, role="professional" if member.role == "counselor" else "counselor")


async def _expired(records: Records, staff: str) -> None:
    await records._do(sa.update(t.sign_in).where(t.sign_in.c.staff == staff).values(expires_at=PAST))


async def _signed_out(records: Records, staff: str) -> None:
    assert await records.remove_sign_ins_of(staff)


WAYS: dict[str, Way] = {
    "removed": _removed, "password": _password, "role": _role, "expired": _expired, "signed_out": _signed_out,
}  # fmt: skip
each_way = pytest.mark.parametrize("way", WAYS)


@pytest.fixture
async def service(tmp_path: Path) -> AsyncIterator[Service]:
    async with running(settings_for(tmp_path)) as service:
        yield service


@pytest.fixture
async def aside(service: Service) -> AsyncIterator[Records]:
    """Open the service's database a second time, as another process would."""
    records = await Records.open(service.settings.database_url)
    yield records
    await records.close()


@pytest.mark.parametrize("step_s", [3700, -3700])
async def test_step_of_the_machines_clock_ends_no_sign_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step_s: int) -> None:
    """A sign-in ends after an hour without use, but not when somebody sets the machine's clock forward or back by an hour."""
    machine = MachineTime()
    for module in (clock, bodies, auditing):
        monkeypatch.setattr(module, "time", machine)
    async with running(settings_for(tmp_path), now=clock.wall_clock_ms) as service:
        before = await service.staff("jimin", available=False)
        machine.step(step_s)
        after = await service.staff("suho", available=False)
        await asyncio.sleep(3 * LOOK_S)
        for person in (before, after):
            assert not person.gone
            async with service.http.get(f"{service.url}/api/me", headers={"Cookie": person.cookie}) as reply:
                assert reply.status == 200
        operator = await service.staff("ops", available=False)
        assert (await operator.ask(type="sign_out_staff", staff="suho"))["type"] == "ok"
        async with service.http.get(f"{service.url}/api/operator/audit", headers={"Cookie": operator.cookie}) as reply:
            newest = (await reply.json())["items"][:3]
        assert [each["action"] for each in newest] == ["sign_out", "sign_in", "sign_in"]
        for each in newest:
            assert abs(each["at"] - clock.wall_clock_ms()) < 60_000, "the audit tells the time of the machine's clock"


async def ends_in_time(person: Person) -> None:
    async with asyncio.timeout(WITHIN_S + LATE_S):
        assert (await person.get("bye"))["reason"] == "signed_out"
        await person.get("closed")


@each_way
async def test_removed_staff_console_closes_and_stops_ringing(service: Service, aside: Records, way: str) -> None:
    counselor = await service.staff("jimin")
    second = await service.staff("jimin", available=False, tab="t-2", cookie=counselor.cookie)
    await WAYS[way](aside, "jimin")
    await asyncio.gather(ends_in_time(counselor), ends_in_time(second))
    user = await service.user("text")
    await user.say("enter")
    await user.until(lambda s: s["waiting"] is not None and not s["waiting"]["staffed"] and not s["waiting"]["ringing"])
    assert not [message for message in counselor.seen if message["type"] == "ring"]
    again = Person(await service._socket(service.settings.staff_url("counselor"), counselor.cookie))
    await again.send(type="hello", tab="t-3")
    assert (await again.get("bye"))["reason"] == "signed_out"


@each_way
async def test_removing_ringing_staff_moves_the_call_on(service: Service, aside: Records, way: str) -> None:
    counselor, user = await service.staff("jimin"), await service.user("text")
    await user.say("enter")
    ring = await counselor.get("ring")
    other = await service.staff("suho")
    await WAYS[way](aside, "jimin")
    await ends_in_time(counselor)
    assert (await other.get("ring"))["session"] == ring["session"]


@each_way
async def test_removed_operators_wallboard_closes(service: Service, aside: Records, way: str) -> None:
    operator = await service.staff("ops", available=False)
    assert (await operator.ask(type="watch"))["type"] == "ok"
    await operator.get("wallboard")
    await WAYS[way](aside, "ops")
    await ends_in_time(operator)
    assert operator.seen[-2]["type"] == "bye", "nothing came after it"


@each_way
async def test_removed_counselor_hears_nobody(service: Service, aside: Records, way: str) -> None:
    user, counselor = await in_conversation(service, "voice")
    async with await user.join_room() as one, await counselor.join_room() as other:
        one.speak(USER)
        other.speak(COUNSELOR)
        await asyncio.gather(hears(one, COUNSELOR), hears(other, USER))
        await WAYS[way](aside, "jimin")
        await ends_in_time(counselor)
        await asyncio.gather(hears(one), hears(other))
        lost = await user.until(lambda s: bool(s.get("lost")) or s["choices"] != [])
        may_not_return = way in ("removed", "role")
        assert (lost["choices"] == ["wait", "another", "message"]) == may_not_return, "nobody waits for whoever may not return"


async def test_staff_with_a_new_password_return_to_their_session(service: Service, aside: Records) -> None:
    user, counselor = await in_conversation(service)
    before = await aside.staff("jimin")
    assert before is not None
    await _password(aside, "jimin")
    await ends_in_time(counselor)
    await aside.save_staff(before)
    back = await service.staff("jimin", available=False)
    assert (await back.state("active"))["id"] == user.session_id
    await user.until(lambda s: not s.get("lost"))


@each_way
async def test_peer_of_a_closed_console_ends(service: Service, aside: Records, way: str) -> None:
    user, counselor = await in_conversation(service, "voice")
    async with await user.join_room() as one, await counselor.join_room() as other:
        one.speak(USER)
        await hears(other, USER)
        await service.notices_gone(counselor)
        await hears(other, USER)
        await WAYS[way](aside, "jimin")
        await hears(other, within_s=WITHIN_S + LATE_S + 0.8)


@each_way
async def test_removed_operator_stops_listening(service: Service, aside: Records, way: str) -> None:
    user, _, operator = await listening_in(service)
    async with await user.join_room() as one, await operator.join_room() as ear:
        one.speak(USER)
        await hears(ear, USER)
        await WAYS[way](aside, "ops")
        await ends_in_time(operator)
        await hears(ear)
        await user.find(lambda m: m["type"] == "line" and m["line"]["text"] == "listening.off")


@each_way
async def test_removed_professional_leaves_the_room(service: Service, aside: Records, way: str) -> None:
    user, counselor = await in_conversation(service)
    professional = await service.staff("drhan")
    assert (await counselor.say("help", note="?", category="cameras"))["type"] == "ok"
    ring = await professional.get("ring")
    assert (await professional.ask(type="accept", reservation=ring["reservation"]))["type"] == "ok"
    await professional.state("active")
    assert (await professional.say("join"))["type"] == "ok"
    await WAYS[way](aside, "drhan")
    await ends_in_time(professional)
    seen = len(professional.seen)
    await counselor.send(type="line", session=user.session_id, line="c-1", text="still us", audience="staff")
    if way in ("removed", "role"):
        await counselor.until(lambda s: not [p for p in s["participants"] if p["role"] == "professional"])
    assert len(professional.seen) == seen


async def test_session_of_a_removed_owner_passes_to_the_professional(service: Service, aside: Records) -> None:
    _, counselor = await in_conversation(service)
    professional = await service.staff("drhan")
    await counselor.say("help", note="?", category="cameras")
    ring = await professional.get("ring")
    await professional.ask(type="accept", reservation=ring["reservation"])
    await professional.state("active")
    assert (await professional.say("join"))["type"] == "ok"
    await _removed(aside, "jimin")
    await ends_in_time(counselor)
    async with asyncio.timeout(WITHIN_S + LATE_S):
        await professional.until(lambda s: any(p["owner"] and p["role"] == "professional" for p in s["participants"]))


async def test_other_browser_of_the_same_person_stays_signed_in(service: Service, aside: Records) -> None:
    here, there = await service.staff("jimin"), await service.staff("jimin", tab="t-2")
    user = await service.user("text")
    await user.say("enter")
    ring = await here.get("ring")
    await here.ask(type="accept", reservation=ring["reservation"])
    await here.state("active")
    status, _, _ = await service.post("/api/sign-out", {}, cookie=there.cookie)
    assert status == 409, "busy in a conversation"
    await aside.remove_sign_in(token_hash(here.cookie.partition("=")[2]))
    await ends_in_time(here)
    await there.state("active")
    assert (await there.ask(type="ping"))["type"] == "pong"


async def test_other_tabs_follow_the_browsers_new_sign_in(service: Service) -> None:
    user, counselor = await in_conversation(service)
    body = {"login": "jimin", "password": "jimin-demo"}
    _, _, cookie = await service.post("/api/sign-in", body, cookie=counselor.cookie)
    assert (await counselor.get("bye"))["reason"] == "restart"
    back = await service.staff("jimin", available=False, cookie=cookie)
    await back.state("active")
    await user.until(lambda s: not s.get("lost"))
    await service.post("/api/sign-in", {"login": "suho", "password": "suho-demo"}, cookie=cookie)
    assert (await back.get("bye"))["reason"] == "signed_out"


async def test_command_line_ends_a_console_within_a_second(service: Service) -> None:
    counselor = await service.staff("jimin")
    command = [
        sys.executable,
        "-m",
        "signaling.cli.main",
        "staff",
        "remove",
        "jimin",
        "--data-dir",
        str(service.settings.data_dir),
    ]
    await asyncio.to_thread(subprocess.run, command, check=True)
    await ends_in_time(counselor)


async def test_only_an_idle_console_times_out(service: Service, aside: Records) -> None:
    idle, on_duty = await service.staff("suho", available=False), await service.staff("jimin")
    wallboard = await service.staff("ops", available=False)
    await wallboard.ask(type="watch")
    long_ago = sa.update(t.sign_in).values(created_at=PAST, seen_at=PAST)
    service.live.hub.of_staff("suho")[0].acted_at = 0
    await aside._do(long_ago)
    await ends_in_time(idle)
    for person in (on_duty, wallboard):
        assert (await person.ask(type="ping"))["type"] == "pong"


async def test_new_sites_and_languages_apply_at_once(service: Service, aside: Records) -> None:
    counselor = await service.staff("jimin")
    member = await aside.staff("jimin")
    assert member is not None
    await aside.save_staff(replace(member, sites=["elsewhere"]))
    async with asyncio.timeout(WITHIN_S + LATE_S):
        assert (await counselor.get("bye"))["reason"] == "restart"
    again = await service.staff("jimin", available=False, cookie=counselor.cookie)
    user = await service.user("text")
    await user.say("enter")
    await user.until(lambda s: s["waiting"] is not None and not s["waiting"]["ringing"])
    assert (await again.ask(type="ping"))["type"] == "pong"
    assert not [message for message in again.seen if message["type"] == "ring"]


# --- downloads --------------------------------------------------------------------------------------------------------


class Reader:
    """Downloads a long recording slowly, on its own socket."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer

    @classmethod
    async def of(cls, service: Service, path: str, header: str, body: str = "") -> Reader:
        method = "POST" if body else "GET"
        line = socket.socket()
        # the receive buffer is small, because what is in it can still be read after the server has closed the connection
        line.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        line.connect(("127.0.0.1", service.settings.port))
        reader, writer = await asyncio.open_connection(sock=line, limit=4096)
        length = f"Content-Length: {len(body)}\r\nContent-Type: application/json"
        head = f"{method} {path} HTTP/1.1\r\nHost: localhost:{service.settings.port}\r\n{header}\r\n{length}\r\n\r\n"
        writer.write((head + body).encode())
        assert b"200 OK" in await reader.readuntil(b"\r\n\r\n")
        return cls(reader, writer)

    async def goes_on(self) -> None:
        for _ in range(4):
            assert await self.reader.read(4096)
            await asyncio.sleep(0.2)

    async def is_cut(self) -> None:
        """Continue to read slowly. Fail if the server does not end the connection in time."""
        began = time.monotonic()
        try:
            while await self.reader.read(4096):
                await asyncio.sleep(0.02)
                assert time.monotonic() - began < WITHIN_S + LATE_S
        except ConnectionError:
            return
        finally:
            self.writer.close()


async def recorded(service: Service, session: str, participant: str) -> str:
    """Make a recorded track of 200 MB, which `Reader` needs minutes to download. Return the track's path for HTTP requests."""
    folder = service.settings.recordings_dir / session / "1-1"
    folder.mkdir(parents=True)
    log = [TrackBegan(at=1000, n=1, participant=participant, kind="audio"), TrackEnded(at=4000, n=1), Ended(at=4000)]
    (folder / "segment.jsonl").write_bytes(b"".join(encode_entry(entry) + b"\n" for entry in log))
    with (folder / "1.webm").open("wb") as track:
        track.truncate(200_000_000)
    return f"/api/recordings/{session}/1-1/1"


@each_way
@pytest.mark.parametrize("who", ["jimin", "ops"])
async def test_removal_cuts_a_recording_download(service: Service, aside: Records, way: str, who: str) -> None:
    user, counselor = await in_conversation(service)
    path = await recorded(service, user.session_id, user.session["you"])
    cookie = counselor.cookie if who == "jimin" else await service.sign_in("ops")
    reader = await Reader.of(service, path, f"Cookie: {cookie}")
    await reader.goes_on()
    await WAYS[way](aside, who)
    await reader.is_cut()


async def test_removing_a_token_cuts_its_export(service: Service) -> None:
    software = await Software(service).ready()
    mina = {"id": "mina", "name": "민아"}
    asked = {"site": "demo-shop", "category": "cameras", "language": "ko", "channel": "text", "user": mina}
    status, begun = await software.ask("POST", "conversations", asked)
    assert status == 200, begun
    await recorded(service, begun["session"], "u-1")
    header = f"Authorization: Bearer {software.token}"
    reader = await Reader.of(service, "/api/v1/people/export", header, json.dumps({"user_id": "mina"}))
    await reader.goes_on()
    records = service.app[app_keys.RECORDS]
    [token] = await records.api_tokens()
    assert await records.remove_api_token(token.id)
    await reader.is_cut()


async def illustrated(service: Service, session: str) -> None:
    """Add 20 MB of pictures to the conversation, so that a slow download of its transcript takes minutes."""
    records = service.app[app_keys.RECORDS]
    for number in range(20):
        picture = PictureRecord(
            id=f"pic-{number}",
            session=session,
            audience="all",
            use="line",
            author="jimin",
            mime="image/webp",
            width=1,
            height=1,
            data=bytes(1_000_000),
            at=service.live.now(),
        )
        await records.add_picture(picture)
        line = {"line_id": f"l-{number}", "author": "jimin", "name": "Jimin", "role": "counselor", "kind": "picture"}
        await records.append_line(session, **line, audience="all", picture=picture.id, at=service.live.now())


@pytest.mark.parametrize("who", ["ops", "token", "user"])
async def test_ended_right_cuts_a_transcript(service: Service, aside: Records, who: str) -> None:
    user, _ = await in_conversation(service)
    session, software = user.session_id, await Software(service).ready()
    await illustrated(service, session)
    path, header = {
        "ops": (f"/api/operator/sessions/{session}/transcript", f"Cookie: {await service.sign_in('ops')}"),
        "token": (f"/api/v1/sessions/{session}/transcript", f"Authorization: Bearer {software.token}"),
        "user": (f"/api/sessions/{session}/transcript", f"Authorization: Bearer {user.token}"),
    }[who]
    reader = await Reader.of(service, f"{path}?form=html", header)
    await reader.goes_on()
    match who:
        case "ops":
            await WAYS["removed"](aside, "ops")
        case "token":
            [token] = await aside.api_tokens()
            assert await aside.remove_api_token(token.id)
        case _:
            assert await aside.erase_session(session)
            await aside.audit("cli", "session.erase", f"session/{session}")
    await reader.is_cut()


@pytest.mark.parametrize("who", ["user", "jimin"])
async def test_erasing_cuts_downloads_of_the_session(service: Service, aside: Records, who: str) -> None:
    user, counselor = await in_conversation(service)
    path, header = await recorded(service, user.session_id, user.session["you"]), f"Cookie: {counselor.cookie}"
    await user.say("leave")
    await user.state("after")
    if who == "user":
        copy = service.app[app_keys.RECORDINGS].copy_path(user.session_id)
        copy.parent.mkdir(parents=True, exist_ok=True)
        with copy.open("wb") as file:
            file.truncate(200_000_000)
        path, header = f"/api/sessions/{user.session_id}/recording/file", f"Authorization: Bearer {user.token}"
    reader = await Reader.of(service, path, header)
    await reader.goes_on()
    assert await aside.erase_session(user.session_id)
    await aside.audit("cli", "session.erase", f"session/{user.session_id}")
    await reader.is_cut()
    async with asyncio.timeout(WITHIN_S + LATE_S):
        assert (await user.get("session_over"))["reason"] == "erased"
        assert (await user.get("bye"))["reason"] == "token"


async def test_open_page_ends_when_its_user_may_not_return(service: Service) -> None:
    user, counselor = await in_conversation(service)
    await user.say("leave")
    await counselor.state("after")
    await counselor.say("wrap_up", notes="", outcome="")
    await user.state("closed")
    service.skip(24 * 3600 + 1)
    assert (await user.get("bye"))["reason"] == "token"
    again = Person(await service._socket(service.settings.url))
    await again.send(type="hello", tab="t", token=user.token)
    assert (await again.get("bye"))["reason"] == "token"


async def test_new_password_ends_other_consoles_and_keeps_this_one(service: Service) -> None:
    here = await service.staff("jimin")
    second, third = [await service.staff("jimin", available=False, tab=tab) for tab in ("t-2", "t-3")]
    async with service.http.get(f"{service.url}/api/sign-ins", headers={"Cookie": second.cookie}) as reply:
        [ended] = [item["id"] for item in await reply.json() if item["here"]]
    status, _, _ = await service.post(f"/api/sign-ins/{ended}/end", {}, cookie=here.cookie)
    assert status == 200
    await ends_in_time(second)
    assert not [message for message in third.seen if message["type"] == "bye"]
    body = {"old": "jimin-demo", "new": "lantern under a blue river"}
    status, _, _ = await service.post("/api/password", body, cookie=here.cookie)
    assert status == 200
    await ends_in_time(third)
    await asyncio.sleep(WITHIN_S)  # in this time, the service checks the rights of this console's member of staff twice
    assert (await here.ask(type="state", state="away"))["type"] == "ok"
    assert not [message for message in here.seen if message["type"] == "bye"]
