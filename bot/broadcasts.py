"""Broadcasts: one text in every language, an audience, a copy for each person, and counts that always add up."""

import json
import sqlite3
from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from bot import accounts
from bot.interests import Frequency
from bot.messages import State
from bot.outbox import SOON, Urgency
from bot.storage import insert

WEEKLY = "weekly"
"""The line of copies that wait for the weekly day."""
WEEKLY_DAY, WEEKLY_HOUR = 4, 10
"""Friday, ten o'clock: when people who chose "once a week" get theirs."""


class Group(StrEnum):
    """Whom a broadcast is for."""

    EVERYONE = "everyone"
    REGION = "region"
    VOLUNTEERS = "volunteers"


@dataclass(frozen=True)
class Audience:
    """Who is meant. No topics: all; a topic is something that people from the region chose."""

    group: Group
    topics: tuple[str, ...]
    languages: tuple[str, ...]


@dataclass(frozen=True)
class Broadcast:
    """One that is under way or over."""

    id: int
    author: int | None
    previewed: int
    shown: str
    counts: dict[str, int]
    """Copies by state; `weekly` are those that wait for the weekly day."""
    by_messenger: dict[str, tuple[int, int]]
    """How many have left, of how many that leave at once."""
    held: dict[str, int]
    """Until when copies are held back, by messenger: UTC in seconds."""

    @property
    def total(self) -> int:
        """Return the number of copies, which is the number previewed."""
        return sum(self.counts.values())

    @property
    def left(self) -> int:
        """Return how many copies are no longer waiting."""
        return self.total - sum(self.counts.get(line, 0) for line in (State.WAITING, State.TRYING, WEEKLY))

    @property
    def tenths(self) -> int:
        """Return the same in tenths."""
        return 10 * self.left // max(self.total, 1)

    @property
    def over(self) -> bool:
        """Say whether nothing can leave any more, but what waits for the weekly day."""
        return not self.counts.get(State.WAITING) and not self.counts.get(State.TRYING)


# Each person once, on the messenger that they prefer of those that reach them.
_RECIPIENTS = """
    SELECT people.id AS person, language, messenger, address, frequency,
           min(iif(messenger IS preferred, '', messenger)) AS best
    FROM people
    JOIN addresses ON addresses.person = people.id AND unreachable_since IS NULL
    LEFT JOIN interests ON interests.person = people.id
    LEFT JOIN offers ON offers.person = people.id AND offers.paused_at IS NULL
    WHERE news_stopped_at IS NULL
    AND language IN (SELECT value FROM json_each(:languages))
    AND ((:group IN ('everyone', 'region') AND interests.person IS NOT NULL
          AND EXISTS (SELECT 1 FROM consents WHERE consents.person = people.id AND purpose = 'news')
          AND (:topics = '[]' OR EXISTS (SELECT 1 FROM interest_topics
               WHERE interest_topics.person = people.id AND topic IN (SELECT value FROM json_each(:topics)))))
      OR (:group IN ('everyone', 'volunteers') AND offers.person IS NOT NULL AND :topics = '[]'
          AND EXISTS (SELECT 1 FROM consents WHERE consents.person = people.id AND purpose = 'volunteer')))
    GROUP BY people.id"""


def _parameters(audience: Audience) -> dict[str, Any]:
    return {
        "group": audience.group,
        "topics": json.dumps(audience.topics),
        "languages": json.dumps(audience.languages),
    }


def count(db: sqlite3.Connection, audience: Audience) -> dict[str, int]:
    """Return how many people would receive a broadcast, per language."""
    rows = db.execute(
        f"SELECT language, count(*) AS n FROM ({_RECIPIENTS}) GROUP BY language ORDER BY language",  # noqa: S608 - a constant
        _parameters(audience),
    )
    return {row["language"]: row["n"] for row in rows}


def count_by_messenger(db: sqlite3.Connection, audience: Audience) -> dict[str, int]:
    """Return how many of them get it on which messenger at once."""
    query = f"SELECT messenger, count(*) AS n FROM ({_RECIPIENTS}) WHERE frequency IS NOT '{Frequency.WEEKLY}'"  # noqa: S608
    rows = db.execute(f"{query} GROUP BY messenger ORDER BY messenger DESC", _parameters(audience))
    return {row["messenger"]: row["n"] for row in rows}


def count_weekly(db: sqlite3.Connection, audience: Audience) -> int:
    """Return how many of them chose to be written to once a week."""
    query = f"SELECT count(*) FROM ({_RECIPIENTS}) WHERE frequency = '{Frequency.WEEKLY}'"  # noqa: S608 - a constant
    return int(db.execute(query, _parameters(audience)).fetchone()[0])


