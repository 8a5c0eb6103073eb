"""What kills cost on Signal: signal-cli, the bot, or both are killed again and again while ten people write.

signal-cli hands each message over once and takes no acknowledgement. So three things are told apart: what was stored
in the bot's inbox has to be answered; what was written into the socket and not stored yet is lost with the bot; and
what signal-cli had only in its memory is lost with signal-cli. Of each message is known whether it was stored: the
inbox keeps the ids.
"""

import asyncio
import random
import statistics
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import chain, pairwise
from typing import Any

from benchmarks import report
from benchmarks.signal_victim import Programs, SignalVictim, signal_victim
from bot.demo.signal_people import SignalPerson
from bot.demo.signal_world import SignalWorld

SEED = 20260824
SEATS = 10
"""People who write at the same time; when one has finished, the next begins."""
TEXTS = ("/emergency", "/imprint", "/verify", "/help")
"""What each writes. The answers differ, so that it is known to which of them an answer belongs."""
PAUSE = (0.5, 2.5)
"""Seconds between two messages of one person."""
RUNS = (0.3, 1.5)
"""Seconds from when the bot listens until the next kill."""
LONGEST_WAIT = 1.5
"""Seconds to wait for a moment to kill at; then it is killed anyway."""
AWAY = 4.0
"""Seconds for which signal-cli is away at every fifth of its kills: long enough to be told to the office."""
PATIENCE = 60.0
"""Seconds after the last start in which everything has to be answered: a second try comes after 30."""
STRAGGLERS = 0.1
"""Seconds after a kill in which answers still arrive that had left before."""
DEAF_TOLD = "Signal war gestört von"
"""How the office is told that nothing was heard."""
DEAF_LINE = "Ich war eine Weile nicht erreichbar"
"""What somebody in the middle of a conversation is told."""

LONGEST_RUN = 900.0
"""Seconds after which nothing is killed any more, however often it was."""
LINES, EMPTIED = 20_000, 5
"""Lines on which emptying the spool is tried, and how often."""
Key = tuple[str, int]
"""A message: who wrote it, and its timestamp in milliseconds."""


class Ending(StrEnum):
    """What is ended, and how."""

    DAEMON = "kill -9 of signal-cli"
    BOT = "kill -9 of the bot"
    BOTH = "kill -9 of both at once"
    STOP_BOT = "SIGTERM of the bot"
    STOP_DAEMON = "SIGTERM of signal-cli"
    STOP_BOTH = "SIGTERM of the bot, then of signal-cli"

    @property
    def is_kill(self) -> bool:
        """Say whether nobody is asked."""
        return self in (Ending.DAEMON, Ending.BOT, Ending.BOTH)

    @property
    def ends_bot(self) -> bool:
        """Say whether the bot goes."""
        return self not in (Ending.DAEMON, Ending.STOP_DAEMON)

    @property
    def ends_daemon(self) -> bool:
        """Say whether signal-cli goes."""
        return self not in (Ending.BOT, Ending.STOP_BOT)


STOPS = [Ending.STOP_BOT, Ending.STOP_BOTH] * 10
"""What is ended in a second series, in which nothing is killed."""


class Moment(StrEnum):
    """When."""

    ANY = "at any time"
    HANDING = "while signal-cli hands a message over"
    SENDING = "while an answer is on its way"


Lost = Counter[tuple[Ending, Moment]]
"""Messages by what was ended, and when."""


@dataclass(frozen=True)
class Ended:
    """One ending: when it began and was over.

    `tried` are those whose answers had an unknown outcome then, with the number of the try.
    """

    how: Ending
    moment: Moment
    began: float
    over: float
    tried: dict[str, int]
    started: float
    """When what had ended was started again."""


@dataclass(frozen=True)
class Written:
    """One message of somebody."""

    key: Key
    text: str
    at: float


