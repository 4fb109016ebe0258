"""The settings of the OpenID provider and passkeys behave alike on SQLite and PostgreSQL."""

from __future__ import annotations

import asyncio

import pytest
from msgspec.structs import replace

from signaling.records import (
    Changed,
    OidcSettings,
    PasskeyRecord,
    ProviderSignIn,
    Records,
    RoleRule,
    SignInRecord,
    StaffRecord,
    TooManyPasskeys,
    version_of,
)
from signaling.records.passkeys import MOST_PASSKEYS
from signaling.records.sign_ins import INSTALLATION

ISSUER = "https://id.example"
SETTINGS = OidcSettings(issuer=ISSUER, client_id="c", roles=[RoleRule(value="desk", role="counselor")], languages=["ko"])
NARI = StaffRecord(id="o-1", login="nari", name="나리", role="counselor")
PASSKEY = PasskeyRecord(
    id="p-1", staff="o-1", credential="c", public_key=b"\0\xff", sign_count=0, name="x", host="h", created_at=1
)


def sign_in(token: str) -> SignInRecord:
    return SignInRecord(token_hash=token, staff="o-1", created_at=1, expires_at=100)


async def vouched(records: Records, *hashes: str, sid: str = "") -> None:
    if await records.staff("o-1") is None:
        await records.save_staff(NARI)
    if await records.oidc_settings() is None:
        await records.save_oidc_settings(SETTINGS)
    for each in hashes:
        record = ProviderSignIn(token_hash=each, issuer=ISSUER, subject="nari", sid=sid or each, tokens="t", checked_at=10)
        assert await records.add_provider_sign_in(sign_in(each), record, INSTALLATION, SETTINGS)


async def left(records: Records) -> set[str]:
    return {each.token_hash for each in await records.sign_ins_of("o-1")}


async def test_settings_are_stored_and_another_client_ends_sign_ins(records: Records) -> None:
    assert await records.oidc_settings() is None
    await records.save_oidc_settings(SETTINGS)
    assert await records.oidc_settings() == SETTINGS
    await vouched(records, "a")
    await records.add_sign_in(sign_in("local"))
    await records.save_oidc_settings(replace(SETTINGS, name="회사"))
    assert await left(records) == {"a", "local"}
    with pytest.raises(Changed):  # somebody has renamed the provider since these settings were read
        await records.save_oidc_settings(replace(SETTINGS, client_id="other"), expected=version_of(SETTINGS))
    await records.save_oidc_settings(replace(SETTINGS, client_id="other"))
    assert await left(records) == {"local"}
    await records.save_oidc_settings(None)
    assert await records.oidc_settings() is None


@pytest.mark.parametrize("meanwhile", [None, replace(SETTINGS, client_id="other"), replace(SETTINGS, issuer="https://b.example")])
async def test_sign_in_that_began_at_a_former_provider_is_not_stored(records: Records, meanwhile: OidcSettings | None) -> None:
    await vouched(records)
    record = ProviderSignIn(token_hash="a", issuer=ISSUER, subject="nari", sid="", tokens="t", checked_at=10)
    await records.save_oidc_settings(meanwhile)
    assert not await records.add_provider_sign_in(sign_in("a"), record, INSTALLATION, SETTINGS)
    assert await left(records) == set()


async def test_change_of_the_provider_and_a_sign_in_at_once_leave_none_behind(records: Records) -> None:
    await vouched(records)
    hashes = [str(number) for number in range(20)]
    asked = [
        records.add_provider_sign_in(
            sign_in(each),
            ProviderSignIn(token_hash=each, issuer=ISSUER, subject="nari", sid="", tokens="t", checked_at=10),
            INSTALLATION,
            SETTINGS,
        )
        for each in hashes
    ]
    await asyncio.gather(*asked[:10], records.save_oidc_settings(None), *asked[10:])
    assert await left(records) == set()


async def test_two_first_sign_ins_at_once_add_one_member(records: Records) -> None:
    asked = [replace(NARI, id=f"o-{number}") for number in range(1, 6)]
    added = await asyncio.gather(*(records.add_staff_of_subject(ISSUER, "nari", each) for each in asked))
    assert [member.id for member in added] == [added[0].id] * 5
    assert await records.all_staff() == [added[0]]
    with pytest.raises(ValueError, match="login_taken"):
        await records.add_staff_of_subject(ISSUER, "another", replace(NARI, id="o-9"))
    assert await records.staff_of_subject(ISSUER, "another") is None


async def test_subject_leads_to_its_member_until_they_are_removed(records: Records) -> None:
    assert await records.add_staff_of_subject(ISSUER, "nari", NARI) == NARI
    assert await records.staff_of_subject(ISSUER, "nari") == NARI
    assert await records.staff_of_subject("https://other.example", "nari") is None
    await records.remove_staff("o-1")
    assert await records.staff_of_subject(ISSUER, "nari") is None


async def test_one_server_takes_a_check_that_is_due(records: Records) -> None:
    await vouched(records, "a", "b")
    assert await records.due_provider_sign_ins(10, 5, ISSUER) == []
    due = await records.due_provider_sign_ins(11, 1, ISSUER)
    assert len(due) == 1
    taken = await asyncio.gather(*(records.take_provider_check(due[0], 40) for _ in range(4)))
    assert sorted(taken) == [False, False, False, True]
    assert {each.token_hash for each in await records.due_provider_sign_ins(40, 5, ISSUER)} == {"a", "b"} - {due[0].token_hash}
    await records.save_provider_check(due[0].token_hash, tokens="new", failing_since=7)
    [found] = [each for each in await records.due_provider_sign_ins(99, 5, ISSUER) if each.token_hash == due[0].token_hash]
    assert (found.tokens, found.failing_since, found.checked_at) == ("new", 7, 40)


@pytest.mark.parametrize(
    ("who", "remaining"),
    [
        ({"subject": "nari"}, set()),
        ({"sid": "a"}, {"b"}),
        ({"subject": "nari", "sid": "a"}, {"b"}),
        ({"subject": "other"}, {"a", "b"}),
        ({}, {"a", "b"}),
    ],
)
async def test_logout_ends_the_sign_ins_that_it_names(records: Records, who: dict[str, str], remaining: set[str]) -> None:
    await vouched(records, "a", "b")
    assert await records.end_provider_sign_ins("https://other.example", **who) == []
    ended = await records.end_provider_sign_ins(ISSUER, **who)
    assert ended == (["o-1"] if len(remaining) < 2 else [])
    assert await left(records) == remaining


async def test_passkeys_belong_to_one_member_and_are_bounded(records: Records) -> None:
    await records.save_staff(NARI)
    assert await records.add_passkey(PASSKEY)
    assert not await records.add_passkey(PASSKEY)
    assert await records.passkey("p-1") == PASSKEY
    await records.used_passkey("p-1", 7, 99)
    assert not await records.rename_passkey("other", "p-1", "y")
    assert await records.rename_passkey("o-1", "p-1", "y")
    assert await records.passkeys("o-1") == [replace(PASSKEY, name="y", sign_count=7, used_at=99)]
    for number in range(2, MOST_PASSKEYS + 1):
        await records.add_passkey(replace(PASSKEY, id=f"p-{number}"))
    with pytest.raises(TooManyPasskeys):
        await records.add_passkey(replace(PASSKEY, id="one too many"))
    assert not await records.remove_passkey("other", "p-1")
    assert await records.remove_passkey("o-1", "p-1")
    await records.remove_factors("o-1")
    assert await records.passkeys("o-1") == []
