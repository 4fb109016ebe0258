"""Mails about staff accounts over real HTTP and SMTP: invitations, forgotten passwords, and sign-ins in a new browser."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from dataclasses import replace
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import msgspec
import pytest

from signaling.access.identity import COOKIE, DEVICE_COOKIE
from signaling.records import RecordsAway
from signaling.records.opening_hours import Hours
from signaling.records.outbox import MailRecord
from signaling.server import app_keys
from tests import PATIENCE_S
from tests.mail_server import Mails
from tests.peers.live_house import Service, running, settings_for

JIMIN = "jimin@shop.example"
NEW = "lantern under a blue river"


@pytest.fixture
async def service(tmp_path: Path, mails: Mails) -> AsyncIterator[Service]:
    async with running(replace(settings_for(tmp_path), mail=mails.settings())) as service:
        await change(service, "jimin", mail=JIMIN, locale="ja")
        yield service


async def change(service: Service, login: str, **values: Any) -> None:
    records = service.app[app_keys.RECORDS]
    member = await records.staff(login)
    assert member is not None
    await records.save_staff(msgspec.structs.replace(member, **values))


async def ask(service: Service, path: str, body: Any = None, cookie: str = "", role: Any = "counselor") -> tuple[int, Any, str]:
    """Return status, body, and the cookies that the response sets, in the form of a header for the next request."""
    headers = {
        "Origin": service.settings.staff_url(role),
        "Cookie": cookie,
        "User-Agent": "Mozilla/5.0 (X11; Linux) Firefox/120.0",
    }
    async with service.http.post(service.url + path, json=body, headers=headers) as response:
        kept = {name: each.value for name, each in response.cookies.items()}
        return response.status, await response.json(), "; ".join(f"{name}={value}" for name, value in kept.items())


async def sign_in(service: Service, *, new: str = "", cookie: str = "") -> tuple[int, str]:
    status, _, cookies = await ask(service, "/api/sign-in", {"login": "jimin", "password": new or "jimin-demo"}, cookie)
    return status, cookies


def token_in(mail: EmailMessage, mark: str) -> str:
    body = mail.get_body(("plain",))
    assert body is not None
    found = re.search(rf"/console#{mark}=([\w-]+)", body.get_content())
    assert found, body.get_content()
    return found[1]


async def outbox(service: Service) -> list[MailRecord]:
    return (await service.app[app_keys.RECORDS].mails())[0]


async def settled(service: Service) -> None:
    """Wait until the service has put all requested account mails into the outbox."""
    await service.app[app_keys.ACCOUNT_MAILS].close()


async def test_forgotten_password_is_replaced_by_a_link_that_works_once(service: Service, mails: Mails, capfd: Any) -> None:
    _, cookie = await sign_in(service)
    for unknown in ("nobody", "nobody@shop.example", "suho"):  # Suho has no mail address
        assert (await ask(service, "/api/password/forgot", {"login": unknown}))[:2] == (200, {})
    assert (await ask(service, "/api/password/forgot", {"login": " JIMIN@shop.example"}))[:2] == (200, {})
    mail = await mails.one("新しいパスワード")
    assert [each["To"] for each in mails.found] == [JIMIN]
    token = token_in(mail, "new-password")
    assert all(token not in str(each.args) for each in await outbox(service)), "the outbox holds no link"
    assert (await ask(service, "/api/password/reset", {"token": token, "new": NEW}))[:2] == (200, {"login": "jimin"})
    assert (await ask(service, "/api/password/reset", {"token": token, "new": NEW}))[1]["reason"] == "link_over"
    assert (await sign_in(service))[0] == 401
    assert (await sign_in(service, new=NEW, cookie=cookie))[0] == 200
    out = capfd.readouterr()
    assert not any(secret in out.out + out.err for secret in (token, JIMIN))


async def test_audit_says_who_was_mailed_a_link_for_a_forgotten_password(service: Service, mails: Mails) -> None:
    for login in ("nobody", "suho", "jimin"):  # Suho has no mail address
        assert (await ask(service, "/api/password/forgot", {"login": login}))[0] == 200
    await mails.one("新しいパスワード")
    await settled(service)
    entries, _ = await service.app[app_keys.RECORDS].audits()
    assert [(each.actor, each.subject) for each in entries if each.action == "password.mail"] == [("unknown", "staff/jimin")]


async def test_mail_that_came_twice_has_two_links_of_which_one_works(service: Service, mails: Mails) -> None:
    # the mail server reports a failure, but can have kept the mail nevertheless, so the mail can arrive twice
    mails.to_data = ["451 4.3.0 try again"]
    await ask(service, "/api/password/forgot", {"login": "jimin"})
    records = service.app[app_keys.RECORDS]
    async with asyncio.timeout(PATIENCE_S):
        while not any(each.why for each in await outbox(service)):
            await asyncio.sleep(0.02)
    service.skip(61)
    service.app[app_keys.POSTBOX].posted.set()
    token = token_in(await mails.one(), "new-password")
    await records.add_reset_link("the first try", "jimin", service.live.now() + 1000, alone=False)
    assert (await ask(service, "/api/password/reset", {"token": token, "new": NEW}))[0] == 200
    assert await records.reset_link_owner("the first try", service.live.now()) is None


async def test_requests_for_new_passwords_are_bounded_and_go_to_nobody_else(service: Service, mails: Mails) -> None:
    await change(service, "suho", mail="suho@shop.example", active=False)
    records = service.app[app_keys.RECORDS]
    jimin = await records.staff("jimin")
    assert jimin is not None
    minsu = msgspec.structs.replace(jimin, id="minsu", login="minsu", mail="minsu@shop.example")
    await records.add_staff_of_subject("https://idp.example", "1", minsu)  # this member signs in at the OpenID provider
    answers = [(await ask(service, "/api/password/forgot", {"login": login}))[0] for login in ("suho", "minsu", *("jimin",) * 9)]
    assert answers == [200] * 10 + [429]
    await settled(service)
    await mails.one()
    assert {each.kind for each in await outbox(service)} == {"password_reset"}
    assert {each["To"] for each in mails.found} == {JIMIN}
    assert len(await outbox(service)) <= 3


async def test_new_browser_is_told_of_and_its_sign_in_ended_from_the_mail(service: Service, mails: Mails) -> None:
    records = service.app[app_keys.RECORDS]
    shop = await records.site("demo-shop")
    assert shop is not None
    open_always = msgspec.structs.replace(shop.categories["cameras"], hours=Hours(timezone="Asia/Seoul"))
    await records.save_site(msgspec.structs.replace(shop, categories=shop.categories | {"cameras": open_always}))
    _, first = await sign_in(service)
    device = next(each for each in first.split("; ") if each.startswith(DEVICE_COOKIE))
    await sign_in(service, cookie=device)
    await settled(service)
    assert await outbox(service) == [], "neither the first browser nor one that is known"
    _, strange = await sign_in(service)
    # this sign-in causes no mail, because the service already knows this browser
    _, strange_again = await sign_in(service, cookie=strange)
    mail = await mails.one("新しい端末")
    body = mail.get_body(("plain",))
    assert body is not None
    text = body.get_content()
    assert "Firefox · Linux" in text
    assert "Asia/Seoul" in text, "in the time zone of the site"
    token = token_in(mail, "not-me")
    assert (await ask(service, "/api/sign-ins/stranger", {"token": "x" * 43}))[1]["reason"] == "link_over"
    assert (await ask(service, "/api/sign-ins/stranger", {"token": token}))[:2] == (200, {"login": "jimin"})
    assert (await ask(service, "/api/sign-ins/stranger", {"token": token}))[1]["reason"] == "link_over"
    statuses = {}
    for cookies in (first, strange, strange_again):
        right = next(each for each in cookies.split("; ") if each.startswith(f"{COOKIE}="))
        async with service.http.get(f"{service.url}/api/me", headers={"Cookie": right}) as me:
            statuses[cookies] = me.status
    assert statuses == {first: 200, strange: 401, strange_again: 401}
    await sign_in(service, cookie="; ".join(each for each in strange.split("; ") if each.startswith(DEVICE_COOKIE)))
    # the member has answered "not me", so the browser counts as new again, and its sign-in causes a second mail
    await mails.until(lambda found: len(found) == 2)


async def test_new_member_is_invited_by_mail_or_shown_the_link(service: Service, mails: Mails) -> None:
    _, _, cookie = await ask(service, "/api/sign-in", {"login": "ops", "password": "ops-demo"}, role="operator")
    settings = {"name": "Bora", "roles": ["counselor"], "languages": ["es"], "mail": " bora@Shop.example "}
    add = {"login": "bora2", "settings": settings}
    status, added, _ = await ask(service, "/api/settings/staff", add, cookie, "operator")
    assert (status, added["mailed"], added["link"]) == (200, "bora@shop.example", "")
    token = token_in(await mails.one("Invitación"), "new-password")
    _, again, _ = await ask(service, "/api/settings/staff/bora2/invite", None, cookie, "operator")
    assert again["mailed"]
    assert (await ask(service, "/api/password/reset", {"token": token, "new": NEW}))[:2] == (200, {"login": "bora2"})
    without = {"login": "bora3", "settings": settings | {"mail": ""}}
    _, shown, _ = await ask(service, "/api/settings/staff", without, cookie, "operator")
    assert (shown["mailed"], "/console#new-password=" in shown["link"]) == ("", True)
    bad = {"login": "bora4", "settings": settings | {"mail": "bora@shop.example\nBcc: all@shop.example"}}
    status, refused, _ = await ask(service, "/api/settings/staff", bad, cookie, "operator")
    assert (status, refused["fields"]) == (422, {"mail": "bad_mail"})


async def test_member_changes_their_own_address_by_the_link_sent_to_it(service: Service, mails: Mails) -> None:
    _, cookie = await sign_in(service)
    new = {"mail": " Jimin.new@Shop.example"}
    assert (await ask(service, "/api/account/mail", new))[0] == 403
    assert (await ask(service, "/api/account/mail", {"mail": "no address"}, cookie))[1]["reason"] == "bad_address"
    assert (await ask(service, "/api/account/mail", new, cookie))[:2] == (200, {})
    mail = await mails.one()
    assert mail["To"] == "Jimin.new@shop.example"
    token = token_in(mail, "confirm-mail")
    records = service.app[app_keys.RECORDS]
    member = await records.staff("jimin")
    assert member is not None
    assert member.mail == JIMIN, "until the link is pressed"
    assert all(token not in str(each.args) for each in await outbox(service))
    confirmed = await ask(service, "/api/account/mail/confirm", {"token": token})
    assert confirmed[:2] == (200, {"mail": "Jimin.new@shop.example"})
    assert (await ask(service, "/api/account/mail/confirm", {"token": token}))[1]["reason"] == "link_over"
    await mails.until(lambda found: len(found) == 2)
    told = mails.found[1]
    body = told.get_body(("plain",))
    assert body is not None
    assert (told["To"], "J…@shop.example" in body.get_content()) == (JIMIN, True)
    assert "#" not in body.get_content(), "the former address gets no link"
    async with service.http.get(f"{service.url}/api/account/mail", headers={"Cookie": cookie}) as own:
        assert await own.json() == {"mail": "Jimin.new@shop.example", "may_change": True}


@pytest.mark.parametrize("step", ["change_mail", "use_link"])
async def test_address_is_confirmed_after_the_database_has_failed(
    service: Service, mails: Mails, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    _, cookie = await sign_in(service)
    assert (await ask(service, "/api/account/mail", {"mail": "new@shop.example"}, cookie))[0] == 200
    link = {"token": token_in(await mails.one(), "confirm-mail")}

    async def away(*_: Any, **__: Any) -> None:
        raise RecordsAway

    with monkeypatch.context() as failing:
        failing.setattr(service.app[app_keys.RECORDS], step, away)
        assert (await ask(service, "/api/account/mail/confirm", link))[0] == 503
    assert (await ask(service, "/api/account/mail/confirm", link))[:2] == (200, {"mail": "new@shop.example"})
    assert [each["To"] for each in await mails.until(lambda found: len(found) == 2)] == ["new@shop.example", JIMIN]
    assert (await ask(service, "/api/account/mail/confirm", link))[1]["reason"] == "link_over"


async def test_operators_see_kind_and_state_of_mails_about_accounts(service: Service, mails: Mails) -> None:
    _, _, ops = await ask(service, "/api/sign-in", {"login": "ops", "password": "ops-demo"}, role="operator")
    await ask(service, "/api/password/forgot", {"login": "jimin"})
    await mails.one()
    await settled(service)

    async def listed() -> list[dict[str, Any]]:
        async with service.http.get(f"{service.url}/api/operator/mails", headers={"Cookie": ops}) as page:
            found: list[dict[str, Any]] = (await page.json())["items"]
            return found

    async with asyncio.timeout(PATIENCE_S):
        while (await listed())[0]["state"] != "sent":
            await asyncio.sleep(0.02)
    (row,) = await listed()
    assert (row["kind"], row["site"], row["to"]) == ("password_reset", "", "j…@shop.example")
    assert "new-password" not in str(row)
    records = service.app[app_keys.RECORDS]
    owner = await records.staff("ops")
    assert owner is not None
    await records.save_staff(msgspec.structs.replace(owner, id="mina", login="mina", sites=["demo-shop"], offices=["manager"]))
    _, _, ops = await ask(service, "/api/sign-in", {"login": "mina", "password": "ops-demo"}, role="operator")
    assert await listed() == [], "a manager of some sites does not see them"
