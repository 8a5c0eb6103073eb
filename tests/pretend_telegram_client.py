"""Calls the pretend Telegram as any program would: over HTTP, with whatever parameters."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any

import aiohttp

if TYPE_CHECKING:
    from types import TracebackType

    from bot.demo.pretend_telegram import PretendTelegram

Json = dict[str, Any]


class Client:
    """A bot without any library: `await call("sendMessage", chat_id=1, text="x")`."""

    def __init__(self, telegram: PretendTelegram) -> None:
        self.telegram = telegram

    async def __aenter__(self) -> Client:
        self.session = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=10))
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.session.close()

    async def raw(self, method: str, token: str | None = None, **how: Any) -> tuple[int, Any]:
        """Return the status and the decoded body of the answer to a request made as told."""
        url = f"{self.telegram.url}/bot{token or self.telegram.token}/{method}"
        async with self.session.post(url, **how) as response:
            return response.status, json.loads(await response.read())

    async def call(self, method: str, **params: Any) -> Any:
        """Return the result of a call with parameters in JSON."""
        status, body = await self.raw(method, json=params)
        assert status == 200, body
        return body["result"]

    async def refusal(self, method: str, **params: Any) -> str:
        """Return the words with which a call is refused, which are the same in status and body."""
        status, body = await self.raw(method, json=params)
        assert body["ok"] is False, body
        assert body["error_code"] == status
        return str(body["description"])

    async def order(self, path: str, body: Any = None) -> tuple[int, Any]:
        """Give an order under /control/, or ask a question if there is no body."""
        url = f"{self.telegram.url}/control/{path}"
        request = self.session.get(url) if body is None else self.session.post(url, json=body)
        async with request as response:
            return response.status, await response.json()

    async def poll(self, offset: int = 0, timeout: int = 0, **params: Any) -> list[Json]:  # noqa: ASYNC109  # Telegram's
        """Return the updates that getUpdates gives."""
        updates: list[Json] = await self.call("getUpdates", offset=offset, timeout=timeout, **params)
        return updates

    def polling(self, timeout: int = 30) -> asyncio.Task[tuple[int, Any]]:
        """Begin a long poll."""
        return asyncio.create_task(self.raw("getUpdates", json={"timeout": timeout}))
