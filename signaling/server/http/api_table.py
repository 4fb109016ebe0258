"""Every HTTP route of the server, with the types of its request and response.

`openapi.py` makes the OpenAPI document from this table. Add a row here for each new route: a test compares the rows with the
routes of the application. The tests of the routes check each request and each response against the route's row.
"""

from __future__ import annotations

from typing import Any

from msgspec import Struct

from signaling.access.brief import Supplement
from signaling.recordings.copies import Copy

from . import (
    account,
    appointments,
    calendars,
    doctor,
    factors,
    files,
    first_start,
    hours,
    mail,
    mail_plans,
    oidc,
    operator,
    own_mail,
    pages,
    passkeys,
    person,
    pictures,
    previews,
    push,
    recordings,
    replies,
    reply_pictures,
    reports,
    settings_sites,
    settings_staff,
    settings_tokens,
    sign_in_rules,
    site_keys,
    staff,
    staff_hours,
    threads,
    thresholds,
    transcripts,
    unsubscribe,
    users,
    webhooks,
    wrap_up,
)
from .board_steps import BoardHistory, PartQuery
from .operation import Media, Nothing, Operation
from .v1 import table as v1

__all__ = ["OPERATIONS", "Media", "Operation"]


class Health(Struct, kw_only=True):
    """The result of a health check. `state`: the server's state in a cluster. `missing`: parts that are unavailable."""

    ok: bool
    state: str = ""
    missing: list[str] = []


class Stored(Struct, kw_only=True):
    id: str


class Login(Struct, kw_only=True):
    login: str


class Ended(Struct, kw_only=True):
    """The result of ending sign-ins. `ended`: how many sign-ins ended."""

    ended: int


_PICTURE = Media("image/*")
HTML, WEBM, CSV = Media("text/html"), Media("video/webm"), Media("text/csv")
NDJSON = Media("application/x-ndjson")
FORM = Media("application/x-www-form-urlencoded")
_ID, _SITE, _NOTES = "/api/sessions/{id}", "/api/operator/sites/{site}", "/api/sessions/{id}/person/notes"
_THREAD = "/api/threads/{id}"
_SETTINGS, _STAFF = "/api/settings/sites/{site}", "/api/settings/staff"
_TOKENS = "/api/settings/tokens"
_PREVIEW = "/api/settings/preview"
_WEBHOOKS = "/api/settings/webhooks"
_APPOINTMENTS = "/api/operator/appointments"
_OPERATOR, _APP = "/api/operator", "/api/second-factors/app"

