"""The zip file with all stored data about a person.

The file is sent while it is written, so even a large file needs little memory.
"""

from __future__ import annotations

import asyncio
import zipfile
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
from aiohttp import web

from signaling.records import SessionRecord
from signaling.server.app_keys import FILES, RECORDINGS, RECORDS
from signaling.server.http import operator
from signaling.server.http.allowed import Asker
from signaling.transcripts import page, zone_of
from signaling.transcripts.reading import conversation_of, pictures_for

_PIECE_BYTES = 256 * 1024
_ENDINGS = {"image/webp": "webp", "image/png": "png", "image/jpeg": "jpg", "image/gif": "gif"}


class _Out:
    """Collects the bytes of the zip file until they are sent.

    This object is not seekable, so `zipfile` writes the sizes of each zipped file behind the file's data.
    """

    def __init__(self) -> None:
        self._written = bytearray()

    def write(self, data: bytes) -> int:
        self._written += data
        return len(data)

    def flush(self) -> None:
        """Do nothing. The method exists because `zipfile` calls it."""

    def take(self) -> bytes:
        data, self._written = bytes(self._written), bytearray()
        return data


class Export:
    """The export of a person's sessions.

    Each session has a folder with its data, conversation, pictures, files and recordings.
    """

    def __init__(self, request: web.Request, asker: Asker, sessions: list[SessionRecord]) -> None:
        self._request, self._asker, self._sessions = request, asker, sessions
        self._records = request.app[RECORDS]
        self._out = _Out()
        self._zip = zipfile.ZipFile(self._out, "w", zipfile.ZIP_DEFLATED)  # type: ignore[call-overload]  # needs only `_Out`'s methods

    async def pieces(self) -> AsyncIterator[bytes]:
        """Yield the zip file in pieces."""
        held = await self._records.held([each.id for each in self._sessions])
        summary = {"exported_at": datetime.now(UTC).isoformat(), "sessions": [each.id for each in self._sessions], "held": held}
        yield self._json("person.json", summary)
        for session in self._sessions:
            async for piece in self._session(session):
                yield piece
        self._zip.close()
        yield self._out.take()

    async def _session(self, session: SessionRecord) -> AsyncIterator[bytes]:
        here, records = f"sessions/{session.id}", self._records
        yield self._json(f"{here}/session.json", await operator.detail_of(self._request, self._asker, session, ""))
        yield self._json(f"{here}/messages.json", await records.messages_of(session.id))
        yield self._json(f"{here}/notes.json", await records.notes_of(session.id))
        conversation = await conversation_of(records, session, "staff", "", zone_of(""))
        with self._zip.open(f"{here}/conversation.html", "w") as entry:
            async for text in page(conversation, pictures_for(records, session.id, "staff")):
                entry.write(text.encode())
                yield self._out.take()
        for picture_id in await records.pictures_of(session.id):
            picture = await records.picture(picture_id)
            if picture is not None:
                name = f"{here}/pictures/{picture_id}.{_ENDINGS.get(picture.mime, 'bin')}"
                yield self._whole(name, picture.data, zipfile.ZIP_STORED)
        for file in await records.files_of(session.id):
            async for piece in self._copied(
                f"{here}/files/{file.id}-{_plain(file.name)}", self._request.app[FILES].path(session.id, file.id)
            ):
                yield piece
        recordings = self._request.app[RECORDINGS]
        for segment in await recordings.of(session.id):
            for track in segment.tracks:
                name = f"{here}/recordings/{segment.name}/{track.n}-{track.kind}.webm"
                async for piece in self._copied(name, recordings.path(session.id, segment, track)):
                    yield piece
            page_name = f"{here}/recordings/{segment.name}/page.jsonl"
            async for piece in self._copied(page_name, recordings.page_path(session.id, segment)):
                yield piece

    def _json(self, name: str, value: Any) -> bytes:
        return self._whole(name, msgspec.json.format(msgspec.json.encode(value), indent=2))

    def _whole(self, name: str, data: bytes, how: int = zipfile.ZIP_DEFLATED) -> bytes:
        """Add a file with these bytes to the zip file. Return the bytes of the zip file that are not sent yet.

        `how`: the compression; none for pictures, which are compressed already and whose compression would block the event loop.
        """
        self._zip.writestr(name, data, how)
        return self._out.take()

    async def _copied(self, name: str, path: Path) -> AsyncIterator[bytes]:
        """Add a file from the disk to the zip file, and yield the zip file's bytes. Skip a file that does not exist any more."""
        try:
            source = await asyncio.to_thread(path.open, "rb")
        except OSError:
            return
        # stored without compression, because media is compressed already
        with source, self._zip.open(zipfile.ZipInfo(name), "w", force_zip64=True) as entry:
            while data := await asyncio.to_thread(source.read, _PIECE_BYTES):
                entry.write(data)
                yield self._out.take()


def _plain(name: str) -> str:
    """Return a file's name without characters that could lead out of its folder in the zip file."""
    return name.replace("/", "_").replace("\\", "_").lstrip(".")[:100] or "file"
