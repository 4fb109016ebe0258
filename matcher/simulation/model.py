"""The model of a simulated day, and its TOML file. Durations are seconds, rates are per hour, times of day are "HH:MM"."""

from __future__ import annotations

import re
import tomllib
from importlib.resources import files
from math import log
from typing import Annotated, Final, Literal

import msgspec
import numpy as np
from msgspec import Meta, Struct
from numpy.typing import NDArray

from matcher.queue import QueueKey
from matcher.rules import ALL, MOST_CAPACITY
from matcher.types import Medium, RequestKind, StaffRole

DAY_S: Final = 86_400
HOUR_S: Final = 3_600
NEVER_S: Final = float("inf")
_SHIFT: Final = re.compile(r"([01]\d|2[0-4]):([0-5]\d)-([01]\d|2[0-4]):([0-5]\d)")

Name = Annotated[str, Meta(min_length=1)]
Share = Annotated[float, Meta(ge=0, le=100)]


class ModelError(Exception):
    """A model or a file of arrivals has an error. The exception's text is a sentence that says where and why."""


class Spread(Struct, frozen=True, forbid_unknown_fields=True):
    """A distribution of durations. `cv`: standard deviation divided by mean; only `lognormal` uses it."""

    mean_s: Annotated[float, Meta(ge=0)]
    kind: Literal["exponential", "lognormal", "fixed"] = "lognormal"
    cv: Annotated[float, Meta(gt=0, le=10)] = 0.8

    def draw(self, rng: np.random.Generator, count: int) -> NDArray[np.float64]:
        """Return `count` random durations of this distribution, in seconds."""
        if self.kind == "fixed" or self.mean_s == 0:
            return np.full(count, self.mean_s)
        if self.kind == "exponential":
            return rng.exponential(self.mean_s, count)
        variance = log(1 + self.cv**2)
        return rng.lognormal(log(self.mean_s) - variance / 2, variance**0.5, count)


class QueueModel(Struct, frozen=True, forbid_unknown_fields=True):
    """A group of users, or of counselors who ask for help (`kind`), whose requests need the same skills.

    `category` runs from the category itself to its root, as in the service. `per_hour`: how many users come on average in each of
    the 24 hours. `patience`: None means that nobody in this queue gives up.
    """

    site: Name
    language: Name
    category: Annotated[list[Name], Meta(min_length=1)]
    per_hour: Annotated[list[Annotated[float, Meta(ge=0)]], Meta(min_length=24, max_length=24)]
    handle: Spread
    patience: Spread | None = None
    kind: RequestKind = "user"
    medium: Medium = "call"

    @property
    def key(self) -> QueueKey:
        return self.kind, self.site, self.language, tuple(self.category), self.medium


class StaffModel(Struct, frozen=True, forbid_unknown_fields=True):
    """A group of staff who work alike.

    `texts`, `calls`, `texts_in_call`: as in `matcher.types.Staff`. `answer`: time from the start of a ring (the alert about a
    request) until the member accepts or declines it. `back_after_s`: how long a member is away after a missed ring.
    `declined_percent`, `missed_percent`: shares of all rings.
    """

    name: Name
    people: Annotated[int, Meta(ge=1)]
    languages: Annotated[list[Name], Meta(min_length=1)]
    shifts: Annotated[list[str], Meta(min_length=1)]
    categories: Annotated[tuple[Name, ...], Meta(min_length=1)] = (ALL,)
    sites: Annotated[tuple[Name, ...], Meta(min_length=1)] = (ALL,)
    role: StaffRole = "counselor"
    texts: Annotated[int, Meta(ge=0, le=MOST_CAPACITY)] = 3
    calls: Annotated[int, Meta(ge=0, le=MOST_CAPACITY)] = 1
    texts_in_call: bool = True
    answer: Spread = Spread(4, "lognormal", 0.6)
    wrap_up: Spread = Spread(30, "lognormal", 0.8)
    declined_percent: Share = 1
    missed_percent: Share = 1
    back_after_s: Annotated[float, Meta(gt=0)] = 120

    @property
    def hours(self) -> list[tuple[int, int]]:
        """Return the shifts as seconds of the day. A shift whose end is not later than its beginning ends on the next day.

        Raise `ModelError` for a shift that is not a text such as "09:00-17:30".
        """
        found = []
        for shift in self.shifts:
            match = _SHIFT.fullmatch(shift)
            if match is None:
                raise ModelError(f"The shift {shift!r} of {self.name} is not like 09:00-17:30.")
            hour, minute, to_hour, to_minute = map(int, match.groups())
            begin, end = hour * HOUR_S + minute * 60, to_hour * HOUR_S + to_minute * 60
            found.append((begin, end if end > begin else end + DAY_S))
        return found

    def on_duty(self, days: int) -> list[tuple[int, int]]:
        """Return when the shifts of the first `days` days begin and end, in seconds from the first midnight.

        A shift that began on the day before counts from the first midnight on.
        """
        hours = self.hours
        spans = [(begin + day * DAY_S, end + day * DAY_S) for day in range(-1, days) for begin, end in hours]
        return [(max(0, begin), end) for begin, end in spans if end > 0]


