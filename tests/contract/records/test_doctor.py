"""`sangdam doctor` finds each planted fault, on real servers, and says what to do."""

from __future__ import annotations

import asyncio
import datetime
import ipaddress
import json
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from string import Formatter
from typing import Any

import pytest
import redis.asyncio as redis_client
import sqlalchemy as sa
from aiohttp import web
from click.testing import CliRunner
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from sqlalchemy.ext.asyncio import create_async_engine

from media.captions.process import Captions, build
from media.worker.worker import ECHOES_A_SECOND, Where, Worker
from signaling.cli.main import main
from signaling.config.secret import captions_token
from signaling.config.settings import Settings
from signaling.doctor import CHECKS, Examined, Finding, examine, network, services, stores, told
from signaling.doctor.finding import WorkerFacts
from signaling.doctor.sentences import sentences
from signaling.protocol.own_texts import LANGUAGES as OWN_TEXTS
from signaling.records import OidcSettings, ProviderSignIn, Records, SignInRecord, StaffRecord
from signaling.records.sign_ins import INSTALLATION
from tests.contract.translation.service import translating
from tests.mail_server import running_mail_server
from tests.ports import free_port
from tests.redis_server import running_redis
from tests.turn_server import TurnServer

NOW = datetime.datetime.now(datetime.UTC)
SET_REVISION = sa.text("UPDATE alembic_version SET version_num = :revision")
HOST = "127.0.0.1"  # the certificates of the tests are for this host


def states(found: list[Finding]) -> dict[str, str]:
    return {each.about: each.state for each in found}


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(data_dir=tmp_path / "data", udp_port=free_port(), workers=1)


@asynccontextmanager
async def worker_at(port: int) -> AsyncIterator[Worker]:
    worker = Worker("w", Where(addresses=[HOST], port=port))
    await worker.open()
    try:
        yield worker
    finally:
        await worker.close()


def certified(folder: Path, days: int) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """Return the TLS context of a server with a new certificate, and the TLS context of a client that trusts this certificate.

    `days`: number of days for which the certificate is still valid.
    """
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localtest")])
    names = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(HOST))])
    built = x509.CertificateBuilder(issuer_name=name, subject_name=name, public_key=key.public_key(), extensions=[])
    built = built.serial_number(1).not_valid_before(NOW - datetime.timedelta(days=99)).add_extension(names, critical=False)
    signed = built.not_valid_after(NOW + datetime.timedelta(days=days, hours=1)).sign(key, hashes.SHA256())
    form = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    (folder / "pem").write_bytes(signed.public_bytes(serialization.Encoding.PEM) + key.private_bytes(*form))
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(folder / "pem")
    return server, ssl.create_default_context(cafile=folder / "pem")


async def certificate_at(
    settings: Settings, folder: Path, days: int, monkeypatch: pytest.MonkeyPatch, *, trusted: bool = True
) -> list[Finding]:
    """Return what the doctor finds about a server whose certificate is still valid for `days` days."""
    monkeypatch.setattr(network, "_hosts", lambda _of: [HOST])
    monkeypatch.setattr(network, "is_local", lambda _of: False)
    server, client = certified(folder, days)
    listening = await asyncio.start_server(lambda _r, w: w.close(), HOST, 0, ssl=server)
    port = listening.sockets[0].getsockname()[1]
    of = Examined(settings=replace(settings, public_url=f"https://{HOST}:{port}"))
    try:
        return await network.certificates(replace(of, trusted=client) if trusted else of)
    finally:
        listening.close()


async def test_healthy_installation_has_no_fault(settings: Settings, tmp_path: Path) -> None:
    settings.data_dir.mkdir(mode=0o700)
    await (await Records.open(settings.database_url)).close()
    turn = TurnServer(tmp_path, HOST)
    settings = replace(settings, turn=(turn.url,), turn_secret_file=turn.secret_file, announce=(HOST,))
    turn.secret_file.chmod(0o600)
    kernel = kernel_of(tmp_path, "8388608", "32768 60999", "1-65535")
    with turn.running():
        async with worker_at(settings.udp_port) as worker:
            facts = [WorkerFacts(name="w", version=worker.stats().version, fast_path=True)]

            async def workers() -> list[WorkerFacts]:
                return facts

            of = Examined(settings=settings, workers=workers, kernel=kernel, descriptors=65_536)
            found = states(await examine(of))
    # these findings concern the machine that runs the tests, and can occur without a planted fault
    machine = {"clock.unsynchronised", "disk.low"}
    assert {about for about, state in found.items() if state != "ok"} <= machine
    assert {"udp.ok", "turn.ok", "database.ok", "workers.ok", "buffer.ok", "ports.ok", "keys.ok", "descriptors.ok"} <= set(found)


