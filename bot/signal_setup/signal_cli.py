"""The signal-cli at the other end: why it cannot be reached, who may reach it, and with which options it was started.

Everything here is looked at from outside. Nothing is asked for messages, so none can be swallowed.
"""

import re
import socket
import stat
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bot.transports.signal_rpc import ANSWER, Connection, Refused

OLDEST = "0.14.5"
"""Signal unregistered numbers used with one before 0.14.1 (March 2026), and older ones hear nothing (June 2026)."""
NO_SUCH_METHOD = -32601
WITH_CONFIG = " (with --config FOLDER, if its keys do not lie where it puts them by itself)"
PATIENCE = 5.0
"""Seconds until whoever takes a connection is thought to be somebody else."""

Place = Path | tuple[str, int]


def shown(place: Place) -> str:
    """Return a place as an operator writes it."""
    if isinstance(place, Path):
        return str(place)
    host, port = place
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


async def ask(place: Place, method: str, params: dict[str, Any] | None = None, wait: float = ANSWER) -> Any:
    """Connect, call one method and hang up. Raises: NotSent, Lost, Refused."""
    connection = await Connection.open(place, _leave_alone)
    try:
        return await connection.request(method, params or {}, wait)
    finally:
        await connection.abort()


async def _leave_alone(_notifications: list[dict[str, Any]]) -> None:
    """Take what a daemon tells to whoever is connected, if it was started like that."""


async def numbers(place: Place) -> list[str] | None:
    """Return the numbers that are registered; None: the daemon was started with -a and has that one, or it would end.

    Raises: NotSent, Lost, Refused.
    """
    try:
        listed = await ask(place, "listAccounts")
    except Refused as refused:
        if refused.code == NO_SUCH_METHOD:
            return None
        raise
    return [str(each.get("number")) for each in listed]


def numbers_of(version: str) -> tuple[int, ...]:
    """Return a version as numbers that can be compared; () if it has none."""
    found = re.match(r"\d+(?:\.\d+)+", version)
    return tuple(int(part) for part in found[0].split(".")) if found else ()


def too_old(version: str) -> str:
    """Say in one sentence that a version is too old; '' if it is not, or if nobody can tell."""
    if not numbers_of(version) or numbers_of(version) >= numbers_of(OLDEST):
        return ""
    return (
        f"signal-cli {version} is too old: with versions before {OLDEST} Signal unregistered"
        " numbers (March 2026) and no message arrives any more (June 2026). Please install the newest one first."
    )


def how_to_start(place: Place, aim: str) -> str:
    """Say how signal-cli is started without a number; `aim` is what for, "To register a number"."""
    return (
        f"{aim}, start signal-cli without -a; with -a it ends as long as the number is not registered."
        " The unit of docs/operators.md does that while there is no /etc/signal-cli.env."
        f" By hand{WITH_CONFIG}:\n"
        f"  {_command(place)}"
    )


def how_to_start_with(place: Place, account: str) -> str:
    """Say how signal-cli is started with a number that is registered."""
    return (
        "Please start signal-cli with the number (systemctl start signal-cli); journalctl -u signal-cli says why it"
        f" ended. By hand{WITH_CONFIG}:\n  {_command(place, account)}"
    )


def _command(place: Place, account: str = "") -> str:
    number = f" -a {account}" if account else ""
    channel = f"--socket {place}" if isinstance(place, Path) else f"--tcp {shown(place)}"
    return (
        f"signal-cli{number} --trust-new-identities always --scrub-log daemon {channel}"
        " --receive-mode manual --no-receive-stdout --ignore-attachments"
    )


def why_unreachable(place: Place, how: str = "") -> str:
    """Say in one sentence why nobody can be reached at a place; '' if somebody takes the connection.

    `how` follows where signal-cli does not run: how to start it.
    """
    try:
        with _connected(place):
            return ""
    except OSError as fault:
        return _why(place, fault, f"\n{how}" if how else "")


def _connected(place: Place) -> socket.socket:
    if not isinstance(place, Path):
        return socket.create_connection(place, timeout=PATIENCE)
    connection = socket.socket(socket.AF_UNIX)
    try:
        connection.settimeout(PATIENCE)
        connection.connect(str(place))
    except OSError:
        connection.close()
        raise
    return connection


