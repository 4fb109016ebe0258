"""The commands that let a member of staff who is locked out sign in again."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from signaling.config.settings import Settings
from signaling.records import OidcSettings, Records, SignInRecord
from tests.unit.signaling.cli.commands import done, run

pytestmark = pytest.mark.slow

PASSWORD = "lantern under a blue river\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    done(tmp_path, "init", "--login", "ops", "--name", "Ops", "--password-stdin", typed=PASSWORD)
    return tmp_path


def test_first_start_begins_by_a_link_until_there_is_an_owner(tmp_path: Path) -> None:
    for _ in range(2):
        said = done(tmp_path, "init", "--public-url", "https://counsel.example")
        assert "https://operator.counsel.example/operator#first-start=" in said
    assert "--public-url" in done(tmp_path, "init"), "a link to this machine says so"
    done(tmp_path, "init", "--login", "ops", "--name", "Ops", "--password-stdin", typed=PASSWORD)
    for words in ([], ["--login", "other"]):
        again = run(tmp_path, "init", *words)
        assert again.exit_code == 1
        assert "sangdam staff link" in again.output


def test_link_leads_to_the_page_of_its_owner(folder: Path) -> None:
    link = done(folder, "staff", "link", "Ops", "--public-url", "https://counsel.example").strip()
    address, _, token = link.partition("#new-password=")
    assert address == "https://operator.counsel.example/operator"
    assert len(token) == 43
    assert run(folder, "staff", "link", "nobody").exit_code == 1


def test_lost_factors_are_reset_on_the_machine_alone(folder: Path) -> None:
    url = Settings(data_dir=folder).database_url

    async def lose() -> None:
        records = await Records.open(url)
        await records.begin_totp("ops", "seed")
        await records.add_sign_in(SignInRecord(token_hash="h", staff="ops", created_at=1, expires_at=1 << 50))
        await records.close()

    async def left() -> tuple[bool, bool]:
        records = await Records.open(url)
        found = await records.totp("ops") is not None, await records.sign_in("h") is not None
        await records.close()
        return found

    asyncio.run(lose())
    assert "password alone" in done(folder, "staff", "reset-factors", "ops")
    assert asyncio.run(left()) == (False, False)


def test_rule_of_the_second_factor_is_shown_and_changed(folder: Path) -> None:
    rest = "provider: offered\nhours: 12\n"
    assert done(folder, "sign-in") == f"second factor: off\n{rest}"
    assert done(folder, "sign-in", "--second-factor", "required") == f"second factor: required\n{rest}"
    assert done(folder, "sign-in") == f"second factor: required\n{rest}"
    own = done(folder, "sign-in", "--organisation", "main", "--hours", "8")
    assert own == "second factor: off\nprovider: offered\nhours: 8\n"
    assert done(folder, "sign-in") == f"second factor: required\n{rest}"
    assert "no organisation" in run(folder, "sign-in", "--organisation", "acme").output
    assert run(folder, "sign-in", "--second-factor", "sometimes").exit_code == 2


def test_command_requires_the_provider_only_where_there_is_one(folder: Path) -> None:
    said = run(folder, "sign-in", "--provider", "only")
    assert said.exit_code == 1
    assert "nobody could sign in" in said.output
    assert "provider: offered" in done(folder, "sign-in")

    async def set_up() -> None:
        records = await Records.open(Settings(data_dir=folder).database_url)
        await records.save_oidc_settings(OidcSettings(issuer="https://id.example", client_id="sangdam"))
        await records.close()

    asyncio.run(set_up())
    assert "provider: only" in done(folder, "sign-in", "--organisation", "main", "--provider", "only")
