"""What is special about talking without buttons: numbers, words, reactions, all that a telephone with Signal can do."""

import asyncio
import re
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import time_machine

from bot import markup
from bot.demo.signal_chats import SignalShown
from bot.pace import Limits
from bot.profile import Localized
from tests.bridge import OnSignal, Somebody, Town, town
from tests.test_refugees import registers
from tests.test_staff import composes
from tests.test_volunteers import comes_to_the_name, offers

CONSENT = "Чи дозволяєте Ви зберігати ці дані?"
ADULT = "Вам уже виповнилося 18 років?"
TOPICS = "Які теми Вас цікавлять?"
PLACE = "Де Ви зараз живете?"
MENU = "Що Ви хочете зробити?"
CLOSED = "Цей вибір уже недоступний"
NOT_UNDERSTOOD = "ця відповідь мені незрозуміла"
TO_READ = 0.4
"""Seconds, in the tests of what comes too soon."""


@pytest.fixture
def messenger() -> str:
    """The messenger, where a test does not say that it is about both."""
    return "signal"


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


@pytest.fixture
async def slowly(tmp_path: Path) -> AsyncIterator[tuple[Town, OnSignal]]:
    """A bot that knows how long reading takes, and somebody who read its menu."""
    async with in_front_of_the_menu(tmp_path, Limits(None, None, seconds_to_read=TO_READ)) as both:
        yield both


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


# ---------------------------------------------------------------------- how a question looks


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
    assert lines_of(last_question(refugee))[8] == "9 – Нічого з цього"
    await refugee.writes("9")
    await refugee.sees("Школа, університет, мова")
    await refugee.writes("2")
    assert await refugee.sees("✓ Заходи в Дортмунді\n")


async def test_something_has_to_be_chosen(refugee: Somebody) -> None:
    await comes_to_the_topics(refugee)
    await writes(refugee, "9")
    assert await refugee.sees("Оберіть, будь ласка, хоча б одну відповідь", TOPICS)


@pytest.mark.parametrize("text", ["1 12", "99", "0 1", "1 та не 3"])
async def test_of_an_answer_that_is_wrong_in_part_nothing_is_taken(bot: Town, refugee: Somebody, text: str) -> None:
    await comes_to_the_topics(refugee)
    await refugee.writes(text)
    assert await refugee.sees(NOT_UNDERSTOOD, TOPICS)
    assert "☑" not in refugee.screen
    assert await stored(bot, "topics") is None


# ---------------------------------------------------------------------- what a number means


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


# ---------------------------------------------------------------------- reactions and votes


@pytest.mark.parametrize(
    ("emoji", "seen"), [("👍", ADULT), ("👍🏿", ADULT), ("1️⃣", ADULT), ("👎", "Телефон"), ("2️⃣", "Телефон")]
)
async def test_a_thumb_or_a_number_under_the_open_question_is_its_answer(
    bot: Town, refugee: Somebody, emoji: str, seen: str
) -> None:
    await writes(refugee, "1")
    await bot.restart()
    refugee.look()
    await refugee.phone.reacts(last_question(refugee), emoji)
    assert await refugee.sees("✓", seen)


async def test_a_number_under_the_menu_is_an_entry_of_it(refugee: Somebody) -> None:
    refugee.look()
    await refugee.phone.reacts(last_question(refugee), "3️⃣")
    assert await refugee.sees("Що Ви хочете дізнатися?")
    refugee.look()
    await refugee.phone.reacts(last_question(refugee), "1️⃣")
    await refugee.settles()
    assert refugee.news()


@pytest.mark.parametrize("emoji", ["👍", "👎", "1️⃣", "❤️", "😮", "🙏"])
async def test_reactions_to_anything_else_are_only_kind(bot: Town, refugee: Somebody, emoji: str) -> None:
    await writes(refugee, "1")
    consent = last_question(refugee)
    await refugee.phone.takes_back_reaction(consent, emoji)
    await writes(refugee, "1")
    open_question = last_question(refugee)
    refugee.look()
    with time_machine.travel(time.time() + 60, tick=True):
        for message in [m for m in refugee.phone.messages if m.message_id != open_question.message_id]:
            await refugee.phone.reacts(message, emoji)
        if emoji in "❤️😮🙏":
            await refugee.phone.reacts(open_question, emoji)
        await refugee.phone.takes_back_reaction(open_question, emoji)
        assert await refugee.sees_nothing_new()
    assert await bot.rows("SELECT question FROM conversations") == [("adult",)]


