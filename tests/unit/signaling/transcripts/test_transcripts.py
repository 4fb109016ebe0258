from __future__ import annotations

from html.parser import HTMLParser
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from msgspec.structs import replace

from signaling.protocol.session_views import Line
from signaling.transcripts import Conversation, page, plain, zone_of
from signaling.transcripts.conversation import Image
from signaling.transcripts.page import MOST_PICTURE_BYTES

AT = 1_790_000_000_000  # 2026-09-21 14:13 UTC
HOSTILE = '<script>alert(1)</script><img src=x onerror="alert(1)">&amp;"\'</p></main>'
PNG = Image("image/png", b"\x89PNG picture")


def line(seq: int, text: str = "", **more: Any) -> Line:
    values = {"author": "p-jimin", "name": "Jimin", "role": "counselor", "kind": "text", "audience": "all", "at": AT + seq} | more
    return Line(seq=seq, id=f"l-{seq}", text=text, **values)


LINES = [
    line(1, "안녕하세요"),
    line(2, "joined", role="system", kind="system", author="", name=""),
    line(3, "환불은 우리끼리", audience="staff"),
    line(4, "예약 메모", kind="note", audience="staff"),
    line(5, "두 줄\n이에요", author="u-1", name="", role="user"),
    line(6, kind="picture", picture="pic-1"),
    line(7, kind="picture", picture="pic-staff", audience="staff"),
    line(8, "진단서.pdf", kind="file", args={"file": "file-1", "kind": "pdf", "bytes": "1234567"}, at=AT + 86_400_000),
]


def conversation(**more: Any) -> Conversation:
    values: dict[str, Any] = {
        "site": "빛과소리",
        "lines": LINES,
        "board": ["pic-board"],
        "readers": "all",
        "language": "ko",
        "zone": ZoneInfo("Asia/Seoul"),
        "begun_at": AT,
        "ended_at": AT + 3_600_000,
        "you": "u-1",
    }
    return Conversation(**values | more)


async def picture_of(picture: str) -> Image | None:
    return None if picture == "gone" else PNG


async def made(**more: Any) -> str:
    return "".join([piece async for piece in page(conversation(**more), picture_of)])


class Elements(HTMLParser):
    """The elements of a page, the addresses in their attributes, and the texts."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.addresses: list[str] = []
        self.texts: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.addresses += [value or "" for name, value in attrs if name in ("src", "href")]
        assert not [name for name, _ in attrs if name.startswith("on")]

    def handle_data(self, data: str) -> None:
        self.texts.append(data)


def test_plain_text_is_in_the_readers_language_and_zone() -> None:
    assert plain(conversation()).splitlines() == [
        "빛과소리 상담 내용",
        "2026년 9월 21일 23:13 – 2026년 9월 22일 00:13",
        "시간은 Asia/Seoul 기준이에요.",
        "",
        "2026년 9월 21일",
        "[23:13] Jimin (상담사): 안녕하세요",
        "[23:13] 나: 두 줄",
        "이에요",
        "[23:13] Jimin (상담사): [사진]",
        "",
        "2026년 9월 22일",
        "[23:13] Jimin (상담사): [파일: 진단서.pdf, 1.2 MB]",
        "",
        "그림판에 올린 사진: 1",
    ]


async def test_transcript_says_who_joined_and_never_who_whispered() -> None:
    def said(seq: int, text: str, audience: str) -> Line:
        return line(seq, text, role="system", kind="system", author="", name="", audience=audience, args={"name": "<Ops>"})

    lines = [said(1, "listening.whisper", "staff"), said(2, "listening.joined", "all")]
    assert "[23:13] <Ops> (운영자): [통화에 함께했어요]" in plain(conversation(lines=lines)).splitlines()
    found = await made(lines=lines)
    assert "&lt;Ops&gt; (운영자)" in found
    assert "listening" not in found


def test_guests_are_named_by_what_they_are_in_the_readers_language() -> None:
    def said(label: str, language: str) -> str:
        by_guest = line(1, "Hola", author="g-1", name="Mina", role="guest", args={"label": label})
        return plain(conversation(lines=[by_guest], language=language)).splitlines()[5]

    assert [said("interpreter", "ko"), said("family", "es")] == ["[23:13] Mina (통역사): Hola", "[23:13] Mina (familiar): Hola"]
    assert said("other", "en") == "[23:13] Mina (guest): Hola"


async def test_page_has_pictures_inside_and_needs_nothing_else() -> None:
    text = await made()
    found = Elements(text)
    assert not {"script", "link", "iframe", "object", "form"} & found.tags
    assert len(found.addresses) == 2, "the line's picture and the board's"
    assert all(address.startswith("data:image/png;base64,") for address in found.addresses)
    assert "content=\"default-src 'none'; img-src data:" in text
    assert "두 줄\n이에요" in text
    assert "진단서.pdf" in text


async def test_users_copy_holds_nothing_of_staff() -> None:
    for text in (await made(), plain(conversation())):
        assert "우리끼리" not in text
        assert "예약 메모" not in text
        assert text.count("data:image") in (0, 2)


async def test_export_for_staff_marks_what_users_did_not_read() -> None:
    text = await made(readers="staff", you="", language="en")
    assert text.count('<article class="staff">') == 3
    assert "staff only" in text
    assert text.count("data:image") == 3
    assert "[staff only]: 환불은 우리끼리" in plain(conversation(readers="staff", you="", language="en"))


@pytest.mark.parametrize("field", ["text", "name"])
async def test_hostile_texts_stay_texts(field: str) -> None:
    hostile = replace(LINES[0], **{field: HOSTILE})
    text = await made(lines=[hostile, replace(LINES[-1], text=HOSTILE)], site=HOSTILE, board=[])
    found = Elements(text)
    assert not {"script", "img"} & found.tags
    assert HOSTILE in "".join(found.texts)


async def test_replies_quote_and_changed_lines_say_so() -> None:
    lines = [
        line(1, "얼마예요? " * 30),
        line(2, "만 원이에요", reply_to=1, change="edited"),
        line(3, change="retracted", kind="picture", picture=""),
        line(4, "직원 글", audience="staff"),
        line(5, "네", reply_to=4),
    ]
    for text in (plain(conversation(lines=lines)), await made(lines=lines, board=[])):
        assert "“얼마예요?" in text or "<blockquote" in text
        assert "수정함" in text
        assert "[보내기 취소]" in text
        assert "직원 글" not in text, "nor as a quote"
        assert "data:image" not in text


@pytest.mark.slow
async def test_picture_that_is_gone_or_too_much_is_named() -> None:
    assert "사진은 이 파일에 담지 못했어요." in await made(board=["gone"])

    async def large(picture: str) -> Image:
        return Image("image/webp", bytes(MOST_PICTURE_BYTES // 2))

    lines = [line(n, kind="picture", picture=f"p{n}") for n in range(1, 5)]
    text = "".join([piece async for piece in page(conversation(lines=lines, board=[]), large)])
    assert text.count("data:image") == 2
    assert text.count("담지 못했어요") == 2


@pytest.mark.parametrize("name", ["", "Nowhere/City", "../../etc/passwd", "Asia", "/etc/localtime"])
def test_unknown_zone_is_utc(name: str) -> None:
    assert conversation(zone=zone_of(name)).zone_name == "UTC"
