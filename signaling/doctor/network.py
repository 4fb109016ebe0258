"""Checks whether browsers can reach the installation: names, certificates, proxy, UDP, TURN."""

from __future__ import annotations

import asyncio
import ipaddress
import socket
import ssl
import time
from typing import Any
from urllib.parse import urlsplit

import ifaddr
from aioice import stun, turn

from signaling.access.turn_credentials import Turn, TurnError
from signaling.config.ports import EVERYWHERE, Port
from signaling.config.settings import STAFF_HOSTS

from .finding import Examined, Finding, finding

# `ECHO_S`: seconds to wait for one STUN response. `TRIES`: at most this many STUN requests go to one address.
ECHO_S, TRIES = 0.7, 3
SOON_DAYS = 14  # A certificate that expires within this many days causes a warning.
_DAY_S = 86_400


def _hosts(of: Examined) -> list[str]:
    """Return the host names of the users' pages and of each role's pages."""
    urls = [of.settings.url, *(of.settings.staff_url(role) for role in STAFF_HOSTS)]
    return [urlsplit(url).hostname or "" for url in urls]


def is_local(of: Examined) -> bool:
    """Return whether the pages are for browsers of this machine only."""
    host = _hosts(of)[0]
    return host == "localhost" or host.endswith(".localhost") or host == "::1" or host.startswith("127.")


async def names(of: Examined) -> list[Finding]:
    """Check that the host name of each kind of page has an address in DNS."""
    if is_local(of):
        return [finding("dns.local")]
    loop = asyncio.get_running_loop()
    missing = []
    for host in _hosts(of):
        try:
            await loop.getaddrinfo(host, None, type=socket.SOCK_STREAM)
        except OSError:
            missing.append(host)
    return [finding("dns.unresolved", "fault", host=host) for host in missing] or [finding("dns.ok", hosts=", ".join(_hosts(of)))]


async def certificates(of: Examined) -> list[Finding]:
    """Check the TLS certificate at the host name of each kind of page, as a browser does."""
    if is_local(of):
        return [finding("tls.local")]
    if not of.settings.url.startswith("https:"):
        return [finding("tls.none", "fault", url=of.settings.url)]
    port = urlsplit(of.settings.url).port or 443
    found = await asyncio.gather(*(_certificate(of, host, port) for host in _hosts(of)))
    return [each for each in found if each is not None]


