"""Erasing leaves no trace.

A test puts a random word wherever a person can write or be named. After erasing, no file contains the word.
"""

from __future__ import annotations

import asyncio
import io
import os
import secrets
import shutil
import subprocess
import time
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import redis
import sqlalchemy as sa
from PIL import Image
from PIL.PngImagePlugin import PngInfo
from sqlalchemy.ext.asyncio import create_async_engine

from signaling.access import codes
from signaling.access.codes import Claims, Product, User
from signaling.records import Records
from signaling.server import app_keys
from signaling.server.retention import _delete_folders
from tests.peers.live_house import Person, Service, running, settings_for
from tests.peers.test_live_board import Board
from tests.peers.test_live_files import send
from tests.peers.test_live_pages import send as show
from tests.peers.test_live_recording import agreed, recording_site, shown_page, written
from tests.postgres_server import PostgresServer, running_postgres
from tests.redis_server import RedisServer, running_redis

SECRET = b"a secret of these tests, long enough"
DAY_MS = 86_400_000


class House:
    """A service, and all places where this service stores bytes."""

    def __init__(self, service: Service, postgres: PostgresServer | None, redis_server: RedisServer | None) -> None:
        self.service = service
        self.settings = service.settings
        self.postgres = postgres
        self.redis = redis_server

    @property
    def records(self) -> Records:
        found: Records = self.service.app[app_keys.RECORDS]
        return found

    async def found(self, word: str) -> list[str]:
        """Return the places that contain the word: paths of files, and places in Redis and PostgreSQL."""
        where = [str(path) for path in _files(self.settings.data_dir) if word.encode() in path.read_bytes()]
        where += [str(path) for path in _files(self.settings.recordings_dir) if word.encode() in path.read_bytes()]
        if self.redis is not None:
            where += await asyncio.to_thread(_in_redis, self.redis, word)
        if self.postgres is not None:
            where += await _in_postgres(self.postgres, word)
        return where

    async def command(self, *words: str) -> None:
        """Run a command of `sangdam` in a separate process, while the server runs."""
        program = shutil.which("sangdam", path=str(Path(os.sys.executable).parent))
        assert program
        options = ["--data-dir", str(self.settings.data_dir), "--recordings", str(self.settings.recordings_dir)]
        if self.settings.database:
            options += ["--database", self.settings.database]
        await asyncio.to_thread(subprocess.run, [program, *words, *options], check=True, capture_output=True)


def _files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


def readable_by_others(folder: Path) -> list[str]:
    return [str(path) for path in (folder, *folder.rglob("*")) if path.stat().st_mode & 0o077]


def _in_redis(server: RedisServer, word: str) -> list[str]:
    with redis.Redis.from_url(server.url) as client:
        return [str(key) for key in client.keys("*") if word.encode() in key + (client.dump(key) or b"")]


async def _in_postgres(server: PostgresServer, word: str) -> list[str]:
    """Search PostgreSQL's files of all tables, indexes and catalogues. Return the paths of the files that contain the word.

    The search leaves out the write-ahead log, which docs/cluster.md covers.
    """
    engine = create_async_engine(server.url, isolation_level="AUTOCOMMIT")
    async with engine.connect() as connection:
        await connection.execute(sa.text("CHECKPOINT"))
    await engine.dispose()
    return [str(path) for path in _files(server.data / "base") if word.encode() in path.read_bytes()]


