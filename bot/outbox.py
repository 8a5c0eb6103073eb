"""Everything that leaves is a row here before it is tried, written in the transaction of the turn that causes it."""

import json
import math
import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from enum import IntEnum

from bot import accounts, markup, menus
from bot.messages import Outcome, Outgoing, State

MOST_TRIES = 2
"""How often an answer may leave: once more after a try of unknown outcome."""
RESEND_ANSWER = 30.0
"""Seconds before that."""
RESCUE_AGAIN = 60.0
"""Seconds after which a rescue is tried again: no block holds it back."""


SOON = 600
"""Seconds: what has to wait longer waits for its day of the week."""
FAR = 3600
"""Seconds: an answer that has to wait longer than this has a time from before the clock was put back."""
LONGEST_TRY = 60.0
"""Seconds that a try may take."""
LEFT_LATE = 0.5
"""Seconds after the end of a broken try in which the messenger may still read what was asked of it."""
RECIPIENTS_KEPT = 7 * 24 * 3600
"""Seconds after the end of a broadcast for which it is kept who got a copy."""


class Urgency(IntEnum):
    """What goes first. A rescue is tried even while the account is blocked: it is what ends the block."""

    RESCUE = -1
    ANSWER = 0
    NOTICE = 1
    COPY = 2
    LAST = 3
    """Only when nothing else leaves for the address, and nobody is known there any more."""


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
# What comes later may not overtake: of the answers to one address only the first is looked at. The second `urgency` and
# the `+` keep SQLite on the index by urgency: by address it would go through every copy that waits.
_ANSWERS = f"""{_WAITING} AND urgency < :below AND outbox.id IN
               (SELECT min(id) FROM outbox WHERE messenger = :messenger AND state = 'waiting' AND urgency < :below
                GROUP BY +address)
               AND NOT not_before BETWEEN :now + 1 AND :now + :far ORDER BY tries > 0, urgency, outbox.id LIMIT :most"""  # noqa: S608
_COPIES = f"""{_WAITING} AND urgency = :copy AND not_before <= :now
              ORDER BY not_before, outbox.id LIMIT :most"""

_LAST = f"""{_WAITING} AND urgency = :last AND not_before <= :now
            AND NOT EXISTS (SELECT 1 FROM outbox AS other WHERE other.messenger = :messenger
                            AND other.address = outbox.address AND other.state = 'waiting' AND +other.urgency < :last)
            AND NOT EXISTS (SELECT 1 FROM addresses WHERE addresses.messenger = :messenger
                            AND addresses.address = outbox.address)
            ORDER BY not_before, outbox.id LIMIT :most"""  # noqa: S608


def claim(
    db: sqlite3.Connection,
    messenger: str,
    busy: Iterable[str],
    answers: int,
    copies: int,
    now: float,
    last: int = 2,
    below: Urgency = Urgency.COPY,
) -> list[Row]:
    """Mark the next rows as being tried and return them: answers and notices first, one to an address, in order.

    `busy` are addresses that something is on its way to, or that have to wait. Of answers that leave for the last time
    only `last` are taken: a crash in the middle of them loses them. `below`: what is less urgent is no answer here.
    """
    taken = [*busy]
    rows: list[sqlite3.Row] = []
    for query, most in ((_ANSWERS, answers), (_COPIES, copies), (_LAST, answers if below > Urgency.ANSWER else 0)):
        if most > 0:
            asked = {
                "messenger": messenger,
                "now": int(now),
                "far": FAR,
                "copy": Urgency.COPY,
                "last": Urgency.LAST,
                "below": below,
                "most": most,
            }
            found = db.execute(query, {**asked, "busy": json.dumps(taken)})
            fresh_first = {row["address"]: row for row in found}.values()
            for row in fresh_first:
                last -= row["tries"] > 0
                if row["tries"] == 0 or last >= 0:
                    rows.append(row)
            taken += [row["address"] for row in rows]
    claimed = [_resolved(db, messenger, _row(row)) for row in rows]
    for row in claimed:
        db.execute("UPDATE outbox SET state = 'trying', tries = tries + 1, tried_at = ? WHERE id = ?", (now, row.id))
        if row.outgoing.typed:
            menus.shown(db, messenger, row.address, row.id, row.outgoing.buttons, now)
    return claimed


