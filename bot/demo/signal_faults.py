"""What can go wrong between a bot, the signal-cli daemon and Signal: faults that can be ordered.

    signal.fail("send", rate_limited(retry_after=30), times=2)

Codes and words are those of signal-cli: -1 user, -3 IO, -4 untrusted key, -5 rate limit, -6 captcha rejected.
"""

from __future__ import annotations

from collections import defaultdict, deque
from dataclasses import dataclass, replace
from enum import StrEnum


class Kind(StrEnum):
    """What a fault does to a call."""

    RESULT = "some or all recipients fail"
    ERROR = "an error instead of an answer"
    SILENCE = "no answer ever"
    BREAK = "the connection breaks"
    LATE = "the answer is late"
    GARBAGE = "a line that is no answer comes first"


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that goes wrong with one call. `delivered` says whether people get the message all the same."""

    kind: Kind
    type: str = ""
    token: str | None = None
    retry_after: float | None = None
    failing: int | None = None
    code: int = 0
    message: str = ""
    delivered: bool = False
    seconds: float = 0.0
    line: str = ""


def network_failure(*, delivered: bool = False) -> Fault:
    """Signal cannot be reached, or answers 401, 403 or 5xx; with `delivered` it had accepted before that."""
    return Fault(Kind.RESULT, "NETWORK_FAILURE", delivered=delivered)


def unregistered() -> Fault:
    """Signal answers 404, as it also does now and then for accounts that exist."""
    return Fault(Kind.RESULT, "UNREGISTERED_FAILURE")


def rate_limited(retry_after: float | None = None) -> Fault:
    """Signal answers 429; the seconds are told only by 0.14.3 and later."""
    return Fault(Kind.RESULT, "RATE_LIMIT_FAILURE", retry_after=retry_after)


def captcha(token: str = "7e0ecb1a-0000-4000-8000-000000000001", retry_after: float = 86400) -> Fault:  # noqa: S107  # a token of nothing
    """Signal answers 428 once; `PretendSignal.wants_captcha` keeps asking until it is solved."""
    return Fault(Kind.RESULT, "RATE_LIMIT_FAILURE", token=token, retry_after=retry_after)


def untrusted() -> Fault:
    """The identity key is not the one that was trusted."""
    return Fault(Kind.RESULT, "IDENTITY_FAILURE")


def invalid_pre_key() -> Fault:
    """The recipient's prekeys cannot be used."""
    return Fault(Kind.RESULT, "INVALID_PRE_KEY_FAILURE")


def partial(fault: Fault, failing: int = 1) -> Fault:
    """Let a fault meet only the last recipients, so that the whole is a success."""
    return replace(fault, failing=failing)


def never_answers(*, delivered: bool = True) -> Fault:
    """Never answer; the connection stays."""
    return Fault(Kind.SILENCE, delivered=delivered)


def breaks_connection(*, delivered: bool) -> Fault:
    """Break the connection before the answer, so that the bot cannot know what became of the message."""
    return Fault(Kind.BREAK, delivered=delivered)


def late(seconds: float) -> Fault:
    """Do it at once and answer only after so many seconds."""
    return Fault(Kind.LATE, seconds=seconds, delivered=True)


def garbage(line: str = '{"jsonrpc":"2.0","result":{"timest') -> Fault:
    """Send a line that is no answer before the answer."""
    return Fault(Kind.GARBAGE, line=line, delivered=True)


def error(code: int, message: str) -> Fault:
    """Refuse with any code and words, and `data` null."""
    return Fault(Kind.ERROR, code=code, message=message)


def internal_error(message: str = "Closed unexpectedly (UnexpectedErrorException)") -> Fault:
    return error(-32603, message)


def invalid_params(message: str = "Specified account does not exist") -> Fault:
    return error(-32602, message)


def io_error(message: str = "Failed: Connection closed! (IOException)") -> Fault:
    return error(-3, message)


def upload_limited(seconds: int = 4) -> Fault:
    """Refuse an attachment's upload with 429, which signal-cli tells only in the text of an internal error."""
    words = f"Failed to send message: [429] Rate limit exceeded. Retry after {seconds} seconds"
    return error(-32603, f"{words} (RateLimitException) (UnexpectedErrorException)")


class Faults:
    """Faults that were ordered, per method and for any method ("*"), first in first out."""

    def __init__(self) -> None:
        self.queues: dict[str, deque[Fault]] = defaultdict(deque)

    def add(self, method: str, fault: Fault, times: int = 1) -> None:
        self.queues[method].extend([fault] * times)

    def left(self, method: str) -> int:
        return len(self.queues[method])

    def next(self, method: str) -> Fault | None:
        """Return the fault that strikes this call, if one does."""
        for name in (method, "*"):
            queue = self.queues.get(name)
            if queue:
                return queue.popleft()
        return None


class Limit:
    """A leaky bucket for everything that the account sends: `burst` at once, then one in `every` seconds.

    Signal's real limits are not published; its spam checker answers 429 or asks for a captcha.
    """

    def __init__(self, burst: float, every: float, now: float) -> None:
        self.burst = burst
        self.every = every
        self.left = burst
        self.since = now

    def missing(self, now: float) -> float:
        """Take a place and return 0, or return in how many seconds there will be one."""
        self.left = min(self.burst, self.left + (now - self.since) / self.every)
        self.since = now
        if self.left >= 1:
            self.left -= 1
            return 0.0
        return (1 - self.left) * self.every
