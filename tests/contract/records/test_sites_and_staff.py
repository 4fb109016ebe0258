"""Sites, staff and thresholds behave alike on SQLite and PostgreSQL."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from signaling.records import Category, Records, SignInRecord, StaffRecord, Threshold
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


async def test_thresholds_are_replaced_as_a_whole(records: Records) -> None:
    assert await records.thresholds() == []
    await records.save_thresholds([Threshold(figure="waiting", amber=3, red=8), Threshold(figure="level", amber=80.5, red=60)])
    await records.save_thresholds([Threshold(figure="level", amber=70, red=50)])
    assert await records.thresholds() == [Threshold(figure="level", amber=70, red=50)]
