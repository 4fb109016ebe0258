"""Checks of the services that an installation may use: mail, push, captions, translation.

A service that the settings do not name is not checked.
"""

from __future__ import annotations

import asyncio
import socket
from urllib.parse import urlsplit

import aiohttp
import aiosmtplib

from media.api.captions import PATH, READY
from signaling.config.secret import BadSecret, captions_token, read_secret
from signaling.config.settings import Settings
from signaling.mail.smtp import Connection, verdict

from .finding import Examined, Finding, finding
from .network import is_local

ANSWER_S = 5.0
_REFUSED = (401, 403)  # HTTP statuses with which a service refuses a token or key.
_SAMPLE = {"q": "hello", "source": "en", "target": "es", "format": "text"}  # The body of a request to translate one word.


async def mail(of: Examined) -> list[Finding]:
    """Check that the mail server accepts our connection, with TLS and login as the settings say. No mail is sent."""
    server = of.settings.mail
    if server is None:
        return [finding("mail.unset")]
    where = f"{server.host}:{server.port}"
    greets_as = urlsplit(of.settings.url).hostname or "localhost"
    try:
        async with asyncio.timeout(ANSWER_S), Connection(server, greets_as):
            return [finding("mail.ok", where=where)]
    except (aiosmtplib.SMTPException, OSError, TimeoutError) as error:
        return [finding("mail.failing", "fault", where=where, why=verdict(error, server.sender).why)]


async def push(of: Examined) -> list[Finding]:
    """Check that this machine reaches the push services of the browsers' makers.

    If the pages are for this machine only, the check is skipped, because such pages get no push messages.
    """
    if of.settings.push == "off" or is_local(of):
        return []
    silent = await asyncio.gather(*(_is_silent(host) for host in of.push_hosts))
    missing = [host for host, is_silent in zip(of.push_hosts, silent, strict=True) if is_silent]
    if missing:
        return [finding("push.silent", "warning", hosts=", ".join(missing))]
    return [finding("push.ok")]


async def _is_silent(host: str) -> bool:
    name, _, port = host.partition(":")
    try:
        async with asyncio.timeout(ANSWER_S):
            _, writer = await asyncio.open_connection(name, int(port or 443))
    except (OSError, TimeoutError, socket.gaierror):
        return True
    writer.close()
    return False


async def captions(of: Examined) -> list[Finding]:
    """Check that the captions process answers, has loaded its model, and accepts the token of this installation."""
    url = of.settings.captions_url
    if not url:
        return []
    try:
        token = _captions_token(of.settings)
    except BadSecret as error:
        return [finding("captions.secret", "fault", why=error)]
    try:
        async with (
            asyncio.timeout(ANSWER_S),
            aiohttp.ClientSession() as http,
            http.ws_connect(url.rstrip("/") + PATH, headers={"Authorization": f"Bearer {token}"}) as connected,
        ):
            ready = READY in await connected.receive_bytes()
    except aiohttp.WSServerHandshakeError as error:
        if error.status in _REFUSED:
            return [finding("captions.refused", "fault", url=url)]
        return [finding("captions.silent", "fault", url=url, why=error.status)]
    # TypeError: the process sent a text frame instead of bytes
    except (aiohttp.ClientError, OSError, TimeoutError, TypeError) as error:
        return [finding("captions.silent", "fault", url=url, why=type(error).__name__)]
    return [finding("captions.ok", url=url)] if ready else [finding("captions.silent", "fault", url=url, why="?")]


def _captions_token(settings: Settings) -> str:
    return settings.captions_token or captions_token(settings.secret or read_secret(settings.secret_file))


async def translation(of: Examined) -> list[Finding]:
    """Check that the translation service translates one English word."""
    url, file = of.settings.translate_url, of.settings.translate_key_file
    if not url:
        return []
    try:
        key = file.read_text().strip() if file is not None else ""
    except (OSError, UnicodeDecodeError) as error:
        return [finding("translation.key", "fault", file=file, why=type(error).__name__)]
    body = _SAMPLE | ({"api_key": key} if key else {})
    try:
        async with (
            asyncio.timeout(ANSWER_S),
            aiohttp.ClientSession() as http,
            http.post(f"{url.rstrip('/')}/translate", json=body, allow_redirects=False) as answer,
        ):
            status = answer.status
    except (aiohttp.ClientError, OSError, TimeoutError) as error:
        return [finding("translation.silent", "fault", url=url, why=type(error).__name__)]
    if status in _REFUSED:
        return [finding("translation.refused", "fault", url=url)]
    return [finding("translation.ok", url=url) if status == 200 else finding("translation.silent", "fault", url=url, why=status)]
