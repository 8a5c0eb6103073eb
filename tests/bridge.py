"""The town of the tests: the real bot on pretend messengers, and people with telephones who write, pick and see.

People are driven, never our functions. `sees` waits for what arrives after the person's last own act.
"""

import asyncio
import itertools
import re
import sqlite3
import time
import uuid
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from functools import cache, partial
from pathlib import Path
from typing import Any

import pytest

from bot import consents, interests, people, profile, staff
from bot.__main__ import run_bot
from bot.consents import Purpose
from bot.demo.pretend_signal import PretendSignal
from bot.demo.pretend_telegram import PretendTelegram
from bot.demo.signal_chats import SignalShown
from bot.demo.telegram_chats import Shown
from bot.interests import Frequency, Interest
from bot.pace import Limits
from bot.settings import Settings, Signal, Telegram
from bot.storage import open_store

TIMEOUT = 30.0
"""Seconds after which what should have happened is missing, also on a busy machine."""
_profile = cache(profile.read)
on_telegram = pytest.mark.parametrize("messenger", ["telegram"])
on_signal = pytest.mark.parametrize("messenger", ["signal"])
World = PretendTelegram | PretendSignal
Message = Shown | SignalShown
_LINE = re.compile(r"^(\S+) – (☑ )?(.+)$", re.MULTILINE)
_NONE = ("Зняти позначки на цій сторінці", "Haken auf dieser Seite entfernen")
_SEVERAL = ("Можна написати кілька чисел", "Sie können mehrere Zahlen schreiben")
_MORE = ("Ще …", "Mehr …", "До першої сторінки", "Zur ersten Seite")
_DONE = ("Готово", "Fertig")


class Somebody(ABC):
    """A person with a telephone."""

    def __init__(self, place: "Town", world: World, phone: Any) -> None:
        self.town = place
        self.world = world
        self.phone = phone
        self._before: dict[object, str] = {}

    async def writes(self, text: str, quote: Message | None = None) -> None:
        """Send a text."""
        self.look()
        await self.phone.writes(text, **({"quote": quote} if quote else {}))

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
        await self.phone.edits(self.sent[-1], text)

    async def picks(self, *labels: str) -> None:
        """Choose one after the other, each once it is there and the one before has had its effect."""
        for label in labels:
            await self._pick(label)

    @abstractmethod
    async def _pick(self, label: str) -> None:
        """Choose one thing, once it is there, and wait for what follows."""

    @abstractmethod
    async def picks_under(self, message: Message, label: str) -> None:
        """Choose something under a message, however old it is."""

    @abstractmethod
    async def picks_twice(self, label: str) -> None:
        """Choose something twice in a row, as a trembling finger does."""

    @abstractmethod
    async def forges(self, data: str) -> None:
        """Send what a button of somebody else carries."""

    @abstractmethod
    async def leaves_for_good(self) -> None:
        """Give the account up, which the bot learns only when it sends."""

    def commands(self) -> dict[str, str]:
        """Return the commands that this telephone lists."""
        return {}

    async def sees(self, *texts: str) -> bool:
        """Wait until each text has arrived since the last own act; fails with what is on the screen."""
        for text in texts:
            await self.world.changed(partial(self._has_arrived, text), TIMEOUT, f"{text!r} on the screen")
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

    def news(self) -> list[Any]:
        """Return what arrived or changed since the last own act, oldest first."""
        return [message for message in self.phone.received if self._before.get(message.message_id) != _whole(message)]

    @property
    def sent(self) -> list[Message]:
        """What this person sent, oldest first."""
        return [message for message in self.phone.messages if message.mine]

    @property
    def screen(self) -> str:
        """All that the bot sent, as it is shown now."""
        return "\n---\n".join(_whole(message) for message in self.phone.received)

    def times_seen(self, text: str) -> int:
        """Return in how many messages of the bot a text stands."""
        return sum(text in message.text for message in self.phone.received)

    @abstractmethod
    def choices(self) -> list[str]:
        """Return what can be chosen under the newest message with choices."""

    def look(self) -> None:
        """Take everything on the screen as seen."""
        self._before = {message.message_id: _whole(message) for message in self.phone.received}


