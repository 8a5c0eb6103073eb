"""The one SQLite file: one task writes, turns that wait together are committed together, readers are apart.

A unit of work is a plain function `work(db: sqlite3.Connection) -> T`. `Store.write` hands it to the writer, which runs
it in aiosqlite's thread inside a SAVEPOINT of its own; the future resolves after the COMMIT at `synchronous=FULL`. So a
function happens wholly or not at all, and nothing inside it can wait for the network.
"""

import asyncio
import logging
import os
import re
import sqlite3
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, TypeVar

import aiosqlite

from bot.logs import describe

MIGRATIONS = Path(__file__).parent / "migrations"
GROUP = 100
"""How many units of work are committed together at most."""

BUSY = 5.0
"""Seconds to wait for another process that writes."""

T = TypeVar("T")
Work = Callable[[sqlite3.Connection], T]


WAIT_FOR_DISK = 1.0
"""Seconds between tries while the disk refuses to write."""

log = logging.getLogger(__name__)


class CannotOpen(Exception):
    """The database cannot be used; the text is a sentence for whoever runs the bot."""


class NewerDatabase(CannotOpen):
    """The database was made by a newer version of the bot than this one."""


class _Connection(aiosqlite.Connection):
    async def run(self, work: Callable[..., T], *arguments: Any) -> T:
        """Run a function with the sqlite3 connection in this connection's thread: one hop for the whole of it."""

        def do() -> T:
            try:
                return work(self._conn, *arguments)
            except StopIteration as fault:
                raise _for_a_future(fault) from fault

        done: T = await self._execute(do)  # type: ignore[no-untyped-call]
        return done

    async def __aenter__(self) -> "_Connection":
        try:
            await super().__aenter__()
        except BaseException:
            await asyncio.to_thread(self._thread.join)  # else it reports its end to a loop that is closed by then
            raise
        return self


class Store:
    """Access to the database; made by `open_store`."""

    def __init__(self, writer: _Connection, reader: _Connection) -> None:
        self._writer = writer
        self._reader = reader
        self._waiting: asyncio.Queue[tuple[Work[Any], asyncio.Future[Any]]] = asyncio.Queue()

    async def write(self, work: Work[T]) -> T:
        """Run `work` in a transaction and return its result once that is on the disk.

        A caller that is cancelled meanwhile leaves the work to happen. Raises: whatever `work` raises (nothing of it is
        kept then), `sqlite3.Error` if the disk refuses.
        """
        return await self.submit(work)

    async def write_patiently(self, work: Work[T]) -> T:
        """Do the same, again and again while the disk is full or locked: for what must not be lost."""
        while True:
            try:
                return await self.write(work)
            except sqlite3.OperationalError as fault:
                log.error("the database cannot be written: %s", describe(fault))
                await asyncio.sleep(WAIT_FOR_DISK)

    def submit(self, work: Work[T]) -> "asyncio.Future[T]":
        """Hand over `work` in order, without waiting; the future resolves after the commit."""
        future: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self._waiting.put_nowait((work, future))
        return future

    async def read(self, work: Work[T]) -> T:
        """Run `work` on the connection that cannot write."""
        return await self._reader.run(work)

    async def empty_log(self) -> None:
        """Move what SQLite's log holds into the file and empty it: what was deleted can still be read there until then.

        While somebody else reads (a backup, Litestream) the log stays; nobody waits for them.
        """
        await self._writer.run(_empty_log)

    async def commit_for_ever(self) -> None:
        """Take what waits, commit it together, tell the callers; the store's own task."""
        while True:
            group = [await self._waiting.get()]
            while len(group) < GROUP and not self._waiting.empty():
                group.append(self._waiting.get_nowait())
            try:
                outcomes = await self._writer.run(_commit, [work for work, _ in group])
            except Exception as fault:  # noqa: BLE001 - it is the callers', who get it; the writer goes on
                outcomes = [fault] * len(group)
            for (_, future), outcome in zip(group, outcomes, strict=True):
                if future.done():
                    continue
                if isinstance(outcome, BaseException):
                    future.set_exception(outcome)
                else:
                    future.set_result(outcome)


def _commit(db: sqlite3.Connection, works: list[Work[Any]]) -> list[Any]:
    """Run each work in its SAVEPOINT and commit them together; an exception is that work's outcome alone."""
    outcomes: list[Any] = []
    db.execute("BEGIN IMMEDIATE")
    try:
        for work in works:
            db.execute("SAVEPOINT work")
            try:
                outcomes.append(work(db))
            except Exception as fault:
                if not db.in_transaction:  # a full disk: SQLite has taken everything back
                    raise
                db.execute("ROLLBACK TO work")
                outcomes.append(_for_a_future(fault))
            db.execute("RELEASE work")
        db.execute("COMMIT")
    except BaseException:
        if db.in_transaction:
            db.execute("ROLLBACK")
        raise
    return outcomes


