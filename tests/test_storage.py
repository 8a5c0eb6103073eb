"""The one database file: whole or not at all, on the disk before anybody is told, nothing left of what is deleted."""

import asyncio
import sqlite3
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot import clock, offers, people, profile, storage
from bot.conversations import Conversations
from bot.languages import Languages
from bot.offers import Offer
from bot.storage import CannotOpen, NewerDatabase, Store, open_store
from handlers import staff as staff_texts
from tests.test_telegram_edge import logged

MARKER = "Marianne-Musterfrau-Zaunkönig"


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    """A database that was just made."""
    async with open_store(tmp_path / "bot.db") as store:
        yield store


def add(name: str, fails: type[BaseException] | None = None) -> storage.Work[str]:
    """Return work that writes a consent of that name, and may fail after it."""

    def work(db: sqlite3.Connection) -> str:
        db.execute("INSERT INTO invitations VALUES (?, 'admin', ?)", (name, len(_names(db))))
        if fails is not None:
            raise fails(name)
        return name

    return work


def _names(db: sqlite3.Connection) -> list[str]:
    return [row["code_hash"] for row in db.execute("SELECT code_hash FROM invitations ORDER BY expires_at")]


# ---------------------------------------------------------------------- units of work


async def test_work_that_fails_keeps_nothing_and_disturbs_no_other(store: Store) -> None:
    works = [add(str(n), ValueError if n % 3 == 0 else None) for n in range(30)]
    outcomes = await asyncio.gather(*map(store.write, works), return_exceptions=True)
    assert [isinstance(outcome, ValueError) for outcome in outcomes] == [n % 3 == 0 for n in range(30)]
    assert await store.read(_names) == [str(n) for n in range(30) if n % 3]


async def test_work_that_breaks_the_schema_disturbs_no_other(store: Store) -> None:
    first, second, third = await asyncio.gather(
        store.write(add("a")), store.write(add("a")), store.write(add("b")), return_exceptions=True
    )
    assert (first, third) == ("a", "b")
    assert isinstance(second, sqlite3.IntegrityError)


async def test_work_that_runs_out_of_something_is_a_failure_as_any_other(store: Store) -> None:
    with pytest.raises(RuntimeError) as caught:
        await store.write(lambda _: next(iter(())))
    assert isinstance(caught.value.__cause__, StopIteration)
    with pytest.raises(RuntimeError):
        await store.read(lambda _: next(iter(())))
    assert await store.write(add("and the writer goes on")) == "and the writer goes on"


async def test_work_that_ends_the_transaction_fails_with_all_that_was_to_be_committed_with_it(store: Store) -> None:
    def commits(db: sqlite3.Connection) -> None:
        db.execute("ROLLBACK")

    outcomes = await asyncio.gather(store.write(add("a")), store.write(commits), return_exceptions=True)
    assert [type(outcome) for outcome in outcomes] == [sqlite3.OperationalError] * 2
    assert await store.read(_names) == []
    assert await store.write(add("b")) == "b"


async def test_a_group_whose_commit_fails_is_kept_by_nobody(store: Store) -> None:
    def owes(db: sqlite3.Connection) -> None:
        db.execute("PRAGMA defer_foreign_keys=ON")
        db.execute("INSERT INTO staff VALUES (99, 'admin', 0)")

    outcomes = await asyncio.gather(store.write(add("a")), store.write(owes), return_exceptions=True)
    assert [type(outcome) for outcome in outcomes] == [sqlite3.IntegrityError] * 2
    assert await store.read(_names) == []
    assert await store.write(add("b")) == "b"


async def test_work_is_done_in_the_order_in_which_it_was_handed_over(store: Store) -> None:
    await asyncio.gather(*(store.submit(add(f"{n:03}")) for n in range(250)))
    assert await store.read(_names) == [f"{n:03}" for n in range(250)]


async def test_a_group_is_committed_together(store: Store) -> None:
    seen: list[int] = []

    def look(db: sqlite3.Connection) -> None:
        seen.append(len(_names(db)))

    await asyncio.gather(store.write(add("a")), store.write(look), store.write(add("b")), store.write(look))
    assert seen == [1, 2]


async def test_a_caller_that_was_cancelled_leaves_the_work_to_happen(store: Store) -> None:
    caller = asyncio.create_task(store.write(add("a")))
    await asyncio.sleep(0)
    caller.cancel()
    assert await store.write(add("b")) == "b"
    assert caller.cancelled()
    assert await store.read(_names) == ["a", "b"]


