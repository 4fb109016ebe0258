from __future__ import annotations

import unicodedata

import pytest

from signaling.files import file_name
from signaling.protocol.texts import count


@pytest.mark.parametrize(
    ("given", "name"),
    [
        ("보고서.pdf", "보고서.pdf"),
        (unicodedata.normalize("NFD", "보고서.pdf"), "보고서.pdf"),
        ("../../etc/passwd", "passwd"),
        ("C:\\Users\\mina\\a.docx", "a.docx"),
        ("invoice\u202efdp.exe", "invoicefdp.exe"),
        ("a\r\nSet-Cookie: x.txt", "a Set-Cookie_ x.txt"),
        ('a"; filename="b.exe', "a_; filename=_b.exe"),
        ("..", ""),
        (" .hidden. ", "hidden"),
        ("CON.txt", "_CON.txt"),
        ("console.txt", "console.txt"),
        ("a\u200bb\x00.pdf", "ab.pdf"),
        ("\ud800.pdf", "\ufffd.pdf"),
    ],
)
def test_name_is_one_that_anybody_can_save_under(given: str, name: str) -> None:
    assert file_name(given) == name


def test_long_name_keeps_its_ending() -> None:
    name = file_name("가" * 500 + ".hwpx")
    assert name.endswith("….hwpx")
    assert count(name) == 120
