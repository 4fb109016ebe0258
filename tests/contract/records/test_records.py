"""The contract of the records on both databases: SQLite and a real PostgreSQL."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pycrdt
import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from msgspec.structs import replace
from sqlalchemy.ext.asyncio import create_async_engine

from signaling.protocol.session_views import Former, Line
from signaling.records import (
    Category,
    MessageRecord,
    PictureRecord,
    Records,
    Search,
    SessionRecord,
    SignInRecord,
    Site,
    SiteKey,
    StaffRecord,
    StaleEpoch,
    Threshold,
    UnknownSession,
    Wait,
    database,
)
from signaling.records.database import newest_revision
from signaling.records.opening_hours import Hours
from signaling.records.tables import metadata
from signaling.session.corrections import edited, retracted
from tests.contract.records.downgraded import downgrade

DAY_MS = 86_400_000


@pytest.fixture(params=["sqlite", "postgres"])
async def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite+aiosqlite:///{tmp_path / 'records.sqlite'}"
    postgres: str = request.getfixturevalue("postgres")
    engine = create_async_engine(postgres)
    async with engine.begin() as connection:
        await connection.execute(sa.text("DROP SCHEMA public CASCADE"))
        await connection.execute(sa.text("CREATE SCHEMA public"))
    await engine.dispose()
    return postgres


@pytest.fixture
async def records(url: str) -> AsyncIterator[Records]:
    opened = await Records.open(url)
    yield opened
    await opened.close()


SHOP = Site(
    id="shop",
    names={"ko": "빛과소리", "en": "Light & Sound"},
    origins=["https://shop.example"],
    languages=["ko", "en"],
    page_params=["variant"],
    categories={
        "lenses": Category(id="lenses", parent="cameras", names={"ko": "렌즈"}),
        "cameras": Category(
            id="cameras",
            names={"ko": "카메라", "en": "Cameras"},
            hours=Hours(timezone="Asia/Seoul", week={"mon": ["09:00-24:00"]}, days={"12-25": []}),
            priority=2,
            widens_s=(5, 60),
        ),
    },
    keys=[SiteKey(kid="k1", secret="s1"), SiteKey(kid="k2", secret="s2")],
)
JIMIN = StaffRecord(id="jimin", login="jimin", name="Jimin", role="counselor", languages=["ko"])


def session(number: int = 1, **changes: object) -> SessionRecord:
    base = SessionRecord(
        id=f"s-{number}", site="shop", category="cameras", language="ko", channel="text", token_hash=f"hash-{number}"
    )
    return replace(base, **changes)


async def say(
    records: Records, line: str, *, text: str = "안녕하세요", audience: str = "all", session_id: str = "s-1"
) -> tuple[Line, bool]:
    return await records.append_line(
        session_id, line_id=line, author="u-1", name="민아", role="user", kind="text", audience=audience, text=text, at=5,
    )  # fmt: skip  # a table


async def test_migrations_create_exactly_the_tables(records: Records, url: str) -> None:
    engine = create_async_engine(url)
    async with engine.connect() as connection:
        differences = await connection.run_sync(lambda c: compare_metadata(MigrationContext.configure(c), metadata))
    await engine.dispose()
    assert differences == []


async def test_former_capacity_becomes_texts_and_one_call(records: Records, url: str) -> None:
    await downgrade(url, "0012")
    engine = create_async_engine(url)
    texts = ("id", "login", "name", "role", "password_hash", "languages", "sites", "categories")
    staff = sa.table(
        "staff", *(sa.column(name, sa.JSON if name.endswith("s") else sa.Text) for name in texts), sa.column("capacity")
    )
    async with engine.begin() as connection:
        for login, capacity in (("one", 1), ("four", 4)):
            row = {"id": login, "login": login, "name": "", "role": "counselor", "password_hash": "", "capacity": capacity}
            await connection.execute(sa.insert(staff).values(**row, languages=["ko"], sites=["*"], categories=["*"]))
    await engine.dispose()
    again = await Records.open(url)
    found = {member.login: (member.texts, member.calls, member.texts_in_call) for member in await again.all_staff()}
    await again.close()
    assert found == {"one": (1, 1, False), "four": (4, 1, True)}


async def test_reopened_records_hold_everything(records: Records, url: str) -> None:
    await records.save_site(SHOP)
    await records.create_session(session(snapshot=b"machine"))
    await say(records, "l-1")
    again = await Records.open(url)
    assert await again.site("shop") == SHOP
    assert [s.snapshot for s in await again.live_sessions()] == [b"machine"]
    assert [line.text for line in await again.lines("s-1")] == ["안녕하세요"]
    await again.close()


async def test_changed_line_has_a_number_above_all_before(records: Records) -> None:
    await records.create_session(session())
    for name in ("l-1", "l-2", "l-3"):
        await say(records, name)
    changed = await records.change_line("s-1", 2, lambda line: retracted(line, "u-1", 7))
    assert changed is not None
    assert (changed.seq, changed.rev) == (2, 4)
    assert await records.change_line("s-1", 2, lambda line: retracted(line, "u-1", 8)) is None
    assert (await say(records, "l-4"))[0].seq == 5
    assert [line.seq for line in await records.lines("s-1")] == [1, 2, 3, 5]
    assert [line.seq for line in await records.line_changes("s-1", 3, 9, "all")] == [2, 5]
    with pytest.raises(LookupError):
        await records.change_line("s-1", 99, lambda line: line)


async def test_pages_go_back_from_the_newest_line_to_the_first(records: Records) -> None:
    await records.create_session(session())
    for number in range(1, 8):
        await say(records, f"l-{number}", audience="staff" if number == 6 else "all")
    assert [line.seq for line in await records.lines_before("s-1", 0, 3, "all")] == [4, 5, 7]
    assert [line.seq for line in await records.lines_before("s-1", 4, 3, "all")] == [1, 2, 3]
    assert [line.seq for line in await records.lines_before("s-1", 7, 2, "staff")] == [5, 6]
    assert await records.lines_before("s-1", 1, 3, "staff") == []


async def test_former_texts_are_for_staff_and_gone_with_the_session(records: Records, url: str) -> None:
    await records.create_session(session())
    await say(records, "l-1", text="FORMER")
    await records.change_line("s-1", 1, lambda line: edited(line, "u-1", "지금", 7))
    assert [line.former for line in await records.lines("s-1", audience="staff")] == [[Former(until=7, text="FORMER")]]
    assert [line.former for line in await records.lines("s-1")] == [[]]
    assert await records.line_changes("s-1", 0, 9, "all") == await records.lines("s-1")
    await records.erase_session("s-1")
    engine = create_async_engine(url)
    async with engine.connect() as connection:
        rows = await connection.execute(sa.text("SELECT former FROM line WHERE session = 's-1'"))
        assert rows.all() == []
    await engine.dispose()


# --- sites and staff --------------------------------------------------------------------------------------------------


async def test_site_is_replaced_whole(records: Records) -> None:
    await records.save_site(SHOP)
    smaller = replace(SHOP, categories={"audio": Category(id="audio")}, keys=[])
    await records.save_site(smaller)
    assert await records.sites() == [smaller]
    assert await records.remove_site("shop")
    assert await records.site("shop") is None
    assert not await records.remove_site("shop")


async def test_two_members_of_staff_cannot_share_a_login(records: Records) -> None:
    await records.save_staff(JIMIN)
    with pytest.raises(ValueError, match="login_taken"):
        await records.save_staff(replace(JIMIN, id="other"))
    await records.save_staff(replace(JIMIN, name="Jimin Kim"))
    assert [member.name for member in await records.all_staff()] == ["Jimin Kim"]
    assert await records.staff_by_login("jimin") == await records.staff("jimin")


async def test_removing_staff_ends_their_sign_ins(records: Records) -> None:
    await records.save_staff(JIMIN)
    sign_in = SignInRecord(token_hash="h", staff="jimin", created_at=1, expires_at=2)
    await records.add_sign_in(sign_in)
    assert await records.sign_in("h") == sign_in
    await records.remove_staff("jimin")
    assert await records.sign_in("h") is None


async def test_new_password_or_role_ends_sign_ins_but_a_new_name_does_not(records: Records) -> None:
    jimin = StaffRecord(id="jimin", login="jimin", name="Jimin", role="counselor", password_hash="old")
    for changes in ({"password_hash": "new"}, {"role": "professional"}):
        await records.save_staff(jimin)
        await records.add_sign_in(SignInRecord(token_hash="h", staff="jimin", created_at=1, expires_at=2))
        await records.save_staff(replace(jimin, name="지민", sites=["shop"]))
        assert await records.sign_in("h")
        await records.save_staff(replace(jimin, **changes))
        assert await records.sign_in("h") is None


async def test_just_changed_password_does_not_sign_in(records: Records) -> None:
    jimin = StaffRecord(id="jimin", login="jimin", name="Jimin", role="counselor", password_hash="new")
    await records.save_staff(jimin)
    sign_in = SignInRecord(token_hash="h", staff="jimin", created_at=1, expires_at=2)
    assert not await records.add_sign_in(sign_in, password_hash="old")
    assert not await records.add_sign_in(replace(sign_in, staff="removed"), password_hash="old")
    assert await records.add_sign_in(sign_in, password_hash="new")
    assert await records.sign_ins(["h", "other"], []) == [(sign_in, jimin)]
    await records.saw_sign_ins(["h"], 7)
    await records.saw_sign_ins(["h"], 5)
    assert await records.sign_ins([], ["jimin"]) == [(replace(sign_in, seen_at=7), jimin)]
    assert await records.sign_ins([], []) == []


async def test_code_is_used_once_even_by_concurrent_tries(records: Records) -> None:
    tries = await asyncio.gather(*(records.use_code("shop/jti", 10) for _ in range(8)))
    assert sorted(tries) == [False] * 7 + [True]


# --- sessions ---------------------------------------------------------------------------------------------------------


async def test_live_sessions_are_those_without_a_final_state(records: Records) -> None:
    for number, state in enumerate(("preparing", "waiting", "active", "after", "closed", "message_left")):
        await records.create_session(session(number, state=state, started_at=number))
    assert [s.state for s in await records.live_sessions()] == ["preparing", "waiting", "active", "after"]


async def test_session_can_be_saved(records: Records) -> None:
    await records.create_session(session())
    await records.save_session(
        "s-1", state="active", channel="voice", snapshot=b"x", waiting_at=10, active_at=20, counselor="jimin", user_name="민아"
    )
    found = await records.session_by_token("hash-1")
    assert found is not None
    assert (found.state, found.channel, found.waiting_at, found.active_at, found.user_name) == ("active", "voice", 10, 20, "민아")
    with pytest.raises(UnknownSession):
        await records.save_session("s-9", state="active", channel="voice", snapshot=b"")


async def test_earlier_sessions_are_of_the_same_user_and_site(records: Records) -> None:
    for number, changes in enumerate(
        (
            {"user_ref": "r"},
            {"user_ref": "r"},
            {"user_ref": "r", "site": "other"},
            {"user_ref": "q"},
            {"user_ref": "r", "state": "active"},
        )
    ):
        await records.create_session(session(number, started_at=number, ended_at=number, **({"state": "closed"} | changes)))
    found = await records.earlier_sessions({("shop", "r"), ("other", "q"), ("shop", "")})
    assert {user: [each.id for each in earlier] for user, earlier in found.items()} == {("shop", "r"): ["s-1", "s-0"]}
    found = await records.earlier_sessions({("shop", "r")}, before=1)
    assert [each.id for each in found["shop", "r"]] == ["s-0"]


async def test_search_finds_texts_and_takes_wildcards_literally(records: Records) -> None:
    for number in range(60):
        await records.create_session(session(number, started_at=number))
    await say(records, "l", text="렌즈 100% 교환", session_id="s-7")
    found, total = await records.search_sessions(Search(q="100% 교환"))
    assert ([s.id for s in found], total) == (["s-7"], 1)
    assert (await records.search_sessions(Search(q="100_ 교환")))[1] == 0
    first, total = await records.search_sessions(Search())
    rest, _ = await records.search_sessions(Search(), 2)
    assert (len(first), len(rest), total) == (50, 10, 60)
    assert (await records.search_sessions(Search(from_ms=10, to_ms=20, site="shop", state="preparing")))[1] == 10


async def test_erasing_keeps_only_figures(records: Records) -> None:
    await records.create_session(session(user_name="민아", user_ref="r", brief=b'{"fields":[]}', started_at=3, active_at=4))
    await say(records, "l-1")
    await records.append_board("s-1", 1, b"stroke")
    await records.add_event("s-1", "reserved", 4, {"staff": "jimin"})
    await records.add_picture(
        PictureRecord(
            id="p", session="s-1", audience="all", use="line", author="u", mime="image/png", width=1, height=1, data=b"x"
        )
    )
    assert await records.erase_session("s-1")
    left = await records.session("s-1")
    assert left is not None
    assert (left.state, left.end_reason, left.user_name, left.user_ref, left.token_hash) == ("closed", "erased", "", "", "")
    assert (left.started_at, left.active_at) == (3, 4)
    assert await records.lines("s-1", audience="staff") == []
    assert await records.board_updates("s-1") == []
    assert await records.events("s-1") == []
    assert await records.picture("p") is None
    await records.save_session("s-1", state="active", channel="voice", snapshot=b"late")
    assert (await records.session("s-1")) == left, "a save that comes late brings nothing back"


async def test_retention_is_set_per_site(records: Records) -> None:
    await records.save_site(replace(SHOP, retention_days=10))
    now = 200 * DAY_MS
    ages = {1: ("shop", 11), 2: ("shop", 9), 3: ("gone", 91), 4: ("gone", 89)}
    for number, (site, days) in ages.items():
        await records.create_session(session(number, site=site, state="closed", ended_at=now - days * DAY_MS))
    await records.create_session(session(5, state="active", ended_at=None))
    await say(records, "l", session_id="s-1")
    await records.use_code("old", now - 1)
    assert await records.purge(now) == 2
    assert sorted(s.id for s in (await records.search_sessions(Search()))[0]) == ["s-2", "s-4", "s-5"]
    assert await records.use_code("old", now), "spent codes are forgotten when they have expired"


async def test_daily_figures_are_correct(records: Records) -> None:
    for number, changes in enumerate(
        (
            {"state": "closed", "waiting_at": 1000, "active_at": 6_000, "rating_score": 5},
            {"state": "active", "waiting_at": 1000, "active_at": 60_000},
            {"state": "closed", "waiting_at": 1000},
            {"state": "message_left", "waiting_at": 1000},
            {"state": "closed"},
            {"state": "closed", "waiting_at": 10, "active_at": 20},
        )
    ):
        await records.create_session(session(number, started_at=(changes.get("waiting_at") or 900), **changes))
    counts = await records.counts_today(900)
    assert (counts.served, counts.left, counts.service_level_percent, counts.rating) == (2, 2, 25.0, 5.0)
    assert (await records.counts_today(10**12)).service_level_percent is None


async def test_waits_are_those_that_were_open_at_the_time_or_later(records: Records) -> None:
    for number, changes in enumerate(
        (
            {"state": "closed", "waiting_at": 1000, "active_at": 6_000, "ended_at": 90_000},
            {"state": "closed", "waiting_at": 2000, "active_at": 40_000, "ended_at": 90_000},
            {"state": "message_left", "waiting_at": 3000, "ended_at": 50_000},
            {"state": "waiting", "waiting_at": 4000},
            {"state": "callback", "waiting_at": 5000},
            {"state": "closed", "ended_at": 50_000},
        )
    ):
        await records.create_session(session(number, started_at=900, **changes))
    found = sorted(await records.waits(30_000), key=lambda wait: wait.asked_at)
    assert found == [Wait(asked_at=2000, answered_at=40_000), Wait(asked_at=3000, ended_at=50_000), Wait(asked_at=4000)]


async def test_thresholds_are_replaced_as_a_whole(records: Records) -> None:
    assert await records.thresholds() == []
    await records.save_thresholds([Threshold(figure="waiting", amber=3, red=8), Threshold(figure="level", amber=80.5, red=60)])
    await records.save_thresholds([Threshold(figure="level", amber=70, red=50)])
    assert await records.thresholds() == [Threshold(figure="level", amber=70, red=50)]


# --- lines and board --------------------------------------------------------------------------------------------------


async def test_concurrent_lines_are_numbered_without_gaps(records: Records) -> None:
    await records.create_session(session())
    stored = await asyncio.gather(*(say(records, f"l-{n % 20}") for n in range(40)))
    assert sum(new for _, new in stored) == 20
    assert [line.seq for line in await records.lines("s-1")] == list(range(1, 21))


async def test_repeated_line_returns_the_first_one(records: Records) -> None:
    await records.create_session(session())
    first, _ = await say(records, "l-1", text="첫 번째")
    again, new = await say(records, "l-1", text="두 번째")
    assert (again, new) == (first, False)


async def test_users_are_never_given_staff_lines(records: Records) -> None:
    await records.create_session(session())
    await say(records, "l-1")
    await say(records, "l-2", audience="staff")
    await say(records, "l-3")
    assert [line.seq for line in await records.lines("s-1", audience="all")] == [1, 3]
    assert [line.seq for line in await records.lines("s-1", audience="staff")] == [1, 2, 3]
    assert [line.seq for line in await records.lines("s-1", after=1, limit=1, audience="staff")] == [2]


async def test_line_needs_its_session(records: Records) -> None:
    with pytest.raises(UnknownSession):
        await say(records, "l-1")


async def test_board_refuses_an_older_epoch(records: Records) -> None:
    await records.create_session(session())
    await records.append_board("s-1", 1, b"a")
    assert await records.open_board("s-1", 2) == [b"a"]
    with pytest.raises(StaleEpoch):
        await records.append_board("s-1", 1, b"late")
    with pytest.raises(StaleEpoch):
        await records.open_board("s-1", 1)
    await records.append_board("s-1", 2, b"b")
    assert await records.board_updates("s-1") == [b"a", b"b"]
    with pytest.raises(UnknownSession):
        await records.append_board("s-9", 1, b"")


async def test_merged_journal_gives_the_same_board(records: Records) -> None:
    await records.create_session(session())
    doc = pycrdt.Doc()
    elements = doc.get("elements", type=pycrdt.Map)
    for number in range(100):
        before = doc.get_state()
        elements[str(number)] = number
        await records.append_board("s-1", 1, doc.get_update(before))
    [merged] = await records.open_board("s-1", 2)
    copy = pycrdt.Doc()
    copy.apply_update(merged)
    assert len(copy.get("elements", type=pycrdt.Map)) == 100


# --- history ----------------------------------------------------------------------------------------------------------


async def test_message_is_taken_and_closed_by_one_member(records: Records) -> None:
    await records.create_session(session())
    message = MessageRecord(id="m", session="s-1", site="shop", category="c", language="ko", contact="010", text="전화", at=1)
    await records.add_message(message)
    assert await records.messages() == [message]
    taken = await records.set_message_state("m", "taken", "jimin")
    assert (taken.state, taken.taken_by) == ("taken", "jimin")
    with pytest.raises(ValueError, match="taken"):
        await records.set_message_state("m", "taken", "suho")
    await records.set_message_state("m", "done", "jimin")
    assert await records.messages() == []
    with pytest.raises(LookupError):
        await records.set_message_state("nothing", "taken", "jimin")


async def test_audit_is_listed_newest_first(records: Records) -> None:
    for number in range(120):
        await records.audit("ops", "session.read", f"session/{number}", number)
    first, total = await records.audits()
    rest, _ = await records.audits(2)
    assert (first[0].subject, len(first), len(rest), total) == ("session/119", 100, 20, 120)


async def test_erased_session_takes_no_more_writes(records: Records) -> None:
    """A running server may still write to an erased session: a worker's last journal entry, a line in flight, a save."""
    await records.create_session(session())
    await records.open_board("s-1", 1)
    assert await records.erase_session("s-1")
    message = MessageRecord(
        id="m-9", session="s-1", site="shop", category="cameras", language="ko", contact="010", text="안녕", at=1
    )
    picture = PictureRecord(
        id="pic-9", session="s-1", audience="all", use="line", author="u", mime="image/png", width=1, height=1, data=b"x"
    )
    attempts = [
        records.append_line("s-1", line_id="l", author="u", name="", role="user", kind="text", audience="all", text="나", at=1),
        records.append_board("s-1", 1, b"\0\0"),
        records.open_board("s-1", 2),
        records.add_event("s-1", "closed", 1),
        records.add_message(message),
        records.add_picture(picture),
    ]
    for attempt in attempts:
        with pytest.raises(UnknownSession):
            await attempt
    await records.save_session("s-1", state="active", channel="text", snapshot=b"what was", user_name="Kim")
    left = await records.session("s-1")
    assert left
    assert (left.state, left.snapshot, left.user_name) == ("closed", b"", "")
    assert not await records.lines("s-1", audience="staff")
    assert not await records.events("s-1")
    assert not await records.board_updates("s-1")


