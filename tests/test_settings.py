"""Whoever runs the bot is told all that is wrong, at once and in plain sentences, and no secret ever shows."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from bot import settings
from bot.__main__ import cli
from bot.settings import Settings, SettingsFaults

ROOT = Path(__file__).parent.parent
TOKEN = "123456:AAbbCCddEEffGGhhIIjjKK"


@pytest.fixture(autouse=True)
def nothing_is_set(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Begin without settings, in a folder without a `.env`."""
    for name in settings.documented():
        monkeypatch.setenv(name, "")  # so that afterwards all is as before, whatever a test or a file sets
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)


def test_a_token_is_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TELEGRAM_TOKEN", TOKEN)
    read = settings.read()
    assert read == Settings(
        settings.Telegram(TOKEN, "https://api.telegram.org", "", ""),
        None,
        Path("data/bot.db"),
        "dortmund-schytomyr",
        "text",
        ("127.0.0.1", 8081),
    )


def test_what_is_set_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    given = {
        "TELEGRAM_TOKEN": TOKEN,
        "TELEGRAM_API_URL": "http://127.0.0.1:8082/",
        "TELEGRAM_WEBHOOK_URL": "https://bot.example.org",
        "TELEGRAM_WEBHOOK_SECRET": "s3cret_-",
        "DATABASE": "/var/lib/bot/b.db",
        "PROFILE": "ludwigshafen-swjahel",
        "LOG_FORMAT": "json",
        "LISTEN": "[::1]:80",
    }
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    read = settings.read()
    assert read.telegram == settings.Telegram(TOKEN, "http://127.0.0.1:8082", "https://bot.example.org", "s3cret_-")
    assert (read.database, read.profile) == (Path("/var/lib/bot/b.db"), "ludwigshafen-swjahel")
    assert (read.log_format, read.listen) == ("json", ("::1", 80))
    assert settings.read_database_and_profile() == (read.database, read.profile)


NUMBER = "+4915112345678"


@pytest.mark.parametrize(
    ("given", "place"),
    [
        ({"SIGNAL_SOCKET": "/run/signal-cli/socket"}, Path("/run/signal-cli/socket")),
        ({"SIGNAL_TCP": "127.0.0.1:7583"}, ("127.0.0.1", 7583)),
        ({"SIGNAL_TCP": "localhost:7583"}, ("localhost", 7583)),
        ({"SIGNAL_TCP": "[::1]:7583"}, ("::1", 7583)),
    ],
)
@pytest.mark.parametrize("token", [TOKEN, ""])
def test_signal_is_enough_and_goes_together_with_telegram(
    monkeypatch: pytest.MonkeyPatch, given: dict[str, str], place: Path | tuple[str, int], token: str
) -> None:
    for name, value in {"SIGNAL_ACCOUNT": NUMBER, "TELEGRAM_TOKEN": token, **given}.items():
        monkeypatch.setenv(name, value)
    read = settings.read()
    assert read.signal == settings.Signal(NUMBER, place)
    assert bool(read.telegram) == bool(token)
    assert settings.read_signal() == read.signal


def test_without_a_messenger_there_is_one_sentence() -> None:
    with pytest.raises(SettingsFaults) as caught:
        settings.read()
    assert caught.value.faults == [
        (
            "There is no messenger. Please set TELEGRAM_TOKEN, which BotFather on Telegram gives to you,"
            " or SIGNAL_ACCOUNT and SIGNAL_SOCKET, or all of them."
        )
    ]
    with pytest.raises(SettingsFaults) as caught:
        settings.read_signal()
    assert caught.value.faults == ["Signal is not set up. Please set SIGNAL_ACCOUNT and SIGNAL_SOCKET."]


