"""The contract of the first start on both databases: one link, one owner."""

from __future__ import annotations

import asyncio

import pytest
from msgspec.structs import replace

from signaling.records import Organisation, Records, StaffRecord

BOSS = StaffRecord(id="boss", login="boss", name="Boss", role="operator", offices=["administrator", "owner"], password_hash="h")


async def test_of_many_uses_of_a_link_one_makes_the_owner(records: Records) -> None:
    assert await records.save_first_link("old", 50)
    assert await records.save_first_link("link", 50)
    assert not await records.first_link_works("old", 1), "a newer link replaced it"
    assert not await records.first_link_works("link", 50), "it is too old"
    assert await records.first_link_works("link", 49)
    people = [replace(BOSS, id=f"boss-{n}", login=f"boss-{n}") for n in range(4)]
    made = await asyncio.gather(*(records.use_first_link("link", each, "Haneul", 49) for each in people))
    assert sorted(made) == [False, False, False, True]
    assert [member.id for member in await records.all_staff()] == [people[made.index(True)].id]
    assert await records.organisation("main") == Organisation(id="main", name="Haneul")
    assert not await records.save_first_link("again", 50), "there is an owner"


async def test_owner_from_elsewhere_ends_the_link(records: Records) -> None:
    assert await records.save_first_link("link", 50)
    await records.save_staff(replace(BOSS, id="jimin", login="jimin", offices=[]))
    with pytest.raises(ValueError, match="login_taken"):
        await records.use_first_link("link", replace(BOSS, id="jimin", login="jimin"), "", 1)
    assert await records.first_link_works("link", 1), "a taken login costs no link"
    await records.save_staff(BOSS)
    assert not await records.first_link_works("link", 1)
    assert not await records.use_first_link("link", replace(BOSS, id="two", login="two"), "", 1)
