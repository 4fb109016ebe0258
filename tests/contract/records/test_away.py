"""If the database is unavailable, a call fails immediately, always with `RecordsAway`. A repeated write is stored only once."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable
from pathlib import Path

import asyncpg
import pytest
import sqlalchemy as sa

from signaling.records import Overtaken, Records, RecordsAway
from signaling.records.database import ANSWER_S
from tests.contract.records.samples import session
from tests.postgres_server import both, running_postgres

BACK_S = 30.0


@pytest.fixture(autouse=True)
def patience() -> None:
    """Replace the fixture that makes the time limits longer, because the tests of this file wait for the end of these limits."""


async def until_back(records: Records) -> None:
    async with asyncio.timeout(BACK_S):
        await records.reachable.wait()


async def test_locked_file_is_unavailable_until_it_is_free(tmp_path: Path) -> None:
    records = await Records.open(f"sqlite+aiosqlite:///{tmp_path / 'records.sqlite'}")
    other = sqlite3.connect(tmp_path / "records.sqlite", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(RecordsAway):
        await records.create_session(session())
    assert records.away.is_set()
    with pytest.raises(RecordsAway):
        await records.site("shop")
    other.execute("ROLLBACK")
    await until_back(records)
    await records.create_session(session())
    other.close()
    await records.close()


async def test_unresponsive_database_is_unavailable_until_it_answers() -> None:
    with running_postgres() as server:
        records = await Records.open(server.url)
        await records.create_session(session())
        for away, back in ((server.freeze, server.thaw), (server.stop, server.start)):
            await asyncio.to_thread(away)
            loop = asyncio.get_running_loop()
            asked = [asyncio.create_task(records.session("s-1")) for _ in range(20)]
            answers = await asyncio.gather(*asked, return_exceptions=True)
            assert all(isinstance(answer, RecordsAway) for answer in answers)
            began = loop.time()
            with pytest.raises(RecordsAway):
                await records.session("s-1")
            assert loop.time() - began < ANSWER_S / 2, "nobody waits for what is known to be away"
            await asyncio.to_thread(back)
            await until_back(records)
            assert await records.session("s-1")
        await records.close()


OF_THE_DATABASE = [
    "25006",  # The server is now a read-only standby.
    "40001",  # The transaction could not be serialized.
    "40P01",  # Deadlock.
    "42501",  # A right was revoked.
    "53100",  # Disk full.
    "53300",  # Too many connections.
    "55P03",  # Lock not available.
    "57014",  # The query was cancelled, by statement_timeout or by an administrator.
    "57P01",  # The server is shutting down.
    "58030",  # I/O error.
]
OF_THE_STATEMENT = ["22021", "23505", "42P01", "54000", "XX001"]


@pytest.mark.parametrize("dies", [True, False], ids=["killed", "silent"])
async def test_records_are_back_when_a_replica_is_promoted(dies: bool) -> None:
    """The old primary database refuses connections, or is frozen and does not answer at all."""
    with running_postgres() as primary, running_postgres(primary) as replica:
        records = await Records.open(both(primary, replica))
        assert await records.lead() == 1
        await records.create_session(session(1))
        async with asyncio.timeout(BACK_S):
            while not await asyncio.to_thread(_has_session, replica.url):
                await asyncio.sleep(0.05)
        await asyncio.to_thread(primary.stop if dies else primary.freeze)
        with pytest.raises(RecordsAway):
            await records.create_session(session(2))
        await asyncio.to_thread(replica.promote)
        async with asyncio.timeout(3 * BACK_S):
            await records.reachable.wait()
        await records.create_session(session(2))
        assert await records.session("s-1")
        assert await records.leads()
        await records.close()
        if not dies:
            primary.thaw()


def _has_session(url: str) -> bool:
    async def ask() -> bool:
        connection = await asyncpg.connect(url.replace("+asyncpg", ""))
        try:
            return bool(await connection.fetchval("SELECT count(*) FROM session"))
        except asyncpg.UndefinedTableError:  # the replica does not have the tables yet
            return False
        finally:
            await connection.close()

    return asyncio.run(ask())


async def test_postgres_failure_is_unavailable_and_recovers(postgres: str) -> None:
    records = await Records.open(postgres)

    def failing(sqlstate: str) -> Callable[[sa.Connection], object]:
        statement = sa.text(f"DO $$ BEGIN RAISE EXCEPTION 'x' USING ERRCODE = '{sqlstate}'; END $$")
        return lambda connection: connection.execute(statement)

    for sqlstate in OF_THE_DATABASE:
        with pytest.raises(RecordsAway):
            await records._transaction(failing(sqlstate), writes=True)
        await until_back(records)
    for sqlstate in OF_THE_STATEMENT:
        with pytest.raises(sa.exc.DBAPIError):
            await records._transaction(failing(sqlstate), writes=True)
        assert records.reachable.is_set()
    await records.close()


async def test_leader_frozen_in_a_transaction_loses_the_lease() -> None:
    with running_postgres() as server:
        former, successor = await Records.open(server.url), await Records.open(server.url)
        told: list[bool] = []
        former.on_overtaken = lambda: told.append(True)
        await former.lead()
        await former.create_session(session())
        async with former._engine.connect() as connection:
            # this starts a transaction that locks the leader's number (`term`); nothing commits the transaction, so it stays open
            await connection.run_sync(former.require_leading)
            assert await successor.lead() > (former.term or 0)
            with pytest.raises(Overtaken):
                await former.add_event("s-1", "late", 1)
            assert told, "the server must end, even if it cannot reach Redis"
            await connection.invalidate()
        await former.close()
        await successor.close()


async def test_event_written_twice_is_stored_once(tmp_path: Path) -> None:
    records = await Records.open(f"sqlite+aiosqlite:///{tmp_path / 'records.sqlite'}")
    await records.create_session(session())
    why = {"staff": "jimin", "why": {"ring": "exact", "candidates": ["jimin"]}}
    await records.add_event("s-1", "reserved", 7, why)
    await records.add_event("s-1", "reserved", 7, why, again=True)
    await records.add_event("s-1", "reserved", 7, why | {"staff": "suho"}, again=True)
    assert [event.data["staff"] for event in await records.events("s-1")] == ["jimin", "suho"]
    await records.close()
