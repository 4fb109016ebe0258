"""`make bench ARGS=media`: compare Sangdam with Janus on rooms of two people (relayed) and of three people (mixed).

Janus and the worker run during the whole measurement, pinned to one core. The measurement consists of windows of a
few seconds. In each window, the bench loads either Janus or the worker, in turn. So other work on the machine affects Janus and
the worker equally. The ratio is Sangdam's processor time divided by that of Janus, as a median over pairs of neighbouring
windows. A pair of windows is void if the load generator used over 70 % of its core, or if over 1 % of relayed packets did not
arrive.
"""

from __future__ import annotations

import asyncio
import os
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from statistics import median

import numpy as np

from media.mixer.opus import Decoder
from tests.bench.media import speech
from tests.bench.media.load import Part, Taken, drive
from tests.bench.media.servers import LOAD_CORE, Janus, Person, Rtpengine, Sangdam, Server
from tests.bench.rows import Row, compared, one_by_one, over, row

WINDOW_S = 3.0
SETTLED_S = 8.0
"""Seconds from the start of a call until jitter buffers have adapted to the link."""
LEAST_ROUNDS, MOST_ROUNDS = 5, 9
SETTLED = 0.05
"""Measuring stops when the spread of the ratios (interquartile range divided by median) is at most this. A ratio is Sangdam's
time divided by that of the other server."""
JOINING_AT_ONCE = 10
FULL_ROOMS = 5  # so many rooms of six people run at the same time
MOST_LOAD = 70.0
LEAST_RELAYED = 0.99  # a window of relayed rooms counts only if at least this share of the packets arrived
STEP = 5000
"""The first packet number of each window is this much greater than that of the window before it. A window sends fewer packets
than this, so no number repeats."""
QUIET = {
    "dtx": "the others in DTX",
    "hush": "the others muted by hand: quiet packets with levels",
    "noise": "the others in a room with a fan",
}


@dataclass
class Rooms:
    server: Server
    people: list[list[Person]]

    def parts(self, case: str) -> list[Part]:
        return [Part(person, _says(case, number)) for room in self.people for number, person in enumerate(room)]


def _says(case: str, person: int) -> speech.Packets | None:
    if case == "all" or person == 0 or (case == "two" and person == 1):
        return speech.voice(person)
    return {"dtx": None, "two": None, "hush": speech.noise(speech.HUSH_DBOV), "noise": speech.noise(speech.NOISE_DBOV)}[case]


def full_rooms() -> Iterator[Row]:
    """`make bench ARGS=room6`: measure rooms of six people. Two of them speak, and the others are silent (DTX)."""
    os.sched_setaffinity(0, {LOAD_CORE})
    yield from one_by_one(_compare(FULL_ROOMS, {"two": "room6_mix_cpu_percent"}, mixed=True, people=6))


def beside_rtpengine() -> Iterator[Row]:
    """`make bench ARGS=rtpengine`: compare Sangdam with rtpengine on relayed rooms of two people."""
    os.sched_setaffinity(0, {LOAD_CORE})
    for size, prefix in ((20, "relay2"), (60, "relay2_60")):
        yield from one_by_one(_compare(size, {"all": f"{prefix}_rtpengine_ratio"}, Rtpengine, over, mixed=False))


def rows() -> Iterator[Row]:
    os.sched_setaffinity(0, {LOAD_CORE})
    for size, prefix in ((20, "relay2"), (60, "relay2_60")):
        yield from one_by_one(_compare(size, {"all": f"{prefix}_cpu_percent_per_room"}, mixed=False))
    mixes = {case: f"mix3_one_speaking_{case}_cpu_percent_per_room" for case in QUIET}
    found = []
    for each in one_by_one(_compare(10, mixes | {"all": "mix3_all_speaking_cpu_percent_per_room"}, mixed=True)):
        found.append(each)
        yield each
    worst = max((each for each in found if "one_speaking" in each.name), key=lambda each: each.ratio or 0)
    yield worst.renamed("mix3_one_speaking_cpu_percent_per_room")
    yield from one_by_one(_latency())


async def _compare(
    size: int,
    cases: dict[str, str],
    other: type[Server] = Janus,
    summed_up: Callable[[str, str, list[float], list[float]], Row] = compared,
    *,
    mixed: bool,
    people: int = 3,
) -> AsyncIterator[Row]:
    async with other() as peer, Sangdam() as sangdam:
        both = [await open_rooms(server, size, mixed=mixed, people=people) for server in (peer, sangdam)]
        numbers = _numbers()
        for case, name in cases.items():
            theirs, ours = [], []
            for _ in range(MOST_ROUNDS):
                pair = [drive(rooms.server, rooms.parts(case), WINDOW_S, next(numbers)) for rooms in both]
                whole = mixed or all(taken.received >= LEAST_RELAYED * taken.expected for taken in pair)
                if whole and max(taken.load_cpu for taken in pair) <= MOST_LOAD:
                    theirs.append(pair[0].server_cpu / size)
                    ours.append(pair[1].server_cpu / size)
                if len(ours) >= LEAST_ROUNDS and _settled(ours, theirs):
                    break
            yield summed_up(name, "%", ours, theirs)


