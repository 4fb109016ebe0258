"""Divide a bound that several sites or organisations share among them. Pure."""

from __future__ import annotations

from collections.abc import Mapping


def has_place(counts: Mapping[str, int], sharer: str, most: int, sharers: int) -> bool:
    """Return whether `sharer`, a site or an organisation, may have one more.

    `counts`: how many each sharer has. `most`: the bound for all sharers together. `sharers`: how many sharers there are.

    Half of `most` is divided equally among the `sharers`, so that a sharer with very many leaves room for the others. The other
    half goes to whoever comes first.
    """
    own = most // (2 * max(1, sharers, len(counts)))
    if counts.get(sharer, 0) < own:
        return True
    beyond = sum(max(0, count - own) for count in counts.values())
    return beyond < most - own * max(1, sharers, len(counts))
