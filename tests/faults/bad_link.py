"""A network link that loses packets and delays them: `python -m tests.faults.bad_link NAME LOSS DELAY_S`.

The kernel's own tool for this (netem) is a module that many machines do not have. So this process opens a TUN device of this
name, and the router sends the packets of the bad link into the device. The process drops each packet with the probability LOSS,
and sends all other packets back into the router after DELAY_S seconds, in their order.
"""

from __future__ import annotations

import asyncio
import fcntl
import os
import random
import struct
import subprocess
import sys

SET_DEVICE = 0x400454CA  # the ioctl TUNSETIFF
IS_TUN, IS_BARE = 0x0001, 0x1000  # IFF_TUN: the device carries IP packets. IFF_NO_PI: no header precedes a packet.
MOST_BYTES = 65_535
READY = "ready"


def tun(name: str) -> int:
    """Open a TUN device, and return its file descriptor. The device vanishes when the descriptor is closed."""
    device = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
    fcntl.ioctl(device, SET_DEVICE, struct.pack("16sH", name.encode(), IS_TUN | IS_BARE))
    subprocess.run(["ip", "link", "set", name, "up"], check=True)
    return device


async def pass_packets(device: int, loss: float, delay_s: float) -> None:
    """Pass packets on, until the process is killed."""
    loop = asyncio.get_running_loop()

    def arrived() -> None:
        packet = os.read(device, MOST_BYTES)
        if random.random() >= loss:
            loop.call_later(delay_s, os.write, device, packet)

    loop.add_reader(device, arrived)
    print(READY, flush=True)
    await loop.create_future()


if __name__ == "__main__":
    asyncio.run(pass_packets(tun(sys.argv[1]), float(sys.argv[2]), float(sys.argv[3])))
