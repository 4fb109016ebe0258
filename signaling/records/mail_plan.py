"""A site's settings for mails: the senders, the alerts, the texts, and whether a mail may quote the conversation. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Any, Literal

from msgspec import Meta, Struct, convert, to_builtins

from signaling.protocol.mail_addresses import ADDRESS, MOST_CHARACTERS
from signaling.protocol.reading import by
from signaling.protocol.texts import Seen

MOST_ALERTED = 10  # at most this many addresses get a site's alerts

Address = Annotated[str, Meta(max_length=MOST_CHARACTERS, pattern=ADDRESS)]
_OptionalAddress = Annotated[str, Meta(max_length=MOST_CHARACTERS, pattern=rf"{ADDRESS}|^\Z")]
_Language = Annotated[str, Meta(max_length=35, pattern=r"^[A-Za-z0-9-]+\Z")]
_Kind = Annotated[str, Meta(max_length=40, pattern=r"^[a-z_]+\Z")]


class MailText(Struct, kw_only=True):
    """A site's own wording of one mail.

    "" keeps the standard wording. A name in braces, such as "{site}", is replaced by a value.
    """

    subject: Annotated[str, by(Seen(120))] = ""
    text: Annotated[str, by(Seen(1000, lines=True))] = ""


class MailSender(Struct, kw_only=True):
    """The sender of a site's mails in one language. "" keeps the value that the plan has for all languages."""

    sender: Annotated[str, by(Seen(60))] = ""
    from_address: _OptionalAddress = ""
    reply_to: _OptionalAddress = ""


class MailPlan(Struct, kw_only=True):
    """The mails of one site.

    `sender`: the name that mail programs show with the from-address; "": the site's name. `from_address`: the from-address, which
    the server's setting `--mail-from-allow` must allow; "": the server's from-address. `reply_to`: the address to which people's
    replies to mails go, or "".
    `content`: whether a mail may quote the conversation. `alerts`: the addresses that get a mail when nobody serves a queue, or
    somebody waits in it too long.
    `alert_after_s`: seconds that a user waits before the alert. `senders`: language → the sender of the mails in this language.
    `texts`: language → kind of mail → the site's own wording of this mail.
    """

    sender: Annotated[str, by(Seen(60))] = ""
    from_address: _OptionalAddress = ""
    reply_to: _OptionalAddress = ""
    content: Literal["off", "on"] = "off"
    alerts: Annotated[list[Address], Meta(max_length=MOST_ALERTED)] = []
    alert_after_s: Annotated[int, Meta(ge=30, le=86_400)] = 300
    senders: dict[_Language, MailSender] = {}
    texts: dict[_Language, dict[_Kind, MailText]] = {}


_PREFIX = "mail."
_SENDER = MailSender.__struct_fields__


def sender_in(plan: MailPlan, languages: Iterable[str]) -> MailSender:
    """Return the sender of a mail. `languages`: the mail's languages, the best first.

    The first of these languages for which the plan has a sender decides. Each value that this sender lacks comes from the plan's
    sender for all languages.
    """
    own = next((plan.senders[each] for each in languages if each in plan.senders), MailSender())
    return MailSender(**{name: getattr(own, name) or getattr(plan, name) for name in _SENDER})


def fields_of(plan: MailPlan) -> dict[str, Any]:
    """Return the plan as audit entries show it.

    Each setting, each value of a sender in one language, and each worded text is a field: "mail.sender", "mail.ko.sender",
    "mail.ko.reply.subject".
    """
    settings = to_builtins(plan)
    senders, texts = settings.pop("senders"), settings.pop("texts")
    found = {f"{_PREFIX}{name}": value for name, value in settings.items()}
    for language, sender in senders.items():
        found |= {f"{_PREFIX}{language}.{name}": value for name, value in sender.items() if value}
    for language, of_language in texts.items():
        for kind, text in of_language.items():
            found |= {f"{_PREFIX}{language}.{kind}.{part}": value for part, value in text.items() if value}
    return found


def plan_of(fields: dict[str, Any]) -> MailPlan:
    """Return the plan from the fields that `fields_of` made. Empty texts and empty names of senders are left out."""
    plan: dict[str, Any] = {"senders": {}, "texts": {}}
    for name, value in fields.items():
        language, *rest = name.removeprefix(_PREFIX).split(".")
        if not rest:
            plan[language] = value
        elif value and len(rest) == 1:
            plan["senders"].setdefault(language, {})[rest[0]] = value
        elif value:
            kind, part = rest
            plan["texts"].setdefault(language, {}).setdefault(kind, {})[part] = value
    return convert(plan, MailPlan)


def is_of_plan(change: dict[str, Any]) -> bool:
    """Return whether the fields of a change belong to a plan for mails."""
    return bool(change) and all(name.startswith(_PREFIX) for name in change)


def with_texts_of(fields: dict[str, Any], other: dict[str, Any]) -> dict[str, Any]:
    """Return `fields`, with the value "" added for each field that only `other` has."""
    return dict.fromkeys(other, "") | fields
