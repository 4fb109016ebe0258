"""Make the simulator's input: the requests of the last weeks, and the settings before and after a change. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final, Literal

from msgspec import Struct

from matcher.simulation.work import MOST_PEOPLE, MOST_VISITS, Person, Topic, Visit, Work
from signaling.records import Site, StaffRecord
from signaling.records.opening_hours import openings

from .past import Came, Past, Spans

_HOUR_MS: Final = 3_600_000


class Change(Struct, frozen=True, kw_only=True):
    """A change that is not saved yet.

    `sites`: id → present site of the organisation. `staff`: id → present member of the organisation's staff. `site`, `member`:
    the site or member as it will be after the change; None: not changed. `counted`: ids of the sites whose users the preview's
    figures count.
    """

    sites: Mapping[str, Site]
    staff: Mapping[str, StaffRecord]
    counted: frozenset[str]
    site: Site | None = None
    member: StaffRecord | None = None

    @property
    def kind(self) -> Literal["user", "help"]:
        """The kind of the requests that the change affects.

        "user": users ask for a counselor. "help": counselors ask for a professional.
        """
        before = self.staff.get(self.member.id) if self.member else None
        professional = self.member is not None and self.member.role == "professional"
        return "help" if professional and (before is None or before.role == "professional") else "user"

    @property
    def sites_after(self) -> Mapping[str, Site]:
        return self.sites if self.site is None else {**self.sites, self.site.id: self.site}

    @property
    def staff_after(self) -> Mapping[str, StaffRecord]:
        return self.staff if self.member is None else {**self.staff, self.member.id: self.member}

    def assumes_hours(self, past: Past) -> bool:
        """Return whether the change is about a member of staff who has not been at work in the last weeks.

        In the simulation, such a member works at the same times as a typical colleague.
        """
        return self.member is not None and not past.at_work.get(self.member.id)


def work_of(past: Past, change: Change) -> Work:
    """Return the input of the simulation that shows a change's effect. Requests at sites that no longer exist are left out."""
    begin = past.begin
    asked = past.came if change.kind == "user" else past.asked
    came = [each for each in asked if each.site in change.sites][-MOST_VISITS:]
    topics = {topic: number for number, topic in enumerate(dict.fromkeys((each.site, each.category) for each in came))}
    end = max((each.at for each in came), default=begin) + _HOUR_MS
    return Work(
        visits=[_visit(each, topics[each.site, each.category], begin, counts=each.site in change.counted) for each in came],
        before=[_topic(change.sites[site], category, begin, end) for site, category in topics],
        after=[_topic(change.sites_after[site], category, begin, end) for site, category in topics],
        staff_before=_people(past, change, change.staff.values(), begin),
        staff_after=_people(past, change, change.staff_after.values(), begin),
        answer_s=past.answer_s,
        wrap_up_s=past.wrap_up_s,
        kind=change.kind,
    )


def _visit(came: Came, topic: int, begin: int, *, counts: bool) -> Visit:
    return Visit((came.at - begin) / 1000, topic, came.language, came.medium, came.waited_s, came.talked_s, counts)


def _topic(site: Site, category: str, begin: int, end: int) -> Topic:
    hours, path = site.hours_of(category), site.category_path(category) or (category,)
    spans = None
    if hours is not None:
        spans = []
        for opens, closes in openings(hours, begin):
            if opens > end:
                break
            spans.append(((opens - begin) / 1000, (closes - begin) / 1000))
    return Topic(site.id, path, site.priority_of(category), site.widens_ms_of(category), spans)


def _people(past: Past, change: Change, staff: Iterable[StaffRecord], begin: int) -> list[Person]:
    """Return the active staff of the role that serves the past requests, in the order of their ids.

    Members whose times at work are unknown are left out. There is one exception: if the times of the changed member are unknown,
    this member gets the times of a typical colleague.
    """
    role = "counselor" if change.kind == "user" else "professional"
    serving = sorted((each for each in staff if each.active and each.role == role), key=lambda each: each.id)
    usual = past.typical(each.id for each in change.staff.values() if each.active and each.role == role)
    changed = change.member.id if change.member else ""
    found = []
    for each in serving:
        spans = past.at_work.get(each.id) or (usual if each.id == changed else [])
        if spans:
            found.append(_person(each, spans, begin))
    return found[:MOST_PEOPLE]


def _person(member: StaffRecord, spans: Spans, begin: int) -> Person:
    at = [(max(0, (opens - begin) // 1000), (closes - begin) // 1000) for opens, closes in spans if closes > begin]
    return Person(
        member.id,
        member.languages,
        member.sites,
        member.categories,
        member.texts,
        member.calls,
        member.texts_in_call,
        at,
    )
