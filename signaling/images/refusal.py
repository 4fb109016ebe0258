"""Why a picture is refused."""

from __future__ import annotations

MOST_BYTES = 8 * 1024 * 1024
MOST_PIXELS = 50_000_000  # the camera of a phone with 48 megapixels

SENTENCES = {
    "not_a_picture": "This is not a picture that can be shown. JPEG, PNG and WebP are.",
    "picture_too_large": "The picture is too large: 8 MB and 50 megapixels at most.",
    "picture_too_costly": "This picture takes too much to open. Save it smaller (12 megapixels or less) and send it again.",
    "picture_damaged": "The picture is damaged.",
}


class PictureRefused(Exception):
    """`reason`: a key of `SENTENCES`."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason
        self.sentence = SENTENCES[reason]
