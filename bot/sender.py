"""The one way out of a messenger account: takes the outbox by urgency and pace, and writes down what became of it.

The outbox is the truth; kept here is only which addresses are busy. A row is claimed on the disk before it is tried and
its outcome is written after, so that what was on its way when the process died is known to be unknown.
"""

import asyncio
import logging
import sqlite3
import time
from dataclasses import replace

from bot import accounts, alerts, outbox, people
from bot.accounts import Standing
from bot.alerts import Alert, Trouble
from bot.messages import Outcome, Reason, State, Transport
from bot.outbox import Row, Urgency
from bot.pace import SLOW, Pace
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
SEVERAL = 2
"""People whose answers are refused by a limit in a row, from which on it is about the account and not about them."""
REFUSED = 3
"""People whose copies are refused in a row for no reason that we know, from which on it is about us."""
FIRST_HOLD, LONGEST_HOLD = 60.0, 64 * 60.0
"""Seconds that copies are held when the messenger finds that we send too much, and does not say for how long."""


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
        self._copies = 0
        """How many of them are copies."""
        self._failures = 0
        self._standing = Standing()
        self._limited: set[str] = set()
        """Whose answers were refused by a limit since one was accepted."""
        self._refused: set[str] = set()
        """Whose copies were refused for an unknown reason since one was accepted."""
        self._holds = 0
        """How often copies were held because of them."""
        self._page = ""

    def wake(self) -> None:
        """Say that there may be something to send."""
        self._wake.set()

    def stop(self) -> None:
        """Take nothing more; `run` returns when what is on its way has ended. The rest waits on the disk."""
        self._stopping = True
        self._wake.set()

    async def run(self) -> None:
        """Send until stopped. Cancelled, what is on its way stays claimed and is unknown at the next start."""
        messenger = self._transport.messenger
        await self._store.write_patiently(lambda db: outbox.recover(db, messenger, time.time()))
        self._standing = await self._store.read(lambda db: accounts.find(db, messenger))
        self._pace.resume(self._standing, time.monotonic() - time.time())
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
        answers, below = self._pace.answers(now, room), Urgency.COPY
        room_for_copies = min(room, self._pace.copies_on_their_way(IN_FLIGHT) - self._copies)
        copies = self._pace.copies(now, room_for_copies)
        if self._pace.seconds_blocked(now):
            answers, below = room, Urgency.ANSWER
        if not answers and not copies:
            return [], True
        busy = [*self._busy, *self._pace.waiting_chats(now)]
        messenger = self._transport.messenger
        last = LAST_TRIES - self._last_tries
        standing = replace(self._standing, free_at=time.time() + self._pace.slot)

        def claim(db: sqlite3.Connection) -> list[Row]:
            taken = outbox.claim(db, messenger, busy, answers, copies, time.time(), last, below)
            if self._pace.slot >= SLOW and any(row.is_copy for row in taken):
                accounts.save(db, messenger, standing)
            return taken

        rows = await self._store.write_patiently(claim)
        if any(row.is_copy for row in rows):
            self._standing = replace(self._standing, free_at=standing.free_at)
        self._last_tries += sum(row.tries > 1 for row in rows)
        for row in rows:
            self._busy.add(row.address)
            self._copies += row.is_copy
            if row.outgoing.is_message:
                self._pace.sent(row.address, row.is_copy, now)
        more_copies = room_for_copies > 0 and sum(row.is_copy for row in rows) >= copies
        self._pace.copies_wait = more_copies and (copies > 0 or self._pace.copies_wait)
        return rows, more_copies or len(rows) >= room

    async def _rest(self, more: bool) -> None:
        seconds = self._pace.next_slot(time.monotonic()) if more and len(self._busy) < IN_FLIGHT else LOOK_AGAIN
        try:
            async with asyncio.timeout(min(seconds, LOOK_AGAIN)):
                await self._wake.wait()
        except TimeoutError:
            pass

    async def _try(self, row: Row) -> None:
        if self._pace.seconds_blocked(time.monotonic()) and row.urgency >= Urgency.ANSWER:  # told so after the claim
            outcome = Outcome(State.WAITING)
        elif row.tries > 1 and not await self._transport.reachable():  # or its last chance would go to waste
            outcome = Outcome(State.WAITING, reason="the messenger does not answer", everybody=True)
        else:
            outcome = await self._transport.send(row.address, row.outgoing)
        before, holds = self._standing, self._holds
        outcome = self._heed(row, outcome)
        refuses = self._holds > holds == 0
        if outcome.state is State.REFUSED and not outcome.unreachable:
            log.warning("refused for good: %s (%s)", row.outgoing.act, outcome.reason)

        def record(db: sqlite3.Connection) -> None:
            self._record(db, row, outcome)
            if refuses:
                alerts.put(db, Alert(self._transport.messenger, Trouble.REFUSES))
            if self._standing != before:
                self._remember(db, before)

        await self._store.write_patiently(record)
        self._busy.discard(row.address)
        self._copies -= row.is_copy
        self._last_tries -= row.tries > 1
        self._wake.set()

    # ------------------------------------------------------------------ heed what the messenger says

    def _heed(self, row: Row, outcome: Outcome) -> Outcome:
        """Stop the account, or its copies, if the messenger said so, or if it cannot be reached: longer each time.

        Return the outcome as it concerns this row: a limit may be about its address alone.
        """
        now = time.monotonic()
        if row.outgoing.act == "solve" and outcome.state is State.ACCEPTED:
            self._pace.release()
            self._standing = Standing()
        elif outcome.limited or (outcome.everybody and outcome.state is State.UNKNOWN and row.is_copy):
            return self._slow_down(row, outcome, now)
        elif outcome.everybody:
            if not self._pace.seconds_blocked(now):  # what was on its way together fails together, and counts as one
                self._failures += 1
            seconds = outcome.seconds or pause(self._failures)
            self._pace.blocked(seconds, now, cautious=bool(outcome.seconds))
            log.warning("nothing is sent for %.1f s: %s", seconds, outcome.reason)
        elif row.is_copy and outcome.state is State.REFUSED and outcome.reason == Reason.OTHER:
            self._doubt(row, now)
        elif outcome.state is State.ACCEPTED:
            self._failures = 0
            if row.is_copy:
                self._refused.clear()
                self._holds = 0
            self._limited.clear()
            peaceful = row.is_copy or time.time() > self._standing.held_until + LONGEST_HOLD
            if self._standing.limits and peaceful:
                self._standing = replace(self._standing, limits=0)
        return outcome

    def _slow_down(self, row: Row, outcome: Outcome, now: float) -> Outcome:
        """Hold copies back after a copy; after an answer only its address, or somebody could stop us for all others.

        When not even answers to two people in a row pass, everything waits, but not for as long as copies do.
        """
        if not row.is_copy and outcome.state is not State.WAITING:
            return outcome
        if outcome.challenge and not self._standing.challenge:
            self._page = outcome.challenge_page
        standing = replace(self._standing, challenge=outcome.challenge or self._standing.challenge)
        if not row.is_copy:
            self._limited.add(row.address)
            if len(self._limited) < SEVERAL:
                self._standing = standing
                return replace(outcome, everybody=False, seconds=min(outcome.seconds or FIRST_HOLD, FIRST_HOLD))
        if not self._pace.seconds_held(now):
            standing = replace(standing, limits=standing.limits + 1)
        growing = min(FIRST_HOLD * 2.0 ** max(standing.limits - 1, 0), LONGEST_HOLD)
        seconds = outcome.seconds or growing
        self._pace.hold_copies(seconds, now)
        standing = replace(standing, held_until=time.time() + self._pace.seconds_held(now))
        if not row.is_copy:
            self._pace.blocked(min(seconds, growing), now, cautious=False)
            standing = replace(standing, blocked_until=time.time() + min(seconds, growing))
        self._standing = standing
        log.warning("copies are held for %.0f s: %s", seconds, outcome.reason)
        return outcome

    def _doubt(self, row: Row, now: float) -> None:
        """Hold copies back, longer each time, when several in a row were refused and nobody knows why.

        Each hold costs one copy more: nobody else's may wait for ever for one that is really about its person.
        """
        self._refused.add(row.address)
        if len(self._refused) < REFUSED or self._pace.seconds_held(now):
            return
        seconds = min(FIRST_HOLD * 2.0 ** min(self._holds, 10), LONGEST_HOLD)
        self._holds += 1
        self._pace.hold_copies(seconds, now)
        self._standing = replace(self._standing, held_until=time.time() + seconds)
        log.warning("copies are held for %.0f s: several were refused", seconds)

    def _record(self, db: sqlite3.Connection, row: Row, outcome: Outcome) -> None:
        now, messenger = time.time(), self._transport.messenger
        if outcome.unreachable:
            people.unreachable(db, messenger, row.address, int(now), outcome.doubtful)
        outbox.record(db, messenger, row, outcome, now)
        if row.outgoing.act == "solve" and outcome.state in (State.ACCEPTED, State.REFUSED):
            outbox.hurry(db, messenger)
            solved = outcome.state is State.ACCEPTED
            alerts.put(db, Alert(messenger, Trouble.SOLVED if solved else Trouble.NOT_SOLVED, self._page))

    def _remember(self, db: sqlite3.Connection, before: Standing) -> None:
        messenger, standing = self._transport.messenger, self._standing
        accounts.save(db, messenger, standing)
        if standing.challenge and not before.challenge:  # each refusal brings another: told once, the newest is kept
            alerts.put(db, Alert(messenger, Trouble.CHALLENGE, self._page, int(time.time())))


def pause(failures: int) -> float:
    """Return how many seconds nothing is sent after so many failures to reach the messenger."""
    return min(2.0 ** (min(failures, 100) - 4), LONGEST_PAUSE)
