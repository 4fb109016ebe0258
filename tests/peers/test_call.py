"""Calls over real UDP between light WebRTC clients. The tests check who hears and sees whom, and how long joining takes."""

from __future__ import annotations

import asyncio
import time
from itertools import cycle, pairwise

import numpy as np
import pytest

from media.api import wire
from media.mixer.opus import Encoder
from media.packets import rtcp, rtp
from tests.peers.client import Peer
from tests.peers.conftest import Service, eventually
from tests.peers.listened import Listened

TONES = (440, 620, 880)


async def test_two_people_hear_each_other_and_not_themselves(either_service: Service) -> None:
    service = either_service
    before = await service.worker.stats()
    await service.everyone_hears_everyone("user", "counselor")
    user, counselor = await service.join("user"), await service.join("counselor")
    user.speak(440)
    counselor.speak(620)
    await asyncio.sleep(0.3)
    at_user, at_counselor = await asyncio.gather(user.listen(), counselor.listen())
    assert at_user.tones(*TONES) == {620}
    assert at_counselor.tones(*TONES) == {440}
    stats = await service.worker.stats()
    assert stats.audio.get("encodes", 0) == before.audio.get("encodes", 0), "two people are relayed, not mixed"
    assert (stats.packets_fast > before.packets_fast) == stats.fast_path


async def test_three_people_hear_the_two_others(service: Service) -> None:
    names = ("user", "counselor", "professional")
    await service.everyone_hears_everyone(*names)
    people = [await service.join(name) for name in names]
    for person, hz in zip(people, TONES, strict=True):
        person.speak(hz)
    await asyncio.sleep(0.5)
    heard = await asyncio.gather(*(person.listen() for person in people))
    assert [each.tones(*TONES) for each in heard] == [{620, 880}, {440, 880}, {440, 620}]


async def test_unmuted_person_is_heard_from_the_first_word(service: Service) -> None:
    """While a person is muted, the worker does not even parse this person's packets."""
    names = ("user", "counselor", "professional")
    await service.everyone_hears_everyone(*names)
    people = [await service.join(name) for name in names]
    people[0].speak(440)
    muted = people[1].speak(620, level=127)
    await asyncio.sleep(1.0)
    assert (await people[2].listen()).tones(*TONES) == {440}
    muted.cancel()
    people[1].speak(621)
    await asyncio.sleep(0.5)
    heard = await asyncio.gather(*(person.listen() for person in people))
    assert [each.tones(440, 621) for each in heard] == [{621}, {440}, {440, 621}]
    assert not (await service.drops()).keys() & {"receive_failed", "tick_failed"}


async def test_single_voice_bypasses_the_mixer_and_returns_without_a_gap(service: Service) -> None:
    """While one person speaks, listeners get that voice's packets unchanged, by the fast path if the worker has one.

    When a second person speaks, that person's voice is mixed in immediately. No listener's stream skips or repeats anything.
    """
    names = ("user", "counselor", "professional")
    hears = {name: {other: 1.0 for other in names if other != name} for name in names}
    await service.matrix(hears=hears | {"trainee": {"user": 1.0}})  # the trainee hears only the user
    user, counselor, professional, trainee = [await service.join(name) for name in (*names, "trainee")]
    said, loop = _words(9), asyncio.get_running_loop()
    talking = asyncio.create_task(_say(user, said))
    await asyncio.sleep(5.0)
    since, began, former = loop.time(), len(professional.heard), await service.worker.stats()
    await asyncio.sleep(1.5)
    async with asyncio.timeout(60):
        while not _is_passed_on(former, after := await service.worker.stats()):
            since, began, former = loop.time(), len(professional.heard), after
            await asyncio.sleep(1.5)
    alone = [list(each.heard[-50:]) for each in (counselor, professional, trainee)]
    for heard in alone:
        at = said.index(heard[0])
        assert heard == (said * 2)[at : at + 50]
    counselor.speak(880, packets=25)
    await asyncio.sleep(0.5)
    assert 880 in Listened(professional.heard[-22:]).tones(880)
    await asyncio.sleep(0.5)
    talking.cancel()
    talked = loop.time()
    headers = professional.heard_headers[began:]
    assert {rtp.ahead(new.sequence, old.sequence) for old, new in pairwise(headers)} == {1}
    ticks = [rtp.ticks_ahead(new.timestamp, old.timestamp) for old, new in pairwise(headers)]
    assert {each % 960 for each in ticks} == {0}
    assert sum(ticks) == pytest.approx(48_000 * (talked - since), abs=6 * 960)
    assert not (await service.drops()).keys() & {"receive_failed", "tick_failed"}