async def test_erasures_by_any_process_are_noticed(records: Records) -> None:
    seen, before = await records.erasures(0)
    assert before == []
    await records.audit("cli", "session.erase", "session/s-1", 5)
    await records.audit("ops", "session.read", "session/s-2", 6)
    newest, erased = await records.erasures(seen)
    assert erased == ["s-1"]
    for number in range(80):
        await records.audit("ops", "session.read", f"session/s-{number}", 7)
    newest, _ = await records.erasures(newest)
    assert (await records.erasures(newest))[1] == []


def test_migrations_are_skipped_only_when_none_is_left_to_run() -> None:
    folder = Path(database.__file__).parent / "migrations"
    assert ScriptDirectory(str(folder)).get_current_head() == newest_revision()


async def test_errors_do_not_contain_conversation_texts(records: Records) -> None:
    await records.create_session(session())
    with pytest.raises(sa.exc.SQLAlchemyError) as error:
        await records.create_session(session(user_name="민아"))
    assert "민아" not in str(error.value)


async def test_last_counselor_of_a_known_user_is_found(records: Records) -> None:
    """The search ignores other sites, earlier sessions, counselors who never entered, and sessions with a bad rating."""
    old = {"user_ref": "ref", "state": "closed", "active_at": 5, "ended_at": 6}
    await records.create_session(session(1, started_at=1, counselor="suho", **old))
    await records.create_session(session(2, started_at=2, counselor="jimin", **old))
    await records.create_session(session(3, started_at=3, counselor="han", **old | {"site": "other"}))
    await records.create_session(session(4, started_at=4, user_ref="ref", state="closed"))  # this user left the queue
    await records.create_session(session(5, started_at=5, user_ref="ref"))
    await records.create_session(session(6, started_at=6))
    assert await records.served_by("s-5") == "jimin"
    assert await records.served_by("s-6") == ""
    await records.save_rating("s-2", 2, "")
    assert await records.served_by("s-5") == ""
    await records.save_rating("s-2", 3, "")
    assert await records.served_by("s-5") == "jimin"


