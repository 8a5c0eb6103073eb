"""What Telegram and the network can do to a bot that listens: it hears again, nothing is lost or holds up the rest."""

import asyncio
import copy
import dataclasses
import io
import json
import random
import socket
import sqlite3
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import aiohttp
import pytest

import handlers
from bot import people, storage
from bot.__main__ import run_bot
from bot.chat import Chat
from bot.conversations import Conversation
from bot.demo.pretend_telegram import PretendTelegram
from bot.demo.telegram_faults import Fault, When
from bot.messages import Incoming, Unreadable
from bot.pace import Limits
from bot.questions import Choice
from bot.settings import Telegram
from bot.transports import telegram as transport
from bot.transports.telegram import TelegramTransport
from bot.web import DEAF, LARGEST_BODY
from tests.bridge import TIMEOUT, OnTelegram, Town, town

UNLIMITED = Limits(None, None)
SECRET = "a-secret_of_the_bridge"
Json = dict[str, Any]


@pytest.fixture
async def quick(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> AsyncIterator[Town]:
    """A bot that has less patience, so that nobody has to wait for it."""
    monkeypatch.setattr(transport, "LONGEST_PAUSE", 0.02)
    monkeypatch.setattr(transport, "POLL", 1)
    monkeypatch.setattr(transport, "LATE", 0.2)
    async with town(tmp_path, limits=UNLIMITED) as place:
        yield place


async def is_answered(somebody: OnTelegram, text: str = "/start") -> None:
    """Write something and wait until something comes back."""
    await somebody.writes(text)
    await somebody.world.changed(somebody.news, TIMEOUT, f"an answer to {text!r}")


async def logged(caplog: pytest.LogCaptureFixture, words: str, times: int) -> None:
    """Wait until something stands in the log so many times."""
    async with asyncio.timeout(TIMEOUT):
        while caplog.text.count(words) < times:  # noqa: ASYNC110 - a log is nothing that one could wait for
            await asyncio.sleep(0.01)


def odd(body: bytes) -> Fault:
    """Return an answer with 200 that is JSON, but none of Telegram's."""
    return Fault(When.REPLY, 200, body)


# ---------------------------------------------------------------------- polling


@pytest.mark.parametrize(
    ("fault", "times"),
    [
        pytest.param(Fault.unauthorized(), 3, id="401"),
        pytest.param(Fault.not_found(), 3, id="404"),
        pytest.param(Fault.conflict(), 3, id="409"),
        pytest.param(Fault.too_many_requests(1), 1, id="429"),
        pytest.param(Fault(When.REPLY, 429, b"slow down"), 1, id="429-without-seconds"),
        pytest.param(Fault.server_error(), 3, id="500"),
        pytest.param(Fault.bad_gateway(), 3, id="502"),
        pytest.param(Fault.html(), 3, id="a-page-with-200"),
        pytest.param(Fault.truncated(), 3, id="truncated"),
        pytest.param(odd(b'{"ok":true}'), 3, id="no-result"),
        pytest.param(odd(b"[]"), 3, id="a-list"),
        pytest.param(odd(b'{"ok":true,"result":7}'), 3, id="a-number"),
        pytest.param(odd(b'{"ok":true,"result":["x",7,null]}'), 3, id="no-updates"),
        pytest.param(odd(b'{"ok":true,"result":[' + b"[" * 50_000), 3, id="nested"),
        pytest.param(Fault(When.REPLY, 400, b"[]"), 3, id="400-without-reason"),
        pytest.param(Fault.reset_before(), 3, id="reset"),
        pytest.param(Fault.accept_then_reset(), 1, id="reset-after"),
        pytest.param(Fault.hang_before(), 1, id="hang"),
    ],
)
async def test_the_bot_hears_again_after(
    quick: Town, monkeypatch: pytest.MonkeyPatch, fault: Fault, times: int
) -> None:
    monkeypatch.setattr("bot.transports.telegram_request.UNSAID", 0.1)
    telegram = quick.telegram
    telegram.fail("getUpdates", fault, times)
    somebody = quick.somebody("Oksana", "uk")
    await is_answered(somebody)
    await telegram.changed(lambda: not telegram.faults.left("getUpdates"), TIMEOUT, "the faults")
    await is_answered(somebody, "/help")
    assert telegram.violations == []


async def test_the_bot_hears_again_when_the_network_is_back(quick: Town, caplog: pytest.LogCaptureFixture) -> None:
    somebody = quick.somebody("Oksana", "uk")
    await is_answered(somebody)
    quick.telegram.network_gone = True
    await somebody.writes("/help")
    await logged(caplog, "getUpdates failed", 3)
    quick.telegram.network_gone = False
    await quick.telegram.changed(somebody.news, TIMEOUT, "an answer")


async def test_the_bot_can_start_before_the_network_does(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(transport, "LONGEST_PAUSE", 0.02)
    async with PretendTelegram() as telegram:
        place = Town(telegram, tmp_path, "dortmund-schytomyr", UNLIMITED)
        telegram.fail("deleteWebhook", Fault.reset_before(), 3)
        telegram.fail("getMyName", Fault.unauthorized(), 3)
        telegram.fail("setMyCommands", Fault.bad_gateway(), 3)
        await place.start()
        await is_answered(place.somebody("Oksana", "uk"))
        await place.introduced()
        await place.stop()


async def test_an_update_that_nobody_can_read_does_not_hold_up_the_others(quick: Town) -> None:
    crowd = [quick.somebody(f"Somebody {n}", "uk") for n in range(10)]
    for number, somebody in enumerate(crowd):
        if number == 5:
            quick.telegram.push_raw({"message": {"chat": "nobody knows"}})
        somebody.phone.write("/start")
    for somebody in crowd:
        await quick.telegram.changed(lambda somebody=somebody: somebody.phone.received, TIMEOUT, "an answer")  # type: ignore[misc]
    await quick.settles()
    assert await quick.rows("SELECT count(*) FROM inbox WHERE payload IS NOT NULL") == [(0,)]


async def test_an_update_without_a_number_does_not_hold_up_the_others(quick: Town) -> None:
    for number in ("x", None, True, 1.5):
        quick.telegram.push_raw({"update_id": number, "message": {}})
    await is_answered(quick.somebody("Oksana", "uk"))


async def test_what_telegram_brings_twice_is_answered_once(quick: Town) -> None:
    somebody = quick.somebody("Oksana", "uk")
    await is_answered(somebody)
    number, payload = await message_update(quick, somebody, "/help")
    before = len(somebody.phone.received)
    for _ in range(3):
        quick.telegram.push_raw({**payload, "update_id": number})
    await is_answered(quick.somebody("Thomas", "de"))
    await quick.settles()
    assert len(somebody.phone.received) == before


async def message_update(place: Town, somebody: OnTelegram, text: str) -> tuple[int, Json]:
    """Let somebody write and return the update that brings it, once it is answered."""
    somebody.look()
    message = somebody.phone.write(text)
    payload = {"message": message.as_json()}
    number = place.telegram.updates.next_id - 1
    await place.telegram.changed(somebody.news, TIMEOUT)
    await place.settles()
    return number, payload


async def test_a_quiet_week_after_which_telegram_begins_at_a_lower_number_loses_nothing(quick: Town) -> None:
    somebody = quick.somebody("Oksana", "uk")
    await is_answered(somebody)
    quick.telegram.updates.next_id //= 2
    await is_answered(somebody, "/help")
    await is_answered(somebody, "/start")
    await quick.settles()  # which is also the claim that what was taken is confirmed


async def test_two_bots_on_one_token_lose_nothing(quick: Town, tmp_path: Path) -> None:
    other = Town(quick.telegram, tmp_path / "other", "dortmund-schytomyr", UNLIMITED)
    crowd = [quick.somebody(f"Somebody {n}", "uk") for n in range(30)]
    await other.start()
    for somebody in crowd:
        await somebody.phone.writes("/start")
    for somebody in crowd:
        await quick.telegram.changed(lambda somebody=somebody: somebody.phone.received, TIMEOUT, "an answer")  # type: ignore[misc]
    await other.stop()
    assert any(call.status == 409 for call in quick.telegram.calls if call.method == "getUpdates")


async def test_what_was_heard_is_acknowledged_only_when_the_disk_has_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(storage, "BUSY", 0.02)
    monkeypatch.setattr(storage, "WAIT_FOR_DISK", 0.02)
    async with town(tmp_path, limits=UNLIMITED) as place:
        somebody = place.somebody("Oksana", "uk")
        await is_answered(somebody)
        await place.settles()
        other = sqlite3.connect(place.database, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        await somebody.writes("/help")
        await logged(caplog, "cannot be written", 3)
        assert place.telegram.updates.queue
        other.execute("ROLLBACK")
        other.close()
        await place.telegram.changed(somebody.news, TIMEOUT, "an answer")


# ---------------------------------------------------------------------- mutated updates

STRANGE: list[Any] = [
    *(None, True, False, 0, -1, 1.5, 2**31, 2**52, 2**63, 10**30, 1e999, float("nan"), "", " ", "0", "-5", "\x00"),
    *("\ud800", "a\udfffb", "🏳️‍🌈" * 50, "é" * 20, "x" * 70, "я" * 5000, "<b>", "/start", "go:menu", "a:1:topics:x"),
    *([], [[]], [None], {}, {"id": 1}, {"id": "1"}, {"chat": {"type": "private"}}, {"type": "private", "id": 10**30}),
]


async def good_updates() -> list[str]:
    """Return one update of every kind that people can cause, as Telegram gives it."""
    async with PretendTelegram() as telegram:
        telegram.updates.allowed = frozenset(transport.HEARD)
        oksana = telegram.person("Oksana", language_code="uk", last_name="Козак", username="oksana_k")
        sent = await oksana.writes("/start")
        await oksana.writes("Привіт! https://example.org 1 3")
        await oksana.sends_photo("підпис")
        await oksana.sends_voice()
        await oksana.sends_sticker()
        await oksana.sends_location()
        await oksana.sends_contact()
        await oksana.sends_document()
        await oksana.edits(sent, "інше")
        await oksana.forwards("чуже")
        await oksana.presses_data(None, "go:menu")
        await oksana.presses_data(None, "a:1:topics:culture")
        for kind in ("group", "supergroup", "channel"):
            group = telegram.group("Чат", kind=kind)
            await group.adds_bot(oksana)
            await group.writes(oksana, "/start")
            await group.removes_bot(oksana)
        await oksana.blocks_bot()
        await oksana.unblocks_bot()
        return [body.decode() for _, body in telegram.updates.queue]


def mutated(update: str, chance: random.Random) -> Json:
    """Return an update in which up to four things are missing, null, of the wrong kind, huge or nested."""
    changed: Json = json.loads(update)
    for _ in range(chance.randint(1, 4)):
        holder, key = _somewhere(changed, chance)
        match chance.randrange(6):
            case 0:
                del holder[key]
            case 1:
                holder[key] = [holder[key]]
            case 2:
                holder[key] = _nested(holder[key], chance.choice((3, 50)))
            case 3:
                holder[key] = str(holder[key])
            case _:
                holder[key] = copy.copy(chance.choice(STRANGE))
        if not changed:
            break
    return changed


def _somewhere(holder: Any, chance: random.Random) -> tuple[Any, Any]:
    while True:
        key = chance.choice(list(holder)) if isinstance(holder, dict) else chance.randrange(len(holder))
        inner = holder[key]
        if not isinstance(inner, dict | list) or not inner or chance.random() < 0.2:
            return holder, key
        holder = inner


def _nested(value: Any, depth: int) -> Any:
    for _ in range(depth):
        value = {"message": value}
    return value


async def test_whatever_telegram_sends_is_understood_or_put_aside() -> None:
    chance = random.Random(20230209)
    originals = await good_updates()
    understand = TelegramTransport(Telegram("1:x", "http://127.0.0.1:1", "", "")).understand
    kinds = {Incoming: 0, type(None): 0, Unreadable: 0}
    for _ in range(50_000):
        payload = json.dumps(mutated(chance.choice(originals), chance))
        try:
            heard = understand(payload)
        except Unreadable:
            kinds[Unreadable] += 1
        else:
            kinds[type(heard)] += 1
            if heard is not None:
                assert 0 < abs(int(heard.address)) < transport.LARGEST_ID
                str(dataclasses.astuple(heard)).encode()  # no lone surrogate, which no file and no messenger takes
    assert min(kinds.values()) > 2_000, kinds


@pytest.mark.parametrize(
    "payload", ["", "{", "5", "null", "[]", '"message"', '["message"]', '{"message":1e999}', "[" * 100_000]
)
async def test_a_payload_that_is_no_update_is_put_aside(payload: str) -> None:
    understand = TelegramTransport(Telegram("1:x", "http://127.0.0.1:1", "", "")).understand
    with suppress(Unreadable):
        assert understand(payload) is None


async def test_five_hundred_broken_updates_leave_the_bot_answering(quick: Town) -> None:
    chance = random.Random(7)
    originals = await good_updates()
    before = quick.somebody("Oksana", "uk")
    await is_answered(before)
    for _ in range(500):
        quick.telegram.push_raw(
            mutated(chance.choice(originals), chance) | {"update_id": quick.telegram.updates.next_id}
        )
    await is_answered(before, "/help")
    await is_answered(quick.somebody("Thomas", "de"))
    await quick.settles()
    assert await quick.rows("SELECT count(*) FROM inbox WHERE payload IS NOT NULL OR parked") == [(0,)]


async def breaks(_chat: Chat) -> None:
    raise ValueError("a fault of ours")


async def asks_after_a_write(chat: Chat) -> None:
    people.stop_news(chat.db, chat.person.id, 1)
    await chat.choose("late", "Too late?", [Choice("yes", "yes")])


async def waits_for_something_else(chat: Chat) -> None:
    people.stop_news(chat.db, chat.person.id, 1)
    await asyncio.sleep(0)


async def shows_a_button_that_no_messenger_takes(chat: Chat) -> None:
    await chat.choose("long", "Too long?", [Choice("x" * 64, "yes")])


@pytest.mark.parametrize(
    "run", [breaks, asks_after_a_write, waits_for_something_else, shows_a_button_that_no_messenger_takes]
)
async def test_a_turn_that_always_fails_is_tried_three_times_and_parked_and_nothing_of_it_is_kept(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, run: Callable[[Chat], Coroutine[Any, Any, None]]
) -> None:
    tries: list[int] = []

    async def fails(chat: Chat) -> None:
        tries.append(chat.person.id)
        await run(chat)

    usual, broken = handlers.conversations, Conversation("broken", fails, "Broken", "broken", before_language=True)
    monkeypatch.setattr(handlers, "conversations", lambda city: (*usual(city), broken))
    async with town(tmp_path, limits=UNLIMITED) as place:
        oksana, thomas = place.somebody("Oksana", "uk"), place.somebody("Thomas", "de")
        await oksana.writes("/broken")
        await is_answered(thomas)
        await place.settles()
        assert len(tries) == 3
        assert await place.rows("SELECT tries, parked, payload FROM inbox WHERE parked") == [(3, 1, None)]
        assert await place.rows("SELECT count(*), count(news_stopped_at) FROM people") == [(1, 0)]
        assert oksana.phone.received == []
        await is_answered(oksana, "/help")


# ---------------------------------------------------------------------- groups and channels


@pytest.mark.parametrize("kind", ["group", "supergroup"])
async def test_a_group_gets_one_notice_and_no_answer_and_the_bot_leaves(quick: Town, kind: str) -> None:
    oksana = quick.somebody("Oksana", "uk")
    group = quick.telegram.group("Чат", kind=kind)
    await group.adds_bot(oksana.phone)
    for text in ("/start", "/menu", f"@{quick.telegram.bot_username} привіт"):
        await group.writes(oksana.phone, text)
    await quick.telegram.changed(lambda: not group.bot_is_member, TIMEOUT, "the bot out of the group")
    await quick.settles()
    assert len([m for m in group.messages if not m.mine]) == 1
    assert not oksana.phone.received
    assert await quick.rows("SELECT count(*) FROM people") == [(0,)]


async def test_the_bot_leaves_a_channel_and_writes_nothing_there(quick: Town) -> None:
    oksana = quick.somebody("Oksana", "uk")
    channel = quick.telegram.group("Новини", kind="channel")
    await channel.adds_bot(oksana.phone)
    await channel.writes(oksana.phone, "/start")
    await quick.telegram.changed(lambda: not channel.bot_is_member, TIMEOUT, "the bot out of the channel")
    await quick.settles()
    assert [m for m in channel.messages if not m.mine] == []


async def test_a_button_pressed_in_a_group_does_nothing(quick: Town) -> None:
    group = quick.telegram.group("Чат")
    oksana = quick.somebody("Oksana", "uk")
    await is_answered(oksana)
    await group.adds_bot(oksana.phone)
    await quick.settles()
    oksana.look()
    message = {"chat": group.chat.as_json, "message_id": 1, "date": 0}
    quick.telegram.press(oksana.phone, 1, "go:menu", message)
    await is_answered(quick.somebody("Thomas", "de"))
    await quick.settles()
    assert len([m for m in group.messages if not m.mine]) == 1
    assert oksana.news() == []


# ---------------------------------------------------------------------- webhook and health


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def on_the_web(telegram: PretendTelegram, folder: Path, webhook: bool) -> Town:
    place, port = Town(telegram, folder, "dortmund-schytomyr", UNLIMITED), free_port()
    account = place.settings.telegram
    if webhook and account:
        account = dataclasses.replace(account, webhook_url=f"http://127.0.0.1:{port}/", webhook_secret=SECRET)
    place.settings = dataclasses.replace(place.settings, telegram=account, listen=("127.0.0.1", port))
    return place


@asynccontextmanager
async def running(place: Town) -> AsyncIterator[None]:
    """Run a bot that does not poll."""
    bot = asyncio.create_task(run_bot(place.settings, place.city, place.limits))
    try:
        yield
    finally:
        bot.cancel()
        await asyncio.wait([bot])


@pytest.fixture
async def called(tmp_path: Path) -> AsyncIterator[Town]:
    """A bot that Telegram calls through its webhook."""
    async with PretendTelegram() as telegram:
        place = on_the_web(telegram, tmp_path, webhook=True)
        async with running(place):
            await telegram.changed(lambda: telegram.webhook.url, TIMEOUT, "the webhook")
            yield place


@pytest.fixture
async def web() -> AsyncIterator[aiohttp.ClientSession]:
    """Somebody out there on the web."""
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=TIMEOUT)) as session:
        yield session


def address(place: Town, path: str = transport.WEBHOOK_PATH) -> str:
    return f"http://127.0.0.1:{place.settings.listen[1]}{path}"


async def post(web: aiohttp.ClientSession, place: Town, body: bytes | io.BytesIO, secret: str | None = SECRET) -> int:
    headers = {"X-Telegram-Bot-Api-Secret-Token": secret} if secret is not None else {}
    async with web.post(address(place), data=body, headers=headers) as response:
        return response.status


async def test_through_the_webhook_people_are_answered(called: Town, web: aiohttp.ClientSession) -> None:
    await is_answered(called.somebody("Oksana", "uk"))
    assert called.telegram.polls == 0
    async with web.get(address(called, "/health")) as response:
        assert (response.status, await response.json()) == (200, {"status": "ok"})


@pytest.mark.parametrize("secret", [None, "", "wrong", SECRET + "x", SECRET[:-1]])
async def test_whoever_does_not_know_the_secret_is_nobody(
    called: Town, web: aiohttp.ClientSession, secret: str | None
) -> None:
    assert await post(web, called, b'{"update_id": 5, "message": {}}', secret) == 403
    assert await called.rows("SELECT count(*) FROM inbox") == [(0,)]


@pytest.mark.parametrize("secret", [b"", b"X-Telegram-Bot-Api-Secret-Token: \xff\x80\r\n"], ids=["none", "no-letters"])
async def test_the_secret_is_checked_before_the_body_is_read(called: Town, secret: bytes) -> None:
    reader, writer = await asyncio.open_connection(*called.settings.listen)
    writer.write(b"POST /telegram HTTP/1.1\r\nHost: x\r\n" + secret + b"Content-Length: 90000000\r\n\r\n{")
    async with asyncio.timeout(TIMEOUT):
        assert b" 403 " in await reader.readline()
    writer.close()
    await writer.wait_closed()


async def test_a_body_over_a_mebibyte_is_refused(called: Town, web: aiohttp.ClientSession) -> None:
    update = b'{"update_id": 5, "message": {"text": "%s"}}'
    assert await post(web, called, io.BytesIO(update % (b"x" * LARGEST_BODY))) == 413
    assert await post(web, called, io.BytesIO(update % (b"x" * (LARGEST_BODY - 100)))) == 200


@pytest.mark.parametrize(
    "body", [b"", b"{", b"[]", b"5", b"\xff", b'{"update_id": "5"}', b'{"message": {}}', b"[" * 50_000]
)
async def test_a_body_that_is_no_update_is_refused(called: Town, web: aiohttp.ClientSession, body: bytes) -> None:
    assert await post(web, called, body) == 400


async def test_200_means_stored(called: Town, web: aiohttp.ClientSession) -> None:
    assert await post(web, called, b'{"update_id": 77, "poll": {}}') == 200
    assert await called.rows("SELECT id FROM inbox WHERE heard_at > 0") == [("77",)]


async def test_a_bot_that_telegram_does_not_answer_is_not_healthy(
    tmp_path: Path, web: aiohttp.ClientSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with PretendTelegram() as telegram:
        place = on_the_web(telegram, tmp_path, webhook=False)
        await place.start()
        async with web.get(address(place, "/health")) as response:
            assert response.status == 200
        monkeypatch.setattr("bot.web.DEAF", -DEAF)
        async with web.get(address(place, "/health")) as response:
            assert (response.status, await response.json()) == (503, {"status": "deaf"})
        async with web.post(address(place)) as response:
            assert response.status == 404
        await place.stop()


async def test_the_webhook_is_set_again_until_telegram_takes_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(transport, "LONGEST_PAUSE", 0.02)
    async with PretendTelegram() as telegram:
        place = on_the_web(telegram, tmp_path, webhook=True)
        telegram.fail("setWebhook", Fault.bad_gateway(), 3)
        async with running(place):
            await telegram.changed(lambda: telegram.webhook.url, TIMEOUT, "the webhook")
        assert telegram.webhook.secret == SECRET
