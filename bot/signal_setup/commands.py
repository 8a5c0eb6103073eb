"""The commands `signal register`, `verify`, `profile` …: an operator gets the bot a number on Signal, and keeps it.

They ask and explain in the terminal and leave the work to signal-cli. Each request has a connection of its own, so that
nothing is open while somebody looks for a telephone.
"""

import asyncio
import re
import time
from collections.abc import Callable, Coroutine
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import IO, Any

import click

from bot import accounts, outbox, settings
from bot import profile as profiles
from bot.profile import ProfileFaults
from bot.settings import SettingsFaults
from bot.signal_setup import profile_card, signal_cli
from bot.signal_setup.reasons import NEW_CAPTCHA, RUN, WAIT_A_DAY, reason
from bot.signal_setup.signal_cli import Place
from bot.storage import CannotOpen, Store, open_store
from bot.transports.signal_envelopes import MESSENGER
from bot.transports.signal_rpc import ANSWER, Lost, NotSent, Refused

CAPTCHAS = "https://signalcaptchas.org/registration/generate.html"
CHALLENGES = "https://signalcaptchas.org/challenge/generate.html"
DEVICE = "Brücke – Міст"
LINKING = 600.0
"""Seconds to find the telephone and scan; signal-cli itself gives up earlier."""
SOLVING = 90.0
"""Seconds in which a bot that runs, and its signal-cli, have tried a solution."""
SHORTEST_PIN = 6
USERNAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{2,31}(\.\d{2,9})?")


class Stopped(click.ClickException):
    """The command ends here; the sentences say why, and what to do."""

    def __init__(self, *sentences: str) -> None:
        super().__init__("\n".join(sentences))

    def show(self, file: IO[Any] | None = None) -> None:
        """Say it without the word "Error"."""
        click.echo(self.message, file=file, err=True)


class CannotStart(Stopped):
    """Settings or profile cannot be used."""

    exit_code = 2


class Daemon:
    """The signal-cli that the settings name, and how to ask it."""

    def __init__(self, place: Place, account: str) -> None:
        self.place = place
        self.account = account
        self._numbers = self._run(signal_cli.numbers(place))

    @property
    def has_one_number(self) -> bool:
        """Whether it was started with -a; it would have ended if that number were not registered."""
        return self._numbers is None

    @property
    def is_registered(self) -> bool:
        """Whether the bot's number is registered, as far as signal-cli knew when this was made."""
        return self._numbers is None or self.account in self._numbers

    def again(self) -> "Daemon":
        """Return it as it is now."""
        return Daemon(self.place, self.account)

    def ask(self, method: str, params: dict[str, Any] | None = None, wait: float = ANSWER) -> Any:
        """Call a method. Raises: Refused, Stopped."""
        return self._run(signal_cli.ask(self.place, method, params, wait))

    def ask_account(self, method: str, params: dict[str, Any]) -> Any:
        """Call a method of the account, which must not be named if there is only one. Raises: Refused, Stopped."""
        return self.ask(method, params if self.has_one_number else {"account": self.account, **params})

    def _run(self, asking: Coroutine[Any, Any, Any]) -> Any:
        try:
            return asyncio.run(asking)
        except NotSent:
            raise Stopped("signal-cli has ended. Its log says why (journalctl -u signal-cli).") from None
        except Lost:
            raise Stopped(
                "signal-cli gave no answer. Before you try again, please look into its log (journalctl -u signal-cli)"
                " and whether something has arrived on the telephone."
            ) from None


def reach(aim: str = "") -> Daemon:
    """Return the daemon of the settings; without an `aim` it should run with the number. Raises: Stopped."""
    try:
        found = settings.read_signal()
    except SettingsFaults as fault:
        raise CannotStart(*fault.faults) from None
    place = found.place
    how = signal_cli.how_to_start(place, aim) if aim else signal_cli.how_to_start_with(place, found.account)
    if why := signal_cli.why_unreachable(place, how):
        raise Stopped(why)
    daemon = Daemon(found.place, found.account)
    if too_old := signal_cli.too_old(str(daemon.ask("version")["version"])):
        raise Stopped(too_old)
    return daemon


def without_number(aim: str) -> Daemon:
    """Return the daemon if the bot's number can be registered with it; `aim` says what for. Raises: Stopped."""
    daemon = reach(aim)
    if daemon.has_one_number:
        raise Stopped(
            f"signal-cli was started with -a, so it has a number already. The next step: {RUN} profile",
            signal_cli.how_to_start(daemon.place, aim),
        )
    if daemon.is_registered:
        raise Stopped(f"{daemon.account} is registered already. The next step: {RUN} profile")
    return daemon


