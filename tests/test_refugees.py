"""What people from the region experience, in Ukrainian, from the first word to the last."""

import time

import pytest
import time_machine

from tests.bridge import Somebody, Town

AGREE = "Так, я погоджуюся"
SAVE = "Усе правильно, зберегти"


async def registers(oksana: Somebody) -> None:
    """Go the short way: one topic, nothing that may be skipped."""
    await oksana.picks("Я з Житомирщини", AGREE, "Так", "Медицина й лікарні", "Готово", "У Дортмунді")
    await oksana.picks("Ні, не запитуйте про це", "Одразу, коли є щось нове", SAVE)
    await oksana.sees("Вас зареєстровано")


async def test_the_first_screen_speaks_both_languages(bot: Town) -> None:
    oksana = bot.somebody("Oksana", "uk")
    await oksana.writes("/start")
    assert await oksana.sees("Вітаємо!", "Willkommen!")
    assert oksana.choices() == ["Українська", "Deutsch"]


async def test_somebody_registers_interest_and_restarts_do_not_matter(bot: Town, refugee: Somebody) -> None:
    await refugee.picks("Я з Житомирщини")
    await refugee.sees("ВИДАЛИТИ", "Чи дозволяєте Ви зберігати ці дані?")
    await bot.restart()
    await refugee.picks(AGREE)
    await refugee.sees("Вам уже виповнилося 18 років?")
    await refugee.picks("Так")
    await refugee.sees("Запитання 1 з 4", "Які теми Вас цікавлять?")
    await refugee.picks("Культура, музика, спорт", "Діти та молодь")
    await bot.restart()
    await refugee.picks("Готово")
    await refugee.sees("✓ Діти та молодь; Культура, музика, спорт", "Запитання 2 з 5")
    await refugee.picks("У Дортмунді")
    await refugee.sees("особливо захищені")
    await refugee.picks("Так, даю явну згоду", "Місто Житомир")
    await refugee.sees("Для якого віку")
    await refugee.writes("1 і 3")
    await refugee.sees("Запитання 5 з 5")
    await refugee.writes("раз на тиждень")
    assert await refugee.sees(
        "Теми: Діти та молодь; Культура, музика, спорт",
        "Місце проживання: У Дортмунді",
        "Частина області: Місто Житомир",
        "Вік дітей: 6–9 років; 14–17 років",
        "Новини: Раз на тиждень, у п’ятницю",
    )
    await bot.restart()
    await refugee.picks(SAVE)
    assert await refugee.sees("Вас зареєстровано", "СТОП", "ВИДАЛИТИ")
    assert await bot.rows("SELECT place, raion, age_bands, frequency FROM interests") == [
        ("city", "zt-city", '["6-9", "14-17"]', "weekly")
    ]
    assert await bot.rows("SELECT purpose, version, language FROM consents ORDER BY purpose") == [
        ("news", bot.city.legal.privacy_version, "uk"),
        ("origin", bot.city.legal.privacy_version, "uk"),
    ]
    assert await bot.rows("SELECT * FROM conversations") == []


async def test_before_consent_everybody_reads_who_can_read_along_on_their_messenger(
    bot: Town, refugee: Somebody, messenger: str
) -> None:
    other = next(note for note in bot.city.messengers if note.id != messenger)
    await refugee.picks("Я з Житомирщини")
    assert await refugee.sees(bot.city.note_of(messenger).short["uk"].strip())
    assert other.short["uk"].strip() not in refugee.screen


async def test_nothing_is_kept_without_consent(bot: Town, refugee: Somebody) -> None:
    await refugee.picks("Я з Житомирщини", "Ні")
    assert await refugee.sees("Ваших відповідей ми не зберігаємо", bot.city.office.telephone)
    for table in ("interests", "interest_topics", "offers", "consents", "conversations"):
        assert await bot.rows(f"SELECT * FROM {table}") == []  # noqa: S608 - names from the line above


