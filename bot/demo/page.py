"""The page with telephones: what a browser shows, as named parts, and what people do on it.

Everything shown is a *part*, a name with a JSON value: `demo`, `phone/<who>`, `strip/<who>`, `message/<who>/<id>`. A
browser gets all parts when it comes (server-sent events begin with a snapshot) and from then on those that changed, so
reloading keeps everything. What people and the bot wrote travels as a tree of plain nodes, never as HTML.
"""

from __future__ import annotations

import asyncio
import json
import socket
import time
from contextlib import aclosing, asynccontextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import quote, urlsplit

from aiohttp import web

from bot.demo.screens import PLACES
from bot.demo.signal_account import RIGHT
from bot.demo.signal_chats import CannotDo as SignalCannotDo
from bot.demo.signal_screen import SignalScreen
from bot.demo.strips import RECEIPTS, TAKEN, Strip, in_plain_words, signal_in_plain_words
from bot.demo.telegram_people import CannotDo
from bot.demo.telegram_screen import TelegramScreen

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Mapping

    from bot.demo.pretend_signal import PretendSignal
    from bot.demo.pretend_telegram import PretendTelegram
    from bot.demo.screens import Parts, Place, Screen
    from bot.demo.strips import Change
    from bot.demo.telegram_chats import Call

STATIC = Path(__file__).parent / "static"
README = Path(__file__).parents[2] / "README.md"
HEARTBEAT = 15.0
"""Seconds after which a quiet stream says that it is still there."""
PORTS = 50
"""How many ports are tried, one after the other."""
SLOW_SECONDS = 10
SECURITY = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-cache",
}
SOLUTION = f"{RIGHT}.as.if.somebody.had.solved.it"
"""What somebody who has solved the captcha would paste."""


class CannotNow(Exception):
    """What somebody pressed on the page cannot be done now; the text says why."""


class Stage(Protocol):
    """What the page needs from the conductor of the demo."""

    @property
    def telegram(self) -> PretendTelegram: ...
    @property
    def signal(self) -> PretendSignal: ...
    @property
    def state(self) -> str:
        """How the bot is: starting, running, restarting or stopped."""

    @property
    def said(self) -> str:
        """What the bot said when it ended by itself, or nothing."""

    async def look(self) -> None:
        """Tell the page which rows were written up to now."""

    async def restart(self) -> None: ...
    async def again(self) -> None: ...
    async def invite(self) -> str:
        """Return the start parameter of a new invitation. Raises: CannotNow."""


