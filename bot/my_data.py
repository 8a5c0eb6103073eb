"""Everything kept about a person, as Art. 15 and 20 GDPR ask for it.

Read from the schema, so that a table added later is never left out: whatever references `people` belongs to it.
"""

import json
import sqlite3
from datetime import UTC, datetime
from typing import Any

INTERNAL = {
    "id",
    "person",
    "draft",
    "failures",
    "told_at",
    "told_of",
    "code_hash",
    "outbox",
    "moved",
    "claimed_by",
}


def collect(db: sqlite3.Connection, person: int) -> dict[str, Any]:
    """Return all rows about a person by table; times as ISO strings in UTC."""
    data: dict[str, Any] = {"people": [_row(row) for row in _rows(db, "people", "id", person)]}
    for table in tables_about_people(db):
        column = next(key["from"] for key in _foreign_keys(db, table) if key["table"] == "people")
        rows = [_row(row) for row in _rows(db, table, column, person)]
        if rows:
            data[table] = rows
    return data


def as_json(db: sqlite3.Connection, person: int, messenger: str) -> str:
    """Return the same as a text file for the chat on this messenger.

    Of the person's other chats the addresses are left out: whoever was let in by mistake could write to them.
    """
    data = collect(db, person)
    for rows in data.values():
        for row in rows:
            if row.get("messenger", messenger) != messenger:
                row.pop("address", None)
    return json.dumps(data, ensure_ascii=False, indent=2) + "\n"


def tables_about_people(db: sqlite3.Connection) -> list[str]:
    """Return the tables whose rows belong to a person."""
    names = [row["name"] for row in db.execute("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")]
    return [name for name in names if any(key["table"] == "people" for key in _foreign_keys(db, name))]


def _foreign_keys(db: sqlite3.Connection, table: str) -> list[sqlite3.Row]:
    return db.execute(f"PRAGMA foreign_key_list({table})").fetchall()


def _rows(db: sqlite3.Connection, table: str, column: str, person: int) -> list[sqlite3.Row]:
    return db.execute(f"SELECT * FROM {table} WHERE {column} = ?", (person,)).fetchall()  # noqa: S608 - names of our schema


def _row(row: sqlite3.Row) -> dict[str, Any]:
    return {key: _value(key, row[key]) for key in row.keys() if key not in INTERNAL and row[key] is not None}  # noqa: SIM118 - a Row iterates over its values


def _value(key: str, value: Any) -> Any:
    if isinstance(value, int | float) and (key.endswith("_at") or key in ("since", "unreachable_since", "not_before")):
        return datetime.fromtimestamp(value, UTC).isoformat()
    if isinstance(value, str) and value[:1] in ("[", "{"):
        return json.loads(value)
    return value
