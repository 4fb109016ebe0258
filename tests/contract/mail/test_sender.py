"""The mail sender with a real mail server: TLS, login, refusals and greylisting. Some servers hang, answer slowly or are gone."""

from __future__ import annotations

import asyncio
import ssl
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from signaling.access.identity import token_hash
from signaling.config.settings import MailServer
from signaling.live.clock import wall_clock_ms
from signaling.mail import Postbox, Sender, sender, smtp
from signaling.mail.composing import Composer
from signaling.mail.unsubscribing import Addresses
from signaling.records import Records, SessionRecord, Site, StaffRecord
from signaling.records.links import LinkUnusable
from signaling.records.mail_plan import MailPlan, MailSender
from signaling.records.outbox import MailRecord
from tests import PATIENCE_S
from tests.mail_server import SENDER, Mails, certificate, running_mail_server
from tests.ports import free_port

URL = "https://talk.example"
TO = "mina@example.com"


class Clock:
    """A clock that a test can move forward."""

    def __init__(self) -> None:
        self.ahead_ms = 0

    def __call__(self) -> int:
        return wall_clock_ms() + self.ahead_ms


class Office:
    """The outbox and the mail sender of a server, with a real database."""

    def __init__(self, records: Records) -> None:
        self.records = records
        self.now = Clock()
        self.count: Counter[str] = Counter()
        self.postbox = Postbox(records, Addresses(b"s" * 32), self.now, enabled=True)
        self.sender: Sender | None = None
        self.allowed: tuple[str, ...] = ()
        self.ahead_ms = 0  # ms by which the server's steady clock is ahead of the machine's clock

    @asynccontextmanager
    async def sending(self, server: MailServer) -> AsyncIterator[None]:
        about: dict[str, Any] = {"url": URL, "sender": server.sender, "allowed": self.allowed}
        composer = Composer(self.records, self.postbox.addresses, **about, now=self.now)
        self.sender = Sender(
            self.records, self.postbox, composer, server, greets_as="talk.example", count=self.count, now=self.now,
            ahead=lambda: self.ahead_ms,
        )  # fmt: skip
        task = asyncio.create_task(self.sender.run())
        try:
            yield
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    async def post(self, kind: Any = "reply", address: str = TO, **given: Any) -> None:
        await self.postbox.post(
            kind, address, **{"site": "shop", "session": "s-1", "language": "ko", "args": {"name": "지민"}} | given
        )

    def skip(self, seconds: float) -> None:
        self.now.ahead_ms += int(seconds * 1000)
        self.postbox.posted.set()

    async def until(self, state: str, count: int = 1, *, why: str = "") -> list[MailRecord]:
        """Wait until `count` mails of the outbox are in this state. Return these mails."""
        found: list[MailRecord] = []
        try:
            async with asyncio.timeout(PATIENCE_S):
                while len(found) < count:
                    found = [each for each in (await self.records.mails(state))[0] if each.why == why or not why]
                    await asyncio.sleep(0.02)
        except TimeoutError:
            raise AssertionError((await self.records.mails())[0]) from None
        return found


@pytest.fixture
async def office(tmp_path: Path) -> AsyncIterator[Office]:
    records = await Records.open(f"sqlite+aiosqlite:///{tmp_path / 'records.sqlite'}")
    await records.save_site(Site(id="shop", names={"ko": "빛과소리"}, languages=["ko"], accent="#0b7a75"))
    await records.create_session(
        SessionRecord(id="s-1", site="shop", category="cameras", language="ko", channel="text", token_hash="t", started_at=1)
    )
    yield Office(records)
    await records.close()


@pytest.fixture
async def server() -> AsyncIterator[Mails]:
    async with running_mail_server() as mails:
        yield mails


async def test_mail_arrives_in_both_forms_with_a_link_into_its_conversation(office: Office, server: Mails) -> None:
    await office.post()
    async with office.sending(server.settings()):
        mail = await server.one("빛과소리 상담사가 답했어요")
        await office.until("sent")
    assert (mail["To"], mail["From"]) == (TO, f"빛과소리 <{SENDER}>")
    text = mail.get_body(("plain",)).get_content()
    html = mail.get_body(("html",)).get_content()
    token = text.partition(f"{URL}/call#invite=")[2].split()[0]
    assert f"{URL}/call#invite={token}" in html
    assert await office.records.use_link(token_hash(token), "thread", office.now()) == "s-1"


