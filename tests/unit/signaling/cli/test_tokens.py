"""The command `sangdam token` makes, lists and removes tokens. It shows each token once, when it makes the token."""

from __future__ import annotations

from pathlib import Path

import pytest

from signaling.access.api_tokens import RIGHTS

from .commands import a_shop, as_json, done, run


def test_token_is_made_listed_and_removed(folder: Path) -> None:
    a_shop(folder)
    made = as_json(folder, "token", "add", "Back office", "--right", "sessions.read", "--site", "shop")
    assert made["token"].startswith("sgd_")
    [listed] = as_json(folder, "token", "list")
    assert listed == {name: value for name, value in made.items() if name != "token"}
    assert (listed["rights"], listed["sites"], listed["maker"], listed["works"]) == (["sessions.read"], ["shop"], "cli", True)
    done(folder, "token", "remove", made["id"])
    assert as_json(folder, "token", "list") == []


def test_all_rights_can_be_given_at_once(folder: Path) -> None:
    a_shop(folder)
    assert as_json(folder, "token", "add", "All", "--right", "all", "--site", "*")["rights"] == list(RIGHTS)


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["add", "x", "--right", "live.read", "--site", "nowhere"], "no site"),
        (["add", "x", "--right", "live.read", "--site", "*", "--organisation", "rival"], "no organisation"),
        (["add", "x", "--right", "live.read", "--site", "*", "--days", "400"], "--days"),
        (["remove", "k-1"], "no token"),
    ],
)
def test_what_does_not_exist_is_refused(folder: Path, words: list[str], says: str) -> None:
    a_shop(folder)
    result = run(folder, "token", *words)
    assert result.exit_code != 0
    assert says in result.output
