"""The from-address of a site's mails: the site's own address if the server's settings allow it, otherwise the server's. Pure."""

from __future__ import annotations

from collections.abc import Collection

from signaling.protocol.mail_addresses import address_in
from signaling.records.checks import Invalid
from signaling.records.mail_plan import MailPlan


def check_from(plan: MailPlan, former: MailPlan | None, own: str, allowed: Collection[str]) -> MailPlan:
    """Return the plan. Raise Invalid when it has a from-address that is neither allowed nor in `former`.

    `own`: the server's from-address. `allowed`: other allowed addresses, and domains. Every address of such a domain is allowed.
    """
    before = _addresses(former or MailPlan())
    changed = {field: address for field, address in _addresses(plan).items() if address != before.get(field, "")}
    wrong = [field for field, address in changed.items() if address and not _is_allowed(address, own, allowed)]
    if wrong:
        raise Invalid(dict.fromkeys(wrong, "not_allowed"))
    return plan


def from_address(wanted: str, own: str, allowed: Collection[str]) -> str:
    """Return the from-address of a mail: the site's own (`wanted`) if it is still allowed, otherwise the server's (`own`)."""
    return address_in(wanted) if _is_allowed(wanted, own, allowed) else own


def _addresses(plan: MailPlan) -> dict[str, str]:
    """Return the plan's from-addresses by the names of their fields."""
    of_languages = {f"senders.{language}.from_address": each.from_address for language, each in plan.senders.items()}
    return {"from_address": plan.from_address} | of_languages


def _is_allowed(address: str, own: str, allowed: Collection[str]) -> bool:
    whole = address_in(address)
    return whole != "" and (whole == own or whole in allowed or whole.rpartition("@")[2] in allowed)
