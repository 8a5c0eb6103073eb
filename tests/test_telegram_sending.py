"""What becomes of what the bot sends: nothing lost, no copy twice, nothing while Telegram says "slow down"."""

import asyncio
import dataclasses
import sqlite3
import time
from collections import Counter
from collections.abc import AsyncIterator
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from bot import broadcasts, consents, interests, markup, outbox, people, sender
from bot.broadcasts import Audience, Group
from bot.consents import Purpose
from bot.demo.pretend_telegram import PretendTelegram
from bot.demo.telegram_faults import Fault, When
from bot.demo.telegram_html import utf16_length
from bot.demo.telegram_people import Person
from bot.interests import Frequency, Interest
from bot.languages import Languages
from bot.layout import with_buttons
from bot.messages import Abilities, Hear, Incoming, Outcome, Outgoing, State
from bot.pace import Limits, Pace
from bot.profile import Localized
from bot.staff import Role
from bot.storage import insert, open_store
from bot.transports.telegram_request import AiohttpRequest, NotSent, Unclear
from handlers.staff import LINES
from handlers.summary import named
from tests.bridge import TIMEOUT, OnTelegram, Town, town
from tests.test_telegram_edge import logged

UNLIMITED = Limits(None, None)
NEWS = {"uk": "Новини мосту", "de": "Neues von der Brücke"}
OUTCOMES = [State.ACCEPTED, State.UNKNOWN, State.REFUSED, State.WITHDRAWN]


