"""A broadcast to 12,000 people on Signal takes seven hours: what the waiting costs, and what a kill in between does.

The bot is watched first with nothing to send and then with the whole queue. Then it is killed and started again: it
has to go on at the next copy and not sooner than the pace allows. At last somebody writes while copies still leave.
"""

import asyncio
import sqlite3
import statistics
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any

from benchmarks import report
from benchmarks.signal_victim import LANGUAGE, SignalVictim, signal_victim
from bot import broadcasts, consents, interests, people
from bot.broadcasts import Audience, Group
from bot.consents import Purpose
from bot.demo.signal_people import SignalPerson
from bot.interests import Frequency, Interest
from bot.transports.signal import SignalTransport

COPIES = 12_000
WARM_UP = 5.0
"""Seconds after the start that are not counted: the bot imports and reads its texts."""
AFTERWARDS = 4
"""Copies that are waited for after the restart."""
QUESTIONS = 20
"""Messages of somebody who writes meanwhile, one after the other."""
MOST_CPU = 1.0
"""Percent of one core that a waiting bot may take."""
SLOT = 1 / (SignalTransport.limits.per_second or 1)
SHORTEST = SLOT * (1 - SignalTransport.limits.jitter)
"""Seconds between two copies, and the fewest that chance makes of them."""
LATE = 0.05
"""Seconds by which a copy may arrive later, and the next one seem to come sooner, because the machine is busy."""
MOST_FASTER = 1.1
"""By how much chance may bring more copies than one for each slot; one that is late lets the next be early."""


@dataclass
class Watched:
    """What a waiting bot took."""

    seconds: float
    cpu: float
    """Percent of one core."""
    memory: float
    """MiB."""


@dataclass
class Queue:
    """What was found."""

    idle: Watched
    full: Watched
    gaps: list[float] = field(default_factory=list)
    """Seconds from one copy to the next while it was watched."""
    over_the_kill: float = 0
    """Seconds from the last copy before the kill to the first after it."""
    restart: float = 0
    """Seconds from the start after the kill until the bot listened."""
    twice: int = 0
    skipped: int = 0
    unknown: int = 0
    """Copies that were on their way at the kill; they are never sent again by themselves."""
    answered: list[float] = field(default_factory=list)
    """Milliseconds from a message to its answer."""


class Copies:
    """Who got copies, in order."""

    def __init__(self) -> None:
        self.came: list[tuple[float, str]] = []
        self.everything: list[tuple[float, str]] = []
        self._people: set[str] = set()

    def expect(self, persons: list[SignalPerson]) -> None:
        """Count what these get as copies."""
        self._people = {person.id for person in persons}

    def noticed(self, event: Mapping[str, Any]) -> None:
        """Take what the world tells."""
        if event["event"] == "message" and not event["message"]["mine"]:
            came = (time.monotonic(), event["person_id"])
            (self.came if event["person_id"] in self._people else self.everything).append(came)


async def measure(seconds: float) -> bool:
    """Watch, kill, print what was found and write it down; say whether all promises were kept."""
    place = report.where()
    found = await watch(seconds)
    text = f"{place}\n\n{table(found)}"
    report.write("signal-queue", text)
    report.show(text, figures(found))
    for promise in broken(found):
        print(promise)
    return not broken(found)


def broken(found: Queue) -> list[str]:
    """Return the promises that were not kept."""
    promises = {
        f"waiting takes less than {MOST_CPU:g} % of a core": found.full.cpu < MOST_CPU,
        "copies keep to the pace": len(found.gaps) <= MOST_FASTER * found.full.seconds / SLOT,
        "over a kill, too": found.over_the_kill >= SHORTEST - LATE,
        "nobody gets a copy twice": not found.twice,
        "nobody is passed over": not found.skipped,
    }
    return [f"not kept: {promise}" for promise, kept in promises.items() if not kept]


async def watch(seconds: float, copies: int = COPIES) -> Queue:
    """Let so many copies wait, and watch the bot for so many seconds with nothing to do and with them."""
    async with signal_victim() as victim:
        victim.world.latency = victim.world.decryption = (0.0, 0.0)
        seen = Copies()
        victim.world.subscribe(seen.noticed)
        author, asking, persons = await victim.write(lambda db: _people(db, victim, copies))
        seen.expect(persons)
        await victim.start_daemon()
        await _start(victim)
        idle = await _watch(victim, seconds)
        await victim.terminate(victim.bot)
        await victim.write(lambda db: _broadcast(db, author))
        await _start(victim)
        full = await _watch(victim, seconds)
        begun = time.monotonic() - full.seconds
        times = [at for at, _ in seen.came if at > begun]
        found = Queue(idle, full, [later - at for at, later in pairwise(times)])
        await _kill(victim, seen, found)
        found.answered = [await _answer(victim, asking, seen) for _ in range(QUESTIONS)]
        await victim.terminate(victim.bot, victim.daemon)
        _judge(victim, seen, found)
    return found


def _people(
    db: sqlite3.Connection, victim: SignalVictim, copies: int
) -> tuple[SignalPerson, SignalPerson, list[SignalPerson]]:
    """Return who writes the broadcast, who asks something meanwhile, and those who get it."""
    now = int(time.time())
    persons = [victim.person(db, f"Person {number}") for number in range(copies)]
    for person in persons:
        known = people.find_or_add(db, "signal", person.id, now).id
        interests.save(db, known, Interest(["health"], None, None, [], Frequency.AT_ONCE), now)
        consents.give(db, known, Purpose.NEWS, "1", LANGUAGE, now)
    return victim.admin(db, "Office"), victim.person(db, "Somebody"), persons