def _is_passed_on(before: wire.WorkerStats, after: wire.WorkerStats) -> bool:
    """Return whether the user's voice was in passthrough all the time between these two readings of the worker's statistics.

    If there is a fast path, it must have forwarded the packets. The fast path takes only a steady voice: one whose jitter buffer
    is empty after each tick. After the machine has stalled, the worker waits four seconds before the fast path gets the voice
    again.
    """
    # about 1.5 s lie between the readings; now and then the mixer still encodes silence for the user, who hears nobody
    encodes = after.audio.get("encodes", 0) - before.audio.get("encodes", 0)
    return encodes <= 8 and (after.packets_fast - before.packets_fast > 60) == after.fast_path


def _words(seconds: int) -> list[bytes]:
    """Return packets with a tone that nearly stops for 0.2 s in each second, like a pause in speech. No two packets are alike."""
    at = np.arange(48_000 * seconds) / 48_000
    sound = 8000 * np.sin(2 * np.pi * (300 + 20 * at) * at) * np.where(at % 1.0 < 0.8, 1.0, 0.02)
    encoder = Encoder(complexity=5)
    return [encoder.encode(frame) for frame in sound.astype(np.int16).reshape(-1, 960)]


async def _say(who: Peer, payloads: list[bytes]) -> None:
    """Send these payloads as voice packets, again and again, until this task is cancelled."""
    loop = asyncio.get_running_loop()
    began = loop.time()
    for number, payload in enumerate(cycle(payloads)):
        await asyncio.sleep(max(0.0, began + number * 0.02 - loop.time()))
        who.send_rtp("audio", number, number * 960, payload, level=30)


async def test_help_modes_change_who_hears_whom(service: Service) -> None:
    people = {name: await service.join(name) for name in ("user", "counselor", "professional")}
    for (_, person), hz in zip(people.items(), TONES, strict=True):
        person.speak(hz)

    async def heard() -> dict[str, set[int]]:
        await asyncio.sleep(0.4)
        found = await asyncio.gather(*(person.listen() for person in people.values()))
        return {name: each.tones(*TONES) for name, each in zip(people, found, strict=True)}

    consultation = {"counselor": {"professional": 1.0}, "professional": {"counselor": 1.0}}
    await service.matrix(hears=consultation, hold=["user"])
    assert await heard() == {"user": set(), "counselor": {880}, "professional": {620}}
    assert people["user"].heard, "the user hears the hold tone"

    whisper = {
        "user": {"counselor": 1.0},
        "counselor": {"user": 1.0, "professional": 1.0},
        "professional": {"user": 1.0, "counselor": 1.0},
    }
    await service.matrix(hears=whisper)
    assert await heard() == {"user": {620}, "counselor": {440, 880}, "professional": {440, 620}}


