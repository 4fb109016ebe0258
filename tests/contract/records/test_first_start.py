"""On SQLite and PostgreSQL, the one-time link of a new installation makes exactly one owner, however often it is used."""

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


async def test_of_many_first_owners_at_once_one_is_added(records: Records) -> None:
    await records.save_first_link("link", 50)
    people = [replace(BOSS, id=f"boss-{n}", login=f"boss-{n}") for n in range(4)]
    added = await asyncio.gather(*(records.add_first_owner(each) for each in people))
    assert sorted(added) == [False, False, False, True]
    assert [member.id for member in await records.all_staff()] == [people[added.index(True)].id]
    assert not await records.use_first_link("link", replace(BOSS, id="late", login="late"), "", 1)


async def test_of_many_first_links_at_once_one_works(records: Records) -> None:
    await asyncio.gather(*(records.save_first_link(f"link-{n}", 50) for n in range(5)))
    assert [await records.first_link_works(f"link-{n}", 1) for n in range(5)].count(True) == 1


async def test_installations_that_start_at_once_share_one_database(url: str) -> None:
    opened = await asyncio.gather(*(Records.open(url) for _ in range(3)))
    try:
        assert [len(await each.organisations()) for each in opened] == [1, 1, 1]
    finally:
        for each in opened:
            await each.close()
