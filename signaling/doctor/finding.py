"""The installation that a check looks at, and the findings of the check."""

from __future__ import annotations

import resource
import ssl
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from msgspec import Struct

from signaling.config.settings import Settings

State = Literal["ok", "warning", "fault"]

PUSH_HOSTS = ("fcm.googleapis.com", "updates.push.services.mozilla.com", "web.push.apple.com")
"""The push services of Chromium and Edge, of Firefox, and of Safari."""


class Finding(Struct, kw_only=True, frozen=True):
    """One finding of a check. `about`: the check and its verdict, such as "tls.soon".

    `args`: values for the placeholders in the finding's sentences.
    """

    about: str
    state: State
    args: dict[str, str]


class WorkerFacts(Struct, kw_only=True, frozen=True):
    """A running media worker, as it describes itself."""

    name: str
    version: str
    fast_path: bool


def _descriptors() -> int:
    return resource.getrlimit(resource.RLIMIT_NOFILE)[0]


@dataclass(frozen=True, kw_only=True)
class Examined:
    """An installation, and the machine that it runs on.

    - `workers`: returns the media workers of a running server; None when no server runs in this process
    - `kernel`: the folder with the kernel's settings
    - `now_s`: returns the Unix time, in seconds
    - `descriptors`: the number of files and sockets that one process may open; negative for no limit
    - `trusted`: a TLS context that checks certificates as browsers do
    - `push_hosts`: the push services to check, each as "host" or "host:port"
    """

    settings: Settings
    workers: Callable[[], Awaitable[list[WorkerFacts]]] | None = None
    kernel: Path = Path("/proc/sys")
    now_s: Callable[[], float] = time.time
    descriptors: int = field(default_factory=_descriptors)
    trusted: ssl.SSLContext = field(default_factory=ssl.create_default_context)
    push_hosts: tuple[str, ...] = PUSH_HOSTS


Check = Callable[[Examined], Awaitable[list[Finding]]]


def finding(about: str, state: State = "ok", **args: object) -> Finding:
    """Return a finding with this check and verdict. `args`: values for the placeholders in the finding's sentences."""
    return Finding(about=about, state=state, args={name: str(value) for name, value in args.items()})
