"""Divide a bound that several sites or organisations share among them. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping


def has_place(counts: Mapping[str, int], sharer: str, most: int, sharers: int) -> bool:
    """Return whether `sharer`, a site or an organisation, may have one more.

    `counts`: how many each sharer has. `most`: the bound for all sharers together. `sharers`: how many sharers there are.

    Half of `most` is divided equally among the `sharers`, so that a sharer with very many leaves room for the others. The other
    half goes to whoever comes first. With so many sharers that this half has less than one place for each, it goes to those who
    have none.
    """
    everyone = max(1, sharers, len(counts))
    own = most // (2 * everyone)
    return _fits(counts, sharer, most, lambda _: own, own * everyone, everyone)


class Sites:
    """The sites of an installation, which share a bound by organisation.

    The organisations have equal shares, as in `has_place`, and the sites of one organisation have equal parts of its share. So an
    organisation with very many sites takes no place from another one.
    """

    def __init__(self, owners: Mapping[str, str] | None = None) -> None:
        """Take the sites (`owners`: site → organisation). Another site has as much as one of the largest organisation."""
        self._owners = dict(owners or {})
        self._sizes = Counter(self._owners.values())

    def have_place(self, counts: Mapping[str, int], site: str, most: int) -> bool:
        """Return whether `site` may have one more. `counts`: how many each site has. `most`: the bound for all sites together."""
        share = most // (2 * max(1, len(self._sizes)))
        smallest = share // max(self._sizes.values(), default=1)
        new = [each for each in counts if each not in self._owners]

        def own(each: str) -> int:
            return share // self._sizes[self._owners[each]] if each in self._owners else smallest

        reserved = sum(share // size * size for size in self._sizes.values()) + smallest * len(new)
        return _fits(counts, site, most, own, reserved, len(self._owners) + len(new))


def _fits(counts: Mapping[str, int], sharer: str, most: int, own: Callable[[str], int], reserved: int, everyone: int) -> bool:
    """Return whether `sharer` may have one more. `own`: returns a sharer's share. `reserved`: the shares of all together."""
    count, mine = counts.get(sharer, 0), own(sharer)
    if count < mine:
        return True
    if sum(max(0, each - own(name)) for name, each in counts.items()) >= most - reserved:
        return False
    if mine or not count:
        return True
    without = everyone - sum(each > 0 for each in counts.values())
    return sum(counts.values()) < most - min(without, most // 2)
