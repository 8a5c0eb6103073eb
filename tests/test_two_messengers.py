"""Two messengers, one person: connected by a code that somebody carries across, and by nothing else."""

import json
import re
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import time_machine

from bot import clock, my_data, outbox, sender
from bot.staff import Role
from bot.storage import open_store
from tests.bridge import TIMEOUT, Somebody, Town, town
from tests.test_refugees import AGREE, registers
from tests.test_staff import composes
from tests.test_volunteers import SAVE, comes_to_the_name, offers

ROOT = Path(__file__).parent.parent
TITLES = {"telegram": "Telegram", "signal": "Signal"}
BOTH_WAYS = pytest.mark.parametrize(
    ("first", "second"), [("telegram", "signal"), ("signal", "telegram")], ids=["from Telegram", "from Signal"]
)
CONNECTED = "Обидва чати тепер з’єднано"
WHERE = "Куди надсилати Вам новини?"
IS_IT_YOURS = "Інший чат теж Ваш?"
WRONG = "Цей код не діє"
YES = "Так, з’єднати"
NEWS = "Є новини."
CODE = re.compile(r"^[1-9]\d{3} [1-9]\d{3}$")


@pytest.fixture
async def place(tmp_path: Path) -> AsyncIterator[Town]:
    """The bot on both messengers."""
    async with town(tmp_path, messengers=("telegram", "signal")) as both:
        yield both


async def comes(place: Town, name: str, messenger: str, language: str = "Українська") -> Somebody:
    """Let somebody come to the bot, in front of the menu."""
    somebody: Somebody = place.somebody(name, "uk", messenger=messenger)
    await somebody.writes("/start")
    await somebody.picks(language)
    await somebody.settles()
    return somebody


async def code_of(somebody: Somebody, german: bool = False) -> str:
    """Return the code that somebody is shown under "My data"."""
    await somebody.writes("meine daten" if german else "мої дані")
    await somebody.picks("Anderen Messenger verbinden" if german else "Під’єднати інший месенджер")
    await somebody.sees("Der Code gilt 10 Minuten" if german else "Код діє 10 хвилин")
    await somebody.settles()
    firsts: list[str] = [message.text.split("\n")[0] for message in somebody.news()]
    return next(line for line in firsts if CODE.match(line))


async def connects(somebody: Somebody, code: str, prefers: str = "signal") -> None:
    """Type the code, say yes, and where news shall arrive, if there can be any."""
    await somebody.writes(code)
    await somebody.sees(IS_IT_YOURS)
    await somebody.picks(YES)
    await somebody.sees(CONNECTED)
    await somebody.settles()
    if WHERE in somebody.news()[-1].text:
        await somebody.picks(TITLES[prefers])
        await somebody.sees("Новини тепер надходитимуть сюди")


async def is_one_person(place: Town, n: int = 1) -> bool:
    """Say whether so many people are there, with two addresses each."""
    people = await place.rows("SELECT count(*), count(DISTINCT person) FROM addresses")
    known = await place.rows("SELECT count(*) FROM people")
    return people == [(2 * n, n)] and known == [(n,)]


async def hires(place: Town, somebody: Somebody, role: Role = Role.ADMIN) -> None:
    """Make somebody a member of staff."""
    await somebody.writes(f"/start join-{await place.invitation(role)}")
    await somebody.settles()


async def office_on(place: Town, messenger: str, name: str = "Maria") -> Somebody:
    """Let somebody of the office come."""
    maria = await comes(place, name, messenger, "Deutsch")
    await hires(place, maria)
    return maria


async def sends_to_all(maria: Somebody, german: str = "Es gibt Neues.", ukrainian: str = NEWS) -> None:
    """Send a broadcast, and wait for the report."""
    await composes(maria, german, ukrainian)
    await maria.picks("Alle", "Alle Themen", "Alle in ihrer Sprache", "✉ Jetzt senden")
    await maria.sees("Ihre Nachricht an")


async def tables(place: Town) -> dict[str, int]:
    """Return how many rows there are in each table about people."""
    async with open_store(place.database, checkpoints=False) as store:
        names = await store.read(my_data.tables_about_people)
    counted = {name: (await place.rows(f"SELECT count(*) FROM {name}"))[0][0] for name in ["people", *names]}  # noqa: S608 - names of our schema
    return {name: n for name, n in counted.items() if isinstance(n, int) and n}


async def by_the_clock(place: Town, seconds: float) -> None:
    """Let the bot forget what it has to, as if it were so much later."""
    async with open_store(place.database, checkpoints=False) as store:
        await store.write(lambda db: clock.forget(db, int(time.time() + seconds)))


# ---------------------------------------------------------------------- connect


@BOTH_WAYS
async def test_a_code_from_one_messenger_typed_on_the_other_makes_one_person(
    place: Town, first: str, second: str
) -> None:
    there = await comes(place, "Oksana", first)
    await registers(there)
    here = await comes(place, "Oksana", second)
    await connects(here, await code_of(there), prefers=second)
    assert await is_one_person(place)
    assert await there.sees(f"Цей чат і {TITLES[second]} тепер з’єднано", "від’єднайте", place.city.office.telephone)
    for chat in (here, there):
        await chat.writes("мої дані")
        assert await chat.sees("Під’єднані месенджери", "Telegram", "Signal", "Теми: Медицина й лікарні")
        assert "Під’єднати інший месенджер" not in chat.choices()
    assert await place.rows("SELECT preferred FROM people") == [(second,)]


