"""Staff: their roles, and the single-use invitations by which they get them."""

import secrets
import sqlite3
from enum import StrEnum

from bot.fingerprint import fingerprint

VALID_FOR = 24 * 3600
"""Seconds for which an invitation can be used."""


class Role(StrEnum):
    """What somebody in the office does here."""

    ADMIN = "admin"
    EDITOR = "editor"
    APPROVER = "approver"
    DESK = "desk"


def invite(db: sqlite3.Connection, role: Role, now: int) -> str:
    """Make an invitation and return its code: 192 bits, of which only a hash is kept."""
    code = secrets.token_urlsafe(24)
    db.execute("DELETE FROM invitations WHERE expires_at <= ?", (now,))
    db.execute("INSERT INTO invitations VALUES (?, ?, ?)", (fingerprint(code), role, now + VALID_FOR))
    return code


def join(db: sqlite3.Connection, person: int, code_hash: str, now: int) -> Role | None:
    """Use up the invitation whose code has this SHA-256 and return the role; None if there is none (any more)."""
    used = db.execute(
        "DELETE FROM invitations WHERE code_hash = ? AND expires_at > ? RETURNING role", (code_hash, now)
    ).fetchall()
    if not used:
        return None
    role = Role(used[0]["role"])
    db.execute("INSERT OR REPLACE INTO staff VALUES (?, ?, ?)", (person, role, now))
    return role


def with_role(db: sqlite3.Connection, *roles: Role) -> list[int]:
    """Return the people who have one of these roles."""
    rows = db.execute("SELECT person, role FROM staff ORDER BY person")
    return [row["person"] for row in rows if row["role"] in roles]
