"""What people from the region want to hear about."""

import json
import sqlite3
from dataclasses import dataclass
from enum import StrEnum


class Frequency(StrEnum):
    """How often somebody wants to be written to."""

    AT_ONCE = "at-once"
    WEEKLY = "weekly"


@dataclass(frozen=True)
class Interest:
    """One person's registration; ids are those of the profile."""

    topics: list[str]
    place: str | None
    raion: str | None
    age_bands: list[str]
    frequency: str


def save(db: sqlite3.Connection, person: int, interest: Interest, now: int) -> None:
    """Keep a registration in place of an earlier one."""
    db.execute(
        "INSERT OR REPLACE INTO interests VALUES (?, ?, ?, ?, ?, ?)",
        (person, interest.place, interest.raion, json.dumps(interest.age_bands), interest.frequency, now),
    )
    save_topics(db, person, interest.topics)


def save_topics(db: sqlite3.Connection, person: int, topics: list[str]) -> None:
    """Change only the topics."""
    db.execute("DELETE FROM interest_topics WHERE person = ?", (person,))
    db.executemany("INSERT INTO interest_topics VALUES (?, ?)", [(person, topic) for topic in topics])


def find(db: sqlite3.Connection, person: int) -> Interest | None:
    """Return somebody's registration."""
    row = db.execute("SELECT * FROM interests WHERE person = ?", (person,)).fetchone()
    if row is None:
        return None
    topics = db.execute("SELECT topic FROM interest_topics WHERE person = ? ORDER BY topic", (person,))
    return Interest(
        [topic["topic"] for topic in topics], row["place"], row["raion"], json.loads(row["age_bands"]), row["frequency"]
    )