@BOTH_WAYS
async def test_a_restart_between_any_two_steps_changes_nothing(place: Town, first: str, second: str) -> None:
    there = await comes(place, "Oksana", first)
    await registers(there)
    code = await code_of(there)
    await place.restart()
    here: Somebody = place.somebody("Oksana", "uk", messenger=second)
    await here.writes(code)
    await here.sees("Вітаємо!")
    await place.restart()
    await here.picks("Українська")
    await here.sees(IS_IT_YOURS)
    await place.restart()
    there.look()
    await here.picks(YES)
    await here.sees(CONNECTED, WHERE)
    await there.sees("тепер з’єднано")
    await place.restart()
    assert await is_one_person(place)
    assert await place.rows("SELECT preferred FROM people") == [(second,)]
    await here.picks("Telegram")
    await here.sees("Новини тепер надходитимуть сюди: Telegram")
    assert await place.rows("SELECT preferred FROM people") == [("telegram",)]


@BOTH_WAYS
async def test_the_other_chat_is_told_at_once(
    place: Town, monkeypatch: pytest.MonkeyPatch, first: str, second: str
) -> None:
    there, here = await comes(place, "Oksana", first), await comes(place, "Oksana", second)
    await registers(there)
    code = await code_of(there)
    monkeypatch.setattr(sender, "LOOK_AGAIN", 3600)
    await place.restart()
    there.look()
    await connects(here, code)
    assert await there.sees("тепер з’єднано")


@pytest.mark.parametrize(
    "typed",
    ["{a} {b}", "{a}{b}", "{a}-{b}", "{a} – {b}", " {a} {b}. ", "Код: {a} {b}", "code {a}{b}", "{a}\u00a0{b}"],
)
async def test_a_code_may_be_typed_as_people_type(place: Town, typed: str) -> None:
    there, here = await comes(place, "Oksana", "telegram"), await comes(place, "Oksana", "signal")
    a, b = (await code_of(there)).split()
    await here.writes(typed.format(a=a, b=b))
    assert await here.sees(IS_IT_YOURS)


async def test_the_code_stands_in_a_message_of_its_own_to_be_copied_and_nowhere_in_the_database(place: Town) -> None:
    there = await comes(place, "Oksana", "telegram")
    code = await code_of(there)
    assert code in [message.text for message in there.phone.received]
    digits = code.replace(" ", "")
    for (table,) in await place.rows("SELECT name FROM sqlite_master WHERE type = 'table'"):
        rows = await place.rows(f"SELECT * FROM {table}")  # noqa: S608 - names of our schema
        assert not [row for row in rows if any(seen in str(value) for value in row for seen in (code, digits))]


async def test_whoever_gets_a_code_is_told_the_way_to_the_other_chat(tmp_path: Path) -> None:
    profile, link = ROOT / "profiles" / "dortmund-schytomyr.toml", "https://signal.me/#eu/example"
    (tmp_path / "city.toml").write_text(
        profile.read_text(encoding="utf-8").replace('id = "signal"', f'id = "signal"\nlink = "{link}"'),
        encoding="utf-8",
    )
    async with town(tmp_path, str(tmp_path / "city.toml"), messengers=("telegram", "signal")) as place:
        there, here = await comes(place, "Oksana", "telegram"), await comes(place, "Oksana", "signal")
        await code_of(there)
        assert await there.sees(f"Відкрийте, будь ласка, наш чат у Signal: {link}")
        await code_of(here)
        assert await here.sees("наш чат у Telegram. Його адреса є тут: https://www.dortmund.de")
        await there.picks("Чи це справжній бот?")
        assert await there.sees(f"Signal: {link}")


async def test_the_whole_bubble_pasted_is_understood_too(place: Town) -> None:
    there, here = await comes(place, "Oksana", "signal"), await comes(place, "Oksana", "telegram")
    code = await code_of(there)
    bubble = next(message.text for message in there.phone.received if message.text.startswith(code))
    await here.writes(bubble)
    assert await here.sees(IS_IT_YOURS)


async def test_before_a_language_is_chosen_the_code_waits_for_it(place: Town) -> None:
    there = await comes(place, "Thomas", "telegram", "Deutsch")
    here: Somebody = place.somebody("Thomas", "de", messenger="signal")
    await here.writes(await code_of(there, german=True))
    await here.sees("Willkommen! Bitte wählen Sie eine Sprache.")
    await here.picks("Українська")
    await here.picks(YES)
    assert await here.sees("Beide Chats sind jetzt verbunden")
    assert await place.rows("SELECT language FROM people") == [("de",)]


