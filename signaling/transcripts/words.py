"""The words of a transcript in the reader's language. The words of the browser's pages are in `web/src`."""

from __future__ import annotations

from signaling.protocol.language_tags import lookup

WORDS = {
    "ko": {
        "title": "{site} 상담 내용",
        "span": "{begin} – {end}",
        "zone": "시간은 {zone} 기준이에요.",
        "user": "방문자",
        "you": "나",
        "counselor": "상담사",
        "professional": "전문가",
        "operator": "관리자",
        "picture": "사진",
        "picture_missing": "사진은 이 파일에 담지 못했어요.",
        "file": "파일",
        "note": "메모",
        "retracted": "보내기 취소",
        "edited": "수정함",
        "staff_only": "직원만",
        "board": "그림판에 올린 사진",
        "drawings": "그림판",
        "page": "그림판 {n}쪽 (전체 {all}쪽)",
        "empty": "나눈 글이 없어요.",
        "date": "{0.year}년 {0.month}월 {0.day}일",
    },
    "en": {
        "title": "Conversation with {site}",
        "span": "{begin} – {end}",
        "zone": "Times are in {zone}.",
        "user": "Visitor",
        "you": "You",
        "counselor": "counselor",
        "professional": "professional",
        "operator": "operator",
        "picture": "picture",
        "picture_missing": "This picture is not part of this file.",
        "file": "file",
        "note": "note",
        "retracted": "unsent",
        "edited": "edited",
        "staff_only": "staff only",
        "board": "Pictures on the board",
        "drawings": "Board",
        "page": "Board, page {n} of {all}",
        "empty": "Nothing was written.",
        "date": "{0:%d %B %Y}",
    },
}


def words_in(language: str) -> dict[str, str]:
    """Return the words in this language or, if it has none, in English."""
    return WORDS[lookup(language, WORDS) or "en"]
