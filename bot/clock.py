"""What happens by the clock. APScheduler only wakes these functions; what is due stands in the database."""

import logging
import sqlite3
import time
from collections.abc import Callable, Mapping

from apscheduler.schedulers.asyncio import AsyncIOScheduler

from bot import broadcasts, inbox, outbox, people
from bot.broadcasts import Broadcast
from bot.languages import Languages, Words
from bot.messages import Outgoing
from bot.outbox import Urgency
from bot.storage import Store

log = logging.getLogger(__name__)

PROGRESS = 2
FORGET = 300
"""Seconds between two looks."""
UNFINISHED = 24 * 3600
"""Seconds after which the answers of an unfinished conversation are forgotten."""


class Clock:
    """The jobs of the bot; `start` inside a running loop, `stop` at the end."""

    def __init__(
        self,
        store: Store,
        languages: Languages,
        progress: Callable[[Broadcast], Words],
        report: Callable[[Broadcast, Mapping[str, int]], Words],
        wake: Callable[[], None],
    ) -> None:
        self._store = store
        self._languages = languages
        self._progress = progress
        self._report = report
        self._wake = wake
        self._scheduler = AsyncIOScheduler(timezone="UTC", job_defaults={"coalesce": True, "max_instances": 1})

    def start(self) -> None:
        """Begin to look."""
        self._scheduler.add_job(self.tell_authors, "interval", seconds=PROGRESS)
        self._scheduler.add_job(self.forget, "interval", seconds=FORGET)
        self._scheduler.start()

    def stop(self) -> None:
        """Look no more."""
        self._scheduler.shutdown(wait=False)

    async def tell_authors(self) -> None:
        """Show the authors of broadcasts how far they are, and at the end what became of them."""
        open_ones = await self._store.read(lambda db: broadcasts.unfinished(db, time.time()))
        for broadcast in open_ones:
            await self._store.write(lambda db, broadcast=broadcast: self._tell(db, broadcast))  # type: ignore[misc]
        if open_ones:
            self._wake()

    async def forget(self) -> None:
        """Forget passers-by, unfinished conversations and old ids, and leave no trace of what was deleted."""
        now = int(time.time())
        await self._store.write(lambda db: forget(db, now))
        await self._store.empty_log()

    def _tell(self, db: sqlite3.Connection, broadcast: Broadcast) -> None:
        shown = repr(sorted(broadcast.counts.items()))
        handle = f"broadcast-{broadcast.id}"
        if shown != broadcast.shown:
            self._write(db, broadcast.author, self._progress(broadcast), handle)
            broadcasts.note_shown(db, broadcast.id, shown)
        if broadcast.over:
            self._write(db, broadcast.author, self._report(broadcast, broadcasts.reasons(db, broadcast.id)))
            broadcasts.finish(db, broadcast.id, time.time())

    def _write(self, db: sqlite3.Connection, person: int | None, words: Words, handle: str = "") -> None:
        row = db.execute("SELECT language FROM people WHERE id = ?", (person,)).fetchone()
        if row is None or person is None:
            return
        text = self._languages.render(words, row["language"] or self._languages.codes[0])
        messenger, address = people.addresses(db, person)[0]
        outgoing = Outgoing(act="change" if handle else "send", text=text, replaces_handle=handle)
        outbox.put(db, messenger, address, person, outgoing, int(time.time()), Urgency.NOTICE)


def forget(db: sqlite3.Connection, now: int) -> None:
    """Delete what has been kept long enough."""
    forgotten = people.forget_passers_by(db, now)
    db.execute("DELETE FROM conversations WHERE changed_at < ?", (now - UNFINISHED,))
    inbox.prune(db, now)
    outbox.lose_recipients(db, now)
    if forgotten:
        log.info("forgot %d people who registered nothing", forgotten)