@BOTH_WAYS
async def test_in_the_middle_of_a_registration_the_code_is_taken_and_the_answers_can_be_continued(
    place: Town, first: str, second: str
) -> None:
    there, here = await comes(place, "Oksana", first), await comes(place, "Oksana", second)
    code = await code_of(there)
    await here.picks("Я з Житомирщини", AGREE, "Так")
    await here.sees("Які теми Вас цікавлять?")
    await connects(here, code)
    await here.writes("меню")
    await here.picks("Я з Житомирщини")
    await here.sees("Ви вже починали це раніше")
    await here.picks("Так, продовжити")
    await here.sees("Які теми Вас цікавлять?")
    await here.picks("Медицина й лікарні", "Готово", "У Дортмунді", "Ні, не запитуйте про це")
    await here.picks("Одразу, коли є щось нове", "Усе правильно, зберегти")
    await here.sees("Вас зареєстровано")
    assert await is_one_person(place)
    assert await place.rows("SELECT count(*) FROM interests") == [(1,)]


async def test_a_wrong_code_in_the_middle_of_a_registration_brings_the_question_back(place: Town) -> None:
    for messenger in TITLES:
        here = await comes(place, "Oksana", messenger)
        await here.picks("Я з Житомирщини", AGREE, "Так")
        await here.writes("1234 5678")
        assert await here.sees(WRONG, "Які теми Вас цікавлять?")


async def test_where_any_text_is_taken_only_a_code_that_is_one_is_a_code(place: Town) -> None:
    there = await comes(place, "Thomas", "telegram", "Deutsch")
    here = await comes(place, "Thomas", "signal", "Deutsch")
    code = await code_of(there, german=True)
    await here.picks("Ich möchte helfen", "Ja, ich bin einverstanden", "Ja", "Dolmetschen", "Fertig")
    await here.picks("Deutsch", "Fertig", "Überspringen", "Überspringen", "Ja")
    await here.writes("Thomas Beispiel")
    await here.sees("Wie erreicht Sie")
    await here.writes("2315 0123")
    await here.sees("Schreiben Sie für eine Organisation?")
    await here.writes(code)
    assert await here.sees("Gehört der andere Chat auch Ihnen?")


@BOTH_WAYS
async def test_no_is_no(place: Town, first: str, second: str) -> None:
    there, here = await comes(place, "Oksana", first), await comes(place, "Oksana", second)
    await here.writes(await code_of(there))
    await here.sees("Цей код Вам надіслав хтось інший? Тоді виберіть, будь ласка, «Ні».")
    there.look()
    await here.picks("Ні")
    await here.sees("Усе залишається, як є")
    assert await there.sees_nothing_new()
    assert await place.rows("SELECT count(*) FROM people") == [(2,)]


async def test_a_yes_that_is_only_similar_is_asked_back(place: Town) -> None:
    there, here = await comes(place, "Oksana", "telegram"), await comes(place, "Oksana", "signal")
    await here.writes(await code_of(there))
    await here.sees(IS_IT_YOURS)
    await here.writes("Так, з’єднат")
    await here.sees("Ви мали на увазі", YES)
    assert not await is_one_person(place)


# ---------------------------------------------------------------------- codes that do not work


async def test_a_code_works_for_ten_minutes(place: Town) -> None:
    there, here = await comes(place, "Oksana", "telegram"), await comes(place, "Oksana", "signal")
    code = await code_of(there)
    with time_machine.travel(time.time() + 590, tick=True):
        await here.writes(code)
        await here.sees(IS_IT_YOURS)
    with time_machine.travel(time.time() + 601, tick=True):
        await here.picks(YES)
        await here.sees(WRONG)
        await here.writes(code)
        await here.sees(WRONG)
        await by_the_clock(place, 0)
    assert await place.rows("SELECT * FROM connections") == []
    assert await place.rows("SELECT count(*) FROM people") == [(2,)]


async def test_a_code_works_once(place: Town) -> None:
    there, here = await comes(place, "Oksana", "telegram"), await comes(place, "Oksana", "signal")
    code = await code_of(there)
    await connects(here, code)
    third = await comes(place, "Viktor", "signal")
    await third.writes(code)
    assert await third.sees(WRONG)


async def test_a_new_code_voids_the_one_before(place: Town) -> None:
    there, here = await comes(place, "Oksana", "telegram"), await comes(place, "Oksana", "signal")
    old, new = await code_of(there), await code_of(there)
    await here.writes(old)
    await here.sees(WRONG)
    await here.writes(new)
    assert await here.sees(IS_IT_YOURS)


@BOTH_WAYS
async def test_the_own_code_typed_where_it_was_shown_says_where_it_belongs(
    place: Town, first: str, second: str
) -> None:
    there = await comes(place, "Oksana", first)
    code = await code_of(there)
    await there.writes(code)
    assert await there.sees("Надішліть, будь ласка, цей код не тут", TITLES[second])
    here = await comes(place, "Oksana", second)
    await here.writes(code)
    assert await here.sees(IS_IT_YOURS)


