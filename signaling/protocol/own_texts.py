"""The server's own texts. Each language has one JSON file, and all files have the same keys.

The pages have their own texts in `web/src`.
"""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path

from .language_tags import lookup

_FILES = {path.stem: path for path in sorted((Path(__file__).parent / "languages").glob("*.json"))}
LANGUAGES = tuple(_FILES)
FALLBACK = "en"


@cache
def _texts(language: str) -> dict[str, str]:
    texts: dict[str, str] = json.loads(_FILES[language].read_text(encoding="utf-8"))
    return texts


def nearest(*wanted: str) -> str:
    """Return the first wanted language in which texts exist, or English when texts exist in none of the wanted languages."""
    return next((found for each in wanted if (found := lookup(each, LANGUAGES))), FALLBACK)


@cache
def words_in(language: str, part: str) -> dict[str, str]:
    """Return the texts whose keys begin with `part` and a dot.

    The texts are in this language or, if there are no texts in this language, in English.
    """
    mine = _texts(nearest(language)).items()
    return {key.removeprefix(f"{part}."): text for key, text in mine if key.startswith(f"{part}.")}


def in_each(key: str) -> dict[str, str]:
    """Return the text with this key in every language: language → text."""
    return {language: _texts(language)[key] for language in LANGUAGES}
