"""The from-address of a site's mails. This is the site's own address if the operator of the server allows it. Pure."""

from __future__ import annotations

from collections.abc import Collection

from signaling.protocol.mail_addresses import address_in
from signaling.records.checks import Invalid
from signaling.records.mail_plan import MailPlan


def check_from(plan: MailPlan, own: str, allowed: Collection[str]) -> MailPlan:
    """Return the plan, unchanged. Raises Invalid if the plan's from-address is not allowed.

    `own`: the server's from-address. `allowed`: other allowed addresses, and domains. Every address of such a domain is allowed.
    """
    if plan.from_address and not _is_allowed(plan.from_address, own, allowed):
        raise Invalid({"from_address": "not_allowed"})
    return plan


def from_address(plan: MailPlan | None, own: str, allowed: Collection[str]) -> str:
    """Return the from-address of a mail: the address in the site's plan if it is still allowed, otherwise `own`."""
    if plan is None or not _is_allowed(plan.from_address, own, allowed):
        return own
    return address_in(plan.from_address)


def _is_allowed(address: str, own: str, allowed: Collection[str]) -> bool:
    whole = address_in(address)
    return whole != "" and (whole == own or whole in allowed or whole.rpartition("@")[2] in allowed)
