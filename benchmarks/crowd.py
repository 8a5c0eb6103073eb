"""A pretend Telegram as a process of its own, with those who get a broadcast, forty of whom keep writing meanwhile.

`python -m benchmarks.crowd` says on standard output where it serves. Besides the orders of the pretend Telegram:

    POST /control/recipients  {"count": 12000}                   -> {"recipients": [ids], "office": id}
    POST /control/quiet       {"seconds": 60}                    -> what the forty were answered in that time
    POST /control/broadcast   {"says": "/broadcast", "seconds": 500}  -> what came until everybody had a copy, the
                              office was told that it is done, or the time was over; the office says it, if anything

Forty people write and press at random times, two messages a second in all, whether or not they are answered: each of
them one in twenty seconds, and each message has one answer. A time runs from the moment in which the bot can take the
message until its answer is accepted. What was not answered is counted with the time that passed until then.
"""

import argparse
import asyncio
import random
import time
from collections import Counter, deque
from collections.abc import Callable
from contextlib import suppress
from itertools import cycle
from typing import Any

from benchmarks.bots import news
from bot.demo.pretend_telegram import PretendTelegram
from bot.demo.telegram_chats import Message
from bot.demo.telegram_faults import sends
from bot.demo.telegram_people import CannotDo, Person
from bot.demo.telegram_rules import Params

RATE, BURST = 30.0, 30.0
"""Messages a second that are accepted, and how many at once after a quiet time."""
CHAT_RATE, CHAT_BURST = 1.0, 3.0
RETRY_AFTER, BLOCK = 3, 5.0
"""Seconds that a 429 says, and for which a strict one blocks everything."""
LATENCY = (0.05, 0.12)
"""Seconds from a request to its answer, half of them before it is accepted."""
TALKERS = 40
TALK = 2.0
"""Messages a second of all of them together."""
LAST_ANSWERS = 5.0
"""Seconds that are waited for answers after the last message."""
TICK = 0.02
"""Seconds between two looks whether this process is late itself."""
SEED = 4

SCRIPT = [
    ("/menu", "", "Was möchten Sie tun?"),
    ("", news.QUESTIONS, "Fragen und Antworten. Was"),
    ("", news.QUESTION, "Was ist die Partnerschaft?\n"),
    ("/emergency", "", "Bitte rufen Sie im Notfall"),
]
"""What somebody writes or presses, and how its answer begins."""


class Talker:
    """One of those who keep writing."""

    def __init__(self, person: Person, position: int) -> None:
        self.person = person
        self.waits: deque[tuple[float, str]] = deque()
        """When each message was sent that is not answered yet, and how its answer begins."""
        self.answered: list[tuple[float, float]] = []
        """When a message was sent, and how many seconds later it was answered."""
        self._position = position

    def act(self) -> None:
        """Send the next message of the script; where a button is not there yet, go on to what can be written."""
        while True:
            write, press, begins = SCRIPT[self._position % len(SCRIPT)]
            self._position += 1
            self.waits.append((time.perf_counter(), begins))
            try:
                self.person.press(None, press) if press else self.person.write(write)
            except CannotDo:
                self.waits.pop()
            else:
                return

    def heard(self, message: Message) -> None:
        """Take an answer as that to the first message that it fits."""
        text, now = message.text or "", time.perf_counter()
        for asked in self.waits:
            if text.startswith(asked[1]):
                self.waits.remove(asked)
                self.answered.append((asked[0], now - asked[0]))
                return


