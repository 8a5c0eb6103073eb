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
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress
from datetime import date, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
import time_machine
from click.testing import CliRunner, Result

from bot import languages, profile, settings, staff
from bot.__main__ import cli
from bot.demo.pretend_signal import PretendSignal
from bot.demo.pretend_telegram import PretendTelegram
from bot.demo.signal_faults import breaks_connection, internal_error
from bot.demo.telegram_faults import Fault
from bot.fingerprint import fingerprint
from bot.pace import Limits
from bot.signal_setup.signal_cli import Options, ask, how_to_start, how_to_start_with
from bot.staff import Role
from bot.storage import open_store
from tests.bridge import TIMEOUT, OnTelegram, Town, town

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
    link = re.search(
        rf"\nOn Telegram, open this link on the telephone: https://t\.me/{telegram.bot_username}\?start=(join-[\w-]+)$",
        ended.stdout,
        re.MULTILINE,
    )
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
    return staff.join(db, person, fingerprint(code), int(time.time()))


@pytest.mark.usefixtures("terminal")
async def test_an_invitation_is_words_where_there_can_be_no_link_and_says_why(
    telegram: PretendTelegram, monkeypatch: pytest.MonkeyPatch
) -> None:
    telegram.fail("getMe", Fault.bad_gateway())
    without_network = await typed("invite", "--role", "admin")
    monkeypatch.setenv("TELEGRAM_TOKEN", "123456:AAbbCCddEEffGG")
    refused = await typed("invite", "--role", "admin")
    monkeypatch.setenv("TELEGRAM_TOKEN", "typo")
    mistyped = await typed("invite", "--role", "admin")
    monkeypatch.setenv("TELEGRAM_TOKEN", "")
    without_messenger = await typed("invite", "--role", "admin")
    for ended, why in (
        (without_network, "Telegram cannot be reached from this machine."),
        (refused, "Telegram refuses the token. Please compare it with what BotFather gave you."),
        (mistyped, "TELEGRAM_TOKEN does not look like a token of BotFather: digits, a colon,"),
        (without_messenger, "There is no messenger. Please set TELEGRAM_TOKEN,"),
    ):
        assert (ended.exit_code, ended.stderr) == (0, "")
        assert "t.me" not in ended.stdout
        assert f"\nThere is no link for Telegram. {why}" in ended.stdout
        assert re.search(r"\nWrite these words to the bot: /start join-[\w-]+\n$", ended.stdout)


