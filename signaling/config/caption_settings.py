"""The settings of `sangdam captions`: flags without a prefix, variables with `SANGDAM_CAPTIONS_`, keys in `[captions]`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from . import kinds
from .setting import setting

SECTION = "captions"


@dataclass(frozen=True, slots=True, kw_only=True)
class CaptionSettings:
    """The settings of `sangdam captions`, which writes down what is said in calls."""

    model: Path | None = setting(None, kinds.FOLDER, "Folder of a Whisper model in the format of CTranslate2.")
    language: str = setting(
        "session",
        kinds.text("TAG"),
        "Language that people speak, such as ko; “auto” to find it out; “session” for the language of each conversation.",
    )
    listen: tuple[str, int] = setting(
        ("127.0.0.1", 7100), kinds.ADDRESS, "Address for the media workers. Keep it private: sound comes in there."
    )
    threads: int = setting(1, kinds.number(1, 256), "Cores that write down one utterance.")
    secret_file: Path | None = setting(
        None, kinds.FILE, "File with the secret.", default_words="SANGDAM_SECRET in the environment", shared=True
    )
