"""The way not taken, as a prototype to measure: signal-cli writes what it hears into a file, and the bot reads that.

signal-cli receives from its start on, whether the bot is there or not, and appends each event to a file, as its
standard output with `--output=json` would be. The bot follows the file and stores events and place in the file in one
transaction. Both are the programs of `signal_kills`, which does to them what it does to the real ones:

    python -m benchmarks.signal_spool daemon --socket ... --world ...
    python -m benchmarks.signal_spool bot
"""

import asyncio
import ctypes
import json
import os
import sqlite3
import sys
import tempfile
import threading
import time
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

from benchmarks.signal_victim import Programs
from bot import __main__ as entrance
from bot import settings
from bot.demo import pretend_signal
from bot.demo.signal_daemon import Daemon
from bot.messages import Hear, Incoming, Kind
from bot.settings import Signal as Settings
from bot.transports import signal_envelopes as envelopes
from bot.transports.signal import PATIENCE, SignalTransport
from bot.transports.signal_rpc import Fault

PROGRAMS = Programs(("benchmarks.signal_spool", "bot"), ("benchmarks.signal_spool", "daemon"))
SPOOL = "spool.jsonl"
"""Beside the socket."""
LOOK_AGAIN = 0.02
"""Seconds between two looks at a file that does not grow; inotify would need none."""
MARK = "spool."
"""How the row of the inbox begins whose id is the place in the file up to which everything is stored."""


class SpoolDaemon(Daemon):
    """A daemon that writes what it hears into a file, before its cache forgets it."""

    async def hand_over(self, decrypted: Any) -> int:
        """Append an event, as `System.out` does: written, not synced."""
        line = json.dumps(decrypted["event"], ensure_ascii=False).encode() + b"\n"
        spool = os.open(self.path.with_name(SPOOL), os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        try:
            os.write(spool, line)
        finally:
            os.close(spool)
        return 1


class SpoolTransport(SignalTransport):
    """Sends through the socket and hears from the file."""

    def __init__(self, signal: Settings) -> None:
        super().__init__(signal)
        if not isinstance(signal.place, Path):
            raise TypeError("a spool needs a file that both can reach")
        self._spool = signal.place.with_name(SPOOL)

    async def run(self, hear: Hear) -> None:
        """Hear for ever."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._stay_connected())
            await self._follow(hear)

    async def _stay_connected(self) -> None:
        while True:
            with suppress(Fault):
                await self._request("version", {}, PATIENCE)
            await asyncio.sleep(0.2)

    async def _follow(self, hear: Hear) -> None:
        place = _place(settings.read_database_and_profile()[0])
        while True:
            with suppress(FileNotFoundError):
                whole = _read(self._spool, place).rpartition(b"\n")[0]
                if whole:
                    place += len(whole) + 1
                    events = [json.loads(line) for line in whole.split(b"\n")]
                    read = [(envelopes.name(event), envelopes.read(event)) for event in events]
                    heard = [(id, envelopes.stored(incoming)) for id, incoming in read if incoming]
                    await hear([*heard, (f"{MARK}{place}", "{}")])
                    continue
            await asyncio.sleep(LOOK_AGAIN)

    def understand(self, payload: str) -> Incoming:
        """Read a stored payload; the place in the file is none of anybody's concern."""
        return Incoming(self.messenger, "", Kind.RECEIPT) if payload == "{}" else super().understand(payload)


def _read(spool: Path, place: int) -> bytes:
    with spool.open("rb") as file:
        file.seek(place)
        return file.read()


def _place(database: Path) -> int:
    """Return up to which byte everything is stored."""
    with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as db:
        row = db.execute(
            "SELECT max(CAST(substr(id, ?) AS INTEGER)) FROM inbox WHERE id LIKE ?", (len(MARK) + 1, f"{MARK}%")
        ).fetchone()
        return int(row[0] or 0)


# ---------------------------------------------------------------------- empty the file


def lost_by_emptying(lines: int, punch: bool) -> int:
    """Return how many of so many lines are lost if the reader empties the file whenever it has read all of it.

    `punch`: it gives the read part back to the disk instead of cutting the file (fallocate(2), FALLOC_FL_PUNCH_HOLE).
    """
    with tempfile.TemporaryDirectory() as folder:
        spool = Path(folder) / SPOOL
        spool.touch(0o600)
        writer = threading.Thread(target=_write_lines, args=(spool, lines))
        writer.start()
        place, read, quiet_since = 0, 0, time.monotonic()
        while time.monotonic() - quiet_since < 0.5:
            new = _read(spool, place)
            if new:
                quiet_since = time.monotonic()
                read += new.count(b"\n")
                place += len(new)
            elif place:
                place = _give_back(spool, place) if punch else _cut(spool)
        writer.join()
        return lines - read


def _write_lines(spool: Path, lines: int) -> None:
    descriptor = os.open(spool, os.O_WRONLY | os.O_APPEND)
    for number in range(lines):
        os.write(descriptor, b'{"envelope":{"timestamp":%d}}\n' % number)
        if number % 20 == 0:
            time.sleep(0.0002)
    os.close(descriptor)


def _cut(spool: Path) -> int:
    os.truncate(spool, 0)
    return 0


def _give_back(spool: Path, place: int) -> int:
    keep_size, punch_hole = 1, 2
    with spool.open("r+b") as file:
        libc = ctypes.CDLL(None, use_errno=True)
        if libc.fallocate(file.fileno(), keep_size | punch_hole, ctypes.c_int64(0), ctypes.c_int64(place)):
            raise OSError(ctypes.get_errno(), "fallocate")
    return place


def main(arguments: list[str]) -> int:
    """Be one of the two programs."""
    if arguments[0] == "daemon":
        vars(pretend_signal)["Daemon"] = SpoolDaemon
        return pretend_signal.main([*arguments[1:], "--receive-mode", "on-start"])
    vars(entrance)["SignalTransport"] = SpoolTransport
    entrance.cli(["run"])
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
