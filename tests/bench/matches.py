"""Measure both matcher stores in one run.

A further row compares 100,000 waiting requests with 1,000: by which factor is a match slower? The larger factor counts.
"""

from __future__ import annotations

from dataclasses import replace

from tests.bench import match, match_redis
from tests.bench.rows import Row


def rows() -> list[Row]:
    found = match.rows() + match_redis.rows()
    growth = [each for each in found if each.name.endswith("_100k_over_1k")]
    return [*found, replace(max(growth, key=lambda each: each.value), name="match_cost_100k_over_1k")]