@pytest.fixture
async def quick(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> AsyncIterator[Town]:
    """A bot that has less patience, so that nobody has to wait for it."""
    monkeypatch.setattr("bot.transports.telegram.LONGEST_PAUSE", 0.02)
    monkeypatch.setattr(outbox, "RESEND_ANSWER", 0.01)
    monkeypatch.setattr(sender, "LONGEST_PAUSE", 0.05)
    monkeypatch.setattr(sender, "LOOK_AGAIN", 0.05)
    async with town(tmp_path, limits=UNLIMITED) as place:
        await place.introduced()
        yield place


async def somebody_with_a_language(place: Town, name: str, language: str = "uk", start: str = "/start") -> OnTelegram:
    """Return somebody who chose a language and sees what comes after."""
    somebody: OnTelegram = place.somebody(name, language)
    await somebody.writes(start)
    await place.telegram.changed(somebody.news, TIMEOUT, "the question for the language")
    await somebody.writes(language)
    await place.telegram.changed(lambda: has(somebody, "go:"), TIMEOUT, "the menu")
    await place.settles()
    return somebody


def has(somebody: OnTelegram, data: str) -> bool:
    """Say whether a new message has a button that carries this, or begins so."""
    return any(carried.startswith(data) for m in somebody.news() for row in m.buttons for _, carried in row)


def carries(somebody: OnTelegram, end: str) -> str:
    """Return what the newest button carries that ends so."""
    carried = [data for m in somebody.phone.received for row in m.buttons for _, data in row]
    return next(str(data) for data in reversed(carried) if data.endswith(end))


def texts(somebody: OnTelegram | Person) -> list[str]:
    phone: Any = somebody.phone if isinstance(somebody, OnTelegram) else somebody
    return [message.text for message in phone.received]


async def subscribers(place: Town, n: int) -> list[Person]:
    """Return many people from the region who wrote to the bot once and want all news, half in each language."""
    phones = [place.telegram.person(f"Somebody {number}") for number in range(n)]
    now = int(time.time())

    def register(db: sqlite3.Connection) -> None:
        for number, phone in enumerate(phones):
            phone.has_written = True
            person = people.find_or_add(db, "telegram", str(phone.id), now).id
            people.speak(db, person, ("uk", "de")[number % 2])
            interests.save(db, person, Interest(["culture"], None, None, [], Frequency.AT_ONCE), now)
            consents.give(db, person, Purpose.NEWS, "1", "uk", now)

    async with open_store(place.database, checkpoints=False) as store:
        await store.write(register)
    return phones


async def broadcast(place: Town, author: OnTelegram | None = None) -> int:
    """Write to everybody from the region and return the broadcast's number."""
    asked = await place.rows("SELECT person FROM addresses WHERE address = ?", str(author.phone.id if author else 0))
    audience = Audience(Group.REGION, (), ("uk", "de"))
    now = datetime.now(ZoneInfo("Europe/Berlin"))
    person: int = asked[0][0] if asked else None  # type: ignore[assignment]
    async with open_store(place.database, checkpoints=False) as store:
        return await store.write(lambda db: broadcasts.start(db, person, NEWS, audience, now))


async def is_over(place: Town, id: int) -> dict[str, int]:
    """Wait until nothing of a broadcast can leave any more and return its outcomes."""
    async with asyncio.timeout(30):
        while True:
            rows = await place.rows("SELECT state, count(*) FROM outbox WHERE broadcast = ? GROUP BY state", id)
            counts = {str(state): int(str(n)) for state, n in rows}
            if not counts.keys() & {State.WAITING, State.TRYING}:
                return counts
            await asyncio.sleep(0.02)


# ---------------------------------------------------------------------- slow down


async def test_nothing_is_sent_while_telegram_says_slow_down_and_everything_after(quick: Town) -> None:
    oksana = await somebody_with_a_language(quick, "Oksana")
    petro = await somebody_with_a_language(quick, "Petro")
    walk = ["/verify", "/imprint", "/person", "/stop", "/help"]
    oksana.look()
    for text in walk:
        oksana.phone.write(text)
    await quick.settles()
    petro.look()
    quick.telegram.slow_down(1)
    for text in walk:
        petro.phone.write(text)
    await quick.settles()
    assert quick.telegram.violations == []
    assert any(call.status == 429 for call in quick.telegram.calls if call.method == "sendMessage")
    assert texts(petro) == texts(oksana)


async def test_a_429_on_a_press_stops_everything_too(quick: Town) -> None:
    oksana = await somebody_with_a_language(quick, "Oksana")
    quick.telegram.limits.grace = 0
    quick.telegram.fail("answerCallbackQuery", Fault.too_many_requests(1))
    for _ in range(2):
        await oksana.presses(None, "go:verify")
        await quick.settles()
    assert quick.telegram.violations == []


async def test_a_crowd_faster_than_telegram_allows_is_told_so_once_and_answered(quick: Town) -> None:
    await quick.stop()
    quick.limits = Limits(per_second=16, per_chat_second=None)
    await quick.start()
    crowd = [await somebody_with_a_language(quick, f"Somebody {n}") for n in range(8)]
    before = {somebody: len(texts(somebody)) for somebody in crowd}
    quick.telegram.limits.on(rate=20, burst=5, strict=True, block=1)
    for _ in range(3):
        for somebody in crowd:
            somebody.phone.write("/verify")
    await quick.settles()
    refused = [call.at for call in quick.telegram.calls if call.status == 429]
    assert refused
    assert max(refused) - min(refused) < 1, "after a window everybody was let go at once, into the next one"
    assert quick.telegram.violations == []
    answers = {len(texts(somebody)) - before[somebody] for somebody in crowd}
    assert len(answers) == 1


SLOW_DOWN = {"in a second": Fault.too_many_requests(1), "unsaid": Fault(When.REPLY, 429, b"slow down")}


@pytest.mark.parametrize("fault", SLOW_DOWN.values(), ids=SLOW_DOWN.keys())
async def test_copies_wait_while_telegram_says_slow_down(
    quick: Town, fault: Fault, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.transports.telegram_request.UNSAID", 0.1)
    quick.telegram.limits.grace = 0.5
    phones = await subscribers(quick, 20)
    quick.telegram.fail("sendMessage", fault)
    counts = await is_over(quick, await broadcast(quick))
    assert counts == {State.ACCEPTED: 20}
    assert quick.telegram.violations == []
    assert all(len(texts(phone)) == 1 for phone in phones)


class Refusing:
    """A messenger that asks to slow down at the first message."""

    messenger = "telegram"
    abilities = Abilities("Test", 10, with_buttons(4096))
    limits = UNLIMITED
    heard_at = None

    def __init__(self) -> None:
        self.tried: list[str] = []

    async def run(self, hear: Hear) -> None:
        """Hear nothing."""

    def understand(self, payload: str) -> Incoming | None:
        """Understand nothing."""

    async def reachable(self) -> bool:
        return True

    def answers_soon(self, address: str) -> None:
        """Show nothing."""

    async def send(self, address: str, outgoing: Outgoing) -> Outcome:
        self.tried.append(f"{outgoing.text} to {address}")
        return Outcome(State.WAITING, seconds=60, everybody=True)


async def test_what_was_taken_together_with_the_message_that_was_refused_does_not_leave(tmp_path: Path) -> None:
    messenger = Refusing()
    async with open_store(tmp_path / "bot.db") as store:
        for address in ("1", "2", "3"):
            await store.write(lambda db, to=address: outbox.put(db, "telegram", to, None, Outgoing(text="x"), 1))  # type: ignore[misc]
        one_way_out = sender.Sender(store, messenger, Pace(UNLIMITED))
        running = asyncio.create_task(one_way_out.run())
        async with asyncio.timeout(TIMEOUT):
            while not messenger.tried or await store.read(_states) != ["waiting"] * 3:  # noqa: ASYNC110 - the database has nothing to wait for
                await asyncio.sleep(0.01)
        one_way_out.stop()
        await running
    assert messenger.tried == ["x to 1"]


class Accepting(Refusing):
    """A messenger that takes everything."""

    async def send(self, address: str, outgoing: Outgoing) -> Outcome:
        self.tried.append(f"{outgoing.act} to {address}")
        return Outcome(State.ACCEPTED)


async def test_a_button_that_stops_spinning_takes_no_place_of_a_copy(tmp_path: Path) -> None:
    messenger, pace = Accepting(), Pace(Limits(per_second=0.01))
    async with open_store(tmp_path / "bot.db") as store:
        one_way_out = sender.Sender(store, messenger, pace)
        running = asyncio.create_task(one_way_out.run())
        waits = []
        for out in (Outgoing(act="acknowledge", press_id="7"), Outgoing(text="x")):
            await store.write(lambda db, out=out: outbox.put(db, "telegram", out.press_id or "1", None, out, 1))  # type: ignore[misc]
            one_way_out.wake()
            async with asyncio.timeout(TIMEOUT):
                while await store.read(_states):  # noqa: ASYNC110 - the database has nothing to wait for
                    await asyncio.sleep(0.01)
            waits.append(pace.next_slot(time.monotonic()))
        one_way_out.stop()
        await running
    assert messenger.tried == ["acknowledge to 7", "send to 1"]
    assert waits[0] < 1 < waits[1]


class StandingStill(Refusing):
    """A messenger that answers nothing."""

    async def send(self, address: str, outgoing: Outgoing) -> Outcome:
        self.tried.append(address)
        await asyncio.Event().wait()
        raise AssertionError


async def test_while_the_network_stands_still_few_copies_leave_and_answers_go_on(tmp_path: Path) -> None:
    messenger, pace = StandingStill(), Pace(Limits(per_second=40, per_chat_second=None))
    async with open_store(tmp_path / "bot.db") as store:
        await store.write(lambda db: _copies(db, 40))
        running = asyncio.create_task(sender.Sender(store, messenger, pace).run())
        async with asyncio.timeout(TIMEOUT):
            while len(messenger.tried) < 20 or pace.next_slot(time.monotonic()) > 0.002:  # noqa: ASYNC110 - as above
                await asyncio.sleep(0.01)
            await store.write(lambda db: outbox.put(db, "telegram", "Oksana", None, Outgoing(text="x"), 1))
            while "Oksana" not in messenger.tried:  # noqa: ASYNC110 - as above
                await asyncio.sleep(0.01)
        running.cancel()
        await asyncio.wait([running])
    assert len(messenger.tried) == 21, "half a second's copies may be on their way, and an answer"


def _copies(db: sqlite3.Connection, n: int) -> None:
    written = "INSERT INTO broadcasts (texts, audience, previewed, started_at) VALUES (?, '', 0, 0)"
    id = insert(db, written, ('{"de": "x"}',))
    copy = "INSERT INTO outbox (messenger, address, urgency, language, broadcast, written_at) VALUES (?, ?, ?, ?, ?, 1)"
    for number in range(n):
        insert(db, copy, ("telegram", str(number), outbox.Urgency.COPY, "de", id))


def _states(db: sqlite3.Connection) -> list[str]:
    return [row["state"] for row in db.execute("SELECT state FROM outbox")]


async def test_a_request_without_a_connection_certainly_did_not_leave() -> None:
    request = AiohttpRequest()
    assert request.read_timeout == 60
    async with PretendTelegram() as telegram:
        getting = f"{telegram.url}/bot{telegram.token}/getMe"
        with pytest.raises(NotSent):
            await request.do_request(getting, "GET")
        async with request, request:
            await request.initialize()
            assert (await request.do_request(getting, "GET"))[0] == 200
            telegram.listener.close()
            telegram.network_gone = True
            with pytest.raises((NotSent, Unclear)):  # the connection that there was may have taken it
                await request.do_request(getting, "GET")
            with pytest.raises(NotSent) as caught:
                await request.do_request(getting, "GET")
            assert telegram.token not in str(caught.value)
        await request.shutdown()


# ---------------------------------------------------------------------- answers


FAULTS = {
    "reset before": (Fault.reset_before(), 1),
    "hang before": (Fault.hang_before(), 1),
    "500": (Fault.server_error(), 1),
    "502": (Fault.bad_gateway(), 1),
    "a page with 200": (Fault.html(), 1),
    "an answer without a result": (Fault(When.REPLY, 200, b'{"ok":true}'), 1),
    "no message": (Fault(When.REPLY, 200, b'{"ok":true,"result":true}'), 1),
    "accepted, then reset": (Fault.accept_then_reset(), 2),
    "accepted, then hang": (Fault.accept_then_hang(), 2),
    "accepted, then 502": (Fault.accept_then_bad_gateway(), 2),
    "401": (Fault.unauthorized(), 1),
    "409": (Fault.conflict(), 1),
}


async def test_an_answer_arrives_whatever_happens_and_at_most_twice(
    quick: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outbox, "RESEND_ANSWER", 4)  # so that no second try meets a fault that was ordered for others
    monkeypatch.setattr("bot.transports.telegram_request.READ", 1.5)
    people = {name: quick.somebody(name, "uk") for name in FAULTS}
    for name, (fault, _) in FAULTS.items():
        quick.telegram.fail("sendMessage", fault)
        await people[name].writes("/start")
        await quick.telegram.changed(lambda: not quick.telegram.faults.left("sendMessage"), TIMEOUT, name)
    await quick.settles()
    assert {name: len(texts(people[name])) for name in FAULTS} == {name: n for name, (_, n) in FAULTS.items()}


async def test_an_answer_is_not_sent_a_third_time(quick: Town) -> None:
    oksana = quick.somebody("Oksana", "uk")
    quick.telegram.fail("sendMessage", Fault.accept_then_bad_gateway(), times=3)
    await oksana.writes("/start")
    await quick.settles()
    assert len(texts(oksana)) == 2


async def test_an_answer_on_its_way_when_the_network_goes_is_there_when_it_is_back(
    quick: Town, caplog: pytest.LogCaptureFixture
) -> None:
    oksana = quick.somebody("Oksana", "uk")

    def cut(event: dict[str, object]) -> None:
        if event.get("method") == "sendMessage":
            quick.telegram.network_gone = True

    quick.telegram.fail("sendMessage", Fault.reset_before())
    unsubscribe = quick.telegram.subscribe(cut)
    await oksana.writes("/start")
    await logged(caplog, "the messenger does not answer", 3)
    unsubscribe()
    quick.telegram.network_gone = False
    await quick.settles()
    assert len(texts(oksana)) == 1


async def test_what_certainly_did_not_leave_is_sent_again_until_it_does(quick: Town) -> None:
    oksana = quick.somebody("Oksana", "uk")
    quick.telegram.fail("sendMessage", Fault.unauthorized(), times=5)
    await oksana.writes("/start")
    await quick.settles()
    assert len(texts(oksana)) == 1


async def test_answers_to_one_person_stay_in_order_when_one_is_tried_again(quick: Town) -> None:
    oksana = await somebody_with_a_language(quick, "Oksana")
    petro = await somebody_with_a_language(quick, "Petro")
    for somebody, faults in ((oksana, 0), (petro, 1)):
        quick.telegram.fail("sendMessage", Fault.reset_before(), faults)
        for text in ("/verify", "/imprint", "/person"):
            somebody.phone.write(text)
        await quick.settles()
    assert texts(petro) == texts(oksana)
    official, imprint = (
        markup.plain(text["uk"]) for text in (quick.city.texts.official_address, quick.city.legal.imprint)
    )
    assert texts(petro)[-3:-1] == [official, imprint]


async def test_what_the_bot_was_sending_when_it_died_is_sent_once_more(tmp_path: Path) -> None:
    async with town(tmp_path, limits=UNLIMITED) as place:
        oksana = place.somebody("Oksana", "uk")
        await oksana.writes("/start")
        await place.settles()
        await place.stop()
        now = int(time.time())
        insert = "INSERT INTO outbox (messenger, address, urgency, payload, state, tries, written_at) VALUES "
        payload = '{"act": "send", "text": "%s"}'
        rows = [(payload % "once more", 1), (payload % "not again", 2)]
        for row in rows:
            await place.change(f"{insert} ('telegram', '{oksana.phone.id}', 0, '{row[0]}', 'trying', {row[1]}, {now})")
        oksana.look()
        await place.start()
        await place.settles()
        assert [message.text for message in oksana.news()] == ["once more"]


# ---------------------------------------------------------------------- copies


async def test_a_copy_never_arrives_twice_and_the_report_tells_the_truth(quick: Town) -> None:
    code = await quick.invitation(Role.ADMIN)
    maria = await somebody_with_a_language(quick, "Maria", "de", f"/start join-{code}")
    phones = await subscribers(quick, 300)
    shares = [
        *(Fault.reset_before(), Fault.accept_then_reset(), Fault.accept_then_bad_gateway()),
        *(Fault.server_error(), Fault.unauthorized(), Fault.accept_then_hang(0.1)),
    ]
    quick.telegram.fail_now_and_then("sendMessage", dict.fromkeys(shares, 0.01), seed=3)
    for phone in phones[:10]:
        phone.deactivates()  # which the bot learns only when it sends
    maria.look()
    id = await broadcast(quick, maria)
    counts = await is_over(quick, id)
    got = Counter(len(texts(phone)) for phone in phones)
    assert got.keys() <= {0, 1}
    assert quick.telegram.faults.struck > 5
    assert 0 < counts[State.REFUSED] <= 10
    assert counts[State.UNKNOWN] > 0
    assert sum(counts.values()) == 300
    assert counts[State.ACCEPTED] <= got[1] <= counts[State.ACCEPTED] + counts[State.UNKNOWN]
    quick.telegram.faults.clear()
    report = [line_of(State(state), n) for state, n in counts.items()]
    await quick.telegram.changed(
        lambda: any(all(line in message.text for line in report) for message in maria.news()), TIMEOUT, str(report)
    )
    assert {text for phone in phones for text in texts(phone)} == set(NEWS.values())


def line_of(state: State, n: int) -> str:
    languages = Languages(("de",))
    return languages.plain(named(LINES[state], str(n)), "de")


async def test_a_copy_on_its_way_when_the_bot_died_is_unknown_for_good(tmp_path: Path) -> None:
    async with town(tmp_path, limits=UNLIMITED) as place:
        phones = await subscribers(place, 3)
        await place.stop()
        id = await broadcast(place)
        await place.change("UPDATE outbox SET state = 'trying', tries = 1 WHERE id % 3 = 0")
        await place.start()
        assert await is_over(place, id) == {State.ACCEPTED: 2, State.UNKNOWN: 1}
        assert sorted(len(texts(phone)) for phone in phones) == [0, 1, 1]


async def test_answers_overtake_copies(quick: Town) -> None:
    await quick.stop()
    quick.limits = Limits(per_second=40, per_chat_second=None)
    await quick.start()
    phones = await subscribers(quick, 60)
    id = await broadcast(quick)
    await quick.telegram.changed(lambda: any(phone.received for phone in phones), TIMEOUT, "a first copy")
    oksana = quick.somebody("Oksana", "uk")
    await oksana.writes("/start")
    await quick.telegram.changed(oksana.news, TIMEOUT, "an answer")
    assert sum(len(phone.received) for phone in phones) < 40
    assert await is_over(quick, id) == {State.ACCEPTED: 60}


async def test_who_blocked_the_bot_gets_no_copy_until_they_write_again(quick: Town) -> None:
    phones = await subscribers(quick, 3)
    oksana = OnTelegram(quick, quick.telegram, phones[0])
    await oksana.phone.blocks_bot()
    await quick.settles()
    assert await is_over(quick, await broadcast(quick)) == {State.ACCEPTED: 2}
    await oksana.phone.unblocks_bot()
    await quick.settles()
    assert await is_over(quick, await broadcast(quick)) == {State.ACCEPTED: 3}


async def test_who_cannot_be_reached_is_left_out_until_they_write_again(quick: Town) -> None:
    phones = await subscribers(quick, 3)
    oksana = OnTelegram(quick, quick.telegram, phones[0])
    quick.telegram.fail("sendMessage", Fault.forbidden(), times=3)
    assert await is_over(quick, await broadcast(quick)) == {State.REFUSED: 3}
    assert await is_over(quick, await broadcast(quick)) == {}
    await oksana.writes("/verify")
    await quick.telegram.changed(oksana.news, TIMEOUT, "an answer")
    assert await is_over(quick, await broadcast(quick)) == {State.ACCEPTED: 1}


async def test_a_refusal_that_is_our_own_fault_makes_nobody_unreachable(quick: Town) -> None:
    await subscribers(quick, 2)
    quick.telegram.fail("sendMessage", Fault.status_code(400, "Bad Request: message is too long"), times=2)
    assert await is_over(quick, await broadcast(quick)) == {State.REFUSED: 2}
    assert await is_over(quick, await broadcast(quick)) == {State.ACCEPTED: 2}


# ---------------------------------------------------------------------- edits and presses


async def asked_for_topics(place: Town) -> OnTelegram:
    """Return somebody who is asked for the topics."""
    oksana = await somebody_with_a_language(place, "Oksana")
    for data in ("go:register", ":consent:yes", ":adult:yes"):
        await oksana.presses(None, carries(oksana, data))
        await place.settles()
    assert carries(oksana, ":topics:culture")
    return oksana


def refusals(place: Town, method: str) -> list[str]:
    return [call.description for call in place.telegram.calls if call.method == method and call.status == 400]


async def test_an_edit_that_changes_nothing_is_no_fault(quick: Town) -> None:
    oksana = await asked_for_topics(quick)
    n = len(texts(oksana))
    for _ in range(3):
        await oksana.presses(oksana.phone.received[-1], carries(oksana, ":topics:!done"))
        await quick.settles()
    assert [text[:40] for text in refusals(quick, "editMessageText")] == [
        "Bad Request: message is not modified: sp"
    ] * 2
    assert len(texts(oksana)) == n
    assert oksana.phone.waiting == []


@pytest.mark.parametrize("words", ["message to edit not found", "message can't be edited"])
async def test_a_message_that_cannot_be_changed_is_sent_anew(quick: Town, words: str) -> None:
    oksana = await asked_for_topics(quick)
    quick.telegram.fail("editMessageText", Fault.status_code(400, f"Bad Request: {words}"))
    n = len(texts(oksana))
    await oksana.presses(oksana.phone.received[-1], carries(oksana, ":topics:culture"))
    await quick.settles()
    assert len(texts(oksana)) == n + 1
    assert carries(oksana, ":topics:culture")
    assert await quick.rows("SELECT count(*) FROM outbox") == [(0,)]


async def test_a_button_of_a_message_that_is_gone_works(quick: Town) -> None:
    oksana = await asked_for_topics(quick)
    n = len(texts(oksana))
    data = carries(oksana, ":topics:culture")
    quick.telegram.press(oksana.phone, 999, data, {"chat": oksana.phone.chat.as_json, "message_id": 999, "date": 0})
    await quick.settles()
    assert len(texts(oksana)) == n + 1


async def test_a_press_that_is_answered_too_late_is_answered_all_the_same(quick: Town) -> None:
    oksana = await somebody_with_a_language(quick, "Oksana")
    quick.telegram.press_lifetime = -1
    await oksana.presses(None, "go:verify")
    await quick.telegram.changed(oksana.news, TIMEOUT, "an answer")
    await quick.settles()
    assert refusals(quick, "answerCallbackQuery")[0].startswith("Bad Request: query is too old")


# ---------------------------------------------------------------------- long texts


async def test_a_long_text_arrives_in_parts_that_end_with_a_paragraph(tmp_path: Path) -> None:
    paragraphs = [f"<b>Absatz {n}</b> " + "Ї🏳️‍🌈 text " * 30 for n in range(1, 40)]
    imprint = Localized({"uk": "\n\n".join(paragraphs), "de": "kurz"})
    async with town(tmp_path, limits=UNLIMITED) as place:
        await place.stop()
        place.city = dataclasses.replace(place.city, legal=dataclasses.replace(place.city.legal, imprint=imprint))
        await place.start()
        oksana = await somebody_with_a_language(place, "Oksana")
        await oksana.writes("/imprint")
        await place.settles()
        parts = [message for message in oksana.news() if "Absatz" in message.text]
    assert len(parts) > 3
    assert all(utf16_length(part.text) <= 4096 for part in parts)
    whole = "\n\n".join(paragraphs).replace("<b>", "").replace("</b>", "")
    plain = [paragraph.strip() for paragraph in whole.split("\n\n")]
    arrived = [paragraph.strip() for part in parts for paragraph in part.text.split("\n\n")]
    assert arrived == plain
    assert all(part.html.startswith("<b>Absatz") for part in parts)
    assert [bool(part.buttons) for part in parts[:-1]] == [False] * (len(parts) - 1)
