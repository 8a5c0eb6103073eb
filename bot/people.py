"""People: who wrote, in which language, and how to forget them.

A person is keyed by the messenger's own id, never by a telephone number. Somebody who registered nothing is forgotten a
day after their last message.
"""

import sqlite3
from dataclasses import dataclass

from bot.fingerprint import fingerprint
from bot.storage import insert

FORGOTTEN_AFTER = 24 * 3600
"""Seconds after which the language and the unfinished conversation of somebody who registered nothing are forgotten."""


DOUBTED = 20 * 3600
"""Seconds after which a messenger that may be mistaken has to say again that somebody cannot be reached."""


@dataclass(frozen=True)
class Person:
    """Somebody with a telephone."""

    id: int
    language: str
    """'' until chosen."""
    role: str
    """Of staff; '' for everybody else."""
    news_stopped: bool
    told_of: str = ""
    """The notice about pictures and the like that they were given last, '' if there was none."""
    told_at: int = 0


def find_or_add(db: sqlite3.Connection, messenger: str, address: str, now: int) -> Person:
    """Return the person behind an address; note that they were here and can be reached."""
    found = db.execute(
        "SELECT id, language, role, news_stopped_at, told_at, told_of, seen_at,"
        " coalesce(unreachable_since, doubted_at) AS lost FROM addresses"
        " JOIN people ON people.id = addresses.person LEFT JOIN staff ON staff.person = people.id"
        " WHERE messenger = ? AND address = ?",
        (messenger, address),
    ).fetchone()
    if found is None:
        return _add(db, messenger, address, now)
    if not now - 60 <= found["seen_at"] <= now:
        db.execute("UPDATE people SET seen_at = ? WHERE id = ?", (now, found["id"]))
    if found["lost"] is not None:
        reachable(db, messenger, address)
    return _person(found)


def find(db: sqlite3.Connection, person: int) -> Person:
    """Return somebody who is known."""
    found = db.execute(
        "SELECT id, language, role, news_stopped_at, told_at, told_of FROM people"
        " LEFT JOIN staff ON staff.person = people.id WHERE id = ?",
        (person,),
    ).fetchone()
    return _person(found)


def _person(found: sqlite3.Row) -> Person:
    return Person(
        id=found["id"],
        language=found["language"] or "",
        role=found["role"] or "",
        news_stopped=found["news_stopped_at"] is not None,
        told_at=found["told_at"] or 0,
        told_of=found["told_of"] or "",
    )


def _add(db: sqlite3.Connection, messenger: str, address: str, now: int) -> Person:
    added = insert(db, "INSERT INTO people (seen_at) VALUES (?)", (now,))
    db.execute("INSERT INTO addresses (messenger, address, person) VALUES (?, ?, ?)", (messenger, address, added))
    return Person(added, "", "", False)


def speak(db: sqlite3.Connection, person: int, language: str) -> None:
    """Remember the language somebody chose."""
    db.execute("UPDATE people SET language = ? WHERE id = ?", (language, person))


def addresses(db: sqlite3.Connection, person: int) -> list[tuple[str, str]]:
    """Return where a person can be written to, as (messenger, address), the best way first."""
    rows = db.execute(
        "SELECT messenger, address FROM addresses JOIN people ON people.id = person WHERE person = ?"
        " ORDER BY unreachable_since IS NOT NULL, preferred IS NOT messenger, messenger",
        (person,),
    )
    return [(row["messenger"], row["address"]) for row in rows]


def prefer(db: sqlite3.Connection, person: int, messenger: str) -> None:
    """Remember on which of their messengers somebody wants to get news; copies that wait go there, too."""
    db.execute("UPDATE people SET preferred = ? WHERE id = ?", (messenger, person))
    db.execute(
        "UPDATE outbox SET (messenger, address) = (SELECT messenger, address FROM addresses"
        " WHERE person = :person AND messenger = :messenger)"
        " WHERE person = :person AND broadcast IS NOT NULL AND state = 'waiting' AND moved = 0"
        " AND EXISTS (SELECT 1 FROM addresses"
        " WHERE person = :person AND messenger = :messenger AND unreachable_since IS NULL)",
        {"person": person, "messenger": messenger},
    )


