"""A client of the pretend signal-cli for its own tests: one connection, requests by number, and what was heard."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from pathlib import Path

    from bot.demo.signal_world import SignalWorld


class Client:
    """A connection to the daemon, as a bot has one."""

    def __init__(self, signal: SignalWorld, path: Path | None = None) -> None:
        self.signal = signal
        self.path = path or getattr(signal, "socket", None)
        self.numbers = itertools.count(1)
        self.answers: dict[int, asyncio.Future[Any]] = {}
        self.events: list[Any] = []
        self.lines: list[str] = []
        self.ended = asyncio.Event()

    async def __aenter__(self) -> Self:
        self.reader, self.writer = await asyncio.open_unix_connection(str(self.path), limit=2**26)
        self.reading = asyncio.create_task(self.read())
        return self

    async def __aexit__(self, *exc_info: object) -> None:
        self.reading.cancel()
        await asyncio.gather(self.reading, return_exceptions=True)
        self.writer.close()
        with contextlib.suppress(ConnectionError):
            await self.writer.wait_closed()

    async def read(self) -> None:
        with contextlib.suppress(ConnectionError):
            while line := await self.reader.readline():
                self.lines.append(line.decode())
                self.hear(line)
                self.signal.look_again()
        self.ended.set()
        self.signal.look_again()

    def hear(self, line: bytes) -> None:
        with contextlib.suppress(ValueError):
            said = json.loads(line)
            if isinstance(said, dict) and said.get("method") == "receive":
                self.events.append(said["params"])
            elif isinstance(said, dict) and said.get("id") in self.answers:
                self.answers.pop(said["id"]).set_result(said)

    def ask(self, method: str, **params: Any) -> asyncio.Future[Any]:
        number = next(self.numbers)
        self.answers[number] = asyncio.get_running_loop().create_future()
        self.say({"jsonrpc": "2.0", "id": number, "method": method, "params": params})
        return self.answers[number]

    def say(self, value: Any) -> None:
        self.writer.write((value if isinstance(value, str) else json.dumps(value)).encode() + b"\n")

    async def call(self, method: str, **params: Any) -> Any:
        answer = await asyncio.wait_for(self.ask(method, **params), 30)
        assert "error" not in answer, answer
        return answer["result"]

    async def refused(self, method: str, **params: Any) -> Any:
        answer = await asyncio.wait_for(self.ask(method, **params), 30)
        assert "result" not in answer, answer
        return answer["error"]

    async def line(self, said: str) -> Any:
        """Say a line and return the next one that is heard."""
        before = len(self.lines)
        self.say(said)
        await self.signal.changed(lambda: len(self.lines) > before)
        return json.loads(self.lines[before])

    async def subscribes(self) -> int:
        return int(await self.call("subscribeReceive"))

    @property
    def heard(self) -> list[Any]:
        """The events, without what wraps them."""
        return [event.get("result", event) for event in self.events]

    @property
    def texts(self) -> list[str]:
        data = [event["envelope"].get("dataMessage") for event in self.heard]
        return [each["message"] for each in data if each and each["message"]]

    async def hears(self, count: int = 1) -> list[Any]:
        await self.signal.changed(lambda: len(self.events) >= count, what=f"{count} events")
        return self.heard
