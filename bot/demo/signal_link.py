"""The world's end and the daemon's end of a socket between them, for a daemon that is a process of its own.

Each line is a JSON value: `{"id": 1, "do": "take", "with": []}` and `{"id": 1, "result": ...}`, in any order. When the
connection ends the daemon is dead, and what it was doing is broken off.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
from typing import TYPE_CHECKING, Any, Self

from bot.demo.signal_server import WorldServer

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from bot.demo.signal_chats import Json
    from bot.demo.signal_world import SignalWorld

LONGEST_LINE = 2**28  # bytes
NOBODY: Json = {"running": False, "subscriptions": 0, "connections": 0}


@contextlib.asynccontextmanager
async def serving(world: SignalWorld, path: Path) -> AsyncIterator[None]:
    """Let one daemon after the other reach the world through a UNIX socket."""
    conversations: set[asyncio.Task[None]] = set()

    def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.get_running_loop().create_task(converse(WorldServer(world), reader, writer))
        conversations.add(task)
        task.add_done_callback(conversations.discard)

    listener = await asyncio.start_unix_server(connected, str(path), limit=LONGEST_LINE)
    try:
        yield
    finally:
        listener.close()
        for task in conversations:
            task.cancel()
        await asyncio.gather(*conversations, return_exceptions=True)
        remove(path)


def remove(path: Path) -> None:
    path.unlink(missing_ok=True)


async def converse(server: WorldServer, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Serve one daemon until it is gone."""
    doing: set[asyncio.Task[None]] = set()

    async def do(asked: Json) -> None:
        result = await getattr(server, asked["do"])(*asked["with"])
        writer.write(json.dumps({"id": asked["id"], "result": result}).encode() + b"\n")

    try:
        while line := await reader.readline():
            task = asyncio.get_running_loop().create_task(do(json.loads(line)))
            doing.add(task)
            task.add_done_callback(doing.discard)
    except (ConnectionError, ValueError):
        pass  # killed, maybe in the middle of a line
    finally:
        for task in doing:
            task.cancel()
        await asyncio.gather(*doing, return_exceptions=True)
        server.reported(NOBODY)
        writer.close()


class RemoteServer:
    """A `SignalServer` at the other end of a socket."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.numbers = itertools.count(1)
        self.answers: dict[int, asyncio.Future[Any]] = {}
        self.gone = asyncio.Event()

    async def __aenter__(self) -> Self:
        self.reader, self.writer = await asyncio.open_unix_connection(str(self.path), limit=LONGEST_LINE)
        self.reading = asyncio.create_task(self.read())
        return self

    async def __aexit__(self, *exc_info: object) -> None:
        self.reading.cancel()
        await asyncio.gather(self.reading, return_exceptions=True)
        self.writer.close()

    async def read(self) -> None:
        while line := await self.reader.readline():
            answer = json.loads(line)
            future = self.answers.pop(answer["id"])
            if not future.done():
                future.set_result(answer["result"])
        self.gone.set()

    async def ask(self, what: str, *values: Any) -> Any:
        number = next(self.numbers)
        self.answers[number] = future = asyncio.get_running_loop().create_future()
        self.writer.write(json.dumps({"id": number, "do": what, "with": values}).encode() + b"\n")
        return await future

    async def starts(self) -> Json:
        answer: Json = await self.ask("starts")
        return answer

    async def ends(self) -> int:
        return int(await self.ask("ends"))

    async def call(self, method: str, params: Json | None) -> Json:
        answer: Json = await self.ask("call", method, params)
        return answer

    async def waits(self) -> None:
        await self.ask("waits")

    async def take(self) -> int | None:
        number: int | None = await self.ask("take")
        return number

    async def decrypt(self, number: int) -> Json | None:
        decrypted: Json | None = await self.ask("decrypt", number)
        return decrypted

    async def handed_over(self, number: int, readers: int) -> None:
        await self.ask("handed_over", number, readers)

    async def reports(self, state: Json) -> None:
        await self.ask("reports", state)
