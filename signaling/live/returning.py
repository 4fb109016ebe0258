"""Give a session to another page of its user.

The user opens that page by a one-time link or by a push notification, or continues the session on another device.
"""

from __future__ import annotations

import secrets
from collections.abc import Awaitable, Callable

from signaling.access.identity import token_hash
from signaling.access.invites import InviteRefused, Invites
from signaling.live.clock import Now
from signaling.live.connections import Client
from signaling.live.entry import Entry
from signaling.live.index import Index
from signaling.live.stored_sessions import StoredSessions
from signaling.mail.kinds import THREAD
from signaling.records import Records, UnknownSession
from signaling.records.links import LinkRecord, LinkUnusable
from signaling.records.threads import OPEN_STATES
from signaling.session.model import NotAllowed

# ms after which a link to another device expires; the time is short because other people may see the link on the screen
ELSEWHERE_MS = 120_000


class Returning:
    """Makes links for users, and exchanges links for sessions. Each exchange replaces the session's token."""

    def __init__(
        self,
        *,
        invites: Invites,
        records: Records,
        stored: StoredSessions,
        index: Index,
        let_go: Callable[[Client], Awaitable[None]],
        hide_page: Callable[[Entry], Awaitable[None]],
        url: str,
        now: Now,
    ) -> None:
        """`let_go` detaches a connection from the session and from the person for whom it acts.

        `hide_page` ends co-browsing: the tab of the partner's site does not show its page to staff any more. `url`: the origin of
        the users' pages.
        """
        self._invites = invites
        self._records = records
        self._stored = stored
        self._index = index
        self._let_go = let_go
        self._hide_page = hide_page
        self._url = url
        self._now = now

    async def invite(self, entry: Entry, participant: str) -> tuple[str, int]:
        """Return a new link for the user whom this counselor calls back, and the time (Unix ms) when it expires.

        Raise `NotAllowed`.
        """
        session = entry.session
        if participant != session.owner or not session.calling_back():
            raise NotAllowed("wrong_state")
        await self._records.audit(session.people[participant].staff, "callback.invite", f"session/{entry.id}")
        return self._invites.issue(entry.id, session.request, self._now())

    async def elsewhere(self, entry: Entry) -> tuple[str, int]:
        """Return a link by which the user continues an open session on another device, and the time (Unix ms) when it expires.

        Raise `NotAllowed`. A link that an earlier call returned for this session stops working.
        """
        if entry.session.state not in OPEN_STATES:
            raise NotAllowed("wrong_state")
        token, until = secrets.token_urlsafe(32), self._now() + ELSEWHERE_MS
        link = LinkRecord(
            token_hash=token_hash(token),
            purpose=THREAD,
            subject=entry.id,
            session=entry.id,
            mail=f"elsewhere/{entry.id}",
            expires_at=until,
        )
        await self._records.add_link(link, alone=True)
        return f"{self._url}/call#invite={token}", until

    async def exchange(self, link: str) -> tuple[Entry, str]:
        """Exchange a one-time link for its session.

        The link may come from a callback, a mail, another device of the user, or other software. Return the session and a new
        token. Raise `InviteRefused` if the link does not work any more.
        """
        of_callback = "." in link  # a callback's invite is a JWS, which contains dots; no other link contains a dot
        return await (self._exchange_invite(link) if of_callback else self._exchange_mailed(link))

    async def move(self, session_id: str) -> tuple[Entry, str]:
        """Give an open conversation to another page of its user. Return the session and a new token. Raise `InviteRefused`.

        The caller must have checked that this is the user's page.
        """
        entry = self._index.entries.get(session_id)
        if entry is None or entry.session.state not in OPEN_STATES:
            raise InviteRefused("over")
        new = secrets.token_urlsafe(32)
        await self._records.save_token(entry.id, token_hash(new))
        return await self._renewed(entry, new)

    async def open_from_push(self, session_id: str) -> tuple[Entry, str]:
        """Give a conversation to the page that the user has opened by a push notification. Raise `InviteRefused`."""
        entry = await self._stored.returning(session_id)
        if entry is None:
            raise InviteRefused("over")
        new = secrets.token_urlsafe(32)
        await self._records.save_token(entry.id, token_hash(new))
        return await self._renewed(entry, new)

    async def _exchange_invite(self, invite: str) -> tuple[Entry, str]:
        claims = self._invites.read(invite, self._now())
        entry = self._index.entries.get(claims.session)
        if entry is None or entry.session.request != claims.request or not entry.session.calling_back():
            raise InviteRefused("over")
        new = secrets.token_urlsafe(32)
        if not await self._records.use_invite(f"invite/{claims.jti}", claims.exp * 1000, entry.id, token_hash(new)):
            raise InviteRefused("replayed")
        return await self._renewed(entry, new)

    async def _exchange_mailed(self, token: str) -> tuple[Entry, str]:
        link, new = token_hash(token), secrets.token_urlsafe(32)
        try:
            entry = await self._stored.returning(await self._records.link_subject(link, THREAD, self._now()))
            if entry is None:
                raise InviteRefused("over")
            await self._records.use_link(link, THREAD, self._now(), session_token=token_hash(new))
        except LinkUnusable as error:
            raise InviteRefused(error.reason) from error
        except UnknownSession:  # the session was erased while this request was handled
            raise InviteRefused("over") from None
        return await self._renewed(entry, new)

    async def _renewed(self, entry: Entry, token: str) -> tuple[Entry, str]:
        """Let the new token open the session from now on, instead of the old one. The database contains the new token already.

        If a page is open with the old token, the server tells this page that another page has replaced it, and closes the page's
        connection. The sound and video of that page end at once. If staff saw a tab of the partner's site, they stop seeing it,
        because the person with the new token may be at another place, and has not agreed to show a page there.
        """
        if entry.id in self._index.entries:
            self._index.change_token(entry, token_hash(token))
        else:
            entry.token_hash = token_hash(token)  # a session that is over and not in memory: the index has no entry to change
        if (former := entry.holders.get(entry.session.user)) is not None:
            former.returns = True  # set this before the goodbye, because the connection may detach itself after the goodbye
            former.bye("replaced")
            await self._let_go(former)
        await self._hide_page(entry)  # this call comes last, because it fails if `Records` refuses the change
        return entry, token
