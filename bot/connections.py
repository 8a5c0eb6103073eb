"""Two messengers, one person: a code is shown in the one and typed in the other; nothing else ever merges people."""

import re
import secrets
import sqlite3

from bot import people
from bot.fingerprint import fingerprint
from bot.outbox import Urgency

VALID = 600
"""Seconds for which a code can be typed."""
MOST_WRONG = 5
"""Wrong codes that an address may type; one more every five minutes (see `bot/clock.py`)."""
_CODE = re.compile(r"(?:(?:code|[Кк]од)\W{0,3})?([0-9]{4})\W{0,3}([0-9]{4})", re.IGNORECASE)


def code_in(text: str) -> str:
    """Return the eight digits of a message that looks like a code, or has one as one of its lines; else ''."""
    found = [match for line in text.splitlines() if (match := _CODE.fullmatch(line.strip(" .!")))]
    return "".join(found[0].groups()) if len(found) == 1 else ""


def begin(db: sqlite3.Connection, person: int, now: int) -> str:
    """Return a new code of this person, "4821 7730"; the one before is void. Only its SHA-256 is kept."""
    first, second = (secrets.choice(range(1000, 10_000)) for _ in range(2))  # no "0003 0005": that answers a question
    db.execute(
        "INSERT OR REPLACE INTO connections (person, code_hash, expires_at) VALUES (?, ?, ?)",
        (person, fingerprint(f"{first}{second}"), now + VALID),
    )
    return f"{first} {second}"


# ---------------------------------------------------------------------- a code is typed


def may_try(db: sqlite3.Connection, messenger: str, person: int) -> bool:
    """Say whether a code that is typed in this chat may be looked at, after all the wrong ones."""
    row = db.execute("SELECT n FROM wrong_codes WHERE address_hash = ?", (_who(db, messenger, person),)).fetchone()
    return row is None or row["n"] < MOST_WRONG


def owner(db: sqlite3.Connection, messenger: str, person: int, code_hash: str, now: int) -> int | None:
    """Return whose code this is the SHA-256 of, None if it is nobody's any more; that is a wrong one of this chat."""
    if not may_try(db, messenger, person):
        return None
    row = db.execute(
        "SELECT person FROM connections WHERE code_hash = ? AND expires_at > ?", (code_hash, now)
    ).fetchone()
    if row is None:
        db.execute(
            "INSERT INTO wrong_codes VALUES (?, 1) ON CONFLICT DO UPDATE SET n = n + 1", (_who(db, messenger, person),)
        )
        return None
    return int(row["person"])


def _who(db: sqlite3.Connection, messenger: str, person: int) -> str:
    """Return what is kept of whoever tries: it outlasts that they delete everything, else they would begin anew."""
    address = dict(people.addresses(db, person)).get(messenger, "")
    return fingerprint(messenger, address)


def claim(db: sqlite3.Connection, owner: int, claimant: int, now: int) -> int:
    """Use up a code, and let its owner say that it was they who typed it. Returns the number that both then see."""
    db.execute(
        "UPDATE connections SET claimed_by = ?, code_hash = ?, expires_at = ? WHERE person = ?",
        (claimant, secrets.token_hex(), now + VALID, owner),
    )
    return number(db, owner)


def number(db: sqlite3.Connection, owner: int) -> int:
    """Return the two digits by which the owner of a code knows that it was they who typed it."""
    claimed = db.execute("SELECT code_hash FROM connections WHERE person = ?", (owner,)).fetchone()["code_hash"]
    return 10 + int(claimed[:8], 16) % 90


def claimant(db: sqlite3.Connection, owner: int, now: int) -> int | None:
    """Return who typed this person's code and waits for their yes."""
    row = db.execute(
        "SELECT people.id FROM connections JOIN people ON people.id = claimed_by WHERE person = ? AND expires_at > ?",
        (owner, now),
    ).fetchone()
    return int(row["id"]) if row else None


def refuse(db: sqlite3.Connection, owner: int) -> None:
    """Void a person's code, typed or not."""
    db.execute("DELETE FROM connections WHERE person = ?", (owner,))