def _for_a_future(fault: Exception) -> Exception:
    """Return what a future takes: it would never be done with a StopIteration."""
    if not isinstance(fault, StopIteration):
        return fault
    wrapped = RuntimeError("a unit of work ran out of something")
    wrapped.__cause__ = fault
    return wrapped


def _empty_log(db: sqlite3.Connection) -> None:
    db.execute("PRAGMA busy_timeout=0")
    try:
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    finally:
        db.execute(f"PRAGMA busy_timeout={BUSY * 1000:.0f}")


@asynccontextmanager
async def open_store(path: Path, *, checkpoints: bool = True) -> AsyncIterator[Store]:
    """Open the database, make or bring it up to date, and run its writer while the block lasts.

    `checkpoints=False` is for a second process beside a running bot: SQLite before 3.51.3 can corrupt a file that two
    connections checkpoint at once (https://sqlite.org/wal.html, "The WAL-Reset Bug"). Raises: CannotOpen.
    """
    _make(path)
    async with _Connection(lambda: _connect(path, checkpoints), 64) as writer:
        await writer.run(migrate)
        async with _Connection(lambda: _connect_reader(path), 64) as reader:
            store = Store(writer, reader)
            task = asyncio.create_task(store.commit_for_ever(), name="writer")
            try:
                yield store
            finally:
                task.cancel()
                await asyncio.wait([task])


def insert(db: sqlite3.Connection, statement: str, values: Sequence[object]) -> int:
    """Insert one row and return its id."""
    done = db.execute(statement, values)
    if done.rowcount != 1 or done.lastrowid is None:
        raise ValueError("the statement inserted no row")
    return done.lastrowid


def _make(path: Path) -> None:
    """Make the file, for its owner's eyes only."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch(mode=0o600)
    except OSError as fault:
        raise CannotOpen(f"The database {path} cannot be made: {os.strerror(fault.errno or 0)}.") from fault


def _connect(path: Path, checkpoints: bool) -> sqlite3.Connection:
    try:
        db = sqlite3.connect(path, isolation_level=None, timeout=BUSY)
    except sqlite3.DatabaseError as fault:
        raise _not_a_database(path, fault) from fault
    try:
        db.execute("PRAGMA journal_mode=WAL")
    except sqlite3.DatabaseError as fault:
        db.close()
        raise _not_a_database(path, fault) from fault
    db.row_factory = sqlite3.Row
    db.execute("PRAGMA synchronous=FULL")
    db.execute("PRAGMA foreign_keys=ON")
    db.execute("PRAGMA secure_delete=ON")
    db.execute("PRAGMA temp_store=MEMORY")
    if not checkpoints:
        db.execute("PRAGMA wal_autocheckpoint=0")
    return db


def _not_a_database(path: Path, fault: sqlite3.DatabaseError) -> CannotOpen:
    return CannotOpen(f"The file {path} cannot be used as the database: {fault}.")


def _connect_reader(path: Path) -> sqlite3.Connection:
    db = _connect(path, checkpoints=False)
    db.execute("PRAGMA query_only=ON")
    return db


def migrate(db: sqlite3.Connection) -> None:
    """Apply the migrations that the database has not seen, each in one transaction with its number.

    Raises: NewerDatabase.
    """
    scripts = {int(file.name[:4]): file for file in sorted(MIGRATIONS.glob("[0-9]*.sql"))}
    if _version(db) > max(scripts):
        raise NewerDatabase(f"The database is of version {_version(db)}, this bot knows up to {max(scripts)}.")
    for number, file in scripts.items():
        if number > _version(db):
            _apply(db, number, file.read_text(encoding="utf-8"))


def _apply(db: sqlite3.Connection, number: int, script: str) -> None:
    db.execute("BEGIN IMMEDIATE")
    try:
        if _version(db) < number:  # another process may have been first
            for statement in _statements(script):
                db.execute(statement)
            db.execute(f"PRAGMA user_version={number:d}")
        db.execute("COMMIT")
    except BaseException:
        db.execute("ROLLBACK")
        raise


def _version(db: sqlite3.Connection) -> int:
    return int(db.execute("PRAGMA user_version").fetchone()[0])


def _statements(script: str) -> list[str]:
    """Split a script into statements; `executescript` would commit on its own."""
    statements, current = [], ""
    for line in re.sub(r"--[^\n]*", "", script).splitlines():
        current += line + "\n"
        if sqlite3.complete_statement(current):
            statements.append(current)
            current = ""
    return statements