@dataclass
class Found:
    """What came of it, counted in messages that people wrote."""

    endings: list[Ended] = field(default_factory=list)
    written: int = 0
    once: int = 0
    twice: int = 0
    more: int = 0
    unexplained: int = 0
    """Answered again although the outcome of the first answer was known."""
    stored_lost: int = 0
    """Never answered although stored."""
    cut_off: int = 0
    """Stored, and both tries of the answer were cut off."""
    pipe: Lost = field(default_factory=Counter)
    """Handed over by signal-cli and never stored."""
    memory: Lost = field(default_factory=Counter)
    """Lost in signal-cli's memory: it was killed, or nobody listened any more when it had decrypted."""
    unknown: int = 0
    """Not answered, and nobody knows where it is."""
    gaps: int = 0
    """Times of deafness that the bot noticed."""
    office: int = 0
    """Messages to the office about them."""
    line: int = 0
    """Lines to somebody in the middle of a conversation."""
    parked: int = 0
    written_per_second: float = 0
    subscriptions: int = 0
    """The most that there were at once."""
    second_bots: int = 0
    """Bots that ran beside the first."""
    back: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    """Seconds from the start of what had ended until somebody was answered."""
    answered_after: list[float] = field(default_factory=list)
    """Seconds from each message to its answer."""

    def lost(self, by: Callable[[Ending, Moment], object]) -> int:
        """Return how many were lost between Signal and the inbox, in some endings."""
        return sum(n for lost in (self.pipe, self.memory) for (how, moment), n in lost.items() if by(how, moment))


def broken(found: Found) -> list[str]:
    """Return the promises that were not kept."""
    told = found.gaps + sum(ended.how.is_kill for ended in found.endings)
    promises: dict[str, float] = {
        "what was stored is answered": found.stored_lost,
        "at most twice": found.more,
        "twice only if the outcome was unknown": found.unexplained,
        "every message is accounted for": found.unknown,
        "no message is given up": found.parked,
        "one bot at a time": found.second_bots + max(found.subscriptions - 1, 0),
        # Of gaps that come within ten minutes one is told, so that a program that dies and dies fills no screens.
        "the office is told of gaps": max(min(found.gaps, 1) - found.office, 0) + max(found.office - told, 0),
        "who was in the middle of something is told, too": max(min(found.gaps, 1) - found.line, 0),
    }
    return [f"{promise}: {faults:g} times not" for promise, faults in promises.items() if faults]


# ---------------------------------------------------------------------- people


class Town:
    """People who write, and what comes back to them."""

    def __init__(self, world: SignalWorld) -> None:
        self.world = world
        self.written: list[Written] = []
        self.came: dict[str, list[tuple[float, str]]] = defaultdict(list)
        self.taken: dict[Key, float] = {}
        self.arrivals: list[float] = []
        self.latest = 0.0
        self.subscriptions = 0
        world.subscribe(self._noticed)
        self._decrypt, world.mailbox.decrypt = world.mailbox.decrypt, self._decrypts  # type: ignore[method-assign]

    def write(self, person: SignalPerson, text: str) -> None:
        """Let somebody write."""
        message = person.write(text)
        self.written.append(Written((person.id, message.timestamp), text, time.time()))

    async def sit(self, seats: list[list[SignalPerson]], chance: random.Random) -> None:
        """Let people write, in each seat one after the other, for ever."""
        async with asyncio.TaskGroup() as tasks:
            for waiting in seats:
                tasks.create_task(self._seat(waiting, random.Random(chance.random())))

    async def _seat(self, waiting: list[SignalPerson], chance: random.Random) -> None:
        for person in waiting:
            for text in TEXTS:
                await asyncio.sleep(chance.uniform(*PAUSE))
                self.write(person, text)

    async def first_answer(self, since: float) -> float:
        """Return how many seconds after a moment somebody got a message."""
        late = since + STRAGGLERS
        await self.world.changed(lambda: self.latest > late, PATIENCE, "an answer")
        return next(at for at in self.arrivals if at > late) - since

    def _noticed(self, event: Mapping[str, Any]) -> None:
        if event["event"] == "message" and not event["message"]["mine"]:
            self.latest = time.time()
            self.arrivals.append(self.latest)
            self.came[event["person_id"]].append((self.latest, event["message"]["text"]))
        elif event["event"] == "daemon":
            self.subscriptions = max(self.subscriptions, event["subscriptions"])

    def _decrypts(self, number: int) -> Any:
        """Note when signal-cli had a message in its memory."""
        entry = self.world.mailbox.taken.get(number)
        if entry is not None and (key := _key(entry.event)):
            self.taken[key] = time.time()
        return self._decrypt(number)


def _key(event: Any) -> Key | None:
    envelope = event["envelope"]
    return (envelope["sourceUuid"], envelope["timestamp"]) if "dataMessage" in envelope else None


# ---------------------------------------------------------------------- kill


