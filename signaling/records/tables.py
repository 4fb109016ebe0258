"""The tables (SQLAlchemy Core). A change here needs a migration in `migrations/versions/`.

A test compares the tables that this file makes with the tables that the migrations make.
"""

from __future__ import annotations

import sqlalchemy as sa

from .report_counts import COUNTS
from .staff_time_counts import SUMS

metadata = sa.MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)

# SQLite numbers new rows by itself only if the primary key is a plain INTEGER.
row_id = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def _text(name: str, default: str = "") -> sa.Column[str]:
    return sa.Column(name, sa.Text, nullable=False, server_default=default)


def _session(primary_key: bool = False) -> sa.Column[str]:
    return sa.Column("session", sa.Text, sa.ForeignKey("session.id", ondelete="CASCADE"), nullable=False, primary_key=primary_key)


def _staff(primary_key: bool = False) -> sa.Column[str]:
    return sa.Column("staff", sa.Text, sa.ForeignKey("staff.id", ondelete="CASCADE"), nullable=False, primary_key=primary_key)


def _time(name: str = "at", nullable: bool = False) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger, nullable=nullable)


organisation = sa.Table("organisation", metadata, sa.Column("id", sa.Text, primary_key=True), _text("name"))

site = sa.Table(
    "site",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    _text("organisation", "main"),
    sa.Column("names", sa.JSON, nullable=False),
    sa.Column("origins", sa.JSON, nullable=False),
    _text("accent"),
    _text("privacy_url"),
    _text("home_url"),
    sa.Column("retention_days", sa.Integer, nullable=False),
    sa.Column("languages", sa.JSON, nullable=False),
    sa.Column("page_params", sa.JSON, nullable=False),
    _text("recording", "off"),
    _text("callbacks", "offered"),
    _text("listening", "off"),
    sa.Column("file_mb", sa.Integer, nullable=False, server_default="25"),
    sa.Column("wrap_up", sa.JSON(none_as_null=True), nullable=True),
    _text("read_marks", "on"),
    _text("staff_names", "shown"),
    sa.Column("mail", sa.JSON(none_as_null=True), nullable=True),
    sa.Column("thread_days", sa.Integer, nullable=False, server_default="7"),
    _text("own_past", "shown"),
    _text("captions", "live"),
    _text("cobrowse", "off"),
    _text("logo"),
    _text("corner", "right"),
    sa.Column("launcher_texts", sa.JSON, nullable=False, server_default="{}"),
    sa.Column("channels", sa.JSON, nullable=False, server_default='["text", "voice", "video"]'),
    sa.Column("waiting_notice", sa.JSON, nullable=False, server_default="{}"),
    sa.Column("recording_notice", sa.JSON, nullable=False, server_default="{}"),
    sa.Column("appointments", sa.JSON(none_as_null=True), nullable=True),
    sa.Column("guests", sa.Integer, nullable=False, server_default="0"),
)

site_logo = sa.Table(
    "site_logo",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("site", sa.Text, sa.ForeignKey("site.id", ondelete="CASCADE"), nullable=False, index=True),
    _text("mime"),
    sa.Column("width", sa.Integer, nullable=False),
    sa.Column("height", sa.Integer, nullable=False),
    sa.Column("data", sa.LargeBinary, nullable=False),
    sa.Column("saved_at", sa.BigInteger, nullable=False, server_default="0"),
)