@pytest.mark.parametrize(("thread_days", "booked_in", "lasts"), [(7, 0, 7), (0, 0, 7), (30, 0, 30), (7, 14, 15), (30, 14, 30)])
async def test_link_works_as_long_as_what_it_leads_to(
    office: Office, server: Mails, *, thread_days: int, booked_in: int, lasts: int
) -> None:
    """The link in a mail works for 7, `thread_days` or `booked_in` + 1 days, whichever is longest.

    `thread_days`: days for which a text conversation sleeps after its user has left. `booked_in`: days until the callback that
    the user has booked; 0: no callback is booked. `lasts`: days after which the link has expired.
    """
    site = await office.records.site("shop")
    await office.records.save_site(replace(site, thread_days=thread_days))
    day_ms = 86_400_000
    booked = {"at": office.now() + booked_in * day_ms, "moved": 1, "minutes": 30}
    await office.post("appointment" if booked_in else "reply", args={"name": "지민"} | (booked if booked_in else {}))
    async with office.sending(server.settings()):
        mail = await server.one()
    token = mail.get_body(("plain",)).get_content().partition(f"{URL}/call#invite=")[2].split()[0]
    end, some_ms = office.now() + lasts * day_ms, 600_000
    assert await office.records.link_subject(token_hash(token), "thread", end - some_ms) == "s-1"
    with pytest.raises(LinkUnusable, match="expired"):
        await office.records.link_subject(token_hash(token), "thread", end + some_ms)


@pytest.mark.parametrize("starttls", [True, False])
async def test_mail_goes_over_tls_after_a_login(office: Office, tmp_path: Path, *, starttls: bool) -> None:
    context, ca = certificate(tmp_path)
    tls = "starttls" if starttls else "tls"
    await office.post()
    async with running_mail_server(tls=context, starttls=starttls, login=True) as mails:
        async with office.sending(mails.settings(tls=tls, user="shop", password="secret", ca=ca)):
            await mails.one()
        assert mails.logins == [("shop", "secret")]


async def test_server_without_starttls_gets_neither_mail_nor_password(office: Office) -> None:
    await office.post()
    async with running_mail_server(login=True) as mails:  # as if somebody between client and server had removed STARTTLS
        async with office.sending(mails.settings(tls="starttls", user="shop", password="secret")):
            async with asyncio.timeout(PATIENCE_S):
                while not (waiting := (await office.until("queued"))[0]).why:
                    await asyncio.sleep(0.02)
        assert waiting.why == "SMTP STARTTLS extension not supported by server."
        assert (mails.found, mails.logins, waiting.tries) == ([], [], 0)


async def test_server_with_another_certificate_gets_nothing(office: Office, tmp_path: Path) -> None:
    context, _ = certificate(tmp_path)
    await office.post()
    async with running_mail_server(tls=context) as mails, office.sending(mails.settings(tls="tls")):
        [waiting] = await office.until("queued", why="tls")
        assert mails.found == []
    assert waiting.tries == 0, "a fault of the server costs the mail no try"


async def test_wrong_password_stops_all_and_the_mail_waits(office: Office, server: Mails, tmp_path: Path) -> None:
    context, ca = certificate(tmp_path)
    await office.post()
    async with (
        running_mail_server(tls=context, login=True) as mails,
        office.sending(mails.settings(tls="tls", user="shop", password="wrong", ca=ca)),
    ):
        await office.until("queued", why="535 5.7.8 Authentication credentials invalid")
        assert office.sender is not None
        assert office.sender.trouble.startswith("535")


async def test_greylisted_mail_is_sent_at_the_second_try(office: Office, server: Mails) -> None:
    server.to_recipients = ["450 4.2.0 Greylisted, try again"]
    await office.post()
    async with office.sending(server.settings()):
        [waiting] = await office.until("queued", why="450 4.2.0 Greylisted, try again")
        assert waiting.next_at - office.now() > 50_000, "not at once: that would prolong the greylisting"
        office.skip(61)
        await server.one()
        [sent] = await office.until("sent")
    assert (sent.tries, server.recipients) == (2, [TO, TO])


async def test_mail_that_is_always_greylisted_is_refused_in_the_servers_words(
    office: Office, server: Mails, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sender, "MOST_TRIES", 2)
    server.to_recipients = ["451 4.7.1 Greylisted"] * 9
    await office.post()
    async with office.sending(server.settings()):
        await office.until("queued", why="451 4.7.1 Greylisted")
        office.skip(61)
        [refused] = await office.until("refused")
    assert (refused.why, len(server.recipients)) == ("451 4.7.1 Greylisted", 2)


