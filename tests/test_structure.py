"""How the parts of the bot keep out of each other's business, and how whatever is kept about people hangs together."""

import ast
import re
import sqlite3
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

import pytest

from bot import connections, consents, inbox, interests, my_data, offers, outbox, people, staff, storage
from bot.broadcasts import Audience, Group, start
from bot.consents import Purpose
from bot.fingerprint import fingerprint
from bot.interests import Interest
from bot.messages import Outcome, Outgoing, State
from bot.offers import Offer
from bot.storage import open_store
from tests.bridge import town

ROOT = Path(__file__).parent.parent
NEUTRAL = (
    *("conversations", "turns", "progress", "chat", "questions", "menus"),
    *("connections", "people", "broadcasts", "outbox"),
)
"""Modules of `bot/` that know no messenger by name either."""
MESSENGERS = re.compile(r"telegram|signal|whatsapp|callback|inline", re.IGNORECASE)


def sources(*folders: str) -> list[Path]:
    return sorted(path for folder in folders for path in (ROOT / folder).rglob("*.py"))


def name(path: Path) -> str:
    return str(path.relative_to(ROOT))


@cache
def imports(path: Path) -> frozenset[str]:
    """Return all that a file imports, wherever in it, by its full name."""
    return frozenset(_imports(path))


