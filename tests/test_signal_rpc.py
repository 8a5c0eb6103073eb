"""What the client of signal-cli makes of its lines: answers in any order, garbage, halves, giants, and silence."""

import asyncio
import json
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from bot.transports import signal_rpc
from bot.transports.signal_rpc import Connection, Lost, NotSent, Refused

Lines = asyncio.StreamReader
Pen = asyncio.StreamWriter
TIMEOUT = 30.0


class Client:
    """A connection, and what it was notified of."""

    def __init__(self) -> None:
        self.notified: list[dict[str, Any]] = []
        self.connection: Connection

    async def notify(self, params: list[dict[str, Any]]) -> None:
        """Take notifications."""
        self.notified += params

    async def asks(self, method: str = "version", wait: float = TIMEOUT, **params: Any) -> Any:
        """Call a method."""
        return await self.connection.request(method, params, wait)


@asynccontextmanager
async def daemon(
    place: Path | tuple[str, int], serve: Callable[[Lines, Pen], Awaitable[None]]
) -> AsyncIterator[Client]:
    """Let a daemon serve in its own way, and somebody be connected to it."""
    talks: list[asyncio.Task[None]] = []

    async def talk(reader: Lines, writer: Pen) -> None:
        talks.append(asyncio.current_task())  # type: ignore[arg-type]
        try:
            await serve(reader, writer)
        finally:
            writer.close()

    server = await (
        asyncio.start_unix_server(talk, place) if isinstance(place, Path) else asyncio.start_server(talk, *place)
    )
    if not isinstance(place, Path):
        place = server.sockets[0].getsockname()[:2]
    client = Client()
    client.connection = await Connection.open(place, client.notify)
    try:
        yield client
    finally:
        server.close()
        await client.connection.abort()
        await asyncio.wait(talks, timeout=TIMEOUT)


async def read(reader: Lines) -> dict[str, Any]:
    request: dict[str, Any] = json.loads(await reader.readline())
    return request


def line(**said: Any) -> bytes:
    return json.dumps({"jsonrpc": "2.0", **said}).encode() + b"\n"


def saying(*before: bytes) -> Callable[[Lines, Pen], Awaitable[None]]:
    """Return a daemon that says something before it answers each request with its method."""

    async def serve(reader: Lines, writer: Pen) -> None:
        async for asked in reader:
            request = json.loads(asked)
            for said in before:
                writer.write(said)
                await writer.drain()
                await asyncio.sleep(0)
            writer.write(line(id=request["id"], result=request["method"]))

    return serve


# ---------------------------------------------------------------------- answers


@pytest.mark.parametrize("kind", ["unix", "tcp"])
async def test_a_request_is_answered_over(kind: str, tmp_path: Path) -> None:
    place = tmp_path / "socket" if kind == "unix" else ("127.0.0.1", 0)
    async with daemon(place, saying()) as client:
        assert await client.asks("version") == "version"


async def test_each_gets_its_own_answer_in_whatever_order_they_come(tmp_path: Path) -> None:
    async def backwards(reader: Lines, writer: Pen) -> None:
        requests = [await read(reader) for _ in range(50)]
        for request in reversed(requests):
            writer.write(line(id=request["id"], result=request["params"]["n"]))
        await reader.read()

    async with daemon(tmp_path / "socket", backwards) as client:
        assert await asyncio.gather(*(client.asks(n=n) for n in range(50))) == list(range(50))


ODD = {
    "garbage": b"Exception in thread main\n",
    "no text": b"\xff\xfe\x00\n",
    "an empty line": b"\n",
    "a list": b"[1]\n",
    "a number": b"5\n",
    "nested": b"[" * 100_000 + b"\n",
    "nested in an object": b'{"method":"receive","params":' + b'{"a":' * 100_000 + b"\n",
    "an id that nobody has": line(id=4711, result="x"),
    "no id": line(id=None, error={"code": -32700, "message": "x", "data": None}),
    "an id that is a list": line(id=[1], result="x"),
    "true for an id": line(id=True, result="x"),
    "a notification that nobody knows": line(method="callEvent", params={"id": 1}),
    "a notification of nothing": line(method="receive", params=None),
    "a request": line(id=1, method="x"),
    "many numbers": b'{"id":' + b"9" * 5000 + b"}\n",
    "too long": line(method="receive", params={"a": "x" * 2000}),
    "too long, in pieces": b"x" * 700 + b"x" * 700 + b"x" * 700 + b"\n",
}


