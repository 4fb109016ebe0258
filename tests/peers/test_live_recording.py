"""The tests record end to end, without browsers: people consent over the WebSocket and send real packets.

The tests read the resulting files.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from time import monotonic

import pytest
from msgspec.structs import replace

from media.api import recording_files as disk
from media.packets import rtp
from signaling.live.kept_pages import WRITE_S
from signaling.recordings import Recordings, Segment, Span, Track, reached
from signaling.server import app_keys
from tests import PATIENCE_S
from tests.peers.client import Peer
from tests.peers.conftest import eventually
from tests.peers.live_house import Person, Service, in_conversation, running, settings_for
from tests.peers.test_live_pages import page_of, send
from tests.unit.media.recording.streams import Packets, loudness, picture, pictures

USER, COUNSELOR, PROFESSIONAL = 700, 1100, 1700


async def recording_site(service: Service) -> None:
    records = service.app[app_keys.RECORDS]
    site = await records.site("demo-shop")
    assert site is not None
    await records.save_site(replace(site, recording="ask", cobrowse="strict"))


@pytest.fixture
async def service(tmp_path: Path) -> AsyncIterator[Service]:
    async with running(settings_for(tmp_path)) as service:
        await recording_site(service)
        yield service


async def agreed(user: Person, counselor: Person) -> None:
    for person in (user, counselor):
        assert (await person.say("recording", agree=True))["type"] == "ok"
    for person in (user, counselor):
        await person.until(lambda s: s["recording"]["state"] == "on")


async def shown_page(service: Service, user: Person, counselor: Person) -> Person:
    """Let the counselor see the user's page. Return the WebSocket over which the panel sends what the page shows."""
    page = await page_of(service, user)
    await counselor.until(lambda s: s["cobrowse"]["ready"])
    for person in (counselor, user):
        assert (await person.say("cobrowse", on=True))["type"] == "ok"
    await counselor.until(lambda s: s["cobrowse"]["state"] == "on")
    assert (await counselor.say("watch_page", on=True))["type"] == "ok"
    await page.find(lambda m: m["type"] == "page_state" and bool(m.get("seen_by")))
    return page


async def written(service: Service, session: str, until: int) -> list[Segment]:
    """Wait until this many segments of the session's recording are complete. Return all complete segments."""
    recordings: Recordings = service.app[app_keys.RECORDINGS]

    async def closed() -> list[Segment]:
        return [segment for segment in await recordings.of(session) if segment.reason == ""]

    async with asyncio.timeout(PATIENCE_S):
        while len(found := await closed()) < until:
            await asyncio.sleep(0.02)
    return found


def track_of(segments: list[Segment], participant: str) -> tuple[Segment, Track]:
    return next((s, track) for s in segments for track in s.tracks if track.participant == participant)


async def test_agreed_recording_is_deleted_when_the_user_revokes(service: Service) -> None:
    user, counselor = await in_conversation(service, "voice")
    async with await user.join_room() as one, await counselor.join_room() as other:
        one.speak(USER)
        other.speak(COUNSELOR)
        await asyncio.sleep(0.5)
        folder = service.settings.recordings_dir / user.session_id
        assert (await user.say("recording", agree=True))["type"] == "ok"
        await asyncio.sleep(0.3)
        assert not folder.exists(), "nothing is written before all have agreed"
        begun_s = monotonic()
        await agreed(user, counselor)
        await asyncio.sleep(1.2)
        assert (await counselor.say("recording", agree=False))["type"] == "ok"
        [segment] = await written(service, user.session_id, 1)
        most_ms = 1000 * (monotonic() - begun_s) + 200
        recordings: Recordings = service.app[app_keys.RECORDINGS]
        for person, hz, silent in ((user, USER, COUNSELOR), (counselor, COUNSELOR, USER)):
            _, track = track_of([segment], person.session["you"])
            assert 900 <= track.ended - track.began <= most_ms
            path = recordings.path(user.session_id, segment, track)
            assert all(loudness(path, hz)[1:])
            assert not any(loudness(path, silent))
        assert (await user.say("recording", agree=False))["type"] == "ok"
        await eventually(lambda: not list(folder.glob("*")), 2)
        told = await user.until(lambda s: not s["recording"].get("kept", False))
        assert told["recording"]["state"] == "off"
        assert any(line["text"] == "recording.erased" for line in user.lines())
        assert len((await one.listen(0.3)).payloads) > 5, "the call goes on"


