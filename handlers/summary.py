"""How registrations and offers are read back to people."""

import unicodedata

from babel import Locale

from bot import markup
from bot.chat import Chat
from bot.interests import Frequency, Interest
from bot.languages import Bold, Lines, Words, _, _n, listing, own_name
from bot.offers import CHAT, Offer
from bot.profile import Item, Localized, Profile
from bot.questions import Invalid
from bot.staff import Role

LONGEST_TEXT = 3000
FREQUENCIES = {Frequency.AT_ONCE: _("At once, when there is news"), Frequency.WEEKLY: _("Once a week, on Friday")}
TYPED = {
    Frequency.AT_ONCE: (
        *("sofort", "gleich", "immer sofort", "одразу", "відразу", "негайно", "щоразу", "кожного разу"),
        *("сразу", "немедленно"),
    ),
    Frequency.WEEKLY: (
        *("wöchentlich", "jede Woche", "einmal die Woche", "einmal in der Woche", "einmal wöchentlich", "pro Woche"),
        *("1 mal pro Woche", "1x pro Woche", "freitags", "weekly"),
        *("щотижня", "щотижнево", "раз на тиждень", "1 раз на тиждень", "один раз на тиждень", "кожного тижня"),
        *("раз у тиждень", "щоп’ятниці", "по п’ятницях"),
        *("еженедельно", "каждую неделю", "раз в неделю", "1 раз в неделю", "один раз в неделю", "по пятницам"),
    ),
}
"""What people write for each of them."""
TIMES = {
    "mornings": _("On working days before noon"),
    "afternoons": _("On working days after noon"),
    "evenings": _("In the evening"),
    "weekends": _("At the weekend"),
}
ROLES = {
    Role.ADMIN: _("Administration"),
    Role.EDITOR: _("Editing"),
    Role.APPROVER: _("Approval"),
    Role.DESK: _("Volunteer desk"),
}


def named(name: Words, value: Words) -> Words:
    """Return "name: value"."""
    return Lines((Bold(Lines((name, ":"), "")), value), " ")


def names(items: tuple[Item, ...], ids: list[str]) -> Words:
    """Return the names of some items, in the order of the profile."""
    found = [item.name for item in items if item.id in ids]
    return listing(found) if found else _("no answer")


def interest_lines(profile: Profile, interest: Interest) -> list[Words]:
    """Return a registration line by line."""
    shown = [
        named(_("Topics"), names(profile.topics, interest.topics)),
        named(_("Place of living"), names(profile.places, [interest.place or ""])),
    ]
    if interest.raion:
        shown.append(named(_("Part of the region"), names(profile.raions, [interest.raion])))
    if interest.age_bands:
        shown.append(named(_("Age of the children"), names(profile.age_bands, interest.age_bands)))
    return [*shown, named(_("News"), FREQUENCIES[Frequency(interest.frequency)])]


def shown_contact(contact: str) -> Words:
    """Return how the office reaches somebody, in words."""
    return _("this chat") if contact == CHAT else contact


def offer_lines(profile: Profile, offer: Offer) -> list[Words]:
    """Return an offer line by line."""
    shown = [
        named(_("Number"), offer.reference),
        named(_("Tasks"), names(profile.roles, offer.roles)),
        named(_("Languages"), names(profile.spoken, offer.spoken)),
        named(
            _("Times"), listing(TIMES[time] for time in offer.times if time in TIMES) if offer.times else _("no answer")
        ),
        named(_("District"), names(profile.districts, [offer.district or ""])),
        named(_("Name"), offer.name),
        named(_("Contact"), shown_contact(offer.contact)),
    ]
    if offer.organisation:
        shown.append(named(_("Organisation"), offer.organisation))
    return [*shown, _("This offer is paused.")] if offer.paused else shown


def named_for(chat: Chat, language: str) -> Words:
    """Return the name of a language for the reader: German is "Deutsch" or «німецька»."""
    return Localized(
        {reader: Locale(language).get_display_name(reader) or language for reader in chat.profile.languages}
    )


def check_text(text: str) -> str:
    """Return a text that staff write to others. Raises: Invalid."""
    if markup.units(text) > LONGEST_TEXT:  # with header and footer it still fits into one message
        raise Invalid(_n("Please write at most {n} letter.", "Please write at most {n} letters.", LONGEST_TEXT))
    return text


def check_text_in(language: str, name: Words, text: str) -> str:
    """Return a text in this language. Raises: Invalid, also if most letters are of another script."""
    letters = [letter for letter in check_text(text) if letter.isalpha()]
    script = unicodedata.name(own_name(language)[0]).split()[0]
    ours = sum(unicodedata.name(letter, "").startswith(script) for letter in letters)
    if not letters or ours * 2 < len(letters):
        raise Invalid(_("This does not look like a text in this language: {language}", language=name))
    return text
