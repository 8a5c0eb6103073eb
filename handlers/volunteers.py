"""What volunteers can do: offer help, and later see, change, pause or withdraw the offer."""

import re

from bot import offers
from bot.chat import Chat
from bot.consents import Purpose
from bot.languages import _, _n, lines, paragraphs
from bot.offers import CHAT, Offer
from bot.questions import Choice, Invalid, Link
from bot.words import normal
from handlers import desk
from handlers.consent import consent, given_consent, record, withdraw, yes_or_no
from handlers.summary import TIMES, offer_lines, shown_contact

LONGEST_NAME = 100
_EMAIL = re.compile(r"[^@\s,;<>]{1,64}@[^@\s,;<>]+\.[^@\s.,;<>]{2,}")
_TELEPHONE = re.compile(r"\+?[\d\s()/.\-–]+")
_IN_A_LINK = re.compile(r"(?<=\w)(?:\.(?=\w\w|\d)|:(?=/))")
"""After what an app makes a link of a text; none ends in one letter as "e.V." does."""
_CHAT_WORDS = {normal(word) for word in ("CHAT", "ЧАТ", "чате", "hier", "тут")}


async def offer_help(chat: Chat) -> None:
    """Ask somebody who wants to help for all that the office needs to call back."""
    profile = chat.profile
    earlier = offers.find(chat.db, chat.person.id)
    if earlier:
        chat.assume({**given_consent(chat, Purpose.VOLUNTEER), **_known(earlier)})
    await consent(chat)
    chat.questions = 7
    roles = await chat.choose_several(
        "roles",
        lines(
            _("How do you want to help? You can choose several."),
            _("(C) = we need a certificate of good conduct."),
        ),
        [
            Choice(role.id, _("{role} (C)", role=role.name) if role.needs_certificate else role.name, role.typed)
            for role in profile.roles
        ],
        label=_("Tasks"),
        links=[Link(_("I want to offer housing"), "housing")],
    )
    if any(role.needs_certificate for role in profile.roles if role.id in roles):
        chat.say(profile.texts.certificate)
    spoken = await chat.choose_several(
        "spoken", _("Which languages do you speak well?"), profile.spoken, label=_("Languages")
    )
    times = await chat.choose_several(
        "times",
        _("When do you have time?"),
        [Choice(value, label) for value, label in TIMES.items()],
        label=_("Times"),
        skip=True,
    )
    district = await chat.may_choose(
        "district", _("In which district can you help?"), profile.districts, label=_("District")
    )
    accepted = await chat.choose("rules", _("Will you keep to these rules?"), yes_or_no(), about=profile.texts.rules)
    if accepted == "no":
        chat.say(
            _(
                "All right. Without these rules we cannot accept help. Your answers are not stored."
                " Thank you for your interest."
            )
        )
        chat.end()
    name = await chat.ask(
        "name", _("What is your name? Please write first name and last name."), check_name, label=_("Name")
    )
    contact = await chat.ask(
        "contact",
        _(
            "How can our team reach you? Please write a telephone number or an e-mail address."
            " Or write CHAT, then we write here."
        ),
        check_contact,
        label=_("Contact"),
        shown=shown_contact,
    )
    organisation = await chat.ask(
        "organisation",
        _("Do you write for an organisation? Then please write its name. If not, choose “Skip”."),
        check_name,
        label=_("Organisation"),
        skip=True,
    )
    await chat.review(_("Please check your answers. You can change each of them."))
    offers.save(
        chat.db,
        chat.person.id,
        Offer(roles, spoken, times, district, name, contact, organisation),
        int(chat.now.timestamp()),
    )
    record(chat, Purpose.VOLUNTEER)
    saved = offers.find(chat.db, chat.person.id)
    if saved:
        desk.tell_of_offer(chat, saved, is_new=earlier is None)
        _confirm(chat, saved, is_new=earlier is None)


def _confirm(chat: Chat, offer: Offer, is_new: bool) -> None:
    """Say what was saved, and for a new offer by when the office answers."""
    if not is_new:
        paused = [_("This offer is paused.")] if offer.paused else []
        chat.say(_("Your changes are saved. Number: {reference}", reference=offer.reference), *paused, links=_after())
        return
    n = chat.profile.office.working_days_to_answer
    chat.say(
        _("Thank you very much! Your offer has arrived. Number: {reference}", reference=offer.reference),
        _n("We answer within {n} working day.", "We answer within {n} working days.", n),
        _("Please do not arrange to meet anybody before that."),
        links=_after(),
    )


