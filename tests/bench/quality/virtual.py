"""The links of lines.py in virtual time: the worker's jitter buffer, decoder and mixer, without a worker or a real clock.

These figures are the same at every run, even on a busy machine. If real calls score worse than this, the machine's load is the
cause.
"""

from __future__ import annotations

import heapq
from dataclasses import replace

from media.bandwidth.gaps import Gaps
from media.mixer import AudioRoom
from media.mixer.jitter import TICK_S, TICK_SAMPLES
from media.mixer.opus import Samples
from media.packets import red, rtp
from media.peer.streams import Incoming
from tests.bench.quality.light import LATE_S, LOSSY, MIXED_GAIN, PHASE_S, Case, listened, packets
from tests.bench.quality.speech import SECONDS
from tests.peers.proxy import Line, Way

OPUS, RED, LEVEL = 111, 63, 20
REPORT_PACKETS = 50  # packets between two reports of the receiver
ROUND_TRIP_S = 0.05
"""Time in s from a request for a lost packet until the packet comes, if it is not lost again."""
TRAILER_BYTES = 10
"""Bytes that SRTP adds to a packet. On a link of low bandwidth, these bytes count, too."""
Arrival = tuple[float, int, int, bytes]
"""(arrival time in s, sequence number, timestamp, payload) of a packet."""


def heard(case: Case, seed: int = 1) -> Samples:
    relayed_on = case.down if not case.mixed else Line()
    protected = max(case.up.loss, relayed_on.loss) > LOSSY  # a real speaker adds redundancy only after the first report of loss
    sent = [(n * TICK_S, n, n * TICK_SAMPLES, payload) for n, payload in enumerate(packets(protected))]
    arrived = _by(case.up, sent, f"{seed} up", 1)
    return _listened(_by(case.down, _mixed(arrived, case.down.loss) if case.mixed else arrived, f"{seed} down", red.DEEP))


def _by(line: Line, sent: list[Arrival], seed: str, most: int) -> list[Arrival]:
    """Return what arrives over a link. Lost packets are requested and sent again (NACK). Duplicates are dropped.

    If the link loses packets, each packet also contains a copy of the packet before; if packets are lost in bursts, of the last
    `most` packets.
    """
    way, copier, gaps, remedy = Way(line, seed), red.Copier(OPUS, RED), Gaps(), red.Remedy()
    packets: dict[int, bytes] = {}
    arrived: list[tuple[float, bytes]] = []
    for at, sequence, timestamp, payload in sent:
        packet = rtp.build(OPUS, False, sequence & 0xFFFF, timestamp & 0xFFFFFFFF, 7, payload)
        if line.loss > red.BEGIN_LOST:
            if sequence % REPORT_PACKETS == 0:
                remedy.reported(line.loss, line.loss, None, at, gaps.share)
            packet = copier.add(packet, min(most, remedy.copies))
        packets[sequence & 0xFFFF] = packet
        delays = way.delays(packet + bytes(TRAILER_BYTES), at)
        gaps.add(at, bool(delays))
        arrived += [(at + delay, packet) for delay in delays]
    return _received(arrived, packets, Way(replace(line, bps=None), f"{seed} again"))


def _received(arrived: list[tuple[float, bytes]], sent: dict[int, bytes], again: Way) -> list[Arrival]:
    """Return the packets in the order in which the receiver gets them, with the packets that are sent again over `again`."""
    heapq.heapify(arrived)
    stream, seen, found, tick = Incoming(7, "audio", 0.0), set[int](), list[Arrival](), 0.0
    stream.repeats = True
    while arrived:
        at, packet = heapq.heappop(arrived)
        header = rtp.parse(packet)
        stream.receive(header, at)
        inside = red.unwrap(packet, header, OPUS) if header.payload_type == RED else [(packet, header)]
        for each, head in inside:
            if head.sequence not in seen:
                seen.add(head.sequence)
                found.append((at, head.sequence, head.timestamp, each[head.payload : head.end]))
                if head.sequence != header.sequence:
                    stream.restore(head.sequence)
        while tick < (arrived[0][0] if arrived else at):
            tick += TICK_S
            for sequence in stream.nacks(tick, ROUND_TRIP_S * 1000) if sent else ():
                back = tick + ROUND_TRIP_S
                for delay in again.delays(sent[sequence], back) if sequence in sent else ():
                    heapq.heappush(arrived, (back + delay, sent[sequence]))
    return found


def _mixed(arrivals: list[Arrival], loss: float) -> list[Arrival]:
    """Return what the mixer sends to a listener whose link has this loss."""
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