async def test_batch_save_stores_each_session_and_reports_unknown_ones(records: Records) -> None:
    names = [f"together-{number}" for number in range(40)]
    for name in names:
        await records.create_session(
            SessionRecord(id=name, site="shop", category="c", language="ko", channel="text", token_hash=name, waiting_at=7)
        )
    await records.erase_session(names[0])
    saves = [
        records.save_session(name, state="waiting", channel="text", snapshot=name.encode(), user_name=f"user of {name}")
        for name in [*names, "together-none"]
    ]
    told = await asyncio.gather(*saves, return_exceptions=True)
    assert [type(answer) for answer in told] == [type(None)] * len(names) + [UnknownSession]
    found = [await records.session(name) for name in names]
    assert [(each.snapshot, each.user_name, each.waiting_at) for each in found[1:] if each] == [
        (name.encode(), f"user of {name}", 7) for name in names[1:]
    ]
    assert found[0] is not None
    assert (found[0].end_reason, found[0].snapshot) == ("erased", b"")


async def test_refused_save_fails_alone(records: Records) -> None:
    names = [f"s-{number}" for number in range(12)]
    for name in names:
        await records.create_session(session(id=name))
    saves = [
        records.save_session(
            name, state="waiting", channel="text", snapshot=name.encode(), waiting_at=1 << 70 if name == "s-5" else 1
        )
        for name in names
    ]
    told = await asyncio.gather(*saves, return_exceptions=True)
    assert [name for name, error in zip(names, told, strict=True) if error is not None] == ["s-5"]
    states = [(await records.session(name)).state for name in names]
    assert states == ["preparing" if name == "s-5" else "waiting" for name in names]
