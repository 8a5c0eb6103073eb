"""Restarts at any moment, and the words STOP, START and DELETE where there are no buttons."""

from pathlib import Path

import pytest

from tests.bridge import Somebody, Town, town
from tests.signal_talk import Act, assert_nothing_stands_in_any_file, last_question, writes
from tests.test_refugees import registers
from tests.test_volunteers import offers


@pytest.fixture
def messenger() -> str:
    """The messenger, where a test does not say that it is about both."""
    return "signal"


STEPS: dict[str, Act] = {
    "a word": lambda p: p.writes("Добрий день"),
    "a number": lambda p: p.writes("1"),
    "the menu": lambda p: p.writes("1"),
    "a thumb": lambda p: p.phone.reacts(last_question(p), "👍"),
    "yes": lambda p: p.writes("так"),
    "a page": lambda p: p.writes("1 3"),
    "a sticker": lambda p: p.phone.sends_sticker(),
    "the next page": lambda p: p.writes("1"),
    "an edit": lambda p: p.edits_last("2"),
    "nonsense": lambda p: p.writes("ой лишенько"),
    "a quote": lambda p: p.writes("1", quote=last_question(p)),
    "back": lambda p: p.writes("0"),
    "more nonsense": lambda p: p.writes("хтозна"),
    "a choice": lambda p: p.writes("1"),
    "a message is deleted": lambda p: p.phone.deletes(p.sent[-1]),
    "a word again": lambda p: p.writes("у дортмунді"),
    "no": lambda p: p.writes("ні"),
    "how often": lambda p: p.writes("2"),
    "help": lambda p: p.writes("допомога"),
    "save": lambda p: p.writes("зберегти"),
    "delete": lambda p: p.writes("ВИДАЛИТИ"),
    "something similar": lambda p: p.writes("так видалти"),
    "meant": lambda p: p.writes("1"),
    "a number afterwards": lambda p: p.writes("1"),
}


async def test_a_restart_between_any_two_steps_changes_nothing(tmp_path: Path) -> None:
    screens = []
    for restarts in (False, True):
        folder = tmp_path / str(restarts)
        folder.mkdir()
        async with town(folder, messengers=("signal",)) as bot:
            oksana = bot.somebody("Oksana")
            for step in STEPS.values():
                oksana.look()
                await step(oksana)
                await oksana.settles()
                assert oksana.news()
                if restarts:
                    await bot.restart()
            screens.append([message.text for message in oksana.phone.received])
    assert screens[0] == screens[1]
    assert "Ваші дані видалено" in screens[0][-2]
    assert "Вітаємо!" in screens[0][-1]


async def test_stop_start_and_delete_are_words(bot: Town, refugee: Somebody) -> None:
    await registers(refugee)
    await refugee.writes("Стоп!")
    assert await refugee.sees("більше не отримуватимете", "1 – Знову отримувати новини")
    await refugee.writes("1")
    assert await refugee.sees("знову отримуватимете")
    assert await bot.rows("SELECT news_stopped_at FROM people") == [(None,)]
    await writes(refugee, "stopp", "СТАРТ")
    assert await refugee.sees("знову отримуватимете")
    assert await bot.rows("SELECT news_stopped_at FROM people") == [(None,)]


async def test_after_delete_nothing_is_left_and_a_number_begins_anew(bot: Town, volunteer: Somebody) -> None:
    await offers(volunteer, name="Wolfram Unverwechselbar", contact="0231 987654321")
    await volunteer.writes("löschen")
    await volunteer.sees("wirklich alle Ihre Daten löschen")
    await volunteer.phone.reacts(last_question(volunteer), "👍")
    await volunteer.sees("Meinten Sie: Ja, alles löschen?")  # a thumb alone deletes nothing
    await volunteer.writes("ja")
    await volunteer.sees("Ihre Daten sind gelöscht")
    await volunteer.settles()
    await bot.a_minute_passes()
    for (table,) in await bot.rows("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"):
        kept = [str(row) for row in await bot.rows(f"SELECT * FROM {table}")]  # noqa: S608 - names from the database
        assert [row for row in kept if str(volunteer.phone.id) in row or "Unverwechselbar" in row] == []
        if table in ("menus", "people", "addresses", "conversations", "outbox", "shown"):
            assert kept == []
    await bot.restart()
    await volunteer.writes("1")
    await volunteer.sees("Willkommen!", "1 – Українська")
    assert "Ihr Hilfsangebot" not in volunteer.news()[-1].text
    await writes(volunteer, "2", "LÖSCHEN", "Ja, alles löschen")
    await volunteer.settles()
    await bot.a_minute_passes()
    await bot.stop()
    assert_nothing_stands_in_any_file(bot, "Unverwechselbar", "987654321", str(volunteer.phone.id))
