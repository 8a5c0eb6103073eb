"""A pretend Telegram: a strict Bot API server on loopback with people who write, press, block and see.

In a test or the demo it lives in the same process:

    async with PretendTelegram() as telegram:
        ...                                    # start the bot with TELEGRAM_API_URL=telegram.url, telegram.token
        oksana = telegram.person("Oksana", language_code="uk")
        await oksana.writes("/start")
        await telegram.changed(lambda: oksana.sees("Українська"))
        await oksana.presses(None, "Українська")

For benchmarks it is a process of its own, `python -m bot.demo.pretend_telegram --port N [--token T]`, and people are
moved over HTTP; `telegram_control.py` describes the paths under /control/.

It is strict where Telegram is and refuses in Telegram's words. What it does not pretend answers 404, among it
Markdown, inline mode, payments, stickers sent by the bot, and method calls in the answer to a webhook.

The modules: `telegram_html` (entities), `telegram_rules` (what is refused), `telegram_chats` (what is kept),
`telegram_people` (who acts), `telegram_world` (all of it, and who is told), `waiting` (who waits for it),
`telegram_api` (the methods), `telegram_updates` (getUpdates), `telegram_webhook`, `telegram_faults` (faults, limits).
Here is the HTTP around it.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import socket
import struct
import sys
import time
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import parse_qsl, unquote

from aiohttp import web

from bot.demo.telegram_api import METHODS
from bot.demo.telegram_chats import Call, Message
from bot.demo.telegram_control import Control
from bot.demo.telegram_faults import Faults, Limits, When, refusal_body
from bot.demo.telegram_rules import (
    Params,
    Refused,
    Upload,
    allowed_updates,
    bad,
    conflict,
    webhook_secret,
    webhook_url,
)
from bot.demo.telegram_webhook import Webhook
from bot.demo.telegram_world import World

if TYPE_CHECKING:
    from bot.demo.telegram_faults import Fault, Violation

TEST_TOKEN = "123456:TEST-pretend-telegram-of-the-bridge"  # noqa: S105  # a token of nothing, for loopback only
NOT_FOUND = Refused(404, "Not Found")
LONGEST_POLL = 50
BODY_LIMIT = 60 * 1024 * 1024
TRUE = b'{"ok":true,"result":true}'


class PretendTelegram(World):
    """A Bot API server on loopback for one bot, with everybody who talks to it."""

    def __init__(
        self,
        token: str = TEST_TOKEN,
        port: int = 0,
        *,
        host: str = "127.0.0.1",
        bot_name: str = "Brücke – Міст",
        bot_username: str = "bruecke_mist_bot",
        reads_all_group_messages: bool = False,
        calls_kept: int = 100_000,
        messages_kept: int | None = None,
    ) -> None:
        super().__init__(
            int(token.partition(":")[0]),
            bot_name,
            bot_username,
            reads_all_group_messages=reads_all_group_messages,
            calls_kept=calls_kept,
            messages_kept=messages_kept,
        )
        self.token = token
        self.host = host
        self.port = port
        self.counts: dict[str, int] = {}
        self.faults = Faults()
        self.limits = Limits()
        self.latency = (0.0, 0.0)
        self.crashes: list[Exception] = []
        self.webhook = Webhook(self)
        self.control = Control(self)
        self.gone = False
        self.prefix = f"/bot{token}/"
        self.file_prefix = f"/file/bot{token}/"

    # start and stop

    async def __aenter__(self) -> Self:
        self.server = web.Server(self.handle, handler_cancellation=True, access_log=None)
        listener = await asyncio.get_running_loop().create_server(self.connection, self.host, self.port)
        self.listener = listener
        self.port = listener.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *exc_info: object) -> None:
        self.listener.close()
        await self.webhook.stop()
        await self.server.shutdown(0.1)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(1):
                await self.listener.wait_closed()
        if self.crashes and exc_info[0] is None:
            raise ExceptionGroup("the pretend Telegram itself failed", self.crashes)

    @property
    def url(self) -> str:
        """The address to use instead of https://api.telegram.org."""
        return f"http://{self.host}:{self.port}"

    @property
    def violations(self) -> list[Violation]:
        """Requests that came although the bot had been told to wait."""
        return self.limits.violations

    @property
    def polls(self) -> int:
        return self.updates.polls

    # orders

    def fail(self, method: str, fault: Fault, times: int = 1) -> None:
        """Let the next calls of a method ("*": of any) fail, after those that were ordered before."""
        self.faults.add(method, fault, times)

    def fail_now_and_then(self, method: str, shares: dict[Fault, float], seed: int | None = None) -> None:
        """Let a share of all calls of a method fail, for example {Fault.server_error(): 0.01}."""
        self.faults.share(method, shares, seed)

    def slow_down(self, seconds: float) -> None:
        """Answer every call with 429 and the seconds that remain."""
        self.limits.slow_until = time.monotonic() + seconds
        self.tell("slow_down", seconds=seconds)

    def reset(self) -> None:
        """Forget everybody and everything, also limits, faults and counters; the webhook stays."""
        self.updates.wake(None)
        self.clear()
        self.counts.clear()
        self.faults = Faults()
        self.limits = Limits()
        self.latency = (0.0, 0.0)

    def push_raw(self, update: dict[str, Any]) -> int:
        """Give the bot any update, also one that Telegram would never give; return its number."""
        number = self.updates.push_raw(update)
        self.tell("update", update_id=number)
        return number

    @property
    def network_gone(self) -> bool:
        return self.gone

    @network_gone.setter
    def network_gone(self, gone: bool) -> None:
        """Reset every connection, and each new one at once, until the network is back; the port stays ours."""
        self.gone = gone
        if gone:
            for connection in self.server.connections:
                reset(connection.transport)
        self.webhook.look_again()
        self.tell("network", gone=gone)

    # one request

    def connection(self) -> asyncio.BaseProtocol:
        return Unreachable() if self.gone else self.server()

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        """Answer one HTTP request."""
        path = request.rel_url.raw_path
        try:
            if path.startswith(self.prefix):
                return await self.call(request, path[len(self.prefix) :])
            if path.startswith("/control/"):
                return await self.control.handle(request, path.removeprefix("/control/"))
            return await self.other(request, unquote(path))
        except Refused as refused:
            return refusal(refused)
        except ConnectionError:
            raise
        except Exception as error:
            self.crashes.append(error)
            raise

    async def other(self, request: web.BaseRequest, path: str) -> web.StreamResponse:
        """Answer what is not a plain call: odd spellings of the path, files, wrong tokens."""
        if path.startswith(self.prefix):
            return await self.call(request, path.removeprefix(self.prefix))
        if path.startswith(self.file_prefix):
            document = self.files.get(path.rpartition("/")[2])
            if document is not None:
                return web.Response(body=document.content, content_type="application/octet-stream")
            return refusal(NOT_FOUND)
        if path.startswith(("/bot", "/file/bot")):
            self.record("?", Params(), 401, None, "Unauthorized")
            return refusal(Refused(401, "Unauthorized"))
        return refusal(NOT_FOUND)

    async def call(self, request: web.BaseRequest, name: str) -> web.StreamResponse:
        """Answer one call of a method, or let it fail as ordered."""
        method = name.lower()
        params = await read_params(request)
        chat_id = chat_of(params)
        self.counts[name] = self.counts.get(name, 0) + 1
        now = time.monotonic()
        if self.limits.windows:
            self.limits.watch(method, chat_id, now)
        fault = self.faults.next(method) if self.faults.queues or self.faults.shares else None
        if self.latency[1]:
            await self.half_latency()
        if fault is not None and fault.when is not When.REPLY:
            return await self.break_call(request, name, params, chat_id, fault)
        if fault is not None:
            return self.replace_answer(name, params, chat_id, fault)
        body, status = await self.answer(name, params, chat_id)
        if self.latency[1]:
            await self.half_latency()
        return web.Response(body=body, status=status, content_type="application/json")

    async def half_latency(self) -> None:
        await asyncio.sleep(self.faults.random.uniform(*self.latency) / 2)

    async def answer(self, name: str, params: Params, chat_id: int | None) -> tuple[bytes, int]:
        """Do what a method does and return the body and status of the answer."""
        method = name.lower()
        now = time.monotonic()
        try:
            self.limits.check(method, chat_id, now)
            if method == "getupdates":
                body = await self.get_updates(params)
            else:
                body = self.result(method, params)
        except Refused as refused:
            if refused.code == 429 and refused.parameters:
                self.limits.announce(method, chat_id, refused.parameters["retry_after"], now)
            self.record(name, params, refused.code, chat_id, refused.description)
            return refusal_body(refused), refused.code
        self.record(name, params, 200, chat_id)
        return body, 200

    def result(self, method: str, params: Params) -> bytes:
        do = METHODS.get(method)
        if do is not None:
            result = do(self, params)
        elif method in {"setwebhook", "deletewebhook", "getwebhookinfo"}:
            result = self.manage_webhook(method, params)
        else:
            raise NOT_FOUND
        if result is True:
            return TRUE
        if isinstance(result, Message):
            result = result.as_json()
        return b'{"ok":true,"result":' + json.dumps(result).encode() + b"}"

    async def get_updates(self, params: Params) -> bytes:
        if self.webhook.url:
            raise conflict(
                "can't use getUpdates method while webhook is active; use deleteWebhook to delete the webhook first"
            )
        self.updates.allowed = allowed_updates(params, self.updates.allowed)
        limit = min(100, max(1, params.integer("limit", 100)))
        timeout = min(LONGEST_POLL, max(0, params.integer("timeout")))
        return await self.updates.poll(params.integer("offset"), limit, timeout)

    def manage_webhook(self, method: str, params: Params) -> Any:
        if method == "getwebhookinfo":
            return self.webhook.info()
        url = webhook_url(params) if method == "setwebhook" else ""
        secret = webhook_secret(params)
        self.updates.allowed = allowed_updates(params, self.updates.allowed)
        if params.yes("drop_pending_updates"):
            self.updates.drop_all()
        self.updates.wake(conflict("terminated by setWebhook request") if url else None)
        self.webhook.set(url, secret)
        return True

    def record(self, name: str, params: Params, status: int, chat_id: int | None, description: str = "") -> None:
        if self.calls.maxlen:
            self.calls.append(Call(name, params, status, self.now(), chat_id, description))
        if self.subscribers:
            self.tell("call", method=name, status=status, chat_id=chat_id, description=description)
        elif self.waiting_for:
            self.look_again()

    # faults

    def replace_answer(self, name: str, params: Params, chat_id: int | None, fault: Fault) -> web.Response:
        if fault.retry_after:
            self.limits.only_this_chat = False
            self.limits.announce(name.lower(), chat_id, fault.retry_after, time.monotonic())
        self.record(name, params, fault.status, chat_id, fault.when)
        return web.Response(body=fault.body, status=fault.status, content_type=fault.content_type)

    async def break_call(
        self, request: web.BaseRequest, name: str, params: Params, chat_id: int | None, fault: Fault
    ) -> web.StreamResponse:
        """Let a call fail in the middle: before it has an effect or, worse, after."""
        if fault.when in {When.RESET_BEFORE, When.HANG_BEFORE}:
            self.record(name, params, 0, chat_id, fault.when)
        else:
            await self.answer(name, params, chat_id)
        if fault.when in {When.HANG_BEFORE, When.ACCEPT_THEN_HANG}:
            await asyncio.sleep(3600 if fault.seconds is None else fault.seconds)
        if fault.when is When.ACCEPT_THEN_REPLY:
            return web.Response(body=fault.body, status=fault.status, content_type=fault.content_type)
        reset(request.transport)
        return web.Response()


