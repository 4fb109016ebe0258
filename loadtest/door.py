"""A client of the protocol in `docs/protocol.md`: HTTP first, then one WebSocket for each person.

The client reads and writes plain JSON, like any other client.
"""

from __future__ import annotations

import asyncio
import json
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import aiohttp

REPLY_S = 15.0  # The longest time in seconds that a client waits for a reply.
# HTTP statuses that mean "try later"; largest number of further attempts; longest pause before an attempt, in s.
LATER, RETRIES, MOST_RETRY_S = (429, 503), 3, 60.0
MAX_MESSAGE_BYTES = 4 << 20

Message = dict[str, Any]


class Refused(Exception):
    """The installation refused something, or did not answer.

    `reason`: the installation's own reason, or one of the client's own reasons: unreachable, not_understood, no_reply, closed.
    `login`: the account that cannot sign in; "" for other refusals.
    """

    def __init__(self, reason: str, login: str = "") -> None:
        super().__init__(reason)
        self.reason = reason
        self.login = login


@dataclass(frozen=True)
class Place:
    """The installation to call, and the site and category for which users ask for a counselor.

    `url`: the installation's public URL. `origin`: an origin of the partner's site, from which users seem to come.
    """

    url: str
    origin: str
    site: str
    category: str
    language: str

    @property
    def staff_origin(self) -> str:
        parts = urlsplit(self.url)
        return f"{parts.scheme}://counselor.{parts.netloc}"


class Door:
    """Opens tabs (WebSockets of simulated people) at one installation.

    A user opens a tab with an identification code, and a counselor with login and password.
    """

    def __init__(self, place: Place, http: aiohttp.ClientSession) -> None:
        self.place = place
        self._http = http

    async def user(self) -> Tab:
        """Click as a user: get an identification code, exchange the code for a session, and open the user's tab."""
        place = self.place
        asked = {"site": place.site, "category": place.category, "language": place.language}
        code, _ = await self._post("/api/codes", asked, place.origin)
        asked = {"code": code["code"], "channel": "voice", "locale": place.language}
        made, _ = await self._post("/api/sessions", asked, place.url)
        return await self._tab(place.url, token=made["token"])

    async def staff(self, login: str, password: str) -> Tab:
        """Sign a counselor in and open their tab, in the state `away`.

        Raises Refused, with the reason `not_a_counselor` if the account has another role.
        """
        try:
            me, cookie = await self._post("/api/sign-in", {"login": login, "password": password}, self.place.staff_origin)
        except Refused as refused:
            raise Refused(refused.reason, login) from None
        if me["role"] != "counselor":
            raise Refused("not_a_counselor", login)
        return await self._tab(self.place.staff_origin, cookie=cookie)

    async def sign_out(self, tab: Tab) -> None:
        """Sign the counselor of this tab out."""
        await self._post("/api/sign-out", {}, self.place.staff_origin, tab.cookie)

    async def _post(self, path: str, body: Message, origin: str, cookie: str = "") -> tuple[Message, str]:
        """Post JSON. Return the server's answer and its cookie.

        If the answer says "try later", wait and try again, at most `RETRIES` times.
        """
        headers = {"Origin": origin} | ({"Cookie": cookie} if cookie else {})
        for attempt in range(RETRIES + 1):
            try:
                async with self._http.post(self.place.url + path, json=body, headers=headers) as response:
                    if response.status in LATER and attempt < RETRIES:
                        await asyncio.sleep(min(MOST_RETRY_S, float(response.headers.get("Retry-After", "5"))))
                        continue
                    found = await response.json(content_type=None)
                    if response.status >= 400:
                        raise Refused(found["reason"])
                    return found, response.headers.get("Set-Cookie", "").partition(";")[0]
            except (aiohttp.ClientError, TimeoutError):
                raise Refused("unreachable") from None
            except (ValueError, KeyError, TypeError):
                raise Refused("not_understood") from None
        raise AssertionError

    async def _tab(self, origin: str, *, token: str = "", cookie: str = "") -> Tab:
        headers = {"Origin": origin} | ({"Cookie": cookie} if cookie else {})
        try:
            ws = await self._http.ws_connect(self.place.url + "/ws", headers=headers, max_msg_size=MAX_MESSAGE_BYTES)
        except (aiohttp.ClientError, TimeoutError):
            raise Refused("unreachable") from None
        tab = Tab(ws, cookie)
        try:
            hello = {"type": "hello", "tab": f"t-{secrets.token_hex(4)}", "locale": self.place.language}
            await tab.send(hello | ({"token": token} if token else {}))
            await tab.until(lambda: tab.welcomed)
        except BaseException:
            await tab.close()
            raise
        return tab


