"""Sites, staff and the thresholds of the wallboard behave alike on SQLite and PostgreSQL."""

from __future__ import annotations

import asyncio

import pytest
import sqlalchemy as sa
from msgspec.structs import replace
from sqlalchemy.ext.asyncio import create_async_engine

from signaling.records import Category, Records, SignInRecord, StaffRecord, Threshold, tables
from signaling.records.mail_plan import MailPlan
from signaling.records.wrap_up import WrapUpPlan
from tests.contract.records.samples import JIMIN, SHOP


async def test_site_is_replaced_whole(records: Records) -> None:
    await records.save_site(SHOP)
    smaller = replace(SHOP, categories={"audio": Category(id="audio")}, keys=[])
    await records.save_site(smaller)
    assert await records.sites() == [smaller]
    assert await records.remove_site("shop")
    assert await records.site("shop") is None
    assert not await records.remove_site("shop")


async def test_two_members_of_staff_cannot_share_a_login(records: Records) -> None:
    await records.save_staff(JIMIN)
    with pytest.raises(ValueError, match="login_taken"):
        await records.save_staff(replace(JIMIN, id="other"))
    await records.save_staff(replace(JIMIN, name="Jimin Kim"))
    assert [member.name for member in await records.all_staff()] == ["Jimin Kim"]
    assert await records.staff_by_login("jimin") == await records.staff("jimin")


async def test_removing_staff_ends_their_sign_ins(records: Records) -> None:
    await records.save_staff(JIMIN)
    sign_in = SignInRecord(token_hash="h", staff="jimin", created_at=1, expires_at=2)
    await records.add_sign_in(sign_in)
    assert await records.sign_in("h") == sign_in
    await records.remove_staff("jimin")
    assert await records.sign_in("h") is None


async def test_new_password_or_role_ends_sign_ins_but_a_new_name_does_not(records: Records) -> None:
    jimin = StaffRecord(id="jimin", login="jimin", name="Jimin", role="counselor", password_hash="old")
    for changes in ({"password_hash": "new"}, {"role": "professional"}):
        await records.save_staff(jimin)
        await records.add_sign_in(SignInRecord(token_hash="h", staff="jimin", created_at=1, expires_at=2))
        await records.save_staff(replace(jimin, name="지민", sites=["shop"]))
        assert await records.sign_in("h")
        await records.save_staff(replace(jimin, **changes))
        assert await records.sign_in("h") is None


async def test_just_changed_password_does_not_sign_in(records: Records) -> None:
    jimin = StaffRecord(id="jimin", login="jimin", name="Jimin", role="counselor", password_hash="new")
    await records.save_staff(jimin)
    sign_in = SignInRecord(token_hash="h", staff="jimin", created_at=1, expires_at=2)
    assert not await records.add_sign_in(sign_in, password_hash="old")
    assert not await records.add_sign_in(replace(sign_in, staff="removed"), password_hash="old")
    assert await records.add_sign_in(sign_in, password_hash="new")
    assert await records.sign_ins(["h", "other"], []) == [(sign_in, jimin)]
    await records.saw_sign_ins(["h"], 7)
    await records.saw_sign_ins(["h"], 5)
    assert await records.sign_ins([], ["jimin"]) == [(replace(sign_in, seen_at=7), jimin)]
    assert await records.sign_ins([], []) == []


def executed(records: Records) -> list[str]:
    """Return a list that gets the first word of each SQL statement from now on."""
    statements: list[str] = []

    def note(_connection: sa.Connection, _cursor: object, statement: str, *_: object) -> None:
        statements.append(statement.split()[0])

    for engine in records.engines:
        sa.event.listen(engine, "before_cursor_execute", note)
    return statements


async def test_sites_asked_for_together_share_a_query(records: Records) -> None:
    shops = [replace(SHOP, id=f"shop-{number}") for number in range(3)]
    for shop in shops:
        await records.save_site(shop)
    statements = executed(records)
    assert await asyncio.gather(*(records.site(f"shop-{number % 4}") for number in range(40))) == [*shops, None] * 10
    assert statements.count("SELECT") <= 6


async def test_sign_ins_asked_for_together_share_queries(records: Records) -> None:
    await records.save_staff(JIMIN)
    sign_ins = [SignInRecord(token_hash=f"h{number}", staff=JIMIN.id, created_at=1, expires_at=2) for number in range(70)]
    for sign_in in sign_ins:
        await records.add_sign_in(sign_in)
    statements = executed(records)
    asked = [each.token_hash for each in sign_ins]
    assert await asyncio.gather(*map(records.signed_in, [*asked, "unknown"])) == [*((each, JIMIN) for each in sign_ins), None]
    assert 2 <= statements.count("SELECT") <= 4
    await asyncio.gather(*(records.saw_sign_in(each, 9) for each in asked))
    assert 2 <= statements.count("UPDATE") <= 4
    assert {sign_in.seen_at for sign_in, _ in await records.sign_ins(asked, [])} == {9}


async def test_thresholds_are_replaced_as_a_whole(records: Records) -> None:
    assert await records.thresholds() == []
    await records.save_thresholds([Threshold(figure="waiting", amber=3, red=8), Threshold(figure="level", amber=80.5, red=60)])
    await records.save_thresholds([Threshold(figure="level", amber=70, red=50)])
    assert await records.thresholds() == [Threshold(figure="level", amber=70, red=50)]


async def test_fields_of_a_newer_version_outlive_a_save_by_this_version(records: Records, url: str) -> None:
    """During a rolling upgrade, a server of the old version saves a site that a server of the new version has changed."""
    await records.save_site(replace(SHOP, mail=MailPlan(sender="가게"), wrap_up=WrapUpPlan(outcomes=[])))
    engine = create_async_engine(url)
    newer = {"tone": "warm", "voices": {"ja": "aoi"}}
    async with engine.begin() as newer_server:
        for table in ("category", "site_key"):
            await newer_server.execute(sa.text(f"ALTER TABLE {table} ADD COLUMN newer TEXT"))
            await newer_server.execute(sa.update(sa.table(table, sa.column("newer"))).values(newer="kept"))
        for name in ("mail", "wrap_up"):
            stored = (await newer_server.execute(sa.select(tables.site.c[name]))).scalar_one()
            await newer_server.execute(sa.update(tables.site).values({name: stored | newer}))
    site = await records.site("shop")
    assert site is not None
    remaining = {"cameras": site.categories["cameras"]}
    await records.save_site(replace(site, names={"ko": "새 이름"}, mail=MailPlan(), categories=remaining))
    async with engine.connect() as after:
        plan, wrap_up = (await after.execute(sa.select(tables.site.c.mail, tables.site.c.wrap_up))).one()
        newer_ones = [sa.select(sa.table(table, sa.column("newer"))) for table in ("category", "site_key")]
        found = [await after.execute(each) for each in newer_ones]
        assert [rows.scalars().all() for rows in found] == [["kept"], ["kept", "kept"]]
    await engine.dispose()
    assert (plan["tone"], plan["voices"], plan["sender"]) == ("warm", {"ja": "aoi"}, "")
    assert (wrap_up["tone"], wrap_up["outcomes"]) == ("warm", [])
    changed = (await records.sites())[0]
    assert (changed.names, changed.mail, set(changed.categories)) == ({"ko": "새 이름"}, MailPlan(), {"cameras"})