def waiting_for(db: sqlite3.Connection, messenger: str, address: str) -> int:
    """Return how many answers and notices have still to leave for an address."""
    query = "SELECT count(*) FROM outbox WHERE messenger = ? AND address = ? AND state = 'waiting' AND urgency < ?"
    return int(db.execute(query, (messenger, address, Urgency.COPY)).fetchone()[0])


def lose_recipients(db: sqlite3.Connection, now: int) -> None:
    """Of broadcasts that ended a week ago only the counted outcomes stay."""
    db.execute(
        "UPDATE outbox SET person = NULL, address = '', message = NULL, tried_at = 0 WHERE person IS NOT NULL"
        " AND state NOT IN ('waiting', 'trying')"
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

    A try that certainly did not leave does not count, and neither does an answer's of which the messenger itself says
    that it cannot tell. An answer whose outcome is unknown is sent a second and last time, for a double answer harms
    nobody; a copy is not.
    """
    if outcome.state is State.WAITING or (outcome.state is State.UNKNOWN and outcome.everybody and not row.is_copy):
        _wait(db, row, outcome, now)
    elif row.is_copy:
        _record_copy(db, row, outcome, now)
    elif outcome.state is State.UNKNOWN and row.tries < MOST_TRIES:
        again_at = math.ceil(now + RESEND_ANSWER)
        db.execute("UPDATE outbox SET state = 'waiting', not_before = ? WHERE id = ?", (again_at, row.id))
    else:
        db.execute("DELETE FROM outbox WHERE id = ?", (row.id,))
    if row.outgoing.typed and outcome.state is State.ACCEPTED:
        menus.arrived(db, row.id, outcome.message)
    elif row.outgoing.typed and outcome.state in (State.WAITING, State.REFUSED):
        menus.not_sent(db, row.id)
    if row.outgoing.handle and outcome.message:
        db.execute(
            "INSERT OR REPLACE INTO shown SELECT ?, ?, ?, ?, ?"
            " WHERE ? IS NULL OR EXISTS (SELECT 1 FROM people WHERE id = ?)",
            (messenger, row.address, row.outgoing.handle, outcome.message, row.person, row.person, row.person),
        )


def _wait(db: sqlite3.Connection, row: Row, outcome: Outcome, now: float) -> None:
    """Let it be tried again, but no copy whose person stopped the news or deleted everything meanwhile."""
    seconds = RESCUE_AGAIN if row.urgency < Urgency.ANSWER else 0 if outcome.everybody else outcome.seconds
    db.execute(
        f"UPDATE outbox SET state = iif(broadcast IS NULL OR {_STILL_WANTED}, 'waiting', 'withdrawn'),"  # noqa: S608
        " tries = tries - 1, not_before = ? WHERE id = ? AND state = 'trying'",
        (math.ceil(now + seconds) if seconds else 0, row.id),  # else the pace holds the whole account back
    )


def _record_copy(db: sqlite3.Connection, row: Row, outcome: Outcome, now: float) -> None:
    """Write down what became of a copy.

    Refused for good by one messenger it goes to the person's other one, once. What a receipt said already stays.
    """
    if outcome.unreachable:
        moved = db.execute(
            f"""UPDATE outbox SET state = 'waiting', tries = 0, moved = 1, not_before = 0,
                (messenger, address) = (SELECT messenger, address FROM addresses WHERE person = outbox.person
                                        AND messenger <> outbox.messenger AND unreachable_since IS NULL)
                WHERE id = ? AND moved = 0 AND {_STILL_WANTED}
                AND EXISTS (SELECT 1 FROM addresses WHERE person = outbox.person AND messenger <> outbox.messenger
                            AND unreachable_since IS NULL)""",  # noqa: S608 - a constant
            (row.id,),
        )
        if moved.rowcount:
            return
    db.execute(
        "UPDATE outbox SET state = ?, reason = ?, message = ?, ended_at = ? WHERE id = ? AND state <> 'delivered'",
        (outcome.state, outcome.reason, outcome.message or None, now, row.id),
    )


def solve(db: sqlite3.Connection, messenger: str, solution: str, now: int) -> bool:
    """Give a messenger the solution of what it demands before it lets more pass. False: it demands nothing."""
    challenge = accounts.find(db, messenger).challenge
    if challenge:
        outgoing = Outgoing(act="solve", text=markup.escape(solution), handle=challenge)
        put(db, messenger, "", None, outgoing, now, Urgency.RESCUE)
    return bool(challenge)


def is_solving(db: sqlite3.Connection, messenger: str) -> bool:
    """Say whether a solution is on its way to a messenger."""
    rescues = db.execute("SELECT 1 FROM outbox WHERE messenger = ? AND urgency = ?", (messenger, Urgency.RESCUE))
    return rescues.fetchone() is not None


def hurry(db: sqlite3.Connection, messenger: str) -> None:
    """Let what was put off leave at once: what held it back is over."""
    db.execute(
        "UPDATE outbox SET not_before = 0 WHERE messenger = ? AND state = 'waiting' AND urgency < ?",
        (messenger, Urgency.COPY),
    )


def delivered(db: sqlite3.Connection, messenger: str, address: str, arrived: Sequence[tuple[str, float]]) -> None:
    """Note that copies are on a telephone; each with the messenger's id and, if that tells it, when it left (UTC).

    By that time one whose outcome is not known (yet) is found, too, if it left while that was tried: only one message
    at a time is on its way to an address.
    """
    copies = db.execute(
        "SELECT id, state, message, tried_at, min(tried_at + :longest, coalesce(ended_at + :late, tried_at + :longest))"
        " AS over_at FROM outbox WHERE messenger = :messenger AND address = :address AND broadcast IS NOT NULL"
        " AND (message IS NOT NULL AND state = 'accepted' OR message IS NULL AND state IN ('trying', 'unknown'))",
        {"messenger": messenger, "address": address, "longest": LONGEST_TRY, "late": LEFT_LATE},
    ).fetchall()
    if not copies:  # whatever a receipt names, it costs no more than this
        return
    named = {message for message, _left_at in arrived}
    for copy in copies:
        began, over = copy["tried_at"], copy["over_at"]
        left_then = (message for message, left_at in arrived if began <= left_at <= over)
        message = next(left_then, "") if copy["message"] is None else copy["message"]
        if message in named:
            db.execute(
                "UPDATE outbox SET state = 'delivered', message = ?, reason = NULL WHERE id = ?", (message, copy["id"])
            )


def waiting_copies(db: sqlite3.Connection, now: float) -> dict[str, int]:
    """Return how many copies wait to leave soon, by messenger; some wait for their day of the week."""
    rows = db.execute(
        "SELECT messenger, count(*) AS n FROM outbox WHERE state = 'waiting' AND urgency = ? AND not_before <= ?"
        " GROUP BY messenger",
        (Urgency.COPY, now + SOON),
    )
    return {row["messenger"]: row["n"] for row in rows}


def recover(db: sqlite3.Connection, messenger: str, now: float) -> None:
    """After a start: what was being tried when the process died has an unknown outcome.

    A copy of a broadcast stays unknown and is never sent again by itself. An answer is sent a second time, for a double
    answer harms nobody, but not a third.
    """
    trying = "messenger = ? AND state = 'trying'"
    copy = f"{trying} AND broadcast IS NOT NULL"
    db.execute(f"UPDATE outbox SET state = 'unknown', ended_at = ? WHERE {copy}", (now, messenger))  # noqa: S608
    db.execute(f"DELETE FROM outbox WHERE {trying} AND tries >= {MOST_TRIES:d}", (messenger,))  # noqa: S608 - a constant
    db.execute(f"UPDATE outbox SET state = 'waiting' WHERE {trying}", (messenger,))  # noqa: S608 - a constant
