"""An operator gives the bot a number on Signal: what is typed, what is said, and what every failure sounds like."""

import asyncio
import re
import socket
import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import segno
from click.testing import CliRunner, Result

from bot import profile, settings
from bot.__main__ import cli
from bot.demo import signal_faults as faults
from bot.demo.pretend_signal import PretendSignal
from bot.demo.signal_faults import Fault
from bot.signal_setup import profile_card, signal_cli
from bot.signal_setup.commands import next_steps
from bot.signal_setup.commands import signal as signal_commands
from bot.signal_setup.signal_cli import how_to_start
from bot.staff import Role
from tests.bridge import Town, town

ROOT = Path(__file__).parent.parent
NUMBER = "+4915112345678"
CAPTCHA = "signalcaptcha://right-hcaptcha.abc.registration.xyz"
ANOTHER = "signalcaptcha://wrong"
CODE = "123456"
PNG = b"\x89PNG\r\n\x1a\n"
LINK = re.compile(r"https://signal\.me/#eu/[\w-]+")


@pytest.fixture(autouse=True)
def settings_of_signal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Settings with a number and a socket, in a folder without a `.env`."""
    for name in settings.documented():
        monkeypatch.setenv(name, "")
    monkeypatch.setenv("SIGNAL_ACCOUNT", NUMBER)
    monkeypatch.setenv("SIGNAL_SOCKET", str(tmp_path / "s"))
    monkeypatch.chdir(tmp_path)


@pytest.fixture
async def signal(tmp_path: Path) -> AsyncIterator[PretendSignal]:
    """A signal-cli as it is started to register a number: without -a, and without one yet."""
    async with PretendSignal(tmp_path / "s", NUMBER, single_account=False) as signal:
        signal.registered = False
        yield signal


@pytest.fixture
def registered(signal: PretendSignal) -> PretendSignal:
    """The same with the bot's number."""
    signal.registered = True
    return signal


async def typed(*words: str, then: tuple[str, ...] = ()) -> Result:
    """Return what a command says to somebody who types that; signal-cli goes on meanwhile."""
    answers = "".join(f"{answer}\n" for answer in then)
    ended = await asyncio.to_thread(CliRunner().invoke, cli, ("signal", *words), input=answers)
    assert ended.exception is None or isinstance(ended.exception, SystemExit), ended.exc_info
    return ended


def last_params(signal: PretendSignal, method: str) -> dict[str, object]:
    return dict([call for call in signal.calls if call.method == method][-1].params)


# ---------------------------------------------------------------------- register


async def test_a_number_is_registered_with_the_captcha_that_a_person_solved(signal: PretendSignal) -> None:
    ended = await typed("register", then=(CAPTCHA,))
    assert ended.exit_code == 0, ended.output
    assert "https://signalcaptchas.org/registration/generate.html" in ended.stdout
    assert "same internet connection" in ended.stdout
    assert "The next step: python3 run.py signal verify" in ended.stdout
    assert "Wait 60 seconds, then: python3 run.py signal register --voice" in ended.stdout
    assert last_params(signal, "register") == {"account": NUMBER, "captcha": CAPTCHA, "voice": False}


async def test_a_link_that_is_none_is_asked_for_again(signal: PretendSignal) -> None:
    ended = await typed("register", then=("Open Signal", "signal-hcaptcha.abc", f"'{CAPTCHA}'"))
    assert ended.exit_code == 0
    assert ended.stdout.count("That is not the link") == 1
    assert ended.stdout.count("Signal did not take the captcha") == 1
    assert [call.params["captcha"] for call in signal.calls if call.method == "register"] == [
        "signalcaptcha://signal-hcaptcha.abc",
        CAPTCHA,
    ]


async def test_a_rejected_captcha_is_asked_for_again(signal: PretendSignal) -> None:
    signal.fail("register", faults.error(-6, "Captcha rejected"))
    ended = await typed("register", then=(CAPTCHA, ANOTHER, CAPTCHA))
    assert ended.exit_code == 0
    again = (
        "solved over another internet connection.\n"
        "Please solve a new one: https://signalcaptchas.org/registration/generate.html\n"
        "Use the city's internet connection (the same as this machine's), or ask the IT.\n"
    )
    assert ended.stdout.count(again) == 2


