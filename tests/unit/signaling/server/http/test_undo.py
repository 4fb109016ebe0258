"""From the audit log, operators undo changes of settings: keys, replies, people, whole sites, and rules.

If an undo is refused, the refusal says what cannot be undone, and why.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import Any
from weakref import WeakKeyDictionary

from msgspec.structs import replace
from structlog.testing import capture_logs

from signaling.records import Change, Organisation, Records, Site
from signaling.records.opening_hours import Hours
from signaling.records.wrap_up import STANDARD
from tests.unit.signaling.access.test_signing_keys import pem

from .conftest import Desk, png
from .test_settings import HANA, SITE
from .test_site_keys import ED

KEYS, REPLIES = f"{SITE}/keys", "/api/operator/sites/demo-shop/replies"
HELLO = {"language": "ko", "title": "인사", "text": "안녕하세요."}


# the database of one test → the login of each person who has signed in during this test → this person's cookie
COOKIES: WeakKeyDictionary[Records, dict[str, dict[str, str]]] = WeakKeyDictionary()


async def cookie_of(desk: Desk, login: str = "ops") -> dict[str, str]:
    """Return the cookie of a person. Each person signs in once in a test, because the server limits sign-ins."""
    known = COOKIES.setdefault(desk.records, {})
    if login not in known:
        known[login] = await desk.cookie_of(login)
    return known[login]


async def ask(desk: Desk, path: str, body: Any = None, login: str = "ops") -> tuple[int, Any]:
    """Send a request and return status and body of the answer. Without `body` the request is a GET."""
    cookie = await cookie_of(desk, login)
    reply = await (desk.get(path, headers=cookie) if body is None else desk.post(path, body, headers=cookie))
    return reply.status, await reply.json()


async def newest(desk: Desk, action: str) -> dict[str, Any]:
    """Return the newest audit entry with this action."""
    _, page = await ask(desk, "/api/operator/audit")
    found: dict[str, Any] = next(each for each in page["items"] if each["action"] == action)
    return found


async def undo(desk: Desk, action: str, status: int = 200, reason: str = "") -> None:
    """Undo the newest change with this action.

    `status` and `reason`: what the server must answer. "": the server can give any reason.
    """
    answered, reply = await ask(desk, f"/api/operator/audit/{(await newest(desk, action))['n']}/undo", {})
    assert answered == status, reply
    assert reason in ("", reply.get("reason"))


async def kids(desk: Desk) -> list[str]:
    return [each["kid"] for each in (await ask(desk, KEYS))[1]["items"]]


async def stored(desk: Desk, site_id: str = "demo-shop") -> Site:
    desk.records._known.clear()
    site = await desk.records.site(site_id)
    assert site is not None
    return site


async def test_added_keys_are_retired_and_public_keys_come_back(desk: Desk) -> None:
    assert (await ask(desk, KEYS, {"kid": "ed", "public": pem(ED)}))[0] == 200
    assert (await newest(desk, "site.key_add"))["undoable"] == "yes"
    await undo(desk, "site.key_add")
    assert await kids(desk) == ["shop-1"]
    await undo(desk, "settings.undo")
    assert await kids(desk) == ["shop-1", "ed"]
    assert (await ask(desk, f"{KEYS}/ed/remove", {}))[0] == 200
    await undo(desk, "site.key_remove")
    assert await kids(desk) == ["shop-1", "ed"]
    await undo(desk, "site.key_remove", 409, "changed_meanwhile")  # the undo has already brought the key back


async def test_retired_secret_stays_retired_and_the_page_says_why(desk: Desk) -> None:
    secret = (await stored(desk)).keys[0].secret
    assert (await ask(desk, f"{KEYS}/shop-1/remove", {}))[0] == 200
    assert (await newest(desk, "site.key_remove"))["undoable"] == "secret_gone"
    await undo(desk, "site.key_remove", 409, "secret_gone")
    assert secret not in str(await ask(desk, "/api/operator/audit"))
    assert (await ask(desk, KEYS, {"kid": "made"}))[0] == 200
    await undo(desk, "site.key_add")
    assert await kids(desk) == []
    assert (await newest(desk, "settings.undo"))["undoable"] == "secret_gone"


async def test_refused_undo_names_the_removed_category_and_older_values(desk: Desk) -> None:
    wrap_up, plan = "/api/operator/sites/demo-shop/wrap-up", {"outcomes": [{"id": "sold", "names": {"ko": "구매"}}]}
    _, site = await ask(desk, SITE)
    name = site["settings"]["categories"][-1]["id"]
    for required in ([name], []):
        assert (await ask(desk, wrap_up, {"plan": plan | {"required": required}}))[0] == 200
    kept = [each for each in site["settings"]["categories"] if each["id"] != name]
    _, site = await ask(desk, SITE)
    body = {"version": site["version"], "settings": site["settings"] | {"categories": kept}}
    assert (await ask(desk, SITE, body))[0] == 200
    await undo(desk, "site.wrap_up", 409, "category_gone")
    assert (await stored(desk)).wrap_up is not None
    older = Change(before={"working_hours": {"from": 9}}, after={"working_hours": None})
    await desk.records.audit("ops", "staff.hours", "staff/jimin", change=older, organisation="main")
    await undo(desk, "staff.hours", 409, "other_form")


async def test_shared_replies_come_back_with_their_texts(desk: Desk) -> None:
    _, made = await ask(desk, REPLIES, HELLO)
    await ask(desk, REPLIES, HELLO | {"id": made["id"], "text": "무엇을 도와드릴까요?"})
    await undo(desk, "reply.save")
    assert [each["text"] for each in (await ask(desk, REPLIES))[1]] == ["안녕하세요."]
    await ask(desk, f"{REPLIES}/{made['id']}/remove", {})
    await undo(desk, "reply.remove")
    assert [(each["id"], each["text"]) for each in (await ask(desk, REPLIES))[1]] == [(made["id"], "안녕하세요.")]
    await undo(desk, "settings.undo")
    assert (await ask(desk, REPLIES))[1] == []


async def test_import_of_replies_is_undone_as_a_whole(desk: Desk) -> None:
    await ask(desk, REPLIES, HELLO)
    cookie = await cookie_of(desk)
    table = "language,title,text\nko,인사,반가워요.\nko,끝,고맙습니다.\n"
    reply = await desk.http.post(
        f"{REPLIES}.csv", data=table.encode(), headers=cookie | {"Origin": "http://counselor.localhost:8080"}
    )
    assert await reply.json() == {"added": 1, "changed": 1}
    await undo(desk, "reply.import")
    assert [(each["title"], each["text"]) for each in (await ask(desk, REPLIES))[1]] == [("인사", "안녕하세요.")]
    await undo(desk, "settings.undo")
    assert len((await ask(desk, REPLIES))[1]) == 2


async def test_own_replies_of_staff_stay_out_of_the_audit(desk: Desk) -> None:
    assert (await ask(desk, "/api/replies", HELLO, "jimin"))[0] == 200
    entry = await newest(desk, "reply.save")
    assert (entry["change"], entry["undoable"]) == (None, "")
    assert "안녕하세요" not in str(await ask(desk, "/api/operator/audit"))


async def test_person_who_was_added_is_deactivated(desk: Desk) -> None:
    assert (await ask(desk, "/api/settings/staff", {"login": "hana", "settings": HANA}))[0] == 200
    await undo(desk, "staff.add")
    member = await desk.records.staff("hana")
    assert member is not None
    assert (member.active, desk.live.signed_out_staff) == (False, ["hana"])
    await undo(desk, "staff.add", 409)
    await undo(desk, "settings.undo")
    member = await desk.records.staff("hana")
    assert member is not None
    assert member.active


async def test_working_hours_of_a_member_are_undone(desk: Desk) -> None:
    hours = {"timezone": "Asia/Seoul", "week": {"mon": ["09:00-12:00"]}, "days": {}}
    assert (await ask(desk, "/api/settings/staff/jimin/hours", {"hours": hours}))[0] == 200
    assert set(await desk.records.working_hours(["jimin"])) == {"jimin"}
    await undo(desk, "staff.hours")
    assert await desk.records.working_hours(["jimin"]) == {}


async def test_removed_site_comes_back_with_hours_outcomes_and_public_keys(desk: Desk) -> None:
    await ask(desk, KEYS, {"kid": "ed", "public": pem(ED)})
    site = await stored(desk)
    name, category = next(iter(site.categories.items()))
    hours = Hours(timezone="Asia/Seoul", week={"mon": ["09:00-12:00"]})
    full = replace(site, categories=site.categories | {name: replace(category, hours=hours)}, wrap_up=STANDARD, thread_days=3)
    await desk.records.save_site(full)
    assert (await ask(desk, f"{SITE}/remove", {}))[0] == 200
    await undo(desk, "site.remove")
    back = await stored(desk)
    assert back == replace(full, keys=[key for key in full.keys if not key.secret])
    await undo(desk, "settings.undo")
    desk.records._known.clear()
    assert await desk.records.site("demo-shop") is None


async def test_added_site_is_removed_unless_it_was_changed(desk: Desk) -> None:
    settings = {"names": {"ko": "서점"}, "origins": ["https://books.example"], "languages": ["ko"]}
    for changes in (True, False):
        _, added = await ask(desk, "/api/settings/sites", {"id": f"books-{changes}", "settings": settings})
        if changes:
            body = {"version": added["version"], "settings": added["settings"] | {"file_mb": 7}}
            assert (await ask(desk, f"/api/settings/sites/{added['id']}", body))[0] == 200
        entry = next(
            each
            for each in (await ask(desk, "/api/operator/audit"))[1]["items"]
            if each["subject"] == f"site/{added['id']}" and each["change"]["before"] is None
        )
        status, _ = await ask(desk, f"/api/operator/audit/{entry['n']}/undo", {})
        assert status == (409 if changes else 200)
    desk.records._known.clear()
    assert await desk.records.site("books-False") is None
    assert await desk.records.site("books-True") is not None


async def test_added_site_with_a_secret_or_replies_is_not_removed_by_an_undo(desk: Desk) -> None:
    settings = {"names": {"ko": "서점"}, "origins": ["https://books.example"], "languages": ["ko"]}
    parts = {"secret": ("/api/settings/sites/{}/keys", {"kid": "made"}), "reply": ("/api/operator/sites/{}/replies", HELLO)}
    for site, (path, body) in parts.items():
        assert (await ask(desk, "/api/settings/sites", {"id": site, "settings": settings}))[0] == 200
        entry = (await newest(desk, "site.save"))["n"]
        assert (await ask(desk, path.format(site), body))[0] == 200
        desk.records._known.clear()
        assert (await ask(desk, f"/api/operator/audit/{entry}/undo", {}))[0] == 409
        assert (await stored(desk, site)).id == site


async def test_rules_for_signing_in_and_thresholds_are_undone(desk: Desk) -> None:
    path = "/api/operator/sign-in-rules"
    _, page = await ask(desk, path)
    assert (await ask(desk, path, page["rules"] | {"hours": 8}))[0] == 200
    entry = await newest(desk, "sign_in.rules")
    assert entry["change"] == {"before": {"hours": 0}, "after": {"hours": 8}}
    await undo(desk, "sign_in.rules")
    assert (await ask(desk, path))[1]["rules"]["hours"] == 0
    await desk.records.save_organisation(Organisation(id="rival", name="Rival"))
    own = "/api/settings/sign-in-rules"
    assert (await ask(desk, own, (await ask(desk, own))[1]["own"] | {"second_factor": "required"}))[0] == 200
    await undo(desk, "sign_in.rules")
    assert (await ask(desk, own))[1]["own"]["second_factor"] == "off"
    levels = [{"figure": "waiting", "amber": 3, "red": 6}]
    assert (await ask(desk, "/api/operator/thresholds", {"thresholds": levels}))[0] == 200
    await undo(desk, "thresholds.save")
    assert await desk.records.thresholds() == []


def refuse_entries(file: sqlite3.Connection) -> None:
    """Let the database refuse every new audit entry, as if the server ended between a change and its audit entry."""
    file.execute("CREATE TRIGGER no_entry BEFORE INSERT ON audit BEGIN SELECT RAISE(ABORT, 'no entry'); END")


KEPT = [
    "SELECT * FROM site", "SELECT * FROM site_key", "SELECT id, site FROM site_logo", "SELECT * FROM staff",
    "SELECT * FROM staff_plan", "SELECT * FROM saved_reply", "SELECT * FROM threshold", "SELECT * FROM sign_in_rules",
]  # fmt: skip


def kept(file: sqlite3.Connection) -> list[list[Any]]:
    """Return the rows of all settings that this test changes."""
    return [file.execute(query).fetchall() for query in KEPT]


async def test_changes_and_undos_are_stored_with_their_entry_or_not_at_all(desk: Desk) -> None:
    hours = {"timezone": "Asia/Seoul", "week": {"mon": ["09:00-12:00"]}, "days": {}}
    site = (await ask(desk, SITE))[1]
    rules = (await ask(desk, "/api/operator/sign-in-rules"))[1]["rules"]
    plan = next(each["plan"] for each in (await ask(desk, "/api/operator/mail"))[1] if each["id"] == "demo-shop")
    changes: list[tuple[str, str, Any]] = [
        ("site.mail", "/api/operator/sites/demo-shop/mail", {"plan": plan | {"sender": "가게"}}),
        ("site.logo", f"{SITE}/logo", png((30, 20))),
        ("thresholds.save", "/api/operator/thresholds", {"thresholds": [{"figure": "waiting", "amber": 3, "red": 6}]}),
        ("sign_in.rules", "/api/operator/sign-in-rules", rules | {"hours": 8}),
        ("staff.hours", "/api/settings/staff/jimin/hours", {"hours": hours}),
        ("staff.add", "/api/settings/staff", {"login": "hana", "settings": HANA}),
        ("reply.save", REPLIES, HELLO),
        ("site.save", SITE, {"version": site["version"], "settings": site["settings"] | {"file_mb": 26}}),
        ("site.remove", f"{SITE}/remove", {}),
    ]

    async def say(path: str, body: Any) -> int:
        cookie = await cookie_of(desk) | {"Origin": "http://counselor.localhost:8080"}
        sent: dict[str, Any] = {"data": body} if isinstance(body, bytes) else {"json": body}
        return (await desk.http.post(path, headers=cookie, **sent)).status

    database = desk.settings.data_dir / "records.sqlite"
    # `capture_logs` catches the tracebacks, which take seconds to print
    with closing(sqlite3.connect(database, isolation_level=None)) as file, capture_logs():

        async def all_or_nothing(path: str, body: Any) -> None:
            before = kept(file)
            refuse_entries(file)
            assert await say(path, body) >= 409, path
            assert kept(file) == before, path
            file.execute("DROP TRIGGER no_entry")
            assert await say(path, body) == 200, path
            assert kept(file) != before, path

        for action, path, body in changes:
            await all_or_nothing(path, body)
            await all_or_nothing(f"/api/operator/audit/{(await newest(desk, action))['n']}/undo", {})


async def test_entries_without_settings_cannot_be_undone(desk: Desk) -> None:
    _, site = await ask(desk, SITE)
    assert (await ask(desk, SITE, {"version": site["version"], "settings": site["settings"] | {"file_mb": 26}}))[0] == 200
    entry = await newest(desk, "sign_in")
    assert entry["undoable"] == ""
    await undo(desk, "sign_in", 409, "wrong_state")
    assert (await newest(desk, "site.save"))["undoable"] == "yes"
