"""The outbox of mails, one-time links and unsubscribed addresses, on SQLite and PostgreSQL."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from signaling.records import Records, UnknownSession, outbox
from signaling.records.links import LinkRecord, LinkUnusable
from signaling.records.outbox import BOOKED, MOST_A_DAY, MailRecord, MailRefused
from tests.contract.records.samples import session

HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS
NOW = 100 * DAY_MS


@pytest.fixture
async def records(records: Records) -> Records:
    await records.create_session(session())
    return records


def mail(id: str = "e-1", **given: Any) -> MailRecord:
    values = {
        "kind": "reply",
        "address": "mina@example.com",
        "address_hash": "h-mina",
        "session": "s-1",
        "rank": 1,
        "site": "shop",
    }
    values |= {"created_at": NOW, "next_at": NOW, "until": NOW + DAY_MS, "args": {"name": "Jimin"}}
    return MailRecord(id=id, **(values | given))


async def claimed(records: Records, now: int, most: int = 1) -> list[MailRecord]:
    """Take up to `most` due mails out of the outbox, one by one, as a server does before it sends them.

    After a mail of one organisation comes a mail of the next organisation, as in the mail sender.
    """
    found: list[MailRecord] = []
    while len(found) < most:
        after = found[-1].shared_by if found else ""
        mail = await records.claim_mail(now, HOUR_MS, after)
        if mail is None:
            break
        found.append(mail)
    return found


async def test_urgent_mail_is_claimed_first_and_by_one_server_only(records: Records) -> None:
    await records.queue_mail(mail("e-late", rank=2))
    await records.queue_mail(mail("e-soon", rank=BOOKED, next_at=NOW + 5))
    await records.queue_mail(mail("e-not-due", rank=BOOKED, next_at=NOW + HOUR_MS))
    assert await records.next_mail_at() == NOW
    claims = await asyncio.gather(*(claimed(records, NOW + 10) for _ in range(3)))
    found = [each.id for claim in claims for each in claim]
    assert sorted(found) == ["e-late", "e-soon"], "each due mail once"
    later = [each.id for each in await claimed(records, NOW + 2 * HOUR_MS, 3)]
    assert sorted(later) == ["e-late", "e-not-due", "e-soon"], "a mail whose server died is claimed again"
    assert later[-1] == "e-late"


async def test_organisations_take_turns_and_urgent_mails_come_first(records: Records) -> None:
    other = {"site": "", "session": None, "address_hash": "h-other"}
    for number in range(5):
        await records.queue_mail(mail(f"e-many-{number}", organisation="many", created_at=NOW + number, **other))
    await records.queue_mail(mail("e-few", organisation="few", created_at=NOW + 9, **other))
    await records.queue_mail(mail("e-site", created_at=NOW + 9))
    await records.queue_mail(mail("e-urgent", organisation="many", rank=BOOKED, created_at=NOW + 9, **other))
    await records.queue_mail(mail("e-reminder", organisation="few", rank=BOOKED, next_at=NOW + HOUR_MS, **other))
    order = [each.id for each in await claimed(records, NOW + 10, 9)]
    assert order[0] == "e-urgent"
    assert set(order[1:4]) == {"e-few", "e-site", "e-many-0"}, "one of each organisation before the second of one"
    assert order[4:] == [f"e-many-{number}" for number in range(1, 5)]


async def test_sent_mail_keeps_neither_address_nor_arguments(records: Records) -> None:
    await records.queue_mail(mail())
    [found] = await claimed(records, NOW, 1)
    await records.mail_sent(found, NOW + 7)
    [found], total = await records.mails()
    assert (found.state, found.address, found.args, found.sent_at, found.tries, total) == (
        "sent",
        "m…@example.com",
        {},
        NOW + 7,
        1,
        1,
    )
    assert await claimed(records, NOW + 2 * HOUR_MS, 1) == []


async def test_refused_mail_is_shown_with_its_reason_and_can_be_tried_again(records: Records) -> None:
    await records.queue_mail(mail())
    [found] = await claimed(records, NOW, 1)
    await records.mail_refused(found, "550 no such user")
    assert [each.why for each in (await records.mails("refused"))[0]] == ["550 no such user"]
    assert await records.retry_mail("e-1", NOW + 1)
    assert not await records.retry_mail("e-1", NOW + 1), "it is queued already"
    assert [each.address for each in await claimed(records, NOW + 1, 1)] == ["mina@example.com"]


async def test_key_lets_one_mail_wait_until_its_reader_is_back(records: Records) -> None:
    assert await records.queue_mail(mail("e-1", key="reply/s-1"), quiet_ms=HOUR_MS)
    assert not await records.queue_mail(mail("e-2", key="reply/s-1"), quiet_ms=HOUR_MS)
    assert await records.mail_keys("reply/") == {"reply/s-1"}
    await records.drop_mails("reply/s-1")
    assert await claimed(records, NOW, 9) == []
    await records.queue_mail(mail("e-3", key="reply/s-1"), quiet_ms=HOUR_MS)
    [found] = await claimed(records, NOW, 1)
    await records.mail_sent(found, NOW)
    assert not await records.queue_mail(mail("e-4", key="reply/s-1", created_at=NOW + 1), quiet_ms=HOUR_MS)
    assert await records.queue_mail(mail("e-5", key="reply/s-1", created_at=NOW + HOUR_MS + 1), quiet_ms=HOUR_MS)


async def test_unsubscribed_address_gets_only_what_it_books(records: Records) -> None:
    await records.queue_mail(mail("e-1"))
    await records.queue_mail(mail("e-2", rank=BOOKED))
    await records.unsubscribe("h-mina", NOW)
    await records.unsubscribe("h-mina", NOW)
    with pytest.raises(MailRefused, match="unsubscribed"):
        await records.queue_mail(mail("e-3"))
    await records.queue_mail(mail("e-4", rank=BOOKED))
    assert sorted(each.id for each in await claimed(records, NOW, 9)) == ["e-2", "e-4"]
    await records.mail_refused(mail("e-4"), "550")
    assert await records.retry_mail("e-4", NOW), "it was booked"
    assert await records.is_unsubscribed("h-mina")
    assert not await records.is_unsubscribed("h-other")


async def test_refused_mail_is_not_tried_again_after_its_reader_unsubscribed(records: Records) -> None:
    await records.queue_mail(mail())
    await records.mail_refused(mail(), "550")
    await records.unsubscribe("h-mina", NOW)
    assert not await records.retry_mail("e-1", NOW)


async def test_former_address_gets_nothing_more_and_its_links_end(records: Records) -> None:
    wrong = {"address_hash": "h-somebody"}
    for each in (mail("e-1", **wrong), mail("e-2", **wrong, rank=BOOKED), mail("e-3"), mail("e-4", **wrong, session=None)):
        await records.queue_mail(each)
        await records.add_link(link(f"of {each.id}", mail=each.id, session=each.session))
    await records.leave_address("s-1", "h-somebody")
    assert sorted(each.id for each in await claimed(records, NOW, 9)) == ["e-2", "e-3", "e-4"]
    with pytest.raises(LinkUnusable, match="bad_invite"):
        await records.use_link("of e-1", "thread", NOW)
    assert await records.use_link("of e-3", "thread", NOW) == "s-1"


async def test_nobody_can_flood_an_address(records: Records) -> None:
    for number in range(MOST_A_DAY):
        await records.queue_mail(mail(f"e-{number}"))
    with pytest.raises(MailRefused, match="too_many_mails"):
        await records.queue_mail(mail("e-more"))
    await records.queue_mail(mail("e-other", address_hash="h-other"))
    # mails about staff accounts are counted separately from other mails to the same address
    await records.queue_mail(mail("e-reset", site="", session=None))
    await records.queue_mail(mail("e-tomorrow", created_at=NOW + DAY_MS + 1))


async def test_full_outbox_refuses_mails_until_there_is_room(records: Records, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outbox, "MOST_QUEUED", 20)
    for number in range(20):
        await records.queue_mail(mail(f"e-{number}", address_hash=f"h-{number}"))
    for later_ms in (0, 500, 5_000):
        with pytest.raises(MailRefused, match="mail_full"):
            await records.queue_mail(mail("e-more", created_at=NOW + later_ms))
    [found] = await claimed(records, NOW, 1)
    await records.mail_sent(found, NOW)
    assert await records.queue_mail(mail("e-more", created_at=NOW + 10_000))
    with pytest.raises(MailRefused, match="mail_full"):
        await records.queue_mail(mail("e-most", created_at=NOW + 10_000))


async def test_link_to_another_device_ends_the_one_before(records: Records) -> None:
    for token in ("first", "second"):
        await records.add_link(link(token, mail="elsewhere/s-1"), alone=True)
    with pytest.raises(LinkUnusable, match="bad_invite"):
        await records.use_link("first", "thread", NOW)
    assert await records.use_link("second", "thread", NOW) == "s-1"


async def test_link_opens_its_session_or_stays_unused(records: Records) -> None:
    await records.queue_mail(mail())
    for token in ("first try", "second try"):
        await records.add_link(link(token, mail="e-1"))
    await records.add_link(link("of nothing", session=None))
    with pytest.raises(UnknownSession):
        await records.use_link("of nothing", "thread", NOW, session_token="never")
    assert await records.link_subject("of nothing", "thread", NOW) == "s-1", "the failure has not used it up"
    assert await records.link_subject("first try", "thread", NOW) == "s-1", "a mail that came twice may be opened from either"
    await records.use_link("second try", "thread", NOW, session_token="new")
    found = await records.session_by_token("new")
    assert found is not None
    assert found.id == "s-1"
    with pytest.raises(LinkUnusable, match="replayed"):
        await records.use_link("first try", "thread", NOW, session_token="stolen")
    assert await records.session_by_token("new") == found


async def test_invite_opens_its_session_or_stays_unused(records: Records) -> None:
    with pytest.raises(UnknownSession):
        await records.use_invite("invite/1", NOW, "s-unknown", "never")
    tries = await asyncio.gather(*(records.use_invite("invite/1", NOW, "s-1", f"new-{n}") for n in range(4)))
    assert sorted(tries) == [False, False, False, True]
    assert await records.session_by_token(f"new-{tries.index(True)}") is not None


def link(token: str, **given: Any) -> LinkRecord:
    values = {"purpose": "thread", "subject": "s-1", "session": "s-1", "mail": "e-1", "expires_at": NOW + HOUR_MS}
    return LinkRecord(token_hash=token, **(values | given))


async def test_link_works_once_for_its_purpose_and_uses_up_its_twin(records: Records) -> None:
    await records.add_link(link("first"))
    await records.add_link(link("twin"))
    await records.add_link(link("other", mail="e-2"))
    with pytest.raises(LinkUnusable, match="bad_invite"):
        await records.use_link("first", "password_reset", NOW)
    uses = await asyncio.gather(*(records.use_link("first", "thread", NOW) for _ in range(5)), return_exceptions=True)
    assert [each for each in uses if isinstance(each, str)] == ["s-1"], "one of five presses at the same time"
    for used in ("first", "twin"):
        with pytest.raises(LinkUnusable, match="replayed"):
            await records.use_link(used, "thread", NOW)
    with pytest.raises(LinkUnusable, match="expired"):
        await records.use_link("other", "thread", NOW + HOUR_MS)


async def test_erased_session_gets_neither_mails_nor_links(records: Records) -> None:
    await records.queue_mail(mail())
    await records.add_link(link("first"))
    await records.erase_session("s-1")
    assert await records.mails() == ([], 0)
    with pytest.raises(LinkUnusable, match="bad_invite"):
        await records.use_link("first", "thread", NOW)
    with pytest.raises(UnknownSession):
        await records.queue_mail(mail("e-2"))
    with pytest.raises(UnknownSession):
        await records.add_link(link("second"))


async def test_old_mails_and_links_are_purged(records: Records) -> None:
    await records.queue_mail(mail("e-sent"))
    await records.queue_mail(mail("e-refused"))
    await records.queue_mail(mail("e-queued"))
    for each in await claimed(records, NOW, 9):
        if each.id == "e-sent":
            await records.mail_sent(each, NOW)
        elif each.id == "e-refused":
            await records.mail_refused(each, "no")
    await records.add_link(link("first", session=None))
    await records.purge(NOW + 8 * DAY_MS)
    assert {each.id for each in (await records.mails())[0]} == {"e-sent", "e-queued"}
    await records.purge(NOW + 31 * DAY_MS)
    assert {each.id for each in (await records.mails())[0]} == {"e-queued"}
    with pytest.raises(LinkUnusable, match="bad_invite"):
        await records.use_link("first", "thread", NOW)


async def test_links_to_a_left_address_end_however_old_their_mail_is(records: Records) -> None:
    await records.queue_mail(mail("e-sent"))
    [sent] = await claimed(records, NOW)
    await records.mail_sent(sent, NOW)
    await records.add_link(link("first", mail="e-sent", expires_at=NOW + 90 * DAY_MS))
    await records.purge(NOW + 31 * DAY_MS)
    assert await records.link_subject("first", "thread", NOW + 31 * DAY_MS) == "s-1"
    await records.leave_address("s-1", "h-mina")
    with pytest.raises(LinkUnusable, match="bad_invite"):
        await records.link_subject("first", "thread", NOW + 31 * DAY_MS)
    await records.purge(NOW + 32 * DAY_MS)
    assert (await records.mails())[0] == []


async def test_links_of_a_refused_mail_end_with_its_row(records: Records) -> None:
    """The database row of a refused mail is deleted before the link in this mail expires. From then on, the link is invalid."""
    await records.queue_mail(mail("e-refused"))
    [refused] = await claimed(records, NOW)
    await records.mail_refused(refused, "no")
    await records.add_link(link("first", mail="e-refused", expires_at=NOW + 90 * DAY_MS))
    await records.purge(NOW + 8 * DAY_MS)
    assert (await records.mails())[0] == []
    with pytest.raises(LinkUnusable, match="bad_invite"):
        await records.link_subject("first", "thread", NOW + 8 * DAY_MS)


@pytest.mark.parametrize("ahead_ms", [3 * HOUR_MS, -3 * HOUR_MS])
async def test_reminder_is_due_by_the_machines_clock_and_leased_by_it(records: Records, ahead_ms: int) -> None:
    await records.queue_mail(mail("e-reminder", kind="callback_soon", rank=BOOKED))
    await records.queue_mail(mail("e-reply", next_at=NOW + DAY_MS))
    at = NOW + ahead_ms  # the time of the server's steady clock at the moment when the machine's clock says NOW
    assert await records.claim_mail(at - 1, HOUR_MS, ahead_ms=ahead_ms) is None
    found = await records.claim_mail(at, HOUR_MS, ahead_ms=ahead_ms)
    assert found is not None
    assert found.id == "e-reminder"
    assert await records.claim_mail(at + HOUR_MS - 1, HOUR_MS, ahead_ms=ahead_ms) is None, "no other lane takes it"
    assert await records.claim_mail(at + HOUR_MS, HOUR_MS, ahead_ms=ahead_ms) is not None
