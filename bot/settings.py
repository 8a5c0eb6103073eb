"""The settings: read from the environment and `.env`, all faults reported at once, one plain sentence each."""

import re
from dataclasses import dataclass, field
from pathlib import Path

from environs import Env

TOKEN = re.compile(r"\d{3,20}:[A-Za-z0-9_-]{10,100}")
NUMBER = re.compile(r"\+[1-9]\d{6,14}")
SECRET = re.compile(r"[A-Za-z0-9_-]{1,256}")
THIS_MACHINE = ("127.0.0.1", "localhost", "::1")
DEFAULT_PROFILE = "dortmund-schytomyr"


class SettingsFaults(Exception):
    """The settings cannot be used; `faults` holds one plain sentence for each reason."""

    def __init__(self, faults: list[str]) -> None:
        super().__init__("\n".join(faults))
        self.faults = faults


@dataclass(frozen=True)
class Telegram:
    """The bot's account on Telegram. Secrets do not show in `repr`."""

    token: str = field(repr=False)
    api_url: str
    webhook_url: str
    webhook_secret: str = field(repr=False)


@dataclass(frozen=True)
class Signal:
    """The bot's number on Signal, and where its signal-cli listens: a UNIX socket, or a host and a port."""

    account: str
    place: Path | tuple[str, int]


@dataclass(frozen=True)
class Settings:
    """Everything an operator can set. One messenger at least is there."""

    telegram: Telegram | None
    signal: Signal | None
    database: Path
    profile: str
    log_format: str
    listen: tuple[str, int]


def read(env_file: Path | None = Path(".env")) -> Settings:
    """Return the settings; the environment wins over the file. Raises: SettingsFaults."""
    env = Env()
    if env_file and env_file.is_file():
        env.read_env(str(env_file), recurse=False)
    faults: list[str] = []
    telegram, signal = _telegram(env, faults), _signal(env, faults)
    if not telegram and not signal and not faults:
        faults.append(
            "There is no messenger. Please set TELEGRAM_TOKEN, which BotFather on Telegram gives to you,"
            " or SIGNAL_ACCOUNT and SIGNAL_SOCKET, or all of them."
        )
    log_format = env.str("LOG_FORMAT", "") or "text"
    if log_format not in ("text", "json"):
        faults.append("LOG_FORMAT should be text or json.")
    settings = Settings(
        telegram=telegram,
        signal=signal,
        database=Path(env.str("DATABASE", "") or "data/bot.db"),
        profile=env.str("PROFILE", "") or DEFAULT_PROFILE,
        log_format=log_format,
        listen=_address("LISTEN", env.str("LISTEN", "") or "127.0.0.1:8081", "127.0.0.1:8081", faults),
    )
    if faults:
        raise SettingsFaults(faults)
    return settings


def read_database_and_profile(env_file: Path | None = Path(".env")) -> tuple[Path, str]:
    """Return only what `invite` needs, so that it works without a token."""
    env = Env()
    if env_file and env_file.is_file():
        env.read_env(str(env_file), recurse=False)
    return Path(env.str("DATABASE", "") or "data/bot.db"), env.str("PROFILE", "") or DEFAULT_PROFILE


def read_signal(env_file: Path | None = Path(".env")) -> Signal:
    """Return only what the commands that set Signal up need, whatever is wrong elsewhere. Raises: SettingsFaults."""
    env = Env()
    if env_file and env_file.is_file():
        env.read_env(str(env_file), recurse=False)
    faults: list[str] = []
    signal = _signal(env, faults)
    if signal is None:
        faults.append("Signal is not set up. Please set SIGNAL_ACCOUNT and SIGNAL_SOCKET.")
    if faults or signal is None:
        raise SettingsFaults(faults)
    return signal


def _telegram(env: Env, faults: list[str]) -> Telegram | None:
    token = env.str("TELEGRAM_TOKEN", "")
    if not token:
        return None
    if not TOKEN.fullmatch(token):
        faults.append(
            "TELEGRAM_TOKEN does not look like a token of BotFather: digits, a colon, then letters and digits."
        )
    api_url = (env.str("TELEGRAM_API_URL", "") or "https://api.telegram.org").rstrip("/")
    if not re.match(r"https://|http://(127\.0\.0\.1|localhost|\[::1\])[:/]", api_url + "/"):
        faults.append("TELEGRAM_API_URL should begin with https:// (http:// only for this machine).")
    webhook_url, secret = env.str("TELEGRAM_WEBHOOK_URL", ""), env.str("TELEGRAM_WEBHOOK_SECRET", "")
    if webhook_url and not re.match(r"https://|http://127\.0\.0\.1[:/]", webhook_url + "/"):
        faults.append("TELEGRAM_WEBHOOK_URL should begin with https://.")
    if webhook_url and not SECRET.fullmatch(secret):
        faults.append("TELEGRAM_WEBHOOK_SECRET is needed with a webhook: 1 to 256 of A-Z, a-z, 0-9, _ and -.")
    return Telegram(token, api_url, webhook_url, secret)


def _signal(env: Env, faults: list[str]) -> Signal | None:
    account, socket, tcp = env.str("SIGNAL_ACCOUNT", ""), env.str("SIGNAL_SOCKET", ""), env.str("SIGNAL_TCP", "")
    if not account and not socket and not tcp:
        return None
    if not account:
        faults.append("SIGNAL_ACCOUNT is missing: the telephone number that the bot has on Signal.")
    elif not NUMBER.fullmatch(account):
        faults.append("SIGNAL_ACCOUNT should be a telephone number such as +4915112345678, without spaces.")
    if socket and tcp:
        faults.append("SIGNAL_SOCKET and SIGNAL_TCP are both set. Please keep the one at which signal-cli listens.")
    elif not socket and not tcp:
        faults.append("SIGNAL_SOCKET is missing: the file at which signal-cli listens.")
    if not tcp:
        return Signal(account, Path(socket))
    host, port = _address("SIGNAL_TCP", tcp, "127.0.0.1:7583", faults)
    if host and host not in THIS_MACHINE:
        faults.append(
            "SIGNAL_TCP should be 127.0.0.1, localhost or [::1]:"
            " signal-cli asks nobody for a password, so whoever reaches it can read and write everything."
        )
    return Signal(account, (host, port))


def _address(setting: str, value: str, example: str, faults: list[str]) -> tuple[str, int]:
    host, _colon, port = value.rpartition(":")
    if not host or not port.isdecimal() or int(port) > 65535:
        faults.append(f"{setting} should be an address and a port, such as {example}.")
        return "", 0
    return host.strip("[]"), int(port)


def documented() -> list[str]:
    """Return the names of all settings, for the test that compares them with `.env.example`."""
    return [
        "TELEGRAM_TOKEN",
        "TELEGRAM_API_URL",
        "TELEGRAM_WEBHOOK_URL",
        "TELEGRAM_WEBHOOK_SECRET",
        "SIGNAL_ACCOUNT",
        "SIGNAL_SOCKET",
        "SIGNAL_TCP",
        "DATABASE",
        "PROFILE",
        "LOG_FORMAT",
        "LISTEN",
    ]
