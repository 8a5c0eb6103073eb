"""What everybody can do, registered or not."""

import json
import time

import pytest
import time_machine

from bot import clock, markup
from bot.storage import open_store
from tests.bridge import Somebody, Town, on_telegram
from tests.test_refugees import registers


async def test_information_works_without_consent_and_leaves_nothing(bot: Town, volunteer: Somebody) -> None:
    profile = bot.city
    for label, seen in (
        ("Hilfe im Notfall", "112"),
        ("Mit einem Menschen sprechen", profile.office.telephone),
        ("Impressum und Datenschutz", "Über diesen Dienst"),
        ("Ist das der echte Bot?", markup.plain(profile.texts.official_address["de"])[:30]),
        ("Impressum", markup.plain(profile.legal.imprint["de"])[:40]),
    ):
        await volunteer.picks(label)
        await volunteer.sees(seen)
    await volunteer.writes("fragen")
    await volunteer.picks("☰ Menü", "Fragen und Antworten", profile.questions[0].question["de"])
    await volunteer.sees(profile.questions[0].question["de"])
    await volunteer.settles()
    assert await bot.rows("SELECT payload FROM inbox WHERE payload IS NOT NULL") == []
    assert await bot.rows("SELECT * FROM outbox") == []
    assert await bot.rows("SELECT * FROM consents") == []


async def test_passers_by_are_forgotten_after_a_day_and_the_registered_are_not(
    bot: Town, refugee: Somebody, volunteer: Somebody
) -> None:
    await registers(refugee)
    await volunteer.picks("Ich möchte helfen", "Ja, ich bin einverstanden")
    await volunteer.settles()
    async with open_store(bot.database, checkpoints=False) as store:
        await store.write(lambda db: clock.forget(db, int(time.time()) + 24 * 3600 - 100))
        assert len(await store.read(lambda db: db.execute("SELECT * FROM people").fetchall())) == 2
        await store.write(lambda db: clock.forget(db, int(time.time()) + 24 * 3600 + 100))
    assert await bot.rows("SELECT language FROM people") == [("uk",)]
    assert await bot.rows("SELECT * FROM conversations") == []
    await volunteer.writes("Ja")
    assert await volunteer.sees("Willkommen! Bitte wählen Sie eine Sprache.")


async def test_my_data_shows_everything_and_sends_it_as_a_file(refugee: Somebody, messenger: str) -> None:
    await registers(refugee)
    await refugee.writes("МОЇ ДАНІ")
    await refugee.sees("Теми: Медицина й лікарні", "Місце проживання: У Дортмунді", "Новини про партнерство")
    await refugee.picks("Надіслати все файлом")
    await refugee.sees("Ось файл з усіма Вашими даними")
    name, content = next(m.document for m in refugee.news() if m.document)
    assert name == "my-data.json"
    data = json.loads(content)
    assert data["interest_topics"] == [{"topic": "health"}]
    assert data["addresses"] == [{"messenger": messenger, "address": str(refugee.phone.id)}]
    assert data["consents"][0]["given_at"].startswith("20")


async def test_somebody_who_deletes_everything_is_gone_and_still_gets_an_answer(bot: Town, refugee: Somebody) -> None:
    await registers(refugee)
    await refugee.writes("удалить")
    await refugee.sees("Ви справді хочете видалити")
    await refugee.picks("Ні, залишити")
    await refugee.sees("Нічого не видалено")
    assert len(await bot.rows("SELECT * FROM interests")) == 1
    await refugee.writes("/delete")
    await refugee.picks("Так, видалити все")
    assert await refugee.sees("Ваші дані видалено")
    await refugee.settles()
    await bot.a_minute_passes()
    for table in (
        "people",
        "addresses",
        "interests",
        "interest_topics",
        "consents",
        "conversations",
        "outbox",
        "shown",
    ):
        assert await bot.rows(f"SELECT * FROM {table}") == []  # noqa: S608 - names from the line above


