"""What people from the region can do: say what they want to hear about."""

from bot import interests, people
from bot.chat import Chat
from bot.consents import Purpose
from bot.interests import Interest
from bot.languages import _
from bot.questions import Choice
from handlers.consent import consent, consent_to_origin, given_consent, record, withdraw
from handlers.summary import FREQUENCIES, TYPED


async def register_interest(chat: Chat) -> None:
    """Ask somebody from the region what they want to hear about; somebody registered changes what they said."""
    profile = chat.profile
    earlier = interests.find(chat.db, chat.person.id)
    if earlier:
        chat.assume({**given_consent(chat, Purpose.NEWS), **_known(earlier)})
    await consent(chat)
    chat.questions = 4
    topics = await chat.choose_several(
        "topics", _("Which topics interest you? You can choose several."), profile.topics, label=_("Topics")
    )
    about_children = any(topic.about_children for topic in profile.topics if topic.id in topics)
    chat.questions += about_children
    place = await chat.may_choose("place", _("Where do you live now?"), profile.places, label=_("Place of living"))
    raion = None
    consents_to_origin = await consent_to_origin(chat)
    if consents_to_origin:
        raion = await chat.may_choose(
            "raion", profile.texts.raion_question, profile.raions, label=_("Part of the region")
        )
    age_bands = []
    if about_children:
        age_bands = await chat.choose_several(
            "age-bands",
            _("For which age are you looking for offers? Please write no names of children."),
            profile.age_bands,
            label=_("Age of the children"),
            skip=True,
        )
    frequency = await chat.choose(
        "frequency",
        _("How often may we write to you?"),
        [Choice(value, label, TYPED[value]) for value, label in FREQUENCIES.items()],
        label=_("News"),
    )
    await chat.review(_("Please check your answers. You can change each of them."))
    interests.save(
        chat.db, chat.person.id, Interest(topics, place, raion, age_bands, frequency), int(chat.now.timestamp())
    )
    record(chat, Purpose.NEWS, *([Purpose.ORIGIN] if raion else []))
    if not raion:
        withdraw(chat, Purpose.ORIGIN)
    _confirm(chat, is_new=earlier is None)


def _confirm(chat: Chat, is_new: bool) -> None:
    """Say what was saved; somebody who registers anew wants news again."""
    if is_new:
        people.resume_news(chat.db, chat.person.id)
    off = [_("You get no news at the moment. Get news again: START")] if chat.person.news_stopped and not is_new else []
    chat.say(
        _("Thank you! You are registered.") if is_new else _("Your changes are saved."),
        *off,
        _(
            "You can write at any time:\nTOPICS – change your topics\nSTOP – no more news\n"
            "DELETE – delete all your data\nMENU – to the beginning"
        ),
    )


def _known(interest: Interest) -> dict[str, object]:
    """Return the answers that an earlier registration gives."""
    return {
        "adult": "yes",
        "topics": interest.topics,
        "place": interest.place,
        "consent-origin": "yes" if interest.raion else "no",
        **({"raion": interest.raion} if interest.raion else {}),
        "age-bands": interest.age_bands or None,
        "frequency": interest.frequency,
    }


async def change_topics(chat: Chat) -> None:
    """Change only the topics; for somebody who is not registered this is the registration."""
    earlier = interests.find(chat.db, chat.person.id)
    if earlier is None:
        chat.go("register")
    topics = await chat.choose_several(
        "topics",
        _("Which topics interest you? You can choose several."),
        chat.profile.topics,
        selected=earlier.topics,
    )
    interests.save_topics(chat.db, chat.person.id, topics)
    chat.say(_("Your topics are saved."))
