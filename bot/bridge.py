"""The running bot: messengers that hear, turns that follow, a sender for each account, and the clock.

What is heard goes into the inbox, and only then is it acknowledged; turns are taken in the order in which messages
came. A turn that fails is tried again and parked after three tries, so that it never holds up the others.
"""

import asyncio
import logging
import sqlite3
import time
from collections.abc import Callable
from functools import partial

from bot import inbox, outbox, turns
from bot.conversations import Conversations
from bot.logs import describe
from bot.messages import Transport, Unreadable
from bot.pace import Limits, Pace
from bot.sender import Sender
from bot.storage import Store

log = logging.getLogger(__name__)

WAIT_FOR_DISK = 1.0
"""Seconds before a turn that could not be written is taken again."""
LAST_WORDS = 3.0
"""Seconds for what is on its way when the bot is stopped."""


class Account:
    """One messenger account: its transport, its turns and its way out.

    `wake` wakes the ways out of all accounts, if there are others: a turn may say something on another messenger.
    """

    def __init__(
        self,
        store: Store,
        transport: Transport,
        conversations: Conversations,
        limits: Limits,
        wake: Callable[[], None] | None = None,
    ) -> None:
        self.transport = transport
        self.sender = Sender(store, transport, Pace(limits))
        self._store = store
        self._conversations = conversations
        self._wake = wake or self.sender.wake
        self._turns: asyncio.Queue[inbox.Stored] = asyncio.Queue()

    async def run(self) -> None:
        """Hear, answer and send until cancelled; then let what is on its way end."""
        messenger = self.transport.messenger
        for stored in await self._store.read(lambda db: inbox.waiting(db, messenger)):
            self._turns.put_nowait(stored)
        sender = asyncio.create_task(self.sender.run(), name=f"{messenger} sender")
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._take_turns(), name=f"{messenger} turns")
                tasks.create_task(self.transport.run(self._hear), name=f"{messenger} ears")
                tasks.create_task(_watch(sender))
        finally:
            self.sender.stop()
            await asyncio.wait([sender], timeout=LAST_WORDS)
            sender.cancel()
            await asyncio.wait([sender])

    async def _hear(self, heard: list[tuple[str, str]]) -> None:
        """Store what was heard; returns when it is on the disk. Nothing is acknowledged before, so nothing is lost."""
        now = int(time.time())
        fresh = await self._store.write_patiently(lambda db: inbox.store(db, self.transport.messenger, heard, now))
        for stored in fresh:
            self._turns.put_nowait(stored)

    async def _take_turns(self) -> None:
        """Hand each stored message to the writer in order, without waiting for one to be committed before the next."""
        async with asyncio.TaskGroup() as turns:
            while True:
                stored = await self._turns.get()
                turn = self._store.submit(partial(self._turn, stored=stored))
                turns.create_task(self._see_to_it(stored, turn))

    def _turn(self, db: sqlite3.Connection, stored: inbox.Stored) -> str:
        """Take one turn; runs in the writer's transaction. Return the address for which an answer waits then, or ''."""
        if not inbox.take(db, self.transport.messenger, stored.id):
            return ""
        heard = self.transport.understand(stored.payload)
        if heard is None:
            return ""
        turns.take(self._conversations, db, heard, time.time())
        return heard.address if outbox.waiting_for(db, heard.messenger, heard.address) else ""

    async def _see_to_it(self, stored: inbox.Stored, turn: "asyncio.Future[str]") -> None:
        try:
            if answered := await turn:
                self.transport.answers_soon(answered)
        except Unreadable:
            log.warning("a message of %s cannot be read and is put aside", self.transport.messenger)
            await self._store.write_patiently(lambda db: inbox.take(db, self.transport.messenger, stored.id))
        except sqlite3.OperationalError as fault:  # the disk refuses: that is not the message's fault
            log.error("a turn has to wait for the disk: %s", describe(fault))
            await asyncio.sleep(WAIT_FOR_DISK)
            self._turns.put_nowait(stored)
        except Exception as fault:  # noqa: BLE001 - the one broad place: here a turn ends
            log.error("a turn failed: %s", describe(fault))
            await self._try_again(stored)
        self._wake()

    async def _try_again(self, stored: inbox.Stored) -> None:
        messenger = self.transport.messenger
        if not await self._store.write_patiently(lambda db: inbox.failed(db, messenger, stored.id)):
            self._turns.put_nowait(stored)


async def _watch(task: "asyncio.Task[None]") -> None:
    """End with `task`, so that its failure is everybody's."""
    await asyncio.shield(task)
