"""Every reason for a refusal, or for the end of a session, peer connection or WebSocket, as a key for programs.

The sentence for people is written next to the code that refuses. `docs/protocol.md` explains each reason, and a test compares the
reasons there with those here. The pages have words for every reason that reaches a person; the TypeScript compiler checks that
none is missing (`make messages` writes the types).
"""

from __future__ import annotations

from typing import Literal

CodeReason = Literal[
    "unknown_site",
    "unknown_category",
    "unknown_language",
    "wrong_origin",
    "bad_signature",
    "wrong_algorithm",
    "keys_unavailable",
    "expired",
    "not_yet_valid",
    "too_old",
    "other_server",
    "replayed",
    "too_large",
    "malformed",
    "trail_too_long",
    "too_many_site",
    "too_many_address",
]
"""Why an identification code is refused."""

InviteReason = Literal["bad_invite", "expired", "replayed", "over"]
"""Why a link into a conversation is refused. `over`: the conversation is over, or no counselor waits for this user any more."""

MailReason = Literal["mail_off", "bad_address", "unsubscribed", "too_many_mails", "mail_full"]
"""Why a mail is not put into the outbox. `mail_off`: this server sends no mail. `unsubscribed`: the recipient wants no mail."""

SignInReason = Literal[
    "wrong_credentials",
    "too_many_sign_ins",
    "wrong_password",
    "weak_password",
    "link_over",
    "code_needed",
    "wrong_code",
    "prove_first",
    "app_exists",
    "passkey_refused",
    "passkey_needed",
    "too_many_passkeys",
    "provider_off",
    "provider_unavailable",
    "provider_refused",
    "no_role",
    "no_role_claim",
    "state_over",
    "by_provider",
    "provider_only",
]
"""Why a sign-in, a new password or a second factor is refused.

`link_over`: the one-time link was used or replaced, or is too old.
`code_needed`: the password is right, and the code of the authenticator app is missing.
`prove_first`: the person must give their password again. `app_exists`: an authenticator app is set up already.
`passkey_needed`: a second factor is required, and the person's only second factor is a passkey.
`provider_…`: the OpenID provider is not set up, does not answer, is not usable, or does not vouch for the person.
`no_role`: the provider gives the person no role here. `no_role_claim`: the provider's answers do not name a role.
`state_over`: the sign-in at the provider took too long, or the provider's answer came twice.
`by_provider`: the OpenID provider added this person, and only the provider decides whether this person may sign in.
`provider_only`: the person's organisation accepts neither passwords nor passkeys.
"""

PictureReason = Literal["not_a_picture", "picture_too_large", "picture_too_costly", "picture_damaged"]

FileReason = Literal[
    "file_empty", "file_unknown", "file_mislabelled", "file_has_macros", "file_damaged", "file_infected", "scan_failed"
]
"""Why a file is refused.

`scan_failed`: the virus scanner does not answer. While the scanner does not answer, pictures are refused, too.
"""

CrowdedReason = Literal["full", "overloaded", "pictures", "files"]
"""Why the client must try again later: too many people wait, the server lags, or too many pictures or files are being sent."""

SessionReason = Literal[
    "wrong_state",
    "outcome_needed",
    "not_yours",
    "replaced",
    "unknown",
    "channel",
    "too_late",
    "too_often",
    "ringing",
    "recording",
    "captions_off",
    "guests_off",
    "too_many_guests",
    "listening_off",
    "speaking_off",
    "not_mentioned",
    "unknown_colleague",
    "staff_lines_only",
    "no_help",
    "not_pending",
    "closed",
    "unavailable",
    "not_offered",
    "form_needed",
    "full",
    "no_contact",
    "out_of_hours",
    "empty",
    "unknown_picture",
    "unknown_line",
    "no_worker",
    "bad_board",
]
"""Why a session refuses a command in its present state."""

MatcherReason = Literal["unknown", "stale_fence", "not_pending", "wrong_state", "busy", "duplicate", "full"]
"""Why the matcher refuses a command: the names of `matcher.types.RefusedReason`."""

WorkerReason = Literal["stale_epoch", "no_room", "no_peer", "bad_request", "bad_sdp", "full", "draining"]
"""Why a media worker refuses a command: the names of `media.api.wire.RefusalReason`."""

