"""The command `sangdam outcomes` shows, sets and resets the outcomes that staff of a site can give to a session."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from .commands import a_shop, done, run


@pytest.mark.slow
def test_a_plan_is_shown_edited_and_set(folder: Path, tmp_path: Path) -> None:
    a_shop(folder)
    plan = json.loads(done(folder, "outcomes", "show", "shop"))
    assert [each["id"] for each in plan["outcomes"]][:2] == ["resolved", "follow_up"]
    plan["outcomes"] = plan["outcomes"][:1]
    done(folder, "outcomes", "set", "shop", "-", typed=json.dumps(plan))
    assert json.loads(done(folder, "outcomes", "show", "shop")) == plan
    done(folder, "site", "add", "shop", "--update", "--accent", "#112233")
    assert json.loads(done(folder, "outcomes", "show", "shop")) == plan
    done(folder, "outcomes", "reset", "shop")
    assert len(json.loads(done(folder, "outcomes", "show", "shop"))["outcomes"]) == 6


def test_a_bad_plan_is_refused_with_a_sentence(folder: Path) -> None:
    a_shop(folder)
    result = run(folder, "outcomes", "set", "shop", "-", typed='{"required": ["boats"]}')
    assert result.exit_code == 1
    assert "no category “boats”" in result.output
