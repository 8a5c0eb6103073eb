"""Everything that leaves is a row here before it is tried, written in the transaction of the turn that causes it."""

import json
import math
import sqlite3
from collections.abc import Container, Iterable
from dataclasses import dataclass, replace
from enum import IntEnum

from bot.messages import Outcome, Outgoing, State

MOST_TRIES = 2
"""How often an answer may leave: once more after a try of unknown outcome."""
RESEND_ANSWER = 5.0
"""Seconds before that."""


LOOK_AT = 1000
"""Rows looked at for the next ones: one person with many that have to wait must not hide the others."""


class Urgency(IntEnum):
    """What goes first."""

    ANSWER = 0
    NOTICE = 1
    COPY = 2


@dataclass(frozen=True)
class Row:
    """Something that waits to leave."""

    id: int
    address: str
    person: int | None
    urgency: int
    outgoing: Outgoing
    is_copy: bool
    tries: int
    """Including the one it is claimed for."""


def put(
    db: sqlite3.Connection,
    messenger: str,
    address: str,
    person: int | None,
    outgoing: Outgoing,
    now: int,
    urgency: Urgency = Urgency.ANSWER,
) -> None:
    """Let a message leave once the current transaction is committed."""
    db.execute(
        "INSERT INTO outbox (messenger, address, person, urgency, payload, written_at) VALUES (?, ?, ?, ?, ?, ?)",
        (messenger, address, person, urgency, json.dumps(outgoing.as_json(), ensure_ascii=False), now),
    )


_WAITING = """SELECT outbox.id, address, person, urgency, payload, outbox.language, broadcast, tries, not_before, texts
              FROM outbox LEFT JOIN broadcasts ON broadcasts.id = outbox.broadcast
              WHERE messenger = :messenger AND state = 'waiting'
              AND address NOT IN (SELECT value FROM json_each(:busy))"""
_ANSWERS = f"{_WAITING} AND urgency < {Urgency.COPY:d} ORDER BY urgency, outbox.id LIMIT :look_at"
_COPIES = (
    f"{_WAITING} AND urgency = {Urgency.COPY:d} AND not_before <= :now ORDER BY not_before, outbox.id LIMIT :look_at"
)


def claim(
    db: sqlite3.Connection, messenger: str, busy: Iterable[str], answers: int, copies: int, now: float
) -> list[Row]:
    """Mark the next rows as being tried and return them: answers and notices first, one to an address, in order.

    `busy` are addresses that something is on its way to, or that have to wait.
    """
    asked = {"messenger": messenger, "now": now, "busy": json.dumps(list(busy))}
    found: dict[str, sqlite3.Row] = {}
    for query, most in ((_ANSWERS, answers), (_COPIES, copies)):
        if most > 0:
            rows = db.execute(query, {**asked, "look_at": LOOK_AT})
            due = [row for row in _first_of_each(rows, found) if row["not_before"] <= now]
            found |= {row["address"]: row for row in due[:most]}
    for row in found.values():
        db.execute("UPDATE outbox SET state = 'trying', tries = tries + 1 WHERE id = ?", (row["id"],))
    return [_resolved(db, messenger, _row(row)) for row in found.values()]


def _first_of_each(rows: Iterable[sqlite3.Row], found: Container[str]) -> Iterable[sqlite3.Row]:
    """Return the first row of each address that is not among those found: what comes later may not overtake it."""
    first: dict[str, sqlite3.Row] = {}
    for row in rows:
        if row["address"] not in found:
            first.setdefault(row["address"], row)
    return first.values()


def _row(row: sqlite3.Row) -> Row:
    if row["payload"] is None:
        outgoing = Outgoing(text=json.loads(row["texts"])[row["language"]])
    else:
        outgoing = Outgoing.from_json(json.loads(row["payload"]))
    return Row(
        id=row["id"],
        address=row["address"],
        person=row["person"],
        urgency=row["urgency"],
        outgoing=outgoing,
        is_copy=row["broadcast"] is not None,
        tries=row["tries"] + 1,
    )


def _resolved(db: sqlite3.Connection, messenger: str, row: Row) -> Row:
    """Look up the messenger's id of a message that is to be changed by our name of it."""
    handle = row.outgoing.replaces_handle
    if not handle:
        return row
    shown = db.execute(
        "SELECT message FROM shown WHERE messenger = ? AND address = ? AND handle = ?", (messenger, row.address, handle)
    ).fetchone()
    return replace(row, outgoing=replace(row.outgoing, replaces=shown["message"] if shown else ""))


def record(db: sqlite3.Connection, messenger: str, row: Row, outcome: Outcome, now: float) -> None:
    """Write down how a try ended. Of an answer nothing stays; of a copy its state.

    A try that certainly did not leave does not count. An answer whose outcome is unknown is sent a second and last
    time, for a double answer harms nobody; a copy is not. A copy whose person deleted everything while it was on its
    way is not tried again.
    """
    if outcome.state is State.WAITING:
        waits_alone = outcome.seconds and not outcome.everybody  # else the pace holds the whole account back
        db.execute(
            "UPDATE outbox SET state = iif(person IS NULL AND broadcast IS NOT NULL, 'withdrawn', 'waiting'),"
            " tries = tries - 1, not_before = ? WHERE id = ?",
            (math.ceil(now + outcome.seconds) if waits_alone else 0, row.id),
        )
    elif outcome.state is State.UNKNOWN and not row.is_copy and row.tries < MOST_TRIES:
        again_at = math.ceil(now + RESEND_ANSWER)
        db.execute("UPDATE outbox SET state = 'waiting', not_before = ? WHERE id = ?", (again_at, row.id))
    elif row.is_copy:
        db.execute("UPDATE outbox SET state = ?, reason = ? WHERE id = ?", (outcome.state, outcome.reason, row.id))
    else:
        db.execute("DELETE FROM outbox WHERE id = ?", (row.id,))
    if row.outgoing.handle and outcome.message:
        db.execute(
            "INSERT OR REPLACE INTO shown SELECT ?, ?, ?, ?, ?"
            " WHERE ? IS NULL OR EXISTS (SELECT 1 FROM people WHERE id = ?)",
            (messenger, row.address, row.outgoing.handle, outcome.message, row.person, row.person, row.person),
        )


def recover(db: sqlite3.Connection, messenger: str) -> None:
    """After a start: what was being tried when the process died has an unknown outcome.

    A copy of a broadcast stays unknown and is never sent again by itself. An answer is sent a second time, for a double
    answer harms nobody, but not a third.
    """
    trying = "messenger = ? AND state = 'trying'"
    db.execute(f"UPDATE outbox SET state = 'unknown' WHERE {trying} AND broadcast IS NOT NULL", (messenger,))  # noqa: S608
    db.execute(f"DELETE FROM outbox WHERE {trying} AND tries >= {MOST_TRIES:d}", (messenger,))  # noqa: S608 - a constant
    db.execute(f"UPDATE outbox SET state = 'waiting' WHERE {trying}", (messenger,))  # noqa: S608 - a constant
