"""What goes wrong between a bot and Telegram, as ordered; limits; orders over HTTP; and the load of many people."""

from __future__ import annotations

import asyncio
import signal
import sys
from typing import TYPE_CHECKING, Any

import aiohttp
import pytest

from bot.demo.pretend_telegram import TEST_TOKEN, PretendTelegram, main
from bot.demo.telegram_faults import Bucket, Fault
from bot.demo.telegram_load import Load, Step, distribution
from tests.pretend_telegram_client import Client

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from bot.demo.telegram_people import Person


@pytest.fixture
async def telegram() -> AsyncIterator[PretendTelegram]:
    async with PretendTelegram() as telegram:
        yield telegram


@pytest.fixture
async def bot(telegram: PretendTelegram) -> AsyncIterator[Client]:
    async with Client(telegram) as bot:
        yield bot


@pytest.fixture
async def petro(telegram: PretendTelegram) -> Person:
    petro = telegram.person("Petro")
    await petro.writes("/start")
    return petro


async def status_of(bot: Client, person: Person, method: str = "sendMessage") -> int:
    return (await bot.raw(method, json={"chat_id": person.id, "text": "x"}))[0]


@pytest.mark.parametrize(
    ("fault", "status", "words"),
    [
        (Fault.unauthorized(), 401, "Unauthorized"),
        (Fault.not_found(), 404, "Not Found"),
        (Fault.conflict(), 409, "Conflict: terminated by other getUpdates request"),
        (Fault.server_error(), 500, "Internal Server Error"),
        (Fault.forbidden(), 403, "Forbidden: bot was blocked by the user"),
        (Fault.status_code(400, "Bad Request: odd"), 400, "Bad Request: odd"),
    ],
)
async def test_a_call_is_answered_as_ordered(
    telegram: PretendTelegram, bot: Client, petro: Person, fault: Fault, status: int, words: str
) -> None:
    telegram.fail("sendMessage", fault)
    answered, body = await bot.raw("sendMessage", json={"chat_id": petro.id, "text": "x"})
    assert (answered, body["error_code"]) == (status, status)
    assert body["description"].startswith(words)
    assert petro.last is None
    assert await status_of(bot, petro) == 200


@pytest.mark.parametrize("fault", [Fault.html(), Fault.truncated(), Fault.bad_gateway()])
async def test_an_answer_may_be_no_json(telegram: PretendTelegram, bot: Client, fault: Fault) -> None:
    telegram.fail("getUpdates", fault)
    with pytest.raises(ValueError, match=r"Expecting|Unterminated"):
        await bot.poll()
    assert await bot.poll() == []


async def test_faults_come_in_the_order_in_which_they_were_ordered(
    telegram: PretendTelegram, bot: Client, petro: Person
) -> None:
    telegram.fail("sendMessage", Fault.server_error(), times=2)
    telegram.fail("*", Fault.not_found())
    telegram.fail("sendMessage", Fault.conflict())
    assert telegram.faults.left("sendMessage") == 3
    assert [await status_of(bot, petro) for _ in range(5)] == [500, 500, 409, 404, 200]


@pytest.mark.parametrize(("fault", "arrives"), [(Fault.reset_before(), 0), (Fault.accept_then_reset(), 1)])
async def test_a_connection_breaks_before_or_after_accepting(
    telegram: PretendTelegram, bot: Client, petro: Person, fault: Fault, arrives: int
) -> None:
    telegram.fail("sendMessage", fault)
    with pytest.raises(aiohttp.ClientConnectionError):
        await status_of(bot, petro)
    assert len(petro.received) == arrives


@pytest.mark.parametrize(("fault", "arrives"), [(Fault.hang_before(), 0), (Fault.accept_then_hang(), 1)])
async def test_a_call_hangs_before_or_after_accepting(
    telegram: PretendTelegram, bot: Client, petro: Person, fault: Fault, arrives: int
) -> None:
    telegram.fail("sendMessage", fault)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.05):
            await status_of(bot, petro)
    assert len(petro.received) == arrives


async def test_a_hang_may_end_in_a_reset(telegram: PretendTelegram, bot: Client, petro: Person) -> None:
    telegram.fail("sendMessage", Fault.hang_before(seconds=0.01))
    with pytest.raises(aiohttp.ClientConnectionError):
        await status_of(bot, petro)


async def test_an_accepted_message_may_be_answered_with_502(
    telegram: PretendTelegram, bot: Client, petro: Person
) -> None:
    telegram.fail("sendMessage", Fault.accept_then_bad_gateway())
    with pytest.raises(ValueError, match="Expecting"):
        await status_of(bot, petro)
    assert len(petro.received) == 1


