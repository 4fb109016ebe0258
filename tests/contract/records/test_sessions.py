"""Sessions, messages and the audit log behave alike on SQLite and PostgreSQL."""

from __future__ import annotations

import asyncio

import pytest
import sqlalchemy as sa

from signaling.records import MessageRecord, Records, Search, SessionRecord, UnknownSession, Wait, sessions
from signaling.records.saves import TOLD_A_TURN
from tests.contract.records.samples import SHOP, say, session
from tests.in_turns import most_in_a_turn


async def test_reopened_records_hold_everything(records: Records, url: str) -> None:
    await records.save_site(SHOP)
    await records.create_session(session(snapshot=b"machine"))
    await say(records, "l-1")
    again = await Records.open(url)
    assert await again.site("shop") == SHOP
    assert [s.snapshot for s in await again.live_sessions()] == [b"machine"]
    assert [line.text for line in await again.lines("s-1")] == ["안녕하세요"]
    await again.close()


async def test_code_is_used_once_even_by_concurrent_tries(records: Records) -> None:
    tries = await asyncio.gather(*(records.use_code("shop/jti", 10) for _ in range(8)))
    assert sorted(tries) == [False] * 7 + [True]


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


async def test_saves_that_shared_a_transaction_end_in_several_turns(records: Records) -> None:
    for number in range(40):
        await records.create_session(session(number))
    saves = (records.save_session(f"s-{number}", state="waiting", channel="text", snapshot=b"x") for number in range(40))
    assert await most_in_a_turn(saves) <= TOLD_A_TURN


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
        await records.audit("ops", "session.read", f"session/{number}")
    first, total = await records.audits()
    rest, _ = await records.audits(2)
    assert (first[0].subject, len(first), len(rest), total) == ("session/119", 100, 20, 120)


async def test_errors_do_not_contain_conversation_texts(records: Records) -> None:
    await records.create_session(session())
    with pytest.raises(sa.exc.SQLAlchemyError) as error:
        await records.create_session(session(user_name="민아"))
    assert "민아" not in str(error.value)


async def test_last_counselor_of_a_known_user_is_found(records: Records) -> None:
    """The search takes the counselor of the user's last session.

    The search ignores sessions of other sites and sessions that no counselor entered. If the user gave that last session a bad
    rating, the search finds nobody.
    """
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


async def test_more_live_sessions_than_one_part_are_all_read_in_order(records: Records, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sessions, "_LIVE_AT_ONCE", 3)
    for number in range(8):  # several of these sessions began at the same moment
        await records.create_session(session(number, started_at=10 + number // 4))
    await records.save_session("s-2", state="closed", channel="text", snapshot=b"")
    assert [each.id for each in await records.live_sessions()] == ["s-0", "s-1", "s-3", "s-4", "s-5", "s-6", "s-7"]
