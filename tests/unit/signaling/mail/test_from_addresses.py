"""A site's mails come from its own address only while the operator of the server allows that address."""

from __future__ import annotations

import pytest

from signaling.mail.from_addresses import check_from, from_address
from signaling.records.checks import Invalid
from signaling.records.mail_plan import MailPlan

OWN = "talk@host.example"
ALLOWED = ("shop.example", "help@other.example")


@pytest.mark.parametrize("address", ["hello@shop.example", "hello@SHOP.example", "help@other.example", OWN])
def test_address_of_an_allowed_domain_is_used(address: str) -> None:
    plan = MailPlan(from_address=address)
    assert check_from(plan, OWN, ALLOWED) == plan
    assert from_address(plan, OWN, ALLOWED) == address.lower()


@pytest.mark.parametrize("address", ["hello@mail.shop.example", "x@other.example", "x@evilshop.example", "x@host.example"])
def test_other_address_is_refused_and_never_used(address: str) -> None:
    plan = MailPlan(from_address=address)
    with pytest.raises(Invalid) as refused:
        check_from(plan, OWN, ALLOWED)
    assert refused.value.problems == {"from_address": "not_allowed"}
    assert from_address(plan, OWN, ALLOWED) == OWN


def test_site_without_an_address_uses_that_of_the_server() -> None:
    assert check_from(MailPlan(), OWN, ()) == MailPlan()
    assert from_address(MailPlan(), OWN, ALLOWED) == OWN
    assert from_address(None, OWN, ALLOWED) == OWN