@pytest.mark.parametrize(
    ("given", "sentences"),
    [
        ({"SIGNAL_ACCOUNT": NUMBER}, ["SIGNAL_SOCKET is missing: the file at which signal-cli listens."]),
        ({"SIGNAL_SOCKET": "/s"}, ["SIGNAL_ACCOUNT is missing: the telephone number that the bot has on Signal."]),
        ({"SIGNAL_TCP": "[::1]:1"}, ["SIGNAL_ACCOUNT is missing: the telephone number that the bot has on Signal."]),
        (
            {"SIGNAL_ACCOUNT": NUMBER, "SIGNAL_SOCKET": "/s", "SIGNAL_TCP": "127.0.0.1:7583"},
            ["SIGNAL_SOCKET and SIGNAL_TCP are both set. Please keep the one at which signal-cli listens."],
        ),
        (
            {"SIGNAL_ACCOUNT": "+49 151 12345678", "SIGNAL_TCP": "127.0.0.1:99999"},
            [
                "SIGNAL_ACCOUNT should be a telephone number such as +4915112345678, without spaces.",
                "SIGNAL_TCP should be an address and a port, such as 127.0.0.1:7583.",
            ],
        ),
        *(
            (
                {"SIGNAL_ACCOUNT": NUMBER, "SIGNAL_TCP": f"{host}:7583"},
                [
                    (
                        "SIGNAL_TCP should be 127.0.0.1, localhost or [::1]: signal-cli asks nobody for a password,"
                        " so whoever reaches it can read and write everything."
                    )
                ],
            )
            for host in ("0.0.0.0", "192.168.1.5", "[::]", "signal.example.org", "127.0.0.1.example.org")  # noqa: S104  # refused
        ),
    ],
)
def test_what_is_wrong_with_signal_is_told_with_what_is_wrong_elsewhere(
    monkeypatch: pytest.MonkeyPatch, given: dict[str, str], sentences: list[str]
) -> None:
    for name, value in {**given, "LOG_FORMAT": "xml"}.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(SettingsFaults) as caught:
        settings.read()
    assert caught.value.faults == [*sentences, "LOG_FORMAT should be text or json."]
    with pytest.raises(SettingsFaults) as caught:
        settings.read_signal()
    assert caught.value.faults == sentences


@pytest.mark.parametrize(
    "number", ["4915112345678", "+0151", "+49151abc", "+4915112345678901", "u:bot.01", f"{NUMBER}\n"]
)
def test_what_is_no_telephone_number_is_refused(monkeypatch: pytest.MonkeyPatch, number: str) -> None:
    monkeypatch.setenv("SIGNAL_ACCOUNT", number)
    monkeypatch.setenv("SIGNAL_SOCKET", "/run/signal-cli/socket")
    with pytest.raises(SettingsFaults, match="SIGNAL_ACCOUNT should be a telephone number"):
        settings.read()


def test_the_signal_commands_do_not_care_about_telegram(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("TELEGRAM_TOKEN", "12345")
    (tmp_path / ".env").write_text(f"SIGNAL_ACCOUNT={NUMBER}\nSIGNAL_SOCKET=/run/signal-cli/socket\n")
    assert settings.read_signal() == settings.Signal(NUMBER, Path("/run/signal-cli/socket"))


def test_the_environment_wins_over_the_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / ".env").write_text(f"TELEGRAM_TOKEN={TOKEN}\nLOG_FORMAT=json\nDATABASE=file.db\n")
    monkeypatch.setenv("DATABASE", "environment.db")
    read = settings.read()
    assert read.telegram is not None
    assert (read.telegram.token, read.log_format, read.database) == (TOKEN, "json", Path("environment.db"))
    assert settings.read_database_and_profile()[0] == Path("environment.db")


def test_the_example_documents_every_setting_with_its_default(monkeypatch: pytest.MonkeyPatch) -> None:
    example = (ROOT / ".env.example").read_text(encoding="utf-8")
    assert re.findall(r"^([A-Z_]+)=", example, re.MULTILINE) == settings.documented()
    blocks = [block for block in example.split("\n\n") if re.search(r"^[A-Z_]+=", block, re.MULTILINE)]
    assert len(blocks) == len(settings.documented())
    assert all(block.startswith("# ") for block in blocks)
    monkeypatch.setenv("TELEGRAM_TOKEN", TOKEN)
    by_default = settings.read()
    assert settings.read(ROOT / ".env.example") == by_default


