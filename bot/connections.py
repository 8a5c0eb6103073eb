"""Two messengers, one person: a code is shown in the one and typed in the other; nothing else ever merges people."""

import hashlib
import re
import secrets
import sqlite3

from bot import people

VALID = 600
"""Seconds for which a code can be typed."""
MOST_WRONG = 5
"""Wrong codes that an address may type; one more every five minutes (see `bot/clock.py`)."""
_CODE = re.compile(r"(\d{4})[\s-]?(\d{4})")


def code_in(text: str) -> str:
    """Return the eight digits of a message that looks like a code, or ''."""
    found = _CODE.fullmatch(text.strip(" .\n"))
    return "".join(found.groups()) if found else ""


def begin(db: sqlite3.Connection, person: int, now: int) -> str:
    """Return a new code of this person, "4821 7730"; the one before is void. Only its SHA-256 is kept."""
    code = f"{secrets.randbelow(10**8):08}"
    fingerprint = hashlib.sha256(code.encode()).hexdigest()
    db.execute("INSERT OR REPLACE INTO connections VALUES (?, ?, ?)", (person, fingerprint, now + VALID))
    return f"{code[:4]} {code[4:]}"


def owner(db: sqlite3.Connection, fingerprint: str, now: int) -> int | None:
    """Return whose code this is the SHA-256 of, None if it is nobody's any more."""
    row = db.execute(
        "SELECT person FROM connections WHERE code_hash = ? AND expires_at > ?", (fingerprint, now)
    ).fetchone()
    return int(row["person"]) if row else None


def may_try(db: sqlite3.Connection, messenger: str, address: str) -> bool:
    """Count a code that was typed, and say whether it may be looked at."""
    db.execute(
        "UPDATE addresses SET wrong_codes = min(wrong_codes + 1, ?) WHERE messenger = ? AND address = ?",
        (MOST_WRONG + 1, messenger, address),
    )
    row = db.execute("SELECT wrong_codes FROM addresses WHERE messenger = ? AND address = ?", (messenger, address))
    return int(row.fetchone()["wrong_codes"]) <= MOST_WRONG


def forget(db: sqlite3.Connection, now: int) -> None:
    """Forget codes that are too old, and one of the wrong ones of each address."""
    db.execute("DELETE FROM connections WHERE expires_at <= ?", (now,))
    db.execute("UPDATE addresses SET wrong_codes = wrong_codes - 1 WHERE wrong_codes > 0")


def join(db: sqlite3.Connection, kept: int, gone: int) -> None:
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
    db.execute("UPDATE OR IGNORE staff SET person = ? WHERE person = ?", (kept, gone))
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
    people.forget(db, gone)
    stopped = db.execute("SELECT 1 FROM people WHERE id = ? AND news_stopped_at IS NOT NULL", (kept,)).fetchone()
    if stopped:
        people.withdraw_copies(db, kept)


def _withdraw_doubles(db: sqlite3.Connection, kept: int, gone: int) -> None:
    """Of a broadcast that both get now, let only one copy leave."""
    db.execute(
        "UPDATE outbox SET state = 'withdrawn' WHERE person = ? AND broadcast IS NOT NULL AND state = 'waiting'"
        " AND broadcast IN (SELECT broadcast FROM outbox WHERE person = ?)",
        (gone, kept),
    )


def disconnect(db: sqlite3.Connection, person: int, messenger: str) -> None:
    """Take a messenger from a person who has another one: whoever writes there is somebody new."""
    rest = [(other, address) for other, address in people.addresses(db, person) if other != messenger]
    if not rest:
        return
    here = (person, messenger)
    db.execute(
        "UPDATE outbox SET messenger = ?, address = ?"
        " WHERE person = ? AND messenger = ? AND state = 'waiting' AND broadcast IS NOT NULL",
        (*rest[0], *here),
    )
    db.execute("DELETE FROM outbox WHERE person = ? AND messenger = ? AND state = 'waiting'", here)
    for table in ("addresses", "shown", "menus"):
        db.execute(f"DELETE FROM {table} WHERE person = ? AND messenger = ?", here)  # noqa: S608 - names from above
    db.execute("UPDATE people SET preferred = NULL WHERE id = ?", (person,))