def with_number() -> Daemon:
    """Return the daemon if the bot's number is registered. Raises: Stopped."""
    daemon = reach()
    if not daemon.is_registered:
        raise Stopped(f"{daemon.account} is not registered. Please begin with: {RUN} register")
    return daemon


def next_steps(account: str) -> str:
    """Say what comes after a registration."""
    return (
        "The next steps:\n"
        f"  echo 'ACCOUNT=-a {account}' > /etc/signal-cli.env && systemctl restart signal-cli\n"
        "     (with -a, signal-cli ends when the number is lost, so that it is noticed)\n"
        f"  {RUN} profile --username NAME --poster poster.svg\n"
        "  python3 run.py check"
    )


@click.group()
def signal() -> None:
    """Give the bot a number on Signal: register, verify, profile."""


# ---------------------------------------------------------------------- a new number


@signal.command()
@click.option("--voice", is_flag=True, help="Be called instead, 60 seconds after an SMS was asked for.")
def register(voice: bool) -> None:
    """Ask Signal to send a code to the bot's number."""
    daemon = without_number("To register a number")
    click.echo(f"{daemon.account} becomes the bot's number on Signal. Whoever used Signal with it is signed out.")
    captcha = "" if voice else _ask_for_captcha(CAPTCHAS)  # for a call, the captcha of the SMS still counts
    while not _is_code_asked_for(daemon, voice, captcha):
        captcha = _ask_for_another(CAPTCHAS) if captcha else _ask_for_captcha(CAPTCHAS)
    if daemon.again().is_registered:
        click.echo("signal-cli still had the keys of this number, so it is registered without a code.")
        click.echo(next_steps(daemon.account))
        return
    click.echo("Signal calls now and says six digits." if voice else "Signal sends an SMS with six digits now.")
    click.echo(f"The next step: {RUN} verify")
    if not voice:
        click.echo(f"No SMS, or a landline? Wait 60 seconds, then: {RUN} register --voice")


def _is_code_asked_for(daemon: Daemon, voice: bool, captcha: str) -> bool:
    """Ask for the code; False: another captcha is needed. Raises: Stopped."""
    given = {"captcha": captcha} if captcha else {}
    try:
        daemon.ask("register", {"account": daemon.account, "voice": voice, **given})
    except Refused as refused:
        if "Next Captcha may be provided at" in refused.message:
            raise Stopped(WAIT_A_DAY) from None
        if refused.code == -6 or "captcha" in refused.message.lower():
            return False
        raise Stopped(reason(refused, voice=voice)) from None
    return True


def _ask_for_captcha(page: str) -> str:
    """Explain where a captcha is solved, and return the link that proves it."""
    click.echo(
        "Signal wants to see that a person does this:\n"
        f"  1. Open {page}\n"
        "     in a browser that uses the same internet connection as this machine.\n"
        "  2. Solve the puzzle.\n"
        "  3. Do not press «Open Signal»: copy the link behind it (right mouse button, copy link).\n"
        "The link is good for a few minutes, and once."
    )
    return _ask_for_link()


def _ask_for_another(page: str) -> str:
    """Say that a captcha was refused, and return the link of a new one."""
    click.echo(NEW_CAPTCHA.format(page=page))
    return _ask_for_link()


def _ask_for_link() -> str:
    with suppress(ImportError):
        import readline  # noqa: F401  # without it a terminal cuts lines at 4096 bytes, and these links are long
    while True:
        link = str(click.prompt("The link")).strip().strip("\"'")
        link = f"signalcaptcha://{link}" if link.startswith("signal-") else link
        if re.fullmatch(r"signalcaptcha://\S+", link):
            return link
        click.echo("That is not the link: it begins with signalcaptcha:// and has no spaces.")


@signal.command()
def captcha() -> None:
    """Hand Signal the link of a captcha that it demands, if the link is too long for the chat."""
    database, _ = settings.read_database_and_profile()
    if not _in_store(database, _is_demanded):
        raise Stopped("At the moment Signal demands nothing.")
    link = _ask_for_captcha(CHALLENGES)
    while not _in_store(database, partial(_is_solved, link=link)):
        link = _ask_for_another(CHALLENGES)
    click.echo("Signal has taken it: the bot sends again.")