async def test_a_landline_is_called(signal: PretendSignal) -> None:
    signal.fail("register", faults.error(-3, "Failed to register: StatusCode: 400 (InvalidTransportModeException)"))
    by_sms = await typed("register", then=(CAPTCHA,))
    assert by_sms.exit_code == 1
    assert by_sms.stderr == (
        "Signal sends no SMS to this number."
        " If it is a landline, wait 60 seconds, then: python3 run.py signal register --voice\n"
    )
    signal.numbers_asked[NUMBER] = {"voice": False}
    by_call = await typed("register", "--voice", then=(CAPTCHA,))
    assert by_call.exit_code == 0
    assert "https://signalcaptchas.org/registration/generate.html" in by_call.stdout
    assert "Signal calls now and says six digits." in by_call.stdout
    assert last_params(signal, "register")["voice"] is True


async def test_a_call_before_an_sms_is_refused_with_what_to_do(signal: PretendSignal) -> None:
    ended = await typed("register", "--voice", then=(CAPTCHA,))
    assert signal.counts["register"] == 2
    assert ended.stderr.startswith("Signal calls only after it was asked for an SMS. Please run python3 run.py signal")


async def test_a_number_whose_keys_are_still_there_needs_no_code(signal: PretendSignal) -> None:
    signal.fail("register", faults.late(0.2))
    asking = asyncio.create_task(typed("register", then=(CAPTCHA,)))
    await signal.changed(lambda: signal.counts.get("register"))
    signal.registered = True
    ended = await asking
    assert "so it is registered without a code." in ended.stdout
    assert "verify" not in ended.stdout


REFUSALS = [
    # what signal-cli says, in which words of its own, and the sentence
    (-5, "Rate limit reached", "Signal has had too many tries"),
    (-3, "Failed to register: StatusCode: 429 (RegistrationRetryException)", "Signal has had too many tries"),
    (-3, "Failed to register: [413] Rate limit exceeded: 413 (RateLimitException)", "Signal has had too many tries"),
    (-1, "Captcha required for verification\nNext Captcha may be provided at 2026", "Signal has had too many tries"),
    (
        -3,
        "Failed to register: java.net.UnknownHostException: chat.signal.org (PushNetworkException)",
        "Signal cannot be reached from this machine (chat.signal.org, port 443).",
    ),
    (-3, "Failed to register: Connection closed! (IOException)", "Signal cannot be reached from this machine"),
    (
        -3,
        "Failed to register: StatusCode: 502 (ExternalServiceFailureException)",
        "The telephone companies that Signal works with do not reach this number now.",
    ),
    (
        -1,
        "Failed to register: Phone number is not normalized (x). Expected normalized: +49231",
        "Signal writes this number +49231. Please set SIGNAL_ACCOUNT to it.",
    ),
    (-3, "Failed to register: StatusCode: 499 (DeprecatedVersionException)", "Signal takes nothing more from this"),
    (
        -3,
        "Failed to register: [403] Authorization failed! (AuthorizationFailedException)",
        "signal-cli refuses: Failed to register: [403] Authorization failed! (AuthorizationFailedException) (code -3).",
    ),
    (-32603, "Something new.\nat java.lang", "signal-cli refuses: Something new (code -32603)."),
]


@pytest.mark.parametrize(("code", "words", "sentence"), REFUSALS)
async def test_each_refusal_is_one_plain_sentence(signal: PretendSignal, code: int, words: str, sentence: str) -> None:
    signal.fail("register", faults.error(code, words))
    ended = await typed("register", then=(CAPTCHA,))
    assert ended.exit_code == 1
    assert ended.stderr.startswith(sentence)
    assert ended.stderr.count("\n") == 1


