from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from media.packets import red as redundancy
from media.packets import rtp, sdp
from media.packets.red import DEEP, DOUBLE, PAUSE_S, Copier, Remedy, Seen
from media.peer.uplink import Uplink
from tests.peers.offer import OPUS, RED, offer
from tests.unit.media.packets.test_sdp import OFFERS

CHROMIUM = bytes.fromhex("803f1234000f0000deadbeefef0f00046f7801020378090807")
"""A packet from Chromium that carries a redundant copy (RED): it contains two Opus packets of 960 timestamp ticks each.

Its payload consists of a header for the older packet (F bit with type 111, offset 960, length 4), a header for the newer packet
(type 111), the older packet's Opus data, and the newer packet's Opus data.
"""


def packets(data: bytes) -> list[tuple[int, int, bytes]]:
    """Return each Opus packet inside a RED packet as (sequence number, timestamp, payload)."""
    found = redundancy.unwrap(data, rtp.parse(data), OPUS)
    return [(header.sequence, header.timestamp, packet[header.payload : header.end]) for packet, header in found]


def test_chromium_red_packet_holds_two_packets() -> None:
    former, own = packets(CHROMIUM)
    assert former == (0x1233, 0xF0000 - 960, bytes.fromhex("78010203"))
    assert own == (0x1234, 0xF0000, bytes.fromhex("78090807"))


def test_our_red_packets_match_chromiums() -> None:
    copier = Copier(OPUS, RED)
    before = rtp.build(OPUS, False, 0x1233, 0xF0000 - 960, 0xDEADBEEF, bytes.fromhex("78010203"))
    assert copier.add(before) == before, "there was none before"
    made = copier.add(rtp.build(OPUS, True, 0x1234, 0xF0000, 0xDEADBEEF, bytes.fromhex("78090807")))
    assert made[1] == 0x80 | RED
    assert made[:1] + made[2:] == b"\x80" + CHROMIUM[2:]


@pytest.mark.parametrize(
    ("step", "ticks", "former", "own"),
    [
        (2, 960, 40, 40),
        (0, 0, 40, 40),
        (-1, -960, 40, 40),
        (1, 16384, 40, 40),
        (1, 960, 513, 40),
        (1, 960, 0, 40),
        (1, 960, 512, 689),
    ],
    ids=["a gap", "twice", "late", "after a long pause", "long", "nothing", "both too long"],
)
def test_packet_goes_alone_if_the_previous_one_does_not_fit(step: int, ticks: int, former: int, own: int) -> None:
    copier = Copier(OPUS, RED)
    copier.add(rtp.build(OPUS, False, 65535, 0xFFFFFF00, 7, bytes(former)))
    alone = rtp.build(OPUS, False, 65535 + step & 0xFFFF, 0xFFFFFF00 + ticks & 0xFFFFFFFF, 7, bytes(own))
    assert copier.add(alone) == alone


@given(st.binary(max_size=80))
def test_any_bytes_give_packets_or_an_error(body: bytes) -> None:
    data = rtp.build(RED, False, 5, 5000, 7, body)
    try:
        found = packets(data)
    except rtp.RtpError:
        return
    assert found[-1][:2] == (5, 5000)
    assert sum(len(payload) for _, _, payload in found) < len(body)


@pytest.mark.parametrize(
    ("sequences", "first"),
    [
        ([10, 12, 11, 11, 12, 10], [1, 1, 1, 0, 0, 0]),
        ([65535, 1, 0, 65535], [1, 1, 1, 0]),
        ([8, 40, 100, 37, 36], [0, 1, 1, 1, 0]),
        ([30000, 30001, 30000], [1, 1, 0]),
    ],
    ids=["late and twice", "over the wrap", "too late to tell", "begun anew"],
)
def test_no_packet_is_forwarded_twice(sequences: list[int], first: list[int]) -> None:
    seen = Seen(9 if sequences[0] < 60000 else 65534)
    assert [seen.first(each) for each in sequences] == list(map(bool, first))


class Line:
    """Receives the packets of a voice as the room does, although some are lost or reordered.

    `heard`: sequence numbers of the packets, in the order in which the room gets them.
    """

    def __init__(self) -> None:
        self.uplink = Uplink(sdp.parse(offer("ufrag", "p" * 24, ":".join(["AA"] * 32), repairs=True)), Counter())
        self.heard: list[int] = []

    def take(self, arrived: Iterable[bytes]) -> None:
        for data in arrived:
            header = rtp.parse(data)
            stream = self.uplink.stream(data, header, 0.0)
            assert stream is not None
            for packet, its in self.uplink.voice(stream, data, header, 0.0):
                assert its.payload_type == OPUS
                assert packet[its.payload : its.end] == payload_of(its.sequence)
                self.heard.append(its.sequence)


def payload_of(sequence: int) -> bytes:
    return b"\x78" + sequence.to_bytes(2, "big")


