"""Call every route of users and guests, with their tokens, for their own conversation and for another user's."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Final

import pytest
from msgspec.structs import replace

from signaling.server import app_keys
from signaling.server.http.allowed import ROUTES
from signaling.server.http.files import NAME_HEADER
from tests.peers.live_house import Person, Service, in_conversation, running, settings_for
from tests.peers.test_live_guests import guest_of
from tests.unit.signaling.server.http.conftest import png

REFUSED: Final = (401, 403, 404)
OF_USERS: Final = ("session.visit", "session.talk", "past.see")
# routes for earlier conversations need another token: tests/unit/signaling/server/http/test_threads.py calls them
THREADS: Final = {route for route in ROUTES if "/api/threads" in route}
AFTERWARDS: Final = {
    route for route in ROUTES if "/api/sessions/{id}/recording" in route
}  # only a finished conversation has a recording that the user can copy
WALKED: Final = {route for route, action in ROUTES.items() if action in OF_USERS and "{id}" in route} - THREADS
# a guest is allowed to talk (`session.talk`), and to see what was sent since the guest came
OF_GUESTS: Final = {
    "POST /api/sessions/{id}/pictures",
    "POST /api/sessions/{id}/files",
    "GET /api/pictures/{id}",
    "GET /api/files/{id}",
}


@pytest.fixture
async def service(tmp_path: Path) -> AsyncIterator[Service]:
    async with running(settings_for(tmp_path)) as service:
        records = service.app[app_keys.RECORDS]
        site = await records.site("demo-shop")
        assert site is not None
        await records.save_site(replace(site, guests=2))
        yield service


async def sent(service: Service, user: Person, kind: str) -> str:
    """Send a picture or a file in the user's conversation. Return its id."""
    headers = {"Authorization": f"Bearer {user.token}", "Origin": service.settings.url}
    path = f"{service.url}/api/sessions/{user.session_id}/{kind}"
    query, body = ("?use=line", png()) if kind == "pictures" else ("?line=f-1", b"A-1042")
    async with service.http.post(path + query, data=body, headers=headers | {NAME_HEADER: "order.txt"}) as reply:
        made = await reply.json()
        assert reply.status == 200, made
        return str(made.get("picture") or made["line"]["args"]["file"])


async def status(service: Service, route: str, things: dict[str, str], token: str) -> int:
    method, path = route.split(" ")
    kind = path.split("/")[2]
    headers = {"Authorization": f"Bearer {token}", "Origin": service.settings.url}
    async with service.http.request(method, service.url + path.format(id=things[kind]), headers=headers) as reply:
        return reply.status


async def things_of(service: Service, user: Person) -> dict[str, str]:
    pictures, files = await sent(service, user, "pictures"), await sent(service, user, "files")
    return {"sessions": user.session_id, "pictures": pictures, "files": files}


async def test_every_route_of_users_opens_their_own_conversation_alone(service: Service) -> None:
    user, counselor = await in_conversation(service)
    guest = await guest_of(service, user)
    other, seen = await service.user("text"), len(counselor.seen)
    await other.say("enter")
    ring = await counselor.get("ring", seen)
    assert (await counselor.ask(type="accept", reservation=ring["reservation"]))["type"] == "ok"
    await other.state("active")
    own, foreign = await things_of(service, user), await things_of(service, other)
    wrong = []
    for route in sorted(WALKED):
        for name, token, things, let_in in (
            ("user on their own", user.token, own, route not in AFTERWARDS),
            ("user on another's", user.token, foreign, False),
            ("guest on their own", guest.token, own, route in OF_GUESTS),
            ("guest on another's", guest.token, foreign, False),
            ("nobody", "x" * 40, own, False),
        ):
            got = await status(service, route, things, token)
            if (got not in REFUSED) != let_in:
                wrong.append(f"{name}: {route} {got}")
    assert wrong == []
    assert (await counselor.ask(type="ping"))["type"] == "pong"
    for message in ({"type": "lines", "before": 0}, {"type": "line", "line": "x", "text": "x"}, {"type": "leave"}):
        for person in (user, guest):
            assert (await person.ask(session=other.session_id, **message))["reason"] == "not_yours"