class Unreachable(asyncio.Protocol):
    """A connection that is reset as soon as it is made."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        reset(transport)


def reset(transport: asyncio.BaseTransport | None) -> None:
    """Break a connection so that the other side sees a reset, not an end."""
    if not isinstance(transport, asyncio.Transport):
        return
    connection = transport.get_extra_info("socket")
    if connection is not None:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    transport.abort()


def refusal(refused: Refused) -> web.Response:
    return web.Response(body=refusal_body(refused), status=refused.code, content_type="application/json")


def chat_of(params: Params) -> int | None:
    try:
        return int(params["chat_id"])
    except (KeyError, TypeError, ValueError):
        return None


async def read_params(request: web.BaseRequest) -> Params:
    """Return the parameters of a call in any of the four ways in which the Bot API takes them."""
    params = Params(parse_qsl(request.rel_url.raw_query_string, True)) if request.rel_url.raw_query_string else Params()
    kind = request.content_type
    if kind.startswith("multipart/"):
        for name, value in (await request.post()).items():
            params[name] = upload(value) if isinstance(value, web.FileField) else value
        return params
    body = await request.read()
    if body and kind == "application/json":
        params.update(json_object(body))
    elif body:
        params.update(parse_qsl(body.decode("utf-8", "replace"), True))
    return params


def json_object(body: bytes) -> dict[str, Any]:
    """Return the parameters in a JSON body; for one that is none Telegram's words are not published."""
    try:
        found = json.loads(body)
    except ValueError as error:
        raise bad("can't parse JSON object") from error
    if not isinstance(found, dict):
        raise bad("can't parse JSON object")
    return found


def upload(field: web.FileField) -> Upload:
    with field.file as file:
        return Upload(field.filename, file.read(), field.content_type)


async def serve(port: int, token: str, *, calls_kept: int = 0, messages_kept: int = 20) -> None:
    """Serve until cancelled, and say on standard output where."""
    async with PretendTelegram(token, port, calls_kept=calls_kept, messages_kept=messages_kept) as telegram:
        print(telegram.url, flush=True)  # noqa: T201  # whoever started it reads here where it listens
        await asyncio.Event().wait()


def main(arguments: list[str]) -> None:
    parser = argparse.ArgumentParser(prog="python -m bot.demo.pretend_telegram", description="A pretend Telegram.")
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one")
    parser.add_argument("--token", default=TEST_TOKEN)
    parser.add_argument("--calls-kept", type=int, default=0, help="how many calls to remember")
    parser.add_argument("--messages-kept", type=int, default=20, help="how many messages to remember in each chat")
    given = parser.parse_args(arguments)
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(serve(given.port, given.token, calls_kept=given.calls_kept, messages_kept=given.messages_kept))


if __name__ == "__main__":
    main(sys.argv[1:])
