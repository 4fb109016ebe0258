"""Make guests' links, exchange them for credentials, and find guests by these credentials.

A link's secret follows "#" in the address. Browsers send that part neither to servers nor in referrers. The database keeps only
hashes of secrets and credentials, as part of the session.
"""

from __future__ import annotations

import secrets

from signaling.access.identity import token_hash
from signaling.access.invites import InviteRefused
from signaling.live.clock import Now
from signaling.live.entry import Entry
from signaling.live.index import Index
from signaling.live.sessions import Sessions
from signaling.protocol.reasons import InviteReason
from signaling.protocol.words import GuestLabel
from signaling.session import guests
from signaling.session.events import GuestCame, GuestInvited
from signaling.session.guests import LinkState
from signaling.session.model import NotAllowed, Person

# first characters of the secret in a guest's link; secrets in mails' links and in invitations to callbacks contain no "~"
LINK_PREFIX = "g~"
SECRET_BYTES = 32
SECRET_CHARACTERS = 43  # number of characters with which a secret of `SECRET_BYTES` bytes is written in a link
_REFUSED: dict[LinkState, InviteReason] = {"used": "replayed", "expired": "expired", "over": "over"}


class Guests:
    """The guests of all live sessions."""

    def __init__(self, *, sessions: Sessions, index: Index, url: str, now: Now) -> None:
        """`url`: the origin of the users' pages."""
        self._sessions = sessions
        self._index = index
        self._url = url
        self._now = now

    async def invite(self, entry: Entry, host: Person, label: GuestLabel) -> tuple[str, str, int]:
        """Invite a guest. Return the guest's id, the link, and the time when the link expires (Unix ms).

        Raise NotAllowed, for example guests_off or too_many_guests.
        """
        if label != "camera":
            await self._sessions.renew_site(entry)
            if not entry.site.guests:
                raise NotAllowed("guests_off")
            if len([each for each in entry.session.guests() if not each.is_camera]) >= entry.site.guests:
                raise NotAllowed("too_many_guests")
        guest, secret = f"g-{secrets.token_hex(6)}", secrets.token_urlsafe(SECRET_BYTES)
        await self._sessions.apply(entry, GuestInvited(host.id, guest, label, token_hash(secret)))
        return guest, f"{self._url}/call#invite={LINK_PREFIX}{secret}", entry.session.invitations[guest].until

    async def come(self, link: str) -> tuple[Entry, Person, str]:
        """Exchange a guest's link, which works once, for a credential. Return the session, the guest and the credential.

        Raise InviteRefused if the link is not valid. Raise RecordsAway if the exchange cannot be stored at once. After
        RecordsAway, the link can be used again. The exchange must be stored at once, because another server that takes over
        must know the used link and the credential.
        """
        secret = link.removeprefix(LINK_PREFIX)
        found = self._index.by_guest_link(token_hash(secret))
        if found is None:  # the link is not complete, or its conversation ended long ago
            raise InviteRefused("expired" if len(secret) == SECRET_CHARACTERS else "bad_invite")
        entry, guest = found
        credential = secrets.token_urlsafe(SECRET_BYTES)
        try:
            await self._sessions.apply(entry, GuestCame(guest, token_hash(credential)), at_once=True)
        except NotAllowed:
            state = guests.link_state(entry.session, guest, self._now())
            raise InviteRefused(_REFUSED.get(state, "expired")) from None
        return entry, entry.session.people[guest], credential

    def by_token(self, token: str) -> tuple[Entry, str] | None:
        """Return the session that this credential opens, and the guest's id. Return None if the guest is gone."""
        return self._index.by_guest_token(token_hash(token)) if token else None

    def in_session(self, session_id: str, token: str) -> Person | None:
        """Return the guest who is in this session with this credential, or None.

        Return None for a guest who has not entered, and for the user's phone that serves as a camera.
        """
        found = self.by_token(token)
        if found is None or found[0].id != session_id:
            return None
        person = found[0].session.people[found[1]]
        return None if person.arriving or person.is_camera else person
