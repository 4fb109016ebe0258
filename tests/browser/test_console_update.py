"""The installed console offers a new version but does not force it, opens without a server, and stores nothing private."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

from playwright.async_api import Page, expect

import signaling
from tests.browser.conftest import Casting
from tests.browser.looking import Eyes
from tests.browser.service import running

READY = "navigator.serviceWorker.ready.then(() => true)"
LOOK_FOR_UPDATE = "navigator.serviceWorker.getRegistration().then((one) => one.update()).then(() => true)"
STORED = """async () => {
  const stored = {};
  for (const name of await caches.keys()) {
    const store = await caches.open(name);
    for (const request of await store.keys()) {
      const path = new URL(request.url).pathname;
      stored[`${name} ${path}`] = await (await store.match(request)).text();
    }
  }
  return stored;
}"""


def next_version(folder: Path) -> Path:
    """Return a folder with a copy of this program whose pages have another version."""
    present, program = Path(signaling.__file__).parent, folder / "signaling"
    program.mkdir(parents=True)
    for each in present.iterdir():
        if each.name not in ("pages", "__pycache__"):
            (program / each.name).symlink_to(each)
    pages = Path(shutil.copytree(present / "pages", program / "pages", ignore=shutil.ignore_patterns("compressed")))
    for name, old, new in (
        ("console.html", "<html", '<html data-version="next"'),
        ("console-worker.js", r"shell-[0-9a-f]+", "shell-next"),
    ):
        text, changed = re.subn(old, new, (pages / name).read_text())
        assert changed == 1, name
        (pages / name).write_text(text)
    return folder


async def stored(page: Page) -> dict[str, str]:
    """Return the files that the browser has stored for the console: "version path" → text."""
    found: dict[str, str] = await page.evaluate(STORED)
    return found


async def test_new_version_is_offered_and_the_shell_opens_without_a_server(tmp_path: Path, casting: Casting) -> None:
    eyes = Eyes("ko")
    (tmp_path / "data").mkdir()
    async with running(tmp_path / "data", "--spares", "0") as service, casting(service) as cast:
        jimin, user = await cast.counselor(), await cast.user()
        await user.visit_shop("/m5.html")
        panel = await user.open_panel()
        await panel.get_by_test_id("panel-text").click()
        await jimin.accept()
        await panel.get_by_test_id("chat-input").fill("삼각대도 있나요?")
        await panel.get_by_test_id("chat-input").press("Enter")
        await jimin.reads("삼각대도 있나요?")
        await jimin.page.evaluate(READY)
        await jimin.page.reload()  # the service worker serves a page only when the page is loaded again
        await jimin.reads("삼각대도 있나요?")

        await service.stop()
        service.program = next_version(tmp_path / "next")
        await service.start()
        await jimin.page.evaluate(LOOK_FOR_UPDATE)  # without this call, the page would look for an update only once an hour
        await expect(jimin.get("update")).to_be_visible()
        await expect(jimin.get("state-available")).to_have_attribute("aria-pressed", "true")  # the counselor is still available
        await eyes.look(jimin.page, "console-update")
        await jimin.write("네, 있어요")
        await expect(panel.get_by_test_id("chat-line").filter(has_text="네, 있어요")).to_be_visible()
        await expect(jimin.page.locator("html[data-version]")).to_have_count(0)
        await jimin.get("chat-input").press_sequentially("하나 골라")
        await jimin.get("update").get_by_role("button").click()
        await expect(jimin.page.locator("html[data-version=next]")).to_have_count(1)
        await jimin.reads("네, 있어요")
        await expect(jimin.get("chat-input")).to_have_value("하나 골라")
        await expect(jimin.get("update")).to_have_count(0)

        found = await stored(jimin.page)
        assert {path for path in found if not path.startswith("shell-next /assets/")} == {"shell-next /console"}
        assert not [path for path, text in found.items() if re.search(r"삼각대도|네, 있어요|하나 골라", text)]

        await service.stop()
        await jimin.page.reload()
        await expect(jimin.page.get_by_role("alert")).to_be_visible()
        await eyes.look(jimin.page, "console-offline")
        await service.start()
        await jimin.page.get_by_role("alert").get_by_role("button").click()
        await jimin.reads("네, 있어요")
    assert not eyes.faults, "\n".join(["", *eyes.faults])
