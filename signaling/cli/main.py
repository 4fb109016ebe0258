"""The `sangdam` command: `serve`, `media`, and the administrative commands."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from typing import Any

import click
import uvloop

from signaling.config import log
from signaling.config.ports import LAST_PORT, Port, media_ports, taken
from signaling.config.private_files import keep_private
from signaling.config.secret import BadSecret, media_token, read_secret
from signaling.config.settings import STAFF_HOSTS, Bounds, Settings, default_data_dir

from .options import ONE_PROXY, Address, ProxyNetworks, Socket, origin, redis_option, secret_option, storage_options

_PORT = click.IntRange(1, 65_535)
_MEDIA_PORT = click.IntRange(1024, 65_000)


class _Commands(click.Group):
    """The commands. Administrative commands are imported only when they run, so that `sangdam serve` starts fast."""

    ADMIN = ("category", "export", "init", "outcomes", "replies", "session", "sign-in", "simulate", "site", "staff")

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names of all commands."""
        return sorted([*super().list_commands(ctx), *self.ADMIN])

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return the command with this name, after importing it if necessary."""
        if cmd_name not in self.ADMIN:
            return super().get_command(ctx, cmd_name)
        from signaling import cli

        command: click.Command = getattr(cli, cmd_name.replace("-", "_"))
        return command


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="sangdam", prog_name="sangdam")
def main() -> None:
    """Self-hosted live counselling on the web."""
    keep_private()


@main.command()
@click.option("--demo", is_flag=True, help="Add a demo shop and demo accounts. Serves HTTP on this machine only.")
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on. Put a TLS proxy in front of it.")
@click.option("--port", default=8080, show_default=True, type=_PORT, help="HTTP port.")
@click.option("--public-url", default="", callback=origin, help="Where users reach this server, such as https://talk.example.")
@click.option("--udp-port", default=40000, show_default=True, type=_MEDIA_PORT, help="First UDP port for media, one per worker.")
@click.option(
    "--announce", multiple=True, metavar="ADDR", help="Public address of this machine for media, behind NAT. Repeatable."
)
@click.option(
    "--turn", multiple=True, metavar="turn:HOST:PORT", help="TURN server for clients whose network blocks UDP. Repeatable."
)
@click.option(
    "--turn-secret-file",
    default=None,
    type=click.Path(dir_okay=False, path_type=Path),
    help="File with the secret that is shared with the TURN server (its static-auth-secret).",
)
@click.option("--workers", default=0, show_default="one per core", type=click.IntRange(0, 256), help="Number of media workers.")
@click.option("--shop-port", default=8081, show_default=True, type=_PORT, help="The demo shop's port.")
@click.option(
    "--most-waiting",
    default=Bounds.most_waiting,
    show_default=True,
    type=click.IntRange(1),
    help="The most users without a counselor at one time. Further users are refused.",
)
@click.option(
    "--most-lag-ms",
    default=Bounds.most_lag_ms,
    show_default=True,
    type=click.IntRange(10),
    help="Refuse new users while this server's event loop lags by more milliseconds than this.",
)
@click.option(
    "--trust-proxy",
    is_flag=False,
    flag_value=ONE_PROXY,
    default=None,
    type=ProxyNetworks(),
    help="Trust X-Forwarded-For or Forwarded from proxies in these networks, such as 10.0.0.0/8,127.0.0.1. "
    "Without a value, trust one proxy on this machine or a private network.",
)
@click.option(
    "--metrics", default=None, type=Address(), help="Serve Prometheus metrics at /metrics of this address. Keep it private."
)
@click.option(
    "--clamd",
    default=None,
    envvar="SANGDAM_CLAMD",
    type=Socket(),
    help="Scan files and pictures by ClamAV's clamd: path of its socket, or HOST:PORT. If it does not answer, they are refused.",
)
@click.option(
    "--log-level",
    default=None,
    type=click.Choice(["debug", "info", "warning", "error"]),
    help="Least level of log lines. [default: info; warning with --demo]",
)
@redis_option(required=False)
@secret_option
@click.option(
    "--advertise", default="", metavar="URL", callback=origin, help="URL at which the cluster's other servers reach this one."
)
@storage_options
def serve(
    *,
    demo: bool,
    data_dir: Path | None,
    log_level: str | None,
    announce: tuple[str, ...],
    secret_file: Path | None,
    **options: Any,
) -> None:
    """Start the server."""
    secret = _secret(secret_file) if options["redis"] else b""
    if secret and options["host"] in ("0.0.0.0", "::") and not options["advertise"]:  # noqa: S104 - compared, not bound
        raise click.ClickException("Other servers cannot reach that address. Give one with --advertise http://…")
    settings = Settings(demo=demo, data_dir=data_dir or default_data_dir(demo=demo), announce=announce, secret=secret, **options)
    _check_turn(settings)
    _check_ports(ports_of(settings))
    log.set_up(level=log_level or ("warning" if demo else "info"))
    from signaling.records.types import Overtaken

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        try:
            runner.run(_run(settings))
        except Overtaken:
            raise click.ClickException("Another server of the cluster leads now. Start this one again.") from None
        except OSError as error:  # a port was taken since the check, or a folder cannot be written
            raise click.ClickException(f"Cannot serve: {error}") from error


def _check_ports(ports: list[Port]) -> None:
    if sentence := taken(ports):
        raise click.ClickException(sentence)


def _check_turn(settings: Settings) -> None:
    if not settings.turn and settings.turn_secret_file is None:
        return
    from signaling.access.turn_credentials import Turn, TurnError

    try:
        Turn.open(settings.turn, settings.turn_secret_file)
    except TurnError as error:
        raise click.ClickException(str(error)) from None


async def _run(settings: Settings) -> None:
    """Run the server. The media workers load in parallel with it."""
    from media.api.cancellation import keep_cancellations
    from signaling.mediaworkers.interface import MediaWorkers

    keep_cancellations()
    workers: MediaWorkers
    if settings.redis:
        from signaling.mediaworkers.remote import Fleet

        workers = Fleet(settings.redis, media_token(settings.secret))
    else:
        from signaling.mediaworkers.embedded import Workers

        workers = Workers(settings)
    try:
        await workers.begin()
        from signaling.server.app import serve  # imported here because this import takes a second

        await serve(settings, on_ready=lambda: announce_ready(settings), workers=workers)
    finally:
        await workers.close()


@main.command()
@redis_option(required=True)
@secret_option
@click.option("--listen", default="127.0.0.1", show_default=True, help="Address for the servers' commands. Keep it private.")
@click.option("--advertise", default="", help="Name or address at which servers reach this machine. [default: --listen]")
@click.option("--port", default=7000, show_default=True, type=_PORT, help="First port for commands, one per worker.")
@click.option("--udp-port", default=40000, show_default=True, type=_MEDIA_PORT, help="First UDP port for media, one per worker.")
@click.option("--announce", multiple=True, metavar="ADDR", help="Public address of this machine, behind NAT. Repeatable.")
@click.option("--address", multiple=True, metavar="ADDR", help="Bind media to this local address only. Repeatable.")
@click.option("--loopback", is_flag=True, help="Also accept media on loopback, to try a cluster on one machine.")
@click.option("--workers", default=0, show_default="one per core", type=click.IntRange(0, 256), help="Number of media workers.")
@click.option(
    "--recordings",
    type=click.Path(file_okay=False, path_type=Path),
    default=None,
    help="The servers' folder of recordings, as mounted on this machine. [default: no recordings]",
)
def media(*, redis: str, secret_file: Path | None, **options: Any) -> None:
    """Start media workers for servers on other machines."""
    from signaling.mediaworkers.host import MediaSettings, run

    token = media_token(_secret(secret_file))
    if options["listen"] in ("0.0.0.0", "::") and not options["advertise"]:  # noqa: S104 - compared, not bound
        raise click.ClickException("Servers cannot reach that address. Give one with --advertise.")
    settings = MediaSettings(redis=redis, token=token, **options)
    if settings.port + settings.workers_wanted - 1 > LAST_PORT:
        raise click.ClickException(f"{settings.workers_wanted} workers need as many ports, so choose a lower --port.")
    _check_ports([port for number in range(settings.workers_wanted) for port in settings.ports(number)])
    log.set_up(level="info")
    asyncio.run(run(settings))


def _secret(file: Path | None) -> bytes:
    try:
        return read_secret(file)
    except BadSecret as error:
        raise click.ClickException(str(error)) from None


def ports_of(settings: Settings) -> list[Port]:
    """Return every port that this server and its media workers will bind."""
    found = [Port(settings.port, settings.hosts_to_bind, f"--port {settings.port + 10}")]
    if settings.demo:
        found.append(Port(settings.shop_port, ("127.0.0.1",), f"--shop-port {settings.shop_port + 10}"))
    if settings.metrics is not None:
        host, port = settings.metrics
        found.append(Port(port, (host,), f"--metrics {host}:{port + 10}"))
    if not settings.redis:
        found += media_ports(settings.udp_port, settings.workers_wanted + 1)  # one more port, for the spare worker
    return found


def announce_ready(settings: Settings) -> None:
    """Print the addresses of the pages, in the order in which a person should open them."""
    from rich.console import Console
    from rich.text import Text

    console = Console(file=sys.stdout, highlight=False, soft_wrap=True)
    if not settings.demo:
        console.print(Text.assemble("Sangdam serves ", (settings.url, "bold cyan")))
        return
    from signaling.server.demo import ACCOUNTS

    rows = [("shop", settings.shop_url, "bold green", "press the round button on any page")]
    colours = {"counselor": "bold cyan", "professional": "bold magenta", "operator": "bold yellow"}
    for role in STAFF_HOSTS:
        accounts = "   ".join(f"{a.login} / {a.password}" for a in ACCOUNTS if a.role == role)
        rows.append((role, settings.staff_url(role), colours[role], accounts))
    widest = max(len(url) for _, url, _, _ in rows)
    console.print(Text("\nSangdam is ready. Open these in one browser:\n", "bold"))
    for name, url, style, hint in rows:
        console.print(Text.assemble(f"  {name:<14}", (url, style), " " * (widest - len(url) + 3), hint))
    console.print(Text("\nCtrl+C ends it.\n", "dim"))


if __name__ == "__main__":
    main()
