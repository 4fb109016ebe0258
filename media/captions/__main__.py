"""Command line and lifetime of the captions process (`python -m media.captions`, which `sangdam captions` starts)."""

from __future__ import annotations

import argparse
import asyncio
import os
import signal
import sys
from pathlib import Path

import structlog
from aiohttp import web

from .models import SESSION, ModelError, Recogniser, VoiceDetector
from .process import Captions, build

log = structlog.get_logger("captions")

SHUTDOWN_S = 0.5  # when the process stops, it waits at most this many seconds for workers' connections to end


def arguments(given: list[str]) -> argparse.Namespace:
    """Parse the command line. Exit with a usage error when an argument or the token is missing."""
    parser = argparse.ArgumentParser(prog="python -m media.captions", description="Write down what is said in calls.")
    parser.add_argument("--listen", metavar="HOST:PORT", required=True, help="serve media workers on TCP")
    parser.add_argument("--token-env", metavar="VAR", required=True, help="environment variable that holds the workers' token")
    parser.add_argument("--model", type=Path, required=True, help="folder of a Whisper model in the format of CTranslate2")
    parser.add_argument("--language", default=SESSION, help="language that is spoken, “auto”, or “session” (default)")
    parser.add_argument("--threads", type=int, default=1, help="cores that one utterance uses")
    found = parser.parse_args(given)
    if not os.environ.get(found.token_env):
        parser.error("the variable of --token-env must be set")
    return found


async def serve(options: argparse.Namespace) -> None:
    """Run until SIGTERM or SIGINT. Raise `ModelError` for a model that cannot be used, and OSError for a port that is taken."""
    captions = Captions(VoiceDetector(), Recogniser(options.model, options.language, options.threads))
    runner = web.AppRunner(build(captions, os.environ[options.token_env]), access_log=None, shutdown_timeout=SHUTDOWN_S)
    await runner.setup()
    host, _, port = options.listen.rpartition(":")
    working = asyncio.create_task(captions.run())
    stop = asyncio.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(name, stop.set)
    try:
        await web.TCPSite(runner, host.strip("[]"), int(port)).start()
        log.info("captions_serve", listen=options.listen, model=options.model.name)
        stopping = asyncio.create_task(stop.wait())
        await asyncio.wait((stopping, working), return_when=asyncio.FIRST_COMPLETED)
        stopping.cancel()
        if working.done():
            working.result()
    finally:
        working.cancel()
        captions.close()
        await runner.cleanup()


def main() -> None:
    """Run the process from the command line. Exit with a message when the process cannot serve."""
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso"),
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(),
        ],
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )
    os.umask(0o077)
    try:
        asyncio.run(serve(arguments(sys.argv[1:])))
    except (ModelError, OSError) as error:
        sys.exit(f"captions: {error}")


if __name__ == "__main__":
    main()
