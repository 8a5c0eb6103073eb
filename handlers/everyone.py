"""What everybody can do, without consent and without anything being kept about them."""

from bot import consents, interests, my_data, offers, people
from bot.chat import Chat
from bot.consents import Purpose
from bot.languages import Bold, Lines, Words, _, lines, listing, names, own_name, paragraphs
from bot.questions import Choice, Link
from bot.staff import Role
from handlers import desk, messengers
from handlers.summary import ROLES, interest_lines, named, offer_lines

PURPOSES = {
    Purpose.NEWS: _("News about the partnership"),
    Purpose.ORIGIN: _("Part of the region"),
    Purpose.VOLUNTEER: _("Offer of help"),
}


async def choose_language(chat: Chat) -> None:
    """Ask for the language, in all of them; it can be changed at any moment, also within a conversation."""
    codes = chat.profile.languages
    language = chat.argument
    if language not in codes:
        choices = [Choice(code, own_name(code), names(code)) for code in codes]
        language = await chat.choose("language", _("Welcome! Please choose a language."), choices, must=True)
    is_first_time = not chat.person.language
    people.speak(chat.db, chat.person.id, language)
    chat.become(language=language)
    if is_first_time:
        chat.say(chat.profile.texts.welcome)


async def menu(chat: Chat) -> None:
    """Show what this person can do here."""
    await chat.menu(_("What would you like to do?"), chat.menu_entries())


async def emergency(chat: Chat) -> None:
    """Show whom to call. Works for everybody, at any moment, in every language if theirs is not known."""
    helplines = chat.profile.helplines
    numbers = lines(
        *(Lines((Bold(line.number), line.name), ": ") for line in helplines)
    )  # no dash: these are no choices
    checked = _("Checked on: {date}", date=min(line.checked_on for line in helplines))
    text = paragraphs(_("In an emergency in Germany, please call. This chat is no emergency call."), numbers, checked)
    chat.say(text)


async def help(chat: Chat) -> None:
    """Answer a call for help, which may mean both: an emergency, or "how does this work?"."""
    await emergency(chat)
    chat.say(
        _("You can always write:\nMENU – to the beginning\nPERSON – to talk to our team\nSTOP – no more news"),
        links=[Link(_("Talk to a person"), "person"), Link(_("☰ Menu"), "menu")],
    )


async def questions(chat: Chat) -> None:
    """Answer frequent questions about the partnership."""
    found = [question for question in chat.profile.questions if question.id == chat.argument]
    if not found:
        await chat.menu(
            _("Questions and answers. What would you like to know?"),
            [
                *(Link(question.question, "questions", question.id) for question in chat.profile.questions),
                Link(_("Talk to a person"), "person"),
                Link(_("☰ Menu"), "menu"),
            ],
        )
    chat.say(
        Bold(found[0].question),
        found[0].answer,
        links=[
            Link(_("More questions"), "questions"),
            Link(_("Talk to a person"), "person"),
            Link(_("☰ Menu"), "menu"),
        ],
    )


async def person(chat: Chat) -> None:
    """Say how to reach a person in the office."""
    office = chat.profile.office
    chat.say(
        _("Our team is glad to help you. People answer here, not a program:"),
        lines(
            Bold(office.name),
            _("Telephone: {telephone}", telephone=office.telephone),
            _("E-mail: {email}", email=office.email),
            _("Hours: {hours}", hours=office.hours),
        ),
    )


async def about(chat: Chat) -> None:
    """Show the small print."""
    await chat.menu(
        _("About this service"),
        [
            Link(_("Is this the real bot?"), "verify"),
            Link(_("Privacy notice"), "privacy"),
            Link(_("Imprint"), "imprint"),
            Link(_("Office: hours and telephone"), "person"),
            Link(_("☰ Menu"), "menu"),
        ],
    )


async def verify(chat: Chat) -> None:
    """Say how to recognise the real bot."""
    notes = [note for note in chat.profile.messengers if note.link and note.id in chat.titles()]
    chat.say(chat.profile.texts.official_address, *(named(chat.titles()[note.id], note.link) for note in notes))


async def privacy(chat: Chat) -> None:
    """Show the privacy notice, which may take several messages."""
    chat.say(chat.profile.legal.privacy, *(chat.profile.note_of(messenger).privacy for messenger in chat.titles()))


