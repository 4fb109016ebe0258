"""A program that uses the generated Python client. It starts a conversation, reads it, and exports and erases its user."""

from __future__ import annotations

import io
import os
import zipfile

from client import AuthenticatedClient
from client.api.token import (
    get_api_v1_sessions_id,
    post_api_v1_conversations,
    post_api_v1_people_erase,
    post_api_v1_people_export,
    post_api_v1_people_find,
)
from client.models import Erased, FirstLine, NewConversation, PersonHeld, PersonRequest, SessionDetail, StartedConversation, User
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

    person = PersonRequest(user_id=USER)
    exported = post_api_v1_people_export.sync(client=api, body=person)
    assert isinstance(exported, File), exported
    assert any(started.session in name for name in zipfile.ZipFile(io.BytesIO(exported.payload.read())).namelist())

    erased = post_api_v1_people_erase.sync(client=api, body=person)
    assert isinstance(erased, Erased), erased
    assert erased.sessions == 1
    assert not any(erased.left.to_dict().values())
    found = post_api_v1_people_find.sync(client=api, body=person)
    assert isinstance(found, PersonHeld), found
    print("left", found.sessions)
