"""Broadcasts over two messengers: one copy for each person, a pace for each messenger, and honest words about both."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from dataclasses import replace
from pathlib import Path

import pytest
import time_machine

from bot import clock, consents, interests, sender
from bot.consents import Purpose
from bot.demo.signal_faults import Fault, breaks_connection, error, late, rate_limited
from bot.interests import Frequency, Interest
from bot.pace import Limits
from bot.people import DOUBTED
from bot.staff import Role
from bot.storage import open_store
from bot.transports.signal import SignalTransport
from tests.bridge import TIMEOUT, Somebody, Town, town
from tests.test_staff import composes
from tests.test_two_messengers import BOTH_WAYS, NEWS, TITLES, code_of, comes, connects, office_on

TO_ALL = ("Alle", "Alle Themen", "Alle in ihrer Sprache")
SEND = "✉ Jetzt senden"


@pytest.fixture
async def place(tmp_path: Path) -> AsyncIterator[Town]:
    """The bot on both messengers; telephones on Signal tell that messages arrived."""
    async with town(tmp_path, messengers=("telegram", "signal")) as both:
        both.receipts = True
        yield both


def slowly(folder: Path, per_second: float = 20) -> AbstractAsyncContextManager[Town]:
    """Return a town in which copies leave one after the other."""
    return town(folder, limits=Limits(per_second, None), messengers=("telegram", "signal"))


async def subscribes(place: Town, somebody: Somebody, frequency: Frequency = Frequency.AT_ONCE) -> None:
    """Register somebody for news."""
    query = "SELECT person FROM addresses WHERE address = ?"
    ((person,),) = await place.rows(query, str(somebody.phone.id))
    assert isinstance(person, int)
    async with open_store(place.database, checkpoints=False) as store:
        wanted, now = Interest(["health"], None, None, [], frequency), int(time.time())
        await store.write(lambda db: interests.save(db, person, wanted, now))
        await store.write(lambda db: consents.give(db, person, Purpose.NEWS, "1", "uk", now))


async def readers(place: Town, messenger: str, n: int, frequency: Frequency = Frequency.AT_ONCE) -> list[Somebody]:
    """Let so many people come and register for news."""
    found = [await comes(place, f"{messenger} {number}", messenger) for number in range(n)]
    for somebody in found:
        await subscribes(place, somebody, frequency)
    return found


async def on_both(place: Town, prefers: str) -> dict[str, Somebody]:
    """Let somebody register, and connect both messengers; return their chats."""
    chats = {messenger: await comes(place, "Oksana", messenger) for messenger in TITLES}
    await subscribes(place, chats["telegram"])
    await connects(chats["signal"], await code_of(chats["telegram"]), prefers)
    await place.settles()
    return chats


async def sends(maria: Somebody, ukrainian: str = NEWS) -> None:
    """Send to everybody, without waiting for what becomes of it."""
    await composes(maria, ukrainian=ukrainian)
    await maria.picks(*TO_ALL, SEND)


async def report(maria: Somebody) -> str:
    """Return the newest report once it is there."""
    await maria.sees("Das ist das Ergebnis")
    texts: list[str] = [message.text for message in maria.phone.received]
    return next(text for text in reversed(texts) if "Das ist das Ergebnis" in text)


async def arrives(somebody: Somebody, text: str = NEWS) -> None:
    """Wait until a text is on the telephone."""
    await somebody.world.changed(lambda: somebody.times_seen(text), TIMEOUT, f"{text!r} at {somebody.phone}")


# ---------------------------------------------------------------------- to one address of each person


@pytest.mark.parametrize("prefers", ["telegram", "signal"])
async def test_exactly_one_copy_arrives_where_it_is_preferred(place: Town, prefers: str) -> None:
    chats = await on_both(place, prefers)
    maria = await office_on(place, "telegram")
    await composes(maria)
    await maria.picks(*TO_ALL)
    await maria.sees("1 Person bekommt diese Nachricht", f"{TITLES[prefers]}: 1 Person")
    await maria.picks(SEND)
    assert "Ihre Nachricht an 1 Person" in await report(maria)
    await place.settles()
    assert {messenger: chat.times_seen(NEWS) for messenger, chat in chats.items()} == {
        messenger: int(messenger == prefers) for messenger in chats
    }


@BOTH_WAYS
async def test_who_left_one_messenger_gets_it_on_the_other_and_is_counted_once(
    place: Town, first: str, second: str
) -> None:
    chats = await on_both(place, prefers=first)
    await chats[first].leaves_for_good()
    maria = await office_on(place, second)
    await sends(maria)
    await arrives(chats[second])
    said = await report(maria)
    assert "Ihre Nachricht an 1 Person" in said
    assert "Endgültig abgelehnt" not in said
    assert f"{TITLES[second]}: 1 von 1" in maria.screen
    assert chats[second].times_seen(NEWS) == 1


async def test_who_blocked_one_messenger_gets_the_next_one_straight_on_the_other_until_they_write_there_again(
    place: Town,
) -> None:
    chats = await on_both(place, prefers="telegram")
    telegram, signal = chats["telegram"], chats["signal"]
    maria = await office_on(place, "signal")
    telegram.phone.deactivates()
    await sends(maria)
    await arrives(signal)
    await report(maria)
    telegram.phone.deactivated, telegram.phone.chat.refusal = False, None
    await sends(maria, "Друге оголошення")
    await arrives(signal, "Друге")
    assert telegram.times_seen("Друге") == 0
    await telegram.writes("меню")
    await telegram.sees("Що Ви хочете зробити?")
    await sends(maria, "Третє оголошення")
    await arrives(telegram, "Третє")
    await place.settles()
    assert signal.times_seen("Третє") == 0


async def test_signal_has_to_say_twice_that_somebody_is_gone_a_day_apart(place: Town) -> None:
    (reader,) = await readers(place, "signal", 1)
    maria = await office_on(place, "telegram")
    await reader.leaves_for_good()
    for days in (0, 0.1, 1, 1.1):
        await place.stop()
        with time_machine.travel(time.time() + days * (DOUBTED + 4000), tick=True):
            await place.start()
            await composes(maria)
            await maria.picks(*TO_ALL)
            if days > 1:
                await maria.sees("Im Moment bekommt das niemand")
                await maria.picks("Abbrechen")
                break
            await maria.picks(SEND)
            assert "1 × Konto nicht mehr da" in await report(maria)
    reader.phone.registered = True
    await reader.writes("меню")
    await reader.sees("Що Ви хочете зробити?")
    await sends(maria)
    await arrives(reader)


async def test_signal_saying_once_by_mistake_that_somebody_is_gone_costs_one_copy_at_most(place: Town) -> None:
    (reader,) = await readers(place, "signal", 1)
    maria = await office_on(place, "telegram")
    reader.phone.registered = False
    await sends(maria)
    await report(maria)
    reader.phone.registered = True
    await sends(maria, "Друге оголошення")
    await arrives(reader, "Друге")


async def test_who_left_both_is_refused_once_in_the_report(place: Town) -> None:
    chats = await on_both(place, prefers="signal")
    for chat in chats.values():
        await chat.leaves_for_good()
    maria = await office_on(place, "telegram")
    await sends(maria)
    said = await report(maria)
    assert "Ihre Nachricht an 1 Person" in said
    assert "Endgültig abgelehnt: 1" in said
    tries = [call for call in place.signal.calls if call.method == "send" and NEWS in call.params["message"]]
    assert len(tries) == 1, "it does not come back to the messenger that refused it first"


@pytest.mark.parametrize("delivered", [True, False])
async def test_what_may_have_arrived_is_not_sent_to_the_other_messenger(place: Town, delivered: bool) -> None:
    place.receipts = False
    chats = await on_both(place, prefers="signal")
    maria = await office_on(place, "telegram")
    await composes(maria)
    await maria.picks(*TO_ALL)
    await place.settles()
    place.signal.fail("send", breaks_connection(delivered=delivered))
    await maria.picks(SEND)
    assert "Vielleicht angekommen (Verbindung abgebrochen): 1" in await report(maria)
    await place.restart()
    await place.settles()
    assert (chats["signal"].times_seen(NEWS), chats["telegram"].times_seen(NEWS)) == (int(delivered), 0)


async def test_who_never_wrote_on_signal_gets_nothing_there(place: Town) -> None:
    stranger: Somebody = place.somebody("Viktor", messenger="signal")
    await readers(place, "telegram", 1)
    maria = await office_on(place, "telegram")
    await sends(maria)
    await report(maria)
    assert stranger.phone.received == []


# ---------------------------------------------------------------------- receipts


async def copies(place: Town) -> list[object]:
    """Return the states of all copies."""
    return [state for (state,) in await place.rows("SELECT state FROM outbox WHERE broadcast ORDER BY id")]


RECEIPTS: dict[str, Fault | None] = {
    "after the answer": None,
    "before the answer": late(0.4),
    "without an answer": breaks_connection(delivered=True),
}


@pytest.mark.parametrize("fault", RECEIPTS.values(), ids=RECEIPTS.keys())
async def test_a_receipt_says_that_a_copy_arrived(
    place: Town, fault: Fault | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(clock, "PROGRESS", 3600)  # the report is not to come before the receipt
    await place.restart()
    (reader,) = await readers(place, "signal", 1)
    maria = await office_on(place, "telegram")
    await composes(maria)
    await maria.picks(*TO_ALL)
    await place.settles()
    if fault:
        place.signal.fail("send", fault)
    await maria.picks(SEND)
    await arrives(reader)
    await place.signal.changed(lambda: reader.phone.received[-1].ticks == 2, TIMEOUT, "a receipt")
    await place.settles()
    monkeypatch.setattr(clock, "PROGRESS", 0.3)
    await place.restart()
    said = await report(maria)
    assert await copies(place) == ["delivered"]
    assert "Auf dem Telefon angekommen: 1" in said


async def test_reading_says_so_too_and_is_counted_once(place: Town) -> None:
    place.receipts = False
    (reader,) = await readers(place, "signal", 1)
    maria = await office_on(place, "telegram")
    await sends(maria)
    await arrives(reader)
    await reader.phone.reads(reader.phone.received[-1])
    await place.settles()
    await reader.phone.reads(reader.phone.received[-1])
    await place.settles()
    assert await copies(place) == ["delivered"]


async def test_the_receipt_of_a_later_answer_says_nothing_about_a_copy_that_broke_off(place: Town) -> None:
    (reader,) = await readers(place, "signal", 1)
    maria = await office_on(place, "telegram")
    await composes(maria)
    await maria.picks(*TO_ALL)
    await place.settles()
    place.signal.fail("send", breaks_connection(delivered=False))
    await maria.picks(SEND)
    await report(maria)
    await asyncio.sleep(0.6)
    await reader.writes("меню")
    await reader.sees("Що Ви хочете зробити?")
    await place.signal.changed(lambda: reader.phone.received[-1].ticks == 2, TIMEOUT, "a receipt")
    await place.settles()
    assert await copies(place) == ["unknown"]
    await place.restart()
    await reader.writes("меню")
    await reader.sees("Що Ви хочете зробити?")
    await place.settles()
    assert await copies(place) == ["unknown"]


async def test_forged_receipts_change_nothing(place: Town) -> None:
    place.receipts = False
    (reader,) = await readers(place, "signal", 1)
    attacker = await comes(place, "Viktor", "signal")
    maria = await office_on(place, "telegram")
    await sends(maria)
    await arrives(reader)
    await report(maria)
    left = int(reader.phone.received[-1].message_id)
    attacker.phone.receipt("delivery", [left], left)
    reader.phone.receipt("delivery", [left + 1, left - 1, 1, 2**52], left + 1)
    reader.phone.receipt("read", [left + 60_000], None)
    await place.settles()
    assert await copies(place) == ["accepted"]
    reader.phone.receipt("delivery", [*range(1, 800), left, *range(800, 900)], left)
    await place.settles()
    assert await copies(place) == ["delivered"]


async def test_a_flood_of_receipts_costs_nobody_time(place: Town) -> None:
    place.receipts = False
    (reader,) = await readers(place, "signal", 1)
    attacker = await comes(place, "Viktor", "signal")
    maria = await office_on(place, "telegram")
    await sends(maria)
    await arrives(reader)
    left = int(reader.phone.received[-1].message_id)
    for n in range(100):
        attacker.phone.receipt("delivery", [left + n + m for m in range(1000)], None)
    began = time.monotonic()
    reader.phone.receipt("delivery", [left], left)
    await place.settles()
    assert await copies(place) == ["delivered"]
    assert time.monotonic() - began < 6


# ---------------------------------------------------------------------- limits of one messenger


async def test_a_limit_of_signal_holds_signals_copies_only_and_is_said(tmp_path: Path) -> None:
    async with slowly(tmp_path, per_second=2) as place:
        on_signal, on_telegram = await readers(place, "signal", 3), await readers(place, "telegram", 2)
        maria = await office_on(place, "telegram")
        await composes(maria)
        await maria.picks(*TO_ALL)
        await place.settles()
        place.signal.fail("send", rate_limited(3600))
        await maria.picks(SEND)
        for reader in on_telegram:
            await arrives(reader)
        await maria.sees("Telegram: 2 von 2", "von 3; Pause bis")
        left = sum(reader.times_seen(NEWS) for reader in on_signal)
        assert left <= 1, "one may have been on its way when the other was refused"
        await on_signal[0].writes("меню")
        await on_signal[0].sees("Що Ви хочете зробити?")
        assert sum(reader.times_seen(NEWS) for reader in on_signal) == left
        with time_machine.travel(time.time() + 3601, tick=True):
            await place.restart()
            for reader in on_signal:
                await arrives(reader)
            said = await report(maria)
        assert "Ihre Nachricht an 5 Personen" in said
        assert "Vom Messenger angenommen: 5" in said or "angekommen" in said
        assert [reader.times_seen(NEWS) for reader in on_signal] == [1, 1, 1]


async def test_a_signal_that_refuses_everything_does_not_use_up_an_announcement(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sender, "FIRST_HOLD", 0.5)
    async with slowly(tmp_path) as place:
        people = await readers(place, "signal", 8)
        maria = await office_on(place, "telegram")
        await composes(maria)
        await maria.picks(*TO_ALL)
        await place.settles()
        place.signal.fail("send", error(-1, "Something that nobody knows"), 3)
        await maria.picks(SEND)
        assert await maria.sees("Signal nimmt gerade keine Nachrichten an viele an", "Bitte sagen Sie es der IT")
        assert (await copies(place)).count("refused") == 3
        await people[-1].writes("меню")
        assert await people[-1].sees("Що Ви хочете зробити?"), "answers go on"
        said = await report(maria)
        assert (await copies(place)).count("refused") == 3
        assert "Vom Messenger angenommen: 5" in said
        assert maria.times_seen("Signal nimmt gerade keine Nachrichten an viele an") == 1


async def test_a_hold_ends_by_itself_and_not_by_a_restart(tmp_path: Path) -> None:
    async with slowly(tmp_path) as place:
        (reader,) = await readers(place, "signal", 1)
        maria = await office_on(place, "telegram")
        await composes(maria)
        await maria.picks(*TO_ALL)
        await place.settles()
        place.signal.fail("send", rate_limited(4))
        began = time.monotonic()
        await maria.picks(SEND)
        await maria.sees("Pause bis")
        await place.restart()
        await arrives(reader)
        assert time.monotonic() > began + 4
        await place.settles()
        assert reader.times_seen(NEWS) == 1


async def test_without_a_time_the_holds_grow_and_a_copy_that_passes_ends_that(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sender, "FIRST_HOLD", 0.5)
    async with slowly(tmp_path) as place:
        (reader,) = await readers(place, "signal", 1)
        maria = await office_on(place, "telegram")
        await composes(maria)
        await maria.picks(*TO_ALL)
        place.signal.fail("send", rate_limited(), 3)
        began = time.monotonic()
        await maria.picks(SEND)
        await arrives(reader)
        assert time.monotonic() - began >= 3.5, "0.5 + 1 + 2 seconds"
        await place.settles()
        assert await place.rows("SELECT limits FROM accounts WHERE messenger = 'signal'") == [(0,)]


async def test_answers_that_pass_meanwhile_do_not_make_the_next_hold_short_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sender, "FIRST_HOLD", 3.0)
    async with slowly(tmp_path) as place:
        (reader,) = await readers(place, "signal", 1)
        maria = await office_on(place, "telegram")
        await composes(maria)
        await maria.picks(*TO_ALL)
        place.signal.fail("send", rate_limited(), 1)
        await maria.picks(SEND)
        await maria.sees("Signal: 0 von 1; Pause bis")
        await reader.writes("меню")
        await reader.sees("Що Ви хочете зробити?")
        await place.settles_but_for_waiting()
        assert await place.rows("SELECT limits FROM accounts WHERE messenger = 'signal'") == [(1,)]


async def test_an_answer_refused_by_a_limit_stops_the_account_but_not_for_a_day(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sender, "FIRST_HOLD", 1.0)
    async with slowly(tmp_path) as place:
        reader, another = await readers(place, "signal", 2)
        maria = await office_on(place, "telegram")
        place.signal.fail("send", rate_limited(86400), 2)
        await reader.writes("меню")
        await another.writes("меню")
        await reader.sees("Що Ви хочете зробити?")
        await composes(maria)
        await maria.picks(*TO_ALL)
        await maria.sees("Signal: 2 Personen; etwa 24 Stunden")
        await maria.picks(SEND)
        await maria.sees("Pause bis")
        await reader.writes("меню")
        await reader.sees("Що Ви хочете зробити?")
        assert reader.times_seen(NEWS) == 0


async def test_while_signal_is_cut_off_few_copies_become_unknown_and_the_rest_wait(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sender, "FIRST_HOLD", 1.5)
    async with slowly(tmp_path, per_second=2) as place:
        on_signal, on_telegram = await readers(place, "signal", 5), await readers(place, "telegram", 1)
        maria = await office_on(place, "telegram")
        await composes(maria)
        await maria.picks(*TO_ALL)
        place.signal.network_gone = True
        await maria.picks(SEND)
        await arrives(on_telegram[0])
        await maria.sees("Pause bis")
        place.signal.network_gone = False
        await maria.sees("Das ist das Ergebnis")
        unknown = (await copies(place)).count("unknown")
        assert 1 <= unknown <= 2
        assert sum(reader.times_seen(NEWS) for reader in on_signal) == 5 - unknown


# ---------------------------------------------------------------------- what staff are told


@pytest.fixture
async def as_in_life(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Town]:
    """The bot on both messengers with their own limits, for staff who read faster than any."""
    monkeypatch.setattr(SignalTransport, "limits", replace(SignalTransport.limits, seconds_to_read=0))
    async with town(tmp_path, messengers=("telegram", "signal")) as both:
        both.limits = None
        await both.restart()
        yield both


@pytest.mark.parametrize("messenger", ["telegram", "signal"])
@pytest.mark.parametrize(
    ("n", "said"),
    [
        (1, "Signal: 1 Person; weniger als eine Minute"),
        (30, "Signal: 30 Personen; etwa 1 Minute"),
        (380, "Signal: 380 Personen; etwa 13 Minuten"),
    ],
)
async def test_an_honest_estimate_in_german(as_in_life: Town, messenger: str, n: int, said: str) -> None:
    maria = await office_on(as_in_life, messenger)
    await as_in_life.populate("signal", uk=n)
    await as_in_life.populate("telegram", uk=412)
    await composes(maria)
    await maria.picks(*TO_ALL)
    assert await maria.sees(f"{n + 412} Personen bekommen", said, "Telegram: 412 Personen; weniger als eine Minute")


@pytest.mark.parametrize(
    ("n", "said"),
    [
        (1, "Signal: 1 людина; менше хвилини"),
        (22, "Signal: 22 людини; приблизно 1 хвилина"),
        (380, "Signal: 380 людей; приблизно 13 хвилин"),
        (651, "Signal: 651 людина; приблизно 22 хвилини"),
    ],
)
async def test_an_honest_estimate_in_ukrainian(as_in_life: Town, n: int, said: str) -> None:
    ivan = await comes(as_in_life, "Ivan", "telegram")
    code = await as_in_life.invitation(Role.ADMIN)
    await ivan.writes(f"/start join-{code}")
    await ivan.settles()
    await as_in_life.populate("signal", uk=n)
    await ivan.writes("/broadcast")
    await ivan.sees("німецька")
    await ivan.writes("Es gibt Neues.")
    await ivan.sees("українська")
    await ivan.writes(NEWS)
    await ivan.picks("Усі", "Усі теми", "Кожній людині її мовою")
    assert await ivan.sees(said)


async def test_copies_that_wait_for_friday_make_nobody_else_wait(as_in_life: Town) -> None:
    # Two of the team, as one chat gets only so much in a short time.
    maria, ines = await office_on(as_in_life, "telegram"), await office_on(as_in_life, "telegram", "Ines")
    await as_in_life.populate("signal", uk=300)
    await as_in_life.change("UPDATE interests SET frequency = 'weekly'")
    await sends(maria)
    assert "Wartet auf Freitag (einmal pro Woche): 300" in await report(maria)
    await as_in_life.populate("signal", uk=1)
    await composes(ines)
    await ines.picks(*TO_ALL)
    assert await ines.sees(
        "301 Personen bekommen", "Signal: 1 Person; weniger als eine Minute", "einmal pro Woche: 300"
    )


async def test_on_signal_the_progress_is_changed_ten_times_at_most_and_ends_right(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(clock, "PROGRESS", 0.05)
    async with slowly(tmp_path, per_second=15) as place:
        maria = await office_on(place, "signal")
        await place.populate("telegram", uk=40)
        await sends(maria)
        await maria.world.changed(lambda: "Das ist das Ergebnis" in maria.screen, TIMEOUT, "the report")
        await place.settles()
        shown = next(m for m in maria.phone.chat.values() if "Senden: 40 von 40" in m.text)
        assert 9 <= len(shown.versions) - 1 <= 10
        assert "Telegram: 40 von 40" in shown.text
        assert place.signal.violations == []


async def test_the_progress_ends_right_also_if_all_copies_are_there_before_it(place: Town) -> None:
    maria = await office_on(place, "signal")
    await readers(place, "telegram", 2)
    await composes(maria)
    await maria.picks(*TO_ALL)
    await place.settles()
    place.signal.fail("send", late(2))
    await maria.picks(SEND)
    await report(maria)
    await place.settles()
    assert "Senden: 2 von 2" in maria.screen


async def test_holds_use_up_no_more_changes_than_there_are(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "PROGRESS", 0.05)
    monkeypatch.setattr(sender, "FIRST_HOLD", 0.2)
    monkeypatch.setattr(sender, "LONGEST_HOLD", 0.2)
    async with slowly(tmp_path, per_second=15) as place:
        maria = await office_on(place, "signal")
        await readers(place, "signal", 1)
        await place.populate("telegram", uk=30)
        await composes(maria)
        await maria.picks(*TO_ALL)
        await place.settles()
        await maria.picks(SEND)
        place.signal.fail("send", rate_limited(), 8)
        await maria.world.changed(lambda: "Das ist das Ergebnis" in maria.screen, TIMEOUT, "the report")
        await place.settles()
        shown = next(m for m in maria.phone.chat.values() if "Senden: 31 von 31" in m.text)
        assert len(shown.versions) - 1 <= 10
        assert place.signal.violations == []


@BOTH_WAYS
async def test_progress_and_report_come_where_the_broadcast_was_sent(place: Town, first: str, second: str) -> None:
    maria, here = await office_on(place, first), await comes(place, "Maria", second, "Deutsch")
    await here.writes(await code_of(maria, german=True))
    await here.picks("Ja, verbinden")
    await maria.picks("Ja, das war ich", "Ja, verbinden", TITLES[second])
    await maria.sees("Neues kommt jetzt hier an")
    await readers(place, "telegram", 2)
    await place.settles()
    here.look()
    await sends(maria)
    await report(maria)
    await place.settles()
    assert "Senden: 2 von 2" in maria.screen
    assert await here.sees_nothing_new()
