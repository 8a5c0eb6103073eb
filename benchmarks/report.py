"""Tables for people, figures for programs: what a benchmark prints, and what it writes into `docs/benchmarks.md`."""

import platform
import re
import sqlite3
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from importlib.metadata import version
from os import cpu_count, getloadavg
from pathlib import Path

PAGE = Path(__file__).parent.parent / "docs" / "benchmarks.md"
LIBRARIES = ("python-telegram-bot", "aiogram", "aiohttp", "aiosqlite")


def table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """Return a table in Markdown; all columns but the first are numbers."""
    columns = list(head)
    lines = [columns, ["---", *["---:"] * (len(columns) - 1)], *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def where() -> str:
    """Return on what was measured, how busy it was, and when."""
    machine = f"{cpu_count()} cores, {platform.system()} {platform.machine()}, Python {platform.python_version()}"
    libraries = ", ".join(f"{name} {version(name)}" for name in LIBRARIES)
    load = f"load before {getloadavg()[0]:.1f}"
    return f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC, {machine}, SQLite {sqlite3.sqlite_version}, {libraries}, {load}."


def write(section: str, text: str, page: Path = PAGE) -> None:
    """Put a text between the markers of its section. Raises: ValueError if the page has no such section."""
    begin, end = f"<!-- {section} -->", f"<!-- /{section} -->"
    found = re.compile(f"{re.escape(begin)}.*?{re.escape(end)}", re.DOTALL)
    old = page.read_text(encoding="utf-8")
    if not found.search(old):
        raise ValueError(f"{page} has no section {section}")
    page.write_text(found.sub(lambda _: f"{begin}\n{text}\n{end}", old), encoding="utf-8")


def show(text: str, figures: Mapping[str, float]) -> None:
    """Print the table, and after it one `name: value` a line."""
    print(text, end="\n\n")
    for name, value in figures.items():
        print(f"{name}: {value:g}" if abs(value) < 1000 else f"{name}: {value:.0f}")