class OnTelegram(Somebody):
    """Somebody who presses buttons."""

    async def presses(self, message: Shown | None, data: str, look: bool = True) -> None:
        """Press a button by what it carries, even one that is not there (any more)."""
        if look:
            self.look()
        await self.phone.presses_data(message, data)

    async def _pick(self, label: str) -> None:
        await self.world.changed(partial(self.button, label), TIMEOUT, f"a button {label!r}")
        message, data = self.button(label) or (None, "")
        assert message is not None
        self.look()
        await self.phone.presses_data(message, data)
        await self.world.changed(self.news, TIMEOUT, f"something after {label!r}")

    async def picks_under(self, message: Message, label: str) -> None:
        """Press a button under a message, however old it is."""
        assert isinstance(message, Shown)
        data = next(value for row in message.buttons for shown, value in row if shown == label)
        await self.presses(message, data)

    async def picks_twice(self, label: str) -> None:
        """Press a button twice."""
        message, data = self.button(label) or (None, "")
        await self.presses(message, data)
        await self.presses(message, data, look=False)

    async def leaves_for_good(self) -> None:
        """Give the account up."""
        self.phone.deactivates()

    async def forges(self, data: str) -> None:
        """Press a button that was never there."""
        await self.presses(self.phone.received[-1], data)

    def button(self, label: str) -> tuple[Shown, str] | None:
        """Return the newest message with a button of that label, and the button's data."""
        for message in reversed(self.phone.received):
            for row in message.buttons:
                for text, data in row:
                    if text.removeprefix("☐ ").removeprefix("☑ ") == label:
                        return message, data
        return None

    def choices(self) -> list[str]:
        """Return the labels under the newest message that has any."""
        return next((message.labels for message in reversed(self.phone.received) if message.labels), [])

    def commands(self) -> dict[str, str]:
        """Return the commands that this telephone lists."""
        assert isinstance(self.world, PretendTelegram)
        return {command["command"]: command["description"] for command in self.world.commands(self.phone)}


class OnSignal(Somebody):
    """Somebody who types numbers. Of several answers they write all numbers at once, when the test says "done"."""

    def __init__(self, place: "Town", world: World, phone: Any) -> None:
        super().__init__(place, world, phone)
        self._turned: set[str] = set()

    def menu(self, message: Message | None = None) -> dict[str, str]:
        """Return what can be typed by what it means, in this message or the newest with choices."""
        shown = [message] if message else reversed(self.phone.received)
        return next((menu for each in shown if (menu := {x[3]: x[1] for x in _LINE.finditer(each.text)})), {})

    def choices(self) -> list[str]:
        """Return the lines under the newest message that has any, without their numbers."""
        return [*self.menu()]

    async def _pick(self, label: str) -> None:
        label = label.lstrip("←☰ ")
        await self.settles()  # what is on the screen now is what they answer
        await self.world.changed(partial(self._can_pick, label), TIMEOUT, f"a line {label!r}")
        if self._asks_several() and (label in self.menu() or self._has_more()) and label not in _ENDS | _LINKS:
            self._turned ^= {label}
        elif self._asks_several() and label in _DONE and (self._turned or label in self.menu()):
            await self._write_several(label)
        else:
            await self._write_choice(label)

    def _can_pick(self, label: str) -> bool:
        return bool(self._older_with(label)) or self._has_more() or label in _ENDS or self._to_menu() is not None

    def _to_menu(self) -> str | None:
        return next((key for label, key in self.menu().items() if label in ("Меню", "Menü")), None)

    def _older_with(self, label: str) -> Message | None:
        return next((message for message in reversed(self.phone.received) if label in self.menu(message)), None)

    def _has_more(self) -> bool:
        return any(more in self.menu() for more in _MORE)

    def _asks_several(self) -> bool:
        last = next((m for m in reversed(self.phone.received) if _LINE.search(m.text)), None)
        return last is not None and any(text in last.text for text in _SEVERAL)

    async def _write_choice(self, label: str) -> None:
        if label not in self.menu() and (older := self._older_with(label)):
            await self.picks_under(older, label)
            await self.world.changed(self.news, TIMEOUT, f"something after {label!r}")
            return
        if label not in {*self.menu(), *_ENDS} and not self._has_more():
            await self._write(self._to_menu() or label)
            await self.settles()
        for _page in range(4):
            if label in self.menu() or not self._has_more():
                break
            await self._write(next(self.menu()[more] for more in _MORE if more in self.menu()))
        await self._write(self.menu().get(label, label))

    async def _write_several(self, done: str) -> None:
        """Write on each page the numbers of what is chosen there, until the question is answered."""
        turned, self._turned = self._turned, set()
        for _page in range(6):
            last = next(m for m in reversed(self.phone.received) if _LINE.search(m.text))
            ticked = {line[3] for line in _LINE.finditer(last.text) if line[2]}
            here = [number for label, number in self.menu().items() if label in ticked ^ turned]
            more = next((self.menu()[more] for more in _MORE if more in self.menu()), "")
            rest, none = turned - self.menu().keys(), next((self.menu()[n] for n in _NONE if n in self.menu()), "")
            if turned & self.menu().keys():
                await self._write(" ".join(here) or none)
            else:
                await self._write(more if rest else self.menu().get(done, done))
            await self.settles()
            if not self._asks_several() or not (turned or here):
                return
            turned = rest
        raise AssertionError(f"{turned} cannot be chosen")

    async def _write(self, text: str) -> None:
        await self.writes(text)
        await self.world.changed(self.news, TIMEOUT, f"something after {text!r}")

    async def picks_under(self, message: Message, label: str) -> None:
        """Quote a message and write the number that stands in it."""
        await self.writes(self.menu(message)[label], quote=message)

    def _has_arrived(self, text: str) -> bool:
        return super()._has_arrived(text.removeprefix("☐ ").lstrip("☰← "))

    async def picks_twice(self, label: str) -> None:
        """Write the number of a line twice."""
        await self.world.changed(partial(self._can_pick, label), TIMEOUT, f"a line {label!r}")
        await self.writes_at_once([self.menu()[label]] * 2)

    async def leaves_for_good(self) -> None:
        """Give the account up."""
        await self.phone.unregisters()

    async def forges(self, data: str) -> None:
        """Write what a button would carry elsewhere."""
        await self.writes(data)


