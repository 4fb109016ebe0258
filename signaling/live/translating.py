"""Translate chat lines and captions by the installation's own translation service, which has LibreTranslate's API.

Without such a service nothing is translated, and no text is sent to a translator. A translation is shown next to the original.
Translations are stored only in a small cache in memory. When a session is erased, its translations are removed from this cache.
"""

from __future__ import annotations

import asyncio
from collections import Counter, OrderedDict
from collections.abc import Coroutine, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import aiohttp
import structlog
from msgspec import Struct
from msgspec.structs import replace

from signaling.config.shares import has_place
from signaling.live.connections import Client
from signaling.live.entry import Entry
from signaling.live.index import Index
from signaling.protocol.reading import Reader, Unreadable, by
from signaling.protocol.server_messages import Caption, Translated, encode
from signaling.protocol.session_views import Line
from signaling.protocol.texts import Seen
from signaling.records import Records
from signaling.session import matrix
from signaling.session.model import NotAllowed, Person

log = structlog.get_logger(__name__)

TIMEOUT_S = 10.0  # A request fails if the translation service does not respond within this many seconds.
AT_ONCE = 4  # Largest number of requests to the translation service at the same time.
MOST_WAITING = 40  # Largest number of translations, of all organisations together, that wait or are under way.
MOST_EACH = 5  # One connection may wait for the translation of at most this many lines.
MOST_KEPT = 2000  # Largest number of translations in memory.
MOST_ANSWER_BYTES = 200_000  # Longer responses of the translation service are refused.
TRANSLATED = ("text", "note", "caption")  # Kinds of lines that have a text to translate.
_SCRIPTS = {"zh-hans": "zh", "zh-cn": "zh", "zh-hant": "zt", "zh-tw": "zt"}


class Translation(Struct, frozen=True):
    """A translated text. `source`: the original's language, as the service has detected it, or ""."""

    text: str
    source: str = ""


@dataclass
class _Kept:
    """A translation in memory, and the ids of the sessions that contain its text."""

    translation: Translation
    sessions: set[str]


class _Detected(Struct):
    language: Annotated[str, by(Seen(35, cut=True))] = ""


class _Answer(Struct):
    translatedText: Annotated[str, by(Seen(8000, lines=True, cut=True))]  # noqa: N815  # LibreTranslate's name
    detectedLanguage: _Detected | None = None  # noqa: N815  # LibreTranslate's name


_read_answer: Reader[_Answer] = Reader(_Answer)


class BadKey(ValueError):
    """The file with the translation service's key cannot be read. The exception's text is a sentence for people."""


class Translator:
    """A client of the translation service. `close` ends the connections to the service."""

    def __init__(self, url: str, key_file: Path | None = None) -> None:
        """`url`: the service's address, or "" if there is no service. Raise `BadKey` if the key's file cannot be read."""
        self._url = url.rstrip("/")
        try:
            self._key = key_file.read_text().strip() if key_file is not None else ""
        except (OSError, UnicodeDecodeError) as error:
            raise BadKey(f"The key of the translation service cannot be read: {type(error).__name__}.") from None
        self._session: aiohttp.ClientSession | None = None
        self._turn = asyncio.Semaphore(AT_ONCE)
        self._waiting: Counter[str] = Counter()  # organisation → number of its translations that wait or are under way
        self._kept: OrderedDict[tuple[str, str], _Kept] = OrderedDict()

    @property
    def enabled(self) -> bool:
        """Return whether there is a translation service."""
        return bool(self._url)

    async def translate(
        self, text: str, language: str, session: str, organisation: str = "", organisations: int = 1
    ) -> Translation:
        """Return the translation of a session's text into `language` (a language tag).

        `organisation`: the session's organisation. `organisations`: the number of organisations that share the limit
        `MOST_WAITING`. Raise `NotAllowed` if the service is missing, busy or fails.
        """
        target = _code(language)
        known = self._kept.get((target, text))
        if known is not None:
            self._kept.move_to_end((target, text))
            known.sessions.add(session)
            return known.translation
        if not self.enabled or not has_place(self._waiting, organisation, MOST_WAITING, organisations):
            raise NotAllowed("unavailable")
        self._waiting[organisation] += 1
        try:
            async with self._turn:
                found = await self._ask(text, target)
        finally:
            self._waiting[organisation] -= 1
            self._waiting += Counter()  # removes the organisations whose number is 0
        self._kept.setdefault((target, text), _Kept(found, set())).sessions.add(session)
        if len(self._kept) > MOST_KEPT:
            self._kept.popitem(last=False)
        return found

    def forget(self, session: str) -> None:
        """Remove the translations of an erased session from memory.

        Sessions with the same text share a translation. If another session still needs a translation that is removed here, the
        service is asked again.
        """
        for key in [key for key, kept in self._kept.items() if session in kept.sessions]:
            del self._kept[key]

    async def _ask(self, text: str, target: str) -> Translation:
        body = {"q": text, "source": "auto", "target": target, "format": "text"} | ({"api_key": self._key} if self._key else {})
        if self._session is None:
            self._session = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=TIMEOUT_S))
        try:
            async with self._session.post(f"{self._url}/translate", json=body, allow_redirects=False) as reply:
                if reply.status != 200:
                    log.warning("translation refused", status=reply.status)
                    raise NotAllowed("unavailable")
                answer = bytearray()
                async for chunk in reply.content.iter_chunked(16_384):
                    answer += chunk
                    if len(answer) > MOST_ANSWER_BYTES:
                        raise NotAllowed("unavailable")
            read = _read_answer(bytes(answer))
            source = read.detectedLanguage.language if read.detectedLanguage is not None else ""
            return Translation(read.translatedText, source)
        except (aiohttp.ClientError, OSError, TimeoutError, Unreadable) as error:
            log.warning("translation failed", error=type(error).__name__)
            raise NotAllowed("unavailable") from None

    async def close(self) -> None:
        """End the connections to the service."""
        if self._session is not None:
            await self._session.close()


