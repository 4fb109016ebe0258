"""The texts of mails exist in each language and load nothing from the network.

Mails contain no scripts, and no mail program can mistake a part of a text for markup or for a header.
"""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC

import pytest

from signaling.mail.kinds import MANNERS, Kind
from signaling.mail.letters import About, letter
from signaling.mail.messages import Envelope, message
from signaling.mail.words import FRAMES, TEXTS
from signaling.records.mail_plan import MailText

VALUES = {
    name: f"<{name}>"
    for name in ("name", "when", "zone", "category", "waiting", "minutes", "organisation", "device", "network", "host", "to")
}
ABOUT = About(
    kind="reply",
    language="ko",
    site="빛과소리",
    values={"name": "지민"},
    zone=UTC,
    accent="#ffd400",
    link=("https://talk.example/call#invite=t0ken", 1_790_000_000_000),
    leave="https://talk.example/unsubscribe?of=x&lang=ko",
)
ENVELOPE = Envelope(
    sender="talk@shop.example", sender_name="빛과소리", recipient="mina@example.com", leave="https://talk.example/u"
)


@pytest.mark.parametrize("language", sorted(TEXTS))
@pytest.mark.parametrize("kind", sorted(MANNERS))
def test_each_kind_is_written_in_each_language(language: str, kind: Kind) -> None:
    found = letter(replace(ABOUT, kind=kind, language=language, values=VALUES))
    assert found.subject
    assert not re.search(r"\{[a-z]+\}", found.subject + found.text), "a name in braces was not filled in"
    assert set(TEXTS[language]) == set(MANNERS)
    assert set(FRAMES[language]) == set(FRAMES["en"])


def test_mail_holds_link_reason_and_the_way_out() -> None:
    found = letter(ABOUT)
    for form in (found.text, found.html):
        assert "지민 상담사가 답을 남겼어요" in form
        assert "https://talk.example/call#invite=t0ken" in form
        assert "이 주소를 알려 주셔서" in form
    assert "https://talk.example/unsubscribe?of=x&lang=ko" in found.text
    assert "2026년 9월 21일" in found.text, "until when the link works"


def test_html_escapes_every_text_and_loads_nothing() -> None:
    bad = '"><script>alert(1)</script><img src=https://evil.example>'
    found = letter(replace(ABOUT, site=bad, values={"name": bad}, said=bad, accent='red"onload="x'))
    assert "<script>" not in found.html
    assert "<img" not in found.html
    assert "onload" not in found.html
    assert not re.search(r"(src|@import|url\()", re.sub(r"&lt;.*?&gt;", "", found.html))


def test_quoted_answer_is_marked_in_both_forms() -> None:
    found = letter(replace(ABOUT, said="내일 도착해요.\n고맙습니다"))
    assert "> 내일 도착해요.\n> 고맙습니다" in found.text
    assert "<blockquote" in found.html


def test_site_words_replace_ours_and_reach_no_attributes() -> None:
    own = MailText(subject="{site}에서 알려요: {name}", text="{name.__class__} {unknown}")
    found = letter(replace(ABOUT, own=own))
    assert found.subject == "빛과소리에서 알려요: 지민"
    assert "{name.__class__} {unknown}" in found.text


def test_button_is_readable_on_every_accent() -> None:
    assert "background:#ffd400;color:#000000" in letter(ABOUT).html
    assert "background:#102030;color:#ffffff" in letter(replace(ABOUT, accent="#102030")).html


def test_line_breaks_in_names_reach_no_header() -> None:
    evil = "빛\r\nBcc: all@example.com"
    mail = message(letter(replace(ABOUT, site=evil)), ENVELOPE, (), 0)
    assert mail["Bcc"] is None
    assert "\n" not in mail["Subject"]
    with pytest.raises(ValueError, match=r"."):
        message(letter(ABOUT), replace(ENVELOPE, recipient="a@example.com\r\nBcc: b@example.com"), (), 0)


def test_mail_programs_can_unsubscribe_by_one_press() -> None:
    mail = message(letter(ABOUT), ENVELOPE, (), 0)
    assert mail["List-Unsubscribe"] == "<https://talk.example/u>"
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail.get_body(("plain",)) is not None
    assert mail.get_body(("html",)) is not None
    assert all(len(line) <= 998 for line in mail.as_bytes().splitlines())