async def _certificate(of: Examined, host: str, port: int) -> Finding | None:
    """Return the finding about the certificate of one host.

    Return None for a host without an address, because the check `names` reports such a host.
    """
    try:
        async with asyncio.timeout(5):
            _, writer = await asyncio.open_connection(host, port, ssl=of.trusted, server_hostname=host)
    except ssl.SSLCertVerificationError as error:
        return finding("tls.refused", "fault", host=host, why=error.verify_message)
    except socket.gaierror:
        return None
    except (OSError, TimeoutError) as error:
        return finding("tls.unreachable", "fault", host=f"{host}:{port}", why=type(error).__name__)
    shown: Any = writer.get_extra_info("peercert")
    writer.close()
    days = int((ssl.cert_time_to_seconds(shown["notAfter"]) - of.now_s()) // _DAY_S)
    return finding("tls.soon" if days < SOON_DAYS else "tls.ok", "warning" if days < SOON_DAYS else "ok", host=host, days=days)


async def proxy(of: Examined) -> list[Finding]:
    """Check that the server trusts a proxy's headers (`trust_proxy`) if the pages are https, because TLS ends at a proxy."""
    if of.settings.url.startswith("https:") and of.settings.trust_proxy is None:
        return [finding("proxy.untrusted", "warning")]
    return [finding("proxy.ok")]


async def udp(of: Examined) -> list[Finding]:
    """Check that each media worker of this machine, except spare workers, answers a STUN request over UDP.

    Each worker is asked at every announced address or, without announced addresses, at the machine's first IPv4 address. Media
    workers on other machines are not checked.
    """
    if of.settings.redis and not of.settings.announce:
        return []  # all media workers run on other machines, so there is nothing to check
    ports = range(of.settings.udp_port, of.settings.udp_port + of.settings.workers_wanted)
    if of.workers is None and all(Port(port, EVERYWHERE, "", socket.SOCK_DGRAM).is_free() for port in ports):
        return [finding("udp.idle", "warning", port=ports[0])]
    asked = [(address, port) for address in of.settings.announce or _own_address() for port in ports]
    heard = await asyncio.gather(*(_echo(*each) for each in asked))
    silent = [f"{address} port {port}" for (address, port), answered in zip(asked, heard, strict=True) if not answered]
    if silent:
        return [finding("udp.silent", "fault", where=where) for where in silent]
    host, port = asked[0]
    return [finding("udp.ok", where=", ".join(sorted({address for address, _ in asked})), first=f"{host}:{port}")]


async def reached(addresses: list[tuple[str, int]]) -> list[Finding]:
    """Return one finding for each address (host, UDP port): whether a media worker at this address answers."""
    heard = await asyncio.gather(*(_echo(*each) for each in addresses))
    return [
        finding("reach.ok" if answered else "reach.silent", "ok" if answered else "fault", where=f"{host} port {port}")
        for (host, port), answered in zip(addresses, heard, strict=True)
    ]


def _own_address() -> list[str]:
    """Return a list with one IPv4 address of this machine: the first that other machines could reach, or the loopback address."""
    texts = [each.ip for adapter in ifaddr.get_adapters() for each in adapter.ips if isinstance(each.ip, str)]
    found = [text for text in texts if not (ipaddress.ip_address(text).is_loopback or ipaddress.ip_address(text).is_link_local)]
    return found[:1] or ["127.0.0.1"]


async def _echo(address: str, port: int) -> bool:
    """Return whether a STUN server, such as a media worker, answers at this address (RFC 8489, 12)."""
    answered = asyncio.Event()
    request = stun.Message(stun.Method.BINDING, stun.Class.REQUEST)

    class Asking(asyncio.DatagramProtocol):
        def datagram_received(self, data: bytes, addr: Any) -> None:
            if data[:2] == b"\x01\x01" and data[8:20] == request.transaction_id:
                answered.set()

    try:
        transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(Asking, remote_addr=(address, port))
    except OSError:
        return False
    try:
        for _ in range(TRIES):
            transport.sendto(bytes(request))
            try:
                async with asyncio.timeout(ECHO_S):
                    await answered.wait()
            except TimeoutError:
                continue
            return True
    finally:
        transport.close()
    return False


async def relays(of: Examined) -> list[Finding]:
    """Check that each TURN server gives an allocation to a client whose credentials are made like those of users."""
    try:
        opened = Turn.open(of.settings.turn, of.settings.turn_secret_file)
    except TurnError as error:
        return [finding("turn.settings", "fault", why=error)]
    if opened is None:
        return [finding("turn.none", "warning")]
    return list(await asyncio.gather(*(_relay(opened, url) for url in opened.urls)))


async def _relay(opened: Turn, url: str) -> Finding:
    scheme, _, rest = url.partition(":")
    where, _, transport = rest.partition("?transport=")
    parts = urlsplit(f"//{where}")
    address = (parts.hostname or "", parts.port or (5349 if scheme == "turns" else 3478))
    given = opened.server("doctor", time.time_ns() // 1_000_000)
    kind = "tcp" if scheme == "turns" or transport == "tcp" else "udp"
    secured = ssl.create_default_context() if scheme == "turns" else None
    try:
        async with asyncio.timeout(5):
            made, _ = await turn.create_turn_endpoint(
                asyncio.DatagramProtocol, address, given.username, given.credential, ssl=secured, transport=kind
            )
    except stun.TransactionFailed:
        return finding("turn.refused", "fault", url=url)
    except (OSError, TimeoutError, stun.TransactionTimeout) as error:
        return finding("turn.silent", "fault", url=url, why=type(error).__name__)
    made.close()
    return finding("turn.ok", url=url)
