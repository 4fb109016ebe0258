"""Measure a live call between two real browsers. Both browsers run on one machine, so that one clock times both."""

from __future__ import annotations

import asyncio
import os
import signal
import tempfile
from pathlib import Path

from playwright.async_api import async_playwright, expect

from tests.bench.rows import Row, row
from tests.browser import media
from tests.browser.people import Cast, Staff, User, eventually
from tests.browser.service import Service, running

# Records how long each peer connection takes from its creation to `connected`. Counts the bytes that the board sends over its
# data channel.
WATCH = """
(() => {
  window.__joins = []; window.__docBytes = 0;
  const Native = window.RTCPeerConnection;
  window.RTCPeerConnection = class extends Native {
    constructor(...args) {
      super(...args);
      const made = performance.now();
      this.addEventListener('connectionstatechange', () => {
        if (this.connectionState === 'connected') window.__joins.push(performance.now() - made);
      });
    }
  };
  const send = RTCDataChannel.prototype.send;
  RTCDataChannel.prototype.send = function (data) {
    if (this.label === 'doc') window.__docBytes += data.byteLength ?? data.length;
    return send.call(this, data);
  };
})();
"""


async def two_people(cast: Cast) -> tuple[User, Staff, float]:
    """Make a call. Return user, counselor, and the seconds from Accept until the two hear each other."""
    counselor = await cast.counselor(browser="full chromium")
    user = await cast.user("full chromium")
    for person in (counselor, user):
        await person.context.add_init_script(WATCH)
    await counselor.page.reload()
    await user.call()
    await user.enter()
    await expect(counselor.get("ring")).to_be_visible()
    await user.page.evaluate(media.EAR, media.COUNSELOR.hz)
    await counselor.page.evaluate(media.EAR, media.USER.hz)
    accepted = await counselor.page.evaluate(
        "() => { document.querySelector('[data-testid=ring-accept]').click(); return Date.now(); }"
    )

    async def both_hear() -> bool:
        return bool((await media.note(user.page))["first"] and (await media.note(counselor.page))["first"])

    await eventually(both_hear, True, "both should hear each other")
    return (
        user,
        counselor,
        (max((await media.note(user.page))["first"], (await media.note(counselor.page))["first"]) - accepted) / 1000,
    )


async def hang_up(user: User) -> None:
    """End the call, so that the counselor is free for the next call."""
    await user.get("call-leave").click()
    await user.get("leave-confirm").click()
    await expect(user.get("rate-5")).to_be_visible()


async def joining(service: Service, folder: Path, runs: int = 5) -> list[Row]:
    hearing, joins = [], []
    async with async_playwright() as playwright:
        for _ in range(runs):
            cast = Cast(service, playwright, folder)
            async with cast.stack:
                user, counselor, seconds = await two_people(cast)
                hearing.append(seconds)
                for person in (user, counselor):
                    joins += await person.page.evaluate("window.__joins")
                await hang_up(user)
    return [row("accept_to_hearing_s", "s", hearing), row("join_ms", "ms", joins)]


PAINT = """
([x, y]) => new Promise((done) => {
  const canvases = [...document.querySelectorAll('[data-testid=board-canvas]')];
  const look = () => {
    for (const canvas of canvases) {
      const context = canvas.getContext('2d');
      const paper = document.querySelector('[data-testid=board-paper]').getBoundingClientRect();
      const box = canvas.getBoundingClientRect();
      const at = [
        ((paper.x + x * paper.width - box.x) * canvas.width) / box.width,
        ((paper.y + y * paper.height - box.y) * canvas.height) / box.height,
      ];
      const data = context.getImageData(at[0] - 3, at[1] - 3, 7, 7).data;
      for (let i = 0; i < data.length; i += 4) {
        if (data[i + 3] > 0 && data[i] + data[i + 1] + data[i + 2] < 600) return done(Date.now());
      }
    }
    requestAnimationFrame(look);
  };
  look();
})
"""

PEN = """
([x, y]) => {
  const canvases = document.querySelectorAll('[data-testid=board-canvas]');
  const canvas = canvases[canvases.length - 1];
  const box = document.querySelector('[data-testid=board-paper]').getBoundingClientRect();
  const pen = { bubbles: true, pointerId: 1, pointerType: 'pen', isPrimary: true, pressure: 0.5, buttons: 1, button: 0 };
  const at = (dx) => ({ ...pen, clientX: box.x + x * box.width + dx, clientY: box.y + y * box.height });
  canvas.dispatchEvent(new PointerEvent('pointerdown', at(-6)));
  canvas.dispatchEvent(new PointerEvent('pointermove', at(0)));
  const when = Date.now();
  setTimeout(() => {
    canvas.dispatchEvent(new PointerEvent('pointermove', at(6)));
    canvas.dispatchEvent(new PointerEvent('pointerup', at(6)));
  }, 60);
  return when;
}
"""