def kernel_of(folder: Path, buffer: str, outgoing: str, reserved: str) -> Path:
    told = {"net/core/rmem_max": buffer, "net/ipv4/ip_local_port_range": outgoing, "net/ipv4/ip_local_reserved_ports": reserved}
    for name, value in told.items():
        (folder / "kernel" / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / "kernel" / name).write_text(f"{value}\n")
    return folder / "kernel"


async def test_faults_of_the_machine_are_found(settings: Settings, tmp_path: Path) -> None:
    settings.data_dir.mkdir()
    (settings.data_dir / "server.key").write_bytes(bytes(32))
    (settings.data_dir / "server.key").chmod(0o644)
    (tmp_path / "file").touch()
    of = Examined(
        settings=replace(settings, public_url="https://counsel.invalid", recordings=tmp_path / "file" / "tapes", udp_port=40_000),
        kernel=kernel_of(tmp_path, "212992", "32768 60999", ""),
        descriptors=1024,
    )
    found = await examine(of)
    expected = {
        "dns.unresolved": "fault",
        "proxy.untrusted": "warning",
        "udp.idle": "warning",
        "buffer.small": "warning",
        "ports.unreserved": "warning",
        "descriptors.few": "warning",
        "disk.unwritable": "fault",
        "keys.readable": "fault",
        "turn.none": "warning",
    }
    assert expected.items() <= states(found).items()
    assert sum(each.about == "dns.unresolved" for each in found) == 4, "users' and each role's name"


