"""Where a conversation stands between two messages, and the table that keeps it."""

import json
import sqlite3
from dataclasses import dataclass, field
from typing import Any

from bot.questions import MEANT_VALUE, MENU
from bot.storage import insert

MENU_QUESTION = MENU
FREE = "free"
"""In the draft: the open question takes any text."""
UNREAD = "!"
"""In the sources: the message that was no answer to the open question."""
LEFT = "!left"
"""Among the answers: the question that was open when the conversation was left, and its draft."""


@dataclass
class Progress:
    """Where a conversation stands: all that is saved of it."""

    id: int
    name: str
    argument: str
    answers: dict[str, Any] = field(default_factory=dict)
    question: str = ""
    draft: dict[str, Any] = field(default_factory=dict)
    failures: int = 0
    changed_at: int = 0
    sources: dict[str, str] = field(default_factory=dict)
    """In which message of theirs each answer was written, by all ids that it has had; the last answer last."""

    @property
    def takes_any_text(self) -> bool:
        """Whether the open question takes whatever is written."""
        return bool(self.draft.get(FREE))

    def written_in(self, own: str) -> str:
        """Return the key of the answer that was written in this message, '' if there is none."""
        return next((key for key, ids in self.sources.items() if own in ids.split() and key != UNREAD), "")

    def last_written_in(self, own: str) -> str:
        """Return the key of the question that this message was about, if nothing was answered since, else ''."""
        if own in self.sources.get(UNREAD, "").split():
            return self.question
        key = self.written_in(own)
        return key if key and key == next(reversed(self.answers), "") else ""

    def open_again(self, key: str, page: int = 0) -> None:
        """Let this question be the open one, at the page on which it was answered and with what was ticked."""
        if key != self.question:
            old = self.answers.pop(key, None)
            self.question = key
            self.draft = {"selected": old, "page": page} if isinstance(old, list) else {"page": page}

    def forget_draft(self) -> None:
        """Forget what was ticked or is being changed, also if the conversation was left meanwhile."""
        self.draft = {}
        if LEFT in self.answers:
            self.answers[LEFT]["draft"] = {}

    def go_on_where_it_was_left(self) -> None:
        """Take up the question that was open when this was left, with what was ticked."""
        left = self.answers.pop(LEFT)
        self.question, self.draft = left["question"], left["draft"]
        self.draft.pop(MEANT_VALUE, None)


def open_one(db: sqlite3.Connection, person: int) -> Progress | None:
    """Return the conversation whose question is open: the newest that was not left."""
    return next(iter(_find(db, "person = ? AND left_at IS NULL", person)), None)


def unfinished(db: sqlite3.Connection, person: int) -> list[Progress]:
    """Return the conversations that this person began and did not finish, the newest first."""
    return _find(db, "person = ?", person)


def _find(db: sqlite3.Connection, which: str, *values: Any) -> list[Progress]:
    rows = db.execute(f"SELECT * FROM conversations WHERE {which} ORDER BY id DESC", values)  # noqa: S608 - a constant
    return [
        Progress(
            id=row["id"],
            name=row["name"],
            argument=row["argument"],
            answers=json.loads(row["answers"]),
            question=row["question"],
            draft=json.loads(row["draft"]),
            failures=row["failures"],
            changed_at=row["changed_at"],
            sources=json.loads(row["sources"]),
        )
        for row in rows
    ]


def start(db: sqlite3.Connection, person: int, name: str, argument: str, now: int) -> Progress:
    """Begin a conversation, or with what was answered and ticked in it when it was left."""
    answers, sources = {}, {}
    for before in _find(db, "person = ? AND name = ?", person, name):
        delete(db, before)
        if before.argument == argument and (before.answers or before.draft.get("selected")):
            left = before.answers.pop(LEFT, {"question": before.question, "draft": before.draft})
            answers, sources = {LEFT: left, **before.answers}, before.sources
    id = insert(
        db,
        "INSERT INTO conversations (person, name, argument, answers, question, draft, failures, changed_at, sources)"
        " VALUES (?, ?, ?, ?, '', '{}', 0, ?, ?)",
        (person, name, argument, json.dumps(answers, ensure_ascii=False), now, json.dumps(sources)),
    )
    return Progress(id, name, argument, answers, sources=sources)


def forget_menu(db: sqlite3.Connection, person: int) -> None:
    """Delete the menu that is open."""
    which = "person = ? AND question = ? AND left_at IS NULL"
    db.execute(f"DELETE FROM conversations WHERE {which}", (person, MENU_QUESTION))  # noqa: S608 - from above


def leave(db: sqlite3.Connection, person: int, now: int) -> None:
    """Leave what is open, so that it can be continued."""
    db.execute("UPDATE conversations SET left_at = ? WHERE person = ? AND left_at IS NULL", (now, person))


def save(db: sqlite3.Connection, progress: Progress, now: int) -> None:
    """Keep where a conversation stands."""
    db.execute(
        "UPDATE conversations SET answers = ?, question = ?, draft = ?, failures = ?, changed_at = ?, sources = ?"
        " WHERE id = ?",
        (
            json.dumps(progress.answers, ensure_ascii=False),
            progress.question,
            json.dumps(progress.draft, ensure_ascii=False),
            progress.failures,
            now,
            json.dumps(progress.sources),
            progress.id,
        ),
    )


def delete(db: sqlite3.Connection, progress: Progress) -> None:
    """Forget a conversation."""
    db.execute("DELETE FROM conversations WHERE id = ?", (progress.id,))
