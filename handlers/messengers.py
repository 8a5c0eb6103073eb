"""One person on two messengers: connect them with a code, choose where news arrive, disconnect them."""

from bot import connections, interests, offers, people
from bot.chat import Chat
from bot.languages import Rendered, Words, _, lines, listing, paragraphs
from bot.questions import Choice, Link
from handlers import desk


def entries(chat: Chat) -> list[Link]:
    """Return what somebody can do about their messengers."""
    if len(chat.my_messengers()) > 1:
        return [Link(_("Where news arrive"), "prefer"), Link(_("Disconnect a messenger"), "disconnect")]
    waiting = [Link(_("Yes, that was me"), "admit")] if chat.person.role and _claimant(chat) else []
    return [*waiting, *([Link(_("Connect the other messenger"), "other-messenger")] if _others(chat) else [])]


def _others(chat: Chat) -> list[str]:
    """Return the messengers of this bot on which this person is not."""
    return [messenger for messenger in chat.titles() if messenger not in chat.my_messengers()]


def _way_to(chat: Chat, messenger: str) -> Words:
    """Say how somebody comes to our chat on another messenger, and what to do there."""
    link, title = chat.profile.note_of(messenger).link, chat.titles()[messenger]
    if link:
        return _(
            "Please open our chat on {messenger}: {link}\nSend there the code from the next message.",
            messenger=title,
            link=link,
        )
    return _(
        "Please open our chat on {messenger}. You find its address here: {page}\n"
        "Send there the code from the next message.",
        messenger=title,
        page=chat.profile.office.page,
    )


def _now(chat: Chat) -> int:
    return int(chat.now.timestamp())


async def show_code(chat: Chat) -> None:
    """Show the code that is to be typed on the other messenger, in a message of its own that can be copied."""
    others = _others(chat)
    if not others:
        chat.go("data")
    code = connections.begin(chat.db, chat.person.id, _now(chat))
    chat.say(
        lines(*(_way_to(chat, other) for other in others)),
        _("The code works for 10 minutes and only once. Do not show it to anybody, also not to our team."),
    )
    chat.say(Rendered(f"<code>{code}</code>"), links=[Link(_("Is this the real bot?"), "verify"), _to_menu()])


async def connect(chat: Chat) -> None:
    """Make one person of two: of who showed the code, and of who typed it here. Nothing else ever does."""
    owner = _owner(chat)
    if chat.person.role:
        chat.say(_("This chat belongs to the team. Please get the code here and type it in the other chat."))
        chat.end()
    sure = await chat.choose("sure", _is_it_yours(chat, owner), _yes_or_no())
    if sure == "no":
        chat.say(_("All right. Nothing was changed."))
        chat.end()
    there = next(messenger for messenger, _address in people.addresses(chat.db, owner))
    if people.find(chat.db, owner).role:
        _ask_the_member(chat, owner, there)
        chat.end()
    chat.notify(
        owner,
        paragraphs(
            _("This chat is now connected with {messenger}.", messenger=chat.titles()[chat.messenger]),
            _(
                "Was that not you? Please disconnect it under “My data”, or call us: {telephone}",
                telephone=chat.profile.office.telephone,
            ),
        ),
        messenger=there,
    )
    _join(chat, owner, chat.person.id)


def _owner(chat: Chat) -> int:
    """Return whose code was typed, or say why it does not work here, and end."""
    if not connections.may_try(chat.db, chat.messenger, chat.person.id):
        chat.say(_("Too many codes were wrong. Please wait 5 minutes, and then get a new code."))
        chat.end()
    owner = connections.owner(chat.db, chat.messenger, chat.person.id, chat.argument, _now(chat))
    others = _others(chat)
    if owner is None or not others:
        chat.say(_("This code does not work, or not any more. You find a new one under “My data”."))
        chat.end()
    if chat.messenger in dict(people.addresses(chat.db, owner)):
        elsewhere = listing(chat.titles()[messenger] for messenger in others)
        chat.say(_("Please send this code not here, but on {messenger}.", messenger=elsewhere))
        chat.end()
    return owner


def _is_it_yours(chat: Chat, owner: int) -> Words:
    """Ask whether the other chat is theirs, too, and say what becomes of what they told us in this one."""
    parts: list[Words] = [
        _("Is the other chat yours, too? Then both share one registration. Whoever uses the other chat can see it.")
    ]
    mine, theirs = offers.find(chat.db, chat.person.id), offers.find(chat.db, owner)
    if interests.find(chat.db, chat.person.id) and interests.find(chat.db, owner):
        parts.append(
            _("You registered in both chats. Your answers in the other chat stay. We delete those in this chat.")
        )
    if mine and theirs:
        parts.append(
            _(
                "You offered help in both chats. The offer {kept} stays. We delete the offer {deleted}.",
                kept=theirs.reference,
                deleted=mine.reference,
            )
        )
    elif mine:
        parts.append(_("The other chat then shows your name and how we reach you, too."))
    return paragraphs(*parts, _("Did somebody else send you this code? Then please choose “No”."))