def _why(place: Place, fault: OSError, start: str) -> str:
    if not isinstance(place, Path):
        return f"signal-cli cannot be reached at {shown(place)}. Please start it, or correct SIGNAL_TCP.{start}"
    match fault:
        case FileNotFoundError() | NotADirectoryError():
            return (
                f"There is no {place}. signal-cli does not run, or it does not listen where SIGNAL_SOCKET says.{start}"
            )
        case PermissionError():
            return (
                f"This user may not use {place}. Please add the user to the group of signal-cli"
                " (usermod -aG signal-cli NAME) and log in again."
            )
        case ConnectionRefusedError() if not stat.S_ISSOCK(place.stat().st_mode):
            return f"{place} is not a socket. Please correct SIGNAL_SOCKET."
        case ConnectionRefusedError():
            return (
                f"Nobody listens at {place}: a signal-cli that was killed left it behind."
                f" Please remove it and start signal-cli.{start}"
            )
        case _:
            return f"{place} cannot be used as SIGNAL_SOCKET: {fault.strerror or fault}."


def open_to_others(place: Path) -> str:
    """Say in one sentence who else on this machine could read and write as the bot; '' if nobody."""
    steps = [*_steps(place.absolute())]
    for entry in steps:
        if _can_be_replaced(entry):
            return (
                f"Everybody on this machine may write into {entry.parent.resolve()} and so put a socket of their own at"
                f" {place}. Please choose a place that only signal-cli may change."
            )
    if place.stat().st_mode & stat.S_IWOTH and all(step.parent.stat().st_mode & stat.S_IXOTH for step in steps):
        return (
            f"Everybody on this machine may read and write as the bot through {place}."
            " Please take the rights of others away (UMask=0007 in the unit of signal-cli)."
        )
    return ""


def _steps(place: Path) -> Iterator[Path]:
    """Yield everything that a path leads through, from the root on: folders, links and what they lead through."""
    for step in [*reversed(place.parents), place][1:]:
        yield step
        if step.is_symlink():
            yield from _steps(step.parent / step.readlink() / place.relative_to(step))
            return


def _can_be_replaced(entry: Path) -> bool:
    """Whether everybody may put something else in its place.

    In a sticky folder such as /tmp they may not, but they may take the name as soon as it is free: a socket's and a
    link's is whenever signal-cli is not there.
    """
    rights = entry.parent.stat().st_mode
    is_kept = rights & stat.S_ISVTX and entry.is_dir() and not entry.is_symlink()
    return bool(rights & stat.S_IWOTH) and not is_kept


@dataclass(frozen=True)
class Options:
    """The options of a daemon that matter to the bot."""

    account: str
    """'' without -a."""
    receive_mode: str
    trust: str
    prints_messages: bool
    scrubs_log: bool
    keeps_files: bool

    @classmethod
    def of(cls, arguments: list[str]) -> "Options":
        """Read a command line; what is not on it is as signal-cli does by itself (man signal-cli)."""
        return cls(
            _value(arguments, "-a", "--account") or _value(arguments, "-u", "--username"),
            _value(arguments, "--receive-mode") or "on-start",
            _value(arguments, "--trust-new-identities") or "on-first-use",
            "--no-receive-stdout" not in arguments,
            "--scrub-log" in arguments,
            "--ignore-attachments" not in arguments,
        )


def _value(arguments: list[str], *names: str) -> str:
    for at, argument in enumerate(arguments):
        name, equals, value = argument.partition("=")
        if name in names:
            return value if equals else " ".join(arguments[at + 1 : at + 2])
    return ""


def options(place: Place) -> Options | None:
    """Return how the daemon that listens on a UNIX socket was started; None: it cannot be seen from here.

    The kernel names the process at the other end (SO_PEERCRED, unix(7)); /proc has its command line. Neither is there
    over TCP, for a container's process, and on macOS.
    """
    if not isinstance(place, Path) or not hasattr(socket, "SO_PEERCRED"):
        return None
    try:
        with _connected(place) as connection:
            process, _user, _group = struct.unpack(
                "3i", connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
            )
        words = (Path("/proc") / str(process) / "cmdline").read_bytes().decode(errors="replace").split("\0")
    except OSError:
        return None
    return Options.of(words) if "daemon" in words else None
