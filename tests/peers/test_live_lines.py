"""People fetch the chat lines of a long conversation in portions, and get the lines that they have missed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from signaling.live.chat import PAGE_LINES
from signaling.protocol.words import Audience
from signaling.records import Records
from signaling.server import app_keys
from tests.peers.live_house import Person, in_conversation, running, settings_for


async def test_pages_bring_every_line_once_and_users_none_for_staff(tmp_path: Path) -> None:
    async with running(settings_for(tmp_path)) as service:
        user, counselor = await in_conversation(service)
        records: Records = service.app[app_keys.RECORDS]
        for n in range(PAGE_LINES * 2):
            common: dict[str, Any] = {"author": "p", "name": "지민", "role": "counselor", "kind": "text", "at": 5}
            audience: Audience = "staff" if n % 4 == 0 else "all"
            text = f"SECRET {n}" if audience == "staff" else f"줄 {n}"
            await records.append_line(user.session_id, line_id=f"l-{n}", audience=audience, text=text, **common)
        await user.say("line", line="last", text="마지막")
        newest = int((await user.find(lambda seen: seen["type"] == "ack" and seen["line"] == "last"))["seq"])
        readers: list[tuple[Person, Audience]] = [(user, "all"), (counselor, "staff")]
        for person, audience in readers:
            reply = await person.say("lines", before=0)
            assert (reply["before"], reply["rev"], reply["more"]) == (0, newest, True)
            assert (len(reply["lines"]), reply["lines"][-1]["text"]) == (PAGE_LINES, "마지막")
            found = reply["lines"]
            while reply.get("more"):
                reply = await person.say("lines", before=found[0]["seq"])
                found = [*reply["lines"], *found]
            stored = await records.lines(user.session_id, limit=1_000, audience=audience)
            assert [line["seq"] for line in found] == [line.seq for line in stored]
        assert "SECRET" not in user.traffic()
        missed = await user.say("lines", after=newest - 1)
        assert [line["text"] for line in missed["lines"]] == ["마지막"]
        assert (await user.say("lines", before=-1))["type"] == "error"
