"""The conductor of the demo: pretend messengers, the real bot as a process of its own, and a page with telephones.

Nothing leaves the computer: the bot is told to find Telegram on loopback and signal-cli at a socket of ours, whatever
its settings say. Each start begins with an empty database.
"""

import asyncio
import os
import re
import shutil
import signal as signals
import sqlite3
import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, closing, suppress
from pathlib import Path
from tempfile import TemporaryDirectory

import click

from bot import profile, settings
from bot.demo.page import CannotNow, Page, free_port, serve
from bot.demo.pretend_signal import PretendSignal
from bot.demo.pretend_telegram import PretendTelegram
from bot.demo.strips import Change
from bot.signal_setup import profile_card

ROOT = Path(__file__).parents[2]
DATA = ROOT / "data"
BOT = (sys.executable, "-m", "bot")
WITH_US = ("setpriv", "--pdeathsig", "TERM") if shutil.which("setpriv") else ()
"""Begins a command that is to end even when we are killed and cannot end it; every Debian has it."""
LOOK = 0.3
"""Seconds between two looks into the database."""
Rows = dict[int, int]
LOCKED = 0.1
"""Seconds that a look waits for the bot to release the database; the next look comes soon."""
STOP = 5.0
"""Seconds that the bot has for a clean stop."""
INVITATION = 60.0
"""Seconds that printing an invitation may take."""


async def run_demo(port: int = 8080, data: Path = DATA, command: Sequence[str] = BOT) -> None:
    """Play the demo until SIGTERM or Ctrl-C; the page is on the first free port from `port` on."""
    ended = asyncio.Event()
    for name in (signals.SIGINT, signals.SIGTERM, signals.SIGHUP):
        asyncio.get_running_loop().add_signal_handler(name, ended.set)
    with free_port(port) as listening:
        taken = listening.getsockname()[1]
        database = data / ("demo.db" if taken == port else f"demo-{taken}.db")  # a second demo leaves the first alone
        async with playing(database, command) as demo, serve(demo.page, listening) as address:
            click.echo(f"Four telephones are waiting in your browser at {address} – Ctrl-C ends the demo.")
            await ended.wait()


@asynccontextmanager
async def playing(database: Path, command: Sequence[str]) -> AsyncIterator["Demo"]:
    """Have a demo in play: its pretend messengers and its bot run until the block is left."""
    async with asyncio.TaskGroup() as tasks:
        demo = Demo(database, command, tasks)
        await demo.open()
        demo.page = Page(demo)
        await demo.start("starting")
        watching = tasks.create_task(demo.watch())
        try:
            yield demo
        finally:
            watching.cancel()
            await demo.end()


