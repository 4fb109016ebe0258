"""Sign-ins, one-time links and second factors behave alike on SQLite and PostgreSQL."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from msgspec.structs import replace

from signaling.records import Changed, OidcSettings, Records, SignInRecord, SignInRules, StaffRecord, version_of
from signaling.records.sign_ins import NoProvider, rules_of

JIMIN = StaffRecord(id="jimin", login="jimin", name="Jimin", role="counselor", password_hash="old")
SUHO = StaffRecord(id="suho", login="suho", name="Suho", role="counselor", password_hash="his")


async def signed_in(records: Records, *hashes: str, staff: str = "jimin") -> None:
    for number, each in enumerate(hashes):
        await records.add_sign_in(SignInRecord(token_hash=each, staff=staff, created_at=number, expires_at=100))


async def left(records: Records, staff: str = "jimin") -> list[str]:
    return [each.token_hash for each in await records.sign_ins_of(staff)]


async def test_sign_ins_are_listed_and_ended_by_their_owner(records: Records) -> None:
    for member in (JIMIN, SUHO):
        await records.save_staff(member)
    await signed_in(records, "a" * 64, "b" * 64, "c" * 64)
    await signed_in(records, "d" * 64, staff="suho")
    assert await left(records) == ["c" * 64, "b" * 64, "a" * 64], "the newest first"
    assert not await records.end_sign_in("jimin", "d" * 16)
    assert not await records.end_sign_in("jimin", "b" * 15)
    assert await records.end_sign_in("jimin", "b" * 16)
    assert await records.end_other_sign_ins("jimin", "a" * 64) == 1
    assert await left(records) == ["a" * 64]
    assert await left(records, "suho") == ["d" * 64]


async def test_password_changes_once_and_keeps_one_sign_in(records: Records) -> None:
    await records.save_staff(JIMIN)
    await signed_in(records, "here", "there")
    await records.add_reset_link("link", "jimin", 50)
    tries = await asyncio.gather(*(records.change_password("jimin", "old", f"new-{n}", "here") for n in range(4)))
    assert sorted(tries) == [False, False, False, True]
    assert await left(records) == ["here"]
    assert await records.reset_link_owner("link", 1) is None, "an open link would undo the change"


async def test_link_is_used_once_even_by_concurrent_tries(records: Records) -> None:
    await records.save_staff(JIMIN)
    await signed_in(records, "here")
    await records.add_reset_link("first", "jimin", 50)
    await records.add_reset_link("link", "jimin", 50)
    assert await records.use_reset_link("first", "new", 1) is None, "a newer link replaced it"
    assert await records.use_reset_link("link", "new", 50) is None, "it is too old"
    tries = await asyncio.gather(*(records.use_reset_link("link", f"new-{n}", 49) for n in range(4)))
    assert sorted(tries, key=str) == [None, None, None, "jimin"]
    assert await left(records) == []
    member = await records.staff("jimin")
    assert member is not None
    assert member.password_hash.startswith("new-")


@pytest.mark.parametrize(
    ("change", "works"),
    [
        ({"name": "J"}, True),
        ({"offices": ["supervisor"]}, True),
        ({"offices": ["owner"]}, False),
        ({"offices": ["administrator"]}, False),
        ({"password_hash": "new"}, False),
        ({"active": False}, False),
    ],
)
async def test_link_ends_with_what_its_maker_could_reach(records: Records, change: dict[str, Any], works: bool) -> None:
    await records.save_staff(JIMIN)
    await records.add_reset_link("link", "jimin", 50)
    await records.save_staff(replace(JIMIN, **change))
    assert (await records.reset_link_owner("link", 1) == "jimin") is works


async def test_choice_in_the_console_brings_nobody_back(records: Records) -> None:
    """While a member saves a personal setting in the console, an operator deactivates or removes this member."""
    await records.save_staff(JIMIN)
    await records.save_staff(replace(JIMIN, active=False))
    await records.save_texts_in_call("jimin", on=False)
    member = await records.staff("jimin")
    assert member is not None
    assert (member.active, member.texts_in_call) == (False, False)
    await records.remove_staff("jimin")
    await records.save_texts_in_call("jimin", on=True)
    assert await records.staff("jimin") is None


async def test_expired_links_are_purged(records: Records) -> None:
    await records.save_staff(JIMIN)
    await records.add_reset_link("link", "jimin", 50)
    await records.purge(51)
    assert await records.reset_link_owner("link", 1) is None


async def test_codes_are_used_once_even_by_concurrent_tries(records: Records) -> None:
    await records.save_staff(JIMIN)
    assert await records.begin_totp("jimin", "seed")
    tries = await asyncio.gather(*(records.confirm_totp("jimin", 7, ["code"]) for _ in range(4)))
    assert sorted(tries) == [False, False, False, True]
    assert await records.recovery_codes_left("jimin") == 1
    assert not await records.use_totp_step("jimin", 6), "an older code"
    assert not await records.begin_totp("jimin", "other"), "the confirmed app stays"
    await records.set_recovery_codes("jimin", ["one", "two"])
    tries = await asyncio.gather(*(records.use_recovery_code("jimin", "one") for _ in range(4)))
    assert sorted(tries) == [False, False, False, True]
    assert await records.recovery_codes_left("jimin") == 1


async def test_lost_factors_are_removed_with_their_sign_ins(records: Records) -> None:
    await records.save_staff(JIMIN)
    await signed_in(records, "here")
    await records.begin_totp("jimin", "seed")
    await records.set_recovery_codes("jimin", ["one"])
    await records.remove_factors("jimin")
    assert await records.totp("jimin") is None
    assert await records.recovery_codes_left("jimin") == 0
    assert await left(records) == []


async def test_proof_and_rules_are_stored(records: Records) -> None:
    await records.save_staff(JIMIN)
    await records.add_sign_in(SignInRecord(token_hash="h", staff="jimin", created_at=1, expires_at=2, limited=True))
    await records.prove("h", 9)
    [sign_in] = await records.sign_ins_of("jimin")
    assert (sign_in.proved_at, sign_in.limited) == (9, True)
    await records.prove("h", 10, limited=False)
    [sign_in] = await records.sign_ins_of("jimin")
    assert (sign_in.proved_at, sign_in.limited) == (10, False)
    assert await records.sign_in_rules() == SignInRules(second_factor="off")
    for wanted in ("required", "off", "required"):
        await records.save_sign_in_rules(SignInRules(second_factor=wanted))
        assert (await records.sign_in_rules()).second_factor == wanted


async def test_stricter_rule_of_installation_and_organisation_counts(records: Records) -> None:
    assert await records.rules_for("acme") == SignInRules()
    await records.save_sign_in_rules(SignInRules(second_factor="required", hours=24))
    await records.save_oidc_settings(OidcSettings(issuer="https://id.example", client_id="c"))
    await records.save_sign_in_rules(SignInRules(provider="only", hours=8), rules_of("acme"))
    assert await records.rules_for("acme") == SignInRules(second_factor="required", provider="only", hours=8)
    assert await records.rules_for("main") == SignInRules(second_factor="required", hours=24)
    await records.save_sign_in_rules(SignInRules(hours=48), rules_of("acme"))
    assert (await records.rules_for("acme")).life_ms == 24 * 3_600_000, "an organisation cannot loosen a rule for everybody"
    assert set(await records.all_sign_in_rules()) == {"installation", "organisation/acme"}


async def test_of_two_first_rules_at_once_one_is_stored(records: Records) -> None:
    unset = version_of(SignInRules())
    tries = (records.save_sign_in_rules(SignInRules(hours=n), expected=unset) for n in range(1, 5))
    done = await asyncio.gather(*tries, return_exceptions=True)
    assert [type(each) for each in done if each is not None] == [Changed] * 3
    assert (await records.sign_in_rules()).hours == done.index(None) + 1


async def test_rule_for_the_provider_needs_it_and_keeps_it(records: Records) -> None:
    settings = OidcSettings(issuer="https://id.example", client_id="c")
    only = SignInRules(provider="only")
    with pytest.raises(NoProvider):
        await records.save_sign_in_rules(only)
    await records.save_oidc_settings(settings)
    await records.save_sign_in_rules(only, rules_of("acme"))
    for other in (None, replace(settings, issuer="https://other.example")):
        with pytest.raises(NoProvider):
            await records.save_oidc_settings(other)
    await records.save_oidc_settings(replace(settings, name="Acme"))
    await records.save_sign_in_rules(SignInRules(), rules_of("acme"))
    for _ in range(5):  # two changes at the same time must not leave the rule "only" without a provider
        await records.save_oidc_settings(settings)
        await asyncio.gather(records.save_sign_in_rules(only), records.save_oidc_settings(None), return_exceptions=True)
        alone = (await records.sign_in_rules()).provider == "only"
        assert alone == (await records.oidc_settings() is not None)
        await records.save_sign_in_rules(SignInRules())
