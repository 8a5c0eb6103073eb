"""How each messenger account stands: its pace, and what the messenger demands, so that a restart changes nothing."""

import sqlite3
from dataclasses import asdict, dataclass

DEAF_AGAIN = 600
"""Seconds in which people are told once that a messenger was deaf."""


@dataclass(frozen=True)
class Standing:
    """What has to be remembered of an account. Times are UTC in seconds."""

    free_at: float = 0
    """When the next copy of a broadcast may leave."""
    blocked_until: float = 0
    """Nothing leaves before."""
    held_until: float = 0
    """No copies leave before."""
    limits: int = 0
    """How often in a row the messenger found that we send too much, without saying for how long to wait."""
    challenge: str = ""
    """What somebody has to solve before the messenger lets more pass; '' for nothing."""


def find(db: sqlite3.Connection, messenger: str) -> Standing:
    """Return how an account stands."""
    row = db.execute(
        "SELECT free_at, blocked_until, held_until, limits, challenge FROM accounts WHERE messenger = ?", (messenger,)
    ).fetchone()
    return Standing(**dict(row)) if row else Standing()


def save(db: sqlite3.Connection, messenger: str, standing: Standing) -> None:
    """Remember how an account stands."""
    db.execute(
        "INSERT INTO accounts (messenger, free_at, blocked_until, held_until, limits, challenge)"
        " VALUES (:messenger, :free_at, :blocked_until, :held_until, :limits, :challenge)"
        " ON CONFLICT (messenger) DO UPDATE SET free_at = :free_at, blocked_until = :blocked_until,"
        " held_until = :held_until, limits = :limits, challenge = :challenge",
        {"messenger": messenger, **asdict(standing)},
    )


def may_tell_of_deafness(db: sqlite3.Connection, messenger: str, now: int) -> bool:
    """Say whether people may be told now that a messenger was deaf: one that dies and dies is told of once."""
    told = db.execute(
        "INSERT INTO accounts (messenger, deaf_told_at) VALUES (:messenger, :now)"
        " ON CONFLICT (messenger) DO UPDATE SET deaf_told_at = :now"
        " WHERE deaf_told_at NOT BETWEEN :now - :rest AND :now",
        {"messenger": messenger, "now": now, "rest": DEAF_AGAIN},
    )
    return told.rowcount == 1
