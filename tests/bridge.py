"""The town of the tests: the real bot against the pretend Telegram, and people with telephones who write, pick and see.

People are driven, never our functions. `sees` waits for what arrives after the person's last own act.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path

from bot import profile, staff
from bot.__main__ import run_bot
from bot.demo.pretend_telegram import PretendTelegram
from bot.demo.telegram_chats import Shown
from bot.demo.telegram_people import Person
from bot.pace import Limits
from bot.settings import Settings, Telegram
from bot.storage import open_store

TIMEOUT = 8.0


class Somebody:
    """A person with a telephone."""

    def __init__(self, telegram: PretendTelegram, person: Person) -> None:
        self.telegram = telegram
        self.phone = person
        self._before: dict[int, str] = {}

    async def writes(self, text: str) -> None:
        """Send a text."""
        self._look()
        await self.phone.writes(text)

    async def picks(self, *labels: str) -> None:
        """Press buttons one after the other, each once it is there and the one before has had its effect."""
        for label in labels:
            await self.telegram.changed(lambda label=label: self.button(label), TIMEOUT, f"a button {label!r}")  # type: ignore[misc]
            message, data = self.button(label) or (None, "")
            assert message is not None
            self._look()
            await self.phone.presses_data(message, data)
            await self.telegram.changed(lambda: self.news() or self._is_quiet(), TIMEOUT, f"something after {label!r}")

    async def sees(self, *texts: str) -> bool:
        """Wait until each text has arrived since the last own act; fails with what is on the screen."""
        for text in texts:
            await self.telegram.changed(
                lambda text=text: any(text in _whole(message) for message in self.news()),
                TIMEOUT,
                f"{text!r} on the screen",  # type: ignore[misc]
            )
        return True

    async def sees_nothing_new(self) -> bool:
        """Wait until the bot has dealt with everything; then nothing may have arrived since the last own act."""
        await self.settles()
        return not self.news()

    async def settles(self) -> None:
        """Wait until the bot has taken and answered all that was sent to it."""
        await self.telegram.all_taken(TIMEOUT)

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

    def _look(self) -> None:
        self._before = {message.message_id: _whole(message) for message in self.phone.received}

    def _is_quiet(self) -> bool:
        return False


def _whole(message: Shown) -> str:
    return "\n".join([message.text, *message.labels])


class Town:
    """Telegram, the bot and its database."""

    def __init__(self, telegram: PretendTelegram, folder: Path, city: str, limits: Limits) -> None:
        self.telegram = telegram
        self.database = folder / "bot.db"
        self.settings = Settings(
            Telegram(telegram.token, telegram.url, "", ""), self.database, city, "text", ("127.0.0.1", 0)
        )
        self.city = profile.read(city)
        self.limits = limits
        self._bot: asyncio.Task[None] | None = None

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
        return Somebody(self.telegram, self.telegram.person(name, language_code=language))

    async def invitation(self, role: staff.Role) -> str:
        """Return the code of an invitation, as `python -m bot invite` makes it."""
        async with open_store(self.database, checkpoints=False) as store:
            return await store.write(lambda db: staff.invite(db, role, int(time.time())))

    async def rows(self, query: str, *parameters: object) -> list[tuple[object, ...]]:
        """Return what stands in the database."""
        async with open_store(self.database, checkpoints=False) as store:
            return await store.read(lambda db: [tuple(row) for row in db.execute(query, parameters)])


@asynccontextmanager
async def town(folder: Path, city: str = "dortmund-schytomyr", limits: Limits | None = None) -> AsyncIterator[Town]:
    """Open a town and let its bot run."""
    async with PretendTelegram() as telegram:
        place = Town(telegram, folder, city, limits or Limits())
        await place.start()
        try:
            yield place
        finally:
            await place.stop()


Find = Callable[[], object]
