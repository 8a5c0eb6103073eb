"""Somebody changes or deletes what they wrote."""

import pytest

from tests.bridge import Somebody, Town
from tests.signal_talk import (
    MENU,
    NOT_UNDERSTOOD,
    PLACE,
    TOPICS,
    comes_to_the_place,
    comes_to_the_topics,
    stored,
    writes,
)
from tests.test_refugees import registers


@pytest.fixture
def messenger() -> str:
    """The messenger, where a test does not say that it is about both."""
    return "signal"


@pytest.mark.parametrize("messenger", ["telegram", "signal"])
async def test_the_last_answer_can_be_changed(bot: Town, refugee: Somebody) -> None:
    await refugee.picks("Я з Житомирщини")
    await writes(refugee, "так", "так", "медицина", "1")
    await refugee.sees("особливо захищені")
    await bot.restart()
    for text, kept in (("2", "near"), ("У Дортмунді", "city"), ("Пропустити", None), ("на Житомирщині", "region")):
        await refugee.edits_last(text)
        assert await refugee.sees("особливо захищені")
        assert await stored(bot, "place") == kept


@pytest.mark.parametrize("messenger", ["telegram", "signal"])
async def test_an_answer_that_was_not_understood_can_be_changed(bot: Town, refugee: Somebody) -> None:
    await refugee.picks("Я з Житомирщини")
    await writes(refugee, "такк", "так", "щось таке")
    await refugee.sees(NOT_UNDERSTOOD)
    await refugee.edits_last("нічого такого")
    await refugee.sees(NOT_UNDERSTOOD)
    await bot.restart()
    await refugee.edits_last("медицина")
    assert await refugee.sees("✓ Медицина й лікарні", PLACE)


@pytest.mark.parametrize("messenger", ["telegram", "signal"])
async def test_an_answer_can_be_changed_into_a_word_that_always_works(bot: Town, refugee: Somebody) -> None:
    await registers(refugee)
    await writes(refugee, "теми", "медицин")
    await writes(refugee, "видалити", "зрозуміло")
    await refugee.edits_last("СТОП")
    assert await refugee.sees("більше не отримуватимете")
    assert await bot.rows("SELECT news_stopped_at IS NULL FROM people") == [(0,)]


@pytest.mark.parametrize("messenger", ["telegram", "signal"])
async def test_an_older_answer_that_changes_is_told_kindly_and_once(bot: Town, refugee: Somebody) -> None:
    await refugee.picks("Я з Житомирщини")
    await writes(refugee, "так")
    older = refugee.sent[-1]
    await writes(refugee, "так", "медицина")
    for text in ("ні", "ні, ні"):
        refugee.look()
        await refugee.phone.edits(older, text)
        await refugee.settles()
    assert refugee.times_seen("Ви змінили попереднє повідомлення. Я читаю лише нові.") == 1
    assert await stored(bot, "consent") == "yes"


async def test_an_answer_on_a_later_page_is_changed_by_the_numbers_of_that_page(bot: Town, refugee: Somebody) -> None:
    await comes_to_the_topics(refugee)
    await writes(refugee, "1 3", "1")
    await refugee.sees("Школа, університет, мова", PLACE)
    await bot.restart()
    await refugee.edits_last("2")
    assert await refugee.sees("✓ Гуманітарна допомога; Управління містом і цифровізація; Заходи в Дортмунді\n", PLACE)
    await refugee.edits_last("9")
    assert await refugee.sees(NOT_UNDERSTOOD, "1 – Школа, університет, мова")


async def test_a_telephone_that_names_the_newest_version_is_understood(bot: Town, refugee: Somebody) -> None:
    refugee.phone.refers_to_newest = True
    await comes_to_the_place(refugee)
    await writes(refugee, "1")
    await refugee.edits_last("2")
    await refugee.sees("✓ Поблизу Дортмунда")
    await refugee.edits_last("3")
    assert await refugee.sees("✓", "особливо захищені")
    assert await stored(bot, "place") == bot.city.places[2].id
    await refugee.phone.deletes(refugee.sent[-1])
    assert await refugee.sees("Ви видалили своє повідомлення", PLACE)


async def test_who_deletes_an_answer_has_it_deleted_and_is_asked_again(bot: Town, refugee: Somebody) -> None:
    await comes_to_the_place(refugee)
    await writes(refugee, "1", "2")
    answer = refugee.sent[-2]
    await bot.restart()
    refugee.look()
    await refugee.phone.deletes(answer)
    assert await refugee.sees("Ви видалили своє повідомлення", PLACE)
    assert await stored(bot, "place") is None
    await refugee.writes("2")
    assert await refugee.sees("✓ Поблизу Дортмунда", "Як часто")


async def test_what_was_ticked_goes_with_the_message(bot: Town, refugee: Somebody) -> None:
    await comes_to_the_place(refugee)
    refugee.look()
    await refugee.phone.deletes(refugee.sent[-1])
    assert await refugee.sees("Ви видалили своє повідомлення", TOPICS)
    assert "☑" not in refugee.news()[-1].text
    assert not [row for row in await bot.rows("SELECT * FROM conversations") if "health" in str(row)]


async def test_an_answer_that_is_deleted_while_it_is_being_changed_does_not_come_back(
    bot: Town, refugee: Somebody
) -> None:
    await comes_to_the_place(refugee)
    await writes(refugee, "поблизу")
    answer = refugee.sent[-1]
    await refugee.picks("Ні, не запитуйте про це", "Одразу, коли є щось нове", "Змінити: Місце проживання")
    refugee.look()
    await refugee.phone.deletes(answer)
    await refugee.sees("Ви видалили своє повідомлення", PLACE)
    assert not [row for row in await bot.rows("SELECT answers, draft FROM conversations") if "near" in str(row)]


async def test_an_answer_is_deleted_also_if_its_conversation_was_left(bot: Town, refugee: Somebody) -> None:
    await comes_to_the_place(refugee)
    answer = refugee.sent[-1]
    await writes(refugee, "М")
    refugee.look()
    await refugee.phone.deletes(answer)
    assert await refugee.sees("Ви видалили своє повідомлення", MENU)
    assert not [row for row in await bot.rows("SELECT * FROM conversations") if "health" in str(row)]
    await writes(refugee, "1", "1")
    assert await refugee.sees(TOPICS)


async def test_deleting_anything_else_is_nobodys_business(bot: Town, refugee: Somebody) -> None:
    await registers(refugee)
    for message in refugee.sent[:3]:
        await refugee.phone.deletes(message)
    refugee.look()
    assert await refugee.sees_nothing_new()
    assert len(await bot.rows("SELECT * FROM interests")) == 1


async def test_a_message_deleted_before_it_was_read_does_no_harm(bot: Town, refugee: Somebody) -> None:
    await comes_to_the_place(refugee)
    await bot.stop()
    own = await refugee.phone.writes("1")
    await refugee.phone.deletes(own)
    await bot.start()
    refugee.look()
    assert await refugee.sees("Ви видалили своє повідомлення", PLACE)
    assert await stored(bot, "place") is None
    assert await bot.rows("SELECT * FROM inbox WHERE parked OR payload IS NOT NULL") == []