async def test_a_thumb_answers_whether_something_was_meant(refugee: Somebody) -> None:
    await writes(refugee, "видалити", "так видалти")
    await refugee.sees("Ви мали на увазі")
    refugee.look()
    await refugee.phone.reacts(last_question(refugee), "👍")
    assert await refugee.sees("Ваші дані видалено")


async def test_a_vote_is_the_number_of_what_was_voted_for(bot: Town, refugee: Somebody) -> None:
    await writes(refugee, "1", "1")
    poll = int(last_question(refugee).message_id)  # as if it had been sent as one
    vote = {"authorUuid": bot.signal.aci, "targetSentTimestamp": poll, "voteCount": 1}
    await votes(refugee, vote, [])
    assert await refugee.sees_nothing_new()
    await votes(refugee, vote, [1])
    assert await refugee.sees("✓ Ні\n", "Ваших відповідей ми не зберігаємо")


async def test_a_vote_in_a_poll_of_their_own_answers_nothing(bot: Town, refugee: Somebody) -> None:
    await writes(refugee, "1", "1")
    with time_machine.travel(time.time() + 60, tick=True):
        own = await refugee.phone.sends_poll(options=("А", "Б"))
        await refugee.settles()
        vote = {"authorUuid": refugee.phone.id, "targetSentTimestamp": int(own.message_id), "voteCount": 1}
        await votes(refugee, vote, [1])
        await refugee.settles()
    assert await bot.rows("SELECT question FROM conversations") == [("adult",)]


async def votes(person: Somebody, vote: dict[str, Any], options: list[int]) -> None:
    person.look()
    person.phone.says_data(pollVote={**vote, "optionIndexes": options})
    await asyncio.sleep(0)


# ---------------------------------------------------------------------- messages that change


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


# ---------------------------------------------------------------------- what is no text

Act = Callable[[Any], Awaitable[object]]
MEDIA: dict[str, Act] = {
    "a photo": lambda p: p.sends_photo(),
    "a photo with words": lambda p: p.sends_photo("ТАЄМНЕ 1"),
    "a file": lambda p: p.sends_document("ТАЄМНЕ.pdf"),
    "a photo to be seen once": lambda p: p.sends_view_once(),
    "a voice": lambda p: p.sends_voice(),
    "a film": lambda p: p.sends_video("ТАЄМНЕ"),
    "a sticker": lambda p: p.sends_sticker(),
    "somebody's card": lambda p: p.sends_contact("+493012345678"),
    "a place": lambda p: p.sends_location(),
    "money": lambda p: p.sends_payment(),
    "a poll": lambda p: p.sends_poll("ТАЄМНЕ"),
}
SECRETS = ("ТАЄМНЕ", "+493012345678", "51.51", "pic.png", "image/png", "9acc9e8a", "Danke")


@pytest.mark.parametrize("act", MEDIA.values(), ids=MEDIA.keys())
async def test_what_is_no_text_gets_one_kind_answer_and_is_not_kept(bot: Town, volunteer: Somebody, act: Act) -> None:
    await comes_to_the_name(volunteer)
    volunteer.look()
    await act(volunteer.phone)
    await volunteer.sees("Ich habe nichts gespeichert", "Ausweis", "Wie heißen Sie?")
    for _ in range(4):
        await act(volunteer.phone)
    await volunteer.settles()
    assert volunteer.times_seen("Ich habe nichts gespeichert") == 1
    assert await stored(bot, "name") is None
    await bot.stop()
    assert_nothing_stands_in_any_file(bot, *SECRETS)


def assert_nothing_stands_in_any_file(bot: Town, *secrets: str) -> None:
    """Read all files of the bot as they lie on the disk, whatever SQLite says of them."""
    for file in bot.database.parent.rglob("*"):
        if file.is_file():
            kept = file.read_bytes()
            assert [secret for secret in secrets if secret.encode() in kept] == [], file


