"""Change of channel: a call goes on as text, or the user of a text session asks for voice or video.

The user's request rings for the counselor.

The states of the request, and what changes them:

- ringing → taken: the counselor accepts, and the channel changes.
- ringing → declined: the counselor declines.
- ringing → missed: the counselor does not answer in time.
- declined or missed → ringing: the user asks again.

Until the counselor accepts, the session stays a text session: nobody has a peer connection, and the page tells the user that
their counselor is being called. A direct change of the channel by the counselor also accepts the request.
"""

from __future__ import annotations

from signaling.protocol.session_views import Media
from signaling.session import help as helping
from signaling.session import model, people
from signaling.session.effects import Effect, Note, Say, Step
from signaling.session.events import ChannelChanged, UpgradeAnswered
from signaling.session.model import NotAllowed, Session, Upgrade

_CHANNEL_RANK = {"text": 0, "voice": 1, "video": 2}
MOST_CALLS = 20  # after the counselor has not accepted this many upgrade requests in a row, further ones are refused


def channel_changed(session: Session, event: ChannelChanged, now: int, out: list[Effect]) -> None:
    """Change the session's channel: from text to voice or video, from voice to video, or from an active call to text.

    A video call does not become a voice call. Participants switch their cameras off by the message `media` instead.
    """
    if event.participant not in (session.user, session.owner):
        raise NotAllowed("not_yours")
    if session.state not in ("preparing", "waiting", "active"):
        raise NotAllowed("wrong_state")
    if event.channel == session.channel:
        return
    if event.channel == "text" and session.state == "active":
        _go_on_as_text(session, out)
        return
    if _CHANNEL_RANK[event.channel] < _CHANNEL_RANK[session.channel]:
        raise NotAllowed("channel")
    if session.state == "active" and session.channel == "text" and event.participant == session.user:
        _call(session, event, now, out)
    else:
        _take(session, event, out)


def _go_on_as_text(session: Session, out: list[Effect]) -> None:
    """Close all peer connections, and keep everything else: people, chat lines, pictures and board.

    Raises NotAllowed while the owner (the counselor) is disconnected. Raises NotAllowed also while a guest, a professional or a
    colleague is in the call or is asked for, because these people come for a call.
    """
    if session.owner_lost or session.open_help() is not None or session.guests():
        raise NotAllowed("wrong_state")
    for person in session.present():
        people.drop_peers(person, out)
        person.media = Media()
    session.channel, session.held = "text", False
    if (
        session.callback is None or session.callback.staff
    ):  # the matcher counts a callback without an appointment as a call, whatever its channel
        out.append(Step("becomes_text", session.request))
    out.append(Say("channel.text"))
    out.append(Note("channel", {"channel": "text"}))


def _call(session: Session, event: ChannelChanged, now: int, out: list[Effect]) -> None:
    before = session.upgrade
    if before is not None and before.state == "ringing":
        before.channel = event.channel
        return
    calls = before.calls if before is not None else 0
    if calls >= MOST_CALLS:
        raise NotAllowed("too_often")
    until = now + model.UPGRADE_MS
    session.upgrade = Upgrade(channel=event.channel, state="ringing", until=until, calls=calls + 1)
    session.timers["upgrade"] = until
    out.append(Say(f"channel.asked.{event.channel}", {"name": session.people[session.user].name}))
    out.append(Note("upgrade", {"state": "ringing", "channel": event.channel}))


def _take(session: Session, event: ChannelChanged, out: list[Effect]) -> None:
    if session.channel == "text":
        _now_calls(session, out)
    session.channel, session.upgrade = event.channel, None
    session.timers.pop("upgrade", None)
    out.append(Say(f"channel.{event.channel}"))
    out.append(Note("channel", {"channel": event.channel}))


def _now_calls(session: Session, out: list[Effect]) -> None:
    """Tell the matcher that this session now needs capacity for a call and not for text."""
    if session.state in ("waiting", "active"):
        out.append(Step("becomes_call", session.request))
    asked = session.open_help()
    if asked is not None:
        out.append(Step("becomes_call", asked.request))


def answered(session: Session, event: UpgradeAnswered, now: int, out: list[Effect]) -> None:
    """Apply the owner's answer to the user's upgrade request."""
    owner = helping.require_owner(session, event.participant)
    asked = session.upgrade
    if asked is None or asked.state != "ringing":
        raise NotAllowed("not_pending")
    if event.take:
        _take(session, ChannelChanged(owner.id, asked.channel), out)
    else:
        _not_taken(session, "declined", out)


def missed(session: Session, now: int, out: list[Effect]) -> None:
    """Stop the ringing of the user's request for voice or video, because the owner did not answer in time."""
    _not_taken(session, "missed", out)


def _not_taken(session: Session, state: model.UpgradeState, out: list[Effect]) -> None:
    if session.upgrade is None:
        return
    session.upgrade.state = state
    session.timers.pop("upgrade", None)
    out.append(Say(f"channel.{state}", {"name": session.people[session.owner].name}))
    out.append(Note("upgrade", {"state": state}))


def settle(session: Session, out: list[Effect]) -> None:
    """End the upgrade request when the conversation is not active any more.

    If the user waits for another counselor now, and the upgrade request was still ringing, the session changes to the requested
    channel. Called after every event.
    """
    if session.upgrade is None or session.state == "active":
        return
    if session.state == "waiting" and session.upgrade.state == "ringing":
        session.channel = session.upgrade.channel
        _now_calls(session, out)
    session.upgrade = None
    session.timers.pop("upgrade", None)
