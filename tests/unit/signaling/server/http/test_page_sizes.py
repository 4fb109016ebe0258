"""The files that a browser loads before it can show the call page or the widget are small. Sizes are counted after gzip."""

from __future__ import annotations

from tests.bench.sizes import PAGES, packed, page_bytes

CALL_BYTES_MOST = 61_440
WIDGET_BYTES_MOST = 2_048


def test_call_page_and_texts_of_one_language_are_small() -> None:
    assert page_bytes("call") <= CALL_BYTES_MOST


def test_widget_is_small() -> None:
    assert packed(PAGES / "widget.js") <= WIDGET_BYTES_MOST
