"""A guest enters by a one-time link, is heard, interprets, and is removed. A phone becomes the user's second camera."""

from __future__ import annotations

import asyncio
import re

from playwright.async_api import expect

from tests.browser import media
from tests.browser.media import COUNSELOR, PROFESSIONAL, USER, Voice
from tests.browser.people import BrowserName, Cast, P, Person, Staff, User, eventually
from tests.browser.service import sangdam
from tests.browser.test_help import switch

GUEST = PROFESSIONAL  # guests and the user's phone have the voice and colour that a professional has in other tests
PHONE = {"width": 390, "height": 844}
# Lets several people with different voices use one browser: replaces the sound of each page's microphone by a different tone.
OWN_TONE = """
if (navigator.mediaDevices) {
  const devices = navigator.mediaDevices;
  const real = devices.getUserMedia.bind(devices);
  devices.getUserMedia = async (wanted) => {
    const stream = await real(wanted);
    for (const former of stream.getAudioTracks()) {
      const context = new AudioContext();
      const [tone, gain, end] = [new OscillatorNode(context, { frequency: HZ }), new GainNode(context, { gain: 0.3 }),
        new MediaStreamAudioDestinationNode(context, { channelCount: 1 })];
      tone.connect(gain).connect(end);
      tone.start();
      const [track] = end.stream.getAudioTracks();
      const settings = former.getSettings();
      track.getSettings = () => settings;
      stream.removeTrack(former);
      stream.addTrack(track);
    }
    return stream;
  };
}
"""
# Returns the name and the area (px²) of each tile on the stage, in the order in which the page shows the tiles.
TILES = """
() => [...document.querySelectorAll('.stage .tile')]
  .map((tile) => [tile, tile.getBoundingClientRect()])
  .sort(([, a], [, b]) => a.y - b.y || a.x - b.x)
  .map(([tile, box]) => [tile.querySelector('.tile-name > span').textContent, box.width * box.height])
"""


async def phone_as_a_camera(cast: Cast, user: User, voice: Voice, browser: BrowserName) -> Person:
    """Let the user make a link for a second camera, open it on a phone, and start the phone's camera."""
    await user.get("camera-make").click()
    link = await user.get("camera-link").get_attribute("data-url")
    assert link is not None
    phone = await cast._person(Person, voice, browser, viewport=PHONE)
    phone.page = await phone.context.new_page()
    await phone.page.goto(link)
    await phone.get("invited-enter").click()
    await phone.get("phone-camera-start").click()
    return phone


