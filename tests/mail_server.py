"""A real mail server for tests (aiosmtpd).

The server keeps the mails that it accepts. A test can make the server refuse mails, hang, or close connections.
"""

from __future__ import annotations

import asyncio
import datetime
import email
import ipaddress
import re
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from typing import Any

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from signaling.config.settings import MailServer
from tests.ports import free_port

SENDER = "talk@shop.example"
WAIT_S = 10.0


class Mails:
    """The mails that a mail server has accepted, and the answers that it gives next.

    `to_recipients`: answers to the next RCPT commands ("" accepts). `to_data`: answers to the next mails. `hangs`: the server
    does not answer the command that `hangs_at` names: RCPT, or DATA (after it has received the mail). `logins`: the name and the
    password of each login.
    """

    def __init__(self, port: int) -> None:
        self.port = port
        self.found: list[EmailMessage] = []
        self.to_recipients: list[str] = []
        self.to_data: list[str] = []
        self.hangs = False
        self.hangs_at = "RCPT"
        self.recipients: list[str] = []
        self.logins: list[tuple[str, str]] = []
        self.connections = 0
        self._news = asyncio.Condition()

    def settings(self, **more: Any) -> MailServer:
        """Return the settings of a Sangdam server that sends its mails over this mail server."""
        return MailServer(**{"host": "127.0.0.1", "port": self.port, "sender": SENDER, "tls": "none"} | more)

    async def until(self, wanted: Callable[[list[EmailMessage]], bool]) -> list[EmailMessage]:
        """Wait until the accepted mails fulfil this condition. Return these mails."""
        async with self._news:
            try:
                async with asyncio.timeout(WAIT_S):
                    await self._news.wait_for(lambda: wanted(self.found))
            except TimeoutError:
                raise AssertionError(f"never so; mails: {[(each['To'], each['Subject']) for each in self.found]}") from None
        return self.found

    async def one(self, subject: str = "") -> EmailMessage:
        """Wait for a mail with this text in its subject. Return that mail."""
        found = await self.until(lambda mails: any(subject in each["Subject"] for each in mails))
        return next(each for each in found if subject in each["Subject"])

    async def asked(self, recipients: int) -> None:
        """Wait until mail clients have named this many recipients (RCPT). Recipients that this server refuses count, too."""
        async with self._news, asyncio.timeout(WAIT_S):
            await self._news.wait_for(lambda: len(self.recipients) >= recipients)

    # --- the hooks of aiosmtpd -------------------------------------------------------------------------------------------

    async def handle_RCPT(self, server: SMTP, session: Session, envelope: Envelope, address: str, options: Any) -> str:  # noqa: N802  # aiosmtpd's name
        async with self._news:
            self.recipients.append(address)
            self._news.notify_all()
        if self.hangs and self.hangs_at == "RCPT":
            await asyncio.Event().wait()
        if self.to_recipients and (answer := self.to_recipients.pop(0)):
            return answer
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802  # aiosmtpd's name
        if self.hangs and self.hangs_at == "DATA":
            await asyncio.Event().wait()
        if self.to_data and (answer := self.to_data.pop(0)):
            return answer
        mail = email.message_from_bytes(envelope.content or b"", policy=default)
        assert isinstance(mail, EmailMessage)
        async with self._news:
            self.found.append(mail)
            self._news.notify_all()
        return "250 OK"


@asynccontextmanager
async def running_mail_server(
    *, tls: ssl.SSLContext | None = None, starttls: bool = False, login: bool = False, most_bytes: int | None = None
) -> AsyncIterator[Mails]:
    """Run a mail server in this event loop.

    `tls`: the server's certificate. The server uses it from the start of a connection or, with `starttls`, after the command
    STARTTLS. `most_bytes`: the size of the largest mail that the server accepts.
    """
    mails = Mails(free_port())

    def authenticate(server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: Any) -> AuthResult:
        assert isinstance(data, LoginPassword)
        mails.logins.append((data.login.decode(), data.password.decode()))
        return AuthResult(success=data.password == b"secret", handled=False)

    def protocol() -> SMTP:
        mails.connections += 1
        more: dict[str, Any] = {"tls_context": tls, "require_starttls": True} if tls and starttls else {}
        if login:
            more |= {"authenticator": authenticate, "auth_required": True, "auth_require_tls": starttls}
        if most_bytes is not None:
            more |= {"data_size_limit": most_bytes}
        return SMTP(mails, hostname="mail.test", **more)

    loop = asyncio.get_running_loop()
    server = await loop.create_server(protocol, "127.0.0.1", mails.port, ssl=tls if tls and not starttls else None)
    try:
        yield mails
    finally:
        server.close()


def certificate(folder: Path) -> tuple[ssl.SSLContext, Path]:
    """Make a certificate for 127.0.0.1. Return the server's TLS context, and the certificate's file, which clients must trust."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "mail.test")])
    now = datetime.datetime.now(datetime.UTC)
    names = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(names, critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    file = folder / "mail.pem"
    secret = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    (folder / "mail.key").write_bytes(secret)
    file.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file, folder / "mail.key")
    return context, file


def link_in(mail: EmailMessage) -> str:
    """Return the token in the link of a mail's plain text."""
    body = mail.get_body(("plain",))
    assert body is not None
    found = re.search(r"#invite=([\w-]+)", body.get_content())
    assert found, body.get_content()
    return found[1]
