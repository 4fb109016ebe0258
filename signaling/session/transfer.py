"""Transfer: the owner transfers the user to a colleague, at once or after a consultation.

A transfer is a help request that ends in a hand-over. To find the colleague, the session enqueues a second request for the same
user. The second request has the user's original enqueue time and comes before all other requests. Until a colleague takes over,
the user stays with their counselor. If nobody comes, the counselor is told why. In a transfer at once, the user is told which
colleague or category is asked, and is on hold until a colleague accepts or the search ends.
"""

from __future__ import annotations

from signaling.session import help as helping
from signaling.session.effects import Effect, Note, Say
from signaling.session.events import TransferAsked
from signaling.session.model import Help, NotAllowed, Session


def asked(session: Session, event: TransferAsked, now: int, out: list[Effect]) -> None:
    """Begin to look for the colleague to whom the owner transfers the user."""
    owner = helping.require_owner(session, event.participant)
    if session.open_help():
        raise NotAllowed("wrong_state")
    if event.staff == owner.staff:
        raise NotAllowed("unknown")
    session.help = Help(
        state="asking",
        request="",
        note=event.note,
        category=event.category or session.category,
        asked_at=now,
        excluded=[owner.staff],
        transfer=event.how,
        to=event.staff,
        to_name=event.name,
    )
    out.append(Say(f"transfer.{event.how}", {"name": owner.name, "to": event.name}, "staff"))
    out.append(Note("transfer", {"how": event.how, "to": event.staff or event.category}))
    helping.hunt(session, session.help, now, out)