async def test_a_share_of_calls_fails(telegram: PretendTelegram, bot: Client, petro: Person) -> None:
    telegram.fail_now_and_then("sendMessage", {Fault.server_error(): 0.3, Fault.conflict(): 0.3}, seed=1)
    statuses = {await status_of(bot, petro) for _ in range(40)}
    assert statuses == {200, 409, 500}
    telegram.faults.clear()
    assert telegram.faults.struck > 10
    assert {await status_of(bot, petro) for _ in range(10)} == {200}


async def test_each_call_may_take_its_time(telegram: PretendTelegram, bot: Client, petro: Person) -> None:
    telegram.latency = (0.001, 0.002)
    assert await status_of(bot, petro) == 200


async def test_while_the_network_is_gone_nothing_connects(
    telegram: PretendTelegram, bot: Client, petro: Person
) -> None:
    poll = bot.polling()
    await petro.writes("x")
    await poll
    poll = asyncio.create_task(bot.raw("getUpdates", json={"timeout": 30, "offset": -1}))
    telegram.network_gone = True
    assert telegram.network_gone
    for _ in range(2):
        with pytest.raises(aiohttp.ClientConnectionError):
            await bot.poll()
    with pytest.raises(aiohttp.ClientConnectionError):
        await poll
    telegram.network_gone = False
    assert await status_of(bot, petro) == 200


# limits


async def test_told_to_slow_down_every_call_is_refused(telegram: PretendTelegram, bot: Client, petro: Person) -> None:
    telegram.slow_down(30)
    status, body = await bot.raw("sendMessage", json={"chat_id": petro.id, "text": "x"})
    assert (status, body["parameters"]) == (429, {"retry_after": 30})
    assert body["description"] == "Too Many Requests: retry after 30"
    assert await status_of(bot, petro, "getMe") == 429


async def test_who_sends_although_told_to_wait_is_noted(telegram: PretendTelegram, bot: Client, petro: Person) -> None:
    telegram.limits.grace = 0
    telegram.fail("sendMessage", Fault.too_many_requests(30))
    assert await status_of(bot, petro) == 429
    assert telegram.violations == []
    await status_of(bot, petro, "getMe")
    assert telegram.violations == []
    await status_of(bot, petro, "sendChatAction")
    (violation,) = telegram.violations
    assert (violation.method, violation.chat_id) == ("sendchataction", petro.id)


async def test_what_had_left_before_is_no_violation(telegram: PretendTelegram, bot: Client, petro: Person) -> None:
    telegram.limits.grace = 30
    telegram.fail("sendMessage", Fault.too_many_requests(30))
    await status_of(bot, petro)
    await status_of(bot, petro)
    assert telegram.violations == []


async def test_one_bot_sends_so_many_a_second(telegram: PretendTelegram, bot: Client, petro: Person) -> None:
    telegram.limits.on(rate=0.01, burst=3)
    assert [await status_of(bot, petro) for _ in range(5)] == [200, 200, 200, 429, 429]
    assert await status_of(bot, petro, "getMe") == 200
    telegram.limits.off()
    assert await status_of(bot, petro) == 200


async def test_one_chat_gets_so_many_a_second(telegram: PretendTelegram, bot: Client, petro: Person) -> None:
    telegram.limits.grace = 0
    telegram.limits.on(rate=None, chat_rate=0.5, chat_burst=1)
    other = telegram.person("Other")
    await other.writes("x")
    assert [await status_of(bot, petro), await status_of(bot, petro), await status_of(bot, other)] == [200, 429, 200]
    assert telegram.violations == []
    await status_of(bot, petro)
    assert len(telegram.violations) == 1


async def test_strictly_a_429_begins_a_block(telegram: PretendTelegram, bot: Client, petro: Person) -> None:
    telegram.limits.on(rate=1000, burst=1, strict=True, block=20)
    sends = await asyncio.gather(*(status_of(bot, petro) for _ in range(5)))
    assert sends.count(200) >= 1
    status, body = await bot.raw("sendMessage", json={"chat_id": petro.id, "text": "x"})
    assert (status, body["parameters"]["retry_after"]) == (429, 20)


def test_a_bucket_fills_again() -> None:
    bucket = Bucket(rate=2, burst=1)
    assert bucket.take(10) == 0
    assert bucket.take(10) == 0.5
    assert bucket.take(10.5) == 0


# what is remembered


