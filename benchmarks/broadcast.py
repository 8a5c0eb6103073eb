"""An announcement to 12,000 people while forty of them write: how near it comes to what Telegram allows, and who waits.

Every bot is a process of its own, and so is the pretend Telegram that it talks to (`crowd.py`): it accepts 30 messages
a second and one in each chat, refuses the rest with 429, and takes 50 to 120 ms for a request. So everything here waits
for the clock and not for a core, and all bots run at the same time, also those that only answer and send nothing:
whatever else the machine does, it does to all. How much it computed, and by how much the servers were late, say whether
they were in each other's way.
"""

import asyncio
import math
import os
import random
import sqlite3
import tempfile
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import aiohttp

from benchmarks import process, report
from benchmarks.bots import news
from benchmarks.crowd import RATE, TALK
from benchmarks.process import Process
from bot import broadcasts, consents, interests, outbox, people
from bot.broadcasts import Audience, Group
from bot.consents import Purpose
from bot.demo.pretend_telegram import TEST_TOKEN
from bot.interests import Frequency, Interest
from bot.messages import Outgoing
from bot.settings import DEFAULT_PROFILE
from bot.storage import open_store

START = 60.0
"""Seconds until a bot has to poll: all of them start at the same time."""
SETTLE = 3.0
"""Seconds between the start of the last bot and the announcement."""
LANGUAGE = "de"
PTB, AIOGRAM = "benchmarks.bots.ptb_news", "benchmarks.bots.aiogram_news"
MOST_RATIO, LEAST_SHARE = 1.1, 0.99
ENOUGH = 3000
"""Copies from which on share and waiting are judged: with few, the burst at the beginning and chance weigh too much."""
RESAMPLES = 1000


@dataclass(frozen=True)
class Recipe:
    """A way to send to everybody."""

    title: str
    program: tuple[str, ...]
    strict: bool = False

    @property
    def is_ours(self) -> bool:
        """Say whether it is this project's."""
        return self.program[0] == "bot"

    @property
    def idle(self) -> str:
        """Return the bot that is the same and sends nothing."""
        return self.program[0]


OURS, STRICT = "ours", "strict"
RECIPES = {
    OURS: Recipe("this bot", ("bot", "run")),
    "ptb_sleep": Recipe("python-telegram-bot, loop with `sleep(0.05)`", (PTB, "sleep")),
    "ptb_gather": Recipe("python-telegram-bot, `gather` with `AIORateLimiter(max_retries=5)`", (PTB, "gather")),
    "aiogram_semaphore": Recipe("aiogram 3, semaphore of 30, again after a 429", (AIOGRAM,)),
    STRICT: Recipe("this bot", ("bot", "run"), strict=True),
    "ptb_gather_strict": Recipe(
        "python-telegram-bot, `gather` with `AIORateLimiter(max_retries=5)`", (PTB, "gather"), strict=True
    ),
    "aiogram_semaphore_strict": Recipe("aiogram 3, semaphore of 30, again after a 429", (AIOGRAM,), strict=True),
}
IDLE = {recipe.idle: recipe for recipe in RECIPES.values() if not recipe.strict}
"""Bots that send nothing; one is enough for two recipes that answer in the same way."""


@dataclass(frozen=True)
class Plan:
    """How much is measured."""

    recipients: int

    @property
    def least(self) -> float:
        """Return the seconds that a broadcast takes if nothing is wasted."""
        return self.recipients / (RATE - TALK)

    @property
    def window(self) -> float:
        """Return the seconds after which a broadcast is cut."""
        return 1.1 * self.least + 5