CommandReason = Literal[SessionReason, MatcherReason, WorkerReason]
"""Why a client's command is refused, by the session, the matcher or the media worker."""

ErrorReason = Literal[CommandReason, "bad_message", "too_many", "failed"]
"""All reasons of the `error` message."""

RequestReason = Literal[
    "bad_request",
    "too_large",
    "too_slow",
    "not_found",
    "wrong_method",
    "wrong_origin",
    "signed_out",
    "not_allowed",
    "busy",
    "wrong_state",
    "session_full",
    "too_many_pictures",
    "too_many_files",
    "file_too_large",
    "files_off",
    "disk_full",
    "too_many_replies",
    "too_many_notes",
    "unknown_person",
    "past_off",
    "form_needed",
    "open_elsewhere",
    "too_many_sockets",
    "unknown_language",
    "bad_table",
    "bad_plan",
    "bad_hours",
    "bad_thresholds",
    "bad_webhook",
    "push_off",
    "bad_push",
    "too_many_webhooks",
    "webhook_taken",
    "invalid",
    "changed_meanwhile",
    "bad_provider",
    "unavailable",
    "internal",
]
"""Why a handler refuses an HTTP request of a page."""

UndoReason = Literal["secret_gone", "picture_gone", "person_gone", "texts_gone", "category_gone", "other_form"]
"""Why a change in the audit log cannot be undone.

`secret_gone`, `picture_gone`, `person_gone`: the change removed something that is stored nowhere any more.
`texts_gone`: the change concerned more texts than the audit log keeps.
`category_gone`: the outcomes that the undo would restore name a category that was removed later.
`other_form`: an older version stored the former values, and this version cannot read them.
"""

ApiReason = Literal["bad_token", "precondition_needed", "key_reused", "in_progress", "erased"]
"""Why `/api/v1` refuses a request. `precondition_needed`: a change needs `If-Match`. `key_reused`: another request had this
`Idempotency-Key`. `in_progress`: the first request with this key is still being answered. `erased`: the session was erased."""

FieldProblem = Literal[
    "needed", "too_many", "too_long", "bad_id", "bad_name", "bad_origin", "bad_address", "bad_language", "bad_colour",
    "bad_number", "bad_parent", "unknown", "taken", "two_parts", "no_capacity", "last_owner", "not_yours", "bad_mail",
    "bad_key", "private_key", "no_keys", "one_kind", "private_address", "text_only",
    "unknown_value", "not_allowed",
]  # fmt: skip
"""Reasons why the server refuses one field of a settings form. The refusal `invalid` names one for each wrong field."""

HttpReason = Literal[
    RequestReason,
    UndoReason,
    ApiReason,
    CodeReason,
    InviteReason,
    MailReason,
    SignInReason,
    PictureReason,
    FileReason,
    CrowdedReason,
    CommandReason,
]
"""All reasons in the body of an HTTP refusal."""

ByeReason = Literal["restart", "replaced", "token", "signed_out", "slow_client", "too_many", "crowded"]
"""Why the server closes a WebSocket, as its last message `bye` says."""

PeerEndReason = Literal[
    "never_connected",
    "silent",
    "no_consent",
    "dtls_failed",
    "not_draining",
    "too_many_channels",
    "sctp_malformed",
    "sctp_overflow",
    "internal",
]
"""Why a media worker ends a peer connection that nobody asked to end."""

EndReason = Literal[
    "left",
    "hung_up",
    "user_lost",
    "owner_lost",
    "idle",
    "operator",
    "unserved",
    "erased",
    "wrapped_up",
    "callback_cancelled",
    "callback_missed",
    "slept",
    "no_room",
]
"""Why a session has ended."""

OverReason = Literal[
    EndReason,
    "message_left",
    "handed_over",
    "lost",
    "too_slow",
    "not_entered",
    "cancelled",
    "ended",
    "callback",
    "callback_moved",
    "woken",
    "stopped",
    "turned_off",
    "removed",
]
"""Why a session is over for one client. The session may go on for others."""

PassedOverReason = Literal[
    "language", "site", "channel", "category", "away", "busy", "excluded", "full", "in_call", "lost", "wrap_up", "load", "idle",
    "not_asked", "promised",
]  # fmt: skip
"""Why the request of a user or colleague was not offered to a member of staff: the names of `matcher.types.PassedOver.reason`."""
