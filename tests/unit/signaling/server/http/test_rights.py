"""The tests try every route with every role.

Routes are tried with data of the member's own site, and with data of other sites and organisations. The tests fail if a route has
no entry in the table of rights.
"""

from __future__ import annotations

import secrets
from collections.abc import Awaitable, Callable
from typing import Any, Final, get_args

import pytest
from aiohttp import web
from msgspec.structs import replace

from signaling.access.api_tokens import RIGHTS, new_record
from signaling.access.identity import COOKIE, SIGN_IN_LIFE_MS, token_hash
from signaling.access.rights import TABLE
from signaling.protocol.words import Action, StaffRole
from signaling.records import Organisation, PersonNote, ReplyPicture, SavedReply, SignInRecord, Site, SiteKey, StaffRecord
from signaling.records.outbox import MailRecord
from signaling.records.passkeys import PasskeyRecord
from signaling.records.sign_ins import ID_LENGTH
from signaling.records.webhooks import Endpoint
from signaling.server.http.allowed import ANYONE, ROUTES
from signaling.server.http.bodies import now_ms
from signaling.server.http.token_routes import TOKEN_ROUTES
from signaling.session import encode_snapshot, new_session

from . import given
from .conftest import Desk

HERE, THERE, FOREIGN = "demo-shop", "clinic", "rival-shop"
ORGANISATIONS: Final = {HERE: "main", THERE: "main", FOREIGN: "rival"}
REFUSED: Final = (401, 403, 404)
# how far a right must reach → the site of the session or other object, and whether the person takes part in the session
PLACES: Final[dict[str, tuple[str, bool]]] = {
    "own": (HERE, True), "site": (HERE, False), "organisation": (THERE, False), "installation": (FOREIGN, False),
}  # fmt: skip
WIDTH: Final = {None: -1, "own": 0, "site": 1, "organisation": 2, "installation": 3}
OWN_REPLIES: Final = {
    "POST /api/replies/{id}/remove", "POST /api/replies/{id}/pictures", "POST /api/replies/{id}/pictures/{picture}/remove",
}  # fmt: skip
# routes that name no single site: they list what the asker is allowed to see, or are about the asker's own account or replies
LISTS: Final = {route for route in ROUTES if "{" not in route} | OWN_REPLIES
PARTICIPANTS: Final = {"session.talk", "session.serve"}  # rights that only participants of the session have


def routes_of(app: web.Application) -> set[str]:
    found = set()
    for route in app.router.routes():
        if route.method != "HEAD" and route.resource is not None:
            found.add(f"{route.method} {route.resource.canonical}")
    return found


