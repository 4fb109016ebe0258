"""A network of its own for each part of a cluster, and a router between them, which can drop packets.

Each part runs in a Linux network namespace, as on a machine of its own. The router is one more namespace. A rule in the router's
routing table drops all packets from one part to another, silently and in this direction only, as a broken link does. The test
process itself is connected to the router, too. Namespaces need root.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field

from tests.cluster import Place
from tests.faults.bad_link import READY

FIRST_NET = 200  # the networks are 10.N.M.0/24; N is chosen by the process id, so that two runs do not collide
TESTER = "tester"
BAD_TABLE = "77"  # number of the router's routing table for links that lose or delay packets


def ip(*words: str) -> None:
    subprocess.run(["ip", *words], check=True, capture_output=True, text=True)


@dataclass
class Network:
    """The network namespaces of one run. `place` adds a part of the cluster."""

    name: str
    net: int
    _parts: dict[str, int] = field(default_factory=dict)

    @property
    def router(self) -> str:
        return f"{self.name}r"

    def address(self, part: str) -> str:
        return f"10.{self.net}.{self._parts[part]}.2"

    def place(self, part: str) -> Place:
        """Return the network namespace in which this part of the cluster runs.

        When this method is called for a part for the first time, it makes the part's network namespace.
        """
        if part not in self._parts:
            number = self._parts[part] = len(self._parts) + 1
            space, link = f"{self.name}{number}", f"{self.name}v{number}"
            if part != TESTER:
                ip("netns", "add", space)
            inside = [] if part == TESTER else ["netns", space]
            end = f"{self.name}e"
            ip("link", "add", link, "netns", self.router, "type", "veth", "peer", "name", end, *inside)
            here = [] if part == TESTER else ["-n", space]
            ip("-n", self.router, "addr", "add", f"10.{self.net}.{number}.1/24", "dev", link)
            ip("-n", self.router, "link", "set", link, "up")
            ip(*here, "addr", "add", f"10.{self.net}.{number}.2/24", "dev", end)
            ip(*here, "link", "set", end, "up")
            if part != TESTER:
                ip(*here, "link", "set", "lo", "up")
            ip(*here, "route", "add", f"10.{self.net}.0.0/16", "via", f"10.{self.net}.{number}.1")
        within = () if part == TESTER else ("ip", "netns", "exec", f"{self.name}{self._parts[part]}")
        return Place(self.address(part), within)

    def drop(self, sender: str, receiver: str) -> None:
        """Drop all packets that `sender` sends to `receiver` from now on."""
        self._rule("add", sender, receiver)

    def pass_on(self, sender: str, receiver: str) -> None:
        """Let packets from `sender` to `receiver` through again, after `drop`."""
        self._rule("del", sender, receiver)

    def _rule(self, what: str, sender: str, receiver: str) -> None:
        pair = ("from", self.address(sender), "to", self.address(receiver))
        ip("-n", self.router, "rule", what, *pair, "blackhole", "priority", "100")

    @contextmanager
    def broken(self, *links: tuple[str, str]) -> Iterator[None]:
        """Drop the packets on these links until the context ends. Each link is (sender, receiver)."""
        with ExitStack() as stack:
            for sender, receiver in links:
                self.drop(sender, receiver)
                stack.callback(self.pass_on, sender, receiver)
            yield

    @contextmanager
    def bad(self, *links: tuple[str, str], loss: float = 0.0, delay_s: float = 0.0) -> Iterator[None]:
        """Lose and delay packets on these links until the context ends (`bad_link.py`). Each link is (sender, receiver).

        `loss`: share of the packets that are lost. `delay_s`: delay of all other packets, in seconds.
        """
        name = f"{self.name}bad"
        in_router = ("ip", "netns", "exec", self.router)
        command = [*in_router, sys.executable, "-m", "tests.faults.bad_link", name, str(loss), str(delay_s)]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        with ExitStack() as stack:
            stack.callback(process.wait)
            stack.callback(process.kill)
            assert process.stdout is not None
            assert process.stdout.readline().strip() == READY, "the bad link does not start"
            # the device returns packets whose addresses belong to other links; without this setting, the router would refuse them
            subprocess.run([*in_router, "sysctl", "-qw", f"net.ipv4.conf.{name}.rp_filter=0"], check=True)
            ip("-n", self.router, "route", "replace", "default", "dev", name, "table", BAD_TABLE)
            for sender, receiver in links:
                # the rule sends packets from the sender's link into the bad link; when they come out of it, they take the usual
                # route
                came_in = f"{self.name}v{self._parts[sender]}"
                rule = ("from", self.address(sender), "to", self.address(receiver), "iif", came_in, "lookup", BAD_TABLE)
                ip("-n", self.router, "rule", "add", *rule, "priority", "100")
                stack.callback(ip, "-n", self.router, "rule", "del", *rule, "priority", "100")
            yield

    def close(self) -> None:
        for number in self._parts.values():
            subprocess.run(["ip", "netns", "del", f"{self.name}{number}"], check=False, capture_output=True)
        subprocess.run(["ip", "netns", "del", self.router], check=False, capture_output=True)


@contextmanager
def running_network() -> Iterator[Network]:
    number = os.getpid() % 50
    network = Network(f"sd{number}", FIRST_NET + number)
    network.close()
    ip("netns", "add", network.router)
    try:
        subprocess.run(
            ["ip", "netns", "exec", network.router, "sysctl", "-qw", "net.ipv4.ip_forward=1", "net.ipv4.conf.all.rp_filter=0"],
            check=True,
            capture_output=True,
        )
        network.place(TESTER)
        yield network
    finally:
        network.close()


def both_ways(one: str, other: str) -> tuple[tuple[str, str], ...]:
    return (one, other), (other, one)
