"""`python flood.py FD HOST PORT PER_S PACKETS`: send datagrams repeatedly from an inherited socket.

The datagrams come from standard input, each after its length in two bytes. This program runs in a process of its own, so that the
test's process can go on sending the people's voices.
"""

from __future__ import annotations

import contextlib
import socket
import sys
import time

BURST = 100


def main() -> None:
    descriptor, host, port, per_s, packets = sys.argv[1:]
    given, datagrams = sys.stdin.buffer.read(), []
    while given:
        end = 2 + int.from_bytes(given[:2], "big")
        datagrams.append(given[2:end])
        given = given[end:]
    target, began = (host, int(port)), time.monotonic()
    with socket.socket(fileno=int(descriptor)) as own:
        for number in range(int(packets)):
            with contextlib.suppress(BlockingIOError):
                own.sendto(datagrams[number % len(datagrams)], target)
            if number % BURST == 0:
                time.sleep(max(0.0, began + number / float(per_s) - time.monotonic()))


if __name__ == "__main__":
    main()
