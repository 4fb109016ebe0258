"""Make and change sessions' requests for staff in the matcher's store, and queue the events that result, in order."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Coroutine
from typing import Any, Final

import structlog

from matcher import types as m
from matcher.types import MatchStore
from signaling.live.clock import Now
from signaling.live.entry import Entry
from signaling.live.staffing import Staffing, matched_site
from signaling.session.effects import Enqueue, Reinstate, Step, StepName, Transfer

log = structlog.get_logger(__name__)

_STEPS: Final[dict[StepName, Callable[[m.MatchStore, str, int], Coroutine[Any, Any, list[m.AnyEvent]]]]] = {
    "cancel": lambda store, request, now: store.cancel(request, now),
    "suspend": lambda store, request, now: store.suspend(request, now),
    "resume": lambda store, request, now: store.resume(request, now),
    "entered": lambda store, request, now: store.entered(request, now),
    "requeue": lambda store, request, now: store.requeue(request, now),
    "complete": lambda store, request, now: store.complete(request, now),
    "release": lambda store, request, now: store.release(request, now),
    "unserved": lambda store, request, now: store.unserved(request, now),
    "set_aside": lambda store, request, now: store.set_aside(request, now),
    "take_back": lambda store, request, now: store.take_back(request, now),
    "becomes_call": lambda store, request, now: store.becomes_call(request, now),
    "becomes_text": lambda store, request, now: store.becomes_text(request, now),
}


class Requests:
    """Makes and changes sessions' requests for staff in the matcher's store. `Matching` routes the events that result."""

    def __init__(
        self, *, staffing: Staffing, store: MatchStore, refused: Counter[str], unsettled: asyncio.Event, now: Now
    ) -> None:
        self._store = store
        self._refused = refused
        self._unsettled = unsettled
        self._now = now
        self.staffing = staffing
        # the matcher's events that `Matching` has not routed yet; the queue is unbounded, but it is emptied after each burst of
        # changes
        self._events: asyncio.Queue[m.AnyEvent | asyncio.Future[None]] = asyncio.Queue()

    async def call(self, step: Coroutine[Any, Any, list[m.AnyEvent]]) -> None:
        """Carry out one change in the matcher's store (`step`). Queue the resulting events, so that `Matching` handles them.

        Raise `matcher.types.Refused` if the store refuses the change.

        After any other exception, the store may or may not have made the change. Then `Agreeing` reads the matcher's state again.
        """
        try:
            self.take(*await step)
        except m.Refused:
            raise
        except BaseException:
            self._unsettled.set()
            raise
        self.staffing.wake()

    async def sweep(self) -> None:
        """Let the matcher end what has expired, such as rings and wrap-ups."""
        self.take(*await self._store.sweep(self._now()))

    def take(self, *events: m.AnyEvent) -> None:
        for event in events:
            self._events.put_nowait(event)

    async def settled(self) -> None:
        """Wait until every event of the matcher that is in the queue has been routed (passed on to its session or its staff).

        Never await this while holding a session's lock, because routing an event can need that lock.
        """
        done = asyncio.get_running_loop().create_future()
        self._events.put_nowait(done)
        await done

    async def carry_out(self, entry: Entry, effect: Enqueue | Step | Transfer | Reinstate) -> None:
        store, now = self._store, self._now()
        try:
            match effect:
                case Enqueue():
                    await self._enqueue(entry, effect)
                case Step():
                    await self.call(_STEPS[effect.step](store, effect.request, now))
                case Transfer():
                    await self.call(store.transfer_owner(effect.request, effect.staff, now))
                case Reinstate():
                    # a user's request is suspended until the user has reconnected; a callback's request is not suspended
                    state: m.RequestState = "suspended"
                    if effect.staff or effect.kind == "callback":
                        state = "accepted" if effect.staff else "promised" if effect.promised else "waiting"
                    status = m.RequestStatus(
                        self.request_of(entry, effect), state, staff=effect.staff or None, aside=effect.aside
                    )
                    await self.call(store.restore([status], now))
        except m.Refused as refused:
            self._refused[f"matcher_{refused.reason}"] += 1
            log.info("matcher refused", session=entry.id, step=str(effect), reason=refused.reason)
        except m.Unavailable:
            # the session has changed already; when the matcher is reachable again, `Agreeing` tells the matcher of the change
            self._refused["matcher_unavailable"] += 1
            self._unsettled.set()

    async def _enqueue(self, entry: Entry, effect: Enqueue) -> None:
        store, now, request = self._store, self._now(), self.request_of(entry, effect)
        if effect.step == "promise":
            await self.call(store.promise(request, now))
            return
        if effect.step == "redeem":
            try:
                await self.call(store.redeem(request.id, now))
            # the matcher was unavailable when `promise` was called, so it does not know this request
            except m.Refused:
                log.info("promise not known", session=entry.id)
            else:
                return
        await self.call(store.enqueue(request, now))
        await self._look(entry, effect)

    def request_of(self, entry: Entry, effect: Enqueue | Reinstate) -> m.Request:
        path = entry.site.category_path(effect.category) or (effect.category,)
        return m.Request(
            id=effect.request,
            kind=effect.kind,
            site=matched_site(entry.site.organisation, entry.site.id),
            language=entry.session.language,
            category_path=path,
            enqueued_at_ms=effect.enqueued_at,
            priority=entry.site.priority_of(effect.category),
            widens_ms=entry.site.widens_ms_of(effect.category),
            excluded=frozenset(effect.excluded),
            only=effect.only,
            first=effect.first,
            medium=_medium(entry, effect),
        )

    async def _look(self, entry: Entry, effect: Enqueue) -> None:
        """Look up a new request for staff in the matcher, so that people can be told about it.

        For a user's request, look up its place in the queue, because the user sees this place as soon as they wait. For a help
        request or a transfer, look up whether anybody who could serve the request is signed in. If nobody is signed in, tell the
        counselor at once.
        """
        place = await self._store.place(effect.request, self._now())
        if effect.request == entry.session.request:
            entry.place = place
        elif place is not None and not place.staffed:
            self._events.put_nowait(m.RequestChanged(0, 0, effect.request, "waiting", "unstaffed"))

    async def next_event(self) -> m.AnyEvent:
        """Return the matcher's next event. The caller must route the event before it calls this method again.

        Calls of `settled` put a future into the queue. When this method takes the future out of the queue, all earlier events
        have been routed, and `settled` returns.
        """
        while isinstance(event := await self._events.get(), asyncio.Future):
            if not event.done():
                event.set_result(None)
        return event


def _medium(entry: Entry, effect: Enqueue | Reinstate) -> m.Medium:
    """Return the medium of a request: text or call.

    A callback that is not booked with a particular member is always a call.
    """
    called = entry.session.callback
    by_text = effect.kind != "callback" or (called is not None and bool(called.staff))
    return "text" if entry.session.channel == "text" and by_text else "call"
