"""The town of the tests: the real bot against the pretend Telegram, and people with telephones who write, pick and see.

People are driven, never our functions. `sees` waits for what arrives after the person's last own act.
"""

import asyncio
import itertools
import sqlite3
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from functools import partial
from pathlib import Path

from bot import consents, interests, people, profile, staff
from bot.__main__ import run_bot
from bot.consents import Purpose
from bot.demo.pretend_telegram import PretendTelegram
from bot.demo.telegram_chats import Shown
from bot.demo.telegram_people import Person
from bot.interests import Frequency, Interest
from bot.pace import Limits
from bot.settings import Settings, Telegram
from bot.storage import open_store

TIMEOUT = 8.0


class Somebody:
    """A person with a telephone."""

    def __init__(self, place: "Town", person: Person) -> None:
        self.town = place
        self.telegram = place.telegram
        self.phone = person
        self._before: dict[int, str] = {}

    async def writes(self, text: str) -> None:
        """Send a text."""
        self.look()
        await self.phone.writes(text)

    async def writes_at_once(self, texts: list[str]) -> None:
        """Send many texts without waiting."""
        self.look()
        for text in texts:
            self.phone.write(text)

    async def sends(self, kind: str) -> None:
        """Send a photo, voice, sticker, location, contact or document."""
        self.look()
        await getattr(self.phone, f"sends_{kind}")()

    async def edits_last(self, text: str) -> None:
        """Change the own message sent last."""
        self.look()
        own = [message for message in self.phone.messages if message.mine]
        await self.phone.edits(own[-1], text)

    async def presses(self, message: Shown | None, data: str, look: bool = True) -> None:
        """Press a button by what it carries, even one that is not there (any more)."""
        if look:
            self.look()
        await self.phone.presses_data(message, data)

    async def picks(self, *labels: str) -> None:
        """Press buttons one after the other, each once it is there and the one before has had its effect."""
        for label in labels:
            await self.telegram.changed(partial(self.button, label), TIMEOUT, f"a button {label!r}")
            message, data = self.button(label) or (None, "")
            assert message is not None
            self.look()
            await self.phone.presses_data(message, data)
            await self.telegram.changed(self.news, TIMEOUT, f"something after {label!r}")

    async def sees(self, *texts: str) -> bool:
        """Wait until each text has arrived since the last own act; fails with what is on the screen."""
        for text in texts:
            await self.telegram.changed(partial(self._has_arrived, text), TIMEOUT, f"{text!r} on the screen")
        return True

    def _has_arrived(self, text: str) -> bool:
        return any(text in _whole(message) for message in self.news())

    async def sees_nothing_new(self) -> bool:
        """Wait until the bot has dealt with everything; then nothing may have arrived since the last own act."""
        await self.settles()
        return not self.news()

    async def settles(self) -> None:
        """Wait until the bot has taken and answered all that was sent to it."""
        await self.town.settles()

    def news(self) -> list[Shown]:
        """Return what arrived or changed since the last own act, oldest first."""
        return [message for message in self.phone.received if self._before.get(message.message_id) != _whole(message)]

    @property
    def screen(self) -> str:
        """All that the bot sent, as it is shown now."""
        return "\n---\n".join(_whole(message) for message in self.phone.received)

    def button(self, label: str) -> tuple[Shown, str] | None:
        """Return the newest message with a button of that label, and the button's data."""
        for message in reversed(self.phone.received):
            for row in message.buttons:
                for text, data in row:
                    if text.removeprefix("☐ ").removeprefix("☑ ") == label:
                        return message, data
        return None

    def buttons(self) -> list[str]:
        """Return the labels under the newest message that has any."""
        return next((message.labels for message in reversed(self.phone.received) if message.labels), [])

    def commands(self) -> dict[str, str]:
        """Return the commands that this telephone lists."""
        return {command["command"]: command["description"] for command in self.telegram.commands(self.phone)}

    def look(self) -> None:
        """Take everything on the screen as seen."""
        self._before = {message.message_id: _whole(message) for message in self.phone.received}


