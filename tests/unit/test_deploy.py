"""The files in `deploy/` agree with the program.

The tests compare command options, environment variables, names, ports and time limits.
"""

from __future__ import annotations

import io
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import click
import pytest
import yaml

from media.worker.process import DRAIN_S
from signaling.cli.main import main
from signaling.mediaworkers.host import KILL_AFTER_S
from signaling.server.app import SHUTDOWN_S

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"
VARIABLES = {"PUBLIC_NAME": "counsel.example", "PUBLIC_ADDRESS": "203.0.113.7"}
OURS = ("server-1", "server-2", "media-1", "media-2")


def compose() -> dict[str, Any]:
    text = re.sub(r"\$\{(\w+)[^}]*\}", lambda found: VARIABLES[found[1]], (DEPLOY / "compose.yaml").read_text())
    return dict(yaml.safe_load(text))


def understood(arguments: list[str]) -> dict[str, Any]:
    """Return the options that a `sangdam` command reads from these arguments.

    Raise click's own error if the command refuses them.
    """
    command, name = main, "sangdam"
    context = click.Context(main)
    while isinstance(command, click.Group):
        name, *arguments = arguments
        found = command.get_command(context, name)
        assert found is not None, f"there is no command {name}"
        command = found
    return command.make_context(name, arguments).params


def environment_of(command: str) -> set[str]:
    found = main.get_command(click.Context(main), command)
    assert found is not None
    return {str(option.envvar) for option in found.params if option.envvar}


def seconds(text: str) -> int:
    assert text.endswith("s"), text
    return int(text[:-1])


def published(service: dict[str, Any]) -> set[int]:
    ports: set[int] = set()
    for each in service["ports"]:
        outside, inside = each.removesuffix("/udp").split(":")
        assert outside == inside, "announced addresses keep their ports"
        first, last = outside.split("-")
        ports |= set(range(int(first), int(last) + 1))
    return ports