async def test_a_call_is_answered_once(refugee: Somebody) -> None:
    await writes(refugee, "1")
    refugee.look()
    await refugee.phone.calls()
    assert await refugee.sees("Я не приймаю дзвінків", CONSENT)
    refugee.look()
    await refugee.phone.calls()
    assert await refugee.sees_nothing_new()


async def data(phone: Any, **fields: object) -> None:
    phone.says_data(**fields)


async def own_device(phone: Any) -> None:
    sent: dict[str, Any] = {"sentMessage": {"message": "1", "destinationUuid": phone.id}}
    read: dict[str, Any] = {"readMessages": []}
    for told in (sent, read):
        phone.world.own_device_tells({"syncMessage": told})


SILENCE: dict[str, Act] = {
    "a timer": lambda p: p.sets_timer(604800),
    "a profile key": lambda p: data(p, isProfileKeyUpdate=True),
    "the end of a session": lambda p: data(p, isEndSession=True),
    "nothing": lambda p: p.empty_message(),
    "typing": lambda p: p.types(),
    "a story": lambda p: p.posts_story(),
    "a call in a group": lambda p: data(
        p, groupInfo={"groupId": "A" * 43 + "=", "type": "DELIVER"}, groupCallUpdate={}
    ),
    "another device of the bot": own_device,
    "what cannot be decrypted": lambda p: p.sends_broken(),
    "a pin": lambda p: data(p, pinMessage={"targetSentTimestamp": 1}),
    "the end of a poll": lambda p: data(p, pollTerminate={"targetSentTimestamp": 1}),
}


@pytest.mark.parametrize("act", SILENCE.values(), ids=SILENCE.keys())
async def test_what_says_nothing_is_never_answered(bot: Town, refugee: Somebody, act: Act) -> None:
    await writes(refugee, "1")
    stranger = bot.somebody("Petro")
    refugee.look()
    before = await bot.rows("SELECT * FROM conversations")
    for _ in range(3):
        await act(refugee.phone)
        await act(stranger.phone)
    assert await refugee.sees_nothing_new()
    assert not stranger.phone.received
    assert await bot.rows("SELECT * FROM conversations") == before
    assert len(await bot.rows("SELECT * FROM people")) == 1
    await refugee.writes("1")
    assert await refugee.sees(ADULT)


async def test_a_group_is_told_once_and_for_ever_and_nobody_in_it_can_do_anything(bot: Town, refugee: Somebody) -> None:
    await registers(refugee)
    refugee.look()
    group = await refugee.phone.adds_bot_to_group()
    for text in ("СТОП", "ВИДАЛИТИ", "1", "/start"):
        await refugee.phone.writes_in_group(group, text)
        await bot.settles()
        await bot.restart()
    assert await refugee.sees_nothing_new()
    told = [message.text for message in bot.signal.groups[group].messages.values() if message.by_bot]
    assert len(told) == 1
    assert "Я відповідаю лише в приватному чаті. Напишіть мені, будь ласка, туди." in told[0]
    assert "Ich antworte nur" in told[0]
    assert await bot.rows("SELECT news_stopped_at FROM people") == [(None,)]
    assert await bot.rows("SELECT * FROM conversations") == []
    await bot.stop()
    assert_nothing_stands_in_any_file(bot, group)


async def test_a_text_that_an_old_signal_cli_cut_is_no_answer(tmp_path: Path) -> None:
    async with town(tmp_path, messengers=("signal",), version="0.13.19") as bot:
        thomas = bot.somebody("Thomas")
        await writes(thomas, "Guten Tag", "Deutsch")
        await comes_to_the_name(thomas)
        await thomas.writes("Wolfgang " * 300)
        assert await thomas.sees("zu lang", "Wie heißen Sie?")
        assert await stored(bot, "name") is None
        await writes(thomas, "Wolfgang Beispiel")
        await thomas.edits_last("Wolfgang " * 300)
        await thomas.settles()
        assert await stored(bot, "name") is None


# ---------------------------------------------------------------------- misunderstandings


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
    for text in ("ой лишенько", "не розумію"):
        await writes(refugee, text)
        (third,) = refugee.news()
        assert bot.city.office.telephone in third.text
        assert asked not in third.text
    await bot.restart()
    await refugee.writes("1")
    assert await refugee.sees(CONSENT if where == "menu" else "✓ У Дортмунді")


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


