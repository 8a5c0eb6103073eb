"""What a crash loses: the real bot is killed again and again while people talk to it, and then everything is counted.

What is right stands nowhere here: the same people tell the same stories to a bot that nobody kills. Each must have been
sent the same messages in the same order, but for copies of a message whose outcome the bot could not know: it was being
tried when the bot was killed. And the database must hold of each person what they answered.
"""

import asyncio
import random
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import cycle, islice

from benchmarks import registrations, report
from benchmarks.people import Story, Talker, story
from benchmarks.registrations import Registrations
from benchmarks.transcript import Comparison, Kill, Sent, cut_off_twice, transcript
from benchmarks.victim import Victim, victim
from bot import profile
from bot.demo.telegram_faults import Fault
from bot.settings import DEFAULT_PROFILE

SEATS = 20
"""People who talk at the same time; when one has finished, the next begins."""
PATIENCE = 60.0
"""Seconds after the last start in which everything has to be answered."""
SILENCE = 15.0
"""Seconds in which nobody says anything, after which whoever waits does so in vain: both answers were cut off."""
LONGEST_WAIT = 1.5
"""Seconds to wait for a moment to kill at; then it is killed anyway."""
LONGEST_STOP = 5.0
"""Seconds in which a bot has to end after SIGTERM."""
AT_ONCE = ["/start", "Deutsch", "/emergency", "/imprint", "/help"]
"""What people write while the bot is away."""
IN_THE_QUEUE = 200
"""People who do so: together 1,000 messages."""
LONGEST_RUN = 360.0
"""Seconds after which the bot is killed no more, however often it was."""


class Moment(StrEnum):
    """When a bot is killed. Only the first two may hit what was cut off by the kill before and is being sent again."""

    STARTING = "while it starts"
    ANY = "at any time"
    SENT = "just after Telegram accepted a message"
    SENDING = "while Telegram had messages and had not accepted them"
    TAKEN = "just after Telegram gave it messages"
    ACKNOWLEDGED = "just after it acknowledged messages"


@dataclass
class Crashes:
    """What came of killing a bot."""

    kills: list[tuple[Moment, Kill]] = field(default_factory=list)
    compared: Comparison = field(default_factory=Comparison)
    registered: Registrations = field(default_factory=Registrations)
    people: int = 0
    said: int = 0
    stuck: int = 0
    hanging: int = 0
    """Presses that were never answered."""
    cut_off: int = 0
    """People and presses that miss something of which both tries were cut off: a third might be the third to arrive."""


@dataclass
class Stops:
    """What came of ending a bot with SIGTERM while 1,000 messages were queued."""

    times: int = 0
    seconds: float = 0.0
    """The longest."""
    last: Kill = field(default_factory=lambda: Kill(0, {}))
    compared: Comparison = field(default_factory=Comparison)


async def measure(kills: int) -> bool:
    """Kill and end bots, print what came of it and write it down; say whether all promises were kept."""
    place = report.where()
    stops = await stop_in_the_middle([1, 500, 1000])
    crashes = await kill_often(kills, LONGEST_RUN)
    text = f"{place}\n\n{_table(crashes, stops)}"
    figures = _figures(crashes, stops)
    report.write("crash", text)
    report.show(text, figures)
    return not broken(crashes) + broken(stops)


def broken(found: Crashes | Stops) -> list[str]:
    """Return the promises that were not kept."""
    promises: dict[str, float] = {
        "every message is answered": found.compared.lost,
        "at most twice": found.compared.more,
        "twice only if the outcome was unknown": found.compared.unexplained,
        "in order": found.compared.disordered,
    }
    if isinstance(found, Stops):
        promises["it ends in time"] = found.seconds > LONGEST_STOP
    else:
        promises |= {
            "no press is left hanging": found.hanging,
            "no message is given up": found.registered.parked,
            "no registration is lost": found.registered.lost,
            "none is half written": found.registered.wrong,
            "no conversation is stuck": found.stuck,
        }
    return [f"{promise}: {faults:g} times not" for promise, faults in promises.items() if faults]


# ---------------------------------------------------------------------- kill


async def kill_often(kills: int, seconds: float) -> Crashes:
    """Kill a bot so often, but not longer than so many seconds, while people talk to it; return what that did."""
    crashes = Crashes()
    async with victim() as bot:
        seats = Seats(bot)
        starting = await _seconds_to_start(bot)
        begun = time.monotonic()
        for moment in islice(cycle(Moment), kills):
            if time.monotonic() - begun < seconds:
                crashes.kills.append(await _kill(bot, moment, starting))
        await bot.start()
        await bot.polls()
        await seats.close(PATIENCE)
        await bot.settled(PATIENCE)
        await bot.terminate()
        await _judge(crashes, bot, seats.talkers)
    return crashes


