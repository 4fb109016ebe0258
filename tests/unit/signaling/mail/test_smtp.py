"""A mail server refuses either one mail or all mails. The tests check that the service tells these two refusals apart."""

from __future__ import annotations

import aiosmtplib
import pytest

from signaling.mail.smtp import verdict


@pytest.mark.parametrize(
    ("words", "meaning"),
    [
        ("5.3.4 Message size exceeds fixed limit", "refused"),
        ("Message too large", "refused"),
        ("5.3.1 Mail system full", "server"),
        ("Requested mail action aborted: exceeded storage allocation", "server"),
        ("5.2.2 Over quota", "server"),
    ],
)
def test_only_a_mail_that_is_too_large_is_refused_for_good(words: str, meaning: str) -> None:
    error = aiosmtplib.SMTPSenderRefused(552, words, "office@shop.example")
    assert verdict(error, "mina@example.org").meaning == meaning
