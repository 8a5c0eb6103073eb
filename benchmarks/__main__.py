"""The commands: `python -m benchmarks turns`, `crash`, `all`."""

import asyncio
import sys

import click

from benchmarks import crash as crash_benchmark
from benchmarks import turns as turns_benchmark

KILLS = 300


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
@click.pass_context
def all(context: click.Context) -> None:
    """Do both."""
    context.invoke(turns)
    context.invoke(crash)


if __name__ == "__main__":
    cli()
