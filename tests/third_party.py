"""List the packages of others and their licences in THIRD_PARTY.md: `python -m tests.third_party` writes the lists again.

A unit test compares the lists with the packages that a user of Sangdam gets. These are the packages that `pyproject.toml` names
outside the extra `dev`, the packages that these packages need, and the npm packages in the built pages.
"""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterable
from importlib.metadata import Distribution, distribution
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "THIRD_PARTY.md"
BASE = "base"
LONGEST = 60  # longest name of a licence, in characters; a longer text in the field `License` is the licence itself


def licence(of: Distribution) -> str:
    """Return the licence that a package states: as an expression, as a short name, or by its classifiers."""
    said = (of.metadata.get("License-Expression") or of.metadata.get("License") or "").strip()
    if said and len(said) <= LONGEST and "\n" not in said and said != "Dual License":
        return said
    prefix = "License :: OSI Approved :: "
    return ", ".join(each.removeprefix(prefix) for each in of.metadata.get_all("Classifier") or [] if each.startswith(prefix))


def _needed(wanted: Iterable[str], extra: str, found: dict[str, Distribution]) -> None:
    """Add to `found` the packages that these requirements name, and all packages that those packages need."""
    for text in wanted:
        requirement = Requirement(text)
        if requirement.marker is not None and not requirement.marker.evaluate({"extra": extra}):
            continue
        name = canonicalize_name(requirement.name)
        if name not in found:
            found[name] = distribution(name)
            for each in ("", *requirement.extras):
                _needed(found[name].requires or (), each, found)


def python_packages() -> dict[str, tuple[str, str]]:
    """Return package → (licence, installation) for the Python packages. The installation is "base" or the name of an extra."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extras = {name: wanted for name, wanted in project["optional-dependencies"].items() if name != "dev"}
    rows: dict[str, tuple[str, str]] = {}
    for name, wanted in {BASE: project["dependencies"], **extras}.items():
        found: dict[str, Distribution] = {}
        _needed(wanted, "", found)
        for package, facts in found.items():
            rows.setdefault(package, (licence(facts), name))
    return rows


def page_packages() -> dict[str, str]:
    """Return package → licence for each npm package that the built pages can contain."""
    lock = json.loads((ROOT / "web/package-lock.json").read_text())["packages"]
    return {path.rpartition("node_modules/")[2]: of["license"] for path, of in lock.items() if path and not of.get("dev")}


def lists() -> dict[str, str]:
    """Return the two tables of THIRD_PARTY.md.

    The key of each table is the name in the HTML comment before the table, for example "python".
    """
    python = [f"| {name} | {text} | {brought} |" for name, (text, brought) in sorted(python_packages().items())]
    pages = [f"| {name} | {text} |" for name, text in sorted(page_packages().items())]
    return {
        "python": "\n".join(["| package | licence | installation |", "|---|---|---|", *python]),
        "pages": "\n".join(["| package | licence |", "|---|---|", *pages]),
    }


def with_lists(page: str) -> str:
    """Return this text of THIRD_PARTY.md, with each of its tables replaced by a newly made one."""
    for name, table in lists().items():
        page = re.sub(
            rf"(<!-- {name} -->\n).*?(\n<!-- end -->)", lambda found, t=table: found[1] + t + found[2], page, flags=re.DOTALL
        )
    return page


if __name__ == "__main__":
    PAGE.write_text(with_lists(PAGE.read_text()))
