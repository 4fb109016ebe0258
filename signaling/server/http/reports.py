"""Reports for operators: how many users came and how long they waited, by time, site, category, outcome, language, counselor."""

from __future__ import annotations

from aiohttp import web
from msgspec import Struct

from signaling.protocol.reading import QueryReader
from signaling.records import Site
from signaling.records.report_counts import Counts, percentile_s
from signaling.records.reports import By, Group
from signaling.server.app_keys import RECORDS

from .allowed import Asker, asker_of
from .bodies import Key, read_query
from .errors import answer
from .periods import PeriodQuery, period_of, summed

routes = web.RouteTableDef()

MOST_DAYS = {"hour": 62}  # kind of row (`by`) → the longest period of the report in days; other kinds have the general limit


class ReportQuery(PeriodQuery, kw_only=True):
    """The query of a report: its period, the kind of its rows (`by`), the reader's time zone, and a site, or "" for all sites."""

    by: By = "day"
    site: Key = ""


class ReportRow(Struct, kw_only=True):
    """One row of a report.

    Durations are in seconds. A mean, a share or a percentile is null if nobody counts towards it.

    - `at`: the start of the row's hour, day or week; null in all other rows. `at` is in ms; read as UTC, it shows the local time
      in the reader's zone.
    - `name`: the name of the row's site, category, outcome or counselor, or the tag of its language; "" for an hour, a day, a
      week and the total.
    - `group`: for a site or counselor, its id; for a language, its tag; for a category or outcome, the id of its site and its own
      id; for an hour, day or week, `at` as text; for the total, [].
    - `service_level_percent`: share of the users who were answered within 20 s, among those who were answered, gave up or left a
      message.
    - `wait_p50_s`: half of the answered users waited at most this long. `wait_p90_s`: nine tenths of them waited at most this
      long.
    - `handle_mean_s`: mean duration of a conversation and its wrap-up together; only conversations with a wrap-up count.
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
    handle_mean_s: float | None
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

    A report by hour, day or week has a row for each hour, day or week, even if nobody asked for a counselor then.
    """
    asker = await asker_of(request)
    asked, records = read_query(request, _read), request.app[RECORDS]
    period = period_of(asked, asked.by, MOST_DAYS)
    found = await records.report(period.begin, period.end, asked.by, period.zone, asked.site, asker.realm)
    if starts := period.starts(asked.by):
        rows = [_row(found.get((start,), Counts()), (start,), at=int(start)) for start in starts]
    else:
        names = await _namer(request, asked, asker)
        rows = [_row(counts, group, name=names(group)) for group, counts in found.items()]
        rows.sort(key=lambda row: (-row.offered, row.name))
    return answer(Report(rows=rows, total=_row(summed(found.values()), ())))


async def _namer(request: web.Request, asked: ReportQuery, asker: Asker) -> Namer:
    records = request.app[RECORDS]
    sites = {site.id: site for site in await records.sites() if asker.realm.has(site)}
    ours = [member for member in await records.all_staff() if member.organisation == asker.realm.organisation]
    staff = {member.id: member.name for member in ours} if asked.by == "counselor" else {}
    return Namer(asked.by, sites if asked.by in ("site", "category", "outcome") else {}, staff, asked.lang)


class Namer:
    """Finds the names of a report's rows (`ReportRow.name`) in the reader's language.

    The name of a removed site, category, outcome or counselor is its id.
    """

    def __init__(self, by: By, sites: dict[str, Site], staff: dict[str, str], language: str) -> None:
        self._by, self._sites, self._staff, self._language = by, sites, staff, language

    def __call__(self, group: Group) -> str:
        site = self._sites.get(group[0])
        if site is None:
            return self._staff.get(group[0], group[-1])
        language = site.language_for(self._language) or site.languages[0]
        if len(group) == 1:
            return site.name(language)
        return (site.outcome_name if self._by == "outcome" else site.category_name)(group[1], language)


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
        handle_mean_s=round(counts["handle_ms"] / counts["handled"] / 1000, 1) if counts["handled"] else None,
        rating=round(counts["rating_sum"] / counts["rated"], 2) if counts["rated"] else None,
        **{each: counts[each] for each in _PLAIN},
    )
