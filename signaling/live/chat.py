"""Store chat lines, acknowledge them, and send them to everyone who may read them. Users and guests never get lines for staff."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from typing import Any

from msgspec.structs import replace

from signaling.live.clock import Now
from signaling.live.connections import Client
from signaling.live.entry import Entry
from signaling.live.pending_writes import Owed
from signaling.protocol.audit_actions import AuditAction
from signaling.protocol.client_messages import EditLine, GetLines, ReportRead, RetractLine, SendLine, Typing
from signaling.protocol.server_messages import LineAck, LineChanged, LineMarks, NewLine, TypingNow, encode
from signaling.protocol.server_messages import Lines as LinesReply
from signaling.protocol.session_views import Line, Mark
from signaling.protocol.words import Audience
from signaling.records import Audited, FileRecord, Records, RecordsAway
from signaling.records.lines import without_former
from signaling.session import corrections, matrix, read_marks
from signaling.session.effects import Say
from signaling.session.model import NotAllowed, Person

CATCH_UP_LINES = 500  # Largest number of new or changed lines in one reply to a client that asks for missed lines.
PAGE_LINES = 200  # Largest number of lines in a reply to a client that asks for the lines before a given line.

# Largest number of characters of lines in one WebSocket frame. A larger frame would delay the messages behind it, or fill the
# client's queue.
PAGE_CHARACTERS = 100_000
CHANGEABLE = frozenset({"waiting", "active", "asleep", "after"})  # states of a session in which lines may be edited and retracted


class Lines:
    def __init__(self, *, records: Records, owed: Owed, answered: Callable[[Entry, Line], None], now: Now) -> None:
        """`answered` is called with each new line or file that a participant sends."""
        self._records = records
        self._owed = owed
        self._now = now
        self._answered = answered

    async def receive(self, entry: Entry, client: Client, person: Person, message: SendLine) -> Line:
        """Store a participant's line, acknowledge the line, show it and return it.

        If a client sends a line twice, the line is stored once and acknowledged twice.

        Raise `RecordsAway` while the database is unavailable, and while earlier writes still wait for the database. In this case
        the line is not acknowledged, and the client keeps it. Raise `NotAllowed` if the person may not write the line.
        """
        if self._owed:
            raise RecordsAway
        audience = await self._audience(entry, person, message)
        async with entry.lines_lock:
            line, new = await self._records.append_line(
                entry.id,
                line_id=message.line,
                **_by(person),
                kind=message.kind,
                audience=audience,
                text=message.text,
                args=_label(person),
                picture=message.picture if message.kind == "picture" else "",
                reply_to=message.reply_to,
                at=self._now(),
            )
            client.send(LineAck(session=entry.id, line=message.line, seq=line.seq, at=line.at))
            if new:
                self._fan_out(entry, line)
                self._answered(entry, line)
        return line

    async def share(self, entry: Entry, person: Person, line_id: str, file: FileRecord) -> Line:
        """Store and show a chat line for a file. Return the line.

        If a line with this id is stored already, remove the row of `file` from the database, and return the stored line.
        """
        if self._owed:
            raise RecordsAway
        audience = self._audience_now(entry, person, "text", file.audience)
        await self._records.add_file(replace(file, audience=audience))
        new = False
        try:
            async with entry.lines_lock:
                line, new = await self._records.append_line(
                    entry.id,
                    line_id=line_id,
                    **_by(person),
                    kind="file",
                    audience=audience,
                    text=file.name,
                    args=_args_of(file) | _label(person),
                    at=self._now(),
                )
                if new:
                    self._fan_out(entry, line)
                    self._answered(entry, line)
            return line
        finally:
            if not new:
                await self._records.remove_file(file.id)

    async def edit(self, entry: Entry, person: Person, message: EditLine) -> None:
        """Change the text of a line of this person, and show it to everyone who may read the line."""
        now = self._now()
        await self._change(entry, person, message.seq, lambda line: corrections.edited(line, person.id, message.text, now))

    async def retract(self, entry: Entry, person: Person, message: RetractLine) -> None:
        """Remove the text or picture of a line of this person. Staff still see what the line said."""
        now = self._now()
        await self._change(entry, person, message.seq, lambda line: corrections.retracted(line, person.id, now))

    async def _change(self, entry: Entry, person: Person, seq: int, change: Callable[[Line], Line | None]) -> None:
        """Store a change of a line and show it.

        Raise `RecordsAway` while the database is unavailable. In this case the change is not acknowledged, and the client keeps
        it.
        """
        if self._owed:
            raise RecordsAway
        if entry.session.state not in CHANGEABLE:
            raise NotAllowed("wrong_state")

        def audit(line: Line) -> list[Audited]:
            action: AuditAction = "line.retract" if line.change == "retracted" else "line.edit"
            own = Audited(person.staff, action, f"session/{entry.id}", f"line {seq}")
            return [own] if person.staff else []

        async with entry.lines_lock:
            try:
                line = await self._records.change_line(entry.id, seq, change, audit)
            except LookupError:
                raise NotAllowed("unknown_line") from None
            if line is None:
                return
            self._fan_out(entry, line, LineChanged)

    async def _audience(self, entry: Entry, person: Person, message: SendLine) -> Audience:
        """Return the audience of a line: who may read it. Raise `NotAllowed` if this person may not write the line."""
        audience = self._audience_now(entry, person, message.kind, message.audience)
        if message.mentions and audience != "staff":
            raise NotAllowed("staff_lines_only")
        if message.kind == "picture":
            picture = await self._records.picture(message.picture)
            if picture is None or picture.session != entry.id or (audience == "all" and picture.audience == "staff"):
                raise NotAllowed("unknown_picture")
        elif not message.text.strip():
            raise NotAllowed("empty")
        await self._check_reply(entry, person, audience, message.reply_to)
        return audience

    def _audience_now(self, entry: Entry, person: Person, kind: str, wanted: Audience) -> Audience:
        state = entry.session.state
        if state not in ("waiting", "active") and not (state in ("asleep", "after") and person.staff):
            raise NotAllowed("wrong_state")
        if kind == "note" and not person.staff:
            raise NotAllowed("not_yours")
        return "staff" if kind == "note" or state == "after" else matrix.audience(entry.session, person, wanted)

    async def _check_reply(self, entry: Entry, person: Person, audience: Audience, seq: int) -> None:
        """Refuse a reply if the author or a reader of the reply may not read the quoted line.

        A reply to a system line is refused, too. The reason is always the same as for a line that does not exist.
        """
        quoted = await self._records.line(entry.id, seq) if seq else None
        hidden = quoted is None or quoted.kind == "system" or not matrix.may_read(person, quoted.audience, seq)
        if seq and (quoted is None or hidden or (audience == "all" and quoted.audience == "staff")):
            raise NotAllowed("unknown_line")

    async def system(self, entry: Entry, say: Say) -> None:
        await self._by_us(
            entry,
            line_id=f"sys-{secrets.token_hex(6)}",
            author="",
            name="",
            role="system",
            kind="system",
            audience=say.audience,
            text=say.text,
            args=dict(say.args),
        )

    async def question(self, entry: Entry, person: Person, text: str) -> None:
        """Store the first line of the conversation: the question that the user typed before the conversation began.

        A repeated call stores nothing.
        """
        if text:
            await self._by_us(
                entry,
                line_id="question",
                **_by(person),
                kind="text",
                audience="all",
                text=text,
            )

    async def answer(self, entry: Entry, person: Person, line_id: str, text: str) -> int:
        """Store and show the answer to a message that the user left. Return the number of the answer's line.

        A repeated call stores no second line. If the repeated call has another text, the stored line is edited. Raise
        `RecordsAway` while the database is unavailable, and `NotAllowed` if the line has been edited too often.
        """
        if self._owed:
            raise RecordsAway
        now = self._now()
        async with entry.lines_lock:
            line, new = await self._records.append_line(
                entry.id,
                line_id=line_id,
                **_by(person),
                kind="text",
                audience="all",
                text=text,
                at=now,
            )
            if new:
                self._fan_out(entry, line)
        if not new:
            await self._change(entry, person, line.seq, lambda stored: corrections.answered_again(stored, text, now))
        return line.seq

    async def note(self, entry: Entry, person: Person, text: str) -> None:
        """Store a note for staff. The note's author may have left the room."""
        await self._by_us(
            entry,
            line_id=f"note-{secrets.token_hex(6)}",
            **_by(person),
            kind="note",
            audience="staff",
            text=text,
        )

    async def caption(
        self, entry: Entry, person: Person, line_id: str, text: str, audience: Audience, args: dict[str, str]
    ) -> None:
        """Store words that a person has said.

        The chat does not show these words. They were shown as captions.
        """
        at = self._now()

        async def write(_: bool) -> None:
            async with entry.lines_lock:
                line, _ = await self._records.append_line(
                    entry.id,
                    line_id=line_id,
                    author=person.id,
                    name=person.name,
                    role=person.role,
                    kind="caption",
                    audience=audience,
                    text=text,
                    args=args | _label(person),
                    at=at,
                )
                entry.last_seq = max(entry.last_seq, line.rev)

        await self._owed.now_or_later(entry.id, write)

    async def erase_captions(self, entry: Entry) -> None:
        """Delete all captions of the session. Captions that still wait for the database are first stored and then deleted."""

        async def write(_: bool) -> None:
            async with entry.lines_lock:
                await self._records.erase_captions(entry.id)

        await self._owed.now_or_later(entry.id, write)

    async def _by_us(self, entry: Entry, **values: Any) -> None:
        """Store and show a line that the server makes, for example a system line. No client would send such a line again.

        So while the database is unavailable, the line is kept in memory.
        """
        at = self._now()

        async def write(_: bool) -> None:
            async with entry.lines_lock:
                line, new = await self._records.append_line(entry.id, at=at, **values)
                if new:
                    self._fan_out(entry, line)

        await self._owed.now_or_later(entry.id, write)

    def _fan_out(self, entry: Entry, line: Line, kind: type[NewLine | LineChanged] = NewLine) -> None:
        entry.last_seq = max(entry.last_seq, line.rev)
        for_staff = encode(kind(session=entry.id, line=line))
        for_users = encode(kind(session=entry.id, line=without_former(line)))
        for participant, client in entry.holders.items():
            if _is_staff(entry, participant):
                client.send_encoded(for_staff)
            elif _may_read(entry, participant, line):
                client.send_encoded(for_users)
        for client in entry.readers.values():
            client.send_encoded(for_staff)

    async def page(self, entry: Entry, client: Client, person: Person, message: GetLines) -> None:
        """Send the lines that a client asks for.

        If the site uses read marks, also send the read marks, unless the client asks for older lines.
        """
        await self.pages(entry, client, "staff" if person.staff else "all", message, person.lines_from)
        if not message.before and entry.site.read_marks == "on":
            self._send_marks(entry, client, person.id, await self._marks(entry))

    async def pages(self, entry: Entry, client: Client, audience: Audience, message: GetLines, first: int = 0) -> None:
        """Send the lines that a client asks for.

        Lines that `audience` may not read are left out, and so are lines with a number below `first`.
        """
        if message.before is None:
            await self._catch_up(entry, client, message, audience, first)
        else:
            await self._older(entry, client, message, message.before, audience, first)

    async def _catch_up(self, entry: Entry, client: Client, message: GetLines, audience: Audience, first: int) -> None:
        found: list[Line] = []
        rev = entry.last_seq
        # Skip changes whose `rev` (the number of the change) is below `first`. A line's `rev` is never lower than the line's own
        # number, so these changes belong to lines before `first`.
        after = max(message.after, first - 1)
        if after < rev:
            found = await self._records.line_changes(entry.id, after, CATCH_UP_LINES + 1, audience)
        page = _page(found[:CATCH_UP_LINES])
        more = len(found) > len(page)
        page = [line for line in page if line.seq >= first]
        client.send(LinesReply(session=entry.id, lines=page, more=more and bool(page), rev=rev, id=message.id))

    async def _older(self, entry: Entry, client: Client, message: GetLines, before: int, audience: Audience, first: int) -> None:
        # A client ignores changes of lines that it has not fetched. So hold the lock: then no line changes between reading and
        # sending.
        async with entry.lines_lock:
            found: list[Line] = []
            # this saves a query: most waiting users have no lines yet, and thousands of them may reconnect at once
            if entry.last_seq:
                found = await self._records.lines_before(entry.id, before, PAGE_LINES + 1, audience)
            page = _page(found[: -PAGE_LINES - 1 : -1])[::-1]
            more = len(found) > len(page) and page[0].seq > first
            page = [line for line in page if line.seq >= first]
            client.send(LinesReply(session=entry.id, lines=page, more=more, before=before, rev=entry.last_seq, id=message.id))

    async def read(self, entry: Entry, person: Person, message: ReportRead) -> None:
        """Store which lines a person's page has received and shown. Send the new read marks to the other participants.

        Do nothing if the site does not use read marks.
        """
        if entry.site.read_marks == "off":
            return
        async with entry.lines_lock:
            marks = await self._marks(entry)
            before = marks.get(person.id, Mark(participant=person.id))
            mark = read_marks.reported(before, message.delivered, message.spans, entry.last_seq, person.lines_from)
            if mark == before:
                return
            marks[person.id] = mark
        await self._owed.now_or_later(entry.id, lambda _: self._records.save_mark(entry.id, mark), f"mark-{person.id}")
        for participant, client in entry.holders.items():
            reader = entry.session.people.get(participant)
            if participant != person.id and reader is not None and not (reader.arriving or reader.is_camera):
                self._send_marks(entry, client, participant, marks)

    async def _marks(self, entry: Entry) -> dict[str, Mark]:
        if entry.marks is None:
            entry.marks = await self._records.marks(entry.id) if entry.last_seq else {}
        return entry.marks

    def _send_marks(self, entry: Entry, client: Client, participant: str, marks: dict[str, Mark]) -> None:
        client.send(LineMarks(session=entry.id, marks=read_marks.marks_for(entry.session, marks, participant)))

    def typing(self, entry: Entry, person: Person, message: Typing) -> None:
        audience = matrix.audience(entry.session, person, message.audience)
        frame = encode(TypingNow(session=entry.id, participant=person.id, on=message.on))
        for participant, client in entry.holders.items():
            reader = entry.session.people.get(participant)
            if (
                participant != person.id
                and reader
                and not (reader.arriving or reader.is_camera)
                and (audience == "all" or _is_staff(entry, participant))
            ):
                client.send_encoded(frame)


