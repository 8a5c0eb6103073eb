"""A browser that shows the demo, without one: it listens to the page's events and posts what people do."""

import asyncio
import json
from collections.abc import Callable, Mapping
from typing import Any, Self

import aiohttp

from tests.bridge import TIMEOUT


class Browser:
    """What a browser knows of the page, from the stream of events alone."""

    def __init__(self, address: str, session: aiohttp.ClientSession) -> None:
        self.address = address
        self.session = session
        self.parts: dict[str, Any] = {}

    async def __aenter__(self) -> Self:
        self.stream = await self.session.get(f"{self.address}/events")
        assert (await self.hears())[0] == "snapshot"
        return self

    async def __aexit__(self, *exc_info: object) -> None:
        self.stream.close()

    async def hears(self) -> tuple[str, Mapping[str, Any]]:
        """Take in the next event."""
        kind = (await self.stream.content.readline()).decode().removeprefix("event: ").strip()
        parts = json.loads((await self.stream.content.readline()).decode().removeprefix("data: "))
        await self.stream.content.readline()
        self.parts = {name: part for name, part in (self.parts | parts).items() if part is not None}
        return kind, parts

    async def shows(self, what: Callable[[dict[str, Any]], object]) -> None:
        """Wait until the page shows something."""
        async with asyncio.timeout(TIMEOUT):
            while not what(self.parts):
                await self.hears()

    def messages(self, who: str) -> list[dict[str, Any]]:
        return [part for name, part in self.parts.items() if name.startswith(f"message/{who}/")]

    def texts(self, who: str) -> list[str]:
        return [message["plain"] for message in self.messages(who)]

    def ids(self, who: str) -> list[str]:
        return [name.split("/")[2] for name in self.parts if name.startswith(f"message/{who}/")]

    def told(self, who: str) -> list[str]:
        return [line["text"] for line in self.parts[f"strip/{who}"]]

    async def posts(self, path: str, **asked: Any) -> int:
        async with self.session.post(f"{self.address}{path}", json=asked) as answer:
            self.answer = await answer.text()
            return answer.status


def bot_is(state: str) -> Callable[[dict[str, Any]], bool]:
    return lambda parts: parts["demo"]["bot"]["state"] == state
