"""Saved replies as CSV, written for spreadsheets and read from them."""

from __future__ import annotations

import pytest

from signaling.records import Site
from signaling.records.reply_csv import BadTable, Row, read, write

SITE = Site(id="shop", languages=["ko", "en"])
HOSTILE = ["=1+1", "+82 2 123", "-5 %", "@SUM(A1)", "'quoted'", "'=1", "''"]


def back(rows: list[Row]) -> list[Row]:
    return read(write(rows).encode(), SITE.language_for)


@pytest.mark.parametrize("text", HOSTILE)
def test_no_cell_runs_as_a_formula_and_all_come_back_unchanged(text: str) -> None:
    written = write([Row("ko", text, text)])
    cells = written.split("\r\n")[1].replace('"', "").split(",")
    assert [cell[0] for cell in cells[1:]] == ["'", "'"]
    assert back([Row("ko", text, text)]) == [Row("ko", text, text)]


def test_commas_quotes_and_line_ends_come_back() -> None:
    row = Row("", "반품, 교환", '그는 "네"라고\n말했어요.')
    assert back([row]) == [row]


def test_a_person_may_write_the_file_by_hand() -> None:
    typed = "Language,Title,Text\nko-KR,배송,이틀 걸려요.\n\n,Thanks,'tis done\nko,배송,하루 걸려요.\n".encode()
    assert read(typed, SITE.language_for) == [Row("ko", "배송", "하루 걸려요."), Row("", "Thanks", "'tis done")]


@pytest.mark.parametrize(
    ("data", "told"),
    [
        ("제목".encode("cp949"), "UTF-8"),
        (b"", "first line"),
        (b"title,text\n", "first line"),
        (b"language,title,text\nko,a\n", "Line 2 must have 3 cells"),
        (b"language,title,text\nko,a,b\nde,a,b\n", "language in line 3"),
        (b"language,title,text\nko,,b\n", "line 2 is empty"),
        (b'language,title,text\nko,"a,b\n', "quotation mark"),
        (b"language,title,text\nko," + b"x" * 200_000 + b",b\n", "Line 2"),
        (b"language,title,text\nko," + b"x" * 81 + b",b\n", "longer than 80"),
    ],
)
def test_a_bad_file_is_refused_with_its_line(data: bytes, told: str) -> None:
    with pytest.raises(BadTable, match=told):
        read(data, SITE.language_for)
