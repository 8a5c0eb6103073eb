"""What people and staff experience when signal-cli dies, or when Signal wants to see that people write."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.staff import Role
from bot.transports import signal as transport
from tests.bridge import Somebody, Town, town
from tests.test_refugees import AGREE, registers
from tests.test_staff import composes

CAPTCHA = "signalcaptcha://right.the-riddle-was-solved"


@pytest.fixture
async def both(tmp_path: Path) -> AsyncIterator[Town]:
    """The bot on both messengers."""
    async with town(tmp_path, messengers=("telegram", "signal")) as place:
        yield place


@pytest.fixture
async def quickly_deaf(both: Town, monkeypatch: pytest.MonkeyPatch) -> None:  # noqa: ARG001 - it has started before
    """From now on let the shortest silence count, so that nobody has to wait."""
    monkeypatch.setattr(transport, "DEAF", 0.0)


async def on_telegram(place: Town, role: Role = Role.ADMIN, name: str = "Maria") -> Somebody:
    """Return a member of staff on Telegram."""
    return await joined(place, place.somebody(name, "de", "telegram"), role)


async def joined(place: Town, maria: Somebody, role: Role = Role.ADMIN) -> Somebody:
    await maria.writes(f"/start join-{await place.invitation(role)}")
    await maria.picks("Deutsch")
    await maria.sees("Willkommen im Team")
    return maria


async def on_signal(place: Town, name: str = "Oksana") -> Somebody:
    """Return somebody from the region on Signal, in front of the menu."""
    oksana: Somebody = place.somebody(name)
    await oksana.writes("Добрий день")
    await oksana.picks("Українська")
    await oksana.sees("Я з Житомирщини")
    return oksana


# ---------------------------------------------------------------------- signal-cli dies


@pytest.mark.usefixtures("quickly_deaf")
async def test_when_signal_cli_dies_telegram_is_untouched_and_everybody_is_told_once(both: Town) -> None:
    maria, oksana, halyna = await on_telegram(both), await on_signal(both), await on_signal(both, "Halyna")
    await oksana.picks("Я з Житомирщини", AGREE)
    await oksana.sees("18 років")
    await both.settles()
    oksana.look()
    halyna.look()
    await both.signal.daemon_dies()
    await maria.writes("menü")
    assert await maria.sees("Was möchten Sie tun?")
    await halyna.phone.writes("ДОПОМОГА")
    await both.signal.revive()
    assert await maria.sees("Signal war gestört von", "bis")
    assert await oksana.sees("Деякий час зі мною не було зв’язку")
    assert await halyna.sees("112")
    assert "не було зв’язку" not in halyna.screen
    await oksana.writes("1")
    assert await oksana.sees("Які теми Вас цікавлять?")
    await both.settles()
    assert maria.times_seen("Signal war gestört") == 1
    assert oksana.times_seen("не було зв’язку") == 1


@pytest.mark.usefixtures("quickly_deaf")
async def test_a_signal_that_stays_away_is_told_once_to_staff(both: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transport, "STILL_DEAF", 0.3)
    maria = await on_telegram(both)
    await both.signal.daemon_dies()
    assert await maria.sees("Signal ist gestört seit", "Bitte sagen Sie es der IT")
    await both.signal.revive()
    assert await maria.sees("Signal war gestört von")
    await both.settles()
    assert maria.times_seen("Signal ist gestört seit") == 1


async def test_the_bot_starts_and_answers_on_telegram_without_signal_cli(both: Town) -> None:
    await both.stop()
    await both.signal.daemon_dies()
    starting = both.start_without_waiting()
    thomas = both.somebody("Thomas", "de", "telegram")
    await thomas.writes("/start")
    assert await thomas.sees("Willkommen!")
    oksana = both.somebody("Oksana")
    await oksana.writes("Добрий день")
    await both.signal.revive()
    assert await oksana.sees("Вітаємо!")
    await starting


# ---------------------------------------------------------------------- Signal wants a captcha


async def test_an_admin_solves_the_captcha_in_chat_and_the_queue_goes_on_where_it_stopped(both: Town) -> None:
    maria, ines = await on_telegram(both), await on_telegram(both, Role.DESK, "Ines")
    oksana = await on_signal(both)
    await registers(oksana)
    both.signal.wants_captcha()
    await composes(maria)
    await maria.picks("Alle", "Alle Themen", "Alle in ihrer Sprache")
    await maria.sees("1 Person bekommt", "Signal: 1 Person; weniger als eine Minute")
    await maria.picks("✉ Jetzt senden")
    assert await maria.sees(
        "Signal hält die Nachrichten des Bots auf", "https://signalcaptchas.org/challenge/generate.html"
    )
    assert "Є новини." not in oksana.screen
    await maria.picks("Link eingeben")
    await maria.writes("signalcaptcha://wrong.answer-of-somebody")
    await maria.sees("Danke. Wir versuchen es jetzt")
    assert await maria.sees("Signal hat diesen Link nicht angenommen")
    await maria.writes("CAPTCHA")
    await maria.sees("Bitte fügen Sie den kopierten Link ein")
    await both.restart()
    await maria.writes(f"  {CAPTCHA}\n")
    assert await maria.sees("Signal hat den Link angenommen. Es geht weiter.")
    assert await oksana.sees("Є новини.")
    assert await maria.sees("Vom Messenger angenommen: 1")
    assert "signalcaptchas.org" not in ines.screen
    assert oksana.times_seen("Є новини.") == 1


async def test_an_admin_who_is_only_on_signal_can_solve_it_too(tmp_path: Path) -> None:
    async with town(tmp_path, messengers=("signal",)) as place:
        maria: Somebody = await joined(place, place.somebody("Maria"))
        place.signal.wants_captcha()
        await maria.writes("menü")
        await place.signal.changed(lambda: place.signal.counts.get("send", 0) > 4, 8, "tries to tell the admin")
        await maria.writes("CAPTCHA")
        await maria.writes(CAPTCHA)
        assert await maria.sees("Signal hat den Link angenommen")


async def test_without_a_demand_there_is_nothing_to_solve_and_what_is_no_link_is_asked_again(both: Town) -> None:
    maria = await on_telegram(both)
    await maria.writes("captcha")
    assert await maria.sees("Im Moment ist nichts zu lösen")
    both.signal.wants_captcha()
    oksana: Somebody = both.somebody("Oksana")
    await oksana.writes("Добрий день")
    await maria.sees("Signal hält die Nachrichten des Bots auf")
    await maria.picks("Link eingeben")
    await maria.writes("ich habe es gelöst")
    assert await maria.sees("Das ist nicht der ganze Link")


async def test_to_everybody_else_the_captcha_does_not_exist(both: Town) -> None:
    oksana = await on_signal(both)
    await oksana.writes("CAPTCHA")
    assert await oksana.sees("Що Ви хочете зробити?")
