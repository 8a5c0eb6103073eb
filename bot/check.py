"""What is missing before going live, one plain sentence each; and what only somebody at the machine can look at."""

from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from bot import languages as languages_module
from bot.languages import Languages
from bot.profile import Profile
from bot.settings import Settings, Signal, Telegram
from bot.signal_setup import signal_cli
from bot.signal_setup.signal_cli import Options
from bot.transports.signal_rpc import Fault, Refused
from bot.transports.telegram import NoAccess, TelegramTransport

OLD = 180
"""Days after which a help line has to be called again."""


@dataclass
class Findings:
    """What was found: faults stand between this installation and the public, hints do not."""

    faults: list[str] = field(default_factory=list)
    hints: list[str] = field(default_factory=list)
    unseen: list[str] = field(default_factory=list)
    """What may be a fault, and only somebody at the machine can look at."""


async def check(settings: Settings, profile: Profile, today: date) -> Findings:
    """Return all that stands between this installation and the public."""
    findings = Findings([*_profile(profile, today), *_translations(profile)])
    if settings.telegram:
        findings.faults += await _telegram(settings.telegram)
    if settings.signal:
        await _signal(settings.signal, findings)
    return findings


def _profile(profile: Profile, today: date) -> list[str]:
    faults = []
    if any(not profile.legal.imprint[language] for language in profile.languages):
        faults.append("The profile has no imprint.")
    if not profile.legal.privacy_contact:
        faults.append("The profile names no contact for questions of privacy.")
    faults += [
        f"The help line {line.number} was last checked on {line.checked_on}. Please call it and renew the date."
        for line in profile.helplines
        if (today - line.checked_on).days > OLD
    ]
    return faults


def _translations(profile: Profile) -> list[str]:
    missing = []
    for language in profile.languages:
        if not languages_module.has_texts(language):
            missing.append(f"There are no texts in the language {language}.")
        elif n := Languages([language], languages_module.FOLDER).untranslated(language):
            missing.append(f"{n} texts are missing in the language {language}.")
    return missing


async def _telegram(settings: Telegram) -> list[str]:
    async with TelegramTransport(settings) as telegram:
        try:
            await telegram.user_name()
        except NoAccess as fault:
            return [str(fault)]
    return []


async def _signal(settings: Signal, findings: Findings) -> None:
    """Look at signal-cli from outside, and ask it only what needs no message."""
    if why := signal_cli.why_unreachable(settings.place):
        findings.faults.append(why)
        return
    options = signal_cli.options(settings.place)
    if isinstance(settings.place, Path):
        findings.faults += filter(None, [signal_cli.open_to_others(settings.place)])
    else:
        findings.hints.append(
            f"Every program on this machine that reaches {signal_cli.shown(settings.place)} can read and write as the"
            " city: signal-cli asks nobody for a password there. SIGNAL_SOCKET is better."
        )
    findings.faults += _options(options, settings.account) if options else []
    if options is None:
        findings.unseen.append(
            f"How signal-cli was started cannot be seen from here. Please look whether it has -a {settings.account},"
            " --receive-mode manual, --trust-new-identities always, --scrub-log,"
            " --no-receive-stdout and --ignore-attachments."
        )
    elif options.receive_mode == "on-connection":
        return  # each further connection would be handed messages
    try:
        await _ask_signal(settings, findings)
    except Refused as refused:
        findings.faults.append(f"signal-cli gives no answer (code {refused.code}). Please look into its log.")
    except Fault:
        findings.faults.append(f"At {signal_cli.shown(settings.place)} nobody answers as signal-cli does.")


def _options(options: Options, account: str) -> list[str]:
    faults = {
        f"signal-cli runs with -a {options.account}, but SIGNAL_ACCOUNT is {account}.": (
            options.account not in ("", account)
        ),
        f"signal-cli takes messages from Signal while the bot is not there, and they are lost ({options.receive_mode})."
        " Please start it with --receive-mode manual.": options.receive_mode != "manual",
        "Whoever has a new telephone would not be heard any more."
        " Please start signal-cli with --trust-new-identities always.": options.trust != "always",
        "signal-cli writes every message into its log. Please start it with --no-receive-stdout.": (
            options.prints_messages
        ),
        "signal-cli writes telephone numbers into its log. Please start it with --scrub-log.": not options.scrubs_log,
        "signal-cli keeps every picture that people send, for ever. Please start it with --ignore-attachments.": (
            options.keeps_files
        ),
    }
    return [sentence for sentence, is_so in faults.items() if is_so]


async def _ask_signal(settings: Signal, findings: Findings) -> None:
    """Ask for the version and the numbers. Raises: Fault."""
    answer = await signal_cli.ask(settings.place, "version")
    version = str(answer.get("version")) if isinstance(answer, dict) else ""
    findings.faults += filter(None, [signal_cli.too_old(version)])
    if not signal_cli.numbers_of(version):
        findings.unseen.append(
            "signal-cli does not say which version it is. Please look whether it is the newest one,"
            f" {signal_cli.OLDEST} at least."
        )
    numbers = await signal_cli.numbers(settings.place)
    if numbers is None:
        return
    if settings.account in numbers:
        findings.hints.append(
            "signal-cli runs without -a, so nobody notices if Signal takes the number away."
            f" Please start it with -a {settings.account}."
        )
    else:
        findings.faults.append(
            f"{settings.account} is not registered on Signal, or no longer. Please run: python3 run.py signal register"
        )
