"""Before the server starts, store what the load bench needs: twenty sites, a thousand counselors and their sign-ins."""

from __future__ import annotations

import secrets
import time
from dataclasses import dataclass

from signaling.access.codes import Claims, new_secret, secret_bytes, sign
from signaling.access.identity import SIGN_IN_LIFE_MS, token_hash
from signaling.records import Records
from signaling.records.types import Category, SignInRecord, Site, SiteKey, StaffRecord

SITES = 20
CATEGORIES = ("orders", "returns")
KID = "load"
CALLS = "calls"
"""Site of the monitored calls. Its counselors serve no other site, so its users never wait behind users of other sites."""


@dataclass(frozen=True)
class Seeded:
    """The stored installation.

    `keys`: site → the secret with which its back end signs identification codes. `cookies`: the sign-in cookie of each counselor.
    `callers`: the cookies of the counselors of the site `CALLS`.
    """

    keys: dict[str, str]
    cookies: list[str]
    callers: list[str]

    def code(self, number: int, server_name: str) -> str:
        """Return an identification code for the user with this number. The user's site signs the code."""
        return self.code_of(f"shop-{number % SITES}", CATEGORIES[number // SITES % len(CATEGORIES)], server_name)

    def code_of(self, site: str, category: str, server_name: str) -> str:
        now = int(time.time())
        claims = Claims(
            site=site, category=category, language="en", server=server_name, jti=secrets.token_urlsafe(16), iat=now, exp=now + 600
        )
        return sign(claims, KID, secret_bytes(self.keys[site]))


async def seed(database_url: str, counselors: int, callers: int) -> Seeded:
    records = await Records.open(database_url)
    try:
        keys = {site: new_secret() for site in (*(f"shop-{number}" for number in range(SITES)), CALLS)}
        for site, secret in keys.items():
            categories = {each: Category(id=each, names={"en": each.title()}) for each in CATEGORIES}
            kept = [SiteKey(kid=KID, secret=secret)]
            await records.save_site(Site(id=site, names={"en": site.title()}, languages=["en"], categories=categories, keys=kept))
        cookies = [
            await _counselor(records, f"c{number}", f"shop-{number % SITES}", f"shop-{(number + 1) % SITES}")
            for number in range(counselors)
        ]
        return Seeded(keys, cookies, [await _counselor(records, f"caller{number}", CALLS) for number in range(callers)])
    finally:
        await records.close()


async def _counselor(records: Records, login: str, *sites: str) -> str:
    token, now = secrets.token_urlsafe(32), time.time_ns() // 1_000_000
    await records.save_staff(
        StaffRecord(id=login, login=login, name=login.title(), role="counselor", languages=["en"], sites=list(sites))
    )
    await records.add_sign_in(
        SignInRecord(token_hash=token_hash(token), staff=login, created_at=now, expires_at=now + SIGN_IN_LIFE_MS)
    )
    return token