class Page:
    """The parts of the page, who listens to them, and the strips under the telephones."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self.listeners: set[asyncio.Event] = set()
        self.closed = False
        self.last: str | None = None
        self.begin()

    def begin(self) -> None:
        """Put empty telephones on the page, with the pretend messengers that the stage has now."""
        self.screens = {place.who: self.screen(place) for place in PLACES}
        self.strips = {place.who: Strip() for place in PLACES}
        self.slow_until = 0.0
        self.stage.telegram.subscribe(self.heard)
        self.stage.telegram.updates.changed = self.polled
        self.stage.signal.subscribe(self.heard_on_signal)
        self.stir()

    def screen(self, place: Place) -> Screen:
        if place.messenger == "Signal":
            return SignalScreen(place, self.stage.signal)
        return TelegramScreen(place, self.stage.telegram)

    def heard(self, event: Mapping[str, Any]) -> None:
        """Take in what changed in the pretend Telegram."""
        if event["event"] == "call":
            self.called(self.stage.telegram.calls[-1])
        elif event["event"] == "toast":
            who = self.whose(event["chat_id"])
            if who is not None:
                self.strips[who].happened("answerCallbackQuery ✓", failed=False)
        self.stir()

    def heard_on_signal(self, event: Mapping[str, Any]) -> None:
        """Take in what changed in the pretend Signal."""
        if event["event"] == "call":
            self.called_on_signal(event["method"], event["params"], event["answer"])
        elif event["event"] == "receipt":
            who, message = self.whose(event["person_id"]), event["message"]
            if who is not None:
                self.strips[who].happened(TAKEN if message["mine"] else RECEIPTS[message["ticks"]], failed=False)
        self.stir()

    def polled(self) -> None:
        """Take in that the bot asked what is new: what it was given before is confirmed now."""
        self.stage.telegram.look_again()
        self.stir()

    def called(self, call: Call) -> None:
        """Show a call under the telephone that it was for; one for nobody under the last, if it failed."""
        text, failed = in_plain_words(call)
        who = self.whose(call.chat_id) or (self.last if failed else None)
        if who is not None:
            self.strips[who].happened(text, failed)

    def called_on_signal(self, method: str, params: Any, answer: Any) -> None:
        """Show a request under the telephone that it was for, a captcha's solution under the last."""
        recipients = params.get("recipient") if isinstance(params, dict) else None
        who = self.whose(recipients[0] if isinstance(recipients, list) else recipients)
        who = who or (self.last if method == "submitRateLimitChallenge" else None)
        if who is not None:
            self.strips[who].happened(*signal_in_plain_words(method, params, answer))

    def whose(self, id: object) -> str | None:
        """Return on which telephone somebody is, by Telegram's number or Signal's."""
        return next((who for who, screen in self.screens.items() if screen.belongs_to(id)), None)

    def wrote(self, changes: Mapping[str, Change]) -> None:
        """Show what the bot wrote: under the telephone on which something was done last."""
        if self.last is not None:
            self.strips[self.last].wrote(changes)
            self.stir()

    def begins(self, who: str) -> None:
        """Begin a strip anew: somebody does something."""
        self.last = who
        self.strips[who] = Strip()

    def close(self) -> None:
        """Let all listeners go."""
        self.closed = True
        self.stir()

    def on(self, who: str) -> Screen:
        """Return a telephone. Raises: HTTPNotFound."""
        if who not in self.screens:
            raise web.HTTPNotFound(text="There is no such telephone.")
        return self.screens[who]

    def stir(self) -> None:
        """Wake all listeners: something is different now."""
        for listener in self.listeners:
            listener.set()

    async def changes(self) -> AsyncGenerator[tuple[str, Parts]]:
        """Yield a snapshot, then what changed each time, with empty heartbeats in between, until the page is closed."""
        stirred = asyncio.Event()
        self.listeners.add(stirred)
        try:
            known = self.parts()
            yield "snapshot", known
            while not self.closed:
                try:
                    async with asyncio.timeout(HEARTBEAT):
                        await stirred.wait()
                except TimeoutError:
                    yield "heartbeat", {}
                stirred.clear()
                now = self.parts()
                if changed := difference(known, now):
                    yield "changes", changed
                known = now
        finally:
            self.listeners.discard(stirred)

    def parts(self) -> Parts:
        """Return everything that is shown now."""
        parts: Parts = {"demo": self.demo()}
        for who, screen in self.screens.items():
            parts[f"phone/{who}"] = screen.phone()
            parts[f"strip/{who}"] = self.strips[who].lines()
            parts |= {f"message/{who}/{id}": message for id, message in screen.messages()}
        return parts

    def demo(self) -> Parts:
        signal = self.stage.signal
        return {
            "telephones": [[place.who, place.messenger] for place in PLACES],
            "bot": {"state": self.stage.state, "said": self.stage.said},
            "slow_until": self.slow_until,
            "network_gone": self.stage.telegram.network_gone,
            "signal_cli_runs": signal.running,
            "captcha": SOLUTION if signal.captcha_demanded else "",
        }


def difference(before: Parts, now: Parts) -> Parts:
    """Return the parts that are new or different, and None for those that are gone."""
    changed = {name: value for name, value in now.items() if name not in before or before[name] != value}
    return changed | {name: None for name in before if name not in now}


# What people do on the page

PAGE = web.AppKey("page", Page)
routes = web.RouteTableDef()


@routes.get("/")
async def index(_: web.Request) -> web.FileResponse:
    return web.FileResponse(STATIC / "index.html")


@routes.get("/README.md")
async def readme(_: web.Request) -> web.Response:
    if not README.exists():
        raise web.HTTPNotFound(text="There is no README here.")
    return web.Response(text=README.read_text(encoding="utf-8"))


@routes.get("/events")
async def events(request: web.Request) -> web.StreamResponse:
    stream = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
    await stream.prepare(request)
    # A browser that is closed or reloaded resets its stream: that is how it ends.
    with suppress(ConnectionResetError):
        await tell(request.app[PAGE], stream)
    return stream


async def tell(page: Page, stream: web.StreamResponse) -> None:
    async with aclosing(page.changes()) as changes:
        async for kind, parts in changes:
            await stream.write(f"event: {kind}\ndata: {json.dumps(parts)}\n\n".encode())


@routes.get("/telephones/{who}/documents/{message}")
async def document(request: web.Request) -> web.Response:
    file = request.app[PAGE].on(request.match_info["who"]).file(request.match_info["message"])
    if file is None:
        raise web.HTTPNotFound(text="There is no such file.")
    name, content = file
    headers = {"Content-Disposition": f"attachment; filename*=UTF-8''{quote(name, safe='')}"}
    return web.Response(body=content, content_type="application/octet-stream", headers=headers)


