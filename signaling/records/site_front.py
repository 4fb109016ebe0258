"""The form before a conversation, and limits of the texts that a site shows its users.

Answers in the form become typed fields of the session's brief (the facts about the user).
"""

from __future__ import annotations

from typing import Annotated, Final, Literal

from msgspec import Meta, Struct

from signaling.protocol.language_tags import lookup
from signaling.protocol.reading import by
from signaling.protocol.texts import Exact, Seen
from signaling.protocol.words import Channel

FieldKind = Literal["line", "text", "choice"]
CHANNELS: Final[tuple[Channel, ...]] = ("text", "voice", "video")
MOST_FIELDS: Final = 8  # one form has at most this many fields
MOST_CHOICES: Final = 20  # one field has at most this many choices
MOST_LABEL: Final = 60  # a field's name has at most this many characters, and so has each choice
MOST_LAUNCHER: Final = 40  # at most this many characters in the text on the launcher, the widget's button
MOST_NOTICE: Final = 300  # a site's `waiting_notice` or `recording_notice` has at most this many characters
# kind of a field → an answer has at most this many characters
MOST_ANSWER: Final[dict[FieldKind, int]] = {"line": 120, "text": 500, "choice": MOST_LABEL}
Corner = Literal["right", "left"]
Tag = Annotated[str, Meta(pattern=r"^[A-Za-z0-9_-]{1,35}\Z")]  # a language tag
Texts = dict[Tag, Annotated[str, by(Seen(400, cut=True))]]  # language → text; `checks.py` limits each text further


class FormField(Struct, kw_only=True):
    """A field of the form before the conversation.

    `names`: language → name. `choices`: for each choice, language → name. `kind`: one line of text, several lines, or a choice.
    """

    id: Annotated[str, by(Exact(64))]
    names: Texts = {}
    kind: FieldKind = "line"
    required: bool = False
    choices: Annotated[list[Texts], Meta(max_length=300)] = []


def in_language(names: dict[str, str], language: str) -> str:
    """Return the name in `language`, else in the most suitable language, else in any language. Without names, return ""."""
    return names.get(language) or names.get(lookup(language, names) or "") or next(iter(names.values()), "")