class Crowd(PretendTelegram):
    """The server, who is there, and what came of it since the last look."""

    def __init__(self, strict: bool) -> None:
        super().__init__(calls_kept=0, messages_kept=20)
        self.latency = LATENCY
        self.faults.random.seed(SEED)
        self.limits.on(
            rate=RATE,
            burst=BURST,
            chat_rate=CHAT_RATE,
            chat_burst=CHAT_BURST,
            strict=strict,
            block=BLOCK,
            retry_after=RETRY_AFTER,
        )
        self.chance = random.Random(SEED)
        self.talkers: list[Talker] = []
        self.copies: Counter[int] = Counter()
        self.first = self.last = 0.0
        """When the first copy was accepted, and the newest."""
        self.bucket = 0.0
        """How many messages could have left at once in the moment of the first."""
        self.accepted: list[float] = []
        """When each message was accepted, answer or copy."""
        self.too_many = 0
        self.done = asyncio.Event()
        self.begun = asyncio.Event()
        orders = {"recipients": self.recipients, "quiet": self.quiet, "broadcast": self.broadcast}
        self.control.orders |= orders

    # ------------------------------------------------------------------ who is there

    async def recipients(self, order: dict[str, Any]) -> dict[str, Any]:
        """Let so many people be there, forty of whom talk, and the office."""
        people = [self.somebody(f"Person {number}", self.copied) for number in range(order["count"])]
        for number in range(TALKERS):
            self.talkers.append(Talker(people[number * len(people) // TALKERS], number))
        self.talking = {talker.person.id: talker for talker in self.talkers}
        self.office = self.somebody("Office", self.told)
        self.everybody = len(people)
        return {"recipients": [person.id for person in people], "office": self.office.id}

    def somebody(self, name: str, listener: Callable[[Message], None]) -> Person:
        person = self.person(name, language_code="de")
        person.has_written = True
        person.chat.listener = listener
        return person

    # ------------------------------------------------------------------ what came

    def record(self, name: str, params: Params, status: int, chat_id: int | None, description: str = "") -> None:
        """Count what was accepted and what was too much."""
        super().record(name, params, status, chat_id, description)
        if status == 200 and chat_id is not None and sends(name.lower()):
            self.accepted.append(time.perf_counter())
        self.too_many += status == 429

    def copied(self, message: Message) -> None:
        """Take what somebody was sent: a copy, or an answer."""
        id = message.chat.id
        if news.ANNOUNCEMENT not in (message.text or ""):
            if id in self.talking:
                self.talking[id].heard(message)
            return
        self.copies[id] += 1
        self.last = time.perf_counter()
        if not self.begun.is_set():
            self.first, self.bucket = self.last, self.limits.whole.tokens + 1 if self.limits.whole else 0.0
            self.begun.set()
        if len(self.copies) == self.everybody:
            self.done.set()

    def told(self, message: Message) -> None:
        """Take what the office was sent."""
        if (message.text or "").startswith(news.DONE):
            self.done.set()

    # ------------------------------------------------------------------ what is watched

    async def quiet(self, order: dict[str, Any]) -> dict[str, Any]:
        """Let the forty talk for so many seconds."""
        self.forget()
        begin = time.perf_counter()
        with suppress(TimeoutError):
            async with asyncio.timeout(order["seconds"]):
                await self.talk()
        await asyncio.sleep(LAST_ANSWERS)
        return self.times(begin, time.perf_counter())

    async def broadcast(self, order: dict[str, Any]) -> dict[str, Any]:
        """Let the office begin and the forty talk from the first copy to the end."""
        self.forget()
        late: list[float] = []
        talking = [asyncio.create_task(self.talk()), asyncio.create_task(watch_lateness(late))]
        if order["says"]:
            self.office.write(order["says"])
        with suppress(TimeoutError):
            async with asyncio.timeout(order["seconds"]):
                await self.begun.wait()
                await self.done.wait()
        ended_by_itself, first, last = self.done.is_set(), self.first, self.last
        if not ended_by_itself:
            last = time.perf_counter()
        for task in talking:
            task.cancel()
        copies, too_many = dict(self.copies), self.too_many
        accepted = sum(first <= at <= last for at in self.accepted)
        await asyncio.sleep(LAST_ANSWERS)
        return {
            "cut": not ended_by_itself,
            "seconds": last - first,
            "copies": sum(copies.values()),
            "accepted": accepted,
            "allowed": self.bucket + RATE * (last - first),
            "too_many_requests": too_many,
            "twice": sum(n > 1 for n in self.copies.values()),
            "missing": self.everybody - len(self.copies),
            "late": sorted(late)[int(0.99 * (len(late) - 1))] if late else 0.0,
            **self.times(first, last),
        }

    def forget(self) -> None:
        """Begin to count anew."""
        for talker in self.talkers:
            talker.waits.clear()
            talker.answered.clear()
        self.copies.clear()
        self.accepted.clear()
        self.too_many = 0
        self.done.clear()
        self.begun.clear()

    def times(self, begin: float, end: float) -> dict[str, Any]:
        """Return the milliseconds to the answers to what was sent in this time, and of those that never came."""
        now = time.perf_counter()
        came = [seconds for talker in self.talkers for at, seconds in talker.answered if begin <= at <= end]
        never = [now - at for talker in self.talkers for at, _ in talker.waits if begin <= at <= end]
        return {"answers": [1000 * seconds for seconds in came + never], "never": len(never)}

    async def talk(self) -> None:
        """Let one after the other of the forty act, at random times."""
        at = time.perf_counter()
        for talker in cycle(self.talkers):
            at += self.chance.expovariate(TALK)
            await asyncio.sleep(max(0.0, at - time.perf_counter()))
            talker.act()


async def watch_lateness(late: list[float]) -> None:
    """Note by how many milliseconds this process comes too late, again and again."""
    while True:
        begin = time.perf_counter()
        await asyncio.sleep(TICK)
        late.append(1000 * (time.perf_counter() - begin - TICK))


async def serve(strict: bool) -> None:
    """Serve until cancelled, and say on standard output where."""
    async with Crowd(strict) as crowd:
        print(crowd.url, flush=True)
        await asyncio.Event().wait()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m benchmarks.crowd")
    parser.add_argument("--strict", action="store_true", help="a 429 begins a block in which everything is refused")
    with suppress(KeyboardInterrupt):
        asyncio.run(serve(parser.parse_args().strict))