@routes.post("/telephones/{who}/invitation")
async def invitation(request: web.Request) -> web.Response:
    """Write what a link with a new invitation would write."""
    page = request.app[PAGE]
    screen = page.on(request.match_info["who"])
    await page.stage.look()
    page.begins(screen.place.who)
    await screen.writes({"text": f"/start {await page.stage.invite()}"})
    return web.Response(status=204)


@routes.post("/telephones/{who}/{action}")
async def act(request: web.Request) -> web.Response:
    """Do on somebody's telephone what was pressed on the page."""
    page = request.app[PAGE]
    asked = await body_of(request)
    screen = page.on(request.match_info["who"])
    action = screen.actions.get(request.match_info["action"])
    if action is None:
        raise web.HTTPNotFound(text="A telephone cannot do that.")
    await page.stage.look()
    page.begins(screen.place.who)
    await action(asked)
    page.stir()
    return web.Response(status=204)


@routes.post("/bot/restart")
async def restart(request: web.Request) -> web.Response:
    await request.app[PAGE].stage.restart()
    return web.Response(status=204)


@routes.post("/telegram/slow-down")
async def slow_down(request: web.Request) -> web.Response:
    page = request.app[PAGE]
    page.stage.telegram.slow_down(SLOW_SECONDS)
    page.slow_until = time.time() + SLOW_SECONDS
    page.stir()
    return web.Response(status=204)


@routes.post("/telegram/network")
async def network(request: web.Request) -> web.Response:
    page = request.app[PAGE]
    page.stage.telegram.network_gone = (await body_of(request)).get("gone") is True
    page.stir()
    return web.Response(status=204)


@routes.post("/signal/captcha")
async def captcha(request: web.Request) -> web.Response:
    signal = request.app[PAGE].stage.signal
    if signal.captcha_demanded is None:
        signal.wants_captcha()
    return web.Response(status=204)


@routes.post("/signal/daemon")
async def daemon(request: web.Request) -> web.Response:
    """Kill signal-cli, or start it again."""
    signal = request.app[PAGE].stage.signal
    runs = (await body_of(request)).get("runs") is True
    if signal.running and not runs:
        await signal.daemon_dies()
    elif runs and not signal.running:
        await signal.revive()
    return web.Response(status=204)


@routes.post("/again")
async def again(request: web.Request) -> web.Response:
    page = request.app[PAGE]
    await page.stage.again()
    return web.Response(status=204)


async def body_of(request: web.Request) -> Parts:
    try:
        asked = await request.json()
    except ValueError:
        asked = None
    if not isinstance(asked, dict):
        raise web.HTTPBadRequest(text="That is no JSON object.")
    return asked


@web.middleware
async def only_from_here(
    request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
) -> web.StreamResponse:
    """Refuse other web sites, which could send a browser here, and say in plain words what cannot be done."""
    if urlsplit(f"//{request.host}").hostname not in {"127.0.0.1", "localhost"}:
        raise web.HTTPForbidden(text="The demo is at 127.0.0.1 only.")
    if request.method == "POST" and request.content_type != "application/json":
        raise web.HTTPUnsupportedMediaType(text="The demo takes JSON only.")
    try:
        return await handler(request)
    except (CannotNow, CannotDo, SignalCannotDo) as refusal:
        return web.Response(status=409, text=str(refusal))


async def secure(_: web.Request, response: web.StreamResponse) -> None:
    response.headers.update(SECURITY)


# Serving it


def free_port(port: int) -> socket.socket:
    """Return a socket that listens on loopback at `port` or, if that is taken, at the next free one; 0 takes any."""
    for each in range(port, port + PORTS):
        listening = socket.socket()
        try:
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listening.bind(("127.0.0.1", each))
            listening.listen()
        except OSError:
            listening.close()
        else:
            return listening
    raise CannotNow(f"All ports from {port} to {port + PORTS - 1} are taken.")


@asynccontextmanager
async def serve(page: Page, listening: socket.socket) -> AsyncIterator[str]:
    """Serve the page until the block is left, and give its address."""
    app = web.Application(middlewares=[only_from_here])
    app[PAGE] = page
    app.add_routes(routes)
    app.router.add_static("/static", STATIC)
    app.on_response_prepare.append(secure)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0)
    await runner.setup()
    await web.SockSite(runner, listening).start()
    try:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
    finally:
        page.close()
        await runner.cleanup()
