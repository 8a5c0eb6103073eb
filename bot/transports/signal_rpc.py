"""A client of signal-cli's JSON-RPC: one JSON object per line, over a UNIX or a TCP socket.

Requests of one connection run at the same time and are answered in any order, with notifications in between. What can
go wrong, by what the caller can do:

    Fault
    ├── NotSent     the request certainly did not leave: try again whenever you like
    ├── Lost        it left and no answer came: nobody knows what became of it
    └── Refused     signal-cli says no; `code`, `message` and `data` say why

No text of an exception and no line of the log has anything in it that came over the socket.
"""

import asyncio
import itertools
import json
import logging
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

log = logging.getLogger(__name__)

CONNECT = 10.0
ANSWER = 60.0
"""Seconds. A message with an attachment takes several of Signal's round trips."""
LONGEST_LINE = 16 * 1024 * 1024
"""Bytes. Lines of several MiB occur: long texts, large groups."""
CHUNK = 256 * 1024

Notify = Callable[[list[dict[str, Any]]], Awaitable[None]]
"""Take the parameters of `receive` notifications that came together; nothing is read before it returns."""


class Fault(Exception):
    """A request that did not succeed."""


class NotSent(Fault):
    """There is no connection, so the request did not leave."""


class Lost(Fault):
    """The connection broke, or no answer came in time, after the request had left."""


class Refused(Fault):
    """An error answer. `message` may quote what was sent and must not be logged."""

    def __init__(self, code: int, message: str, data: Any) -> None:
        super().__init__(f"code {code}")
        self.code = code
        self.message = message
        self.data = data


class Connection:
    """One connection to the daemon. Whoever opens it closes it; `reading` ends when the daemon is gone."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, notify: Notify) -> None:
        self._reader = reader
        self._writer = writer
        self._notify = notify
        self._ids = itertools.count(1)
        self._answers: dict[int, asyncio.Future[Any]] = {}
        self._garbage = 0
        self.is_notifying = False
        """What was read is not dealt with yet, so nothing more is read."""
        self.read_at = time.monotonic()
        """When something last came."""
        self.reading = asyncio.create_task(self._read(), name="signal-cli's lines")

    @classmethod
    async def open(cls, place: Path | tuple[str, int], notify: Notify) -> "Connection":
        """Connect. Raises: NotSent."""
        try:
            async with asyncio.timeout(CONNECT):
                if isinstance(place, Path):
                    reader, writer = await asyncio.open_unix_connection(place, limit=CHUNK)
                else:
                    reader, writer = await asyncio.open_connection(*place, limit=CHUNK)
        except (OSError, ValueError) as fault:  # TimeoutError is an OSError; a ValueError is a name that cannot be one
            raise NotSent(type(fault).__name__) from None
        return cls(reader, writer, notify)

    @property
    def is_over(self) -> bool:
        """Whether the daemon is gone; what was read may still be dealt with."""
        return self._writer.is_closing() or self._reader.at_eof() or self._reader.exception() is not None

    async def request(self, method: str, params: dict[str, Any], wait: float = ANSWER) -> Any:
        """Call a method, wait so many seconds and return its result. Raises: NotSent, Lost, Refused."""
        for _ in range(2):  # rounds of the loop: one finds out that the daemon is gone, the next one says so
            await asyncio.sleep(0)
        if self.is_over:
            raise NotSent("the connection is closed")
        id = next(self._ids)
        request = {"jsonrpc": "2.0", "id": id, "method": method, "params": params}
        answer = self._answers[id] = asyncio.get_running_loop().create_future()
        try:
            async with asyncio.timeout(wait):
                self._writer.write(json.dumps(request).encode() + b"\n")
                await self._writer.drain()
                return await answer
        except OSError as fault:
            raise Lost(type(fault).__name__) from None
        finally:
            del self._answers[id]
            if answer.done() and not answer.cancelled():
                answer.exception()  # asked for, or asyncio complains that nobody did

    async def close(self) -> None:
        """Close and let what was read be dealt with. Raises: what `notify` raised."""
        self._writer.transport.abort()
        await self.reading

    async def abort(self) -> None:
        """Close at once."""
        self._writer.transport.abort()
        self.reading.cancel()
        await asyncio.wait([self.reading])

    async def _read(self) -> None:
        lines = _Lines()
        try:
            while chunk := await self._chunk():
                self.read_at = time.monotonic()
                heard = [params for line in lines.cut(chunk) if (params := self._take(line)) is not None]
                if heard:
                    self.is_notifying = True
                    await self._notify(heard)
                    self.is_notifying = False
        finally:
            self._writer.transport.abort()
            for answer in self._answers.values():
                if not answer.done():
                    answer.set_exception(Lost("the connection broke"))
            await self._closed()

    async def _chunk(self) -> bytes:
        """Return what came next; nothing once the connection has ended, in whatever way."""
        try:
            return await self._reader.read(CHUNK)
        except OSError:
            return b""

    async def _closed(self) -> None:
        with suppress(OSError):
            await self._writer.wait_closed()

    def _take(self, line: bytes) -> dict[str, Any] | None:
        """Give an answer to whoever waits for it; return the parameters of a notification."""
        try:
            said = json.loads(line)
        except (ValueError, RecursionError):
            said = None
        if not isinstance(said, dict):
            self._garbage += 1
            if self._garbage == 1:
                log.warning("signal-cli writes lines that are not JSON-RPC; they are left out")
            return None
        params, id = said.get("params"), said.get("id")
        if said.get("method") == "receive" and isinstance(params, dict):
            return params
        answer = self._answers.get(id) if type(id) is int else None
        if answer is not None and not answer.done():
            _answer(answer, said)
        return None


def _answer(answer: "asyncio.Future[Any]", said: dict[str, Any]) -> None:
    error = said.get("error")
    if isinstance(error, dict):
        code, message = error.get("code"), error.get("message")
        refused = Refused(
            code if isinstance(code, int) else 0, message if isinstance(message, str) else "", error.get("data")
        )
        answer.set_exception(refused)
    elif "result" in said:
        answer.set_result(said["result"])
    else:
        answer.set_exception(Lost("an answer that says nothing"))


class _Lines:
    """Cuts a stream into lines; one that is too long is left out."""

    def __init__(self) -> None:
        self._line = bytearray()
        self._is_too_long = False

    def cut(self, chunk: bytes) -> list[bytes]:
        """Return the lines that end in this piece of the stream."""
        *ends, rest = chunk.split(b"\n")
        lines = []
        for end in ends:
            self._keep(end)
            if self._is_too_long:
                log.warning("a line of signal-cli is too long and is left out")
            else:
                lines.append(bytes(self._line))
            self._line.clear()
            self._is_too_long = False
        self._keep(rest)
        return lines

    def _keep(self, piece: bytes) -> None:
        self._is_too_long = self._is_too_long or len(self._line) + len(piece) > LONGEST_LINE
        if self._is_too_long:
            self._line.clear()
        else:
            self._line += piece
