"""Nobody hears a muted person, whatever happens to that person's microphone, camera or page."""

from __future__ import annotations

import asyncio

from playwright.async_api import Page, expect

from tests.browser import media
from tests.browser.people import Cast, Person, Staff, User

# Script that stores every microphone and camera track of the page in `window.__tracks`. If sessionStorage has 'slow-camera', each
# camera starts three seconds late.
TRACKS = """
(() => {
  if (!navigator.mediaDevices) return; // a blank page
  window.__tracks = [];
  const real = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
  navigator.mediaDevices.getUserMedia = async (wanted) => {
    if (wanted.video && sessionStorage.getItem('slow-camera')) {
      if (wanted.audio) throw new DOMException('both at once', 'AbortError');
      await new Promise((done) => setTimeout(done, 3000));
    }
    const stream = await real(wanted);
    window.__tracks.push(...stream.getTracks());
    return stream;
  };
})();
"""

PULL_OUT = """
(kind) => {
  for (const track of window.__tracks.filter((one) => one.kind === kind && one.readyState === 'live')) {
    track.stop();
    track.dispatchEvent(new Event('ended'));
  }
}
"""
QUIET_S = 4.0  # longer than the time until a new microphone, a reloaded page or a slow camera is ready


async def in_a_call(cast: Cast, channel: str = "voice") -> tuple[User, Staff]:
    counselor = await cast.counselor()
    await counselor.context.add_init_script(TRACKS)
    await counselor.page.reload()
    user = await cast.user()
    await user.context.add_init_script(TRACKS)
    await user.call("video" if channel == "video" else "voice")
    await user.enter()
    await counselor.accept()
    await user.hears(media.COUNSELOR.hz)
    await counselor.hears(media.USER.hz)
    return user, counselor


async def mute(person: Person, listener: Person) -> None:
    await person.get("call-mic").click()
    await listener.hears()
    await listener.page.evaluate(media.EAR, person.voice.hz)


async def nothing_was_heard(*listeners: Page) -> None:
    await asyncio.sleep(QUIET_S)
    assert [(await media.note(listener))["first"] for listener in listeners] == [0] * len(listeners)


async def unmute(person: Person, listener: Person) -> None:
    await person.get("call-mic").click()
    await listener.hears(person.voice.hz)


async def test_mute_survives_a_lost_or_another_microphone(cast: Cast) -> None:
    user, counselor = await in_a_call(cast)
    await mute(user, counselor)
    await mute(counselor, user)
    for muted in (user, counselor):
        await muted.page.evaluate(PULL_OUT, "audio")
    await nothing_was_heard(counselor.page, user.page)
    await unmute(counselor, user)
    await unmute(user, counselor)

    await mute(user, counselor)
    await user.get("call-devices").click()
    choice = user.page.locator(".device-choosers select").first  # this element selects the microphone
    await choice.select_option(index=1)
    await nothing_was_heard(counselor.page)
    await user.page.keyboard.press("Escape")
    await unmute(user, counselor)


async def test_mute_survives_a_reload(cast: Cast) -> None:
    """After the reload, the camera becomes available three seconds later than the microphone."""
    user, counselor = await in_a_call(cast, "video")
    for muted, listener in ((user, counselor), (counselor, user)):
        await mute(muted, listener)
        await muted.page.evaluate("sessionStorage.setItem('slow-camera', '1')")
        await muted.page.reload()
        await nothing_was_heard(listener.page)
        await expect(muted.get("call-mic")).to_have_attribute("aria-pressed", "false")
        await unmute(muted, listener)
