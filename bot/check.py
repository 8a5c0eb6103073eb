"""What is missing before going live, one plain sentence each."""

from datetime import date

from bot import languages as languages_module
from bot.languages import Languages
from bot.profile import Profile
from bot.settings import Settings, Telegram
from bot.transports.telegram import NoAccess, TelegramTransport

OLD = 180
"""Days after which a help line has to be called again."""


async def check(settings: Settings, profile: Profile, today: date) -> list[str]:
    """Return all that stands between this installation and the public."""
    return [
        *_profile(profile, today),
        *_translations(profile),
        *(await _telegram(settings.telegram) if settings.telegram else []),
    ]


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