def voice(count: int, *, copies: int, first: int = 65000) -> list[bytes]:
    copier = Copier(OPUS, RED)
    numbers = [number & 0xFFFF for number in range(first, first + count)]
    plain = [rtp.build(OPUS, False, number, 960 * at, 7, payload_of(number)) for at, number in enumerate(numbers)]
    return [copier.add(each, copies) for each in plain] if copies else plain


def test_lost_packets_are_restored_once_and_in_order() -> None:
    dice, line = random.Random(1), Line()
    line.take(each for each in voice(1000, copies=1) if dice.random() > 0.1)
    stream = line.uplink.incoming["audio"]
    assert len(line.heard) == len(set(line.heard)) > 980, "one in a hundred is lost together with the one after it"
    assert all(rtp.ahead(later, sooner) > 0 for sooner, later in zip(line.heard, line.heard[1:], strict=False))
    assert stream.restored == len(line.heard) - stream.packets
    assert stream.block(1.0).lost == 1000 - stream.packets, "what is told is what the line lost"


def test_bursts_of_three_are_restored_by_deep_copies() -> None:
    sent, line = voice(1000, copies=DEEP), Line()
    line.take(packet for number, packet in enumerate(sent) if number % 30 not in (10, 11, 12))
    assert line.heard == [65000 + number & 0xFFFF for number in range(1000)]


def test_late_packet_is_not_forwarded_again() -> None:
    line, (first, second, third, fourth) = Line(), voice(4, copies=1)
    line.take([first, second, fourth, third])
    assert line.heard == [65000, 65001, 65002, 65003]


def test_redundancy_starts_and_ends_within_a_call() -> None:
    line = Line()
    line.take([*voice(10, copies=0), *voice(10, copies=1, first=65009)[1:], *voice(10, copies=0, first=65019)])
    assert line.heard == list(range(65000, 65029))
    assert line.uplink.redundant, "late ones may come yet"
    line.take(voice(redundancy.WINDOW, copies=0, first=65029))
    assert not line.uplink.redundant


def test_late_packets_are_heard_once_as_redundancy_starts_and_ends() -> None:
    plain, red = voice(20, copies=0), voice(20, copies=1)
    line = Line()
    line.take([plain[0], plain[1], red[3], plain[2], red[4], red[6], plain[7], red[5], plain[8], red[10]])
    assert line.heard == [65000 + number for number in (0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10)]
    assert line.uplink.incoming["audio"].restored == 3


def test_new_ssrc_of_the_same_person_starts_afresh() -> None:
    line = Line()
    line.take(voice(100, copies=1))
    line.take(packet[:8] + (8).to_bytes(4, "big") + packet[12:] for packet in voice(100, copies=1, first=64500))
    assert line.heard == [*range(65000, 65100), *range(64500, 64600)]


def test_many_redundant_copies_give_one_packet() -> None:
    def stuffed(count: int) -> bytes:
        heads = b"".join(bytes([0x80 | OPUS]) + (960 * (count - each) << 10 | 1).to_bytes(3, "big") for each in range(count))
        return rtp.build(RED, False, 100, 48000, 7, heads + bytes([OPUS]) + bytes(count) + b"own")

    assert [(number, ticks) for number, ticks, _ in packets(stuffed(5))] == [
        *((100 - each, 48000 - 960 * each) for each in (3, 2, 1)),
        (100, 48000),
    ]
    with pytest.raises(rtp.RtpError):
        packets(stuffed(11))


def test_invalid_block_is_counted_and_skipped() -> None:
    line, (first, second) = Line(), voice(2, copies=1)
    line.take([first, second, rtp.build(RED, False, 65002, 1920, 7, b"\xef\x0f")])
    assert line.heard == [65000, 65001]
    assert line.uplink._drops == {"redundancy": 1}


def test_redundancy_resumes_after_a_long_time_without() -> None:
    copier = Copier(OPUS, RED)
    for first in (0, 33_000):
        made = [copier.add(rtp.build(OPUS, False, first + number, 960 * number, 7, b"x")) for number in range(3)]
        assert [packet[1] for packet in made] == [OPUS, RED, RED]


def test_browser_offers_say_whether_they_accept_red() -> None:
    chromium, firefox = (sdp.parse(OFFERS[name]).sections[0].red for name in ("chromium", "firefox"))
    assert (chromium, firefox) == (63, -1)


@pytest.mark.parametrize("line", ["a=rtpmap:63 red/48000", "a=fmtp:63 112/112", "a=rtpmap:63 red/8000/2"])
def test_red_of_another_codec_is_refused(line: str) -> None:
    text = OFFERS["chromium"]
    assert sdp.parse(text).sections[0].red == 63
    former = next(each for each in text.splitlines() if each.startswith(line[: line.index(":63 ") + 4]))
    assert sdp.parse(text.replace(former, line)).sections[0].red == -1


