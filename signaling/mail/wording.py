"""A site's own wording of its mails, and the preview of a mail. Pure.

This module knows for which mails a site can have its own wording, and which names in braces a wording can contain.
"""

from __future__ import annotations

import re
from datetime import UTC
from typing import Final, get_args

from msgspec.structs import replace

from signaling.protocol.own_texts import LANGUAGES
from signaling.protocol.reasons import FieldProblem
from signaling.records import Site
from signaling.records.checks import Invalid
from signaling.records.mail_plan import MailPlan, MailSender, MailText
from signaling.transcripts import zone_of

from .composing import link_life_ms
from .kinds import ACCOUNT, MANNERS, Kind
from .letters import About, Letter, letter, moment, zone_name
from .words import TEXTS, language_of

NOT_OF_SITES: Final[frozenset[Kind]] = frozenset({*ACCOUNT, "webhook_off"})
WORDED: Final[tuple[Kind, ...]] = tuple(kind for kind in get_args(Kind) if kind not in NOT_OF_SITES)
_NAMED = re.compile(r"\{([^{}]*)\}")
_PARTS = ("subject", "text")


def _names(kind: Kind) -> list[str]:
    texts = " ".join(f"{TEXTS[language][kind]['subject']} {TEXTS[language][kind]['text']}" for language in LANGUAGES)
    return ["site", *sorted(set(_NAMED.findall(texts)) - {"site"})]


NAMES: Final[dict[Kind, list[str]]] = {kind: _names(kind) for kind in WORDED}
"""Kind of mail → the names in braces that its texts may contain: those of the standard texts, and "site"."""


def checked_plan(plan: MailPlan) -> MailPlan:
    """Return the plan without its empty texts and its empty senders.

    Raises Invalid if a text is for a kind of mail that sites do not send. Raises Invalid if a text has a name in braces that this
    kind of mail does not know.
    """
    problems: dict[str, FieldProblem] = {}
    texts: dict[str, dict[str, MailText]] = {}
    for language, of_language in plan.texts.items():
        for kind, text in of_language.items():
            for part in _PARTS:
                if kind not in NAMES:
                    problems[f"texts.{language}.{kind}"] = "unknown"
                elif set(_NAMED.findall(getattr(text, part))) - set(NAMES[kind]):
                    problems[f"texts.{language}.{kind}.{part}"] = "unknown_value"
            if text.subject.strip() or text.text.strip():
                texts.setdefault(language, {})[kind] = text
    if problems:
        raise Invalid(problems)
    senders = {language: sender for language, sender in plan.senders.items() if sender != MailSender()}
    return replace(plan, senders=senders, texts=texts)


def preview(site: Site, kind: Kind, language: str, own: MailText, *, url: str, name: str, now: int) -> Letter:
    """Return a mail as its reader would see it, with example values.

    `own`: the site's wording; empty texts for the standard wording. `url`: the origin of the users' pages. `name`: the
    counselor's name. `now`: Unix ms.
    """
    hours = next((each.hours for each in site.categories.values() if each.hours is not None), None)
    zone = zone_of(hours.timezone) if hours is not None else UTC
    tomorrow = (now // 3_600_000 + 24) * 3_600_000
    values = {
        "name": name,
        "when": moment(tomorrow, language, zone),
        "zone": zone_name(zone),
        "category": site.category_name(next(iter(site.categories), ""), language),
        "waiting": "3",
        "minutes": str(max(1, site.mail.alert_after_s // 60)),
    }
    manner = MANNERS[kind]
    link: tuple[str, int | None] | None = (f"{url}/call#invite=…", now + link_life_ms(site)) if manner.opens else None
    if kind in ("alert_nobody", "alert_wait"):
        link = f"{url}/operator", None
    return letter(
        About(
            kind=kind,
            language=language_of(language),
            site=site.name(language),
            values=values,
            zone=zone,
            own=own,
            accent=site.accent,
            link=link,
            leave=f"{url}/unsubscribe" if manner.leaves else "",
        )
    )