def forget(db: sqlite3.Connection, now: int) -> None:
    """Forget codes that are too old, and one of the wrong ones of each chat."""
    db.execute("DELETE FROM connections WHERE expires_at <= ?", (now,))
    db.execute("UPDATE wrong_codes SET n = n - 1")
    db.execute("DELETE FROM wrong_codes WHERE n <= 0")


# ---------------------------------------------------------------------- connect and disconnect


def join(db: sqlite3.Connection, kept: int, gone: int, now: int) -> None:
    """Make one person of two. What both have is taken from `kept`; what only `gone` has moves to `kept`."""
    db.execute("DELETE FROM connections WHERE person IN (?, ?)", (kept, gone))
    for table, purposes in (("interests", ("news", "origin")), ("offers", ("volunteer",))):
        if db.execute(f"SELECT 1 FROM {table} WHERE person = ?", (kept,)).fetchone():  # noqa: S608 - names from above
            continue
        tables = [table, *(["interest_topics"] if table == "interests" else [])]
        for each in tables:
            db.execute(f"UPDATE {each} SET person = ? WHERE person = ?", (kept, gone))  # noqa: S608 - names from above
        marks = ", ".join("?" * len(purposes))
        db.execute(
            f"UPDATE OR REPLACE consents SET person = ? WHERE person = ? AND purpose IN ({marks})",  # noqa: S608
            (kept, gone, *purposes),
        )
        if table == "offers":  # what the office is told of it is now about the one who stays
            db.execute("UPDATE outbox SET about = ? WHERE about = ?", (kept, gone))
    db.execute(
        "UPDATE people SET language = coalesce(language, (SELECT language FROM people WHERE id = :gone)),"
        " news_stopped_at = coalesce(news_stopped_at, (SELECT news_stopped_at FROM people WHERE id = :gone))"
        " WHERE id = :kept",
        {"kept": kept, "gone": gone},
    )
    _withdraw_doubles(db, kept, gone)
    for table in ("addresses", "outbox", "shown", "menus"):
        db.execute(f"UPDATE {table} SET person = ? WHERE person = ?", (kept, gone))  # noqa: S608 - names from above
    db.execute("UPDATE broadcasts SET author = ? WHERE author = ?", (kept, gone))
    db.execute(
        "UPDATE OR IGNORE conversations SET person = ?, left_at = coalesce(left_at, ?)"
        " WHERE person = ? AND answers <> '{}' AND name <> 'connect'",
        (kept, now, gone),
    )
    people.forget(db, gone)
    stopped = db.execute("SELECT 1 FROM people WHERE id = ? AND news_stopped_at IS NOT NULL", (kept,)).fetchone()
    if stopped:
        people.withdraw_copies(db, kept)


def _withdraw_doubles(db: sqlite3.Connection, kept: int, gone: int) -> None:
    """Of a broadcast that both get now let only one copy leave: that of `kept`, unless the other is on its way."""
    leaves = "'trying', 'accepted', 'delivered', 'unknown'"
    for one, other, states in ((kept, gone, leaves), (gone, kept, f"'waiting', {leaves}")):
        db.execute(
            "UPDATE outbox SET state = 'withdrawn' WHERE person = ? AND broadcast IS NOT NULL AND state = 'waiting'"  # noqa: S608
            f" AND broadcast IN (SELECT broadcast FROM outbox WHERE person = ? AND state IN ({states}))",
            (one, other),
        )


def disconnect(db: sqlite3.Connection, person: int, messenger: str) -> None:
    """Take a messenger from a person who has another one: whoever writes there is somebody new."""
    rest = [(other, address) for other, address in people.addresses(db, person) if other != messenger]
    if not rest:
        return
    here = (person, messenger)
    db.execute(
        "UPDATE outbox SET messenger = ?, address = ? WHERE person = ? AND messenger = ?"
        " AND (state = 'waiting' AND urgency > ? OR state = 'trying' AND broadcast IS NOT NULL)",
        (*rest[0], *here, Urgency.ANSWER),
    )
    db.execute("DELETE FROM outbox WHERE person = ? AND messenger = ? AND state = 'waiting'", here)
    for table in ("addresses", "shown", "menus"):
        db.execute(f"DELETE FROM {table} WHERE person = ? AND messenger = ?", here)  # noqa: S608 - names from above
    db.execute("UPDATE people SET preferred = NULL WHERE id = ?", (person,))
