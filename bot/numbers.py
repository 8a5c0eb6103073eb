"""Counts for staff in which nobody can be found: no cell below five, and none that follows from the others."""

import sqlite3
from dataclasses import dataclass

SMALLEST = 5
"""Smaller counts are not shown (small cells make people recognisable)."""


@dataclass(frozen=True)
class Numbers:
    """How many people; `None` is a cell that is not shown."""

    region: int | None
    volunteers: int | None
    region_by_language: dict[str, int | None]
    volunteers_by_language: dict[str, int | None]
    by_topic: dict[str, int | None]


def count(db: sqlite3.Connection, languages: tuple[str, ...], topics: list[str]) -> Numbers:
    """Return the numbers of people registered now."""
    region, volunteers = _by_language(db, "interests", languages), _by_language(db, "offers", languages)
    chosen = dict.fromkeys(topics, 0) | {
        row["topic"]: row["n"]
        for row in db.execute("SELECT topic, count(*) AS n FROM interest_topics GROUP BY topic")
        if row["topic"] in topics
    }
    return Numbers(
        region=_large_enough(sum(region.values())),
        volunteers=_large_enough(sum(volunteers.values())),
        region_by_language=hide(region),
        volunteers_by_language=hide(volunteers),
        by_topic={topic: _large_enough(n) for topic, n in chosen.items()},
    )


def _by_language(db: sqlite3.Connection, table: str, languages: tuple[str, ...]) -> dict[str, int]:
    rows = db.execute(
        f"SELECT language, count(*) AS n FROM {table} JOIN people ON people.id = {table}.person GROUP BY language"  # noqa: S608
    )
    return dict.fromkeys(languages, 0) | {row["language"]: row["n"] for row in rows if row["language"] in languages}


def hide(cells: dict[str, int]) -> dict[str, int | None]:
    """Hide small cells of a sum; a single hidden one takes the next smallest with it, or it could be worked out."""
    shown = {name: _large_enough(n) for name, n in cells.items()}
    hidden = [name for name, n in shown.items() if n is None]
    if len(hidden) == 1 and len(cells) > 1:
        shown[min((name for name in cells if name not in hidden), key=lambda name: cells[name])] = None
    return shown


def _large_enough(n: int) -> int | None:
    return n if n >= SMALLEST else None