class Demo:
    """Pretend messengers, the bot, and what the page needs to know of them (the page's `Stage`)."""

    telegram: PretendTelegram
    signal: PretendSignal
    page: Page
    ledger: "Ledger"

    def __init__(self, database: Path, command: Sequence[str], tasks: asyncio.TaskGroup) -> None:
        self.database = database
        self.command = command
        self.tasks = tasks
        self.world = AsyncExitStack()
        self.process: asyncio.subprocess.Process | None = None
        self.polls = 0
        self.was = "starting"
        self.said = ""
        self.changing = asyncio.Lock()
        self.looking = asyncio.Lock()

    @property
    def state(self) -> str:
        """How the bot is; it runs once it has asked Telegram what is new and listens to signal-cli, if that runs."""
        listens = self.signal.daemon_state["subscriptions"] or not self.signal.running
        if self.was in {"starting", "restarting"} and self.telegram.updates.polls > self.polls and listens:
            return "running"
        return self.was

    @property
    def log(self) -> Path:
        """The file into which the bot speaks."""
        return self.database.with_suffix(".log")

    async def open(self) -> None:
        """Begin with nothing: no database, and pretend messengers on which nobody has written."""
        self.database.parent.mkdir(parents=True, exist_ok=True)
        for ending in ("", "-wal", "-shm"):
            self.database.with_name(self.database.name + ending).unlink(missing_ok=True)
        self.log.write_bytes(b"")
        self.ledger = Ledger(self.database)
        self.telegram = await self.world.enter_async_context(PretendTelegram())
        folder = self.world.enter_context(TemporaryDirectory(prefix="bruecke-mist-"))  # a socket's path must be short
        self.signal = await self.world.enter_async_context(PretendSignal(Path(folder) / "signal-cli.socket"))
        with suppress(profile.ProfileFaults):  # the bot itself says what is wrong with it
            city = profile.read(settings.read_database_and_profile()[1])
            self.signal.profile |= profile_card.card(city)  # as `signal profile` does it for operators

    async def end(self) -> None:
        """Stop the bot as a supervisor would, and the pretend messengers after it."""
        async with self.changing:
            await self.stop(signals.SIGTERM)
            await self.world.aclose()

    async def restart(self) -> None:
        """Kill the bot in the middle of whatever it does, and start it again."""
        async with self.changing:
            await self.stop(signals.SIGKILL)
            await self.start("restarting")

    async def again(self) -> None:
        """Forget everything that was said and stored."""
        async with self.changing:
            await self.stop(signals.SIGKILL)
            await self.world.aclose()
            await self.open()
            self.page.begin()
            await self.start("starting")

    async def start(self, state: str) -> None:
        self.polls = self.telegram.updates.polls
        self.become(state)
        with self.log.open("ab") as log:
            self.process = await asyncio.create_subprocess_exec(
                *WITH_US,
                *self.command,
                "run",
                cwd=ROOT,
                env=self.environment(),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,  # a Ctrl-C in the terminal is for us; we stop the bot
            )
        self.tasks.create_task(self.attend(self.process))

    async def attend(self, process: asyncio.subprocess.Process) -> None:
        """Notice when the bot ends by itself."""
        await process.wait()
        if process is self.process:
            self.become("stopped", last_line(self.log.read_bytes()) or f"exit code {process.returncode}")

    async def stop(self, how: signals.Signals) -> None:
        process, self.process = self.process, None
        if process is None or process.returncode is not None:
            return
        process.send_signal(how)
        try:
            async with asyncio.timeout(STOP):
                await process.wait()
        except TimeoutError:
            process.kill()
            await process.wait()

    def become(self, state: str, said: str = "") -> None:
        self.was, self.said = state, said
        self.page.stir()

    def environment(self) -> Mapping[str, str]:
        """Return the settings of the bot: nothing in them leads out of this computer."""
        return os.environ | {
            "TELEGRAM_TOKEN": self.telegram.token,
            "TELEGRAM_API_URL": self.telegram.url,
            "TELEGRAM_WEBHOOK_URL": "",
            "TELEGRAM_WEBHOOK_SECRET": "",
            "SIGNAL_ACCOUNT": self.signal.account,
            "SIGNAL_SOCKET": str(self.signal.socket),
            "SIGNAL_TCP": "",
            "DATABASE": str(self.database),
            "LISTEN": "127.0.0.1:0",
            "PYTHONUNBUFFERED": "1",
        }

    async def invite(self) -> str:
        """Return the start parameter of a new invitation to the staff. Raises: CannotNow."""
        process = await asyncio.create_subprocess_exec(
            *self.command,
            *("invite", "--role", "admin"),
            cwd=ROOT,
            env=self.environment(),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        try:
            async with asyncio.timeout(INVITATION):
                printed, complaint = await process.communicate()
        except TimeoutError:
            raise CannotNow("The invitation takes too long.") from None
        finally:
            if process.returncode is None:
                process.kill()
                await process.communicate()
        found = re.search(rb"start=([A-Za-z0-9_-]+)", printed)
        if found is None:
            raise CannotNow(last_line(complaint) or "The bot printed no invitation.")
        return found[1].decode()

    async def look(self) -> None:
        """Tell the page which rows were written since the last look."""
        async with self.looking:
            if changes := await asyncio.to_thread(self.ledger.look):
                self.page.wrote(changes)

    async def watch(self) -> None:
        """Look again and again, as long as the demo plays."""
        while True:
            await asyncio.sleep(LOOK)
            await self.look()


def last_line(said: bytes) -> str:
    lines = said.decode(errors="replace").split("\n")
    return next((line.strip() for line in reversed(lines) if line.strip()), "")


class Ledger:
    """Looks into the bot's database from outside, read-only, and says which tables have changed since the last look."""

    def __init__(self, database: Path) -> None:
        self.database = database
        self.seen: list[tuple[int, int]] = []
        self.known: dict[str, Rows] = {}

    def look(self) -> dict[str, Change]:
        """Return what was written since the last look; nothing while there is no database or the bot holds it."""
        seen = self.files()
        if seen == self.seen:
            return {}
        try:
            with closing(self.open()) as db:
                now = {table: rows_of(db, table) for table in tables_of(db)}
        except sqlite3.OperationalError:
            return {}
        changes = {table: change(self.known.get(table, {}), rows) for table, rows in now.items()}
        self.seen, self.known = seen, now
        return {table: each for table, each in changes.items() if each}

    def files(self) -> list[tuple[int, int]]:
        """Return what differs when something was written, without opening anything."""
        files = (self.database, Path(f"{self.database}-wal"))
        return [(file.stat().st_mtime_ns, file.stat().st_size) for file in files if file.exists()]

    def open(self) -> sqlite3.Connection:
        db = sqlite3.connect(f"{self.database.resolve().as_uri()}?mode=ro", uri=True, timeout=LOCKED)
        db.execute("PRAGMA query_only = ON")
        return db


def tables_of(db: sqlite3.Connection) -> list[str]:
    found = db.execute("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'")
    return [name for (name,) in found]


def rows_of(db: sqlite3.Connection, table: str) -> Rows:
    """Return a fingerprint of every row, by its rowid; where there are none, by its primary key."""
    quoted = '"' + table.replace('"', '""') + '"'
    try:
        rows = db.execute(f"SELECT rowid, * FROM {quoted}")  # noqa: S608  # the name is the database's own, quoted
    except sqlite3.OperationalError:
        rows = db.execute(f"SELECT * FROM {quoted}")  # noqa: S608  # as above
        keys = [column for column, *_, place in db.execute(f"PRAGMA table_info({quoted})") if place]
        return {hash(tuple(row[column] for column in keys)): hash(row) for row in rows}
    return {row[0]: hash(row) for row in rows}


def change(before: Rows, now: Rows) -> Change:
    both = before.keys() & now.keys()
    changed = sum(before[row] != now[row] for row in both)
    return Change(added=len(now) - len(both), removed=len(before) - len(both), changed=changed)