def test_every_setting_that_is_read_is_documented() -> None:
    source = (ROOT / "bot" / "settings.py").read_text(encoding="utf-8")
    assert {*re.findall(r'env\.\w+\("(\w+)"', source)} == {*settings.documented()}
    assert len(re.findall("os.environ|getenv", "".join(f.read_text() for f in (ROOT / "bot").glob("*.py")))) == 0


BROKEN = {
    "TELEGRAM_TOKEN": ("12345", "TELEGRAM_TOKEN does not look like a token of BotFather"),
    "TELEGRAM_API_URL": ("http://example.org", "TELEGRAM_API_URL should begin with https://"),
    "TELEGRAM_WEBHOOK_URL": ("http://example.org", "TELEGRAM_WEBHOOK_URL should begin with https://."),
    "TELEGRAM_WEBHOOK_SECRET": ("ä", "TELEGRAM_WEBHOOK_SECRET is needed with a webhook"),
    "SIGNAL_ACCOUNT": ("0231 4711", "SIGNAL_ACCOUNT should be a telephone number such as +49"),
    "SIGNAL_TCP": ("7583", "SIGNAL_TCP should be an address and a port"),
    "LOG_FORMAT": ("xml", "LOG_FORMAT should be text or json."),
    "LISTEN": ("8081", "LISTEN should be an address and a port, such as 127.0.0.1:8081."),
    "PROFILE": ("atlantis", "There is no profile 'atlantis'. There are: dortmund-schytomyr, ludwigshafen-swjahel."),
}


@pytest.mark.parametrize("command", ["run", "check"])
def test_all_faults_are_told_at_once_one_sentence_each(command: str) -> None:
    ended = CliRunner().invoke(cli, [command], env={name: value for name, (value, _) in BROKEN.items()})
    assert ended.exit_code == 2
    lines = ended.stderr.splitlines()
    assert len(lines) == len(BROKEN)
    for _, sentence in BROKEN.values():
        assert any(line.startswith(sentence) for line in lines), sentence
    assert all(line.endswith(".") for line in lines)
    assert ended.stdout == ""


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("TELEGRAM_TOKEN", ""),
        ("TELEGRAM_TOKEN", "abc:AAbbCCddEEffGG"),
        ("TELEGRAM_TOKEN", f"{TOKEN}\n"),
        ("TELEGRAM_API_URL", "ftp://example.org"),
        ("TELEGRAM_API_URL", "http://127.0.0.1.example.org"),
        ("TELEGRAM_WEBHOOK_URL", "https://example.org"),
        ("LISTEN", "127.0.0.1:"),
        ("LISTEN", ":80"),
        ("LISTEN", "127.0.0.1:65536"),
        ("LISTEN", "127.0.0.1:eight"),
    ],
)
def test_one_fault_is_one_sentence(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    monkeypatch.setenv("TELEGRAM_TOKEN", TOKEN)
    monkeypatch.setenv(name, value)
    with pytest.raises(SettingsFaults) as caught:
        settings.read()
    assert len(caught.value.faults) == 1
    assert TOKEN not in str(caught.value)


def test_secrets_do_not_show(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TELEGRAM_TOKEN", TOKEN)
    monkeypatch.setenv("TELEGRAM_WEBHOOK_SECRET", "s3cret")
    read = settings.read()
    assert TOKEN not in repr(read)
    assert "s3cret" not in f"{read} {read.telegram!r}"


def test_a_process_that_cannot_start_ends_with_2_and_a_sentence(tmp_path: Path) -> None:
    ended = subprocess.run(
        [sys.executable, "-m", "bot", "run"],
        capture_output=True,
        text=True,
        timeout=60,
        cwd=tmp_path,
        env={"PYTHONPATH": str(ROOT), "TELEGRAM_TOKEN": TOKEN, "PROFILE": str(tmp_path / "nowhere.toml")},
    )
    assert ended.returncode == 2
    assert ended.stderr.splitlines() == [
        f"There is no profile '{tmp_path / 'nowhere.toml'}'. There are: dortmund-schytomyr, ludwigshafen-swjahel."
    ]