@pytest.fixture(params=["sqlite", "postgres and redis"])
async def house(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[House]:
    settings = replace(settings_for(tmp_path), recordings=None)
    if request.param == "sqlite":
        async with running(settings, supervised=True) as service:
            await recording_site(service)
            yield House(service, None, None)
        return
    with running_postgres() as postgres, running_redis() as redis_server:
        settings = replace(settings, database=postgres.url, redis=redis_server.url, secret=SECRET)
        async with running(settings, supervised=True) as service:
            assert await service.app[app_keys.NODE].someone_leads(10)
            await recording_site(service)
            yield House(service, postgres, redis_server)


async def partner_code(house: House, word: str) -> str:
    """Return an identification code that the shop's back end signs, always for the same user."""
    site, now_s = await house.records.site("demo-shop"), int(time.time())
    assert site is not None
    [key] = site.keys
    claims = Claims(
        site="demo-shop",
        category="cameras",
        language="ko",
        server=house.settings.server_name,
        jti=secrets.token_urlsafe(16),
        iat=now_s,
        nbf=now_s,
        exp=now_s + 300,
        user=User(id="customer-7", name=f"이름{word}", contact=f"{word}@example.com"),
        product=Product(id="p-1", name=f"카메라 {word}", price="1", url=f"http://127.0.0.1/{word}.html"),
        claims={"customer": f"gold {word}"},
    )
    return codes.sign(claims, key.kid, codes.secret_bytes(key.secret))


async def user_of(house: House, word: str, channel: str = "voice") -> Person:
    supplement = {
        "page_url": f"{house.settings.shop_url}/{word}",
        "page_title": f"제목 {word}",
        "note": f"질문 {word}",
        "trail": [{"kind": "page", "label": f"본 것 {word}", "url": f"{house.settings.shop_url}/{word}", "at": 1, "dwell_s": 3}],
    }
    body = {"code": await partner_code(house, word), "channel": channel, "locale": "ko", "supplement": supplement}
    status, made, _ = await house.service.post("/api/sessions", body)
    assert status == 200, made
    return await house.service.user_tab(made["session"], made["token"])


def picture_of(word: str) -> bytes:
    noted, made = PngInfo(), io.BytesIO()
    noted.add_text("Comment", word)
    Image.new("RGB", (64, 64), "red").save(made, "PNG", pnginfo=noted)
    return made.getvalue()


async def upload(house: House, person: Person, word: str) -> str:
    url = f"{house.service.url}/api/sessions/{person.session_id}/pictures"
    headers = {"Origin": house.settings.url, "Authorization": f"Bearer {person.token}"}
    async with house.service.http.post(url, data=picture_of(word), headers=headers) as response:
        made: dict[str, Any] = await response.json()
        assert response.status == 200, made
    return str(made["picture"])


async def says(person: Person, **message: Any) -> None:
    assert (await person.ask(session=person.session_id, **message))["type"] == "ok", message


async def lived_through(house: House, word: str) -> str:
    """Run a whole session with the word in every form field and chat line. Return the session's id."""
    service = house.service
    suho, jimin = await service.staff("suho"), await service.staff("jimin", available=False)
    user = await user_of(house, word)
    assert (await user.say("enter", name=f"민아{word}", note=f"메모 {word}"))["type"] == "ok"
    ring = await suho.get("ring")
    await suho.ask(type="decline", reservation=ring["reservation"], reason=f"바빠요 {word}")
    await jimin.ask(type="state", state="available")
    ring = await jimin.get("ring")
    assert (await jimin.ask(type="accept", reservation=ring["reservation"]))["type"] == "ok"
    await user.state("active")
    await jimin.state("active")
    board = Board(user)  # this copy of the board uses the WebSocket, because there is no peer connection
    await board.open()
    assert (await board.draw(f"글상자 {word}"))["type"] == "ok"
    async with await user.join_room() as one, await jimin.join_room() as two:
        one.speak(700)
        two.speak(1100)
        page = await shown_page(service, user, jimin)
        await agreed(user, jimin)
        await show(page, word + "A" * (-len(word) % 4), first=True)
        for person, name in ((user, "u"), (jimin, "k")):
            assert (await person.say("line", line=f"{name}-{word}", text=f"말 {word}"))["type"] == "ok"
        await says(jimin, type="line", line="k-note", kind="note", text=f"쪽지 {word}")
        for line, text in (("u-edited", f"고치기 전 {word}"), ("u-retracted", f"취소 {word}")):
            assert (await user.say("line", line=line, text=text))["type"] == "ok"
            seq = (await user.find(lambda seen, line=line: seen["type"] == "ack" and seen["line"] == line))["seq"]
            change = {"type": "edit_line", "text": "고친 뒤"} if line == "u-edited" else {"type": "retract_line"}
            await says(user, **change, seq=seq)
        picture = await upload(house, user, word)
        await says(user, type="line", line="u-pic", kind="picture", picture=picture, text=word)
        assert (await send(service, user, f"파일 {word}.txt", f"내용 {word}".encode())).status == 200
        assert (await send(service, jimin, f"파일 {word}.txt", f"내용 {word}".encode(), "staff")).status == 200
        drhan = await service.staff("drhan")
        assert (await jimin.say("help", note=f"도와주세요 {word}"))["type"] == "ok"
        ring = await drhan.get("ring")
        await drhan.ask(type="decline", reservation=ring["reservation"], reason=f"다음에 {word}")
        await jimin.say("transfer", how="now", category="lenses", note=f"넘깁니다 {word}")
        await jimin.say("cancel_help")
        await asyncio.sleep(1.0)  # a moment of sound must be recorded after the consent
        assert (await user.say("leave"))["type"] == "ok"
        await written(service, user.session_id, 1)
    assert (await user.say("rate", score=5, words=f"고마워요 {word}"))["type"] == "ok"
    await jimin.state("after")
    assert (await jimin.say("wrap_up", notes=f"정리 {word}", outcome="resolved"))["type"] == "ok"
    for person in (user, page, suho, jimin, drhan):
        await person.close()
    return user.session_id


async def called_back(house: House, word: str) -> str:
    user = await user_of(house, word, "text")
    at = house.service.live.now() + 3_600_000
    asked = await user.say("callback", at=at, contact=f"010 {word}", note=f"전화 {word}")
    assert asked["type"] == "ok"
    await user.close()
    return user.session_id


async def message_left(house: House, word: str) -> str:
    user = await user_of(house, word, "text")
    assert (await user.say("leave_message", contact=f"010 {word}", text=f"연락 {word}"))["type"] == "ok"
    await user.close()
    return user.session_id


async def planted(house: House, word: str) -> list[str]:
    return [await lived_through(house, word), await called_back(house, word), await message_left(house, word)]


async def seen_by_next_counselor(house: House, word: str) -> bool:
    """Return whether the word appears in what staff see of the same user's next session."""
    counselor, user = await house.service.staff("jimin"), await user_of(house, "다른")
    assert (await user.say("enter"))["type"] == "ok"
    ring = await counselor.get("ring")
    found = word in str(ring)
    await user.say("leave")
    for person in (user, counselor):
        await person.close()
    return found


async def test_erased_sessions_leave_no_byte(house: House) -> None:
    word = f"erased{secrets.token_hex(6)}"
    sessions = await planted(house, word)
    assert await seen_by_next_counselor(house, word), "before, staff see the notes of the last time"
    places = await house.found(word)
    assert any(place.endswith(".page.jsonl") for place in places), "and it is there to be found, in the page that staff saw, too"
    assert readable_by_others(house.settings.data_dir) == [], "by us alone"
    # run ANALYZE as autovacuum does from time to time, because ANALYZE stores samples of the columns
    if house.postgres is not None:
        engine = create_async_engine(house.postgres.url, isolation_level="AUTOCOMMIT")
        async with engine.connect() as connection:
            await connection.execute(sa.text("ANALYZE"))
        await engine.dispose()
    for session in sessions:
        await house.command("session", "erase", session)
    assert await house.found(word) == []
    assert not list(house.settings.recordings_dir.glob("s-*"))
    assert not list(house.settings.files_dir.glob("s-*"))
    assert not await seen_by_next_counselor(house, word)


async def test_sessions_past_retention_leave_no_byte(house: House) -> None:
    word = f"over{secrets.token_hex(6)}"
    await lived_through(house, word)
    await message_left(house, word)
    later = house.service.live.now() + 91 * DAY_MS
    app = house.service.app
    await _delete_folders(house.records, later, app[app_keys.RECORDINGS], app[app_keys.FILES])
    assert await house.records.purge(later) == 2
    assert await house.found(word) == []


async def test_erasing_clears_what_is_on_screen(house: House) -> None:
    """Notes of an earlier session are on screen in two places: in a session that is going on, and on a console that rings."""
    word = f"shown{secrets.token_hex(6)}"
    over, left = await lived_through(house, word), await message_left(house, word)
    jimin, user = await house.service.staff("jimin"), await user_of(house, "다른", "text")
    await user.say("enter")
    ring = await jimin.get("ring")
    assert [each["id"] for each in ring["brief"]["earlier_sessions"]] == [left, over]
    seen = len(jimin.seen)
    await house.command("session", "erase", left)
    ring = await jimin.get("ring", since=seen)
    assert [each["id"] for each in ring["brief"]["earlier_sessions"]] == [over]
    await jimin.ask(type="accept", reservation=ring["reservation"])
    await jimin.until(lambda session: word in str(session.get("brief")))
    await house.command("session", "erase", over)
    await jimin.until(lambda session: word not in str(session))