async def test_somebody_under_18_is_sent_to_others_and_nothing_is_kept(bot: Town, refugee: Somebody) -> None:
    await refugee.picks("Я з Житомирщини", AGREE, "Ні")
    assert await refugee.sees("від 18 років", "116 111", "Ваших відповідей ми не зберігаємо")
    assert await bot.rows("SELECT * FROM conversations") == []


async def test_without_the_separate_consent_nobody_is_asked_where_they_come_from(bot: Town, refugee: Somebody) -> None:
    await registers(refugee)
    assert bot.city.texts.raion_question["uk"] not in refugee.screen
    assert await bot.rows("SELECT raion FROM interests") == [(None,)]
    assert await bot.rows("SELECT purpose FROM consents") == [("news",)]


async def test_the_age_of_children_is_asked_only_with_their_topic(refugee: Somebody) -> None:
    await registers(refugee)
    assert "Для якого віку" not in refugee.screen


async def test_each_answer_can_be_changed_in_the_review(bot: Town, refugee: Somebody) -> None:
    await refugee.picks("Я з Житомирщини", AGREE, "Так", "Медицина й лікарні", "Готово", "У Дортмунді")
    await refugee.picks("Ні, не запитуйте про це", "Одразу, коли є щось нове", "Змінити: Теми")
    await refugee.sees("☑ Медицина й лікарні", "☐ Діти та молодь")
    await refugee.picks("Діти та молодь", "Готово")
    await refugee.sees("Для якого віку")
    await refugee.picks("Пропустити")
    await refugee.sees("Теми: Медицина й лікарні; Діти та молодь", "Вік дітей: не вказано")
    await refugee.picks("Змінити: Місце проживання", "Поблизу Дортмунда")
    await refugee.sees("Місце проживання: Поблизу Дортмунда")
    await refugee.picks(SAVE)
    await refugee.sees("Вас зареєстровано")
    assert await bot.rows("SELECT place, age_bands FROM interests") == [("near", "[]")]


@pytest.mark.parametrize("back", ["назад", "zurück", "0", "/back", "← Назад"])
async def test_going_back_from_a_change_leads_to_the_review_and_changes_nothing(
    bot: Town, refugee: Somebody, back: str
) -> None:
    await refugee.picks("Я з Житомирщини", AGREE, "Так", "Медицина й лікарні", "Готово", "У Дортмунді")
    await refugee.picks("Ні, не запитуйте про це", "Одразу, коли є щось нове")
    for what, asked, kept in (
        ("Теми", "Які теми", "Теми: Медицина й лікарні"),
        ("Місце проживання", "Де Ви зараз живете?", "Місце проживання: У Дортмунді"),
        ("Новини", "Як часто", "Новини: Одразу, коли є щось нове"),
    ):
        await refugee.picks(f"Змінити: {what}")
        await refugee.sees(asked)
        await refugee.writes("хтозна")
        await refugee.sees("мені незрозуміла", asked)
        await bot.restart()
        await (refugee.picks(back) if back.startswith("←") else refugee.writes(back))
        assert await refugee.sees("Перевірте, будь ласка", kept)
        await refugee.settles()
    await refugee.picks(SAVE)
    await refugee.sees("Вас зареєстровано")
    assert await bot.rows("SELECT place, frequency FROM interests") == [("city", "at-once")]


async def test_somebody_registered_changes_answers_later_without_being_asked_again(
    bot: Town, refugee: Somebody
) -> None:
    await registers(refugee)
    await refugee.picks("☰ Меню", "Мої дані", "Змінити мою реєстрацію")
    await refugee.sees("Перевірте, будь ласка", "Теми: Медицина й лікарні")
    await refugee.picks("Змінити: Новини", "Раз на тиждень, у п’ятницю", SAVE)
    await refugee.sees("Ваші зміни збережено")
    assert await bot.rows("SELECT frequency FROM interests") == [("weekly",)]


