"""A connection to the mail server, and the meaning of the mail server's errors."""

from __future__ import annotations

import asyncio
import re
import ssl
from dataclasses import dataclass
from email.message import EmailMessage
from functools import cache
from pathlib import Path
from typing import Literal, Self

import aiosmtplib

from signaling.config.settings import MailServer
from signaling.protocol.mail_addresses import masked
from signaling.protocol.texts import Seen

ANSWER_S = 30.0  # One reply of the mail server may take at most this many seconds.
CONNECTED_S = 45.0  # Connecting to the mail server, with TLS and login, may take at most this many seconds.
SENT_S = 120.0  # Sending one mail may take at most this many seconds in all, even if each single reply is in time.

_WHY = Seen(200, cut=True)
_LINK_TOKEN = re.compile(r"#(\w+)=[\w-]+")
_CLOSING = 421  # reply code: the mail server closes the connection (RFC 5321, 4.2.1)
_TOO_LARGE = 552  # reply code to MAIL: the mail is too large (RFC 1870, 6.1), or the server has no space left
_NO_SPACE = re.compile(r"\b5\.(2\.2|3\.1)\b|quota|storage", re.IGNORECASE)

Meaning = Literal["refused", "later", "server"]


@dataclass(frozen=True, slots=True)
class Verdict:
    """The meaning of a failed try to send a mail.

    `meaning` is "refused" if the mail server will never accept this mail, "later" if it may accept this mail later, and "server"
    if it accepts no mail now. `why`: "unreachable", "timeout", "tls", "malformed", the server's own words, or the words of
    aiosmtplib about an extension that the server does not have.
    """

    meaning: Meaning
    why: str


def verdict(error: Exception, recipient: str) -> Verdict:
    """Return what an error of `Connection` means. `recipient`: the mail's address, which must not appear in `why`."""
    if isinstance(error, aiosmtplib.SMTPRecipientsRefused) and error.recipients:
        error = error.recipients[0]
    if isinstance(error, aiosmtplib.SMTPResponseException):
        spoken = 400 <= error.code < 600  # a reply with another code is not SMTP, is too long, or does not fit the command
        words = f"{error.code} {error.message}" if spoken else error.message
        why = _WHY(_without_secrets(words, recipient))
        about_us = isinstance(error, aiosmtplib.SMTPAuthenticationError | aiosmtplib.SMTPHeloError | aiosmtplib.SMTPSenderRefused)
        # if the mail server refuses a mail because of its size, the error concerns only this mail, not our server
        about_us = about_us and (error.code != _TOO_LARGE or _NO_SPACE.search(error.message) is not None)
        if about_us or not spoken or error.code == _CLOSING or isinstance(error, aiosmtplib.SMTPConnectError):
            return Verdict("server", why)
        return Verdict("refused" if error.code >= 500 else "later", why)
    if isinstance(error, ValueError):  # the mail contains an address or a header that no mail may contain
        return Verdict("refused", "malformed")
    if isinstance(error, ssl.SSLError) or isinstance(error.__cause__, ssl.SSLError):
        return Verdict("server", "tls")
    if isinstance(error, aiosmtplib.SMTPException) and not isinstance(error, OSError):  # the server offers no STARTTLS or login
        return Verdict("server", _WHY(str(error)))
    return Verdict("server", "timeout" if isinstance(error, TimeoutError) else "unreachable")


def _without_secrets(said: str, recipient: str) -> str:
    """Return a mail server's reply (`said`) with the recipient, in any spelling, and the tokens of links hidden."""
    without = re.sub(re.escape(recipient), masked(recipient), said, flags=re.IGNORECASE)
    return _LINK_TOKEN.sub(r"#\1=…", without)


class Connection:
    """A connection to the mail server. Use it in `async with`.

    If an error's `verdict` is "server", do not use the connection again.
    """

    def __init__(self, server: MailServer, greets_as: str) -> None:
        """Prepare a connection. `greets_as`: the host name with which we greet the mail server."""
        self._server = server
        self._smtp = aiosmtplib.SMTP(
            hostname=server.host,
            port=server.port,
            username=server.user or None,
            password=server.password or None,
            # without a name, aiosmtplib looks up this machine's name, and the look-up blocks the event loop
            local_hostname=greets_as,
            timeout=ANSWER_S,
            use_tls=server.tls == "tls",
            start_tls=server.tls == "starttls",
            tls_context=_context(server.ca) if server.tls != "none" else None,
        )

    async def __aenter__(self) -> Self:
        """Connect to the mail server, begin TLS and log in."""
        try:
            async with asyncio.timeout(CONNECTED_S):
                await self._smtp.connect()
        except BaseException:
            self._smtp.close()
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        try:
            async with asyncio.timeout(1):
                await self._smtp.quit()
        except (aiosmtplib.SMTPException, OSError, TimeoutError):
            pass  # the mail server has closed the connection already
        finally:
            self._smtp.close()

    async def send(self, mail: EmailMessage, sender: str, recipient: str) -> None:
        """Send one mail. Raises many kinds of errors. `verdict` tells what an error means."""
        data = await asyncio.to_thread(mail.as_bytes)  # if the mail has pictures, making the bytes takes long
        async with asyncio.timeout(SENT_S):
            await self._smtp.sendmail(sender, [recipient], data)


@cache  # read the certificates only once, because reading them blocks the event loop for about 20 ms
def _context(ca: Path | None) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=str(ca) if ca else None)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context
