"""Consents: for each purpose which version of the text was shown, in which language, and when it was agreed to."""

import sqlite3
from enum import StrEnum


class Purpose(StrEnum):
    """What data may be kept for."""

    NEWS = "news"
    ORIGIN = "origin"
    VOLUNTEER = "volunteer"


def give(db: sqlite3.Connection, person: int, purpose: Purpose, version: str, language: str, now: int) -> None:
    """Record a consent; one to the same version stays as it was given."""
    db.execute(
        "INSERT INTO consents VALUES (?, ?, ?, ?, ?) ON CONFLICT DO UPDATE"
        " SET version = excluded.version, language = excluded.language, given_at = excluded.given_at"
        " WHERE version != excluded.version",
        (person, purpose, version, language, now),
    )


def is_given(db: sqlite3.Connection, person: int, purpose: Purpose, version: str) -> bool:
    """Say whether somebody agreed to this version of the text."""
    query = "SELECT 1 FROM consents WHERE person = ? AND purpose = ? AND version = ?"
    return db.execute(query, (person, purpose, version)).fetchone() is not None


def withdraw(db: sqlite3.Connection, person: int, purpose: Purpose) -> None:
    """Take a consent back; what was kept for it has to go in the same transaction."""
    db.execute("DELETE FROM consents WHERE person = ? AND purpose = ?", (person, purpose))


def of(db: sqlite3.Connection, person: int) -> list[tuple[str, int]]:
    """Return what somebody agreed to, as (purpose, seconds)."""
    rows = db.execute("SELECT purpose, given_at FROM consents WHERE person = ? ORDER BY purpose", (person,))
    return [(row["purpose"], row["given_at"]) for row in rows]
