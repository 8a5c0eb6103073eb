"""Our client and our transport against the real signal-cli, without an account and without Signal behind it.

The tests have a pretend signal-cli; here its behaviour is held against that of the real one, as far as it goes without
a number. Each check prints one line.
"""

import asyncio
import json
import logging
import socket
import statistics
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

from benchmarks import report
from benchmarks.real_signal_cli import AS_IN_THE_UNIT, VERSION, CannotBeHad, RealSignalCli
from bot import check as checks
from bot import profile
from bot.messages import Kind, Outgoing, State
from bot.settings import DEFAULT_PROFILE, Settings, Signal
from bot.signal_setup import signal_cli
from bot.transports import signal as transport_module
from bot.transports import signal_envelopes as envelopes
from bot.transports.signal import SignalTransport
from bot.transports.signal_rpc import Connection, Fault, Lost, NotSent, Refused

ACCOUNT = "+4915100000001"
"""Nobody's."""
SOMEBODY = "00000002-aaaa-4aaa-8aaa-aaaaaaaaaaa2"
PIPELINED = 200
LISTENS = 6.0
"""Seconds for which the transport listens to a daemon without its account."""

ERRORS: list[tuple[str, Any, int, str]] = [
    ("send", {"recipient": [SOMEBODY], "message": "x"}, -32602, "Method requires valid account parameter"),
    ("send", {"account": ACCOUNT, "recipient": [SOMEBODY], "message": "x"}, -32602, "Specified account does not exist"),
    ("noSuchMethod", {}, -32601, "Method not implemented"),
    ("subscribeReceive", {"account": ACCOUNT}, -32602, "Specified account does not exist"),
    ("version", [1], -32600, "Cannot deserialize value"),
]
"""What our client asks, and how the real one refuses: code and beginning of the message."""
LINES: list[tuple[str, int, str]] = [
    ("{bad", -32700, "Unexpected character"),
    ("", -32700, "Empty input line"),
    ("[]", -32600, "invalid request"),
    ("5", -32600, ""),
    ('{"jsonrpc":"1.0","id":9001,"method":"version"}', -32600, ""),
    ('{"jsonrpc":"2.0","id":9001}', -32600, ""),
    ('{"jsonrpc":"2.0","id":9001,"method":"version","more":1}', -32600, ""),
]
"""What our client never writes; the pretend one has to answer in the same way."""

NEEDS_SIGNAL: list[tuple[str, dict[str, Any], str]] = [
    ("startLink", {}, "Link request error"),
    ("register", {"account": ACCOUNT}, "Failed to register"),
]
"""What is refused with -3 where Signal cannot be reached."""


class Failed(Exception):
    """A check found something else than it should."""


class Checks:
    """Runs checks and keeps what they measured."""

    def __init__(self) -> None:
        self.lines: list[tuple[str, str, str]] = []
        self.figures: dict[str, float] = {}
        self.failed = 0

    async def run(self, name: str, check: Callable[[], Awaitable[str]]) -> None:
        """Run one check; it returns what it measured, in words."""
        try:
            verdict, words = "pass", await check()
        except (Failed, Fault, OSError, RuntimeError, TimeoutError) as fault:
            verdict, words = "FAIL", f"{type(fault).__name__}: {fault}"
            self.failed += 1
        self.lines.append((name, verdict, words))
        print(f"{verdict}  {name}: {words}", flush=True)

    def note(self, name: str, value: float) -> None:
        """Keep a figure."""
        self.figures[f"signal_real.{name}"] = value


async def measure() -> bool:
    """Check everything, print one line each and write them down; say whether all was as it should be."""
    place, found = report.where(), Checks()
    logging.getLogger("bot").setLevel(logging.CRITICAL)
    try:
        with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as name:
            real = RealSignalCli(Path(name))
            try:
                await _check_all(real, found)
            finally:
                await real.kill()
    except CannotBeHad as why:
        print(why)
        return False
    found.note("checks", len(found.lines))
    found.note("failed", found.failed)
    report.write("signal-real", f"{place}\n\n{report.table(['check', '', 'figures'], found.lines)}")
    report.show("", found.figures)
    return not found.failed


async def _check_all(real: RealSignalCli, found: Checks) -> None:
    with_one = _With(real, found)
    await found.run("it starts", with_one.starts)
    await found.run("version and listAccounts over the UNIX socket", lambda: with_one.answers(real.socket))
    await found.run("version and listAccounts over TCP", lambda: with_one.answers(real.tcp))
    await found.run("it refuses as the pretend one does", with_one.refuses)
    await found.run("lines that are no requests harm neither side", with_one.bad_lines)
    await found.run("a batch is answered once, without its notification", with_one.batch)
    await found.run("one request after the other", with_one.in_turn)
    await found.run(f"{PIPELINED} requests at once, each with its own answer", with_one.pipelined)
    await found.run("a message cannot be sent and waits", with_one.sends)
    await found.run("the transport listens without an account", with_one.listens)
    await found.run("check says that it is too old, and nothing wrong of the options", with_one.checked)
    await found.run("kill -9 and a new start: the transport answers again", with_one.is_killed)
    await found.run("kill -9 leaves a socket at which no other starts", with_one.stale_socket)
    await found.run("check sees options that lose messages", with_one.checked_without_options)
    if not _reaches_signal():
        await found.run("what needs Signal is refused without it", with_one.asks_signal)
    await found.run("SIGTERM ends it", with_one.stops)