def _in_store(database: Path, work: Callable[[Store], Coroutine[Any, Any, bool]]) -> bool:
    """Do something with the bot's database, beside the bot. Raises: Stopped."""

    async def working() -> bool:
        async with open_store(database, checkpoints=False) as store:
            return await work(store)

    try:
        return asyncio.run(working())
    except CannotOpen as fault:
        raise CannotStart(str(fault)) from None


async def _is_demanded(store: Store) -> bool:
    return bool((await store.read(lambda db: accounts.find(db, MESSENGER))).challenge)


async def _is_solved(store: Store, link: str) -> bool:
    """Let the bot hand a link to Signal and say whether Signal took it. Raises: Stopped."""
    await store.write(lambda db: outbox.solve(db, MESSENGER, link, int(time.time())))
    try:
        async with asyncio.timeout(SOLVING):
            while await store.read(lambda db: outbox.is_solving(db, MESSENGER)):  # noqa: ASYNC110  # another process
                await asyncio.sleep(0.2)
    except TimeoutError:
        raise Stopped(
            "The bot could not hand it to Signal yet. Please look whether bot and signal-cli run: python3 run.py check"
        ) from None
    return not await _is_demanded(store)


@signal.command()
def verify() -> None:
    """Finish the registration with the code that Signal sent, and set a PIN."""
    daemon = without_number("To finish what signal register began")
    had_pin = _verified_with_pin(daemon, _ask_for_code())
    click.echo(f"{daemon.account} is registered.")
    if had_pin:
        click.echo("It keeps the PIN that it had.")
    else:
        _set_first_pin(daemon.again())
    click.echo(
        "Keep the SIM card or the line for ever: Signal can ask for a new code at any time, and whoever gets the number"
        " after you gets what people write to it.\n"
        "Stop signal-cli once now and copy its folder to a safe place. Use that copy only if the folder is lost, and"
        " never beside it."
    )
    click.echo(next_steps(daemon.account))


def _set_first_pin(daemon: Daemon) -> None:
    try:
        _set_pin(daemon)
    except click.Abort:
        raise Stopped("", f"The number is registered, but it has no PIN yet. Please set one: {RUN} pin") from None


def _ask_for_code() -> str:
    while True:
        code = re.sub(r"[\s-]", "", str(click.prompt("The six digits that Signal sent")))
        if re.fullmatch(r"[0-9]{6}", code):
            return code
        click.echo("These are not six digits.")


def _verified_with_pin(daemon: Daemon, code: str) -> bool:
    """Verify; say whether an older PIN was needed. Raises: Stopped."""
    given: dict[str, str] = {}
    while True:
        try:
            daemon.ask("verify", {"account": daemon.account, "verificationCode": code, **given})
        except Refused as refused:
            click.echo(_about_pin(refused))
        else:
            return bool(given)
        given["pin"] = str(click.prompt("The PIN", hide_input=True))


def _about_pin(refused: Refused) -> str:
    """Say what is with the PIN, if that is why it was refused. Raises: Stopped."""
    if hours := re.search(r"locked with a pin\D*(\d+)", refused.message):
        return (
            "Somebody set a PIN for this number before. Without it, the number is free again after"
            f" {hours[1]} hours without use on Signal."
        )
    if tries := re.search(r"Invalid pin, tries remaining: (\d+)", refused.message):
        return f"This is not the PIN. Tries that are left: {tries[1]}."
    raise Stopped(reason(refused))


@signal.command()
def pin() -> None:
    """Set the PIN that guards the number, or change it."""
    _set_pin(with_number())


def _set_pin(daemon: Daemon) -> None:
    click.echo(
        "Now a PIN. Without it, somebody who gets hold of the number gets the bot's account, too.\n"
        f"At least {SHORTEST_PIN} characters. Keep it where the city keeps its passwords: Signal asks for it when the"
        " number is registered again."
    )
    chosen = ""
    while len(chosen) < SHORTEST_PIN:
        chosen = str(click.prompt("The PIN", hide_input=True, confirmation_prompt="The PIN again"))
        if len(chosen) < SHORTEST_PIN:
            click.echo("This PIN is too short.")
    try:
        daemon.ask_account("setPin", {"pin": chosen})
    except Refused as refused:
        raise Stopped(f"The PIN is not set. {reason(refused)}", f"Then: {RUN} pin") from None
    click.echo("The PIN is set.")


# ---------------------------------------------------------------------- a second device of a telephone


