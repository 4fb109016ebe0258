"""Two organisations in one database: every list and count stays within one of them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path

import pytest

from signaling.records import (
    MessageRecord,
    Organisation,
    Realm,
    Records,
    SavedReply,
    Search,
    SessionRecord,
    Site,
    StaffRecord,
    Threshold,
)
from signaling.records.outbox import MailRecord, MailRefused
from signaling.records.push import Device, Push

OURS, THEIRS = Realm(organisation="main"), Realm(organisation="acme")


@pytest.fixture
async def records(tmp_path: Path) -> AsyncIterator[Records]:
    opened = await Records.open(f"sqlite+aiosqlite:///{tmp_path / 'records.sqlite'}")
    await opened.save_organisation(Organisation(id="acme", name="Acme"))
    for n, realm in enumerate((OURS, THEIRS)):
        owner = realm.organisation
        await opened.save_site(Site(id=f"shop-{owner}", organisation=owner, languages=["ko"]))
        await opened.save_staff(StaffRecord(id=f"boss-{owner}", login=owner, name=owner, role="operator", organisation=owner))
        for number in range(n + 1):
            session = SessionRecord(
                id=f"s-{owner}-{number}", organisation=owner, site=f"shop-{owner}", category="c", language="ko", channel="text",
                state="message_left", started_at=1000, waiting_at=1000, ended_at=2000,
            )  # fmt: skip
            await opened.create_session(session)
            message = MessageRecord(
                id=f"m-{session.id}",
                session=session.id,
                site=session.site,
                category="c",
                language="ko",
                contact="a",
                text="t",
                at=1,
            )
            await opened.add_message(message)
            await opened.audit(f"boss-{owner}", "session.read", f"session/{session.id}")
        await opened.save_reply(SavedReply(id=f"r-{owner}", site=f"shop-{owner}", title="t", text="t"))
        await opened.save_thresholds([Threshold(figure="waiting", amber=n, red=n + 5)], owner)
    yield opened
    await opened.close()


@pytest.mark.parametrize(("realm", "count"), [(OURS, 1), (THEIRS, 2)])
async def test_lists_and_counts_stay_within_the_organisation(records: Records, realm: Realm, count: int) -> None:
    owner = realm.organisation
    found, total = await records.search_sessions(Search(realm=realm))
    assert ({each.organisation for each in found}, total) == ({owner}, count)
    assert {each.site for each in await records.messages(realm=realm)} == {f"shop-{owner}"}
    assert [each.id for each in await records.sites(realm)] == [f"shop-{owner}"]
    assert [each.id for each in await records.all_staff(owner)] == [f"boss-{owner}"]
    assert (await records.counts_today(0, realm)).left == count
    assert len(await records.waits(0, realm)) == count
    assert [each.amber for each in await records.thresholds(owner)] == [count - 1]
    entries, total = await records.audits(organisation=owner)
    assert ({each.actor for each in entries}, total) == ({f"boss-{owner}"}, count)


async def test_replies_of_all_sites_end_at_the_organisation(records: Records) -> None:
    assert await records.count_reply("r-main", "boss-main", OURS)
    assert not await records.count_reply("r-acme", "boss-main", OURS)


async def test_audit_of_a_removed_thing_stays_with_its_organisation(records: Records) -> None:
    await records.remove_site("shop-acme")
    await records.audit("cli", "site.remove", "site/shop-acme", organisation="acme")
    await records.audit("boss-acme", "site.remove", "site/shop-acme")
    assert (await records.audits(organisation="main"))[1] == 1
    assert (await records.audits(organisation="acme"))[1] == 4


async def test_site_id_stays_with_its_organisation_while_its_sessions_are_kept(records: Records) -> None:
    """In the database, users and the notes about users are stored under the id of their site.

    If an organisation got the id of a removed site of another organisation, it would see that site's users and notes.
    """
    await records.remove_site("shop-acme")
    with pytest.raises(ValueError, match="id_taken"):
        await records.save_site(Site(id="shop-acme", organisation="main"))
    assert await records.site("shop-acme") is None
    await records.save_site(Site(id="shop-acme", organisation="acme"))
    assert await records.site("shop-acme") is not None


async def test_mails_of_one_organisation_leave_room_for_another(records: Records, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("signaling.records.outbox.MOST_QUEUED", 8)

    async def queued(owner: str) -> int:
        """Queue 20 mails of this organisation. Return how many of these mails the outbox has accepted."""
        count = 0
        for number in range(20):
            mail = MailRecord(
                id=f"e-{owner}-{number}",
                kind="reply",
                site=f"shop-{owner}",
                address="m@x.example",
                address_hash=f"{owner}{number}",
            )
            with suppress(MailRefused):
                count += await records.queue_mail(mail)
        return count

    assert (await queued("acme"), await queued("main")) == (6, 2)


async def test_pushes_of_one_organisation_leave_room_for_another(records: Records, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("signaling.records.push.MOST_QUEUED", 8)
    counts = []
    for owner in ("acme", "main"):
        session = SessionRecord(
            id=f"talk-{owner}", organisation=owner, site=f"shop-{owner}", category="c", language="ko", channel="text",
            state="active", started_at=1,
        )  # fmt: skip
        await records.create_session(session)
        device = Device(
            id=f"d-{owner}",
            sign_in=None,
            session=session.id,
            host="push.example",
            endpoint_hash=owner,
            sealed="x",
            language="ko",
            created_at=1,
        )
        assert await records.add_device(device)
        push = Push(device=device, kind="answered", key=owner, args={}, rank=1, at=1, next_at=1, until=10**15)
        counts.append(sum([await records.queue_pushes([push]) for _ in range(20)]))
    assert counts == [6, 2]
