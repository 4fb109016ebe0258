"""Second factors: an authenticator app, recovery codes, and the rule that requires a second factor."""

from __future__ import annotations

import time
from typing import Any

import pyotp
import pytest

from signaling.access.identity import COOKIE, token_hash
from signaling.records import SignInRules
from signaling.server.http.factors import PROOF_MS

from .conftest import Desk, refused

BODY = {"login": "jimin", "password": "jimin-demo"}


async def post(desk: Desk, path: str, cookie: dict[str, str], body: Any = None) -> dict[str, Any]:
    reply = await desk.post(path, body if body is not None else {}, headers=cookie)
    assert reply.status == 200, await reply.text()
    return dict(await reply.json())


async def with_app(desk: Desk, cookie: dict[str, str]) -> tuple[pyotp.TOTP, list[str]]:
    """Set up an authenticator app for the signed-in member. Return the app and the recovery codes."""
    made = await post(desk, "/api/second-factors/app", cookie)
    app = pyotp.TOTP(made["secret"])
    assert app.secret == pyotp.parse_uri(made["address"]).secret
    found = await post(desk, "/api/second-factors/app/confirm", cookie, {"code": app.now()})
    return app, found["recovery_codes"]


def next_code(app: pyotp.TOTP) -> str:
    """Return the app's code of the next time step, because the code of the present time step has been used.

    The server also accepts the next code, because clocks differ.
    """
    return app.at(time.time() + 30)


async def test_app_is_asked_for_at_the_next_sign_in(desk: Desk) -> None:
    app, _ = await with_app(desk, await desk.cookie_of("jimin"))
    asked = await desk.post("/api/sign-in", BODY)
    assert await refused(asked) == (401, "code_needed")
    assert COOKIE not in asked.cookies
    wrong = await desk.post("/api/sign-in", BODY | {"password": "guess", "code": next_code(app)})
    assert await refused(wrong) == (401, "wrong_credentials")
    assert (await desk.post("/api/sign-in", BODY | {"code": next_code(app)})).status == 200


async def test_code_is_used_once(desk: Desk) -> None:
    app, _ = await with_app(desk, await desk.cookie_of("jimin"))
    code = next_code(app)
    assert (await desk.post("/api/sign-in", BODY | {"code": code})).status == 200
    assert await refused(await desk.post("/api/sign-in", BODY | {"code": code})) == (403, "wrong_code")


async def test_codes_cannot_be_guessed(desk: Desk) -> None:
    app, codes = await with_app(desk, await desk.cookie_of("jimin"))
    for number in range(5):
        address = {"X-Forwarded-For": f"198.51.100.{number}"}
        reply = await desk.post("/api/sign-in", BODY | {"code": f"{number:06}"}, headers=address)
        assert (await refused(reply))[1] == "wrong_code"
    found = await (await desk.get("/api/operator/audit", headers=await desk.cookie_of("ops"))).json()
    assert [each["action"] for each in found["items"]].count("sign_in.refused") == 5
    for code in (next_code(app), codes[0]):
        reply = await desk.post("/api/sign-in", BODY | {"code": code}, headers={"X-Forwarded-For": "198.51.100.99"})
        assert await refused(reply) == (429, "too_many_sign_ins")


async def test_recovery_code_signs_in_once(desk: Desk) -> None:
    _, codes = await with_app(desk, await desk.cookie_of("jimin"))
    signed_in = await desk.post("/api/sign-in", BODY | {"code": codes[3].upper().replace("-", " ")})
    assert signed_in.status == 200
    assert await refused(await desk.post("/api/sign-in", BODY | {"code": codes[3]})) == (403, "wrong_code")
    cookie = {"Cookie": f"{COOKIE}={signed_in.cookies[COOKIE].value}"}
    left = await (await desk.get("/api/second-factors", headers=cookie)).json()
    assert left == {"app": True, "recovery_codes": 9, "passkeys": [], "required": False, "by_provider": False}
    fresh = await post(desk, "/api/second-factors/recovery-codes", cookie)
    assert not set(fresh["recovery_codes"]) & set(codes)
    assert (await desk.post("/api/sign-in", BODY | {"code": codes[4]})).status == 403
    assert (await desk.post("/api/sign-in", BODY | {"code": fresh["recovery_codes"][0]})).status == 200


async def test_unconfirmed_app_is_not_asked_for(desk: Desk) -> None:
    cookie = await desk.cookie_of("jimin")
    first = await post(desk, "/api/second-factors/app", cookie)
    second = await post(desk, "/api/second-factors/app", cookie)
    assert first["secret"] != second["secret"]
    body = {"code": pyotp.TOTP(first["secret"]).now()}
    assert await refused(await desk.post("/api/second-factors/app/confirm", body, headers=cookie)) == (403, "wrong_code")
    assert (await desk.post("/api/sign-in", BODY)).status == 200


