"""Offers of help by volunteers."""

import json
import secrets
import sqlite3
from dataclasses import dataclass

from bot import interests, people

LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"
"""For reference numbers that are read out on the telephone: nothing that looks or sounds like something else."""
CHAT = "chat"


@dataclass(frozen=True)
class Offer:
    """What one volunteer offers; `contact` is a telephone number, an e-mail address or 'chat'."""

    roles: list[str]
    spoken: list[str]
    times: list[str]
    district: str | None
    name: str
    contact: str
    organisation: str
    reference: str = ""
    paused: bool = False


def save(db: sqlite3.Connection, person: int, offer: Offer, now: int) -> str:
    """Keep an offer in place of an earlier one and return its reference; a changed offer keeps its own."""
    earlier = find(db, person)
    reference = earlier.reference if earlier else _new_reference(db)
    db.execute(
        "INSERT OR REPLACE INTO offers VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            person,
            reference,
            json.dumps(offer.roles),
            json.dumps(offer.spoken),
            json.dumps(offer.times),
            offer.district,
            offer.name,
            offer.contact,
            offer.organisation or None,
            now if earlier and earlier.paused else None,
            now,
        ),
    )
    return reference


def find(db: sqlite3.Connection, person: int) -> Offer | None:
    """Return somebody's offer."""
    row = db.execute("SELECT * FROM offers WHERE person = ?", (person,)).fetchone()
    if row is None:
        return None
    return Offer(
        roles=json.loads(row["roles"]),
        spoken=json.loads(row["spoken"]),
        times=json.loads(row["times"]),
        district=row["district"],
        name=row["name"],
        contact=row["contact"],
        organisation=row["organisation"] or "",
        reference=row["reference"],
        paused=row["paused_at"] is not None,
    )


def owner(db: sqlite3.Connection, reference: str) -> int | None:
    """Return the person behind a reference."""
    row = db.execute("SELECT person FROM offers WHERE reference = ?", (reference,)).fetchone()
    return row["person"] if row else None


def pause(db: sqlite3.Connection, person: int, now: int) -> None:
    """Ask this volunteer for nothing until they resume."""
    db.execute("UPDATE offers SET paused_at = ? WHERE person = ?", (now, person))
    _withdraw_copies(db, person)


def resume(db: sqlite3.Connection, person: int) -> None:
    """Take a pause back."""
    db.execute("UPDATE offers SET paused_at = NULL WHERE person = ?", (person,))


def withdraw(db: sqlite3.Connection, person: int) -> None:
    """Delete an offer."""
    db.execute("DELETE FROM offers WHERE person = ?", (person,))
    _withdraw_copies(db, person)


def _withdraw_copies(db: sqlite3.Connection, person: int) -> None:
    """Somebody who was written to only as a volunteer gets nothing more of what is under way."""
    if interests.find(db, person) is None:
        people.withdraw_copies(db, person)


def _new_reference(db: sqlite3.Connection) -> str:
    while True:
        reference = "H-" + "".join(secrets.choice(LETTERS) for _ in range(5))
        if not db.execute("SELECT 1 FROM offers WHERE reference = ?", (reference,)).fetchone():
            return reference
