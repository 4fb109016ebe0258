"""Transfer: the owner passes the user on to a colleague, at once or in consultation first.

It is help that ends in a hand-over, and the colleague is found as a counselor: by a second request of the same user, at the time
they first asked and before all others. Until somebody takes over, the user stays with their counselor, who hears why when nobody
does; asked at once, they are on hold meanwhile and told to whom they are passed.
"""

from __future__ import annotations

from signaling.session import help as helping
from signaling.session.events import Effect, Note, Say, TransferAsked
from signaling.session.model import Help, NotAllowed, Session


def asked(session: Session, event: TransferAsked, now: int, out: list[Effect]) -> None:
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