async def test_page_that_staff_see_is_kept_with_the_recording(service: Service) -> None:
    user, counselor = await in_conversation(service, "voice")
    page = await shown_page(service, user, counselor)
    await send(page, "AAAA", first=True)
    await counselor.find(lambda m: m["type"] == "page" and m["data"] == "AAAA")
    recordings: Recordings = service.app[app_keys.RECORDINGS]
    async with await user.join_room() as one, await counselor.join_room() as two:
        one.speak(USER)
        two.speak(COUNSELOR)
        await agreed(user, counselor)
        await page.get("page_again")
        await send(page, "BBBB")  # staff saw this change of the page before the user consented
        for part in ("CCCC", "DDDD"):
            await send(page, part, first=True, more=part == "CCCC")
        await send(page, "EEEE")
        await counselor.find(lambda m: m["type"] == "page" and m["data"] == "EEEE")
        await asyncio.sleep(0.5)
        assert (await counselor.say("recording", agree=False))["type"] == "ok"
        await send(page, "FFFF")
        await counselor.find(lambda m: m["type"] == "page" and m["data"] == "FFFF")
        [segment] = await written(service, user.session_id, 1)
        path = recordings.page_path(user.session_id, segment)
        await eventually(lambda: path.is_file() and path.read_text().count("seen_by") == 2, 2)
        kept = [json.loads(line) for line in path.read_text().splitlines()]
        assert [each.get("data") for each in kept] == [None, "CCCC", "DDDD", "EEEE", None]
        assert (kept[0]["seen_by"], kept[-1]["seen_by"]) == (["jimin"], [])
        assert segment.span is not None
        assert all(segment.span.begin - 1000 <= each["at"] <= segment.span.end + 1000 for each in kept)
        assert path.stat().st_mode & 0o077 == 0

        headers = {"Origin": service.settings.staff_url("counselor"), "Cookie": counselor.cookie}
        async with service.http.get(f"{service.url}/api/recordings/{user.session_id}", headers=headers) as answer:
            found = await answer.json()
        assert found["site"] == "demo-shop"
        [url] = found["pages"]
        async with service.http.get(service.url + url, headers=headers) as answer:
            assert await answer.text() == path.read_text()
        async with service.http.get(service.url + url) as refused:
            assert refused.status == 401
        out = await exported(service, user.session_id, "user")
        assert out.with_suffix(".page.jsonl").read_text() == path.read_text()

        await agreed(user, counselor)  # with this consent, a second period of the recording begins
        for part in ("GGGG", "HHHH"):
            await send(page, part, first=True)
        await counselor.find(lambda m: m["type"] == "page" and m["data"] == "HHHH")
        assert (await user.say("recording", agree=False))["type"] == "ok"
        await send(page, "IIII")
        await counselor.find(lambda m: m["type"] == "page" and m["data"] == "IIII")
        await eventually(lambda: not list((service.settings.recordings_dir / user.session_id).glob("*")), 2)
        await asyncio.sleep(WRITE_S * 2)
        assert not list((service.settings.recordings_dir / user.session_id).glob("*")), "nothing is written after that"


async def test_consultation_is_not_in_the_users_recording(service: Service) -> None:
    user, counselor = await in_conversation(service, "voice")
    professional = await service.staff("drhan")
    async with await user.join_room() as one, await counselor.join_room() as two:
        one.speak(USER)
        two.speak(COUNSELOR)
        await agreed(user, counselor)
        await asyncio.sleep(0.6)
        await user.send(type="line", session=user.session_id, line="u-1", text="안녕하세요")
        await counselor.say("help", note="?")
        ring = await professional.get("ring")
        await professional.ask(type="accept", reservation=ring["reservation"])
        await professional.until(lambda s: s.get("brief") is not None)
        assert (await professional.say("join"))["reason"] == "recording"
        assert (await professional.say("join", record=True))["type"] == "ok"
        await user.until(lambda s: s["room"]["notice"] == "asking_professional")
        async with await professional.join_room() as three:
            three.speak(PROFESSIONAL)
            await counselor.send(type="line", session=user.session_id, line="k-1", text="비밀")
            await asyncio.sleep(0.8)
            await counselor.say("mode", mode="conference")
            await user.until(lambda s: len(s["room"]["hears"]) == 3)
            await asyncio.sleep(0.8)
            assert (await user.say("leave"))["type"] == "ok"
            [segment] = await written(service, user.session_id, 1)
    listener = user.session["you"]
    _, his = track_of([segment], "drhan")
    _, hers = track_of([segment], "jimin")
    [together] = reached(segment, his, listener)
    assert together.begin - his.began > 500, "unheard while in consultation"
    assert together.end == his.ended
    before, after = reached(segment, hers, listener)
    assert before.begin == hers.began
    assert after == Span(together.begin, hers.ended)
    assert after.begin - before.end > 700
    assert segment.span is not None
    unheard = (his.began - segment.span.begin, together.begin - segment.span.begin)
    theirs, whole = await asyncio.gather(*(exported(service, user.session_id, audience) for audience in ("user", "staff")))
    assert PROFESSIONAL not in tones(theirs, *unheard)
    assert COUNSELOR not in tones(theirs, *unheard)
    assert tones(whole, *unheard) == {COUNSELOR, PROFESSIONAL}, "nobody heard the user, and they were told so"
    for file in (theirs, whole):
        assert tones(file, unheard[1] + 100, unheard[1] + 600) == {USER, COUNSELOR, PROFESSIONAL}
    assert "비밀" not in theirs.with_suffix(".vtt").read_text()
    assert "비밀" in whole.with_suffix(".vtt").read_text()
    assert "안녕하세요" in theirs.with_suffix(".vtt").read_text()
    copy = await fetched(service, user)
    assert tones(copy, *unheard) == tones(theirs, *unheard)
    assert tones(copy, unheard[1] + 100, unheard[1] + 600) == {USER, COUNSELOR, PROFESSIONAL}


