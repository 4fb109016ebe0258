"""Store test data as the service does: a session, and its pictures, files and recordings."""

from __future__ import annotations

from typing import Any

from media.api.recording_files import Ended, TrackBegan, TrackEnded, encode_entry
from signaling.records import FileRecord, PictureRecord, SessionRecord
from signaling.server.app_keys import FILES

from .conftest import Desk


async def session(desk: Desk, session_id: str, **fields: Any) -> None:
    """Store a closed session of the demo shop."""
    values: dict[str, Any] = {"site": "demo-shop", "category": "cameras", "language": "ko", "channel": "text", "state": "closed"}
    await desk.records.create_session(SessionRecord(id=session_id, **(values | fields)))


async def picture(desk: Desk, picture_id: str, session: str, *, data: bytes = b"picture", **fields: Any) -> None:
    """Store a picture that the session's user has sent to everybody."""
    values: dict[str, Any] = {"audience": "all", "use": "line", "author": "u-1", "mime": "image/webp", "width": 1, "height": 1}
    await desk.records.add_picture(PictureRecord(id=picture_id, session=session, data=data, **(values | fields)))


async def file(desk: Desk, file_id: str, session: str, *, data: bytes = b"pdf", **fields: Any) -> None:
    """Store a file that the session's user has sent to everybody: its content, and its row in the database."""
    path = desk.app[FILES].path(session, file_id)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    values: dict[str, Any] = {"audience": "all", "author": "u-1", "name": "a.pdf", "kind": "pdf", "mime": "application/pdf"}
    values |= {"size": len(data), "locked": False, "at": 1}
    await desk.records.add_file(FileRecord(id=file_id, session=session, **(values | fields)))


def recording(desk: Desk, session: str, data: bytes = b"voice") -> None:
    """Store a recording of three seconds: one track, and what staff saw of the user's page."""
    folder = desk.settings.recordings_dir / session / "1-1"
    folder.mkdir(parents=True)
    log = [TrackBegan(at=1000, n=1, participant="u-1", kind="audio"), TrackEnded(at=4000, n=1), Ended(at=4000)]
    (folder / "segment.jsonl").write_bytes(b"".join(encode_entry(entry) + b"\n" for entry in log))
    (folder / "1.webm").write_bytes(data)
    (folder.parent / "1-1.page.jsonl").write_text('{"at":1000,"seen_by":["jimin"]}\n')
