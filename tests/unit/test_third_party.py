from __future__ import annotations

import re

import pytest

from tests.audit import ROOT, used
from tests.third_party import PAGE, page_packages, python_packages, with_lists

pytestmark = pytest.mark.slow


def test_page_names_every_package_that_an_installation_brings() -> None:
    text = PAGE.read_text()
    assert with_lists(text) == text, "write the lists again: python -m tests.third_party"


def test_every_package_is_pinned_and_has_a_licence() -> None:
    pinned = {re.sub(r"[-_.]+", "-", each.name).lower() for each in used() if each.where == "constraints.txt"}
    packages = python_packages()
    assert set(packages) <= pinned
    assert [name for name, (licence, _) in packages.items() if not licence] == []
    assert [name for name, licence in page_packages().items() if not licence] == []


def test_no_package_that_sangdam_imports_is_under_the_gpl() -> None:
    """The packages PyAV and pillow-heif also contain libraries, whose licences this test does not see.

    THIRD_PARTY.md lists these libraries.
    """
    licences = {name: licence for name, (licence, _) in python_packages().items()} | page_packages()
    assert [name for name, licence in licences.items() if re.search(r"\bA?GPL", licence)] == []


def test_extras_of_the_installation_are_documented() -> None:
    extras = {brought for _, brought in python_packages().values()} - {"base"}
    assert {"captions", "postgres", "plot", "holidays"} == extras
    documents = "".join(path.read_text() for path in (ROOT / "README.md", *(ROOT / "docs").glob("*.md")))
    assert [extra for extra in extras if f"[{extra}]" not in documents] == []
