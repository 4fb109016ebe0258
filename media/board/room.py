"""Board of a room: a Yjs document (pycrdt), its sync protocol, and the fragments of the `doc` data channel.

A board message about the document is a sync message of y-protocols: varuint 0, then 0 (step 1: a state vector), 1 (step 2: an
update) or 2 (an update), then the length and the bytes of the vector or update. A message has at most 256 KiB. A longer reply is
sent as several updates. A message with a sign of presence, such as a cursor (`presence.py`), begins with varuint 1. The board
passes such a message on and does not keep it.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from typing import Any, TypeVar

from pycrdt import Doc, TransactionEvent, merge_updates

from media.token_bucket import TokenBucket

from .presence import PRESENCE, check, passed_on
from .update import EMPTY, BadUpdateError, Reader, Segments, parse, slices, split, var_uint

MAX_MESSAGE_BYTES = 256 * 1024
MAX_DOCUMENT_BYTES = 8 * 1024 * 1024
MAX_TYPES = 22_000
"""A document has at most this many maps and arrays; a stroke has two, every other shape one. So 10,000 strokes fit. The Rust
library inside pycrdt (yrs) frees nested maps by recursion, and 40,000 nested maps overflow a stack of 8 MiB."""
SCAN_STRUCTS = 500_000
"""In one uninterrupted piece of work, pycrdt has to walk through at most this many structs (pieces of a Yjs document; 0.2 µs
each).

Where updates conflict, pycrdt may compare each new struct with every struct of its list. For example, two updates of 100 KB kept
pycrdt 0.14.13 busy for 54 s. Therefore a long update is applied in slices within a time budget. The larger the document, the
smaller the slices.
"""
FRAGMENT_BYTES = 16 * 1024
UNASKED_S = 0.5
"""Seconds to wait for a browser's own step 1 (its request for the document) after the browser's step 2 (its changes).
Browsers that send a step 1 send both at the same time."""
NOTHING_KNOWN = b"\0"
"""State vector of an empty document."""
_SYNC, _STEP1, _STEP2, _UPDATE = 0, 0, 1, 2
_MAX_UPDATE_BYTES = MAX_MESSAGE_BYTES - 16

Send = Callable[[str, bytes], None]
T = TypeVar("T")


class Fragmenter:
    """Cuts messages for the `doc` channel into fragments: one header byte (1: more follow, 0: last) and at most 16 KiB."""

    def cut(self, message: bytes) -> list[bytes]:
        """Return a message's fragments.

        Raise FragmentError("too_large") for a message over 256 KiB, FragmentError("empty") for an empty message.
        """
        if not message:
            raise FragmentError("empty")
        if len(message) > MAX_MESSAGE_BYTES:
            raise FragmentError("too_large")
        starts = range(0, len(message), FRAGMENT_BYTES)
        return [bytes([at != starts[-1]]) + message[at : at + FRAGMENT_BYTES] for at in starts]


class Reassembler:
    """Reassembles one sender's fragments. Holds at most 256 KiB."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []
        self._size = 0
        self._skipping = False

    def feed(self, fragment: bytes) -> bytes | None:
        """Return the whole message if `fragment` is its last fragment, otherwise None.

        Raise FragmentError with one of these reasons: "empty" (no payload), "header" (the first byte is not 0 or 1),
        "fragment_too_large" (over 16 KiB), "too_large" (the message is over 256 KiB). After an error the rest of that message is
        skipped, and the next message is read as usual.
        """
        more = bool(fragment) and fragment[0] == 1
        if self._skipping:
            self._skipping = more
            return None
        reason = self._fault(fragment)
        if reason:
            self._forget()
            self._skipping = more
            raise FragmentError(reason)
        self._parts.append(fragment[1:])
        self._size += len(fragment) - 1
        if more:
            return None
        message = b"".join(self._parts)
        self._forget()
        return message

    def _fault(self, fragment: bytes) -> str:
        if len(fragment) < 2:
            return "empty"
        if fragment[0] > 1:
            return "header"
        if len(fragment) > FRAGMENT_BYTES + 1:
            return "fragment_too_large"
        return "too_large" if self._size + len(fragment) - 1 > MAX_MESSAGE_BYTES else ""

    def _forget(self) -> None:
        self._parts.clear()
        self._size = 0


