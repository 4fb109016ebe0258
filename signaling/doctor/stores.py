"""Checks of the database, of Redis and of the media workers."""

from __future__ import annotations

import asyncio
from importlib.metadata import version

import sqlalchemy as sa
from redis.exceptions import RedisError
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine

from media.api.redis_client import redis_client
from signaling.records.database import creator_of
from signaling.records.schema import newest_revision

from .finding import Examined, Finding, finding

ANSWER_S = 3.0
LEAST_REDIS = 7  # Lowest usable version of Redis: the first that has Redis functions.
MOST_OFF_S = 2.0  # The clock of a database or of Redis may differ from ours by at most this many seconds.


async def database(of: Examined) -> list[Finding]:
    """Check that the database answers, has the tables of this version of Sangdam, and can be written."""
    file = of.settings.data_dir / "records.sqlite"
    if not of.settings.database and not file.exists():
        return [finding("database.new", where=file)]
    try:
        url = of.settings.database_url
        engine = create_async_engine(url, hide_parameters=True, connect_args=creator_of(url))
    except (sa.exc.SQLAlchemyError, ModuleNotFoundError) as error:
        return [finding("database.unavailable", "fault", why=type(error).__name__)]
    try:
        async with asyncio.timeout(ANSWER_S), engine.connect() as connection:
            tables = await _tables(connection)
            found = [tables, *await _database_clock(of, connection)]
            return found + (await _provider(connection) if tables.about == "database.ok" else [])
    except (sa.exc.SQLAlchemyError, OSError, TimeoutError) as error:
        return [finding("database.unavailable", "fault", why=type(error).__name__)]
    finally:
        await engine.dispose()


async def _tables(connection: AsyncConnection) -> Finding:
    try:
        revision = (await connection.execute(sa.text("SELECT version_num FROM alembic_version"))).scalar() or ""
    except sa.exc.SQLAlchemyError:
        await connection.rollback()
        return finding("database.new", where=connection.engine.url.render_as_string(hide_password=True))
    if revision != newest_revision():
        newer = revision > newest_revision()
        about = "database.newer" if newer else "database.older"
        return finding(about, "fault" if newer else "warning", revision=revision, own=newest_revision())
    try:
        await connection.execute(sa.text("UPDATE alembic_version SET version_num = version_num"))
        await connection.rollback()
    except sa.exc.SQLAlchemyError as error:
        await connection.rollback()
        return finding("database.readonly", "fault", why=type(error.__cause__ or error).__name__)
    return finding("database.ok", revision=revision)


async def _provider(connection: AsyncConnection) -> list[Finding]:
    """Return a warning if the OpenID provider could not confirm some of the present sign-ins of staff."""
    failing = sa.text("SELECT count(*) FROM provider_sign_in WHERE failing_since > 0")
    count = (await connection.execute(failing)).scalar() or 0
    return [finding("provider.failing", "warning", count=count)] if count else []


async def _database_clock(of: Examined, connection: AsyncConnection) -> list[Finding]:
    if connection.dialect.name != "postgresql":
        return []
    there = (await connection.execute(sa.text("SELECT extract(epoch FROM clock_timestamp())::float"))).scalar() or 0.0
    return _clocks(of, "PostgreSQL", float(there))


def _clocks(of: Examined, other: str, there_s: float) -> list[Finding]:
    off = abs(of.now_s() - there_s)
    return [finding("clock.off", "fault", other=other, seconds=f"{off:.0f}")] if off > MOST_OFF_S else []


async def redis(of: Examined) -> list[Finding]:
    """Check that Redis answers, is new enough, and does not evict keys."""
    if not of.settings.redis:
        return []
    client = redis_client(of.settings.redis, socket_timeout=ANSWER_S, socket_connect_timeout=ANSWER_S, decode_responses=True)
    try:
        told = await client.info()
        seconds, _ = await client.time()
    except (RedisError, OSError) as error:
        return [finding("redis.unavailable", "fault", why=type(error).__name__)]
    finally:
        await client.aclose()
    release = str(told.get("redis_version", "0"))
    found = _clocks(of, "Redis", float(seconds))
    if int(release.partition(".")[0]) < LEAST_REDIS:
        return [*found, finding("redis.old", "fault", version=release)]
    if int(told.get("maxmemory", 0)) and told.get("maxmemory_policy") != "noeviction":
        return [*found, finding("redis.evicts", "fault", policy=told.get("maxmemory_policy"))]
    return [*found, finding("redis.ok", version=release)]


async def workers(of: Examined) -> list[Finding]:
    """Check that media workers answer, have the server's version, and use the compiled fast path for packets."""
    if of.workers is None:
        return []
    facts = await of.workers()
    if not facts:
        return [finding("workers.none", "fault")]
    own = version("sangdam")
    found = [
        finding("workers.version", "warning", name=each.name, version=each.version or "?", own=own)
        for each in facts
        if each.version != own
    ]
    if slow := [each.name for each in facts if not each.fast_path]:
        found.append(finding("workers.slow", "warning", names=", ".join(slow)))
    return found or [finding("workers.ok", count=len(facts))]
