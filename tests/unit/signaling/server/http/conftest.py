"""Fixtures: the HTTP part of the server with a real database, and a small replacement for the live sessions."""

from __future__ import annotations

import asyncio
import io
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import dataclass
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import aiohttp
import argon2
import msgspec
import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from PIL import Image

from matcher.types import Place
from signaling.access import identity
from signaling.access.admission import Admission, Crowd
from signaling.access.brief import Supplement
from signaling.access.codes import Codes
from signaling.access.identity import COOKIE, token_hash
from signaling.access.invites import InviteRefused
from signaling.access.key_addresses import KeyAddresses
from signaling.access.threads import Threads
from signaling.config.proxies import one_proxy
from signaling.config.seal import Seal
from signaling.config.settings import Settings
from signaling.files import Files
from signaling.live.clock import wall_clock_ms
from signaling.live.inviting import Wanted
from signaling.mail import Postbox
from signaling.mail.unsubscribing import Addresses
from signaling.protocol.server_messages import Wallboard
from signaling.protocol.session_views import Brief, CallbackView, Line
from signaling.protocol.staff_views import AppointmentItem
from signaling.push import Devices
from signaling.recordings import Recordings
from signaling.records import FileRecord, Realm, Records, RecordsAway, SessionRecord, StaffRecord
from signaling.server import app_keys, demo, http, retention, signing_in
from signaling.server.http import pages
from signaling.server.http.bodies import now_ms
from signaling.server.http.origin import STAFF_PATHS
from signaling.server.key_fetching import KeyFetcher
from signaling.webhooks import Endpoints
from signaling.webhooks.reach import Reach

from .conformance import compared

TOKEN = "user-token"
ORIGIN = "http://localhost:8080"
STAFF_ORIGIN = "http://counselor.localhost:8080"
SHOP = "http://127.0.0.1:8081"


class NoAppointments:
    """Takes the place of `AppointmentDesk` and `Appointments`: nobody has booked anything and nobody is free."""

    async def items(self, realm: Realm, locale: str) -> list[AppointmentItem]:
        return []

    async def touched(self, member: StaffRecord, realm: Realm, locale: str) -> list[AppointmentItem]:
        return []

    def entry(self, session: str) -> None:
        return None

    def booked(self, realm: Realm) -> list[Any]:
        return []

    async def by_staff(self, *_: Any) -> list[Any]:
        return []

    async def troubles(self, entries: list[Any]) -> dict[str, Any]:
        return {}


