"""The door before every registration: what is kept and what for, the person's consent, and their age."""

from bot import consents
from bot.chat import Chat
from bot.consents import Purpose
from bot.languages import _, paragraphs
from bot.questions import Choice, Link


def yes_or_no(final: bool = False) -> list[Choice]:
    """Return the two answers of a plain question."""
    return [
        Choice("yes", _("Yes"), ("yes", "ja", "так", "да"), weighty=True, final=final),
        Choice("no", _("No"), ("no", "nein", "ні", "нет")),
    ]


async def consent(chat: Chat) -> None:
    """Tell what is kept and why, and go on only with an adult who agrees."""
    agreed = await chat.choose(
        "consent",
        _("May we store these data?"),
        [
            Choice("yes", _("Yes, I agree"), ("ja", "так", "да", "ok", "yes"), weighty=True),
            Choice("no", _("No"), ("nein", "ні", "нет", "no")),
        ],
        links=[Link(_("Read the privacy notice"), "privacy")],
        about=paragraphs(chat.profile.legal.privacy_short, chat.profile.note_of(chat.messenger).short),
    )
    if agreed == "no":
        chat.say(
            _(
                "All right. We do not store your answers. We forget your language after 24 hours.\n"
                "All information is here: {page}\nTelephone: {telephone}",
                page=chat.profile.office.page,
                telephone=chat.profile.office.telephone,
            )
        )
        chat.end()
    adult = await chat.choose("adult", _("Are you 18 years old or older?"), yes_or_no())
    if adult == "no":
        chat.say(
            _(
                "This service is for adults from 18 years. Please talk to your parents.\n"
                "Help for children and young people: {number}\nYour answers are not stored.",
                number=chat.profile.helpline_for_minors,
            )
        )
        chat.end()


async def consent_to_origin(chat: Chat) -> bool:
    """Ask for the separate, explicit consent that a question about somebody's origin needs. It may be refused."""
    agreed = await chat.choose(
        "consent-origin",
        _(
            "One more question about your data. The next answer can tell where you come from."
            " Such data have special protection. May we store the answer?"
        ),
        [
            Choice("yes", _("Yes, I agree explicitly"), ("ja", "так", "да", "yes"), weighty=True),
            Choice("no", _("No, please do not ask"), ("nein", "ні", "нет", "no")),
        ],
    )
    return agreed == "yes"


def record(chat: Chat, *purposes: Purpose) -> None:
    """Keep the consents together with what they are for."""
    version = chat.profile.legal.privacy_version
    for purpose in purposes:
        consents.give(chat.db, chat.person.id, purpose, version, chat.person.language, int(chat.now.timestamp()))


def withdraw(chat: Chat, purpose: Purpose) -> None:
    """Take back a consent that nothing is kept for any more."""
    consents.withdraw(chat.db, chat.person.id, purpose)


def given_consent(chat: Chat, purpose: Purpose) -> dict[str, object]:
    """Return the consent of somebody registered as an answer, if it was to today's text; else they are asked again."""
    given = consents.is_given(chat.db, chat.person.id, purpose, chat.profile.legal.privacy_version)
    return {"consent": "yes"} if given else {}
