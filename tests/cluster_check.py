"""Check a cluster: `make cluster ARGS=--check`.

Real browsers make calls, and reach the servers through the balancer. In the first call, media goes directly to the worker. In the
other two calls, the user's media goes through coturn: over UDP in one call, and over TCP in the other.
"""

from __future__ import annotations

import asyncio
import json
import time
import urllib.request
from collections import Counter

from aiohttp import web
from playwright.async_api import async_playwright, expect
from prometheus_client.parser import text_string_to_metric_families

from signaling.server import demo
from tests.browser import media
from tests.browser.people import Cast, Staff, User, eventually
from tests.browser.relays import ONLY_RELAYS, PATH
from tests.browser.service import Service
from tests.cluster import Cluster

ASKED = 20
BALANCED_WITHIN_S = 10.0
TRANSPORTS = ("udp", "tcp")


async def check(cluster: Cluster) -> None:
    """Make the calls and print the results. Raise AssertionError if a call fails."""
    shop = web.AppRunner(demo.shop_app(cluster.settings), access_log=None)
    await shop.setup()
    try:
        await web.TCPSite(shop, "127.0.0.1", cluster.settings.shop_port).start()
        async with asyncio.timeout(BALANCED_WITHIN_S):
            while len(answers := await asyncio.to_thread(_ready, f"http://127.0.0.1:{cluster.public_port}/readyz")) < 2:
                await asyncio.sleep(0.2)  # the balancer sends requests to a server only after it has checked this server
        print(f"{ASKED} times /readyz by the balancer: " + ", ".join(f"{n} {state}" for state, n in answers.items()))
        assert set(answers) == {"leading", "standing by"}, "both servers are behind the balancer"
        async with async_playwright() as playwright:
            front = Service(cluster.folder, port=cluster.public_port, shop_port=cluster.settings.shop_port)
            cast = Cast(front, playwright, cluster.folder / "media")
            async with cast.stack:
                counselor = await cast.counselor()
                for transport in (None, *TRANSPORTS):
                    await _call(cast, counselor, transport)
        await asyncio.to_thread(_measured, cluster)
    finally:
        await shop.cleanup()


def _ready(url: str) -> Counter[str]:
    found: Counter[str] = Counter()
    for _ in range(ASKED):
        with urllib.request.urlopen(url, timeout=3) as answer:  # noqa: S310  # our own balancer's address
            found[json.load(answer)["state"]] += 1
    return found


def _measured(cluster: Cluster) -> None:
    """Print the leader's metrics after the calls of this check. Fail if a worker is missing or no voice was sent."""
    with urllib.request.urlopen(f"http://127.0.0.1:{cluster.leading().metrics_port}/metrics", timeout=5) as answer:
        families = list(text_string_to_metric_families(answer.read().decode()))
    found = {family.name: sum(sample.value for sample in family.samples) for family in families}
    up, packets, rings = (found[f"sangdam_{name}"] for name in ("media_up", "media_stream_packets", "rings"))
    print(f"Its metrics: {up:.0f} media workers, {packets:,.0f} packets of voices, {rings:.0f} reservations.")
    assert up == len(cluster.media)
    assert packets > 0


async def _call(cast: Cast, counselor: Staff, transport: str | None) -> None:
    """Make a call.

    `transport`: the user's browser reaches only coturn, over this transport. None: the browser reaches the worker directly.
    """
    user: User = await cast.user()
    if transport is not None:
        await user.context.add_init_script(f"({ONLY_RELAYS})('{transport}')")
    await user.call("voice")
    await user.enter()
    began = time.monotonic()
    await counselor.accept()
    await user.hears(media.COUNSELOR.hz)
    await counselor.hears(media.USER.hz)
    took_s = time.monotonic() - began
    await user.write("안녕하세요")
    await counselor.reads("안녕하세요")
    way = "direct"
    if transport is not None:
        await eventually(lambda: user.page.evaluate(PATH), ["relay", transport], "only coturn carries this call")
        way = f"by coturn over {transport}"
    print(
        f"A call {way}: both hear each other's tone (looked for within {took_s:.1f} s of accepting), a line was read.", flush=True
    )
    await user.get("call-leave").click()
    await user.get("leave-confirm").click()
    await counselor.get("wrapup-save").click()
    await expect(counselor.get("wrapup-save")).to_be_hidden()