@signal.command()
def link() -> None:
    """Make the bot a second device of a telephone; to try things out only."""
    daemon = without_number("To link a telephone")
    click.echo(
        "A city's service should have a number of its own (signal register). What is linked ends after 45 days without"
        " use or with the telephone, and whoever has the telephone reads all chats."
    )
    click.confirm("Link it all the same?", abort=True)
    try:
        address = str(daemon.ask("startLink")["deviceLinkUri"])
        click.echo(f"{profile_card.qr_code(address)}\n{address}")
        click.echo("On the telephone, within a few minutes: Signal, Settings, Linked devices, Link a new device.")
        number = str(daemon.ask("finishLink", {"deviceLinkUri": address, "deviceName": DEVICE}, LINKING)["number"])
    except Refused as refused:
        raise Stopped(reason(refused)) from None
    click.echo(f"Linked with {number}.")
    if number != daemon.account:
        click.echo(f"Please set SIGNAL_ACCOUNT={number} now.")
    click.echo(next_steps(number))


# ---------------------------------------------------------------------- what people see


def _username(_context: click.Context, _option: click.Parameter, name: str | None) -> str | None:
    if name and not USERNAME.fullmatch(name):
        raise Stopped("A username has 3 to 32 of A-Z, a-z, 0-9 and _, no digit first; Signal adds a dot and digits.")
    return name


def _poster(_context: click.Context, _option: click.Parameter, file: Path | None) -> Path | None:
    if file and file.suffix.lower() not in (".svg", ".png"):
        raise Stopped("A poster is a file that ends in .svg or .png.")
    return file


@signal.command()
@click.option("--username", callback=_username, help="By which people find the bot. The same one again: the same link.")
@click.option("--picture", type=click.Path(path_type=Path), help="A PNG or JPEG, such as the city's coat of arms.")
@click.option("--by-number", is_flag=True, help="Show the number, and let people find the bot by it.")
@click.option(
    "--poster", type=click.Path(path_type=Path), callback=_poster, help="Write the QR code to a .svg or .png."
)
def profile(username: str | None, picture: Path | None, by_number: bool, poster: Path | None) -> None:
    """Set what people see of the bot, and print its link."""
    if poster and not username:
        raise Stopped("The poster shows the link of the username: please give --username as well.")
    try:
        city = profiles.read(settings.read_database_and_profile()[1])
        avatar = {"avatar": profile_card.picture(picture)} if picture else {}
        _set_profile(with_number(), profile_card.card(city) | avatar, by_number, username, poster)
    except ProfileFaults as fault:
        raise CannotStart(*fault.faults) from None
    except profile_card.Unusable as fault:
        raise Stopped(str(fault)) from None
    except Refused as refused:
        raise Stopped(reason(refused)) from None


def _set_profile(
    daemon: Daemon, card: dict[str, str], by_number: bool, username: str | None, poster: Path | None
) -> None:
    """Set everything, and say of each part what it is now. Raises: Refused, Unusable, Stopped."""
    daemon.ask_account("updateProfile", card)
    click.echo(f"Name: {card['givenName']}")
    click.echo(f"Description: {card['about']}")
    click.echo("Picture: changed" if "avatar" in card else "Picture: as before (--picture FILE changes it)")
    daemon.ask_account("updateAccount", {"discoverableByNumber": by_number, "numberSharing": by_number})
    click.echo("Number: shown, and the bot is found by it" if by_number else "Number: not shown, not found by it")
    _keep_quiet(daemon)
    if not username:
        click.echo(f"Link: as before. To see it: {RUN} profile --username NAME (the same name, the same link)")
        return
    account = daemon.ask_account("updateAccount", {"username": username})
    click.echo(f"Username: {account['username']}")
    click.echo(f"{profile_card.qr_code(account['usernameLink'])}\n{account['usernameLink']}")
    click.echo(
        "This link and its QR code are for posters and the city's website. Keep the username: a new one ends them."
    )
    if poster:
        profile_card.write_poster(account["usernameLink"], poster)
        click.echo(f"Poster: {poster}")


def _keep_quiet(daemon: Daemon) -> None:
    """Tell nobody when something was read, and let no link be fetched. Raises: Refused, Stopped."""
    what = {
        "readReceipts": False,
        "linkPreviews": False,
        "unidentifiedDeliveryIndicators": False,
        "typingIndicators": True,
    }
    try:
        daemon.ask_account("updateConfiguration", what)
    except Refused as refused:
        if "linked devices" not in refused.message:
            raise
        click.echo("Read receipts, link previews, typing: as on the telephone it is linked with")
    else:
        click.echo("Read receipts and link previews: off. Typing: shown while people wait for an answer")
