"""What the office experiences, and what nobody else can do."""

import time

import pytest
import time_machine

from bot.staff import Role
from tests.bridge import Somebody, Town
from tests.test_refugees import registers
from tests.test_volunteers import offers


async def composes(maria: Somebody, german: str = "Es gibt Neues.", ukrainian: str = "Є новини.") -> None:
    await maria.writes("/broadcast")
    await maria.sees("Deutsch")
    await maria.writes(german)
    await maria.sees("Ukrainisch")
    await maria.writes(ukrainian)
    await maria.sees("Für wen ist die Nachricht?")


async def test_an_invitation_makes_staff_once(bot: Town, messenger: str) -> None:
    code = await bot.invitation(Role.EDITOR)
    maria, stranger = bot.somebody("Maria", "de"), bot.somebody("Viktor", "uk")
    await maria.writes(f"/start join-{code}")
    await maria.picks("Deutsch")
    await maria.sees("Ihre Rolle: Redaktion")
    await stranger.writes(f"/start join-{code}")
    await stranger.picks("Українська")
    assert await stranger.sees("Це запрошення вже недійсне")
    assert await bot.rows("SELECT role FROM staff") == [("editor",)]
    await maria.writes("menü")
    assert await maria.sees("✉ An viele schreiben", "Zahlen")
    if messenger == "telegram":
        assert maria.commands()["broadcast"] == "✉ An viele schreiben"


async def test_an_invitation_is_valid_for_a_day(bot: Town, volunteer: Somebody) -> None:
    code = await bot.invitation(Role.ADMIN)
    await bot.stop()
    with time_machine.travel(time.time() + 24 * 3600 + 1, tick=True):
        await bot.start()
        await volunteer.writes(f"/start join-{code}")
        assert await volunteer.sees("Diese Einladung gilt nicht mehr")


@pytest.mark.parametrize(
    "act", ["/broadcast", "/numbers", "✉ An viele schreiben", "Zahlen", "go:broadcast", "go:numbers"]
)
async def test_to_everybody_else_staff_items_do_not_exist(volunteer: Somebody, act: str) -> None:
    if act.startswith("go:"):
        await volunteer.forges(act)
    else:
        await volunteer.writes(act)
    await volunteer.sees("Was möchten Sie tun?")
    assert "Bitte schreiben Sie den Text" not in volunteer.screen
    assert "So viele Menschen" not in volunteer.screen
    assert "✉ An viele schreiben" not in volunteer.screen
    assert "broadcast" not in volunteer.commands()


async def test_the_desk_sees_numbers_but_cannot_write_to_many(bot: Town) -> None:
    code = await bot.invitation(Role.DESK)
    ines = bot.somebody("Ines", "de")
    await ines.writes(f"/start join-{code}")
    await ines.picks("Deutsch", "☰ Menü")
    assert await ines.sees("Zahlen")
    assert "✉ An viele schreiben" not in ines.screen
    await ines.writes("/broadcast")
    assert await ines.sees("Was möchten Sie tun?")


async def test_somebody_who_is_not_staff_any_more_loses_what_they_had_begun(bot: Town, office: Somebody) -> None:
    await composes(office)
    await bot.change("DELETE FROM staff")
    await office.picks("Alle")
    assert await office.sees("Was möchten Sie tun?")
    assert "Um welches Thema" not in office.screen


async def test_one_announcement_reaches_everybody_in_their_own_language(
    office: Somebody, refugee: Somebody, volunteer: Somebody
) -> None:
    await registers(refugee)
    await offers(volunteer)
    await composes(office, "Am Samstag: <Fest> & Musik", "У суботу: <свято> & музика")
    await office.picks("Alle", "Alle Themen", "Alle in ihrer Sprache")
    await office.sees("2 Personen bekommen diese Nachricht", "Deutsch: 1", "Українська: 1", "Stadt Dortmund")
    preview = [m.text for m in office.news() if "Samstag" in m.text or "суботу" in m.text]
    assert len(preview) == 2
    await office.picks("Zur Probe an mich senden")
    await office.settles()
    assert [m.text for m in office.news() if "Samstag" in m.text or "суботу" in m.text][-2:] == preview
    refugee.look()
    volunteer.look()
    await office.picks("✉ Jetzt senden")
    await refugee.sees("У суботу: <свято> & музика", "СТОП", "Місто Дортмунд")
    await volunteer.sees("Am Samstag: <Fest> & Musik", "STOP", "Stadt Dortmund")
    await office.sees("Ihre Nachricht an 2 Personen", "Vom Messenger angenommen: 2")
    assert "Samstag" not in refugee.screen
    assert "суботу" not in volunteer.screen
    assert preview[0] in [m.text for m in volunteer.news()]
    assert preview[1] in [m.text for m in refugee.news()]
    assert "Senden: 2 von 2" in office.screen


async def test_pressing_twice_sends_once(bot: Town, office: Somebody, refugee: Somebody) -> None:
    await registers(refugee)
    await composes(office)
    await office.picks("Menschen aus der Region", "Gesundheit und Kliniken", "Alle in ihrer Sprache")
    await office.sees("1 Person bekommt")
    await office.picks_twice("✉ Jetzt senden")
    await office.sees("Vom Messenger angenommen: 1")
    await office.settles()
    assert refugee.times_seen("Є новини.") == 1
    assert await bot.rows("SELECT count(*) FROM broadcasts") == [(1,)]


