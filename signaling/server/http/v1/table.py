"""The routes of the API, as rows for the table of HTTP routes (`api_table.py`)."""

from __future__ import annotations

from collections.abc import Iterable

from signaling.access.codes import Vouched
from signaling.protocol.server_messages import Wallboard
from signaling.records.site_settings import CategorySettings, SiteSettings
from signaling.server.http import appointments as operator_appointments
from signaling.server.http import (
    hours,
    operator,
    settings_sites,
    transcripts,
    users,
)
from signaling.server.http.operation import Media, Operation

from . import appointments, conversations, desk, people, sessions, whoami

_V1 = "/api/v1"
_SESSION, _SITE = f"{_V1}/sessions/{{id}}", f"{_V1}/sites/{{site}}"
_APPOINTMENT = f"{_V1}/appointments/{{id}}"
_HOURS = f"{_SITE}/categories/{{category}}/hours"

# Routes of the API that do the same as a route of the operators' page. (method, path) of the API → (method, path) of the page.
SAME: dict[tuple[str, str], tuple[str, str]] = {
    ("GET", f"{_V1}/reports"): ("GET", "/api/operator/reports"),
    ("GET", f"{_V1}/reports/staff"): ("GET", "/api/operator/reports/staff"),
    ("GET", f"{_V1}/sites"): ("GET", "/api/settings/sites"),
    ("GET", _SITE): ("GET", "/api/settings/sites/{site}"),
    ("GET", f"{_SITE}/keys"): ("GET", "/api/settings/sites/{site}/keys"),
    ("POST", f"{_SITE}/keys"): ("POST", "/api/settings/sites/{site}/keys"),
    ("DELETE", f"{_SITE}/keys/{{key}}"): ("POST", "/api/settings/sites/{site}/keys/{key}/remove"),
    ("GET", f"{_V1}/hours"): ("GET", "/api/operator/hours"),
    ("GET", f"{_V1}/staff"): ("GET", "/api/settings/staff"),
    ("GET", f"{_V1}/staff/{{id}}"): ("GET", "/api/settings/staff/{id}"),
}

_OWN: tuple[Operation, ...] = (
    Operation("GET", f"{_V1}/token", "token", "The token of this request, and what it may do.", whoami.ThisToken),
    Operation("GET", f"{_V1}/sessions", "token", "Sessions, newest first.", sessions.SessionList, sessions.ListQuery),
    Operation("GET", _SESSION, "token", "One session with all its content.", operator.SessionDetail, operator.LanguageQuery),
    Operation("DELETE", _SESSION, "token", "Erase a session.", sessions.Erased),
    Operation("GET", f"{_SESSION}/transcript", "token", "A conversation to keep.", Media("text/*"), transcripts.TranscriptQuery),
    Operation("POST", f"{_V1}/people/find", "token", "What is held of a person.", people.PersonHeld, body=people.PersonRequest),
    Operation(
        "POST",
        f"{_V1}/people/export",
        "token",
        "All that is held of a person.",
        Media("application/zip"),
        body=people.PersonRequest,
    ),
    Operation("POST", f"{_V1}/people/erase", "token", "Erase a person.", sessions.Erased, body=people.PersonRequest),
    Operation(
        "POST",
        f"{_V1}/conversations",
        "token",
        "Start a conversation.",
        conversations.StartedConversation,
        body=conversations.NewConversation,
    ),
    Operation(
        "GET",
        f"{_V1}/appointments",
        "token",
        "Appointments, the next one first.",
        appointments.AppointmentList,
        appointments.AppointmentQuery,
    ),
    Operation(
        "POST",
        f"{_V1}/appointments",
        "token",
        "Book an appointment.",
        appointments.BookedAppointment,
        body=appointments.NewAppointment,
    ),
    Operation("GET", _APPOINTMENT, "token", "One appointment.", appointments.Appointment),
    Operation(
        "GET",
        f"{_APPOINTMENT}/times",
        "token",
        "Times to which an appointment can move.",
        list[operator_appointments.StaffTimes],
        operator_appointments.TimesQuery,
    ),
    Operation(
        "POST",
        f"{_APPOINTMENT}/move",
        "token",
        "Move an appointment.",
        appointments.Appointment,
        body=appointments.AnotherTime,
    ),
    Operation(
        "POST", f"{_APPOINTMENT}/cancel", "token", "Cancel an appointment.", appointments.Appointment, appointments.CancelQuery
    ),
    Operation(
        "GET",
        f"{_SITE}/times",
        "token",
        "Times for an appointment.",
        list[operator_appointments.StaffTimes],
        appointments.SiteTimesQuery,
    ),
    Operation("GET", f"{_V1}/callbacks", "token", "Users to call back.", sessions.CallbackList, sessions.PartQuery),
    Operation("PUT", f"{_V1}/callbacks/{{id}}", "token", "Mark a callback.", sessions.CallbackItem, body=sessions.CallbackMark),
    Operation("GET", f"{_V1}/messages", "token", "Messages left, oldest first.", desk.MessageList, desk.MessageQuery),
    Operation("PUT", f"{_V1}/messages/{{id}}", "token", "Mark a message left.", desk.MessageItem, body=desk.Mark),
    Operation("GET", f"{_V1}/live", "token", "What the wallboard shows.", Wallboard, desk.LiveQuery),
    Operation("PUT", _SITE, "token", "Change a site. Needs If-Match.", settings_sites.StoredSite, body=SiteSettings),
    Operation("POST", f"{_SITE}/codes", "token", "Make an identification code.", users.CodeAnswer, body=Vouched),
    Operation("GET", f"{_SITE}/categories", "token", "The categories of a site.", list[CategorySettings]),
    Operation("GET", _HOURS, "token", "The hours of a category.", hours.NewHours),
    Operation("PUT", _HOURS, "token", "Set the hours of a category. Needs If-Match.", hours.NewHours, body=hours.NewHours),
)


def operations(of_the_page: Iterable[Operation]) -> tuple[Operation, ...]:
    """Return the rows of the API's routes. `of_the_page`: all other rows of the table.

    Each route in `SAME` gets a copy of the row of the pages' route that does the same.
    """
    known = {(each.method, each.path): each for each in of_the_page}
    shared = [known[like]._replace(method=method, path=path, who="token") for (method, path), like in SAME.items()]
    return (*_OWN, *shared)
