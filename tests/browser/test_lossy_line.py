"""While packets of a voice are lost, the browser sends redundant copies (RED), and the listener hears the whole voice."""

from __future__ import annotations

import asyncio
import time

from playwright.async_api import Page

from tests.browser.media import USER
from tests.browser.network import network
from tests.browser.people import Cast, eventually
from tests.peers.proxy import Line

OPUS, RED = 111, 63  # Chromium's RTP payload types of Opus and of redundant voice (RED)
LOSS = 0.1
SETTLES_S, HEARS_S = 1.0, 3.0

KEEP_PEERS = """
(() => {
  const Native = RTCPeerConnection;
  window.RTCPeerConnection = class extends Native {
    constructor(...args) { super(...args); (window.__peers ??= []).push(this); }
  };
})();
"""
HEARD = """
async () => {
  const stats = [...(await window.__peers.at(-1).getStats()).values()];
  const { concealedSamples, totalSamplesReceived } = stats.find(({ type, kind }) => type === "inbound-rtp" && kind === "audio");
  return [concealedSamples, totalSamplesReceived];
}
"""
Heard = tuple[int, int]


async def heard(page: Page) -> Heard:
    """Return two counts of samples since the start of the connection: the concealed samples, and all received samples."""
    concealed, played = await page.evaluate(HEARD)
    return int(concealed), int(played)


async def made_up(page: Page, since: Heard) -> float:
    """Return the share of samples that the browser has concealed since the measurement `since`, an earlier result of `heard`."""
    concealed, played = await heard(page)
    return (concealed - since[0]) / (played - since[1])


async def test_voice_is_sent_redundantly_while_packets_are_lost(cast: Cast) -> None:
    async with network() as line:
        counselor = await cast.counselor()
        await counselor.context.add_init_script(KEEP_PEERS)
        await counselor.page.reload()
        user = await cast.user(proxy=line.proxy)
        await line.carry(user.context)
        await user.call()
        await user.enter()
        await counselor.accept()
        await counselor.hears(USER.hz)

        async def sends() -> set[int]:
            return line.payload_types() & {OPUS, RED}

        assert await sends() == {OPUS}
        began = time.monotonic()
        line.becomes(Line(loss=LOSS))
        since = await heard(counselor.page)
        await eventually(sends, {RED}, "the voice should be sent twice")
        once = await made_up(counselor.page, since)
        print(f"\nRED after {time.monotonic() - began:.1f} s")

        assert once > LOSS / 2
        await asyncio.sleep(SETTLES_S)

        async def made_up_less() -> bool:  # on a busy machine, the browser also conceals packets that it gets too late to play
            since = await heard(counselor.page)
            await asyncio.sleep(HEARS_S)
            twice = await made_up(counselor.page, since)
            print(f"made up: {once:.1%} of a voice sent once, {twice:.1%} of one sent twice")
            return twice < once / 2

        await eventually(made_up_less, True, "the browser should make up less than half as much")