def _imports(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{name(path)} imports from here and there"
            yield node.module or ""
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def importers(of: str, *folders: str) -> set[str]:
    """Return the files that import a module or what is below it."""
    return {
        name(path)
        for path in sources(*folders)
        if any(imported == of or imported.startswith(f"{of}.") for imported in imports(path))
    }


# ---------------------------------------------------------------------- who knows whom


def test_only_the_transport_imports_python_telegram_bot() -> None:
    assert importers("telegram", "bot", "handlers") == {
        "bot/transports/telegram.py",
        "bot/transports/telegram_request.py",
    }


def test_only_the_entrance_and_the_check_know_which_messengers_there_are() -> None:
    assert importers("bot.transports", "bot", "handlers") == {
        "bot/__main__.py",
        "bot/check.py",
        "bot/signal_setup/signal_cli.py",
        "bot/signal_setup/reasons.py",
        "bot/signal_setup/commands.py",
        "bot/transports/signal.py",
        "bot/transports/telegram.py",
    }


def test_nobody_imports_httpx() -> None:
    assert importers("httpx", "bot", "handlers", "tests", "benchmarks") == set()


def test_the_machinery_does_not_know_what_the_bot_is_about() -> None:
    assert importers("handlers", "bot") == {"bot/__main__.py"}


def test_the_bot_does_not_know_the_demo() -> None:
    assert {path for path in importers("bot.demo", "bot", "handlers") if not path.startswith("bot/demo/")} == {
        "bot/__main__.py"
    }


@pytest.mark.parametrize("path", [*sources("handlers"), *(ROOT / "bot" / f"{each}.py" for each in NEUTRAL)], ids=name)
def test_what_the_bot_is_about_never_says_the_name_of_a_messenger(path: Path) -> None:
    assert MESSENGERS.findall(path.read_text(encoding="utf-8")) == []


def test_conversations_await_nothing_but_the_person_and_send_nothing() -> None:
    forbidden = {
        "asyncio",
        "aiohttp",
        "aiosqlite",
        "apscheduler",
        "bot.outbox",
        "bot.sender",
        "bot.storage",
        "bot.bridge",
    }
    assert {module for module in forbidden for path in importers(module, "handlers") if path} == set()


def test_no_module_is_called_what_could_hold_anything() -> None:
    vague = {"utils", "util", "helpers", "helper", "common", "manager", "service", "misc", "base", "core"}
    assert [name(path) for path in sources("bot", "handlers", "tests") if path.stem in vague] == []


def test_nothing_is_mocked() -> None:
    assert importers("unittest.mock", "tests") == set()
    assert importers("mock", "tests") == set()


# ---------------------------------------------------------------------- what a file says first


@pytest.mark.parametrize("path", sources("bot", "handlers", "tests", "benchmarks"), ids=name)
def test_a_module_says_in_its_first_line_what_it_is_for(path: Path) -> None:
    said = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
    first = said.split("\n", maxsplit=1)[0]
    assert len(first.split()) >= 3, "the first line belongs in a table of contents"
    assert path.read_text(encoding="utf-8").startswith(f'"""{first}')


# ---------------------------------------------------------------------- what is kept about people


def everything_about_somebody(db: sqlite3.Connection) -> tuple[int, int]:
    """Keep all that can be kept about one person; return them and somebody else."""
    now = int(time.time())
    person, other = (people.find_or_add(db, "telegram", address, now).id for address in ("4711", "4712"))
    for one in (person, other):
        people.speak(db, one, "uk")
        interests.save(db, one, Interest(["culture", "aid"], "city", "zv", ["6-9"], "weekly"), now)
        offers.save(db, one, Offer(["rides"], ["de"], ["evenings"], "eving", "Name", "chat", "Verein"), now)
        for purpose in Purpose:
            consents.give(db, one, purpose, "1", "uk", now)
        staff.join(db, one, fingerprint(staff.invite(db, staff.Role.ADMIN, now)), now)
        db.execute(
            "INSERT INTO conversations (person, name, argument, answers, question, draft, failures, changed_at)"
            " VALUES (?, 'offer', '', '{}', 'name', '{}', 0, ?)",
            (one, now),
        )
        address = people.addresses(db, one)[0][1]
        start(
            db,
            one,
            {"uk": "Новини", "de": "Neues"},
            Audience(Group.EVERYONE, (), ("uk", "de")),
            datetime.fromtimestamp(now, UTC),
        )
        connections.begin(db, one, now)
        outbox.put(db, "telegram", address, one, Outgoing(text="x", handle="progress", typed=True), now)
        row = next(row for row in outbox.claim(db, "telegram", [], 9, 0, now) if row.address == address)
        outbox.record(db, "telegram", row, Outcome(State.ACCEPTED, message="5"), now)
        outbox.put(db, "telegram", address, one, Outgoing(text="x"), now)
    return person, other


def rows_about(db: sqlite3.Connection, person: int) -> dict[str, int]:
    counted = {}
    for table in ["people", *my_data.tables_about_people(db)]:
        keys = db.execute(f"PRAGMA foreign_key_list({table})").fetchall()
        columns = [key["from"] for key in keys if key["table"] == "people"] or ["id"]
        where = " OR ".join(f"{column} = ?" for column in columns)
        found = db.execute(f"SELECT count(*) FROM {table} WHERE {where}", [person] * len(columns)).fetchone()  # noqa: S608
        counted[table] = int(found[0])
    return counted


def copies(db: sqlite3.Connection) -> int:
    return int(db.execute("SELECT count(*) FROM outbox WHERE broadcast IS NOT NULL").fetchone()[0])


def waiting_answers(db: sqlite3.Connection) -> int:
    return int(db.execute("SELECT count(*) FROM outbox WHERE broadcast IS NULL").fetchone()[0])


async def test_forgetting_somebody_empties_every_table_about_them_and_no_other(tmp_path: Path) -> None:
    async with open_store(tmp_path / "bot.db") as store:
        person, other = await store.write(everything_about_somebody)
        before = await store.read(lambda db: rows_about(db, person))
        others = await store.read(lambda db: rows_about(db, other))
        assert {table for table, n in before.items() if not n} == set(), "this test leaves a table out"
        assert {"addresses", "consents", "interests", "offers", "staff", "conversations", "outbox"} <= before.keys()
        sent, answers = await store.read(copies), await store.read(waiting_answers)
        await store.write(lambda db: people.forget(db, person))
        assert set((await store.read(lambda db: rows_about(db, person))).values()) == {0}
        assert await store.read(lambda db: rows_about(db, other)) == others
        assert await store.read(copies) == sent, "reports have to add up"
        assert await store.read(waiting_answers) * 2 == answers
        everything = await store.read(lambda db: [tuple(row) for row in db.execute("SELECT * FROM outbox")])
        assert not [row for row in everything if "4711" in row]


async def test_every_table_with_an_address_or_a_person_hangs_on_people(tmp_path: Path) -> None:
    async with open_store(tmp_path / "bot.db") as store:
        tables = await store.read(
            lambda db: {
                str(row["name"]): {column["name"] for column in db.execute(f"PRAGMA table_info({row['name']})")}
                for row in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
            }
        )
        about = await store.read(my_data.tables_about_people)
    personal = {table for table, columns in tables.items() if columns & {"person", "address", "author"}}
    assert personal == set(about)


async def test_whoever_only_looks_leaves_nothing_after_a_day(tmp_path: Path) -> None:
    async with town(tmp_path) as place:
        oksana = place.somebody("Oksana", "uk")
        for text in ("/start", "uk", "/help", "/questions", "/register"):
            await oksana.writes(text)
        await place.settles()
        now = int(time.time())
        async with open_store(place.database, checkpoints=False) as store:
            await store.write(lambda db: people.forget_passers_by(db, now + people.FORGOTTEN_AFTER + 1))
            await store.write(lambda db: inbox.prune(db, now + inbox.REMEMBERED + 1))
            tables = ("people", "addresses", "conversations", "outbox", "shown", "inbox")
            counts = "SELECT " + ", ".join(f"(SELECT count(*) FROM {table})" for table in tables)  # noqa: S608
            assert await store.read(lambda db: tuple(db.execute(counts).fetchone())) == (0,) * len(tables)


# ---------------------------------------------------------------------- migrations


def test_migrations_are_numbered_from_one_without_gaps() -> None:
    files = sorted(path.name for path in storage.MIGRATIONS.iterdir())
    assert [file[:5] for file in files] == [f"{number:04}_" for number in range(1, len(files) + 1)]
    assert all(re.fullmatch(r"\d{4}_[a-z0-9_]+\.sql", file) for file in files)


def test_every_table_is_strict() -> None:
    script = "".join(file.read_text(encoding="utf-8") for file in storage.MIGRATIONS.iterdir())
    tables = re.findall(r"(?s)CREATE TABLE (\w+) \(.*?\n\)([^;]*);", script)
    assert len(tables) > 10
    assert [table for table, options in tables if "STRICT" not in options] == []
