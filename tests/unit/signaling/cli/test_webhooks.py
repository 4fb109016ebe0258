"""The command `sangdam webhook`, which lists, adds and removes webhooks."""

from __future__ import annotations

import json
from pathlib import Path

from .commands import a_shop, as_json, done, run


def test_webhook_is_added_listed_rotated_and_removed(folder: Path) -> None:
    a_shop(folder)
    url = "https://erp.example/hook"
    made = json.loads(done(folder, "webhook", "add", url, "--event", "session.ended", "--site", "shop"))
    [found] = as_json(folder, "webhook", "list")
    assert (found["id"], found["url"], found["events"], found["sites"]) == (made["id"], url, ["session.ended"], ["shop"])
    assert made["secret"] not in str(found)
    assert made["secret"].encode() not in (folder / "records.sqlite").read_bytes()
    newer = json.loads(done(folder, "webhook", "rotate", made["id"]))
    assert newer["secret"] != made["secret"]
    done(folder, "webhook", "remove", made["id"])
    assert as_json(folder, "webhook", "list") == []


def test_private_receiver_needs_the_setting(folder: Path) -> None:
    refused = run(folder, "webhook", "add", "http://10.1.2.3/hook")
    assert refused.exit_code == 1
    assert "https://" in refused.output
    done(folder, "webhook", "add", "http://10.1.2.3/hook", "--webhook-allow", "10.1.2.0/24")
    assert "no network" in run(folder, "webhook", "add", "http://10.1.2.3/", "--webhook-allow", "10.1.2.3/8").output
    assert run(folder, "webhook", "add", "https://erp.example/", "--site", "nowhere").exit_code == 1
