"""The sentences for findings: what was found, and what to do. Each language has one JSON file, all with the same keys."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path

from msgspec import Struct

from signaling.protocol.language_tags import lookup

from .finding import Finding, State

_FILES = {path.stem: path for path in sorted((Path(__file__).parent / "languages").glob("*.json"))}
LANGUAGES = tuple(_FILES)


class Told(Struct, kw_only=True, frozen=True):
    """A finding in the sentences of one language. `says`: what was found. `do`: what to do, or ""."""

    about: str
    state: State
    says: str
    do: str


@cache
def sentences(language: str) -> dict[str, dict[str, str]]:
    """Return the sentences of all verdicts in this language.

    If there is no file for the language, use the most similar language, or English. The result maps each verdict, such as
    "tls.soon", to the sentences "says" and "do". "do" is "" when there is nothing to do.
    """
    found = lookup(language, LANGUAGES) or "en"
    return json.loads(_FILES[found].read_text(encoding="utf-8"))  # type: ignore[no-any-return]  # a file of ours, of one shape


def told(found: Finding, language: str = "en") -> Told:
    """Return a finding in the sentences of this language."""
    said = sentences(language)[found.about]
    return Told(about=found.about, state=found.state, says=said["says"].format(**found.args), do=said["do"].format(**found.args))
