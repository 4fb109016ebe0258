"""A command sets up sign-in at a real OpenID provider. The command checks the settings in the same way as the operators' page."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from signaling.access.codes import server_secret
from signaling.access.oidc.sign_in import OidcSignIn
from signaling.config.seal import Seal
from signaling.config.settings import Settings
from signaling.records import AuditRecord, OidcSettings, Records, SignInRules
from signaling.records.sign_ins import INSTALLATION, rules_of
from signaling.server.http.bodies import now_ms
from tests.oidc_provider import SECRET, running_provider
from tests.ports import free_port
from tests.unit.signaling.cli.commands import done, run

ADDRESS = "http://counselor.localhost:8080/api/oidc"


@pytest_asyncio.fixture
async def issuer() -> AsyncIterator[str]:
    async with running_provider(f"{ADDRESS}/callback", f"{ADDRESS}/logout") as found:
        yield found


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "data"


async def told(folder: Path, *words: str) -> str:
    """Run a command in a thread, because the command runs its own event loop.

    The event loop of the test goes on reading the provider's output. Otherwise the provider would stop when the pipe is full.
    """
    return await asyncio.to_thread(done, folder, *words)


async def refused(folder: Path, *words: str) -> str:
    result = await asyncio.to_thread(run, folder, *words)
    assert result.exit_code != 0, result.output
    return result.output


async def stored(folder: Path, of: str = INSTALLATION) -> tuple[OidcSettings | None, SignInRules, list[AuditRecord]]:
    records = await Records.open(Settings(data_dir=folder).database_url)
    try:
        entries = [each for each in (await records.audits())[0] if each.action == "sign_in.provider"]
        return await records.oidc_settings(of), await records.sign_in_rules(of), entries
    finally:
        await records.close()


async def secret_of(folder: Path) -> str:
    """Return the client secret with which the server would authenticate itself at the stored provider."""
    settings, _, _ = await stored(folder)
    assert settings is not None
    records = await Records.open(Settings(data_dir=folder).database_url)
    found = OidcSignIn(records, Seal(server_secret(folder)), now_ms).provider_of(settings, INSTALLATION)._secret
    await records.close()
    return found


async def test_command_sets_up_changes_and_removes_a_provider(folder: Path, tmp_path: Path, issuer: str) -> None:
    assert await told(folder, "sign-in-provider") == "No sign-in provider is set up.\n"
    file = tmp_path / "secret"
    file.write_text(f"{SECRET}\n")
    begin = ("sign-in-provider", "--issuer", issuer, "--client-id", "sangdam", "--client-secret-file", str(file))
    assert "which value of the claim" in await refused(folder, *begin)
    assert "language" in await refused(folder, *begin, "--role", "desk=counselor")
    said = await told(folder, *begin, "--role", "desk=counselor", "--role", "a=b=owner", "--language", "ko_KR", "--json")
    shown = json.loads(said)
    assert shown["roles"] == [{"value": "desk", "role": "counselor"}, {"value": "a=b", "role": "owner"}]
    assert (shown["languages"], shown["client_secret"]) == (["ko-KR"], "stored")
    assert f"{ADDRESS}/callback" in shown["register callback addresses"]
    assert SECRET not in said
    assert await secret_of(folder) == SECRET
    assert "staff" not in await told(folder, "sign-in", "--provider", "only")
    assert "Allow passwords first" in await refused(folder, "sign-in-provider", "--remove")
    await told(folder, "sign-in", "--provider", "offered")
    await told(folder, "sign-in-provider", "--name", "회사")
    settings, _, entries = await stored(folder)
    assert settings is not None
    assert settings.name == "회사"
    assert await secret_of(folder) == SECRET, "a secret that is not named again stays"
    await told(folder, "sign-in-provider", "--remove")
    settings, _, entries = await stored(folder)
    assert settings is None
    assert [each.actor for each in entries] == ["cli"] * 3
    assert SECRET not in str(entries)


async def test_command_refuses_a_provider_that_does_not_fit(folder: Path, issuer: str, monkeypatch: pytest.MonkeyPatch) -> None:
    begin = ("sign-in-provider", "--client-id", "sangdam", "--role", "desk=supervisor", "--issuer")
    assert "does not answer" in await refused(folder, *begin, f"http://127.0.0.1:{free_port()}")
    assert "another issuer" in await refused(folder, *begin, issuer.replace("127.0.0.1", "localhost"))
    assert "begins with https://" in await refused(folder, *begin, "http://id.example")
    monkeypatch.delenv("NO_SUCH_SECRET", raising=False)
    assert "NO_SUCH_SECRET is not set" in await refused(folder, *begin, issuer, "--client-secret-env", "NO_SUCH_SECRET")
    assert "cannot be read" in await refused(folder, *begin, issuer, "--client-secret-file", str(folder / "none"))
    assert (await stored(folder))[0] is None


def wanted(issuer: str, more: str = "") -> str:
    return f"""
