"""The demo at its HTTP edge: what a browser is told, what it may ask, and how the conductor treats the bot."""

import asyncio
import json
import os
import re
import signal
import sqlite3
import sys
from collections.abc import AsyncIterator, Callable, Mapping
from pathlib import Path
from typing import Any, Self

import aiohttp
import click
import pytest

from bot.demo import page as page_module
from bot.demo.bubbles import nodes
from bot.demo.demo import ROOT, WITH_US, Demo, Ledger, playing, run_demo
from bot.demo.page import CannotNow, Page, free_port, serve
from bot.demo.pretend_telegram import PretendTelegram
from bot.demo.strips import Change
from tests.pretend_telegram_client import Client

BOT_NAME = "bruecke_mist_bot"
LITTLE_BOT = """
import json, os, sqlite3, sys, urllib.request

def call(method, **params):
    address = f"{os.environ['TELEGRAM_API_URL']}/bot{os.environ['TELEGRAM_TOKEN']}/{method}"
    request = urllib.request.Request(address, json.dumps(params).encode(), {"Content-Type": "application/json"})
    return json.load(urllib.request.urlopen(request, timeout=60))["result"]

def say(chat, text):
    call("sendMessage", chat_id=chat, text=text)

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
    """A stage on which nobody plays: the pretend Telegram, and no bot."""

    def __init__(self, telegram: PretendTelegram) -> None:
        self.telegram = telegram
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


class Browser:
    """What a browser knows of the page, from the stream of events alone."""

    def __init__(self, address: str, session: aiohttp.ClientSession) -> None:
        self.address = address
        self.session = session
        self.parts: dict[str, Any] = {}

    async def __aenter__(self) -> Self:
        self.stream = await self.session.get(f"{self.address}/events")
        assert (await self.hears())[0] == "snapshot"
        return self

    async def __aexit__(self, *exc_info: object) -> None:
        self.stream.close()

    async def hears(self) -> tuple[str, Mapping[str, Any]]:
        """Take in the next event."""
        kind = (await self.stream.content.readline()).decode().removeprefix("event: ").strip()
        parts = json.loads((await self.stream.content.readline()).decode().removeprefix("data: "))
        await self.stream.content.readline()
        self.parts = {name: part for name, part in (self.parts | parts).items() if part is not None}
        return kind, parts

    async def shows(self, what: Callable[[dict[str, Any]], object]) -> None:
        """Wait until the page shows something."""
        async with asyncio.timeout(20):
            while not what(self.parts):
                await self.hears()

    def messages(self, who: str) -> list[dict[str, Any]]:
        return [part for name, part in self.parts.items() if name.startswith(f"message/{who}/")]

    def texts(self, who: str) -> list[str]:
        return [message["plain"] for message in self.messages(who)]

    def told(self, who: str) -> list[str]:
        return [line["text"] for line in self.parts[f"strip/{who}"]]

    async def posts(self, path: str, **asked: Any) -> int:
        async with self.session.post(f"{self.address}{path}", json=asked) as answer:
            self.answer = await answer.text()
            return answer.status


@pytest.fixture
async def telegram() -> AsyncIterator[PretendTelegram]:
    async with PretendTelegram() as telegram:
        yield telegram


@pytest.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as session:
        yield session


@pytest.fixture
async def stage(telegram: PretendTelegram) -> FakeStage:
    return FakeStage(telegram)


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


def bot_is(state: str) -> Callable[[dict[str, Any]], bool]:
    return lambda parts: parts["demo"]["bot"]["state"] == state


# What a browser is told


async def test_the_page_begins_with_four_telephones_on_which_nobody_wrote(browser: Browser) -> None:
    assert browser.parts["demo"]["telephones"] == ["oksana", "thomas", "office", "free"]
    phones = [part for name, part in browser.parts.items() if name.startswith("phone/")]
    assert [phone["language"] for phone in phones] == ["uk", "de", "de", "en"]
    assert all(phone["untouched"] for phone in phones)
    assert [phone["invitable"] for phone in phones] == [False, False, True, False]
    assert not any(name.startswith("message/") for name in browser.parts)


async def test_a_message_gets_its_second_tick_when_the_bot_has_taken_it(browser: Browser, bot: Client) -> None:
    assert await browser.posts("/telephones/oksana/writes", text="Привіт") == 204
    await browser.shows(lambda _: browser.messages("oksana"))
    assert [(message["plain"], message["ticks"]) for message in browser.messages("oksana")] == [("Привіт", 1)]
    [update] = await bot.call("getUpdates")
    assert browser.messages("oksana")[0]["ticks"] == 1
    await bot.call("getUpdates", offset=update["update_id"] + 1)
    await browser.shows(lambda _: browser.messages("oksana")[0]["ticks"] == 2)


async def test_a_pressed_button_turns_until_the_bot_answers_and_the_answer_is_shown(
    browser: Browser, bot: Client, telegram: PretendTelegram
) -> None:
    await browser.posts("/telephones/oksana/writes", text="/start")
    oksana = telegram.people[min(telegram.people)]
    keys = {"inline_keyboard": [[{"text": "Так", "callback_data": "y"}, {"text": "Сайт", "url": "https://e.org/"}]]}
    sent = await bot.call("sendMessage", chat_id=oksana.id, text="Добре?", reply_markup=keys)
    await browser.shows(lambda _: len(browser.messages("oksana")) == 2)
    row = [{"label": "Так", "data": "y"}, {"tag": "a", "href": "https://e.org/", "label": "Сайт"}]
    assert browser.messages("oksana")[1]["buttons"] == [row]

    assert await browser.posts("/telephones/oksana/presses", message=sent["message_id"], data="y") == 204
    await browser.shows(lambda parts: parts["phone/oksana"]["waiting"] == [[sent["message_id"], "y"]])
    press = (await bot.call("getUpdates"))[-1]["callback_query"]["id"]
    await bot.call("answerCallbackQuery", callback_query_id=press, text="Гаразд", show_alert=True)
    await browser.shows(lambda parts: not parts["phone/oksana"]["waiting"])
    assert browser.parts["phone/oksana"]["toasts"] == [{"text": "Гаразд", "alert": True}]
    await browser.shows(lambda _: "answerCallbackQuery ✓" in browser.told("oksana"))


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
    await browser.posts("/telephones/free/writes", text="Hello")
    await browser.shows(lambda _: browser.texts("free") == ["Hello"])
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
    await browser.posts("/telephones/oksana/writes", text="/start")
    oksana = telegram.people[min(telegram.people)]
    for _ in range(2):
        await bot.call("sendMessage", chat_id=oksana.id, text="Так")
    page.wrote({"inbox": Change(added=1)})
    page.wrote({"inbox": Change(added=1, removed=3), "people": Change(changed=1)})
    told = ["sendMessage ✓ × 2", "inbox +2, −3", "people 1 changed"]
    await browser.shows(lambda _: browser.told("oksana") == told)
    assert browser.told("thomas") == []
    await browser.posts("/telephones/oksana/writes", text="Ще")
    await browser.shows(lambda _: browser.told("oksana") == [])


async def test_slowing_down_is_shown_and_told_in_plain_words(browser: Browser, bot: Client) -> None:
    await browser.posts("/telephones/oksana/writes", text="/start")
    assert await browser.posts("/telegram/slow-down") == 204
    await browser.shows(lambda parts: parts["demo"]["slow_until"] > 0)
    await bot.refusal("getUpdates")
    await browser.shows(lambda _: browser.told("oksana") == ["getUpdates: 429 wait 10 s"])
    assert browser.parts["strip/oksana"][0]["kind"] == "fault"


async def test_refusals_are_told_with_telegrams_reason(
    browser: Browser, bot: Client, telegram: PretendTelegram
) -> None:
    await browser.posts("/telephones/oksana/writes", text="/start")
    assert await browser.posts("/telephones/oksana/blocks") == 204
    await browser.shows(lambda parts: parts["phone/oksana"]["blocked"])
    await bot.refusal("sendMessage", chat_id=min(telegram.people), text="?")
    await bot.refusal("sendMessage", chat_id=1, text="?")
    told = ["sendMessage: 403 bot was blocked by the user", "sendMessage: 400 chat not found"]
    await browser.shows(lambda _: browser.told("oksana") == told)
    assert await browser.posts("/telephones/oksana/writes", text="?") == 409
    await browser.posts("/telephones/oksana/unblocks")
    await browser.shows(lambda parts: not parts["phone/oksana"]["blocked"])


async def test_the_network_goes_and_comes_back(browser: Browser, telegram: PretendTelegram) -> None:
    await browser.posts("/telegram/network", gone=True)
    await browser.shows(lambda parts: parts["demo"]["network_gone"])
    assert telegram.network_gone
    await browser.posts("/telegram/network", gone=False)
    await browser.shows(lambda parts: not parts["demo"]["network_gone"])


# What it may ask


@pytest.mark.parametrize("kind", ["photo", "voice", "sticker", "location", "contact", "document"])
async def test_everything_a_telephone_can_send_arrives(browser: Browser, kind: str) -> None:
    assert await browser.posts("/telephones/free/sends", kind=kind) == 204
    await browser.shows(lambda _: browser.messages("free"))
    [message] = browser.messages("free")
    assert (message["document"] is not None) if kind == "document" else (message["thing"] == kind)


@pytest.mark.parametrize(
    ("path", "asked", "status"),
    [
        ("/telephones/nobody/writes", {"text": "?"}, 404),
        ("/telephones/oksana/flies", {}, 404),
        ("/telephones/oksana/writes", {}, 400),
        ("/telephones/oksana/writes", {"text": ""}, 400),
        ("/telephones/oksana/writes", {"text": 5}, 400),
        ("/telephones/oksana/sends", {"kind": "gold"}, 400),
        ("/telephones/oksana/presses", {"message": "1", "data": "y"}, 400),
        ("/telephones/office/invitation", {}, 409),
    ],
)
async def test_what_makes_no_sense_is_refused(browser: Browser, path: str, asked: dict[str, Any], status: int) -> None:
    assert await browser.posts(path, **asked) == status
    assert browser.answer


@pytest.mark.parametrize("body", ["{", "[]", "\ud800".encode("utf-8", "surrogatepass")])
async def test_what_is_no_json_object_is_refused(browser: Browser, body: str | bytes) -> None:
    address = f"{browser.address}/telephones/oksana/writes"
    async with browser.session.post(address, data=body, headers={"Content-Type": "application/json"}) as answer:
        assert answer.status == 400


async def test_other_web_sites_cannot_move_the_telephones(browser: Browser) -> None:
    address = f"{browser.address}/telephones/oksana/writes"
    async with browser.session.post(address, data='{"text": "/start"}') as answer:
        assert answer.status == 415
    async with browser.session.get(browser.address, headers={"Host": "evil.example"}) as answer:
        assert answer.status == 403
    assert browser.messages("oksana") == []


async def test_a_file_from_the_bot_can_be_kept(browser: Browser, telegram: PretendTelegram) -> None:
    await browser.posts("/telephones/oksana/writes", text="/start")
    form = aiohttp.FormData({"chat_id": str(min(telegram.people))}, quote_fields=False)
    form.add_field("document", b'{"a": 1}', filename="Мої дані.json", content_type="application/json")
    await browser.session.post(f"{telegram.url}/bot{telegram.token}/sendDocument", data=form)
    await browser.shows(lambda _: len(browser.messages("oksana")) == 2)
    document = browser.messages("oksana")[1]["document"]
    assert (document["name"], document["size"]) == ("Мої дані.json", 8)
    async with browser.session.get(browser.address + document["address"]) as answer:
        assert await answer.read() == b'{"a": 1}'
        disposition = answer.content_disposition
        assert disposition is not None
        assert (disposition.type, disposition.filename) == ("attachment", "Мої дані.json")
    for nothing in ("/telephones/oksana/documents/1", "/telephones/oksana/documents/99", "/telephones/x/documents/1"):
        async with browser.session.get(browser.address + nothing) as answer:
            assert answer.status == 404


async def test_the_page_loads_nothing_from_elsewhere(browser: Browser) -> None:
    for path in ("/", "/static/demo.js", "/static/demo.css"):
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


# The conductor


async def test_the_demo_plays_with_a_bot_of_its_own(demo_browser: Browser) -> None:
    await demo_browser.posts("/telephones/oksana/writes", text="Привіт")
    await demo_browser.shows(lambda _: demo_browser.texts("oksana") == ["Привіт", "Привіт, said 1"])
    await demo_browser.shows(lambda _: demo_browser.told("oksana") == ["sendMessage ✓", "inbox +1"])


async def test_a_killed_bot_comes_back_and_goes_on_where_it_was(demo: Demo, demo_browser: Browser) -> None:
    await demo_browser.posts("/telephones/oksana/writes", text="a")
    await demo_browser.shows(lambda _: "a, said 1" in demo_browser.texts("oksana"))
    before = demo.process
    assert await demo_browser.posts("/bot/restart") == 204
    await demo_browser.shows(bot_is("restarting"))
    await demo_browser.shows(bot_is("running"))
    assert before is not None
    assert before.returncode == -signal.SIGKILL
    await demo_browser.posts("/telephones/oksana/writes", text="b")
    await demo_browser.shows(
        lambda _: "b, said 2" in demo_browser.texts("oksana") or "b, said 3" in demo_browser.texts("oksana")
    )


async def test_a_bot_that_ends_by_itself_is_shown_with_its_last_words(demo_browser: Browser) -> None:
    await demo_browser.posts("/telephones/oksana/writes", text="/die")
    await demo_browser.shows(bot_is("stopped"))
    assert demo_browser.parts["demo"]["bot"]["said"] == "I cannot go on."


async def test_starting_again_forgets_everything(demo_browser: Browser) -> None:
    await demo_browser.posts("/telephones/oksana/writes", text="a")
    await demo_browser.shows(lambda _: "a, said 1" in demo_browser.texts("oksana"))
    assert await demo_browser.posts("/again") == 204
    await demo_browser.shows(lambda _: demo_browser.texts("oksana") == [])
    await demo_browser.shows(bot_is("running"))
    assert demo_browser.parts["phone/oksana"]["untouched"]
    await demo_browser.posts("/telephones/oksana/writes", text="b")
    await demo_browser.shows(lambda _: "b, said 1" in demo_browser.texts("oksana"))


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
        await demo.telegram.changed(lambda: demo.state == "running", timeout=20)
        process = demo.process
    assert process is not None
    assert process.returncode == -signal.SIGKILL


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
    async with asyncio.timeout(20), Browser(address[0], session) as browser:
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
    async with asyncio.timeout(20), asyncio.TaskGroup() as tasks:
        tasks.create_task(run_demo(0, tmp_path, little_bot))
        assert "http://127.0.0.1:" in await said.get()
        os.kill(os.getpid(), signal.SIGTERM)


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
    assert ledger.look() == {'a"b': Change(removed=1, changed=1), "w": Change(added=1, removed=1)}
    (tmp_path / "it.db").write_bytes(b"")
    with sqlite3.connect(tmp_path / "it.db", isolation_level=None) as db:
        db.execute("CREATE TABLE t (x)")
        db.execute("BEGIN EXCLUSIVE")
        assert Ledger(tmp_path / "it.db").look() == {}
        db.execute("ROLLBACK")
    db.close()
