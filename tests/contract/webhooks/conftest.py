"""A database with a site and four sessions, on SQLite and PostgreSQL."""

from __future__ import annotations

import pytest

from signaling.records import Records, SessionRecord, Site

STARTED = 1_790_000_000_000  # 2026-09-21T14:13:20Z


@pytest.fixture
async def records(records: Records) -> Records:
    await records.save_site(Site(id="shop", names={"ko": "빛과소리"}, languages=["ko"], accent="#0b7a75"))
    for number in range(4):
        await records.create_session(
            SessionRecord(
                id=f"s-{number}",
                site="shop",
                category="cameras",
                language="ko",
                channel="text",
                token_hash=f"t{number}",
                started_at=STARTED,
            )
        )
    return records