@pytest.mark.parametrize(("stop", "start"), [("STOP", "START"), ("стоп!", "Старт"), ("/stop", "/resume")])
async def test_stop_ends_news_and_start_resumes_them(bot: Town, refugee: Somebody, stop: str, start: str) -> None:
    await registers(refugee)
    await refugee.writes(stop)
    await refugee.sees("Ви більше не отримуватимете новин")
    assert await bot.rows("SELECT news_stopped_at IS NULL FROM people") == [(0,)]
    await refugee.writes(start)
    await refugee.sees("Ви знову отримуватимете новини")
    assert await bot.rows("SELECT news_stopped_at IS NULL FROM people") == [(1,)]


async def test_start_leads_somebody_who_is_not_registered_to_the_menu(refugee: Somebody) -> None:
    await refugee.writes("СТАРТ")
    assert await refugee.sees("Що Ви хочете зробити?")


async def test_a_cry_for_help_is_answered_before_any_language_is_chosen(bot: Town) -> None:
    somebody = bot.somebody("Olena")
    await somebody.writes("SOS")
    assert await somebody.sees("112", "Цей чат — не служба порятунку", "Dieser Chat ist kein Notruf")


async def test_help_answers_with_numbers_and_ways_out(refugee: Somebody) -> None:
    await refugee.writes("допомога")
    assert await refugee.sees("112", "ЛЮДИНА — зв’язатися з командою", "☰ Меню")


async def test_pictures_get_one_kind_answer_and_a_flood_of_stickers_no_more(bot: Town, refugee: Somebody) -> None:
    await refugee.sends("photo")
    await refugee.sees("Я не приймаю зображень", "Що Ви хочете зробити?")
    for _ in range(5):
        await refugee.sends("sticker")
    assert await refugee.sees_nothing_new()
    later = time_machine.travel(time.time() + 120, tick=True)
    with later:
        for kind in ("voice", "location", "contact", "document"):
            await refugee.sends(kind)
        await refugee.settles()
    assert refugee.times_seen("Я не приймаю") == 2
    assert await bot.rows("SELECT payload FROM inbox WHERE payload IS NOT NULL") == []


async def test_a_changed_message_is_answered_with_what_to_do(refugee: Somebody) -> None:
    await refugee.writes("меню")
    await refugee.sees("Що Ви хочете")
    await refugee.edits_last("Медицина")
    assert await refugee.sees("Ви змінили попереднє повідомлення")


async def test_texts_that_break_others_are_answered(bot: Town, volunteer: Somebody, messenger: str) -> None:
    for text in (
        *(["\ud800\udc00\ud800", "\x00", "\u202e" * 50] if messenger == "telegram" else []),
        "<b>",
        "*_`[",
        "👨‍👩‍👧‍👦" * 300,
        "y" * 4096,
        "{0.__class__}",
        "/",
        "//start",
        "/start " + "x" * 60,
    ):
        await volunteer.writes(text)
        await volunteer.settles()
        assert volunteer.news(), text
    assert await bot.rows("SELECT * FROM inbox WHERE parked") == []


async def test_a_hundred_messages_in_a_second_are_all_answered(volunteer: Somebody) -> None:
    await volunteer.writes_at_once(["Was ist das?"] * 100)
    await volunteer.world.changed(
        lambda: volunteer.times_seen("verst") + volunteer.times_seen("Das klappt gerade nicht") == 100, 20
    )


@on_telegram
async def test_each_language_sees_its_own_commands_name_and_description(bot: Town) -> None:
    await bot.introduced()
    oksana, thomas, john = bot.somebody("Oksana", "uk"), bot.somebody("Thomas", "de"), bot.somebody("John", "en")
    assert oksana.commands()["menu"] == "☰ Меню"
    assert thomas.commands()["menu"] == "☰ Menü"
    assert john.commands() == oksana.commands()
    assert "broadcast" not in thomas.commands()
    assert bot.telegram.description("name", "uk") == bot.city.bot.name["uk"]
    assert bot.telegram.description("short_description", "de") == bot.city.bot.short_description["de"]
    assert bot.telegram.description("description", "") == bot.city.bot.description["uk"]


