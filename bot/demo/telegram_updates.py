"""What has happened and was not yet taken by the bot: the queue behind getUpdates and the webhook.

The rules are those of `Client.cpp` and `TQueue.cpp`: an offset confirms everything below it; what is not confirmed is
given again; an offset more than ten beyond the end is taken for nonsense and confirms nothing; a second poll ends the
first one; what nobody takes for a day is gone.
"""

from __future__ import annotations

import asyncio
import json
import random
import time
from collections import deque
from typing import TYPE_CHECKING, Any

from bot.demo.telegram_rules import USUAL_UPDATES, conflict

if TYPE_CHECKING:
    from collections.abc import Callable

    from bot.demo.telegram_rules import Refused

BEYOND = 10
KEPT_SECONDS = 24 * 3600
OTHER_POLL = "terminated by other getUpdates request; make sure that only one bot instance is running"


class Updates:
    """Keeps updates, already encoded, until they are confirmed."""

    def __init__(self) -> None:
        self.next_id = random.randrange(100_000_000, 900_000_000)  # noqa: S311  # guards nothing
        self.queue: deque[tuple[int, bytes]] = deque()
        self.times: deque[float] = deque()
        self.now: Callable[[], float] = time.time
        self.allowed = USUAL_UPDATES
        self.polls = 0
        self.confirmed = 0
        self.arrived = asyncio.Event()
        self.waiter: asyncio.Future[None] | None = None
        self.changed: Callable[[], None] = lambda: None

    @property
    def waiting(self) -> bool:
        """True while a poll is open that nothing was there for."""
        return self.waiter is not None and not self.queue

    def push(self, kind: str, content: Any) -> int | None:
        """Queue an update; return its number, None if the bot does not want this kind."""
        if kind not in self.allowed:
            return None
        return self.push_raw({"update_id": self.next_id, kind: content})

    def push_raw(self, update: dict[str, Any]) -> int:
        """Queue anything as an update, with the next number unless it carries one."""
        given = update.get("update_id", self.next_id)
        number = given if isinstance(given, int) and not isinstance(given, bool) else self.next_id
        self.queue.append((number, json.dumps({"update_id": number} | update).encode()))
        self.times.append(self.now())
        self.next_id = number + 1
        self.arrived.set()
        self.wake(None)
        return number

    def wake(self, refusal: Refused | None) -> None:
        waiter, self.waiter = self.waiter, None
        if waiter is None or waiter.done():
            return
        if refusal is None:
            waiter.set_result(None)
        else:
            waiter.set_exception(refusal)

    def confirm(self, offset: int) -> None:
        """Forget what lies below an offset, as TQueue does."""
        if offset > self.next_id + BEYOND:
            return
        if offset < 0:
            while len(self.queue) > -offset:
                self.forget_first()
        elif offset > 0:
            while self.queue and self.queue[0][0] < offset:
                self.forget_first()

    def forget_first(self) -> None:
        self.queue.popleft()
        self.times.popleft()
        self.confirmed += 1

    def drop_old(self) -> None:
        """Lose what was not taken for a day."""
        oldest = self.now() - KEPT_SECONDS
        while self.times and self.times[0] < oldest:
            self.queue.popleft()
            self.times.popleft()

    async def poll(self, offset: int, limit: int, seconds: int) -> bytes:
        """Return the answer to getUpdates, waiting up to `seconds` for something.

        Raises: Refused (409) when another poll or a webhook ends the wait. Cancellation leaves the queue as it is.
        """
        self.wake(conflict(OTHER_POLL))
        self.drop_old()
        self.confirm(offset)
        self.polls += 1
        if not self.queue and seconds > 0:
            await self.wait(seconds)
        self.changed()
        rows = [row for _, (_, row) in zip(range(limit), self.queue, strict=False)]
        return b'{"ok":true,"result":[' + b",".join(rows) + b"]}"

    async def wait(self, seconds: int) -> None:
        loop = asyncio.get_running_loop()
        waiter: asyncio.Future[None] = loop.create_future()
        self.waiter = waiter
        alarm = loop.call_later(seconds, end_wait, waiter)
        self.changed()
        try:
            await waiter
        finally:
            alarm.cancel()
            if self.waiter is waiter:
                self.waiter = None
            self.changed()

    def drop_all(self) -> None:
        self.queue.clear()
        self.times.clear()


def end_wait(waiter: asyncio.Future[None]) -> None:
    if not waiter.done():
        waiter.set_result(None)
