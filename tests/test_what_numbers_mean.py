"""A number means what stood beside it where the person read it: late, twice, in a burst, under an old message."""

import asyncio
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import time_machine

from bot.pace import Limits
from tests.bridge import OnSignal, Somebody, Town, town
from tests.signal_talk import (
    ADULT,
    CLOSED,
    CONSENT,
    MENU,
    NOT_UNDERSTOOD,
    PLACE,
    TOPICS,
    comes_to_the_place,
    comes_to_the_topics,
    in_front_of_the_menu,
    last_question,
    stored,
    writes,
)
from tests.test_refugees import registers
from tests.test_staff import composes
from tests.test_volunteers import comes_to_the_name, offers

TO_READ = 0.4
"""Seconds, in the tests of what comes too soon."""


@pytest.fixture
def messenger() -> str:
    """The messenger, where a test does not say that it is about both."""
    return "signal"


@pytest.fixture
async def slowly(tmp_path: Path) -> AsyncIterator[tuple[Town, OnSignal]]:
    """A bot that knows how long reading takes, and somebody who read its menu."""
    async with in_front_of_the_menu(tmp_path, Limits(None, None, seconds_to_read=TO_READ)) as both:
        yield both


@pytest.mark.parametrize(
    "text", ["2", "2.", "2)", "№ 2", "２", "②", "2️⃣", "два", "zwei", "другий", "відповідь 2", "2 – Ні"]
)
async def test_a_number_in_any_spelling_is_the_line_with_it(refugee: Somebody, text: str) -> None:
    await writes(refugee, "1")
    await refugee.writes(text)
    assert await refugee.sees("✓ Ні\n", "Ваших відповідей ми не зберігаємо")


async def test_a_number_that_is_not_there_is_not_understood(refugee: Somebody) -> None:
    await writes(refugee, "1")
    await refugee.writes("4")
    assert await refugee.sees(NOT_UNDERSTOOD, CONSENT)
    await refugee.writes("1")
    assert await refugee.sees(ADULT)


async def test_notices_and_news_in_between_do_not_change_what_a_number_means(
    bot: Town, office: Somebody, refugee: Somebody, volunteer: Somebody
) -> None:
    await registers(refugee)
    await offers(volunteer)
    await writes(refugee, "теми")
    await composes(office)
    asked = last_question(office)
    for _ in range(11):
        await volunteer.picks("Ihr Hilfsangebot", "Mein Angebot ändern", "Stimmt, speichern")
    await office.settles()
    assert office.times_seen("Geändertes Hilfsangebot") == 11
    await bot.restart()
    await office.writes("2")
    await office.sees("✓ Menschen aus der Region\n")
    with time_machine.travel(time.time() + 60, tick=True):
        await office.writes("1", quote=asked)
        assert await office.sees("Diese Auswahl gilt nicht mehr", "Um welches Thema geht es?")
        await writes(office, "1", "1")
    await office.picks("✉ Jetzt senden")
    await refugee.sees("Є новини.")
    await writes(refugee, "ще", "1")
    assert await refugee.sees("Ваші теми збережено")


async def test_links_work_as_long_as_they_can_be_quoted(bot: Town, refugee: Somebody) -> None:
    menu = last_question(refugee)
    await comes_to_the_place(refugee)
    await bot.restart()
    await refugee.writes("6", quote=menu)
    assert await refugee.sees("112", PLACE)


async def test_an_old_question_says_that_it_is_closed_and_shows_the_open_one(refugee: Somebody) -> None:
    await writes(refugee, "1")
    consent = last_question(refugee)
    await comes_from_consent_to_the_place(refugee)
    for minutes, text in enumerate(("2", "Ні", "ні", "👎", "так, я погоджуюся"), 1):
        with time_machine.travel(time.time() + 60 * minutes, tick=True):
            await refugee.writes(text, quote=consent)
            assert await refugee.sees(CLOSED, PLACE)
            assert "✓" not in refugee.news()[-1].text


async def comes_from_consent_to_the_place(oksana: Somebody) -> None:
    await writes(oksana, "1", "1", "медицина")
    assert await oksana.sees(PLACE)


async def test_a_number_under_something_that_nobody_remembers_answers_nothing(bot: Town, refugee: Somebody) -> None:
    await writes(refugee, "1", "СТОП")
    stopped = refugee.phone.received[-1]
    await comes_to_the_place_by_words(refugee)
    await bot.change("DELETE FROM menus WHERE id NOT IN (SELECT id FROM menus ORDER BY id DESC LIMIT 2)")
    with time_machine.travel(time.time() + 60, tick=True):
        await refugee.writes("1", quote=stopped)
        assert await refugee.sees(CLOSED, PLACE)
        await refugee.writes("дякую, але я ще не знаю", quote=stopped)
        assert await refugee.sees(NOT_UNDERSTOOD)


async def comes_to_the_place_by_words(oksana: Somebody) -> None:
    await writes(oksana, "меню", "Я з Житомирщини", "так", "так", "медицина")
    assert await oksana.sees(PLACE)


async def test_a_number_written_twice_at_once_answers_once(slowly: tuple[Town, OnSignal]) -> None:
    bot, oksana = slowly
    for seen in (CONSENT, ADULT, TOPICS):
        await oksana.writes_at_once(["1", "1"])
        await oksana.sees(seen)
        await oksana.settles()
        assert len(oksana.news()) == 1
        await asyncio.sleep(2 * TO_READ)
    assert await stored(bot, "topics") is None


