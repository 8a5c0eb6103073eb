"""Consents: for each purpose which version of the text was shown, in which language, and when it was agreed to."""

import sqlite3
from enum import StrEnum


class Purpose(StrEnum):
    """What data may be kept for."""

    NEWS = "news"
    ORIGIN = "origin"
    VOLUNTEER = "volunteer"


def give(db: sqlite3.Connection, person: int, purpose: Purpose, version: str, language: str, now: int) -> None:
    """Record a consent."""
    db.execute("INSERT OR REPLACE INTO consents VALUES (?, ?, ?, ?, ?)", (person, purpose, version, language, now))


def withdraw(db: sqlite3.Connection, person: int, purpose: Purpose) -> None:
    """Take a consent back; what was kept for it has to go in the same transaction."""
    db.execute("DELETE FROM consents WHERE person = ? AND purpose = ?", (person, purpose))


def of(db: sqlite3.Connection, person: int) -> list[tuple[str, int]]:
    """Return what somebody agreed to, as (purpose, seconds)."""
    rows = db.execute("SELECT purpose, given_at FROM consents WHERE person = ? ORDER BY purpose", (person,))
    return [(row["purpose"], row["given_at"]) for row in rows]