_ENDS = {*_DONE, "Назад", "Zurück", "Скасувати", "Abbrechen", "Пропустити", "Überspringen"}
"""What may be written as a word at any time, so that it need not stand in a menu."""
_LINKS = {"Ich möchte Wohnraum anbieten"}
"""What stands under a question with several answers and is none."""


def _whole(message: Message) -> str:
    return "\n".join([message.text, *message.labels])


class Town:
    """The messengers, the bot and its database."""

    def __init__(
        self,
        telegram: PretendTelegram | None,
        folder: Path,
        city: str,
        limits: Limits | None,
        signal: PretendSignal | None = None,
    ) -> None:
        self._telegram = telegram
        self._signal = signal
        self.database = folder / "bot.db"
        self.settings = Settings(
            Telegram(telegram.token, telegram.url, "", "") if telegram else None,
            Signal(signal.account, signal.socket) if signal else None,
            self.database,
            city,
            "text",
            ("127.0.0.1", 0),
        )
        self.city = _profile(city)
        self.limits = limits
        self.receipts = False
        """Whether telephones on Signal tell that a message arrived."""
        self._bot: asyncio.Task[None] | None = None
        self._strangers = itertools.count(900_000_001)

    @property
    def telegram(self) -> PretendTelegram:
        """The pretend Telegram of this town."""
        assert self._telegram is not None
        return self._telegram

    @property
    def signal(self) -> PretendSignal:
        """The pretend signal-cli of this town."""
        assert self._signal is not None
        return self._signal

    async def start(self) -> None:
        """Start the bot and wait until it listens."""
        await self.start_without_waiting()

    def start_without_waiting(self) -> "asyncio.Task[None]":
        """Start the bot; the task ends when it listens."""
        self._bot = asyncio.create_task(run_bot(self.settings, self.city, self.limits))
        return asyncio.create_task(self._listens())

    async def _listens(self) -> None:
        if self._telegram:
            await self._telegram.polled(1, TIMEOUT)
        if self._signal:
            await self._signal.subscribed(TIMEOUT)

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

    def somebody(self, name: str, language: str | None = None, messenger: str = "") -> Any:
        """Give somebody a telephone, on the messenger of the town if there is only one."""
        if self._signal and messenger != "telegram":
            phone = self._signal.person(name)
            phone.confirms = self.receipts
            return OnSignal(self, self._signal, phone)
        return OnTelegram(self, self.telegram, self.telegram.person(name, language_code=language))

    async def invitation(self, role: staff.Role) -> str:
        """Return the code of an invitation, as `python -m bot invite` makes it."""
        async with open_store(self.database, checkpoints=False) as store:
            return await store.write(lambda db: staff.invite(db, role, int(time.time())))

    async def settles(self, patience: float = TIMEOUT) -> None:
        """Wait until everything heard had its turn and everything said has left."""
        if self._telegram:
            await self._telegram.all_taken(patience)
        if self._signal:
            await self._signal.all_taken(patience)
        # What has left a socket is with the bot a moment later.
        await _until_not(_open_work, self.database, 3 if self._signal else 1, patience)

    async def settles_but_for_waiting(self) -> None:
        """Wait until everything heard had its turn and nothing is on its way; what is held back may wait."""
        if self._signal:
            await self._signal.all_taken(TIMEOUT)
        await _until_not(_on_its_way, self.database, 10)

    async def a_minute_passes(self) -> None:
        """Wait until signal-cli, too, has forgotten whoever deleted everything a minute ago."""
        await self.change("UPDATE outbox SET not_before = 0 WHERE urgency = 3")
        async with asyncio.timeout(TIMEOUT):
            while await self.rows("SELECT 1 FROM outbox WHERE urgency = 3"):  # noqa: ASYNC110 - nobody tells of it
                await asyncio.sleep(0.02)

    async def introduced(self) -> None:
        """Wait until the bot has set its commands in the last language."""
        await self.telegram.changed(
            lambda: self.telegram.counts.get("setMyCommands", 0) > len(self.city.languages), TIMEOUT
        )

    async def change(self, statement: str) -> None:
        """Change something behind the bot's back."""
        async with open_store(self.database, checkpoints=False) as store:
            await store.write(lambda db: db.execute(statement).rowcount)

    async def populate(self, messenger: str = "", **languages: int) -> None:
        """Register many people from the region who are interested in health."""
        now = int(time.time())
        messenger = messenger or ("telegram" if self._telegram else "signal")

        def add(db: sqlite3.Connection) -> None:
            for language, n in languages.items():
                for _ in range(n):
                    number = next(self._strangers)
                    address = str(number) if messenger == "telegram" else str(uuid.UUID(int=number))
                    person = people.find_or_add(db, messenger, address, now).id
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
async def town(
    folder: Path,
    city: str = "dortmund-schytomyr",
    limits: Limits | None = None,
    messengers: tuple[str, ...] = ("telegram",),
    **signal_cli: Any,
) -> AsyncIterator[Town]:
    """Open a town and let its bot run, on these messengers."""
    async with AsyncExitStack() as opened:
        telegram = signal = None
        if "telegram" in messengers:
            telegram = await opened.enter_async_context(PretendTelegram())
        if "signal" in messengers:
            signal = await opened.enter_async_context(PretendSignal(folder / "signal.socket", **signal_cli))
        place = Town(telegram, folder, city, limits or Limits(None, None), signal)
        await place.start()
        try:
            yield place
        finally:
            await place.stop()


