"""What the numbers under a message mean, where there are no buttons: the newest few messages of each address.

A menu is kept in the moment in which its message leaves, and gets the messenger's id of it once that is known. A number
that comes sooner than anybody can read belongs to the menu before.
"""

import json
import sqlite3
from dataclasses import asdict, dataclass

from bot.messages import Button
from bot.questions import NONE, PAGE
from bot.words import normal

KEPT = 10
"""Menus with numbers of one address that can be quoted, and as many notices."""
FORGOTTEN_AFTER = 7 * 24 * 3600
"""Seconds after which what a number meant is forgotten."""
_NUMBERED = "(json_extract(buttons, '$[0].key') IN ('', '0'))"
"""Numbers choose here; in a notice a word does."""


@dataclass(frozen=True)
class Menu:
    """The choices under one message of ours."""

    message: str
    buttons: tuple[Button, ...]

    @property
    def counted(self) -> list[Button]:
        """The choices with numbers; the first is number 1."""
        return [button for button in self.buttons if not button.key]

    @property
    def turning(self) -> list[Button]:
        """The choices that are no answer and turn the page."""
        return [button for button in self.counted if f":{PAGE}" in button.data or button.data.endswith(f":{NONE}")]

    @property
    def page(self) -> int:
        """The page of a long list that is shown, -1 for the last."""
        following = [button.data.rpartition(f":{PAGE}")[2] for button in self.counted if f":{PAGE}" in button.data]
        return int(following[0]) - 1 if following and following[0].isdecimal() else 0

    def belongs_to(self, conversation: int, question: str) -> bool:
        """Say whether these are the choices of this question."""
        return any(button.data.startswith(f"a:{conversation}:{question}:") for button in self.buttons)


def shown(
    db: sqlite3.Connection, messenger: str, address: str, row: int, buttons: tuple[Button, ...], now: float
) -> None:
    """Keep what is on its way to somebody known, as the outbox row that it leaves with."""
    db.execute(
        "INSERT INTO menus (messenger, address, message, outbox, buttons, shown_at, person)"
        " SELECT messenger, address, '', ?, ?, ?, person FROM addresses WHERE messenger = ? AND address = ?",
        (row, json.dumps([asdict(button) for button in buttons], ensure_ascii=False), now, messenger, address),
    )
    here = f"messenger = ? AND address = ? AND {_NUMBERED} = ?"  # many notices do not push out what is open
    for is_numbered in (True, False):
        db.execute(
            f"DELETE FROM menus WHERE {here} AND id <="  # noqa: S608 - a constant
            f" (SELECT id FROM menus WHERE {here} ORDER BY id DESC LIMIT 1 OFFSET ?)",
            (messenger, address, is_numbered, messenger, address, is_numbered, KEPT),
        )


def arrived(db: sqlite3.Connection, row: int, message: str) -> None:
    """Remember the messenger's id of what left with this outbox row."""
    db.execute("UPDATE menus SET message = ? WHERE outbox = ?", (message, row))


def not_sent(db: sqlite3.Connection, row: int) -> None:
    """Drop what certainly nobody saw."""
    db.execute("DELETE FROM menus WHERE outbox = ?", (row,))


def under(db: sqlite3.Connection, messenger: str, address: str, message: str) -> Menu | None:
    """Return the choices under a message of ours, None if there were none."""
    found = [menu for menu in _newest(db, messenger, address) if message and menu.message == message]
    return found[0] if found else None


def last(db: sqlite3.Connection, messenger: str, address: str, now: float, seconds_to_read: float = 0) -> Menu | None:
    """Return the newest choices that can have been read by now, as far as they have numbers."""
    kept = _newest(db, messenger, address, now - seconds_to_read, now)
    return next((menu for menu in kept if menu.counted or menu.buttons[0].key == "0"), None)


def of(db: sqlite3.Connection, messenger: str, address: str, conversation: int, question: str) -> Menu | None:
    """Return the newest choices of a question."""
    return next((menu for menu in _newest(db, messenger, address) if menu.belongs_to(conversation, question)), None)


def by_word(db: sqlite3.Connection, messenger: str, address: str, text: str) -> Button | None:
    """Return the choice of any of these menus whose word this is."""
    keyed = (button for menu in _newest(db, messenger, address) for button in menu.buttons if len(button.key) > 1)
    return next((button for button in keyed if normal(button.key) == normal(text)), None)


def forget(db: sqlite3.Connection, now: int) -> None:
    """Forget what nobody remembers either."""
    db.execute("DELETE FROM menus WHERE shown_at < ?", (now - FORGOTTEN_AFTER,))


def _newest(
    db: sqlite3.Connection, messenger: str, address: str, unread_from: float = 0, unread_to: float = 0
) -> list[Menu]:
    rows = db.execute(
        "SELECT message, buttons FROM menus WHERE messenger = ? AND address = ?"
        " AND NOT (shown_at > ? AND shown_at <= ?)"  # later than now: the clock was put back
        " ORDER BY id DESC",
        (messenger, address, unread_from, unread_to),
    )
    return [Menu(row["message"], tuple(Button(**button) for button in json.loads(row["buttons"]))) for row in rows]
