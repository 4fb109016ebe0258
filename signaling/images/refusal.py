"""The reasons for refusing a picture that somebody sends."""

from __future__ import annotations

from signaling.protocol.reasons import PictureReason

MOST_BYTES = 8 * 1024 * 1024
MOST_PIXELS = 50_000_000  # at most this many pixels in a picture: enough for the 48 megapixels of phones

SENTENCES: dict[PictureReason, str] = {
    "not_a_picture": "This file cannot be shown. Send a picture in JPEG, PNG, WebP, HEIC or AVIF.",
    "picture_too_large": "The picture is too large. The limits are 8 MB and 50 megapixels.",
    "picture_too_costly": "This picture takes too much to open. Save it smaller (12 megapixels or less) and send it again.",
    "picture_damaged": "The picture is damaged.",
}


class PictureRefused(Exception):
    """A picture from a stranger is refused. `reason`: a key of `SENTENCES`."""

    def __init__(self, reason: PictureReason) -> None:
        super().__init__(reason)
        self.reason = reason
        self.sentence = SENTENCES[reason]