async def imprint(chat: Chat) -> None:
    """Say who publishes this."""
    chat.say(chat.profile.legal.imprint)


async def stop_news(chat: Chat) -> None:
    """End all news at once, and whatever was open."""
    people.stop_news(chat.db, chat.person.id, int(chat.now.timestamp()))
    chat.say(
        _("You will get no more news.\nDelete your data as well: DELETE\nGet news again: START"),
        links=[
            Link(_("Get news again"), "resume"),
            Link(_("Delete everything"), "delete"),
            Link(_("☰ Menu"), "menu"),
        ],
    )


async def resume_news(chat: Chat) -> None:
    """Send news again to somebody who is registered; lead all others to the menu."""
    if not interests.find(chat.db, chat.person.id) and not offers.find(chat.db, chat.person.id):
        chat.go("menu")
    people.resume_news(chat.db, chat.person.id)
    chat.say(_("You will get news again. No more news: STOP"))


async def show_my_data(chat: Chat) -> None:
    """Show everything that is kept about this person, and what they can do about it."""
    entries = [
        *messengers.entries(chat),
        Link(_("Send me all of it as a file"), "file"),
        Link(_("Delete everything"), "delete"),
        _to_menu(),
    ]
    if offers.find(chat.db, chat.person.id):
        entries.insert(0, Link(_("Change my offer"), "offer"))
    if interests.find(chat.db, chat.person.id):
        entries.insert(0, Link(_("Change my registration"), "register"))
    await chat.menu(paragraphs(_("This is what we keep about you:"), *_my_data(chat)), entries)


def _my_data(chat: Chat) -> list[Words]:
    parts: list[Words] = [named(_("Language"), own_name(chat.person.language))]
    connected = chat.my_messengers()
    if len(connected) > 1:
        parts.append(named(_("Connected messengers"), listing(connected.values())))
    interest = interests.find(chat.db, chat.person.id)
    if interest:
        parts.append(lines(Bold(_("Your registration")), *interest_lines(chat.profile, interest)))
        if chat.person.news_stopped:
            parts.append(_("You get no news at the moment. Get news again: START"))
    offer = offers.find(chat.db, chat.person.id)
    if offer:
        parts.append(lines(Bold(_("Your offer of help")), *offer_lines(chat.profile, offer)))
    if chat.person.role:
        parts.append(named(_("Role in the team"), ROLES[Role(chat.person.role)]))
    if chat.has_unfinished_answers():
        parts.append(_("You have not finished something. We forget these answers 24 hours after the last one."))
    given = consents.of(chat.db, chat.person.id)
    if given:
        parts.append(
            lines(Bold(_("Your consent")), *(named(PURPOSES[Purpose(p)], chat.local(at).date()) for p, at in given))
        )
    parts.append(
        _("Also: the number of your account at this messenger, and the day on which you last wrote.")
        if interest or offer or chat.person.role
        else _(
            "You are not registered. We forget your language and the number of your account"
            " 24 hours after your last message."
        )
    )
    return parts


async def send_my_file(chat: Chat) -> None:
    """Send everything kept about this person as a file that programs can read."""
    content = my_data.as_json(chat.db, chat.person.id, chat.messenger)
    chat.send_file("my-data.json", content, _("Here is the file with all your data. Please keep it in a safe place."))


async def delete_my_data(chat: Chat) -> None:
    """Delete everything after one confirmation."""
    leaves = [_("You will leave the team as well.")] if chat.person.role else []
    sure = await chat.choose(
        "sure",
        paragraphs(
            *leaves,
            _("Do you really want to delete all your data? You will get no messages after that. We cannot undo it."),
        ),
        [Choice("yes", _("Yes, delete everything"), weighty=True, final=True), Choice("no", _("No, keep it"))],
    )
    if sure == "no":
        chat.say(_("All right. Nothing was deleted."))
        chat.end()
    desk.tell_of_end(chat)
    chat.forget_me(_("All data about you are deleted, also those of this chat."))
    chat.say(_("Your data are deleted. Please delete the chat in your app yourself. All the best!"))


def _to_menu() -> Link:
    return Link(_("☰ Menu"), "menu")
