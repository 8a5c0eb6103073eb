"""Claims about how Telegram gives updates: polls, offsets, two pollers, and the webhook."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest
from aiohttp import web

from bot.demo.pretend_telegram import PretendTelegram
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
def petro(telegram: PretendTelegram) -> Person:
    return telegram.person("Petro")


def texts(updates: list[dict[str, Any]]) -> list[str]:
    return [update["message"]["text"] for update in updates]


async def test_what_is_not_confirmed_is_given_again(bot: Client, petro: Person) -> None:
    petro.write("one")
    petro.write("two")
    first = await bot.poll()
    assert texts(first) == texts(await bot.poll()) == ["one", "two"]
    assert texts(await bot.poll(first[0]["update_id"] + 1)) == ["two"]
    assert texts(await bot.poll()) == ["two"]
    assert await bot.poll(first[1]["update_id"] + 1) == []


async def test_numbers_grow_by_one_from_somewhere(bot: Client, petro: Person) -> None:
    for _ in range(3):
        petro.write("x")
    numbers = [update["update_id"] for update in await bot.poll()]
    assert numbers == list(range(numbers[0], numbers[0] + 3))
    assert numbers[0] > 1000


async def test_at_most_a_hundred_are_given_at_once(bot: Client, petro: Person) -> None:
    for number in range(150):
        petro.write(str(number))
    assert len(await bot.poll()) == 100
    assert len(await bot.poll(limit=1000)) == 100
    assert texts(await bot.poll(limit=2)) == ["0", "1"]
    assert len(await bot.poll(limit=0)) == 1


async def test_a_negative_offset_counts_from_the_end(bot: Client, petro: Person) -> None:
    for number in range(5):
        petro.write(str(number))
    assert texts(await bot.poll(-2)) == ["3", "4"]
    assert texts(await bot.poll()) == ["3", "4"]


async def test_an_offset_far_beyond_the_end_confirms_nothing(bot: Client, petro: Person) -> None:
    petro.write("x")
    number = (await bot.poll())[0]["update_id"]
    assert texts(await bot.poll(number + 12)) == ["x"]
    assert await bot.poll(number + 11) == []


async def test_what_nobody_takes_for_a_day_is_gone(telegram: PretendTelegram, bot: Client, petro: Person) -> None:
    petro.write("yesterday")
    telegram.goes_forward(25 * 3600)
    petro.write("today")
    assert texts(await bot.poll()) == ["today"]


async def test_a_long_poll_ends_with_the_first_update(telegram: PretendTelegram, bot: Client, petro: Person) -> None:
    poll = bot.polling()
    await telegram.changed(lambda: telegram.updates.waiting)
    petro.write("now")
    _, body = await poll
    assert texts(body["result"]) == ["now"]


async def test_a_long_poll_ends_empty_after_its_time(bot: Client) -> None:
    assert await bot.poll(timeout=1) == []


async def test_a_second_poll_ends_the_first(telegram: PretendTelegram, bot: Client, petro: Person) -> None:
    first = bot.polling()
    await telegram.changed(lambda: telegram.updates.waiting)
    second = bot.polling()
    status, body = await first
    assert status == 409
    assert body["description"] == (
        "Conflict: terminated by other getUpdates request; make sure that only one bot instance is running"
    )
    petro.write("for the second")
    assert texts((await second)[1]["result"]) == ["for the second"]


async def test_a_bot_that_is_killed_leaves_no_poll_behind(telegram: PretendTelegram, petro: Person) -> None:
    async with Client(telegram) as killed:
        poll = killed.polling()
        await telegram.changed(lambda: telegram.updates.waiting)
        poll.cancel()
    await telegram.changed(lambda: not telegram.updates.waiting)
    petro.write("still there")
    async with Client(telegram) as next_one:
        assert texts(await next_one.poll()) == ["still there"]


async def test_only_the_wanted_kinds_are_given(bot: Client, petro: Person) -> None:
    await bot.poll(allowed_updates=["callback_query"])
    petro.write("not wanted")
    assert await bot.poll() == []
    await bot.poll(allowed_updates=[])
    petro.write("wanted")
    assert texts(await bot.poll()) == ["wanted"]
    assert await bot.refusal("getUpdates", allowed_updates={}) == (
        "Bad Request: expected an Array of String as allowed_updates"
    )


async def test_anything_can_be_given_as_an_update(telegram: PretendTelegram, bot: Client) -> None:
    number = telegram.push_raw({"message": {"date": "yesterday"}})
    telegram.push_raw({"update_id": number + 100, "poll": []})
    telegram.push_raw({"update_id": "x"})
    assert [update["update_id"] for update in await bot.poll()] == [number, number + 100, "x"]
    assert len(await bot.poll(number + 1)) == 2


async def test_it_is_known_when_the_bot_has_taken_everything(
    telegram: PretendTelegram, bot: Client, petro: Person
) -> None:
    petro.write("x")
    taken, polled = asyncio.create_task(telegram.all_taken()), asyncio.create_task(telegram.polled_twice())
    number = (await bot.poll())[0]["update_id"]
    assert not taken.done()
    poll = asyncio.create_task(bot.raw("getUpdates", json={"offset": number + 1, "timeout": 30}))
    await asyncio.gather(taken, polled)
    assert telegram.polls == 2
    petro.write("y")
    await poll


async def test_who_waits_in_vain_is_told_what_there_was(telegram: PretendTelegram, bot: Client, petro: Person) -> None:
    petro.write("/start")
    markup = {"inline_keyboard": [[{"text": "Ja", "callback_data": "j"}]]}
    await bot.call("sendMessage", chat_id=petro.id, text="Guten Tag", reply_markup=markup)
    with pytest.raises(TimeoutError) as error:
        await telegram.changed(lambda: petro.sees("Привіт"), 0.01, "a greeting")
    for words in ("a greeting", "Petro > '/start'", "Petro < 'Guten Tag'  [Ja]", "sendMessage -> 200"):
        assert words in str(error.value)


async def test_a_condition_that_fails_tells_the_one_who_waits(telegram: PretendTelegram, petro: Person) -> None:
    def fails() -> bool:
        assert not petro.messages, "too early"
        return False

    wait = asyncio.create_task(telegram.changed(fails))
    await asyncio.sleep(0)
    petro.write("x")
    with pytest.raises(AssertionError, match="too early"):
        await wait


# webhook


class Office:
    """The address of a bot: it notes what arrives and answers as told."""

    def __init__(self) -> None:
        self.got: list[tuple[str | None, str]] = []
        self.answers: list[int] = []

    async def hear(self, request: web.BaseRequest) -> web.StreamResponse:
        update = await request.json()
        secret = request.headers.get("X-Telegram-Bot-Api-Secret-Token")
        self.got.append((secret, update["message"]["text"]))
        return web.Response(status=self.answers.pop(0) if self.answers else 200)


@pytest.fixture
async def office() -> AsyncIterator[tuple[Office, str]]:
    office = Office()
    runner = web.ServerRunner(web.Server(office.hear))
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    yield office, f"http://127.0.0.1:{runner.addresses[0][1]}/telegram"
    await runner.cleanup()


async def test_a_webhook_brings_updates_with_the_secret(
    telegram: PretendTelegram, bot: Client, petro: Person, office: tuple[Office, str]
) -> None:
    petro.write("before")
    await bot.call("setWebhook", url=office[1], secret_token="se-cret_1")
    petro.write("after")
    await telegram.all_taken()
    await telegram.changed(lambda: telegram.webhook.delivered == 2)
    assert office[0].got == [("se-cret_1", "before"), ("se-cret_1", "after")]
    info = await bot.call("getWebhookInfo")
    assert (info["url"], info["pending_update_count"]) == (office[1], 0)
    petro.write("later")
    await telegram.all_taken()


async def test_a_webhook_that_fails_gets_the_same_update_again(
    telegram: PretendTelegram, bot: Client, petro: Person, office: tuple[Office, str]
) -> None:
    telegram.webhook.first_pause = 0.001
    office[0].answers = [500, 503, 200]
    await bot.call("setWebhook", url=office[1])
    petro.write("one")
    petro.write("two")
    await telegram.all_taken()
    assert [text for _, text in office[0].got] == ["one", "one", "one", "two"]
    info = await bot.call("getWebhookInfo")
    assert info["last_error_message"] == "Wrong response from the webhook: 503 Service Unavailable"


async def test_a_webhook_that_nobody_listens_at_keeps_the_updates(
    telegram: PretendTelegram, bot: Client, petro: Person, office: tuple[Office, str]
) -> None:
    telegram.webhook.first_pause = 0.001
    await bot.call("setWebhook", url="http://127.0.0.1:9/")
    petro.write("x")
    await telegram.changed(lambda: telegram.webhook.error == "Connection refused")
    assert (await bot.call("getWebhookInfo"))["pending_update_count"] == 1
    await bot.call("setWebhook", url=office[1])
    await telegram.all_taken()


async def test_a_webhook_is_quiet_while_the_network_is_gone(
    telegram: PretendTelegram, bot: Client, petro: Person, office: tuple[Office, str]
) -> None:
    await bot.call("setWebhook", url=office[1])
    telegram.network_gone = True
    petro.write("x")
    for _ in range(5):
        await asyncio.sleep(0)
    assert office[0].got == []
    telegram.network_gone = False
    await telegram.all_taken()


async def test_a_slow_webhook_is_given_up(telegram: PretendTelegram, bot: Client, petro: Person) -> None:
    async def never(_request: web.BaseRequest) -> web.StreamResponse:
        await asyncio.Event().wait()
        raise AssertionError

    runner = web.ServerRunner(web.Server(never), shutdown_timeout=0.01)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    telegram.webhook.patience = 0.05
    await bot.call("setWebhook", url=f"http://127.0.0.1:{runner.addresses[0][1]}/")
    petro.write("x")
    await telegram.changed(lambda: telegram.webhook.error == "Read timeout expired")
    await bot.call("deleteWebhook", drop_pending_updates=True)
    assert await bot.poll() == []
    await runner.cleanup()


async def test_with_a_webhook_nobody_polls(telegram: PretendTelegram, bot: Client, office: tuple[Office, str]) -> None:
    poll = bot.polling()
    await telegram.changed(lambda: telegram.updates.waiting)
    await bot.call("setWebhook", url=office[1])
    assert (await poll)[1]["description"] == "Conflict: terminated by setWebhook request"
    assert await bot.refusal("getUpdates") == (
        "Conflict: can't use getUpdates method while webhook is active; use deleteWebhook to delete the webhook first"
    )
    await bot.call("deleteWebhook")
    assert await bot.poll() == []


@pytest.mark.parametrize(
    ("params", "words"),
    [
        ({"url": "ftp://example.org"}, "bad webhook: invalid webhook URL specified"),
        ({"url": "http://example.org"}, "bad webhook: An HTTPS URL must be provided for webhook"),
        (
            {"url": "https://example.org:9000"},
            "bad webhook: Webhook can be set up only on ports 80, 88, 443 or 8443",
        ),
        ({"url": "https://example.org", "secret_token": "ї"}, "secret token contains unallowed characters"),
        ({"url": "https://example.org", "secret_token": "x" * 257}, "secret token is too long"),
    ],
)
async def test_a_faulty_webhook_is_refused(bot: Client, params: dict[str, str], words: str) -> None:
    assert await bot.refusal("setWebhook", **params) == f"Bad Request: {words}"