class Seats:
    """Where people sit and talk; when one has finished, the next begins."""

    def __init__(self, bot: Victim) -> None:
        self.talkers: list[Talker] = []
        self._bot = bot
        self._city = profile.read(DEFAULT_PROFILE)
        self._open = True
        self._tasks = [asyncio.create_task(self._sit()) for _ in range(SEATS)]

    async def _sit(self) -> None:
        while self._open:
            number = len(self.talkers) + 1
            talker = Talker(self._bot.telegram, number, story(number, self._city))
            self.talkers.append(talker)
            await talker.talk(lambda: random.uniform(0, 0.3))

    async def close(self, seconds: float) -> None:
        """Let nobody sit down any more; those who sit have so many seconds to finish, while anybody says anything."""
        self._open = False
        late, said, end = set(self._tasks), -1, time.monotonic() + seconds
        while late and said < self.said and time.monotonic() < end:
            said = self.said
            done, late = await asyncio.wait(late, timeout=SILENCE)
            for task in done:
                task.result()
        for task in late:
            task.cancel()

    @property
    def said(self) -> int:
        """How many messages and presses all of them sent."""
        return sum(talker.said for talker in self.talkers)


async def _seconds_to_start(bot: Victim) -> float:
    begun = time.monotonic()
    await bot.start()
    await bot.polls()
    seconds = time.monotonic() - begun
    await bot.terminate()
    return seconds


async def _kill(bot: Victim, moment: Moment, starting: float) -> tuple[Moment, Kill]:
    """Start a bot and kill it at such a moment."""
    await bot.start()
    if moment is Moment.STARTING:
        await asyncio.sleep(random.uniform(0, starting))
    else:
        await bot.polls()
        with suppress(TimeoutError):
            if moment is not Moment.ANY:
                await bot.caught_up(LONGEST_WAIT)
            await _come(bot, moment)
        bot.telegram.faults.clear()
    bot.kill()
    await bot.ended()
    return moment, Kill(time.time(), bot.trying())


async def _come(bot: Victim, moment: Moment) -> None:
    """Wait for a moment. Raises: TimeoutError if it does not come."""
    updates, counts = bot.telegram.updates, bot.telegram.counts
    times = random.randint(1, 30)
    sent, polls, confirmed = counts.get("sendMessage", 0), updates.polls, updates.confirmed
    match moment:
        case Moment.SENT:
            await _then(bot, lambda: counts.get("sendMessage", 0) >= sent + times)
        case Moment.SENDING:
            struck = bot.telegram.faults.struck
            bot.telegram.fail("sendMessage", Fault.hang_before(), times)
            await _then(bot, lambda: bot.telegram.faults.struck > struck)
        case Moment.TAKEN:
            await _then(bot, lambda: updates.polls >= polls + times and bool(updates.queue))
        case Moment.ACKNOWLEDGED:
            await _then(bot, lambda: updates.confirmed >= confirmed + times)
        case _:
            await asyncio.sleep(random.uniform(0, 0.5))


async def _then(bot: Victim, is_so: Callable[[], bool]) -> None:
    """Wait until something is so. Every second bot is killed on the spot, before it hears of it, others later."""
    on_the_spot = random.random() < 0.5
    await bot.telegram.changed(lambda: is_so() and (not on_the_spot or bot.kill()), LONGEST_WAIT)
    await asyncio.sleep(random.uniform(0, 0.005))


# ---------------------------------------------------------------------- judge


async def _judge(crashes: Crashes, bot: Victim, talkers: list[Talker]) -> None:
    city = profile.read(DEFAULT_PROFILE)
    right = await _undisturbed([story(talker.number, city) for talker in talkers])
    sent = transcript(bot.telegram.calls)
    kills = [kill for _, kill in crashes.kills]
    for talker, expected in zip(talkers, right, strict=True):
        hanging = [press for press in talker.person.waiting if not cut_off_twice(press, kills)]
        crashes.hanging += len(hanging)
        crashes.cut_off += len(talker.person.waiting) - len(hanging)
        came = Comparison()
        came.add(expected, sent.get(talker.person.id, []), kills)
        if came.lost and cut_off_twice(str(talker.person.id), kills):
            crashes.cut_off += 1
        else:
            crashes.stuck += not talker.is_done
            crashes.compared += came
    crashes.people = len(talkers)
    crashes.said = sum(talker.said for talker in talkers)
    crashes.registered = registrations.check(bot.database, talkers)


