"""Many people who talk to a bot as fast as it answers, and how fast that is.

A closed loop: each of them plays the same script again and again and sends the next message in the moment in which the
bot's answer to the last one is accepted. The time of an answer runs from the moment the update can be taken until then,
measured in the server, so that neither the network to the one who asks nor this process's client counts.
"""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from bot.demo.telegram_people import CannotDo

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.demo.telegram_chats import Message
    from bot.demo.telegram_html import Json
    from bot.demo.telegram_people import Person
    from bot.demo.telegram_world import World

QUANTILES = {"median": 0.5, "p90": 0.9, "p95": 0.95, "p99": 0.99, "max": 1.0}


@dataclass(frozen=True, slots=True)
class Step:
    """One message of a script: a text or a button, and what the answer to it shows.

    With `expect` the answer is the first message, new or edited, whose text or buttons contain it; without, it is the
    next new message. "{n}" in a text becomes the number of the person.
    """

    write: str = ""
    press: str = ""
    expect: str = ""

    @classmethod
    def read(cls, step: str | Json) -> Step:
        """Return the step that a script in JSON means: a text, or an object with the fields above."""
        return cls(write=step) if isinstance(step, str) else cls(**step)

    def answered_by(self, message: Message) -> bool:
        if not self.expect:
            return message.edit_date is None
        text = message.text or message.caption or ""
        return self.expect in text or any(self.expect in label for row in message.buttons for label, _ in row)


@dataclass
class Player:
    """One of the people, and where in the script they are."""

    load: Load
    person: Person
    number: int
    position: int = 0
    sent_at: float = 0.0
    waits: bool = False

    def play(self) -> None:
        """Send the next message of the script."""
        step = self.load.script[self.position]
        self.waits, self.sent_at = True, time.perf_counter()
        try:
            if step.press:
                self.person.press(None, step.press)
            else:
                self.person.write(step.write.replace("{n}", str(self.number)))
        except CannotDo as reason:
            self.waits = False
            self.load.stop_player(str(reason))

    def heard(self, message: Message) -> None:
        if not self.waits or not self.load.script[self.position].answered_by(message):
            return
        self.waits = False
        self.load.count(time.perf_counter() - self.sent_at)
        self.position = (self.position + 1) % len(self.load.script)
        if self.load.goes_on(self.position):
            self.play()
        else:
            self.load.stop_player()


@dataclass
class Load:
    """A run: how many people, which script, how long.

    It ends after `updates` answers, after `seconds`, or when nothing was answered for `patience` seconds; everybody
    finishes the script they are in. The first `warm_up` answers are not counted.
    """

    world: World
    script: Sequence[Step]
    people: int = 200
    updates: int | None = None
    seconds: float | None = None
    warm_up: int = 0
    patience: float = 30.0
    language_code: str = "de"
    times: list[float] = field(default_factory=list)
    answered: int = 0
    failures: list[str] = field(default_factory=list)

    async def run(self) -> Json:
        """Return updates per second, the distribution of the times in milliseconds, and what went unanswered."""
        self.done = asyncio.Event()
        players = [self.player(number) for number in range(1, self.people + 1)]
        self.playing = len(players)
        self.begin = self.counting_since = self.end = time.perf_counter()
        for player in players:
            player.play()
        await self.until_done()
        for player in players:
            player.person.chat.listener = None
        return self.report(sum(player.waits for player in players))

    def player(self, number: int) -> Player:
        player = Player(self, self.world.person(f"Person {number}", language_code=self.language_code), number)
        player.person.chat.listener = player.heard
        return player

    async def until_done(self) -> None:
        before = -1
        while not self.done.is_set() and before != self.answered:
            before = self.answered
            try:
                async with asyncio.timeout(self.patience):
                    await self.done.wait()
            except TimeoutError:
                continue

    def count(self, seconds: float) -> None:
        self.answered += 1
        self.end = time.perf_counter()
        if self.answered > self.warm_up:
            self.times.append(seconds)
        elif self.answered == self.warm_up:
            self.counting_since = self.end

    def goes_on(self, position: int) -> bool:
        if position != 0:
            return True
        enough = self.updates is not None and self.answered >= self.updates + self.warm_up
        late = self.seconds is not None and self.end - self.begin >= self.seconds
        return not (enough or late)

    def stop_player(self, failure: str = "") -> None:
        if failure:
            self.failures.append(failure)
        self.playing -= 1
        if self.playing == 0:
            self.done.set()

    def report(self, unanswered: int) -> Json:
        duration = self.end - self.counting_since
        return {
            "people": self.people,
            "updates": len(self.times),
            "seconds": round(duration, 3),
            "updates_per_second": round(len(self.times) / duration, 1) if duration else 0.0,
            "milliseconds": distribution(self.times),
            "unanswered": unanswered,
            "failures": self.failures[:5],
            "people_who_failed": len(self.failures),
        }


def distribution(times: list[float]) -> dict[str, float]:
    """Return mean and quantiles in milliseconds."""
    if not times:
        return {}
    ordered = sorted(times)
    last = len(ordered) - 1
    figures = {name: round(ordered[round(share * last)] * 1000, 3) for name, share in QUANTILES.items()}
    return {"mean": round(sum(ordered) / len(ordered) * 1000, 3)} | figures


def load_of(world: World, order: dict[str, Any]) -> Load:
    """Return the run that an order in JSON describes: the fields of `Load`, and a script of steps."""
    script = [Step.read(step) for step in order.pop("script")]
    if not script:
        raise ValueError("a script has at least one step")
    return Load(world, script, **order)
