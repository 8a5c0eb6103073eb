"""What people and staff experience when signal-cli dies, or when Signal wants to see that people write."""

import asyncio
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import time_machine

from bot.accounts import Standing
from bot.demo import signal_faults as faults
from bot.pace import Limits, Pace
from bot.staff import Role
from bot.transports import signal as transport
from tests.bridge import Somebody, Town, town
from tests.test_refugees import AGREE, registers
from tests.test_staff import composes
from tests.test_volunteers import offers

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
    assert await maria.sees("Signal war gestört von", "Uhr. Was inzwischen geschrieben wurde")
    assert await oksana.sees("Деякий час бот не працював")
    assert await halyna.sees("112")
    assert "бот не працював" not in halyna.screen
    await oksana.writes("1")
    assert await oksana.sees("Які теми Вас цікавлять?")
    await both.settles()
    assert maria.times_seen("Signal war gestört") == 1
    assert oksana.times_seen("бот не працював") == 1


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
        "Signal lässt gerade keine Nachrichten durch", "https://signalcaptchas.org/challenge/generate.html"
    )
    assert "Є новини." not in oksana.screen
    await maria.picks("Link eingeben")
    await maria.writes("signalcaptcha://wrong.answer-of-somebody")
    await maria.sees("Danke. Wir versuchen es jetzt")
    assert await maria.sees(
        "Signal hat diesen Link nicht angenommen", "https://signalcaptchas.org/challenge/generate.html"
    )
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
        await place.settles_but_for_waiting()
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
    await maria.sees("Signal lässt gerade keine Nachrichten durch")
    await maria.picks("Link eingeben")
    await maria.writes("ich habe es gelöst")
    assert await maria.sees("Das ist nicht der ganze Link")


async def test_to_everybody_else_the_captcha_does_not_exist(both: Town) -> None:
    oksana = await on_signal(both)
    await oksana.writes("CAPTCHA")
    assert await oksana.sees("Що Ви хочете зробити?")


# ---------------------------------------------------------------------- limits that somebody else causes


async def test_a_limit_about_one_person_stops_nobody_else(both: Town) -> None:
    viktor, oksana = await on_signal(both, "Viktor"), await on_signal(both)
    both.signal.fail("send", faults.rate_limited(), 1)
    await viktor.writes("меню")
    await both.signal.changed(lambda: not both.signal.faults.left("send"), 8, "the refusal")
    await oksana.writes("SOS")
    assert await oksana.sees("112")


async def test_a_limit_about_two_people_in_a_row_is_about_us(both: Town) -> None:
    viktor, halyna, oksana = [await on_signal(both, name) for name in ("Viktor", "Halyna", "Oksana")]
    both.signal.fail("send", faults.rate_limited(), 2)
    await viktor.writes("меню")
    await halyna.writes("меню")
    await both.settles_but_for_waiting()
    sends = both.signal.counts["send"]
    await oksana.writes("меню")
    await both.settles_but_for_waiting()
    assert both.signal.counts["send"] == sends
    assert await both.rows("SELECT blocked_until > unixepoch() FROM accounts WHERE messenger = 'signal'") == [(1,)]


async def test_a_captcha_is_told_once_however_often_it_is_demanded(both: Town) -> None:
    maria = await on_telegram(both)
    people = [await on_signal(both, name) for name in ("Viktor", "Halyna", "Oksana")]
    for number, somebody in enumerate(people):
        both.signal.fail("send", faults.captcha(f"token-{number}", 86400), 1)
        await somebody.writes("меню")
    await maria.sees("Signal lässt gerade keine Nachrichten durch")
    await both.settles_but_for_waiting()
    assert maria.times_seen("Signal lässt gerade keine Nachrichten durch") == 1


async def test_whoever_deletes_everything_does_not_begin_a_new_minute(tmp_path: Path) -> None:
    limits = Limits(None, None, turns_per_minute=5)
    async with town(tmp_path, limits=limits, messengers=("signal",)) as place:
        viktor: Somebody = place.somebody("Viktor")
        await viktor.writes_at_once(["Deutsch", "/delete", "ja, alles löschen"] * 5)
        assert await viktor.sees("Bitte warten Sie eine Minute")
        await place.settles()
        assert len(viktor.phone.received) < 20


async def test_nobody_sees_that_an_answer_is_written_which_never_comes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(transport, "TYPING_AFTER", 0.01)
    limits = Limits(None, None, turns_per_minute=5)
    async with town(tmp_path, limits=limits, messengers=("signal",)) as place:
        viktor: Somebody = place.somebody("Viktor")
        place.signal.latency = (0.1, 0.1)
        await viktor.writes_at_once(["Deutsch"] * 7)
        assert await viktor.sees("Bitte warten Sie eine Minute")
        await place.settles()
        place.signal.counts["sendTyping"] = 0
        await viktor.writes_at_once(["hallo"] * 10)
        await place.settles()
        await asyncio.sleep(0.1)
        assert place.signal.counts["sendTyping"] == 0


async def test_an_office_is_not_told_twice_of_the_same_pause(both: Town) -> None:
    maria = await on_telegram(both)
    thomas: Somebody = both.somebody("Thomas", "de", "telegram")
    await thomas.writes("/start")
    await thomas.picks("Deutsch")
    await offers(thomas)
    await thomas.picks("Ihr Hilfsangebot")
    for _ in range(4):
        await thomas.forges("go:pause-offer")
    await both.settles()
    assert maria.times_seen("macht Pause") == 1


def test_a_clock_that_was_wrong_keeps_nobody_waiting_for_years() -> None:
    now = time.time()
    pace = Pace(Limits(per_second=0.5))
    pace.resume(Standing(now + 1e9, now + 1e9, now + 1e9), -now)
    assert pace.seconds_blocked(0) <= 2 * 3600 + 1
    assert pace.seconds_held(0) <= 7 * 24 * 3600 + 1


async def test_two_seconds_to_read_hold_with_the_limits_of_signal_itself(tmp_path: Path) -> None:
    async with town(tmp_path, limits=transport.SignalTransport.limits, messengers=("signal",)) as place:
        oksana: Somebody = place.somebody("Oksana")
        await oksana.writes("Українська")
        await oksana.writes("Українська")
        await oksana.sees("Я з Житомирщини")
        with time_machine.travel(time.time() + 10, tick=True):
            await oksana.writes_at_once(["1", "1", "1"])
            assert await oksana.sees("Чи дозволяєте Ви зберігати ці дані?")
            await place.settles()
        assert "18 років" not in oksana.screen