@BOTH_WAYS
async def test_two_chats_of_one_messenger_are_never_connected(place: Town, first: str, second: str) -> None:
    there, other = await comes(place, "Oksana", first), await comes(place, "Oksana", first)
    await other.writes(await code_of(there))
    await other.sees("Надішліть, будь ласка, цей код не тут", TITLES[second])
    assert await place.rows("SELECT count(*) FROM people") == [(2,)]


async def test_somebody_with_two_messengers_takes_no_third_chat(place: Town) -> None:
    there, here = await comes(place, "Oksana", "telegram"), await comes(place, "Oksana", "signal")
    await connects(here, await code_of(there))
    stranger = await comes(place, "Viktor", "telegram")
    await here.writes(await code_of(stranger))
    assert await here.sees(WRONG)
    await here.forges("go:other-messenger")
    await here.settles()
    assert await place.rows("SELECT count(*) FROM connections WHERE person <> (SELECT max(id) FROM people)") == [(0,)]


async def test_after_five_wrong_codes_even_the_right_one_is_not_looked_at_until_some_time_has_passed(
    place: Town,
) -> None:
    there, stranger = await comes(place, "Oksana", "telegram"), await comes(place, "Viktor", "signal")
    code = await code_of(there)
    for n in range(5):
        await stranger.writes(f"1000 100{n}")
        await stranger.sees(WRONG)
    await stranger.writes(code)
    await stranger.sees("Забагато неправильних кодів. Зачекайте, будь ласка, 5 хвилин.")
    await place.restart()
    await stranger.writes(code)
    await stranger.sees("Забагато неправильних кодів")
    await by_the_clock(place, 0)
    await stranger.writes(code)
    assert await stranger.sees(IS_IT_YOURS)


async def test_whoever_deletes_everything_to_guess_on_is_still_known_as_a_guesser_for_a_while(place: Town) -> None:
    there, stranger = await comes(place, "Oksana", "telegram"), await comes(place, "Viktor", "signal")
    code = await code_of(there)
    for n in range(5):
        await stranger.writes(f"1000 100{n}")
        await stranger.sees(WRONG)
    await stranger.writes("видалити")
    await stranger.picks("Так, видалити все")
    await stranger.sees("Ваші дані видалено")
    await stranger.writes(code)
    await stranger.picks("Українська")
    await stranger.sees("Забагато неправильних кодів")
    assert str(stranger.phone.id) not in str(await place.rows("SELECT * FROM wrong_codes"))
    for _ in range(5):
        await by_the_clock(place, 0)
    assert await place.rows("SELECT * FROM wrong_codes") == []


async def test_a_question_that_takes_any_text_is_no_place_to_guess(place: Town) -> None:
    there, stranger = await comes(place, "Oksana", "telegram"), await comes(place, "Viktor", "signal")
    code = await code_of(there)
    await stranger.picks("Хочу допомогти", AGREE, "Так", "Усний переклад", "Готово")
    await stranger.picks("Українська", "Готово", "Пропустити", "Пропустити", "Так")
    await stranger.sees("Як Вас звати?")
    for n in range(5):
        await stranger.writes(f"1000 100{n}")
        await stranger.sees("Напишіть, будь ласка, літерами")
    await stranger.writes(code)
    await stranger.sees("Напишіть, будь ласка, літерами")
    assert IS_IT_YOURS not in stranger.screen


@pytest.mark.parametrize("lure", ["/start connect-{code}", "go:connect:{code}"])
async def test_a_link_or_a_forged_button_gets_no_further_than_a_typed_code(place: Town, lure: str) -> None:
    attacker, victim = await comes(place, "Viktor", "signal"), await comes(place, "Oksana", "telegram")
    code = (await code_of(attacker)).replace(" ", "")
    if lure.startswith("/"):  # a link that somebody is sent: it must not even ask
        await victim.writes(lure.format(code=code))
        await victim.sees("Що Ви хочете зробити?")
        assert IS_IT_YOURS not in victim.screen
        return
    for n in range(5):
        await victim.forges(lure.format(code=f"1000100{n}"))
        await victim.sees(WRONG)
    await victim.forges(lure.format(code=code))
    assert await victim.sees("Забагато неправильних кодів")


@BOTH_WAYS
async def test_the_same_name_and_the_same_telephone_number_never_merge(place: Town, first: str, second: str) -> None:
    chats = []
    for messenger in (first, second):
        chat = await comes(place, "Thomas", messenger, "Deutsch")
        await offers(chat, name="Thomas Beispiel", contact="0231 5012345")
        await chat.sends("contact")
        await chat.settles()
        chats.append(chat)
    shown = place.signal.person("Thomas", number="+4923150123", shares_number=True)
    await shown.writes("Hallo")
    await place.settles()
    assert await place.rows("SELECT count(*) FROM people") == [(3,)]
    assert await place.rows("SELECT count(*) FROM offers") == [(2,)]
    for chat in chats:
        await chat.writes("meine daten")
        await chat.sees("Anderen Messenger verbinden")
    everything = [await place.rows(f"SELECT * FROM {table}") for table in ("people", "addresses", "inbox")]  # noqa: S608
    assert "4923150123" not in str(everything)


# ---------------------------------------------------------------------- what becomes of two registrations