def _whole(message: Shown) -> str:
    return "\n".join([message.text, *message.labels])


class Town:
    """Telegram, the bot and its database."""

    def __init__(self, telegram: PretendTelegram, folder: Path, city: str, limits: Limits) -> None:
        self.telegram = telegram
        self.database = folder / "bot.db"
        self.settings = Settings(
            Telegram(telegram.token, telegram.url, "", ""), None, self.database, city, "text", ("127.0.0.1", 0)
        )
        self.city = profile.read(city)
        self.limits = limits
        self._bot: asyncio.Task[None] | None = None
        self._strangers = itertools.count(900_000_001)

    async def start(self) -> None:
        """Start the bot and wait until it listens."""
        self._bot = asyncio.create_task(run_bot(self.settings, self.city, self.limits))
        await self.telegram.polled(1, TIMEOUT)

    async def stop(self) -> None:
        """Stop the bot as SIGTERM does."""
        if self._bot is not None:
            self._bot.cancel()
            with suppress(asyncio.CancelledError):
                await self._bot
            self._bot = None

    async def restart(self) -> None:
        """Stop and start."""
        await self.stop()
        await self.start()

    def somebody(self, name: str, language: str | None = None) -> Somebody:
        """Give somebody a telephone."""
        return Somebody(self, self.telegram.person(name, language_code=language))

    async def invitation(self, role: staff.Role) -> str:
        """Return the code of an invitation, as `python -m bot invite` makes it."""
        async with open_store(self.database, checkpoints=False) as store:
            return await store.write(lambda db: staff.invite(db, role, int(time.time())))

    async def settles(self, patience: float = TIMEOUT) -> None:
        """Wait until everything heard had its turn and everything said has left."""
        await self.telegram.all_taken(patience)
        async with asyncio.timeout(patience), open_store(self.database, checkpoints=False) as store:
            while await store.read(_open_work):  # noqa: ASYNC110 - the database has nothing that one could wait for
                await asyncio.sleep(0.01)

    async def introduced(self) -> None:
        """Wait until the bot has set its commands in the last language."""
        await self.telegram.changed(
            lambda: self.telegram.counts.get("setMyCommands", 0) > len(self.city.languages), TIMEOUT
        )

    async def change(self, statement: str) -> None:
        """Change something behind the bot's back."""
        async with open_store(self.database, checkpoints=False) as store:
            await store.write(lambda db: db.execute(statement).rowcount)

    async def populate(self, **languages: int) -> None:
        """Register many people from the region who are interested in health."""
        now = int(time.time())

        def add(db: sqlite3.Connection) -> None:
            for language, n in languages.items():
                for _ in range(n):
                    person = people.find_or_add(db, "telegram", str(next(self._strangers)), now).id
                    people.speak(db, person, language)
                    interests.save(db, person, Interest(["health"], None, None, [], Frequency.AT_ONCE), now)
                    consents.give(db, person, Purpose.NEWS, "1", language, now)

        async with open_store(self.database, checkpoints=False) as store:
            await store.write(add)

    async def rows(self, query: str, *parameters: object) -> list[tuple[object, ...]]:
        """Return what stands in the database."""
        async with open_store(self.database, checkpoints=False) as store:
            return await store.read(lambda db: [tuple(row) for row in db.execute(query, parameters)])


@asynccontextmanager
async def town(folder: Path, city: str = "dortmund-schytomyr", limits: Limits | None = None) -> AsyncIterator[Town]:
    """Open a town and let its bot run."""
    async with PretendTelegram() as telegram:
        place = Town(telegram, folder, city, limits or Limits(None, None))
        await place.start()
        try:
            yield place
        finally:
            await place.stop()


def _open_work(db: sqlite3.Connection) -> bool:
    """Say whether something heard had no turn yet, or something said has not left."""
    heard = "SELECT 1 FROM inbox WHERE payload IS NOT NULL"
    said = "SELECT 1 FROM outbox WHERE state IN ('waiting', 'trying')"
    return db.execute(f"{heard} UNION ALL {said}").fetchone() is not None