class _With:
    """The checks, each of which leaves a daemon that runs."""

    def __init__(self, real: RealSignalCli, found: Checks) -> None:
        self._real = real
        self._note = found.note
        self._settings = Signal(ACCOUNT, real.socket)

    async def starts(self) -> str:
        seconds = await self._real.start(*AS_IN_THE_UNIT)
        memory = self._real.memory()
        self._note("start_seconds", round(seconds, 2))
        self._note("memory_mib", round(memory))
        return f"{seconds:.1f} s to the first answer, {memory:.0f} MiB"

    async def answers(self, place: Path | tuple[str, int]) -> str:
        version = await signal_cli.ask(place, "version")
        _expect(version, {"version": VERSION})
        _expect(await signal_cli.numbers(place), [])
        return f"{VERSION}, no accounts"

    async def refuses(self) -> str:
        async with _connection(self._real.socket) as connection:
            for method, params, code, words in ERRORS:
                try:
                    answer = await connection.request(method, params)
                except Refused as refused:
                    _expect(refused.code, code)
                    _expect(refused.message[: len(words)], words)
                    _expect(refused.data, None)
                else:
                    raise Failed(f"{method} was answered: {answer}")
        return f"{len(ERRORS)} errors with the expected codes and words"

    async def bad_lines(self) -> str:
        reader, writer = await asyncio.open_unix_connection(self._real.socket)
        for line, code, words in LINES:
            writer.write(line.encode() + b"\n")
            error = json.loads(await asyncio.wait_for(reader.readline(), 10))["error"]
            _expect(error["code"], code)
            _expect(error["message"][: len(words)], words)
        connection = Connection(reader, writer, _hear_nothing)
        try:
            writer.write("".join(f"{line}\n" for line, _, _ in LINES).encode())
            _expect(await connection.request("version", {}), {"version": VERSION})
        finally:
            await connection.abort()
        return f"{len(LINES)} lines; our client leaves their answers alone and goes on"

    async def batch(self) -> str:
        reader, writer = await asyncio.open_unix_connection(self._real.socket)
        asked: list[Any] = [{"jsonrpc": "2.0", "id": n, "method": m} for n, m in ((1, "version"), (2, "noSuch"))]
        writer.write(json.dumps([*asked, {"jsonrpc": "2.0", "method": "version"}, 5]).encode() + b"\n")
        answers = json.loads(await asyncio.wait_for(reader.readline(), 10))
        writer.close()
        codes = sorted(answer.get("error", {}).get("code", 0) for answer in answers)
        _expect(codes, [-32601, -32600, 0])
        return "3 answers to 4 entries"

    async def in_turn(self) -> str:
        async with _connection(self._real.socket) as connection:
            took = []
            for _ in range(PIPELINED):
                begun = time.monotonic()
                await connection.request("version", {})
                took.append(1000 * (time.monotonic() - begun))
        median = statistics.median(took)
        self._note("ms_per_request", round(median, 2))
        self._note("memory_after_requests_mib", round(self._real.memory()))
        return f"median {median:.2f} ms ({min(took):.2f} to {max(took):.1f}), then {self._real.memory():.0f} MiB"

    async def pipelined(self) -> str:
        order: list[int] = []
        async with _connection(self._real.socket) as connection:

            async def ask(number: int) -> bool:
                method, right = (("version", {"version": VERSION}), ("listAccounts", []), ("noSuch", -32601))[
                    number % 3
                ]
                try:
                    answer = await connection.request(method, {})
                except Refused as refused:
                    answer = refused.code
                order.append(number)
                return bool(answer == right)

            begun = time.monotonic()
            answers = await asyncio.gather(*map(ask, range(PIPELINED)))
            took = 1000 * (time.monotonic() - begun)
        _expect(sum(answers), PIPELINED)
        overtaken = sum(later < earlier for earlier, later in pairwise(order))
        self._note("ms_per_pipelined_request", round(took / PIPELINED, 2))
        self._note("out_of_order", overtaken)
        return f"{took / PIPELINED:.2f} ms each, {overtaken} came before one that was asked earlier"

    async def sends(self) -> str:
        async with SignalTransport(self._settings) as transport:
            _expect(await transport.version(), VERSION)
            _expect(await transport.reachable(), True)
            outcome = await transport.send(SOMEBODY, Outgoing(text="x"))
        _expect((outcome.state, outcome.everybody), (State.WAITING, True))
        return f"{outcome.state}: {outcome.reason}"

    async def listens(self) -> str:
        """Without its account it is deaf, says so, goes on trying and never ends."""
        heard: list[tuple[str, str]] = []
        tries = _count_tries()

        async def hear(events: list[tuple[str, str]]) -> None:
            heard.extend(events)

        still, transport_module.STILL_DEAF = transport_module.STILL_DEAF, 2.0
        try:
            async with SignalTransport(self._settings) as transport:
                running = asyncio.create_task(transport.run(hear))
                await asyncio.wait([running], timeout=LISTENS)
                _expect(running.done(), False)
                running.cancel()
                await asyncio.wait([running], timeout=10)
                _expect(running.cancelled(), True)
        finally:
            transport_module.STILL_DEAF = still
        told = [envelopes.understand(payload) for _, payload in heard]
        _expect([(each.kind, each.until) for each in told], [(Kind.DEAF, 0)])
        made = tries()
        if made < 3:
            raise Failed(f"it tried {made} times only")
        return f"{made} tries in {LISTENS:g} s, and told once that it is deaf"

    async def checked(self) -> str:
        faults = await self._faults()
        if not any(f"signal-cli {VERSION} is too old" in fault for fault in faults):
            raise Failed(f"{faults}")
        if wrong := [fault for fault in faults if "Please start" in fault]:
            raise Failed(f"{wrong}")
        return "too old, not registered"

    async def checked_without_options(self) -> str:
        await self._real.kill()
        self._real.socket.unlink()
        await self._real.start(tcp=False)
        faults = await self._faults()
        for option in ("--receive-mode manual", "--no-receive-stdout", "--ignore-attachments"):
            if not any(option in fault for fault in faults):
                raise Failed(f"{option} is not asked for: {faults}")
        return "--receive-mode, --no-receive-stdout and --ignore-attachments are asked for"

    async def _faults(self) -> list[str]:
        settings = Settings(None, self._settings, Path("bot.db"), DEFAULT_PROFILE, "text", ("127.0.0.1", 0))
        found = await checks.check(settings, profile.read(DEFAULT_PROFILE), datetime.now(UTC).date())
        return found.faults

    async def is_killed(self) -> str:
        async with SignalTransport(self._settings) as transport:
            await transport.version()
            await self._real.kill()
            try:
                await transport.version()
                raise Failed("a dead daemon answered")
            except (NotSent, Lost) as fault:
                seen = type(fault).__name__
            self._real.socket.unlink()
            begun = time.monotonic()
            started = asyncio.create_task(self._real.start(*AS_IN_THE_UNIT))
            while not await _answers(transport):  # noqa: ASYNC110 - another process tells nobody
                await asyncio.sleep(0.05)
            seconds = time.monotonic() - begun
            await started
        self._note("answers_again_seconds", round(seconds, 2))
        return f"{seen}, and {seconds:.1f} s after the new start it answers"

    async def stale_socket(self) -> str:
        await self._real.kill()
        why = signal_cli.why_unreachable(self._real.socket)
        if "left it behind" not in why:
            raise Failed(f"our words for it are: {why}")
        code, said = await self._real.start_in_vain(*AS_IN_THE_UNIT)
        _expect(code, 3)
        if "Address already in use" not in said:
            raise Failed(said[-300:])
        self._real.socket.unlink()
        await self._real.start(*AS_IN_THE_UNIT)
        return "exit code 3, Address already in use; without the file it starts"

    async def asks_signal(self) -> str:
        """It leaves the files of an account, so it comes late."""
        for method, params, words in NEEDS_SIGNAL:
            try:
                await signal_cli.ask(self._real.socket, method, params)
            except Refused as refused:
                _expect((refused.code, refused.message[: len(words)]), (-3, words))
            else:
                raise Failed(f"{method} was answered")
        return "startLink and register: code -3"

    async def stops(self) -> str:
        code, seconds = await self._real.stop()
        _expect((code, self._real.socket.exists()), (0, False))
        self._note("sigterm_seconds", round(seconds, 2))
        return f"exit code 0 after {seconds:.2f} s, and the socket's file is gone"


