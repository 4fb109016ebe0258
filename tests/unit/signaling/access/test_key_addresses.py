"""A partner publishes keys. The service fetches these keys only when it needs them, and at most once a minute.

While the partner's address does not respond, the service keeps using the keys that it fetched last.
"""

from __future__ import annotations

import asyncio
import json

import pytest
from joserfc.jwk import OKPKey

from signaling.access import codes, key_addresses
from signaling.access.codes import CodeRefused, Codes
from signaling.access.key_addresses import AGAIN_MS, FRESH_MS, KEPT_MS, MOST_WAITING, KeyAddresses, NotFetched
from signaling.records import SiteKey
from tests import PATIENCE_S
from tests.unit.signaling.access import test_codes as base
from tests.unit.signaling.access.test_signing_keys import jwk, signed

pytestmark = pytest.mark.filterwarnings("ignore:EdDSA is deprecated")

AT = "https://shop.example/jwks.json"
OLD, NEW = OKPKey.generate_key("Ed25519"), OKPKey.generate_key("Ed25519")


class Partner:
    """The address at which a partner publishes keys, and a clock.

    `away`: whether the address is down. `asked`: how often the service has fetched keys from the address.
    """

    def __init__(self) -> None:
        self.now = base.NOW
        self.keys = {"old": OLD}
        self.away = False
        self.asked = 0
        self.answers = asyncio.Event()
        self.answers.set()
        self.known = KeyAddresses(self.fetch, lambda: self.now)

    async def fetch(self, address: str) -> bytes:
        assert address == AT
        self.asked += 1
        await self.answers.wait()
        if self.away:
            raise NotFetched("503")
        return json.dumps({"keys": [jwk(key, kid=kid) for kid, key in self.keys.items()]}).encode()

    async def has(self, kid: str) -> bool | None:
        """Prepare the check of an identification code that names this key. Return whether the service then knows the key.

        Return None if the service knows no keys of this partner at all.
        """
        await self.known.prepare(AT, kid)
        keys = self.known.keys(AT)
        return None if keys is None else kid in keys


@pytest.fixture
def partner() -> Partner:
    return Partner()


async def test_keys_are_fetched_once_and_remembered(partner: Partner) -> None:
    assert await partner.has("old")
    assert [await partner.has("old") for _ in range(20)] == [True] * 20
    assert partner.asked == 1


async def test_new_key_is_found_at_once_and_a_removed_one_within_ten_minutes(partner: Partner) -> None:
    assert await partner.has("old")
    partner.now += AGAIN_MS
    partner.keys = {"new": NEW}
    assert await partner.has("new")
    assert not await partner.has("old")
    partner.keys = {"old": OLD}
    partner.now += FRESH_MS + 1
    assert not await partner.has("new")


async def test_partner_that_removes_its_last_key_is_believed(partner: Partner) -> None:
    assert await partner.has("old")
    partner.keys = {}
    partner.now += FRESH_MS + 1
    assert await partner.has("old") is False
    with pytest.raises(NotFetched):  # the person who sets up the address learns that the address has no keys
        await partner.known.look(AT)


async def test_flood_of_unknown_keys_asks_once_a_minute(partner: Partner) -> None:
    assert await partner.has("old")
    for minute in range(1, 4):
        partner.now += AGAIN_MS
        await asyncio.gather(*(partner.known.prepare(AT, f"stranger-{n}") for n in range(500)))
        assert partner.asked == 1 + minute
        assert await partner.has("old")
    assert partner.asked == 4


async def test_flood_at_a_silent_address_delays_nobody_with_a_known_key(partner: Partner) -> None:
    assert await partner.has("old")
    partner.now += AGAIN_MS
    partner.answers.clear()
    flood = [asyncio.create_task(partner.known.prepare(AT, f"stranger-{n}")) for n in range(MOST_WAITING + 50)]
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert sum(each.done() for each in flood) == 50
    async with asyncio.timeout(PATIENCE_S):
        assert await partner.has("old")
    partner.answers.set()
    await asyncio.gather(*flood)
    assert partner.asked == 2


async def test_keys_stay_for_three_days_while_the_address_is_away(partner: Partner) -> None:
    assert await partner.has("old")
    partner.away = True
    for _ in range(KEPT_MS // FRESH_MS):
        partner.now += FRESH_MS
        assert await partner.has("old")
    partner.now += 1
    assert await partner.has("old") is None
    partner.away = False
    partner.now += AGAIN_MS
    assert await partner.has("old")


async def test_slow_address_holds_nobody_up_for_long(partner: Partner, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(key_addresses, "WAIT_S", 0.05)
    partner.answers.clear()
    assert await partner.has("old") is None
    partner.answers.set()
    partner.now += AGAIN_MS
    assert await partner.has("old")
    partner.answers.clear()
    partner.now += FRESH_MS + 1
    assert await partner.has("old"), "its last keys serve on"
    await partner.known.close()


async def test_close_ends_requests_under_way(partner: Partner) -> None:
    partner.answers.clear()
    waiting = asyncio.create_task(partner.known.prepare(AT, "old"))
    await asyncio.sleep(0)
    await partner.known.close()
    async with asyncio.timeout(PATIENCE_S):
        await waiting


async def test_only_so_many_addresses_are_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(key_addresses, "MOST_KNOWN", 3)

    async def fetch(_: str) -> bytes:
        return json.dumps({"keys": [jwk(OLD, kid="old")]}).encode()

    known = KeyAddresses(fetch, lambda: base.NOW)
    for n in range(5):
        await known.prepare(f"{AT}?{n}", "old")
    assert [known.keys(f"{AT}?{n}") is not None for n in range(5)] == [False, False, True, True, True]


class OneSite(base.FakeRecords):
    """Takes the place of the database. Has one site, whose partner publishes keys."""

    async def site(self, site_id: str) -> base.Site | None:
        site = await super().site(site_id)
        return base.replace(site, keys=[SiteKey(kid="jwks", address=AT)]) if site else None


async def test_code_is_exchanged_by_a_published_key(partner: Partner) -> None:
    desk = Codes(OneSite(), base.SERVER, partner.known)
    code = signed("EdDSA", "old", OLD)

    async def exchanged() -> str:
        try:
            await desk.prepare(code)
            return (await desk.exchange(code, address="192.0.2.1", now=base.NOW)).kind
        except CodeRefused as error:
            return error.reason

    partner.away = True
    assert await exchanged() == "keys_unavailable"
    partner.away = False
    partner.now += AGAIN_MS
    assert await exchanged() == "partner"
    assert await exchanged() == "replayed"
    for text in ("", "a.b.c", signed("EdDSA", "jwks", OLD), codes.sign(base.CLAIMS, "server", b"x" * 32)):
        await desk.prepare(text)