async def test_a_number_of_internet_telephony_is_refused_with_what_to_do(signal: PretendSignal) -> None:
    signal.fail("register", faults.error(-3, "Failed to register: StatusCode: 400 (InvalidTransportModeException)"))
    ended = await typed("register", "--voice")
    assert ended.stderr.startswith("Signal does not call this number. It refuses many numbers of internet telephony")


@pytest.mark.parametrize("command", ["register", "verify", "link"])
async def test_a_number_that_is_registered_already_is_left_alone(registered: PretendSignal, command: str) -> None:
    ended = await typed(command, then=(CAPTCHA,))
    assert ended.stderr == f"{NUMBER} is registered already. The next step: python3 run.py signal profile\n"
    assert command not in registered.counts


AIMS = {
    "register": "To register a number",
    "verify": "To finish what signal register began",
    "link": "To link a telephone",
}


@pytest.mark.parametrize("command", AIMS)
async def test_with_one_number_only_it_says_how_to_start_signal_cli(tmp_path: Path, command: str) -> None:
    async with PretendSignal(tmp_path / "s", NUMBER):
        ended = await typed(command)
    lines = ended.stderr.splitlines()
    assert ended.exit_code == 1
    assert lines[0] == (
        "signal-cli was started with -a, so it has a number already. The next step: python3 run.py signal profile"
    )
    assert lines[1].startswith(f"{AIMS[command]}, start signal-cli without -a;")
    assert lines[-1] == (
        f"  signal-cli --trust-new-identities always --scrub-log daemon --socket {tmp_path / 's'}"
        " --receive-mode manual --no-receive-stdout --ignore-attachments"
    )


# ---------------------------------------------------------------------- nobody there


@pytest.mark.parametrize("command", AIMS)
async def test_where_nobody_is_it_says_how_to_start_signal_cli_for_this(tmp_path: Path, command: str) -> None:
    ended = await typed(command)
    lines = ended.stderr.splitlines()
    assert ended.exit_code == 1
    assert lines[0].startswith(f"There is no {tmp_path / 's'}. signal-cli does not run, or")
    assert lines[1].startswith(f"{AIMS[command]}, start signal-cli without -a; with -a it ends")
    assert lines[2].startswith("  signal-cli --trust-new-identities always")
    assert f"daemon --socket {tmp_path / 's'} --receive-mode manual" in lines[2]


@pytest.mark.parametrize("command", ["pin", "profile"])
async def test_what_needs_the_number_says_how_to_start_signal_cli_with_it(tmp_path: Path, command: str) -> None:
    ended = await typed(command)
    lines = ended.stderr.splitlines()
    assert ended.exit_code == 1
    assert lines[0].startswith(f"There is no {tmp_path / 's'}. signal-cli does not run, or")
    assert lines[1].startswith("Please start signal-cli with the number (systemctl start signal-cli); journalctl")
    assert lines[2].startswith(f"  signal-cli -a {NUMBER} --trust-new-identities always")
    assert "register" not in ended.stderr


@pytest.mark.parametrize("command", [*AIMS, "pin", "profile"])
async def test_where_something_else_is_wrong_it_does_not_say_how_to_start_signal_cli(
    tmp_path: Path, command: str
) -> None:
    (tmp_path / "s").touch()
    ended = await typed(command)
    assert ended.stderr == f"{tmp_path / 's'} is not a socket. Please correct SIGNAL_SOCKET.\n"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


async def test_the_same_over_tcp(monkeypatch: pytest.MonkeyPatch) -> None:
    port = free_port()
    monkeypatch.setenv("SIGNAL_SOCKET", "")
    monkeypatch.setenv("SIGNAL_TCP", f"[::1]:{port}")
    ended = await typed("register")
    assert ended.stderr.startswith(f"signal-cli cannot be reached at [::1]:{port}. Please start it,")
    assert f"daemon --tcp [::1]:{port} --receive-mode manual" in ended.stderr


