"""The mixer decodes Opus packets, mixes the sound and encodes it again.

It serves listeners who hear several sources, a source at a gain other than 1, or the hold tone.
"""

from .room import TICK_STEP_S, AudioRoom
from .source import is_quiet

__all__ = ["TICK_STEP_S", "AudioRoom", "is_quiet"]