_OPERATIONS: tuple[Operation, ...] = (
    # users
    Operation("GET", "/api/panel", "anyone", "Data for the panel.", users.PanelView, users.PanelQuery),
    Operation("OPTIONS", "/api/codes", "anyone", "Preflight of a site's page."),
    Operation("POST", "/api/codes", "anyone", "Make a code, from a site's page.", users.CodeAnswer, body=users.CodeRequest),
    Operation(
        "POST", "/api/sessions", "anyone", "Exchange a code for a session.", users.SessionAnswer, body=users.SessionRequest
    ),
    Operation(
        "POST", "/api/threads", "anyone", "Exchange a code for a thread.", threads.ThreadAnswer, body=threads.ThreadRequest
    ),
    Operation("GET", "/api/threads", "user", "One's own conversations.", threads.ThreadPage, threads.ThreadQuery),
    Operation("GET", f"{_THREAD}", "user", "One's own conversation.", threads.ThreadConversation, threads.LinesQuery),
    Operation("GET", f"{_THREAD}/drawings/{{number}}", "user", "A page of its board.", Media("image/svg+xml")),
    Operation("GET", f"{_THREAD}/transcript", "user", "One's own conversation to keep.", HTML, transcripts.TranscriptQuery),
    Operation("POST", f"{_THREAD}/continue", "user", "Go on with an open conversation here.", users.InviteAnswer),
    Operation("POST", f"{_ID}/visit", "user", "Tell which page the user visits now.", body=Supplement),
    Operation(
        "POST",
        "/api/invites",
        "anyone",
        "Exchange a callback's link for a session.",
        users.InviteAnswer,
        body=users.InviteRequest,
    ),
    Operation("GET", f"{_ID}/transcript", "user", "The user's copy of the conversation.", HTML, transcripts.TranscriptQuery),
    Operation("GET", f"{_ID}/recording", "user", "How far the user's copy of the recording is.", Copy),
    Operation("POST", f"{_ID}/recording", "user", "Make the user's copy of the recording.", Copy),
    Operation("GET", f"{_ID}/recording/file", "user", "The user's copy of the recording.", WEBM),
    Operation(
        "POST", f"{_ID}/mail", "user", "Be told of answers by mail, or get a copy.", mail.MailAnswer, body=mail.MailRequest
    ),
    Operation("GET", "/api/push/key", "anyone", "The key with which a browser subscribes to pushes.", push.PushKey),
    Operation("POST", f"{_ID}/push", "user", "Be told of answers in this browser.", push.Stored, body=push.Browser),
    Operation("POST", f"{_ID}/push/remove", "user", "Be told of answers in no browser.", push.Removed),
    Operation("POST", "/api/push/open", "anyone", "Open what a push has told of.", users.InviteAnswer, body=push.Opened),
    Operation("GET", "/calendar/{key}.ics", "anyone", "The calendar of a member of staff.", Media("text/calendar")),
    Operation("GET", "/mail-preview", "anyone", "Empty page in which previews of mails are shown.", HTML),
    Operation("GET", unsubscribe.PATH, "anyone", "Page to unsubscribe from mails.", HTML, unsubscribe.Query),
    Operation("POST", unsubscribe.PATH, "anyone", "Unsubscribe from mails.", HTML, unsubscribe.Query),
    # participants
    Operation(
        "POST",
        f"{_ID}/pictures",
        "participant",
        "Send a picture.",
        pictures.PictureAnswer,
        pictures.UploadQuery,
        _PICTURE,
    ),
    Operation("GET", "/api/pictures/{id}", "participant", "A picture.", _PICTURE, pictures.ViaQuery),
    Operation(
        "POST",
        f"{_ID}/files",
        "participant",
        "Send a file. The header File-Name has its name, percent-encoded.",
        files.FileAnswer,
        files.UploadQuery,
        Media("application/octet-stream"),
    ),
    Operation("GET", "/api/files/{id}", "participant", "A file.", Media("*/*"), pictures.ViaQuery),
    # staff
    Operation("POST", "/api/sign-in", "anyone", "Sign in.", staff.Me, body=staff.SignInRequest),
    Operation("GET", "/api/sign-in", "anyone", "The ways to sign in.", oidc.Offered, oidc.OrganisationQuery),
    Operation("GET", "/api/oidc/begin", "anyone", "Leads to the sign-in provider.", HTML, oidc.OrganisationQuery),
    Operation("GET", "/api/oidc/callback", "anyone", "Takes a browser back from the provider.", HTML, oidc.CallbackQuery),
    Operation(
        "GET",
        "/api/oidc/callback/{organisation}",
        "anyone",
        "Takes a browser back from an organisation's provider.",
        HTML,
        oidc.CallbackQuery,
    ),
    Operation("POST", "/api/oidc/logout", "anyone", "A logout token of the provider.", Nothing, body=FORM),
    Operation(
        "POST", "/api/oidc/logout/{organisation}", "anyone", "A logout token of an organisation's provider.", Nothing, body=FORM
    ),
    Operation("POST", "/api/passkeys/sign-in/begin", "anyone", "Begin to sign in with a passkey.", passkeys.Ceremony),
    Operation("POST", "/api/passkeys/sign-in", "anyone", "Sign in with a passkey.", staff.Me, body=passkeys.PasskeySignIn),
    Operation("POST", "/api/password/reset", "anyone", "Set a password by a one-time link.", Login, body=account.LinkedPassword),
    Operation("POST", "/api/first-start/look", "anyone", "Look if the first link works.", Nothing, body=first_start.FirstLink),
    Operation("POST", "/api/first-start", "anyone", "Become the first owner.", staff.Me, body=first_start.FirstOwner),
    Operation("POST", "/api/password/forgot", "anyone", "Ask for a link by mail.", Nothing, body=account.Forgotten),
    Operation(
        "POST", "/api/sign-ins/stranger", "anyone", "End the sign-in of which a mail has told.", Login, body=account.StrangersLink
    ),
    Operation("POST", "/api/sign-out", "anyone", "Sign out.", Nothing),
    Operation("GET", "/api/me", "staff", "The member of staff who is signed in.", staff.Me),
    Operation("POST", "/api/password", "staff", "Change one's own password.", Nothing, body=account.NewPassword),
    Operation("POST", "/api/prove", "staff", "Prove who is there by the password.", Nothing, body=account.Proof),
    Operation("GET", "/api/account/mail", "staff", "One's own mail address.", own_mail.OwnMail),
    Operation("POST", "/api/account/mail", "staff", "Change one's own mail address.", Nothing, body=own_mail.NewMail),
    Operation(
        "POST", "/api/account/mail/confirm", "anyone", "Confirm a mail address.", own_mail.Confirmed, body=own_mail.MailLink
    ),
    Operation("GET", "/api/calendar", "staff", "Whether one has a calendar.", calendars.Calendar),
    Operation("POST", "/api/calendar", "staff", "Make a new address of one's calendar.", calendars.Calendar),
    Operation("POST", "/api/calendar/remove", "staff", "Remove the address of one's calendar.", calendars.Calendar),
    Operation("GET", "/api/sign-ins", "staff", "Where one is signed in.", list[account.SignInItem]),
    Operation("POST", "/api/sign-ins/{id}/end", "staff", "End one sign-in of one's own.", Nothing),
    Operation("POST", "/api/sign-ins/end-others", "staff", "End all other sign-ins of one's own.", Ended),
    Operation("GET", "/api/second-factors", "staff", "One's own second factors.", factors.SecondFactors),
    Operation("POST", _APP, "staff", "Begin to set up an authenticator app.", factors.NewApp),
    Operation("POST", f"{_APP}/confirm", "staff", "Confirm the authenticator app.", factors.RecoveryCodes, body=factors.AppCode),
    Operation("POST", f"{_APP}/remove", "staff", "Remove the authenticator app.", Nothing),
    Operation("POST", "/api/second-factors/recovery-codes", "staff", "Make new recovery codes.", factors.RecoveryCodes),
    Operation("POST", "/api/passkeys/begin", "staff", "Begin to make a passkey.", passkeys.Ceremony),
    Operation("POST", "/api/passkeys", "staff", "Keep a new passkey.", factors.PasskeyItem, body=passkeys.NewPasskey),
    Operation("POST", "/api/passkeys/{id}/name", "staff", "Name a passkey.", Nothing, body=passkeys.PasskeyName),
    Operation("POST", "/api/passkeys/{id}/remove", "staff", "Remove a passkey.", Nothing),
    Operation("POST", "/api/push/browsers", "staff", "Send rings to this browser.", push.Stored, body=push.Browser),
    Operation("POST", "/api/push/browsers/remove", "staff", "Send no rings to this browser.", push.Removed),
    Operation("POST", "/api/push/decline", "staff", "Decline a ring.", push.Declined, body=push.Reservation),
    Operation("GET", "/api/replies", "staff", "Saved replies that may be inserted.", list[replies.ReplyItem], replies.ReplyQuery),
    Operation("POST", "/api/replies", "staff", "Save a reply of one's own.", replies.ReplyItem, body=replies.NewReply),
    Operation("POST", "/api/replies/{id}/remove", "staff", "Remove a reply of one's own.", Nothing),
    Operation("POST", "/api/replies/{id}/used", "staff", "Count one use of a reply.", Nothing),
    Operation("GET", "/api/replies/pictures/{picture}", "staff", "A picture of a saved reply.", _PICTURE),
    Operation(
        "POST", "/api/replies/{id}/pictures", "staff", "Add a picture to one's own reply.", pictures.PictureAnswer, body=_PICTURE
    ),
    Operation("POST", "/api/replies/{id}/pictures/{picture}/remove", "staff", "Remove a picture of one's own reply.", Nothing),
    Operation(
        "POST",
        f"{_ID}/pictures/saved",
        "staff",
        "Share the picture of a saved reply.",
        pictures.PictureAnswer,
        body=reply_pictures.SavedPicture,
    ),
    Operation("GET", f"{_ID}/person", "staff", "The card of the session's user.", person.PersonCard, person.CardQuery),
    Operation("GET", f"{_ID}/earlier/{{other}}", "staff", "An earlier conversation.", person.Conversation, person.CardQuery),
    Operation("GET", f"{_ID}/board", "staff", "The changes of the session's board, in parts.", BoardHistory, PartQuery),
    Operation("POST", _NOTES, "staff", "Write a note that stays with the user.", Stored, body=person.NewNote),
    Operation("POST", f"{_NOTES}/{{note}}/remove", "staff", "Remove a note of one's own.", Nothing),
    Operation(
        "GET", "/api/sites/{site}/wrap-up", "staff", "Choices after a conversation.", wrap_up.Choices, wrap_up.ChoicesQuery
    ),
    Operation("GET", "/api/recordings/{session}", "staff", "The contents of a recording.", recordings.RecordingDetail),
    Operation("GET", "/api/recordings/{session}/board", "staff", "Changes of its board, in parts.", BoardHistory, PartQuery),
    Operation("GET", "/api/recordings/{session}/{segment}/{track}", "staff", "One track of a recording.", WEBM),
    Operation("GET", "/api/recordings/{session}/{segment}/page", "staff", "What staff saw of the user's page.", NDJSON),
    # operators
    Operation("GET", f"{_OPERATOR}/sites", "operator", "All sites.", list[replies.SiteItem], operator.LanguageQuery),
    Operation("GET", f"{_SITE}/replies", "operator", "Replies that the site shares.", list[replies.ReplyItem]),
    Operation("POST", f"{_SITE}/replies", "operator", "Save a shared reply.", replies.ReplyItem, body=replies.NewReply),
    Operation("POST", f"{_SITE}/replies/{{id}}/remove", "operator", "Remove a shared reply.", Nothing),
    Operation(
        "POST",
        f"{_SITE}/replies/{{id}}/pictures",
        "operator",
        "Add a picture to a shared reply.",
        pictures.PictureAnswer,
        body=_PICTURE,
    ),
    Operation("POST", f"{_SITE}/replies/{{id}}/pictures/{{picture}}/remove", "operator", "Remove such a picture.", Nothing),
    Operation("GET", f"{_SITE}/replies.csv", "operator", "Shared replies as a table.", CSV),
    Operation("POST", f"{_SITE}/replies.csv", "operator", "Add shared replies from a table.", replies.Imported, body=CSV),
    Operation(
        "GET", f"{_OPERATOR}/wrap-up", "operator", "Each site with its plan.", list[wrap_up.SitePlan], operator.LanguageQuery
    ),
    Operation(
        "POST", f"{_SITE}/wrap-up", "operator", "Set a site's plan.", wrap_up.SitePlan, operator.LanguageQuery, wrap_up.NewPlan
    ),
    Operation("GET", f"{_OPERATOR}/reports", "operator", "A report.", reports.Report, reports.ReportQuery),
    Operation(
        "GET",
        f"{_OPERATOR}/reports/staff",
        "operator",
        "The times of staff by state.",
        staff_hours.StaffHoursReport,
        staff_hours.StaffHoursQuery,
    ),
    Operation(
        "GET", f"{_OPERATOR}/hours", "operator", "Opening hours of all sites.", list[hours.SiteHours], operator.LanguageQuery
    ),
    Operation("GET", f"{_OPERATOR}/holidays", "operator", "Holidays of a country.", hours.HolidayList, hours.HolidayQuery),
    Operation(
        "POST",
        f"{_SITE}/categories/{{category}}/hours",
        "operator",
        "Set the hours of a category.",
        hours.SiteHours,
        operator.LanguageQuery,
        hours.NewHours,
    ),
    Operation(
        "POST", f"{_OPERATOR}/thresholds", "operator", "Set the wallboard's thresholds.", Nothing, body=thresholds.NewThresholds
    ),
    Operation(
        "GET", f"{_OPERATOR}/sessions", "operator", "Past and present sessions.", operator.SessionPage, operator.SearchQuery
    ),
    Operation("GET", f"{_OPERATOR}/sessions/{{id}}", "operator", "One session.", operator.SessionDetail, operator.LanguageQuery),
    Operation("POST", f"{_OPERATOR}/sessions/{{id}}/erase", "operator", "Erase a session.", Nothing),
    Operation(
        "GET",
        f"{_OPERATOR}/sessions/{{id}}/transcript",
        "operator",
        "A conversation to keep.",
        HTML,
        transcripts.TranscriptQuery,
    ),
    Operation(
        "GET", _APPOINTMENTS, "operator", "Callbacks and appointments.", appointments.AppointmentPage, operator.LanguageQuery
    ),
    Operation(
        "GET",
        f"{_APPOINTMENTS}/{{session}}/times",
        "operator",
        "Free times for one of them.",
        list[appointments.StaffTimes],
        appointments.TimesQuery,
    ),
    Operation("POST", f"{_APPOINTMENTS}/{{session}}/move", "operator", "Move one.", Nothing, body=appointments.NewTime),
    Operation("POST", f"{_APPOINTMENTS}/{{session}}/cancel", "operator", "Cancel one.", Nothing, body=appointments.Cancellation),
    Operation("GET", f"{_STAFF}/{{id}}/hours", "operator", "Working hours.", appointments.WorkingHours, operator.LanguageQuery),
    Operation(
        "POST",
        f"{_STAFF}/{{id}}/hours",
        "operator",
        "Set working hours.",
        appointments.WorkingHours,
        operator.LanguageQuery,
        hours.NewHours,
    ),
    Operation("GET", f"{_OPERATOR}/audit", "operator", "The audit log.", operator.AuditPage, operator.PageQuery),
    Operation("POST", f"{_OPERATOR}/audit/{{n}}/undo", "operator", "Take one change of settings back.", Nothing),
    Operation("GET", "/api/settings/sites", "operator", "Sites, searched.", settings_sites.SiteRows, settings_sites.RowsQuery),
    Operation("POST", "/api/settings/sites", "operator", "Add a site.", settings_sites.StoredSite, body=settings_sites.NewSite),
    Operation("GET", _SETTINGS, "operator", "The settings of a site.", settings_sites.StoredSite),
    Operation("POST", _SETTINGS, "operator", "Change a site.", settings_sites.StoredSite, body=settings_sites.NewSettings),
    Operation("POST", f"{_SETTINGS}/remove", "operator", "Remove a site.", Nothing),
    Operation("POST", f"{_SETTINGS}/logo", "operator", "Store the site's logo.", pictures.PictureAnswer, body=_PICTURE),
    Operation("POST", f"{_SETTINGS}/logo/remove", "operator", "Remove the site's logo.", Nothing),
    Operation("GET", "/api/logos/{id}", "anyone", "The logo of a site.", _PICTURE),
    Operation("GET", f"{_SETTINGS}/keys", "operator", "The keys of a site.", site_keys.KeyList),
    Operation("POST", f"{_SETTINGS}/keys", "operator", "Add a key.", site_keys.AddedKey, body=site_keys.NewKey),
    Operation("POST", f"{_SETTINGS}/keys/{{key}}/remove", "operator", "Retire a key.", Nothing),
    Operation("GET", _STAFF, "operator", "Staff, searched.", settings_staff.StaffRows, settings_sites.RowsQuery),
    Operation("POST", _STAFF, "operator", "Add a member of staff.", settings_staff.Added, body=settings_staff.NewStaff),
    Operation("GET", f"{_STAFF}/{{id}}", "operator", "A member of staff.", settings_staff.StoredStaff),
    Operation(
        "POST",
        f"{_STAFF}/{{id}}",
        "operator",
        "Change a member of staff.",
        settings_staff.StoredStaff,
        body=settings_staff.NewSettings,
    ),
    Operation("POST", f"{_STAFF}/{{id}}/link", "operator", "Make a one-time link.", settings_staff.Added),
    Operation("GET", _TOKENS, "operator", "API tokens.", settings_tokens.TokenPage),
    Operation("POST", _TOKENS, "operator", "Make an API token.", settings_tokens.MadeToken, body=settings_tokens.NewToken),
    Operation("POST", f"{_TOKENS}/{{id}}/remove", "operator", "Remove an API token.", Nothing),
    Operation("POST", f"{_STAFF}/{{id}}/invite", "operator", "Mail a one-time link.", settings_staff.Added),
    Operation(
        "POST",
        f"{_PREVIEW}/sites/{{site}}",
        "operator",
        "What a change of a site would do to a day.",
        previews.PreviewAnswer,
        body=previews.SitePreview,
    ),
    Operation(
        "POST",
        f"{_PREVIEW}/sites/{{site}}/hours/{{category}}",
        "operator",
        "What other hours would do to a day.",
        previews.PreviewAnswer,
        body=hours.NewHours,
    ),
    Operation(
        "POST",
        f"{_PREVIEW}/staff",
        "operator",
        "What a change of staff would do to a day.",
        previews.PreviewAnswer,
        body=previews.StaffPreview,
    ),
    Operation("GET", _WEBHOOKS, "operator", "Webhooks.", webhooks.WebhookPage),
    Operation("POST", _WEBHOOKS, "operator", "Add a webhook.", webhooks.WebhookSecret, body=webhooks.NewWebhook),
    Operation("POST", f"{_WEBHOOKS}/{{id}}", "operator", "Change a webhook.", Nothing, body=webhooks.ChangedWebhook),
    Operation("POST", f"{_WEBHOOKS}/{{id}}/rotate", "operator", "Make a new secret.", webhooks.WebhookSecret),
    Operation("POST", f"{_WEBHOOKS}/{{id}}/remove", "operator", "Remove a webhook.", Nothing),
    Operation("POST", f"{_WEBHOOKS}/{{id}}/test", "operator", "Send a test event.", Nothing),
    Operation("GET", f"{_WEBHOOKS}/{{id}}/deliveries", "operator", "The last events.", list[webhooks.DeliveryItem]),
    Operation("POST", f"{_WEBHOOKS}/{{id}}/deliveries/{{n}}/send", "operator", "Send an event again.", Nothing),
    Operation("GET", f"{_OPERATOR}/counts", "operator", "Refusals since the start, by reason.", dict[str, int]),
    Operation("POST", f"{_OPERATOR}/password-links", "operator", "Make a one-time link.", account.Link, body=account.LinkRequest),
    Operation("GET", f"{_OPERATOR}/sign-in-rules", "operator", "The rules for signing in.", sign_in_rules.RulesPage),
    Operation(
        "GET", "/api/settings/sign-in-rules", "operator", "The organisation's rules for signing in.", sign_in_rules.OwnRules
    ),
    Operation(
        "POST",
        "/api/settings/sign-in-rules",
        "operator",
        "Set the organisation's rules for signing in.",
        sign_in_rules.StoredRules,
        body=sign_in_rules.NewRules,
    ),
    Operation(
        "POST",
        f"{_OPERATOR}/sign-in-rules",
        "operator",
        "Set the rules for signing in.",
        sign_in_rules.StoredRules,
        body=sign_in_rules.NewRules,
    ),
    Operation("GET", f"{_OPERATOR}/sign-in-provider", "operator", "The sign-in provider.", oidc.ProviderPage),
    Operation(
        "POST",
        f"{_OPERATOR}/sign-in-provider",
        "operator",
        "Set up or remove the sign-in provider.",
        oidc.ProviderPage,
        body=oidc.NewSettings,
    ),
    Operation("GET", "/api/settings/sign-in-provider", "operator", "The organisation's own provider.", oidc.ProviderPage),
    Operation(
        "POST",
        "/api/settings/sign-in-provider",
        "operator",
        "Set up or remove the organisation's own provider.",
        oidc.ProviderPage,
        body=oidc.NewSettings,
    ),
    Operation("GET", f"{_OPERATOR}/mails", "operator", "The outbox of mails.", mail.MailPage, mail.OutboxQuery),
    Operation("POST", f"{_OPERATOR}/mails/{{id}}/retry", "operator", "Try a refused mail again.", Nothing),
    Operation(
        "GET",
        f"{_OPERATOR}/mail",
        "operator",
        "How each site's mails are written.",
        list[mail_plans.SiteMail],
        operator.LanguageQuery,
    ),
    Operation("POST", f"{_SITE}/mail", "operator", "Change how a site's mails are written.", Nothing, body=mail_plans.NewPlan),
    Operation(
        "GET",
        f"{_SITE}/mail/wording",
        "operator",
        "The standard wording of a site's mails.",
        list[mail_plans.StandardText],
        mail_plans.WordingQuery,
    ),
    Operation(
        "POST",
        f"{_SITE}/mail/preview",
        "operator",
        "A mail as its reader would see it.",
        mail_plans.MailPreview,
        body=mail_plans.PreviewRequest,
    ),
    Operation("GET", f"{_OPERATOR}/doctor", "operator", "Examine the server.", doctor.Report, operator.LanguageQuery),
    # machines and pages
    Operation("GET", "/api/openapi.json", "anyone", "This document.", dict[str, Any]),
    Operation("GET", "/healthz", "anyone", "Whether the process runs.", Health),
    Operation("GET", "/readyz", "anyone", "Whether the server can serve.", Health),
    Operation("GET", "/", "anyone", "Leads a host of staff to its page.", HTML),
    Operation("GET", "/try/{site}", "operator", "A page on which staff try a site.", HTML, operator.LanguageQuery),
    Operation("GET", "/panel", "anyone", "The panel.", HTML, pages.PanelQuery),
    Operation("GET", "/call", "anyone", "The call page.", HTML),
    Operation("GET", "/console", "anyone", "The page of counselors and professionals.", HTML),
    Operation("GET", "/operator", "anyone", "The page of operators.", HTML),
    Operation("GET", "/widget.js", "anyone", "The widget for sites.", Media("text/javascript"), pages.WidgetQuery),
    Operation("GET", "/widget-api.js", "anyone", "The widget's events for scripts.", Media("text/javascript")),
    Operation("GET", "/cobrowse.js", "anyone", "The script that shows a user's page to staff.", Media("text/javascript")),
    Operation("GET", "/page-frame", "anyone", "The empty document in which staff see a user's page.", HTML, pages.WidgetQuery),
    Operation("GET", "/console.webmanifest", "anyone", "The manifest of the console.", Media("application/manifest+json")),
    Operation("GET", "/console-worker.js", "anyone", "The console's service worker.", Media("text/javascript")),
    Operation("GET", "/call-worker.js", "anyone", "The call page's service worker.", Media("text/javascript")),
    Operation("GET", "/icons/{name}", "anyone", "An icon.", _PICTURE),
    Operation("GET", "/assets/{path}", "anyone", "Parts of the pages.", Media("*/*")),
)
OPERATIONS = (*_OPERATIONS, *v1.operations(_OPERATIONS))
