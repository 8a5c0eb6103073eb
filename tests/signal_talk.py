"""Where a talk without buttons stands: ways to get there, and what can be read on the telephone."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from bot.demo.signal_chats import SignalShown
from bot.pace import Limits
from tests.bridge import OnSignal, Somebody, Town, town

CONSENT = "Чи дозволяєте Ви зберігати ці дані?"
ADULT = "Вам уже виповнилося 18 років?"
TOPICS = "Які теми Вас цікавлять?"
PLACE = "Де Ви зараз живете?"
MENU = "Що Ви хочете зробити?"
CLOSED = "Цей вибір уже недоступний"
NOT_UNDERSTOOD = "ця відповідь мені незрозуміла"
Act = Callable[[Any], Awaitable[object]]
"""Something that a person does with their telephone."""


async def writes(person: Somebody, *texts: str) -> None:
    """Write one text after the other, each once all was answered."""
    for text in texts:
        await person.writes(text)
        await person.settles()


async def comes_to_the_topics(oksana: Somebody) -> None:
    """Go to the first question with several answers."""
    await oksana.writes("1")
    await oksana.sees(CONSENT)
    await oksana.writes("1")
    await oksana.sees(ADULT)
    await oksana.writes("1")
    await oksana.sees(TOPICS)


async def comes_to_the_place(oksana: Somebody) -> None:
    """Go to the first question that may be skipped."""
    await comes_to_the_topics(oksana)
    await oksana.writes("медицина")
    await oksana.sees(PLACE)


@asynccontextmanager
async def in_front_of_the_menu(folder: Path, limits: Limits) -> AsyncIterator[tuple[Town, OnSignal]]:
    """Open a town with these limits, with somebody in front of the menu."""
    async with town(folder, limits=limits, messengers=("signal",)) as bot:
        oksana = bot.somebody("Oksana")
        await oksana.writes("Привіт")
        await oksana.sees("Вітаємо!")
        await asyncio.sleep(2 * limits.seconds_to_read)
        await oksana.writes("1")
        await oksana.sees(MENU)
        await asyncio.sleep(2 * limits.seconds_to_read)
        yield bot, oksana


def last_question(person: Somebody) -> SignalShown:
    """Return the newest message in which something can be chosen."""
    assert isinstance(person, OnSignal)
    found: SignalShown = next(m for m in reversed(person.phone.received) if person.menu(m))
    return found


def lines_of(message: SignalShown) -> list[str]:
    """Return the lines of what can be chosen, which are the last ones."""
    return message.text.rpartition("\n\n")[2].split("\n")


async def stored(bot: Town, key: str) -> Any:
    """Return what is kept as an answer of the open conversation."""
    rows = await bot.rows("SELECT json_extract(answers, '$.' || ?) FROM conversations ORDER BY id DESC", key)
    return rows[0][0] if rows else None


def assert_nothing_stands_in_any_file(bot: Town, *secrets: str) -> None:
    """Read all files of the bot as they lie on the disk, whatever SQLite says of them."""
    for file in bot.database.parent.rglob("*"):
        if file.is_file():
            kept = file.read_bytes()
            assert [secret for secret in secrets if secret.encode() in kept] == [], file