async def test_without_settings_the_commands_say_what_to_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SIGNAL_ACCOUNT", "")
    monkeypatch.setenv("SIGNAL_SOCKET", "")
    ended = await typed("register")
    assert (ended.exit_code, ended.stderr) == (
        2,
        "Signal is not set up. Please set SIGNAL_ACCOUNT and SIGNAL_SOCKET.\n",
    )


@pytest.mark.parametrize("version", ["0.13.19", "0.14.4"])
async def test_an_old_signal_cli_is_refused(signal: PretendSignal, version: str) -> None:
    signal.version = version
    ended = await typed("register", then=(CAPTCHA,))
    assert ended.exit_code == 1
    assert ended.stderr.startswith(f"signal-cli {version} is too old: with versions before 0.14.5 Signal unregistered")
    assert "register" not in signal.counts


@pytest.mark.parametrize(
    ("version", "old"), [("0.14.5", False), ("0.15.0-SNAPSHOT", False), ("", False), ("0.9", True)]
)
def test_only_what_is_known_to_be_old_is_old(version: str, old: bool) -> None:
    assert bool(signal_cli.too_old(version)) is old


@pytest.mark.parametrize(
    ("fault", "sentence"),
    [
        (faults.breaks_connection(delivered=True), "signal-cli gave no answer. Before you try again, please look"),
        (faults.breaks_connection(delivered=False), "signal-cli gave no answer. Before you try again, please look"),
    ],
)
async def test_no_answer_is_told_as_what_it_is(signal: PretendSignal, fault: Fault, sentence: str) -> None:
    signal.fail("register", fault)
    ended = await typed("register", then=(CAPTCHA,))
    assert ended.exit_code == 1
    assert ended.stderr.startswith(sentence)


async def test_a_signal_cli_that_ends_meanwhile_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(signal_cli, "why_unreachable", lambda *_: "")  # it was there a moment ago
    ended = await typed("register")
    assert ended.stderr == "signal-cli has ended. Its log says why (journalctl -u signal-cli).\n"


# ---------------------------------------------------------------------- verify


@pytest.fixture
async def asked(signal: PretendSignal) -> PretendSignal:
    """A signal-cli that waits for the code."""
    assert (await typed("register", then=(CAPTCHA,))).exit_code == 0
    return signal


async def test_the_code_and_a_pin_make_it_the_bots_number(asked: PretendSignal) -> None:
    ended = await typed(
        "verify", then=("12345", " 123-456", "123", "123", "correct1", "correct2", "secret-1", "secret-1")
    )
    assert ended.exit_code == 0, ended.output
    assert "These are not six digits." in ended.stdout
    assert "This PIN is too short." in ended.stdout
    assert (asked.registered, asked.pin) == (True, "secret-1")
    assert "secret-1" not in ended.output
    assert "somebody who gets hold of the number gets the bot's account" in ended.stdout
    assert "Keep the SIM card or the line for ever" in ended.stdout
    assert "Stop signal-cli once now and copy its folder to a safe place." in ended.stdout
    assert f"echo 'ACCOUNT=-a {NUMBER}' > /etc/signal-cli.env && systemctl restart signal-cli" in ended.stdout


async def test_a_number_with_a_pin_from_before_asks_for_it(asked: PretendSignal) -> None:
    asked.pin = "before"
    ended = await typed("verify", then=(CODE, "wrong", "before"))
    assert ended.exit_code == 0
    assert "the number is free again after 167 hours without use on Signal." in ended.stdout
    assert "This is not the PIN. Tries that are left: 9." in ended.stdout
    assert "It keeps the PIN that it had." in ended.stdout
    assert asked.pin == "before"


@pytest.mark.parametrize(
    ("code", "words", "sentence"),
    [
        (
            -3,
            "Verify error: StatusCode: 403 (AuthorizationFailedException)",
            (
                "Signal does not take the code: mistyped, or too old."
                " Please look again, or get a new one: python3 run.py signal register\n"
            ),
        ),
        (-1, "Account is pin locked, but pin data has been deleted on the server.", "The number is locked with a PIN"),
        (-3, "Verify error: Connection closed!", "Signal cannot be reached from this machine"),
        (-5, "Rate limit reached", "Signal has had too many tries"),
    ],
)
async def test_why_a_code_is_not_taken(asked: PretendSignal, code: int, words: str, sentence: str) -> None:
    asked.fail("verify", faults.error(code, words))
    ended = await typed("verify", then=(CODE,))
    assert ended.exit_code == 1
    assert ended.stderr.startswith(sentence)


