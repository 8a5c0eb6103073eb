"""The commands: `python -m benchmarks turns`, `crash`, `all`."""

import asyncio

import click

from benchmarks import turns as turns_benchmark


@click.group()
def cli() -> None:
    """Measure what is promised. Figures come last, one `name: value` a line; tables go into docs/benchmarks.md."""


@cli.command()
@click.option("--quick", is_flag=True, help="Fewer and shorter runs, for a first look.")
def turns(quick: bool) -> None:
    """Play a form of three questions with 200 people, in this bot and in its peers."""
    asyncio.run(turns_benchmark.measure(quick))


if __name__ == "__main__":
    cli()
