"""Measure both stores of the matcher, memory and Redis, in one run.

The last row (a measured figure) says by which factor a match is slower with 100,000 waiting requests than with 1,000. The
factor is the larger of the two stores' factors.
"""

from __future__ import annotations

from dataclasses import replace

from tests.bench import match, match_redis
from tests.bench.rows import Row


def rows() -> list[Row]:
    found = match.rows() + match_redis.rows()
    growth = [each for each in found if each.name.endswith("_100k_over_1k")]
    return [*found, replace(max(growth, key=lambda each: each.value), name="match_cost_100k_over_1k")]