async def test_a_pin_that_cannot_be_set_can_be_set_later(asked: PretendSignal) -> None:
    asked.fail("setPin", faults.io_error())
    ended = await typed("verify", then=(CODE, "secret-1", "secret-1"))
    assert ended.exit_code == 1
    assert f"{NUMBER} is registered." in ended.stdout
    assert ended.stderr == (
        "The PIN is not set. Signal cannot be reached from this machine (chat.signal.org, port 443)."
        " Please look after the network.\nThen: python3 run.py signal pin\n"
    )
    later = await typed("pin", then=("secret-1", "secret-1"))
    assert (later.exit_code, asked.pin) == (0, "secret-1")


async def test_whoever_stops_before_the_pin_is_told_how_to_set_it(asked: PretendSignal) -> None:
    ended = await typed("verify", then=(CODE, "secret-1"))
    assert (ended.exit_code, asked.registered, asked.pin) == (1, True, None)
    assert ended.stderr.endswith(
        "The number is registered, but it has no PIN yet. Please set one: python3 run.py signal pin\n"
    )


# ---------------------------------------------------------------------- link


async def test_linking_shows_a_code_and_says_that_it_is_for_trying_out(signal: PretendSignal) -> None:
    ended = await typed("link", then=("y",))
    assert ended.exit_code == 0, ended.output
    address = last_params(signal, "finishLink")["deviceLinkUri"]
    assert f"\n{address}\n" in ended.stdout
    assert "ends after 45 days without use" in ended.stdout
    assert "whoever has the telephone reads all chats" in ended.stdout
    assert pixels(ended.stdout) == pixels(profile_card.qr_code(str(address)))
    assert f"Linked with {NUMBER}." in ended.stdout
    assert "Please set SIGNAL_ACCOUNT" not in ended.stdout


def pixels(drawing: str) -> list[str]:
    """Return the rows of a QR code that is drawn with half blocks, light as 1."""
    lines = [re.sub(r"\x1b\[[\d;]*m", "", line) for line in drawing.splitlines()]
    rows = []
    for line in (line for line in lines if re.fullmatch("[█▀▄ ]{20,}", line)):
        rows += ["".join("1" if pixel in half else "0" for pixel in line) for half in ("█▀", "█▄")]
    return rows


def test_the_code_in_the_terminal_is_the_code() -> None:
    text = "sgnl://linkdevice?uuid=0&pub_key=0"
    rows = pixels(profile_card.qr_code(text))
    code = ["".join("0" if dark else "1" for dark in row) for row in segno.make(text, error="m").matrix_iter(border=2)]
    assert rows[: len(code)] == code


async def test_whoever_thinks_better_of_it_links_nothing(signal: PretendSignal) -> None:
    ended = await typed("link", then=("n",))
    assert ended.exit_code == 1
    assert "startLink" not in signal.counts


@pytest.mark.usefixtures("signal")
async def test_another_number_than_in_the_settings_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SIGNAL_ACCOUNT", "+4923150")
    ended = await typed("link", then=("y",))
    assert f"Please set SIGNAL_ACCOUNT={NUMBER} now." in ended.stdout
    assert f"ACCOUNT=-a {NUMBER}" in ended.stdout


@pytest.mark.parametrize(
    ("method", "code", "words", "sentence"),
    [
        ("startLink", -3, "Link request error: Connection closed!", "Signal cannot be reached from this machine"),
        ("finishLink", -1, "Link request timed out, please try again.", "Nobody scanned the code in time."),
        ("finishLink", -1, f'The user {NUMBER} already exists\nDelete "x"', "signal-cli has this number already."),
    ],
)
async def test_why_linking_failed(signal: PretendSignal, method: str, code: int, words: str, sentence: str) -> None:
    signal.fail(method, faults.error(code, words))
    ended = await typed("link", then=("y",))
    assert ended.exit_code == 1
    assert ended.stderr.startswith(sentence)