async def registers_for_culture(chat: Somebody) -> None:
    """Register with other answers."""
    await chat.picks("Я з Житомирщини", AGREE, "Так", "Культура, музика, спорт", "Готово", "У Дортмунді")
    await chat.picks("Так, даю явну згоду", "Місто Житомир", "Раз на тиждень, у п’ятницю", "Усе правильно, зберегти")
    await chat.sees("Вас зареєстровано")


@BOTH_WAYS
async def test_of_two_registrations_the_one_where_the_code_was_shown_stays_and_that_is_said_before(
    place: Town, first: str, second: str
) -> None:
    there, here = await comes(place, "Oksana", first), await comes(place, "Oksana", second)
    await registers(there)
    await registers_for_culture(here)
    await here.writes(await code_of(there))
    await here.sees("Вас зареєстровано в обох чатах. Ваші відповіді в іншому чаті залишаться.")
    await here.picks(YES)
    await here.sees(CONNECTED)
    assert await is_one_person(place)
    assert await place.rows("SELECT topic FROM interest_topics") == [("health",)]
    assert await place.rows("SELECT raion, frequency FROM interests") == [(None, "at-once")]
    assert await place.rows("SELECT purpose FROM consents") == [("news",)]
    await here.writes("мої дані")
    await here.sees("Теми: Медицина й лікарні")
    assert "Культура" not in here.news()[-1].text


@BOTH_WAYS
async def test_what_only_the_typing_chat_has_is_kept(place: Town, first: str, second: str) -> None:
    there, here = await comes(place, "Oksana", first), await comes(place, "Oksana", second)
    await registers_for_culture(here)
    before = await place.rows("SELECT place, raion, age_bands, frequency, saved_at FROM interests")
    consents = await place.rows("SELECT purpose, version, language, given_at FROM consents")
    await here.writes(await code_of(there))
    await here.sees(IS_IT_YOURS)
    assert "в обох чатах" not in here.screen
    await here.picks(YES)
    await here.sees(CONNECTED)
    assert await place.rows("SELECT place, raion, age_bands, frequency, saved_at FROM interests") == before
    assert await place.rows("SELECT purpose, version, language, given_at FROM consents") == consents
    await there.writes("мої дані")
    assert await there.sees("Теми: Культура, музика, спорт", "Частина області: Місто Житомир")


@BOTH_WAYS
async def test_a_registration_here_and_an_offer_there_are_both_kept(place: Town, first: str, second: str) -> None:
    there, here = await comes(place, "Thomas", first, "Deutsch"), await comes(place, "Oksana", second)
    reference = await offers(there)
    await registers(here)
    await here.writes(await code_of(there, german=True))
    await here.sees(IS_IT_YOURS)
    await here.picks(YES)
    await here.sees("Beide Chats sind jetzt verbunden")
    assert await place.rows("SELECT reference FROM offers") == [(reference,)]
    assert await place.rows("SELECT purpose FROM consents ORDER BY purpose") == [("news",), ("volunteer",)]


@BOTH_WAYS
async def test_stop_on_one_side_stays_stop_and_is_said(place: Town, first: str, second: str) -> None:
    there, here = await comes(place, "Oksana", first), await comes(place, "Oksana", second)
    await registers(there)
    await here.writes("стоп")
    await here.sees("Ви більше не отримуватимете новин")
    await connects(here, await code_of(there))
    await here.sees("Зараз Ви не отримуєте новин", "СТАРТ")
    maria = await office_on(place, first)
    await composes(maria)
    await maria.picks("Alle", "Alle Themen", "Alle in ihrer Sprache")
    assert await maria.sees("Im Moment bekommt das niemand")
    await there.writes("старт")
    assert await there.sees("Ви знову отримуватимете новини")


async def test_who_is_registered_nowhere_is_told_so_and_is_forgotten_from_both_after_a_day(place: Town) -> None:
    there, here = await comes(place, "Oksana", "telegram"), await comes(place, "Oksana", "signal")
    await connects(here, await code_of(there))
    assert await here.sees("Вас не зареєстровано", "24 години")
    await by_the_clock(place, 24 * 3600 - 60)
    assert await is_one_person(place)
    await by_the_clock(place, 24 * 3600 + 60)
    await place.a_minute_passes()
    assert await tables(place) == {}


async def test_who_writes_on_one_messenger_is_not_forgotten_on_the_other(place: Town) -> None:
    there, here = await comes(place, "Oksana", "telegram"), await comes(place, "Oksana", "signal")
    await connects(here, await code_of(there))
    with time_machine.travel(time.time() + 20 * 3600, tick=True):
        await there.writes("меню")
        await there.sees("Що Ви хочете зробити?")
    await by_the_clock(place, 30 * 3600)
    assert await is_one_person(place)


# ---------------------------------------------------------------------- volunteers and the team


