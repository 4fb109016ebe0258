"""The input and the result of a preview (`preview`): past visits and settings, and the figures of the simulated days.

A server imports this module alone. The simulation runs in a process of its own, and only that process loads numpy.
"""

from __future__ import annotations

from typing import Annotated, Final, Literal

from msgspec import Meta, Struct

from matcher.types import Medium

MOST_VISITS: Final = 2_500  # a preview simulates at most this many arrivals twice, which takes 1 to 2 s
MOST_PEOPLE: Final = 3_000  # at most this many members of staff in a preview
FEW: Final = 30  # With fewer arrivals than this, `Preview.sure` is "few".
FAIR: Final = 200  # With fewer arrivals than this, `Preview.sure` is "rough" or "few".
GOOD: Final = 1_000  # From this number of arrivals on, `Preview.sure` is "good".

Sureness = Literal["few", "rough", "fair", "good"]


class Visit(Struct, frozen=True, array_like=True):
    """A past request: a user asked for a counselor, or a counselor asked for a professional's help.

    `at_s`: time of the request, in seconds from the beginning of the past days on which the preview is based. `topic`: index
    of the request's topic in the list of topics. `talked_s`: length of the conversation; None: nobody served the request.
    `counts`: whether the figures count this visit. The figures leave out visits to a site whose figures the person who asked for
    the preview has no right to see.
    """

    at_s: float
    topic: int
    language: str
    medium: Medium
    waited_s: float
    talked_s: float | None
    counts: bool


class Topic(Struct, frozen=True, array_like=True):
    """A category of a site, with its settings. `open`: opening times, in seconds as in `Visit.at_s`; None: always open.

    `path`: from the category itself to its root. `priority`, `widens_ms`: as in `matcher.types.Request`.
    """

    site: str
    path: tuple[str, ...]
    priority: int = 0
    widens_ms: tuple[int, int] | None = None
    open: list[tuple[float, float]] | None = None


class Person(Struct, frozen=True, array_like=True):
    """A counselor or professional. `at`: the periods in which this person was at work, in seconds as in `Visit.at_s`.

    The other fields mean the same as in `matcher.types.Staff`.
    """

    id: str
    languages: list[str]
    sites: list[str]
    categories: list[str]
    texts: int
    calls: int
    texts_in_call: bool
    at: list[tuple[int, int]]


class Work(Struct, frozen=True):
    """The past days, and the settings before and after the change. The topics before and after have the same order.

    `answer_s`, `wrap_up_s`: mean seconds that staff take to answer a ring, and to wrap up. `kind`: the kind of all visits: users
    who ask for counselors, or counselors who ask for professionals. Counselors serve only users, and professionals serve only
    counselors, so visits of one kind do not change the waits of the other kind.
    """

    visits: Annotated[list[Visit], Meta(max_length=MOST_VISITS)]
    before: list[Topic]
    after: list[Topic]
    staff_before: Annotated[list[Person], Meta(max_length=MOST_PEOPLE)]
    staff_after: Annotated[list[Person], Meta(max_length=MOST_PEOPLE)]
    answer_s: float
    wrap_up_s: float
    kind: Literal["user", "help"] = "user"


class Figures(Struct, frozen=True):
    """Figures of the past days, real or simulated.

    `p50_s`, `p90_s`: percentiles of the waits of users who were served; None: nobody was served. `given_up_percent`:
    percentage of the users who came but were not served. `occupancy_percent`: percentage of their time on duty in which staff
    work; None: unknown, or nobody was on duty.
    """

    came: int
    p50_s: float | None
    p90_s: float | None
    given_up_percent: float
    occupancy_percent: float | None = None


class Preview(Struct, frozen=True):
    """Figures of the same days: as they really were (`really`), and simulated with the old and new settings (`before`, `after`).

    `arrivals`: the number of visits with `Visit.counts`. `days`: the number of days with at least one of these visits. `sure`:
    how reliable the simulated figures are, which depends on `arrivals` only.
    """

    really: Figures
    before: Figures
    after: Figures
    arrivals: int
    days: int
    sure: Sureness