async def kill_often(kills: int, seconds: float, programs: Programs | None = None) -> Found:
    """Kill signal-cli and bots so often, but not for longer than so many seconds; return what that did."""
    chance = random.Random(SEED)
    return await end_often(_plan(kills, chance), seconds, chance, programs)


async def end_often(
    plan: list[Ending], seconds: float, chance: random.Random, programs: Programs | None = None
) -> Found:
    """End what the plan says, but not for longer than so many seconds; return what that did."""
    found = Found()
    async with signal_victim(SEED, programs) as victim:
        town = Town(victim.world)
        seats, office, middle = await victim.write(lambda db: _people(db, victim, len(plan)))
        await victim.start_daemon()
        await victim.start_bot()
        await victim.listens()
        middle.write("/register")
        answers = await _right_answers(victim, town, seats.pop()[0])
        town.written.clear()
        writing = asyncio.create_task(town.sit(seats, chance))
        begun = time.monotonic()
        for number, how in enumerate(plan):
            if time.monotonic() - begun > seconds:
                break
            ended = await _end(victim, how, chance, _stays_away(plan, number))
            found.endings.append(ended)
            await victim.listens()
            found.back[how].append(await town.first_answer(ended.started))
            if number % 30 == 0:
                found.second_bots += not await victim.second_bot_ends()
        writing.cancel()
        await asyncio.wait([writing])
        await victim.settled(PATIENCE)
        await victim.terminate(victim.bot, victim.daemon)
        _judge(found, town, answers, victim)
        found.subscriptions = town.subscriptions
        found.office = sum(DEAF_TOLD in text for _, text in town.came[office.id])
        found.line = sum(DEAF_LINE in text for _, text in town.came[middle.id])
    return found


def _people(db: Any, victim: SignalVictim, endings: int) -> tuple[list[list[SignalPerson]], SignalPerson, SignalPerson]:
    """Return who sits in each seat one after the other, the office, and somebody in the middle of a conversation."""
    each = 20 + 3 * endings
    seats = [[victim.person(db, f"Person {seat}.{n}") for n in range(each)] for seat in range(SEATS)]
    return [*seats, [victim.person(db, "Somebody")]], victim.admin(db, "Office"), victim.person(db, "Middle")


async def _right_answers(victim: SignalVictim, town: Town, somebody: SignalPerson) -> dict[str, set[str]]:
    """Return for each text the messages that answer it and nothing else, before anything is killed."""
    came: dict[str, set[str]] = {}
    for text in TEXTS:
        before = len(town.came[somebody.id])
        town.write(somebody, text)
        await town.first_answer(time.time() - STRAGGLERS)
        await victim.settled(PATIENCE)
        came[text] = {answer for _, answer in town.came[somebody.id][before:]}
    only = {text: answers - set().union(*(came[o] for o in TEXTS if o != text)) for text, answers in came.items()}
    if not all(only.values()):
        raise RuntimeError("some messages have no answer of their own")
    return only