@BOTH_WAYS
async def test_the_office_is_told_which_of_two_offers_is_gone(place: Town, first: str, second: str) -> None:
    maria = await office_on(place, first)
    there = await comes(place, "Thomas", first, "Deutsch")
    here = await comes(place, "Thomas", second, "Deutsch")
    kept, deleted = await offers(there), await offers(here)
    await here.writes(await code_of(there, german=True))
    await here.sees(f"Das Angebot {kept} bleibt. Das Angebot {deleted} löschen wir.")
    maria.look()
    await here.picks("Ja, verbinden")
    assert await maria.sees(f"Das Angebot {deleted} ist gelöscht")
    assert await place.rows("SELECT reference FROM offers") == [(kept,)]
    maria.look()
    await maria.forges(f"go:write-to:{deleted}")
    await maria.settles()
    assert "Was möchten Sie Thomas" not in maria.screen


async def test_a_volunteer_who_types_a_strangers_code_reads_what_the_stranger_would_see(place: Town) -> None:
    stranger = await comes(place, "Viktor", "telegram", "Deutsch")
    thomas = await comes(place, "Thomas", "signal", "Deutsch")
    await offers(thomas)
    await thomas.writes(await code_of(stranger, german=True))
    await thomas.sees(
        "Der andere Chat zeigt dann auch Ihren Namen und wie wir Sie erreichen.",
        "Hat Ihnen jemand anderes diesen Code geschickt? Dann wählen Sie bitte „Nein“.",
    )
    await thomas.picks("Nein")
    await stranger.writes("meine daten")
    await stranger.sees("Das haben wir über Sie gespeichert")
    assert "Thomas" not in stranger.news()[-1].text


async def test_the_notice_of_an_offer_that_has_not_left_yet_survives_and_writing_to_the_volunteer_works(
    place: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outbox, "RESEND_ANSWER", 0.1)  # it breaks off when the network goes
    maria = await office_on(place, "telegram")
    there = await comes(place, "Thomas", "telegram", "Deutsch")
    here = await comes(place, "Thomas", "signal", "Deutsch")
    code = await code_of(there, german=True)
    await comes_to_the_name(here)
    await here.writes("Thomas Beispiel")
    await here.sees("Wie erreicht Sie unser Team?")
    await here.writes("chat")
    await here.picks("Überspringen")
    await here.settles()
    place.telegram.network_gone = True
    for written, seen in (
        (SAVE, "Ihr Angebot ist angekommen"),
        (code, "Gehört der andere Chat auch Ihnen?"),
        ("Ja, verbinden", "Beide Chats sind jetzt verbunden"),
        ("Signal", "Neues kommt jetzt hier an: Signal"),
    ):
        await here.writes(written)
        await here.sees(seen)
    place.telegram.network_gone = False
    await maria.sees("Neues Hilfsangebot")
    await maria.picks("Dieser Person schreiben")
    await maria.writes("Haben Sie am Montag Zeit?")
    await maria.sees("Sollen wir das so senden?")
    await place.settles()
    here.look()
    there.look()
    await maria.picks("✉ Jetzt senden")
    await here.sees("Haben Sie am Montag Zeit?")
    assert await there.sees_nothing_new()


@BOTH_WAYS
async def test_a_member_of_the_team_who_types_somebodys_code_loses_nothing(
    place: Town, first: str, second: str
) -> None:
    maria, attacker = await office_on(place, first), await comes(place, "Viktor", second)
    await maria.writes(await code_of(attacker))
    await maria.sees("Dieser Chat gehört zum Team.")
    assert await place.rows("SELECT count(*) FROM people") == [(2,)]
    await maria.writes("menü")
    await maria.sees("✉ An viele schreiben")
    await attacker.writes("меню")
    await attacker.settles()
    assert "✉" not in attacker.screen


@BOTH_WAYS
async def test_a_member_of_the_team_whose_code_somebody_else_typed_gives_nothing_away(
    place: Town, first: str, second: str
) -> None:
    maria, attacker = await office_on(place, first), await comes(place, "Viktor", second)
    code = await code_of(maria, german=True)
    await attacker.writes(code)
    await attacker.picks(YES)
    await attacker.sees(f"Відкрийте тепер {TITLES[first]}. Підтвердьте там")
    number = re.search(r"Ваше число: (\d\d)\b", attacker.news()[-1].text)
    assert number
    await maria.sees(
        f"über {TITLES[second]}. Waren Sie das? Dann sehen Sie dort die Zahl {number[1]}.", "rufen Sie uns an"
    )
    await attacker.writes("меню")
    await attacker.forges("go:admit")
    await attacker.forges("go:broadcast")
    await attacker.settles()
    assert "✉" not in attacker.screen
    await maria.picks("Ja, das war ich")
    await maria.sees(f"die Zahl {number[1]}?", "Wer diesen Chat benutzt, hat dann Ihre Rechte im Team.")
    await maria.picks("Nein")
    await maria.sees("Es bleibt alles, wie es ist")
    await attacker.writes(code)
    await attacker.sees(WRONG)
    await maria.writes("meine daten")
    await maria.sees("Anderen Messenger verbinden")
    assert "Ja, das war ich" not in maria.choices()
    assert await place.rows("SELECT count(*) FROM people") == [(2,)]
    assert await place.rows("SELECT count(*) FROM staff") == [(1,)]