async def _undisturbed(stories: list[Story]) -> list[list[Sent]]:
    """Return what people with these stories are sent by a bot that nobody kills."""
    async with victim() as bot:
        talkers = [Talker(bot.telegram, number, told) for number, told in enumerate(stories)]
        await bot.start()
        async with asyncio.timeout(4 * PATIENCE), asyncio.TaskGroup() as tasks:
            for talker in talkers:
                tasks.create_task(talker.talk(lambda: 0.0))
        await bot.settled(PATIENCE)
        sent = transcript(bot.telegram.calls)
        return [sent[talker.person.id] for talker in talkers]


# ---------------------------------------------------------------------- stop


async def stop_in_the_middle(moments: list[int]) -> Stops:
    """End a bot with SIGTERM once it has taken so many of 1,000 queued messages; the next start has to finish them."""
    stops = Stops()
    async with victim() as bot:
        [right] = await _write_at_once(bot, 1, None, stops)
    for taken in moments:
        async with victim() as bot:
            for sent in await _write_at_once(bot, IN_THE_QUEUE, taken, stops):
                stops.compared.add(right, sent, [stops.last])
    return stops


async def _write_at_once(bot: Victim, people: int, stop_at: int | None, stops: Stops) -> list[list[Sent]]:
    """Return what so many people are sent who wrote before the bot was started."""
    persons = [bot.telegram.person(f"Person {number}") for number in range(people)]
    for text in AT_ONCE:
        for person in persons:
            person.write(text)
    await bot.start()
    if stop_at is not None:
        await _stop(bot, stop_at, stops)
        await bot.start()
    await bot.settled(PATIENCE)
    sent = transcript(bot.telegram.calls)
    return [sent.get(person.id, []) for person in persons]


async def _stop(bot: Victim, taken: int, stops: Stops) -> None:
    updates = bot.telegram.updates
    await bot.telegram.changed(lambda: updates.confirmed >= taken, PATIENCE, f"{taken} updates taken")
    stops.times += 1
    stops.seconds = max(stops.seconds, await bot.terminate())
    stops.last = Kill(time.time(), bot.trying())


# ---------------------------------------------------------------------- what is told


def _figures(crashes: Crashes, stops: Stops) -> dict[str, float]:
    return {
        "crash.kills": len(crashes.kills),
        "crash.lost": crashes.compared.lost + crashes.hanging + crashes.registered.parked + crashes.registered.lost,
        "crash.answered_twice": crashes.compared.twice,
        "crash.answered_more_than_twice": crashes.compared.more,
        "crash.cut_off_twice": crashes.cut_off,
        "crash.half_written": crashes.registered.wrong,
        "crash.stuck": crashes.stuck,
        "crash.sigterm_seconds": round(stops.seconds, 2),
        "crash.sigterm_lost": stops.compared.lost,
    }


def _table(crashes: Crashes, stops: Stops) -> str:
    kills = [kill for _, kill in crashes.kills]
    compared, registered = crashes.compared, crashes.registered
    rows: list[tuple[str, float]] = [
        *((f"kills {moment}", sum(of is moment for of, _ in crashes.kills)) for moment in Moment),
        ("messages on their way at those moments: their outcome is unknown", sum(len(kill.trying) for kill in kills)),
        ("people who talked", crashes.people),
        ("what they wrote and pressed", crashes.said),
        ("messages in answer", compared.messages),
        ("of these lost", compared.lost),
        ("came twice", compared.twice),
        ("came more than twice", compared.more),
        ("came again although the outcome was known", compared.unexplained),
        ("people who were sent something else, or in another order", compared.disordered),
        ("presses without an answer", crashes.hanging),
        ("people and presses that miss something that was cut off twice", crashes.cut_off),
        ("people who were told that they are registered", registered.told),
        ("of these not in the database", registered.lost),
        ("registrations half written or wrong", registered.wrong),
        ("conversations that were stuck", crashes.stuck),
        ("SIGTERM with 1,000 messages queued", stops.times),
        ("longest time until it ended, in seconds", round(stops.seconds, 2)),
        ("messages lost by it", stops.compared.lost),
        ("messages that came twice by it", stops.compared.twice),
    ]
    return report.table(["", ""], [(name, f"{value:,}") for name, value in rows])
