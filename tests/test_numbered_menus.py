"""How a question with its choices looks where they are numbered lines, and how several are chosen."""

import re
import time
from dataclasses import replace

import pytest
import time_machine

from bot import markup
from bot.profile import Localized
from tests.bridge import Somebody, Town
from tests.signal_talk import (
    ADULT,
    CONSENT,
    MENU,
    NOT_UNDERSTOOD,
    PLACE,
    TOPICS,
    comes_to_the_topics,
    last_question,
    lines_of,
    stored,
    writes,
)
from tests.test_refugees import registers
from tests.test_volunteers import offers


@pytest.fixture
def messenger() -> str:
    """The messenger, where a test does not say that it is about both."""
    return "signal"


async def test_the_first_menus_say_how_to_answer(bot: Town) -> None:
    oksana = bot.somebody("Oksana")
    await oksana.writes("Добрий день")
    await oksana.sees("Вітаємо!")
    (first,) = oksana.news()
    assert "Відповідайте, будь ласка, числом або словом." in first.text
    assert "Bitte antworten Sie mit der Zahl oder dem Wort." in first.text
    assert lines_of(first) == ["1 – Українська", "2 – Deutsch"]
    await oksana.writes("1")
    await oksana.sees(MENU, "Відповідайте, будь ласка, числом або словом.")


async def test_the_question_comes_first_then_its_answers_then_the_ways_out(
    refugee: Somebody, volunteer: Somebody
) -> None:
    await registers(refugee)
    await offers(volunteer)
    await volunteer.writes("MENÜ")
    await volunteer.settles()
    seen = 0
    for message in refugee.phone.received + volunteer.phone.received:
        found = [re.fullmatch(r"(\S+) – (.+)", line) for line in lines_of(message)]
        choices = [(line[1], line[2]) for line in found if line]
        if not choices:
            continue
        seen += 1
        assert len(choices) == len(found), "an answer stands between others"
        assert len(message.text.encode()) <= 2000
        numbers = [int(key) for key, _ in choices if key.isdecimal() and key != "0"]
        assert numbers == [*range(1, len(numbers) + 1)]
        more = next((int(key) for key, label in choices if label in ("Ще …", "Mehr …")), 8)
        assert more <= 8, "more than seven on one screen"
        out = choices[len(numbers) :]
        assert out in (
            [("0", "Назад"), ("М", "Меню")],
            [("0", "Zurück"), ("M", "Menü")],
            [("Г", "Готово"), ("0", "Назад"), ("М", "Меню")],
            [("F", "Fertig"), ("0", "Zurück"), ("M", "Menü")],
            [("М", "Меню")],
            [("M", "Menü")],
            [],
        )
        assert not re.search("кнопк|Knopf|Taste|☰|←", message.text)
    assert seen > 15


async def test_a_menu_that_does_not_fit_is_the_last_message_and_can_be_answered(bot: Town, refugee: Somebody) -> None:
    long = Localized({"uk": "Дуже важливо. " * 200, "de": "Sehr wichtig. " * 200})
    bot.city = replace(bot.city, legal=replace(bot.city.legal, privacy_short=long))
    await bot.restart()
    await refugee.writes("1")
    await refugee.sees(CONSENT)
    await refugee.settles()
    *parts, question, menu = refugee.news()
    assert parts
    assert all(len(message.text.encode()) <= 2000 for message in refugee.news())
    assert question.text.endswith(CONSENT)
    assert menu.text.split("\n")[0] == "1 – Так, я погоджуюся"
    await bot.restart()
    await refugee.writes("1", quote=question)
    assert await refugee.sees("✓ Так, я погоджуюся", ADULT)


async def test_what_is_bold_is_where_the_text_says(refugee: Somebody) -> None:
    await registers(refugee)
    review = next(m for m in refugee.phone.received if "Перевірте" in m.text)
    text = review.text.encode("utf-16-le")
    bold = [text[2 * at : 2 * (at + length)].decode("utf-16-le") for at, length, style in review.styles]
    assert bold == ["Одразу, коли є щось нове", "Теми:", "Місце проживання:", "Новини:"]
    assert {style for _, _, style in review.styles} == {"BOLD"}
    assert not re.search(r"[<>]|&\w+;", "".join(m.text for m in refugee.phone.received))


async def test_what_the_texts_say_is_plain(refugee: Somebody) -> None:
    """No markup and no name of another messenger reaches a telephone."""
    await registers(refugee)
    await writes(refugee, "перевірити", "ЗАХИСТ ДАНИХ", "Про нас")
    assert markup.plain(refugee.screen) == refugee.screen


async def test_more_of_the_menu_is_one_number_away(bot: Town, refugee: Somebody) -> None:
    assert bot.signal.running
    await refugee.writes("8")
    await refugee.sees("Сторінка 2 з 2", "1 – Про нас і захист даних", "2 – До першої сторінки")
    await refugee.writes("2")
    assert await refugee.sees("1 – Я з Житомирщини")


# ---------------------------------------------------------------------- several answers


@pytest.mark.parametrize("text", ["1 3", "1,3", "1, 3.", "1 und 3", "1 і 3", "1й3", "перше і третє", "3 1", "1️⃣3️⃣"])
async def test_several_numbers_are_several_answers(refugee: Somebody, text: str) -> None:
    await comes_to_the_topics(refugee)
    await refugee.writes(text)
    assert await refugee.sees("Уже вибрано: Гуманітарна допомога; Управління містом і цифровізація\n")
    await refugee.writes("2")
    assert await refugee.sees(
        "✓ Гуманітарна допомога; Управління містом і цифровізація; Заходи в Дортмунді\n", "Запитання 2"
    )