@pytest.mark.parametrize(
    "texts", [["1", "2", "1", "5", "2"], ["1", "7"], ["1", "1 3"], ["так", "так", "ні"], ["1", "так"], ["так", "2"]]
)
async def test_what_was_written_in_a_burst_answers_only_what_could_be_read(
    slowly: tuple[Town, OnSignal], texts: list[str]
) -> None:
    bot, oksana = slowly
    await oksana.writes("1")
    await oksana.sees(CONSENT)
    await asyncio.sleep(2 * TO_READ)
    await bot.stop()  # they write and write, and nobody answers
    await oksana.writes_at_once(texts)
    await bot.start()
    await oksana.settles()
    assert [message.text.split("\n\n")[1] for message in oksana.news()] == [ADULT]
    await asyncio.sleep(2 * TO_READ)
    await oksana.writes("1")
    assert await oksana.sees(TOPICS)


async def test_a_burst_before_the_first_menu_chooses_nothing(tmp_path: Path) -> None:
    async with town(tmp_path, limits=Limits(None, None, seconds_to_read=TO_READ), messengers=("signal",)) as bot:
        oksana = bot.somebody("Oksana")
        await oksana.writes_at_once(["1", "2", "1", "3"])
        await oksana.settles()
        assert oksana.times_seen("Вітаємо!") == len(oksana.phone.received) == 1
        assert await bot.rows("SELECT language FROM people") == [(None,)]


async def test_a_number_is_not_taken_before_the_question_can_have_been_read(slowly: tuple[Town, OnSignal]) -> None:
    _bot, oksana = slowly
    await oksana.writes("1")
    await oksana.sees(CONSENT)
    await oksana.writes("1")
    assert await oksana.sees_nothing_new()
    await asyncio.sleep(2 * TO_READ)
    await oksana.writes("1")
    assert await oksana.sees(ADULT)


async def test_a_burst_that_chooses_the_language_begins_nothing(tmp_path: Path) -> None:
    async with town(tmp_path, limits=Limits(None, None, seconds_to_read=TO_READ), messengers=("signal",)) as bot:
        oksana = bot.somebody("Oksana")
        await oksana.writes("Привіт")
        await oksana.sees("Вітаємо!")
        await asyncio.sleep(2 * TO_READ)
        await oksana.writes_at_once(["1", "3"])
        await oksana.sees(MENU)
        await oksana.settles()
        assert "Що Ви хочете дізнатися?" not in oksana.screen


async def test_a_burst_after_did_you_mean_answers_only_that(slowly: tuple[Town, OnSignal]) -> None:
    _bot, oksana = slowly
    for text in ("Я з Житомирщини", "так", "так", "медицина", "у дортмунді", "ні", "одразу", "усе правильн"):
        await oksana.writes(text)
        await oksana.settles()
        await asyncio.sleep(2 * TO_READ)
    await oksana.sees("Ви мали на увазі: Усе правильно, зберегти?")
    await oksana.writes_at_once(["2", "3"])
    await oksana.sees("Перевірте")
    await oksana.settles()
    assert oksana.times_seen(PLACE) == 1


async def test_an_entry_of_the_menu_chosen_twice_at_once_begins_once(refugee: Somebody) -> None:
    await refugee.writes_at_once(["1", "1", "3"])
    await refugee.settles()
    assert refugee.times_seen(CONSENT) == 1


async def test_numbers_mean_the_newest_menu_also_after_the_clock_was_put_back(refugee: Somebody) -> None:
    with time_machine.travel(time.time() + 3600, tick=True):
        await writes(refugee, "1", "1")
    await refugee.writes("1")
    assert await refugee.sees("✓ Так", TOPICS)


async def test_zero_goes_back_even_where_one_may_skip(bot: Town, refugee: Somebody) -> None:
    await comes_to_the_place(refugee)
    await refugee.writes("0")
    assert await refugee.sees(TOPICS, "5 – ☑ Медицина й лікарні")
    await bot.restart()
    await refugee.writes("нуль")
    assert await refugee.sees(ADULT)
    await refugee.writes("0")
    assert await refugee.sees(CONSENT)
    await refugee.writes("0")
    assert await refugee.sees(MENU)


@pytest.mark.parametrize("text", ["M", "m", "М", "м.", "Menü", "меню"])
async def test_the_menu_can_be_reached_at_any_time(refugee: Somebody, text: str) -> None:
    await writes(refugee, text)
    assert await refugee.sees(MENU)
    await comes_to_the_topics(refugee)
    await refugee.writes(text)
    assert await refugee.sees(MENU)


@pytest.mark.parametrize(
    ("contact", "kept"), [("231 45 67", "2314567"), ("0231 1234", "02311234"), ("02311234", "02311234")]
)
async def test_a_telephone_number_is_neither_a_choice_nor_a_code(
    bot: Town, volunteer: Somebody, contact: str, kept: str
) -> None:
    await comes_to_the_name(volunteer)
    await writes(volunteer, "Thomas Beispiel", contact)
    await volunteer.sees("Schreiben Sie für eine Organisation?")
    await volunteer.edits_last("231 45 68")
    await volunteer.settles()
    assert await stored(bot, "contact") == "2314568"
    await volunteer.edits_last(contact)
    await volunteer.settles()
    assert await stored(bot, "contact") == kept
