from __future__ import annotations

import pytest

from tests.audit import ROOT, Advisory, Used, advisories, holes, used

AIOHTTP = Advisory("pypi", "aiohttp", "3.14.3", ("CVE-2026-69243",))


def test_no_pinned_version_has_a_known_vulnerability() -> None:
    assert holes(list(used()), advisories((ROOT / "tests/advisories.toml").read_text())) == []


def test_every_pinned_package_is_queried() -> None:
    found = {(each.ecosystem, each.where) for each in used()}
    assert found == {
        ("pypi", "constraints.txt"),
        ("pypi", "pyproject.toml"),
        ("npm", "web/package-lock.json"),
        ("image", "deploy/compose.yaml"),
    }
    names = {each.name for each in used()}
    assert {"aiohttp", "preact", "coturn/coturn"} <= names


@pytest.mark.parametrize(
    ("version", "has_hole"), [("3.14.2", True), ("3.14", True), ("3.14.3", False), ("4.0", False), ("latest", True)]
)
def test_version_below_the_fix_is_named(version: str, has_hole: bool) -> None:
    told = holes([Used("pypi", "AIOHTTP", version, "constraints.txt")], [AIOHTTP])
    assert bool(told) == has_hole
    assert all("CVE-2026-69243" in line and "3.14.3" in line for line in told)


def test_package_of_another_registry_is_not_confused() -> None:
    assert holes([Used("npm", "aiohttp", "1.0", "web/package-lock.json")], [AIOHTTP]) == []