class FragmentError(Exception):
    """The `doc` channel does not accept a fragment or message, for example because it is malformed or too large.

    The functions that raise this error list the reasons.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class RefusedError(Exception):
    """The board refuses a message. `BoardRoom.stats` counts the refusals by `reason`."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Quota:
    """Limits for one participant, each as an amount per second and a largest burst.

    `messages`, `signs` (of presence, such as cursors) and `received` (bytes) limit what the board receives from the participant.
    `work`: time in seconds that the board takes to apply the participant's changes. `answered`: bytes of the replies, because a
    short step 1 (a request for the document) can ask for a long reply.
    """

    def __init__(self, now: float) -> None:
        self.messages = TokenBucket(120, 600, now)
        self.signs = TokenBucket(60, 120, now)
        self.received = TokenBucket(256 * 1024, 4 * 1024 * 1024, now)
        self.work = TokenBucket(0.1, 0.5, now)
        self.answered = TokenBucket(1024 * 1024, 2.0 * MAX_DOCUMENT_BYTES, now)


class BoardRoom:
    """The document of a room and the participants connected to it.

    `updates`: the board's updates from the journal, in which signaling keeps them. `on_update(update)` is called at every change,
    so that the caller can soon call `flush`. `send(participant, message)` sends one whole board message. `clock` returns the
    monotonic time in seconds. `stats` has these counters: updates, step1, signs, refused_<reason>, panics.
    """

    def __init__(
        self, updates: list[bytes], on_update: Callable[[bytes], None], send: Send, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.stats: Counter[str] = Counter()
        self._on_update, self._send, self._clock = on_update, send, clock
        self._connected: set[str] = set()
        self._writers: set[str] = set()
        self._quotas: dict[str, Quota] = {}
        self._behind: set[str] = set()
        self._unasked: dict[str, float | None] = {}
        """Participants who have sent no step 1 (request for the document) since they connected → when their step 2 (changes)
        came. None: no step 2 has come yet."""
        self._observed: list[bytes] = []
        self._unflushed: list[bytes] = []
        self._log = Segments(_MAX_UPDATE_BYTES)
        self._compact_at = 0.0
        self._census: tuple[int, int] | None = None
        self._open()
        for update in updates:
            self._restore(update)

    def _open(self) -> None:
        self._doc: Doc[Any] = Doc()
        self._subscription = self._doc.observe(self._observe)

    def _observe(self, event: TransactionEvent) -> None:
        self._observed.append(event.update)

    def _restore(self, update: bytes) -> None:
        """Apply an update from the board's journal.

        The update was checked before it was stored. It is checked again only if it must be split.
        """
        try:
            self._log.append(update)
            self._doc.apply_update(update)
        except (BadUpdateError, ValueError):
            self.stats["refused_journal"] += 1
        self._observed.clear()

    # -- participants -------------------------------------------------------------------------------------------------------

    def connect(self, participant: str) -> None:
        """Ask the participant for the changes that this board lacks (Yjs sync step 1).

        From now on, send the participant every change.
        """
        self._connected.add(participant)
        self._unasked[participant] = None
        self._quotas.setdefault(participant, Quota(self._clock()))
        self._ask(participant)

    def disconnect(self, participant: str) -> None:
        """Stop sending to the participant. The participant's quota stays as it is, so that reconnecting does not refill it."""
        self._connected.discard(participant)
        self._unasked.pop(participant, None)

    def set_writers(self, writers: set[str]) -> None:
        """Set who is allowed to change the document. Ask new writers for changes that we refused while they could only read."""
        new, self._writers = writers - self._writers, set(writers)
        for participant in sorted(new & self._connected):
            self._ask(participant)

    def _ask(self, participant: str) -> None:
        """Ask a participant for the changes that we lack (step 1 of the sync protocol).

        After a refused update, later updates of the same author cannot be applied, until the reply to step 1 fills the gap.
        """
        self._behind.discard(participant)
        self._send(participant, _message(_STEP1, self._doc.get_state()))

    def receive(self, participant: str, message: bytes) -> None:
        """Take one whole message of a participant. Never raise: refusals are counted in `stats`."""
        try:
            self._receive(participant, message)
        except (RefusedError, BadUpdateError) as refusal:
            self.stats["refused_" + refusal.reason] += 1

    def _receive(self, participant: str, message: bytes) -> None:
        now = self._clock()
        quota = self._quotas.setdefault(participant, Quota(now))
        if len(message) > MAX_MESSAGE_BYTES:
            raise RefusedError("too_large")
        if message[:1] == PRESENCE:
            self._pass_on(participant, message, quota)
            return
        if not quota.messages.take(1, now) or not quota.received.take(len(message), now):
            self._behind.add(participant)
            raise RefusedError("quota")
        if participant in self._behind:
            self._ask(participant)
        reader = Reader(message)
        if reader.uint() != _SYNC:
            raise RefusedError("kind")
        step = reader.uint()
        if step not in (_STEP1, _STEP2, _UPDATE):
            raise RefusedError("kind")
        body = reader.blob()
        if reader.at != len(message):
            raise RefusedError("trailing")
        if step == _STEP1:
            self._unasked.pop(participant, None)
            self._answer(participant, body, quota)
            return
        if step == _STEP2 and self._unasked.get(participant, now) is None:
            self._unasked[participant] = now
        if body != EMPTY:
            self._apply(participant, body, quota)

    def _pass_on(self, participant: str, message: bytes, quota: Quota) -> None:
        """Send a sign of presence, such as a cursor, to all other participants. Refuse the sign if the sender may only read."""
        if participant not in self._writers or participant not in self._connected:
            raise RefusedError("not_writer")
        if not quota.signs.take(1, self._clock()):
            raise RefusedError("quota")
        body = check(message)
        self.stats["signs"] += 1
        for other in sorted(self._connected - {participant}):
            self._send(other, passed_on(participant, body))

    def _answer(self, participant: str, state_vector: bytes, quota: Quota) -> None:
        """Reply to a sync request with Yjs' sync step 2: every change that the participant lacks.

        If these changes do not fit into one message, send all stored updates.
        """
        reader = Reader(state_vector)
        for _ in range(reader.uint()):
            reader.uint()
            reader.uint(2**32)
        if reader.at != len(state_vector):
            raise RefusedError("trailing")
        self.stats["step1"] += 1
        update = self._guarded(lambda: self._doc.get_update(state_vector))
        parts = [update] if len(update) <= _MAX_UPDATE_BYTES else self._log.all()
        if not quota.answered.take(sum(map(len, parts)), self._clock()):
            raise RefusedError("quota")
        for index, part in enumerate(parts):
            self._send(participant, _message(_UPDATE if index else _STEP2, part))

    def _apply(self, participant: str, update: bytes, quota: Quota) -> None:
        """Apply an update to the document and publish it. A long update is applied in slices.

        If the author's quota is used up after some slices, publish these slices, and raise RefusedError.
        """
        if participant not in self._writers:
            raise RefusedError("not_writer")
        parsed = parse(update)
        structs, types = self._counted()
        if not self._has_room(len(update), parsed.types):
            raise RefusedError("full")
        self._census = (structs + parsed.count, types + parsed.types)
        most = max(1, SCAN_STRUCTS // (structs + parsed.count + 1))
        whole = parsed.count <= most and len(parsed.deletes) <= most
        changes: list[bytes] = []
        try:
            for piece in [update] if whole else slices(update, parsed, _MAX_UPDATE_BYTES, most):
                self._work(participant, piece, quota)
                changes += self._observed
                self._observed.clear()
                self._log.append(piece)
        finally:
            self._publish(participant, [change for change in changes if change != EMPTY])

    def _work(self, participant: str, piece: bytes, quota: Quota) -> None:
        started = self._clock()
        if not quota.work.take(0.0, started):
            self._behind.add(participant)
            raise RefusedError("quota")
        self._guarded(lambda: self._doc.apply_update(piece))
        quota.work.owe(self._clock() - started)

    def _counted(self) -> tuple[int, int]:
        """Return upper bounds for the numbers of (structs, types) in the document.

        The first call, and the first call after each compaction, counts the document's structs and types. The numbers of
        each later update are added to that count.
        """
        if self._census is None:
            parsed = parse(self._doc.get_update())
            self._census = (parsed.count, parsed.types)
        return self._census

    def _has_room(self, size: int, types: int) -> bool:
        """Return whether an update fits into the document. If the update does not fit, compact the stored updates and try again.

        Compacting removes what was overwritten or deleted. Compacting is costly, so the board compacts at most once in 10 s.
        """
        if self._fits(size, types):
            return True
        now = self._clock()
        if now < self._compact_at:
            return False
        self._compact_at = now + 10.0
        self._log = Segments(_MAX_UPDATE_BYTES)
        self._log.append(self._doc.get_update())
        self._census = None
        return self._fits(size, types)

    def _fits(self, size: int, types: int) -> bool:
        return len(self._log) + size <= MAX_DOCUMENT_BYTES and self._counted()[1] + types <= MAX_TYPES

    def _publish(self, author: str, changes: list[bytes]) -> None:
        if not changes:
            return
        change = changes[0] if len(changes) == 1 else merge_updates(*changes)
        self.stats["updates"] += 1
        self._unflushed.append(change)
        self._on_update(change)
        for part in split(change, _MAX_UPDATE_BYTES):
            message = _message(_UPDATE, part)
            for participant in sorted(self._connected - {author}):
                self._send(participant, message)

    def _guarded(self, work: Callable[[], T]) -> T:
        """Run pycrdt on bytes from a browser. After an error or panic (BaseException), raise RefusedError("malformed").

        Rebuild the document before raising, because an error or panic can leave the document half changed.
        """
        try:
            return work()
        except (KeyboardInterrupt, SystemExit):
            raise
        except Exception:
            self._rebuild()
            raise RefusedError("malformed") from None
        except BaseException:
            self.stats["panics"] += 1
            self._rebuild()
            raise RefusedError("malformed") from None

    def _rebuild(self) -> None:
        self._doc.unobserve(self._subscription)
        self._open()
        for update in self._log.all():
            self._doc.apply_update(update)
        self._observed.clear()

    def catch_up(self) -> None:
        """Send the whole board to participants who have answered our sync request (step 1) but have sent no request of their own.

        Call this method a few times each second.
        """
        due = self._clock() - UNASKED_S
        for participant, came in list(self._unasked.items()):
            if came is not None and came <= due:
                try:
                    self._answer(participant, NOTHING_KNOWN, self._quotas[participant])
                except RefusedError as refusal:
                    self.stats["refused_" + refusal.reason] += 1
                self._unasked.pop(participant, None)

    # -- changes for the journal --------------------------------------------------------------------------------------------

    def flush(self) -> bytes | None:
        """Return one update with all changes since the last flush. None: nothing has changed."""
        changes, self._unflushed = self._unflushed, []
        if not changes:
            return None
        return changes[0] if len(changes) == 1 else merge_updates(*changes)

    def state(self) -> bytes:
        """Return the board's whole document as one update."""
        return self._doc.get_update()

    def close(self) -> None:
        """Release the document. Python would never free a document that is still observed."""
        self._doc.unobserve(self._subscription)
        self._connected.clear()
        self._quotas.clear()


def _message(step: int, body: bytes) -> bytes:
    return bytes([_SYNC, step]) + var_uint(len(body)) + body