category = sa.Table(
    "category",
    metadata,
    sa.Column("site", sa.Text, sa.ForeignKey("site.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("parent", sa.Text, nullable=True),
    sa.Column("names", sa.JSON, nullable=False),
    sa.Column("position", sa.Integer, nullable=False),
    sa.Column("hours", sa.JSON(none_as_null=True), nullable=True),
    sa.Column("priority", sa.Integer, nullable=True),
    sa.Column("widens_s", sa.JSON(none_as_null=True), nullable=True),
    sa.Column("form", sa.JSON(none_as_null=True), nullable=True),
)

site_key = sa.Table(
    "site_key",
    metadata,
    sa.Column("site", sa.Text, sa.ForeignKey("site.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("kid", sa.Text, primary_key=True),
    _text("secret"),
    sa.Column("position", sa.Integer, nullable=False),
    _text("public"),
    _text("address"),
)

staff = sa.Table(
    "staff",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("login", sa.Text, nullable=False, unique=True),
    _text("organisation", "main"),
    _text("name"),
    _text("role"),
    sa.Column("offices", sa.JSON, nullable=False, server_default="[]"),
    sa.Column("active", sa.Boolean, nullable=False, server_default=sa.true()),
    _text("password_hash"),
    sa.Column("languages", sa.JSON, nullable=False),
    sa.Column("sites", sa.JSON, nullable=False),
    sa.Column("categories", sa.JSON, nullable=False),
    sa.Column("texts", sa.Integer, nullable=False, server_default="3"),
    sa.Column("calls", sa.Integer, nullable=False, server_default="1"),
    sa.Column("texts_in_call", sa.Boolean, nullable=False, server_default=sa.true()),
    _text("mail"),
    _text("locale"),
)

staff_plan = sa.Table(
    "staff_plan",
    metadata,
    _staff(primary_key=True),
    sa.Column("hours", sa.JSON(none_as_null=True), nullable=True),
    sa.Column("calendar_hash", sa.Text, nullable=False, server_default="", index=True),
)

saved_reply = sa.Table(
    "saved_reply",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("site", sa.Text, sa.ForeignKey("site.id", ondelete="CASCADE"), nullable=True, index=True),
    sa.Column("owner", sa.Text, sa.ForeignKey("staff.id", ondelete="CASCADE"), nullable=True, index=True),
    _text("language"),
    _text("title"),
    _text("text"),
    sa.Column("uses", sa.Integer, nullable=False, server_default="0"),
    _time("changed_at"),
)

reply_picture = sa.Table(
    "reply_picture",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("reply", sa.Text, sa.ForeignKey("saved_reply.id", ondelete="CASCADE"), nullable=False, index=True),
    _text("mime"),
    sa.Column("width", sa.Integer, nullable=False),
    sa.Column("height", sa.Integer, nullable=False),
    sa.Column("data", sa.LargeBinary, nullable=False),
    _time(),
)

sign_in = sa.Table(
    "sign_in",
    metadata,
    sa.Column("token_hash", sa.Text, primary_key=True),
    sa.Column("staff", sa.Text, sa.ForeignKey("staff.id", ondelete="CASCADE"), nullable=False, index=True),
    _time("created_at"),
    _time("expires_at"),
    sa.Column("seen_at", sa.BigInteger, nullable=False, server_default="0"),
    _text("device"),
    _text("network"),
    sa.Column("proved_at", sa.BigInteger, nullable=False, server_default="0"),
    sa.Column("limited", sa.Boolean, nullable=False, server_default=sa.false()),
)

reset_link = sa.Table("reset_link", metadata, sa.Column("token_hash", sa.Text, primary_key=True), _staff(), _time("expires_at"))

staff_device = sa.Table(
    "staff_device",
    metadata,
    _staff(primary_key=True),
    sa.Column("token_hash", sa.Text, primary_key=True),
    sa.Column("sign_in", sa.Text, nullable=False),
    _time(),
)

totp = sa.Table(
    "totp",
    metadata,
    _staff(primary_key=True),
    _text("seed"),
    sa.Column("used_step", sa.BigInteger, nullable=False),
    sa.Column("confirmed", sa.Boolean, nullable=False),
)

recovery_code = sa.Table("recovery_code", metadata, _staff(primary_key=True), sa.Column("code_hash", sa.Text, primary_key=True))

passkey = sa.Table(
    "passkey",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("staff", sa.Text, sa.ForeignKey("staff.id", ondelete="CASCADE"), nullable=False, index=True),
    _text("credential"),
    sa.Column("public_key", sa.LargeBinary, nullable=False),
    sa.Column("sign_count", sa.BigInteger, nullable=False),
    _text("name"),
    _text("host"),
    _time("created_at"),
    sa.Column("used_at", sa.BigInteger, nullable=False, server_default="0"),
)

oidc_settings = sa.Table(
    "oidc_settings", metadata, sa.Column("id", sa.Text, primary_key=True), sa.Column("settings", sa.JSON, nullable=False)
)

staff_subject = sa.Table(
    "staff_subject",
    metadata,
    sa.Column("issuer", sa.Text, primary_key=True),
    sa.Column("subject", sa.Text, primary_key=True),
    sa.Column("staff", sa.Text, sa.ForeignKey("staff.id", ondelete="CASCADE"), nullable=False, index=True),
)

provider_sign_in = sa.Table(
    "provider_sign_in",
    metadata,
    sa.Column("token_hash", sa.Text, sa.ForeignKey("sign_in.token_hash", ondelete="CASCADE"), primary_key=True),
    _text("issuer"),
    _text("subject"),
    _text("sid"),
    _text("tokens"),
    _time("checked_at"),
    sa.Column("failing_since", sa.BigInteger, nullable=False, server_default="0"),
)

sign_in_rules = sa.Table(
    "sign_in_rules",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    _text("second_factor", "off"),
    _text("provider", "offered"),
    sa.Column("hours", sa.Integer, nullable=False, server_default="0"),
)

threshold = sa.Table(
    "threshold",
    metadata,
    sa.Column("organisation", sa.Text, primary_key=True, server_default="main"),
    sa.Column("figure", sa.Text, primary_key=True),
    sa.Column("amber", sa.Float, nullable=False),
    sa.Column("red", sa.Float, nullable=False),
)

used_code = sa.Table("used_code", metadata, sa.Column("jti", sa.Text, primary_key=True), _time("expires_at"))

session = sa.Table(
    "session",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    _text("organisation", "main"),
    _text("site"),
    _text("category"),
    _text("language"),
    _text("channel"),
    sa.Column("state", sa.Text, nullable=False, index=True),
    sa.Column("token_hash", sa.Text, nullable=False, index=True),
    _text("user_ref"),
    _text("user_name"),
    sa.Column("brief", sa.LargeBinary, nullable=False),
    sa.Column("snapshot", sa.LargeBinary, nullable=False),
    _time("started_at"),
    _time("waiting_at", nullable=True),
    _time("active_at", nullable=True),
    _time("ended_at", nullable=True),
    _text("end_reason"),
    _text("counselor"),
    _text("professional"),
    sa.Column("rating_score", sa.Integer, nullable=True),
    _text("rating_words"),
    _text("wrap_up_staff"),
    _text("wrap_up_notes"),
    _text("wrap_up_outcome"),
    sa.Column("wrap_up_tags", sa.JSON, nullable=False, server_default="[]"),
    sa.Column("last_seq", sa.BigInteger, nullable=False, server_default="0"),
    sa.Column("board_epoch", sa.BigInteger, nullable=False, server_default="0"),
    sa.Column("counted", sa.Boolean, nullable=False, server_default=sa.false()),
    sa.Index("ix_session_counted", "counted", "ended_at"),
    sa.Index("ix_session_site_started_at", "site", "started_at"),
    sa.Index("ix_session_site_user_ref", "site", "user_ref"),
    sa.Index("ix_session_started_at", "started_at"),
)

# the 15-minute cells of staff's time that appointments take; the primary key makes sure that no cell belongs to two appointments
appointment_cell = sa.Table(
    "appointment_cell",
    metadata,
    _staff(primary_key=True),
    sa.Column("cell", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("session", sa.Text, sa.ForeignKey("session.id", ondelete="CASCADE"), nullable=False, index=True),
)

report = sa.Table(
    "report",
    metadata,
    sa.Column("grain", sa.Text, primary_key=True),
    sa.Column("slot", sa.BigInteger, primary_key=True, autoincrement=False),
    *(sa.Column(name, sa.Text, primary_key=True) for name in ("organisation", "site", "category", "language", "counselor")),
    *(sa.Column(name, sa.BigInteger, nullable=False, server_default="0") for name in COUNTS),
)

report_outcome = sa.Table(
    "report_outcome",
    metadata,
    sa.Column("grain", sa.Text, primary_key=True),
    sa.Column("slot", sa.BigInteger, primary_key=True, autoincrement=False),
    *(sa.Column(name, sa.Text, primary_key=True) for name in ("organisation", "site", "outcome")),
    *(sa.Column(name, sa.BigInteger, nullable=False, server_default="0") for name in COUNTS),
)

staff_time = sa.Table(
    "staff_time",
    metadata,
    sa.Column("grain", sa.Text, primary_key=True),
    sa.Column("slot", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("organisation", sa.Text, primary_key=True),
    sa.Column("staff", sa.Text, primary_key=True),
    *(sa.Column(name, sa.BigInteger, nullable=False, server_default="0") for name in SUMS),
)

leading = sa.Table(
    "leading",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),  # always the same id: this table has one row
    sa.Column("term", sa.BigInteger, nullable=False),
)

line = sa.Table(
    "line",
    metadata,
    _session(primary_key=True),
    sa.Column("seq", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("id", sa.Text, nullable=False),
    _text("author"),
    _text("name"),
    _text("role"),
    _text("kind"),
    _text("audience"),
    _time(),
    _text("text"),
    _text("picture"),
    sa.Column("args", sa.JSON, nullable=False),
    sa.Column("rev", sa.BigInteger, nullable=False, server_default="0"),
    _text("change"),
    sa.Column("changed_at", sa.BigInteger, nullable=False, server_default="0"),
    sa.Column("reply_to", sa.BigInteger, nullable=False, server_default="0"),
    sa.Column("former", sa.JSON, nullable=False, server_default="[]"),
    sa.UniqueConstraint("session", "id"),
    sa.Index("ix_line_session_rev", "session", "rev"),
)

line_mark = sa.Table(
    "line_mark",
    metadata,
    _session(primary_key=True),
    sa.Column("participant", sa.Text, primary_key=True),
    sa.Column("delivered", sa.BigInteger, nullable=False),
    sa.Column("read", sa.JSON, nullable=False),
)

board_update = sa.Table(
    "board_update",
    metadata,
    sa.Column("n", row_id, primary_key=True),
    _session(),
    sa.Column("epoch", sa.BigInteger, nullable=False),
    sa.Column("at", sa.BigInteger, nullable=False, server_default="0"),
    sa.Column("data", sa.LargeBinary, nullable=False),
    sa.Index("ix_board_update_session_n", "session", "n"),
)

event = sa.Table(
    "event",
    metadata,
    sa.Column("n", row_id, primary_key=True),
    _session(),
    _text("kind"),
    _time(),
    sa.Column("data", sa.JSON, nullable=False),
    sa.Index("ix_event_session_n", "session", "n"),
)

message = sa.Table(
    "message",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    _session(),
    _text("site"),
    _text("category"),
    _text("language"),
    _text("contact"),
    _text("text"),
    _time(),
    sa.Column("state", sa.Text, nullable=False, index=True),
    _text("taken_by"),
    _text("mail"),
)

picture = sa.Table(
    "picture",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    _session(),
    _text("audience"),
    _text("use"),
    _text("author"),
    _text("mime"),
    sa.Column("width", sa.Integer, nullable=False),
    sa.Column("height", sa.Integer, nullable=False),
    sa.Column("data", sa.LargeBinary, nullable=False),
    _time(),
    sa.Index("ix_picture_session", "session"),
)

file = sa.Table(
    "file",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    _session(),
    _text("audience"),
    _text("author"),
    _text("name"),
    _text("kind"),
    _text("mime"),
    sa.Column("size", sa.BigInteger, nullable=False),
    sa.Column("locked", sa.Boolean, nullable=False),
    _time(),
    sa.Index("ix_file_session", "session"),
)

person_note = sa.Table(
    "person_note",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    _text("site"),
    _text("user_ref"),
    _text("session"),
    _text("author"),
    _text("text"),
    _time(),
    _time("changed_at", nullable=True),
    sa.Index("ix_person_note_site_user_ref", "site", "user_ref"),
)

# `key`: says what a mail is about, so that the same mail is not queued twice. No two mails have the same key. A mail that will
# not be sent (state "refused") has no key. A sent mail has a masked address and no `args`.
mail = sa.Table(
    "mail",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    _text("site"),
    _text("organisation"),
    sa.Column("session", sa.Text, sa.ForeignKey("session.id", ondelete="CASCADE"), nullable=True, index=True),
    _text("kind"),
    _text("language"),
    _text("address"),
    sa.Column("address_hash", sa.Text, nullable=False, index=True),
    sa.Column("args", sa.JSON, nullable=False),
    sa.Column("key", sa.Text, nullable=True, unique=True),
    _text("state"),
    _text("why"),
    sa.Column("rank", sa.Integer, nullable=False),
    sa.Column("tries", sa.Integer, nullable=False, server_default="0"),
    _time("created_at"),
    _time("next_at"),
    _time("until"),
    _time("sent_at", nullable=True),
    _text("shared_by"),
    sa.Index("ix_mail_turn", "state", "rank", "shared_by", "next_at", "created_at"),
    sa.Index("ix_mail_state_next_at", "state", "next_at"),
    sa.Index("ix_mail_created_at", "created_at"),
)

link = sa.Table(
    "link",
    metadata,
    sa.Column("token_hash", sa.Text, primary_key=True),
    _text("purpose"),
    _text("subject"),
    sa.Column("session", sa.Text, sa.ForeignKey("session.id", ondelete="CASCADE"), nullable=True, index=True),
    sa.Column("mail", sa.Text, nullable=False, index=True),
    _time("expires_at"),
    _time("used_at", nullable=True),
)

# the VAPID key of the installation, encrypted
push_key = sa.Table(
    "push_key", metadata, sa.Column("id", sa.Text, primary_key=True), sa.Column("sealed", sa.Text, nullable=False)
)

# A browser that gets pushes. The row belongs to a sign-in of staff or to a user's session. It is deleted together with that
# sign-in or session.
push_device = sa.Table(
    "push_device",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("sign_in", sa.Text, sa.ForeignKey("sign_in.token_hash", ondelete="CASCADE"), nullable=True, index=True),
    sa.Column("session", sa.Text, sa.ForeignKey("session.id", ondelete="CASCADE"), nullable=True, index=True),
    sa.Column("host", sa.Text, nullable=False),
    sa.Column("endpoint_hash", sa.Text, nullable=False, index=True),
    sa.Column("sealed", sa.Text, nullable=False),
    _text("language"),
    sa.Column("stands_by", sa.Boolean, nullable=False, server_default=sa.false()),
    _time("created_at"),
)

push_message = sa.Table(
    "push_message",
    metadata,
    sa.Column("n", row_id, primary_key=True),
    sa.Column("device", sa.Text, sa.ForeignKey("push_device.id", ondelete="CASCADE"), nullable=False, index=True),
    _text("kind"),
    sa.Column("key", sa.Text, nullable=False, index=True),
    sa.Column("args", sa.JSON, nullable=False),
    sa.Column("rank", sa.Integer, nullable=False),
    sa.Column("tries", sa.Integer, nullable=False, server_default="0"),
    _time(),
    _time("next_at"),
    _time("until"),
    _text("host"),
    sa.Index("ix_push_message_turn", "rank", "host", "next_at"),
    sa.Index("ix_push_message_next_at", "next_at"),
    sa.Index("ix_push_message_until", "until"),
)

unsubscribed = sa.Table("unsubscribed", metadata, sa.Column("address_hash", sa.Text, primary_key=True), _time())

api_token = sa.Table(
    "api_token",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    _text("organisation", "main"),
    _text("name"),
    sa.Column("token_hash", sa.Text, nullable=False, unique=True),
    sa.Column("rights", sa.JSON, nullable=False),
    sa.Column("sites", sa.JSON, nullable=False),
    sa.Column("maker", sa.Text, sa.ForeignKey("staff.id", ondelete="CASCADE"), nullable=True, index=True),
    _time("created_at"),
    _time("expires_at"),
    sa.Column("used_at", sa.BigInteger, nullable=False, server_default="0"),
)

# the responses to requests with an Idempotency-Key; status 0: the first request is still being handled; the body of a response
# about a session is removed when the session is erased
api_answer = sa.Table(
    "api_answer",
    metadata,
    sa.Column("token", sa.Text, sa.ForeignKey("api_token.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("key", sa.Text, primary_key=True),
    _text("digest"),
    sa.Column("status", sa.Integer, nullable=False),
    _text("body"),
    sa.Column("at", sa.BigInteger, nullable=False, index=True),
    _text("owner"),
    sa.Column("session", sa.Text, nullable=False, server_default="", index=True),
)

# `sites` is null for all sites; `secret` and `old_secret` are encrypted
webhook = sa.Table(
    "webhook",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("organisation", sa.Text, nullable=False, index=True),
    sa.Column("url", sa.Text, nullable=False),
    sa.Column("events", sa.JSON, nullable=False),
    sa.Column("sites", sa.JSON(none_as_null=True), nullable=True),
    _text("secret"),
    _text("old_secret"),
    sa.Column("old_until", sa.BigInteger, nullable=False, server_default="0"),
    _text("state", "on"),
    _text("why"),
    sa.Column("failures", sa.Integer, nullable=False, server_default="0"),
    sa.Column("paused_until", sa.BigInteger, nullable=False, server_default="0"),
    sa.Column("crowded", sa.Boolean, nullable=False, server_default=sa.false()),
    sa.Column("well_at", sa.BigInteger, nullable=False, server_default="0"),
    _time("created_at"),
)

# This table has no foreign key to the session, because an event stays until it is delivered or given up, even if the session is
# erased. Events hold no text of the conversation.
webhook_delivery = sa.Table(
    "webhook_delivery",
    metadata,
    sa.Column("n", row_id, primary_key=True),
    sa.Column("endpoint", sa.Text, sa.ForeignKey("webhook.id", ondelete="CASCADE"), nullable=False),
    sa.Column("event", sa.Text, nullable=False),
    _text("type"),
    _text("session"),
    _text("body"),
    _text("state"),
    _time(),
    _time("next_at"),
    _time("until"),
    sa.Column("tries", sa.Integer, nullable=False, server_default="0"),
    _time("done_at", nullable=True),
    sa.Column("attempts", sa.JSON, nullable=False),
    sa.UniqueConstraint("endpoint", "event"),
    sa.Index("ix_webhook_delivery_event", "event"),
    sa.Index("ix_webhook_delivery_endpoint_state_next_at", "endpoint", "state", "next_at"),
    sa.Index("ix_webhook_delivery_endpoint_session_n", "endpoint", "session", "n"),
    sa.Index("ix_webhook_delivery_at", "at"),
)

audit = sa.Table(
    "audit",
    metadata,
    sa.Column("n", row_id, primary_key=True),
    _text("organisation", "main"),
    _text("actor"),
    _text("action"),
    _text("subject"),
    _time(),
    _text("detail"),
    sa.Column("change", sa.JSON(none_as_null=True), nullable=True),
    sa.Index("ix_audit_at", "at"),
    sa.Index("ix_audit_organisation_n", "organisation", "n"),
)