def _plan(kills: int, chance: random.Random) -> list[Ending]:
    """Return what is ended, in which order: three kinds of kills, and a SIGTERM for each eight."""
    kinds = [Ending.DAEMON, Ending.BOT, Ending.BOTH]
    stops = [Ending.STOP_BOT, Ending.STOP_DAEMON, Ending.STOP_BOTH]
    plan = [kinds[n % 3] for n in range(kills)] + [stops[n % 3] for n in range(max(3, kills // 8))]
    chance.shuffle(plan)
    return plan


def _stays_away(plan: list[Ending], number: int) -> bool:
    """Say whether signal-cli stays away for a while: every fifth time, beginning with the first."""
    return plan[number] is Ending.DAEMON and plan[:number].count(Ending.DAEMON) % 5 == 0


async def _end(victim: SignalVictim, how: Ending, chance: random.Random, stays_away: bool) -> Ended:
    """End something at some moment and start it again."""
    moment = chance.choice([*Moment]) if how.is_kill else Moment.ANY
    await asyncio.sleep(chance.uniform(*RUNS))
    await _come(victim.world, moment, chance.uniform(0, 0.005))
    gone = [each for each, ends in ((victim.bot, how.ends_bot), (victim.daemon, how.ends_daemon)) if ends]
    began = time.time()
    before = victim.tried()  # a bot that lives gives up a second try as soon as it is cut off
    over = await (victim.kill(*gone) if how.is_kill else victim.terminate(*gone))
    await asyncio.sleep(0.1)  # a bot that lives notices it
    tried = before | victim.tried()
    if stays_away:
        await asyncio.sleep(AWAY)
    started = time.time()
    if how.ends_daemon:
        await victim.start_daemon()
    if how.ends_bot:
        await victim.start_bot()
    return Ended(how, moment, began, over, tried, started)


async def _come(world: SignalWorld, moment: Moment, late: float) -> None:
    """Wait for a moment and a bit more."""
    handed, sends = world.mailbox.handed_over_count, world.counts.get("send", 0)
    is_so: dict[Moment, Callable[[], object]] = {
        Moment.ANY: lambda: True,
        Moment.HANDING: lambda: world.mailbox.decrypted and world.mailbox.handed_over_count > handed,
        Moment.SENDING: lambda: world.counts.get("send", 0) > sends and world.in_flight,
    }
    with suppress(AssertionError):
        await world.changed(is_so[moment], LONGEST_WAIT)
        await asyncio.sleep(late)


# ---------------------------------------------------------------------- judge


def _judge(found: Found, town: Town, answers: dict[str, set[str]], victim: SignalVictim) -> None:
    stored = {
        (address, int(timestamp))
        for (id,) in victim.rows("SELECT id FROM inbox WHERE messenger = 'signal' AND id LIKE '%.dataMessage'")
        for address, _device, timestamp, _kind in [id.split(".")]
    }
    in_memory = {_key(event) for event in victim.world.mailbox.lost}
    found.written = len(town.written)
    found.written_per_second = found.written / (town.written[-1].at - town.written[0].at)
    for written in town.written:
        person = written.key[0]
        times = {answer: [at for at, text in town.came[person] if text == answer] for answer in answers[written.text]}
        fewest, most = min(map(len, times.values())), max(map(len, times.values()))
        if fewest:
            found.once += most == 1
            found.twice += most == 2
            found.more += most > 2
            found.unexplained += sum(not _explained(person, at, found.endings) for at in times.values() if len(at) > 1)
            found.answered_after.append(max(at[0] for at in times.values()) - written.at)
        elif written.key in stored:
            seen = any(ended.tried.get(person, 0) > 1 for ended in found.endings)
            cut_off = seen or _times_tried(victim.world, person, answers[written.text]) > 1
            found.cut_off += cut_off
            found.stored_lost += not cut_off
        elif written.key not in town.taken:
            found.unknown += 1
        else:
            lost = found.memory if written.key in in_memory else found.pipe
            lost[_ended_after(town.taken[written.key], found.endings)] += 1
    found.gaps = victim.rows("SELECT count(*) FROM inbox WHERE id LIKE 'deaf.%' AND id NOT LIKE '%.still'")[0][0]
    found.parked = victim.rows("SELECT count(*) FROM inbox WHERE parked")[0][0]


def _times_tried(world: SignalWorld, person: str, answers: set[str]) -> int:
    """Return how often signal-cli was asked to send an answer that did not arrive."""
    asked = (call.params for call in world.calls if call.method == "send")
    return sum(params["recipient"] == [person] and params["message"] in answers for params in asked)


def _explained(person: str, at: list[float], endings: Iterable[Ended]) -> bool:
    """Say whether before each further answer something ended while the outcome of the one before was not known."""
    return all(
        any(first < ended.over + 1 and ended.began < second and person in ended.tried for ended in endings)
        for first, second in pairwise(at)
    )


def _ended_after(taken: float, endings: list[Ended]) -> tuple[Ending, Moment]:
    """Return what was ended after signal-cli had a message in its memory."""
    ended = next((ended for ended in endings if ended.over >= taken), endings[-1])
    return ended.how, ended.moment


# ---------------------------------------------------------------------- what is told


async def measure(kills: int, spool: bool) -> bool:
    """Kill and end, print what came of it and write it down; say whether all promises were kept."""
    from benchmarks import signal_spool

    place = report.where()
    programs = signal_spool.PROGRAMS if spool else None
    found = await kill_often(kills, LONGEST_RUN, programs)
    stopped = await end_often(STOPS, LONGEST_RUN, random.Random(SEED), programs)
    name = "signal-spool" if spool else "signal-kills"
    text, told = f"{place}\n\n{table(found)}\n\n{_of_stops(stopped)}", figures(found, name.replace("-", "_"))
    told[f"{name.replace('-', '_')}.lost_by_sigterm"] = stopped.pipe.total() + stopped.memory.total()
    if spool:
        cut, punched = (
            sorted(signal_spool.lost_by_emptying(LINES, punch) for _ in range(EMPTIED)) for punch in (False, True)
        )
        text += (
            f"\n\nLines lost of {LINES:,} while the reader empties the file: {cut[EMPTIED // 2]} ({cut[0]} to"
            f" {cut[-1]}) if it cuts it, {punched[EMPTIED // 2]} ({punched[0]} to {punched[-1]}) if it punches holes."
        )
        told |= {"signal_spool.lost_by_cutting": cut[EMPTIED // 2], "signal_spool.lost_by_punching": punched[-1]}
    report.write(name, text)
    report.show(text, told)
    for promise in (faults := broken(found) + broken(stopped)):
        print(promise)
    return not faults


def figures(found: Found, name: str = "signal_kills") -> dict[str, float]:
    """Return what programs read."""
    bot_kills = sum(ended.how is Ending.BOT and ended.moment is Moment.ANY for ended in found.endings)
    told: dict[str, float] = {
        "kills": sum(ended.how.is_kill for ended in found.endings),
        "written": found.written,
        "written_per_second": round(found.written_per_second, 1),
        "answered_once": found.once,
        "answered_twice": found.twice,
        "answered_more_than_twice": found.more,
        "lost_after_storing": found.stored_lost,
        "cut_off_twice": found.cut_off,
        "lost_in_pipe": found.pipe.total(),
        "lost_in_signal_cli": found.memory.total(),
        "bot_kills_at_any_time": bot_kills,
        "lost_by_them": found.lost(lambda how, moment: how is Ending.BOT and moment is Moment.ANY),
        "answered_again_seconds": round(statistics.median(chain(*found.back.values())), 2),
    }
    return {f"{name}.{key}": value for key, value in told.items()}


def table(found: Found) -> str:
    """Return what people read."""
    rows: list[tuple[str, str]] = [
        *((f"{how}", f"{sum(ended.how is how for ended in found.endings):,}") for how in Ending),
        ("answers on their way at those moments", f"{sum(len(ended.tried) for ended in found.endings):,}"),
        ("messages written", f"{found.written:,} ({found.written_per_second:.1f} a second)"),
        ("answered once", f"{found.once:,}"),
        ("answered twice", f"{found.twice:,}"),
        ("answered more than twice", f"{found.more:,}"),
        ("answered again although the outcome was known", f"{found.unexplained:,}"),
        ("stored and never answered", f"{found.stored_lost:,}"),
        ("stored, and both tries of the answer cut off", f"{found.cut_off:,}"),
        ("lost on the way: handed over, not stored", f"{found.pipe.total():,}"),
        *_by_ending(found.pipe, found.endings),
        ("lost in signal-cli's memory", f"{found.memory.total():,}"),
        *_by_ending(found.memory, found.endings),
        ("neither answered nor lost", f"{found.unknown:,}"),
        ("gaps of 3 s or more in which nothing was heard", f"{found.gaps:,}"),
        ("the office was told of them", f"{found.office:,}"),
        ("somebody in the middle of a conversation was told", f"{found.line:,}"),
        ("second bots that were let run", f"{found.second_bots:,}"),
        ("subscriptions at the same time, at most", f"{found.subscriptions:,}"),
        ("message to answer: median, s", f"{statistics.median(found.answered_after):.2f}"),
        ("message to answer: longest, s", f"{max(found.answered_after):.1f}"),
        *(
            (f"from the start to the first answer after {how}: median (longest), s", _spread(seconds))
            for how, seconds in sorted(found.back.items())
        ),
    ]
    return report.table(["", ""], rows)


def _of_stops(stopped: Found) -> str:
    lost = stopped.pipe.total() + stopped.memory.total()
    return (
        f"With SIGTERM alone, {len(stopped.endings)} times, of the bot and of both in turn: of {stopped.written:,}"
        f" messages ({stopped.written_per_second:.1f} a second) {lost} were lost and {stopped.twice} answered twice."
    )


def _by_ending(lost: Lost, endings: list[Ended]) -> Iterable[tuple[str, str]]:
    """Return a line for each kind of ending that lost something: how many, in how many endings of that kind."""
    for (how, moment), n in sorted(lost.items()):
        times = sum((ended.how, ended.moment) == (how, moment) for ended in endings)
        yield f"– by {how} {moment}, {times} times", f"{n:,}"


def _spread(seconds: list[float]) -> str:
    return f"{statistics.median(seconds):.2f} ({max(seconds):.2f})"
