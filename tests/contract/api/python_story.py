"""A program that uses the generated Python client.

It starts a conversation and reads it, books, moves and cancels an appointment, and exports and erases the data of the user.
"""

from __future__ import annotations

import io
import os
import zipfile

from client import AuthenticatedClient
from client.api.token import (
    get_api_v1_appointments,
    get_api_v1_sessions_id,
    get_api_v1_sites_site_times,
    post_api_v1_appointments,
    post_api_v1_appointments_id_cancel,
    post_api_v1_appointments_id_move,
    post_api_v1_conversations,
    post_api_v1_people_erase,
    post_api_v1_people_export,
    post_api_v1_people_find,
)
from client.models import (
    AnotherTime,
    Appointment,
    AppointmentList,
    BookedAppointment,
    Erased,
    FirstLine,
    NewAppointment,
    NewConversation,
    PersonHeld,
    PersonRequest,
    SessionDetail,
    StartedConversation,
    User,
)
from client.types import File

USER = "customer-py"

with AuthenticatedClient(base_url=os.environ["SANGDAM"], token=os.environ["TOKEN"]) as api:
    wanted = NewConversation(
        site="demo-shop",
        category="cameras",
        language="ko",
        user=User(id=USER, name="민아"),
        line=FirstLine(text="Your lens has arrived.", staff="jimin"),
    )
    started = post_api_v1_conversations.sync(client=api, body=wanted, idempotency_key="python-1")
    assert isinstance(started, StartedConversation), started
    assert post_api_v1_conversations.sync(client=api, body=wanted, idempotency_key="python-1") == started

    read = get_api_v1_sessions_id.sync(started.session, client=api)
    assert isinstance(read, SessionDetail), read
    assert [line.text for line in read.lines] == ["Your lens has arrived."]

    free = get_api_v1_sites_site_times.sync("demo-shop", client=api, category="cameras", language="ko", timezone="Asia/Seoul")
    assert isinstance(free, list), free
    member = next(each for each in free if len(each.times) > 3)
    choice = NewAppointment(
        site="demo-shop", category="cameras", language="ko", user=User(id=USER), at=member.times[0], staff=member.id
    )
    booked = post_api_v1_appointments.sync(client=api, body=choice, idempotency_key="python-2")
    assert isinstance(booked, BookedAppointment), booked
    here = booked.appointment.session
    moved = post_api_v1_appointments_id_move.sync(here, client=api, body=AnotherTime(at=member.times[3]))
    assert isinstance(moved, Appointment), moved
    assert (moved.at, moved.staff) == (member.times[3], member.id)
    listed = get_api_v1_appointments.sync(client=api)
    assert isinstance(listed, AppointmentList), listed
    assert [each.session for each in listed.items] == [here]
    cancelled = post_api_v1_appointments_id_cancel.sync(here, client=api)
    assert isinstance(cancelled, Appointment), cancelled
    assert cancelled.state == "cancelled"

    person = PersonRequest(user_id=USER)
    exported = post_api_v1_people_export.sync(client=api, body=person)
    assert isinstance(exported, File), exported
    assert any(started.session in name for name in zipfile.ZipFile(io.BytesIO(exported.payload.read())).namelist())

    erased = post_api_v1_people_erase.sync(client=api, body=person)
    assert isinstance(erased, Erased), erased
    assert erased.sessions == 2
    assert not any(erased.left.to_dict().values())
    found = post_api_v1_people_find.sync(client=api, body=person)
    assert isinstance(found, PersonHeld), found
    print("left", found.sessions)
