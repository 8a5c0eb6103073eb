"""What the office has to hear about its messengers: put here by whoever notices, told once by the clock."""

import sqlite3
from dataclasses import dataclass
from enum import StrEnum


class Trouble(StrEnum):
    """What happened to a messenger account."""

    DEAF = "deaf"
    """It could not be heard; `until` 0: it still cannot."""
    CHALLENGE = "challenge"
    """Somebody has to solve something before more is sent; `detail` is where."""
    REFUSES = "refuses"
    """It refuses copies, and nobody knows why."""
    SOLVED = "solved"
    NOT_SOLVED = "not solved"


@dataclass(frozen=True)
class Alert:
    """Something to tell; times are UTC in seconds."""

    messenger: str
    trouble: Trouble
    detail: str = ""
    since: int = 0
    until: int = 0


def put(db: sqlite3.Connection, alert: Alert) -> None:
    """Let the office be told."""
    db.execute(
        "INSERT INTO alerts (messenger, trouble, detail, since, until) VALUES (?, ?, ?, ?, ?)",
        (alert.messenger, alert.trouble, alert.detail, alert.since, alert.until),
    )


def any_waiting(db: sqlite3.Connection) -> bool:
    """Say whether there is something to tell."""
    return db.execute("SELECT 1 FROM alerts").fetchone() is not None


def take(db: sqlite3.Connection) -> list[Alert]:
    """Return what nobody was told yet, and take it off the list."""
    rows = db.execute("SELECT messenger, trouble, detail, since, until FROM alerts ORDER BY id").fetchall()
    db.execute("DELETE FROM alerts")
    return [Alert(**{**dict(row), "trouble": Trouble(row["trouble"])}) for row in rows]
