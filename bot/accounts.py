"""How each messenger account stands: its pace, and what the messenger demands, so that a restart changes nothing."""

import sqlite3
from dataclasses import asdict, dataclass


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
        "INSERT OR REPLACE INTO accounts"
        " VALUES (:messenger, :free_at, :blocked_until, :held_until, :limits, :challenge)",
        {"messenger": messenger, **asdict(standing)},
    )
