"""The call on a phone: the important parts are on the screen, and nothing covers them."""

from __future__ import annotations

from playwright.async_api import expect

from tests.browser import media
from tests.browser.drawing import POINTERS
from tests.browser.people import Cast, Staff, User, eventually
from tests.browser.test_board import draw, ink, open_board

PHONES = ((390, 844), (360, 640))
SMALL = ((320, 568), (568, 320), (844, 390))
NO_MICROPHONE = """
if (navigator.mediaDevices)
  navigator.mediaDevices.getUserMedia = () => Promise.reject(new DOMException('', 'NotFoundError'));
"""
# Makes the browser behave like one on a phone. A second camera faces away from the user and shows only blue. If sessionStorage
# has 'no-back', this camera fails to start. A phone call takes microphone and camera away: see `PHONE_CALL`.
A_PHONE = """
(() => {
  if (!navigator.mediaDevices) return; // a blank page
  const devices = navigator.mediaDevices;
  const [real, list] = [devices.getUserMedia.bind(devices), devices.enumerateDevices.bind(devices)];
  const settle = (stream, changes) => {
    for (const track of stream.getVideoTracks()) {
      const settings = track.getSettings.bind(track);
      track.getSettings = () => ({ ...settings(), ...changes });
    }
    return stream;
  };
  devices.enumerateDevices = async () =>
    [...(await list()), { kind: 'videoinput', deviceId: 'back', label: 'Back camera', groupId: '' }];
  const request = navigator.wakeLock.request.bind(navigator.wakeLock);
  window.__locks = [];
  navigator.wakeLock.request = async (type) => {
    const lock = await request(type);
    window.__locks.push(lock);
    return lock;
  };
  window.__tracks = [];
  const watch = (track) => {
    window.__tracks.push(track);
    const clone = track.clone.bind(track);
    track.clone = () => watch(clone());
    return track;
  };
  devices.getUserMedia = async (wanted) => {
    if (sessionStorage.getItem('phone-call')) throw new DOMException('', 'NotReadableError');
    const stream = await side(wanted);
    stream.getTracks().forEach(watch);
    return stream;
  };
  const side = async (wanted) => {
    const { facingMode, deviceId, ...rest } = wanted.video || {};
    if (facingMode?.exact !== 'environment' && deviceId?.exact !== 'back')
      return settle(await real({ ...wanted, video: wanted.video && rest }), { facingMode: 'user' });
    if (sessionStorage.getItem('no-back')) throw new DOMException('', 'NotReadableError');
    const canvas = document.createElement('canvas');
    const context = canvas.getContext('2d');
    setInterval(() => {
      context.fillStyle = 'rgb(40, 70, 200)';
      context.fillRect(0, 0, canvas.width, canvas.height);
    }, 40);
    return settle(canvas.captureStream(25), { facingMode: 'environment', deviceId: 'back' });
  };
})();
"""
AWAKE = "window.__locks.some((lock) => !lock.released)"
PHONE_CALL = """
(begins) => {
  if (begins) sessionStorage.setItem('phone-call', '1');
  else sessionStorage.removeItem('phone-call');
  for (const track of begins ? window.__tracks.filter((one) => one.readyState === 'live') : []) {
    track.stop();
    track.dispatchEvent(new Event('ended'));
  }
  document.dispatchEvent(new Event('visibilitychange'));
}
"""
IN_SMALL_WINDOW = "document.pictureInPictureElement?.dataset.kind ?? ''"
# Returns the names of buttons that a finger cannot press, because they are outside the window, under something else, or too
# small.
UNREACHABLE = """
() => [...document.querySelectorAll('.room button')].filter((button) => {
  const { x, y, width, height } = button.getBoundingClientRect();
  const top = document.elementFromPoint(x + width / 2, y + height / 2);
  return width > 0 && (width < 44 || height < 44 || !button.contains(top) || x < 0 || x + width > innerWidth + 0.5);
}).map((button) => button.ariaLabel ?? button.textContent)
"""
MIRRORED = "getComputedStyle(document.querySelector('[data-testid=self-video]')).transform !== 'none'"
NAMED = """
() => {
  const name = document.querySelector('.tile-name').getBoundingClientRect();
  return document.elementFromPoint(name.x + 4, name.y + name.height / 2).closest('.tile-name') !== null;
}
"""