DARK, BRIGHT = 60, 200


async def show(peer: Peer, layer: str, packets: Packets) -> None:
    """Send these packets as the simulcast layer `layer` of the camera, in real time."""
    began = asyncio.get_running_loop().time()
    for at, data in packets:
        await asyncio.sleep(began + at - asyncio.get_running_loop().time())
        header = rtp.parse(data)
        peer.send_rtp(
            f"camera:{layer}", header.sequence, header.timestamp, data[header.payload : header.end], marker=header.marker
        )


async def test_recording_prefers_the_high_layer_while_it_arrives(service: Service) -> None:
    user, counselor = await in_conversation(service, "video")
    low = picture(DARK, 6.5, 0.0, key_every=3)
    high = picture(BRIGHT, 2.5, 0.0, key_every=3, size=(320, 240))
    async with await user.join_room({"l": 1, "h": 2}) as one, await counselor.join_room():
        await agreed(user, counselor)
        async with asyncio.TaskGroup() as showing:
            showing.create_task(show(one, "l", low))
            await asyncio.sleep(0.7)
            await show(one, "h", high)
        assert (await counselor.say("recording", agree=False))["type"] == "ok"
        [segment] = await written(service, user.session_id, 1)
    recordings: Recordings = service.app[app_keys.RECORDINGS]
    seen = [pictures(recordings.path(user.session_id, segment, track)) for track in segment.tracks]
    assert [{width for _, width, _ in each} for each in seen] == [{160}, {320}, {160}]
    assert all(len(each) > 3 for each in seen)
    before, top, after = segment.tracks
    assert (before.ended, top.ended) == (top.began, after.began), "one picture at a time, and never none"
    assert top.ended - top.began > 2000
    file = await exported(service, user.session_id, "user")
    begin = segment.span.begin if segment.span else 0
    shown = {round(at, 2): luma for at, _, luma in pictures(file)}
    lumas = [luma for at, luma in shown.items() if top.began + 200 < begin + at * 1000 < top.ended - 200]
    assert lumas
    assert all(abs(luma - BRIGHT) < 20 for luma in lumas)


async def exported(service: Service, session: str, audience: str) -> Path:
    settings = service.settings
    out = settings.data_dir / f"{audience}.webm"
    command = [sys.executable, "-m", "signaling.cli.main", "export", session, "--audience", audience, "--out", str(out)]
    command += ["--data-dir", str(settings.data_dir), "--recordings", str(settings.recordings_dir)]
    process = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT)
    said, _ = await process.communicate()
    assert process.returncode == 0, said.decode()
    return out


