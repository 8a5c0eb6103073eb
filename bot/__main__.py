"""The commands: `python -m bot run`, `invite`, `check`, `signal`, `demo`. The only module that knows all the others."""

import asyncio
import fcntl
import os
import sys
import time
from collections.abc import Coroutine, Iterator
from contextlib import AsyncExitStack, contextmanager, suppress
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from signal import SIGINT, SIGTERM
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
from bot.signal_setup.commands import signal as commands_of_signal
from bot.storage import CannotOpen, open_store
from bot.transports.signal import SignalTransport
from bot.transports.telegram import WEBHOOK_PATH, Card, NoAccess, TelegramTransport
from handlers import staff as staff_texts

T = TypeVar("T")

CANNOT_START = 2
STRANGER = Person(id=0, language="", role="", news_stopped=False)


@click.group()
def cli() -> None:
    """Brücke – Міст: a bot for a city partnership, on Telegram and Signal, in German and Ukrainian."""


@cli.command()
def run() -> None:
    """Run the bot until it is stopped."""
    found, city = _read()
    if silent := [language for language in city.languages if not has_texts(language)]:
        _give_up([f"There are no texts in the language {language}." for language in silent])
    logs.set_up(found.log_format)
    with _only_one(found.database):
        _until_stopped(run_bot(found, city))


@cli.command()
@click.option("--role", type=click.Choice([role.value for role in staff.Role]), required=True, help="What they may do.")
def invite(role: str) -> None:
    """Print an invitation for a member of staff: it can be used once, within 24 hours."""
    database, _ = settings.read_database_and_profile()
    code = _run_or_give_up(_invite(database, staff.Role(role)))
    click.echo(f"An invitation as {role}, to be used once within 24 hours.")
    try:
        name = asyncio.run(_bot_name())
    except NoLink as why:
        click.echo(f"There is no link for Telegram. {why}")
        click.echo(f"Write these words to the bot: /start join-{code}")
    else:
        click.echo(f"On Telegram, open this link on the telephone: https://t.me/{name}?start=join-{code}")
        click.echo(f"Or write these words to the bot: /start join-{code}")


@cli.command()
def check() -> None:
    """Say what is missing before going live."""
    found, city = _read()
    findings = asyncio.run(checks.check(found, city, datetime.now(UTC).date()))
    for sentence in findings.faults:
        click.echo(sentence)
    for sentence in [*findings.unseen, *findings.hints]:
        click.echo(f"A hint: {sentence}")
    if findings.faults:
        sys.exit(1)
    click.echo("What can be seen from here is there." if findings.unseen else "Everything is there.")


cli.add_command(commands_of_signal)


@cli.command()
@click.option("--port", default=8080, help="Where the page is served; the next free one if it is taken.")
def demo(port: int) -> None:
    """Try the real bot in the browser, on a pretend Telegram and Signal, without any account."""
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
    if found and city:
        noted = [note.id for note in city.messengers]
        faults += [
            f"The profile says nothing about {name}: it lacks such an entry in messengers."
            for name, used in (("telegram", found.telegram), ("signal", found.signal))
            if used and name not in noted
        ]
    if found is None or city is None or faults:
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
        for number in (SIGTERM, SIGINT):
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


async def run_bot(found: Settings, city: Profile, limits: Limits | None = None) -> None:
    """Run the bot with everything it needs until cancelled. `limits` are for all messengers, instead of their own."""
    languages = Languages(city.languages)
    async with AsyncExitStack() as opened:
        store = await opened.enter_async_context(open_store(found.database))
        telegram = await opened.enter_async_context(TelegramTransport(found.telegram)) if found.telegram else None
        signal = await opened.enter_async_context(SignalTransport(found.signal)) if found.signal else None
        transports: list[TelegramTransport | SignalTransport] = [each for each in (telegram, signal) if each]
        abilities = {each.messenger: each.abilities for each in transports}
        paces = {each.messenger: limits or each.limits for each in transports}
        conversations = Conversations(city, languages, handlers.conversations(city), abilities, paces)
        accounts: list[bridge.Account] = []
        wake = partial(_wake, accounts)
        accounts += [bridge.Account(store, each, conversations, paces[each.messenger], wake) for each in transports]
        clock = Clock(store, conversations, staff_texts, wake)
        webhook = (WEBHOOK_PATH, telegram.webhook) if telegram and telegram.has_webhook else None
        await opened.enter_async_context(
            web.serve(found.listen, lambda: [each.heard_at for each in transports], webhook)
        )
        clock.start()
        opened.callback(clock.stop)
        async with asyncio.TaskGroup() as tasks:
            for account in accounts:
                tasks.create_task(account.run())
            if telegram:
                tasks.create_task(telegram.introduce(_cards(city, conversations)))


def _wake(accounts: list[bridge.Account]) -> None:
    for account in accounts:
        account.sender.wake()


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


class NoLink(Exception):
    """An invitation cannot be a link; the text says why, in a sentence for the operator."""


async def _bot_name() -> str:
    """Return the bot's name on Telegram, for the link. Raises: NoLink."""
    try:
        found = settings.read()
        if found.telegram is None:
            raise NoLink("TELEGRAM_TOKEN is not set, and Signal knows no such links.")
        async with TelegramTransport(found.telegram) as telegram:
            return await telegram.user_name()
    except (SettingsFaults, NoAccess) as fault:
        raise NoLink(str(fault).replace("\n", " ")) from fault


if __name__ == "__main__":
    cli(prog_name="python3 run.py")