# ---------------------------------------------------------------------- profile


@pytest.mark.parametrize("single_account", [True, False])
async def test_the_profile_is_what_the_city_wrote_and_shows_as_little_as_possible(
    tmp_path: Path, single_account: bool
) -> None:
    (tmp_path / "arms.png").write_bytes(PNG)
    async with PretendSignal(tmp_path / "s", NUMBER, single_account=single_account) as signal:
        ended = await typed("profile", "--username", "bruecke_dortmund", "--picture", "arms.png", "--poster", "p.svg")
    assert ended.exit_code == 0, ended.output
    assert signal.profile["givenName"] == "Міст Дортмунд–Житомир · Brücke Dortmund–Schytomyr"
    assert signal.profile["about"] == (
        "Партнерство Дортмунд–Житомир: новини, допомога, відповіді."
        " · Partnerschaft Dortmund–Schytomyr: Neuigkeiten, Hilfe, Antworten."
    )
    assert signal.profile["avatar"] == "data:image/png;base64,iVBORw0KGgo="
    assert signal.username == "bruecke_dortmund.01"
    assert signal.settings == {
        "discoverableByNumber": False,
        "numberSharing": False,
        "readReceipts": False,
        "linkPreviews": False,
        "unidentifiedDeliveryIndicators": False,
        "typingIndicators": True,  # the bot shows that it is there when an answer takes long
    }
    named = {call.params.get("account") for call in signal.calls if call.method.startswith("update")}
    assert named == {None if single_account else NUMBER}
    assert LINK.search(ended.stdout)
    assert "Username: bruecke_dortmund.01" in ended.stdout
    assert "Number: not shown, not found by it" in ended.stdout
    assert "Keep the username: a new one ends them." in ended.stdout
    assert (tmp_path / "p.svg").read_text(encoding="utf-8").rstrip().endswith("</svg>")


async def test_without_options_picture_and_link_stay(registered: PretendSignal, tmp_path: Path) -> None:
    ended = await typed("profile")
    assert ended.exit_code == 0
    assert "avatar" not in registered.profile
    assert registered.username is None
    assert "Picture: as before (--picture FILE changes it)" in ended.stdout
    assert "Link: as before. To see it: python3 run.py signal profile --username NAME" in ended.stdout
    assert list(tmp_path.glob("*.svg")) == []


async def test_the_number_is_shown_if_the_city_wants_that(registered: PretendSignal) -> None:
    ended = await typed("profile", "--by-number")
    assert "Number: shown, and the bot is found by it" in ended.stdout
    assert (registered.settings["discoverableByNumber"], registered.settings["numberSharing"]) == (True, True)


async def test_a_poster_can_be_a_png(registered: PretendSignal, tmp_path: Path) -> None:
    ended = await typed("profile", "--username", "bruecke", "--poster", "poster.PNG")
    assert "Poster: poster.PNG" in ended.stdout
    assert (tmp_path / "poster.PNG").read_bytes().startswith(PNG)
    assert registered.username == "bruecke.01"


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("--poster", "p.svg"), "The poster shows the link of the username: please give --username as well."),
        (("--username", "bruecke", "--poster", "p.pdf"), "A poster is a file that ends in .svg or .png."),
        (("--username", "1bruecke"), "A username has 3 to 32 of A-Z, a-z, 0-9 and _, no digit first"),
        (("--username", "ab"), "A username has 3 to 32 of"),
        (("--picture", "nowhere.png"), "nowhere.png cannot be read: No such file or directory."),
        (("--picture", "text.png"), "text.png is neither a PNG nor a JPEG."),
        (("--picture", "large.jpg"), "large.jpg is too large. Please make it smaller than 2 MB"),
    ],
)
async def test_what_cannot_be_used_is_told_before_anything_is_changed(
    registered: PretendSignal, tmp_path: Path, words: tuple[str, ...], sentence: str
) -> None:
    (tmp_path / "text.png").write_text("text")
    (tmp_path / "large.jpg").write_bytes(b"\xff\xd8\xff" + bytes(profile_card.LONGEST_PICTURE))
    ended = await typed("profile", *words)
    assert ended.exit_code == 1
    assert ended.stderr.startswith(sentence)
    assert "updateProfile" not in registered.counts


