"""Staff mention colleagues in a conversation. A mentioned colleague may read the conversation.

The tests check who may mention whom, who may read, and which mentions outlast a restart of the server.
"""

from __future__ import annotations

import pytest

from signaling.session import NotAllowed, decode_snapshot, encode_snapshot, mentions
from signaling.session import events as ev
from tests.unit.signaling.session.call import Call


def mentioning(*staff: str, seq: int = 7) -> ev.Mentioned:
    return ev.Mentioned("jimin", staff, seq)


def test_mentioned_colleague_may_read_along_until_the_end() -> None:
    call = Call("text").active()
    assert not mentions.may_read_along(call.session, "suho")
    call.give(mentioning("suho"))
    assert mentions.may_read_along(call.session, "suho")
    assert not mentions.may_read_along(call.session, "han")
    call.give(ev.Left("jimin"))
    assert mentions.may_read_along(call.session, "suho"), "the wrap-up is still going on"
    call.give(ev.WrappedUp("jimin"))
    assert not mentions.may_read_along(call.session, "suho")


def test_colleague_in_the_session_does_not_read_along() -> None:
    call = Call("text").active()
    call.give(mentioning("han"))
    call.reading()
    assert not mentions.may_read_along(call.session, "han")


def test_same_line_mentions_once_and_a_new_line_again() -> None:
    call = Call("text").active()
    call.give(mentioning("suho", "han"))
    call.give(ev.MentionRead("suho"))
    call.give(mentioning("suho", "han"), 5)
    assert [(each.staff, each.seq, each.read) for each in call.session.mentions] == [("suho", 7, True), ("han", 7, False)]
    call.give(mentioning("suho", seq=9))
    again = mentions.of(call.session, "suho")
    assert again is not None
    assert (again.seq, again.read, again.by) == (9, False, "Jimin")


def test_users_mention_nobody() -> None:
    call = Call("text").active()
    with pytest.raises(NotAllowed):
        call.give(ev.Mentioned("u", ("suho",), 7))
    assert call.session.mentions == []


def test_mentions_are_bounded_and_survive_a_restart() -> None:
    call = Call("text").active()
    call.give(mentioning(*(f"s{n}" for n in range(60))))
    restored = decode_snapshot(encode_snapshot(call.session))
    assert len(restored.mentions) == mentions.MOST
    assert mentions.may_read_along(restored, "s59")
    assert not mentions.may_read_along(restored, "s0")
