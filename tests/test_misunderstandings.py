"""Who is not understood is helped, and what only resembles something weighty is asked back."""

import pytest

from tests.bridge import Somebody, Town
from tests.signal_talk import (
    ADULT,
    CONSENT,
    MENU,
    NOT_UNDERSTOOD,
    PLACE,
    comes_to_the_place,
    last_question,
    lines_of,
    writes,
)
from tests.test_refugees import registers
from tests.test_staff import composes


@pytest.fixture
def messenger() -> str:
    """The messenger, where a test does not say that it is about both."""
    return "signal"


@pytest.mark.parametrize("where", ["menu", "question"])
async def test_who_is_not_understood_is_helped_more_each_time(bot: Town, refugee: Somebody, where: str) -> None:
    asked = MENU
    if where == "question":
        await comes_to_the_place(refugee)
        asked = PLACE
    choices = lines_of(last_question(refugee))
    await writes(refugee, "на вулиці Гоголя")
    (first,) = refugee.news()
    assert NOT_UNDERSTOOD in first.text
    assert asked in first.text
    assert lines_of(first) == choices
    assert "МЕНЮ" not in first.text
    await bot.restart()
    await writes(refugee, "ну там")
    (second,) = refugee.news()
    assert "МЕНЮ" in second.text
    assert "ЛЮДИНА" in second.text
    assert lines_of(second) == choices
    for text in ("ой лишенько", "хтозна"):
        await writes(refugee, text)
        (third,) = refugee.news()
        assert bot.city.office.telephone in third.text
        assert asked not in third.text
    await bot.restart()
    await refugee.writes("1")
    assert await refugee.sees(CONSENT if where == "menu" else "✓ У Дортмунді")


@pytest.mark.parametrize("messenger", ["telegram", "signal"])
async def test_a_word_that_fits_two_answers_names_both(bot: Town, refugee: Somebody) -> None:
    await refugee.picks("Я з Житомирщини")
    await writes(refugee, "так", "так", "медицина", "дортмунд")
    meant = "Це може означати різне:\n1 – У Дортмунді\n2 – Поблизу Дортмунда\nЩо саме Ви маєте на увазі?"
    assert await refugee.sees(meant, PLACE)
    assert NOT_UNDERSTOOD not in refugee.screen
    await bot.restart()
    await refugee.writes("2")
    assert await refugee.sees("✓ Поблизу Дортмунда")


@pytest.mark.parametrize("messenger", ["telegram", "signal"])
async def test_who_is_asked_again_and_again_what_is_meant_gets_a_person(bot: Town, refugee: Somebody) -> None:
    await refugee.picks("Я з Житомирщини")
    await writes(refugee, "так", "так", "медицина", "дортмунд", "Dortmund")
    assert await refugee.sees("Це може означати різне", "ЛЮДИНА")
    await refugee.writes("дортмунд")
    assert await refugee.sees(bot.city.office.telephone)


@pytest.mark.parametrize("messenger", ["telegram", "signal"])
async def test_a_word_that_fits_two_entries_of_a_menu_names_both(refugee: Somebody) -> None:
    await refugee.picks("Запитання й відповіді")
    await refugee.sees("Що Ви хочете дізнатися?")
    await refugee.writes("партнерство")
    assert await refugee.sees("1 – Що це за партнерство?\n2 – Хто координує партнерство?\nЩо саме")
    await refugee.writes("1")
    assert await refugee.sees("міста-побратими")


async def test_what_fits_but_stands_on_another_page_is_named_without_a_number(volunteer: Somebody) -> None:
    await volunteer.picks("Ich möchte helfen", "Ja, ich bin einverstanden", "Ja", "Dolmetschen", "Fertig")
    await volunteer.picks("Deutsch", "Fertig", "Überspringen")
    await volunteer.sees("In welchem Stadtbezirk", "Seite 1 von 2")
    await volunteer.writes("Innenstadt")
    await volunteer.sees("heißen:\n2 – Innenstadt-West\n3 – Innenstadt-Nord\n4 – Innenstadt-Ost\nWas")
    await writes(volunteer, "8")
    await volunteer.writes("Innenstadt")
    assert await volunteer.sees("heißen:\nInnenstadt-West\nInnenstadt-Nord\nInnenstadt-Ost\nWas")
    await volunteer.writes("Innenstadt-Nord")
    assert await volunteer.sees("✓ Innenstadt-Nord")


NO_IDEA = [
    "не зрозуміло",
    "Не розумію!",
    "я нічого не розумію",
    "не понимаю",
    "ich verstehe nicht",
    "Nicht verstanden.",
    "?",
]


@pytest.mark.parametrize("messenger", ["telegram", "signal"])
@pytest.mark.parametrize("text", NO_IDEA)
async def test_who_does_not_understand_us_is_helped_wherever_that_is(refugee: Somebody, text: str) -> None:
    await refugee.writes(text)
    await refugee.sees("ЛЮДИНА", "112")
    await refugee.writes(text)  # now nothing is open
    await refugee.sees("ЛЮДИНА", "112")
    await refugee.writes("меню")
    await refugee.picks("Я з Житомирщини")
    await refugee.writes(text)
    assert await refugee.sees("ЛЮДИНА", "112", CONSENT)
    assert NOT_UNDERSTOOD not in refugee.screen


MEANT: dict[str, tuple[str, ...]] = {
    "так": ("Ваші дані видалено",),
    "1": ("Ваші дані видалено",),
    "ні": ("Ви справді хочете видалити",),
    "2": ("Ви справді хочете видалити",),
    "3": (NOT_UNDERSTOOD, "Ви справді хочете видалити"),
    "не знаю": ("Ви справді хочете видалити",),
    "залишити": ("Нічого не видалено",),
    "меню": (MENU,),
    "0": (MENU,),
}


@pytest.mark.parametrize("messenger", ["telegram", "signal"])
@pytest.mark.parametrize(("text", "seen"), MEANT.items())
async def test_what_only_resembles_a_weighty_answer_is_asked_back(
    bot: Town, refugee: Somebody, text: str, seen: tuple[str, ...]
) -> None:
    await registers(refugee)
    await writes(refugee, "видалити", "так видалти")
    assert await refugee.sees("Ви мали на увазі: Так, видалити все?")
    assert len(await bot.rows("SELECT * FROM interests")) == 1
    await bot.restart()
    await refugee.writes(text)
    assert await refugee.sees(*seen)
    assert len(await bot.rows("SELECT * FROM interests")) == (0 if "видалено" in seen[0] and "Ваші" in seen[0] else 1)


@pytest.mark.parametrize("messenger", ["telegram", "signal"])
async def test_what_only_resembles_a_consent_or_an_order_to_send_is_asked_back(
    bot: Town, office: Somebody, refugee: Somebody
) -> None:
    await refugee.picks("Я з Житомирщини")
    await refugee.writes("погоджуюс")
    assert await refugee.sees("Ви мали на увазі: Так, я погоджуюся?")
    await refugee.writes("так")
    assert await refugee.sees(ADULT)
    await refugee.picks("Так")
    await refugee.writes("медицина")
    await bot.populate(uk=1)
    await composes(office)
    await office.picks("Alle", "Alle Themen", "Alle in ihrer Sprache")
    await office.sees("Was soll jetzt geschehen?")
    await office.writes("jetzt sende")
    assert await office.sees("Meinten Sie: ✉ Jetzt senden?")
    await office.writes("nein")
    assert await office.sees("Was soll jetzt geschehen?")
    assert await bot.rows("SELECT * FROM broadcasts") == []
