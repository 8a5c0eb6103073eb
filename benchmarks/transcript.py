"""What people were sent, in a form in which two bots can be compared, and how often each message came."""

import json
import re
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, fields
from itertools import groupby, pairwise
from typing import Any

from bot.demo.telegram_chats import Call

_REFERENCE = re.compile(r"H-[A-Z2-9]{5}")
_CONVERSATION = re.compile(r"a:\d+:")


@dataclass(frozen=True)
class Kill:
    """An end of a bot: when it was gone for certain, and what was on its way, as number of the try by address."""

    at: float
    trying: dict[str, int]


def cut_off_twice(address: str, kills: list[Kill]) -> bool:
    """Say whether a bot was killed in the middle of a second try: then it knows nothing of either and tries no more."""
    return any(kill.trying.get(address, 0) > 1 for kill in kills)


@dataclass
class Comparison:
    """How what people were sent differs from what is right, counted in messages of the bot."""

    messages: int = 0
    lost: int = 0
    twice: int = 0
    more: int = 0
    """Came more than twice."""
    unexplained: int = 0
    """Came again although the bot knew that it had arrived."""
    disordered: int = 0
    """People to whom messages came in another order, or to whom something came that should not."""

    def __iadd__(self, other: "Comparison") -> "Comparison":
        for counted in fields(self):
            setattr(self, counted.name, getattr(self, counted.name) + getattr(other, counted.name))
        return self

    def add(self, right: list["Sent"], sent: list["Sent"], kills: list[Kill]) -> None:
        """Count what came to one person."""
        expected, came = Counter(s.what for s in right), Counter(s.what for s in sent)
        self.messages += len(right)
        for what, n in expected.items():
            again = max(came[what] - n, 0)
            self.lost += max(n - came[what], 0)
            self.twice += min(again, n)
            self.more += max(again - n, 0)
        self.unexplained += max(len(sent) - len(right) - _explained(sent, kills), 0)
        self.disordered += _in_order(right) != _in_order(sent)


@dataclass(frozen=True)
class Sent:
    """A message that Telegram accepted: where to, when, and what it was."""

    chat: int
    at: float
    what: str


def transcript(calls: Iterable[Call]) -> dict[int, list[Sent]]:
    """Return what was accepted for each chat, in order. What differs from bot to bot by chance is left out."""
    chats: dict[int, list[Sent]] = defaultdict(list)
    for call in calls:
        if call.status == 200 and call.chat_id is not None and "text" in call.params:
            chats[call.chat_id].append(Sent(call.chat_id, call.at, _what(call)))
    return chats


def _what(call: Call) -> str:
    keyboard: Any = call.params.get("reply_markup") or {}
    shown = json.dumps([call.method, call.params["text"], keyboard], ensure_ascii=False)
    return _CONVERSATION.sub("a:#:", _REFERENCE.sub("H-#####", shown))


def _in_order(sent: list[Sent]) -> list[str]:
    """Return what came, each as often as it should and not how often in a row."""
    return [what for what, _ in groupby(s.what for s in sent)]


def _explained(sent: list[Sent], kills: list[Kill]) -> int:
    """Count the copies before which the bot was killed while it was sending to this chat."""
    return sum(
        first.what == second.what
        and any(first.at <= kill.at <= second.at and str(first.chat) in kill.trying for kill in kills)
        for first, second in pairwise(sent)
    )
