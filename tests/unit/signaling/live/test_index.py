"""The indexes of live sessions find the same sessions as a search through all live sessions."""

from __future__ import annotations

from signaling.live.entry import Entry
from signaling.live.index import Index
from signaling.protocol.session_views import Brief
from signaling.records.types import Site
from signaling.session import new_session
from signaling.session.model import Person


def an_entry(number: int, state: str = "preparing", *staff: str) -> Entry:
    session = new_session(
        id=f"s-{number}", site="shop", category="cameras", language="ko", channel="text", user="u", name="", now=number
    )
    session.state = state
    for one in staff:
        session.people[one] = Person(id=one, role="counselor", name=one, staff=one)
    return Entry(session=session, site=Site(id="shop"), brief=Brief(), token_hash=f"hash-{number}")


def test_session_is_indexed_by_state_and_removed_at_the_end() -> None:
    index, entry = Index(), an_entry(1)
    seen = []
    for state in ("preparing", "waiting", "active", "waiting", "after", "closed"):
        entry.session.state = state
        index.note(entry)
        queued = [each for queue in index.queues.values() for each in queue.values()]
        assert queued == list(index.waiting.values())
        seen.append((entry.id in index.waiting, entry.id in index.running))
    waits, runs, neither = (True, False), (False, True), (False, False)
    assert seen == [neither, waits, runs, waits, runs, neither]
    assert index.by_token("hash-1") is entry
    index.forget(entry)
    assert index.by_token("hash-1") is None
    assert not index.queues


def test_staff_are_indexed_only_in_sessions_they_are_in() -> None:
    index = Index()
    first, second = an_entry(1, "active", "jimin"), an_entry(2, "after", "jimin", "suho")
    for entry in (first, second):
        index.note(entry)
    assert index.of_staff("jimin") == [first, second]
    assert index.active_of("jimin") == 1
    second.session.people["jimin"].gone = True
    index.note(second)
    assert index.of_staff("jimin") == [first]
    assert index.of_staff("suho") == [second]
    for entry in (first, second):
        index.forget(entry)
    assert index.of_staff("jimin") == index.of_staff("suho") == []
