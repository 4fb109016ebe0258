"""An installation of 0.1.0 with data starts under this version, and nothing is lost. `made_by_0_1_0.py` has made the data."""

from __future__ import annotations

import hashlib
import json
import tarfile
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from sqlalchemy.ext.asyncio import create_async_engine

from signaling.config.settings import Settings
from signaling.live.clock import wall_clock_ms
from signaling.records import Records, schema
from tests.clock import Clock
from tests.peers.live_house import Service, running
from tests.ports import free_port, free_ports

MADE = Path(__file__).with_name("0.1.0.tar.gz")
FIRST = "0008"  # The newest migration of 0.1.0.
# Columns that later migrations have replaced. Migration 0013 replaced a member's capacity by two capacities: for texts and for
# calls.
REPLACED = {("staff", "capacity")}

Rows = dict[str, dict[tuple[Any, ...], dict[str, Any]]]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return the data folder of an installation of 0.1.0."""
    with tarfile.open(MADE) as archive:
        archive.extractall(tmp_path, filter="data")
    return tmp_path / "data"


def rows_of(connection: sa.Connection) -> Rows:
    """Return all rows of all tables, by primary key."""
    metadata = sa.MetaData()
    metadata.reflect(connection)
    found: Rows = {}
    for table in metadata.sorted_tables:
        key = [column.name for column in table.primary_key.columns]
        rows = connection.execute(sa.select(table)).mappings()
        found[table.name] = {tuple(row[name] for name in key): dict(row) for row in rows}
    return found


def first_tables(connection: sa.Connection) -> None:
    """Make the tables of 0.1.0, by its migrations."""
    config = Config()
    config.set_main_option("script_location", str(Path(schema.__file__).parent / "migrations"))
    config.attributes["connection"] = connection
    command.upgrade(config, FIRST)


def fill(connection: sa.Connection, rows: Rows) -> None:
    """Delete all rows that the migrations have made, and store these rows instead."""
    metadata = sa.MetaData()
    metadata.reflect(connection)
    tables = [table for table in metadata.sorted_tables if table.name != "alembic_version"]
    for table in reversed(tables):
        connection.execute(sa.delete(table))
    for table in tables:
        if rows[table.name]:
            connection.execute(sa.insert(table), list(rows[table.name].values()))


def lost(before: Rows, after: Rows) -> list[tuple[str, Any, str]]:
    """Return table, key and column of each value that has changed."""
    return [
        (table, key, name)
        for table, rows in before.items()
        if table != "alembic_version"
        for key, row in rows.items()
        for name, value in row.items()
        if (table, name) not in REPLACED and after.get(table, {}).get(key, {}).get(name, "(missing)") != value
    ]


async def test_every_value_of_0_1_0_is_kept(folder: Path, url: str) -> None:
    file = f"sqlite+aiosqlite:///{folder / 'records.sqlite'}"
    in_file = url.startswith("sqlite")
    engine = create_async_engine(file)
    async with engine.connect() as connection:
        before = await connection.run_sync(rows_of)
    await engine.dispose()
    filled = {table for table, rows in before.items() if rows}
    assert {"site", "category", "staff", "session", "line", "board_update", "event", "message", "picture", "audit"} <= filled
    here = file if in_file else url
    engine = create_async_engine(here)
    if not in_file:
        async with engine.begin() as connection:
            await connection.run_sync(first_tables)
            await connection.run_sync(fill, before)
    await (await Records.open(here)).close()
    async with engine.connect() as connection:
        after = await connection.run_sync(rows_of)
    await engine.dispose()
    assert lost(before, after) == []
    assert {key: (row["texts"], row["calls"]) for key, row in after["staff"].items()} == {
        key: (max(row["capacity"], 1), 1) for key, row in before["staff"].items()
    }


class Then(Clock):
    """A clock that continues from a time in the past."""

    def __init__(self, at: int) -> None:
        super().__init__()
        self.skip((at - wall_clock_ms()) / 1000)


def settings_of(folder: Path, about: dict[str, Any]) -> Settings:
    return Settings(
        port=free_port(),
        shop_port=about["shop_port"],
        data_dir=folder,
        recordings=folder / "recordings",
        udp_port=free_ports(2),
        workers=1,
        most_lag_ms=60_000,
    )


async def read(service: Service, path: str, cookie: str) -> Any:
    origin = service.settings.staff_url("operator" if "/operator" in path else "counselor")
    async with service.http.get(service.url + path, headers={"Cookie": cookie, "Origin": origin}) as answer:
        assert answer.status == 200, await answer.text()
        return await answer.json() if answer.content_type == "application/json" else await answer.read()


async def test_people_go_on_where_0_1_0_has_ended(folder: Path) -> None:
    about = json.loads((folder / "about.json").read_text())
    going_on = about["running"]
    async with running(settings_of(folder, about), now=Then(about["now"] + 2000)) as service:
        user = await service.user_tab(going_on["session"], going_on["token"])
        counselor = await service.staff("jimin")
        await counselor.state("active")
        lines = (await user.ask(type="lines", session=going_on["session"], after=0))["lines"]
        said = [(line["role"], line["text"] or line["picture"]) for line in lines if line["kind"] in ("text", "picture")]
        assert said == [
            ("user", "안녕하세요 👋"), ("counselor", "무엇을 도와드릴까요?"), ("user", going_on["picture"]),
        ]  # fmt: skip
        await user.say("line", line="c-3", text="새 버전에서도 보이나요?")
        await counselor.find(lambda seen: seen["type"] == "line" and seen["line"]["text"] == "새 버전에서도 보이나요?")

        cookie = await service.sign_in("ops")
        past = (await read(service, "/api/operator/sessions", cookie))["items"]
        assert sorted(each["state"] for each in past) == ["active", "callback", "closed", "message_left"]
        closed = next(each["id"] for each in past if each["state"] == "closed")
        detail = await read(service, f"/api/operator/sessions/{closed}", cookie)
        assert (detail["rated"], detail["wrap_up"]["notes"]) == ({"score": 5, "words": "고맙습니다"}, "렌즈를 교환하기로 함")
        [booked] = await read_booked(service, cookie)
        assert booked["due"] is False
        assert (await read(service, f"/api/operator/sessions/{going_on['session']}", cookie))["board"]

        recording = await read(service, f"/api/recordings/{closed}", await service.sign_in("jimin"))
        heard = {hashlib.sha256(await read(service, each["url"], counselor.cookie)).hexdigest() for each in recording["tracks"]}
        assert len(heard) == 2
        assert heard <= set(about["recordings"].values())
        for person in (user, counselor):
            await person.close()


async def read_booked(service: Service, cookie: str) -> list[Any]:
    return list((await read(service, "/api/operator/appointments", cookie))["items"])
