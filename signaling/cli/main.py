"""The `sangdam` command: `serve`, `media`, and the administrative commands."""

from __future__ import annotations

import asyncio
import faulthandler
import gc
import os
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import click
import uvloop

from signaling.config import log
from signaling.config.caption_settings import CaptionSettings
from signaling.config.media_settings import MediaSettings
from signaling.config.ports import EVERYWHERE, LAST_PORT, Port, media_ports, still_taken, taken
from signaling.config.private_files import keep_private
from signaling.config.secret import CAPTIONS_VARIABLE, BadSecret, captions_token, media_token, read_secret
from signaling.config.settings import STAFF_HOSTS, Settings
from signaling.config.sources import CAPTIONS, MEDIA, SERVER

from .options import joined, settings_from, settings_options

ENDS_WITHIN_S = 9.0  # a server that was told to end ends after at most this many seconds, even if a part of it still runs


class _Commands(click.Group):
    """The commands of `sangdam`. An administrative command is imported only when it runs, so that `sangdam serve` starts fast."""

    ADMIN = (
        "apply",
        "appointment",
        "backup",
        "category",
        "doctor",
        "export",
        "init",
        "organisation",
        "outcomes",
        "replies",
        "restore",
        "session",
        "settings",
        "sign-in",
        "sign-in-provider",
        "simulate",
        "site",
        "staff",
        "token",
        "webhook",
    )

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names of all commands, for --help."""
        return sorted([*super().list_commands(ctx), *self.ADMIN])

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return the command with this name, after importing it if necessary. Return None if there is no such command."""
        if cmd_name not in self.ADMIN:
            return super().get_command(ctx, cmd_name)
        from . import administration

        command: click.Command = getattr(administration, cmd_name.replace("-", "_"))
        return command


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="sangdam", prog_name="sangdam")
def main() -> None:
    """Self-hosted live counselling on the web."""
    keep_private()


@main.command()
@settings_options(SERVER.values())
def serve(**options: Any) -> None:
    """Start the server."""
    settings = settings_from(options)
    if settings.redis:
        _check_redis(settings.redis)
        settings = replace(settings, secret=_secret(settings.secret_file))
        if settings.host in EVERYWHERE and not settings.advertise:
            raise click.ClickException("Other servers cannot reach that address. Give one with --advertise http://…")
    elif settings.captions_url:
        settings = replace(settings, captions_token=captions_token(_secret(settings.secret_file)))
    _check_turn(settings)
    _check_translation(settings)
    _check_ports(ports_of(settings))
    log.set_up(level=settings.log_level or ("warning" if settings.demo else "info"))
    from signaling.records.opening import CannotOpen
    from signaling.records.types import Overtaken

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        try:
            runner.run(_run(settings))
        except Overtaken:
            raise click.ClickException("Another server of the cluster leads now. Start this one again.") from None
        except CannotOpen as error:
            raise click.ClickException(str(error)) from None
        # perhaps another program has taken a port since the check, or the server cannot write to a folder
        except OSError as error:
            raise click.ClickException(f"Cannot serve: {error}") from error


def _check_ports(ports: list[Port]) -> None:
    if not taken(ports):
        return
    click.echo("A port is taken. Waiting a few seconds, because a server that has just ended may still hold it.", err=True)
    if sentence := still_taken(ports):
        raise click.ClickException(sentence)


def _check_redis(url: str) -> None:
    from media.api.redis_client import is_sentinel, redis_client

    try:
        redis_client(url)
    # show the error's text only if the URL names Sentinels: other errors can quote the URL with its password
    except ValueError as error:
        other = "The address of Redis cannot be read. Write it as redis://user:password@host:6379/0."
        raise click.ClickException(str(error) if is_sentinel(url) else other) from None


def _check_turn(settings: Settings) -> None:
    if not settings.turn and settings.turn_secret_file is None:
        return
    from signaling.access.turn_credentials import Turn, TurnError

    try:
        Turn.open(settings.turn, settings.turn_secret_file)
    except TurnError as error:
        raise click.ClickException(str(error)) from None


