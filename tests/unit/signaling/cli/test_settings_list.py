"""The command `sangdam settings`, and the three sources of a setting: flag, environment variable and file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest
from click.testing import CliRunner

from signaling.cli.main import main
from signaling.cli.settings_list import page
from signaling.config.sources import all_settings

FILE = """
public-url = "https://counsel.example"
announce = ["203.0.113.7", "2001:db8::7"]
trust-proxy = true
port = 9000
udp-port = 41000
[media]
port = 7100
loopback = true
"""


def listed(*words: str, **environment: str) -> dict[str, tuple[str, str]]:
    result = CliRunner().invoke(main, ["settings", "--json", *words], env=environment)
    assert result.exit_code == 0, result.output
    rows: list[dict[str, Any]] = msgspec.json.decode(result.stdout)
    return {row["setting"]: (row["value"], row["from"]) for row in rows}


def refused(*words: str, **environment: str) -> str:
    result = CliRunner().invoke(main, list(words), env=environment)
    assert result.exit_code == 2, result.output
    assert "Traceback" not in result.output
    return " ".join(result.output.split())


@pytest.fixture
def file(tmp_path: Path) -> Path:
    made = tmp_path / "sangdam.toml"
    made.write_text(FILE)
    return made


def test_flag_goes_before_environment_before_file(file: Path) -> None:
    found = listed("--udp-port", "42000", SANGDAM_CONFIG=str(file), SANGDAM_PORT="9001", SANGDAM_UDP_PORT="42001")
    assert found["udp-port"] == ("42000", "flag")
    assert found["port"] == ("9001", "environment")
    assert found["public-url"] == ("https://counsel.example", "file")
    assert found["trust-proxy"] == ("one", "file")
    assert found["announce"] == ("203.0.113.7 2001:db8::7", "file")
    assert found["shop-port"] == ("8081", "default")
    assert found["media.port"] == ("7100", "file")
    assert found["media.loopback"] == ("true", "file")
    assert found["media.udp-port"] == ("40000", "default"), "workers elsewhere have ports of their own"


def test_each_setting_of_each_command_is_listed_once() -> None:
    known = [each.variable if each.only_environment else each.full_name for each in all_settings()]
    assert list(listed()) == known
    flags = {option for name in ("serve", "media", "captions") for each in main.commands[name].params for option in each.opts}
    own = {"--config", "--help"}
    assert flags - own <= {each.flag for each in all_settings()}, "every flag is a setting"


def test_variables_hold_several_values() -> None:
    found = listed(SANGDAM_TURN="turn:a:1, turn:b:2", SANGDAM_DEMO="yes", SANGDAM_MEDIA_ADDRESS="10.0.0.1")
    assert found["turn"] == ("turn:a:1 turn:b:2", "environment")
    assert found["demo"] == ("true", "environment")
    assert found["media.address"] == ("10.0.0.1", "environment")


def test_secrets_are_never_shown(tmp_path: Path) -> None:
    file = tmp_path / "sangdam.toml"
    file.write_text('redis = "redis://:hush-1@10.0.0.5/0"')
    found = listed("--config", str(file), "--database", "postgresql+asyncpg://me:hush-2@db/x", SANGDAM_SECRET="hush-3")
    assert found["SANGDAM_SECRET"] == ("set", "environment")
    assert found["database"] == ("postgresql+asyncpg://me:(set)@db/x", "flag")
    assert found["redis"] == ("redis://:(set)@10.0.0.5/0", "file")
    assert "hush" not in str(found)


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("SANGDAM_PROT", "Did you mean SANGDAM_PORT?"),
        ("SANGDAM_MEDIA_LISTN", "Did you mean SANGDAM_MEDIA_LISTEN?"),
        ("SANGDAM_QQQQ", "`sangdam settings` lists them all."),
    ],
)
def test_wrong_variable_is_an_error_that_names_the_nearest(name: str, told: str) -> None:
    for command in (("serve",), ("media",), ("site", "list")):
        assert told in refused(*command, **{name: "1"})


def test_wrong_flag_is_an_error_that_names_the_nearest() -> None:
    for command in ("serve", "media", "settings"):
        said = refused(command, "--prot", "1")
        assert "No such option" in said
        assert "--port" in said


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("public_url = 'https://a.example'", "Did you mean public-url?"),
        ("[media]\nprot = 1", "Did you mean media.port?"),
        ("secret = 'hush'", "Did you mean secret-file?"),
        ("port = [1, 2]", "port in FILE must be a text"),
        ("port = 70000", "port in FILE: 70000 is not a number from 1 to 65535. The nearest is 65535."),
        ("log-level = 'inf'", "log-level in FILE: “inf” is none of debug, info, warning, error. Did you mean “info”?"),
        ("demo = 'perhaps'", "demo in FILE: “perhaps” is neither true nor false."),
        ("advertise = 'node-1:8080'", "advertise in FILE: “node-1:8080” must begin with https"),
        ("port = ", "FILE is not TOML"),
        ("port = 1\nport = 2", "FILE is not TOML"),
    ],
)
def test_wrong_file_is_explained_in_a_sentence(tmp_path: Path, text: str, told: str) -> None:
    file = tmp_path / "f"
    file.write_text(text)
    said = refused("serve", "--config", str(file)).replace(str(file), "FILE")
    assert told in said
    assert "hush" not in said


def test_wrong_values_name_their_source() -> None:
    assert "Invalid value for SANGDAM_PORT: “tcp://10.0.0.1:80” is not a whole number" in refused(
        "serve", SANGDAM_PORT="tcp://10.0.0.1:80"
    )
    assert "Invalid value for --port: “x” is not" in refused("serve", "--port", "x")
    assert "Invalid value for SANGDAM_TRUST_PROXY: “10.0.0.0/33” is not a network" in refused(
        "serve", SANGDAM_TRUST_PROXY="10.0.0.0/33"
    )
    assert "Invalid value for --region: “서울” is not the name of a region" in refused("media", "--region", "서울")
    assert "cannot be read" in refused("serve", "--config", "/nowhere/sangdam.toml")
    assert "media workers need --redis, SANGDAM_REDIS" in refused("media").lower().replace("sangdam_redis", "SANGDAM_REDIS")


@pytest.mark.slow
def test_administrative_commands_read_the_same_file(tmp_path: Path) -> None:
    file = tmp_path / "sangdam.toml"
    file.write_text(f'data-dir = "{tmp_path}/data"\nport = 9000\nrecordings = "{tmp_path}/tapes"')
    words = ["init", "--config", str(file), "--login", "ops", "--name", "Ops", "--password-stdin"]
    result = CliRunner().invoke(main, words, input="long enough\n")
    assert result.exit_code == 0, result.output
    assert (tmp_path / "data" / "records.sqlite").exists()
    file.write_text(f'data-dir = "{tmp_path}/data"\npublic-url = "https://counsel.example"')
    link = CliRunner().invoke(main, ["staff", "link", "ops", "--config", str(file)])
    assert link.output.startswith("https://operator.counsel.example/"), link.output


def test_page_of_settings_is_up_to_date() -> None:
    written = (Path(__file__).parents[4] / "docs" / "settings.md").read_text()
    assert written == page(), "write it again: sangdam settings --markdown > docs/settings.md"
