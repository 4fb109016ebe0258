from __future__ import annotations

from collections.abc import Iterable

import argon2
import pytest
from aiohttp import web
from msgspec.structs import replace

from signaling.access import identity
from signaling.access.factors import Factors
from signaling.access.identity import IDLE_MS, SIGN_IN_LIFE_MS, Given, Identity
from signaling.access.sign_in_refused import SignInRefused
from signaling.config.seal import Seal
from signaling.live.clock import wall_clock_ms
from signaling.records import Audited, PasskeyRecord, SignInRecord, SignInRules, StaffRecord, TotpRecord

NOW = 1_790_000_000_000
PASSWORD = "correct horse"
# the hashes of this hasher are cheap to make and to verify
QUICK = argon2.PasswordHasher(time_cost=1, memory_cost=64, parallelism=1)
JIMIN = StaffRecord(id="jimin", login="jimin", name="Jimin", role="counselor", password_hash=QUICK.hash(PASSWORD))


class FakeRecords:
    def __init__(self) -> None:
        self.sign_ins: dict[str, SignInRecord] = {}
        self.people = {"jimin": JIMIN}
        self.audits: list[tuple[str, str, str, str]] = []
        self.rules = SignInRules()

    async def rules_for(self, organisation: str) -> SignInRules:
        return self.rules

    async def totp(self, staff: str) -> TotpRecord | None:
        return None

    async def passkeys(self, staff: str) -> list[PasskeyRecord]:
        return []

    async def staff_by_login(self, login: str) -> StaffRecord | None:
        return self.people.get(login)

    async def staff(self, staff_id: str) -> StaffRecord | None:
        return self.people.get(staff_id)

    async def add_sign_in(self, record: SignInRecord, *, password_hash: str | None = None, audit: Iterable[Audited] = ()) -> bool:
        self.sign_ins[record.token_hash] = record
        self.audits += [(each.actor, each.action, each.subject, each.detail) for each in audit]
        return True

    async def audit(self, actor: str, action: str, subject: str, detail: str = "") -> None:
        self.audits.append((actor, action, subject, detail))

    async def saw_sign_in(self, token_hash: str, now: int) -> None:
        self.sign_ins[token_hash] = replace(self.sign_ins[token_hash], seen_at=now)

    async def signed_in(self, token_hash: str) -> tuple[SignInRecord, StaffRecord] | None:
        found = self.sign_ins.get(token_hash)
        member = self.people.get(found.staff) if found else None
        return (found, member) if found and member else None

    async def sign_in(self, token_hash: str) -> SignInRecord | None:
        return self.sign_ins.get(token_hash)

    async def remove_sign_in(self, token_hash: str) -> bool:
        return self.sign_ins.pop(token_hash, None) is not None


@pytest.fixture
def records() -> FakeRecords:
    return FakeRecords()


@pytest.fixture
def door(records: FakeRecords) -> Identity:
    return Identity(records, Factors(records, Seal(b"x" * 32), "Sangdam", wall_clock_ms))


async def sign_in(door: Identity, password: str = PASSWORD, *, login: str = "jimin", address: str = "192.0.2.1") -> str:
    return (await door.sign_in(Given(login, password, address=address, device="Chrome · Windows"), NOW)).token


async def test_right_password_signs_in(door: Identity, records: FakeRecords) -> None:
    token = await sign_in(door, login=" Jimin ")
    assert await door.who_holds(token, NOW) == JIMIN
    assert token not in records.sign_ins, "only its hash is stored"


