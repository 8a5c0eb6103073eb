"""The real bot, `python -m bot run`, as something that can be killed, and a look into what it leaves behind."""

import asyncio
import shutil
import sqlite3
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing, suppress
from pathlib import Path

from benchmarks import process
from bot.demo.pretend_telegram import PretendTelegram
from bot.settings import DEFAULT_PROFILE

START = 60.0
"""Seconds until a bot that was started has to poll."""
STOP = 30.0
"""Seconds after which a bot that was asked to end is taken to hang."""


class Victim:
    """A bot with its database in a folder, started and ended many times."""

    def __init__(self, telegram: PretendTelegram, folder: Path) -> None:
        self.telegram = telegram
        self.database = folder / "bot.db"
        self._log = folder / "log"
        self._process: process.Process | None = None
        self._polls_before = 0

    async def start(self) -> None:
        """Start it, without waiting until it is ready."""
        settings = {
            "TELEGRAM_TOKEN": self.telegram.token,
            "TELEGRAM_API_URL": self.telegram.url,
            "TELEGRAM_WEBHOOK_URL": "",
            "DATABASE": str(self.database),
            "PROFILE": DEFAULT_PROFILE,
            "LISTEN": "127.0.0.1:0",
        }
        self._polls_before = self.telegram.polls
        self._process = await process.start(["bot", "run"], settings, self._log)

    async def polls(self) -> None:
        """Wait until it listens. Raises: RuntimeError with its log."""
        try:
            await self.telegram.polled(1, START)
        except TimeoutError:
            raise RuntimeError(f"the bot does not listen:\n{self.last_words()}") from None

    async def settled(self, seconds: float) -> None:
        """Wait until it has polled twice since its start and nothing waits any more: before, nothing can be judged.

        After so many seconds it is judged nevertheless, and what still waits is lost.
        """
        telegram, before = self.telegram, self._polls_before
        with suppress(TimeoutError):
            await telegram.changed(
                lambda: telegram.polls > before + 1 or (telegram.polls > before and telegram.updates.waiting), seconds
            )
            await telegram.all_taken(seconds)
            await self._none("inbox WHERE payload IS NOT NULL", seconds)
            await self._none("outbox WHERE state IN ('waiting', 'trying')", seconds)

    async def caught_up(self, seconds: float) -> None:
        """Wait until nothing is left of what the last kill cut off. Raises: TimeoutError."""
        await self._none("outbox WHERE tries > 1 OR tries = 1 AND state = 'waiting'", seconds)

    async def _none(self, rows: str, seconds: float) -> None:
        """Wait until the database has no such rows; what another process commits tells nobody. Raises: TimeoutError."""
        async with asyncio.timeout(seconds):
            with closing(sqlite3.connect(f"file:{self.database}?mode=ro", uri=True)) as db:
                query = f"SELECT 1 FROM {rows} LIMIT 1"  # noqa: S608 - a constant of ours
                while db.execute(query).fetchone():  # noqa: ASYNC110 - as said above
                    await asyncio.sleep(0.02)

    def kill(self) -> bool:
        """End it with SIGKILL; always true. Raises: RuntimeError if it had ended by itself."""
        if self._process is None or self._process.ended_by_itself:
            raise RuntimeError(f"the bot had ended by itself:\n{self.last_words()}")
        self._process.kill()
        return True

    async def terminate(self) -> float:
        """End it with SIGTERM and return how many seconds that took. Raises: RuntimeError if it ended badly."""
        if self._process is None:
            raise RuntimeError("the bot was never started")
        begun = time.monotonic()
        self._process.terminate()
        if await self._process.ended(STOP):
            raise RuntimeError(f"the bot ended badly:\n{self.last_words()}")
        return time.monotonic() - begun

    async def ended(self) -> None:
        """Wait until it is gone; kill it if it is not going."""
        if self._process is not None:
            self._process.kill()
            await self._process.ended()

    def last_words(self) -> str:
        """Return the end of its log."""
        return self._log.read_text(encoding="utf-8")[-3000:]

    def trying(self) -> dict[str, int]:
        """Return the addresses it was sending to when it died, each with the number of the try.

        Looks at a copy: only the bot itself repairs its file.
        """
        with tempfile.TemporaryDirectory() as name:
            copy = Path(name) / "copy.db"
            for suffix in ("", "-wal"):
                if (found := Path(f"{self.database}{suffix}")).exists():
                    shutil.copy(found, f"{copy}{suffix}")
            with closing(sqlite3.connect(copy)) as db:
                if not db.execute("SELECT 1 FROM sqlite_master WHERE name = 'outbox'").fetchone():
                    return {}
                return dict(db.execute("SELECT address, tries FROM outbox WHERE state = 'trying'").fetchall())


@asynccontextmanager
async def victim() -> AsyncIterator[Victim]:
    """Open a pretend Telegram with a bot that is not started yet; at the end both are gone."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as name:
        async with PretendTelegram(calls_kept=2_000_000) as telegram:
            bot = Victim(telegram, Path(name))
            try:
                yield bot
            finally:
                await bot.ended()
