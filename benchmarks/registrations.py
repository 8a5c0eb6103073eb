"""Whether the database holds of each person exactly what they answered."""

import sqlite3
from collections.abc import Iterable
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path

from benchmarks.people import Story, Talker
from bot import consents, interests, offers


@dataclass
class Registrations:
    """What became of the registrations and offers that people were told of."""

    told: int = 0
    lost: int = 0
    wrong: int = 0
    """Half written: without their consents, with other answers than were given, or of somebody who had not finished."""
    parked: int = 0
    """Messages the bot gave up."""


def check(database: Path, talkers: Iterable[Talker]) -> Registrations:
    """Compare the database of a bot that has ended with what people answered."""
    found = Registrations()
    with closing(sqlite3.connect(database)) as db:
        db.row_factory = sqlite3.Row
        found.parked = int(db.execute("SELECT count(*) FROM inbox WHERE parked").fetchone()[0])
        ids = {row["address"]: row["person"] for row in db.execute("SELECT address, person FROM addresses")}
        for talker in talkers:
            _check(db, ids.get(str(talker.person.id), 0), talker, found)
    return found


def _check(db: sqlite3.Connection, person: int, talker: Talker, found: Registrations) -> None:
    kept, right = _kept(db, person), _right(talker.story)
    nothing = (None, None, set[str]())
    has_confirmed = talker.said == len(talker.story.steps)
    allowed = [right] if talker.is_done else [right, nothing] if has_confirmed else [nothing]
    found.told += talker.is_done and right != nothing
    if kept not in allowed:
        found.lost += kept == nothing
        found.wrong += kept != nothing


def _kept(db: sqlite3.Connection, person: int) -> tuple[object, object, set[str]]:
    offer = offers.find(db, person)
    given = {purpose for purpose, _ in consents.of(db, person)}
    return interests.find(db, person), offer and replace(offer, reference=""), given


def _right(story: Story) -> tuple[object, object, set[str]]:
    interest = story.interest
    if interest is not None:
        interest = replace(interest, topics=sorted(interest.topics))
    return interest, story.offer, story.consents