async def test_topics_are_changed_by_one_word(bot: Town, refugee: Somebody) -> None:
    await registers(refugee)
    await refugee.writes("теми")
    await refugee.sees("☑ Медицина й лікарні")
    await refugee.picks("Медицина й лікарні", "Заходи в Дортмунді", "Готово")
    await refugee.sees("Ваші теми збережено")
    assert await bot.rows("SELECT topic FROM interest_topics") == [("events",)]


async def test_at_least_one_topic_has_to_be_chosen(refugee: Somebody) -> None:
    await refugee.picks("Я з Житомирщини", AGREE, "Так", "Готово")
    assert await refugee.sees("Оберіть, будь ласка, хоча б одну відповідь", "☐ Медицина й лікарні")


async def test_going_back_asks_the_question_before_again(refugee: Somebody) -> None:
    await refugee.picks("Я з Житомирщини", AGREE, "Так", "Медицина й лікарні", "Готово")
    await refugee.sees("Де Ви зараз живете?")
    await refugee.picks("← Назад")
    await refugee.sees("Які теми Вас цікавлять?")
    await refugee.writes("назад")
    await refugee.sees("Вам уже виповнилося 18 років?")
    await refugee.writes("0")
    await refugee.sees("Чи дозволяєте Ви зберігати ці дані?")
    await refugee.writes("zurück")
    assert await refugee.sees("Що Ви хочете зробити?")


async def test_cancelling_leaves_nothing(bot: Town, refugee: Somebody) -> None:
    await refugee.picks("Я з Житомирщини", AGREE, "Так", "Скасувати")
    assert await refugee.sees("Усе залишається, як було", "Що Ви хочете зробити?")
    assert await bot.rows("SELECT name FROM conversations WHERE answers != '{}'") == []


async def test_a_registration_left_for_the_menu_can_be_continued(refugee: Somebody) -> None:
    await refugee.picks("Я з Житомирщини", AGREE, "Так", "Медицина й лікарні", "Готово")
    await refugee.writes("МЕНЮ")
    await refugee.sees("Що Ви хочете зробити?")
    await refugee.picks("Я з Житомирщини")
    await refugee.sees("Хочете продовжити?")
    await refugee.picks("Так, продовжити")
    assert await refugee.sees("Де Ви зараз живете?")


async def test_a_registration_left_for_the_menu_can_be_begun_anew(refugee: Somebody) -> None:
    await refugee.picks("Я з Житомирщини", AGREE, "Так", "Медицина й лікарні", "Готово")
    await refugee.writes("меню")
    await refugee.picks("Я з Житомирщини", "Ні, почати знову")
    assert await refugee.sees("Чи дозволяєте Ви зберігати ці дані?")


async def test_help_in_the_middle_of_a_question_comes_back_to_it(refugee: Somebody) -> None:
    await refugee.picks("Я з Житомирщини", AGREE, "Так", "Медицина й лікарні", "Готово")
    await refugee.writes("рятуйте")
    assert await refugee.sees("112", "110", "Де Ви зараз живете?")
    await refugee.writes("захист данных")
    await refugee.sees("Де Ви зараз живете?")


async def test_the_language_changes_in_the_middle_of_a_question(refugee: Somebody) -> None:
    await refugee.picks("Я з Житомирщини", AGREE, "Так", "Медицина й лікарні", "Готово")
    await refugee.writes("Sprache")
    await refugee.picks("Deutsch")
    assert await refugee.sees("Wo leben Sie jetzt?", "In Dortmund")
    await refugee.writes("у дортмунді")
    assert await refugee.sees("besonders geschützt")


async def test_an_old_button_leads_back_to_the_open_question(refugee: Somebody) -> None:
    await refugee.picks("Я з Житомирщини")
    consent = refugee.phone.received[-1]
    await refugee.picks(AGREE, "Так")
    await refugee.writes("мова")
    await refugee.picks("Українська")
    await refugee.sees("Які теми Вас цікавлять?")
    with time_machine.travel(time.time() + 60, tick=True):
        await refugee.picks_under(consent, AGREE)
        assert await refugee.sees("Цей вибір уже недоступний", "Які теми Вас цікавлять?")


