"""The E-model (ITU-T G.107): what people would probably think of a line with this delay and loss, as R (0 to 93) and as MOS.

An estimate. ITU-T has published no impairment values for Opus; those of G.711 with loss concealment stand in (G.113 appendix I:
Ie = 0, Bpl = 25.1). Opus conceals and repairs at least as well, and what it repairs is not counted as lost.
"""

from __future__ import annotations

from math import log2

R_BEST = 93.2
"""R of the defaults of G.107 table 3: no delay, no loss, quiet rooms."""
DELAY_UNHEARD_MS = 100.0
IE, BPL = 0.0, 25.1


def rating(delay_ms: float, loss: float, bursts: float = 1.0) -> float:
    """R. `delay_ms`: from mouth to ear; `loss`: share of the sound that is lost; `bursts`: how much longer the runs of losses are
    than chance would have it (BurstR)."""
    return max(0.0, R_BEST - delay_impairment(delay_ms) - loss_impairment(loss, bursts))


def delay_impairment(delay_ms: float) -> float:
    """Idd of G.107 section 7.4. What echo adds is left out: browsers cancel it."""
    if delay_ms <= DELAY_UNHEARD_MS:
        return 0.0
    x = log2(delay_ms / DELAY_UNHEARD_MS)
    return 25 * (_root(1 + x**6) - 3 * _root(1 + (x / 3) ** 6) + 2)


def _root(value: float) -> float:
    return float(value ** (1 / 6))


def loss_impairment(loss: float, bursts: float = 1.0) -> float:
    """Ie-eff of G.107 section 7.5."""
    percent = 100 * loss
    return IE + (95 - IE) * percent / (percent / bursts + BPL)


def mos(r: float) -> float:
    """G.107 annex B: 1 (bad) to 4.5."""
    if r <= 0:
        return 1.0
    if r >= 100:
        return 4.5
    return max(1.0, 1 + 0.035 * r + r * (r - 60) * (100 - r) * 7e-6)