@pytest.mark.parametrize("name", OURS)
def test_compose_file_uses_only_known_options(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    service = compose()["services"][name]
    for variable, value in service["environment"].items():
        monkeypatch.setenv(variable, value)
    options = understood(service["command"])
    command = service["command"][0]
    assert set(service["environment"]) <= environment_of(command)
    files = [value for value in (*options.values(), *service["environment"].values()) if str(value).startswith("/run/secrets/")]
    assert {Path(file).name for file in files} <= set(service["secrets"])
    assert re.search(rf"\b{name}\b", options["advertise"]), "the others reach it under its own name"
    if command == "media":
        assert {options["udp_port"] + number for number in range(options["workers"])} <= published(service)
        assert options["announce"] == (VARIABLES["PUBLIC_ADDRESS"],)
        assert seconds(service["stop_grace_period"]) > max(DRAIN_S, KILL_AFTER_S)
    else:
        assert seconds(service["stop_grace_period"]) > SHUTDOWN_S


def test_compose_file_exposes_no_internal_port() -> None:
    whole = compose()
    assert whole["networks"]["inside"] == {"internal": True}
    for name in ("redis", "database"):
        assert whole["services"][name]["networks"] == ["inside"]
        assert "ports" not in whole["services"][name]
    for name in ("server-1", "server-2"):
        assert "ports" not in whole["services"][name], "only TLS is reached from outside"


def test_compose_file_uses_no_vulnerable_image() -> None:
    images = {name: service["image"] for name, service in compose()["services"].items()}
    assert images["redis"].startswith("valkey/valkey:"), "Redis 7 gets no more releases under a free licence"
    major, minor = (int(part) for part in re.findall(r"\d+", images["turn"])[:2])
    assert (major, minor) >= (4, 10), "CVE-2026-27624, CVE-2026-40613"


def test_every_name_in_the_compose_file_is_declared() -> None:
    whole = compose()
    for service in whole["services"].values():
        assert set(service.get("networks", ())) <= set(whole["networks"])
        assert set(service.get("secrets", ())) <= set(whole["secrets"])
        assert set(service.get("depends_on", ())) <= set(whole["services"])
        for needed, how in service.get("depends_on", {}).items():
            assert "healthcheck" in whole["services"][needed] or whole["services"][needed]["image"] == "sangdam", (needed, how)
        for volume in service.get("volumes", ()):
            source = volume.partition(":")[0]
            assert source in whole["volumes"] or (DEPLOY / source).exists(), source


def test_caddy_forwards_to_the_servers() -> None:
    upstreams = re.findall(r"server-\d+:\d+", (DEPLOY / "Caddyfile").read_text())
    options = [understood(compose()["services"][name]["command"]) for name in OURS if name.startswith("server")]
    assert [f"http://{upstream}" for upstream in upstreams] == [option["advertise"] for option in options]


def test_secrets_are_created_once_and_complete(tmp_path: Path) -> None:
    for name in ("secrets.sh", "turnserver.conf"):
        shutil.copy(DEPLOY / name, tmp_path)
    first, second = (made_secrets(tmp_path, "203.0.113.7", "203.0.113.8") for _ in range(2))
    assert first == second
    assert set(first) == {Path(secret["file"]).name for secret in compose()["secrets"].values()}
    assert len({first[name] for name in ("cluster", "database", "redis", "turn")}) == 4
    assert first["redis.conf"].split() == ["requirepass", first["redis"].strip()]
    turn = first["turnserver.conf"].splitlines()
    assert f"static-auth-secret={first['turn'].strip()}" in turn
    assert [line for line in turn if line.startswith("allowed-peer-ip")] == [
        "allowed-peer-ip=203.0.113.7",
        "allowed-peer-ip=203.0.113.8",
    ]
    assert (tmp_path / "secrets").stat().st_mode & 0o777 == 0o700


def made_secrets(folder: Path, *addresses: str) -> dict[str, str]:
    subprocess.run(["sh", str(folder / "secrets.sh"), *addresses], check=True)
    return {file.name: file.read_text() for file in (folder / "secrets").iterdir()}


@pytest.mark.parametrize(
    ("unit", "command", "environment"),
    [("sangdam.service", "serve", "server.env"), ("sangdam-media@.service", "media", "media-front.env")],
)
def test_systemd_units_use_only_known_options(unit: str, command: str, environment: str, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = dict(line.split("=", 1) for line in lines(DEPLOY / "systemd" / unit) if "=" in line)
    variables = assignments(DEPLOY / "systemd" / environment)
    given = variables.pop(command.upper())
    for name, values in variables.items():
        monkeypatch.setenv(name, values[0])
    for options in given:
        understood([command, *shlex.split(options)])
    assert set(variables) <= environment_of(command)
    assert settings["ExecStart"].endswith(f"/sangdam {command} ${command.upper()}")
    assert settings["KillMode"] == "mixed"
    assert int(settings["TimeoutStopSec"]) > (max(DRAIN_S, KILL_AFTER_S) if command == "media" else SHUTDOWN_S)


@pytest.mark.parametrize("unit", ["sangdam.service", "sangdam-media@.service"])
def test_systemd_accepts_each_unit_without_a_warning(unit: str, tmp_path: Path) -> None:
    """The test changes only the unit's program and user.

    The program and the user that the unit names do not exist on the machine that runs the test.
    """
    text = (DEPLOY / "systemd" / unit).read_text()
    text = text.replace("/opt/sangdam/bin/sangdam", f"{Path(sys.executable).parent}/sangdam").replace("User=sangdam", "User=root")
    copy = tmp_path / unit.replace("@", "@front")
    copy.write_text(text)
    told = subprocess.run(["systemd-analyze", "verify", "--man=no", copy], capture_output=True, text=True)
    assert (told.returncode, told.stderr) == (0, "")
    exposed = subprocess.run(
        ["systemd-analyze", "security", "--offline=true", "--threshold=30", copy], capture_output=True, text=True
    )
    assert exposed.returncode == 0, exposed.stdout[-300:]


@pytest.mark.slow
def test_compose_file_follows_the_schema_of_compose_files() -> None:
    check = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.compose-spec", DEPLOY / "compose.yaml"]
    told = subprocess.run(check, capture_output=True, text=True)
    assert told.returncode == 0, told.stdout


def lines(file: Path) -> list[str]:
    return [line for line in file.read_text().splitlines() if line and not line.startswith("#")]


def assignments(file: Path) -> dict[str, list[str]]:
    """Return all assignments in an environment file, including those that are commented out."""
    found: dict[str, list[str]] = {}
    for name, value in re.findall(r"^#?([A-Z_]+)=(.*)$", file.read_text(), re.MULTILINE):
        found.setdefault(name, []).append(value)
    return found


def test_container_image_is_built_from_existing_files() -> None:
    text = (DEPLOY / "Dockerfile").read_text()
    sources = [source for line in re.findall(r"^COPY (?!--from)(.*)$", text, re.MULTILINE) for source in line.split()[:-1]]
    kept = {line[1:] for line in lines(DEPLOY / "Dockerfile.dockerignore") if line.startswith("!")}
    assert set(sources) == kept
    assert all((ROOT / source).exists() for source in sources)
    variables = set(re.findall(r"\b(SANGDAM_\w+)=", text))
    assert variables <= environment_of("serve")
    arguments = re.search(r"^CMD (\[.*\])$", text, re.MULTILINE)
    assert arguments is not None
    understood(yaml.safe_load(arguments[1]))


DOCUMENTS = ["README.md", "deploy/README.md", *(f"docs/{path.name}" for path in sorted((ROOT / "docs").glob("*.md")))]


@pytest.mark.parametrize("document", DOCUMENTS)
def test_documents_name_only_existing_commands(document: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO())
    text = (ROOT / document).read_text()
    shell = "".join(re.findall(r"^```sh\n(.*?)^```", text, re.MULTILINE | re.DOTALL)).replace("\\\n", " ")
    for line in shell.splitlines():
        words = shlex.split(line.replace("…", "").partition(" > ")[0], comments=True)
        if words[:1] != ["sangdam"]:
            continue
        try:
            understood(words[1:])
        except click.Abort:
            pass  # the command knows all options and asks for a password
        except click.BadParameter as error:
            # the document's example names a file that only a reader's machine has
            if not re.search("does not exist|No such file", error.message):
                raise