def _ask_the_member(chat: Chat, owner: int, there: str) -> None:
    """Let a member of the team say that it was they who typed their code: rights hang on it."""
    number = connections.claim(chat.db, owner, chat.person.id, _now(chat))
    yes = chat.languages.plain(_("Connect"), people.find(chat.db, owner).language)
    chat.notify(
        owner,
        paragraphs(
            _(
                "Somebody has sent your code on {messenger}. Was that you? Then you see the number {number} there.",
                messenger=chat.titles()[chat.messenger],
                number=number,
            ),
            _(
                "It was not you, or you see another number? Please do nothing here, and call us: {telephone}",
                telephone=chat.profile.office.telephone,
            ),
        ),
        links=[Link(_("Yes, that was me"), "admit", yes)],
        about=chat.person.id,
        messenger=there,
    )
    chat.say(
        _(
            "Now please open {messenger} and say there that it was you. Only then are both connected.",
            messenger=chat.titles()[there],
        ),
        _("Your number: {number}", number=number),
    )


async def admit(chat: Chat) -> None:
    """Connect the chat in which a member of the team has typed their code, once they say that it was they."""
    claimant = _claimant(chat)
    if claimant is None:
        chat.say(_("This choice is no longer open."))
        chat.end()
    there = next(messenger for messenger, _address in people.addresses(chat.db, claimant))
    sure = await chat.choose(
        "sure",
        _(
            "Do you see the number {number} on {messenger}? Whoever uses that chat then has your rights in the team.",
            messenger=chat.titles()[there],
            number=connections.number(chat.db, chat.person.id),
        ),
        _yes_or_no(),
    )
    if sure == "no":
        connections.refuse(chat.db, chat.person.id)
        chat.say(_("All right. Nothing was changed."))
        chat.end()
    chat.notify(
        chat.person.id,
        _("This chat is now connected with {messenger}.", messenger=chat.titles()[chat.messenger]),
        messenger=there,
    )
    _join(chat, chat.person.id, claimant)


def _claimant(chat: Chat) -> int | None:
    """Return who typed the code of this member of the team, if they can still be connected."""
    claimant = connections.claimant(chat.db, chat.person.id, _now(chat))
    if claimant is None or people.find(chat.db, claimant).role:
        return None
    mine, theirs = (dict(people.addresses(chat.db, person)) for person in (chat.person.id, claimant))
    return claimant if not mine.keys() & theirs.keys() else None


def _join(chat: Chat, kept: int, gone: int) -> None:
    """Connect both, say what became of it, and ask where news shall arrive: until then it is here."""
    if offers.find(chat.db, kept) and offers.find(chat.db, gone):
        desk.tell_of_end(chat, gone)
    chat.join(kept, gone)
    people.prefer(chat.db, kept, chat.messenger)
    connected = _("Both chats are connected now.")
    if chat.person.news_stopped:
        chat.say(connected, _("You get no news at the moment. Get news again: START"))
    elif interests.find(chat.db, kept) or offers.find(chat.db, kept) or chat.person.role:
        chat.say(connected)
        chat.go("prefer")
    else:
        chat.say(
            connected,
            _(
                "You are not registered. We forget your language and the number of your account"
                " 24 hours after your last message."
            ),
        )


async def prefer(chat: Chat) -> None:
    """Choose the messenger on which news arrive."""
    titles = chat.my_messengers()
    if len(titles) < 2:
        chat.go("data")
    preferred = await chat.choose(
        "preferred",
        _("Where shall we send you news?"),
        [Choice(messenger, title) for messenger, title in titles.items()],
    )
    people.prefer(chat.db, chat.person.id, preferred)
    chat.say(_("News arrive here now: {messenger}", messenger=titles[preferred]))


async def disconnect(chat: Chat) -> None:
    """Take one of the messengers away; everything stays with the other."""
    titles = chat.my_messengers()
    if len(titles) < 2:
        chat.go("data")
    messenger = await chat.choose(
        "messenger",
        _("Which messenger shall we disconnect? Your data stay with the other one."),
        [Choice(messenger, title, weighty=True) for messenger, title in titles.items()],
    )
    chat.disconnect(messenger, _("This chat is disconnected. We keep nothing about this chat any more."))
    chat.say(_("{messenger} is disconnected. We keep nothing about that chat any more.", messenger=titles[messenger]))


def _yes_or_no() -> list[Choice]:
    return [Choice("yes", _("Yes, connect them"), weighty=True), Choice("no", _("No"))]


def _to_menu() -> Link:
    return Link(_("☰ Menu"), "menu")
