"""Mails of a site come from the site's own mail address only while the settings of the server allow this address."""

from __future__ import annotations

import pytest

from signaling.mail.from_addresses import check_from, from_address
from signaling.records.checks import Invalid
from signaling.records.mail_plan import MailPlan, MailSender, sender_in

OWN = "talk@host.example"
ALLOWED = ("shop.example", "help@other.example")


@pytest.mark.parametrize("address", ["hello@shop.example", "hello@SHOP.example", "help@other.example", OWN])
def test_address_of_an_allowed_domain_is_used(address: str) -> None:
    plan = MailPlan(from_address=address)
    assert check_from(plan, None, OWN, ALLOWED) == plan
    assert from_address(address, OWN, ALLOWED) == address.lower()


@pytest.mark.parametrize("address", ["hello@mail.shop.example", "x@other.example", "x@evilshop.example", "x@host.example"])
def test_other_address_is_refused_and_never_used(address: str) -> None:
    plan = MailPlan(from_address=address)
    with pytest.raises(Invalid) as refused:
        check_from(plan, MailPlan(from_address="hello@shop.example"), OWN, ALLOWED)
    assert refused.value.problems == {"from_address": "not_allowed"}
    assert from_address(address, OWN, ALLOWED) == OWN


def test_site_without_an_address_uses_that_of_the_server() -> None:
    assert check_from(MailPlan(), None, OWN, ()) == MailPlan()
    assert from_address("", OWN, ALLOWED) == OWN


def test_address_of_one_language_is_checked_and_named_by_its_language() -> None:
    wrong = MailPlan(senders={"ja": MailSender(from_address="x@evil.example"), "ko": MailSender(from_address=OWN)})
    with pytest.raises(Invalid) as refused:
        check_from(wrong, None, OWN, ALLOWED)
    assert refused.value.problems == {"senders.ja.from_address": "not_allowed"}
    assert check_from(wrong, wrong, OWN, ()) == wrong, "the domain was withdrawn, and other fields can still be changed"


def test_sender_of_one_language_keeps_what_it_does_not_change() -> None:
    everywhere = {"sender": "Shop", "from_address": OWN, "reply_to": "answers@shop.example"}
    plan = MailPlan(**everywhere, senders={"ja": MailSender(sender="店", from_address="ja@shop.example")})
    assert sender_in(plan, ["ko", "en"]) == MailSender(**everywhere)
    assert sender_in(plan, ["ja-JP", "ja"]) == MailSender(
        sender="店", from_address="ja@shop.example", reply_to="answers@shop.example"
    )