async def test_output_is_one_continuous_stream_across_relay_and_mix(either_service: Service) -> None:
    service = either_service
    await service.everyone_hears_everyone("user", "counselor", "professional")
    user, counselor = await service.join("user"), await service.join("counselor")
    user.speak(440)
    counselor.speak(620)
    await asyncio.sleep(0.5)
    professional = await service.join("professional")
    professional.speak(880)
    await asyncio.sleep(0.5)
    await professional.close()
    await service.until_state(professional, "gone")
    await asyncio.sleep(0.5)
    headers = user.heard_headers
    assert len({header.ssrc for header in headers}) == 1
    steps = [rtp.ahead(later.sequence, earlier.sequence) for earlier, later in pairwise(headers)]
    assert set(steps) == {1}
    ticks = [rtp.ticks_ahead(later.timestamp, earlier.timestamp) for earlier, later in pairwise(headers)]
    assert all(0 < each < 48000 // 2 for each in ticks)
    assert {header.extension for header in headers if header.profile} == set(), "no extension of another client's leaks through"


async def test_video_arrives_in_its_slot_starting_with_a_keyframe(either_service: Service) -> None:
    service = either_service
    user, counselor = await service.join("user"), await service.join("counselor")
    user.show()
    counselor.show("screen")
    await asyncio.sleep(0.5)  # during this time, both people begin to send video that nobody sees yet
    sees = {"counselor": {0: ("user", "camera")}, "user": {2: ("counselor", "screen")}}
    await service.matrix(sees=sees)
    before = await service.worker.stats()
    await asyncio.sleep(1.0)
    after = await service.worker.stats()
    assert (after.packets_fast - before.packets_fast > 60) == after.fast_path, "steady videos are offloaded"
    assert set(counselor.pictures) == {0}
    assert set(user.pictures) == {2}
    assert user.keyframes_asked >= 1
    first = counselor.pictures[0][min(counselor.pictures[0])]
    assert first[4] & 1 == 0, "the first packet is a keyframe's"
    frames = counselor.frames(0)
    assert frames == [(frames[0][0] + number // 3, number % 3) for number in range(len(frames))]
    assert len(frames) > 30


async def test_slot_changes_owner_without_a_gap(either_service: Service) -> None:
    service = either_service
    viewer, one, two = [await service.join(name) for name in ("viewer", "one", "two")]
    one.show()
    two.show()
    for source in ("one", "two", "one"):
        await service.matrix(sees={"viewer": {0: (source, "camera")}})
        await asyncio.sleep(0.6)
    sequences = sorted(viewer.pictures[0])
    assert sequences == list(range(sequences[0], sequences[0] + len(sequences)))
    keyframes = [each for each in sequences if viewer.pictures[0][each][0] & 0x10 and not viewer.pictures[0][each][4] & 1]
    assert len(keyframes) >= 3


async def test_viewers_keyframe_request_reaches_the_sender(either_service: Service) -> None:
    service = either_service
    viewer, sender = await service.join("viewer"), await service.join("sender")
    await service.matrix(sees={"viewer": {1: ("sender", "camera")}})
    sender.show()
    await asyncio.sleep(0.8)
    before = sender.keyframes_asked
    [ssrc] = [ssrc for ssrc, slot in viewer._slots.items() if slot == 1]
    for _ in range(20):
        viewer.send_rtcp(rtcp.receiver_report(1, []) + rtcp.pli(1, ssrc))
    await asyncio.sleep(0.4)
    assert sender.keyframes_asked - before in (1, 2), "asked for, but not twenty times"


async def test_heartbeat_is_echoed_at_once(service: Service) -> None:
    user = await service.join("user")
    await eventually(lambda: user.live.readyState == "open")
    began = time.perf_counter()
    user.beat(7)
    await eventually(lambda: user.echoes)
    assert user.echoes == [7]
    assert time.perf_counter() - began < 0.2


async def test_reports_give_senders_their_loss_and_receivers_the_time(either_service: Service) -> None:
    service = either_service
    await service.everyone_hears_everyone("user", "counselor")
    user, counselor = await service.join("user"), await service.join("counselor")
    user.speak(440)
    await asyncio.sleep(2.5)
    about = [report for report in user.reports if isinstance(report, rtcp.Report)]
    assert about
    assert about[-1].lost_fraction == 0
    clocks = [report for report in counselor.reports if isinstance(report, rtcp.SenderReport)]
    assert clocks
    assert abs(clocks[-1].ntp - rtcp.ntp(time.time())) < 2 << 32
    passed = rtp.ticks_ahead(clocks[-1].timestamp, counselor.heard_headers[-1].timestamp)
    assert abs(passed) < 48000 * 1.2


async def test_relayed_speaker_is_told_of_the_listeners_loss(service: Service) -> None:
    """Loss on the listener's link matters to the speaker, who alone can add redundancy to packets that the worker relays."""
    await service.everyone_hears_everyone("user", "counselor")
    user, counselor = await service.join("user"), await service.join("counselor")
    user.speak(440)
    await eventually(lambda: counselor.heard_headers)
    lossy = rtcp.Block(counselor.heard_headers[-1].ssrc, 64, 0, 0, 0, 0, 0)
    counselor.send_rtcp(rtcp.receiver_report(1, [lossy]))
    await eventually(lambda: [each for each in user.reports if isinstance(each, rtcp.Report) and each.lost_fraction > 0.2])


async def test_active_speaker_is_reported(either_service: Service) -> None:
    service = either_service
    user = await service.join("user")
    user.speak(440, packets=20)

    def told() -> list[list[str]]:
        return [each.participants for each in service.events if isinstance(each, wire.SpeakingChanged)]

    await eventually(lambda: told() == [["user"], []])


@pytest.mark.parametrize("runs", [5])
async def test_joining_takes_well_under_a_second(service: Service, runs: int) -> None:
    took = []
    for number in range(runs):
        began = time.perf_counter()
        await service.join(f"p{number}")
        took.append(time.perf_counter() - began)
    assert sorted(took)[runs // 2] < 0.5
