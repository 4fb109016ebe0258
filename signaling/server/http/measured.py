"""Count and time every HTTP request by its route."""

from __future__ import annotations

import asyncio
from typing import Final

from aiohttp import hdrs, web
from aiohttp.typedefs import Handler

from signaling.cluster.node import TOKEN_HEADER
from signaling.server.app_keys import LIVE, NODE

# Clients can send any method and any path. So the labels of metrics contain only methods and route patterns that this server
# knows.
METHODS: Final = frozenset(hdrs.METH_ALL) - {hdrs.METH_ANY}
OTHER_METHOD: Final = "other"
NO_ROUTE: Final = "none"


@web.middleware
async def measured(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Count and time the HTTP request.

    This middleware runs before all middlewares that can refuse a request. In a cluster, the server that the browser has reached
    counts the request. The leader does not count a forwarded request again.
    """
    began = asyncio.get_running_loop().time()
    try:
        response = await handler(request)
    except web.HTTPException as error:
        _count(request, error.status, began)
        raise
    _count(request, response.status, began, socket=isinstance(response, web.WebSocketResponse))
    return response


def _count(request: web.Request, status: int, began: float, *, socket: bool = False) -> None:
    node = request.app.get(NODE)
    if node is not None and node.is_node(request.headers.get(TOKEN_HEADER, "")):
        return
    took_s = None if socket else asyncio.get_running_loop().time() - began
    method = request.method if request.method in METHODS else OTHER_METHOD
    request.app[LIVE].meters.http_answered(route_of(request), method, status, took_s)


def route_of(request: web.Request) -> str:
    """Return the pattern of the request's route.

    The address itself can contain the id of a session, which must not be in metrics.
    """
    resource = request.match_info.route.resource
    return resource.canonical if resource is not None else NO_ROUTE