async def test_sign_in_expires(door: Identity, records: FakeRecords) -> None:
    token = await sign_in(door)
    for now in range(NOW, NOW + SIGN_IN_LIFE_MS, IDLE_MS // 2):
        assert await door.who_holds(token, now)
    assert await door.who_holds(token, NOW + SIGN_IN_LIFE_MS - 1)
    assert await door.who_holds(token, NOW + SIGN_IN_LIFE_MS) is None


async def test_unused_sign_in_expires(door: Identity) -> None:
    token = await sign_in(door)
    assert await door.who_holds(token, NOW + IDLE_MS - 1)
    assert await door.who_holds(token, NOW + 2 * IDLE_MS - 2), "it was used in between"
    assert await door.who_holds(token, NOW + 3 * IDLE_MS) is None


async def test_removed_staff_have_no_sign_in(door: Identity, records: FakeRecords) -> None:
    token = await sign_in(door)
    records.people.clear()
    assert await door.who_holds(token, NOW) is None


@pytest.mark.parametrize(("login", "password"), [("jimin", "wrong horse"), ("nobody", PASSWORD), ("jimin", ""), ("", "")])
async def test_wrong_login_and_wrong_password_give_the_same_error(door: Identity, login: str, password: str) -> None:
    with pytest.raises(SignInRefused, match="wrong_credentials"):
        await sign_in(door, password, login=login)


async def test_staff_without_a_password_cannot_sign_in(door: Identity, records: FakeRecords) -> None:
    records.people["jimin"] = replace(JIMIN, password_hash="")
    with pytest.raises(SignInRefused, match="wrong_credentials"):
        await sign_in(door, "")


async def test_password_guessing_is_limited_by_login_and_address(door: Identity) -> None:
    for _ in range(6):
        with pytest.raises(SignInRefused, match="wrong_credentials"):
            await sign_in(door, "guess")
    with pytest.raises(SignInRefused, match="too_many_sign_ins"):
        await sign_in(door)
    assert await sign_in(door, address="198.51.100.9"), "the real Jimin, elsewhere, is not locked out"


async def test_guesses_from_many_networks_lock_nobody_out_at_their_own(door: Identity, monkeypatch: pytest.MonkeyPatch) -> None:
    await sign_in(door)
    # replace the check of passwords by a cheap one, because the test makes 40 guesses
    monkeypatch.setattr(identity, "_fits", lambda password_hash, password: password == PASSWORD)
    refusals = set()
    for number in range(40):
        with pytest.raises(SignInRefused) as refused:
            await sign_in(door, "guess", address=f"198.51.{number}.1")
        refusals.add(refused.value.reason)
    assert refusals == {"wrong_credentials", "too_many_sign_ins"}, "in the end the login is closed to strangers"
    assert await sign_in(door)


async def test_required_second_factor_limits_the_sign_in(door: Identity, records: FakeRecords) -> None:
    records.rules = SignInRules(second_factor="required")
    token = await sign_in(door)
    assert await door.who_holds(token, NOW) is None
    limited = await door.sign_in_of(token, NOW)
    assert limited is not None
    assert limited.limited


async def test_provider_only_refuses_a_right_password_and_hours_limit_a_sign_in(door: Identity, records: FakeRecords) -> None:
    records.rules = SignInRules(hours=2)
    token = await sign_in(door)
    found = await door.sign_in_of(token, NOW)
    assert found is not None
    assert found.expires_at == NOW + 2 * 3_600_000
    records.rules = SignInRules(provider="only")
    for password, reason in ((PASSWORD, "provider_only"), ("guess", "wrong_credentials")):
        with pytest.raises(SignInRefused) as refused:
            await sign_in(door, password)
        assert refused.value.reason == reason


async def test_sign_in_says_where_it_was_made(door: Identity, records: FakeRecords) -> None:
    await sign_in(door, address="192.0.2.77")
    [made] = records.sign_ins.values()
    assert (made.device, made.network, made.proved_at) == ("Chrome · Windows", "192.0.2.0/24", NOW)


async def test_foreign_token_identifies_nobody(door: Identity) -> None:
    for token in ("", "x", "a" * 43):
        assert await door.who_holds(token, NOW) is None


@pytest.mark.parametrize(
    "password",
    [
        *("12345678", "password1", "Password123", "qwertyuiop", "aaaaaaaa", "a" * 200, "iloveyou!", "P@ssw0rd", "19901225"),
        *("asdfasdf", "sangdam1", "Jimin2026", "jiminjimin", "nimij123"),
    ],
)
def test_easily_guessed_password_is_refused(password: str) -> None:
    with pytest.raises(ValueError, match="one of the first"):
        identity.hash_password(password, "jimin", "Jimin")


@pytest.mark.parametrize("password", ["correct horse", "long enough words", "x7#qL0pv", "바다 건너 노란 우산", "unrelated " * 20])
def test_passphrase_of_unrelated_words_is_accepted(password: str) -> None:
    assert identity.hash_password(password, "jimin", "Jimin").startswith("$argon2id$")


async def test_refused_sign_ins_are_logged_and_audited_without_secrets(
    door: Identity, records: FakeRecords, capfd: pytest.CaptureFixture[str]
) -> None:
    for login, password in (("jimin", "my secret guess"), ("typed my passw0rd here", "jimin")):
        with pytest.raises(SignInRefused):
            await sign_in(door, password, login=login)
    assert records.audits == [
        ("unknown", "sign_in.refused", "staff/jimin", "192.0.2.1"),
        ("unknown", "sign_in.refused", "staff/unknown", "192.0.2.1"),
    ]
    logged = "".join(capfd.readouterr())
    assert logged.count("sign-in refused") == 2
    for secret in ("guess", "passw0rd", PASSWORD):
        assert secret not in logged


async def test_flood_of_unknown_logins_fills_neither_log_nor_audit(
    door: Identity, records: FakeRecords, monkeypatch: pytest.MonkeyPatch
) -> None:
    # check against a cheap hash, because 300 checks against an expensive hash would take a minute
    monkeypatch.setattr(identity, "_nobodys_hash", lambda: JIMIN.password_hash)
    for number in range(300):
        with pytest.raises(SignInRefused):
            await sign_in(door, "guess", login=f"nobody-{number}", address=f"198.51.{number % 250}.1")
    assert len(records.audits) == 100
    with pytest.raises(SignInRefused):
        await sign_in(door, "guess")
    assert records.audits[-1][2] == "staff/jimin", "tries of those who exist are noted all the same"


@pytest.mark.parametrize("password", ["", "short", "x" * 201])
def test_password_length_is_limited(password: str) -> None:
    with pytest.raises(ValueError, match="8 to 200"):
        identity.hash_password(password)


def test_cookie_is_host_only_and_hidden_from_scripts() -> None:
    response = web.Response()
    identity.set_cookie(response, "token")
    cookie = response.cookies["__Host-sangdam"].OutputString()
    for part in ("Secure", "HttpOnly", "SameSite=Lax", "Path=/"):
        assert part in cookie
    assert "Domain" not in cookie
