"""The command line, used as a person or a script uses it."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import threading
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from click.testing import CliRunner

from signaling.cli.main import announce_ready, main, ports_of, serve
from signaling.config import ports
from signaling.config.kinds import address
from signaling.config.ports import media_ports, still_taken, taken
from signaling.config.proxies import Proxies, one_proxy, proxies_of
from signaling.config.secret import with_password
from signaling.config.settings import Settings
from tests.ports import free_port, free_ports
from tests.unit.signaling.cli.commands import a_shop, as_json, done, run


def test_first_operator_is_created_once(folder: Path) -> None:
    made = done(folder, "init", "--login", "Ops", "--name", "Ops", "--password-stdin", typed="long enough\n")
    assert "ops" in made
    again = run(folder, "init", "--login", "two", "--name", "Two", "--password-stdin", typed="long enough\n")
    assert again.exit_code == 1
    assert "staff add" in again.output
    [operator] = as_json(folder, "staff", "list")
    assert operator["role"] == "operator"
    assert "password_hash" not in operator


@pytest.mark.slow
def test_service_starts_without_the_administrative_commands() -> None:
    look = "import sys, signaling.cli.main; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", look], capture_output=True, text=True, check=True).stdout.split()
    assert "signaling.cli.main" in loaded
    assert not {"signaling.backup", "signaling.records"} & set(loaded)


@pytest.mark.slow
def test_server_loads_no_decoders_of_pictures_and_no_numpy() -> None:
    # Only the processes that decode pictures or simulate days need PIL or numpy. In the server, both would take 15 MiB of memory.
    look = "import sys, signaling.server.app; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", look], capture_output=True, text=True, check=True).stdout.split()
    assert "signaling.images.workshop" in loaded
    assert "matcher.simulation.work" in loaded
    assert not {"PIL", "numpy"} & set(loaded)


HANGS = """
import sys, time
from signaling.cli import main
from signaling.live.rooms import Rooms

async def close(rooms): time.sleep(60)

