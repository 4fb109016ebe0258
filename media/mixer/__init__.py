"""The mixer: Opus packets in, Opus packets out, wherever a listener hears more than one source (or a gain, or the hold tone)."""

from .room import TICK_STEP_S, AudioRoom
from .source import is_quiet

__all__ = ["TICK_STEP_S", "AudioRoom", "is_quiet"]
