"""Mail over real HTTP, WebSockets and SMTP: answers to users who have left, links back, copies, callbacks and alerts."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import replace
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import icalendar
import msgspec
import pytest

from signaling.live import mailing
from signaling.mail import Postbox
from signaling.records import RecordsAway
from signaling.records.mail_plan import MailPlan
from signaling.server import app_keys
from tests import PATIENCE_S
from tests.mail_server import Mails, link_in
from tests.peers.live_house import Person, Service, running, settings_for

MINA = "mina@example.com"


@pytest.fixture
async def service(tmp_path: Path, mails: Mails) -> AsyncIterator[Service]:
    async with running(replace(settings_for(tmp_path), mail=mails.settings())) as service:
        yield service


def skip(service: Service, seconds: float) -> None:
    service.skip(seconds)
    service.app[app_keys.POSTBOX].posted.set()


async def ask(service: Service, user: Person, **wanted: Any) -> tuple[int, Any]:
    headers = {"Origin": service.settings.url, "Authorization": f"Bearer {user.token}"}
    async with service.http.post(f"{service.url}/api/sessions/{user.session_id}/mail", json=wanted, headers=headers) as response:
        return response.status, await response.json()


async def talk(service: Service) -> tuple[Person, Person]:
    """Start a text conversation of a user with the counselor Jimin. Return both people."""
    user, jimin = await service.user(), await service.staff("jimin")
    await user.say("enter", channel="text")
    ring = await jimin.get("ring")
    await jimin.ask(type="accept", reservation=ring["reservation"])
    await user.state("active")
    await jimin.until(lambda session: session["state"] == "active")
    return user, jimin


async def write(person: Person, text: str, line: str) -> None:
    await person.send(type="line", session=person.session_id, line=line, kind="text", text=text)
    await person.find(lambda message: message["type"] == "ack" and message["line"] == line)


async def give_address(service: Service, user: Person) -> None:
    assert await ask(service, user, what="reply", address=MINA) == (200, {"to": "m…@example.com"})
    await user.until(lambda session: session["mail"]["to"] == "m…@example.com")


async def test_answer_to_a_user_who_left_comes_by_mail_with_the_way_back(service: Service, mails: Mails, capfd: Any) -> None:
    user, jimin = await talk(service)
    await give_address(service, user)
    await write(jimin, "여기 계실 때 쓴 글", "l-0")
    await service.notices_gone(user)
    await write(jimin, "내일 도착해요", "l-1")
    await write(jimin, "또 궁금한 점이 있나요?", "l-2")
    await asyncio.sleep(0)
    assert mails.found == [], "two minutes to come back"
    skip(service, 121)
    mail = await mails.one("상담사가 답했어요")
    everything = mail.as_string() + "".join(part.get_content() for part in mail.walk() if part.get_content_maintype() == "text")
    assert "내일 도착해요" not in everything, "the site does not allow content in mails"
    # like a mail scanner, this request leaves out everything after "#"
    async with service.http.get(f"{service.url}/call") as page:
        assert page.status in (200, 503)
    link = link_in(mail)
    status, opened, _ = await service.post("/api/invites", {"invite": link})
    assert (status, opened["session"], opened["channel"]) == (200, user.session_id, "text")
    status, again, _ = await service.post("/api/invites", {"invite": link})
    assert (status, again["reason"]) == (409, "replayed")
    back = await service.user_tab(opened["session"], opened["token"])
    await back.send(type="lines", session=user.session_id, after=0)
    lines = (await back.get("lines"))["lines"]
    assert [line["text"] for line in lines if line["role"] == "counselor"] == [
        "여기 계실 때 쓴 글",
        "내일 도착해요",
        "또 궁금한 점이 있나요?",
    ]
    skip(service, 4000)
    await write(jimin, "다시 오셨네요", "l-3")
    assert len(mails.found) == 1, "one mail for three lines, and none for who is here"
    out = capfd.readouterr()
    assert link not in out.out + out.err
    assert MINA not in out.out + out.err


async def test_answer_that_a_dying_connection_lost_comes_by_mail(service: Service, mails: Mails) -> None:
    user, jimin = await talk(service)
    await give_address(service, user)
    await write(jimin, "오늘 보냈어요", "l-0")
    assert user.session_id in {entry.id for entry in service.live.index.entries.values() if entry.holders}
    await service.notices_gone(user)
    skip(service, 121)
    await mails.one("상담사가 답했어요")


async def test_user_who_returns_in_time_gets_no_mail(service: Service, mails: Mails) -> None:
    user, jimin = await talk(service)
    await give_address(service, user)
    await service.notices_gone(user)
    await write(jimin, "계신가요?", "l-1")
    back = await service.user_tab(user.session_id, user.token)
    skip(service, 600)
    status, _ = await ask(service, back, what="thread")
    assert status == 200
    await mails.one("이어가는 링크")
    assert [mail["Subject"] for mail in mails.found] == ["빛과소리 상담을 이어가는 링크"]


async def test_bad_addresses_are_refused_and_unsubscribed_ones_stay_so(service: Service, mails: Mails) -> None:
    user, _ = await talk(service)
    for bad in ("mina@example.com\r\nBcc: all@example.com", "mina", "", "a@b.c,d@e.f"):
        status, refused = await ask(service, user, what="thread", address=bad)
        assert (status, refused["reason"]) == (400, "bad_address"), bad
    await ask(service, user, what="thread", address=MINA)
    mail = await mails.one()
    leave = mail["List-Unsubscribe"].strip("<>").replace(service.settings.url, service.url)
    async with service.http.get(leave) as page:
        assert page.status == 200
        assert "그만 받기" in await page.text()
    assert (await ask(service, user, what="thread"))[0] == 200, "a fetch of the link changes nothing"
    async with service.http.post(leave, data={"List-Unsubscribe": "One-Click"}) as done:
        assert done.status == 200
    status, refused = await ask(service, user, what="copy")
    assert (status, refused["reason"]) == (409, "unsubscribed")
    assert len(await mails.until(lambda found: len(found) >= 1)) <= 2


async def test_answered_message_leads_its_user_back_by_mail(service: Service, mails: Mails) -> None:
    user = await service.user()
    assert (await user.say("leave_message", contact=MINA, text="삼각대도 있나요?"))["type"] == "ok"
    await user.state("message_left")
    await service.notices_gone(user)
    jimin = await service.staff("jimin")
    queue = await jimin.find(lambda m: m["type"] == "queue" and m.get("messages"))
    left = queue["messages"][0]
    assert (left["by_mail"], left["answer"]) == (True, "")
    assert (await jimin.ask(type="message_answer", message=left["id"], text=" "))["reason"] == "empty"
    other = await service.staff("jimin")
    tabs = await asyncio.gather(
        *(tab.ask(type="message_answer", message=left["id"], text="네, 있어요.") for tab in (jimin, other))
    )
    assert sorted(each["type"] for each in tabs) == ["error", "ok"], "answered once, even from two tabs"
    mail = await mails.one("답")
    await jimin.find(lambda m: m["type"] == "queue" and any(each["answer"] == "sent" for each in m.get("messages", [])))
    assert (await jimin.ask(type="message_answer", message=left["id"], text="또"))["reason"] == "wrong_state"
    _, opened, _ = await service.post("/api/invites", {"invite": link_in(mail)})
    back = await service.user_tab(opened["session"], opened["token"])
    await back.state("asleep")
    await back.send(type="lines", session=opened["session"], after=0)
    assert "네, 있어요." in [line["text"] for line in (await back.get("lines"))["lines"]]
    seen = len(jimin.seen)
    await write(back, "얼마예요?", "l-3")
    ring = await jimin.get("ring", since=seen)
    await jimin.ask(type="accept", reservation=ring["reservation"])
    await back.state("active")
    records = service.app[app_keys.RECORDS]
    assert "message.answer" in [each.action for each in (await records.audits())[0]]
    await records.erase_session(opened["session"])
    assert await records.messages() == []


async def test_answer_is_mailed_once_even_if_the_server_dies_meanwhile(
    tmp_path: Path, mails: Mails, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = replace(settings_for(tmp_path), mail=mails.settings())
    async with running(settings) as service:
        user, jimin = await service.user(), await service.staff("jimin")
        await user.say("leave_message", contact=MINA, text="삼각대도 있나요?")
        left = (await jimin.find(lambda m: m["type"] == "queue" and m.get("messages")))["messages"][0]
        post = Postbox.post

        async def post_and_die(postbox: Postbox, *words: Any, **rest: Any) -> bool:
            await post(postbox, *words, **rest)
            raise SystemError

        monkeypatch.setattr(Postbox, "post", post_and_die)
        await jimin.send(type="message_answer", message=left["id"], text="네, 있어요.")
        await mails.one("답")
    monkeypatch.undo()
    async with running(settings) as service:
        jimin = await service.staff("jimin")
        await jimin.find(lambda m: m["type"] == "queue" and any(each["answer"] == "sent" for each in m.get("messages", [])))
        assert (await jimin.ask(type="message_answer", message=left["id"], text="또"))["reason"] == "wrong_state"


@pytest.mark.parametrize("second", ["네, 있어요.", "아니요, 품절이에요."])
async def test_answer_repeated_after_a_failure_is_the_one_that_users_read(
    service: Service, mails: Mails, monkeypatch: pytest.MonkeyPatch, second: str
) -> None:
    records = service.app[app_keys.RECORDS]
    site = await records.site("demo-shop")
    assert site is not None
    await records.save_site(msgspec.structs.replace(site, mail=MailPlan(content="on")))
    user, jimin = await service.user(), await service.staff("jimin")
    await user.say("leave_message", contact=MINA, text="삼각대도 있나요?")
    left = (await jimin.find(lambda m: m["type"] == "queue" and m.get("messages")))["messages"][0]
    with monkeypatch.context() as patched:
        patched.setattr(Postbox, "post", unavailable)
        refused = await jimin.ask(type="message_answer", message=left["id"], text="네, 있어요.")
        assert (refused["type"], refused["reason"]) == ("error", "unavailable")
    assert (await jimin.ask(type="message_answer", message=left["id"], text=second))["type"] == "ok"
    mail = await mails.one("답")
    assert second in mail.get_body(("plain",)).get_content()
    await user.send(type="lines", session=user.session_id, after=0)
    lines = (await user.get("lines"))["lines"]
    assert [line["text"] for line in lines if line["role"] == "counselor"] == [second]
    edits = [each.subject for each in (await records.audits())[0] if each.action == "line.edit"]
    assert edits == ([f"session/{user.session_id}"] if second != "네, 있어요." else [])


async def unavailable(*_: Any, **__: Any) -> bool:
    """Take the place of `Postbox.post` while the database is unavailable."""
    raise RecordsAway


async def test_answer_to_an_unsubscribed_address_says_that_no_mail_went(service: Service, mails: Mails) -> None:
    user = await service.user()
    await user.say("leave_message", contact=MINA, text="삼각대도 있나요?")
    jimin = await service.staff("jimin")
    await service.app[app_keys.RECORDS].unsubscribe(service.app[app_keys.POSTBOX].addresses.hashed(MINA), 1)
    left = (await jimin.find(lambda m: m["type"] == "queue" and m.get("messages")))["messages"][0]
    assert (await jimin.ask(type="message_answer", message=left["id"], text="네, 있어요."))["type"] == "ok"
    queue = await jimin.find(lambda m: m["type"] == "queue" and any(each["answer"] for each in m.get("messages", [])))
    assert (queue["messages"][0]["answer"], queue["messages"][0]["why"]) == ("refused", "unsubscribed")
    await user.find(lambda m: m["type"] == "line" and m["line"]["text"] == "네, 있어요.")
    assert mails.found == []


async def test_callback_is_promised_moved_and_cancelled_in_the_calendar(service: Service, mails: Mails) -> None:
    user = await service.user()
    at = service.live.now() + 3 * 3_600_000
    assert (await user.say("callback", at=at, contact=MINA, note=""))["type"] == "ok"
    first = event_in(await mails.one("연락 예약:"))
    await service.app[app_keys.RECORDS].unsubscribe(service.app[app_keys.POSTBOX].addresses.hashed(MINA), 1)
    skip(service, 2)
    assert (await user.say("callback", at=at + 3_600_000, contact=MINA, note=""))["type"] == "ok"
    await mails.until(lambda found: len(found) == 2)
    second = event_in(mails.found[1])
    assert second["uid"] == first["uid"]
    assert int(second["sequence"]) > int(first["sequence"])
    assert second.decoded("dtstart").timestamp() * 1000 == pytest.approx(at + 3_600_000, abs=1000)
    skip(service, 2)
    assert (await user.say("cancel_callback"))["type"] == "ok"
    cancelled = event_in(await mails.one("예약을 취소했어요"))
    assert (cancelled["uid"], str(cancelled["status"])) == (first["uid"], "CANCELLED")
    queued, _ = await service.app[app_keys.RECORDS].mails("queued")
    assert [each for each in queued if each.kind == "callback_soon"] == [], "no reminder of what is cancelled"


def event_in(mail: EmailMessage) -> Any:
    [file] = [part for part in mail.iter_attachments() if part.get_content_type() == "text/calendar"]
    content = file.get_content()
    [event] = icalendar.Calendar.from_ical(content).walk("VEVENT")
    return event


async def test_operators_are_told_once_of_a_queue_that_nobody_serves(
    service: Service, mails: Mails, monkeypatch: pytest.MonkeyPatch
) -> None:
    records = service.app[app_keys.RECORDS]
    site = await records.site("demo-shop")
    assert site is not None
    await records.save_site(msgspec.structs.replace(site, mail=MailPlan(alerts=["ops@shop.example"])))
    user = await service.user()
    await user.say("enter", channel="text")
    await user.state("waiting")
    skip(service, 55)
    monkeypatch.setattr(mailing, "ALERTS_S", 0.05)
    skip(service, 30)
    for _ in range(5):
        await service.live.mailing._look(list(service.live.index.waiting.values()))
    mail = await mails.one("상담사가 없어요")
    assert mail["To"] == "ops@shop.example"
    assert "operator.localhost" in mail.get_body(("plain",)).get_content()
    await service.live.mailing.close()
    assert len(mails.found) == 1


async def test_operator_sees_the_outbox_and_tries_again(service: Service, mails: Mails) -> None:
    mails.to_recipients = [f"550 5.1.1 <{MINA}> unknown"]
    user, _ = await talk(service)
    await ask(service, user, what="thread", address=MINA)
    operator = await service.sign_in("ops")
    origin = service.settings.staff_url("operator")

    async def outbox() -> dict[str, Any]:
        async with service.http.get(f"{service.url}/api/operator/mails", headers={"Cookie": operator}) as response:
            assert response.status == 200
            return dict(await response.json())

    async with asyncio.timeout(PATIENCE_S):
        while [each["state"] for each in (await outbox())["items"]] != ["refused"]:
            await asyncio.sleep(0.02)
    page = await outbox()
    assert page["enabled"] is True
    [item] = page["items"]
    assert (item["kind"], item["to"], item["why"]) == ("thread", "m…@example.com", "550 5.1.1 <m…@example.com> unknown")
    assert MINA not in json.dumps(page)
    status, _, _ = await service.post(f"/api/operator/mails/{item['id']}/retry", {}, origin=origin, cookie=operator)
    assert status == 200
    await mails.one()
    counselor = await service.sign_in("jimin")
    async with service.http.get(f"{service.url}/api/operator/mails", headers={"Cookie": counselor}) as response:
        assert response.status == 403
