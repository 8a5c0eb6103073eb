"""How fast a turn is: the same form, played by the same 200 people, in this bot and in its peers.

The pretend Telegram and everybody who writes live in this process, the bot in one of its own; each has one core. A
closed loop: everybody sends their next message in the moment in which the answer to the former was accepted, which is
where the time is taken. All variants run in one go, in an order drawn anew for each repeat, so neighbours disturb all.
"""

import asyncio
import os
import random
import tempfile
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks import process, report
from benchmarks.bots.form import TALK
from benchmarks.process import Process
from bot.demo.pretend_telegram import PretendTelegram
from bot.demo.telegram_load import Load, Player, Step

PEOPLE = 200
SCRIPT = [Step(text) for text in TALK]
OURS = "ours"
VARIANTS = {
    OURS: ("this bot, durable (synchronous=FULL)", ["benchmarks.bots.ours"]),
    "aiogram_memory": ("aiogram 3, memory", ["benchmarks.bots.aiogram_form"]),
    "aiogram_sqlite": ("aiogram 3, SQLite (synchronous=NORMAL)", ["benchmarks.bots.aiogram_form", "sqlite"]),
    "ptb_pickle": ("python-telegram-bot, ConversationHandler + PicklePersistence", ["benchmarks.bots.ptb"]),
    "ptb_fast": ("the same on aiohttp, 64 at a time", ["benchmarks.bots.ptb", "fast"]),
}
START = 15.0
"""Seconds until a bot has to poll."""


@dataclass(frozen=True)
class Plan:
    """How much is measured."""

    repeats: int = 5
    seconds: float = 4.0
    warm_up: float = 1.0
    """Seconds before counting begins."""
    light_seconds: float = 20.0
    light_rate: float = 30.0
    """Messages a second that come whether or not the former are answered."""
    growth: int = 100_000
    """Turns between the two looks at the memory."""
    growth_warm_up: int = 20_000


QUICK = Plan(repeats=2, seconds=2.0, light_seconds=5.0, growth=10_000, growth_warm_up=5_000)


@dataclass(frozen=True)
class Run:
    """One variant, measured once. Times in milliseconds."""

    per_second: float
    cpu: float
    p50: float
    p95: float


@dataclass(frozen=True)
class Town:
    """A pretend Telegram and the bot that serves it."""

    telegram: PretendTelegram
    bot: Process


async def measure(quick: bool) -> dict[str, float]:
    """Measure everything, print it and write it down; return the figures."""
    plan = QUICK if quick else Plan()
    place = report.where()
    runs = await _interleaved(plan)
    light = await _light_load(plan)
    before, after = await _memory(plan)
    figures = _figures(runs, light, after - before)
    text = "\n\n".join([place, _table(runs), _words(plan, light, before, after)])
    report.write("turns", text)
    report.show(text, figures)
    return figures


@asynccontextmanager
async def _town(variant: str) -> AsyncIterator[Town]:
    """Start a fresh Telegram and a bot with an empty folder, and wait until it polls."""
    bots_core, our_core = process.cores()
    if our_core is not None:
        os.sched_setaffinity(0, {our_core})
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as name:
        folder = Path(name)
        async with PretendTelegram(calls_kept=0, messages_kept=20) as telegram:
            settings = {"TELEGRAM_TOKEN": telegram.token, "TELEGRAM_API_URL": telegram.url, "FOLDER": name}
            log = folder / "log"
            async with process.running(VARIANTS[variant][1], settings, log, bots_core) as bot:
                try:
                    await telegram.polled(1, START)
                except TimeoutError:
                    raise RuntimeError(f"{variant} does not start: {log.read_text(encoding='utf-8')}") from None
                yield Town(telegram, bot)


async def _interleaved(plan: Plan) -> dict[str, list[Run]]:
    runs: dict[str, list[Run]] = {variant: [] for variant in VARIANTS}
    for repeat in range(plan.repeats):
        for variant in random.sample(list(VARIANTS), len(VARIANTS)):
            runs[variant].append(await _full_load(variant, plan))
            print(f"{repeat + 1}/{plan.repeats} {variant}: {runs[variant][-1].per_second:.0f}/s", flush=True)
    return runs


async def _full_load(variant: str, plan: Plan) -> Run:
    async with _town(variant) as town:
        await _play(town, seconds=plan.warm_up)
        computed = town.bot.cpu_seconds()
        found = await _play(town, seconds=plan.seconds)
        computed = town.bot.cpu_seconds() - computed
        times = found["milliseconds"]
        return Run(found["updates_per_second"], 1000 * computed / found["updates"], times["median"], times["p95"])


