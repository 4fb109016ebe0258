"""The two models: silero-vad, which finds speech, and a Whisper model, which writes it down.

The package faster-whisper (the extra `captions`) runs the voice detector and the speech model without torch, and contains
silero-vad. The Whisper model is a folder in the format of CTranslate2, which the operator names. Nothing is downloaded.
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from .speech import RATE, WINDOW, Floats
from .wire import MAX_TEXT
from .work import Heard

if TYPE_CHECKING:
    from faster_whisper import WhisperModel

CONTEXT = 64  # silero-vad gets each window together with this many samples before the window.
SILENCE = 0.6  # Above this probability of silence, words of low confidence count as noise.
LEAST_CONFIDENCE = 0.35  # Words below this confidence are left out if the sound is probably silence (`SILENCE`).
TOKENS, TOKENS_A_SECOND = 16, 14
"""The model writes at most `TOKENS` tokens (parts of words) for an utterance, and `TOKENS_A_SECOND` more for each second of its
sound. So a model that repeats the same words stops soon."""
SESSION, AUTO = "session", "auto"
"""Two values that the settings may have in place of a language: "session" is the session's language, and "auto" is the language
that the model detects."""


class ModelError(Exception):
    """A model cannot be used. The message says why, and what to do."""


def _missing(error: ImportError) -> ModelError:
    return ModelError(f"Captions need the extra “captions”: pip install 'sangdam[captions]' ({error}).")


class VoiceDetector:
    """silero-vad for all streams. `new` returns the detector of one stream.

    The constructor raises `ModelError` if the model cannot be loaded.
    """

    def __init__(self) -> None:
        try:
            import onnxruntime
            from faster_whisper.utils import get_assets_path
        except ImportError as error:
            raise _missing(error) from None
        found = sorted(Path(get_assets_path()).glob("silero_vad*.onnx"))
        if not found:
            raise ModelError("This version of faster-whisper has no silero-vad. Install the version in constraints.txt.")
        options = onnxruntime.SessionOptions()
        options.inter_op_num_threads = options.intra_op_num_threads = 1
        options.log_severity_level = 4
        self._session = onnxruntime.InferenceSession(str(found[-1]), options, providers=["CPUExecutionProvider"])

    def new(self) -> StreamDetector:
        """Return a detector for a new stream. The new detector has heard no sound yet."""
        return StreamDetector(self._session)


class StreamDetector:
    """Detects speech in one stream with silero-vad. The detector remembers the sound of earlier windows."""

    def __init__(self, session: Any) -> None:
        self._session = session
        self._input = np.zeros((1, CONTEXT + WINDOW), np.float32)
        self._h = np.zeros((1, 1, 128), np.float32)
        self._c = np.zeros((1, 1, 128), np.float32)

    def __call__(self, window: Floats) -> float:
        """Return the probability (0..1) that the next window of the stream holds speech.

        `window`: 512 samples at 16 kHz, in -1..1.
        """
        self._input[0, :CONTEXT] = self._input[0, -CONTEXT:]
        self._input[0, CONTEXT:] = window
        out, self._h, self._c = self._session.run(None, {"input": self._input, "h": self._h, "c": self._c})
        return float(out.reshape(-1)[-1])


class Recogniser:
    """A Whisper model. `write_down` takes long, so call it in a thread. Never let two calls run at the same time."""

    def __init__(self, folder: Path, language: str, threads: int) -> None:
        """Load the model. `language`: a tag, `SESSION` or `AUTO`. `threads`: cores for one utterance.

        Raise `ModelError` if the model cannot be loaded or does not know the language.
        """
        try:
            from faster_whisper import WhisperModel
        except ImportError as error:
            raise _missing(error) from None
        if not (folder / "model.bin").is_file():
            raise ModelError(f"{folder} has no model.bin: name the folder of a Whisper model in the format of CTranslate2.")
        try:
            self._model: WhisperModel = WhisperModel(
                str(folder), device="cpu", compute_type="int8", cpu_threads=threads, local_files_only=True
            )
        except (RuntimeError, ValueError, OSError) as error:
            raise ModelError(f"The model in {folder} cannot be loaded: {error}.") from None
        self._language = language
        if language not in (SESSION, AUTO) and self._known(language) is None:
            raise ModelError(f"The model in {folder} does not know the language “{language}”.")
        # the first run is slow, so make a first run now, before the first utterance
        self.write_down(np.zeros(RATE, np.float32), "")

    def _known(self, tag: str) -> str | None:
        """Return the model's name for a language. None: the model does not know this language."""
        if not self._model.model.is_multilingual:
            return "en" if tag.partition("-")[0] == "en" else None
        name = tag.partition("-")[0].lower()
        return name if name in self._model.supported_languages else None

    def _wanted(self, of_session: str) -> str | None:
        if not self._model.model.is_multilingual:
            return "en"
        return None if self._language == AUTO else self._known(of_session if self._language == SESSION else self._language)

    def write_down(self, sound: Floats, of_session: str) -> Heard:
        """Return the words in an utterance. `sound`: samples at 16 kHz, in -1..1. `of_session`: tag of the session's language."""
        segments, about = self._model.transcribe(
            sound,
            language=self._wanted(of_session),
            beam_size=1,
            temperature=0.0,
            condition_on_previous_text=False,
            without_timestamps=True,
            max_new_tokens=TOKENS + int(TOKENS_A_SECOND * len(sound) / RATE),
        )
        texts, confidence, seconds = [], 0.0, 0.0
        for segment in segments:
            sure = math.exp(segment.avg_logprob)
            if segment.no_speech_prob > SILENCE and sure < LEAST_CONFIDENCE:
                continue
            length = max(0.1, segment.end - segment.start)
            texts.append(segment.text.strip())
            confidence, seconds = confidence + sure * length, seconds + length
        text = " ".join(texts).strip()
        return Heard(text[:MAX_TEXT], about.language, round(min(1.0, confidence / seconds), 2) if seconds else 0.0)
