"""Time-limited credentials for a TURN server that shares a secret with this server. Pure.

The scheme is draft-uberti-behave-turn-rest-00, which coturn calls `use-auth-secret`. The username contains the expiry time,
and the password is the HMAC-SHA1 of the username. The secret itself never leaves this server.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from signaling.protocol.server_messages import IceServer

TTL_S = 2 * 3600
"""Lifetime of TURN credentials, in seconds.

Each peer connection gets new credentials. coturn checks them only when a connection begins, so a call can last longer than this.
"""
MIN_SECRET_CHARACTERS = 16

_URL = re.compile(r"(turns?):([A-Za-z0-9.-]+|\[[0-9A-Fa-f:.]+\])(?::(\d{1,5}))?(\?transport=(?:udp|tcp))?")


class TurnError(Exception):
    """The TURN settings are invalid. The exception's text is a sentence for the person who starts the server."""


@dataclass(frozen=True)
class Turn:
    """The TURN servers and the secret that they share with this server."""

    urls: tuple[str, ...]
    secret: bytes = field(repr=False)

    @classmethod
    def open(cls, servers: Sequence[str], secret_file: Path | None) -> Turn | None:
        """Check the settings and read the secret. Return None when no TURN server is set. Raises TurnError."""
        if not servers and secret_file is None:
            return None
        if not servers or secret_file is None:
            raise TurnError("--turn and --turn-secret-file belong together: name the server and the file with its secret.")
        urls = tuple(url for server in servers for url in _urls(server))
        try:
            secret = secret_file.read_text().strip().encode()
        except (OSError, UnicodeDecodeError) as error:
            raise TurnError(f"The TURN secret cannot be read from {secret_file}: {type(error).__name__}.") from None
        if len(secret) < MIN_SECRET_CHARACTERS:
            raise TurnError(f"The TURN secret in {secret_file} is shorter than {MIN_SECRET_CHARACTERS} characters.")
        return cls(urls, secret)

    def server(self, name: str, now_ms: int) -> IceServer:
        """Return the TURN servers and credentials that expire `TTL_S` from now.

        `name`: a part of the username, by which the TURN server's logs name the client.
        """
        username = f"{now_ms // 1000 + TTL_S}:{name}"
        # the scheme of TURN credentials demands SHA-1, which is safe in an HMAC
        digest = hmac.new(self.secret, username.encode(), hashlib.sha1).digest()
        return IceServer(urls=list(self.urls), username=username, credential=base64.b64encode(digest).decode())


def _urls(server: str) -> list[str]:
    """Return the URLs under which browsers reach a TURN server that `--turn` names. Raises TurnError.

    `turn:host:port` means both UDP and TCP. A URL with `?transport=…` or with `turns:` (TLS) is used as it is.
    """
    found = _URL.fullmatch(server)
    if found is None or not 0 < int(found[3] or 1) < 65_536:
        raise TurnError(f"“{server}” is not a TURN server; write it as turn:turn.example:3478.")
    if found[4] or found[1] == "turns":
        return [server]
    return [f"{server}?transport=udp", f"{server}?transport=tcp"]