class AppointmentModel(Struct, frozen=True, forbid_unknown_fields=True):
    """Appointments by call with counselors, one after another during their shifts.

    `booked_percent`: share of the possible appointments that are booked. `minutes`: length of an appointment. `pause_minutes`:
    length of the pause after an appointment. `lead_s`: so many seconds before the start, the matcher begins to keep a place of
    the counselor free. `grace_s`: only the booked counselor is asked during this many seconds after the start.
    """

    booked_percent: Share = 50
    minutes: Annotated[int, Meta(ge=1, le=240)] = 30
    pause_minutes: Annotated[int, Meta(ge=0, le=240)] = 15
    lead_s: Annotated[float, Meta(gt=0)] = 300
    grace_s: Annotated[float, Meta(gt=0)] = 180
    handle: Spread = Spread(1200, "lognormal", 0.5)


class Model(Struct, frozen=True, forbid_unknown_fields=True):
    """The model of a simulated day: groups of staff, queues, and appointments.

    If a file lists the users who arrive, the simulation does not use `queue`.
    """

    staff: Annotated[list[StaffModel], Meta(min_length=1)]
    queue: list[QueueModel] = []
    appointments: AppointmentModel | None = None


def queue_name(key: QueueKey) -> str:
    """Return the name of a queue in tables: "shop cameras ko", "help shop cameras ko" or "shop cameras ko, text"."""
    kind, site, language, path, medium = key
    return f"{'' if kind == 'user' else kind + ' '}{site} {path[0]} {language}{', text' if medium == 'text' else ''}"


def read_model(text: str, name: str) -> Model:
    """Read a model from TOML. `name`: the file's name, for errors. Raise `ModelError` if the TOML is not a valid model."""
    try:
        model = msgspec.convert(tomllib.loads(text), Model)
    except tomllib.TOMLDecodeError as error:
        raise ModelError(f"{name} is not TOML: {error}") from error
    except msgspec.ValidationError as error:
        raise ModelError(f"{name}: {error}") from error
    groups = [group.name for group in model.staff]
    if len(set(groups)) < len(groups):
        raise ModelError(f"{name}: two groups of staff have the same name.")
    if len({queue.key for queue in model.queue}) < len(model.queue):
        raise ModelError(f"{name}: two queues are the same.")
    for group in model.staff:
        _ = group.hours
        if not group.texts + group.calls:
            raise ModelError(f"{name}: {group.name} take neither texts nor calls.")
    return model


def default_model_text() -> str:
    """Return the built-in model as TOML."""
    return files("matcher.simulation").joinpath("default_model.toml").read_text(encoding="utf-8")


def default_model() -> Model:
    """Return the built-in model."""
    return read_model(default_model_text(), "The built-in model")


def scaled(model: Model, factor: float) -> Model:
    """Return the model with `factor` times as many users and staff. Each group of staff keeps at least one member."""
    queues = [msgspec.structs.replace(q, per_hour=[rate * factor for rate in q.per_hour]) for q in model.queue]
    staff = [msgspec.structs.replace(s, people=max(1, round(s.people * factor))) for s in model.staff]
    return Model(staff, queues, model.appointments)