def start(db: sqlite3.Connection, author: int, texts: Mapping[str, str], audience: Audience, now: datetime) -> int:
    """Write a copy for everybody in the audience, in their own language, and return the broadcast's id.

    `now` is in the city's zone: people who chose "once a week" get theirs on its next Friday.
    """
    started = int(now.timestamp())
    id = insert(
        db,
        "INSERT INTO broadcasts (author, texts, audience, previewed, started_at) VALUES (?, ?, ?, ?, ?)",
        (author, json.dumps(dict(texts), ensure_ascii=False), json.dumps(asdict(audience)), 0, started),
    )
    db.execute(
        "INSERT INTO outbox (messenger, address, person, urgency, language, broadcast, not_before, written_at)"  # noqa: S608
        f" SELECT messenger, address, person, {Urgency.COPY:d}, language, :broadcast,"
        f" iif(frequency = '{Frequency.WEEKLY}', :weekly, 0), :now FROM ({_RECIPIENTS})",
        {**_parameters(audience), "broadcast": id, "weekly": int(next_weekly(now).timestamp()), "now": started},
    )
    db.execute(
        "UPDATE broadcasts SET previewed = (SELECT count(*) FROM outbox WHERE broadcast = ?) WHERE id = ?", (id, id)
    )
    return id


def next_weekly(now: datetime) -> datetime:
    """Return the next time at which the weekly copies leave, in the zone of `now`."""
    day = now + timedelta(days=(WEEKLY_DAY - now.weekday()) % 7)
    slot = day.replace(hour=WEEKLY_HOUR, minute=0, second=0, microsecond=0)
    return slot if slot > now else slot + timedelta(days=7)


def unfinished(db: sqlite3.Connection) -> list[int]:
    """Return the ids of the broadcasts whose author waits for the report."""
    return [row["id"] for row in db.execute("SELECT id FROM broadcasts WHERE finished_at IS NULL")]


def find(db: sqlite3.Connection, id: int, now: float) -> Broadcast:
    """Return a broadcast with its counts as they are now."""
    row = db.execute("SELECT * FROM broadcasts WHERE id = ?", (id,)).fetchone()
    lines = db.execute(
        f"SELECT messenger, iif(state = 'waiting' AND not_before > :later, '{WEEKLY}', state) AS line, count(*) AS n"  # noqa: S608
        " FROM outbox WHERE broadcast = :id GROUP BY messenger, line",
        {"later": now + SOON, "id": id},
    ).fetchall()
    counts: Counter[str] = Counter()
    by_messenger: dict[str, tuple[int, int]] = {}
    for line in lines:
        counts[line["line"]] += line["n"]
        left, all = by_messenger.get(line["messenger"], (0, 0))
        waits = line["line"] in (State.WAITING, State.TRYING)
        if line["line"] != WEEKLY:
            by_messenger[line["messenger"]] = (left + line["n"] * (not waits), all + line["n"])
    held = {
        messenger: int(until) for messenger in by_messenger if (until := accounts.find(db, messenger).held_until) > now
    }
    return Broadcast(id, row["author"], row["previewed"], row["shown"], dict(counts), by_messenger, held)


def reasons(db: sqlite3.Connection, id: int) -> dict[str, int]:
    """Return why copies were refused for good, with how many each."""
    rows = db.execute(
        "SELECT reason, count(*) AS n FROM outbox WHERE broadcast = ? AND state = 'refused' GROUP BY reason", (id,)
    )
    return {row["reason"] or "": row["n"] for row in rows}


def shown_on(db: sqlite3.Connection, id: int) -> str:
    """Return the messenger on which the author sees how far a broadcast is, '' if nowhere any more."""
    row = db.execute(
        "SELECT messenger FROM shown JOIN broadcasts ON author = person WHERE broadcasts.id = ? AND handle = ?",
        (id, handle(id)),
    ).fetchone()
    return row["messenger"] if row else ""


def is_yet_to_be_shown(db: sqlite3.Connection, id: int) -> bool:
    """Say whether the message that shows how far a broadcast is has still to arrive."""
    query = (
        "SELECT 1 FROM outbox JOIN broadcasts ON author = outbox.person WHERE broadcasts.id = ?"
        " AND state IN ('waiting', 'trying') AND json_extract(payload, '$.handle') = ?"
    )
    return db.execute(query, (id, handle(id))).fetchone() is not None


def handle(id: int) -> str:
    """Return the name of the message that shows how far a broadcast is."""
    return f"broadcast-{id}"


def note_shown(db: sqlite3.Connection, id: int, shown: str) -> None:
    """Remember which counts the progress message shows."""
    db.execute("UPDATE broadcasts SET shown = ? WHERE id = ?", (shown, id))


def finish(db: sqlite3.Connection, id: int, now: float) -> None:
    """Close a broadcast once its report is on its way."""
    db.execute("UPDATE broadcasts SET finished_at = ? WHERE id = ?", (int(now), id))