class FakeLive:
    """Takes the place of `Live` and of all its parts. Has the methods that the HTTP handlers call.

    This stand-in knows one user, whose token is TOKEN. Jimin takes part in every session.
    """

    def __init__(self, records: Records) -> None:
        self.records = records
        self.product_pictures: list[tuple[str, str]] = []
        self.walks: list[tuple[str, Supplement]] = []
        self.erasures: list[str] = []
        self.signed_out_staff: list[str] = []
        self.signed_in_again_as: list[str] = []
        self.new_passwords: list[StaffRecord] = []
        self.new_hours: list[str] = []
        self.changed_sites: list[str] = []
        self.new_thresholds = 0
        self.new_messages = 0
        self.talking: set[str] = set()
        self.refuses_lines = False
        self.made_briefs: list[Brief] = []
        self.forms_missing: list[bool] = []
        self.admission = Admission()
        self.desk = self.appointments = NoAppointments()
        self.entries: dict[str, Any] = {}
        self.sender = None
        self.crowd = Crowd()
        self.stored = self.arriving = self.returning = self.briefs = self.inviting = self
        self.sessions = self.boards = self.erasing = self.ended_rights = self.index = self

    async def by_token(self, token: str) -> None:
        """Return None: in these tests no token opens a live session."""

    async def exchange(self, link: str) -> None:
        raise InviteRefused("bad_invite")

    async def create_session(
        self, *, brief: Brief, form_missing: bool = False, region: str = "", **given: Any
    ) -> tuple[str, str]:
        self.made_briefs.append(brief)
        self.forms_missing.append(form_missing)
        session_id = f"s-{len(self.made_briefs)}"
        record = SessionRecord(
            id=session_id, started_at=now_ms(), token_hash=token_hash(TOKEN), brief=msgspec.json.encode(brief), **given
        )
        await self.records.create_session(record)
        return session_id, TOKEN

    async def authorize_user(self, session_id: str, token: str) -> str | None:
        found = await self.records.session(session_id)
        return "u-1" if found and found.token_hash == token_hash(token) else None

    def guest_in(self, session_id: str, token: str) -> None:
        """Return None: no session of these tests has guests."""

    def staff_participant(self, session_id: str, staff_id: str) -> str | None:
        return "p-jimin" if staff_id == "jimin" else None

    def may_read_lines(self, session_id: str, staff_id: str) -> bool:
        return self.staff_participant(session_id, staff_id) is not None

    def in_conversation(self, staff_id: str) -> bool:
        return staff_id in self.talking

    async def estimate(self, site: str, category: str, language: str, now: int) -> Place:
        return Place(place=1, low_s=None, high_s=None, staffed=True)

    async def helpers(self, site: str, category: str, language: str) -> list[str]:
        return ["Jimin", "Suho", "Arim", "Bora"]

    async def walked(self, session_id: str, seen: Supplement) -> None:
        self.walks.append((session_id, seen))

    async def set_product_picture(self, session_id: str, picture_id: str) -> None:
        self.product_pictures.append((session_id, picture_id))

    async def share_file(self, line_id: str, file: FileRecord) -> Line:
        if self.refuses_lines:
            raise RecordsAway
        await self.records.add_file(file)
        line, _ = await self.records.append_line(
            file.session,
            line_id=line_id,
            author=file.author,
            name="",
            role="user",
            kind="file",
            audience=file.audience,
            text=file.name,
            args={"file": file.id, "kind": file.kind, "bytes": str(file.size)},
            at=file.at,
        )
        return line

    async def hours_changed(self, site: str) -> None:
        self.new_hours.append(site)

    async def site_changed(self, site: str) -> None:
        self.changed_sites.append(site)

    async def load_thresholds(self, organisation: str) -> None:
        self.new_thresholds += 1

    async def read(self, member: StaffRecord, locale: str) -> Wallboard:
        return Wallboard(now=1, served_today=3)

    async def start(self, wanted: Wanted) -> tuple[str, str]:
        return f"s-{wanted.user_ref[:8]}", f"{ORIGIN}/call#invite=x"

    async def mark_callback(self, session_id: str, *, done: bool) -> CallbackView | None:
        return CallbackView(state="done" if done else "missed", due_at=1, contact="", note="", came=False, moved=0)

    def messages_changed(self) -> None:
        self.new_messages += 1

    async def erased(self, session_id: str) -> None:
        self.erasures.append(session_id)

    async def signed_out(self, member: StaffRecord, right: str = "") -> None:
        self.signed_out_staff.append(member.id)

    def password_changed(self, record: StaffRecord) -> None:
        self.new_passwords.append(record)

    async def signed_in_again(self, member: StaffRecord, former: str) -> None:
        self.signed_in_again_as.append(member.id)


@dataclass
class Desk:
    """A client of the server. `post` sends the `Origin` header of our own page, unless the test names another origin.

    `with_retention`: the applications for which `http.setup` has set up retention (the deletion of expired data). In these tests,
    nothing is deleted.
    """

    http: TestClient[web.Request, web.Application]
    live: FakeLive
    records: Records
    settings: Settings
    app: web.Application
    with_retention: list[web.Application]

    async def get(self, path: str, **options: Any) -> aiohttp.ClientResponse:
        return await self.http.get(path, **options)

    async def post(self, path: str, body: Any = None, *, origin: str | None = None, **options: Any) -> aiohttp.ClientResponse:
        given = options.pop("headers", {})
        own = STAFF_ORIGIN if "Cookie" in given or path in STAFF_PATHS else ORIGIN
        headers = {"Origin": own if origin is None else origin, **given}
        if body is not None:
            options["json"] = body
        return await self.http.post(path, headers=headers, **options)

    async def code(self) -> str:
        reply = await self.post("/api/codes", {"site": "demo-shop", "category": "cameras", "language": "ko"}, origin=SHOP)
        assert reply.status == 200, await reply.text()
        return str((await reply.json())["code"])

    async def session(self, **supplement: Any) -> str:
        reply = await self.post("/api/sessions", {"code": await self.code(), "channel": "text", "supplement": supplement})
        assert reply.status == 200, await reply.text()
        return str((await reply.json())["session"])

    async def cookie_of(self, login: str) -> dict[str, str]:
        reply = await self.post("/api/sign-in", {"login": login, "password": f"{login}-demo"})
        assert reply.status == 200, await reply.text()
        return {"Cookie": f"{COOKIE}={reply.cookies[COOKIE].value}"}


