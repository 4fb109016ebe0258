"""Pushes in real browsers: a ring reaches a closed console, and an answer reaches a user who has left.

Tests cannot reach the push service of a browser's maker, so a push service of the tests takes its place. The page subscribes
there, and the server sends its pushes there. The test hands the decrypted content to Chromium's service worker by the DevTools
protocol. Both people use the full Chromium, because its headless shell shows no notifications.
"""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

from playwright.async_api import BrowserContext, Worker, expect

from tests.browser.conftest import Casting
from tests.browser.people import NOTE_BADGES, PATIENCE_S, Person, User, eventually
from tests.browser.service import running
from tests.push_service import PushService, running_push_service

SUBSCRIBES = """(() => {
  const said = SAID;
  const made = {
    endpoint: said.endpoint, options: { applicationServerKey: null }, unsubscribe: async () => true,
    toJSON: () => ({ endpoint: said.endpoint, keys: { p256dh: said.p256dh, auth: said.auth } }),
  };
  PushManager.prototype.subscribe = async () => made;
  PushManager.prototype.getSubscription = async () => made;
})()"""
NOTIFICATIONS = """() => registration.getNotifications().then((all) =>
  all.map((one) => [one.title, one.body, one.actions.map((each) => each.action)]))"""
PRESS = """async (action) => {
  const opened = [];
  clients.openWindow = async (url) => { opened.push(url); return null; };
  const [notification] = await registration.getNotifications();
  try { dispatchEvent(new NotificationEvent("notificationclick", { notification, action })); } catch {}
  while (opened.length === 0) await new Promise((done) => setTimeout(done, 20));
  return opened[0];
}"""


async def subscribing(person: Person, pushes: PushService, name: str) -> None:
    said = pushes.browser(name).subscription()
    await person.context.grant_permissions(["notifications"])
    await person.context.add_init_script(SUBSCRIBES.replace("SAID", json.dumps(said)))


async def worker_of(context: BrowserContext, script: str) -> Worker:
    async with asyncio.timeout(PATIENCE_S):
        while not (found := [each for each in context.service_workers if each.url.endswith(script)]):
            await asyncio.sleep(0.05)
    return found[0]


async def deliver(context: BrowserContext, scope: str, said: dict[str, Any]) -> None:
    """Deliver a push to the service worker that the browser has for this scope."""
    page = await context.new_page()
    devtools = await context.new_cdp_session(page)
    known: dict[str, str] = {}

    def note(event: dict[str, Any]) -> None:
        known.update({each["scopeURL"]: each["registrationId"] for each in event["registrations"]})

    devtools.on("ServiceWorker.workerRegistrationUpdated", note)
    await devtools.send("ServiceWorker.enable")
    async with asyncio.timeout(PATIENCE_S):
        while scope not in known:
            await asyncio.sleep(0.05)
    origin = "/".join(scope.split("/")[:3])
    push = {"origin": origin, "registrationId": known[scope], "data": json.dumps(said)}
    await devtools.send("ServiceWorker.deliverPushMessage", push)
    await page.close()


async def ask_for_notifications(user: User) -> None:
    """Press the panel's button for notifications, and allow them in the window that the button opens."""
    async with user.context.expect_page() as opened:
        await user.panel.get_by_test_id("push-ask").click()
    window = await opened.value
    await window.get_by_test_id("notify-on").click()
    await expect(window.get_by_test_id("notify-window").get_by_role("status")).to_be_visible()
    await window.close()


async def test_push_rings_in_a_closed_console_and_tells_a_user_of_an_answer(tmp_path: Path, casting: Casting) -> None:
    async with (
        running(tmp_path, "--push-allow", "127.0.0.0/8") as service,
        running_push_service() as pushes,
        casting(service) as cast,
    ):
        counselor = await cast.colleague("full chromium")
        await subscribing(counselor, pushes, "console")
        await counselor.sign_in("jimin", "counselor")
        await expect(counselor.get("reached")).to_contain_text("요청이 오지 않아요")
        await counselor.page.keyboard.press(",")
        await counselor.get("stand-by-on").click()
        await expect(counselor.get("stand-by-off")).to_be_visible()
        await counselor.page.keyboard.press("Escape")
        await expect(counselor.get("reached")).to_contain_text("알림으로 와요")
        worker = await worker_of(counselor.context, "/console-worker.js")
        kept = "() => caches.keys().then((names) => caches.open(names[0])).then((store) => store.keys())"
        paths = await worker.evaluate(f"{kept}.then((all) => all.map((one) => new URL(one.url).pathname))")
        assert "/console" in paths
        assert not [path for path in paths if path != "/console" and not path.startswith("/assets/")]
        await counselor.page.close()

        user = await cast.user("full chromium")
        await subscribing(user, pushes, "visitor")
        await user.visit_shop()
        await user.open_panel()
        await user.panel.get_by_test_id("panel-text").click()
        ring = await pushes.one("console", "user")
        scope = service.host("counselor") + "/console"
        await worker.evaluate(NOTE_BADGES)
        await deliver(counselor.context, scope, ring.said)
        await eventually(
            lambda: worker.evaluate(NOTIFICATIONS), [["빛과소리", ring.said["body"], ["accept", "decline"]]], "the notification"
        )
        await eventually(lambda: worker.evaluate("badges"), [1], "the badge on the icon of the closed console")
        address = await worker.evaluate(PRESS, "accept")
        counselor.page = await counselor.context.new_page()
        await counselor.page.goto(service.host("counselor") + address)
        await expect(counselor.get("chat-input")).to_be_visible()
        await eventually(lambda: worker.evaluate(NOTIFICATIONS), [], "the press closes the notification")
        assert "accept" not in counselor.page.url

        late = await counselor.context.new_page()
        await late.goto(service.host("counselor") + address)
        await expect(late.get_by_text("그 요청은 끝났어요").first).to_be_visible()
        await counselor.page.close()
        counselor.page = late  # a newer tab takes over the conversation

        await ask_for_notifications(user)
        await expect(user.panel.get_by_test_id("push-off")).to_be_visible()
        await user.shop.close()
        await counselor.page.bring_to_front()
        await counselor.write("세 시에 다시 볼게요")
        answered = await pushes.one("visitor", "answered")
        assert "세 시" not in json.dumps(answered.said, ensure_ascii=False)
        another = await user.context.new_page()  # a call page that does not show this conversation must not come to the front
        await another.goto(f"{service.url}/call")
        await expect(another.get_by_test_id("start-from-shop")).to_be_visible()
        await deliver(user.context, f"{service.url}/call", answered.said)
        sleeping = await worker_of(user.context, "/call-worker.js")
        address = await sleeping.evaluate(PRESS, "")
        user.page = await user.context.new_page()
        await user.page.goto(service.url + address)
        await user.reads("세 시에 다시 볼게요")
