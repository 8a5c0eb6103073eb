"""One person on two messengers: connect them with a code, choose where news arrive, disconnect them."""

from bot import connections, people
from bot.chat import Chat
from bot.languages import Words, _, listing, paragraphs
from bot.questions import Choice, Link


def entries(chat: Chat) -> list[Link]:
    """Return what somebody can do about their messengers."""
    if len(chat.my_messengers()) > 1:
        return [Link(_("Where news arrive"), "prefer"), Link(_("Disconnect a messenger"), "disconnect")]
    return [Link(_("Connect the other messenger"), "other-messenger")] if _others(chat) else []


def _others(chat: Chat) -> list[Words]:
    """Return the names of the messengers of this bot on which this person is not."""
    mine = chat.my_messengers()
    return [title for messenger, title in chat.titles().items() if messenger not in mine]


async def show_code(chat: Chat) -> None:
    """Show the code that is to be typed on the other messenger."""
    others = _others(chat)
    if not others:
        chat.go("data")
    code = connections.begin(chat.db, chat.person.id, int(chat.now.timestamp()))
    chat.say(
        _("Please write to us on {messenger}. Send there this code:", messenger=listing(others)),
        code,
        _("The code works once, for 10 minutes. Do not show it to anybody."),
        links=[Link(_("Is this the real bot?"), "verify"), Link(_("☰ Menu"), "menu")],
    )


async def connect(chat: Chat) -> None:
    """Make one person of two: of who showed the code, and of who typed it here. Nothing else ever does."""
    owner = connections.owner(chat.db, chat.argument, int(chat.now.timestamp()))
    if owner is None or owner == chat.person.id or not _others(chat):
        chat.say(_("This code does not work, or not any more. You find a new one under “My data”."))
        chat.end()
    if chat.person.role:
        chat.say(_("This chat belongs to the team. Please get the code here and type it in the other chat."))
        chat.end()
    sure = await chat.choose(
        "sure",
        _("Is the other chat yours, too? Then both share one registration. Whoever uses the other chat can see it."),
        [Choice("yes", _("Yes, connect them"), weighty=True), Choice("no", _("No"))],
    )
    if sure == "no":
        chat.say(_("All right. Nothing was changed."))
        chat.end()
    titles = {chat.messenger: chat.titles()[chat.messenger]}
    titles |= {messenger: chat.titles()[messenger] for messenger, _address in people.addresses(chat.db, owner)}
    preferred = await _ask_where(chat, titles)
    chat.notify(
        owner,
        paragraphs(
            _("This chat is now connected with {messenger}.", messenger=titles[chat.messenger]),
            _(
                "Was that not you? Please disconnect it under “My data”, or call us: {telephone}",
                telephone=chat.profile.office.telephone,
            ),
        ),
        messenger=next(messenger for messenger in titles if messenger != chat.messenger),
    )
    chat.join(owner)
    people.prefer(chat.db, owner, preferred)
    chat.say(_("Both chats are connected now. News arrive here: {messenger}", messenger=titles[preferred]))


async def prefer(chat: Chat) -> None:
    """Choose the messenger on which news arrive."""
    titles = chat.my_messengers()
    if len(titles) < 2:
        chat.go("data")
    preferred = await _ask_where(chat, titles)
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
    connections.disconnect(chat.db, chat.person.id, messenger)
    chat.say(_("{messenger} is disconnected. There we do not know you any more.", messenger=titles[messenger]))


async def _ask_where(chat: Chat, titles: dict[str, str]) -> str:
    return await chat.choose(
        "preferred",
        _("Where shall we send you news?"),
        [Choice(messenger, title) for messenger, title in titles.items()],
    )