def test_lossy_connection_gets_red_until_the_loss_ends() -> None:
    remedy = Remedy()
    remedy.reported(0.01, 0.01, 30.0, 0.0)
    assert not remedy.on
    remedy.reported(0.05, 0.05, 30.0, 1.0)
    assert remedy.on
    remedy.reported(0.3, 0.3, 30.0, 2.0)
    assert remedy.on, "one report may be of few packets"
    remedy.reported(0.0, 0.02, 30.0, 9.0)
    assert remedy.on
    remedy.reported(0.0, 0.009, 30.0, 11.0)
    assert not remedy.on


@pytest.mark.parametrize("every_s", [1.0, 5.0])
@pytest.mark.parametrize("burst", [1, 5])
def test_unevenly_reported_loss_does_not_stop_red(every_s: float, burst: int) -> None:
    """Ten per cent of the packets are lost at random, one by one or in bursts.

    Reports of the loss come at uneven intervals, and the speaker sends fewer packets in pauses.
    """
    dice, remedy, with_copies, reports = random.Random(1), Remedy(), 0, 600
    for number in range(reports):
        packets = int(every_s * 50 * dice.choice((0.3, 1.0)))
        lost = sum(burst * (dice.random() < 0.1 / burst) for _ in range(packets)) / packets
        remedy.reported(min(lost, 1.0), 0.1, 30.0, number * every_s)
        with_copies += remedy.on
    assert with_copies > 0.85 * reports


def test_congested_connection_gets_no_red() -> None:
    remedy = Remedy()
    remedy.reported(0.0, 0.0, 40.0, 0.0)
    remedy.reported(0.1, 0.1, 400.0, 1.0)
    assert not remedy.on, "a queue stands"
    remedy.reported(0.1, 0.1, 100.0, 2.0)
    for at in (3.0, 4.0):
        remedy.reported(0.4, 0.4, 100.0, at)
    assert not remedy.on, "they have made it worse"
    remedy.reported(0.1, 0.1, 100.0, 4.0 + PAUSE_S - 0.1)
    assert not remedy.on
    remedy.reported(0.1, 0.1, 100.0, 4.0 + PAUSE_S)
    assert remedy.on
    for at in (40.0, 41.0):
        remedy.reported(0.5, 0.5, 100.0, at)
    remedy.reported(0.1, 0.1, 100.0, 41.0 + 2 * PAUSE_S - 0.1)
    assert not remedy.on, "the next try is later"


def test_bursts_get_deep_copies_while_no_queue_is_full() -> None:
    remedy = Remedy()
    remedy.reported(0.06, 0.06, 30.0, 0.0, gaps=0.03)
    assert remedy.copies == 1
    remedy.reported(0.06, 0.06, 400.0, 1.0, gaps=0.1)
    assert remedy.copies == 1, "a queue stands"
    remedy.reported(0.06, 0.06, 30.0, 2.0, gaps=0.1)
    assert remedy.copies == DEEP
    remedy.reported(0.06, 0.06, 30.0, 3.0, gaps=0.03)
    assert remedy.copies == DEEP, "the share of gaps is uneven"
    remedy.reported(0.06, 0.06, 30.0, 4.0, gaps=0.0)
    assert remedy.copies == 1
    remedy.reported(0.06, 0.06, 30.0, 5.0, gaps=0.1)
    for at in (6.0, 7.0):
        remedy.reported(0.4, 0.06, 30.0, at, gaps=0.3)
    assert remedy.copies == 0, "they have made it worse"


def test_many_losses_get_two_copies_while_no_queue_is_full() -> None:
    remedy = Remedy()
    remedy.reported(0.06, 0.06, 30.0, 0.0)
    assert remedy.copies == 1
    remedy.reported(0.1, 0.1, 400.0, 1.0)
    assert remedy.copies == 1, "a queue stands"
    remedy.reported(0.1, 0.1, 30.0, 2.0)
    assert remedy.copies == DOUBLE
    remedy.reported(0.1, 0.1, 30.0, 3.0, gaps=0.1)
    assert remedy.copies == DEEP
    remedy.reported(0.02, 0.05, 30.0, 4.0)
    assert remedy.copies == DOUBLE
    remedy.reported(0.02, 0.035, 30.0, 5.0)
    assert remedy.copies == 1
    remedy.reported(0.1, 0.1, 30.0, 6.0)
    for at in (7.0, 8.0):
        remedy.reported(0.4, 0.4, 30.0, at)
    assert remedy.copies == 0, "they have made it worse"


def test_longer_route_does_not_stop_red_for_good() -> None:
    remedy = Remedy()
    remedy.reported(0.0, 0.0, 25.0, 0.0)
    remedy.reported(0.1, 0.1, 230.0, 1.0)
    assert not remedy.on
    remedy.reported(0.1, 0.1, 230.0, 100.0)
    assert remedy.on
