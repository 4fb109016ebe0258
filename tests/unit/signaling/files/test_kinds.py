from __future__ import annotations

from pathlib import Path

import pytest

from signaling.files import FileRefused, look

from . import samples as s

KOREAN = "이름,전화\n민아,010\n"
TAKEN = [
    ("계약서.pdf", s.pdf(), "pdf", False),
    ("a.PDF", b"\n" + s.pdf(), "pdf", False),
    ("명세서.pdf", s.pdf() + b"trailer << /Encrypt 12 0 R >>", "pdf", True),
    ("a.docx", s.office("word"), "docx", False),
    ("a.xlsx", s.office("xl"), "xlsx", False),
    ("a.pptx", s.office("ppt"), "pptx", False),
    ("a.odt", s.archive({"content.xml": b""}, "application/vnd.oasis.opendocument.text"), "odt", False),
    ("a.ods", s.archive({"content.xml": b""}, "application/vnd.oasis.opendocument.spreadsheet"), "ods", False),
    ("a.odp", s.archive({"encrypted-package": b"x"}, "application/vnd.oasis.opendocument.presentation"), "odp", True),
    ("a.hwpx", s.archive({"Contents/header.xml": b""}, "application/hwp+zip"), "hwpx", False),
    ("a.hwp", s.hwp(), "hwp", False),
    ("a.hwp", s.hwp(flags=3), "hwp", True),
    ("a.doc", s.stream("WordDocument"), "doc", False),
    ("a.xls", s.stream("Workbook"), "xls", False),
    ("a.xlsx", s.stream("EncryptedPackage"), "xlsx", True),
    ("a.zip", s.archive({"a.txt": b"a"}), "zip", False),
    ("a.zip", s.locked(s.archive({"a.txt": b"a"})), "zip", True),
    ("a.csv", KOREAN.encode("cp949"), "csv", False),
    ("a.csv", KOREAN.encode("utf-16"), "csv", False),
    ("a.txt", "BM MZ 안녕".encode(), "txt", False),
    ("a.wav", s.sound(), "wav", False),
    ("녹음.m4a", s.movie(b"M4A "), "m4a", False),
    ("a.mp4", s.movie(b"isom"), "mp4", False),
    ("a.mov", s.movie(b"qt  "), "mov", False),
    ("a.webm", b"\x1a\x45\xdf\xa3\x01\x42\x82\x84webm" + bytes(50), "webm", False),
]
REFUSED = [
    ("a.txt", b"", "file_empty"),
    ("a.exe", b"MZ\x90\x00" + bytes(100), "file_unknown"),
    ("a.pdf", b"MZ\x90\x00" + bytes(100), "file_unknown"),
    ("a.gif", b"GIF89a" + bytes(100), "file_unknown"),
    ("a.pdf.exe", s.pdf(), "file_mislabelled"),
    ("a.txt", s.pdf(), "file_mislabelled"),
    ("a.html", b"<script>alert(1)</script>", "file_mislabelled"),
    ("a.svg", b"<svg xmlns='http://www.w3.org/2000/svg'/>", "file_mislabelled"),
    ("a.bat", b"del *.*", "file_mislabelled"),
    ("a.jar", s.archive({"META-INF/MANIFEST.MF": b""}), "file_mislabelled"),
    ("a.docm", s.office("word", **{"word/vbaProject.bin": b"x"}), "file_has_macros"),
    ("a.xls", s.stream("Workbook") + s.stream("_VBA_PROJECT"), "file_has_macros"),
    ("a.zip", s.archive({"a.txt": b"a"})[:40], "file_damaged"),
    ("a.txt", b"text\x00with a hole", "file_unknown"),
]


@pytest.mark.parametrize(("name", "data", "kind", "locked"), TAKEN, ids=range(len(TAKEN)))
def test_kind_and_lock_are_told_by_content(tmp_path: Path, name: str, data: bytes, kind: str, locked: bool) -> None:
    path = tmp_path / "x"
    path.write_bytes(data)
    content = look(path, name)
    assert (content.kind, content.locked, content.name) == (kind, locked, name)


@pytest.mark.parametrize(("name", "data", "reason"), REFUSED, ids=range(len(REFUSED)))
def test_every_other_file_is_refused_with_a_reason(tmp_path: Path, name: str, data: bytes, reason: str) -> None:
    path = tmp_path / "x"
    path.write_bytes(data)
    with pytest.raises(FileRefused) as refused:
        look(path, name)
    assert refused.value.reason == reason
    assert refused.value.sentence.endswith(".")


def test_name_without_ending_gets_that_of_its_kind(tmp_path: Path) -> None:
    path = tmp_path / "x"
    path.write_bytes(s.pdf())
    assert look(path, "진단서").name == "진단서.pdf"
    assert look(path, "").name == "file.pdf"
    assert look(path, "2026.11").name == "2026.11.pdf"


def test_archive_that_claims_too_much_is_refused(tmp_path: Path) -> None:
    zipped = bytearray(s.archive({"a.txt": b"a"}))
    end = zipped.rindex(b"PK\x05\x06")
    zipped[end + 10 : end + 12] = b"\xff\xff"
    path = tmp_path / "x"
    path.write_bytes(zipped)
    with pytest.raises(FileRefused, match="file_damaged"):
        look(path, "a.zip")
