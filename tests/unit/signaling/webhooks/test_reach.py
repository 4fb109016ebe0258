"""The addresses to which the service is allowed to send webhooks.

The tests try host names that resolve to forbidden addresses, redirects to such addresses, and the setting that allows exceptions.
"""

from __future__ import annotations

import socket
from collections.abc import AsyncIterator
from ipaddress import ip_network

import pytest
from aiohttp import web
from aiohttp.abc import AbstractResolver, ResolveResult

from signaling.webhooks.reach import BadEndpoint, Reach
from signaling.webhooks.sending import MOST_ANSWER_BYTES, Poster
from tests.ports import free_port

PUBLIC = "93.184.215.14"


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0", "224.0.0.1",
        "255.255.255.255", "::1", "::", "fe80::1", "fe80::1%eth0", "fc00::1", "ff02::1", "::ffff:127.0.0.1", "64:ff9b::7f00:1",
        "2002:7f00:1::", "64:ff9b:1::7f00:1", "::7f00:1", "::ffff:0:7f00:1", "fec0::1", "5f00::1", "no address",
    ],
)  # fmt: skip
def test_private_address_is_refused(address: str) -> None:
    assert not Reach().allows(address, tls=True)
    with pytest.raises(BadEndpoint):
        Reach().checked(f"https://[{address}]/" if ":" in address else f"https://{address}/")


def test_public_address_is_reached_by_tls_only() -> None:
    assert Reach().allows(PUBLIC, tls=True)
    assert Reach().allows("2606:4700::1111", tls=True)
    assert not Reach().allows(PUBLIC, tls=False)


def test_setting_allows_its_networks_and_no_more() -> None:
    reach = Reach([ip_network("10.1.2.0/24"), ip_network("fd00::/64")])
    assert reach.allows("10.1.2.9", tls=False)
    assert reach.allows("fd00::9", tls=False)
    assert reach.allows("::ffff:10.1.2.9", tls=True)
    assert not reach.allows("10.1.3.9", tls=True)
    assert not reach.allows("127.0.0.1", tls=True)


@pytest.mark.parametrize("url", ["http://2130706433/", "https://0x7f.1/", "https://127.1/hook", "https://[::ffff:7f00:1]/"])
def test_other_spellings_of_an_address_are_seen_through(url: str) -> None:
    with pytest.raises(BadEndpoint):
        Reach([ip_network("10.0.0.0/8")]).checked(url)


@pytest.mark.parametrize(
    "url", ["http://shop.example/", "ftp://shop.example", "https://u:p@shop.example/", "https://shop.example/#x"]
)
def test_url_that_cannot_work_is_refused_with_a_sentence(url: str) -> None:
    with pytest.raises(BadEndpoint, match=r"\w"):
        Reach().checked(url)


def test_url_is_stored_in_canonical_form() -> None:
    assert Reach().checked(" HTTPS://Shop.Example:443/a?b=c ") == "https://shop.example/a?b=c"


class Names(AbstractResolver):
    """Takes the place of the DNS resolver. Every look-up, of any name, returns the next list of addresses."""

    def __init__(self, *look_ups: list[str]) -> None:
        self.look_ups = list(look_ups)
        self.asked = 0

    async def resolve(self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET) -> list[ResolveResult]:
        self.asked += 1
        found = self.look_ups.pop(0) if len(self.look_ups) > 1 else self.look_ups[0]
        return [
            ResolveResult(hostname=host, host=each, port=port, family=socket.AF_INET, proto=0, flags=socket.AI_NUMERICHOST)
            for each in found
        ]

    async def close(self) -> None:
        pass


class Inside:
    """A server on the loopback address. Webhooks must reach this server only if a test allows the address."""

    def __init__(self) -> None:
        self.port = free_port()
        self.asked: list[str] = []

    async def take(self, request: web.Request) -> web.Response:
        self.asked.append(request.path)
        if request.path == "/redirect":
            return web.Response(status=302, headers={"Location": f"http://127.0.0.1:{self.port}/secret"})
        return web.Response(text="x" * 100_000, headers={"Retry-After": "7"})


@pytest.fixture
async def inside() -> AsyncIterator[Inside]:
    server, app = Inside(), web.Application()
    app.router.add_route("*", "/{path:.*}", server.take)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", server.port).start()
    yield server
    await runner.cleanup()


async def test_name_that_leads_inside_is_refused_before_a_byte_is_sent(inside: Inside) -> None:
    for reach, scheme in ((Reach(), "https"), (Reach([ip_network("10.0.0.0/8")]), "http")):
        names = Names(["127.0.0.1"])
        found = await Poster(reach, names).post(f"{scheme}://shop.example:{inside.port}/", {}, "{}")
        assert (found.why, found.status, names.asked) == ("forbidden_address", 0, 1)
    assert inside.asked == []


async def test_name_that_changes_between_tries_is_checked_each_time(inside: Inside) -> None:
    """DNS rebinding: the first look-up gives an allowed address, and the second look-up gives a forbidden one."""
    names = Names(["127.0.0.1"], ["127.0.0.2"])
    poster = Poster(Reach([ip_network("127.0.0.1/32")]), names)
    url = f"http://shop.example:{inside.port}/"
    assert (await poster.post(url, {}, "{}")).well
    assert (await poster.post(url, {}, "{}")).why == "forbidden_address"
    assert (names.asked, inside.asked) == (2, ["/"]), "one look-up for each try"


async def test_allowed_address_of_a_name_does_not_open_its_others(inside: Inside) -> None:
    poster = Poster(Reach([ip_network("127.0.0.9/32")]), Names(["127.0.0.9", "127.0.0.1"]))
    assert (await poster.post(f"http://shop.example:{inside.port}/", {}, "{}")).why == "forbidden_address"
    assert inside.asked == []


async def test_redirect_is_not_followed(inside: Inside) -> None:
    poster = Poster(Reach([ip_network("127.0.0.1/32")]))
    found = await poster.post(f"http://127.0.0.1:{inside.port}/redirect", {}, "{}")
    assert (found.status, found.why, found.well) == (302, "redirect", False)
    assert inside.asked == ["/redirect"]


async def test_only_the_beginning_of_an_answer_is_kept(inside: Inside) -> None:
    poster = Poster(Reach([ip_network("127.0.0.1/32")]))
    found = await poster.post(f"http://127.0.0.1:{inside.port}/", {}, "{}")
    assert (len(found.answer), found.retry_after_s) == (MOST_ANSWER_BYTES, 7)


async def test_receiver_without_server_or_tls_is_told_apart(inside: Inside) -> None:
    poster = Poster(Reach([ip_network("127.0.0.1/32")]))
    assert (await poster.post(f"http://127.0.0.1:{free_port()}/", {}, "{}")).why == "unreachable"
    assert (await poster.post(f"https://127.0.0.1:{inside.port}/", {}, "{}")).why == "tls"
