"""What happens by the clock. APScheduler only wakes these functions; what is due stands in the database."""

import logging
import sqlite3
import time
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Protocol

from apscheduler.schedulers.asyncio import AsyncIOScheduler

from bot import alerts, broadcasts, connections, inbox, menus, outbox, people, staff
from bot.alerts import Alert
from bot.broadcasts import Broadcast
from bot.chat import Notice
from bot.conversations import Conversations
from bot.languages import Words
from bot.outbox import Urgency
from bot.questions import Link
from bot.staff import Role
from bot.storage import Store

log = logging.getLogger(__name__)

MOST_CHANGES = 10
"""How often a message can be changed where that is limited; the last time is kept for the end."""
PROGRESS = 2
FORGET = 300
"""Seconds between two looks."""
COUNTED_PER_SECOND = 1000
"""Copies that are counted in a second at most, to say how far a broadcast is."""
UNFINISHED = 24 * 3600
"""Seconds after which the answers of an unfinished conversation are forgotten."""


class Texts(Protocol):
    """What the clock says to staff."""

    def progress(self, broadcast: Broadcast, titles: Mapping[str, str], local: Callable[[int], datetime]) -> Words:
        """How far a broadcast is."""

    def report(self, broadcast: Broadcast, reasons: Mapping[str, int]) -> Words:
        """What became of it."""

    def alert(self, alert: Alert, title: str, local: Callable[[int], datetime]) -> tuple[Words, list[Link], list[Role]]:
        """What happened to a messenger, what can be done, and who has to know."""


class Clock:
    """The jobs of the bot; `start` inside a running loop, `stop` at the end."""

    def __init__(self, store: Store, conversations: Conversations, texts: Texts, wake: Callable[[], None]) -> None:
        self._store = store
        self._conversations = conversations
        self._texts = texts
        self._wake = wake
        self._counted_again_at: dict[int, float] = {}
        """When a broadcast is counted next, on the monotonic clock: a large one less often."""
        self._scheduler = AsyncIOScheduler(timezone="UTC", job_defaults={"coalesce": True, "max_instances": 1})

    def start(self) -> None:
        """Begin to look."""
        self._scheduler.add_job(self.tell_authors, "interval", seconds=PROGRESS)
        self._scheduler.add_job(self.tell_office, "interval", seconds=PROGRESS)
        self._scheduler.add_job(self.forget, "interval", seconds=FORGET)
        self._scheduler.start()

    def stop(self) -> None:
        """Look no more."""
        self._scheduler.shutdown(wait=False)

    async def tell_authors(self) -> None:
        """Show the authors of broadcasts how far they are, and at the end what became of them."""
        ids = await self._store.read(broadcasts.unfinished)
        due = [id for id in ids if self._counted_again_at.get(id, 0) <= time.monotonic()]
        for id in due:
            broadcast = await self._store.read(lambda db, id=id: broadcasts.find(db, id, time.time()))  # type: ignore[misc]
            await self._store.write(lambda db, broadcast=broadcast: self._tell(db, broadcast))  # type: ignore[misc]
            self._counted_again_at[id] = time.monotonic() + broadcast.total / COUNTED_PER_SECOND
        self._counted_again_at = {id: at for id, at in self._counted_again_at.items() if id in ids}
        if due:
            self._wake()

    async def tell_office(self) -> None:
        """Tell staff what happened to the messengers."""
        if await self._store.read(alerts.any_waiting):
            await self._store.write(self._tell_office)
            self._wake()

    async def forget(self) -> None:
        """Forget passers-by, unfinished conversations and old ids, and leave no trace of what was deleted."""
        now = int(time.time())
        await self._store.write(lambda db: forget(db, now))
        await self._store.empty_log()

    def _tell(self, db: sqlite3.Connection, broadcast: Broadcast) -> None:
        conversations = self._conversations
        words = self._texts.progress(broadcast, conversations.titles, conversations.profile.local)
        messenger = broadcasts.shown_on(db, broadcast.id)
        shown = self._shown(broadcast, messenger)
        if messenger and shown != broadcast.shown:
            self._write(db, broadcast.author, messenger, words, broadcasts.handle(broadcast.id))
            broadcasts.note_shown(db, broadcast.id, shown)
        if broadcast.over and (messenger or not broadcasts.is_yet_to_be_shown(db, broadcast.id)):
            report = self._texts.report(broadcast, broadcasts.reasons(db, broadcast.id))
            self._write(db, broadcast.author, messenger, report)
            broadcasts.finish(db, broadcast.id, time.time())

    def _shown(self, broadcast: Broadcast, messenger: str) -> str:
        """Return what the progress message is to show; where it can be changed only a few times, seldom something new.

        There it is "times changed, tenths, who is held". A pause is worth a change if there were not too many yet.
        """
        if messenger not in self._conversations.abilities or self._conversations.abilities[messenger].changes:
            return repr((sorted(broadcast.counts.items()), sorted(broadcast.held.items())))
        times, tenths, held = [*broadcast.shown.split(","), "", ""][:3] if broadcast.shown else ("0", "0", "")
        now_held = " ".join(sorted(broadcast.held))
        changed = int(times) if times.isdecimal() else 0
        is_worth_it = tenths != str(broadcast.tenths) or (held != now_held and changed <= broadcast.tenths)
        if not is_worth_it or (changed >= MOST_CHANGES - 1 and not broadcast.over):
            return broadcast.shown
        return f"{changed + 1},{broadcast.tenths},{now_held}"

    def _write(
        self, db: sqlite3.Connection, person: int | None, messenger: str, words: Words, handle: str = ""
    ) -> None:
        if person is not None:
            act = "change" if handle else "send"
            notice = Notice(person, words, messenger=messenger)
            self._conversations.tell(db, notice, int(time.time()), act=act, handle=handle)

    def _tell_office(self, db: sqlite3.Connection) -> None:
        now = int(time.time())
        for alert in alerts.take(db):
            title = self._conversations.titles.get(alert.messenger, alert.messenger)
            words, links, roles = self._texts.alert(alert, title, self._conversations.profile.local)
            for member in staff.with_role(db, *roles):
                reached = people.addresses(db, member)
                others = [messenger for messenger, _address in reached if messenger != alert.messenger]
                urgency = Urgency.NOTICE if others else Urgency.RESCUE
                notice = Notice(member, words, tuple(links), messenger=others[0] if others else "")
                self._conversations.tell(db, notice, now, urgency)


def forget(db: sqlite3.Connection, now: int) -> None:
    """Delete what has been kept long enough."""
    forgotten = people.forget_passers_by(db, now)
    db.execute("DELETE FROM conversations WHERE changed_at < ?", (now - UNFINISHED,))
    inbox.prune(db, now)
    menus.forget(db, now)
    people.forget_turns(db, now)
    connections.forget(db, now)
    outbox.lose_recipients(db, now)
    if forgotten:
        log.info("forgot %d people who registered nothing", forgotten)