@BOTH_WAYS
async def test_a_member_of_the_team_who_says_yes_is_one_on_both(place: Town, first: str, second: str) -> None:
    maria, here = await office_on(place, first), await comes(place, "Maria", second, "Deutsch")
    await here.writes(await code_of(maria, german=True))
    await here.picks("Ja, verbinden")
    await place.restart()
    here.look()
    await maria.picks("Ja, das war ich", "Ja, verbinden")
    await maria.sees("Beide Chats sind jetzt verbunden")
    await here.sees(f"Dieser Chat ist jetzt mit {TITLES[first]} verbunden")
    assert await is_one_person(place)
    await place.restart()
    await maria.picks(TITLES[first])
    await maria.sees(f"Neues kommt jetzt hier an: {TITLES[first]}")
    await here.writes("menü")
    await here.sees("✉ An viele schreiben")
    telegram = maria if first == "telegram" else here
    await telegram.world.changed(lambda: "broadcast" in telegram.commands(), TIMEOUT, "the commands of the team")


async def test_a_yes_of_the_team_comes_too_late_after_ten_minutes(place: Town) -> None:
    maria, here = await office_on(place, "telegram"), await comes(place, "Viktor", "signal")
    await here.writes(await code_of(maria, german=True))
    await here.picks(YES)
    await maria.sees("Jemand hat Ihren Code geschickt")
    with time_machine.travel(time.time() + 601, tick=True):
        await maria.picks("Ja, das war ich")
        assert await maria.sees("nicht mehr")


async def test_two_members_of_the_team_stay_two(place: Town) -> None:
    maria, ines = await office_on(place, "telegram"), await office_on(place, "signal", "Ines")
    await ines.writes(await code_of(maria, german=True))
    await ines.sees("Dieser Chat gehört zum Team.")
    here = await comes(place, "Viktor", "signal", "Deutsch")
    await here.writes(await code_of(maria, german=True))
    await here.picks("Ja, verbinden")
    await maria.sees("Jemand hat Ihren Code geschickt")
    await hires(place, here, Role.DESK)  # meanwhile
    await maria.picks("Ja, das war ich")
    await maria.sees("nicht mehr")
    assert await place.rows("SELECT count(*) FROM staff") == [(3,)]


@BOTH_WAYS
async def test_who_joins_the_team_after_connecting_has_the_commands_on_both(
    place: Town, first: str, second: str
) -> None:
    there, here = await comes(place, "Maria", first, "Deutsch"), await comes(place, "Maria", second, "Deutsch")
    await here.writes(await code_of(there, german=True))
    await here.picks("Ja, verbinden")
    await hires(place, here)
    telegram = there if first == "telegram" else here
    await telegram.world.changed(lambda: "broadcast" in telegram.commands(), TIMEOUT, "the commands of the team")
    await here.writes("löschen")
    await here.picks("Ja, alles löschen")
    await here.sees("Ihre Daten sind gelöscht")
    await telegram.world.changed(lambda: "broadcast" not in telegram.commands(), TIMEOUT, "no commands of the team")
    for chat in (there, here):
        await chat.writes("/broadcast")
        assert await chat.sees("Willkommen! Bitte wählen Sie eine Sprache.")


# ---------------------------------------------------------------------- two chats, one conversation


@BOTH_WAYS
async def test_a_question_opened_in_one_chat_is_answered_in_the_other_and_its_old_buttons_do_no_harm(
    place: Town, first: str, second: str
) -> None:
    there, here = await comes(place, "Oksana", first), await comes(place, "Oksana", second)
    await connects(here, await code_of(there))
    await there.picks("Я з Житомирщини", AGREE, "Так")
    await there.sees("Які теми")
    old = there.phone.received[-1]
    await here.writes("Культура, музика, спорт")
    await here.sees("Де Ви зараз живете?")
    with time_machine.travel(time.time() + 5, tick=True):
        await there.picks_under(old, "Медицина й лікарні" if first == "signal" else "☐ Медицина й лікарні")
        await there.sees("Цей вибір уже недоступний", "Де Ви зараз живете?")
        await there.picks("У Дортмунді", "Ні, не запитуйте про це", "Одразу, коли є щось нове")
        await there.picks("Усе правильно, зберегти")
        await there.sees("Вас зареєстровано")
    assert await place.rows("SELECT topic FROM interest_topics") == [("culture",)]


@BOTH_WAYS
async def test_buttons_from_before_the_connection_do_no_harm(place: Town, first: str, second: str) -> None:
    there, here = await comes(place, "Oksana", first), await comes(place, "Oksana", second)
    await registers(there)
    code = await code_of(there)
    await here.picks("Я з Житомирщини", AGREE, "Так")
    await here.sees("Які теми")
    old = here.phone.received[-1]
    await connects(here, code)
    await here.picks_under(old, "Культура, музика, спорт" if second == "signal" else "☐ Культура, музика, спорт")
    await here.sees("Цей вибір уже недоступний")
    assert await place.rows("SELECT topic FROM interest_topics") == [("health",)]
    await here.writes("меню")
    await here.picks("Мої дані")
    assert await here.sees("Теми: Медицина й лікарні")


