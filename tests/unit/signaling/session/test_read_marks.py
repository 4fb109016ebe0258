"""Read marks. The tests check which chat lines a person can mark as read, and whose marks a person sees."""

from __future__ import annotations

from signaling.protocol.session_views import Mark, Span
from signaling.session.model import Person, Session
from signaling.session.read_marks import MOST_SPANS, joined, marks_for, reported


def spans(*pairs: tuple[int, int]) -> list[Span]:
    return [Span(first=first, last=last) for first, last in pairs]


def test_spans_that_touch_become_one_and_gaps_stay() -> None:
    assert joined(spans((5, 6), (1, 2), (3, 3), (9, 9))) == spans((1, 3), (5, 6), (9, 9))
    assert joined(spans((1, 9), (2, 3))) == spans((1, 9))


def test_too_many_spans_lose_the_shortest_and_never_claim_more() -> None:
    many = spans(*((number * 10, number * 10 + number % 7) for number in range(1, MOST_SPANS + 20)))
    kept = joined(many)
    assert len(kept) == MOST_SPANS
    assert all(span in many for span in kept)


def test_report_marks_no_line_that_does_not_exist_and_takes_nothing_back() -> None:
    mark = reported(Mark(participant="u"), 99, spans((2, 50), (60, 70), (4, 3)), last_seq=7)
    assert (mark.delivered, mark.read) == (7, spans((2, 7)))
    again = reported(mark, 3, [], last_seq=9)
    assert (again.delivered, again.read) == (7, spans((2, 7)))


def test_user_sees_one_nameless_mark_without_an_unseen_professional() -> None:
    people = {
        "u": Person(id="u", name="민아", role="user"),
        "k": Person(id="k", name="Jimin", role="counselor", staff="jimin"),
        "h": Person(id="h", name="Dr. Han", role="professional", staff="drhan", reading=True),
    }
    session = Session(
        id="s", site="shop", category="cameras", language="ko", channel="text", user="u", people=people, created_at=1
    )
    marks = {
        "u": Mark(participant="u", delivered=3, read=spans((1, 3))),
        "k": Mark(participant="k", delivered=2, read=spans((1, 1))),
        "h": Mark(participant="h", delivered=9, read=spans((1, 9))),
    }
    assert marks_for(session, marks, "u") == [Mark(participant="", delivered=2, read=spans((1, 1)))]
    people["h"].reading = False
    assert marks_for(session, marks, "u") == [Mark(participant="", delivered=9, read=spans((1, 9)))]
    assert [mark.participant for mark in marks_for(session, marks, "k")] == ["u", "h"]
    assert marks_for(session, {}, "u") == []


def test_guest_marks_only_lines_since_they_entered() -> None:
    mark = reported(Mark(participant="g"), 9, spans((1, 9)), 9, first_seq=7)
    assert mark.read == spans((7, 9))
    assert reported(mark, 9, spans((1, 6)), 9, first_seq=7) == mark


def test_staff_see_no_mark_of_a_guest_who_has_left() -> None:
    guest = Person(id="g", name="Mina", role="guest", entered=True)
    people = {"u": Person(id="u", name="", role="user"), "k": Person(id="k", name="", role="counselor", staff="k"), "g": guest}
    session = Session(id="s", site="shop", category="c", language="ko", channel="text", user="u", people=people, created_at=1)
    marks = {"g": Mark(participant="g", delivered=2, read=spans((1, 2)))}
    assert marks_for(session, marks, "k") == [marks["g"]]
    guest.gone = True
    assert marks_for(session, marks, "k") == []
