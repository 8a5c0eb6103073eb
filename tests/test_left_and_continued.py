"""What somebody leaves half-way for the menu or STOP is there again when they come back to it."""

import pytest

from tests.bridge import Somebody, Town, on_signal, on_telegram
from tests.test_refugees import AGREE, registers

TOPICS = "Які теми Вас цікавлять?"
MENU = "Що Ви хочете зробити?"


@on_telegram
@pytest.mark.parametrize("word", ["МЕНЮ", "СТОП"])
async def test_what_was_ticked_is_still_ticked(bot: Town, refugee: Somebody, word: str) -> None:
    await refugee.picks("Я з Житомирщини", AGREE, "Так")
    await refugee.sees(TOPICS)
    await refugee.picks("Медицина й лікарні", "Заходи в Дортмунді")
    await refugee.writes(word)
    await bot.settles()
    await bot.restart()
    await refugee.writes("МЕНЮ")
    await refugee.sees(MENU)
    await refugee.picks("Я з Житомирщини", "Так, продовжити")
    await refugee.sees(TOPICS)
    await refugee.picks("Готово")
    assert await refugee.sees("✓ Медицина й лікарні; Заходи в Дортмунді")


@on_signal
async def test_what_was_chosen_on_the_first_page_is_still_chosen(bot: Town, refugee: Somebody) -> None:
    await refugee.picks("Я з Житомирщини", AGREE, "Так")
    await refugee.sees(TOPICS)
    await refugee.writes("5 6")
    await refugee.sees("Медицина й лікарні; Діти та молодь", "Заходи в Дортмунді")
    await refugee.writes("МЕНЮ")
    await refugee.sees(MENU)
    await bot.restart()
    await refugee.picks("Я з Житомирщини", "Так, продовжити")
    await refugee.sees("Уже вибрано: Медицина й лікарні; Діти та молодь", "Заходи в Дортмунді")
    await refugee.writes("2")
    assert await refugee.sees("✓ Медицина й лікарні; Діти та молодь; Заходи в Дортмунді")


@on_telegram
async def test_what_is_registered_is_not_overwritten_by_less(bot: Town, refugee: Somebody) -> None:
    await registers(refugee)
    await refugee.writes("теми")
    await refugee.sees("☑ Медицина й лікарні")
    await refugee.picks("Заходи в Дортмунді")
    await refugee.writes("МЕНЮ")
    await refugee.sees(MENU)
    await refugee.writes("теми")
    await refugee.picks("Так, продовжити")
    await refugee.sees(TOPICS)
    await refugee.picks("Готово")
    await refugee.sees("Ваші теми збережено")
    assert await bot.rows("SELECT topic FROM interest_topics ORDER BY topic") == [("events",), ("health",)]


@on_telegram
async def test_whoever_leaves_the_offer_to_continue_finds_it_again(refugee: Somebody) -> None:
    await refugee.picks("Я з Житомирщини", AGREE, "Так", "Медицина й лікарні")
    for _ in range(2):
        await refugee.writes("МЕНЮ")
        await refugee.sees(MENU)
        await refugee.picks("Я з Житомирщини")
        await refugee.sees("Хочете продовжити?")
    await refugee.picks("Так, продовжити")
    await refugee.sees(TOPICS)
    await refugee.picks("Готово")
    assert await refugee.sees("✓ Медицина й лікарні")


@on_signal
async def test_an_answer_can_be_taken_back_after_its_conversation_was_continued(bot: Town, refugee: Somebody) -> None:
    await refugee.picks("Я з Житомирщини", AGREE, "Так")
    await refugee.sees(TOPICS)
    await refugee.writes("медицина")
    await refugee.sees("Де Ви зараз живете?")
    answer = refugee.sent[-1]
    await refugee.writes("МЕНЮ")
    await refugee.sees(MENU)
    await refugee.picks("Я з Житомирщини", "Так, продовжити")
    await refugee.sees("Де Ви зараз живете?")
    refugee.look()
    await refugee.phone.deletes(answer)
    assert await refugee.sees("Ви видалили своє повідомлення", TOPICS)
    assert not [row for row in await bot.rows("SELECT * FROM conversations") if "health" in str(row)]