async def test_calls_are_remembered(telegram: PretendTelegram, bot: Client, petro: Person) -> None:
    await bot.raw("sendMessage", json={"chat_id": petro.id, "text": ""})
    await bot.raw("getMe", json={"chat_id": "x"})
    first, second = telegram.calls
    assert (first.method, first.status, first.chat_id) == ("sendMessage", 400, petro.id)
    assert first.description == "Bad Request: message text is empty"
    assert (second.method, second.status, second.chat_id) == ("getMe", 200, None)


async def test_only_so_much_is_remembered() -> None:
    async with PretendTelegram(calls_kept=0, messages_kept=2) as telegram, Client(telegram) as bot:
        petro = telegram.person("Petro")
        for number in range(5):
            await petro.writes(str(number))
        await bot.poll()
        assert [message.text for message in petro.messages] == ["3", "4"]
        assert not telegram.calls
        assert telegram.counts == {"getUpdates": 1}


async def test_watchers_are_told_of_every_change(telegram: PretendTelegram, bot: Client, petro: Person) -> None:
    events: list[dict[str, Any]] = []
    telegram.subscribe(events.append)
    await bot.call("sendMessage", chat_id=petro.id, text="x")
    await bot.call("deleteMessage", chat_id=petro.id, message_id=2)
    await petro.blocks_bot()
    telegram.slow_down(0)
    names = [(event["event"], event.get("change")) for event in events]
    assert names == [
        ("message", "new"),
        ("call", None),
        ("message", "deleted"),
        ("call", None),
        ("person", "blocked"),
        ("slow_down", None),
    ]
    assert events[0]["message"]["text"] == "x"


