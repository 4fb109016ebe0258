"""Divide a limit among several sites or organisations. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping


def has_place(counts: Mapping[str, int], sharer: str, most: int, sharers: int) -> bool:
    """Return whether a site or organisation (`sharer`) is allowed one more of the `most` places, such as places in a queue.

    `counts`: the number of places that each sharer has taken. `most`: the limit for all sharers together. `sharers`: the number
    of sharers.

    Half of the places is divided equally among the sharers, so that no sharer can take all places. The other half is for any
    sharer, first come, first served. If half of the places is too few to give each sharer one, this half is not divided. Instead,
    up to half of all places is kept for the sharers that have no place, and each of these sharers may take one place as long as
    any place is free.
    """
    everyone = max(1, sharers, len(counts))
    own = most // (2 * everyone)
    return _fits(counts, sharer, most, lambda _: own, own * everyone, everyone)


class Sites:
    """The sites of an installation, among which a limit is divided.

    The organisations have equal shares, as in `has_place`. Each organisation's share is divided equally among its sites. So an
    organisation with very many sites cannot use up the shares of other organisations.
    """

    def __init__(self, owners: Mapping[str, str] | None = None) -> None:
        """Set the sites (`owners`: site → organisation).

        A site that is not in `owners` has the same share as a site of the organisation with the most sites.
        """
        self._owners = dict(owners or {})
        self._sizes = Counter(self._owners.values())

    def have_place(self, counts: Mapping[str, int], site: str, most: int) -> bool:
        """Return whether `site` may take one more of the `most` places, such as places in a queue, that all sites share.

        `counts`: the number of places that each site has taken. `most`: the limit for all sites together.
        """
        share = most // (2 * max(1, len(self._sizes)))
        smallest = share // max(self._sizes.values(), default=1)
        new = [each for each in counts if each not in self._owners]

        def own(each: str) -> int:
            return share // self._sizes[self._owners[each]] if each in self._owners else smallest

        reserved = sum(share // size * size for size in self._sizes.values()) + smallest * len(new)
        return _fits(counts, site, most, own, reserved, len(self._owners) + len(new))


def _fits(counts: Mapping[str, int], sharer: str, most: int, own: Callable[[str], int], reserved: int, everyone: int) -> bool:
    """Return whether `sharer`, an organisation or a site, may take one more of the `most` places that all sharers divide.

    `counts`: the number of places that each sharer has taken. `own`: returns the number of places that are reserved for a sharer.
    `reserved`: the sum of these numbers. `everyone`: the number of sharers.
    """
    count, mine = counts.get(sharer, 0), own(sharer)
    if count < mine:
        return True
    if sum(max(0, each - own(name)) for name, each in counts.items()) >= most - reserved:
        return False
    if mine or not count:
        return True
    without = everyone - sum(each > 0 for each in counts.values())
    return sum(counts.values()) < most - min(without, most // 2)
