"""Both matcher stores in one run, and the larger slowdown of 100,000 waiting over 1,000 of the two."""

from __future__ import annotations

from dataclasses import replace

from tests.bench import match, match_redis
from tests.bench.rows import Row


def rows() -> list[Row]:
    found = match.rows() + match_redis.rows()
    growth = [each for each in found if each.name.endswith("_100k_over_1k")]
    return [*found, replace(max(growth, key=lambda each: each.value), name="match_cost_100k_over_1k")]