[organisations.acme]
name = "Acme"
{more}
[sign_in]
provider = "only"

[sign_in_provider]
issuer = "{issuer}"
client_id = "sangdam"
name = "회사"
roles = [{{ value = "desk", role = "counselor" }}]
languages = ["ko"]
client_secret_env = "SECRET_OF_THE_TEST"
"""


async def test_file_sets_up_a_provider_once_and_tells_no_secret(
    folder: Path, tmp_path: Path, issuer: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "wanted.toml"
    file.write_text(wanted(issuer))
    monkeypatch.delenv("SECRET_OF_THE_TEST", raising=False)
    said = await refused(folder, "apply", str(file), "--yes")
    assert "[sign_in_provider]: The environment variable SECRET_OF_THE_TEST is not set." in said
    monkeypatch.setenv("SECRET_OF_THE_TEST", SECRET)
    first = await told(folder, "apply", str(file), "--yes")
    assert "+ sign_in_provider" in first
    assert 'client_secret = "(new)"' in first
    assert SECRET not in first
    assert await secret_of(folder) == SECRET
    assert (await stored(folder))[1].provider == "only"
    assert "Nothing to change" in await told(folder, "apply", str(file), "--yes")
    exported = await told(folder, "apply", "--export")
    assert SECRET not in exported
    (tmp_path / "exported.toml").write_text(exported)
    assert "Nothing to change" in await told(folder, "apply", str(tmp_path / "exported.toml"), "--yes")
    monkeypatch.setenv("SECRET_OF_THE_TEST", "another secret")
    changed = await told(folder, "apply", str(file), "--yes")
    assert 'client_secret: "(stored)" → "(new)"' in changed
    assert "another secret" not in changed
    assert await secret_of(folder) == "another secret"


async def test_file_removes_a_provider_together_with_the_rule_that_needs_it(
    folder: Path, tmp_path: Path, issuer: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SECRET_OF_THE_TEST", SECRET)
    file = tmp_path / "wanted.toml"
    file.write_text(wanted(issuer))
    await told(folder, "apply", str(file), "--yes")
    off = tmp_path / "off.toml"
    off.write_text('sign_in_provider = "off"')
    assert "[sign_in] provider: without a sign-in provider" in await refused(folder, "apply", str(off), "--yes")
    off.write_text('sign_in_provider = "off"\n[sign_in]\nprovider = "offered"')
    said = await told(folder, "apply", str(off), "--yes")
    assert "- sign_in_provider" in said
    assert (await stored(folder))[0] is None
    assert "Nothing to change" in await told(folder, "apply", str(off), "--yes")


async def test_file_sets_up_an_own_provider_on_reachable_networks_only(folder: Path, tmp_path: Path, issuer: str) -> None:
    own = f'[organisations.acme.sign_in_provider]\nissuer = "{issuer}"\nclient_id = "sangdam"\n'
    own += 'roles = [{ value = "desk", role = "supervisor" }]\n'
    file = tmp_path / "wanted.toml"
    file.write_text(f'[organisations.acme]\nname = "Acme"\n{own}')
    assert "does not answer" in await refused(folder, "apply", str(file), "--yes")
    said = await told(folder, "apply", str(file), "--yes", "--webhook-allow", "127.0.0.0/8")
    assert "sign_in_provider.issuer" in said
    assert (await stored(folder, rules_of("acme")))[0] is not None
    file.write_text(own + 'client_secret = "plain"\n')
    assert "client_secret_env or client_secret_file" in await refused(folder, "apply", str(file), "--yes")