async def test_its_own_mistakes_are_not_hidden(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setitem(sys.modules["bot.demo.telegram_api"].METHODS, "getme", broken)
    telegram = await PretendTelegram().__aenter__()
    async with Client(telegram) as bot, bot.session.post(f"{telegram.url}/bot{telegram.token}/getMe") as response:
        assert response.status == 500
    with pytest.raises(ExceptionGroup, match="itself failed"):
        await telegram.__aexit__(None, None, None)


# orders over HTTP


async def test_people_are_moved_over_http(telegram: PretendTelegram, bot: Client) -> None:
    _, made = await bot.order("people", {"count": 2, "name": "Anna", "language_code": "de"})
    anna, other = made["people"]
    await bot.order("writes", [{"person": anna, "text": "/start"}, {"person": other, "text": "/start"}])
    markup = {"inline_keyboard": [[{"text": "Ja", "callback_data": "j"}]]}
    await bot.call("sendMessage", chat_id=anna, text="Ja?", reply_markup=markup)
    assert await bot.order("presses", [{"person": anna, "button": "Ja"}]) == (200, {"done": 1})
    for path in ("blocks", "unblocks", "deactivates"):
        assert await bot.order(path, {"people": [other]}) == (200, {"done": 1})
    _, phone = await bot.order(f"people/{anna}")
    assert [message["text"] for message in phone["messages"]] == ["/start", "Ja?"]
    assert len(phone["waiting"]) == 1
    assert telegram.people[other].deactivated
    _, pushed = await bot.order("updates", [{"poll": {}}])
    assert len(pushed["update_ids"]) == 1
    _, counters = await bot.order("counters")
    assert (counters["people"], counters["calls"], counters["updates_waiting"]) == (2, {"sendMessage": 1}, 6)


async def test_faults_and_limits_are_ordered_over_http(telegram: PretendTelegram, bot: Client) -> None:
    _, made = await bot.order("people", {})
    petro = telegram.people[made["people"][0]]
    await petro.writes("x")
    await bot.order("faults", {"method": "sendMessage", "fault": 500, "times": 2})
    await bot.order("faults", {"method": "sendMessage", "fault": "429", "retry_after": 1})
    await bot.order("faults", {"method": "sendMessage", "fault": "hang_before", "seconds": 0.01})
    assert [await status_of(bot, petro) for _ in range(3)] == [500, 500, 429]
    await bot.order("faults", {})
    await bot.order("shares", {"method": "sendMessage", "shares": {"500": 1.0}, "seed": 1})
    assert await status_of(bot, petro) == 500
    await bot.order("faults", {})
    await bot.order("latency", {"low": 0.001, "high": 0.001})
    await bot.order("limits", {"rate": 0.1, "burst": 1})
    assert [await status_of(bot, petro) for _ in range(2)] == [200, 429]
    await bot.order("limits", {})
    assert await status_of(bot, petro) == 200
    await bot.order("slow_down", {"seconds": 20})
    assert await status_of(bot, petro) == 429
    await bot.order("reset", {})
    _, counters = await bot.order("counters")
    assert (counters["people"], counters["calls"], counters["violations"]) == (0, {}, 0)
    assert await bot.poll() == []


async def test_the_network_goes_and_comes_back_by_order(telegram: PretendTelegram, bot: Client) -> None:
    assert await bot.order("network", {"seconds": 0.02}) == (200, {"done": 1})
    gone = telegram.changed(lambda: telegram.network_gone)
    await gone
    await telegram.changed(lambda: not telegram.network_gone)
    assert await bot.poll() == []


@pytest.mark.parametrize(
    ("path", "body", "status", "words"),
    [
        ("nonsense", {}, 404, "no order nonsense"),
        ("nonsense", None, 400, "no question nonsense"),
        ("people/1", None, 400, "KeyError"),
        ("writes", [{"person": 1, "text": "x"}], 400, "KeyError"),
        ("faults", {"method": "x", "fault": "x"}, 400, "KeyError"),
        ("load", {"script": []}, 400, "a script has at least one step"),
        ("load", {"script": ["x"], "colour": "red"}, 400, "TypeError"),
    ],
)
async def test_what_cannot_be_done_is_said(bot: Client, path: str, body: Any, status: int, words: str) -> None:
    answered, answer = await bot.order(path, body)
    assert answered == status
    assert words in answer["error"]


# load


async def echo(bot: Client) -> None:
    """Answer every message with a question that has a button, and every press with an edit and a message."""
    offset = 0
    markup = {"inline_keyboard": [[{"text": "Ja", "callback_data": "j"}]]}
    while True:
        updates = await bot.poll(offset, timeout=30)
        for update in updates:
            offset = update["update_id"] + 1
            if "callback_query" in update:
                query = update["callback_query"]
                place = {"chat_id": query["from"]["id"], "message_id": query["message"]["message_id"]}
                await bot.call("editMessageText", text="Ja? ✓", **place)
                await bot.call("sendMessage", chat_id=query["from"]["id"], text="Danke")
            else:
                message = update["message"]
                await bot.call("sendMessage", chat_id=message["chat"]["id"], text=message["text"], reply_markup=markup)


@pytest.fixture
async def echoing(bot: Client) -> AsyncIterator[None]:
    task = asyncio.create_task(echo(bot))
    yield
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


@pytest.mark.usefixtures("echoing")
async def test_many_people_play_a_script_and_their_times_are_measured(bot: Client) -> None:
    script = ["/start", {"write": "Person {n}", "expect": "Person"}, {"press": "Ja", "expect": "Danke"}]
    _, report = await bot.order("load", {"people": 5, "script": script, "updates": 30, "warm_up": 6})
    assert report["people"] == 5
    assert report["updates"] + 6 == 45
    assert report["updates_per_second"] > 0
    assert set(report["milliseconds"]) == {"mean", "median", "p90", "p95", "p99", "max"}
    assert (report["unanswered"], report["people_who_failed"]) == (0, 0)


@pytest.mark.usefixtures("echoing")
async def test_a_load_ends_after_its_seconds(telegram: PretendTelegram) -> None:
    report = await Load(telegram, [Step("x", expect="Ja")], people=2, seconds=0.05).run()
    assert report["updates"] >= 2


async def test_a_load_that_nobody_answers_ends(telegram: PretendTelegram) -> None:
    report = await Load(telegram, [Step("x")], people=3, patience=0.01).run()
    assert (report["unanswered"], report["updates"], report["milliseconds"]) == (3, 0, {})


async def test_a_load_says_which_button_was_missing(telegram: PretendTelegram) -> None:
    report = await Load(telegram, [Step(press="Ja")], people=3).run()
    assert report["people_who_failed"] == 3
    assert "sees no button 'Ja'" in report["failures"][0]


def test_a_distribution_is_in_milliseconds() -> None:
    figures = distribution([number / 1000 for number in range(101)])
    assert figures == {"mean": 50.0, "median": 50.0, "p90": 90.0, "p95": 95.0, "p99": 99.0, "max": 100.0}


# as a process of its own


async def test_it_runs_as_a_process_of_its_own() -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bot.demo.pretend_telegram", stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    url = (await process.stdout.readline()).decode().strip()
    async with aiohttp.ClientSession() as session, session.get(f"{url}/bot{TEST_TOKEN}/getMe") as response:
        assert (await response.json())["result"]["username"] == "bruecke_mist_bot"
    process.send_signal(signal.SIGINT)
    assert await process.wait() == 0


def test_its_options_are_explained(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["--help"])
    assert "--token" in capsys.readouterr().out