class Translating:
    """Translates chat lines and captions in the background for the people who ask for translations.

    Messages to other people never wait for the translation service.
    """

    def __init__(self, translator: Translator, records: Records, index: Index) -> None:
        self._translator = translator
        self._records = records
        self._index = index
        self._tasks: dict[asyncio.Task[None], str] = {}  # running task that translates → id of the session
        self._asked: Counter[Client] = Counter()

    @property
    def enabled(self) -> bool:
        """Return whether there is a translation service."""
        return self._translator.enabled

    async def line(self, entry: Entry, client: Client, person: Person, seq: int, language: str) -> None:
        """Begin to translate a chat line for this person.

        Raise `NotAllowed` if the person may not read the line, or if there is no translation service. Raise it also while too
        many translations for this client are under way.
        """
        if not self.enabled or self._asked[client] >= MOST_EACH:
            raise NotAllowed("unavailable")
        line = await self._records.line(entry.id, seq)
        hidden = line is None or line.kind not in TRANSLATED or line.change == "retracted"
        if line is None or hidden or not matrix.may_read(person, line.audience, seq):
            raise NotAllowed("unknown_line")
        self._asked[client] += 1
        self._spawn(entry.id, self._line(entry, client, line, language))

    async def _translated(self, entry: Entry, text: str, language: str) -> Translation:
        return await self._translator.translate(text, language, entry.id, entry.site.organisation, self._index.organisations)

    async def _line(self, entry: Entry, client: Client, line: Line, language: str) -> None:
        session = entry.id
        try:
            found = await self._translated(entry, line.text, language)
        except NotAllowed:
            client.send(Translated(session=session, seq=line.seq, rev=line.rev, language=language, failed=True))
            return
        finally:
            self._asked[client] -= 1
            self._asked += Counter()  # removes clients that do not wait for a translation
        client.send(
            Translated(session=session, seq=line.seq, rev=line.rev, language=language, text=found.text, source=found.source)
        )

    def caption(self, entry: Entry, caption: Caption, readers: Sequence[str]) -> None:
        """Begin to translate a complete caption for the readers who have chosen another language than the spoken language."""
        wanted: dict[str, list[str]] = {}
        for reader in readers:
            language = entry.session.captions.languages.get(reader, "")
            if language and _code(language) != _code(caption.language):
                wanted.setdefault(language, []).append(reader)
        if self.enabled:
            for language, people in wanted.items():
                self._spawn(entry.id, self._caption(entry, caption, language, people))

    async def _caption(self, entry: Entry, caption: Caption, language: str, readers: list[str]) -> None:
        try:
            found = await self._translated(entry, caption.text, language)
        except NotAllowed:
            return  # readers still see the caption in the spoken language
        frame = encode(replace(caption, translation=found.text, translated_to=language))
        for reader in readers:
            if reader in entry.holders:
                entry.holders[reader].send_encoded(frame)

    def forget(self, session: str) -> None:
        """End the translations of an erased session, and remove its finished translations from memory."""
        for task in [task for task, of in self._tasks.items() if of == session]:
            task.cancel()
        self._translator.forget(session)

    def _spawn(self, session: str, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks[task] = session
        task.add_done_callback(lambda done: self._tasks.pop(done, None))

    async def close(self) -> None:
        """End all translations and the connections to the service."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._translator.close()


def _code(language: str) -> str:
    """Return LibreTranslate's code for a language tag: "ko" for "ko-KR", "zh" for "zh-Hans"."""
    return _SCRIPTS.get(language.lower(), language.partition("-")[0].lower())
