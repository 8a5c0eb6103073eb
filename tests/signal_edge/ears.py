"""Whoever listens to Signal as the bot does, and what of it may stand in no log."""

import asyncio
import re
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest

from bot.demo.pretend_signal import PretendSignal
from bot.messages import Incoming, Kind
from bot.settings import Signal
from bot.transports.signal import SignalTransport

TIMEOUT = 30.0
PERSONAL = re.compile(r"\+\d{6,}|[0-9a-f]{8}-[0-9a-f]{4}-")


class Listener:
    """Whoever keeps what the transport hears, as the bot does: once, by its id."""

    def __init__(self, signal: PretendSignal) -> None:
        self.transport = SignalTransport(Signal(signal.account, signal.socket))
        self.payloads: dict[str, str] = {}
        self.heard: list[Incoming] = []
        self.times = 0
        self.disk = asyncio.Event()
        self.disk.set()
        self._news = asyncio.Event()

    async def hear(self, heard: list[tuple[str, str]]) -> None:
        """Keep what is new, once the disk is there."""
        await self.disk.wait()
        self.times += len(heard)
        for id, payload in heard:
            if id not in self.payloads:
                self.payloads[id] = payload
                self.heard.append(self.transport.understand(payload))
        self._news.set()

    async def hears(self, *texts: str) -> list[Incoming]:
        """Wait until these texts have been heard, and return all that was heard."""
        await self.until(lambda: set(texts) <= set(self.texts), f"{texts} heard, not {self.heard}")
        return self.heard

    async def until(self, condition: Callable[[], object], what: str) -> None:
        """Wait until something heard makes the condition true."""
        try:
            async with asyncio.timeout(TIMEOUT):
                while not condition():
                    self._news.clear()
                    await self._news.wait()
        except TimeoutError:
            raise AssertionError(what) from None

    @property
    def texts(self) -> list[str]:
        """The texts that were heard, in their order."""
        return [incoming.text for incoming in self.heard if incoming.kind is Kind.TEXT]

    @property
    def kinds(self) -> list[Kind]:
        """What was heard, but for receipts, which come when they come."""
        return [incoming.kind for incoming in self.heard if incoming.kind is not Kind.RECEIPT]


async def logged(caplog: pytest.LogCaptureFixture, words: str, times: int) -> None:
    """Wait until something stands in the log so many times."""
    async with asyncio.timeout(TIMEOUT):
        while caplog.text.count(words) < times:  # noqa: ASYNC110 - a log is nothing that one could wait for
            await asyncio.sleep(0.01)


@asynccontextmanager
async def listening(signal: PretendSignal) -> AsyncIterator[Listener]:
    """Listen while the block lasts."""
    listener = Listener(signal)
    async with listener.transport:
        running = asyncio.create_task(listener.transport.run(listener.hear))
        try:
            yield listener
        finally:
            running.cancel()
            await asyncio.wait([running])
            if not running.cancelled():
                running.result()
