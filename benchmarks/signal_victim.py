"""The real bot on Signal and the pretend signal-cli, each a process of its own that can be killed; the world stays."""

import asyncio
import shutil
import sqlite3
import tempfile
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, closing, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from benchmarks import process
from benchmarks.process import Process
from bot import people, staff
from bot.__main__ import CANNOT_START
from bot.demo.signal_link import remove
from bot.demo.signal_people import SignalPerson
from bot.demo.signal_world import SignalWorld
from bot.fingerprint import fingerprint
from bot.settings import DEFAULT_PROFILE
from bot.storage import open_store

T = TypeVar("T")

START = 60.0
"""Seconds until whoever was started has to listen; while signal-cli is away the bot waits up to 30 between tries."""
STOP = 30.0
"""Seconds after which whoever was asked to end is taken to hang."""
LANGUAGE = "de"


@dataclass(frozen=True)
class Programs:
    """What is started: words for `python -m`."""

    bot: tuple[str, ...] = ("bot", "run")
    daemon: tuple[str, ...] = ("bot.demo.pretend_signal",)


class SignalVictim:
    """A bot and a signal-cli with a folder, started and ended many times."""

    def __init__(self, world: SignalWorld, folder: Path, programs: Programs) -> None:
        self.world = world
        self.folder = folder
        self.database = folder / "bot.db"
        self.programs = programs
        self.bot: Process | None = None
        self.daemon: Process | None = None
        self._socket, self._world_socket = folder / "signal.sock", folder / "world.sock"
        self._bot_log, self._daemon_log = folder / "bot.log", folder / "daemon.log"

    # ------------------------------------------------------------------ start

    async def start_daemon(self, core: int | None = None) -> None:
        """Start signal-cli as its unit does, the socket's file removed before, and wait until it serves."""
        remove(self._socket)
        self.daemon = await self._another_daemon(core)
        await self._state(lambda state: state["running"], "signal-cli to serve", self._daemon_log)

    async def start_bot(self, core: int | None = None) -> None:
        """Start the bot, without waiting until it listens."""
        self.bot = await self._another_bot(core)

    async def listens(self) -> None:
        """Wait until the bot listens. Raises: RuntimeError with its log."""
        await self._state(lambda state: state["subscriptions"], "the bot to listen", self._bot_log)

    async def second_bot_ends(self) -> bool:
        """Start the bot a second time beside the first, and say whether it refuses."""
        second = await self._another_bot()
        with suppress(TimeoutError):
            return await second.ended(STOP) == CANNOT_START
        second.kill()
        await second.ended()
        return False

    async def _another_bot(self, core: int | None = None) -> Process:
        settings = {
            "TELEGRAM_TOKEN": "",
            "SIGNAL_ACCOUNT": self.world.account,
            "SIGNAL_SOCKET": str(self._socket),
            "SIGNAL_TCP": "",
            "DATABASE": str(self.database),
            "PROFILE": DEFAULT_PROFILE,
            "LISTEN": "127.0.0.1:0",
        }
        return await process.start([*self.programs.bot], settings, self._bot_log, core)

    async def _another_daemon(self, core: int | None = None) -> Process:
        places = ("--socket", str(self._socket), "--world", str(self._world_socket))
        return await process.start([*self.programs.daemon, *places], {}, self._daemon_log, core)

    async def _state(self, is_so: Callable[[dict[str, Any]], object], what: str, log: Path) -> None:
        try:
            await self.world.changed(lambda: is_so(self.world.daemon_state), START, what)
        except AssertionError:
            raise RuntimeError(f"waited in vain for {what}:\n{_end_of(log)}") from None

    # ------------------------------------------------------------------ end

    async def kill(self, *victims: Process | None) -> float:
        """End them with SIGKILL at once; return when they were gone. Raises: RuntimeError if one had ended before."""
        for victim in victims:
            if victim is None or victim.ended_by_itself:
                raise RuntimeError(f"it had ended by itself:\n{self.last_words()}")
        for victim in victims:
            if victim is not None:
                victim.kill()
        return await self._gone(*victims)

    async def terminate(self, *victims: Process | None) -> float:
        """End one after the other with SIGTERM; return when they were gone. Raises: RuntimeError if one ended badly."""
        for victim in victims:
            if victim is not None:
                victim.terminate()
                if await victim.ended(STOP):
                    raise RuntimeError(f"it ended badly:\n{self.last_words()}")
        return await self._gone(*victims)

    async def _gone(self, *victims: Process | None) -> float:
        """Wait until the world knows it, too."""
        for victim in victims:
            if victim is not None:
                await victim.ended()
        at = time.time()
        if self.daemon in victims:
            await self._state(lambda state: not state["running"], "signal-cli to be gone", self._daemon_log)
        if self.bot in victims:
            await self._state(lambda state: not state["subscriptions"], "the bot to be gone", self._bot_log)
        return at

    async def close(self) -> None:
        """End whatever is still there."""
        for left in (self.bot, self.daemon):
            if left is not None:
                left.kill()
                await left.ended()

    def last_words(self) -> str:
        """Return the ends of both logs."""
        return f"{_end_of(self._bot_log)}\n{_end_of(self._daemon_log)}"

    # ------------------------------------------------------------------ look and prepare

    async def settled(self, seconds: float) -> None:
        """Wait until nothing that people wrote and nothing that the bot has to say waits; at most so many seconds."""
        with suppress(TimeoutError, AssertionError):
            await self.world.all_taken(seconds)
            async with asyncio.timeout(seconds):
                while self.rows(_OPEN):  # noqa: ASYNC110 - what another process commits tells nobody
                    await asyncio.sleep(0.05)

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """Return what stands in the database of a bot that runs."""
        with closing(sqlite3.connect(f"file:{self.database}?mode=ro", uri=True)) as db:
            return db.execute(query).fetchall()

    def tried(self) -> dict[str, int]:
        """Return the addresses of answers whose outcome is not known, with the number of the try.

        Looks at a copy of a dead bot's file: only the bot itself repairs it.
        """
        if self.bot is not None and self.bot.is_running:
            return dict(self.rows(_TRIED))
        with tempfile.TemporaryDirectory() as name:
            copy = Path(name) / "copy.db"
            for suffix in ("", "-wal"):
                if (found := Path(f"{self.database}{suffix}")).exists():
                    shutil.copy(found, f"{copy}{suffix}")
            with closing(sqlite3.connect(copy)) as db:
                return dict(db.execute(_TRIED).fetchall())

    async def write(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """Change the database of a bot that does not run (yet)."""
        async with open_store(self.database) as store:
            return await store.write(work)

    def person(self, db: sqlite3.Connection, name: str) -> SignalPerson:
        """Return somebody whom the bot knows and whose language it speaks."""
        found = self.world.person(name)
        known = people.find_or_add(db, "signal", found.id, int(time.time()))
        people.speak(db, known.id, LANGUAGE)
        return found

    def admin(self, db: sqlite3.Connection, name: str) -> SignalPerson:
        """Return a member of staff who is told when something is wrong."""
        found, now = self.person(db, name), int(time.time())
        code = staff.invite(db, staff.Role.ADMIN, now)
        staff.join(db, people.find_or_add(db, "signal", found.id, now).id, fingerprint(code), now)
        return found


def _end_of(log: Path) -> str:
    return log.read_text(encoding="utf-8", errors="replace")[-3000:]


_TRIED = "SELECT address, max(tries) FROM outbox WHERE state IN ('waiting', 'trying') AND tries > 0 GROUP BY address"
_OPEN = (
    "SELECT 1 FROM inbox WHERE payload IS NOT NULL UNION ALL"
    " SELECT 1 FROM outbox WHERE state IN ('waiting', 'trying') LIMIT 1"
)


@asynccontextmanager
async def signal_victim(seed: int = 0, programs: Programs | None = None) -> AsyncIterator[SignalVictim]:
    """Open a pretend Signal with a signal-cli and a bot that are not started yet; at the end all are gone.

    A send takes 20 to 200 ms. Each message is for 2 ms in signal-cli's cache and for 2 ms in its memory only.
    """
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as name:
        world = SignalWorld(seed=seed, trust_new_identities="always")
        world.latency = (0.02, 0.2)
        world.decryption = (0.002, 0.002)
        victim = SignalVictim(world, Path(name), programs or Programs())
        async with world.serve(Path(name) / "world.sock"):
            try:
                yield victim
            finally:
                await victim.close()
                world.stop_timers()
