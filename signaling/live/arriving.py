"""Make a session for a user who arrives. Also estimate, before the session is made, who could serve the user and how soon."""

from __future__ import annotations

import secrets
from functools import partial

import msgspec

from matcher.estimate import either
from matcher.types import MatchStore, Place, Unavailable
from signaling.access.identity import token_hash
from signaling.live.clock import Now
from signaling.live.staffing import Staffing, matched_site
from signaling.live.stored_sessions import StoredSessions
from signaling.protocol.session_views import Brief
from signaling.protocol.words import Channel
from signaling.records import Records
from signaling.records.types import SessionRecord
from signaling.session import encode_snapshot, new_session
from signaling.session.model import NotAllowed


class Arriving:
    """Makes the sessions of arriving users, and estimates how soon a new session would be served."""

    def __init__(self, *, records: Records, store: MatchStore, stored: StoredSessions, staffing: Staffing, now: Now) -> None:
        self._records = records
        self._store = store
        self._stored = stored
        self._staffing = staffing
        self._now = now

    async def create_session(
        self,
        *,
        site: str,
        category: str,
        language: str,
        channel: Channel,
        brief: Brief,
        user_ref: str,
        user_name: str,
        form_missing: bool = False,
        region: str = "",
    ) -> tuple[str, str]:
        """Make a session. `form_missing`: whether the user has still to fill in the site's form. `region`: where the user is.

        Return the session's id and token. The database keeps only the token's hash. Raises NotAllowed if the site is unknown.
        """
        found = await self._records.site(site)
        if found is None:
            raise NotAllowed("unknown")
        session_id, token, now = f"s-{secrets.token_hex(8)}", secrets.token_urlsafe(32), self._now()
        session = new_session(
            id=session_id,
            site=site,
            category=category,
            language=language,
            channel=channel,
            user=f"u-{secrets.token_hex(6)}",
            name=user_name,
            now=now,
            recording=found.recording == "ask",
            captions=found.captions,
            cobrowse=found.cobrowse,
            listening=found.listening != "off",
            sleeps_days=found.thread_days,
            form_missing=form_missing,
            guests=found.guests,
            region=region,
        )
        record = SessionRecord(
            id=session_id,
            organisation=found.organisation,
            site=site,
            category=category,
            language=language,
            channel=channel,
            token_hash=token_hash(token),
            user_ref=user_ref,
            user_name=user_name,
            brief=msgspec.json.encode(brief),
            snapshot=encode_snapshot(session),
            started_at=now,
        )
        await self._stored.add(record, session, found, brief)
        return session_id, token

    async def estimate(self, site: str, category: str, language: str, now: int) -> Place:
        """Return what a user who comes now can expect: queue place, wait, and whether any counselor at work could serve the user.

        The matcher also counts members who are away, because a waiting user may be served when such a member comes back. But a
        user who has not begun to wait must not read that a counselor is there. So this method also asks whether a counselor is at
        work. If the site is unknown or the matcher is unavailable, the place is 1 and the wait is unknown.
        """
        found = await self._records.site(site)
        if found is None:
            return Place(1, None, None, False)
        path, priority = found.category_path(category), found.priority_of(category)
        try:
            name = matched_site(found.organisation, site)
            ask = partial(self._store.estimate, "user", name, language, path or (category,), now, priority)
            place = either(await ask("text"), await ask("call"))
            return place if self._staffing.anyone_at_work(found, language) else Place(place.place, None, None, False)
        except Unavailable:
            counselors = [each for each in self._staffing.known.values() if each.role == "counselor"]
            return Place(1, None, None, any(self._staffing.serves(each, found, language, path) for each in counselors))

    async def helpers(self, site: str, category: str, language: str) -> list[str]:
        """Return the names of the counselors at work who serve users of this site, category and language.

        Counselors in the state "available" come first.
        """
        found = await self._records.site(site)
        return self._staffing.helpers(found, language, found.category_path(category) or (category,)) if found else []
