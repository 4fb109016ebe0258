"""Fill the data folder of an installation of 0.1.0, by that version's own service. Run this file in a checkout of 0.1.0.

    git archive 1cac6da0 | tar -x -C FOLDER
    cd FOLDER && PYTHONPATH=. python …/tests/contract/release/made_by_0_1_0.py …/tests/contract/release/0.1.0.tar.gz

1cac6da0 is the last commit of 0.1.0, which has no tag. No test imports this file, because the file imports modules of 0.1.0.
People talk by voice and are recorded, write, draw, send a picture, leave a message, and book a callback. One conversation still
runs when the server ends.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import io
import json
import sys
import tarfile
import tempfile
from pathlib import Path

import pycrdt
from msgspec.structs import replace
from PIL import Image

from signaling import keys
from tests.peers import live_house
from tests.peers.live_house import Person, Service, in_conversation, running, settings_for

CONTACT = "010-1234-5678"


async def _recorded_call(service: Service) -> None:
    user, counselor = await in_conversation(service, "voice")
    async with await user.join_room() as one, await counselor.join_room() as other:
        one.speak(700)
        other.speak(1100)
        for person in (user, counselor):
            assert (await person.say("recording", agree=True))["type"] == "ok"
        for person in (user, counselor):
            await person.until(lambda session: session["recording"]["state"] == "on")
        await asyncio.sleep(1.5)
        await _finished(user, counselor, 5, "렌즈를 교환하기로 함")


async def _finished(user: Person, counselor: Person, score: int, notes: str) -> None:
    assert (await counselor.say("leave"))["type"] == "ok"
    await user.state("after")
    assert (await user.say("rate", score=score, words="고맙습니다"))["type"] == "ok"
    assert (await counselor.say("wrap_up", notes=notes, outcome="solved"))["type"] == "ok"
    await user.state("closed")
    for person in (user, counselor):
        await person.close()


async def _left_message(service: Service) -> None:
    user = await service.user()
    await user.say("enter")
    assert (await user.say("leave_message", contact=CONTACT, text="전화 주세요"))["type"] == "ok"
    await user.close()


async def _booked_callback(service: Service) -> None:
    user = await service.user()
    assert (await user.say("enter"))["type"] == "ok"
    at = service.live.house.now() + 3_600_000
    assert (await user.say("callback", at=at, contact=CONTACT, note="삼각대"))["type"] == "ok"
    await user.state("callback")
    await user.close()


def _picture() -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (48, 32), (200, 30, 60)).save(file, "PNG")
    return file.getvalue()


async def _running_conversation(service: Service) -> dict[str, str]:
    user, counselor = await in_conversation(service)
    await user.say("line", line="c-1", text="안녕하세요 👋")
    await counselor.say("line", line="k-1", text="무엇을 도와드릴까요?")
    headers = {"Authorization": f"Bearer {user.token}", "Origin": service.settings.url, "Content-Type": "image/png"}
    async with service.http.post(
        f"{service.url}/api/sessions/{user.session_id}/pictures", data=_picture(), headers=headers
    ) as answer:
        assert answer.status == 200, await answer.text()
        picture = (await answer.json())["picture"]
    await user.send(type="line", session=user.session_id, line="c-2", kind="picture", picture=picture)
    await counselor.find(lambda seen: seen["type"] == "line" and seen["line"]["picture"] == picture)
    drawn: pycrdt.Doc[pycrdt.Map[str]] = pycrdt.Doc()
    elements = drawn.get("elements", type=pycrdt.Map)
    elements["stroke-1"] = pycrdt.Map({"type": "freedraw", "author": user.session["you"], "isDeleted": False})
    update = base64.b64encode(pycrdt.create_update_message(drawn.get_update())).decode()
    await user.say("board", data=base64.b64encode(pycrdt.create_sync_message(drawn)).decode())
    assert (await user.say("board", data=update))["type"] == "ok"
    await asyncio.sleep(1.0)  # by then, the server has written the stroke to the board's journal
    await user.ws.close()
    await counselor.ws.close()
    return {"session": user.session_id, "token": user.token, "picture": picture}


async def _fill(folder: Path) -> None:
    settings = settings_for(folder)
    async with running(settings) as service:
        records = service.app[keys.RECORDS]
        site = await records.site("demo-shop")
        await records.save_site(replace(site, recording="ask", retention_days=3650))
        await _recorded_call(service)
        await _left_message(service)
        await _booked_callback(service)
        going_on = await _running_conversation(service)
        now = service.live.house.now()
    recorded = {
        str(path.relative_to(live_house.RECORDINGS)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(live_house.RECORDINGS.rglob("*"))
        if path.is_file()
    }
    about = {"now": now, "shop_port": settings.shop_port, "running": going_on, "recordings": recorded}
    (folder / "about.json").write_text(json.dumps(about, indent=1))


def main(target: Path) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        asyncio.run(_fill(folder))
        with tarfile.open(target, "w:gz") as archive:
            for part in sorted(folder.iterdir()):
                archive.add(part, f"data/{part.name}")
            archive.add(live_house.RECORDINGS, "data/recordings")
    print(target, target.stat().st_size)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
