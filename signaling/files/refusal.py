"""The reasons for refusing a file that somebody sends."""

from __future__ import annotations

from signaling.protocol.reasons import FileReason

SENTENCES: dict[FileReason, str] = {
    "file_empty": "This file is empty.",
    "file_unknown": "Files of this kind are not taken here. "
    "Send a PDF, an office document, a text, a sound, a video, or a ZIP file.",
    "file_mislabelled": "The end of this file's name does not fit its content, so it is not taken.",
    "file_has_macros": "This document contains macros. Save it without them, as .docx, .xlsx or .pptx, and send it again.",
    "file_damaged": "This file is damaged or not complete.",
    "file_infected": "The virus scanner found something in this file, so it is not taken.",
    "scan_failed": "Files cannot be checked for viruses at the moment, so none is taken. Try again in a minute.",
}


class FileRefused(Exception):
    """A sent file is refused. `reason`: a key of `SENTENCES`.

    `found`: the virus scanner's name for the virus that it found, or "".
    """

    def __init__(self, reason: FileReason, found: str = "") -> None:
        super().__init__(reason)
        self.reason = reason
        self.sentence = SENTENCES[reason]
        self.found = found
