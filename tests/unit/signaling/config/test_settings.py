from __future__ import annotations

from pathlib import Path

from signaling.config.settings import Settings


def test_addresses_follow_from_the_port() -> None:
    settings = Settings(port=9000)
    assert settings.url == "http://localhost:9000"
    assert settings.staff_url("counselor") == "http://counselor.localhost:9000"
    assert settings.server_name == "localhost:9000"
    assert settings.own_origins == {
        "http://localhost:9000",
        "http://counselor.localhost:9000",
        "http://professional.localhost:9000",
        "http://operator.localhost:9000",
    }


def test_public_address_is_what_browsers_see() -> None:
    settings = Settings(public_url="https://talk.example/")
    assert settings.url == "https://talk.example"
    assert settings.staff_url("operator") == "https://operator.talk.example"


def test_demo_listens_on_this_machine_only() -> None:
    assert set(Settings(demo=True, host="0.0.0.0").hosts_to_bind) <= {"127.0.0.1", "::1"}


def test_records_are_in_the_data_folder_by_default() -> None:
    assert Settings(data_dir=Path("/data")).database_url == "sqlite+aiosqlite:////data/records.sqlite"
    assert Settings(database="postgresql+asyncpg://x/y").database_url == "postgresql+asyncpg://x/y"