async def test_a_second_city_registers_people_with_no_change_of_code(tmp_path: object) -> None:
    from pathlib import Path

    from tests.bridge import town

    assert isinstance(tmp_path, Path)
    async with town(tmp_path, "ludwigshafen-swjahel") as place:
        oksana = place.somebody("Oksana", "uk")
        await oksana.writes("/start")
        await oksana.picks("Українська", place.city.texts.from_region["uk"], "Так, я погоджуюся", "Так")
        await oksana.picks(place.city.topics[0].name["uk"], "Готово", place.city.places[0].name["uk"])
        await oksana.picks("Так, даю явну згоду", place.city.raions[0].name["uk"], "Одразу, коли є щось нове")
        await oksana.picks("Усе правильно, зберегти")
        assert await oksana.sees("Вас зареєстровано")
        assert "Дортмунд" not in oksana.screen


async def test_before_a_language_is_chosen_everything_is_said_in_every_language(bot: Town) -> None:
    olena = bot.somebody("Olena")
    await olena.writes("Guten Tag")
    await olena.sees("Вітаємо!", "Willkommen!")
    await olena.writes("Hello")
    await olena.sees("мені незрозуміла", "nicht verstanden", "1 – Українська")
    await olena.writes("людина")
    await olena.sees("Наша команда охоче", "Unser Team hilft", bot.city.office.telephone)
    await olena.writes("СТОП")
    assert await olena.sees("Ви більше не отримуватимете новин", "Sie bekommen keine Neuigkeiten mehr")


@pytest.mark.parametrize("word", ["украинский", "ukrainisch", "Ukrainian", "українська", "українською", "1"])
async def test_a_language_is_understood_by_any_of_its_names(bot: Town, word: str) -> None:
    olena = bot.somebody("Olena")
    await olena.writes("/start")
    await olena.sees("Вітаємо!")
    await olena.writes(word)
    assert await olena.sees("Що Ви хочете зробити?")


async def test_a_language_that_is_named_is_spoken_wherever_that_can_mean_nothing_else(refugee: Somebody) -> None:
    await refugee.writes("auf deutsch")
    await refugee.sees("Was möchten Sie tun?")
    await refugee.writes("українською")
    await refugee.sees("Що Ви хочете зробити?")
    await refugee.picks("Я з Житомирщини", "Так, я погоджуюся")
    await refugee.sees("18 років")
    await refugee.writes("німецькою")
    assert await refugee.sees("Sind Sie 18 Jahre oder älter?")


async def test_stop_ends_what_was_open_too(refugee: Somebody) -> None:
    await refugee.picks("Я з Житомирщини")
    await refugee.writes("стоп")
    await refugee.sees("більше не отримуватимете новин", "Знову отримувати новини", "Видалити все")
    await refugee.settles()
    assert refugee.times_seen("Чи дозволяєте") == 1


async def test_my_data_says_that_something_is_unfinished(refugee: Somebody) -> None:
    await refugee.picks("Я з Житомирщини", "Так, я погоджуюся", "Так")
    await refugee.writes("мої дані")
    assert await refugee.sees("Вас не зареєстровано", "Ви ще не завершили розпочате")


async def test_somebody_of_the_office_who_deletes_everything_is_warned(bot: Town, office: Somebody) -> None:
    await office.writes("löschen")
    await office.sees("Sie sind dann auch nicht mehr im Team")
    await office.picks("Ja, alles löschen")
    await office.sees("Ihre Daten sind gelöscht")
    await office.settles()
    assert "broadcast" not in office.commands()
    assert await bot.rows("SELECT * FROM staff") == []