BEARER = {"Authorization": f"Bearer {TOKEN}"}


async def refused(reply: aiohttp.ClientResponse) -> tuple[int, str]:
    """Return (status, reason). Check that the refusal has a sentence and no traceback."""
    body = await reply.json()
    members = {"title", "status", "detail", "reason", "message"}
    assert set(body) == members | ({"retry_s"} if reply.status in (429, 503) else set())
    assert (reply.content_type, body["status"], body["detail"]) == ("application/problem+json", reply.status, body["message"])
    assert body["message"].endswith((".", "`")), body
    assert "Traceback" not in body["message"]
    return reply.status, body["reason"]


@pytest.fixture(scope="session")
def seeded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a data folder that has the demo's people. The folder is made once for all tests."""
    folder = tmp_path_factory.mktemp("seeded")
    settings = Settings(demo=True, data_dir=folder)

    async def seed() -> None:
        records = await Records.open(settings.database_url)
        await demo.seed(records, settings)
        await records.close()

    asyncio.run(seed())
    return folder


@pytest.fixture
async def desk(seeded: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Desk]:
    for name in ("records.sqlite", "server.key"):
        (tmp_path / name).write_bytes((seeded / name).read_bytes())
    built = tmp_path / "pages"
    (built / "assets").mkdir(parents=True)
    for page in ("panel", "call", "console", "operator"):
        (built / f"{page}.html").write_text(f"<!doctype html><title>{page}</title>")
    for script in ("widget", "console-worker", "call-worker"):
        (built / f"{script}.js").write_text(script.removesuffix("-worker"))
    (built / "icons").mkdir()
    (built / "icons" / "icon-192.png").write_bytes(b"icon")
    (built / "assets" / "a-1234.js").write_text("asset " * 100)
    monkeypatch.setattr(pages, "PAGES", built)
    monkeypatch.setattr(identity, "_hasher", argon2.PasswordHasher(time_cost=1, memory_cost=64, parallelism=1))
    settings = Settings(demo=True, data_dir=tmp_path, trust_proxy=one_proxy())
    records = await Records.open(settings.database_url)
    live = FakeLive(records)
    app = web.Application()
    app[app_keys.SETTINGS] = settings
    app[app_keys.RECORDS] = records
    app[app_keys.RECORDINGS] = Recordings(tmp_path / "recordings")
    app[app_keys.FILES] = Files(tmp_path / "files")
    app[app_keys.REACH] = Reach([ip_network("127.0.0.0/8")])
    app[app_keys.KEY_ADDRESSES] = KeyAddresses(KeyFetcher(app[app_keys.REACH]), now_ms)
    app[app_keys.CODES] = Codes.open(settings, records, app[app_keys.KEY_ADDRESSES])
    app[app_keys.THREADS] = Threads.open(settings)
    app[app_keys.COUNTS] = Counter()
    app[app_keys.POSTBOX] = Postbox(records, Addresses(b"s" * 32), now_ms, enabled=False)
    signing_in.setup(app)
    app[app_keys.LIVE] = live
    app[app_keys.ENDPOINTS] = Endpoints(records, Seal(b"s" * 32), Reach(), wall_clock_ms)
    app[app_keys.PUSH_DEVICES] = Devices(records, Seal(b"s" * 32), Reach(), wall_clock_ms, subject="")
    with_retention: list[web.Application] = []
    monkeypatch.setattr(retention, "setup", with_retention.append)
    http.setup(app)
    with compared(app, monkeypatch):
        async with TestClient(TestServer(app)) as client:
            yield Desk(client, live, records, settings, app, with_retention)
    await records.close()


def png(size: tuple[int, int] = (30, 20)) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", size, (0, 128, 0)).save(out, "PNG")
    return out.getvalue()