async def test_pages_are_turned_by_number_and_by_word_and_keep_what_was_chosen(bot: Town, refugee: Somebody) -> None:
    await comes_to_the_topics(refugee)
    await writes(refugee, "8")
    assert lines_of(last_question(refugee))[0] == "1 – Школа, університет, мова"
    await writes(refugee, "Ще")
    assert lines_of(last_question(refugee))[0] == "1 – Гуманітарна допомога"
    await writes(refugee, "2 5", "ще", "ще")
    await bot.restart()
    assert await stored(bot, "topics") is None
    await refugee.writes("готово")
    assert await refugee.sees("✓ Відбудова й енергетика; Медицина й лікарні\n", PLACE)


async def test_what_is_ticked_is_shown_and_can_be_taken_back(refugee: Somebody) -> None:
    await registers(refugee)
    await writes(refugee, "теми")
    assert "5 – ☑ Медицина й лікарні" in lines_of(last_question(refugee))
    assert lines_of(last_question(refugee))[8] == "9 – Зняти позначки на цій сторінці"
    await refugee.writes("9")
    await refugee.sees("Сторінка 1 з 2", "5 – Медицина й лікарні")
    await writes(refugee, "8")
    await refugee.writes("2")
    assert await refugee.sees("✓ Заходи в Дортмунді\n")


async def test_unticking_a_page_leaves_what_is_ticked_on_the_others(bot: Town, refugee: Somebody) -> None:
    await comes_to_the_topics(refugee)
    await writes(refugee, "1 3", "1", "0")  # both pages, and back from the next question
    assert lines_of(last_question(refugee))[:3] == [
        "1 – ☑ Гуманітарна допомога",
        "2 – Відбудова й енергетика",
        "3 – ☑ Управління містом і цифровізація",
    ]
    await writes(refugee, "зняти позначки на цій сторінці")
    await bot.restart()
    assert "☑" not in refugee.news()[-1].text
    await refugee.writes("Г")
    assert await refugee.sees("✓ Школа, університет, мова\n", PLACE)


@pytest.mark.parametrize("done", ["Г", "г.", "готово", "Готово!", "ні", "це все", "далі", "fertig", "F"])
async def test_done_is_a_letter_or_a_word(refugee: Somebody, done: str) -> None:
    await comes_to_the_topics(refugee)
    await writes(refugee, "1 3")
    assert lines_of(last_question(refugee))[-5:] == [
        "2 – Заходи в Дортмунді",
        "3 – До першої сторінки",
        "Г – Готово",
        "0 – Назад",
        "М – Меню",
    ]
    await refugee.writes(done)
    assert await refugee.sees("✓ Гуманітарна допомога; Управління містом і цифровізація\n", PLACE)


async def test_the_letter_under_an_old_question_answers_no_other(refugee: Somebody) -> None:
    await comes_to_the_topics(refugee)
    topics = last_question(refugee)
    await writes(refugee, "медицина")
    with time_machine.travel(time.time() + 60, tick=True):
        await refugee.writes("Г", quote=topics)
        assert await refugee.sees("Цей вибір уже недоступний", PLACE)


@pytest.mark.parametrize("messenger", ["telegram", "signal"])
async def test_a_list_of_several_pages_says_which_one_it_is_and_words_turn_it(
    bot: Town, volunteer: Somebody, messenger: str
) -> None:
    districts = [district.name["de"] for district in bot.city.districts]
    most = 10 if messenger == "telegram" else 7
    await volunteer.picks("Ich möchte helfen", "Ja, ich bin einverstanden", "Ja", "Dolmetschen", "Fertig")
    await volunteer.picks("Deutsch", "Fertig", "Überspringen")
    await volunteer.sees("Seite 1 von 2", "Mehr …")
    for word in ("mehr", "більше", "nächste Seite"):
        assert volunteer.choices()[: most + 1] == [*districts[:most], "Mehr …"]
        await volunteer.writes(word)
        await volunteer.sees("Seite 2 von 2", "Zur ersten Seite")
        assert volunteer.choices()[: 14 - most] == [*districts[most:], "Zur ersten Seite"]
        await volunteer.picks("Zur ersten Seite")
        await volunteer.sees("Seite 1 von 2", "Mehr …")
    await volunteer.writes("weiter")  # this question may be skipped
    assert await volunteer.sees("Unsere Regeln")


@pytest.mark.parametrize("word", ["далі", "weiter", "пропустити", "дальше"])
async def test_go_on_turns_the_page_of_what_cannot_be_skipped(refugee: Somebody, word: str) -> None:
    await writes(refugee, word)
    await refugee.sees("Сторінка 2 з 2", "1 – Про нас і захист даних")
    await writes(refugee, word)
    await refugee.sees("Сторінка 1 з 2")
    await comes_to_the_topics(refugee)
    await refugee.writes(word)
    assert await refugee.sees("Сторінка 2 з 2", "1 – Школа, університет, мова")
    await refugee.writes(word)  # that was all, and nothing is chosen
    assert await refugee.sees("Оберіть, будь ласка, хоча б одну відповідь", TOPICS)
    assert NOT_UNDERSTOOD not in refugee.screen


async def test_something_has_to_be_chosen(refugee: Somebody) -> None:
    await comes_to_the_topics(refugee)
    await writes(refugee, "г")
    assert await refugee.sees("Оберіть, будь ласка, хоча б одну відповідь", TOPICS)


@pytest.mark.parametrize("text", ["1 12", "99", "0 1", "1 та не 3"])
async def test_of_an_answer_that_is_wrong_in_part_nothing_is_taken(bot: Town, refugee: Somebody, text: str) -> None:
    await comes_to_the_topics(refugee)
    await refugee.writes(text)
    assert await refugee.sees(NOT_UNDERSTOOD, TOPICS)
    assert "☑" not in refugee.screen
    assert await stored(bot, "topics") is None