@pytest.mark.usefixtures("terminal")
async def test_an_invitation_of_a_bot_that_is_only_on_signal_is_words(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name, value in {**on_signal(tmp_path / "s"), "TELEGRAM_TOKEN": ""}.items():
        monkeypatch.setenv(name, value)
    ended = await typed("invite", "--role", "desk")
    assert (
        "\nThere is no link for Telegram. TELEGRAM_TOKEN is not set, and Signal knows no such links.\n" in ended.stdout
    )
    assert re.search(r"\nWrite these words to the bot: /start join-[\w-]+\n$", ended.stdout)
    assert "t.me" not in ended.stdout


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
@pytest.mark.parametrize("words", [("--help",), ("signal", "--help"), ("invite",), ("signal", "verfy")])
def test_help_and_refusals_name_the_command_that_people_were_told(words: tuple[str, ...]) -> None:
    ended = subprocess.run([sys.executable, "-m", "bot", *words], capture_output=True, text=True, cwd=ROOT, timeout=60)
    said = ended.stdout + ended.stderr
    assert said.startswith(f"Usage: python3 run.py {words[0] if words[0] != '--help' else '[OPTIONS]'}")
    assert "-m bot" not in said


@pytest.mark.usefixtures("terminal")
@pytest.mark.parametrize("command", [("invite", "--role", "desk"), ("run",)])
def test_a_database_of_a_newer_bot_is_refused_with_a_sentence(tmp_path: Path, command: tuple[str, ...]) -> None:
    db = sqlite3.connect(tmp_path / "bot.db")
    db.execute("PRAGMA user_version=9999")
    db.close()
    ended = subprocess.run(
        [sys.executable, "-m", "bot", *command], capture_output=True, text=True, cwd=ROOT, timeout=60
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


# ---------------------------------------------------------------------- check: signal-cli

NUMBER = "+4915112345678"
DAEMON = f"""
import asyncio, sys
from pathlib import Path
from bot.demo.pretend_signal import PretendSignal

async def main():
    async with PretendSignal(Path(sys.argv[-1]), "{NUMBER}", single_account="-a" in sys.argv, receive_mode=sys.argv[1]):
        print("listens", flush=True)
        await asyncio.Event().wait()

asyncio.run(main())
"""
RIGHT = (
    f"-a {NUMBER} --trust-new-identities always --scrub-log"
    " daemon --receive-mode manual --no-receive-stdout --ignore-attachments --socket"
)


def on_signal(place: Path) -> dict[str, str]:
    return {"SIGNAL_ACCOUNT": NUMBER, "SIGNAL_SOCKET": str(place)}


@pytest.fixture
def only_signal(terminal: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:  # noqa: ARG001  # a fixture
    """A terminal with settings for Signal alone; the place of the socket."""
    for name, value in {**on_signal(tmp_path / "s"), "TELEGRAM_TOKEN": ""}.items():
        monkeypatch.setenv(name, value)
    return tmp_path / "s"


@asynccontextmanager
async def signal_cli(place: Path, options: str) -> AsyncIterator[None]:
    """A pretend signal-cli that is a process of its own, started with these options."""
    mode = next((mode for mode in ("on-start", "on-connection") if mode in options), "manual")
    running = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", DAEMON, mode, *options.split(), str(place)),
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=asyncio.subprocess.PIPE,
    )
    try:
        assert running.stdout
        async with asyncio.timeout(TIMEOUT):
            assert await running.stdout.readline() == b"listens\n"
        yield
    finally:
        running.kill()
        await running.communicate()


async def checked() -> tuple[int, list[str]]:
    """Return what `check` says, where everything else is there."""
    with time_machine.travel(newest_helpline()):
        ended = await typed("check")
    assert not ended.stderr
    return ended.exit_code, ended.stdout.splitlines()


async def test_a_signal_cli_as_it_should_be_has_everything(only_signal: Path) -> None:
    async with signal_cli(only_signal, RIGHT):
        assert await checked() == (0, ["Everything is there."])


@pytest.mark.parametrize(
    "where", ["the unit", "the words of the commands", "the words for a number that is registered"]
)
async def test_what_we_tell_operators_to_start_is_as_it_should_be(only_signal: Path, where: str) -> None:
    unit = (ROOT / "docs" / "signal-cli.service").read_text(encoding="utf-8").replace("\\\n", " ")
    command = {
        "the unit": re.findall("^ExecStart=(.*)$", unit, re.MULTILINE)[0].replace("$ACCOUNT", f"-a {NUMBER}"),
        "the words of the commands": how_to_start(only_signal, "To try").splitlines()[-1],
        "the words for a number that is registered": how_to_start_with(only_signal, NUMBER).splitlines()[-1],
    }[where]
    assert " --socket " in command
    async with signal_cli(only_signal, command):
        _code, lines = await checked()
    assert [line for line in lines if "runs without -a" not in line] == ["Everything is there."]


async def test_both_messengers_are_looked_at(only_signal: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TELEGRAM_TOKEN", "123456:AAbbCCddEEffGG")
    _code, lines = await checked()
    assert [line.split()[0] for line in lines] == ["Telegram", "There"]
    assert str(only_signal) in lines[1]


LOST = "signal-cli takes messages from Signal while the bot is not there, and they are lost ({})."
UNHEARD = "Whoever has a new telephone would not be heard any more. Please start signal-cli with --trust-new-identities"


@pytest.mark.parametrize(
    ("options", "sentences"),
    [
        (RIGHT.replace("--receive-mode manual", ""), [LOST.format("on-start")]),
        (RIGHT.replace("manual", "on-connection"), [LOST.format("on-connection")]),
        (RIGHT.replace("--receive-mode manual", "--receive-mode=on-start"), [LOST.format("on-start")]),
        (RIGHT.replace("always", "on-first-use"), [UNHEARD]),
        (RIGHT.replace("--no-receive-stdout", ""), ["signal-cli writes every message into its log."]),
        (RIGHT.replace("--scrub-log", ""), ["signal-cli writes telephone numbers into its log."]),
        (RIGHT.replace("--ignore-attachments", ""), ["signal-cli keeps every picture that people send, for ever."]),
        (
            RIGHT.replace(NUMBER, "+4923150"),
            [f"signal-cli runs with -a +4923150, but SIGNAL_ACCOUNT is {NUMBER}."],
        ),
        (
            f"--account={NUMBER} -a x daemon --socket",
            [
                LOST.format("on-start"),
                UNHEARD,
                "signal-cli writes every message into its log.",
                "signal-cli writes telephone numbers into its log.",
                "signal-cli keeps every picture that people send, for ever.",
            ],
        ),
    ],
)
async def test_each_option_that_harms_is_named(only_signal: Path, options: str, sentences: list[str]) -> None:
    async with signal_cli(only_signal, options):
        code, lines = await checked()
    assert code == 1
    assert len(lines) == len(sentences)
    assert all(line.startswith(sentence) for line, sentence in zip(lines, sentences, strict=True))


UNSEEN = f"A hint: How signal-cli was started cannot be seen from here. Please look whether it has -a {NUMBER}, --rec"
SEEN = "What can be seen from here is there."


@pytest.mark.parametrize("number", [NUMBER, "+4923150"])
async def test_what_cannot_be_seen_is_not_said_to_be_there(only_signal: Path, number: str) -> None:
    async with PretendSignal(only_signal, number) as signal:  # in this process, whose command line is that of the tests
        code, lines = await checked()
        assert {call.method for call in signal.calls} <= {"version", "listAccounts"}
        assert signal.daemon_state["subscriptions"] == 0
    assert (code, len(lines)) == (0, 2)
    assert lines[0].startswith(UNSEEN)
    assert lines[1] == SEEN


async def test_a_process_that_this_user_may_not_look_at_is_not_said_to_be_right(
    only_signal: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def hidden(self: Path) -> bytes:
        raise PermissionError(13, "Permission denied", str(self))

    async with signal_cli(only_signal, RIGHT):
        monkeypatch.setattr(Path, "read_bytes", hidden)  # /proc mounted with hidepid; root sees everything
        code, lines = await checked()
    assert code == 0
    assert lines[0].startswith(UNSEEN)
    assert lines[1:] == [SEEN]


@pytest.mark.parametrize("has_account", [True, False])
async def test_a_wrong_number_is_a_fault_where_the_numbers_can_be_asked(
    only_signal: Path, monkeypatch: pytest.MonkeyPatch, has_account: bool
) -> None:
    monkeypatch.setenv("SIGNAL_ACCOUNT", NUMBER if has_account else "+4923150")
    async with signal_cli(only_signal, RIGHT.replace(f"-a {NUMBER}", "")):
        code, lines = await checked()
    assert code == (not has_account)
    assert lines == (
        [
            (
                "A hint: signal-cli runs without -a, so nobody notices if Signal takes the number away."
                f" Please start it with -a {NUMBER}."
            ),
            "Everything is there.",
        ]
        if has_account
        else ["+4923150 is not registered on Signal, or no longer. Please run: python3 run.py signal register"]
    )


@asynccontextmanager
async def over_tcp(place: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[str]:
    """A port of this machine at which the signal-cli of a socket can be reached, too, and which the settings name."""

    async def pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while chunk := await reader.read(65536):
            writer.write(chunk)
        writer.close()

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        theirs, ours = await asyncio.open_unix_connection(str(place))
        with suppress(ConnectionError):
            await asyncio.gather(pass_on(reader, ours), pass_on(theirs, writer))

    async with await asyncio.start_server(connected, "127.0.0.1", 0) as server:
        address = f"127.0.0.1:{server.sockets[0].getsockname()[1]}"
        monkeypatch.setenv("SIGNAL_SOCKET", "")
        monkeypatch.setenv("SIGNAL_TCP", address)
        yield address


async def test_a_port_that_every_program_may_use_is_a_hint(only_signal: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with signal_cli(only_signal, RIGHT), over_tcp(only_signal, monkeypatch) as address:
        code, lines = await checked()
    assert code == 0
    assert lines[0].startswith(UNSEEN)
    assert lines[1:] == [
        (
            f"A hint: Every program on this machine that reaches {address} can read and write as the city:"
            " signal-cli asks nobody for a password there. SIGNAL_SOCKET is better."
        ),
        SEEN,
    ]


async def test_checking_swallows_no_message(only_signal: Path) -> None:
    async with PretendSignal(only_signal, NUMBER) as signal:
        oksana = signal.person("Оксана")
        await oksana.writes("Привіт")
        await checked()
        assert signal.mailbox.waiting


async def test_nothing_is_asked_of_one_that_hands_messages_to_whoever_connects(
    only_signal: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    started = Options.of(RIGHT.replace("manual", "on-connection").split())
    monkeypatch.setattr("bot.signal_setup.signal_cli.options", lambda _place: started)
    async with PretendSignal(only_signal, NUMBER) as signal:
        code, lines = await checked()
        await ask(only_signal, "version")
        assert [call.method for call in signal.calls] == ["version"]
    assert (code, len(lines)) == (1, 1)


async def test_a_version_that_is_not_told_is_not_said_to_be_new(
    only_signal: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.signal_setup.signal_cli.options", lambda _place: Options.of(RIGHT.split()))
    async with PretendSignal(only_signal, NUMBER, version="unknown"):
        code, lines = await checked()
    assert code == 0
    assert lines == [
        (
            "A hint: signal-cli does not say which version it is."
            " Please look whether it is the newest one, 0.14.5 at least."
        ),
        SEEN,
    ]


@pytest.mark.parametrize("version", ["0.13.19", "0.14.4"])
async def test_a_signal_cli_that_is_too_old_is_a_fault(only_signal: Path, version: str) -> None:
    async with PretendSignal(only_signal, NUMBER, version=version):
        code, lines = await checked()
    assert code == 1
    assert lines[0].startswith(f"signal-cli {version} is too old: with versions before 0.14.5 Signal unregistered")


async def test_a_number_that_is_not_there_is_a_fault_and_no_dash_a_a_hint(only_signal: Path) -> None:
    async with PretendSignal(only_signal, NUMBER, single_account=False) as signal:
        code, lines = await checked()
        assert code == 0
        assert any(line.startswith("A hint: signal-cli runs without -a, so nobody notices") for line in lines)
        signal.registered = False
        code, lines = await checked()
    assert code == 1
    assert lines[0] == (
        f"{NUMBER} is not registered on Signal, or no longer. Please run: python3 run.py signal register"
    )


async def test_why_signal_cli_cannot_be_reached_is_told(only_signal: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    code, lines = await checked()
    assert code == 1
    assert lines == [
        f"There is no {only_signal}. signal-cli does not run, or it does not listen where SIGNAL_SOCKET says."
    ]
    with socket.socket(socket.AF_UNIX) as left:
        left.bind(str(only_signal))
    assert (await checked())[1] == [
        (
            f"Nobody listens at {only_signal}: a signal-cli that was killed left it behind."
            " Please remove it and start signal-cli."
        )
    ]
    only_signal.unlink()
    only_signal.touch()
    assert (await checked())[1] == [f"{only_signal} is not a socket. Please correct SIGNAL_SOCKET."]
    monkeypatch.setenv("SIGNAL_SOCKET", f"/tmp/{'s' * 200}")  # noqa: S108  # never made
    assert (await checked())[1][0].startswith("/tmp/sss")  # noqa: S108
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        port = nobody.getsockname()[1]
    monkeypatch.setenv("SIGNAL_SOCKET", "")
    monkeypatch.setenv("SIGNAL_TCP", f"127.0.0.1:{port}")
    assert (await checked())[1] == [
        f"signal-cli cannot be reached at 127.0.0.1:{port}. Please start it, or correct SIGNAL_TCP."
    ]


async def test_a_user_who_may_not_is_told_how_to_be_allowed(only_signal: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_self: socket.socket, _place: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(socket.socket, "connect", refuse)  # root, as who tests often run, may everything
    _code, lines = await checked()
    assert lines == [
        (
            f"This user may not use {only_signal}. Please add the user to the group of signal-cli"
            " (usermod -aG signal-cli NAME) and log in again."
        )
    ]


@pytest.fixture
def public(only_signal: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:  # noqa: ARG001  # a fixture
    """A folder that everybody may look into, with the socket in a folder of its own there."""
    with TemporaryDirectory() as folder:  # tests' own folders are hidden from others already by their parents
        place = Path(folder) / "signal-cli" / "socket"
        place.parent.mkdir(mode=0o755)
        Path(folder).chmod(0o755)
        monkeypatch.setenv("SIGNAL_SOCKET", str(place))
        yield place


MAY_WRITE_INTO = "Everybody on this machine may write into {} and so put a socket of their own at {}."
MAY_USE = "Everybody on this machine may read and write as the bot through {}."


@pytest.mark.parametrize(
    ("above", "folder", "file", "sentence"),
    [
        (0o755, 0o750, 0o666, ""),
        (0o750, 0o755, 0o666, ""),
        (0o755, 0o755, 0o660, ""),
        (0o1777, 0o755, 0o660, ""),  # as /tmp: nobody may take away a folder that is there
        (0o755, 0o755, 0o666, MAY_USE.format("{socket}")),
        (0o755, 0o777, 0o660, MAY_WRITE_INTO.format("{folder}", "{socket}")),
        (0o755, 0o1777, 0o660, MAY_WRITE_INTO.format("{folder}", "{socket}")),
        (0o777, 0o755, 0o660, MAY_WRITE_INTO.format("{above}", "{socket}")),
        (0o777, 0o750, 0o660, MAY_WRITE_INTO.format("{above}", "{socket}")),
    ],
)
async def test_a_socket_that_others_may_use_or_replace_is_a_fault(
    public: Path, above: int, folder: int, file: int, sentence: str
) -> None:
    async with signal_cli(public, RIGHT):
        public.chmod(file)
        public.parent.chmod(folder)
        public.parent.parent.chmod(above)
        code, lines = await checked()
    places = {"socket": public, "folder": public.parent, "above": public.parent.parent}
    assert code == bool(sentence)
    assert lines[0].startswith(sentence.format(**places) or "Everything is there.")
    assert len(lines) == 1


@pytest.mark.parametrize("what", ["the socket", "its folder"])
@pytest.mark.parametrize(
    ("around_the_link", "around_the_socket", "at_fault"),
    [(0o755, 0o755, ""), (0o777, 0o755, "the link's"), (0o1777, 0o755, "the link's"), (0o755, 0o777, "the socket's")],
)
async def test_what_a_link_leads_to_is_looked_at_and_where_it_lies(
    public: Path,
    monkeypatch: pytest.MonkeyPatch,
    what: str,
    around_the_link: int,
    around_the_socket: int,
    at_fault: str,
) -> None:
    links = public.parent.parent / "links"
    links.mkdir()
    link = links / "link"
    link.symlink_to("../signal-cli/socket" if what == "the socket" else "../signal-cli")
    place = link if what == "the socket" else link / "socket"
    monkeypatch.setenv("SIGNAL_SOCKET", str(place))
    async with signal_cli(public, RIGHT):
        public.chmod(0o660)
        links.chmod(around_the_link)
        public.parent.chmod(around_the_socket)
        code, lines = await checked()
    assert code == bool(at_fault)
    folders = {"the link's": links, "the socket's": public.parent}
    assert lines[0].startswith(MAY_WRITE_INTO.format(folders[at_fault], place) if at_fault else "Everything is there.")


async def test_somebody_else_at_the_place_of_signal_cli_is_told(
    only_signal: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = await asyncio.start_server(lambda _reader, writer: writer.close(), "127.0.0.1", 0)
    async with server:
        monkeypatch.setenv("SIGNAL_SOCKET", "")
        monkeypatch.setenv("SIGNAL_TCP", f"127.0.0.1:{server.sockets[0].getsockname()[1]}")
        code, lines = await checked()
    assert code == 1
    assert re.fullmatch(r"At 127\.0\.0\.1:\d+ nobody answers as signal-cli does\.", lines[0])
    assert lines[1].startswith(UNSEEN)
    async with PretendSignal(only_signal, NUMBER) as signal:
        monkeypatch.setenv("SIGNAL_SOCKET", str(only_signal))
        monkeypatch.setenv("SIGNAL_TCP", "")
        signal.fail("listAccounts", internal_error())
        signal.fail("version", breaks_connection(delivered=False))
        said = [(await checked())[1][0] for _ in range(2)]
    assert said == [
        f"At {only_signal} nobody answers as signal-cli does.",
        "signal-cli gives no answer (code -32603). Please look into its log.",
    ]


# ---------------------------------------------------------------------- run


@asynccontextmanager
async def process(telegram: PretendTelegram, folder: Path) -> AsyncIterator[asyncio.subprocess.Process]:
    """The bot as its supervisor starts it, polling."""
    running = await start(environment(telegram, folder))
    try:
        await telegram.polled(1, TIMEOUT)
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
        assert await end_of(second, TIMEOUT) == (2, sentence)
        oksana = telegram.person("Oksana")
        await oksana.writes("/start")
        await telegram.changed(lambda: oksana.received, TIMEOUT, "an answer of the first")


async def test_an_address_that_is_taken_is_told_in_a_sentence(telegram: PretendTelegram, tmp_path: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        address = f"127.0.0.1:{other.getsockname()[1]}"
        running = await start({**environment(telegram, tmp_path), "LISTEN": address})
        assert await end_of(running, TIMEOUT) == (2, f"LISTEN: {address} cannot be used: Address already in use.\n")


async def test_a_folder_that_cannot_be_made_is_told_in_a_sentence(telegram: PretendTelegram, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    running = await start({**environment(telegram, tmp_path), "DATABASE": str(tmp_path / "file" / "bot.db")})
    code, said = await end_of(running, TIMEOUT)
    assert code == 2
    assert re.fullmatch(r"The database .*bot\.db cannot be made: (File exists|Not a directory)\.\n", said)


async def test_sigterm_ends_the_bot_within_five_seconds_and_nothing_is_lost(
    telegram: PretendTelegram, tmp_path: Path
) -> None:
    crowd = [telegram.person(f"Somebody {n}") for n in range(250)]
    begun = time.monotonic()
    async with process(telegram, tmp_path) as running:
        to_start = time.monotonic() - begun  # about a second; more on a slow machine, which needs more to end, too
        telegram.fail("sendMessage", Fault.hang_before(), times=3)
        for person in crowd:
            for text in ("/start", "de", "/menu", "/help"):
                person.write(text)
        await telegram.changed(lambda: telegram.counts.get("sendMessage", 0) > 20, TIMEOUT, "first answers")
        asked = time.monotonic()
        running.send_signal(signal.SIGTERM)
        code, said = await end_of(running, TIMEOUT)
        assert (code, time.monotonic() - asked < 4 + to_start) == (0, True)
        assert "Traceback" not in said
    place = Town(telegram, tmp_path, "dortmund-schytomyr", UNLIMITED)
    await place.start()
    await place.settles()
    await place.stop()
    screens = [OnTelegram(place, telegram, person).screen for person in crowd]
    assert [n for n, screen in enumerate(screens) if "112" not in screen] == []
    assert {len(person.received) for person in crowd} <= {len(screens[0].split("\n---\n")) + n for n in range(-2, 3)}


@pytest.mark.usefixtures("terminal")
async def test_a_language_without_texts_is_told_in_a_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(languages, "FOLDER", tmp_path)
    ended = await typed("run")
    assert (ended.exit_code, ended.stdout) == (2, "")
    assert ended.stderr == "There are no texts in the language uk.\nThere are no texts in the language de.\n"