def _settled(ours: list[float], theirs: list[float]) -> bool:
    low, middle, high = np.percentile(np.divide(ours, theirs), (25, 50, 75))
    return bool(high - low <= SETTLED * middle)


def _numbers() -> Iterator[int]:
    number = 1000
    while True:
        yield number
        number += STEP


async def open_rooms(server: Server, size: int, *, mixed: bool, keep: int = 0, people: int = 3) -> Rooms:
    """Open `size` rooms: relayed rooms of two people, or mixed rooms of `people` people."""
    at_once = asyncio.Semaphore(JOINING_AT_ONCE)

    async def one() -> list[Person]:
        async with at_once:
            return await (server.mixed(people, keep=keep) if mixed else server.relayed_pair(keep=keep))

    return Rooms(server, await asyncio.gather(*(one() for _ in range(size))))


# --- latency ------------------------------------------------------------------------------------------------


async def _latency() -> AsyncIterator[Row]:
    """Measure the latency of packets: the kernel's arrival time minus the sending time, in ms.

    The relayed rooms load about half of a core. In ten other rooms, with three people each, the latency is measured by
    finding the sent sound in the received sound. For comparison, the latency of a relayed call is measured in this way, too. The
    rows for the rooms of three show the difference of these two latencies.
    """
    async with Sangdam() as sangdam:
        rooms = await open_rooms(sangdam, 60, mixed=False, keep=400)
        parts = rooms.parts("all")
        taken = drive(sangdam, parts, WINDOW_S, 1000)
        delays = [
            1000 * each for number, part in enumerate(parts) for each in _relayed(part, parts[number ^ 1], taken, number ^ 1)
        ]
        plain = median(_heard_after(parts[number ^ 1], parts[number], taken, number) for number in range(20))
    yield row("relay_latency_p50_ms", "ms", delays)
    yield row("relay_latency_p99_ms", "ms", delays)
    yield row("mix_added_latency_ms", "ms", await _added_by_mix("all", plain))
    yield row("passed_on_added_latency_ms", "ms", await _added_by_mix("dtx", plain))


async def _added_by_mix(case: str, plain_s: float) -> list[float]:
    """Return, for each room, how many ms later its first voice arrives than a relayed voice (`plain_s`).

    In case "all", this voice is mixed with two other voices. In the other cases nobody else speaks, so this voice is in
    passthrough.
    """
    async with Sangdam() as sangdam:
        rooms = await open_rooms(sangdam, 10, mixed=True, keep=1000)
        parts = rooms.parts(case)
        taken = drive(sangdam, parts, SETTLED_S + WINDOW_S, 1000)
        return [1000 * (_heard_after(parts[3 * room + 1], parts[3 * room], taken, 3 * room) - plain_s) for room in range(10)]


def _relayed(listener: Part, speaker: Part, taken: Taken, number: int) -> list[float]:
    """Return the latency of each relayed packet in s.

    Packets are recognised by their payloads. Packets with repeated payloads are left out.
    """
    assert speaker.says is not None
    payloads = speaker.says.payloads
    times = Counter(payloads)
    indexes = {payload: index for index, payload in enumerate(payloads) if times[payload] == 1}
    sent_at = {index % len(payloads): at for index, at in taken.sent[number]}
    opened = [(at, indexes.get(payload)) for at, _, payload in listener.person.hears.heard]
    return [at - sent_at[index] for at, index in opened if index in sent_at]


def _heard_after(listener: Part, speaker: Part, taken: Taken, number: int) -> float:
    """Return the median time from sending a sound to the arrival of its packet, in s. The packet is found by correlation.

    Only the last `WINDOW_S` seconds are used. Before these, the jitter buffer drops a frame while it adapts its delay, and this
    shifts the sound.
    """
    assert speaker.says is not None
    packets, decoder = listener.person.hears.heard, Decoder()
    begin = len(packets) - round(WINDOW_S / 0.02)
    for _, _, payload in packets[:begin]:
        decoder.decode(payload)
    first = packets[begin][1].timestamp
    heard = np.zeros(((packets[-1][1].timestamp - first) & 0xFFFFFFFF) + speech.FRAME)
    starts = []
    for at, header, payload in packets[begin:]:
        samples, place = decoder.decode(payload), (header.timestamp - first) & 0xFFFFFFFF
        heard[place : place + len(samples)] = samples[: len(heard) - place]
        starts.append((place, at))
    order = [index for index, _ in taken.sent[number]]
    frames = speaker.says.samples.reshape(-1, speech.FRAME)
    said = np.concatenate([frames[index % len(frames)] for index in order]).astype(float)
    size = len(heard) + len(said)
    correlation = np.fft.irfft(np.fft.rfft(heard, size) * np.conj(np.fft.rfft(said, size)), size)
    sent = [at for _, at in taken.sent[number]]
    began = float(np.median([at - index * 0.02 for index, at in enumerate(sent)]))
    soonest = -round(median(at - began - place / speech.RATE for place, at in starts) * speech.RATE)
    # The speakers say the same words, but seconds apart. So of the shifts within half a second, only the speaker's own one fits.
    shifts = np.arange(soonest, soonest + speech.RATE // 2)
    shift = int(shifts[np.argmax(correlation[shifts % size])])
    return median(at - (began + (place - shift) / speech.RATE) for place, at in starts)
