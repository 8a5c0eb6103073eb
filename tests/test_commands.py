"""The commands of whoever runs the bot: run, invite and check, as they are typed in a terminal."""

import asyncio
import os
import re
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import date, timedelta
from pathlib import Path

import pytest
import time_machine
from click.testing import CliRunner, Result

from bot import languages, profile, settings, staff
from bot.__main__ import cli
from bot.demo.pretend_telegram import PretendTelegram
from bot.demo.telegram_faults import Fault
from bot.pace import Limits
from bot.staff import Role
from bot.storage import open_store
from tests.bridge import TIMEOUT, Somebody, Town, town

ROOT = Path(__file__).parent.parent
UNLIMITED = Limits(None, None)


@pytest.fixture
async def telegram() -> AsyncIterator[PretendTelegram]:
    """A Telegram without a bot."""
    async with PretendTelegram() as telegram:
        yield telegram


def environment(telegram: PretendTelegram, folder: Path) -> dict[str, str]:
    return {
        "TELEGRAM_TOKEN": telegram.token,
        "TELEGRAM_API_URL": telegram.url,
        "DATABASE": str(folder / "bot.db"),
        "LISTEN": "127.0.0.1:0",
    }


@pytest.fixture
def terminal(telegram: PretendTelegram, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A terminal with settings, in a folder without a `.env`."""
    for name in settings.documented():
        monkeypatch.setenv(name, "")
    for name, value in environment(telegram, tmp_path).items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(tmp_path)


async def typed(*words: str) -> Result:
    """Return what a command says, while the world around it goes on."""
    return await asyncio.to_thread(CliRunner().invoke, cli, words)


# ---------------------------------------------------------------------- invite


@pytest.mark.usefixtures("terminal")
async def test_an_invitation_is_a_link_and_words(telegram: PretendTelegram, tmp_path: Path) -> None:
    ended = await typed("invite", "--role", "editor")
    assert ended.exit_code == 0
    link = re.search(rf"https://t\.me/{telegram.bot_username}\?start=(join-[\w-]+)$", ended.stdout, re.MULTILINE)
    words = re.search(r"/start (join-[\w-]+)$", ended.stdout, re.MULTILINE)
    assert link
    assert words
    assert link[1] == words[1]
    assert re.fullmatch(r"[\w-]{1,64}", link[1])  # https://core.telegram.org/bots/features#deep-linking
    async with open_store(tmp_path / "bot.db", checkpoints=False) as store:
        kept = await store.read(lambda db: [tuple(row) for row in db.execute("SELECT * FROM invitations")])
        joined = await store.write(lambda db: _join(db, link[1].removeprefix("join-")))
    assert joined is Role.EDITOR
    assert link[1].removeprefix("join-") not in str(kept)


def _join(db: sqlite3.Connection, code: str, name: str = "Maria") -> Role | None:
    person = db.execute("INSERT INTO people (seen_at) VALUES (?) RETURNING id", (len(name),)).fetchone()["id"]
    return staff.join(db, person, staff.fingerprint(code), int(time.time()))


@pytest.mark.usefixtures("terminal")
async def test_an_invitation_is_words_where_telegram_cannot_be_asked(
    telegram: PretendTelegram, monkeypatch: pytest.MonkeyPatch
) -> None:
    telegram.fail("getMe", Fault.bad_gateway())
    without_network = await typed("invite", "--role", "admin")
    monkeypatch.setenv("TELEGRAM_TOKEN", "")
    without_token = await typed("invite", "--role", "admin")
    for ended in (without_network, without_token):
        assert ended.exit_code == 0
        assert "t.me" not in ended.stdout
        assert "/start join-" in ended.stdout


async def test_an_invitation_can_be_used_once(tmp_path: Path) -> None:
    async with open_store(tmp_path / "bot.db") as store:
        code = await store.write(lambda db: staff.invite(db, Role.DESK, int(time.time())))
        crowd = await asyncio.gather(*(store.write(lambda db: _join(db, code)) for _ in range(200)))
    assert [role for role in crowd if role] == [Role.DESK]


async def test_an_invitation_ends_after_a_day(tmp_path: Path) -> None:
    async with open_store(tmp_path / "bot.db") as store:
        codes = [await store.write(lambda db: staff.invite(db, Role.DESK, int(time.time()))) for _ in range(2)]
        with time_machine.travel(time.time() + 24 * 3600 - 5):
            assert await store.write(lambda db: _join(db, codes[0])) is Role.DESK
        with time_machine.travel(time.time() + 24 * 3600 + 5):
            assert await store.write(lambda db: _join(db, codes[1])) is None
            await store.write(lambda db: staff.invite(db, Role.DESK, int(time.time())))
            kept = await store.read(lambda db: db.execute("SELECT count(*) FROM invitations").fetchone()[0])
    assert kept == 1


async def test_two_hundred_at_once_have_one_winner(tmp_path: Path) -> None:
    async with town(tmp_path, limits=UNLIMITED) as place:
        code = await place.invitation(Role.ADMIN)
        crowd = [place.somebody(f"Somebody {n}", "de") for n in range(200)]
        for somebody in crowd:
            somebody.phone.write("/start")
            somebody.phone.write("de")
        for somebody in crowd:
            somebody.phone.write(f"/start join-{code}")
        await place.settles()
        assert await place.rows("SELECT role FROM staff") == [("admin",)]
        assert [bool(somebody.commands().get("broadcast")) for somebody in crowd].count(True) == 1


@pytest.mark.usefixtures("terminal")
async def test_an_unknown_role_is_refused() -> None:
    ended = await typed("invite", "--role", "king")
    assert ended.exit_code == 2
    assert "'admin', 'editor', 'approver', 'desk'" in ended.stderr


@pytest.mark.usefixtures("terminal")
@pytest.mark.parametrize("command", [("invite", "--role", "desk"), ("run",)])
def test_a_database_of_a_newer_bot_is_refused_with_a_sentence(tmp_path: Path, command: tuple[str, ...]) -> None:
    db = sqlite3.connect(tmp_path / "bot.db")
    db.execute("PRAGMA user_version=9999")
    db.close()
    ended = subprocess.run(
        [sys.executable, "-m", "bot", *command], capture_output=True, text=True, cwd=ROOT, timeout=30
    )
    assert (ended.returncode, ended.stdout) == (2, "")
    assert re.fullmatch(r"The database is of version 9999, this bot knows up to \d+\.\n", ended.stderr)


# ---------------------------------------------------------------------- check


@pytest.mark.usefixtures("terminal")
async def test_everything_is_there() -> None:
    with time_machine.travel(newest_helpline()):
        ended = await typed("check")
    assert (ended.exit_code, ended.stdout) == (0, "Everything is there.\n")


def newest_helpline() -> date:
    return max(line.checked_on for line in profile.read("dortmund-schytomyr").helplines)


@pytest.mark.usefixtures("terminal")
async def test_what_is_missing_is_named(
    telegram: PretendTelegram, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    city = (ROOT / "profiles" / "dortmund-schytomyr.toml").read_text(encoding="utf-8")
    city = re.sub(r"(?s)(\[legal\.imprint\].*?\nde = \"\"\").*?(\"\"\"\nuk)", r"\1\2", city)
    city = re.sub(r'(?m)^privacy_contact = ".*?"', 'privacy_contact = ""', city)
    city = re.sub(r'languages = \["uk", "de"\]', 'languages = ["uk", "de", "xx"]', city)
    (tmp_path / "city.toml").write_text(city, encoding="utf-8")
    monkeypatch.setenv("PROFILE", str(tmp_path / "city.toml"))
    monkeypatch.setenv("TELEGRAM_TOKEN", "123456:AAbbCCddEEffGG")
    ended = await typed("check")
    assert ended.exit_code == 2  # a language that no text of the profile has
    assert "lacks the language xx" in ended.stderr
    (tmp_path / "city.toml").write_text(city.replace(', "xx"', ""), encoding="utf-8")
    texts = tmp_path / "locales"
    incomplete(texts)
    monkeypatch.setattr(languages, "FOLDER", texts)
    with time_machine.travel(newest_helpline() + timedelta(days=181)):
        ended = await typed("check")
    assert ended.exit_code == 1, ended.stderr
    lines = ended.stdout.splitlines()
    helplines = [line for line in lines if line.startswith("The help line ")]
    assert lines[:2] == ["The profile has no imprint.", "The profile names no contact for questions of privacy."]
    assert len(helplines) == len(profile.read("dortmund-schytomyr").helplines)
    assert "The help line 112 was last checked on " in helplines[0]
    assert lines[2 + len(helplines) :] == [
        "There are no texts in the language uk.",
        "2 texts are missing in the language de.",
        "Telegram refuses the token. Please compare it with what BotFather gave you.",
    ]
    telegram.network_gone = True
    assert "Telegram cannot be reached from this machine." in (await typed("check")).stdout


def incomplete(folder: Path) -> None:
    """Make catalogs of which one is missing and the other lacks two texts."""
    catalog = folder / "de" / "LC_MESSAGES" / "bot.po"
    catalog.parent.mkdir(parents=True)
    header = 'msgid ""\nmsgstr "Content-Type: text/plain; charset=utf-8\\n"\n\n'
    catalog.write_text(
        f'{header}msgid "a"\nmsgstr "A"\n\nmsgid "b"\nmsgstr ""\n\n#, fuzzy\nmsgid "c"\nmsgstr "C"\n', encoding="utf-8"
    )


# ---------------------------------------------------------------------- run


@asynccontextmanager
async def process(telegram: PretendTelegram, folder: Path) -> AsyncIterator[asyncio.subprocess.Process]:
    """The bot as its supervisor starts it, polling."""
    running = await start(environment(telegram, folder))
    try:
        await telegram.polled(1, 20)
        yield running
    finally:
        if running.returncode is None:
            running.kill()
        await running.communicate()


async def start(given: dict[str, str]) -> asyncio.subprocess.Process:
    nothing = dict.fromkeys(settings.documented(), "")
    return await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "bot", "run"),
        env={**os.environ, **nothing, **given},
        cwd=ROOT,
        stderr=asyncio.subprocess.PIPE,
    )


async def end_of(running: asyncio.subprocess.Process, seconds: float) -> tuple[int | None, str]:
    async with asyncio.timeout(seconds):
        _, said = await running.communicate()
    return running.returncode, said.decode()


async def test_a_second_bot_on_the_same_database_is_refused(telegram: PretendTelegram, tmp_path: Path) -> None:
    async with process(telegram, tmp_path):
        second = await start(environment(telegram, tmp_path))
        sentence = f"Another bot is already running with the database {tmp_path / 'bot.db'}.\n"
        assert await end_of(second, 20) == (2, sentence)
        oksana = telegram.person("Oksana")
        await oksana.writes("/start")
        await telegram.changed(lambda: oksana.received, TIMEOUT, "an answer of the first")


async def test_an_address_that_is_taken_is_told_in_a_sentence(telegram: PretendTelegram, tmp_path: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        address = f"127.0.0.1:{other.getsockname()[1]}"
        running = await start({**environment(telegram, tmp_path), "LISTEN": address})
        assert await end_of(running, 20) == (2, f"LISTEN: {address} cannot be used: Address already in use.\n")


async def test_a_folder_that_cannot_be_made_is_told_in_a_sentence(telegram: PretendTelegram, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    running = await start({**environment(telegram, tmp_path), "DATABASE": str(tmp_path / "file" / "bot.db")})
    code, said = await end_of(running, 20)
    assert code == 2
    assert re.fullmatch(r"The database .*bot\.db cannot be made: (File exists|Not a directory)\.\n", said)


async def test_sigterm_ends_the_bot_within_five_seconds_and_nothing_is_lost(
    telegram: PretendTelegram, tmp_path: Path
) -> None:
    crowd = [telegram.person(f"Somebody {n}") for n in range(250)]
    async with process(telegram, tmp_path) as running:
        telegram.fail("sendMessage", Fault.hang_before(), times=3)
        for person in crowd:
            for text in ("/start", "de", "/menu", "/help"):
                person.write(text)
        await telegram.changed(lambda: telegram.counts.get("sendMessage", 0) > 20, TIMEOUT, "first answers")
        asked = time.monotonic()
        running.send_signal(signal.SIGTERM)
        code, said = await end_of(running, 10)
        assert (code, time.monotonic() - asked < 5) == (0, True)
        assert "Traceback" not in said
    place = Town(telegram, tmp_path, "dortmund-schytomyr", UNLIMITED)
    await place.start()
    await place.settles()
    await place.stop()
    screens = [Somebody(place, person).screen for person in crowd]
    assert [n for n, screen in enumerate(screens) if "112" not in screen] == []
    assert {len(person.received) for person in crowd} <= {len(screens[0].split("\n---\n")) + n for n in range(-2, 3)}


@pytest.mark.usefixtures("terminal")
async def test_a_language_without_texts_is_told_in_a_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(languages, "FOLDER", tmp_path)
    ended = await typed("run")
    assert (ended.exit_code, ended.stdout) == (2, "")
    assert ended.stderr == "There are no texts in the language uk.\nThere are no texts in the language de.\n"