# Draws a stroke with 60 points a second, as a touch screen does. If a frame is late, all points that are due are drawn together,
# as in a browser.
STROKE = """
(points) => new Promise((done) => {
  const canvas = document.querySelector('[data-testid=board-canvas]');
  const box = document.querySelector('[data-testid=board-paper]').getBoundingClientRect();
  const pen = { bubbles: true, pointerId: 1, pointerType: 'pen', isPrimary: true, pressure: 0.5, buttons: 1, button: 0 };
  const at = (n) => ({ ...pen, clientX: box.x + 40 + (n % 150), clientY: box.y + 40 + n / 3 });
  canvas.dispatchEvent(new PointerEvent('pointerdown', at(0)));
  const began = performance.now();
  let drawn = 0;
  const next = (now) => {
    const due = Math.min(points, Math.floor(((now - began) * 60) / 1000));
    for (; drawn < due; drawn++) canvas.dispatchEvent(new PointerEvent('pointermove', at(drawn + 1)));
    if (drawn < points) return requestAnimationFrame(next);
    canvas.dispatchEvent(new PointerEvent('pointerup', at(points)));
    done();
  };
  requestAnimationFrame(next);
})
"""


async def drawing(service: Service, folder: Path, strokes: int = 40) -> list[Row]:
    async with async_playwright() as playwright:
        cast = Cast(service, playwright, folder)
        async with cast.stack:
            user, counselor, _ = await two_people(cast)
            for person in (user, counselor):
                await person.get("call-board").click()
                await expect(person.get("board-canvas").first).to_be_visible()
            await asyncio.sleep(1)
            delays: list[float] = []
            for number in range(strokes):
                spot = [0.1 + 0.8 * (number % 8) / 8, 0.15 + 0.7 * (number // 8) / 6]
                painted = asyncio.create_task(counselor.page.evaluate(PAINT, spot))
                await asyncio.sleep(0.03)
                pressed = await user.page.evaluate(PEN, spot)
                delays.append(await asyncio.wait_for(painted, 5) - pressed)
                await asyncio.sleep(0.1)
            bytes_before = await user.page.evaluate("window.__docBytes")
            points = 300
            await user.page.evaluate(STROKE, points)
            await asyncio.sleep(1)
            used = await user.page.evaluate("window.__docBytes") - bytes_before
            await user.page.close()
    return [row("stroke_pen_to_paint_p95_ms", "ms", delays), row("stroke_bytes_per_point", "bytes", [used / points])]


async def worker_kill(service: Service, folder: Path) -> list[Row]:
    return [row("worker_kill_audio_gap_s", "s", await _gaps(service, folder, signal.SIGKILL, 20))]


async def worker_drain(service: Service, folder: Path) -> list[Row]:
    return [row("worker_drain_audio_gap_s", "s", await _gaps(service, folder, signal.SIGTERM, 8))]


async def _gaps(service: Service, folder: Path, what: signal.Signals, runs: int) -> list[float]:
    """Send this signal, `runs` times, to the media worker that has the room.

    Return for each signal the longest silence that one of the two people then heard, in s.
    """
    gaps: list[float] = []
    async with async_playwright() as playwright:
        cast = Cast(service, playwright, folder)
        async with cast.stack:
            user, counselor, _ = await two_people(cast)
            for _ in range(runs):
                await asyncio.sleep(2)
                await user.page.evaluate(media.EAR, media.COUNSELOR.hz)
                await counselor.page.evaluate(media.EAR, media.USER.hz)
                await asyncio.sleep(1)
                os.kill(await service.serving(), what)
                # during this time, another worker takes over and warms up
                await asyncio.sleep(4 if what is signal.SIGKILL else 8)
                gaps.append(max((await media.note(user.page))["gap"], (await media.note(counselor.page))["gap"]) / 1000)
            await user.page.close()
    return gaps


async def measure() -> list[Row]:
    found: list[Row] = []
    with tempfile.TemporaryDirectory() as scratch:
        for bench in (joining, drawing, worker_kill, worker_drain):
            data = Path(scratch) / bench.__name__
            data.mkdir()
            async with running(data) as service:
                found += await bench(service, Path(scratch))
    return found


def rows() -> list[Row]:
    return asyncio.run(measure())