async def test_guest_enters_by_link_is_heard_and_removed_then_a_phone_shows(cast: Cast) -> None:
    await sangdam(cast.service, "site", "add", "demo-shop", "--update", "--guests", "1")
    counselor, user = await cast.counselor(), await cast.user()
    await user.call("video")
    await user.enter()
    await counselor.accept()
    await user.hears(COUNSELOR.hz)
    await user.write("손님이 오기 전의 말")
    await counselor.reads("손님이 오기 전의 말")

    await counselor.get("call-guests").click()
    await counselor.get("guest-label-interpreter").check()
    await counselor.get("guest-link-make").click()
    url = await counselor.get("guest-link").input_value()
    await expect(counselor.get("guest-waiting")).to_contain_text("통역사")

    guest = await cast._person(Person, GUEST, "chromium", viewport=PHONE)
    guest.page = await guest.context.new_page()
    await guest.page.goto(url)
    await expect(guest.page).to_have_url(re.compile(r"/call$"))  # the secret does not stay in the address
    await expect(guest.get("invited")).to_contain_text("상담에 초대받았어요")
    await guest.get("invited-enter").click()
    await expect(guest.get("guest-prepare")).to_be_visible()
    await expect(guest.get("mic-level")).to_be_visible()
    await expect(counselor.get("guest-waiting")).to_contain_text("들어올 준비를 하고 있어요")
    assert not guest.traffic.contains("손님이 오기 전의 말")
    await guest.get("guest-name").fill("Mina")
    await guest.get("guest-enter").click()

    await guest.hears(USER.hz, COUNSELOR.hz)
    await user.hears(COUNSELOR.hz, GUEST.hz)
    await counselor.hears(USER.hz, GUEST.hz)
    await guest.get("call-chat").click()
    await guest.write("통역할게요")
    await guest.get("call-chat").click()
    await expect(counselor.get("chat-line").filter(has_text="통역할게요")).to_contain_text("Mina 통역사")
    await guest.sees(USER)
    await counselor.sees(USER, GUEST)
    await expect(user.get("participants")).to_contain_text("Mina 통역사")
    await expect(user.get("who-hears")).to_contain_text("Mina")
    await user.reads("Mina 님(통역사)")

    await counselor.get("interpret-user").select_option("none")
    await expect(user.get("interpreter-bar")).to_contain_text("Mina 님이 나에게 통역하고 있어요. 통역만 들려요")
    await expect(counselor.get("interpreter-bar")).to_contain_text(
        "Mina 님이 방문자에게 통역하고 있어요. 방문자에게는 통역만 들려요"
    )
    await expect(user.get("interpreter-bar")).to_contain_text("Jimin 님이 설정했어요")
    await expect(guest.get("interpreter-bar")).to_contain_text("통역하고 있어요")
    await user.hears(GUEST.hz)
    await counselor.hears(USER.hz, GUEST.hz)

    await guest.page.reload()
    await guest.hears(USER.hz, COUNSELOR.hz)
    assert not guest.traffic.contains("손님이 오기 전의 말")

    await counselor.get("guest-remove").click()
    await expect(guest.get("guest-gone")).to_contain_text("상담에서 내보내졌어요")
    await user.hears(COUNSELOR.hz)
    await expect(user.get("interpreter-bar")).to_have_count(0)
    again = await guest.context.new_page()
    await again.goto(url)
    await again.get_by_test_id("invited-enter").click()
    await expect(again.get_by_role("alert")).to_contain_text("이미 쓴 링크")
    await guest.context.close()
    await counselor.page.keyboard.press("Escape")

    await user.get("call-guests").click()
    phone = await phone_as_a_camera(cast, user, GUEST, "chromium")
    await counselor.sees(USER, GUEST)
    await user.sees(GUEST)
    await counselor.hears(USER.hz)
    await expect(phone.page.locator("audio")).to_have_count(0)
    await expect(counselor.get("participants")).to_contain_text("휴대폰 카메라")
    await user.get("camera-end").click()
    await expect(phone.get("phone-camera-over")).to_be_visible()
    await counselor.sees(USER)


async def test_firefox_invites_enters_and_becomes_a_camera(cast: Cast) -> None:
    """User, guest and phone have Firefox. All their fake microphones play one tone, so only the guest's microphone is on."""
    await sangdam(cast.service, "site", "add", "demo-shop", "--update", "--guests", "1")
    counselor, user = await cast.counselor(), await cast.user("firefox")
    await user.call("video")
    await user.enter()
    await counselor.accept()
    await user.hears(COUNSELOR.hz)
    await user.get("call-mic").click()
    await user.get("call-guests").click()
    await user.get("guest-link-make").click()
    guest = await cast._person(Person, USER, "firefox", viewport=PHONE)
    guest.page = await guest.context.new_page()
    await guest.page.goto(await user.get("guest-link").input_value())
    await guest.get("invited-enter").click()
    await expect(guest.get("mic-level")).to_be_visible()
    await guest.get("guest-name").fill("Mina")
    await guest.get("guest-enter").click()
    await guest.hears(COUNSELOR.hz)

    async def guest_is_heard() -> bool:
        return (await media.levels(counselor.page, media.FIREFOX_HZ))[media.FIREFOX_HZ] > media.AUDIBLE_DB

    await eventually(guest_is_heard, True, "the counselor should hear the guest's Firefox")
    await counselor.reads("Mina 님(가족)")
    await user.get("guest-remove").click()
    await expect(guest.get("guest-gone")).to_be_visible()

    phone = await phone_as_a_camera(cast, user, USER, "firefox")

    async def pictures() -> int:
        return len(await counselor.page.evaluate(media.LOOK))

    await eventually(pictures, 2, "the counselor should see the user's camera and the phone's")
    await expect(phone.page.locator("audio")).to_have_count(0)
    await phone.get("phone-camera-stop").click()
    await expect(phone.get("phone-camera-over")).to_be_visible()
    await eventually(pictures, 1, "the phone's picture should be gone")