def _broadcast(db: sqlite3.Connection, author: SignalPerson) -> None:
    known = people.find_or_add(db, "signal", author.id, int(time.time())).id
    text = "Am Samstag ist Sprechstunde im Rathaus, von 10 bis 12 Uhr, Zimmer 14. " * 5
    broadcasts.start(db, known, {LANGUAGE: text}, Audience(Group.EVERYONE, (), (LANGUAGE,)), datetime.now(UTC))


async def _start(victim: SignalVictim) -> None:
    await victim.start_bot()
    await victim.listens()


async def _watch(victim: SignalVictim, seconds: float) -> Watched:
    if victim.bot is None:
        raise RuntimeError("there is no bot")
    await asyncio.sleep(WARM_UP)
    cpu, begun = victim.bot.cpu_seconds(), time.monotonic()
    await asyncio.sleep(seconds)
    took = time.monotonic() - begun
    return Watched(took, 100 * (victim.bot.cpu_seconds() - cpu) / took, victim.bot.memory())


async def _kill(victim: SignalVictim, seen: Copies, found: Queue) -> None:
    """Kill the bot just after a copy came, as that is when the pace matters, and wait for some more."""
    n = len(seen.came)
    await victim.world.changed(lambda: len(seen.came) > n, 60, "a copy")
    await victim.kill(victim.bot)
    before = len(seen.came)
    begun = time.monotonic()
    await _start(victim)
    found.restart = time.monotonic() - begun
    await victim.world.changed(lambda: len(seen.came) >= before + AFTERWARDS, 60, "copies after the restart")
    found.over_the_kill = seen.came[before][0] - seen.came[before - 1][0]


async def _answer(victim: SignalVictim, somebody: SignalPerson, seen: Copies) -> float:
    """Return after how many milliseconds a message is answered."""
    n, begun = len(seen.everything), time.monotonic()
    somebody.write("/imprint")
    await victim.world.changed(lambda: any(who == somebody.id for _, who in seen.everything[n:]), 60, "an answer")
    took = 1000 * (time.monotonic() - begun)
    await asyncio.sleep(4.1)  # more than 15 messages a minute are not answered
    return took


def _judge(victim: SignalVictim, seen: Copies, found: Queue) -> None:
    """Compare who got copies with the order of the queue."""
    rows = victim.rows("SELECT address, state FROM outbox WHERE broadcast IS NOT NULL ORDER BY id")
    got = [person for _, person in seen.came]
    unknown = {address for address, state in rows if state == "unknown"}
    found.twice = len(got) - len(set(got))
    found.unknown = len(unknown)
    last = max(number for number, (address, _) in enumerate(rows) if address in set(got))
    found.skipped = sum(address not in set(got) | unknown for address, _ in rows[:last])


# ---------------------------------------------------------------------- what is told


def figures(found: Queue) -> dict[str, float]:
    """Return what programs read."""
    return {
        "signal_queue.cpu_percent_empty": round(found.idle.cpu, 2),
        "signal_queue.cpu_percent": round(found.full.cpu, 2),
        "signal_queue.memory_mib_empty": round(found.idle.memory, 1),
        "signal_queue.memory_mib": round(found.full.memory, 1),
        "signal_queue.copies": len(found.gaps) + 1,
        "signal_queue.seconds_between_copies": round(statistics.median(found.gaps), 2),
        "signal_queue.seconds_over_a_kill": round(found.over_the_kill, 2),
        "signal_queue.copies_twice": found.twice,
        "signal_queue.copies_skipped": found.skipped,
        "signal_queue.answer_ms": round(statistics.median(found.answered), 1),
    }


def table(found: Queue) -> str:
    """Return what people read."""
    rows = [
        (f"CPU with nothing to send, % of a core, over {found.idle.seconds:.0f} s", f"{found.idle.cpu:.2f}"),
        (f"CPU with {COPIES:,} copies waiting, over {found.full.seconds:.0f} s", f"{found.full.cpu:.2f}"),
        ("memory with nothing to send, MiB", f"{found.idle.memory:.1f}"),
        ("memory with the queue, MiB", f"{found.full.memory:.1f}"),
        ("copies that left in that time", f"{len(found.gaps) + 1}"),
        ("seconds between two: median", f"{statistics.median(found.gaps):.2f}"),
        ("shortest and longest", f"{min(found.gaps):.2f}, {max(found.gaps):.2f}"),
        ("kill -9: seconds until it listened again", f"{found.restart:.2f}"),
        ("seconds from the last copy before to the first after", f"{found.over_the_kill:.2f}"),
        ("copies on their way at the kill: unknown, not sent again", f"{found.unknown}"),
        ("people who got it twice", f"{found.twice}"),
        ("people who were passed over", f"{found.skipped}"),
        ("message to answer while copies leave: median, ms", f"{statistics.median(found.answered):.1f}"),
        ("fastest and slowest", f"{min(found.answered):.1f}, {max(found.answered):.1f}"),
    ]
    return report.table(["", ""], rows)
