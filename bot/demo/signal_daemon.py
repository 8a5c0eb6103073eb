"""The pretend signal-cli daemon: connections on a UNIX socket, subscriptions, and the receive loop.

It knows the world only as a `SignalServer` and keeps nothing that survives its end.
"""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import itertools
import random
import socket
import struct
import termios
from typing import TYPE_CHECKING, Any

from bot.demo import signal_rpc as rpc
from bot.demo.signal_rules import INVALID_REQUEST, USER, Refused

if TYPE_CHECKING:
    from collections.abc import Coroutine, Iterator
    from pathlib import Path

    from bot.demo.signal_chats import Json
    from bot.demo.signal_server import SignalServer

LONGEST_LINE = 2**28  # bytes
ALREADY = "Receive command cannot be used if messages are already being received."


class StaleSocket(OSError):
    """The socket's file is still there, as after kill -9; signal-cli says "Address already in use" and exits with 3."""


class DaemonExits(RuntimeError):
    """The daemon cannot start; `code` is what the process exits with."""

    def __init__(self, code: int, words: str) -> None:
        super().__init__(words)
        self.code = code


class Connection:
    """One client. Whoever writes to it waits for a client that does not read."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer
        self.lock = asyncio.Lock()
        self.requests: set[asyncio.Task[None]] = set()
        self.subscriptions: dict[int, bool] = {}  # by number, whether events are wrapped
        writer.transport.set_write_buffer_limits(high=0)

    async def write(self, line: bytes) -> bool:
        """Write a line and return whether it went out."""
        try:
            async with self.lock:
                self.writer.write(line)
                await self.writer.drain()
        except ConnectionError:
            return False
        return not self.writer.transport.is_closing()

    def unread(self) -> int:
        """Return how many bytes the client has not taken from the kernel (SIOCOUTQ, see tcp(7)) or from us."""
        transport = self.writer.transport
        if transport.is_closing():
            return 0
        descriptor = transport.get_extra_info("socket").fileno()
        with contextlib.suppress(OSError):
            answered = fcntl.ioctl(descriptor, termios.TIOCOUTQ, struct.pack("i", 0))
            return int(struct.unpack("i", answered)[0]) + transport.get_write_buffer_size()
        return 0  # a kernel that does not say

    def tear(self, handing_over: bool) -> None:
        """Break off in the middle of a line: of an answer that is due, or of an event that is being handed over."""
        transport = self.writer.transport
        if not transport.is_closing() and not transport.get_write_buffer_size():
            if self.requests:
                transport.write(b'{"jsonrpc":"2.0","result":{"timestamp":17953')
            elif self.subscriptions and handing_over:
                transport.write(b'{"jsonrpc":"2.0","method":"receive","params":{"subscr')
        transport.abort()


class Daemon:
    """One life of the daemon. `receive_mode` is "manual", "on-connection" or "on-start"."""

    def __init__(self, path: Path, server: SignalServer, receive_mode: str = "manual", seed: int = 0) -> None:
        self.path = path
        self.server = server
        self.receive_mode = receive_mode
        self.random = random.Random(seed)  # noqa: S311  # guards nothing
        self.connections: set[Connection] = set()
        self.numbers = itertools.count()
        self.tasks: set[asyncio.Task[None]] = set()
        self.listening = asyncio.Event()
        self.ended = asyncio.Event()
        self.polling = False
        self.handing_over = False
        self.single_account = True
        self.exit_code = 0
        self.crashes: list[Exception] = []
        self.listener: asyncio.Server | None = None

    # life

    async def start(self) -> None:
        """Bind and serve. Raises: StaleSocket, DaemonExits."""
        settings = await self.server.starts()
        if settings["exit"]:
            words = {1: f"User {settings['account']} is not registered."}
            raise DaemonExits(settings["exit"], words.get(settings["exit"], "Closed unexpectedly"))
        self.single_account = settings["single_account"]
        listening = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            listening.bind(str(self.path))
        except OSError as error:
            listening.close()
            raise StaleSocket(error.errno, f"Failed to bind socket {self.path}: {error.strerror}") from error
        listening.setblocking(False)
        # Not start_unix_server: from Python 3.13 on it removes the file when it is closed, which kill -9 does not.
        self.listener = await asyncio.start_server(self.connected, sock=listening, limit=LONGEST_LINE)
        self.own(self.receive())
        self.own(self.watch())
        if self.receive_mode == "on-start":
            self.listening.set()
        await self.server.reports({"running": True, "subscriptions": 0, "connections": 0})

    async def stop(self) -> None:
        """End as on SIGTERM: the connections end properly, the socket's file is removed."""
        self.close_listener()
        for connection in list(self.connections):
            connection.writer.close()
        await self.cancel_all()
        self.path.unlink(missing_ok=True)
        self.ended.set()

    async def die(self) -> None:
        """End as by kill -9: connections break in the middle of a line, the socket's file stays."""
        self.close_listener()
        for connection in list(self.connections):
            connection.tear(self.handing_over)
        await self.cancel_all()
        self.ended.set()

    def close_listener(self) -> None:
        if self.listener is not None:
            self.listener.close()

    async def cancel_all(self) -> None:
        requests = [task for connection in self.connections for task in connection.requests]
        tasks = [task for task in (*self.tasks, *requests) if task is not asyncio.current_task()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for connection in list(self.connections):
            with contextlib.suppress(TimeoutError, OSError):
                async with asyncio.timeout(0.2):
                    await connection.writer.wait_closed()
            connection.writer.transport.abort()
        self.connections.clear()

    def own(self, work: Coroutine[Any, Any, None], tasks: set[asyncio.Task[None]] | None = None) -> None:
        """Start a task, and keep it and what it fails of; a failure is one of this pretence itself."""
        owned = self.tasks if tasks is None else tasks

        def done(task: asyncio.Task[None]) -> None:
            owned.discard(task)
            error = None if task.cancelled() else task.exception()
            if isinstance(error, Exception):
                self.crashes.append(error)

        task = asyncio.get_running_loop().create_task(work)
        owned.add(task)
        task.add_done_callback(done)

    async def watch(self) -> None:
        """End when the account is gone, as the daemon does that was started with one account (-a)."""
        self.exit_code = await self.server.ends()
        await self.stop()

    # connections

    def connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connection = Connection(reader, writer)
        self.connections.add(connection)
        self.own(self.talk(connection))

    async def talk(self, connection: Connection) -> None:
        """Serve one client until it ends; what it asked for is done even if it does not wait."""
        if self.receive_mode != "manual":
            connection.subscriptions[next(self.numbers)] = False
        await self.count()
        try:
            while line := await connection.reader.readline():
                self.own(self.handle(connection, line), connection.requests)
        except (ConnectionError, ValueError):
            connection.writer.transport.abort()
        connection.subscriptions.clear()
        await self.count()
        if connection.requests:
            await asyncio.wait(connection.requests)
        connection.writer.close()
        self.connections.discard(connection)
        await self.count()

    async def count(self) -> None:
        """Start or stop receiving as there are subscriptions, and say so."""
        subscriptions = sum(len(connection.subscriptions) for connection in self.connections)
        if subscriptions or self.receive_mode == "on-start":
            self.listening.set()
        else:
            self.listening.clear()
        await self.server.reports({"subscriptions": subscriptions, "connections": len(self.connections)})

    # requests

    async def handle(self, connection: Connection, line: bytes) -> None:
        """Answer one line, in its own time."""
        try:
            value = rpc.parse(line.decode("utf-8", "replace").rstrip("\n"))
            if isinstance(value, list) and value:
                answers = await asyncio.gather(*(self.one(connection, each) for each in value))
                given = [answer for answer in answers if answer is not None]
                self.random.shuffle(given)
                answer: Any = given or None
            elif isinstance(value, list):
                raise Refused(INVALID_REQUEST, "invalid request")
            else:
                answer = await self.one(connection, value)
        except Refused as refused:
            answer = rpc.refusal(refused)
        if answer is not None:
            await connection.write(rpc.encode(answer))

    async def one(self, connection: Connection, value: Any) -> Json | None:
        """Do one request and return its answer, None where there is none."""
        try:
            request = rpc.request(value)
        except Refused as refused:
            return rpc.refusal(refused, rpc.id_of(value))
        if request is None:
            return None
        reply = await self.server.call(request.method, request.params)
        if reply["breaks"]:
            connection.writer.transport.abort()
            return None
        if reply["line"] is not None:
            await connection.write(reply["line"].encode() + b"\n")
        answer: Json | None = reply["answer"]
        if answer is not None and "result" in answer:
            answer = await self.finish(connection, request.method, request.params or {}, answer)
        if answer is None or not request.wants_answer:
            return None
        return rpc.response(answer, request.id)

    async def finish(self, connection: Connection, method: str, params: Json, answer: Json) -> Json:
        """Do what only the daemon can do of a method."""
        try:
            if method == "subscribeReceive":
                number = next(self.numbers)
                connection.subscriptions[number] = True
                await self.count()
                await asyncio.sleep(0)  # events may well come before the answer
                return {"result": number}
            if method == "unsubscribeReceive":
                await self.unsubscribe(connection, params.get("subscription"))
                return {"result": {}}
            if method == "receive":
                return {"result": await self.poll(params)}
        except Refused as refused:
            return {"error": refused.as_json()}
        return answer

    async def unsubscribe(self, connection: Connection, number: Any) -> None:
        if number is None and not self.single_account:
            raise Refused(USER, "Missing subscription parameter with subscription id")
        if number is None:
            connection.subscriptions.clear()
        elif connection.subscriptions.pop(number, None) is None:
            raise Refused(USER, "Unknown subscription id")
        await self.count()

    # receiving

    async def receive(self) -> None:
        """Hand over, one after the other, what people sent; at most once."""
        while True:
            await self.listening.wait()
            await self.server.waits()
            if not self.listening.is_set():
                continue
            number = await self.server.take()
            if number is None:
                await asyncio.sleep(0)
                continue
            self.handing_over = True
            decrypted = await self.server.decrypt(number)
            readers = 1 if decrypted is None else await self.hand_over(decrypted)
            await self.server.handed_over(number, readers)
            self.handing_over = False

    async def hand_over(self, decrypted: Json) -> int:
        """Write an event to every subscription and return to how many it went."""
        readers = 0
        for connection, number, wrapped in list(self.subscribers()):
            if "line" in decrypted:
                line = decrypted["line"].encode() + b"\n"
            else:
                event = decrypted["event"]
                params = {"subscription": number, "result": event} if wrapped else event
                line = rpc.encode({"jsonrpc": "2.0", "method": "receive", "params": params})
            readers += await connection.write(line)
        return readers

    def subscribers(self) -> Iterator[tuple[Connection, int, bool]]:
        for connection in self.connections:
            for number, wrapped in connection.subscriptions.items():
                yield connection, number, wrapped

    def unread(self) -> int:
        """Return how many bytes of events the subscribers have not read yet."""
        return sum(connection.unread() for connection in {entry[0] for entry in self.subscribers()})

    async def poll(self, params: Json) -> list[Any]:
        """Return what comes until `timeout` seconds (3) of silence or `maxMessages` events."""
        if self.listening.is_set() or self.polling:
            raise Refused(USER, ALREADY)
        timeout, most = float(params.get("timeout", 3)), int(params.get("maxMessages", -1))
        found: list[Any] = []
        self.polling = True
        try:
            while most < 0 or len(found) < most:
                async with asyncio.timeout(timeout):
                    await self.server.waits()
                number = await self.server.take()
                decrypted = await self.server.decrypt(number) if number is not None else None
                if decrypted is not None and "event" in decrypted:
                    found.append(decrypted["event"])
                if number is not None:
                    await self.server.handed_over(number, 1)
        except TimeoutError:
            pass
        finally:
            self.polling = False
        return found