@pytest.mark.parametrize(
    ("group", "topic", "language", "arrives"),
    [
        ("Menschen aus der Region", "Alle Themen", "Alle in ihrer Sprache", True),
        ("Menschen aus der Region", "Gesundheit und Kliniken", "Nur: Ukrainisch", True),
        ("Menschen aus der Region", "Kultur, Musik, Sport", "Alle in ihrer Sprache", False),
        ("Menschen aus der Region", "Alle Themen", "Nur: Deutsch", False),
        ("Ehrenamtliche", None, "Alle in ihrer Sprache", False),
    ],
)
async def test_only_the_audience_is_counted_and_written_to(
    office: Somebody, refugee: Somebody, group: str, topic: str | None, language: str, arrives: bool
) -> None:
    await registers(refugee)
    await composes(office)
    await office.picks(*(label for label in (group, topic, language) if label))
    if arrives:
        await office.sees("1 Person bekommt diese Nachricht")
        await office.picks("✉ Jetzt senden")
        assert await refugee.sees("Є новини.")
    else:
        await office.sees("Im Moment bekommt das niemand")
        assert "✉ Jetzt senden" not in office.choices()
        assert "Є новини." not in refugee.screen


async def test_somebody_who_stopped_or_left_gets_nothing(office: Somebody, refugee: Somebody) -> None:
    await registers(refugee)
    await refugee.writes("стоп")
    await refugee.sees("більше не отримуватимете")
    await composes(office)
    await office.picks("Alle", "Alle Themen", "Alle in ihrer Sprache")
    assert await office.sees("Im Moment bekommt das niemand")


async def test_a_count_that_changed_is_asked_again_before_anything_leaves(
    bot: Town, office: Somebody, refugee: Somebody, volunteer: Somebody
) -> None:
    await registers(refugee)
    await composes(office)
    await office.picks("Alle", "Alle Themen", "Alle in ihrer Sprache")
    await office.sees("1 Person bekommt")
    await offers(volunteer)
    await office.picks("✉ Jetzt senden")
    await office.sees("2 Personen bekommen")
    assert await bot.rows("SELECT * FROM broadcasts") == []
    await office.picks("✉ Jetzt senden")
    assert await office.sees("Vom Messenger angenommen: 2")


async def test_the_report_adds_up_with_people_whose_account_is_gone(
    bot: Town, office: Somebody, refugee: Somebody, volunteer: Somebody
) -> None:
    await registers(refugee)
    await offers(volunteer)
    await volunteer.leaves_for_good()
    await composes(office)
    await office.picks("Alle", "Alle Themen", "Alle in ihrer Sprache", "✉ Jetzt senden")
    assert await office.sees(
        "Ihre Nachricht an 2 Personen",
        "Vom Messenger angenommen: 1",
        "Endgültig abgelehnt: 1",
        "1 × Konto nicht mehr da",
    )
    assert await bot.rows("SELECT count(*) FROM addresses WHERE coalesce(unreachable_since, doubted_at)") == [(1,)]


async def test_weekly_people_get_it_on_friday(bot: Town, office: Somebody, refugee: Somebody) -> None:
    await registers(refugee)
    await bot.change("UPDATE interests SET frequency = 'weekly'")
    await composes(office)
    await office.picks("Alle", "Alle Themen", "Alle in ihrer Sprache", "✉ Jetzt senden")
    await office.sees("Wartet auf Freitag (einmal pro Woche): 1")
    assert "Є новини." not in refugee.screen
    await office.town.stop()
    with time_machine.travel(time.time() + 7 * 24 * 3600, tick=True):
        await office.town.start()
        assert await refugee.sees("Є новини.")


async def test_texts_and_audience_can_be_changed_before_sending(office: Somebody, refugee: Somebody) -> None:
    await registers(refugee)
    await composes(office, german="Erste Fassung")
    await office.picks("Alle", "Alle Themen", "Alle in ihrer Sprache", "Text ändern: Deutsch")
    await office.writes("Zweite Fassung")
    await office.sees("Zweite Fassung", "1 Person bekommt")
    await office.picks("Ändern, wer es bekommt", "Ehrenamtliche", "Alle in ihrer Sprache")
    assert await office.sees("Im Moment bekommt das niemand")


async def test_a_text_that_is_too_long_is_said_so(office: Somebody) -> None:
    await office.writes("/broadcast")
    await office.sees("Deutsch")
    await office.writes("x" * 3001)
    assert await office.sees("höchstens 3000 Zeichen")


async def test_numbers_show_no_cell_below_five(bot: Town, office: Somebody) -> None:
    await bot.populate(uk=9, de=3)
    await office.writes("/numbers")
    await office.sees("Zusammen: 12", "Українська: –", "Deutsch: –", "Zahlen unter 5")
    await bot.populate(uk=0, de=4)
    await office.writes("/numbers")
    assert await office.sees("Zusammen: 16", "Українська: 9", "Deutsch: 7", "Gesundheit und Kliniken: 16")


async def test_a_text_in_the_wrong_script_is_asked_again(office: Somebody) -> None:
    await office.writes("/broadcast")
    await office.sees("Deutsch")
    await office.writes("1")
    await office.sees("nicht nach einem Text in dieser Sprache aus: Deutsch")
    await office.writes("Es gibt Neues.")
    await office.sees("Ukrainisch")
    await office.writes("Es gibt Neues.")
    assert await office.sees("nicht nach einem Text in dieser Sprache aus: Ukrainisch")