# ---------------------------------------------------------------------- too much


FASTER = "Ви пишете швидше, ніж я можу відповідати"


async def test_after_fifteen_answers_in_a_minute_there_is_one_notice_and_then_silence(tmp_path: Path) -> None:
    limits = Limits(None, None, turns_per_minute=15)
    async with in_front_of_the_menu(tmp_path, limits) as (bot, oksana):
        await oksana.phone.sends_sticker()  # a notice in this minute does not take the place of the other
        await writes(oksana, *["добридень"] * 12)
        assert FASTER not in oksana.screen
        await bot.restart()
        await writes(oksana, "добридень")
        assert [FASTER in message.text for message in oksana.news()] == [True]
        assert oksana.times_seen(FASTER) == 1
        await bot.restart()
        before = len(oksana.phone.received)
        await writes(oksana, *["1"] * 20)
        assert len(oksana.phone.received) == before
        petro = bot.somebody("Petro")
        await petro.writes("привіт")
        assert await petro.sees("Вітаємо!")
        with time_machine.travel(time.time() + 61, tick=True):
            await oksana.writes("1")
            assert await oksana.sees(CONSENT)
            assert await bot.rows("SELECT question FROM conversations WHERE person = 1") == [("consent",)]


async def test_nothing_that_was_taken_is_lost_by_writing_too_fast(tmp_path: Path) -> None:
    async with in_front_of_the_menu(tmp_path, Limits(None, None, turns_per_minute=15)) as (bot, oksana):
        await comes_to_the_place(oksana)
        await oksana.writes_at_once(["добридень"] * 40)
        await oksana.settles()
        assert oksana.times_seen(FASTER) == 1
        with time_machine.travel(time.time() + 61, tick=True):
            await oksana.writes("1")
            assert await oksana.sees("✓ У Дортмунді")
            assert await stored(bot, "topics") == '["health"]'


async def test_stop_works_even_for_who_writes_too_fast(tmp_path: Path) -> None:
    async with in_front_of_the_menu(tmp_path, Limits(None, None, turns_per_minute=15)) as (bot, oksana):
        await oksana.writes_at_once([*["добридень"] * 20, "СТОП"])
        await oksana.settles()
        assert await bot.rows("SELECT news_stopped_at IS NULL FROM people") == [(0,)]


async def test_two_bots_that_answer_each_other_come_to_an_end(tmp_path: Path) -> None:
    async with in_front_of_the_menu(tmp_path, Limits(None, None, turns_per_minute=15)) as (bot, other):

        async def answers() -> None:
            answered = 0
            while True:
                await bot.signal.changed(lambda answered=answered: len(other.phone.received) > answered, 60)  # type: ignore[misc]
                answered = len(other.phone.received)
                other.phone.write("Дякуємо за Ваше повідомлення! Ми скоро відповімо.")

        answering = asyncio.create_task(answers())
        await bot.signal.changed(lambda: FASTER in other.screen)
        await asyncio.sleep(0.3)
        await bot.settles()
        at_the_end = len(other.phone.received)
        await asyncio.sleep(0.3)
        assert len(other.phone.received) == at_the_end <= 20
        answering.cancel()
        with suppress(asyncio.CancelledError):
            await answering


# ---------------------------------------------------------------------- restarts, STOP and DELETE

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
    await bot.stop()
    assert_nothing_stands_in_any_file(bot, "Unverwechselbar", "987654321", str(volunteer.phone.id))


async def test_what_the_texts_say_is_plain(refugee: Somebody) -> None:
    """No markup and no name of another messenger reaches a telephone."""
    await registers(refugee)
    await writes(refugee, "перевірити", "ЗАХИСТ ДАНИХ", "Про нас")
    assert markup.plain(refugee.screen) == refugee.screen


async def test_more_of_the_menu_is_one_number_away(bot: Town, refugee: Somebody) -> None:
    assert bot.signal.running
    await refugee.writes("8")
    await refugee.sees("1 – Про нас і захист даних", "2 – Ще …")
    await refugee.writes("2")
    assert await refugee.sees("1 – Я з Житомирщини")
