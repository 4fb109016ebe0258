"""Tests of the E-model.

The default rating and the table of ratings (R) and MOS are from ITU-T G.107. Some of the expected impairments (for a delay, or
for a loss) were computed by hand.
"""

from __future__ import annotations

import pytest

from loadtest import emodel


def test_perfect_connection_gets_the_highest_rating() -> None:
    assert emodel.rating(0.0, 0.0) == pytest.approx(93.2)
    assert emodel.mos(93.2) == pytest.approx(4.41, abs=0.005), "G.107, default values"


@pytest.mark.parametrize(("delay_ms", "idd"), [(100, 0.0), (150, 0.17), (200, 3.04), (300, 14.76), (400, 24.06)])
def test_delay_lowers_the_rating_only_above_a_threshold(delay_ms: float, idd: float) -> None:
    assert emodel.delay_impairment(delay_ms) == pytest.approx(idd, abs=0.03)


@pytest.mark.parametrize(("loss", "ie_eff"), [(0.0, 0.0), (0.01, 3.6), (0.05, 15.8), (0.1, 27.1), (0.2, 42.1)])
def test_loss_lowers_the_rating_as_for_concealed_speech(loss: float, ie_eff: float) -> None:
    assert emodel.loss_impairment(loss) == pytest.approx(ie_eff, abs=0.1)
    assert emodel.loss_impairment(loss, bursts=2.0) >= emodel.loss_impairment(loss)


@pytest.mark.parametrize(("r", "mos"), [(-5, 1.0), (50, 2.58), (60, 3.10), (70, 3.60), (80, 4.03), (90, 4.34), (100, 4.5)])
def test_rating_converts_to_mos_as_in_annex_b(r: float, mos: float) -> None:
    assert emodel.mos(r) == pytest.approx(mos, abs=0.01)
