"""Reports for operators: counts and waits by time, site, category, language or counselor."""

from __future__ import annotations

from typing import Annotated, Protocol
from zoneinfo import ZoneInfo

from aiohttp import web
from msgspec import Meta, Struct, field

from signaling.protocol.reading import QueryReader
from signaling.records import Site
from signaling.records.opening_hours import BadHours, Hours, check
from signaling.records.report_counts import Counts, percentile_s
from signaling.records.reports import UNITS_MS, By, Group, local_units
from signaling.server.app_keys import RECORDS

from .allowed import Asker, asker_of
from .bodies import Key, read_query
from .errors import Refused, answer
from .operator import LanguageQuery

routes = web.RouteTableDef()

DAY_MS = 86_400_000
MOST_DAYS = {"hour": 62}  # the longest period of a report in days, for each value of `by`
MOST_OTHER_DAYS = 1100  # the longest period in days of a report whose `by` is not in `MOST_DAYS`
Time = Annotated[int, Meta(ge=0, le=4_102_444_800_000)]  # a time in Unix ms, up to the year 2100
Zone = Annotated[str, Meta(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9_+/-]+\Z")]  # the name of a time zone


class ReportQuery(LanguageQuery, kw_only=True):
    """A report's time (Unix ms; `to` is exclusive), its rows (`by`), the reader's time zone, and a site or "" for all sites."""

    from_ms: Time = field(name="from")
    to: Time
    by: By = "day"
    zone: Zone = "UTC"
    site: Key = ""


class ReportRow(Struct, kw_only=True):
    """One row of a report. Times are in seconds. A mean, a share or a percentile of nothing is null.

    `at`: the start of the row's hour, day or week: the local time in the reader's zone, as ms, as if that zone were UTC. Null in
    all other rows. `name`: the name of the row's site, category or counselor, or the tag of its language; "" for times and the
    total. `group`: for a site or counselor, the id; for a language, its tag; for a category, the ids of its site and of the
    category; for a time, `at` as text; for the total, empty. `wait_p50_s`, `wait_p90_s`: half and nine tenths of the answered
    users waited no longer than this.
    """

    at: int | None
    name: str
    group: list[str]
    offered: int
    answered: int
    given_up: int
    messages: int
    callbacks: int
    service_level_percent: float | None
    wait_mean_s: float | None
    wait_p50_s: float | None
    wait_p90_s: float | None
    talk_mean_s: float | None
    help_asked: int
    help_joined: int
    transfers_asked: int
    transferred: int
    rated: int
    rating: float | None


class Report(Struct, kw_only=True):
    rows: list[ReportRow]
    total: ReportRow


_read: QueryReader[ReportQuery] = QueryReader(ReportQuery)


@routes.get("/api/operator/reports")
async def report(request: web.Request) -> web.Response:
    """Return a report.

    A report by hour, day or week has a row for every such span, even if nobody asked for a counselor in it.
    """
    asker = await asker_of(request)
    asked, records = read_query(request, _read), request.app[RECORDS]
    begin, end, zone = time_of(asked, MOST_DAYS.get(asked.by, MOST_OTHER_DAYS))
    found = await records.report(begin, end, asked.by, zone, asked.site, asker.realm)
    total: Counts = Counts()
    for counts in found.values():
        total.update(counts)
    if asked.by in UNITS_MS:
        rows = [_row(found.get(group, Counts()), group, at=int(group[0])) for group in local_units(begin, end, asked.by, zone)]
    else:
        names = await _namer(request, asked, asker)
        rows = [_row(counts, group, name=names(group)) for group, counts in found.items()]
        rows.sort(key=lambda row: (-row.offered, row.name))
    return answer(Report(rows=rows, total=_row(total, ())))


class _Timed(Protocol):
    """The part that the queries of all reports have: the period, the time zone, and what a row stands for (`by`)."""

    from_ms: int
    to: int
    zone: str

    @property
    def by(self) -> str: ...


def time_of(asked: _Timed, most_days: int) -> tuple[int, int, ZoneInfo]:
    """Return the beginning, the end (both Unix ms) and the time zone of a report.

    Raise `Refused` if the zone is unknown, or if the period is empty or has too many days.
    """
    try:
        check(Hours(timezone=asked.zone))
    except BadHours as error:
        raise Refused(400, "bad_request", str(error)) from None
    if asked.from_ms >= asked.to:
        raise Refused(400, "bad_request", "The end of a report must be after its beginning.")
    if asked.to - asked.from_ms > most_days * DAY_MS:
        raise Refused(400, "bad_request", f"A report by {asked.by} may cover {most_days} days at most.")
    return asked.from_ms, asked.to, ZoneInfo(asked.zone)


async def _namer(request: web.Request, asked: ReportQuery, asker: Asker) -> Namer:
    records = request.app[RECORDS]
    sites = {site.id: site for site in await records.sites() if asker.realm.has(site)}
    ours = [member for member in await records.all_staff() if member.organisation == asker.realm.organisation]
    staff = {member.id: member.name for member in ours} if asked.by == "counselor" else {}
    return Namer(sites if asked.by in ("site", "category") else {}, staff, asked.lang)


class Namer:
    """Gives the groups of a report their names in the reader's language.

    A site, category or counselor that has been removed is named by its id.
    """

    def __init__(self, sites: dict[str, Site], staff: dict[str, str], language: str) -> None:
        self._sites, self._staff, self._language = sites, staff, language

    def __call__(self, group: Group) -> str:
        site = self._sites.get(group[0])
        if site is None:
            return self._staff.get(group[0], group[-1])
        language = site.language_for(self._language) or site.languages[0]
        return site.category_name(group[1], language) if len(group) > 1 else site.name(language)


_PLAIN = ("offered", "given_up", "messages", "callbacks", "help_asked", "help_joined", "transfers_asked", "transferred", "rated")


def _row(counts: Counts, group: Group, *, name: str = "", at: int | None = None) -> ReportRow:
    answered, over = counts["answered"], counts["answered"] + counts["given_up"] + counts["messages"]
    return ReportRow(
        at=at,
        name=name,
        group=list(group),
        answered=answered,
        service_level_percent=round(100 * counts["in_time"] / over, 1) if over else None,
        wait_mean_s=round(counts["wait_ms"] / answered / 1000, 1) if answered else None,
        wait_p50_s=percentile_s(counts, 0.5),
        wait_p90_s=percentile_s(counts, 0.9),
        talk_mean_s=round(counts["talk_ms"] / counts["finished"] / 1000, 1) if counts["finished"] else None,
        rating=round(counts["rating_sum"] / counts["rated"], 2) if counts["rated"] else None,
        **{each: counts[each] for each in _PLAIN},
    )
