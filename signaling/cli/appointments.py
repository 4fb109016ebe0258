"""`sangdam appointment`: list the appointments that are booked, and cancel one."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import Any, Final

import click

from signaling.records import Records, Search, SessionRecord
from signaling.session import booking_of, decode_snapshot
from signaling.session.model import Callback

from .typed import json_option, noted, show, with_records

CANCELLED_WITHIN_S: Final = 5.0  # the command waits at most this many seconds for the server to cancel
_LOOK_S: Final = 0.2  # seconds between two checks whether the server has cancelled
_PART: Final = 200  # one query reads at most this many sessions


@click.group()
def appointment() -> None:
    """List the callbacks and appointments that are booked, and cancel one."""


@appointment.command("list")
@click.option("--site", "site_id", default="", help="Show only appointments of this site.")
@click.option("--staff", "staff_id", default="", help="Show only appointments with this member of staff.")
@json_option
@with_records
async def appointment_list(records: Records, site_id: str, staff_id: str, as_json: bool) -> None:
    """List the callbacks and appointments that nobody has accepted yet, the earliest first."""
    rows = [row for each in await _booked(records, site_id) if (row := _row(each)) and staff_id in ("", row["staff"])]
    shown = sorted(rows, key=lambda row: (row["at"], row["session"]))
    show([row | {"at": _utc(row["at"])} for row in shown], as_json=as_json)


@appointment.command("cancel")
@click.argument("session_id", metavar="SESSION")
@click.option(
    "--at", "wanted", default="", metavar="TIME", help="Cancel only what is booked for this time, as the list shows it."
)
@with_records
async def appointment_cancel(records: Records, session_id: str, wanted: str) -> None:
    """Cancel a callback or an appointment. The running server tells the user by mail, if a mail address is known.

    SESSION is the id that the list shows. If the user moves the appointment while this command runs, the appointment stays. If no
    server runs, the appointment is cancelled when a server starts.
    """
    found = await records.session(session_id)
    called = _callback(found) if found is not None and found.state == "callback" else None
    if called is None:
        raise click.ClickException(f"“{session_id}” has no callback or appointment that could be cancelled.")
    if wanted not in ("", _utc(called.due_at)):
        raise click.ClickException(f"Nothing was cancelled: {_said(called)} is booked.")
    booking = booking_of(called)
    await noted(records, "appointment.cancel", f"session/{session_id}", detail=booking)
    for _ in range(round(CANCELLED_WITHIN_S / _LOOK_S)):
        await asyncio.sleep(_LOOK_S)
        if await _is_cancelled(records, session_id, booking):
            click.echo(f"Cancelled: {_said(called)}.")
            return
    click.echo(f"No server has answered. As soon as one runs, it cancels {_said(called)}.", err=True)


async def _is_cancelled(records: Records, session_id: str, booking: str) -> bool:
    """Return whether this booking was cancelled. Return False while no server has carried out the cancellation.

    Raises ClickException when somebody has moved or accepted the appointment instead.
    """
    now = await records.session(session_id)
    if now is None or now.end_reason in ("callback_cancelled", "erased"):
        return True
    called = _callback(now)
    if now.state != "callback" or called is None:
        raise click.ClickException(f"Nothing was cancelled: somebody has accepted “{session_id}” meanwhile.")
    if booking_of(called) != booking:
        raise click.ClickException(f"Nothing was cancelled: it was moved meanwhile, and {_said(called)} is booked now.")
    return False


async def _booked(records: Records, site_id: str) -> list[SessionRecord]:
    found: list[SessionRecord] = []
    search, after = Search(state="callback", site=site_id), None
    while part := await records.sessions_after(after, _PART, search):
        found += part
        after = (part[-1].started_at, part[-1].id)
    return found


def _row(record: SessionRecord) -> dict[str, Any]:
    """Return a session's callback as a row to print. Return an empty row for a session whose content was erased."""
    called = _callback(record)
    if called is None:
        return {}
    shown = {name: getattr(record, name) for name in ("site", "category", "language", "channel")}
    return {"session": record.id, "at": called.due_at, "minutes": called.minutes, "staff": called.staff, **shown}


def _callback(record: SessionRecord) -> Callback | None:
    return decode_snapshot(record.snapshot).callback if record.snapshot else None


def _said(called: Callback) -> str:
    what = f"the appointment with {called.staff}" if called.staff else "the callback"
    return f"{what} at {_utc(called.due_at)}"


def _utc(at_ms: int) -> str:
    return datetime.fromtimestamp(at_ms / 1000, UTC).isoformat(timespec="minutes").replace("+00:00", "Z")
