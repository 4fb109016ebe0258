"""When changes come at the same time, no more is stored than allowed, and no change fails by chance, on SQLite and PostgreSQL.

On PostgreSQL, several transactions can find that a row does not exist, and then insert it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable

import pytest
from msgspec.structs import replace

from signaling.records import Organisation, PersonNote, Records, SavedReply, passkeys, person_notes, replies
from signaling.records.figures import Threshold
from signaling.records.opening_hours import Hours
from signaling.records.outbox import MailRecord
from signaling.records.passkeys import PasskeyRecord

from .samples import JIMIN, SHOP, session

AT_ONCE = 8
MOST = 2
NOTE = PersonNote(id="n-1", site="shop", user_ref="shop/1", session="s-1", author="jimin", text="prefers mornings", at=5)
PASSKEY = PasskeyRecord(
    id="p-1", staff="jimin", credential="c", public_key=b"k", sign_count=0, name="phone", host="staff.example", created_at=5
)
REPLY = SavedReply(id="r-1", title="Hello", text="How can I help?")


async def refused(changes: Iterable[Awaitable[object]]) -> list[str]:
    """Carry out all changes at the same time. Return the names of the errors."""
    done = await asyncio.gather(*changes, return_exceptions=True)
    return [type(each).__name__ for each in done if isinstance(each, BaseException)]


async def test_passkeys_added_at_once_stay_within_the_limit(records: Records, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(passkeys, "MOST_PASSKEYS", MOST)
    await records.save_staff(JIMIN)
    more = await refused(records.add_passkey(replace(PASSKEY, id=f"p-{n}")) for n in range(AT_ONCE))
    assert more == ["TooManyPasskeys"] * (AT_ONCE - MOST)
    assert len(await records.passkeys("jimin")) == MOST


@pytest.mark.parametrize("whose", [{"site": "shop"}, {"owner": "jimin"}])
async def test_replies_saved_at_once_stay_within_the_limit(
    records: Records, monkeypatch: pytest.MonkeyPatch, whose: dict[str, str]
) -> None:
    monkeypatch.setattr(replies, "MOST_SHARED", MOST)
    monkeypatch.setattr(replies, "MOST_OWN", MOST)
    await records.save_staff(JIMIN)
    await records.save_site(SHOP)
    more = await refused(records.save_reply(replace(REPLY, id=f"r-{n}", **whose)) for n in range(AT_ONCE))
    assert more == ["TooManyReplies"] * (AT_ONCE - MOST)
    assert len(await records.shared_replies("shop") + await records.own_replies("jimin")) == MOST


async def test_file_imported_many_times_at_once_adds_its_replies_once(records: Records) -> None:
    await records.save_site(SHOP)
    files = [[replace(REPLY, id=f"r-{n}", site="shop")] for n in range(AT_ONCE)]
    done = await asyncio.gather(*(records.import_replies("shop", each) for each in files))
    assert sum(each.added for each in done) == 1
    assert len(await records.shared_replies("shop")) == 1


async def test_notes_of_many_sessions_at_once_stay_within_the_limit(records: Records, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(person_notes, "MOST_NOTES", MOST)
    await records.save_site(SHOP)
    for n in range(AT_ONCE):
        await records.create_session(session(n, user_ref="shop/1"))
    more = await refused(records.add_note(replace(NOTE, id=f"n-{n}", session=f"s-{n}")) for n in range(AT_ONCE))
    assert more == ["TooManyNotes"] * (AT_ONCE - MOST)
    assert len(await records.notes_on(("shop", "shop/1"))) == MOST


async def test_rows_stored_by_many_at_once_fail_for_nobody(records: Records) -> None:
    await records.save_staff(JIMIN)
    hours, thresholds = Hours(timezone="Asia/Seoul"), [Threshold(figure="waiting", amber=1.0, red=2.0)]
    changes: dict[str, Callable[[], Awaitable[object]]] = {
        "unsubscribe": lambda: records.unsubscribe("hash", 1),
        "organisation": lambda: records.save_organisation(Organisation(id="acme", name="Acme")),
        "thresholds": lambda: records.save_thresholds(thresholds),
        "working hours": lambda: records.save_working_hours("jimin", hours),
        "authenticator app": lambda: records.begin_totp("jimin", "seed"),
        "device": lambda: records.know_device("jimin", "device", "sign-in", 1),
        "site": lambda: records.save_site(SHOP),
    }
    failed = {name: await refused(change() for _ in range(AT_ONCE)) for name, change in changes.items()}
    assert failed == {name: [] for name in changes}
    assert await records.thresholds() == thresholds
    assert await records.working_hours(["jimin"]) == {"jimin": hours}


async def test_new_site_that_many_add_at_once_is_added_once(records: Records) -> None:
    failed = await refused(records.save_site(SHOP, expected="") for _ in range(AT_ONCE))
    assert failed == ["Changed"] * (AT_ONCE - 1)


async def test_recovery_codes_replaced_at_once_leave_one_set(records: Records) -> None:
    await records.save_staff(JIMIN)
    for turn in range(5):
        sets = [[f"{turn}-{n}-{code}" for code in range(200)] for n in range(AT_ONCE)]
        assert await refused(records.set_recovery_codes("jimin", each) for each in sets) == []
        assert await records.recovery_codes_left("jimin") == 200


async def test_mail_that_many_queue_at_once_is_queued_once(records: Records) -> None:
    mail = MailRecord(id="e-0", kind="password_reset", address="jimin@shop.example", address_hash="h", key="reset/jimin", until=9)
    queued = await asyncio.gather(*(records.queue_mail(replace(mail, id=f"e-{n}")) for n in range(AT_ONCE)))
    assert sorted(queued) == [False] * (AT_ONCE - 1) + [True]
    assert (await records.mails())[1] == 1
