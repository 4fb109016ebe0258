from __future__ import annotations

import asyncio
import socket
import time
from collections import Counter

import pytest

from media.transport import ice, udp
from tests import PATIENCE_S


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (b"", "junk"),
        (b"\x80", "junk"),
        (b"\x80" * 1501, "junk"),
        (b"\x00\x01" + b"\0" * 18, "stun"),
        (b"\x00\x01" + b"\0" * 12, "junk"),
        (b"\x16" * 40, "dtls"),
        (b"\x80\x6f" + b"\0" * 20, "rtp"),
        (b"\x90\xef" + b"\0" * 20, "rtp"),
        (b"\x80\xc8" + b"\0" * 20, "rtcp"),
        (b"\x05" * 40, "junk"),
        (b"\x45" * 40, "junk"),
        (b"\xff" * 40, "junk"),
    ],
)
def test_datagrams_are_sorted_by_their_first_bytes(data: bytes, kind: str) -> None:
    assert udp.classify(data) == kind


async def test_replies_leave_from_the_address_that_was_asked() -> None:
    drops: Counter[str] = Counter()
    heard: asyncio.Queue[tuple[bytes, ice.Path]] = asyncio.Queue()
    sockets = udp.UdpSockets(lambda kind, data, path, came: heard.put_nowait((data, path)), drops)
    bound = sockets.open(["127.0.0.1", "127.0.0.2", "203.0.113.77"], 0)  # the last address does not belong to this machine
    assert [host for host, _ in bound] == ["127.0.0.1", "127.0.0.2"]
    assert len({port for _, port in bound}) == 1
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        client.bind(("127.0.0.1", 0))
        client.setblocking(False)
        client.sendto(b"", bound[1])
        client.sendto(b"\x16" * 20, bound[1])
        data, path = await asyncio.wait_for(heard.get(), PATIENCE_S)
        sockets.send(b"back", path)
        reply, source = await asyncio.wait_for(asyncio.get_running_loop().sock_recvfrom(client, 100), PATIENCE_S)
    sockets.close()
    assert (data, reply, source) == (b"\x16" * 20, b"back", bound[1])
    assert drops == {"junk": 1}
    sockets.send(b"late", path)  # `send` does nothing after `close`


async def test_late_read_datagram_keeps_its_arrival_time() -> None:
    heard: asyncio.Queue[float] = asyncio.Queue()
    sockets = udp.UdpSockets(lambda kind, data, path, came: heard.put_nowait(came), Counter())
    bound = sockets.open(["127.0.0.1"], 0)
    clocks = 0.001  # the kernel uses another clock than Python; the two clocks differ by less than a millisecond
    stamped, deadline = False, time.monotonic() + 2
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        while not stamped:  # the kernel begins to stamp datagrams some time after the socket has asked for stamps
            assert time.monotonic() < deadline
            before = time.monotonic()
            client.sendto(b"\x16" * 20, bound[0])
            time.sleep(0.05)  # noqa: ASYNC251  # so the process reads its socket late
            came = await asyncio.wait_for(heard.get(), PATIENCE_S)
            assert came >= before - clocks
            stamped = came < time.monotonic() - 0.05 + clocks
    sockets.close()


async def test_port_in_use_is_reported() -> None:
    first, second = (udp.UdpSockets(lambda kind, data, path, came: None, Counter()) for _ in range(2))
    [(_, port)] = first.open(["127.0.0.1"], 0)
    with pytest.raises(OSError, match="in use"):
        second.open(["127.0.0.1"], port)
    first.close()


def test_loopback_is_offered_only_on_request_and_last() -> None:
    assert not {"127.0.0.1", "::1"} & set(udp.local_addresses(loopback=False))
    assert udp.local_addresses(loopback=True)[-2:] == ["127.0.0.1", "::1"]
