"""The demo at its HTTP edge: what a browser is told, what it may ask, and how the conductor treats the bot."""

import asyncio
import os
import re
import signal as signals
import sqlite3
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import click
import pytest

from bot.demo import page as page_module
from bot.demo import signal_faults as faults
from bot.demo.bubbles import nodes, styled
from bot.demo.demo import ROOT, WITH_US, Demo, Ledger, playing, run_demo
from bot.demo.page import CannotNow, Page, free_port, serve
from bot.demo.pretend_signal import PretendSignal
from bot.demo.pretend_telegram import PretendTelegram
from bot.demo.signal_chats import Style
from bot.demo.signal_people import SignalPerson
from bot.demo.strips import Change
from tests.bridge import TIMEOUT
from tests.demo_client import Browser, bot_is
from tests.pretend_signal_client import Client as SignalClient
from tests.pretend_telegram_client import Client

BOT_NAME = "bruecke_mist_bot"
LITTLE_BOT = """
import json, os, socket, sqlite3, sys, threading, urllib.request

def call(method, **params):
    address = f"{os.environ['TELEGRAM_API_URL']}/bot{os.environ['TELEGRAM_TOKEN']}/{method}"
    request = urllib.request.Request(address, json.dumps(params).encode(), {"Content-Type": "application/json"})
    return json.load(urllib.request.urlopen(request, timeout=60))["result"]

def say(chat, text):
    call("sendMessage", chat_id=chat, text=text)

def listen_on_signal():
    connection = socket.socket(socket.AF_UNIX)
    connection.connect(os.environ["SIGNAL_SOCKET"])
    lines = connection.makefile("rw")

    def ask(method, **params):
        print(json.dumps({"jsonrpc": "2.0", "id": 1, "method": method, "params": params}), file=lines, flush=True)

    ask("subscribeReceive")
    for line in lines:
        envelope = json.loads(line).get("params", {}).get("result", {}).get("envelope", {})
        if "dataMessage" in envelope:
            ask("send", recipient=[envelope["sourceUuid"]], message=envelope["dataMessage"]["message"] + ", said")

if sys.argv[1] == "invite":
    if not os.path.exists(os.environ["DATABASE"] + ".ready"):
        sys.exit("The database is not there.")
    print("As a link: https://t.me/bruecke_mist_bot?start=in_the-Team1 (24 h)")
    sys.exit()

with open(os.environ["DATABASE"] + ".pid", "w") as file:
    file.write(str(os.getpid()))
db = sqlite3.connect(os.environ["DATABASE"])
db.execute("CREATE TABLE IF NOT EXISTS inbox (id INTEGER PRIMARY KEY, said TEXT)")
db.commit()
threading.Thread(target=listen_on_signal, daemon=True).start()
offset = 0
while True:
    for update in call("getUpdates", offset=offset, timeout=20):
        offset = update["update_id"] + 1
        text, chat = update["message"]["text"], update["message"]["chat"]["id"]
        if text == "/die":
            sys.exit("I cannot go on.")
        db.execute("INSERT INTO inbox (said) VALUES (?)", (text,))
        db.commit()
        say(chat, f"{text}, said {db.execute('SELECT count(*) FROM inbox').fetchone()[0]}")
"""


class FakeStage:
    """A stage on which nobody plays: the pretend messengers, and no bot."""

    def __init__(self, telegram: PretendTelegram, signal: PretendSignal) -> None:
        self.telegram = telegram
        self.signal = signal
        self.state = "running"
        self.said = ""
        self.restarts = 0

    async def look(self) -> None:
        pass

    async def restart(self) -> None:
        self.restarts += 1

    async def again(self) -> None:
        self.telegram.reset()

    async def invite(self) -> str:
        raise CannotNow("Nobody invites here.")


@pytest.fixture
async def telegram() -> AsyncIterator[PretendTelegram]:
    async with PretendTelegram() as telegram:
        yield telegram


@pytest.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as session:
        yield session


@pytest.fixture
async def signal(tmp_path: Path) -> AsyncIterator[PretendSignal]:
    async with PretendSignal(tmp_path / "signal.socket") as signal:
        yield signal


@pytest.fixture
async def stage(telegram: PretendTelegram, signal: PretendSignal) -> FakeStage:
    return FakeStage(telegram, signal)


@pytest.fixture
async def page(stage: FakeStage) -> Page:
    return Page(stage)


@pytest.fixture
async def browser(page: Page, session: aiohttp.ClientSession) -> AsyncIterator[Browser]:
    with free_port(0) as listening:
        async with serve(page, listening) as address, Browser(address, session) as browser:
            yield browser


@pytest.fixture
async def bot(telegram: PretendTelegram) -> AsyncIterator[Client]:
    async with Client(telegram) as bot:
        yield bot


@pytest.fixture
async def oksana(signal: PretendSignal, page: Page) -> SignalPerson:  # noqa: ARG001  # she has the page's telephone
    return next(person for person in signal.people.values() if person.name == "Oksana")