async def test_faults_of_certificates_are_found(settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert states(await certificate_at(settings, tmp_path, 90, monkeypatch)) == {"tls.ok": "ok"}
    assert states(await certificate_at(settings, tmp_path, 5, monkeypatch)) == {"tls.soon": "warning"}
    [expired] = await certificate_at(settings, tmp_path, -2, monkeypatch)
    assert (expired.about, "expired" in expired.args["why"]) == ("tls.refused", True)
    [unknown] = await certificate_at(settings, tmp_path, 90, monkeypatch, trusted=False)
    assert unknown.about == "tls.refused"
    nobody = Examined(settings=replace(settings, public_url=f"https://{HOST}:{free_port()}"))
    assert states(await network.certificates(nobody)) == {"tls.unreachable": "fault"}
    plain = Examined(settings=replace(settings, public_url="http://counsel.example"))
    assert states(await network.certificates(plain)) == {"tls.none": "fault"}


async def test_udp_port_that_does_not_answer_is_found(settings: Settings) -> None:
    of = Examined(settings=replace(settings, announce=(HOST, "192.0.2.1")))
    async with worker_at(settings.udp_port) as worker:
        found = await network.udp(of)
        assert [each.args["where"] for each in found if each.about == "udp.silent"] == [f"192.0.2.1 port {settings.udp_port}"]
        heard = [await network._echo(HOST, settings.udp_port) for _ in range(ECHOES_A_SECOND)]
        assert all(heard)
        assert worker.peers == 0


async def test_turn_faults_are_found(settings: Settings, tmp_path: Path) -> None:
    turn = TurnServer(tmp_path, HOST)
    other = tmp_path / "other"
    other.write_text("another secret than that of the relay")
    wrong = replace(settings, turn=(turn.url,), turn_secret_file=other)
    with turn.running():
        assert states(await network.relays(Examined(settings=wrong))) == {"turn.refused": "fault"}
    silent = replace(settings, turn=(f"turn:{HOST}:{free_port()}?transport=tcp",), turn_secret_file=other)
    assert states(await network.relays(Examined(settings=silent))) == {"turn.silent": "fault"}
    missing = replace(settings, turn=(turn.url,), turn_secret_file=tmp_path / "none")
    assert states(await network.relays(Examined(settings=missing))) == {"turn.settings": "fault"}


async def test_database_faults_are_found(settings: Settings, postgres: str) -> None:
    engine = create_async_engine(postgres)
    of = Examined(settings=replace(settings, database=postgres))
    assert states(await stores.database(of)) == {"database.new": "ok"}
    await (await Records.open(postgres)).close()
    assert states(await stores.database(of)) == {"database.ok": "ok"}
    records = await Records.open(postgres)
    await records.save_staff(StaffRecord(id="o-1", login="nari", name="Nari", role="counselor"))
    provider = OidcSettings(issuer="https://id.example", client_id="c")
    await records.save_oidc_settings(provider)
    await records.add_provider_sign_in(
        SignInRecord(token_hash="a", staff="o-1", created_at=1, expires_at=2),
        ProviderSignIn(token_hash="a", issuer="i", subject="s", sid="", tokens="", checked_at=1, failing_since=5),
        INSTALLATION,
        provider,
    )
    await records.close()
    assert states(await stores.database(of)) == {"database.ok": "ok", "provider.failing": "warning"}
    async with engine.begin() as connection:
        await connection.execute(sa.text("DELETE FROM sign_in"))
    off = replace(of, now_s=lambda: of.now_s() + 30)
    assert states(await stores.database(off)) == {"database.ok": "ok", "clock.off": "fault"}
    for revision, about in (("0001", "database.older"), ("9999", "database.newer")):
        async with engine.begin() as connection:
            before = (await connection.execute(sa.text("SELECT version_num FROM alembic_version"))).scalar()
            await connection.execute(SET_REVISION, {"revision": revision})
        assert about in states(await stores.database(of))
        async with engine.begin() as connection:
            await connection.execute(SET_REVISION, {"revision": before})
    async with engine.begin() as connection:
        await connection.execute(sa.text("ALTER DATABASE postgres SET default_transaction_read_only = on"))
    try:
        assert states(await stores.database(of)) == {"database.readonly": "fault"}
    finally:
        writing = create_async_engine(postgres, connect_args={"server_settings": {"default_transaction_read_only": "off"}})
        async with writing.begin() as connection:
            await connection.execute(sa.text("ALTER DATABASE postgres RESET default_transaction_read_only"))
        await writing.dispose()
        await engine.dispose()
    away = replace(settings, database=f"postgresql+asyncpg://sangdam@{HOST}:{free_port()}/postgres")
    assert states(await stores.database(Examined(settings=away))) == {"database.unavailable": "fault"}


async def test_redis_faults_are_found(settings: Settings) -> None:
    with running_redis() as server:
        of = Examined(settings=replace(settings, redis=server.url))
        assert states(await stores.redis(of)) == {"redis.ok": "ok"}
        assert "clock.off" in states(await stores.redis(replace(of, now_s=lambda: of.now_s() - 60)))
        client = redis_client.Redis.from_url(server.url)
        await client.config_set("maxmemory", "100mb")
        await client.config_set("maxmemory-policy", "allkeys-lru")
        await client.aclose()
        assert states(await stores.redis(of)) == {"redis.evicts": "fault"}
    assert states(await stores.redis(of)) == {"redis.unavailable": "fault"}


async def test_faults_of_workers_are_found(settings: Settings) -> None:
    async def old() -> list[WorkerFacts]:
        return [WorkerFacts(name="w-1", version="0.0.9", fast_path=False)]

    async def none() -> list[WorkerFacts]:
        return []

    found = states(await stores.workers(Examined(settings=settings, workers=old)))
    assert found == {"workers.version": "warning", "workers.slow": "warning"}
    assert states(await stores.workers(Examined(settings=settings, workers=none))) == {"workers.none": "fault"}


async def test_faults_of_mail_and_push_are_found(settings: Settings) -> None:
    assert states(await services.mail(Examined(settings=settings))) == {"mail.unset": "ok"}
    async with running_mail_server() as mails:
        reached = Examined(settings=replace(settings, mail=mails.settings()))
        assert states(await services.mail(reached)) == {"mail.ok": "ok"}
        assert mails.found == [], "nobody gets a mail"
        plain = Examined(settings=replace(settings, mail=mails.settings(tls="starttls")))
        assert states(await services.mail(plain)) == {"mail.failing": "fault"}
    assert states(await services.mail(reached)) == {"mail.failing": "fault"}
    listening = await asyncio.start_server(lambda _r, w: w.close(), HOST, 0)
    there, gone = (f"{HOST}:{port}" for port in (listening.sockets[0].getsockname()[1], free_port()))
    public = Examined(settings=replace(settings, public_url="https://counsel.example"), push_hosts=(there,))
    assert states(await services.push(public)) == {"push.ok": "ok"}
    [silent] = await services.push(replace(public, push_hosts=(there, gone)))
    assert (silent.about, silent.args["hosts"]) == ("push.silent", gone)
    assert await services.push(replace(public, settings=replace(public.settings, push="off"))) == []
    assert await services.push(Examined(settings=settings)) == []
    listening.close()


async def test_faults_of_captions_are_found(settings: Settings, tmp_path: Path) -> None:
    assert await services.captions(Examined(settings=settings)) == []
    secret = tmp_path / "secret"
    here = replace(settings, captions_url=f"http://{HOST}:{free_port()}", secret_file=secret)
    assert states(await services.captions(Examined(settings=here))) == {"captions.secret": "fault"}
    secret.write_text("s" * 32)
    assert states(await services.captions(Examined(settings=here))) == {"captions.silent": "fault"}
    nothing: Any = None  # this test sends no voice, so neither the voice detector nor the model is used
    application = build(Captions(nothing, nothing), captions_token(b"s" * 32))
    async with served(application, here.captions_url):
        assert states(await services.captions(Examined(settings=here))) == {"captions.ok": "ok"}
        secret.write_text("t" * 32)
        assert states(await services.captions(Examined(settings=here))) == {"captions.refused": "fault"}
    async with served(web.Application(), here.captions_url):
        assert states(await services.captions(Examined(settings=here))) == {"captions.silent": "fault"}


@asynccontextmanager
async def served(application: web.Application, url: str) -> AsyncIterator[None]:
    runner = web.AppRunner(application, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, HOST, int(url.rpartition(":")[2])).start()
    try:
        yield
    finally:
        await runner.cleanup()


async def test_faults_of_translation_are_found(settings: Settings, tmp_path: Path) -> None:
    assert await services.translation(Examined(settings=settings)) == []
    async with translating() as service:
        here = replace(settings, translate_url=service.url)
        assert states(await services.translation(Examined(settings=here))) == {"translation.ok": "ok"}
        unreadable = replace(here, translate_key_file=tmp_path / "none")
        assert states(await services.translation(Examined(settings=unreadable))) == {"translation.key": "fault"}
        (tmp_path / "key").write_text("key-1\n")
        service.reply = web.json_response({"error": "Invalid API key"}, status=403)
        keyed = replace(here, translate_key_file=tmp_path / "key")
        assert states(await services.translation(Examined(settings=keyed))) == {"translation.refused": "fault"}
        assert (service.asked[-1]["q"], service.asked[-1]["api_key"]) == ("hello", "key-1")
        service.reply, service.fails = None, True
        assert states(await services.translation(Examined(settings=here))) == {"translation.silent": "fault"}
    assert states(await services.translation(Examined(settings=here))) == {"translation.silent": "fault"}


async def test_worker_is_reached_from_another_place(settings: Settings) -> None:
    async with worker_at(settings.udp_port):
        words = ["doctor", "--json", "--reach", f"{HOST}:{settings.udp_port}"]
        reached = await asyncio.to_thread(CliRunner().invoke, main, words)
    assert (reached.exit_code, json.loads(reached.stdout)[0]["about"]) == (0, "reach.ok")
    silent = await asyncio.to_thread(CliRunner().invoke, main, words)
    assert (silent.exit_code, json.loads(silent.stdout)[0]["about"]) == (2, "reach.silent")
    wrong = CliRunner().invoke(main, ["doctor", "--reach", "counsel.example"])
    assert (wrong.exit_code, "203.0.113.7:40000" in wrong.output) == (2, True)


async def test_check_that_fails_hides_no_other(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    async def broken(_of: Examined) -> list[Finding]:
        raise ZeroDivisionError

    monkeypatch.setattr("signaling.doctor.CHECKS", (broken, *CHECKS))
    found = await examine(Examined(settings=settings))
    assert found[0].about == "check.failed"
    assert "Look at the log" in told(found[0]).do
    assert len(found) > 5


ENGLISH = sentences("en")
OK = {about for about in ENGLISH if about.endswith((".ok", ".local", ".new", ".unset"))}


@pytest.mark.parametrize("language", OWN_TEXTS)
def test_every_verdict_has_sentences_in_each_language(language: str) -> None:
    sources = "".join(path.read_text() for path in Path(stores.__file__).parent.glob("*.py"))
    mine = sentences(language)
    assert list(mine) == list(ENGLISH)
    for about, said in mine.items():
        assert f'"{about}"' in sources, about
        assert bool(said["do"]) == (about not in OK), about
        assert said["says"], about
        for part in ("says", "do"):
            assert placeholders(said[part]) <= placeholders(ENGLISH[about]["says"] + ENGLISH[about]["do"]), about
        assert placeholders(said["says"]) == placeholders(ENGLISH[about]["says"]), about
        assert language == "en" or said["says"] == "{why}" or said["says"] != ENGLISH[about]["says"], about


def placeholders(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name}


def test_command_ends_with_the_worst_state(settings: Settings) -> None:
    words = ["doctor", "--data-dir", str(settings.data_dir), "--udp-port", str(settings.udp_port), "--json"]
    warned = CliRunner().invoke(main, words)
    assert warned.exit_code == 1, warned.output
    faulty = CliRunner().invoke(main, [*words, "--public-url", "https://counsel.invalid", "--language", "ko"])
    assert faulty.exit_code == 2, faulty.output
    [first] = [
        each for each in json.loads(faulty.stdout) if "counsel.invalid의" in each["says"] and "counselor" not in each["says"]
    ][:1]
    assert (first["about"], first["state"]) == ("dns.unresolved", "fault")
    assert "레코드" in first["do"]
