"""The commands: `python -m bot run`, `invite`, `check`, `demo`. The only module that knows all the others."""

import asyncio
import fcntl
import os
import signal
import sys
import time
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NoReturn, TypeVar

import click

import handlers
from bot import bridge, logs, profile, settings, staff, web
from bot import check as checks
from bot.clock import Clock
from bot.conversations import Conversations
from bot.languages import Languages, has_texts
from bot.pace import Limits
from bot.people import Person
from bot.profile import Profile, ProfileFaults
from bot.settings import Settings, SettingsFaults
from bot.storage import CannotOpen, open_store
from bot.transports.telegram import WEBHOOK_PATH, Card, NoAccess, TelegramTransport
from handlers import staff as staff_texts

T = TypeVar("T")

CANNOT_START = 2
STRANGER = Person(id=0, language="", role="", news_stopped=False, told_at=0)


@click.group()
def cli() -> None:
    """Brücke – Міст: a bot for a city partnership, on Telegram, in German and Ukrainian."""


@cli.command()
def run() -> None:
    """Run the bot until it is stopped."""
    found, city = _read()
    if silent := [language for language in city.languages if not has_texts(language)]:
        _give_up([f"There are no texts in the language {language}." for language in silent])
    logs.set_up(found.log_format)
    with _only_one(found.database):
        _until_stopped(run_bot(found, city, Limits()))


@cli.command()
@click.option("--role", type=click.Choice([role.value for role in staff.Role]), required=True, help="What they may do.")
def invite(role: str) -> None:
    """Print an invitation for a member of staff: it can be used once, within 24 hours."""
    database, _ = settings.read_database_and_profile()
    code = _run_or_give_up(_invite(database, staff.Role(role)))
    click.echo(f"An invitation as {role}, to be used once within 24 hours.")
    name = asyncio.run(_bot_name())
    if name:
        click.echo(f"Open this link on the telephone: https://t.me/{name}?start=join-{code}")
    click.echo(f"Or write these words to the bot: /start join-{code}")


@cli.command()
def check() -> None:
    """Say what is missing before going live."""
    found, city = _read()
    missing = asyncio.run(checks.check(found, city, datetime.now(UTC).date()))
    for sentence in missing:
        click.echo(sentence)
    if missing:
        sys.exit(1)
    click.echo("Everything is there.")


@cli.command()
@click.option("--port", default=8080, help="Where the page is served; the next free one if it is taken.")
def demo(port: int) -> None:
    """Try the real bot in the browser, on a pretend Telegram, without any token."""
    from bot.demo.demo import run_demo

    _until_stopped(run_demo(port))


def _read() -> tuple[Settings, Profile]:
    """Read settings and profile, or say all that is wrong with them and end."""
    faults: list[str] = []
    found = city = None
    try:
        found = settings.read()
    except SettingsFaults as fault:
        faults += fault.faults
    try:
        city = profile.read(found.profile if found else settings.read_database_and_profile()[1])
    except ProfileFaults as fault:
        faults += fault.faults
    if found is None or city is None:
        _give_up(faults)
    return found, city


def _give_up(faults: list[str]) -> NoReturn:
    for sentence in faults:
        click.echo(sentence, err=True)
    sys.exit(CANNOT_START)


@contextmanager
def _only_one(database: Path) -> Iterator[None]:
    """Refuse to run a second time on the same database."""
    try:
        database.parent.mkdir(parents=True, exist_ok=True)
        lock = database.with_suffix(".lock").open("w")
    except OSError as fault:
        _give_up([f"The database {database} cannot be made: {os.strerror(fault.errno or 0)}."])
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            _give_up([f"Another bot is already running with the database {database}."])
        yield


def _until_stopped(main: Coroutine[Any, Any, None]) -> None:
    """Run until it ends, or until SIGTERM or Ctrl-C."""

    async def stoppable() -> None:
        task = asyncio.create_task(main)
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, task.cancel)
        with suppress(asyncio.CancelledError):
            await task

    _run_or_give_up(stoppable())


def _run_or_give_up(main: Coroutine[Any, Any, T]) -> T:
    """Run to the end, or say why it cannot even begin."""
    try:
        return asyncio.run(main)
    except (CannotOpen, web.CannotListen) as fault:
        _give_up([str(fault)])


async def run_bot(found: Settings, city: Profile, limits: Limits) -> None:
    """Run the bot with everything it needs until cancelled."""
    languages = Languages(city.languages)
    async with open_store(found.database) as store, TelegramTransport(found.telegram) as telegram:
        table = handlers.conversations(city)
        conversations = Conversations(city, languages, table, {telegram.messenger: telegram.abilities})
        account = bridge.Account(store, telegram, conversations, limits)
        clock = Clock(store, languages, staff_texts.progress, staff_texts.report, account.sender.wake)
        webhook = (WEBHOOK_PATH, telegram.webhook) if found.telegram.webhook_url else None
        async with web.serve(found.listen, lambda: None if webhook else telegram.heard_at, webhook):
            clock.start()
            try:
                async with asyncio.TaskGroup() as tasks:
                    tasks.create_task(account.run())
                    tasks.create_task(telegram.introduce(_cards(city, conversations)))
            finally:
                clock.stop()


def _cards(city: Profile, conversations: Conversations) -> dict[str, Card]:
    """Return how the bot introduces itself in each language; to all others in every one that fits."""
    cards = {
        language: Card(
            city.bot.name[language],
            city.bot.description[language],
            city.bot.short_description[language],
            conversations.commands(STRANGER, language),
        )
        for language in city.languages
    }
    first = cards[city.languages[0]]
    description = "\n\n".join(card.description for card in cards.values())
    return {"": replace(first, description=description if len(description) <= 512 else first.description), **cards}


async def _invite(database: Path, role: staff.Role) -> str:
    async with open_store(database, checkpoints=False) as store:
        return await store.write(lambda db: staff.invite(db, role, int(time.time())))


async def _bot_name() -> str:
    """Return the bot's name for the link; '' if Telegram cannot be asked."""
    try:
        found = settings.read()
        async with TelegramTransport(found.telegram) as telegram:
            return await telegram.user_name()
    except (SettingsFaults, NoAccess):
        return ""


if __name__ == "__main__":
    cli()