async def test_a_poster_that_cannot_be_written_is_told_after_the_link(registered: PretendSignal) -> None:
    ended = await typed("profile", "--username", "bruecke", "--poster", "nowhere/p.svg")
    assert LINK.search(ended.stdout)
    assert ended.stderr == "nowhere/p.svg cannot be written: No such file or directory.\n"
    assert registered.username == "bruecke.01"


@pytest.mark.parametrize(
    ("code", "words", "sentence"),
    [
        (-3, "Failed to set username: StatusCode: 409", "This username is taken."),
        (-1, "Invalid username: Nickname is reserved", "Signal does not take this username."),
    ],
)
async def test_a_username_that_is_not_to_be_had(
    registered: PretendSignal, code: int, words: str, sentence: str
) -> None:
    registered.fail("updateAccount", faults.late(0))  # the first call is about the number
    registered.fail("updateAccount", faults.error(code, words))
    ended = await typed("profile", "--username", "bruecke")
    assert ended.exit_code == 1
    assert ended.stderr.startswith(sentence)


async def test_what_only_the_telephone_can_set_is_left_to_it(registered: PretendSignal) -> None:
    registered.fail("updateConfiguration", faults.error(-1, "This command doesn't work on linked devices."))
    ended = await typed("profile")
    assert ended.exit_code == 0
    assert "link previews, typing: as on the telephone it is linked with" in ended.stdout
    registered.fail("updateConfiguration", faults.io_error())
    assert (await typed("profile")).stderr.startswith("Signal cannot be reached from this machine")


@pytest.mark.parametrize("command", ["profile", "pin"])
async def test_without_a_number_there_is_nothing_to_set(signal: PretendSignal, command: str) -> None:
    ended = await typed(command)
    assert ended.stderr == f"{NUMBER} is not registered. Please begin with: python3 run.py signal register\n"
    assert "updateProfile" not in signal.counts


