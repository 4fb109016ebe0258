"""Map each message to an action of the table of rights (`access/rights.py`). A message that is not in this map is refused."""

from __future__ import annotations

from typing import Any, Final, Literal

from signaling.access.rights import TABLE, Holder, anywhere, may_at
from signaling.live.connections import Client
from signaling.live.entry import Entry
from signaling.protocol import client_messages as user
from signaling.protocol import staff_messages as staff
from signaling.protocol.words import Action
from signaling.session.model import NotAllowed, Person

ANYONE: Final = "anyone"
# while the user's phone serves as a camera, it may send these messages, but no others that need the right "session.talk"
OF_A_CAMERA: Final = (user.SetMedia, user.Leave)

MESSAGES: Final[dict[type[Any], Action | Literal["anyone"]]] = {
    user.Hello: ANYONE,
    user.Ping: ANYONE,
    user.Looking: ANYONE,
    user.GetIce: "session.hear",
    user.Offer: "session.hear",
    user.PeerReport: "session.hear",
    user.SetMedia: "session.talk",
    user.AddChannel: "session.talk",
    user.SendLine: "session.talk",
    user.EditLine: "session.talk",
    user.RetractLine: "session.talk",
    user.ReportRead: "session.talk",
    user.GetLines: "session.talk",
    user.Typing: "session.talk",
    user.BoardMessage: "session.talk",
    user.Leave: "session.talk",
    user.AnswerRecording: "session.talk",
    user.SetCaptions: "session.talk",
    user.TranslateLine: "session.talk",
    user.KeepCaptions: "session.hear",  # an operator who has joined a session is also asked whether captions may be kept
    user.InviteGuest: "session.guests",
    user.RemoveGuest: "session.guests",
    user.SetInterpreter: "session.guests",
    user.EnterAsGuest: "session.join",
    user.SetCobrowse: "session.page",
    user.SendPage: "session.visit",
    user.Enter: "session.visit",
    user.Choose: "session.visit",
    user.ContinueElsewhere: "session.visit",
    user.LeaveMessage: "session.visit",
    user.GetCallbackTimes: "session.callback",
    user.AskCallback: "session.visit",
    user.CancelCallback: "session.callback",
    user.Rate: "session.visit",
    staff.AnswerUpgrade: "session.serve",
    staff.MoveCallback: "session.serve",
    staff.MissCallback: "session.serve",
    staff.GetInvite: "session.serve",
    staff.AskHelp: "session.serve",
    staff.AskTransfer: "session.serve",
    staff.GetColleagues: "session.serve",
    staff.CancelHelp: "session.serve",
    staff.Join: "session.serve",
    staff.SetMode: "session.serve",
    staff.PutToSleep: "session.serve",
    staff.Hold: "session.serve",
    staff.HandOver: "session.serve",
    staff.TypeNotes: "session.serve",
    staff.WrapUp: "session.serve",
    staff.WatchPage: "session.page",
    staff.PointPage: "session.page",
    staff.ProposeLink: "session.page",
    staff.SetState: "desk.work",
    staff.SetTextsInCall: "desk.work",
    staff.Accept: "desk.work",
    staff.Decline: "desk.work",
    staff.MessageTake: "desk.work",
    staff.MessageAnswer: "desk.work",
    staff.MessageDone: "desk.work",
    staff.ReadAlong: "desk.work",
    staff.Watch: "live.watch",
    staff.EndSession: "live.end",
    staff.Listen: "live.listen",
    staff.SetListening: "live.speak",
    staff.SignOutStaff: "live.sign_out",
}


def roles_of(client: Client) -> tuple[Holder, ...]:
    """Return the roles in which this connection acts."""
    if client.staff is None:
        return ("guest",) if client.is_guest else ("user",)
    return client.staff.roles if client.desk else tuple(client.staff.offices)


def check_sender(client: Client, message: object) -> None:
    """Raise NotAllowed if none of the sender's roles may send this message."""
    action = MESSAGES.get(type(message))
    if action is None or (action != ANYONE and not anywhere(roles_of(client), action)):
        raise NotAllowed("not_yours")


def check_part(person: Person, message: object) -> None:
    """Raise NotAllowed if the person's role in the session does not allow this message.

    Only the person's role in this session counts, not their other roles. For example, a counselor who listens in is not allowed
    to write. A guest who has not entered is only allowed to enter. The user's phone, when it serves as a camera, is not allowed
    to read or write.
    """
    action = MESSAGES[type(message)]
    # an operator who is in a session listens in, and has the rights of a supervisor
    part: Holder = "supervisor" if person.role == "operator" else person.role
    if action == ANYONE or TABLE[action].get(part) != "own":
        raise NotAllowed("not_yours")
    if person.arriving and action != "session.join":
        raise NotAllowed("wrong_state")
    if person.is_camera and action == "session.talk" and not isinstance(message, OF_A_CAMERA):
        raise NotAllowed("not_yours")


def check_entry(client: Client, message: object, entry: Entry) -> None:
    """Raise NotAllowed if the member of staff may not send this message about the session.

    If the member lacks the right at the session's site, the exception has the same reason as for an unknown session.
    """
    action = MESSAGES[type(message)]
    if client.staff is None or action == ANYONE:
        raise NotAllowed("not_yours")
    if not may_at(client.staff, action, entry.site):
        raise NotAllowed("unknown")
