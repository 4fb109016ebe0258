"""libopus is found. If it is missing, or lacks a function, an error says what is wrong."""

from __future__ import annotations

from pathlib import Path

import av
import pytest
from hypothesis import given
from hypothesis import strategies as st

from media.mixer import opus


def test_libopus_is_found_in_pyav() -> None:
    wheel = Path(av.__file__).parents[1]
    assert [path for path in opus._in_wheel() if Path(path).is_relative_to(wheel)]


def test_every_declared_function_exists() -> None:
    library = opus.load()
    assert all(hasattr(library, name) for name in opus._FUNCTIONS)


def test_missing_library_error_says_what_to_install() -> None:
    with pytest.raises(opus.OpusMissing, match=r"nowhere\.so cannot be loaded.*pip install av"):
        opus.load(["nowhere.so"])


def test_library_without_a_needed_function_is_skipped() -> None:
    with pytest.raises(opus.OpusMissing, match=r"lacks opus_encoder_get_size"):
        opus.load(["libm.so.6"])
    assert opus.load(["libm.so.6", *opus._in_wheel()])


@given(st.binary(min_size=1, max_size=40))
def test_duration_of_a_packet_is_that_of_libopus(payload: bytes) -> None:
    samples = opus._lib.opus_packet_get_nb_samples(payload, len(payload), opus.RATE)
    if samples > 0:
        assert opus.packet_samples(payload) == samples
    else:
        with pytest.raises(opus.OpusError):
            opus.packet_samples(payload)