async def _play(town: Town, seconds: float | None = None, updates: int | None = None) -> Any:
    """Let 200 new people play. Raises: RuntimeError if not each of their messages had exactly one in return."""
    before = town.telegram.counts.get("sendMessage", 0)
    found = await Load(town.telegram, SCRIPT, PEOPLE, seconds=seconds, updates=updates).run()
    sent = town.telegram.counts["sendMessage"] - before
    if found["unanswered"] or found["failures"] or sent != found["updates"]:
        raise RuntimeError(f"{sent} messages in answer to {found['updates']}: {found}")
    return found


# ---------------------------------------------------------------------- light load


class _Passer(Player):
    """Somebody who writes when their time has come, not when the answer is there."""

    def heard(self, message: object) -> None:
        """Note the time of the answer and wait for the next turn."""
        if self.waits:
            self.waits = False
            self.load.count(time.perf_counter() - self.sent_at)
            self.position = (self.position + 1) % len(self.load.script)


async def _light_load(plan: Plan) -> list[float]:
    """Return the milliseconds of turns in an open loop: so many messages a second, always the next person's."""
    async with _town(OURS) as town:
        load = Load(town.telegram, SCRIPT, PEOPLE)
        players = [_passer(load, number) for number in range(PEOPLE)]
        begin, sent = time.perf_counter(), 0
        while sent < plan.light_seconds * plan.light_rate:
            await asyncio.sleep(max(0.0, begin + sent / plan.light_rate - time.perf_counter()))
            players[sent % PEOPLE].play()
            sent += 1
        await asyncio.sleep(1)
        if load.answered != sent:
            raise RuntimeError(f"{sent - load.answered} of {sent} messages were not answered")
        return [seconds * 1000 for seconds in load.times]


def _passer(load: Load, number: int) -> _Passer:
    player = _Passer(load, load.world.person(f"Person {number}", language_code="de"), number)
    player.person.chat.listener = player.heard
    return player


# ---------------------------------------------------------------------- memory


async def _memory(plan: Plan) -> tuple[float, float]:
    """Return the bot's memory in MiB after warming up and after so many more turns."""
    async with _town(OURS) as town:
        await _play(town, updates=plan.growth_warm_up)
        before = town.bot.memory()
        await _play(town, updates=plan.growth)
        return before, town.bot.memory()


# ---------------------------------------------------------------------- what is told


def _figures(runs: dict[str, list[Run]], light: list[float], growth: float) -> dict[str, float]:
    rate = {variant: median(run.per_second for run in of) for variant, of in runs.items()}
    ratios = {f"turns.vs_{variant}": round(rate[OURS] / rate[variant], 2) for variant in VARIANTS if variant != OURS}
    return {
        "turns.updates_per_second": round(rate[OURS]),
        **ratios,
        "turns.median_ms": round(median(light), 2),
        "turns.median_ms_full_load": round(median(run.p50 for run in runs[OURS]), 1),
        "turns.memory_growth_mb": round(growth, 1),
    }


def _table(runs: dict[str, list[Run]]) -> str:
    head = ["bot", "updates/s: median", "min–max", "CPU per update", "turn: p50", "p95"]
    return report.table(head, [[VARIANTS[variant][0], *_cells(of)] for variant, of in runs.items()])


def _cells(runs: list[Run]) -> list[str]:
    def middle(of: Callable[[Run], float]) -> float:
        return median(map(of, runs))

    rates = [run.per_second for run in runs]
    return [
        f"{median(rates):,.0f}",
        f"{min(rates):,.0f}–{max(rates):,.0f}",
        f"{middle(lambda run: run.cpu):.2f} ms",
        f"{middle(lambda run: run.p50):.0f} ms",
        f"{middle(lambda run: run.p95):.0f} ms",
    ]


def _words(plan: Plan, light: list[float], before: float, after: float) -> str:
    ordered = sorted(light)
    p95 = ordered[int(0.95 * (len(ordered) - 1))]
    rate, first, later = f"{plan.light_rate:g}", f"{plan.growth_warm_up:,}", f"{plan.growth:,}"
    return "\n".join(
        [
            f"{PEOPLE} people, {plan.repeats} runs of {plan.seconds:g} s for each bot, medians.",
            f"Light load ({rate} messages a second, open loop): median turn {median(light):.1f} ms, p95 {p95:.1f} ms.",
            f"Memory: {before:.1f} MiB after {first} turns, {after:.1f} MiB {later} turns later.",
        ]
    )
