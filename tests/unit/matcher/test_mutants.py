"""Each mistake that `make mutants` puts into the matcher's Lua code replaces a text that occurs exactly once in this code."""

from __future__ import annotations

import pytest

from tests.mutants import ROOT, known


@pytest.mark.parametrize("mutant", known(), ids=lambda mutant: mutant["says"])
def test_each_mutation_matches_exactly_one_place(mutant):
    source = (ROOT / "matcher" / "redis" / "lua" / f"{mutant['file']}.lua").read_text("utf-8")
    assert source.count(mutant["here"]) == 1