async def until_sent(database: Path) -> None:
    """Wait until a bot knows what became of all that it was sending."""
    await _until_not(_on_its_way, database)


async def _until_not(
    is_so: Callable[[sqlite3.Connection], bool], database: Path, looks: int = 1, patience: float = TIMEOUT
) -> None:
    """Wait until something is not so in a database, so many times in a row."""
    async with asyncio.timeout(patience), open_store(database, checkpoints=False) as store:
        quiet = 0
        while quiet < looks:
            await asyncio.sleep(0.01)
            quiet = 0 if _is_storing() or await store.read(is_so) else quiet + 1


def _is_storing() -> bool:
    """Say whether a bot of this process has read something from signal-cli that is not on the disk yet."""
    ears: list[Any] = [task.get_coro() for task in asyncio.all_tasks() if task.get_name() == "signal-cli's lines"]
    return any(each.cr_frame.f_locals["self"].is_notifying for each in ears if each.cr_frame)


def _open_work(db: sqlite3.Connection) -> bool:
    """Say whether something heard had no turn yet, or something said has not left, but for what waits for its time."""
    heard = "SELECT 1 FROM inbox WHERE payload IS NOT NULL"
    said = "SELECT 1 FROM outbox WHERE state = 'trying' OR state = 'waiting' AND not_before < ? AND urgency < 3"
    return db.execute(f"{heard} UNION ALL {said}", (time.time() + 3600,)).fetchone() is not None


def _on_its_way(db: sqlite3.Connection) -> bool:
    """Say whether something heard had no turn yet, or something is being sent."""
    query = "SELECT 1 FROM inbox WHERE payload IS NOT NULL UNION ALL SELECT 1 FROM outbox WHERE state = 'trying'"
    return db.execute(query).fetchone() is not None
