"""The plan for the mails of a site: the sender's name, whether a conversation may be quoted, alerts, and texts. Pure."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, Struct

from signaling.protocol.mail_addresses import ADDRESS, MOST_CHARACTERS
from signaling.protocol.reading import by
from signaling.protocol.texts import Seen

MOST_ALERTED = 10  # most addresses that get a site's alerts

Address = Annotated[str, Meta(max_length=MOST_CHARACTERS, pattern=ADDRESS)]
_OptionalAddress = Annotated[str, Meta(max_length=MOST_CHARACTERS, pattern=rf"{ADDRESS}|^\Z")]
_Language = Annotated[str, Meta(max_length=35, pattern=r"^[A-Za-z0-9-]+\Z")]
_Kind = Annotated[str, Meta(max_length=40, pattern=r"^[a-z_]+\Z")]


class MailText(Struct, kw_only=True):
    """A site's own wording of one mail. "" keeps the standard wording. "{site}" and "{name}" are replaced."""

    subject: Annotated[str, by(Seen(120))] = ""
    text: Annotated[str, by(Seen(1000, lines=True))] = ""


class MailPlan(Struct, kw_only=True):
    """The mails of one site.

    `sender`: the name beside the from-address; "": the site's name. `reply_to`: the address to which answers to mails go, or "".
    `content`: whether a mail may hold what was said. `alerts`: the addresses that are told when nobody serves a queue, or
    somebody waits in it too long.
    `alert_after_s`: seconds that a user waits before the alert. `texts`: language → kind of mail → the site's own wording of it.
    """

    sender: Annotated[str, by(Seen(60))] = ""
    reply_to: _OptionalAddress = ""
    content: Literal["off", "on"] = "off"
    alerts: Annotated[list[Address], Meta(max_length=MOST_ALERTED)] = []
    alert_after_s: Annotated[int, Meta(ge=30, le=86_400)] = 300
    texts: dict[_Language, dict[_Kind, MailText]] = {}