@dataclass(frozen=True)
class Run:
    """What came of one recipe."""

    recipients: int
    sent: dict[str, Any]
    idle: list[float]
    """Milliseconds to the answers of the same bot that sent nothing at that time."""
    cpu: float
    """Percent of a core, from the first copy to the last."""
    memory: float
    """MiB at most."""

    @property
    def share(self) -> float:
        """Return how much of what the server would have accepted was sent, copies and answers."""
        return float(self.sent["accepted"] / self.sent["allowed"])

    @property
    def per_second(self) -> float:
        """Return the copies a second."""
        return float(self.sent["copies"] / self.sent["seconds"])

    def ratio(self, share: float) -> float:
        """Return a quantile of the times of answers, over the same of the bot that sent nothing."""
        return quantile(self.sent["answers"], share) / quantile(self.idle, share)

    def spread(self, share: float) -> tuple[float, float]:
        """Return between which values nine of ten such ratios lie if both samples are drawn again and again."""
        chance = random.Random(1)
        drawn = sorted(
            quantile(chance.choices(self.sent["answers"], k=len(self.sent["answers"])), share)
            / quantile(chance.choices(self.idle, k=len(self.idle)), share)
            for _ in range(RESAMPLES)
        )
        return drawn[RESAMPLES // 20], drawn[-RESAMPLES // 20]


async def measure(recipients: int) -> bool:
    """Let all bots send to so many people, print what came of it and write it down; say if all promises were kept."""
    plan = Plan(recipients)
    place = report.where()
    runs, busy = await run_all(plan, RECIPES)
    text = "\n\n".join([place, _pace_table(runs), _people_table(runs), _words(plan, runs, busy)])
    report.write("broadcast", text)
    report.show(text, _figures(runs))
    for promise in (found := broken(runs)):
        print(promise)
    return not found


def broken(runs: dict[str, Run]) -> list[str]:
    """Return the promises that were not kept."""
    ours = [runs[OURS], runs[STRICT]]
    few = ours[0].recipients < ENOUGH
    promises = {
        "all that is allowed is used": few or all(run.share >= LEAST_SHARE for run in ours),
        "nothing is refused": not any(run.sent["too_many_requests"] for run in ours),
        "people wait no longer": few or all(run.ratio(share) <= MOST_RATIO for run in ours for share in (0.5, 0.95)),
        "nobody gets it twice": not any(run.sent["twice"] for run in ours),
        "everybody gets it": not any(run.sent["missing"] for run in ours),
    }
    return [f"not kept: {promise}" for promise, kept in promises.items() if not kept]


async def run_all(plan: Plan, recipes: Mapping[str, Recipe]) -> tuple[dict[str, Run], float]:
    """Run all recipes at the same time, and return what came of each and how many cores computed."""
    idle = {name: recipe for name, recipe in IDLE.items() if any(name == each.idle for each in recipes.values())}
    together = asyncio.Barrier(len(recipes) + len(idle) + 1)
    async with asyncio.TaskGroup() as tasks:
        quiet = {name: tasks.create_task(_quiet(recipe, plan, together)) for name, recipe in idle.items()}
        sending = {name: tasks.create_task(_send(recipe, plan, together)) for name, recipe in recipes.items()}
        busy = await tasks.create_task(_cores(together, plan.least))
    runs = {name: task.result() for name, task in sending.items()}
    return {name: replace(run, idle=quiet[recipes[name].idle].result()) for name, run in runs.items()}, busy


# ---------------------------------------------------------------------- one bot


async def _send(recipe: Recipe, plan: Plan, together: asyncio.Barrier) -> Run:
    """Let a bot send to everybody."""
    async with _town(recipe, plan, together) as town:
        computed, begun = town.bot.cpu_seconds(), time.monotonic()
        says = "" if recipe.is_ours else news.START
        sending = asyncio.create_task(town.crowd.order("broadcast", says=says, seconds=plan.window))
        if recipe.is_ours:
            await _start(town.folder / "bot.db", town.office)
        sent = await sending
        computed = town.bot.cpu_seconds() - computed
        cpu = 100 * computed / (time.monotonic() - begun)
        return Run(plan.recipients, sent, [], cpu, town.bot.peak_memory())


async def _quiet(recipe: Recipe, plan: Plan, together: asyncio.Barrier) -> list[float]:
    """Return the milliseconds to the answers of a bot that sends nothing."""
    async with _town(recipe, plan, together) as town:
        found = await town.crowd.order("quiet", seconds=plan.least)
        times: list[float] = found["answers"]
        return times


async def _cores(together: asyncio.Barrier, seconds: float) -> float:
    """Return how many cores the machine computes with while all send (proc(5), first line of stat)."""
    await together.wait()
    await asyncio.sleep(SETTLE)
    before, begun = _machine_seconds(), time.monotonic()
    await asyncio.sleep(seconds)
    return (_machine_seconds() - before) / (time.monotonic() - begun)


def _machine_seconds() -> float:
    user, nice, system = Path("/proc/stat").read_text(encoding="utf-8").split()[1:4]
    return (int(user) + int(nice) + int(system)) / os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class _Town:
    """A bot that listens, and everybody it knows."""

    folder: Path
    crowd: "_Server"
    bot: Process
    office: int


@asynccontextmanager
async def _town(recipe: Recipe, plan: Plan, together: asyncio.Barrier) -> AsyncIterator[_Town]:
    """Start a server and a bot, and wait until all others have done so."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as name:
        folder = Path(name)
        async with _crowd(recipe, folder) as crowd:
            there = await crowd.order("recipients", count=plan.recipients)
            await _know(recipe, folder, there)
            async with process.running([*recipe.program], _settings(crowd, folder), folder / "log", None) as bot:
                await _polls(crowd, folder)
                await together.wait()
                await asyncio.sleep(SETTLE)
                yield _Town(folder, crowd, bot, there["office"])


def _settings(crowd: "_Server", folder: Path) -> dict[str, str]:
    return {
        "TELEGRAM_TOKEN": TEST_TOKEN,
        "TELEGRAM_API_URL": crowd.url,
        "TELEGRAM_WEBHOOK_URL": "",
        "DATABASE": str(folder / "bot.db"),
        "PROFILE": DEFAULT_PROFILE,
        "LISTEN": "127.0.0.1:0",
        "FOLDER": str(folder),
    }


async def _polls(crowd: "_Server", folder: Path) -> None:
    """Wait until the bot listens. Raises: RuntimeError with its log."""
    until = time.monotonic() + START
    while not (await crowd.asks("counters"))["polls"]:
        if time.monotonic() > until:
            raise RuntimeError(f"a bot does not start:\n{(folder / 'log').read_text(encoding='utf-8')}")
        await asyncio.sleep(0.1)


class _Server:
    """A pretend Telegram in another process."""

    def __init__(self, url: str, session: aiohttp.ClientSession) -> None:
        self.url = url
        self._session = session

    async def order(self, name: str, **values: Any) -> Any:
        """Return what an order brought, once it is done. Raises: RuntimeError."""
        async with self._session.post(f"{self.url}/control/{name}", json=values) as response:
            found = await response.json()
            if response.status != 200:
                raise RuntimeError(f"{name}: {found}")
            return found

    async def asks(self, name: str) -> Any:
        """Return the answer to a question."""
        async with self._session.get(f"{self.url}/control/{name}") as response:
            return await response.json()


@asynccontextmanager
async def _crowd(recipe: Recipe, folder: Path) -> AsyncIterator[_Server]:
    said = folder / "crowd.log"
    arguments = ["benchmarks.crowd", *(["--strict"] if recipe.strict else [])]
    async with AsyncExitStack() as opened:
        await opened.enter_async_context(process.running(arguments, {}, said, None))
        timeout = aiohttp.ClientTimeout(total=None)
        session = await opened.enter_async_context(aiohttp.ClientSession(timeout=timeout))
        async with asyncio.timeout(START):
            while not said.read_text(encoding="utf-8").endswith("\n"):  # noqa: ASYNC110 - a file tells nobody
                await asyncio.sleep(0.05)
        yield _Server(said.read_text(encoding="utf-8").split()[0], session)


# ---------------------------------------------------------------------- what a bot knows


async def _know(recipe: Recipe, folder: Path, there: dict[str, Any]) -> None:
    """Let the bot know everybody."""
    if recipe.is_ours:
        async with open_store(folder / "bot.db") as store:
            await store.write(lambda db: _register(db, [*there["recipients"], there["office"]]))
    else:
        lines = "\n".join(map(str, there["recipients"]))
        (folder / "recipients").write_text(lines, encoding="utf-8")


def _register(db: sqlite3.Connection, chats: list[int]) -> None:
    """Let everybody be registered; the last of them is the office, which wants no news."""
    now = int(time.time())
    for chat in chats:
        person = people.find_or_add(db, "telegram", str(chat), now).id
        people.speak(db, person, LANGUAGE)
        if chat != chats[-1]:
            interests.save(db, person, Interest(["culture"], None, None, [], Frequency.AT_ONCE), now)
            consents.give(db, person, Purpose.NEWS, "1", LANGUAGE, now)


async def _start(database: Path, office: int) -> None:
    """Write the copies, and the message that shows the office how far they are: what a turn does when staff send."""

    def start(db: sqlite3.Connection) -> None:
        now = int(time.time())
        author = people.find_or_add(db, "telegram", str(office), now).id
        audience = Audience(Group.REGION, (), (LANGUAGE,))
        id = broadcasts.start(db, author, {LANGUAGE: news.ANNOUNCEMENT}, audience, datetime.now(UTC))
        shown = Outgoing(text="0 %", handle=broadcasts.handle(id))
        outbox.put(db, "telegram", str(office), author, shown, now)

    async with open_store(database, checkpoints=False) as store:
        await store.write(start)


# ---------------------------------------------------------------------- what is told


def quantile(of: Sequence[float], share: float) -> float:
    """Return the value below which such a share of them lies."""
    return sorted(of)[round(share * (len(of) - 1))] if of else math.nan


def _figures(runs: dict[str, Run]) -> dict[str, float]:
    figures: dict[str, float] = {}
    for name, run in runs.items():
        suffix = "" if name == OURS else f"_{name}"
        found = {
            "share_of_allowed_rate": round(run.share, 4),
            "copies_per_second": round(run.per_second, 2),
            "too_many_requests": run.sent["too_many_requests"],
            "answer_p50_ratio": round(run.ratio(0.5), 3),
            "answer_p95_ratio": round(run.ratio(0.95), 3),
            "never_answered": run.sent["never"],
            "copies_twice": run.sent["twice"],
            "copies_missing": run.sent["missing"],
            "cpu_percent": round(run.cpu, 1),
            "memory_peak_mb": round(run.memory, 1),
        }
        if run.sent["cut"] and name != OURS:
            del found["copies_missing"]
        figures |= {f"broadcast.{figure}{suffix}": value for figure, value in found.items()}
    return figures


def _named(recipe: Recipe) -> str:
    return recipe.title + (", strict" if recipe.strict else "")


def _pace_table(runs: dict[str, Run]) -> str:
    all_take = f"{runs[OURS].recipients:,} take"
    head = ["bot", "of what is allowed", "copies/s", all_take, "429s", "twice", "missing", "CPU", "memory"]
    return report.table(head, [[_named(RECIPES[name]), *_pace_cells(run)] for name, run in runs.items()])


def _pace_cells(run: Run) -> list[str]:
    minutes = run.recipients / run.per_second / 60
    return [
        f"{100 * run.share:.1f} %",
        f"{run.per_second:.2f}",
        f"{minutes:.1f} min" + (" *" if run.sent["cut"] else ""),
        f"{run.sent['too_many_requests']:,}",
        f"{run.sent['twice']:,}",
        "*" if run.sent["cut"] else f"{run.sent['missing']:,}",
        f"{run.cpu:.1f} %",
        f"{run.memory:.0f} MiB",
    ]


def _people_table(runs: dict[str, Run]) -> str:
    head = ["bot", "idle: p50", "p95", "during: p50", "p95", "p50 ratio", "p95 ratio", "not answered"]
    return report.table(head, [[_named(RECIPES[name]), *_people_cells(run)] for name, run in runs.items()])


def _people_cells(run: Run) -> list[str]:
    times = [quantile(of, share) for of in (run.idle, run.sent["answers"]) for share in (0.5, 0.95)]
    return [
        *(_time(time) for time in times),
        *(f"{run.ratio(share):.2f} ({'–'.join(f'{edge:.2f}' for edge in run.spread(share))})" for share in (0.5, 0.95)),
        f"{run.sent['never']} of {len(run.sent['answers'])}",
    ]


def _time(milliseconds: float) -> str:
    return f"{milliseconds:.0f} ms" if milliseconds < 1000 else f"{milliseconds / 1000:.1f} s"


def _words(plan: Plan, runs: dict[str, Run], busy: float) -> str:
    late = max(run.sent["late"] for run in runs.values())
    lines = [
        f"{plan.recipients:,} recipients. Idle: the same bot at the same time, sending nothing.",
        "In brackets: between which values nine of ten ratios lie if both samples are drawn again.",
        f"The machine computed with {busy:.2f} of its cores, for all of them and whatever else ran on it;",
        f"99 of 100 times a pretend Telegram was late by less than {late:.1f} ms.",
    ]
    if any(run.sent["cut"] for run in runs.values()):
        lines.append(f"\\* cut after {plan.window:.0f} s, and the time for all reckoned from the copies until then.")
    return "\n".join(lines)