def _reaches_signal() -> bool:
    """Say whether Signal could be asked: then nothing is, it is not to be troubled by a benchmark."""
    with suppress(OSError):
        return bool(socket.getaddrinfo("chat.signal.org", 443))
    return False


async def _answers(transport: SignalTransport) -> bool:
    with suppress(Fault):
        return bool(await transport.version())
    return False


def _count_tries() -> Callable[[], int]:
    """Return what counts how often the transport has said since now that it tries again."""

    class Counting(logging.Handler):
        n = 0

        def emit(self, record: logging.LogRecord) -> None:
            self.n += "cannot be listened to" in record.msg

    counting, logger = Counting(), logging.getLogger("bot.transports.signal")
    logger.setLevel(logging.WARNING)
    logger.propagate = False
    logger.addHandler(counting)

    def count() -> int:
        logger.removeHandler(counting)
        return counting.n

    return count


@asynccontextmanager
async def _connection(place: Path) -> AsyncIterator[Connection]:
    connection = await Connection.open(place, _hear_nothing)
    try:
        yield connection
    finally:
        await connection.abort()


async def _hear_nothing(_notifications: list[dict[str, Any]]) -> None:
    """Expect nothing: there is no account."""


def _expect(found: object, right: object) -> None:
    if found != right:
        raise Failed(f"{found!r} instead of {right!r}")