def _check_translation(settings: Settings) -> None:
    if settings.translate_key_file is None:
        return
    from signaling.live.translating import BadKey, Translator

    try:
        Translator(settings.translate_url, settings.translate_key_file)
    except BadKey as error:
        raise click.ClickException(str(error)) from None


def _end_in_any_case() -> None:
    """End this process with status 1 if it still runs after `ENDS_WITHIN_S`. Write to stderr what its threads wait for."""
    faulthandler.dump_traceback_later(ENDS_WITHIN_S, exit=True)


async def _run(settings: Settings) -> None:
    """Run the server until it ends. The media workers load at the same time as the server."""
    from media.api.cancellation import keep_cancellations
    from signaling.mediaworkers.interface import MediaWorkers
    from signaling.server.ending import Stop

    stop = Stop(_end_in_any_case)
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
        # loading makes hardly any garbage, so the garbage collector is off until `garbage_collector.settle`
        gc.disable()
        from signaling.server.app import serve  # this import takes about a second, so the workers start before it

        await serve(settings, lambda: announce_ready(settings), workers, stop)
    finally:
        await workers.close()


@main.command()
@settings_options(MEDIA.values())
def media(*, config_file: Path | None, **options: Any) -> None:
    """Start media workers for servers on other machines."""
    from signaling.mediaworkers.host import run

    settings = MediaSettings(**options)
    if not settings.redis:
        raise click.UsageError(f"Media workers need --redis, {MEDIA['redis'].variable} or “redis” in the file of --config.")
    url = joined(settings.redis, settings.redis_password_file)
    _check_redis(url)
    secret = _secret(settings.secret_file)
    settings = replace(settings, redis=url, token=media_token(secret), captions_token=captions_token(secret))
    if settings.listen in EVERYWHERE and not settings.advertise:
        raise click.ClickException("Servers cannot reach that address. Give one with --advertise.")
    if settings.port + settings.workers_wanted - 1 > LAST_PORT:
        raise click.ClickException(f"{settings.workers_wanted} workers need as many ports, so choose a lower --port.")
    _check_ports([port for number in range(settings.workers_wanted) for port in settings.ports(number)])
    log.set_up(level="info")
    asyncio.run(run(settings))


@main.command()
@settings_options(CAPTIONS.values())
def captions(*, config_file: Path | None, **options: Any) -> None:
    """Start the process that writes down what is said in calls."""
    settings = CaptionSettings(**options)
    if settings.model is None:
        raise click.UsageError(
            f"Captions need --model, {CAPTIONS['model'].variable} or “captions.model” in the file of --config."
        )
    token = captions_token(_secret(settings.secret_file))
    host, port = settings.listen
    _check_ports([Port(port, (host,), f"--listen {host}:{port + 10}")])
    command = [sys.executable, "-m", "media.captions", "--listen", f"{host}:{port}", "--token-env", CAPTIONS_VARIABLE]
    command += ["--model", str(settings.model), "--language", settings.language, "--threads", str(settings.threads)]
    os.execve(sys.executable, command, os.environ | {CAPTIONS_VARIABLE: token})  # noqa: S606  # our own module takes over


def _secret(file: Path | None) -> bytes:
    try:
        return read_secret(file)
    except BadSecret as error:
        raise click.ClickException(str(error)) from None


def ports_of(settings: Settings) -> list[Port]:
    """Return every port to which this server and its media workers will bind."""
    found = [Port(settings.port, settings.hosts_to_bind, f"--port {settings.port + 10}")]
    if settings.demo:
        found.append(Port(settings.shop_port, ("127.0.0.1",), f"--shop-port {settings.shop_port + 10}"))
    if settings.metrics is not None:
        host, port = settings.metrics
        found.append(Port(port, (host,), f"--metrics {host}:{port + 10}"))
    if not settings.redis:
        found += media_ports(settings.udp_port, settings.workers_wanted + settings.spares)
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