@pytest.fixture
def little_bot(tmp_path: Path) -> tuple[str, ...]:
    script = tmp_path / "little_bot.py"
    script.write_text(LITTLE_BOT)
    return (sys.executable, str(script))


@pytest.fixture
async def demo(tmp_path: Path, little_bot: tuple[str, ...]) -> AsyncIterator[Demo]:
    async with playing(tmp_path / "data" / "demo.db", little_bot) as demo:
        yield demo


@pytest.fixture
async def demo_browser(demo: Demo, session: aiohttp.ClientSession) -> AsyncIterator[Browser]:
    with free_port(0) as listening:
        async with serve(demo.page, listening) as address, Browser(address, session) as browser:
            await browser.shows(bot_is("running"))
            yield browser


# What a browser is told


async def test_the_page_begins_with_four_telephones_on_which_nobody_wrote(browser: Browser) -> None:
    assert browser.parts["demo"]["telephones"] == [
        ["oksana", "Signal"],
        ["thomas", "Telegram"],
        ["office", "Telegram"],
        ["free", "Signal"],
    ]
    phones = [part for name, part in browser.parts.items() if name.startswith("phone/")]
    assert [phone["language"] for phone in phones] == ["uk", "de", "de", "en"]
    assert all(phone["untouched"] for phone in phones)
    assert [phone["invitable"] for phone in phones] == [False, False, True, False]
    assert not any(name.startswith("message/") for name in browser.parts)


async def test_a_message_gets_its_second_tick_when_the_bot_has_taken_it(browser: Browser, bot: Client) -> None:
    assert await browser.posts("/telephones/thomas/writes", text="Привіт") == 204
    await browser.shows(lambda _: browser.messages("thomas"))
    assert [(message["plain"], message["ticks"]) for message in browser.messages("thomas")] == [("Привіт", 1)]
    [update] = await bot.call("getUpdates")
    assert browser.messages("thomas")[0]["ticks"] == 1
    await bot.call("getUpdates", offset=update["update_id"] + 1)
    await browser.shows(lambda _: browser.messages("thomas")[0]["ticks"] == 2)


async def test_a_pressed_button_turns_until_the_bot_answers_and_the_answer_is_shown(
    browser: Browser, bot: Client, telegram: PretendTelegram
) -> None:
    await browser.posts("/telephones/thomas/writes", text="/start")
    thomas = next(person for person in telegram.people.values() if person.first_name == "Thomas")
    keys = {"inline_keyboard": [[{"text": "Так", "callback_data": "y"}, {"text": "Сайт", "url": "https://e.org/"}]]}
    sent = await bot.call("sendMessage", chat_id=thomas.id, text="Добре?", reply_markup=keys)
    await browser.shows(lambda _: len(browser.messages("thomas")) == 2)
    row = [{"label": "Так", "data": "y"}, {"tag": "a", "href": "https://e.org/", "label": "Сайт"}]
    assert browser.messages("thomas")[1]["buttons"] == [row]

    assert await browser.posts("/telephones/thomas/presses", message=str(sent["message_id"]), data="y") == 204
    await browser.shows(lambda parts: parts["phone/thomas"]["waiting"] == [[str(sent["message_id"]), "y"]])
    press = (await bot.call("getUpdates"))[-1]["callback_query"]["id"]
    await bot.call("answerCallbackQuery", callback_query_id=press, text="Гаразд", show_alert=True)
    await browser.shows(lambda parts: not parts["phone/thomas"]["waiting"])
    assert browser.parts["phone/thomas"]["toasts"] == [{"text": "Гаразд", "alert": True}]
    await browser.shows(lambda _: "answerCallbackQuery ✓" in browser.told("thomas"))


async def test_what_the_bot_edits_and_deletes_changes_on_the_page(
    browser: Browser, bot: Client, telegram: PretendTelegram
) -> None:
    await browser.posts("/telephones/thomas/writes", text="/start")
    thomas = next(person for person in telegram.people.values() if person.first_name == "Thomas")
    sent = await bot.call("sendMessage", chat_id=thomas.id, text="Eins")
    await bot.call("editMessageText", chat_id=thomas.id, message_id=sent["message_id"], text="Zwei")
    await browser.shows(lambda _: browser.texts("thomas") == ["/start", "Zwei"])
    assert browser.messages("thomas")[1]["edited"]
    await bot.call("deleteMessage", chat_id=thomas.id, message_id=sent["message_id"])
    await browser.shows(lambda _: browser.texts("thomas") == ["/start"])


async def test_a_reload_keeps_everything(browser: Browser) -> None:
    await browser.posts("/telephones/office/writes", text="Hello")
    await browser.shows(lambda _: browser.texts("office") == ["Hello"])
    async with Browser(browser.address, browser.session) as reloaded:
        assert reloaded.parts == browser.parts


