"""Answer a message that a user left.

After the answer, the conversation is asleep until its user writes again. A mail gives the user a link into the conversation.
"""

from __future__ import annotations

from signaling.live.chat import Lines
from signaling.live.connections import Client
from signaling.live.index import Index
from signaling.live.mailing import Mailing
from signaling.live.sessions import Sessions
from signaling.live.stored_sessions import StoredSessions
from signaling.protocol.mail_addresses import address_in
from signaling.records import Audited, MessageRecord, Records
from signaling.records.outbox import MailRefused
from signaling.records.types import StaffRecord
from signaling.session.events import MessageAnswered
from signaling.session.model import NotAllowed


class Answering:
    """Answers messages that users left while nobody was available.

    If answering failed and staff try again, the conversation still contains only one answer, with the text of the last try. One
    transaction puts the mail into the outbox and marks the message as answered. So the user gets only one mail, even if this
    server dies before all steps are done.
    """

    def __init__(
        self,
        *,
        records: Records,
        stored: StoredSessions,
        sessions: Sessions,
        lines: Lines,
        index: Index,
        mailing: Mailing,
    ) -> None:
        self._records = records
        self._stored = stored
        self._sessions = sessions
        self._lines = lines
        self._index = index
        self._mailing = mailing
        self._under_way: set[str] = set()  # ids of the messages that staff are answering now

    async def answer(self, client: Client, staff: StaffRecord, message: MessageRecord, text: str) -> None:
        """Write the answer to a message that a user left into the user's conversation, and mail the user a link to the answer.

        Raise NotAllowed or RecordsAway.

        If the mail is refused, for example because the address has unsubscribed, the list of messages shows the refusal to staff.
        """
        if not address_in(message.contact) or not self._mailing.enabled or message.mail or message.id in self._under_way:
            raise NotAllowed("wrong_state")
        self._under_way.add(message.id)
        try:
            await self._answer(client, staff, message, text)
        finally:
            self._under_way.discard(message.id)

    async def _answer(self, client: Client, staff: StaffRecord, message: MessageRecord, text: str) -> None:
        taken = await self._take(staff, message)
        if taken.mail:  # another call of this method has answered the message already
            raise NotAllowed("wrong_state")
        entry = await self._stored.any_session(message.session)
        if entry is None:
            raise NotAllowed("unknown")
        entry = self._index.entries.setdefault(entry.id, entry)
        if entry.session.state == "message_left":
            await self._sessions.apply(entry, MessageAnswered(staff.id, staff.name))
        person = entry.session.people.get(staff.id)
        if person is None or person.gone or entry.session.state != "asleep":
            raise NotAllowed("wrong_state")
        entry.hold(staff.id, client)
        seq = await self._lines.answer(entry, person, f"answer-{message.id}", text)
        audit = [Audited(staff.id, "message.answer", f"session/{entry.id}")]
        try:
            await self._mailing.message_answered(entry, taken, staff.name, seq, audit=audit)
        except MailRefused as error:
            await self._records.answer_not_mailed(message.id, error.reason, audit=audit)
        self._sessions.show(entry)

    async def _take(self, staff: StaffRecord, message: MessageRecord) -> MessageRecord:
        try:
            return await self._records.set_message_state(message.id, "taken", staff.id)
        except LookupError:
            raise NotAllowed("unknown") from None
        except ValueError:
            raise NotAllowed("wrong_state") from None
