"""Files in a whole service: the chat line about a file arrives, and files for staff never reach the user."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from urllib.parse import quote

import pytest

from signaling.files.clamd import Scanner
from signaling.server import app_keys, http
from tests.clamd_server import VIRUS, running_clamd
from tests.peers.live_house import Person, Service, in_conversation, running, settings_for


@pytest.fixture
async def service(tmp_path: Path) -> AsyncIterator[Service]:
    async with running(settings_for(tmp_path)) as service:
        yield service


@dataclass
class Sent:
    status: int
    answer: dict[str, object]


async def send(service: Service, person: Person, name: str, data: bytes, audience: str = "all") -> Sent:
    session = person.session["id"]
    url = f"{service.url}/api/sessions/{session}/files?line=f-{secrets.token_hex(4)}&audience={audience}"
    own = {"Origin": service.settings.staff_url("counselor"), "Cookie": person.cookie}
    headers = own if person.cookie else {"Origin": service.settings.url, "Authorization": f"Bearer {person.token}"}
    async with service.http.post(url, data=data, headers=headers | {"File-Name": quote(name)}) as response:
        return Sent(response.status, await response.json())


def file_lines(person: Person) -> list[str]:
    return [each["line"]["text"] for each in person.seen if each["type"] == "line" and each["line"]["kind"] == "file"]


async def test_staff_file_is_in_no_byte_that_the_user_gets(service: Service) -> None:
    user, jimin = await in_conversation(service)
    word = secrets.token_hex(8)
    assert (await send(service, jimin, f"secret {word}.txt", word.encode(), "staff")).status == 200
    assert (await send(service, jimin, "for all.txt", b"hello")).status == 200
    assert (await send(service, user, "from the user.txt", b"hello")).status == 200
    await jimin.find(lambda seen: seen.get("line", {}).get("text") == "from the user.txt")
    assert file_lines(user) == ["for all.txt", "from the user.txt"]
    assert file_lines(jimin) == [f"secret {word}.txt", "for all.txt", "from the user.txt"]
    await user.ask(type="lines", session=user.session["id"], after=0)
    assert word not in user.traffic()
    url = f"{service.url}/api/sessions/{user.session['id']}/transcript"
    async with service.http.get(url, headers={"Authorization": f"Bearer {user.token}"}) as transcript:
        assert word not in await transcript.text()


async def test_file_sent_after_the_end_is_refused(service: Service) -> None:
    user, _ = await in_conversation(service)
    await user.say("leave")
    await user.state("after")
    refused = await send(service, user, "late.txt", b"hello")
    assert (refused.status, refused.answer["reason"]) == (409, "wrong_state")


async def test_infected_files_and_pictures_are_refused_and_audited(tmp_path: Path) -> None:
    with running_clamd() as socket:
        async with running(replace(settings_for(tmp_path), clamd=socket)) as service:
            user, jimin = await in_conversation(service)
            assert (await send(service, user, "clean.txt", b"hello")).status == 200
            refused = await send(service, user, "bad.txt", VIRUS)
            assert (refused.status, refused.answer["reason"]) == (422, "file_infected")
            url = f"{service.url}/api/sessions/{user.session['id']}/pictures"
            own = {"Origin": service.settings.url, "Authorization": f"Bearer {user.token}"}
            async with service.http.post(url, data=VIRUS, headers=own) as picture:
                assert (await picture.json())["reason"] == "file_infected"
            audited, _ = await service.app[app_keys.RECORDS].audits()
            found = [(each.actor, each.detail) for each in audited if each.action == "file.infected"]
            assert found == [("user", "Test.Virus.UNOFFICIAL")] * 2
            assert service.app[app_keys.COUNTS]["http.file_infected"] == 2
            assert file_lines(jimin) == ["clean.txt"]


async def test_scanner_that_hangs_refuses_files_until_it_answers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    answers = asyncio.Event()

    async def scan(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await answers.wait()
        writer.write(b"stream: OK\0")
        await reader.read(-1)
        writer.close()

    monkeypatch.setattr(http, "Scanner", partial(Scanner, within_s=2.0))
    server = await asyncio.start_server(scan, "127.0.0.1", 0)
    host, port = server.sockets[0].getsockname()
    async with running(replace(settings_for(tmp_path), clamd=(host, port))) as service:
        user, jimin = await in_conversation(service)
        refused = await send(service, user, "receipt.txt", b"hello")
        assert (refused.status, refused.answer["reason"]) == (503, "scan_failed")
        assert service.app[app_keys.COUNTS]["http.scan_failed"] == 1
        answers.set()
        assert (await send(service, user, "receipt.txt", b"hello")).status == 200
        await jimin.find(lambda seen: seen.get("line", {}).get("text") == "receipt.txt")
        assert file_lines(jimin) == ["receipt.txt"]
    server.close()
