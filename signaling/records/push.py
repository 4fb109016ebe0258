"""Web Push: the installation's key, the browsers that get pushes, and the pushes that wait to be sent.

A browser belongs to a sign-in of staff or to the session of a user. The browser's row is deleted with that sign-in or session, so
that nothing is sent to somebody whose rights have ended. The browser's address and keys are stored encrypted.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import sqlalchemy as sa
from msgspec import Struct
from sqlalchemy.exc import IntegrityError

from signaling.config.shares import has_place

from . import tables as t
from .database import Database, require_kept
from .organisations import count_organisations
from .types import SignInRecord

MOST_DEVICES = 10  # at most this many browsers per member of staff or session; then a new browser replaces the oldest one
MOST_QUEUED = 100_000  # at most about this many pushes wait in the outbox; then only pushes about waiting people are accepted
RING = 0  # rank of pushes about rings (somebody waits for a member of staff); the lowest rank is sent first
OTHERS = 1  # rank of all other pushes, which are sent after those about rings
_KEY = "installation"
_FINAL = ("after", "closed", "message_left")
_d, _m, _s = t.push_device.c, t.push_message.c, t.sign_in.c


class Device(Struct, frozen=True, kw_only=True):
    """A browser that gets pushes.

    Either `sign_in` (hash of the sign-in's token) or `session` is set. `host`: the host of the browser's push service. `sealed`:
    the browser's address and keys, encrypted. `stands_by`: whether the member of staff wants pushes about waiting people even
    while none of their consoles is open.
    """

    id: str
    sign_in: str | None
    session: str | None
    host: str
    endpoint_hash: str
    sealed: str
    language: str
    created_at: int
    stands_by: bool = False


class Push(Struct, frozen=True, kw_only=True):
    """A push that waits to be sent.

    `key`: what the push is about, as in "ring/r-1". `until`: the push is not sent later than this (Unix ms).
    """

    device: Device
    kind: str
    key: str
    args: dict[str, Any]
    rank: int
    at: int
    next_at: int
    until: int
    n: int = 0
    tries: int = 0


class Pushes(Database):
    """The browsers that get pushes, and the pushes that wait for them."""

    # --- the key ---------------------------------------------------------------------------------------------------------

    async def push_key(self) -> str:
        """Return the installation's key for pushes, encrypted, or "" while there is none."""
        row = await self._first(sa.select(t.push_key.c.sealed).where(t.push_key.c.id == _KEY))
        return row["sealed"] if row else ""

    async def add_push_key(self, sealed: str, *, instead_of: str = "") -> str:
        """Store a new key, unless another server has just stored one.

        Return the key that is stored now. `instead_of`: the old key, which the server can no longer decrypt. Browsers that
        subscribed with the old key are removed.
        """

        def add(connection: sa.Connection) -> str:
            found = connection.execute(sa.select(t.push_key.c.sealed).with_for_update()).scalar_one_or_none()
            if found is not None and found != instead_of:
                return str(found)
            if found is not None:
                connection.execute(sa.delete(t.push_key))
                connection.execute(sa.delete(t.push_device))
            connection.execute(sa.insert(t.push_key).values(id=_KEY, sealed=sealed))
            return sealed

        try:
            return await self._transaction(add, writes=True)
        except IntegrityError:  # another server has stored a key first
            return await self.push_key()

    # --- browsers --------------------------------------------------------------------------------------------------------

    async def add_device(self, device: Device) -> bool:
        """Store a browser.

        The browser's earlier row for the same session is replaced. For staff, each earlier row of this browser or of this sign-in
        is replaced, even if the row belongs to another member. Return False if the sign-in has ended. Raises UnknownSession when
        the session was erased.
        """
        same_session = sa.and_(_d.session == device.session, _d.endpoint_hash == device.endpoint_hash)

        def add(connection: sa.Connection) -> bool:
            if device.session is not None:
                require_kept(connection, device.session)
                mine = _d.session == device.session
                connection.execute(sa.delete(t.push_device).where(same_session))
            else:
                here = sa.select(_s.staff).where(_s.token_hash == device.sign_in)
                staff = connection.execute(here.with_for_update(read=True)).scalar_one_or_none()
                if staff is None:
                    return False
                mine = _d.sign_in.in_(sa.select(_s.token_hash).where(_s.staff == staff))
                # a browser belongs to the member who signed in there last
                known = sa.and_(_d.sign_in.is_not(None), _d.endpoint_hash == device.endpoint_hash)
                connection.execute(sa.delete(t.push_device).where(known | (_d.sign_in == device.sign_in)))
            oldest = list(connection.execute(sa.select(_d.id).where(mine).order_by(_d.created_at.desc())).scalars())
            if gone := oldest[MOST_DEVICES - 1 :]:
                connection.execute(sa.delete(t.push_device).where(_d.id.in_(gone)))
            connection.execute(sa.insert(t.push_device).values(_values(device)))
            return True

        return await self._transaction(add, writes=True)

    async def device(self, device_id: str) -> Device | None:
        """Return the browser with this id, or None."""
        row = await self._first(sa.select(t.push_device).where(_d.id == device_id))
        return Device(**row) if row else None

    async def remove_device(self, device_id: str) -> None:
        """Remove a browser with its waiting pushes."""
        await self._do(sa.delete(t.push_device).where(_d.id == device_id))

    async def remove_devices_of(self, *, session: str = "", sign_in: str = "") -> int:
        """Remove the browsers that get pushes for a session or a sign-in. Return how many browsers were removed."""
        mine = _d.session == session if session else _d.sign_in == sign_in
        return await self._do(sa.delete(t.push_device).where(mine))

    async def devices_of_session(self, session: str) -> list[Device]:
        """Return the browsers in which a user wants a notification when staff answer."""
        return [Device(**row) for row in await self._all(sa.select(t.push_device).where(_d.session == session))]

    async def devices_of_staff(self, staff: str, now: int, idle_ms: int) -> list[Device]:
        """Return the browsers in which a member of staff gets pushes and has a valid sign-in."""
        found = await self._signed_in(_s.staff == staff)
        return [device for device, sign_in in found if sign_in.stands(now, idle_ms)]

    async def push_sessions(self) -> dict[str, int]:
        """Return session → the number of browsers in which the session's user wants pushes."""
        counted = sa.select(_d.session, sa.func.count().label("n")).where(_d.session.is_not(None)).group_by(_d.session)
        return {row["session"]: int(row["n"]) for row in await self._all(counted)}

    async def stand_by(self, staff: str, *, on: bool) -> None:
        """Store whether a member of staff gets pushes about people who wait, even while none of the member's consoles is open."""
        mine = _d.sign_in.in_(sa.select(_s.token_hash).where(_s.staff == staff))
        await self._do(sa.update(t.push_device).where(mine).values(stands_by=on))

    async def standing_by(self, now: int, idle_ms: int) -> dict[str, set[str]]:
        """Return the members who get pushes about people who wait, even while none of their consoles is open.

        The result maps a member's id to the token hashes of the member's valid sign-ins.
        """
        found: dict[str, set[str]] = {}
        for _, sign_in in await self._signed_in(_d.stands_by):
            if sign_in.stands(now, idle_ms):
                found.setdefault(sign_in.staff, set()).add(sign_in.token_hash)
        return found

    async def _signed_in(self, which: sa.ColumnElement[bool]) -> list[tuple[Device, SignInRecord]]:
        theirs = [_s[name].label(f"of_{name}") for name in SignInRecord.__struct_fields__]
        joined = t.push_device.join(t.sign_in, _s.token_hash == _d.sign_in)
        rows = await self._all(sa.select(t.push_device, *theirs).select_from(joined).where(which, ~_s.limited))
        return [
            (_device(row), SignInRecord(**{name: row[f"of_{name}"] for name in SignInRecord.__struct_fields__})) for row in rows
        ]

    # --- the outbox ------------------------------------------------------------------------------------------------------

    async def queue_pushes(self, pushes: Sequence[Push], *, instead_of: str = "") -> bool:
        """Put pushes into the outbox, except pushes for browsers that were removed.

        Pushes about rings (somebody waits for a member of staff) are always stored. If the pushes are about something else and
        too many pushes wait already (`MOST_QUEUED`), return False and store nothing.

        `instead_of`: the key of pushes that are no longer of use. Waiting pushes with this key are removed in any case.
        """
        rows = [
            {name: getattr(each, name) for name in ("kind", "key", "args", "rank", "at", "next_at", "until")}
            | {"device": each.device.id, "host": each.device.host}
            for each in pushes
        ]

        def queue(connection: sa.Connection) -> bool:
            if instead_of:
                connection.execute(sa.delete(t.push_message).where(_m.key == instead_of))
            if any(each.rank != RING for each in pushes) and _is_full(connection, pushes[0].device):
                return False
            still = set(connection.execute(sa.select(_d.id).where(_d.id.in_([row["device"] for row in rows]))).scalars())
            if kept := [row for row in rows if row["device"] in still]:
                connection.execute(sa.insert(t.push_message), kept)
            return True

        return await self._transaction(queue, writes=True)

    async def claim_pushes(
        self, now: int, most: int, lease_ms: int, room: Callable[[str], int], *, rings: bool, after: str = ""
    ) -> list[Push]:
        """Return at most `most` due pushes, and count one try for each.

        `rings`: True: return only pushes about people who wait; False: return only other pushes. `room`: returns how many pushes
        may be sent now to the push service with a given host. A service to which none may be sent costs only one look-up, even if
        many pushes wait for it. Push services take turns: the service whose host follows `after` has the first turn. So the long
        queues of two services do not delay the pushes of a third. A returned push is due again after `lease_ms`. Pushes whose
        `until` is over are deleted.
        """
        rank = RING if rings else OTHERS

        def claim(connection: sa.Connection) -> list[Push]:
            connection.execute(sa.delete(t.push_message).where(_m.until <= now))
            found: list[Push] = []
            for turn in (_m.host > after, _m.host <= after):
                hosts = sa.select(sa.func.min(_m.host)).where(_m.rank == rank, turn)
                host = connection.execute(hosts).scalar_one()
                while host is not None and len(found) < most:
                    if (free := min(room(host), most - len(found))) > 0:
                        found += _due(connection, rank, host, now, free)
                    host = connection.execute(hosts.where(_m.host > host)).scalar_one()
            if found:
                leased = sa.update(t.push_message).where(_m.n.in_([each.n for each in found]))
                connection.execute(leased.values(next_at=now + lease_ms, tries=_m.tries + 1))
            return found

        return await self._transaction(claim, writes=True)

    async def next_push_at(self) -> int | None:
        """Return when the next push is due (Unix ms), or None if no push waits."""
        return (await self.next_pushes_at())[1]

    async def next_pushes_at(self) -> tuple[int | None, int | None]:
        """Return when the next push about a ring is due, and when the next push of any kind is due.

        Both times are Unix ms, or None if no such push waits.
        """
        first = sa.select(sa.func.min(_m.next_at))
        both = sa.select(first.where(_m.rank == RING).scalar_subquery().label("ring"), first.scalar_subquery().label("push"))
        row = await self._first(both)
        return (row["ring"], row["push"]) if row else (None, None)

    async def push_allowed(self, push: Push, now: int, idle_ms: int) -> bool:
        """Return whether the push may be sent now.

        The push must not have been withdrawn. A push for staff needs a sign-in that is still valid.
        """
        if not await self._first(sa.select(_m.n).where(_m.n == push.n)):
            return False
        return push.device.session is not None or any(
            sign_in.stands(now, idle_ms) for _, sign_in in await self._signed_in(_d.id == push.device.id)
        )

    async def push_done(self, n: int) -> None:
        """Remove a push, because it was sent or given up."""
        await self._do(sa.delete(t.push_message).where(_m.n == n))

    async def push_waits(self, n: int, next_at: int) -> None:
        """Store when to try again to send a push, because the last try failed."""
        await self._do(sa.update(t.push_message).where(_m.n == n).values(next_at=next_at))

    async def drop_pushes(self, key: str) -> None:
        """Remove the waiting pushes with this key."""
        await self._do(sa.delete(t.push_message).where(_m.key == key))


_OWN = ("n", "kind", "key", "args", "rank", "tries", "at", "next_at", "until")


def _is_full(connection: sa.Connection, device: Device) -> bool:
    """Return whether the browser's organisation can queue no more pushes.

    Half of `MOST_QUEUED` is divided equally among the organisations; any organisation can use the other half (`has_place`).
    Counting the rows takes long. So the rows are counted only if the numbers of the oldest and the newest push show that half of
    `MOST_QUEUED` might wait.
    """
    bounds = connection.execute(sa.select(sa.func.min(_m.n), sa.func.max(_m.n))).one()
    if bounds[0] is None or bounds[1] - bounds[0] + 1 < MOST_QUEUED // 2:
        return False
    organisation = sa.func.coalesce(t.session.c.organisation, t.staff.c.organisation, "")
    signed_in = t.push_device.outerjoin(t.sign_in, _s.token_hash == _d.sign_in).outerjoin(t.staff, t.staff.c.id == _s.staff)
    owned = signed_in.outerjoin(t.session, t.session.c.id == _d.session)
    mine = connection.execute(sa.select(organisation).select_from(owned).where(_d.id == device.id)).scalar_one_or_none()
    waiting = owned.join(t.push_message, _m.device == _d.id)
    counted = connection.execute(sa.select(organisation, sa.func.count()).select_from(waiting).group_by(organisation))
    return not has_place({row[0]: row[1] for row in counted}, mine or "", MOST_QUEUED, count_organisations(connection))


def _due(connection: sa.Connection, rank: int, host: str, now: int, most: int) -> list[Push]:
    mine = [_m[name].label(f"of_{name}") for name in _OWN]
    query = sa.select(t.push_device, *mine).select_from(t.push_message.join(t.push_device, _d.id == _m.device))
    due = query.where(_m.rank == rank, _m.host == host, _m.next_at <= now).order_by(_m.next_at).limit(most)
    locked = due.with_for_update(of=t.push_message, skip_locked=True)
    return [_push(row) for row in connection.execute(locked).mappings()]


def _values(device: Device) -> dict[str, Any]:
    return {name: getattr(device, name) for name in Device.__struct_fields__}


def _device(row: sa.RowMapping) -> Device:
    return Device(**{name: row[name] for name in Device.__struct_fields__})


def _push(row: sa.RowMapping) -> Push:
    return Push(device=_device(row), **{name: row[f"of_{name}"] for name in _OWN})


def unneeded_devices() -> sa.ColumnElement[bool]:
    """Return the SQL condition for browsers of sessions that are over. These browsers get no more pushes."""
    return _d.session.in_(sa.select(t.session.c.id).where(t.session.c.state.in_(_FINAL)))
