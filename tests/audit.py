"""Check that no pinned version has a known vulnerability. `make audit` and `make check` run this tool.

The tool always looks for the versions in `advisories.toml`, a list of vulnerabilities. The tool also queries two databases: OSV
through pip-audit, and npm's own. If the tool cannot reach one of these, it says so and does not fail.
"""

from __future__ import annotations

import importlib.util
import json
import re
import socket
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import yaml
from packaging.requirements import Requirement
from packaging.version import InvalidVersion, Version

ROOT = Path(__file__).parents[1]
DATABASE = ("api.osv.dev", 443)
REACH_S = 2.0
AUDIT_S = 120.0


@dataclass(frozen=True)
class Used:
    """A pinned package. `where`: the file that pins the version."""

    ecosystem: str
    name: str
    version: str
    where: str


@dataclass(frozen=True)
class Advisory:
    ecosystem: str
    name: str
    below: str
    ids: tuple[str, ...]

    def touches(self, used: Used) -> bool:
        if (used.ecosystem, used.name.lower()) != (self.ecosystem, self.name.lower()):
            return False
        try:
            return Version(used.version) < Version(self.below)
        except InvalidVersion:
            return True  # a version such as "latest" cannot be compared, so it counts as affected


def advisories(text: str) -> list[Advisory]:
    return [
        Advisory(each["ecosystem"], each["name"], each["below"], tuple(each["ids"])) for each in tomllib.loads(text)["advisory"]
    ]


def used(root: Path = ROOT) -> Iterator[Used]:
    """Return all pinned packages with their versions, and the lowest versions that `pyproject.toml` allows."""
    for line in (root / "constraints.txt").read_text().splitlines():
        name, _, version = line.partition("==")
        if version:
            yield Used("pypi", name.strip(), version.split(";")[0].strip(), "constraints.txt")
    project = tomllib.loads((root / "pyproject.toml").read_text())["project"]
    for text in (*project["dependencies"], *(each for extra in project["optional-dependencies"].values() for each in extra)):
        requirement = Requirement(text)
        for limit in requirement.specifier:
            if limit.operator in (">=", "==", "~="):
                yield Used("pypi", requirement.name, limit.version, "pyproject.toml")
    for path, package in json.loads((root / "web/package-lock.json").read_text())["packages"].items():
        if path:
            yield Used("npm", path.rpartition("node_modules/")[2], package["version"], "web/package-lock.json")
    for service in yaml.safe_load((root / "deploy/compose.yaml").read_text())["services"].values():
        name, _, tag = service["image"].partition(":") if "image" in service else ("", "", "")
        if tag:
            yield Used("image", name, re.split(r"[-+]", tag)[0], "deploy/compose.yaml")


def holes(found: list[Used], known: list[Advisory]) -> list[str]:
    return [
        f"{each.where}: {each.name} {each.version} has {', '.join(advisory.ids)}; use {advisory.below} or newer"
        for each in found
        for advisory in known
        if advisory.touches(each)
    ]


def database_in_reach() -> bool:
    try:
        with socket.create_connection(DATABASE, REACH_S):
            return True
    except OSError:
        return False


def asked() -> list[str]:
    """Return the vulnerabilities that the databases report.

    If a database cannot be queried, say so on standard error and add nothing.
    """
    python = (
        sys.executable,
        "-m",
        "pip_audit",
        "--vulnerability-service",
        "osv",
        "--no-deps",
        "--disable-pip",
        "--progress-spinner",
        "off",
    )
    found = _run(*python, "--requirement", "constraints.txt") if importlib.util.find_spec("pip_audit") else ""
    npm = _run(sys.executable, "web/build.py", "--npm", "audit", "--audit-level=moderate")
    return [text for text in (found, npm) if re.search(r"\b(GHSA|CVE|PYSEC)-", text)]


def _run(*command: str) -> str:
    try:
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=AUDIT_S, check=False)
    except subprocess.TimeoutExpired:
        print(f"{command[2]} did not answer", file=sys.stderr)
        return ""
    return done.stdout if done.returncode else ""


def main() -> None:
    found = holes(list(used()), advisories((ROOT / "tests/advisories.toml").read_text()))
    if database_in_reach():
        found += asked()
    else:
        print(f"{DATABASE[0]} is out of reach: only tests/advisories.toml was asked")
    sys.exit("\n".join(found) if found else None)


if __name__ == "__main__":
    main()
