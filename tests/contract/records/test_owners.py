"""An organisation always has an owner who can sign in, on SQLite and PostgreSQL."""

from __future__ import annotations

import asyncio

import pytest
from msgspec.structs import replace

from signaling.records import Organisation, Records, StaffRecord
from signaling.records.owners import LastOwner

BOSS = StaffRecord(id="boss", login="boss", name="Boss", role="operator", offices=["owner"])
HANA = replace(BOSS, id="hana", login="hana")


async def test_last_owner_is_neither_removed_nor_demoted(records: Records) -> None:
    await records.save_organisation(Organisation(id="acme", name="Acme"))
    await records.save_staff(BOSS)
    await records.save_staff(replace(HANA, active=False))
    await records.save_staff(replace(BOSS, id="rival", login="rival", organisation="acme"))
    for after in (replace(BOSS, active=False), replace(BOSS, offices=["manager"])):
        with pytest.raises(LastOwner):
            await records.save_staff(after)
    with pytest.raises(LastOwner):
        await records.remove_staff("boss")
    assert await records.staff("boss") == BOSS
    await records.save_staff(replace(BOSS, name="Boss Kim"))
    await records.save_staff(HANA)
    assert await records.remove_staff("boss")
    assert await records.remove_staff("hana", keep_owner=False)


async def test_two_owners_cannot_demote_each_other_at_once(records: Records) -> None:
    for member in (BOSS, HANA):
        await records.save_staff(member)
    demoted = [records.save_staff(replace(member, offices=["manager"])) for member in (BOSS, HANA)]
    results = await asyncio.gather(*demoted, return_exceptions=True)
    assert sorted(type(result).__name__ for result in results) == ["LastOwner", "NoneType"]
    assert sum("owner" in member.offices for member in await records.all_staff()) == 1
