"""The rows of the API in the table of HTTP routes."""

from __future__ import annotations

from signaling.access.codes import Vouched
from signaling.protocol.server_messages import Wallboard
from signaling.records.site_settings import CategorySettings, SiteSettings
from signaling.server.http import appointments as operator_appointments
from signaling.server.http import (
    hours,
    operator,
    reports,
    settings_sites,
    settings_staff,
    site_keys,
    staff_hours,
    transcripts,
    users,
)
from signaling.server.http.operation import Media, Nothing, Operation

from . import appointments, conversations, desk, people, sessions, whoami

_V1 = "/api/v1"
_SESSION, _SITE = f"{_V1}/sessions/{{id}}", f"{_V1}/sites/{{site}}"
_APPOINTMENT = f"{_V1}/appointments/{{id}}"
_HOURS = f"{_SITE}/categories/{{category}}/hours"

OPERATIONS: tuple[Operation, ...] = (
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
    Operation("POST", f"{_APPOINTMENT}/cancel", "token", "Cancel an appointment.", appointments.Appointment),
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
    Operation("GET", f"{_V1}/reports", "token", "A report.", reports.Report, reports.ReportQuery),
    Operation(
        "GET",
        f"{_V1}/reports/staff",
        "token",
        "The times of staff by state.",
        staff_hours.StaffHoursReport,
        staff_hours.StaffHoursQuery,
    ),
    Operation("GET", f"{_V1}/sites", "token", "Sites, searched.", settings_sites.SiteRows, settings_sites.RowsQuery),
    Operation("GET", _SITE, "token", "The settings of a site.", settings_sites.StoredSite),
    Operation("PUT", _SITE, "token", "Change a site. Needs If-Match.", settings_sites.StoredSite, body=SiteSettings),
    Operation("POST", f"{_SITE}/codes", "token", "Make an identification code.", users.CodeAnswer, body=Vouched),
    Operation("GET", f"{_SITE}/keys", "token", "The signing keys of a site.", site_keys.KeyList),
    Operation("POST", f"{_SITE}/keys", "token", "Add a signing key.", site_keys.AddedKey, body=site_keys.NewKey),
    Operation("DELETE", f"{_SITE}/keys/{{key}}", "token", "Retire a signing key.", Nothing),
    Operation("GET", f"{_SITE}/categories", "token", "The categories of a site.", list[CategorySettings]),
    Operation("GET", _HOURS, "token", "The hours of a category.", hours.NewHours),
    Operation("PUT", _HOURS, "token", "Set the hours of a category. Needs If-Match.", hours.NewHours, body=hours.NewHours),
    Operation("GET", f"{_V1}/hours", "token", "Opening hours of all sites.", list[hours.SiteHours], operator.LanguageQuery),
    Operation("GET", f"{_V1}/staff", "token", "Staff, searched.", settings_staff.StaffRows, settings_sites.RowsQuery),
    Operation("GET", f"{_V1}/staff/{{id}}", "token", "A member of staff.", settings_staff.StoredStaff),
)
