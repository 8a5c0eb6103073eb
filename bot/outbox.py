"""Everything that leaves is a row here before it is tried, written in the transaction of the turn that causes it."""

import json
import math
import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import IntEnum

from bot.messages import Outcome, Outgoing, State

MOST_TRIES = 2
"""How often an answer may leave: once more after a try of unknown outcome."""
RESEND_ANSWER = 30.0
"""Seconds before that."""


FAR = 3600
"""Seconds: an answer that has to wait longer than this has a time from before the clock was put back."""
RECIPIENTS_KEPT = 7 * 24 * 3600
"""Seconds after the end of a broadcast for which it is kept who got a copy."""


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
    about: int | None = None,
) -> None:
    """Let a message leave once the current transaction is committed; one `about` somebody else goes with them."""
    db.execute(
        "INSERT INTO outbox (messenger, address, person, about, urgency, payload, written_at)"
        " VALUES (?, ?, ?, ?, ?, ?, ?)",
        (messenger, address, person, about, urgency, json.dumps(outgoing.as_json(), ensure_ascii=False), now),
    )


_WAITING = """SELECT outbox.id, address, person, urgency, payload, outbox.language, broadcast, tries, texts
              FROM outbox LEFT JOIN broadcasts ON broadcasts.id = outbox.broadcast
              WHERE messenger = :messenger AND state = 'waiting'
              AND address NOT IN (SELECT value FROM json_each(:busy))"""
# What comes later may not overtake: of the answers to one address only the first is looked at.
_ANSWERS = f"""{_WAITING} AND outbox.id IN
               (SELECT min(id) FROM outbox WHERE messenger = :messenger AND state = 'waiting' AND urgency < :copy
                GROUP BY address)
               AND NOT not_before BETWEEN :now + 1 AND :now + :far ORDER BY tries > 0, urgency, outbox.id LIMIT :most"""  # noqa: S608
_COPIES = f"""{_WAITING} AND urgency = :copy AND not_before <= :now
              ORDER BY not_before, outbox.id LIMIT :most"""


def claim(
    db: sqlite3.Connection, messenger: str, busy: Iterable[str], answers: int, copies: int, now: float, last: int = 2
) -> list[Row]:
    """Mark the next rows as being tried and return them: answers and notices first, one to an address, in order.

    `busy` are addresses that something is on its way to, or that have to wait. Of answers that leave for the last time
    only `last` are taken: a crash in the middle of them loses them.
    """
    taken = [*busy]
    rows: list[sqlite3.Row] = []
    for query, most in ((_ANSWERS, answers), (_COPIES, copies)):
        if most > 0:
            asked = {"messenger": messenger, "now": int(now), "far": FAR, "copy": Urgency.COPY, "most": most}
            found = db.execute(query, {**asked, "busy": json.dumps(taken)})
            fresh_first = {row["address"]: row for row in found}.values()
            for row in fresh_first:
                last -= row["tries"] > 0
                if row["tries"] == 0 or last >= 0:
                    rows.append(row)
            taken += [row["address"] for row in rows]
    for row in rows:
        db.execute("UPDATE outbox SET state = 'trying', tries = tries + 1 WHERE id = ?", (row["id"],))
    return [_resolved(db, messenger, _row(row)) for row in rows]


def waiting_for(db: sqlite3.Connection, messenger: str, address: str) -> int:
    """Return how many messages have still to leave for an address."""
    query = "SELECT count(*) FROM outbox WHERE messenger = ? AND address = ? AND state = 'waiting'"
    return int(db.execute(query, (messenger, address)).fetchone()[0])


def lose_recipients(db: sqlite3.Connection, now: int) -> None:
    """Of broadcasts that ended a week ago only the counted outcomes stay."""
    db.execute(
        "UPDATE outbox SET person = NULL, address = '' WHERE person IS NOT NULL AND state NOT IN ('waiting', 'trying')"
        " AND broadcast IN (SELECT id FROM broadcasts WHERE finished_at < ?)",
        (now - RECIPIENTS_KEPT,),
    )


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


_STILL_WANTED = """EXISTS (SELECT 1 FROM people JOIN consents ON consents.person = people.id
                           WHERE people.id = outbox.person AND news_stopped_at IS NULL)"""


def record(db: sqlite3.Connection, messenger: str, row: Row, outcome: Outcome, now: float) -> None:
    """Write down how a try ended. Of an answer nothing stays; of a copy its state.

    A try that certainly did not leave does not count. An answer whose outcome is unknown is sent a second and last
    time, for a double answer harms nobody; a copy is not. A copy whose person stopped the news or deleted everything
    while it was on its way is not tried again.
    """
    if outcome.state is State.WAITING:
        waits_alone = outcome.seconds and not outcome.everybody  # else the pace holds the whole account back
        db.execute(
            f"UPDATE outbox SET state = iif(broadcast IS NULL OR {_STILL_WANTED}, 'waiting', 'withdrawn'),"  # noqa: S608
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