class World:
    """Two organisations: `main` with two sites, and `rival` with one. Every member works only for the first site of `main`."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self.taking_part: set[str] = set()
        self.sites: dict[str, Site] = {}

    async def build(self) -> None:
        records = self.desk.records
        await records.save_organisation(Organisation(id="rival", name="Rival"))
        demo = await records.site(HERE)
        assert demo is not None
        for site in (THERE, FOREIGN):
            await records.save_site(replace(demo, id=site, organisation=ORGANISATIONS[site], keys=[]))
        for site in ORGANISATIONS:
            found = await records.site(site)
            assert found is not None
            self.sites[site] = replace(found, keys=[SiteKey(kid="k1", secret="x")])

    async def member(self, role: StaffRole, *, proved: bool = False) -> tuple[StaffRecord, dict[str, str]]:
        desk_role = role in ("counselor", "professional")
        member = StaffRecord(
            id=f"m-{role}",
            login=f"m-{role}",
            name=role,
            languages=["ko"],
            sites=[HERE],
            role=role if desk_role else "operator",
            offices=[] if desk_role else [role],
        )
        await self.desk.records.save_staff(member)
        token, now = secrets.token_urlsafe(8), now_ms()
        sign_in = SignInRecord(
            token_hash=token_hash(token),
            staff=member.id,
            created_at=now,
            expires_at=now + SIGN_IN_LIFE_MS,
            proved_at=now if proved else 0,
        )
        await self.desk.records.add_sign_in(sign_in)
        return member, {"Cookie": f"{COOKIE}={token}"}

    async def session(self, site: str, member: str, *, takes_part: bool) -> str:
        session = f"s-{secrets.token_hex(6)}"
        state = new_session(
            id=session, site=site, category="cameras", language="ko", channel="voice", user="u-1", name="", now=0, recording=True
        )
        await given.session(
            self.desk,
            session,
            organisation=ORGANISATIONS[site],
            site=site,
            channel="voice",
            state="active",
            user_ref=session,
            started_at=now_ms(),
            snapshot=encode_snapshot(state),
            counselor=member if takes_part else "",
        )
        if takes_part:
            self.taking_part.add(session)
        return session

    async def path(self, route: str, site: str, member: StaffRecord, *, takes_part: bool) -> str:
        """Store something of this site that the route acts on, such as a session.

        Return a path of the route with the id of what was stored.
        """
        _, path = route.split(" ")
        await self.desk.records.save_site(self.sites[site])  # an earlier request can have removed the site
        records, session = self.desk.records, await self.session(site, member.id, takes_part=takes_part)
        values = {"site": site, "category": "cameras", "session": session, "segment": "1-1", "track": "1", "other": session}
        values |= {"key": "k1", "number": "1"}
        values["id"] = session
        if "/recordings/" in path:
            given.recording(self.desk, session)
        elif path == "/api/pictures/{id}":
            values["id"] = f"pic-{session}"
            await given.picture(self.desk, values["id"], session)
        elif path == "/api/files/{id}":
            values["id"] = f"file-{session}"
            await given.file(self.desk, values["id"], session)
        elif "/replies/" in path:
            shared = "/operator/" in path or path.endswith("/used") or "{id}" not in path
            reply = SavedReply(id=f"r-{session}", title=session, text="x", **{"site": site} if shared else {"owner": member.id})
            await records.save_reply(reply)
            values |= {"id": reply.id, "picture": f"rp-{session}"}
            if "{picture}" in path:
                picture = ReplyPicture(id=f"rp-{session}", reply=reply.id, mime="image/webp", width=1, height=1, data=b"x", at=1)
                await records.add_reply_picture(picture, site=reply.site, owner=reply.owner)
        elif "/mails/" in path:
            values["id"] = f"e-{session}"
            mail = MailRecord(id=values["id"], kind="reply", site=site, address="m@shop.example", address_hash=session)
            await records.queue_mail(mail)
            await records.mail_refused(mail, "550 no")
        elif "/settings/tokens/" in path:
            token = new_record(
                session, organisation=ORGANISATIONS[site], name="T", rights=RIGHTS, sites=["*"], maker=None, days=1, now=now_ms()
            )
            await records.add_api_token(token)
            values["id"] = token.id
        elif "/settings/webhooks/" in path:
            # the number of an organisation's webhooks is limited, so remove those of earlier requests
            for former in await records.endpoints():
                await records.remove_endpoint(former.id)
            hook = Endpoint(
                id=f"wh-{session}", organisation=ORGANISATIONS[site], url="https://a.example/", events=[], sites=[site]
            )
            await records.add_endpoint(hook)
            values |= {"id": hook.id, "n": "1"}
        elif "/settings/staff/" in path:
            values["id"] = f"colleague-{session}"
            colleague = StaffRecord(
                id=values["id"], login=values["id"], name="C", role="counselor", languages=["ko"], sites=[site]
            )
            await records.save_staff(replace(colleague, organisation=ORGANISATIONS[site]))
        elif "{n}" in path:
            await records.audit("cli", "site.save", f"site/{site}")
            [newest, *_], _ = await records.audits(organisation=ORGANISATIONS[site])
            values["n"] = str(newest.n)
        elif "{note}" in path:
            note = PersonNote(id=f"n-{session}", site=site, user_ref=session, session=session, author=member.id, text="x", at=1)
            await records.add_note(note)
            values["note"] = note.id
        return path.format(**values)


@pytest.fixture
async def world(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> World:
    built = World(desk)
    await built.build()
    monkeypatch.setattr(desk.live, "staff_participant", lambda session, staff: staff if session in built.taking_part else None)
    monkeypatch.setattr(desk.live, "may_read_lines", lambda session, staff: session in built.taking_part)
    return built


async def status(world: World, route: str, path: str, headers: dict[str, str]) -> int:
    method, _ = route.split(" ")
    ask: Callable[..., Awaitable[Any]] = world.desk.get if method == "GET" else world.desk.post
    return int((await ask(path, headers=headers)).status)


def expected(role: StaffRole, action: Action, route: str, place: str) -> bool:
    """Return whether the table of rights allows this role this action on a thing at this place (`PLACES`)."""
    reach = TABLE[action].get(role)
    if route in LISTS:
        return reach is not None
    if action in PARTICIPANTS:
        return reach is not None and place == "own"
    return WIDTH[place] <= WIDTH[reach]


def test_every_route_has_an_entry_and_every_entry_a_route(desk: Desk) -> None:
    assert routes_of(desk.app) == set(ROUTES) | set(TOKEN_ROUTES)
    assert not set(ROUTES) & set(TOKEN_ROUTES)


@pytest.mark.slow
@pytest.mark.parametrize("role", get_args(StaffRole))
async def test_every_route_allows_what_the_table_allows(world: World, role: StaffRole) -> None:
    member, cookie = await world.member(role, proved=True)
    wrong = []
    for route, action in ROUTES.items():
        if action in (ANYONE, "session.visit", "account.own"):
            continue
        for place in ["own"] if route in LISTS else PLACES:
            site, takes_part = PLACES[place]
            path = await world.path(route, site, member, takes_part=takes_part)
            got = await status(world, route, path, cookie)
            if (got not in REFUSED) != expected(role, action, route, place):
                wrong.append(f"{role} {route} {place}: {got}")
    assert wrong == []


async def test_without_a_sign_in_no_route_for_staff_answers(world: World) -> None:
    member, _ = await world.member("owner")
    for route, action in ROUTES.items():
        if action == ANYONE:
            continue
        path = await world.path(route, HERE, member, takes_part=True)
        assert await status(world, route, path, {}) in REFUSED, route


@pytest.mark.parametrize("role", get_args(StaffRole))
async def test_everybody_reaches_their_own_account(world: World, role: StaffRole) -> None:
    _, cookie = await world.member(role)
    for route in [route for route, action in ROUTES.items() if action == "account.own" and "{" not in route]:
        assert await status(world, route, route.split(" ")[1], cookie) not in (401, 404), route


async def test_sign_ins_and_passkeys_of_colleagues_stay_theirs(world: World) -> None:
    """Some routes about a person's own account name a thing, such as a sign-in, by its id.

    For the id of a colleague's thing, these routes answer `not_found` and change nothing.
    """
    _, cookie = await world.member("owner", proved=True)
    colleague, _ = await world.member("counselor", proved=True)
    records = world.desk.records
    passkey = PasskeyRecord(
        id="pk-1", staff=colleague.id, credential="c", public_key=b"k", sign_count=0, name="Phone", host="localhost", created_at=1
    )
    await records.add_passkey(passkey)
    [sign_in] = await records.sign_ins_of(colleague.id)
    ids = {"passkeys": "pk-1", "sign-ins": sign_in.token_hash[:ID_LENGTH]}
    walked = [route for route, action in ROUTES.items() if action == "account.own" and "{" in route]
    assert len(walked) == 3
    for route in walked:
        path = route.split(" ")[1]
        reply = await world.desk.post(path.format(id=ids[path.split("/")[2]]), {"name": "Mine"}, headers=cookie)
        assert reply.status == 404, route
    assert len(await records.sign_ins_of(colleague.id)) == 1
    assert [each.name for each in await records.passkeys(colleague.id)] == ["Phone"]


async def test_user_routes_answer_no_member_of_staff(world: World) -> None:
    member, cookie = await world.member("owner")
    for route in [route for route, action in ROUTES.items() if action == "session.visit"]:
        path = await world.path(route, HERE, member, takes_part=True)
        assert await status(world, route, path, cookie) in REFUSED, route


@pytest.mark.parametrize("role", ["supervisor", "manager"])
async def test_lists_name_no_staff_of_other_sites(world: World, role: StaffRole) -> None:
    """No list that a supervisor or manager of one site gets contains staff of the organisation's other sites."""
    _, cookie = await world.member(role)
    nari = StaffRecord(id="nari", login="nari", name="Nari of There", role="counselor", languages=["ko"], sites=[THERE])
    await world.desk.records.save_staff(nari)
    await world.session(THERE, nari.id, takes_part=True)
    shown = [route for route, action in ROUTES.items() if action != ANYONE and route in LISTS and route.startswith("GET ")]
    for route in shown:
        said = await (await world.desk.get(route.removeprefix("GET "), headers=cookie)).text()
        assert not [word for word in ("Nari", nari.id) if word in said], route


async def test_lists_and_names_stay_within_the_organisation(world: World) -> None:
    """No list that an owner gets contains anything of the other organisation."""
    member, cookie = await world.member("owner")
    records = world.desk.records
    await records.save_staff(replace(member, id="spy", login="spy", name="Rival Spy", organisation="rival"))
    theirs = await world.session(FOREIGN, "spy", takes_part=False)
    await records.audit("spy", "session.read", f"session/{theirs}")
    await records.audit("cli", "site.save", f"site/{FOREIGN}")
    for route, action in ROUTES.items():
        if action == ANYONE or route not in LISTS or not route.startswith("GET "):
            continue
        reply = await world.desk.get(route.removeprefix("GET "), headers=cookie)
        said = await reply.text()
        assert not [word for word in (FOREIGN, theirs, "Rival Spy", "rival") if word in said], route