async def test_a_quiet_page_is_told_that_the_demo_is_still_there(
    browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(page_module, "HEARTBEAT", 0.01)
    async with Browser(browser.address, browser.session) as quiet:
        assert await quiet.hears() == ("heartbeat", {})


async def test_the_strip_tells_calls_and_rows_since_the_telephones_own_last_message(
    browser: Browser, bot: Client, page: Page, telegram: PretendTelegram
) -> None:
    page.wrote({"before": Change(added=1)})
    await browser.posts("/telephones/thomas/writes", text="/start")
    thomas = next(person for person in telegram.people.values() if person.first_name == "Thomas")
    for _ in range(2):
        await bot.call("sendMessage", chat_id=thomas.id, text="Так")
    page.wrote({"inbox": Change(added=1)})
    page.wrote({"inbox": Change(added=1, removed=3), "people": Change(changed=1)})
    told = ["sendMessage ✓ × 2", "inbox +2, −3", "people 1 changed"]
    await browser.shows(lambda _: browser.told("thomas") == told)
    assert browser.told("office") == []
    await browser.posts("/telephones/thomas/writes", text="Ще")
    await browser.shows(lambda _: browser.told("thomas") == [])


async def test_slowing_down_is_shown_and_told_in_plain_words(browser: Browser, bot: Client) -> None:
    await browser.posts("/telephones/thomas/writes", text="/start")
    assert await browser.posts("/telegram/slow-down") == 204
    await browser.shows(lambda parts: parts["demo"]["slow_until"] > 0)
    await bot.refusal("getUpdates")
    await browser.shows(lambda _: browser.told("thomas") == ["getUpdates: 429 wait 10 s"])
    assert browser.parts["strip/thomas"][0]["kind"] == "fault"


async def test_refusals_are_told_with_telegrams_reason(
    browser: Browser, bot: Client, telegram: PretendTelegram
) -> None:
    await browser.posts("/telephones/thomas/writes", text="/start")
    assert await browser.posts("/telephones/thomas/blocks") == 204
    await browser.shows(lambda parts: parts["phone/thomas"]["blocked"])
    await bot.refusal("sendMessage", chat_id=min(telegram.people), text="?")
    await bot.refusal("sendMessage", chat_id=1, text="?")
    told = ["sendMessage: 403 bot was blocked by the user", "sendMessage: 400 chat not found"]
    await browser.shows(lambda _: browser.told("thomas") == told)
    assert await browser.posts("/telephones/thomas/writes", text="?") == 409
    await browser.posts("/telephones/thomas/unblocks")
    await browser.shows(lambda parts: not parts["phone/thomas"]["blocked"])


async def test_the_network_goes_and_comes_back(browser: Browser, telegram: PretendTelegram) -> None:
    await browser.posts("/telegram/network", gone=True)
    await browser.shows(lambda parts: parts["demo"]["network_gone"])
    assert telegram.network_gone
    await browser.posts("/telegram/network", gone=False)
    await browser.shows(lambda parts: not parts["demo"]["network_gone"])


# What a browser is told of Signal


async def test_an_empty_telephone_with_signal_says_whom_it_is_about_to_write_to(
    browser: Browser, signal: PretendSignal, page: Page
) -> None:
    signal.profile |= {"givenName": "Міст", "about": "Новини"}
    page.stir()
    await browser.shows(lambda parts: parts["phone/oksana"]["bot"] == "Міст")
    phone = browser.parts["phone/oksana"]
    assert (phone["description"], phone["untouched"], phone["messenger"]) == ("Новини", True, "Signal")
    assert "commands" not in phone


async def test_ticks_on_signal_say_sent_delivered_and_read(
    browser: Browser, signal: PretendSignal, oksana: SignalPerson
) -> None:
    assert await browser.posts("/telephones/oksana/writes", text="Привіт") == 204
    await browser.shows(lambda _: browser.messages("oksana"))
    [message] = browser.messages("oksana")
    assert (message["plain"], message["mine"], message["ticks"]) == ("Привіт", True, 1)
    async with SignalClient(signal) as bot:
        await bot.call("subscribeReceive")
        await browser.shows(lambda _: browser.messages("oksana")[0]["ticks"] == 2)
        assert browser.told("oksana") == ["envelope taken by signal-cli ✓"]
        sent = oksana.messages[0].message_id
        await bot.call("sendReceipt", recipient=[oksana.id], targetTimestamp=[int(sent)], type="read")
        await browser.shows(lambda _: browser.messages("oksana")[0]["ticks"] == 3)


async def test_what_the_bot_sends_on_signal_is_shown_with_its_styles_and_confirmed(
    browser: Browser, signal: PretendSignal, oksana: SignalPerson
) -> None:
    await browser.posts("/telephones/oksana/writes", text="Привіт")
    async with SignalClient(signal) as bot:
        await bot.call("send", recipient=[oksana.id], message="🌻 1 – Так", textStyle=["3:1:BOLD"])
    await browser.shows(lambda _: len(browser.messages("oksana")) == 2)
    answer = browser.messages("oksana")[1]
    assert answer["body"] == ["🌻 ", tag("b", "1"), " – Так"]
    assert (answer["mine"], answer["ticks"]) == (False, 0)
    await browser.shows(lambda _: {*browser.told("oksana")} == {"send ✓", "receipt: delivered", "receipt: read"})


async def test_an_answer_on_the_way_is_shown_until_it_is_there(
    browser: Browser, signal: PretendSignal, oksana: SignalPerson
) -> None:
    async with SignalClient(signal) as bot:
        await bot.call("sendTyping", recipient=[oksana.id])
        await browser.shows(lambda parts: parts["phone/oksana"]["typing"])
        await bot.call("send", recipient=[oksana.id], message="Ось")
        await browser.shows(lambda parts: not parts["phone/oksana"]["typing"])
    assert browser.told("oksana")[0] == "sendTyping ✓"


async def test_messages_on_signal_are_quoted_changed_deleted_and_reacted_to(
    browser: Browser, signal: PretendSignal, oksana: SignalPerson
) -> None:
    async with SignalClient(signal) as bot:
        await bot.call("send", recipient=[oksana.id], message="1 – Так")
        await browser.shows(lambda _: browser.messages("oksana"))
        asked = browser.ids("oksana")[0]
        await browser.posts("/telephones/oksana/reacts", message=asked, emoji="👍")
        await browser.shows(lambda _: browser.messages("oksana")[0]["reacted"] == "👍")
        await browser.posts("/telephones/oksana/reacts", message=asked, emoji="👎")
        await browser.shows(lambda _: browser.messages("oksana")[0]["reactions"] == ["👎"])
        await browser.posts("/telephones/oksana/reacts", message=asked, emoji="👎")
        await browser.shows(lambda _: browser.messages("oksana")[0]["reactions"] == [])

        await browser.posts("/telephones/oksana/writes", text="1", quote=asked)
        await browser.shows(lambda _: len(browser.messages("oksana")) == 2)
        assert browser.messages("oksana")[1]["quote"] == {"mine": False, "plain": "1 – Так"}
        own = browser.ids("oksana")[1]
        await browser.posts("/telephones/oksana/edits", message=own, text="2")
        await browser.shows(lambda _: browser.texts("oksana") == ["1 – Так", "2"])
        assert browser.messages("oksana")[1]["edited"]
        await browser.posts("/telephones/oksana/deletes", message=own)
        await browser.shows(lambda _: browser.messages("oksana")[1]["deleted"])
        assert browser.texts("oksana")[1] == ""
        assert await browser.posts("/telephones/oksana/edits", message=asked, text="?") == 409


async def test_a_telephone_that_is_offline_gets_everything_later(
    browser: Browser, signal: PretendSignal, oksana: SignalPerson
) -> None:
    await browser.posts("/telephones/oksana/goes_offline")
    await browser.shows(lambda parts: parts["phone/oksana"]["offline"])
    assert await browser.posts("/telephones/oksana/writes", text="?") == 409
    assert browser.answer == "This telephone is offline."
    async with SignalClient(signal) as bot:
        await bot.call("send", recipient=[oksana.id], message="Новини")
    await browser.shows(lambda _: browser.told("oksana") == ["send ✓"])
    assert browser.messages("oksana") == []
    await browser.posts("/telephones/oksana/comes_online")
    await browser.shows(lambda _: browser.texts("oksana") == ["Новини"])
    await browser.shows(lambda _: "receipt: read" in browser.told("oksana"))


async def test_signal_does_not_tell_the_bot_that_it_is_blocked(
    browser: Browser, signal: PretendSignal, oksana: SignalPerson
) -> None:
    await browser.posts("/telephones/oksana/blocks")
    await browser.shows(lambda parts: parts["phone/oksana"]["blocked"])
    assert await browser.posts("/telephones/oksana/writes", text="?") == 409
    async with SignalClient(signal) as bot:
        await bot.call("send", recipient=[oksana.id], message="Новини")
    await browser.shows(lambda _: browser.told("oksana") == ["send ✓"])
    await browser.posts("/telephones/oksana/unblocks")
    await browser.shows(lambda parts: not parts["phone/oksana"]["blocked"])
    assert browser.messages("oksana") == []


async def test_disappearing_messages_are_switched_on_and_off(browser: Browser) -> None:
    await browser.posts("/telephones/oksana/sets_timer", on=True)
    await browser.shows(lambda parts: parts["phone/oksana"]["timer"] == 86400)
    await browser.posts("/telephones/oksana/sets_timer", on=False)
    await browser.shows(lambda parts: parts["phone/oksana"]["timer"] == 0)


@pytest.mark.parametrize("kind", ["photo", "view_once", "voice", "sticker", "contact", "document"])
async def test_everything_a_telephone_with_signal_can_send_arrives(browser: Browser, kind: str) -> None:
    assert await browser.posts("/telephones/free/sends", kind=kind) == 204
    await browser.shows(lambda _: browser.messages("free"))
    [message] = browser.messages("free")
    assert (message["document"] is not None) if kind == "document" else (message["thing"] == kind)


async def test_a_call_reaches_the_bot_as_a_call(browser: Browser, signal: PretendSignal) -> None:
    assert await browser.posts("/telephones/oksana/calls") == 204
    async with SignalClient(signal) as bot:
        await bot.call("subscribeReceive")
        await signal.changed(lambda: "callMessage" in bot.events[0]["result"]["envelope"] if bot.events else False)


async def test_a_file_from_the_bot_on_signal_can_be_kept(
    browser: Browser, signal: PretendSignal, oksana: SignalPerson
) -> None:
    file = "data:application/json;filename=data.json;base64,e30="
    async with SignalClient(signal) as bot:
        await bot.call("send", recipient=[oksana.id], message="", attachment=[file])
    await browser.shows(lambda _: browser.messages("oksana"))
    document = browser.messages("oksana")[0]["document"]
    assert (document["name"], document["size"]) == ("data.json", 2)
    async with browser.session.get(browser.address + document["address"]) as answer:
        assert await answer.read() == b"{}"


@pytest.mark.parametrize(
    ("fault", "told"),
    [
        (faults.network_failure(), "send: Signal cannot be reached"),
        (faults.rate_limited(30), "send: wait 30 s"),
        (faults.captcha(), "send: Signal wants a captcha"),
        (faults.error(-1, "About +491234"), "send: refused"),
    ],
)
async def test_refusals_on_signal_are_told_in_plain_words_and_never_for_whom(
    browser: Browser, signal: PretendSignal, oksana: SignalPerson, fault: faults.Fault, told: str
) -> None:
    signal.fail("send", fault)
    async with SignalClient(signal) as bot:
        await bot.refused("send", recipient=[oksana.id], message="?")
    await browser.shows(lambda _: browser.told("oksana") == [told])
    assert browser.parts["strip/oksana"][0]["kind"] == "fault"


# What it may ask


@pytest.mark.parametrize("kind", ["photo", "voice", "sticker", "location", "contact", "document"])
async def test_everything_a_telephone_can_send_arrives(browser: Browser, kind: str) -> None:
    assert await browser.posts("/telephones/office/sends", kind=kind) == 204
    await browser.shows(lambda _: browser.messages("office"))
    [message] = browser.messages("office")
    assert (message["document"] is not None) if kind == "document" else (message["thing"] == kind)


@pytest.mark.parametrize(
    ("path", "asked", "status"),
    [
        ("/telephones/nobody/writes", {"text": "?"}, 404),
        ("/telephones/thomas/flies", {}, 404),
        ("/telephones/thomas/writes", {}, 400),
        ("/telephones/thomas/writes", {"text": ""}, 400),
        ("/telephones/thomas/writes", {"text": 5}, 400),
        ("/telephones/thomas/sends", {"kind": "gold"}, 400),
        ("/telephones/oksana/sends", {"kind": "location"}, 400),
        ("/telephones/oksana/edits", {"message": "1.0", "text": "?"}, 400),
        ("/telephones/oksana/writes", {"text": "?", "quote": "1.1"}, 400),
        ("/telephones/oksana/reacts", {"message": "1.1", "emoji": "🌻"}, 400),
        ("/telephones/thomas/presses", {"message": 1, "data": "y"}, 400),
        ("/telephones/thomas/presses", {"message": "one", "data": "y"}, 400),
        ("/telephones/office/invitation", {}, 409),
    ],
)
async def test_what_makes_no_sense_is_refused(browser: Browser, path: str, asked: dict[str, Any], status: int) -> None:
    assert await browser.posts(path, **asked) == status
    assert browser.answer


@pytest.mark.parametrize("body", ["{", "[]", "\ud800".encode("utf-8", "surrogatepass")])
async def test_what_is_no_json_object_is_refused(browser: Browser, body: str | bytes) -> None:
    address = f"{browser.address}/telephones/thomas/writes"
    async with browser.session.post(address, data=body, headers={"Content-Type": "application/json"}) as answer:
        assert answer.status == 400


async def test_other_web_sites_cannot_move_the_telephones(browser: Browser) -> None:
    address = f"{browser.address}/telephones/thomas/writes"
    async with browser.session.post(address, data='{"text": "/start"}') as answer:
        assert answer.status == 415
    async with browser.session.get(browser.address, headers={"Host": "evil.example"}) as answer:
        assert answer.status == 403
    assert browser.messages("thomas") == []


async def test_a_file_from_the_bot_can_be_kept(browser: Browser, telegram: PretendTelegram) -> None:
    await browser.posts("/telephones/thomas/writes", text="/start")
    form = aiohttp.FormData({"chat_id": str(min(telegram.people))}, quote_fields=False)
    form.add_field("document", b'{"a": 1}', filename="Мої дані.json", content_type="application/json")
    await browser.session.post(f"{telegram.url}/bot{telegram.token}/sendDocument", data=form)
    await browser.shows(lambda _: len(browser.messages("thomas")) == 2)
    document = browser.messages("thomas")[1]["document"]
    assert (document["name"], document["size"]) == ("Мої дані.json", 8)
    async with browser.session.get(browser.address + document["address"]) as answer:
        assert await answer.read() == b'{"a": 1}'
        disposition = answer.content_disposition
        assert disposition is not None
        assert (disposition.type, disposition.filename) == ("attachment", "Мої дані.json")
    for nothing in ("/telephones/thomas/documents/1", "/telephones/thomas/documents/99", "/telephones/x/documents/1"):
        async with browser.session.get(browser.address + nothing) as answer:
            assert answer.status == 404


async def test_the_page_loads_nothing_from_elsewhere(browser: Browser) -> None:
    static = sorted(f"/static/{file.name}" for file in page_module.STATIC.iterdir())
    for path in ("/", *(path for path in static if not path.endswith("index.html"))):
        async with browser.session.get(browser.address + path) as answer:
            assert answer.status == 200
            assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
            text = (await answer.text()).replace("http://www.w3.org/2000/svg", "")
            assert "http://" not in text
            assert "https://" not in text


async def test_the_readme_is_one_press_away(browser: Browser, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(page_module, "README", tmp_path / "README.md")
    async with browser.session.get(f"{browser.address}/README.md") as answer:
        assert answer.status == 404
    (tmp_path / "README.md").write_text("# Міст")
    async with browser.session.get(f"{browser.address}/README.md") as answer:
        assert (await answer.text(), answer.content_type) == ("# Міст", "text/plain")


async def test_a_taken_port_means_the_next_one() -> None:
    with free_port(18080) as first, free_port(first.getsockname()[1]) as second:
        assert second.getsockname()[1] > first.getsockname()[1]


async def test_no_free_port_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(page_module, "PORTS", 1)
    with free_port(0) as taken, pytest.raises(CannotNow, match="are taken"):
        free_port(taken.getsockname()[1])


# What is written in a bubble


def tag(name: str, *children: Any, **more: str) -> dict[str, Any]:
    return {"tag": name, "children": list(children), **more}


@pytest.mark.parametrize(
    ("html", "shown"),
    [
        ("plain &lt;b&gt; &amp; so", ["plain <b> & so"]),
        ("<b>a<i>b</i></b>c", [tag("b", "a", tag("i", "b")), "c"]),
        ("<strong>a</strong><em>b</em><tg-spoiler>c</tg-spoiler>", [tag("b", "a"), tag("i", "b"), tag("spoiler", "c")]),
        ("<script>alert(1)</script>", [tag("span", "alert(1)")]),
        ('<img src=x onerror="alert(1)">a', [tag("span", "a")]),
        ('<b onclick="alert(1)">a</b>', [tag("b", "a")]),
        ('<a href="javascript:alert(1)">a</a>', [tag("span", "a")]),
        ('<a href="http://[">a</a>', [tag("span", "a")]),
        (
            '<a href="https://e.org/?a=1&amp;b=2">https://e.org</a>',
            [tag("a", "https://e.org", href="https://e.org/?a=1&b=2")],
        ),
        ('<a href="tel:+49231500">a</a>', [tag("a", "a", href="tel:+49231500")]),
        ("<a>a</a>", [tag("span", "a")]),
        ("</b>a</i>", ["a"]),
        ("<code>/menu</code>", [tag("code", "/menu")]),
        ("see https://e.org/x.", ["see ", tag("a", "https://e.org/x", href="https://e.org/x"), "."]),
        ("a@e.org", [tag("a", "a@e.org", href="mailto:a@e.org")]),
        ("<i>a</i> <u></u>b", [tag("i", "a"), " ", tag("u"), "b"]),
        ("<b><i>a</b>b", [tag("b", tag("i", "a")), "b"]),
        ("und/oder /menu", ["und/oder ", tag("a", "/menu", writes="/menu")]),
        (f"https://t.me/{BOT_NAME}?start=x_1", [tag("a", f"https://t.me/{BOT_NAME}?start=x_1", writes="/start x_1")]),
        (f'<a href="https://T.me/{BOT_NAME}">a</a>', [tag("a", "a", writes="/start")]),
        ('<a href="https://t.me/other?start=x">a</a>', [tag("a", "a", href="https://t.me/other?start=x")]),
    ],
)
def test_only_harmless_markup_reaches_the_page(html: str, shown: list[Any]) -> None:
    assert nodes(html, BOT_NAME) == shown


@pytest.mark.parametrize(
    ("text", "styles", "shown"),
    [
        ("1 – Так", (), ["1 – Так"]),
        ("🌻🌻 ab", ((2, 2, "BOLD"), (5, 1, "MONOSPACE")), ["🌻", tag("b", "🌻"), " ", tag("code", "a"), "b"]),
        ("ab", ((0, 2, "BOLD"), (1, 1, "ITALIC")), [tag("b", "a"), tag("i", tag("b", "b"))]),
        ("ab", ((0, 1, "STRIKETHROUGH"), (1, 1, "SPOILER")), [tag("s", "a"), tag("spoiler", "b")]),
        ("/menu a@e.org", (), ["/menu ", tag("a", "a@e.org", href="mailto:a@e.org")]),
        ("https://t.me/", (), [tag("a", "https://t.me/", href="https://t.me/")]),
        ("<b>a</b>", (), ["<b>a</b>"]),
    ],
)
def test_styles_of_signal_are_shown(text: str, styles: tuple[Style, ...], shown: list[Any]) -> None:
    assert styled(text, styles) == shown


# The conductor


async def test_the_demo_plays_with_a_bot_of_its_own(demo_browser: Browser) -> None:
    await demo_browser.posts("/telephones/thomas/writes", text="Привіт")
    await demo_browser.shows(lambda _: demo_browser.texts("thomas") == ["Привіт", "Привіт, said 1"])
    await demo_browser.shows(lambda _: demo_browser.told("thomas") == ["sendMessage ✓", "inbox +1"])


async def test_a_killed_bot_comes_back_and_goes_on_where_it_was(demo: Demo, demo_browser: Browser) -> None:
    await demo_browser.posts("/telephones/thomas/writes", text="a")
    await demo_browser.shows(lambda _: "a, said 1" in demo_browser.texts("thomas"))
    before = demo.process
    assert await demo_browser.posts("/bot/restart") == 204
    await demo_browser.shows(bot_is("restarting"))
    await demo_browser.shows(bot_is("running"))
    assert before is not None
    assert before.returncode == -signals.SIGKILL
    await demo_browser.posts("/telephones/thomas/writes", text="b")
    await demo_browser.shows(
        lambda _: "b, said 2" in demo_browser.texts("thomas") or "b, said 3" in demo_browser.texts("thomas")
    )


async def test_the_demo_plays_on_signal_as_well(demo_browser: Browser) -> None:
    await demo_browser.posts("/telephones/oksana/writes", text="Привіт")
    await demo_browser.shows(lambda _: demo_browser.texts("oksana") == ["Привіт", "Привіт, said"])
    assert demo_browser.messages("oksana")[0]["ticks"] == 2
    assert demo_browser.parts["phone/oksana"]["bot"].startswith("Міст Дортмунд–Житомир")


async def test_a_dead_signal_cli_does_not_concern_telegram(demo_browser: Browser) -> None:
    assert await demo_browser.posts("/signal/daemon", runs=False) == 204
    await demo_browser.shows(lambda parts: not parts["demo"]["signal_cli_runs"])
    await demo_browser.posts("/telephones/oksana/writes", text="Привіт")
    await demo_browser.posts("/telephones/thomas/writes", text="Hallo")
    await demo_browser.shows(lambda _: "Hallo, said 1" in demo_browser.texts("thomas"))
    assert [message["ticks"] for message in demo_browser.messages("oksana")] == [1]
    await demo_browser.posts("/bot/restart")
    await demo_browser.shows(bot_is("running"))
    for _ in range(2):
        assert await demo_browser.posts("/signal/daemon", runs=True) == 204
    await demo_browser.shows(lambda parts: parts["demo"]["signal_cli_runs"])


async def test_a_bot_that_ends_by_itself_is_shown_with_its_last_words(demo_browser: Browser) -> None:
    await demo_browser.posts("/telephones/thomas/writes", text="/die")
    await demo_browser.shows(bot_is("stopped"))
    assert demo_browser.parts["demo"]["bot"]["said"] == "I cannot go on."


async def test_starting_again_forgets_everything(demo_browser: Browser) -> None:
    await demo_browser.posts("/telephones/thomas/writes", text="a")
    await demo_browser.shows(lambda _: "a, said 1" in demo_browser.texts("thomas"))
    await demo_browser.posts("/signal/captcha")
    await demo_browser.posts("/signal/daemon", runs=False)
    assert await demo_browser.posts("/again") == 204
    await demo_browser.shows(lambda _: demo_browser.texts("thomas") == [])
    await demo_browser.shows(bot_is("running"))
    assert demo_browser.parts["phone/thomas"]["untouched"]
    assert demo_browser.parts["demo"]["signal_cli_runs"]
    assert not demo_browser.parts["demo"]["captcha"]
    await demo_browser.posts("/telephones/thomas/writes", text="b")
    await demo_browser.shows(lambda _: "b, said 1" in demo_browser.texts("thomas"))


async def test_the_office_opens_an_invitation_that_the_bot_printed(demo: Demo, demo_browser: Browser) -> None:
    assert await demo_browser.posts("/telephones/office/invitation") == 409
    assert demo_browser.answer == "The database is not there."
    demo.database.with_name("demo.db.ready").touch()
    assert await demo_browser.posts("/telephones/office/invitation") == 204
    await demo_browser.shows(lambda _: "/start in_the-Team1, said 1" in demo_browser.texts("office"))


async def test_a_bot_that_does_not_stop_is_killed(
    tmp_path: Path, little_bot: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    deaf = LITTLE_BOT.replace("offset = 0", "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); offset = 0")
    Path(little_bot[1]).write_text(deaf)
    monkeypatch.setattr("bot.demo.demo.STOP", 0.05)
    async with playing(tmp_path / "demo.db", little_bot) as demo:
        await demo.telegram.polled(1, TIMEOUT)
        await demo.signal.subscribed(TIMEOUT)
        process = demo.process
    assert process is not None
    assert process.returncode == -signals.SIGKILL


@pytest.mark.skipif(not WITH_US, reason="setpriv (Linux) is what ends a bot whose demo was killed")
async def test_a_bot_whose_demo_was_killed_ends_too(
    tmp_path: Path, little_bot: tuple[str, ...], session: aiohttp.ClientSession
) -> None:
    alone = LITTLE_BOT.replace("offset = 0", "import time; call('getUpdates'); time.sleep(600)")
    Path(little_bot[1]).write_text(alone)
    play = "import asyncio, sys; from pathlib import Path; from bot.demo.demo import run_demo\n"
    play += "asyncio.run(run_demo(0, Path(sys.argv[1]), sys.argv[2:]))"
    command = (sys.executable, "-c", play, str(tmp_path), *little_bot)
    demo = await asyncio.create_subprocess_exec(*command, cwd=ROOT, stdout=asyncio.subprocess.PIPE)
    assert demo.stdout is not None
    said = (await demo.stdout.readline()).decode()
    address = re.search(r"http://[\d.:]+", said)
    assert address
    async with asyncio.timeout(TIMEOUT), Browser(address[0], session) as browser:
        await browser.shows(bot_is("running"))
        [written] = tmp_path.glob("*.pid")
        bot = os.pidfd_open(int(written.read_text()))
        ended = asyncio.Event()
        asyncio.get_running_loop().add_reader(bot, ended.set)
        demo.kill()
        await ended.wait()
        asyncio.get_running_loop().remove_reader(bot)
        os.close(bot)
    await demo.wait()


async def test_an_invitation_that_takes_too_long_is_given_up(
    tmp_path: Path, little_bot: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    Path(little_bot[1]).write_text("import time; time.sleep(60)")
    monkeypatch.setattr("bot.demo.demo.INVITATION", 0.05)
    async with playing(tmp_path / "demo.db", little_bot) as demo:
        with pytest.raises(CannotNow, match="too long"):
            await demo.invite()


async def test_the_whole_demo_ends_at_sigterm(
    tmp_path: Path, little_bot: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    said: asyncio.Queue[str] = asyncio.Queue()
    monkeypatch.setattr(click, "echo", said.put_nowait)
    async with asyncio.timeout(TIMEOUT), asyncio.TaskGroup() as tasks:
        tasks.create_task(run_demo(0, tmp_path, little_bot))
        assert "http://127.0.0.1:" in await said.get()
        os.kill(os.getpid(), signals.SIGTERM)


def test_the_ledger_reads_any_table(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "it.db")
    assert ledger.look() == {}
    with sqlite3.connect(tmp_path / "it.db") as db:
        db.executescript('CREATE TABLE "a""b" (x); CREATE TABLE w (k TEXT PRIMARY KEY, v) WITHOUT ROWID;')
        db.executescript("""INSERT INTO "a""b" VALUES (1), (2); INSERT INTO w VALUES ('k', 1);""")
    db.close()
    assert ledger.look() == {'a"b': Change(added=2), "w": Change(added=1)}
    assert ledger.look() == {}
    with sqlite3.connect(tmp_path / "it.db") as db:
        db.executescript("""UPDATE "a""b" SET x = 3 WHERE x = 1; DELETE FROM "a""b" WHERE x = 2; UPDATE w SET v = 2;""")
    db.close()
    assert ledger.look() == {'a"b': Change(removed=1, changed=1), "w": Change(changed=1)}
    (tmp_path / "it.db").write_bytes(b"")
    with sqlite3.connect(tmp_path / "it.db", isolation_level=None) as db:
        db.execute("CREATE TABLE t (x)")
        db.execute("BEGIN EXCLUSIVE")
        assert Ledger(tmp_path / "it.db").look() == {}
        db.execute("ROLLBACK")
    db.close()
