"""The E-model (ITU-T G.107), which estimates how people rate a call from its delay and loss, as R (0 to 93) and as MOS.

ITU-T has published no impairment values for Opus. The values of G.711 with loss concealment are used instead (G.113 appendix I:
Ie = 0, Bpl = 25.1). Opus conceals losses at least as well as G.711 does. Sound that Opus repairs does not count as lost.
"""

from __future__ import annotations

from math import log2

R_BEST = 93.2
"""The rating factor R with the defaults of G.107 table 3: no delay, no loss, quiet rooms."""
DELAY_UNHEARD_MS = 100.0
"""A delay from mouth to ear of at most this many ms does not lower R."""
IE, BPL = 0.0, 25.1
"""Impairment without loss (Ie), and robustness to loss in percent (Bpl), both from G.113."""


def rating(delay_ms: float, loss: float, bursts: float = 1.0) -> float:
    """Return R.

    `delay_ms`: from mouth to ear. `loss`: share of the sound that is lost, 0 to 1. `bursts`: mean length of a run of losses,
    divided by the length that random loss would have (BurstR).
    """
    return max(0.0, R_BEST - delay_impairment(delay_ms) - loss_impairment(loss, bursts))


def delay_impairment(delay_ms: float) -> float:
    """Return Idd of G.107 section 7.4. Impairment by echo is left out, because browsers cancel echo."""
    if delay_ms <= DELAY_UNHEARD_MS:
        return 0.0
    x = log2(delay_ms / DELAY_UNHEARD_MS)
    return 25 * (_root(1 + x**6) - 3 * _root(1 + (x / 3) ** 6) + 2)


def _root(value: float) -> float:
    return float(value ** (1 / 6))


def loss_impairment(loss: float, bursts: float = 1.0) -> float:
    """Return Ie-eff of G.107 section 7.5. `loss`, `bursts`: as for `rating`."""
    percent = 100 * loss
    return IE + (95 - IE) * percent / (percent / bursts + BPL)


def mos(r: float) -> float:
    """Return the MOS of R, from 1 (bad) to 4.5, by G.107 annex B."""
    if r <= 0:
        return 1.0
    if r >= 100:
        return 4.5
    return max(1.0, 1 + 0.035 * r + r * (r - 60) * (100 - r) * 7e-6)
