"""A translation service that speaks LibreTranslate's API, on loopback. The service reverses the letters of each text."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from aiohttp import web

from tests.ports import free_port


class TranslationService:
    """The service. It responds only while the event `open` is set.

    `fails`: whether the service responds with status 500. `reply`: a response that the service sends instead of a translation.

    The API: https://docs.libretranslate.com/api/operations/translate
    """

    def __init__(self, url: str) -> None:
        self.url = url
        self.asked: list[dict[str, Any]] = []
        self.open = asyncio.Event()
        self.open.set()
        self.at_once = self.most_at_once = 0
        self.reply: web.Response | None = None
        self.fails = False

    async def translate(self, request: web.Request) -> web.Response:
        asked = await request.json()
        self.asked.append(asked)
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        await self.open.wait()
        self.at_once -= 1
        if self.fails:
            return web.json_response({"error": "model not loaded"}, status=500)
        if self.reply is not None:
            return self.reply
        return web.json_response(
            {"translatedText": asked["q"][::-1], "detectedLanguage": {"confidence": 90, "language": "en"}, "alternatives": []}
        )


@asynccontextmanager
async def translating() -> AsyncIterator[TranslationService]:
    """Run the translation service until the block ends."""
    port, application = free_port(), web.Application()
    service = TranslationService(f"http://127.0.0.1:{port}")
    application.router.add_post("/translate", service.translate)
    runner = web.AppRunner(application, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    try:
        yield service
    finally:
        await runner.cleanup()