async def test_second_app_needs_the_first_removed(desk: Desk) -> None:
    cookie = await desk.cookie_of("jimin")
    await with_app(desk, cookie)
    assert await refused(await desk.post("/api/second-factors/app", {}, headers=cookie)) == (409, "app_exists")
    await post(desk, "/api/second-factors/app/remove", cookie)
    assert (await desk.post("/api/sign-in", BODY)).status == 200
    await with_app(desk, cookie)


async def test_changes_need_a_fresh_proof(desk: Desk) -> None:
    cookie = await desk.cookie_of("jimin")
    right = token_hash(cookie["Cookie"].partition("=")[2])
    sign_in = await desk.records.sign_in(right)
    assert sign_in is not None
    await desk.records.prove(right, sign_in.proved_at - PROOF_MS - 1)
    assert await refused(await desk.post("/api/second-factors/app", {}, headers=cookie)) == (403, "prove_first")
    assert (await desk.post("/api/prove", {"password": "guess"}, headers=cookie)).status == 403
    await post(desk, "/api/prove", cookie, {"password": "jimin-demo"})
    await with_app(desk, cookie)


async def test_required_factor_must_be_set_up_before_anything_else(desk: Desk) -> None:
    operator = await desk.cookie_of("ops")
    await desk.records.save_sign_in_rules(SignInRules(second_factor="required"))
    assert (await desk.get("/api/me", headers=operator)).status == 200, "nobody is thrown out of their work"
    signed_in = await desk.post("/api/sign-in", BODY)
    assert (await signed_in.json())["must_set_up"]
    cookie = {"Cookie": f"{COOKIE}={signed_in.cookies[COOKIE].value}"}
    assert await refused(await desk.get("/api/replies", headers=cookie)) == (401, "signed_out")
    others = await desk.post("/api/sign-ins/end-others", {}, headers=cookie)
    assert await refused(others) == (401, "signed_out")
    assert (await (await desk.get("/api/me", headers=cookie)).json())["must_set_up"]
    await with_app(desk, cookie)
    assert (await desk.get("/api/replies", headers=cookie)).status == 200
    assert not (await (await desk.get("/api/me", headers=cookie)).json())["must_set_up"]


@pytest.mark.parametrize("path", ["app", "app/confirm", "app/remove", "recovery-codes"])
async def test_nobody_changes_factors_without_signing_in(desk: Desk, path: str) -> None:
    reply = await desk.post(
        f"/api/second-factors/{path}",
        {"code": "123456"},
        origin="http://counselor.localhost:8080",
        headers={"Cookie": f"{COOKIE}=forged"},
    )
    assert await refused(reply) == (401, "signed_out")


async def test_seed_is_not_readable_in_the_records(desk: Desk) -> None:
    made = await post(desk, "/api/second-factors/app", await desk.cookie_of("jimin"))
    stored = await desk.records.totp("jimin")
    assert stored is not None
    assert made["secret"] not in stored.seed


async def test_password_alone_does_not_get_past_a_factor_set_up_meanwhile(desk: Desk) -> None:
    """A stranger who knows the password signs in before the account's owner sets up a second factor.

    After that, the stranger cannot set up a second factor of their own.
    """
    await desk.records.save_sign_in_rules(SignInRules(second_factor="required"))
    stranger, owner = await desk.cookie_of("jimin"), await desk.cookie_of("jimin")
    await with_app(desk, owner)
    await post(desk, "/api/prove", stranger, {"password": "jimin-demo"})
    for path in ("passkeys/begin", "second-factors/app"):
        assert await refused(await desk.post(f"/api/{path}", {}, headers=stranger)) == (401, "signed_out")
    assert (await desk.post("/api/passkeys/begin", {}, headers=owner)).status == 200


async def test_wide_digits_of_a_korean_keyboard_are_digits(desk: Desk) -> None:
    cookie = await desk.cookie_of("jimin")
    made = await post(desk, "/api/second-factors/app", cookie)
    wide = str.maketrans("0123456789", "０１２３４５６７８９")
    app = pyotp.TOTP(made["secret"])
    assert await refused(await desk.post("/api/second-factors/app/confirm", {"code": "비밀번호"}, headers=cookie)) == (
        403,
        "wrong_code",
    )
    await post(desk, "/api/second-factors/app/confirm", cookie, {"code": app.now().translate(wide)})
    assert (await desk.post("/api/sign-in", BODY | {"code": next_code(app).translate(wide)})).status == 200
