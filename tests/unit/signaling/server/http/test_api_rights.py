"""On every route of `/api/v1`, a token reaches only its own sites, only with its rights, and never another organisation."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from signaling.access.api_tokens import NEEDS, RIGHTS
from signaling.access.rights import TABLE
from signaling.records import MessageRecord
from signaling.server.http.token_routes import TOKEN_ROUTES
from signaling.server.http.v1.gate import WRONG_TOKENS
from signaling.session import encode_snapshot, new_session, receive
from signaling.session.events import CallbackAsked, WithStaff

from .conftest import Desk, refused
from .test_api import PERSON, Api, a_person, bearer
from .test_rights import FOREIGN, HERE, THERE, World, world

__all__ = ["world"]  # a fixture, which pytest finds by this name
WITHOUT_THING = {route for route in TOKEN_ROUTES if "{" not in route}


async def path(built: World, route: str, site: str) -> str:
    """Store something of this site that the route acts on, such as a session.

    Return a path of the route with the id of what was stored.
    """
    member = await built.desk.records.staff("ops")
    assert member is not None
    made = await built.path(route.replace("/api/v1/staff/", "/api/settings/staff/"), site, member, takes_part=False)
    if "/appointments/" in route:
        session = made.split("/")[4]
        with_staff = WithStaff("jimin", "Jimin", "voice", 30, 1)
        state = new_session(id=session, site=site, category="cameras", language="ko", channel="voice", user="u-1", name="", now=0)
        receive(state, CallbackAsked("u-1", 60_000, reachable=True, with_staff=with_staff), 1)
        await built.desk.records.save_session(session, state="callback", channel="voice", snapshot=encode_snapshot(state))
    if "/messages/" in route:
        session = made.rpartition("/")[2]
        message = MessageRecord(
            id=f"m-{session}", session=session, site=site, category="c", language="ko", contact="", text="", at=1
        )
        await built.desk.records.add_message(message)
        return f"/api/v1/messages/{message.id}"
    return made.replace("/api/settings/staff/", "/api/v1/staff/")


async def status(api: Api, route: str, where: str) -> int:
    method, _ = route.split(" ")
    body: Any = None if method in ("GET", "DELETE") else {}
    return (await api.ask(method, where, body, If_Match="*")).status


def test_every_right_is_one_of_the_table_and_has_routes() -> None:
    assert set(NEEDS) == set(RIGHTS)
    assert {right for right, _ in TOKEN_ROUTES.values()} - {None} == set(RIGHTS)
    # a token acts as a manager of its sites, so `TABLE` must allow managers each action of tokens, at their own sites only
    assert {TABLE[action].get("manager") for _, action in TOKEN_ROUTES.values()} == {"site"}


async def test_token_reaches_its_own_sites_only(world: World) -> None:
    api = await Api.holding(world.desk, sites=(HERE,))
    whole = await Api.holding(world.desk, sites=("*",))
    wrong = []
    for route in set(TOKEN_ROUTES) - WITHOUT_THING:
        for holder, site, reached in ((api, HERE, True), (api, THERE, False), (api, FOREIGN, False), (whole, FOREIGN, False)):
            got = await status(holder, route, await path(world, route, site))
            if (got != 404) != reached:
                wrong.append(f"{route} {site}: {got}")
    assert wrong == []


async def test_token_without_the_right_is_refused(world: World) -> None:
    for route, (needed, _) in TOKEN_ROUTES.items():
        if needed is None:
            continue
        api = await Api.holding(world.desk, *(right for right in RIGHTS if right != needed))
        where = route.split(" ")[1] if route in WITHOUT_THING else await path(world, route, HERE)
        assert await status(api, route, where) == 403, route


async def test_no_route_answers_without_a_token(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    # the test uses more wrong tokens than the rate limit allows
    monkeypatch.setattr(world.desk.app[WRONG_TOKENS], "take", lambda *_: True)
    cookie = await world.desk.cookie_of("ops")
    for route in TOKEN_ROUTES:
        method, where = route.split(" ")
        assert (await world.desk.http.request(method, where)).status == 401, route
        assert (await world.desk.http.request(method, where, headers=cookie)).status == 401, route


async def test_lists_have_nothing_of_another_organisation(world: World) -> None:
    records = world.desk.records
    spy = await records.staff("jimin")
    assert spy is not None
    await records.save_staff(replace(spy, id="spy", login="spy", name="Rival Spy", organisation="rival"))
    await a_person(world.desk, "s-rival", FOREIGN, organisation="rival", state="callback")
    api = await Api.holding(world.desk)
    for route in WITHOUT_THING:
        method, where = route.split(" ")
        query = "?from=0&to=86400000" if where.endswith("reports") else ""
        reply = await api.ask(method, where + query, PERSON if method == "POST" else None)
        said = await reply.text()
        assert reply.status in (200, 400, 404), route
        assert not [word for word in (FOREIGN, "s-rival", "Rival Spy", "rival") if word in said], route


async def test_browser_of_staff_cannot_be_made_to_use_the_api(desk: Desk) -> None:
    """A request with a staff cookie and an API token has the rights of the token only."""
    api = await Api.holding(desk, "live.read")
    headers = bearer(api.token) | await desk.cookie_of("ops")
    assert await refused(await desk.get("/api/v1/sites", headers=headers)) == (403, "not_allowed")


@pytest.mark.parametrize("method", ["PATCH", "POST"])
async def test_other_methods_are_refused(desk: Desk, method: str) -> None:
    api = await Api.holding(desk)
    assert await refused(await api.ask(method, "/api/v1/sites")) == (405, "wrong_method")