def stop_news(db: sqlite3.Connection, person: int, now: int) -> None:
    """Send this person no more news; copies that have not left are withdrawn in the same moment."""
    db.execute("UPDATE people SET news_stopped_at = ? WHERE id = ? AND news_stopped_at IS NULL", (now, person))
    withdraw_copies(db, person)


def withdraw_copies(db: sqlite3.Connection, person: int) -> None:
    """Send this person nothing of the broadcasts under way."""
    waiting = "person = ? AND broadcast IS NOT NULL AND state = 'waiting'"
    db.execute(f"UPDATE outbox SET state = 'withdrawn' WHERE {waiting}", (person,))  # noqa: S608 - a constant


def resume_news(db: sqlite3.Connection, person: int) -> None:
    """Send this person news again."""
    db.execute("UPDATE people SET news_stopped_at = NULL WHERE id = ?", (person,))


def told(db: sqlite3.Connection, person: int, notice: str, now: int) -> None:
    """Remember which notice was given, so that a flood of pictures gets one."""
    db.execute("UPDATE people SET told_at = ?, told_of = ? WHERE id = ?", (now, notice, person))


def unreachable(db: sqlite3.Connection, messenger: str, address: str, now: int, doubtful: bool = False) -> None:
    """Note that nothing reaches this address, until its person writes again.

    `doubtful`: only if the messenger says so again, a day after the first time.
    """
    here = "WHERE messenger = ? AND address = ?"
    if doubtful:
        db.execute(f"UPDATE addresses SET doubted_at = coalesce(doubted_at, ?) {here}", (now, messenger, address))  # noqa: S608
        here += f" AND doubted_at <= {now - DOUBTED:d}"
    db.execute(
        f"UPDATE addresses SET unreachable_since = ? {here} AND unreachable_since IS NULL",  # noqa: S608
        (now, messenger, address),
    )


def reachable(db: sqlite3.Connection, messenger: str, address: str) -> None:
    """Note that something reaches this address."""
    db.execute(
        "UPDATE addresses SET unreachable_since = NULL, doubted_at = NULL WHERE messenger = ? AND address = ?",
        (messenger, address),
    )


def too_many_turns(db: sqlite3.Connection, messenger: str, address: str, most: int, now: int) -> int:
    """Count a turn of this address; return by how many it has more than `most` in this minute."""
    row = db.execute(
        "INSERT INTO turns VALUES (:who, :now, 1) ON CONFLICT (who) DO UPDATE SET"
        " n = iif(:now - minute BETWEEN 0 AND 59, n, 0) + 1, minute = iif(:now - minute BETWEEN 0 AND 59, minute, :now)"
        " RETURNING n",
        {"who": fingerprint(messenger, address), "now": now},
    ).fetchone()
    return max(0, int(row["n"]) - most)


def forget_turns(db: sqlite3.Connection, now: int) -> None:
    """Forget who wrote, as far as it was counted in minutes that are over."""
    db.execute("DELETE FROM turns WHERE minute NOT BETWEEN ? AND ?", (now - 60, now))


def forget(db: sqlite3.Connection, person: int) -> None:
    """Delete everything about a person.

    Of copies sent to them only the counted outcome stays, without person and address.
    """
    db.execute("DELETE FROM people WHERE id = ?", (person,))


def forget_passers_by(db: sqlite3.Connection, now: int) -> int:
    """Forget everybody who registered nothing and was not here for a day; return how many."""
    strangers = db.execute(
        "SELECT id FROM people WHERE seen_at < ? AND id NOT IN (SELECT person FROM interests)"
        " AND id NOT IN (SELECT person FROM offers) AND id NOT IN (SELECT person FROM staff)",
        (now - FORGOTTEN_AFTER,),
    ).fetchall()
    for stranger in strangers:
        forget(db, stranger["id"])
    return len(strangers)