Rooms.close, main.ENDS_WITHIN_S = close, 1
main.main(sys.argv[1:], prog_name="sangdam")
"""


@pytest.mark.slow
def test_server_that_hangs_at_its_end_is_ended_and_says_where(tmp_path: Path) -> None:
    words = ["serve", "--host", "127.0.0.1", "--port", str(free_port()), "--udp-port", str(free_ports(2)), "--workers", "1"]
    command = [sys.executable, "-c", HANGS, *words, "--data-dir", str(tmp_path)]
    server = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    assert server.stdout is not None
    assert any("serving" in line for line in server.stdout)
    server.terminate()
    rest, _ = server.communicate(timeout=30)
    assert server.returncode == 1
    assert "in close" in rest


def test_password_can_be_prompted_for(folder: Path) -> None:
    done(folder, "init", "--login", "ops", "--name", "Ops", typed="long enough\nlong enough\n")
    short = run(folder, "staff", "password", "ops", "--password-stdin", typed="short\n")
    assert short.exit_code == 1
    assert "8 to 200" in short.output
    common = run(folder, "staff", "password", "ops", "--password-stdin", typed="12345678\n")
    assert common.exit_code == 1
    assert "one of the first" in common.output


@pytest.mark.slow
def test_site_gets_categories_and_keys(folder: Path) -> None:
    a_shop(folder)
    done(folder, "category", "add", "shop", "cameras", "--name", "ko=카메라")
    done(folder, "category", "add", "shop", "lenses", "--parent", "cameras")
    secrets = [as_json(folder, "site", "key", "shop", kid)["secret"] for kid in ("k1", "k2")]
    third = run(folder, "site", "key", "shop", "k3")
    assert third.exit_code == 1
    assert "remove one first" in third.output
    done(folder, "site", "add", "shop", "--update", "--retention-days", "30")
    shown = as_json(folder, "site", "show", "shop")
    assert (shown["names"], shown["retention_days"], shown["keys"]) == ({"ko": "가게"}, 30, ["k1", "k2"])
    assert not any(secret in json.dumps(shown) for secret in secrets), "a secret is shown once, when it is made"
    done(folder, "category", "remove", "shop", "cameras")
    assert as_json(folder, "category", "list", "shop") == [
        {"id": "lenses", "parent": None, "names": {"en": "lenses"}, "priority": None, "widens_s": None, "form": None}
    ]
    done(folder, "site", "remove", "shop")
    assert as_json(folder, "site", "list") == []


def test_public_key_or_address_is_given_by_the_command_line(folder: Path) -> None:
    a_shop(folder)
    file, der = folder.parent / "shop.pub", folder.parent / "shop.der"
    der.write_bytes(bytes(range(0x30, 0xFF)))
    file.write_text('{"kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}')
    made = as_json(folder, "site", "key", "shop", "k1", "--public", str(file))
    assert (made["algorithm"], "secret" in made) == ("EdDSA", False)
    made = as_json(folder, "site", "key", "shop", "jwks", "--address", "https://shop.example/jwks.json")
    assert (made["algorithm"], made["address"]) == ("address", "https://shop.example/jwks.json")
    done(folder, "site", "key", "shop", "k1", "--remove")
    for words, says in (
        (("--address", "https://192.168.1.1/"), "must be public"),
        (("--public", str(file), "--address", "https://shop.example/"), "not both"),
        (("--public", "/dev/null"), "is empty"),
        (("--public", str(der)), "must be a public key"),
    ):
        refused = run(folder, "site", "key", "shop", "k2", *words)
        assert refused.exit_code == 1
        assert says in refused.output


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("site", "add", "a b"), "letters, digits"),
        (("site", "add", "x", "--origin", "https://shop.example/path"), "leave out everything after the host"),
        (("site", "add", "x", "--origin", "https://a.example; script-src *"), "no address that a browser can open"),
        (("site", "add", "x", "--origin", "https://*.shop.example"), "is not a wildcard"),
        (("site", "add", "x", "--origin", "https://u:secret@shop.example"), "Leave the user name"),
        (("site", "add", "x", "--privacy-url", "javascript:alert(1)"), "must begin with https"),
        (("site", "add", "x", "--home-url", "http://shop.example/"), "must begin with https"),
        (("site", "add", "x", "--language", "korean!"), "is no language"),
        (("site", "add", "x", "--name", "ko=\u3164"), "it is empty"),
        (("site", "add", "x", "--page-param", "a\x1b"), "control characters"),
        (("staff", "add", "mina", "--name", "\u200b", "--role", "operator"), "it is empty"),
        (("staff", "add", "mina", "--name", "x" * 101, "--role", "operator"), "longer than 100 characters"),
        (("staff", "add", "mina", "--name", "M", "--role", "operator", "--site", "a b"), "letters, digits"),
        (("session", "list", "--page", "9" * 30), "range"),
        (("serve", "--public-url", "talk.example"), "must begin with https"),
        (("serve", "--public-url", "https://talk.example/counsel"), "leave out everything after the host"),
        (("serve", "--advertise", "node-1:8080"), "must begin with https"),
        (("site", "add", "x", "--name", "plain"), "LANGUAGE=NAME"),
        (("site", "add", "x"), "needs --name, --origin, --language"),
        (("site", "add", "x", "--accent", "red"), "#rrggbb"),
        (("site", "show", "x"), "no site"),
        (("site", "key", "shop", "server"), "choose another name"),
        (("category", "add", "shop", "a", "--parent", "nothing"), "cannot be its parent"),
        (("staff", "add", "mina", "--name", "Mina", "--role", "counselor", "--password-stdin"), "--language"),
        (("staff", "show", "nobody"), "Nobody signs in"),
        (("session", "erase", "s-9"), "no session"),
        (("session", "list", "--database", "nonsense"), "cannot be opened"),
    ],
)
def test_mistakes_are_explained_in_a_sentence(folder: Path, words: tuple[str, ...], says: str) -> None:
    a_shop(folder)
    result = run(folder, *words)
    assert result.exit_code in (1, 2)
    assert says in result.output
    assert "Traceback" not in result.output


def test_typed_addresses_are_stored_as_browsers_write_them(folder: Path) -> None:
    done(folder, "site", "add", "shop", "--name", "ko_KR= 가\u202e게 ", "--origin", "HTTPS://Shop.Example:443/",
         "--origin", "https://shop.example", "--origin", "https://쇼핑.example", "--language", "ko_kr",
         "--language", "ZH-HANT-tw", "--privacy-url", "https://Shop.Example/privacy")  # fmt: skip
    shown = as_json(folder, "site", "show", "shop")
    assert shown["names"] == {"ko-KR": "가게"}
    assert shown["origins"] == ["https://shop.example", "https://xn--hp4bo76a.example"]
    assert shown["languages"] == ["ko-KR", "zh-Hant-TW"]
    assert shown["privacy_url"] == "https://shop.example/privacy"


def test_staff_can_be_added_and_removed(folder: Path) -> None:
    mina = ("staff", "add", "Mina", "--name", "Mina", "--role", "counselor", "--language", "ko", "--password-stdin")
    done(folder, *mina, typed="long enough\n")
    twice = run(folder, *mina, typed="long enough\n")
    assert twice.exit_code == 1
    assert "already" in twice.output
    assert as_json(folder, "staff", "show", "mina")["languages"] == ["ko"]
    done(folder, "staff", "remove", "mina")
    assert as_json(folder, "staff", "list") == []


def test_staff_are_changed_in_place(folder: Path) -> None:
    add = ("staff", "add", "mina", "--name", "Mina", "--role", "counselor", "--language", "ko", "--password-stdin")
    done(folder, *add, typed="long enough\n")
    before = as_json(folder, "staff", "show", "mina")
    assert (before["texts"], before["calls"], before["texts_in_call"]) == (3, 1, True)
    changes = ("--texts", "5", "--no-texts-in-call", "--language", "en", "--language", "ko", "--site", "shop")
    done(folder, "staff", "change", "MINA", *changes, "--category", "lenses", "--name", "Mina Kim")
    changed = {"texts": 5, "texts_in_call": False, "languages": ["en", "ko"], "sites": ["shop"], "categories": ["lenses"]}
    assert as_json(folder, "staff", "show", "mina") == before | changed | {"name": "Mina Kim"}
    for refused, why in (
        (("mina", "--texts", "0", "--calls", "0"), "neither"),
        (("mina",), "Nothing to change"),
        (("mina", "--texts", "1001"), "range"),
        (("nobody", "--texts", "2"), "Nobody signs in"),
    ):
        told = run(folder, "staff", "change", *refused)
        assert told.exit_code != 0
        assert why in told.output
    assert as_json(folder, "staff", "show", "mina")["texts"] == 5


@pytest.mark.parametrize("limit", [("--site", "shop"), ("--category", "cameras"), ("--site", "*", "--site", "shop")])
def test_options_without_effect_on_operators_are_refused(folder: Path, limit: tuple[str, ...]) -> None:
    words = ("staff", "add", "ops", "--name", "Ops", "--role", "operator", "--password-stdin")
    refused = run(folder, *words, *limit, typed="long enough words\n")
    assert refused.exit_code == 2
    assert "cannot limit" in refused.output
    assert as_json(folder, "staff", "list") == []
    done(folder, *words, typed="long enough words\n")


@pytest.mark.parametrize(
    ("words", "wanted"),
    [
        ((), None),
        (("--trust-proxy",), one_proxy()),
        (("--trust-proxy", "10.0.0.0/8,127.0.0.1"), proxies_of("10.0.0.0/8,127.0.0.1")),
        (("--trust-proxy=2001:db8::/32",), proxies_of("2001:db8::/32")),
    ],
)
def test_proxies_are_named_by_their_networks(words: tuple[str, ...], wanted: Proxies | None) -> None:
    read = serve.make_context("serve", [*words, "--port", "9000"])
    assert read.params["trust_proxy"] == wanted
    assert read.params["port"] == 9000


def test_invalid_proxy_network_is_refused(folder: Path) -> None:
    refused = run(folder, "serve", "--trust-proxy", "everywhere")
    assert refused.exit_code == 2
    assert "“everywhere” is not a network" in refused.output


@contextmanager
def held(kind: socket.SocketKind, port: int) -> Iterator[None]:
    """Hold a port as a server does.

    With SO_REUSEADDR, this works even while connections of an earlier server on the port are in TIME_WAIT.
    """
    with socket.socket(type=kind) as holder:
        if kind == socket.SOCK_STREAM:
            holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        holder.bind(("127.0.0.1", port))
        if kind == socket.SOCK_STREAM:
            holder.listen()
        yield


@pytest.mark.parametrize(
    ("words", "option", "kind"),
    [
        (("serve", "--demo"), "--port", socket.SOCK_STREAM),
        (("serve", "--demo"), "--shop-port", socket.SOCK_STREAM),
        (("serve", "--demo", "--workers", "1"), "--udp-port", socket.SOCK_DGRAM),
        (("media", "--redis", "redis://127.0.0.1:1", "--workers", "1"), "--port", socket.SOCK_STREAM),
        (("media", "--redis", "redis://127.0.0.1:1", "--workers", "1"), "--udp-port", socket.SOCK_DGRAM),
    ],
)
def test_port_in_use_is_named(
    monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...], option: str, kind: socket.SocketKind
) -> None:
    monkeypatch.setattr(ports, "PATIENCE_S", 0.0)
    monkeypatch.setenv("SANGDAM_SECRET", "a secret of these tests, long enough")
    mine = {"--port": free_port(), "--shop-port": free_port(), "--udp-port": free_ports(2)}
    if words[0] == "media":
        del mine["--shop-port"]
    with held(kind, mine[option]):
        options = (word for name, port in mine.items() for word in (name, str(port)))
        result = CliRunner().invoke(main, [*words, *options])
    assert result.exit_code == 1
    assert f"ort {mine[option]} is taken by another program" in result.output
    assert f"choose another port: {option} " in result.output
    assert "Traceback" not in result.output


def test_start_waits_for_a_port_that_a_killed_server_still_holds() -> None:
    port = free_port()
    with socket.socket(type=socket.SOCK_DGRAM) as dying:
        dying.bind(("127.0.0.1", port))
        assert f"UDP port {port} is taken" in taken(media_ports(port, 1))
        release = threading.Timer(0.3, dying.close)
        release.start()
        assert still_taken(media_ports(port, 1)) == ""
    release.join()


def test_ports_of_later_workers_and_metrics_are_checked() -> None:
    metrics_port = free_port()
    settings = Settings(port=free_port(), udp_port=free_ports(3), workers=2, metrics=("127.0.0.1", metrics_port))
    assert taken(ports_of(settings)) == ""
    for kind, port in ((socket.SOCK_DGRAM, settings.udp_port + 2), (socket.SOCK_STREAM, metrics_port)):
        with held(kind, port):
            assert f"ort {port} is taken" in taken(ports_of(settings))


def test_more_workers_than_ports_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SANGDAM_SECRET", "a secret of these tests, long enough")
    command = ["media", "--redis", "redis://127.0.0.1:1", "--workers", "4", "--port", "65534"]
    result = CliRunner().invoke(main, command)
    assert result.exit_code == 1
    assert "choose a lower --port" in result.output


def test_demo_prints_every_address_in_order(capsys: pytest.CaptureFixture[str]) -> None:
    announce_ready(Settings(demo=True, port=18080, shop_port=18081))
    said = capsys.readouterr().out
    wanted = [
        "http://127.0.0.1:18081",
        "http://counselor.localhost:18080",
        "jimin / jimin-demo",
        "suho / suho-demo",
        "http://professional.localhost:18080",
        "drhan / drhan-demo",
        "http://operator.localhost:18080",
        "ops / ops-demo",
    ]
    places = [said.find(word) for word in wanted]
    assert -1 not in places
    assert places == sorted(places)


def test_working_hours_of_a_member_can_be_set_and_removed(folder: Path) -> None:
    done(
        folder,
        "staff",
        "add",
        "mina",
        "--name",
        "Mina",
        "--role",
        "counselor",
        "--language",
        "ko",
        "--password-stdin",
        typed="river lantern under blue",
    )
    assert not as_json(folder, "staff", "hours", "mina")["own"]
    said = ("--timezone", "Asia/Seoul", "--open", "mon-tue=09:00-12:00", "--holiday", "12-25")
    shown = as_json(folder, "staff", "hours", "mina", *said)
    assert (shown["own"], shown["week"]) == (True, {"mon": ["09:00-12:00"], "tue": ["09:00-12:00"]})
    assert as_json(folder, "staff", "hours", "mina") == shown
    assert not as_json(folder, "staff", "hours", "mina", "--none")["own"]


@pytest.mark.slow
def test_opening_hours_can_be_set_shown_and_removed(folder: Path) -> None:
    a_shop(folder)
    done(folder, "category", "add", "shop", "cameras", "--name", "ko=카메라")
    done(folder, "category", "add", "shop", "lenses", "--name", "ko=렌즈", "--parent", "cameras")
    assert as_json(folder, "category", "hours", "shop", "lenses")["hours"] == "always open"
    said = (
        "--timezone",
        "Asia/Seoul",
        "--open",
        "fri-mon=10:00-12:00,13:00-18:00",
        "--holiday",
        "12-25",
        "--holiday",
        "2026-12-24=10:00-12:00",
    )
    shown = as_json(folder, "category", "hours", "shop", "cameras", *said)
    assert list(shown["week"]) == ["mon", "fri", "sat", "sun"]
    assert shown["week"]["sat"] == ["10:00-12:00", "13:00-18:00"]
    assert shown["holidays"] == {"12-25": [], "2026-12-24": ["10:00-12:00"]}
    assert as_json(folder, "category", "hours", "shop", "lenses")["hours"] == "inherited"
    # giving the category a new name does not change its hours
    done(folder, "category", "add", "shop", "cameras", "--name", "ko=사진기")
    assert as_json(folder, "category", "hours", "shop", "cameras")["hours"] == "own"
    assert as_json(folder, "category", "hours", "shop", "cameras", "--inherit")["hours"] == "always open"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--open", "mon=09:00-18:00"), "--timezone"),
        (("--timezone", "Asia/Soul", "--open", "mon=09:00-18:00"), "no time zone"),
        (("--timezone", "UTC", "--open", "mon=9-18"), "09:00-18:00"),
        (("--timezone", "UTC", "--open", "someday=09:00-18:00"), "mon-fri="),
    ],
)
def test_unparsable_hours_are_refused(folder: Path, words: tuple[str, ...], told: str) -> None:
    a_shop(folder)
    done(folder, "category", "add", "shop", "cameras", "--name", "ko=카메라")
    result = run(folder, "category", "hours", "shop", "cameras", *words)
    assert result.exit_code == 2
    assert told in result.output


@pytest.mark.slow
def test_category_update_keeps_values_not_given(folder: Path) -> None:
    a_shop(folder)
    done(folder, "category", "add", "shop", "cameras", "--name", "ko=카메라", "--priority", "5")
    done(folder, "category", "add", "shop", "lenses", "--parent", "cameras")
    done(folder, "category", "add", "shop", "lenses", "--priority", "-1")
    done(folder, "category", "add", "shop", "lenses", "--widen", "5", "60")
    lenses = {"id": "lenses", "parent": "cameras", "names": {"en": "lenses"}, "priority": -1, "widens_s": [5, 60], "form": None}
    assert as_json(folder, "category", "show", "shop", "lenses") == lenses
    done(folder, "category", "add", "shop", "cameras", "--name", "en=Cameras")
    assert as_json(folder, "category", "show", "shop", "cameras")["priority"] == 5
    result = run(folder, "category", "add", "shop", "lenses", "--priority", "101")
    assert result.exit_code
    assert "-100<=x<=100" in result.output


def test_database_password_can_come_from_a_file(folder: Path, tmp_path: Path) -> None:
    file = tmp_path / "password"
    file.write_text("a/b@c é\n")
    assert (
        with_password("postgresql+asyncpg://sangdam@db/sangdam", file)
        == "postgresql+asyncpg://sangdam:a%2Fb%40c%20%C3%A9@db/sangdam"
    )
    assert with_password("redis://one:7000,two:7000/0", file) == "redis://:a%2Fb%40c%20%C3%A9@one:7000,two:7000/0"
    database = f"sqlite+aiosqlite:///{folder}/records.sqlite"
    missing = run(folder, "site", "list", "--database", database, "--database-password-file", str(tmp_path / "none"))
    assert missing.exit_code == 1
    assert "cannot be read" in missing.output


@pytest.mark.parametrize(("given", "wanted"), [("127.0.0.1:9090", ("127.0.0.1", 9090)), ("[::1]:9090", ("::1", 9090))])
def test_listen_address_is_parsed(given: str, wanted: tuple[str, int]) -> None:
    assert address(given) == wanted


@pytest.mark.parametrize("given", ["9090", "127.0.0.1", ":9090", "127.0.0.1:0", "127.0.0.1:x", "127.0.0.1:70000"])
def test_invalid_listen_address_is_refused(folder: Path, given: str) -> None:
    refused = run(folder, "serve", "--metrics", given)
    assert refused.exit_code == 2
    assert "127.0.0.1:9090" in refused.output


def test_the_version_is_that_of_the_project() -> None:
    project = tomllib.loads((Path(__file__).parents[4] / "pyproject.toml").read_text())["project"]
    result = CliRunner().invoke(main, ["--version"])
    assert (result.exit_code, result.output) == (0, f"sangdam, version {project['version']}\n")


@pytest.mark.parametrize("command", ["serve", "media"])
@pytest.mark.parametrize("url", ["redis+sentinel://me:hidden@one:26379", "redis+sentinels://me:hidden@one/name"])
def test_address_of_redis_that_cannot_be_read_is_a_sentence(command: str, url: str) -> None:
    said = CliRunner().invoke(main, [command, "--redis", url], env={"SANGDAM_SECRET": "s" * 32})
    assert said.exit_code == 1
    assert said.output.startswith("Error: The address of ")
    assert "hidden" not in said.output