class Six:
    """A room of six. The six people share one browser, and each of them has a different tone.

    They enter the room in this order: the counselor Jimin, the user, the guests Mina, Ito and Suji, the professional Dr. Han.
    """

    tones = (440, 620, 880, 1180, 1420, 1700)
    counselor: Staff
    user: User
    professional: Staff

    def __init__(self, cast: Cast) -> None:
        self.cast = cast
        self.people: list[Person] = []

    async def _person(self, kind: type[P], **context: object) -> P:
        person = await self.cast._person(kind, USER, "chromium", **context)
        await person.context.add_init_script(OWN_TONE.replace("HZ", str(self.tones[len(self.people)])))
        self.people.append(person)
        return person

    async def come(self) -> None:
        """Let everybody enter the room. The professional comes last and begins a consultation, which the user does not hear."""
        self.counselor = await self._person(Staff)
        await self.counselor.sign_in("jimin", "counselor")
        self.user = await self._person(User)
        await self.user.call()
        await self.user.enter()
        await self.counselor.accept()
        await self.counselor.get("call-guests").click()
        for label, name in {"family": "Mina", "interpreter": "Ito", "colleague": "Suji"}.items():
            await self._guest(label, name)
        await self.counselor.page.keyboard.press("Escape")
        self.professional = await self._person(Staff)
        await self.professional.sign_in("drhan", "professional")
        await self.counselor.get("help-button").click()
        await self.counselor.get("help-send").click()
        await self.professional.accept()
        await self.professional.get("join").click()

    async def _guest(self, label: str, name: str) -> None:
        await self.counselor.get(f"guest-label-{label}").check()
        await self.counselor.get("guest-link-make").click()
        await expect(self.counselor.get("guest-waiting")).to_have_count(1)
        guest = await self._person(Person, viewport=PHONE)
        guest.page = await guest.context.new_page()
        await guest.page.goto(await self.counselor.get("guest-link").input_value())
        await guest.get("invited-enter").click()
        await guest.get("guest-name").fill(name)
        await guest.get("guest-enter").click()
        await expect(self.counselor.get("guest-waiting")).to_have_count(0)

    async def each_hears(self, *sources: set[int]) -> None:
        """Wait until each person hears exactly the people in that person's set. A person's number is the index in `people`."""
        await asyncio.gather(*(self._hears(listener, heard) for listener, heard in enumerate(sources)))

    async def _hears(self, listener: int, wanted: set[int]) -> None:
        async def heard() -> set[int]:
            levels = await media.levels(self.people[listener].page, *self.tones)
            return {number for number, hz in enumerate(self.tones) if levels[hz] > media.AUDIBLE_DB}

        await eventually(heard, wanted, f"person {listener} should hear {wanted}")


async def largest(person: Person) -> str:
    """Return the name on the first tile of the stage if this tile is much larger than every other tile, else ""."""
    (name, area), *others = await person.page.evaluate(TILES)
    return str(name) if all(area > 1.5 * each for _, each in others) else ""


async def test_six_in_a_room_hear_the_matrix_and_see_who_speaks(cast: Cast) -> None:
    await sangdam(cast.service, "site", "add", "demo-shop", "--update", "--guests", "3")
    six = Six(cast)
    await six.come()
    user, (mina, ito, suji) = six.user, six.people[2:5]
    everybody, professional = set(range(6)), 5
    await six.each_hears({professional}, set(), set(), set(), set(), {0})
    await switch(six.counselor, "whisper")
    await six.each_hears(*(everybody - {n} - ({professional} if 1 <= n <= 4 else set()) for n in range(6)))
    await switch(six.counselor, "conference")
    await six.each_hears(*(everybody - {n} for n in range(6)))
    await expect(six.counselor.get("hearing").locator(".face")).to_have_count(6)
    await expect(six.counselor.get("hearing").locator(".wire-both")).to_have_count(15)
    assert {name for name, _ in await user.page.evaluate(TILES)} == {
        "Jimin 상담사",
        "Dr. Han 전문가",
        "Mina 가족",
        "Ito 통역사",
        "Suji 동료",
    }

    for person in (six.counselor, six.professional, ito, suji):
        await person.get("call-mic").click()
    await eventually(lambda: largest(user), "Mina 가족", "the user sees who speaks, in large")
    await eventually(lambda: largest(mina), "방문자", "the guest sees who speaks, in large")
    await mina.get("call-mic").click()
    await ito.get("call-mic").click()
    await eventually(lambda: largest(user), "Ito 통역사", "the user sees who speaks now, in large")
    await six.counselor.get("call-screen").click()
    await eventually(lambda: largest(user), "Jimin 상담사 님의 화면", "the user sees the shared screen, in large")