@pytest.mark.parametrize("odd", ODD.values(), ids=ODD.keys())
async def test_an_answer_is_understood_after(odd: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if odd.count(b"x") > 1000:
        monkeypatch.setattr(signal_rpc, "LONGEST_LINE", 1000)
    async with daemon(tmp_path / "socket", saying(odd)) as client:
        if odd == ODD["a request"]:
            with pytest.raises(Lost):
                await client.asks()
        assert await client.asks() == "version"
        assert await client.asks("x") == "x"
        assert client.notified == []


async def test_a_line_in_many_pieces_is_one_line(tmp_path: Path) -> None:
    said = line(method="receive", params={"text": "Привіт 🏳️‍🌈"})
    pieces = [said[n : n + 3] for n in range(0, len(said), 3)]
    async with daemon(tmp_path / "socket", saying(*pieces)) as client:
        assert await client.asks() == "version"
        assert client.notified == [{"text": "Привіт 🏳️‍🌈"}]


async def test_a_line_of_several_mib_is_heard(tmp_path: Path) -> None:
    text = "Ї" * 1_000_000
    async with daemon(tmp_path / "socket", saying(line(method="receive", params={"text": text}))) as client:
        await client.asks()
        assert client.notified == [{"text": text}]


async def test_what_is_heard_stands_between_answers_and_keeps_its_order(tmp_path: Path) -> None:
    notifications = [line(method="receive", params={"n": n}) for n in range(100)]
    async with daemon(tmp_path / "socket", saying(*notifications)) as client:
        for _ in range(3):
            await client.asks()
        assert [params["n"] for params in client.notified] == [*range(100)] * 3


async def test_nothing_more_is_read_before_what_was_heard_is_dealt_with(tmp_path: Path) -> None:
    async with daemon(tmp_path / "socket", saying(line(method="receive", params={"n": 1}))) as client:
        allowed, began = asyncio.Event(), asyncio.Event()

        async def slowly(_: list[dict[str, Any]]) -> None:
            began.set()
            await allowed.wait()

        other = await Connection.open(tmp_path / "socket", slowly)
        first = asyncio.create_task(other.request("first", {}))
        await began.wait()
        assert other.is_notifying
        with pytest.raises(Lost):
            await other.request("second", {}, 0.1)
        allowed.set()
        assert await first == "first"
        assert await client.asks() == "version"
        await other.close()


ERRORS: dict[str, tuple[dict[str, Any], tuple[Any, ...]]] = {
    "with data": ({"code": -5, "message": "limit", "data": {"response": {}}}, (-5, "limit", {"response": {}})),
    "without": ({"code": -1, "message": "no", "data": None}, (-1, "no", None)),
    "bare": ({}, (0, "", None)),
    "odd": ({"code": "x", "message": 5}, (0, "", None)),
}


@pytest.mark.parametrize(("error", "read_as"), ERRORS.values(), ids=ERRORS.keys())
async def test_a_refusal_says_why(error: dict[str, Any], read_as: tuple[Any, ...], tmp_path: Path) -> None:
    async def refuses(reader: Lines, writer: Pen) -> None:
        writer.write(line(id=(await read(reader))["id"], error=error))
        await reader.read()

    async with daemon(tmp_path / "socket", refuses) as client:
        with pytest.raises(Refused) as caught:
            await client.asks()
        assert (caught.value.code, caught.value.message, caught.value.data) == read_as
        assert "limit" not in str(caught.value), "signal-cli quotes numbers and texts"


# ---------------------------------------------------------------------- whether it left


async def test_without_a_daemon_nothing_leaves(tmp_path: Path) -> None:
    client = Client()
    stale = tmp_path / "stale"
    with socket.socket(socket.AF_UNIX) as killed:
        killed.bind(str(stale))
    places: list[Path | tuple[str, int]] = [tmp_path / "nowhere", stale, tmp_path, tmp_path / ("x" * 200)]
    for place in [*places, tmp_path / "a\0b", ("127.0.0.1", 1), ("no such host.invalid", 1)]:
        with pytest.raises(NotSent):
            await Connection.open(place, client.notify)


async def test_nobody_knows_what_became_of_a_request_whose_connection_broke(tmp_path: Path) -> None:
    async def breaks(reader: Lines, writer: Pen) -> None:
        await read(reader)
        writer.write(b'{"jsonrpc":"2.0","result":{"times')
        await writer.drain()
        writer.transport.abort()

    async with daemon(tmp_path / "socket", breaks) as client:
        async with asyncio.timeout(TIMEOUT):
            outcomes = await asyncio.gather(*(client.asks(wait=600) for _ in range(3)), return_exceptions=True)
        assert {type(outcome) for outcome in outcomes} == {Lost}
        with pytest.raises(NotSent):
            await client.asks()


async def test_a_request_after_the_daemon_left_does_not_leave(tmp_path: Path) -> None:
    async def leaves(_: Lines, writer: Pen) -> None:
        writer.close()

    async with daemon(tmp_path / "socket", leaves) as client:
        await client.connection.reading
        with pytest.raises(NotSent):
            await client.asks()


async def test_a_request_does_not_leave_if_the_daemon_left_just_now(tmp_path: Path) -> None:
    pens: list[Pen] = []

    async def stays(reader: Lines, writer: Pen) -> None:
        pens.append(writer)
        await reader.read()

    async with daemon(tmp_path / "socket", stays) as client:
        await asyncio.sleep(0.01)
        pens[0].get_extra_info("socket").shutdown(socket.SHUT_RDWR)
        with pytest.raises(NotSent):
            await client.asks()


async def test_nobody_waits_for_an_answer_for_ever(tmp_path: Path) -> None:
    async def silent(reader: Lines, _: Pen) -> None:
        await reader.read()

    async with daemon(tmp_path / "socket", silent) as client:
        with pytest.raises(Lost):
            await client.asks(wait=0.05)


async def test_nobody_waits_for_ever_for_a_daemon_that_does_not_read(tmp_path: Path) -> None:
    ended = asyncio.Event()

    async def deaf(_reader: Lines, _writer: Pen) -> None:
        await ended.wait()

    async with daemon(tmp_path / "socket", deaf) as client:
        with pytest.raises(Lost):
            await client.asks(wait=0.2, text="x" * 5_000_000)
        async with asyncio.timeout(TIMEOUT):
            await client.connection.close()
        ended.set()


async def test_a_late_answer_is_nobodys(tmp_path: Path) -> None:
    answer = asyncio.Event()

    async def late(reader: Lines, writer: Pen) -> None:
        first, second = await read(reader), await read(reader)
        await answer.wait()
        writer.write(line(id=first["id"], result="late") + line(id=second["id"], result="in time"))
        await reader.read()

    async with daemon(tmp_path / "socket", late) as client:
        with pytest.raises(Lost):
            await client.asks(wait=0.05)
        second = asyncio.create_task(client.asks())
        answer.set()
        assert await second == "in time"


async def test_what_fails_in_dealing_with_what_was_heard_is_not_swallowed(tmp_path: Path) -> None:
    async def fails(_: list[dict[str, Any]]) -> None:
        raise OSError("the disk")

    async with daemon(tmp_path / "socket", saying(line(method="receive", params={}))):
        connection = await Connection.open(tmp_path / "socket", fails)
        with suppress(Lost):
            await connection.request("version", {})
        with pytest.raises(OSError, match="the disk"):
            await connection.close()
