"""What somebody with bad intentions, or bad luck, once got the bot to do, and does not any more."""

import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot import broadcasts, clock, consents, interests, offers, outbox, people, storage, words
from bot.broadcasts import Audience, Group
from bot.consents import Purpose
from bot.demo.telegram_faults import Fault, When
from bot.fingerprint import fingerprint
from bot.interests import Frequency, Interest
from bot.messages import Outcome, Outgoing, State
from bot.offers import Offer
from bot.outbox import Urgency
from bot.staff import Role
from tests.bridge import Somebody, Town, on_telegram, town
from tests.test_refugees import registers
from tests.test_volunteers import offers as offers_help

NOW = int(time.time())


@pytest.fixture
def db(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    """A database of our own."""
    with closing(sqlite3.connect(tmp_path / "bot.db", isolation_level=None)) as made:
        made.row_factory = sqlite3.Row
        made.execute("PRAGMA foreign_keys=ON")
        storage.migrate(made)
        yield made


def somebody(db: sqlite3.Connection, address: str) -> int:
    person = people.find_or_add(db, "telegram", address, NOW).id
    people.speak(db, person, "uk")
    return person


def reader(db: sqlite3.Connection, address: str) -> int:
    """Somebody registered for news."""
    person = somebody(db, address)
    interests.save(db, person, Interest(["health"], None, None, [], Frequency.AT_ONCE), NOW)
    consents.give(db, person, Purpose.NEWS, "1", "uk", NOW)
    return person


def states(db: sqlite3.Connection) -> list[str]:
    return [row["state"] for row in db.execute("SELECT state FROM outbox WHERE broadcast IS NOT NULL ORDER BY id")]


def send_to_all(db: sqlite3.Connection, group: Group = Group.EVERYONE) -> int:
    author = db.execute("SELECT max(id) AS id FROM people").fetchone()["id"]
    return broadcasts.start(db, author, {"uk": "Новини"}, Audience(group, (), ("uk",)), datetime.now(UTC))


def test_a_wall_of_signs_is_read_as_quickly_as_anything() -> None:
    assert words.normal("a" + "⁗" * 4_000_000 + "a") == "a"
    assert words.word_list().act("!" * 4_000_000) == ""


async def test_a_text_that_does_not_fit_into_one_message_is_refused_before_it_is_sent(office: Somebody) -> None:
    await office.writes("/broadcast")
    await office.sees("Deutsch")
    await office.writes("Blumen " + "🌻" * 2040)
    assert await office.sees("höchstens 3000 Zeichen")


@on_telegram
async def test_a_page_of_a_proxy_is_no_answer_of_telegram(bot: Town, refugee: Somebody) -> None:
    bot.telegram.fail("sendMessage", Fault(When.REPLY, 403, b"<html>Please log in</html>"))
    await refugee.writes("меню")
    assert await refugee.sees("Що Ви хочете зробити?")
    assert await bot.rows("SELECT unreachable_since FROM addresses") == [(None,)]


def test_a_copy_that_was_on_its_way_at_stop_is_not_tried_again(db: sqlite3.Connection) -> None:
    person = reader(db, "1")
    send_to_all(db)
    (row,) = outbox.claim(db, "telegram", [], 10, 10, NOW)
    people.stop_news(db, person, NOW)
    outbox.record(db, "telegram", row, Outcome(State.WAITING, everybody=True), NOW)
    assert states(db) == ["withdrawn"]


def test_copies_do_not_outlive_the_offer_they_were_for(db: sqlite3.Connection) -> None:
    for address, end in (("1", offers.withdraw), ("2", lambda db, person: offers.pause(db, person, NOW))):
        person = somebody(db, address)
        offers.save(db, person, Offer([], [], [], None, "Thomas", "chat", ""), NOW)
        consents.give(db, person, Purpose.VOLUNTEER, "1", "uk", NOW)
        send_to_all(db, Group.VOLUNTEERS)
        end(db, person)
    assert states(db) == ["withdrawn", "withdrawn"]


def test_one_person_with_a_thousand_answers_that_have_to_wait_hides_nobody(db: sqlite3.Connection) -> None:
    for _ in range(1500):
        outbox.put(db, "telegram", "flood", None, Outgoing(text="…"), NOW)
    db.execute("UPDATE outbox SET not_before = ?", (NOW + 30,))
    outbox.put(db, "telegram", "victim", None, Outgoing(text="…"), NOW)
    assert [row.address for row in outbox.claim(db, "telegram", [], 64, 64, NOW)] == ["victim"]


def test_an_answer_from_before_the_clock_was_put_back_leaves_at_once(db: sqlite3.Connection) -> None:
    outbox.put(db, "telegram", "1", None, Outgoing(text="…"), NOW)
    db.execute("UPDATE outbox SET not_before = ?", (NOW + 10 * 365 * 86400,))
    assert len(outbox.claim(db, "telegram", [], 1, 1, NOW)) == 1


def test_somebody_seen_in_the_future_is_still_forgotten(db: sqlite3.Connection) -> None:
    somebody(db, "1")
    db.execute("UPDATE people SET seen_at = ?", (NOW + 10 * 365 * 86400,))
    people.find_or_add(db, "telegram", "1", NOW)
    clock.forget(db, NOW + 2 * 86400)
    assert db.execute("SELECT * FROM people").fetchall() == []


def test_who_got_a_broadcast_is_not_kept_for_ever(db: sqlite3.Connection) -> None:
    reader(db, "1")
    sent = send_to_all(db)
    (row,) = outbox.claim(db, "telegram", [], 10, 10, NOW)
    outbox.record(db, "telegram", row, Outcome(State.ACCEPTED), NOW)
    broadcasts.finish(db, sent, NOW)
    clock.forget(db, NOW + 6 * 86400)
    assert db.execute("SELECT address FROM outbox").fetchone()["address"] == "1"
    clock.forget(db, NOW + 8 * 86400)
    assert tuple(db.execute("SELECT person, address, state FROM outbox").fetchone()) == (None, "", "accepted")


def test_what_the_office_has_not_read_yet_of_somebody_goes_with_them(db: sqlite3.Connection) -> None:
    office, thomas = somebody(db, "1"), somebody(db, "2")
    outbox.put(db, "telegram", "1", office, Outgoing(text="Thomas"), NOW, Urgency.NOTICE, about=thomas)
    people.forget(db, thomas)
    assert db.execute("SELECT * FROM outbox").fetchall() == []


async def test_a_new_privacy_text_is_shown_and_agreed_to_before_anything_is_saved_again(
    bot: Town, refugee: Somebody
) -> None:
    await registers(refugee)
    await bot.change("UPDATE consents SET version = 'old'")
    await refugee.writes("меню")
    await refugee.picks("Я з Житомирщини")
    assert await refugee.sees("Участь добровільна", "Чи дозволяєте Ви зберігати ці дані?")


@on_telegram
async def test_words_of_others_are_not_acted_on(bot: Town, refugee: Somebody) -> None:
    await registers(refugee)
    refugee.look()
    await refugee.phone.forwards("СТОП")
    await refugee.sees("Пересланих повідомлень я не виконую")
    assert await bot.rows("SELECT news_stopped_at FROM people") == [(None,)]


async def test_a_foreign_link_does_nothing_but_open_the_menu(bot: Town, refugee: Somebody) -> None:
    await registers(refugee)
    await refugee.writes("/start stop")
    await refugee.sees("Що Ви хочете зробити?")
    assert await bot.rows("SELECT news_stopped_at FROM people") == [(None,)]


async def test_the_code_of_an_invitation_stands_nowhere(bot: Town) -> None:
    code = await bot.invitation(Role.DESK)
    maria = bot.somebody("Maria")
    await maria.writes(f"/start join-{code}")
    await maria.sees("Вітаємо!")
    assert await bot.rows("SELECT argument FROM conversations WHERE name = 'join'") == [(fingerprint(code),)]


@on_telegram
async def test_somebody_much_too_fast_hears_it_once(bot: Town, volunteer: Somebody) -> None:
    bot.telegram.slow_down(3)
    await volunteer.writes_at_once(["Was ist das?"] * 400)
    await bot.settles(20)
    assert sum("schneller, als ich antworten kann" in m.text for m in volunteer.phone.received) == 1
    assert sum("nicht verstanden" in m.text for m in volunteer.phone.received) <= 151
    await volunteer.writes("menü")
    assert await volunteer.sees("Was möchten Sie tun?")


@on_telegram
async def test_a_name_cannot_become_a_link_for_the_office(office: Somebody, volunteer: Somebody) -> None:
    await offers_help(volunteer, name="Anna t.me/x")
    await office.sees("Anna t. me/x")
    notice = next(m for m in office.news() if "Anna t. me/x" in m.text)
    assert "<code>Anna t. me/x</code>" in notice.html


async def test_a_proxy_of_the_environment_is_not_asked_for_this_machine(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    async with town(tmp_path) as place:
        oksana = place.somebody("Oksana")
        await oksana.writes("/start")
        assert await oksana.sees("Вітаємо!")


def test_a_crash_loop_meets_few_answers_on_their_last_try(db: sqlite3.Connection) -> None:
    for number in range(100):
        outbox.put(db, "telegram", str(number), None, Outgoing(text="…"), NOW)
    assert len(outbox.claim(db, "telegram", [], 64, 64, NOW)) == 64
    outbox.recover(db, "telegram", NOW)
    claimed = outbox.claim(db, "telegram", [], 64, 64, NOW)
    assert sum(row.tries > 1 for row in claimed) == 2
    assert sum(row.tries == 1 for row in claimed) == 36
    outbox.recover(db, "telegram", NOW)
    assert db.execute("SELECT count(*) AS n FROM outbox").fetchone()["n"] == 98
