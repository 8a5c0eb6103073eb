"""The one way out of a messenger account: takes the outbox by urgency and pace, and writes down what became of it.

The outbox is the truth; kept here is only which addresses are busy. A row is claimed on the disk before it is tried and
its outcome is written after, so that what was on its way when the process died is known to be unknown.
"""

import asyncio
import logging
import sqlite3
import time

from bot import outbox, people
from bot.messages import Outcome, State, Transport
from bot.outbox import Row
from bot.pace import Pace
from bot.storage import Store

log = logging.getLogger(__name__)

IN_FLIGHT = 64
"""Messages on their way at the same time at most, each to another address."""
LAST_TRIES = 2
"""Answers on their way for the last time, at most: what a crash in this moment would lose."""
LOOK_AGAIN = 1.0
"""Seconds after which the outbox is looked at even if nobody said that something is there."""
LONGEST_PAUSE = 30.0
"""Seconds between tries while the messenger cannot be reached."""


class Sender:
    """Sends for one account; `wake` after something was put into the outbox."""

    def __init__(self, store: Store, transport: Transport, pace: Pace) -> None:
        self._store = store
        self._transport = transport
        self._pace = pace
        self._wake = asyncio.Event()
        self._stopping = False
        self._last_tries = 0
        self._busy: set[str] = set()
        self._failures = 0

    def wake(self) -> None:
        """Say that there may be something to send."""
        self._wake.set()

    def stop(self) -> None:
        """Take nothing more; `run` returns when what is on its way has ended. The rest waits on the disk."""
        self._stopping = True
        self._wake.set()

    async def run(self) -> None:
        """Send until stopped. Cancelled, what is on its way stays claimed and is unknown at the next start."""
        await self._store.write_patiently(lambda db: outbox.recover(db, self._transport.messenger))
        async with asyncio.TaskGroup() as tries:
            while not self._stopping:
                self._wake.clear()
                rows, more = await self._claim()
                for row in rows:
                    tries.create_task(self._try(row))
                await self._rest(more)

    async def _claim(self) -> tuple[list[Row], bool]:
        """Take as many rows as pace and connections allow now; say whether there may be more."""
        now = time.monotonic()
        room = IN_FLIGHT - len(self._busy)
        answers, copies = self._pace.answers(now, room), self._pace.copies(now, room)
        if not answers and not copies:
            return [], True
        busy = [*self._busy, *self._pace.waiting_chats(now)]
        messenger = self._transport.messenger
        last = LAST_TRIES - self._last_tries
        rows = await self._store.write_patiently(
            lambda db: outbox.claim(db, messenger, busy, answers, copies, time.time(), last)
        )
        self._last_tries += sum(row.tries > 1 for row in rows)
        for row in rows:
            self._busy.add(row.address)
            self._pace.sent(row.address, row.is_copy, now)
        return rows, sum(row.is_copy for row in rows) >= copies or len(rows) >= room

    async def _rest(self, more: bool) -> None:
        seconds = self._pace.next_slot(time.monotonic()) if more and len(self._busy) < IN_FLIGHT else LOOK_AGAIN
        try:
            async with asyncio.timeout(min(seconds, LOOK_AGAIN)):
                await self._wake.wait()
        except TimeoutError:
            pass

    async def _try(self, row: Row) -> None:
        if self._pace.seconds_blocked(time.monotonic()):  # told so after this row was claimed
            outcome = Outcome(State.WAITING)
        elif row.tries > 1 and not await self._transport.reachable():  # or its last chance would go to waste
            outcome = Outcome(State.WAITING, reason="the messenger does not answer", everybody=True)
        else:
            outcome = await self._transport.send(row.address, row.outgoing)
        self._heed(outcome)
        if outcome.state is State.REFUSED and not outcome.unreachable:
            log.warning("refused for good: %s (%s)", row.outgoing.act, outcome.reason)
        await self._store.write_patiently(lambda db: _record(db, self._transport.messenger, row, outcome))
        self._busy.discard(row.address)
        self._last_tries -= row.tries > 1
        self._wake.set()

    def _heed(self, outcome: Outcome) -> None:
        """Stop the account if the messenger said so, or if it cannot be reached: longer each time."""
        if not outcome.everybody:
            self._failures = 0 if outcome.state is not State.WAITING else self._failures
            return
        now = time.monotonic()
        if not self._pace.seconds_blocked(now):  # what was on its way together fails together, and counts as one
            self._failures += 1
        seconds = outcome.seconds or pause(self._failures)
        self._pace.blocked(seconds, now, cautious=bool(outcome.seconds))
        log.warning("nothing is sent for %.1f s: %s", seconds, outcome.reason)


def pause(failures: int) -> float:
    """Return how many seconds nothing is sent after so many failures to reach the messenger."""
    return min(2.0 ** (min(failures, 100) - 4), LONGEST_PAUSE)


def _record(db: sqlite3.Connection, messenger: str, row: Row, outcome: Outcome) -> None:
    now = time.time()
    outbox.record(db, messenger, row, outcome, now)
    if outcome.unreachable and row.person is not None:
        people.unreachable(db, row.person, int(now))