@BOTH_WAYS
async def test_deleting_on_one_deletes_both_and_the_other_is_a_stranger(place: Town, first: str, second: str) -> None:
    there, here = await comes(place, "Oksana", first), await comes(place, "Oksana", second)
    await registers(there)
    await connects(here, await code_of(there))
    there.look()
    await here.writes("видалити")
    await here.picks("Так, видалити все")
    await here.sees("Ваші дані видалено")
    await there.sees("Усі Ваші дані видалено, зокрема дані цього чату.")
    await here.settles()
    await place.a_minute_passes()
    assert await tables(place) == {}
    for chat in (there, here):
        await chat.writes("мої дані")
        assert await chat.sees("Вітаємо!", "Willkommen!")


async def test_the_file_names_both_messengers_and_the_address_of_its_own_chat_only(place: Town) -> None:
    there, here = await comes(place, "Oksana", "telegram"), await comes(place, "Oksana", "signal")
    await registers(there)
    await connects(here, await code_of(there))
    for chat in (there, here):
        await chat.writes("мої дані")
        await chat.picks("Надіслати все файлом")
        await chat.sees("Ось файл")
        content = next(m.document[1] for m in chat.news() if m.document)
        data = json.loads(content)
        own, other = (there, here) if chat is there else (here, there)
        assert {each["messenger"] for each in data["addresses"]} == {"telegram", "signal"}
        assert [each["address"] for each in data["addresses"] if "address" in each] == [str(own.phone.id)]
        assert str(other.phone.id) not in content.decode()
        assert data["people"][0]["preferred"] == "signal"


# ---------------------------------------------------------------------- disconnect


@BOTH_WAYS
@pytest.mark.parametrize("which", ["this", "other"])
async def test_either_messenger_can_be_disconnected_from_either(
    place: Town, first: str, second: str, which: str
) -> None:
    there, here = await comes(place, "Oksana", first), await comes(place, "Oksana", second)
    await registers(there)
    await connects(here, await code_of(there))
    gone, kept = (here, there) if which == "this" else (there, here)
    removed = second if which == "this" else first
    gone.look()
    await here.writes("мої дані")
    await here.picks("Від’єднати месенджер")
    await here.sees("Який месенджер від’єднати?")
    await place.restart()
    await here.picks(TITLES[removed])
    await here.sees("від’єднано. Про чат там більше нічого не збережено")
    if gone is there:
        await gone.sees("Цей чат від’єднано. Про цей чат більше нічого не збережено.")
    await place.settles()
    await place.a_minute_passes()
    for (table,) in await place.rows("SELECT name FROM sqlite_master WHERE sql LIKE '%address %TEXT%'"):
        found = await place.rows(f"SELECT * FROM {table} WHERE address = ?", str(gone.phone.id))  # noqa: S608
        assert found == [], table
    await gone.writes("мої дані")
    assert await gone.sees("Вітаємо!", "Willkommen!")
    await kept.writes("мої дані")
    assert await kept.sees("Теми: Медицина й лікарні", "Під’єднати інший месенджер")
    maria = await office_on(place, first)
    gone.look()
    await sends_to_all(maria)
    await kept.sees(NEWS)
    assert await gone.sees_nothing_new()


async def test_somebody_of_the_team_who_disconnects_a_chat_has_no_rights_there(place: Town) -> None:
    maria, here = await office_on(place, "telegram"), await comes(place, "Maria", "signal", "Deutsch")
    await here.writes(await code_of(maria, german=True))
    await here.picks("Ja, verbinden")
    await maria.picks("Ja, das war ich", "Ja, verbinden", "Signal")
    await maria.sees("Neues kommt jetzt hier an: Signal")
    await here.writes("meine daten")
    await here.picks("Messenger trennen", "Telegram")
    await maria.sees("Dieser Chat ist getrennt.")
    await maria.world.changed(lambda: "broadcast" not in maria.commands(), TIMEOUT, "no commands of the team")
    await maria.writes("/broadcast")
    await maria.sees("Willkommen!")
    await here.writes("/broadcast")
    assert await here.sees("Bitte schreiben Sie den Text")


async def test_with_one_messenger_nothing_can_be_disconnected(place: Town) -> None:
    here = await comes(place, "Oksana", "signal")
    for act in ("disconnect", "prefer", "admit"):
        await here.writes("мої дані")
        await here.forges(f"go:{act}")
        await here.settles()
    assert await place.rows("SELECT count(*) FROM addresses") == [(1,)]


async def test_who_has_disconnected_can_connect_again(place: Town) -> None:
    there, here = await comes(place, "Oksana", "telegram"), await comes(place, "Oksana", "signal")
    await registers(there)
    for _ in range(2):
        await connects(here, await code_of(there))
        assert await is_one_person(place)
        await here.writes("мої дані")
        await here.picks("Від’єднати месенджер", "Signal")
        await here.sees("від’єднано")
        await here.writes("/start")
        await here.picks("Українська")
        await here.settles()