async def test_the_reader_cannot_write(store: Store) -> None:
    with pytest.raises(sqlite3.OperationalError, match="readonly"):
        await store.read(add("a"))


async def test_what_was_told_to_be_written_is_on_the_disk(store: Store, tmp_path: Path) -> None:
    assert await store.write(lambda db: db.execute("PRAGMA synchronous").fetchone()[0]) == 2
    assert await store.write(lambda db: db.execute("PRAGMA journal_mode").fetchone()[0]) == "wal"
    await store.write(add("a"))
    copy = sqlite3.connect(tmp_path / "bot.db")
    assert [name for (name,) in copy.execute("SELECT code_hash FROM invitations")] == ["a"]
    copy.close()


async def test_what_must_not_be_lost_waits_for_the_disk(
    store: Store, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(storage, "WAIT_FOR_DISK", 0.01)
    await store.write(lambda db: db.execute("PRAGMA max_page_count=1").fetchone())
    big = "x" * 100_000
    with pytest.raises(sqlite3.OperationalError, match="full"):
        await store.write(add(big))
    patient = asyncio.create_task(store.write_patiently(add(big)))
    await logged(caplog, "cannot be written", 2)
    assert not patient.done()
    await store.write_patiently(lambda db: db.execute("PRAGMA max_page_count=100000").fetchone())
    assert await patient == big


async def test_patience_ends_with_a_fault_of_ours(store: Store) -> None:
    with pytest.raises(ValueError, match="a"):
        await store.write_patiently(add("a", ValueError))


async def test_work_on_somebody_who_is_gone_is_refused(store: Store) -> None:
    with pytest.raises(sqlite3.IntegrityError, match="FOREIGN KEY"):
        await store.write(lambda db: db.execute("INSERT INTO staff VALUES (99, 'admin', 0)"))


async def test_an_insert_that_inserts_nothing_has_no_id(store: Store) -> None:
    statement = "INSERT OR IGNORE INTO people (id, seen_at) VALUES (?, 1)"
    assert await store.write(lambda db: storage.insert(db, statement, (7,))) == 7
    with pytest.raises(ValueError, match="no row"):
        await store.write(lambda db: storage.insert(db, statement, (7,)))


async def test_work_that_ends_the_transaction_and_fails_does_not_end_the_writer(store: Store) -> None:
    def gives_up(db: sqlite3.Connection) -> None:
        db.execute("ROLLBACK")
        raise StopIteration

    with pytest.raises(RuntimeError):
        await store.write(gives_up)
    assert await store.write(add("a")) == "a"


# ---------------------------------------------------------------------- the file


async def test_only_its_owner_can_read_the_files(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "inside" / "bot.db"
    async with open_store(path) as store:
        await store.write(add("a"))
        assert {file.name: oct(file.stat().st_mode & 0o777) for file in path.parent.iterdir()} == dict.fromkeys(
            ["bot.db", "bot.db-shm", "bot.db-wal"], "0o600"
        )


def _everything(folder: Path) -> bytes:
    return b"".join(file.read_bytes() for file in folder.iterdir() if file.name.startswith("bot.db"))


async def test_of_somebody_deleted_no_name_stays_in_the_files(store: Store, tmp_path: Path) -> None:
    def register(db: sqlite3.Connection) -> int:
        person = people.find_or_add(db, "telegram", "4711", int(time.time())).id
        offers.save(db, person, Offer(["rides"], ["de"], [], None, MARKER, "chat", ""), int(time.time()))
        return person

    registered = await store.write(register)
    conversations = Conversations(profile.read("dortmund-schytomyr"), Languages(("de",)), (), {}, {})
    jobs = clock.Clock(store, conversations, staff_texts, print)
    await jobs.forget()
    assert _everything(tmp_path).count(MARKER.encode()) == 1
    await store.write(lambda db: people.forget(db, registered))
    await jobs.forget()
    assert MARKER.encode() not in _everything(tmp_path)


async def test_the_log_is_emptied_without_waiting_for_whoever_reads(store: Store, tmp_path: Path) -> None:
    backup = sqlite3.connect(tmp_path / "bot.db", isolation_level=None)
    backup.execute("BEGIN")
    backup.execute("SELECT count(*) FROM invitations").fetchone()
    await store.write(add("a"))
    async with asyncio.timeout(storage.BUSY / 2):
        await store.empty_log()
    backup.execute("ROLLBACK")
    backup.close()
    await store.empty_log()
    assert (tmp_path / "bot.db-wal").stat().st_size == 0
    assert await store.write(lambda db: db.execute("PRAGMA busy_timeout").fetchone()[0]) == storage.BUSY * 1000


async def test_a_second_process_leaves_the_checkpoints_to_the_bot(tmp_path: Path) -> None:
    async with open_store(tmp_path / "bot.db"), open_store(tmp_path / "bot.db", checkpoints=False) as second:
        assert await second.write(lambda db: db.execute("PRAGMA wal_autocheckpoint").fetchone()[0]) == 0


@pytest.mark.parametrize(
    ("place", "sentence"),
    [
        ("file/bot.db", r"The database .*file/bot\.db cannot be made: (Not a directory|File exists)\."),
        ("file", r"The file .*file cannot be used as the database: file is not a database\."),
        (".", r"The file .* cannot be used as the database: unable to open database file\."),
    ],
)
async def test_what_cannot_be_a_database_is_refused_with_a_sentence(tmp_path: Path, place: str, sentence: str) -> None:
    (tmp_path / "file").write_text("the letters of the office, " * 100)
    with pytest.raises(CannotOpen, match=sentence):
        async with open_store(tmp_path / place):
            pass
    assert (tmp_path / "file").read_text() == "the letters of the office, " * 100


# ---------------------------------------------------------------------- migrations


@pytest.fixture
def migrations(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the migrations of a version to come."""
    folder = tmp_path / "migrations"
    folder.mkdir()
    for file in storage.MIGRATIONS.glob("*.sql"):
        (folder / file.name).write_text(file.read_text())
    monkeypatch.setattr(storage, "MIGRATIONS", folder)
    return folder


def _newest(folder: Path) -> int:
    return max(int(file.name[:4]) for file in folder.glob("*.sql"))


async def test_a_migration_happens_wholly_or_not_at_all(tmp_path: Path, migrations: Path) -> None:
    path, old = tmp_path / "bot.db", _newest(migrations)
    async with open_store(path) as store:
        await store.write(add("kept"))
    broken = migrations / f"{old + 2:04}_broken.sql"
    (migrations / f"{old + 1:04}_fine.sql").write_text("CREATE TABLE fine (a TEXT) STRICT; -- ; a comment\n")
    broken.write_text("CREATE TABLE half (\n    a TEXT\n) STRICT;\nINSERT INTO nowhere VALUES (1);\n")
    with pytest.raises(sqlite3.OperationalError, match="nowhere"):
        async with open_store(path):
            pass
    db = sqlite3.connect(path)
    assert db.execute("PRAGMA user_version").fetchone() == (old + 1,)
    tables = {name for (name,) in db.execute("SELECT name FROM sqlite_master")}
    assert ("fine" in tables, "half" in tables) == (True, False)
    db.close()
    broken.write_text("CREATE TABLE half (a TEXT) STRICT;\nCREATE TABLE whole (a TEXT) STRICT;\n")
    async with open_store(path) as store:
        assert await store.read(lambda db: db.execute("PRAGMA user_version").fetchone()[0]) == old + 2
        assert await store.read(_names) == ["kept"]


async def test_a_newer_database_is_refused_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "bot.db"
    async with open_store(path) as store:
        await store.write(lambda db: db.execute("PRAGMA user_version=9999").fetchone())
    with pytest.raises(NewerDatabase, match=r"The database is of version 9999, this bot knows up to \d+\."):
        async with open_store(path):
            pass


def test_many_processes_that_begin_together_make_one_database(tmp_path: Path) -> None:
    program = (
        "import asyncio, sys\nfrom pathlib import Path\nfrom bot.storage import open_store\n"
        "async def main():\n"
        "    print(flush=True)\n"
        "    sys.stdin.readline()\n"
        "    async with open_store(Path(sys.argv[1]), checkpoints=False) as store:\n"
        "        await store.write(lambda db: db.execute('INSERT INTO people (seen_at) VALUES (1)'))\n"
        "asyncio.run(main())\n"
    )
    arguments = [sys.executable, "-c", program, str(tmp_path / "bot.db")]
    pipe = subprocess.PIPE
    crowd = [subprocess.Popen(arguments, stdin=pipe, stdout=pipe, stderr=pipe, text=True) for _ in range(4)]
    for process in crowd:
        assert process.stdout
        process.stdout.readline()
    for process in crowd:
        assert process.stdin
        process.stdin.write("\n")
        process.stdin.flush()
    assert [(process.communicate(timeout=60)[1], process.returncode) for process in crowd] == [("", 0)] * 4
    db = sqlite3.connect(tmp_path / "bot.db")
    assert db.execute("SELECT count(*) FROM people").fetchone() == (4,)
    db.close()