# Returns whether the person's picture has a sharp edge in its upper rows, where the bright bar of the camera's picture moves.
SHARP = """
() => {
  const video = document.querySelector('[data-testid=stage-video]');
  if (!video?.videoWidth) return null;
  const canvas = new OffscreenCanvas(video.videoWidth, video.videoHeight);
  const context = canvas.getContext('2d');
  context.drawImage(video, 0, 0);
  const { data } = context.getImageData(0, 1, canvas.width, 1);
  let steepest = 0;
  for (let i = 9; i < data.length; i += 4) steepest = Math.max(steepest, Math.abs(data[i] - data[i - 8]));
  return steepest > 60;
}
"""


async def bottom_of(user: User, test_id: str) -> float:
    box = await user.get(test_id).bounding_box()
    assert box is not None
    return box["y"] + box["height"]


async def blur_hides_the_background(user: User, counselor: Staff) -> None:
    """Blur the user's background and show it again. There is no person in the picture, so all of it is background."""

    async def sharp() -> bool | None:
        found: bool | None = await counselor.page.evaluate(SHARP)
        return found

    await eventually(sharp, True, "the counselor sees the room behind the user")
    await user.get("call-devices").click()
    await user.get("blur").click()
    await eventually(sharp, False, "the counselor sees nothing of the room", 30)
    await user.get("blur").click()
    await eventually(sharp, True, "the counselor sees the room again")
    await user.page.keyboard.press("Escape")


async def point_on_the_picture(user: User, counselor: Staff, kind: str, own_picture: str) -> None:
    """Let the user point at a place in the counselor's picture. The counselor sees this place in their own picture."""
    await user.get("live-point").click()
    box = await user.page.locator(f"[data-testid=stage-video][data-kind={kind}]").bounding_box()
    assert box is not None
    await user.page.mouse.move(box["x"] + box["width"] * 0.4, box["y"] + box["height"] * 0.5)
    await user.page.mouse.down()
    await user.page.mouse.move(box["x"] + box["width"] * 0.6, box["y"] + box["height"] * 0.6, steps=20)

    async def pointed() -> bool:
        return int(await counselor.page.evaluate(POINTERS, f"{own_picture} [data-testid=live-laser]")) > 10

    await eventually(pointed, True, f"the counselor sees the laser on the {kind}")
    await user.page.mouse.up()
    await user.get("live-point").click()


