"""What signal-cli keeps of people, and that it forgets them when the bot does."""

import time
from pathlib import Path
from typing import Any

import pytest

from bot import clock
from bot.storage import open_store
from tests.bridge import Somebody, Town, town
from tests.signal_talk import writes
from tests.test_refugees import registers

GONE = "Ваші дані видалено"


@pytest.fixture
def messenger() -> str:
    """The messenger of the fixtures."""
    return "signal"


async def deletes_everything(somebody: Somebody) -> None:
    await somebody.writes("видалити")
    await somebody.sees("видалити всі свої дані")
    await somebody.writes("так, видалити все")
    await somebody.sees(GONE)
    await somebody.settles()


async def contacts(bot: Town) -> list[str]:
    """Return whom signal-cli knows."""
    people: Any = bot.signal.people.values()
    return [person.id for person in people if person.has_written and person.id not in bot.signal.forgotten]


def kept_keys(bot: Town, somebody: Somebody) -> bool:
    return somebody.phone.id in bot.signal.known_identities


async def test_signal_cli_forgets_whoever_deleted_everything_once_the_last_words_are_there(
    bot: Town, refugee: Somebody, volunteer: Somebody
) -> None:
    bot.receipts = True
    await registers(refugee)
    await deletes_everything(refugee)
    assert bot.signal.counts.get("removeContact", 0) == 0, "the receipt of the last words is not in yet"
    await bot.a_minute_passes()
    assert await contacts(bot) == [volunteer.phone.id]
    assert not kept_keys(bot, refugee)
    assert kept_keys(bot, volunteer)
    (call,) = [call for call in bot.signal.calls if call.method == "removeContact"]
    assert (call.params["recipient"], call.params["forget"]) == (refugee.phone.id, True)
    assert refugee.phone.id not in str(await bot.rows("SELECT * FROM outbox"))
    await refugee.writes("Добрий день")
    assert await refugee.sees("Вітаємо!")
    await refugee.picks("Українська")
    await registers(refugee)
    assert refugee.phone.id in await contacts(bot)


@pytest.mark.parametrize("moment", ["waiting", "trying"])
async def test_signal_cli_forgets_them_too_when_everything_was_killed_before(
    bot: Town, refugee: Somebody, moment: str
) -> None:
    await deletes_everything(refugee)
    await bot.stop()
    await bot.signal.daemon_dies()
    await bot.change(f"UPDATE outbox SET state = '{moment}', tries = {moment == 'trying':d} WHERE urgency = 3")  # noqa: S608
    starting = bot.start_without_waiting()
    await bot.signal.revive()
    await starting
    await bot.a_minute_passes()
    assert await contacts(bot) == []


async def test_whoever_writes_again_at_once_is_not_forgotten_until_they_delete_everything_again(
    bot: Town, refugee: Somebody
) -> None:
    for _ in range(3):
        await deletes_everything(refugee)
        await writes(refugee, "Добрий день", "Українська")
        await refugee.settles()
    await bot.change("UPDATE outbox SET not_before = 0")
    await refugee.writes("меню")
    await refugee.sees("Що Ви хочете зробити?")
    await bot.settles()
    assert bot.signal.counts.get("removeContact", 0) == 0
    assert await bot.rows("SELECT count(*) FROM outbox") == [(1,)]
    await deletes_everything(refugee)
    await bot.a_minute_passes()
    assert bot.signal.counts["removeContact"] == 1


async def test_signal_cli_forgets_a_passer_by_when_the_bot_does(bot: Town, refugee: Somebody) -> None:
    async with open_store(bot.database, checkpoints=False) as store:
        await store.write(lambda db: clock.forget(db, int(time.time()) + 25 * 3600))
    await bot.a_minute_passes()
    assert await contacts(bot) == []
    assert not kept_keys(bot, refugee)


async def test_as_long_as_something_has_to_leave_for_somebody_they_are_not_forgotten(
    bot: Town, refugee: Somebody
) -> None:
    await deletes_everything(refugee)
    later = (
        "INSERT INTO outbox (messenger, address, urgency, payload, not_before, written_at) SELECT messenger, address, "
    )
    await bot.change(later + """0, '{"text": "x"}', unixepoch() + 1800, 0 FROM outbox""")
    await bot.change("UPDATE outbox SET not_before = 0 WHERE urgency = 3")
    await bot.restart()
    await bot.somebody("Petro").writes("меню")
    await bot.settles_but_for_waiting()
    assert bot.signal.counts.get("removeContact", 0) == 0
    await bot.change("UPDATE outbox SET not_before = 0")
    await bot.a_minute_passes()
    assert refugee.phone.id not in await contacts(bot)
    assert refugee.phone.received[-1].text == "x"


async def test_on_telegram_nobody_has_to_be_told_to_forget(tmp_path: Path) -> None:
    async with town(tmp_path) as place:
        thomas = place.somebody("Thomas", "de")
        await thomas.writes("/start")
        await thomas.picks("Deutsch")
        await thomas.writes("löschen")
        await thomas.picks("Ja, alles löschen")
        assert await thomas.sees("Ihre Daten sind gelöscht")
        await place.settles()
        assert await place.rows("SELECT * FROM outbox") == []