async def test_too_large_mail_is_refused_and_stops_no_other(office: Office) -> None:
    line: dict[str, Any] = {"name": "지민", "role": "counselor", "author": "jimin", "kind": "text", "at": 1, "picture": ""}
    await office.records.append_line("s-1", line_id="l-1", audience="all", text="긴 답 " * 1000, **line)
    site = await office.records.site("shop")
    assert site is not None
    await office.records.save_site(replace(site, mail=MailPlan(content="on")))
    async with running_mail_server(most_bytes=8_000) as mails, office.sending(mails.settings()):
        await office.post("copy")
        [refused] = await office.until("refused")
        assert refused.why.startswith("552")
        assert office.sender is not None
        assert office.sender.trouble == "", "the other mails do not wait for a mail that is never taken"
        await office.post("thread")
        await mails.one()


@pytest.mark.parametrize("where", ["to_recipients", "to_data"])
async def test_server_that_closes_in_the_middle_gets_the_mail_again(office: Office, server: Mails, where: str) -> None:
    getattr(server, where).append("421 4.3.2 Shutting down")
    await office.post()
    async with office.sending(server.settings()):
        await office.until("queued", why="421 4.3.2 Shutting down")
        office.skip(100)
        await server.one()
        await office.until("sent")
    assert server.connections == 2, "over a new connection"


async def test_refused_mail_says_why_without_the_address(office: Office, server: Mails) -> None:
    said = f"550 5.1.1 <{TO}> <{TO.upper()}> no such user {URL}/call#invite=Ab-c_1"
    server.to_recipients = [said]
    await office.post()
    async with office.sending(server.settings()):
        [refused] = await office.until("refused")
    assert refused.why == f"550 5.1.1 <m…@example.com> <m…@example.com> no such user {URL}/call#invite=…"


@pytest.mark.parametrize("at", ["RCPT", "DATA"])
async def test_hanging_server_holds_one_lane_and_loses_nothing(
    office: Office, server: Mails, monkeypatch: pytest.MonkeyPatch, at: str
) -> None:
    monkeypatch.setattr(smtp, "ANSWER_S", 0.3)
    server.hangs, server.hangs_at = True, at
    await office.post()
    async with office.sending(server.settings()):
        await office.until("queued", why="timeout")
        server.hangs = False
        office.skip(100)
        await server.one()