class Tab:
    """One person's WebSocket.

    `sessions`: session id → the newest message about the session's state. `rings`: the alerts about reservations that the
    counselor has not answered yet. `state`: the counselor's state, such as `away`. `over`: sessions that have ended for this tab.
    """

    def __init__(self, ws: aiohttp.ClientWebSocketResponse, cookie: str) -> None:
        self.cookie = cookie
        self.welcomed = False
        self.state = ""
        self.sessions: dict[str, Message] = {}
        self.over: set[str] = set()
        self.rings: dict[str, Message] = {}
        self._ws = ws
        self._ended = ""
        self._number = 0
        self._replies: dict[int, asyncio.Future[Message]] = {}
        self._news = asyncio.Condition()
        self._reading = asyncio.create_task(self._read())

    async def close(self) -> None:
        """Close the WebSocket and wait for its reader to end."""
        await self._ws.close()
        await self._reading

    async def send(self, message: Message) -> None:
        """Send a message over the WebSocket. Raise `Refused` if the connection is closed."""
        try:
            await self._ws.send_str(json.dumps(message))
        except (ConnectionError, aiohttp.ClientError):
            raise Refused(self._ended or "closed") from None

    async def ask(self, kind: str, **rest: Any) -> Message:
        """Send a message and return its reply.

        Raises Refused with the reason that the server's `error` names, or with the reason `no_reply`.
        """
        self._number += 1
        number, self._replies[number] = self._number, asyncio.get_running_loop().create_future()
        try:
            await self.send({"type": kind, "id": number, **rest})
            async with asyncio.timeout(REPLY_S):
                reply = await self._replies[number]
        except TimeoutError:
            raise Refused("no_reply") from None
        finally:
            del self._replies[number]
        if reply["type"] == "error":
            raise Refused(reply["reason"])
        return reply

    async def until(self, true: Callable[[], object], seconds: float | None = REPLY_S, reason: str = "no_reply") -> None:
        """Wait until `true()`, which is called at first and after each message, returns a true value.

        Raises Refused with `reason` after `seconds` (None: waits without limit), or at once when the connection has ended.
        """
        async with self._news:
            try:
                async with asyncio.timeout(seconds):
                    while not true():
                        if self._ended:
                            raise Refused(self._ended)
                        await self._news.wait()
            except TimeoutError:
                raise Refused(reason) from None

    async def _read(self) -> None:
        async for frame in self._ws:
            if frame.type is aiohttp.WSMsgType.TEXT:
                await self._take(json.loads(frame.data))
        async with self._news:
            self._ended = self._ended or "closed"
            for reply in self._replies.values():
                if not reply.done():
                    reply.set_exception(Refused(self._ended))
            self._news.notify_all()

    async def _take(self, message: Message) -> None:
        reply = self._replies.get(message.get("id", 0))
        if reply is not None and not reply.done():
            reply.set_result(message)
        async with self._news:
            match message["type"]:
                case "welcome":
                    self.welcomed = True
                case "session":
                    self.sessions[message["session"]["id"]] = message["session"]
                case "session_over":
                    self.over.add(message["session"])
                case "staff":
                    self.state = message["me"]["state"]
                case "ring":
                    self.rings[message["reservation"]] = message
                case "ring_over":
                    self.rings.pop(message["reservation"], None)
                case "bye":
                    self._ended = message["reason"]
            self._news.notify_all()