async def test_phone_shows_the_level_the_start_and_a_shared_screen(cast: Cast) -> None:
    counselor = await cast.counselor()
    user = await cast.user(viewport={"width": 390, "height": 844})
    await user.context.grant_permissions(["screen-wake-lock"])  # the full Chromium would grant this permission by itself
    await user.context.add_init_script(A_PHONE)
    await user.call()
    await expect(user.get("mic-level")).to_be_visible()
    await expect(user.page.locator("select")).to_have_count(0)
    for width, height in PHONES:
        await user.page.set_viewport_size({"width": width, "height": height})
        assert await bottom_of(user, "mic-level") < await bottom_of(user, "call-enter") < height
    await user.get("devices").locator("summary").click()
    await expect(user.page.locator("select").first).to_be_visible()

    assert not await user.page.evaluate(AWAKE)
    await user.enter()
    await counselor.accept()
    await user.get("call-camera").click()
    await counselor.sees(media.USER)
    await eventually(lambda: user.page.evaluate(AWAKE), True, "the screen does not lock during the call")
    await eventually(lambda: user.page.evaluate(MIRRORED), True, "the user sees the front camera as in a mirror")
    await user.get("camera-flip").click()
    await counselor.sees(media.PROFESSIONAL)  # the fake back camera shows the professional's colour
    await eventually(lambda: user.page.evaluate(MIRRORED), False, "the back camera is not mirrored")
    await user.get("camera-flip").click()
    await counselor.sees(media.USER)
    await user.page.evaluate("sessionStorage.setItem('no-back', '1')")
    await user.get("camera-flip").click()
    await expect(user.page.locator(".toast-error")).to_contain_text("지금 카메라를 그대로 써요")
    await counselor.sees(media.USER)

    await blur_hides_the_background(user, counselor)

    await user.page.evaluate(PHONE_CALL, True)
    await expect(user.get("interrupted")).to_contain_text("아무도 나를 듣거나 보지 못해요")
    await expect(user.get("who-hears")).to_contain_text("아무도 내 말을 듣지 않아요")
    await expect(counselor.get("participants")).to_contain_text("마이크와 카메라 끊김")
    await counselor.sees()
    await user.page.evaluate(PHONE_CALL, False)
    await counselor.hears(media.USER.hz)
    await counselor.sees(media.USER)
    await expect(user.get("interrupted")).to_have_count(0)
    await expect(user.page.locator(".toast").last).to_have_text("마이크와 카메라가 다시 켜졌어요.")
    await expect(counselor.get("participants")).not_to_contain_text("끊김")
    await user.get("call-camera").click()

    await counselor.get("call-camera").click()
    await user.sees(media.COUNSELOR)
    await point_on_the_picture(user, counselor, "camera", ".faces")
    await user.get("small-window").click()
    await eventually(lambda: user.page.evaluate(IN_SMALL_WINDOW), "camera", "the counselor's picture is in a small window")
    for width, height in (*PHONES, *SMALL):
        await user.page.set_viewport_size({"width": width, "height": height})
        await eventually(lambda: user.page.evaluate(UNREACHABLE), [], f"every button is in reach at {width} x {height}")
    await counselor.get("call-camera").click()
    await eventually(lambda: user.page.evaluate(IN_SMALL_WINDOW), "", "the small window closes with the picture")

    await counselor.get("call-screen").click()
    await user.get("call-chat").click()
    screen = user.page.locator("[data-testid=stage-video][data-kind=screen]")
    await expect(screen).to_be_visible()
    for width, height in PHONES:
        await user.page.set_viewport_size({"width": width, "height": height})
        box = await screen.bounding_box()
        assert box is not None
        assert box["height"] >= height / 3, (width, height, box)
    await expect(user.get("chat-input").first).to_be_visible()
    await expect(counselor.get("sharing")).to_be_visible()

    await point_on_the_picture(user, counselor, "screen", "[data-testid=sharing]")
    await user.get("call-board").click()
    await user.get("board-more").click()
    await user.get("board-freeze").click()  # the frozen picture is the counselor's screen, because nothing else is shown live
    await open_board(counselor)
    for person in (user, counselor):
        await expect(person.get("board-background")).to_be_visible()
    await eventually(
        lambda: counselor.get("board-background").evaluate("image => image.naturalWidth > 100"), True, "the still picture"
    )
    await draw(user, (0.3, 0.5), (0.7, 0.5))
    await eventually(lambda: ink(counselor), ["2,2", "3,2", "4,2", "5,2"], "the stroke lies on the still picture of the screen")
    await user.get("call-board").click()
    await user.get("call-screen").click()
    await expect(user.get("sharing").locator("video")).to_be_visible()
    await user.get("sharing-stop").click()
    await expect(user.get("sharing")).to_have_count(0)


async def test_chat_opens_at_once_without_a_microphone(cast: Cast) -> None:
    counselor = await cast.counselor()
    user = await cast.user(viewport={"width": 390, "height": 844})
    await user.context.add_init_script(NO_MICROPHONE)
    await user.call()
    await expect(user.get("problem-mic")).to_be_visible()
    await user.enter()
    await counselor.accept()
    await expect(user.page.locator(".tile-name")).to_be_visible()  # tiles show that the call has begun
    await expect(user.get("chat-input")).to_be_visible()
    await eventually(lambda: user.page.evaluate(NAMED), True, "nothing lies over the counselor's name")
    await user.write("마이크가 없어요")
    await counselor.reads("마이크가 없어요")
