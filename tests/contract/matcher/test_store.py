"""The matcher's store in memory and its store in Redis behave alike in every step of staff and requests."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
import redis

from matcher.memory import MemoryStore
from matcher.redis import RedisStore
from matcher.rules import Rules
from matcher.types import (
    MatchStore,
    Place,
    Refused,
    Request,
    RequestChanged,
    RequestStatus,
    ReservationEnded,
    Reserved,
    Snapshot,
    Staff,
    StaffChanged,
    StaffStatus,
)

NOW = 1_800_000_000_000
PATH = ("lenses", "cameras")


@pytest.fixture(params=["memory", "redis"])
async def new_store(request) -> AsyncIterator[Callable[..., MatchStore]]:
    """Yield a function that makes empty stores. Each test runs twice: with stores in memory, and with stores in Redis."""
    if request.param == "memory":
        yield MemoryStore
        return
    url = request.getfixturevalue("redis_server").url
    made: list[RedisStore] = []

    def make(rules: Rules | None = None) -> RedisStore:
        with redis.Redis.from_url(url) as client:
            client.flushall()
        made.append(RedisStore(url, rules=rules))
        return made[-1]

    yield make
    for store in made:
        await store.close()


@pytest.fixture
def store(new_store) -> MatchStore:
    return new_store()


def counselor(name: str, *categories: str, role="counselor", **capacity: Any) -> Staff:
    skills = frozenset(categories or ("lenses",))
    return Staff(name, role, frozenset({"ko"}), frozenset({"shop"}), skills, **capacity)


def asked(name: str, at: int = NOW, **more) -> Request:
    return Request(name, more.pop("kind", "user"), "shop", "ko", PATH, at, **more)


def seen(events) -> list[tuple[str, ...]]:
    """Return the events without their numbers (fences) and times."""
    told: list[tuple[str, ...]] = []
    for event in events:
        match event:
            case Reserved():
                told.append(("rings", event.request, event.staff))
            case ReservationEnded():
                told.append(("rang", event.request, event.staff, event.state, event.reason))
            case RequestChanged():
                told.append((event.request, event.state, event.reason))
            case StaffChanged():
                told.append((event.staff, event.state, event.reason))
    return told


async def available(store: MatchStore, staff: Staff, now: int = NOW):
    await store.sign_in(staff, now)
    return await store.set_available(staff.id, now)


async def reservation_of(store: MatchStore, request: str) -> str:
    status = await store.request_status(request)
    assert status is not None
    assert status.reservation is not None
    return status.reservation


class TestMatchStore:
    async def test_session_runs_from_link_to_wrap_up(self, store):
        assert seen(await available(store, counselor("jimin"))) == [("jimin", "available", "")]
        events = await store.enqueue(asked("q"), NOW)
        assert seen(events) == [("q", "waiting", ""), ("rings", "q", "jimin"), ("q", "reserved", ""), ("jimin", "reserved", "")]
        ring = events[1]
        assert ring.expires_at_ms == NOW + 20_000
        assert ring.why.candidates == ("jimin",)
        assert seen(await store.accept(ring.reservation, NOW + 1000, ring.fence)) == [
            ("rang", "q", "jimin", "accepted", ""),
            ("q", "accepted", ""),
            ("jimin", "busy", ""),
        ]
        assert await store.entered("q", NOW + 2000) == []
        assert set(seen(await store.complete("q", NOW + 3000))) == {("q", "completed", ""), ("jimin", "wrap_up", "")}
        assert seen(await store.wrapped_up("jimin", NOW + 4000)) == [("jimin", "available", "")]
        assert seen(await store.set_away("jimin", NOW + 5000)) == [("jimin", "away", "")]
        events = await store.sign_out("jimin", NOW + 6000)
        assert seen(events) == [("jimin", "signed_out", "")]
        assert await store.snapshot() == Snapshot(events[-1].fence, {}, {})

    async def test_member_finds_their_request_behind_many_others(self, store):
        for number in range(70):
            await store.sign_in(counselor(f"s{number}", f"c{number}"), NOW)
            await store.enqueue(Request(f"q{number}", "user", "shop", "ko", (f"c{number}",), NOW), NOW + number)
        for number in (3, 4, 69, 68, 0):
            [event, *_] = [each for each in await store.set_available(f"s{number}", NOW + 100) if isinstance(each, Reserved)]
            assert event.request == f"q{number}"

    async def test_request_that_comes_later_and_has_waited_longer_is_served_first(self, store):
        """The two requests for lenses are in one queue. The request "between" is in another queue."""
        await store.enqueue(asked("short wait", NOW - 1000), NOW)
        await store.enqueue(Request("between", "user", "shop", "ko", ("cameras",), NOW - 2000), NOW)
        await store.enqueue(asked("long wait", NOW - 3000), NOW)
        events = await available(store, counselor("jimin", "lenses", "cameras"))
        assert ("rings", "long wait", "jimin") in seen(events)

    async def test_snapshot_is_the_whole_state(self, store):
        await available(store, counselor("jimin"))
        ring = (await store.enqueue(asked("a", NOW - 5000), NOW))[1]
        await store.enqueue(asked("b", first=True), NOW + 1)
        await store.enqueue(asked("c"), NOW + 2)
        last = (await store.suspend("c", NOW + 3))[-1]
        assert await store.snapshot() == Snapshot(
            last.fence,
            {
                "a": RequestStatus(asked("a", NOW - 5000), "reserved", ring.reservation, "jimin", NOW + 20_000),
                "b": RequestStatus(asked("b", first=True), "waiting"),
                "c": RequestStatus(asked("c"), "suspended", None, None, NOW + 60_003),
            },
            {"jimin": StaffStatus("jimin", "reserved", 1, NOW, "counselor", ready=True)},
        )
        assert await store.staff_status("jimin") == StaffStatus("jimin", "reserved", 1, NOW, "counselor", ready=True)
        assert await store.staff_status("nobody") is None
        assert await store.request_status("nothing") is None

    async def test_refused_step_changes_nothing(self, store):
        await available(store, counselor("jimin"))
        await store.enqueue(asked("q"), NOW)
        reservation = await reservation_of(store, "q")
        before = await store.snapshot()
        for refused in (
            lambda: store.enqueue(asked("q"), NOW),
            lambda: store.complete("q", NOW),
            lambda: store.set_away("jimin", NOW),
            lambda: store.accept(reservation, NOW, before.requests["q"].expires_at_ms),
            lambda: store.accept("r1", NOW),
            lambda: store.decline(reservation, NOW + 20_000),
            lambda: store.cancel("nothing", NOW),
            lambda: store.sign_out("nobody", NOW),
        ):
            with pytest.raises(Refused):
                await refused()
            assert await store.snapshot() == before

    async def test_decline_moves_on_and_a_missed_ring_sets_away(self, store):
        await available(store, counselor("jimin"))
        await available(store, counselor("suho"), NOW + 1)
        await store.enqueue(asked("q"), NOW + 2)
        assert seen(await store.decline(await reservation_of(store, "q"), NOW + 3, "lunch")) == [
            ("rang", "q", "jimin", "declined", "lunch"),
            ("jimin", "available", ""),
            ("q", "waiting", "declined"),
            ("rings", "q", "suho"),
            ("q", "reserved", ""),
            ("suho", "reserved", ""),
        ]
        assert await store.next_deadline_ms() == NOW + 20_003
        assert seen(await store.sweep(NOW + 20_003)) == [
            ("rang", "q", "suho", "expired", "missed"),
            ("suho", "away", "missed"),
            ("q", "waiting", "expired"),
        ]

    async def test_tiers_widen_with_time(self, store):
        await store.sign_in(counselor("lens", "lenses"), NOW)
        await available(store, counselor("audio", "audio"))
        await store.enqueue(asked("q"), NOW)
        await store.renew(["lens", "audio"], NOW + 20_000)
        assert await store.next_deadline_ms() == NOW + 30_000
        assert await store.sweep(NOW + 29_999) == []
        events = await store.sweep(NOW + 30_000)
        assert seen(events)[0] == ("rings", "q", "audio")
        assert events[0].why.ring == "any"

    async def test_owner_disconnect_requeues_the_request(self, store):
        await available(store, counselor("jimin"))
        await store.enqueue(asked("q", NOW - 9000), NOW)
        await store.accept(await reservation_of(store, "q"), NOW)
        await store.entered("q", NOW)
        assert seen(await store.disconnect("jimin", NOW)) == [("jimin", "lost", "")]
        assert seen(await store.sweep(NOW + 30_000)) == [("jimin", "signed_out", "lease")]
        assert seen(await store.requeue("q", NOW + 30_000)) == [("q", "waiting", "owner_lost")]
        status = await store.request_status("q")
        assert status.request == asked("q", NOW - 9000, first=True, excluded=frozenset({"jimin"}))

    async def test_help_leads_to_handover(self, store):
        await available(store, counselor("jimin"))
        await available(store, counselor("drhan", role="professional"))
        for request in (asked("q"), asked("h", kind="help", excluded=frozenset({"jimin"}))):
            await store.enqueue(request, NOW)
            await store.accept(await reservation_of(store, request.id), NOW)
            await store.entered(request.id, NOW)
        assert (await store.request_status("h")).staff == "drhan"
        assert seen(await store.transfer_owner("q", "drhan", NOW)) == [("jimin", "wrap_up", "")]
        assert seen(await store.release("h", NOW)) == [("h", "completed", "released")]
        assert (await store.staff_status("drhan")).load == 1

    async def test_positions_and_estimates_are_given(self, store):
        await store.sign_in(counselor("jimin"), NOW)
        for number in range(3):
            await store.enqueue(asked(f"q{number}", NOW + number), NOW + number)
        assert await store.place("q2", NOW + 3) == Place(3, None, None, True)
        await store.unserved("q0", NOW + 3, "message_left")
        await store.cancel("q1", NOW + 3)
        assert await store.place("q2", NOW + 3) == Place(1, None, None, True)
        assert await store.estimate("user", "shop", "ko", PATH, NOW + 3) == Place(2, None, None, True)
        assert await store.estimate("help", "shop", "ko", PATH, NOW + 3) == Place(1, None, None, False)

    async def test_places_follow_changes_of_the_staff(self, store):
        """Two queues count as one for a user's place while a member serves the categories of both, or their parents.

        After each change of the staff, the test asks for the user's place twice.
        """
        await store.sign_in(counselor("lenses"), NOW)
        await store.enqueue(asked("first"), NOW)
        await store.enqueue(Request("q", "user", "shop", "ko", ("audio",), NOW + 1), NOW + 1)
        places = [(await store.place("q", NOW + 2)).place]
        for categories in (("lenses", "audio"), ("audio",), ("audio", "cameras"), ()):
            if categories:
                await store.sign_in(counselor("both", *categories), NOW + 2)
            else:
                await store.sign_out("both", NOW + 2)
            places += [(await store.place("q", NOW + 2)).place, (await store.place("q", NOW + 2)).place]
        assert places == [1, 2, 2, 1, 1, 2, 2, 1, 1]

    async def test_store_is_restored_after_a_restart(self, store):
        saved = [
            RequestStatus(asked("waits", NOW - 2000), "waiting"),
            RequestStatus(asked("held", NOW - 9000), "accepted", staff="jimin"),
        ]
        await store.restore(saved, NOW)
        snapshot = await store.snapshot()
        assert (snapshot.requests["waits"].state, snapshot.requests["held"].state) == ("waiting", "accepted")
        assert snapshot.staff["jimin"] == StaffStatus("jimin", "lost", 1, NOW, "counselor", calls=1)
        assert seen(await store.sign_in(counselor("jimin", calls=2), NOW + 5000)) == [("jimin", "busy", "")]
        assert ("rings", "waits", "jimin") in seen(await store.set_available("jimin", NOW + 5000))

    async def test_three_texts_run_beside_a_call(self, store):
        await available(store, counselor("jimin"))
        for name, medium in (("call", "call"), ("a", "text"), ("b", "text"), ("c", "text")):
            await store.enqueue(asked(name, medium=medium), NOW)
            await store.accept(await reservation_of(store, name), NOW)
        await store.enqueue(asked("d", medium="text"), NOW)
        await store.enqueue(asked("e"), NOW)
        assert (await store.snapshot()).staff["jimin"] == StaffStatus("jimin", "busy", 4, NOW, "counselor", 3, 1, True)
        assert [(await store.request_status(name)).state for name in ("d", "e")] == ["waiting", "waiting"]
        assert ("rings", "d", "jimin") in seen(await store.complete("b", NOW))

    async def test_text_that_becomes_a_call_leaves_room_for_a_text(self, store):
        await available(store, counselor("jimin", texts=1))
        await store.enqueue(asked("a", medium="text"), NOW)
        await store.accept(await reservation_of(store, "a"), NOW)
        await store.enqueue(asked("b", medium="text"), NOW)
        assert seen(await store.becomes_call("a", NOW))[0] == ("rings", "b", "jimin")
        rang = ("rang", "b", "jimin", "cancelled", "channel")
        assert seen(await store.becomes_call("b", NOW)) == [rang, ("jimin", "busy", ""), ("b", "waiting", "channel")]

    async def test_call_that_becomes_a_text_leaves_room_for_a_call(self, store):
        await available(store, counselor("jimin", texts=1))
        await store.enqueue(asked("a"), NOW)
        await store.accept(await reservation_of(store, "a"), NOW)
        await store.enqueue(asked("b"), NOW)
        assert seen(await store.becomes_text("a", NOW))[0] == ("rings", "b", "jimin")
        assert await store.becomes_text("a", NOW) == []
        assert (await store.request_status("a")).request.medium == "text"

    async def test_user_who_left_returns_beyond_the_capacity(self, store):
        await available(store, counselor("jimin", texts=1))
        await store.enqueue(asked("a", medium="text"), NOW)
        await store.accept(await reservation_of(store, "a"), NOW)
        await store.enqueue(asked("b", medium="text"), NOW)
        assert ("rings", "b", "jimin") in seen(await store.set_aside("a", NOW))
        await store.accept(await reservation_of(store, "b"), NOW)
        status = await store.request_status("a")
        assert (status.state, status.aside) == ("accepted", True)
        assert await store.take_back("a", NOW) == []
        assert (await store.staff_status("jimin")).texts == 2

    async def test_texts_stop_during_a_call_for_those_who_want_it(self, store):
        await available(store, counselor("jimin", texts_in_call=False))
        await store.enqueue(asked("call"), NOW)
        await store.accept(await reservation_of(store, "call"), NOW)
        await store.enqueue(asked("a", medium="text"), NOW)
        assert (await store.request_status("a")).state == "waiting"
        assert (await store.place("a", NOW)).place == 1

    async def test_texts_and_calls_have_places_of_their_own(self, store):
        await store.sign_in(counselor("jimin"), NOW)
        await store.enqueue(asked("call"), NOW)
        await store.enqueue(asked("a", medium="text"), NOW)
        assert (await store.place("a", NOW)).place == 1

    async def test_text_goes_to_who_only_writes_before_who_is_in_a_call(self, store):
        await available(store, counselor("jimin"))
        await store.enqueue(asked("call"), NOW)
        await store.accept(await reservation_of(store, "call"), NOW)
        await available(store, counselor("suho"))
        for name in ("a", "b", "c"):
            await store.enqueue(asked(name, medium="text"), NOW)
            assert (await store.request_status(name)).staff == "suho"
            await store.accept(await reservation_of(store, name), NOW)

    async def test_session_that_ends_without_its_user_leads_to_no_wrap_up(self, store):
        await available(store, counselor("jimin"))
        await store.enqueue(asked("a", medium="text"), NOW)
        await store.accept(await reservation_of(store, "a"), NOW)
        await store.set_aside("a", NOW)
        assert seen(await store.complete("a", NOW)) == [("a", "completed", "")]

    async def test_requeued_request_takes_a_place_again(self, store):
        await available(store, counselor("jimin"))
        await store.enqueue(asked("a", medium="text"), NOW)
        await store.accept(await reservation_of(store, "a"), NOW)
        await store.set_aside("a", NOW)
        await available(store, counselor("suho"))
        await store.requeue("a", NOW)
        await store.accept(await reservation_of(store, "a"), NOW)
        assert (await store.staff_status("suho")).texts == 1

    async def test_request_is_restored_as_set_aside(self, store):
        await store.restore([RequestStatus(asked("a", medium="text"), "accepted", staff="jimin", aside=True)], NOW)
        assert (await store.staff_status("jimin")).load == 0
        await store.take_back("a", NOW)
        assert (await store.staff_status("jimin")).texts == 1

    @pytest.mark.parametrize(("texts", "calls"), [(0, 0), (3, -1), (1001, 1)])
    async def test_capacity_out_of_bounds_raises(self, store, texts, calls):
        with pytest.raises(ValueError, match="capacity"):
            await store.sign_in(counselor("jimin", texts=texts, calls=calls), NOW)

    async def test_request_can_be_suspended_and_resumed(self, store):
        await store.enqueue(asked("q"), NOW)
        assert seen(await store.suspend("q", NOW)) == [("q", "suspended", "")]
        assert seen(await store.resume("q", NOW + 59_999)) == [("q", "waiting", "resumed")]
        await store.suspend("q", NOW + 60_000)
        assert seen(await store.sweep(NOW + 120_000)) == [("q", "cancelled", "lost")]

    async def test_empty_queues_are_dropped_above_the_limit(self, new_store):
        store = new_store(Rules(max_queues=1))
        await available(store, counselor("jimin"))
        for number in range(6):
            await store.enqueue(asked(f"q{number}"), NOW)
            await store.accept(await reservation_of(store, f"q{number}"), NOW + 5000)
            await store.release(f"q{number}", NOW + 5000)
        assert (await store.estimate("user", "shop", "ko", PATH, NOW + 5000)).high_s is not None
        await store.enqueue(Request("other", "user", "shop", "ko", ("orders",), NOW), NOW + 5000)
        assert (await store.estimate("user", "shop", "ko", PATH, NOW + 5000)).high_s is None

    async def test_fences_grow_across_stores(self, store, new_store):
        """A new store knows no earlier fence (number of an event). Its fences are still higher, because they follow the clock."""
        last = (await store.enqueue(asked("q"), NOW))[-1].fence
        again = new_store()
        assert (await again.enqueue(asked("q"), NOW + 1))[0].fence > last
