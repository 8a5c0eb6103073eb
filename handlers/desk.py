"""The volunteer desk: what the office hears of offers of help, and how it writes to a volunteer."""

from bot import offers, staff
from bot.chat import Chat
from bot.languages import Bold, Words, _, paragraphs
from bot.offers import Offer
from bot.questions import Choice, Link
from bot.staff import Role
from handlers.summary import check_text, names, shown_contact

DESK = (Role.ADMIN, Role.DESK)


def tell_of_offer(chat: Chat, offer: Offer, is_new: bool) -> None:
    """Tell the office of a new offer, or of a changed one, and how to reach the volunteer."""
    values = {
        "reference": offer.reference,
        "name": offer.name,
        "roles": names(chat.profile.roles, offer.roles),
        "contact": shown_contact(offer.contact),
    }
    if is_new:
        notice = _("New offer of help {reference}\n<code>{name}</code>: {roles}\nContact: {contact}", **values)
    else:
        notice = _("Changed offer of help {reference}\n<code>{name}</code>: {roles}\nContact: {contact}", **values)
    _tell(chat, notice, [Link(_("Write to this person"), "write-to", offer.reference)], about=chat.person.id)


def tell_of_pause(chat: Chat, reference: str, paused: bool) -> None:
    """Tell the office that a volunteer makes a pause, or is back."""
    _tell(
        chat,
        _("Offer {reference} is paused. Please do not ask for help now.", reference=reference)
        if paused
        else _("Offer {reference} is open again.", reference=reference),
    )


def tell_of_end(chat: Chat, person: int | None = None) -> None:
    """Tell the office that an offer, of this person if none is named, is deleted, and what that asks of them."""
    offer = offers.find(chat.db, person or chat.person.id)
    if offer:
        notice = _(
            "Offer {reference} was deleted. Please delete the messages about it, and all that you noted.",
            reference=offer.reference,
        )
        _tell(chat, notice)


def _tell(chat: Chat, notice: Words, links: list[Link] | None = None, about: int | None = None) -> None:
    for member in staff.with_role(chat.db, *DESK):
        if member != chat.person.id:
            chat.notify(member, notice, links or [], about)


async def write_to_volunteer(chat: Chat) -> None:
    """Write to the volunteer behind a reference, in this chat."""
    owner = offers.owner(chat.db, chat.argument)
    offer = offers.find(chat.db, owner) if owner else None
    if owner is None or offer is None:
        chat.say(_("This offer is no longer there."))
        chat.end()
    text = await chat.ask("text", _("What do you want to write to {name}?", name=offer.name), check_text)
    await chat.choose(
        "send",
        _("Shall we send this?"),
        [Choice("send", _("✉ Send now"), weighty=True)],
        about=paragraphs(Bold(_("Your message to {name}:", name=offer.name)), text),
    )
    office = chat.profile.office
    chat.notify(
        owner,
        paragraphs(
            Bold(_("Message from our team about your offer {reference}:", reference=offer.reference)),
            text,
            _(
                "Please answer by telephone or e-mail:\n{telephone}\n{email}",
                telephone=office.telephone,
                email=office.email,
            ),
        ),
    )
    chat.say(_("Your message is leaving now. Answers come by telephone or e-mail."))