async def test_server_that_answers_byte_by_byte_is_given_up(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(smtp, "CONNECTED_S", 0.5)

    async def drip(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for letter in b"220-" + b"x" * 10_000:
            writer.write(bytes([letter]))
            await asyncio.sleep(0.02)

    port = free_port()
    dripping = await asyncio.start_server(drip, "127.0.0.1", port)
    await office.post()
    async with office.sending(MailServer(host="127.0.0.1", port=port, sender=SENDER, tls="none")):
        [waiting] = await office.until("queued", why="timeout")
    assert waiting.tries == 0
    dripping.close()


@pytest.mark.parametrize(
    "said",
    [b"HTTP/1.1 400 Bad Request\r\n\r\n", b"220-hello\r\n" * 100_000, b"2" * 1_000_000],
    ids=["http", "endless lines", "endless line"],
)
async def test_server_that_speaks_no_smtp_costs_no_mail_a_try(office: Office, said: bytes) -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(said)
        with suppress(ConnectionError):
            await writer.drain()
        writer.close()

    port = free_port()
    talking = await asyncio.start_server(talk, "127.0.0.1", port)
    await office.post()
    async with office.sending(MailServer(host="127.0.0.1", port=port, sender=SENDER, tls="none")):
        async with asyncio.timeout(PATIENCE_S):
            while not (waiting := (await office.until("queued"))[0]).why:
                await asyncio.sleep(0.02)
    assert waiting.tries == 0
    talking.close()


async def test_mails_wait_while_the_server_is_gone(office: Office) -> None:
    for number in range(5):
        await office.post(address=f"u{number}@example.com")
    port = free_port()
    async with office.sending(MailServer(host="127.0.0.1", port=port, sender=SENDER, tls="none")):
        await office.until("queued", why="unreachable")
        assert office.count["mail.server"] < 10, "the lanes pause"
    assert all(each.tries == 0 for each in await office.until("queued", 5))


async def test_reminder_waits_for_a_machines_clock_that_was_set_back(
    office: Office, server: Mails, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sender, "EARLY_S", 0.05)
    office.ahead_ms = 3 * 3_600_000
    await office.post("callback_soon", at=office.now() - 60_000, life_ms=900_000, args={"at": office.now(), "moved": 1})
    async with office.sending(server.settings()):
        await asyncio.sleep(0.3)
        assert server.recipients == [], "three hours early"
        office.ahead_ms = 0
        await server.one()


async def test_site_sends_from_its_own_address_while_that_is_allowed(office: Office, server: Mails) -> None:
    site = await office.records.site("shop")
    assert site is not None
    await office.records.save_site(replace(site, mail=MailPlan(from_address="hello@shop.test")))
    for office.allowed in (("shop.test",), ()):
        await office.post("copy", f"{len(office.allowed)}@example.com")
        async with office.sending(server.settings()):
            await office.until("sent", len(server.found) + 1)
    assert [str(mail["From"]) for mail in server.found] == ["빛과소리 <hello@shop.test>", f"빛과소리 <{SENDER}>"]


async def test_mail_comes_from_the_sender_of_its_language(office: Office, server: Mails) -> None:
    site = await office.records.site("shop")
    assert site is not None
    japanese = MailSender(sender="光と音", from_address="ja@shop.test", reply_to="kotae@shop.test")
    plan = MailPlan(reply_to="answers@shop.test", senders={"ja": japanese, "ko": MailSender(sender="빛과소리 상담실")})
    await office.records.save_site(replace(site, languages=["ko", "ja"], mail=plan))
    office.allowed = ("shop.test",)
    for language in ("ja-JP", "ko"):
        await office.post("copy", f"{language}@example.com", language=language)
        async with office.sending(server.settings()):
            await office.until("sent", len(server.found) + 1)
    assert [(str(mail["From"]), mail["Reply-To"]) for mail in server.found] == [
        ("光と音 <ja@shop.test>", "kotae@shop.test"),
        (f"빛과소리 상담실 <{SENDER}>", "answers@shop.test"),
    ]


async def test_late_mail_is_not_sent_any_more(office: Office, server: Mails) -> None:
    await office.post()
    office.skip(25 * 3600)
    async with office.sending(server.settings()):
        [refused] = await office.until("refused")
    assert refused.why == "late"
    assert server.recipients == []


async def test_many_mails_share_few_connections_and_a_password_reset_goes_first(office: Office, server: Mails) -> None:
    for number in range(60):
        await office.post("copy", f"u{number}@example.com")
    jimin = StaffRecord(id="jimin", login="jimin", name="지민", role="counselor", mail="jimin@example.com")
    await office.records.save_staff(jimin)
    about = {"name": "지민", "staff": "jimin", "page": "https://counselor.talk.example/console"}
    await office.post("password_reset", jimin.mail, site="", session=None, args=about)
    async with office.sending(server.settings()):
        await server.until(lambda mails: len(mails) == 61)
    assert "jimin@example.com" in [each["To"] for each in server.found[: sender.LANES]]
    assert server.connections <= sender.LANES
    assert len({each["To"] for each in server.found}) == 61, "each once"
    reset = await server.one("비밀번호 다시 정하기")
    text = reset.get_body(("plain",))
    assert text is not None
    assert "https://counselor.talk.example/console#new-password=" in text.get_content()
    assert reset["List-Unsubscribe"] is None


async def test_content_goes_out_only_where_the_site_allows_it(office: Office, server: Mails) -> None:
    line: dict[str, Any] = {"name": "지민", "role": "counselor", "author": "jimin", "kind": "text", "at": 1, "picture": ""}
    for number, (audience, text) in enumerate([("all", "비밀 아닌 답"), ("staff", "직원끼리")]):
        await office.records.append_line("s-1", line_id=f"l-{number}", audience=audience, text=text, **line)
    async with office.sending(server.settings()):
        await office.post(args={"name": "지민", "since_seq": 1})
        await office.post("copy")
        await server.until(lambda mails: len(mails) == 2)
        assert not any("답" in part for mail in server.found for part in parts(mail) if "비밀" in part)
        assert [mail for mail in server.found if list(mail.iter_attachments())] == []
        site = await office.records.site("shop")
        assert site is not None
        await office.records.save_site(replace(site, mail=MailPlan(content="on", sender="상담실")))
        await office.post(args={"name": "지민", "since_seq": 1})
        await office.post("copy")
        await server.until(lambda mails: len(mails) == 4)
    reply, copy = sorted(server.found[2:], key=lambda mail: len(list(mail.iter_attachments())))
    assert "> 비밀 아닌 답" in parts(reply)[0]
    assert [each.get_filename() for each in copy.iter_attachments()] == ["conversation.html", "conversation.txt"]
    assert all("비밀 아닌 답" in each.get_content() for each in copy.iter_attachments())
    assert "직원끼리" not in "".join(mail.as_string() + "".join(parts(mail)) for mail in server.found)
    assert str(copy["From"]) == f"상담실 <{SENDER}>"


def parts(mail: Any) -> list[str]:
    return [part.get_content() for part in mail.walk() if part.get_content_maintype() == "text"]


def test_context_trusts_only_the_given_certificates(tmp_path: Path) -> None:
    _, ca = certificate(tmp_path)
    context = smtp._context(ca)
    assert context.verify_mode == ssl.CERT_REQUIRED
    assert len(context.get_ca_certs()) == 1