async def fetched(service: Service, user: Person) -> Path:
    """Fetch the user's own copy of the recording as the page does. Check that another token is refused."""
    path = f"{service.url}/api/sessions/{user.session_id}/recording"
    headers = {"Origin": service.settings.url, "Authorization": f"Bearer {user.token}"}
    async with service.http.get(path, headers={"Authorization": "Bearer other"}) as refused:
        assert refused.status == 404
    async with service.http.post(path, headers=headers) as asked:
        copy = await asked.json()
    async with asyncio.timeout(60):
        while copy["state"] == "making":
            await asyncio.sleep(0.1)
            async with service.http.get(path, headers=headers) as answer:
                copy = await answer.json()
    assert copy["state"] == "ready"
    async with service.http.get(f"{path}/file", headers=headers) as answer:
        assert answer.headers["Content-Disposition"] == 'attachment; filename="recording.webm"'
        target = service.settings.data_dir / "copy.webm"
        target.write_bytes(await answer.read())
    return target


def tones(file: Path, begin_ms: int, end_ms: int) -> set[int]:
    """Return which of the three voices can be heard at any moment from `begin_ms` to `end_ms`.

    The first and the last 0.1 s do not count. A voice may pause: on a busy machine, the speakers of this test stand still.
    """
    first, last = begin_ms // 100 + 1, end_ms // 100 - 1
    return {hz for hz in (USER, COUNSELOR, PROFESSIONAL) if any(loudness(file, hz)[first:last])}


async def test_killed_recording_worker_leaves_complete_files(tmp_path: Path) -> None:
    async with running(settings_for(tmp_path), supervised=True) as service:
        await recording_site(service)
        user, counselor = await in_conversation(service, "voice")
        peers: list[Peer] = [await user.join_room()]
        peers[0].speak(USER)
        await agreed(user, counselor)
        await asyncio.sleep(1.0)
        entry = service.live.index.entries[user.session_id]
        os.kill(entry.room.worker.process.pid, signal.SIGKILL)
        await user.until(lambda s: s["room"]["epoch"] == 2)
        peers.append(await user.join_room())
        peers[1].speak(USER)
        tracks = service.settings.recordings_dir / user.session_id
        await eventually(lambda: len(list(tracks.glob(f"*/{disk.track_name(1)}"))) == 2)  # the other worker has begun to record
        await asyncio.sleep(1.0)
        await user.say("leave")
        recordings: Recordings = service.app[app_keys.RECORDINGS]
        async with asyncio.timeout(PATIENCE_S):
            while [segment.reason for segment in await recordings.of(user.session_id)] != ["worker_lost", ""]:
                await asyncio.sleep(0.05)
        for segment in await recordings.of(user.session_id):
            [track] = segment.tracks
            assert track.ended - track.began > 600
            assert all(loudness(recordings.path(user.session_id, segment, track), USER)[1:])
        for peer in peers:
            await peer.close()


async def test_whisper_is_not_recorded_and_a_joined_operator_is(service: Service) -> None:
    records = service.app[app_keys.RECORDS]
    site = await records.site("demo-shop")
    assert site is not None
    await records.save_site(replace(site, listening="join"))
    user, counselor = await in_conversation(service, "voice")
    operator = await service.staff("ops", available=False)
    ask = {"type": "listen_as", "session": user.session_id, "mic": True}
    assert (await operator.ask(type="listen", session=user.session_id, on=True))["type"] == "ok"
    async with await user.join_room() as one, await counselor.join_room() as two, await operator.join_room() as three:
        one.speak(USER)
        two.speak(COUNSELOR)
        three.speak(PROFESSIONAL)
        await agreed(user, counselor)
        assert (await operator.ask(**ask, how="whisper"))["type"] == "ok"
        await asyncio.sleep(0.8)
        assert (await operator.ask(**ask, how="join"))["reason"] == "recording"
        joining = monotonic()
        assert (await operator.ask(**ask, how="join", record=True))["type"] == "ok"
        await asyncio.sleep(1.2)
        assert (await operator.ask(**ask, how="listen"))["type"] == "ok"
        most_ms = 1000 * (monotonic() - joining) + 200
        await asyncio.sleep(0.3)
        assert (await counselor.say("recording", agree=False))["type"] == "ok"
        segments = await written(service, user.session_id, 1)
    spoken = [(segment, track) for segment in segments for track in segment.tracks if track.participant == "ops"]
    heard = [span for segment, track in spoken for span in reached(segment, track, user.session["you"])]
    assert [900 <= track.ended - track.began <= most_ms for _, track in spoken] == [True], "only what was said after joining"
    assert sum(span.end - span.begin for span in heard) >= 900
    recordings: Recordings = service.app[app_keys.RECORDINGS]
    for person in (user, counselor):
        for segment in segments:
            for track in [each for each in segment.tracks if each.participant == person.session["you"]]:
                assert not any(loudness(recordings.path(user.session_id, segment, track), PROFESSIONAL))