async def test_a_profile_that_cannot_be_used_is_told_as_by_the_other_commands(
    registered: PretendSignal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PROFILE", "atlantis")
    ended = await typed("profile")
    assert (ended.exit_code, "updateProfile" in registered.counts) == (2, False)
    assert ended.stderr.startswith("There is no profile 'atlantis'.")


@pytest.mark.parametrize("name", ["dortmund-schytomyr", "ludwigshafen-swjahel"])
def test_name_and_description_of_every_city_fit(name: str) -> None:
    card = profile_card.card(profile.read(name))
    assert len(card["givenName"].encode()) <= 128
    assert 60 < len(card["about"]) <= 140


def test_what_is_too_long_is_said_in_one_language(tmp_path: Path) -> None:
    text = (ROOT / "profiles" / "dortmund-schytomyr.toml").read_text(encoding="utf-8")
    text = re.sub(r'(?m)^name = \{ de = "Brücke.*$', f'name = {{ de = "{"B" * 64}", uk = "{"М" * 60}" }}', text)
    start = text.index("[bot.short_description]")
    short = {"uk": f"{'у' * 118}.", "de": "d" * 119}
    described = "".join(f'{language} = "{words}"\n' for language, words in short.items())
    (tmp_path / "c.toml").write_text(
        f"{text[:start]}[bot.short_description]\n{described}\n{text[text.index('[office]', start) :]}", encoding="utf-8"
    )
    card = profile_card.card(profile.read(str(tmp_path / "c.toml")))
    assert card["givenName"] == "М" * 60
    assert card["about"] == short["uk"]
    assert len(profile_card._about(["у" * 200])) == 140  # noqa: SLF001  # profiles are shorter, as Telegram asks


# ---------------------------------------------------------------------- the page for operators


def test_the_page_the_unit_and_the_commands_name_the_same_places() -> None:
    page = (ROOT / "docs" / "operators.md").read_text(encoding="utf-8")
    unit = (ROOT / "docs" / "signal-cli.service").read_text(encoding="utf-8")
    for place in ("/run/signal-cli/socket", "/etc/signal-cli.env", "/var/lib/signal-cli", "/opt/signal-cli"):
        assert place in page
        assert place in unit
    assert "/etc/signal-cli.env" in next_steps(NUMBER)
    for command in signal_commands.commands:
        assert f"python3 run.py signal {command}" in page
    for option in re.findall(r" (--[a-z-]+)", how_to_start(Path("/run/signal-cli/socket"), "To try")):
        assert option in unit


def test_only_the_group_may_use_the_socket_of_the_unit() -> None:
    unit = (ROOT / "docs" / "signal-cli.service").read_text(encoding="utf-8")
    assert {"RuntimeDirectoryMode=0750", "UMask=0007", "StateDirectoryMode=0700"} <= {*unit.splitlines()}
    assert unit.index("ExecStartPre=/bin/rm -f /run/signal-cli/socket") < unit.index("ExecStart=/opt")


# ---------------------------------------------------------------------- captcha


@pytest.fixture
async def both(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Town]:
    """A bot on both messengers, whose database the settings name."""
    async with town(tmp_path, messengers=("telegram", "signal")) as both:
        monkeypatch.setenv("DATABASE", str(both.database))
        yield both


@pytest.mark.usefixtures("both")
async def test_no_captcha_is_asked_for_if_none_is_demanded() -> None:
    ended = await typed("captcha")
    assert (ended.exit_code, ended.stdout, ended.stderr) == (1, "", "At the moment Signal demands nothing.\n")


async def test_a_captcha_that_is_too_long_for_the_chat_is_handed_over_here(both: Town) -> None:
    code = await both.invitation(Role.ADMIN)
    maria = both.somebody("Maria", "de", "telegram")
    await maria.writes(f"/start join-{code}")
    await maria.picks("Deutsch")
    both.signal.wants_captcha()
    await both.somebody("Oksana").writes("Привіт")
    await maria.sees("Signal lässt gerade keine Nachrichten durch")
    refused, right = "signalcaptcha://wrong", "signalcaptcha://right." + "x" * 3000
    ended = await typed("captcha", then=("https://example.org", refused, right))
    assert (ended.exit_code, ended.stdout.count("That is not the link")) == (0, 1)
    assert (
        ended.stdout.count(
            "Please solve a new one: https://signalcaptchas.org/challenge/generate.html\n"
            "Use the city's internet connection (the same as this machine's), or ask the IT.\n"
        )
        == 1
    )
    assert ended.stdout.endswith("Signal has taken it: the bot sends again.\n")
    assert await maria.sees("Signal hat den Link angenommen")


async def test_a_captcha_that_the_bot_cannot_hand_over_is_told(both: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    both.signal.wants_captcha()
    oksana = both.somebody("Oksana")
    await oksana.writes("Привіт")
    await both.settles_but_for_waiting()
    await both.stop()
    monkeypatch.setattr("bot.signal_setup.commands.SOLVING", 0.5)
    ended = await typed("captcha", then=(CAPTCHA,))
    assert (ended.exit_code, ended.stderr) == (
        1,
        ("The bot could not hand it to Signal yet. Please look whether bot and signal-cli run: python3 run.py check\n"),
    )


async def test_a_database_that_cannot_be_opened_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    db = sqlite3.connect(tmp_path / "newer.db")
    db.execute("PRAGMA user_version=9999")
    db.close()
    monkeypatch.setenv("DATABASE", str(tmp_path / "newer.db"))
    ended = await typed("captcha")
    assert (ended.exit_code, ended.stdout) == (2, "")
    assert ended.stderr.startswith("The database is of version 9999")