def _by(person: Person) -> dict[str, Any]:
    """Return the values of the database columns that name this person as the author of a chat line."""
    return {"author": person.id, "name": person.name, "role": person.role}


def _label(person: Person) -> dict[str, str]:
    """Return the `args` of a line with the label of its author, such as "interpreter". Return {} if the author has no label.

    Only guests have labels. The label is stored with each line, so that the line shows it even after the guest has left.
    """
    return {"label": person.label} if person.label else {}


def _args_of(file: FileRecord) -> dict[str, str]:
    args = {"file": file.id, "kind": file.kind, "bytes": str(file.size)}
    return args | {"locked": "yes"} if file.locked else args


def _page(lines: list[Line]) -> list[Line]:
    """Return the first of these lines: at least one, and as many as fit into one WebSocket frame."""
    page: list[Line] = []
    characters = 0
    for line in lines:
        characters += len(line.text) + sum(len(former.text) for former in line.former)
        if page and characters > PAGE_CHARACTERS:
            break
        page.append(line)
    return page


def _may_read(entry: Entry, participant: str, line: Line) -> bool:
    person = entry.session.people.get(participant)
    return person is not None and not person.gone and matrix.may_read(person, line.audience, line.seq)


def _is_staff(entry: Entry, participant: str) -> bool:
    person = entry.session.people.get(participant)
    return person is not None and bool(person.staff) and not person.gone
