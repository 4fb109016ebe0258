"""A guest enters by a one-time link, is heard, interprets, and is removed. A phone becomes the user's second camera."""

from __future__ import annotations

import re

from playwright.async_api import expect

from tests.browser import media
from tests.browser.media import COUNSELOR, PROFESSIONAL, USER, Voice
from tests.browser.people import BrowserName, Cast, Person, User, eventually
from tests.browser.service import sangdam

GUEST = PROFESSIONAL  # the guest's browser has the third voice and colour; later the user's phone has them
PHONE = {"width": 390, "height": 844}


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
