"""What can go wrong between a bot and Telegram: faults to order, limits to switch on, and who disregarded them."""

from __future__ import annotations

import json
import math
import random
from collections import defaultdict, deque
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

from bot.demo.telegram_rules import Refused, too_many

if TYPE_CHECKING:
    from collections.abc import Callable

    from bot.demo.telegram_html import Json

# What Telegram counts against its limits; all other methods are told to slow down one by one.
SENDING = ("send", "editmessage", "copymessage", "forwardmessage")


class When(StrEnum):
    """Where a fault strikes. "Accepting" is the moment from which people see what was sent."""

    REPLY = "reply"
    RESET_BEFORE = "reset before accepting"
    HANG_BEFORE = "hang before"
    ACCEPT_THEN_HANG = "accept then hang"
    ACCEPT_THEN_RESET = "accept then reset"
    ACCEPT_THEN_REPLY = "accept then reply"


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that goes wrong with one call. Hangs last until the bot gives up, or `seconds`."""

    when: When
    status: int = 502
    body: bytes = b""
    content_type: str = "application/json"
    retry_after: int = 0
    seconds: float | None = None

    @classmethod
    def status_code(cls, status: int, description: str = "") -> Fault:
        words = {
            401: "Unauthorized",
            404: "Not Found",
            409: "Conflict: terminated by other getUpdates request; make sure that only one bot instance is running",
            500: "Internal Server Error",
            502: "Bad Gateway",
        }
        return cls(When.REPLY, status, refusal_body(Refused(status, description or words.get(status, "Bad Request"))))

    @classmethod
    def unauthorized(cls) -> Fault:
        return cls.status_code(401)

    @classmethod
    def not_found(cls) -> Fault:
        return cls.status_code(404)

    @classmethod
    def conflict(cls) -> Fault:
        return cls.status_code(409)

    @classmethod
    def server_error(cls) -> Fault:
        return cls.status_code(500)

    @classmethod
    def bad_gateway(cls) -> Fault:
        """Answer as the machine in front of Telegram does when Telegram does not: HTML with 502."""
        page = b"<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body></body>\r\n</html>\r\n"
        return cls(When.REPLY, 502, page, "text/html")

    @classmethod
    def forbidden(cls, reason: str = "bot was blocked by the user") -> Fault:
        return cls.status_code(403, f"Forbidden: {reason}")

    @classmethod
    def too_many_requests(cls, retry_after: int = 3) -> Fault:
        return cls(When.REPLY, 429, refusal_body(too_many(retry_after)), retry_after=retry_after)

    @classmethod
    def html(cls) -> Fault:
        """Answer as a captive portal does: a page, with 200."""
        return cls(When.REPLY, 200, b"<!DOCTYPE html><title>Welcome to the hotel</title>", "text/html")

    @classmethod
    def truncated(cls) -> Fault:
        return cls(When.REPLY, 200, b'{"ok":true,"result":[{"update_id":')

    @classmethod
    def reset_before(cls) -> Fault:
        return cls(When.RESET_BEFORE)

    @classmethod
    def hang_before(cls, seconds: float | None = None) -> Fault:
        return cls(When.HANG_BEFORE, seconds=seconds)

    @classmethod
    def accept_then_hang(cls, seconds: float | None = None) -> Fault:
        return cls(When.ACCEPT_THEN_HANG, seconds=seconds)

    @classmethod
    def accept_then_reset(cls) -> Fault:
        return cls(When.ACCEPT_THEN_RESET)

    @classmethod
    def accept_then_bad_gateway(cls) -> Fault:
        page = cls.bad_gateway()
        return cls(When.ACCEPT_THEN_REPLY, page.status, page.body, page.content_type)

    @classmethod
    def named(cls, name: str, **values: float) -> Fault:
        """Return a fault by the name of its constructor or by a status code, for orders over HTTP."""
        if name == "429":
            return cls.too_many_requests(int(values.get("retry_after", 3)))
        return cls.status_code(int(name)) if name.isdigit() else FAULTS[name](**values)


FAULTS: dict[str, Callable[..., Fault]] = {
    name: getattr(Fault, name)
    for name in (
        "unauthorized",
        "not_found",
        "conflict",
        "server_error",
        "bad_gateway",
        "forbidden",
        "too_many_requests",
        "html",
        "truncated",
        "reset_before",
        "hang_before",
        "accept_then_hang",
        "accept_then_reset",
        "accept_then_bad_gateway",
    )
}


def refusal_body(refused: Refused) -> bytes:
    body: Json = {"ok": False, "error_code": refused.code, "description": refused.description}
    if refused.parameters:
        body["parameters"] = refused.parameters
    return json.dumps(body).encode()


class Faults:
    """Faults that were ordered, per method and for any method ("*"), first in first out; and a random share."""

    def __init__(self) -> None:
        self.queues: dict[str, deque[Fault]] = defaultdict(deque)
        self.shares: dict[str, list[tuple[float, Fault]]] = {}
        self.random = random.Random()  # noqa: S311  # guards nothing
        self.struck = 0

    def add(self, method: str, fault: Fault, times: int = 1) -> None:
        self.queues[method.lower()].extend([fault] * times)

    def share(self, method: str, shares: dict[Fault, float], seed: int | None = None) -> None:
        self.random.seed(seed)
        self.shares[method.lower()] = [(chance, fault) for fault, chance in shares.items()]

    def clear(self) -> None:
        self.queues.clear()
        self.shares.clear()

    def left(self, method: str) -> int:
        return len(self.queues[method.lower()])

    def next(self, method: str) -> Fault | None:
        """Return the fault that strikes this call, if one does."""
        for name in (method, "*"):
            queue = self.queues.get(name)
            if queue:
                self.struck += 1
                return queue.popleft()
        drawn = self.random.random() if self.shares else 1.0
        for chance, fault in self.shares.get(method, []):
            drawn -= chance
            if drawn < 0:
                self.struck += 1
                return fault
        return None


@dataclass(slots=True)
class Bucket:
    """Holds up to `burst` tokens and gets `rate` new ones a second."""

    rate: float
    burst: float
    tokens: float = field(init=False)
    since: float | None = None

    def __post_init__(self) -> None:
        self.tokens = self.burst

    def take(self, now: float) -> float:
        """Take a token and return 0, or return in how many seconds there will be one."""
        if self.since is not None:
            self.tokens = min(self.burst, self.tokens + (now - self.since) * self.rate)
        self.since = now
        if self.tokens >= 1:
            self.tokens -= 1
            return 0.0
        return (1 - self.tokens) / self.rate


@dataclass(frozen=True, slots=True)
class Violation:
    """A request that came although the bot had been told to wait. `after` is in seconds since it was told."""

    method: str
    chat_id: int | None
    after: float


class Limits:
    """Telegram's limits on sending, off until switched on, and the windows in which nothing may be sent.

    The real limits are not published. Here: one bucket for the bot and one for each chat. In strict mode a 429 also
    begins a block of `block` seconds in which every send is refused.
    """

    def __init__(self) -> None:
        self.off()
        self.windows: dict[str, tuple[float, float]] = {}
        self.violations: list[Violation] = []
        self.grace = 0.05
        self.slow_until = 0.0
        self.only_this_chat = False

    def off(self) -> None:
        self.whole: Bucket | None = None
        self.chat_rate: float | None = None
        self.chat_burst = 1.0
        self.chats: dict[int, Bucket] = {}
        self.strict = False
        self.block = 5.0
        self.retry_after: int | None = None
        self.blocked_until = 0.0

    def on(
        self,
        *,
        rate: float | None = 30.0,
        burst: float = 30.0,
        chat_rate: float | None = None,
        chat_burst: float = 3.0,
        strict: bool = False,
        block: float = 5.0,
        retry_after: int | None = None,
    ) -> None:
        """Switch limits on; `retry_after` is what a 429 says, without it the time until the next token."""
        self.off()
        self.whole = Bucket(rate, burst) if rate is not None else None
        self.chat_rate, self.chat_burst = chat_rate, chat_burst
        self.strict, self.block, self.retry_after = strict, block, retry_after

    @property
    def active(self) -> bool:
        return self.whole is not None or self.chat_rate is not None

    def check(self, method: str, chat_id: int | None, now: float) -> None:
        """Raise the 429 that this request meets, if it meets one."""
        self.only_this_chat = False
        if now < self.slow_until:
            raise too_many(math.ceil(self.slow_until - now))
        if not self.active or not sends(method) or chat_id is None:
            return
        if now < self.blocked_until:
            raise too_many(math.ceil(self.blocked_until - now))
        missing = self.seconds_missing(chat_id, now)
        if not missing:
            return
        seconds = self.retry_after or math.ceil(missing)
        if self.strict:
            self.blocked_until = now + self.block
            seconds = max(seconds, math.ceil(self.block))
        raise too_many(seconds)

    def seconds_missing(self, chat_id: int, now: float) -> float:
        if self.chat_rate is not None:
            bucket = self.chats.setdefault(chat_id, Bucket(self.chat_rate, self.chat_burst))
            missing = bucket.take(now)
            if missing:
                self.only_this_chat = not self.strict
                return missing
        return self.whole.take(now) if self.whole is not None else 0.0

    def announce(self, method: str, chat_id: int | None, seconds: int, now: float) -> None:
        """Remember that the bot was told to wait: for this chat, for all sending, or with this method."""
        group = f"chat {chat_id}" if self.only_this_chat else group_of(method)
        told, until = self.windows.get(group, (now, 0.0))
        self.windows[group] = (told if now < until else now, max(until, now + seconds))

    def watch(self, method: str, chat_id: int | None, now: float) -> None:
        """Record a request that comes although the bot was told to wait.

        One that comes within `grace` seconds had left before the bot could know.
        """
        groups = (group_of(method), f"chat {chat_id}") if sends(method) else (method,)
        for group in groups:
            told, until = self.windows.get(group, (0.0, 0.0))
            if told + self.grace < now < until:
                self.violations.append(Violation(method, chat_id, now - told))
                return


def sends(method: str) -> bool:
    return method.startswith(SENDING)


def group_of(method: str) -> str:
    return "sending" if sends(method) else method
