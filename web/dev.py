"""Run the demo for developers: browsers reload a page when its sources change, and the service restarts when Python files change.

The addresses and accounts are those of `make run`. Vite listens on the public port and passes API calls and the WebSocket on to
the service. Media goes straight to the workers. `make dev` installs the development tools that this program needs.
"""

from __future__ import annotations

import shlex
import subprocess
import sys
from pathlib import Path

from watchfiles import PythonFilter, run_process

import build

PORT, SERVICE_PORT = 8080, 18080
ROOT = Path(__file__).resolve().parents[1]


def main(arguments: list[str]) -> None:
    build.install()
    sangdam = Path(sys.executable).with_name("sangdam")
    service = f"{sangdam} serve --demo --port {SERVICE_PORT} --public-url http://localhost:{PORT} {shlex.join(arguments)}"
    with subprocess.Popen([build.binary(), "dev.mjs", str(PORT), str(SERVICE_PORT)], cwd=build.WEB) as pages:
        try:
            folders = [ROOT / name for name in ("signaling", "matcher", "media")]
            run_process(*folders, target=service, target_type="command", watch_filter=PythonFilter())
        finally:
            pages.terminate()


if __name__ == "__main__":
    main(sys.argv[1:])
