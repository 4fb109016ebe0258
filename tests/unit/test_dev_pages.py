"""`make dev` forwards to the service every request whose address Vite itself does not serve."""

from __future__ import annotations

import re
from pathlib import Path

from aiohttp import web

from signaling.server import http

DEV = (Path(__file__).parents[2] / "web" / "dev.mjs").read_text()
OF_VITE = {"/panel", "/call", "/console", "/operator", "/widget.js"}


def test_every_address_of_the_service_is_passed_on() -> None:
    [pattern] = re.findall(r'OF_SERVICE =\n  "(.*)";', DEV)
    passed_on = re.compile(pattern.replace("\\\\", "\\"))
    tables = [module.routes for module in vars(http).values() if isinstance(getattr(module, "routes", None), web.RouteTableDef)]
    addresses = {route.path for table in tables for route in table if isinstance(route, web.RouteDef)}
    assert len(addresses) > 100
    assert {address for address in addresses if not passed_on.match(address)} == OF_VITE
