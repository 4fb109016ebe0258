"""Score voices over the links of lines.py in virtual time: with the worker's jitter buffer, decoder and mixer, but no real clock.

The scores are the same at every run, even on a busy machine. If real calls score worse than this, the machine's load is the
cause.
"""

from __future__ import annotations

from heapq import heapify, heappop, heappush
from itertools import count

from media.bandwidth.gaps import Gaps
from media.mixer import AudioRoom
from media.mixer.jitter import TICK_S, TICK_SAMPLES
from media.mixer.opus import Samples
from media.packets import red, rtp
from media.peer.requests import Requests
from tests.bench.quality.light import LATE_S, LOSSY, MIXED_GAIN, PHASE_S, Case, listened, packets
from tests.bench.quality.speech import SECONDS
from tests.peers.proxy import Line, Way

OPUS, RED, LEVEL = 111, 63, 20
REPORT_PACKETS = 50  # packets that a receiver gets between two of its reports of loss
RTT_S = 0.05
"""Time in s from the worker's request for a lost packet until the packet arrives. Other packets have no constant delay, because
such a delay changes no score."""
TRAILER_BYTES = 10
"""Bytes that SRTP adds to a packet. They take up bandwidth of the link, too."""
Arrival = tuple[float, int, int, bytes]
"""(arrival time in s, sequence number, timestamp, payload) of a packet."""


def heard(case: Case, seed: int = 1) -> Samples:
    relayed_on = case.down if not case.mixed else Line()
    # here, all packets have redundancy if the loss is above `LOSSY`; a real speaker adds it only after a report of such loss
    protected = max(case.up.loss, relayed_on.loss) > LOSSY
    sent = [(n * TICK_S, n, n * TICK_SAMPLES, payload) for n, payload in enumerate(packets(protected))]
    arrived = _up(case.up, sent, f"{seed} up")
    return _listened(_down(case.down, _mixed(arrived, case.down.loss) if case.mixed else arrived, f"{seed} down"))


def _up(line: Line, sent: list[Arrival], seed: str) -> list[Arrival]:
    """Return the packets that arrive at the worker over a speaker's link.

    If the link loses many packets, each packet also contains a copy of the packet before it, as browsers send it. If many losses
    lie in bursts, the worker also requests lost packets. A requested packet arrives `RTT_S` or more after the request.
    """
    redundant = line.loss > red.BEGIN_LOST
    way, again, copier, order = Way(line, seed), Way(line, f"{seed} again"), red.Copier(OPUS, RED), count()
    under_way: list[tuple[float, int, bytes]] = []
    by_sequence = {}
    for at, *packet in sent:
        plain = _built(*packet)
        by_sequence[packet[0] & 0xFFFF] = made = copier.add(plain) if redundant else plain
        under_way += [(at + delay, next(order), made) for delay in way.delays(made + bytes(TRAILER_BYTES), at)]
    heapify(under_way)
    requests, arrived = Requests(), []
    while under_way:
        at, _, made = heappop(under_way)
        arrived.append((at, made))
        header = rtp.parse(made)
        requests.come(header.sequence, at)
        if header.payload_type == RED:
            requests.restored((header.sequence - 1) & 0xFFFF)
        for missing in requests.due(at, RTT_S) if redundant else ():
            repeated = by_sequence[missing]
            for delay in again.delays(repeated + bytes(TRAILER_BYTES), at + RTT_S / 2):
                heappush(under_way, (at + RTT_S + delay, next(order), repeated))
    return _unwrapped(arrived)


def _down(line: Line, sent: list[Arrival], seed: str) -> list[Arrival]:
    """Return the packets that arrive at a listener.

    If the link loses many packets, each packet also contains copies of packets before it. Their number is the same as a worker
    would choose by the listener's transport-wide feedback, which shows whether packets are lost in bursts.
    """
    way, copier, gaps, remedy, arrived = Way(line, seed), red.Copier(OPUS, RED), Gaps(), red.Remedy(), []
    for at, *numbered in sent:
        packet = _built(*numbered)
        if line.loss > red.BEGIN_LOST:
            if numbered[0] % REPORT_PACKETS == 0:
                remedy.reported(line.loss, line.loss, None, at, gaps.share)
            packet = copier.add(packet, remedy.copies)
        delays = way.delays(packet + bytes(TRAILER_BYTES), at)
        gaps.add(at, bool(delays))
        arrived += [(at + delay, packet) for delay in delays]
    return _unwrapped(sorted(arrived))


def _built(sequence: int, timestamp: int, payload: bytes) -> bytes:
    return rtp.build(OPUS, False, sequence & 0xFFFF, timestamp & 0xFFFFFFFF, 7, payload)


def _unwrapped(arrived: list[tuple[float, bytes]]) -> list[Arrival]:
    """Return the packets and the copies in them, in the order of arrival. Duplicates are dropped."""
    seen, found = set(), []
    for at, packet in arrived:
        header = rtp.parse(packet)
        packets = red.unwrap(packet, header, OPUS) if header.payload_type == RED else [(packet, header)]
        for each, head in packets:
            if head.sequence not in seen:
                seen.add(head.sequence)
                found.append((at, head.sequence, head.timestamp, each[head.payload : head.end]))
    return found


def _mixed(arrivals: list[Arrival], loss: float) -> list[Arrival]:
    """Return the packets that the mixer sends to a listener whose link has this loss."""
    now, sequence, timestamp, sent, waiting = PHASE_S, 0, 0, [], arrivals[::-1]

    def send(_: str, payload: bytes, increment: int, marker: bool, lost: int) -> None:
        nonlocal sequence, timestamp
        sequence += 1 + lost
        timestamp += increment
        sent.append((now, sequence, timestamp, payload))

    room = AudioRoom(send)
    room.set_matrix({"listener": {"speaker": MIXED_GAIN}}, set())
    room.set_loss("listener", loss)
    while now < SECONDS + LATE_S:
        while waiting and waiting[-1][0] <= now:
            at, number, moment, payload = waiting.pop()
            room.push("speaker", number & 0xFFFF, moment & 0xFFFFFFFF, payload, LEVEL, at)
        room.tick(now)
        now += TICK_S
    return sent


def _listened(arrivals: list[Arrival]) -> Samples:
    return listened([(at, sequence & 0xFFFF, timestamp & 0xFFFFFFFF, payload) for at, sequence, timestamp, payload in arrivals])