def _known(offer: Offer) -> dict[str, object]:
    """Return the answers that an earlier offer gives."""
    return {
        "adult": "yes",
        "roles": offer.roles,
        "spoken": offer.spoken,
        "times": offer.times or None,
        "district": offer.district,
        "rules": "yes",
        "name": offer.name,
        "contact": offer.contact,
        "organisation": offer.organisation or None,
    }


async def my_offer(chat: Chat) -> None:
    """Show the offer with what can be done about it; somebody without one makes one."""
    offer = offers.find(chat.db, chat.person.id)
    if offer is None:
        chat.go("offer")
    pause = Link(_("Go on helping"), "resume-offer") if offer.paused else Link(_("Pause"), "pause-offer")
    await chat.menu(
        paragraphs(_("Your offer of help"), lines(*offer_lines(chat.profile, offer))),
        [
            Link(_("Change my offer"), "offer"),
            pause,
            Link(_("Withdraw my offer"), "withdraw-offer"),
            Link(_("☰ Menu"), "menu"),
        ],
    )


async def pause_offer(chat: Chat) -> None:
    """Let the office ask this volunteer for nothing for a while."""
    offer = offers.find(chat.db, chat.person.id)
    if offer is None:
        chat.go("menu")
    if not offer.paused:
        offers.pause(chat.db, chat.person.id, int(chat.now.timestamp()))
        desk.tell_of_pause(chat, offer.reference, paused=True)
    chat.say(_("Your offer is paused. We do not ask you for help until you go on."), links=_after())


async def resume_offer(chat: Chat) -> None:
    """End a pause."""
    offer = offers.find(chat.db, chat.person.id)
    if offer is None:
        chat.go("menu")
    if offer.paused:
        offers.resume(chat.db, chat.person.id)
        desk.tell_of_pause(chat, offer.reference, paused=False)
    chat.say(_("Good to have you back! Your offer is open again."), links=_after())


async def withdraw_offer(chat: Chat) -> None:
    """Delete the offer after one confirmation."""
    if offers.find(chat.db, chat.person.id) is None:
        chat.go("menu")
    sure = await chat.choose(
        "sure", _("Do you really want to withdraw your offer? We delete it."), yes_or_no(final=True)
    )
    if sure == "no":
        chat.go("my-offer")
    desk.tell_of_end(chat)
    offers.withdraw(chat.db, chat.person.id)
    withdraw(chat, Purpose.VOLUNTEER)
    chat.say(_("Your offer is deleted. Thank you for having been there!"))


async def housing(chat: Chat) -> None:
    """Say where to turn with housing, which is never brokered here."""
    chat.say(chat.profile.texts.housing)


def _after() -> list[Link]:
    return [Link(_("Your offer of help"), "my-offer"), Link(_("☰ Menu"), "menu")]


def check_name(text: str) -> str:
    """Return a name as it was written, in one line and with nothing to tap on in it. Raises: Invalid."""
    name = _IN_A_LINK.sub(r"\g<0> ", " ".join(text.split()))
    if sum(letter.isalpha() for letter in name) < 2:
        raise Invalid(_("Please write the name with letters."))
    if len(name) > LONGEST_NAME:
        raise Invalid(_n("Please write at most {n} letter.", "Please write at most {n} letters.", LONGEST_NAME))
    return name


def check_contact(text: str) -> str:
    """Return a telephone number, an e-mail address, or 'chat'. Raises: Invalid with what is missing."""
    contact = " ".join(text.split())
    if normal(contact) in _CHAT_WORDS:
        return CHAT
    if "@" in contact and len(re.sub(r"\D", "", contact)) >= 6 and " " in contact:
        raise Invalid(_("Please write only one: a telephone number or an e-mail address."))
    if "@" in contact:
        if not _EMAIL.fullmatch(contact) or len(contact) > LONGEST_NAME:
            raise Invalid(_("This e-mail address is not complete. It should look like this: name@example.org"))
        return contact
    digits = re.sub(r"\D", "", contact)
    if not _TELEPHONE.fullmatch(contact):
        raise Invalid(_("Please write a telephone number, an e-mail address, or CHAT."))
    if not 6 <= len(digits) <= 15:
        raise Invalid(
            _("This telephone number is not complete. Please write it with the area code, for example 0231 1234567.")
        )
    return ("+" if contact.startswith("+") else "") + digits
