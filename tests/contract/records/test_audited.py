"""A change and its audit entry are either both stored or both missing, on SQLite and PostgreSQL."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any

import pytest
import sqlalchemy as sa
from msgspec.structs import replace
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from signaling.protocol.session_views import Line
from signaling.records import (
    ApiToken,
    Audited,
    MessageRecord,
    OidcSettings,
    PasskeyRecord,
    PersonNote,
    ProviderSignIn,
    Records,
    SignInRecord,
    auditing,
    tables,
)
from signaling.records.announcing import Event
from signaling.records.outbox import BOOKED, MailRecord
from signaling.records.sign_ins import INSTALLATION
from signaling.records.webhooks import Endpoint
from signaling.session.corrections import retracted
from tests.clock import MachineTime
from tests.contract.records.samples import JIMIN, SHOP, say, session

Write = Callable[[Sequence[Audited]], Awaitable[Any]]
PROVIDER = OidcSettings(issuer="https://id.example", client_id="c")
TOKEN = ApiToken(id="t-1", name="CRM", token_hash="h", rights=[], sites=["*"], maker=None, created_at=1, expires_at=99)
HOOK = Endpoint(id="wh-1", organisation="main", url="https://crm.example/hook", events=["session.started"])
NOTE = PersonNote(id="n-1", site="shop", user_ref="mina", session="s-1", author="jimin", text="옛", at=1)
PASSKEY = PasskeyRecord(
    id="p-1", staff="jimin", credential="c", public_key=b"", sign_count=0, name="노트북", host="h", created_at=1
)
MAIL = MailRecord(
    id="e-1", kind="invitation", address="a@b.example", address_hash="h", organisation="main", rank=BOOKED,
    created_at=1, next_at=1, until=9, args={},
)  # fmt: skip
EVENT = Event("session.started", "main", "shop", 1, "e", {})


@pytest.fixture
async def records(records: Records) -> Records:
    await records.save_site(SHOP)
    await records.save_staff(replace(JIMIN, password_hash="old", mail="old@shop.example"))
    await records.create_session(session(user_ref="mina"))
    await say(records, "l-1")
    message = MessageRecord(id="m-1", session="s-1", site="shop", category="cameras", language="ko", contact="c", text="t", at=1)
    await records.add_message(message)
    await records.save_oidc_settings(PROVIDER)
    return records


@pytest.fixture
async def beside(url: str) -> AsyncIterator[AsyncEngine]:
    """Return another connection to the database that the fixture `records` uses."""
    engine = create_async_engine(url)
    yield engine
    await engine.dispose()


@asynccontextmanager
async def no_audit(beside: AsyncEngine) -> AsyncIterator[None]:
    """Rename the table of audit entries for the time of the context, so that every write of an audit entry fails."""
    async with beside.begin() as connection:
        await connection.execute(sa.text("ALTER TABLE audit RENAME TO audit_away"))
    yield
    async with beside.begin() as connection:
        await connection.execute(sa.text("ALTER TABLE audit_away RENAME TO audit"))


async def held(beside: AsyncEngine) -> dict[str, list[Any]]:
    """Return every row of every table, except the table of audit entries."""
    async with beside.connect() as connection:
        return {
            table.name: sorted(map(repr, await connection.execute(sa.select(table))))
            for table in tables.metadata.sorted_tables
            if table is not tables.audit
        }


def signed_in(token: str) -> SignInRecord:
    return SignInRecord(token_hash=token.ljust(20, "-"), staff="jimin", created_at=1, expires_at=100)


def vouched(records: Records, audit: Sequence[Audited]) -> Awaitable[bool]:
    made = signed_in("provider's")
    record = ProviderSignIn(token_hash=made.token_hash, issuer=PROVIDER.issuer, subject="j", sid="s", tokens="", checked_at=1)
    return records.add_provider_sign_in(made, record, INSTALLATION, PROVIDER, audit=audit)


async def failed(records: Records, audit: Sequence[Audited]) -> bool:
    """Send the only event of the webhook endpoint "wh-1" again. The server has given up the delivery of this event."""
    [delivery] = await records.deliveries("wh-1")
    return await records.send_again("wh-1", delivery.n, 1, audit=audit)


def writes(records: Records) -> list[tuple[str, Write]]:
    """Return (audit action, function that makes the change) for every kind of change by staff.

    A change in this list can depend on data that earlier changes in the list have stored.
    """

    def retract(line: Line) -> Line | None:
        return retracted(line, "u-1", 7)

    r, person = records, ("shop", "mina")
    return [
        ("token.add", lambda audit: r.add_api_token(TOKEN, audit=audit)),
        ("token.remove", lambda audit: r.remove_api_token("t-1", audit=audit)),
        ("webhook.add", lambda audit: r.add_endpoint(HOOK, audit=audit)),
        ("webhook.test", lambda audit: r.announce_to("wh-1", EVENT, audit=audit)),
        ("webhook.disabled", lambda audit: r.disable_endpoint("wh-1", "410", audit=audit)),
        ("webhook.resend", lambda audit: failed(r, audit)),
        ("webhook.change", lambda audit: r.change_endpoint("wh-1", state="on", try_until=77, audit=audit)),
        ("webhook.remove", lambda audit: r.remove_endpoint("wh-1", audit=audit)),
        ("calendar.renew", lambda audit: r.save_calendar("jimin", "key", audit=audit)),
        ("calendar.remove", lambda audit: r.save_calendar("jimin", "", audit=audit)),
        ("note.save", lambda audit: r.add_note(NOTE, audit=audit)),
        ("note.save", lambda audit: r.change_note("n-1", person, "jimin", "새", 2, audit=audit)),
        ("note.remove", lambda audit: r.remove_note("n-1", person, "jimin", audit=audit)),
        ("sign_in", lambda audit: r.add_sign_in(signed_in("a"), audit=audit)),
        ("sign_in", lambda audit: vouched(r, audit)),
        ("sign_in.end", lambda audit: r.end_sign_in("jimin", "a".ljust(16, "-"), audit=audit)),
        ("sign_in.end", lambda audit: r.end_other_sign_ins("jimin", "another", audit=audit)),
        ("sign_in", lambda audit: r.add_sign_in(signed_in("b"), audit=audit)),
        ("sign_out", lambda audit: r.remove_sign_in(signed_in("b").token_hash, audit=audit)),
        ("sign_in", lambda audit: r.add_sign_in(signed_in("c"), audit=audit)),
        ("sign_in.end", lambda audit: r.end_sign_in_of_stranger("jimin", "c".ljust(16, "-"), 1, audit=audit)),
        ("sign_in", lambda audit: r.add_sign_in(signed_in("d"), audit=audit)),
        ("sign_out", lambda audit: r.remove_sign_ins_of("jimin", audit=audit)),
        ("password.link", lambda audit: r.add_reset_link("link", "jimin", 9, audit=audit)),
        ("password.reset", lambda audit: r.use_reset_link("link", "new", 1, audit=audit)),
        ("password.change", lambda audit: r.change_password("jimin", "new", "newer", "", audit=audit)),
        ("app.add", lambda audit: r.confirm_totp("jimin", 5, ["code"], audit=audit)),
        ("recovery_codes.make", lambda audit: r.set_recovery_codes("jimin", ["other"], audit=audit)),
        ("app.remove", lambda audit: r.remove_totp("jimin", audit=audit)),
        ("passkey.add", lambda audit: r.add_passkey(PASSKEY, audit=audit)),
        ("passkey.remove", lambda audit: r.remove_passkey("jimin", "p-1", audit=audit)),
        ("passkey.add", lambda audit: r.add_passkey(PASSKEY, audit=audit)),
        ("factors.reset", lambda audit: r.remove_factors("jimin", audit=audit)),
        ("staff.mail", lambda audit: r.change_mail("jimin", "old@shop.example", "new@shop.example", audit=audit)),
        ("staff.invite", lambda audit: r.queue_mail(MAIL, audit=audit)),
        ("staff.add", lambda audit: r.add_staff_of_subject("i", "s", replace(JIMIN, id="o-1", login="o"), audit=audit)),
        ("message.answer", lambda audit: r.queue_mail(replace(MAIL, id="e-2"), answers="m-1", audit=audit)),
        ("message.answer", lambda audit: r.answer_not_mailed("m-1", "unsubscribed", audit=audit)),
        ("line.retract", lambda audit: r.change_line("s-1", 1, retract, lambda _: audit)),
    ]  # fmt: skip


async def test_no_change_by_staff_is_stored_without_its_audit_entry(records: Records, beside: AsyncEngine) -> None:
    assert await records.begin_totp("jimin", "seed")
    for n, (action, write) in enumerate(writes(records), 1):
        entry = Audited("jimin", action, "staff/jimin", at=n)
        before = await held(beside)
        async with no_audit(beside):
            with pytest.raises(sa.exc.DBAPIError):
                await write([entry])
        assert await held(beside) == before, action
        await write([entry])
        assert await held(beside) != before, action
        newest, total = await records.audits()
        assert (newest[0].action, newest[0].at, total) == (action, n, n)


async def test_logout_at_the_provider_is_stored_with_its_audit_entry(records: Records, beside: AsyncEngine) -> None:
    await vouched(records, ())
    before = await held(beside)
    async with no_audit(beside):
        with pytest.raises(sa.exc.DBAPIError):
            await records.end_provider_sign_ins(PROVIDER.issuer, subject="j")
    assert await held(beside) == before
    assert await records.end_provider_sign_ins(PROVIDER.issuer, subject="j") == ["jimin"]
    [entry] = (await records.audits())[0]
    assert (entry.actor, entry.action, entry.subject) == ("provider", "sign_in.end", "staff/jimin")


async def test_entries_tell_the_time_of_the_machine_whose_clock_steps(records: Records, monkeypatch: pytest.MonkeyPatch) -> None:
    machine = MachineTime()
    monkeypatch.setattr(auditing, "time", machine)
    began = machine.time_ns() // 1_000_000
    # this entry is stored an hour after the end of the listening, as if the database had been unavailable
    late = Audited("jimin", "listen.end", "session/s-1")
    await records.audit("jimin", "listen.begin", "session/s-1")
    machine.step(3600)
    await records.end_provider_sign_ins(PROVIDER.issuer, subject="nobody")
    assert await records.change_password("jimin", "old", "new", "", audit=[Audited("jimin", "password.change", "staff/jimin")])
    for again in (False, True):
        await records.store_audit(late, again=again)
    entries = [(each.action, (each.at - began) // 3_600_000) for each in reversed((await records.audits())[0])]
    assert entries == [("listen.begin", 0), ("password.change", 1), ("listen.end", 0)]


async def test_change_of_nothing_is_not_audited(records: Records) -> None:
    audit = [Audited("jimin", "token.remove", "token/none")]
    assert not await records.remove_api_token("none", audit=audit)
    assert not await records.remove_note("none", ("shop", "mina"), "jimin", audit=audit)
    assert not await records.remove_endpoint("none", audit=audit)
    assert not await records.change_endpoint("none", state="on", audit=audit)
    assert await records.audits() == ([], 0)
