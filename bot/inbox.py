"""Incoming messages, stored before they are acknowledged and emptied in the turn that handles them."""

import sqlite3
from dataclasses import dataclass

TRIES = 3
"""After so many failed turns a message is parked: it must not hold up the others for ever."""
REMEMBERED = 14 * 24 * 3600
"""Seconds for which ids are kept: a messenger may bring a message twice."""


@dataclass(frozen=True)
class Stored:
    """A message that waits for its turn; `payload` is what the messenger sent."""

    id: str
    payload: str


def store(db: sqlite3.Connection, messenger: str, heard: list[tuple[str, str]], now: int) -> list[Stored]:
    """Keep payloads by their ids; return those that are new. What was brought before is left alone."""
    fresh = []
    for id, payload in heard:
        if db.execute(
            "INSERT OR IGNORE INTO inbox (messenger, id, payload, heard_at) VALUES (?, ?, ?, ?)",
            (messenger, id, payload, now),
        ).rowcount:
            fresh.append(Stored(id, payload))
    return fresh


def waiting(db: sqlite3.Connection, messenger: str) -> list[Stored]:
    """Return the messages that had no turn yet, in the order in which they came."""
    rows = db.execute(
        "SELECT id, payload FROM inbox WHERE messenger = ? AND payload IS NOT NULL AND parked = 0"
        " ORDER BY heard_at, rowid",
        (messenger,),
    )
    return [Stored(row["id"], row["payload"]) for row in rows]


def take(db: sqlite3.Connection, messenger: str, id: str) -> bool:
    """Empty a message, in the transaction of its turn. False: it had its turn before."""
    taken = db.execute(
        "UPDATE inbox SET payload = NULL WHERE messenger = ? AND id = ? AND payload IS NOT NULL", (messenger, id)
    )
    return taken.rowcount == 1


def failed(db: sqlite3.Connection, messenger: str, id: str) -> bool:
    """Count a failed turn; at the third the message is parked without its content. True if it is parked now."""
    row = db.execute(
        "UPDATE inbox SET tries = tries + 1, parked = (tries + 1 >= ?), payload = iif(tries + 1 >= ?, NULL, payload)"
        " WHERE messenger = ? AND id = ? RETURNING parked",
        (TRIES, TRIES, messenger, id),
    ).fetchone()
    return bool(row and row["parked"])


def prune(db: sqlite3.Connection, now: int) -> None:
    """Drop the ids of messages so old that no messenger brings them again."""
    db.execute("DELETE FROM inbox WHERE heard_at < ? AND payload IS NULL", (now - REMEMBERED,))