async def test_a_double_press_answers_once(refugee: Somebody) -> None:
    await refugee.picks("Я з Житомирщини")
    await refugee.picks_twice(AGREE)
    await refugee.sees("Вам уже виповнилося 18 років?")
    await refugee.settles()
    assert refugee.times_seen("18 років") == 1


async def test_a_question_that_was_not_understood_explains_and_offers_a_person(bot: Town, refugee: Somebody) -> None:
    await refugee.picks("Я з Житомирщини", AGREE, "Так", "Медицина й лікарні", "Готово")
    await refugee.writes("на вулиці Гоголя")
    await refugee.sees("мені незрозуміла", "Де Ви зараз живете?")
    await refugee.writes("ну там")
    await refugee.sees("ЛЮДИНА", "Де Ви зараз живете?")
    await refugee.writes("ой лишенько")
    assert await refugee.sees(bot.city.office.telephone)
    assert "Де Ви зараз живете?" not in refugee.news()[-1].text
    await refugee.writes("1")
    await refugee.sees("особливо захищені")


async def test_everything_works_by_typing(bot: Town) -> None:
    halyna = bot.somebody("Halyna")
    for text, seen in (
        ("Добрий день", "Вітаємо!"),
        ("українська", "Що Ви хочете зробити?"),
        ("1", "Чи дозволяєте"),
        ("да", "18 років"),
        ("ТАК", "Які теми"),
        ("2, 5, діти", "Де Ви зараз живете?"),
        ("Далі", "особливо захищені"),
        ("ні", "Для якого віку"),
        ("пропустить", "Як часто"),
        ("хтозна", "мені незрозуміла"),
        ("перший", "Усе правильно"),
        ("1", "Вас зареєстровано"),
    ):
        await halyna.writes(text)
        await halyna.sees(seen)
    assert await bot.rows("SELECT topic FROM interest_topics ORDER BY topic") == [
        ("children",),
        ("health",),
        ("rebuilding",),
    ]


async def test_going_back_keeps_what_was_ticked(refugee: Somebody) -> None:
    await refugee.picks("Я з Житомирщини", AGREE, "Так", "Медицина й лікарні", "Діти та молодь", "Готово", "← Назад")
    assert await refugee.sees("☑ Медицина й лікарні", "☑ Діти та молодь", "☐ Культура, музика, спорт")


async def test_yes_is_enough_to_say_that_all_is_right(refugee: Somebody) -> None:
    await refugee.picks("Я з Житомирщини", AGREE, "Так", "Медицина й лікарні", "Готово", "У Дортмунді")
    await refugee.picks("Ні, не запитуйте про це", "Одразу, коли є щось нове")
    await refugee.sees("Перевірте")
    await refugee.writes("да")
    assert await refugee.sees("Вас зареєстровано")


async def test_the_long_text_before_a_question_is_not_repeated(refugee: Somebody) -> None:
    await refugee.picks("Я з Житомирщини")
    await refugee.sees("Участь добровільна")
    await refugee.writes("що це?")
    await refugee.sees("мені незрозуміла", "1 – Так, я погоджуюся", "Чи дозволяєте Ви зберігати ці дані?")
    assert refugee.times_seen("Участь добровільна") == 1


async def test_changes_after_stop_do_not_sound_like_news_will_come(bot: Town, refugee: Somebody) -> None:
    await registers(refugee)
    await refugee.writes("стоп")
    await refugee.sees("більше не отримуватимете")
    await refugee.writes("меню")
    await refugee.picks("Я з Житомирщини", "Змінити: Новини", "Раз на тиждень, у п’ятницю", SAVE)
    assert await refugee.sees("Ваші зміни збережено", "Зараз Ви не отримуєте новин")
    assert await bot.rows("SELECT news_stopped_at IS NULL FROM people") == [(0,)]
