"""The standard texts of mails. A site can replace the subject and text of each kind of mail (`records/mail_plan.py`).

In these texts, `letters.py` replaces names in braces by values: {site}, {name}, {when}, {zone}, {category}, {waiting}, {minutes},
{organisation}, {device}, {network}.
"""

from __future__ import annotations

from typing import Final, TypedDict, get_args

from signaling.protocol.own_texts import LANGUAGES, nearest, words_in

from .kinds import Kind


class Words(TypedDict):
    """The texts of one kind of mail in one language. `button`: the label of the link; "" for mails without a link."""

    subject: str
    text: str
    button: str


class Frame(TypedDict):
    """The texts that surround the text of every mail in one language, such as the small print."""

    until: str
    once: str
    why: str
    leave: str
    said: str
    automatic: str
    unknown: str
    moment: str


def _kinds(language: str) -> dict[Kind, Words]:
    texts = words_in(language, "mail")
    return {
        kind: Words(subject=texts[f"{kind}.subject"], text=texts[f"{kind}.text"], button=texts.get(f"{kind}.button", ""))
        for kind in get_args(Kind)
    }


def _frame(language: str) -> Frame:
    texts = words_in(language, "mail.frame")
    return Frame(
        until=texts["until"],
        once=texts["once"],
        why=texts["why"],
        leave=texts["leave"],
        said=texts["said"],
        automatic=texts["automatic"],
        unknown=texts["unknown"],
        moment=texts["moment"],
    )


TEXTS: Final = {language: _kinds(language) for language in LANGUAGES}
FRAMES: Final = {language: _frame(language) for language in LANGUAGES}


def language_of(wanted: str) -> str:
    """Return the language in which a mail is written: the wanted language, or English if there are no texts in the wanted one."""
    return nearest(wanted)
