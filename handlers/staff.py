"""What staff can do: join with an invitation, write to many in both languages, see numbers."""

from collections.abc import Callable, Mapping
from datetime import datetime
from functools import partial

from bot import broadcasts, numbers, staff
from bot.alerts import Alert, Trouble
from bot.broadcasts import Audience, Broadcast, Group
from bot.chat import Chat
from bot.languages import Bold, Lines, Rendered, Text, Words, _, _n, lines, listing, own_name, paragraphs
from bot.messages import Reason, State
from bot.questions import Choice, Invalid, Link
from bot.staff import Role
from handlers.summary import ROLES, check_text_in, named, named_for

ALL = "all"
Local = Callable[[int], datetime]
"""Gives a stored time in the zone of the city."""
LONGEST_SOLUTION = 4_900
GROUPS = {
    Group.EVERYONE: _("Everyone"),
    Group.REGION: _("People from the region"),
    Group.VOLUNTEERS: _("Volunteers"),
}


async def join(chat: Chat) -> None:
    """Make somebody a member of staff who has a valid invitation."""
    role = staff.join(chat.db, chat.person.id, chat.argument, int(chat.now.timestamp()))
    if role is None:
        chat.say(_("This invitation is not valid any more. Please ask for a new one."))
        chat.end()
    chat.become(role=role)
    chat.say(
        _("Welcome to the team! Your role: {role}.", role=ROLES[role]),
        _("Your menu now has more entries."),
        *_other_chats(chat),
        links=[Link(_("☰ Menu"), "menu")],
    )


def _other_chats(chat: Chat) -> list[Words]:
    """Say that a role is everywhere where its person is."""
    titles = chat.my_messengers()
    if len(titles) < 2:
        return []
    return [
        _(
            "This role is valid in these chats: {messengers}. Is one of them not yours? Then disconnect it: “My data”.",
            messengers=listing(titles.values()),
        )
    ]


async def broadcast(chat: Chat) -> None:
    """Write once in every language, choose who, look, try it out, send."""
    texts = {}
    for language in reversed(chat.profile.languages):
        texts[language] = await chat.ask(
            f"text-{language}",
            _("Please write the text in this language: {language}", language=named_for(chat, language)),
            partial(check_text_in, language, named_for(chat, language)),
        )
    audience = await _choose_audience(chat)
    counts = broadcasts.count(chat.db, audience)
    messages = {language: _message(chat, audience, language, text) for language, text in texts.items()}
    key = "send-" + "-".join(str(n) for n in counts.values())  # other counts are another question
    _preview(chat, messages)
    counted = _counted(chat, counts, audience)
    while (act := await chat.choose(key, counted, _acts(chat, counts))) != "send":
        chat.forget(key)
        if act == "group":
            chat.forget("topic")
            chat.forget("languages")
        if act != "test":
            chat.change(act)
        for text in messages.values():
            chat.say(Rendered(text))
    id = broadcasts.start(chat.db, chat.person.id, messages, audience, chat.local(int(chat.now.timestamp())))
    chat.say(
        progress(broadcasts.find(chat.db, id, chat.now.timestamp()), chat.titles(), chat.local),
        handle=broadcasts.handle(id),
    )


async def _choose_audience(chat: Chat) -> Audience:
    group = Group(
        await chat.choose("group", _("Who is it for?"), [Choice(value, label) for value, label in GROUPS.items()])
    )
    topic = ALL
    if group is not Group.VOLUNTEERS:
        topic = await chat.choose(
            "topic",
            _("Which topic is it about? Only people who chose this topic will get it."),
            [
                Choice(ALL, _("All topics")),
                *(Choice(topic.id, topic.name, topic.typed) for topic in chat.profile.topics),
            ],
        )
    language = await chat.choose(
        "languages",
        _("In which language?"),
        [Choice(ALL, _("Each person in their own language"))]
        + [Choice(code, _("Only: {language}", language=named_for(chat, code))) for code in chat.profile.languages],
    )
    return Audience(group, () if topic == ALL else (topic,), chat.profile.languages if language == ALL else (language,))


def _message(chat: Chat, audience: Audience, language: str, text: str) -> str:
    """Put a message together exactly as it arrives, with header and footer."""
    profile = chat.profile
    topics = [topic.name for topic in profile.topics if topic.id in audience.topics]
    header: list[Words] = [Bold(profile.texts.broadcast_header)]
    if topics:
        header.append(_("Topic: {topic}", topic=listing(topics)))
    header.append(chat.local(int(chat.now.timestamp())).date())
    footer = lines(
        _("This is an automatic message. More: {page}", page=profile.office.page),
        _("No more news: STOP\nChange topics: TOPICS\nQuestion to our team: PERSON"),
    )
    return chat.languages.render(paragraphs(lines(*header), text, footer), language)


def _preview(chat: Chat, messages: Mapping[str, str]) -> None:
    for language, message in messages.items():
        chat.say(_("Preview: {language}", language=named_for(chat, language)))
        chat.say(Rendered(message))


def _counted(chat: Chat, counts: Mapping[str, int], audience: Audience) -> Words:
    total = sum(counts.values())
    if not total:
        return _("Nobody would receive this at the moment. Please change the audience.")
    weekly = broadcasts.count_weekly(chat.db, audience)
    return paragraphs(
        _n("{n} person will receive this.", "{n} people will receive this.", total),
        lines(*(named(own_name(language), str(n)) for language, n in counts.items())),
        lines(*(_estimated(chat, *each) for each in broadcasts.count_by_messenger(chat.db, audience).items())),
        *([_("Of these on Friday, once a week: {n}", n=weekly)] if weekly else []),
        _("What shall we do?"),
    )


def _estimated(chat: Chat, messenger: str, n: int) -> Words:
    """Say how many get it on a messenger, and how long that takes."""
    minutes = round(chat.seconds_to_send(n, messenger) / 60)
    people = _n("{n} person", "{n} people", n)
    if minutes > 2 * 60:
        duration: Words = _n("about {n} hour", "about {n} hours", round(minutes / 60))
    else:
        duration = _n("about {n} minute", "about {n} minutes", minutes) if minutes else _("less than a minute")
    return named(chat.titles()[messenger], listing((people, duration)))


def _acts(chat: Chat, counts: Mapping[str, int]) -> list[Choice]:
    send = (
        [Choice("send", _("✉ Send now"), weighty=True, final=True), Choice("test", _("Send a test to me"))]
        if counts
        else []
    )
    return [
        *send,
        *(
            Choice(f"text-{language}", _("Change the text: {language}", language=named_for(chat, language)))
            for language in reversed(chat.profile.languages)
        ),
        Choice("group", _("Change who it is for")),
    ]


async def show_numbers(chat: Chat) -> None:
    """Show how many people are registered, so that nobody can be recognised."""
    counted = numbers.count(chat.db, chat.profile.languages, [topic.id for topic in chat.profile.topics])
    topics = {topic.id: topic.name for topic in chat.profile.topics}
    chat.say(
        _("How many people are registered. Numbers below {smallest} are not shown.", smallest=numbers.SMALLEST),
        lines(
            Bold(_("People from the region")), _cell(_("Together"), counted.region), *_cells(counted.region_by_language)
        ),
        lines(Bold(_("Volunteers")), _cell(_("Together"), counted.volunteers), *_cells(counted.volunteers_by_language)),
        lines(Bold(_("Topics")), *(_cell(topics[id], n) for id, n in counted.by_topic.items())),
    )


def _cells(by_language: Mapping[str, int | None]) -> list[Words]:
    return [_cell(own_name(language), n) for language, n in by_language.items()]


def _cell(name: Words, n: int | None) -> Words:
    return Lines((Lines((name, ":"), ""), "–" if n is None else str(n)), " ")


def progress(broadcast: Broadcast, titles: Mapping[str, str], local: Local) -> Words:
    """Say how far a broadcast is, on each messenger."""
    bar = "▓" * broadcast.tenths
    return lines(
        _("Sending: {done} of {total}", done=broadcast.left, total=broadcast.total),
        bar + "░" * (10 - len(bar)),
        *(
            _progress_of(titles[messenger], *how_far, broadcast.held.get(messenger), local)
            for messenger, how_far in broadcast.by_messenger.items()
            if messenger in titles
        ),
    )


def _progress_of(title: str, done: int, total: int, held_until: int | None, local: Local) -> Words:
    how_far = _("{done} of {total}", done=done, total=total)
    if held_until is None or done == total:
        return named(title, how_far)
    return named(title, listing((how_far, _("pause until {time}", time=local(held_until)))))


LINES: dict[str, Text] = {
    State.DELIVERED: _("Arrived on the telephone"),
    State.ACCEPTED: _("Accepted by the messenger"),
    State.WAITING: _("Still waiting"),
    State.TRYING: _("On its way"),
    "weekly": _("Waiting for Friday (once a week)"),
    State.UNKNOWN: _("Unknown: the connection broke, it may have arrived or not"),
    State.REFUSED: _("Refused for good"),
    State.WITHDRAWN: _("Not sent: news stopped or data deleted meanwhile"),
}


REASONS: dict[str, Text] = {
    Reason.BLOCKED: _("has blocked this bot"),
    Reason.GONE: _("account no longer there"),
    Reason.NEVER_WROTE: _("never wrote to this bot"),
}


def _reason(reason: str, n: int) -> Words:
    return Lines((str(n), REASONS.get(reason, _("another reason"))), " × ")


def report(broadcast: Broadcast, reasons: Mapping[str, int]) -> Words:
    """Say what became of a broadcast, in lines that add up to the number previewed."""
    shown: list[Words] = [
        named(text, str(broadcast.counts[line])) for line, text in LINES.items() if line in broadcast.counts
    ]
    if reasons:
        shown.append(named(_("Reasons"), listing(_reason(reason, n) for reason, n in reasons.items())))
    return paragraphs(
        _n(
            "Your message to {n} person: what became of it.",
            "Your message to {n} people: what became of it.",
            broadcast.previewed,
        ),
        lines(*shown),
    )


# ---------------------------------------------------------------------- what happens to the messengers


def alert(alert: Alert, title: str, local: Local) -> tuple[Words, list[Link], list[Role]]:
    """Say what happened to a messenger, what can be done about it, and who has to know."""
    links: list[Link] = []
    roles = list(Role)
    match alert.trouble:
        case Trouble.DEAF:
            words: Words = _deaf(alert, title, local)
        case Trouble.REFUSES:
            words = _(
                "{messenger} refuses messages to many, and the bot does not know why."
                " The rest waits and is tried again later. Please tell those who run this bot.",
                messenger=title,
            )
        case Trouble.CHALLENGE:
            words = paragraphs(
                _("{messenger} wants to know that people write here, and lets nothing more pass.", messenger=title),
                lines(
                    _("1. Please open this page and solve the riddle:"),
                    alert.detail,
                    _("2. Do not open the button at the end. Copy its link."),
                    _("3. Write CAPTCHA here, and then paste the link."),
                ),
            )
            links, roles = [Link(_("Enter the link"), "captcha")], [Role.ADMIN]
        case Trouble.SOLVED:
            words, roles = _("{messenger} is content. Everything goes on.", messenger=title), [Role.ADMIN]
        case _:
            words = paragraphs(
                _("{messenger} did not accept this link. Each link works only once.", messenger=title),
                lines(_("Please open this page and solve the riddle again:"), alert.detail),
                _("Please use the internet of the city, or ask the IT."),
            )
            links, roles = [Link(_("Enter the link"), "captcha")], [Role.ADMIN]
    return words, links, roles


def _deaf(alert: Alert, title: str, local: Local) -> Words:
    since, until = local(alert.since), local(alert.until)
    if alert.until:
        on_one_day = since.date() == until.date()
        return _(
            "{messenger} was deaf from {since} to {until}. What people wrote meanwhile comes now."
            " Whoever was in a conversation was asked to write again.",
            messenger=title,
            since=f"{since:%H:%M}" if on_one_day else since,
            until=f"{until:%H:%M}" if on_one_day else until,
        )
    return _(
        "{messenger} has been deaf since {since}. Nobody is heard there. Please tell those who run this bot.",
        messenger=title,
        since=since,
    )


async def solve_captcha(chat: Chat) -> None:
    """Take the solution of what a messenger demands before it lets more pass."""
    demanding = chat.demanding_messengers()
    messenger = chat.argument or next(iter(demanding), "")
    if messenger not in demanding:
        chat.say(_("At the moment no messenger wants anything to be solved."))
        chat.end()
    solution = await chat.ask(
        "solution",
        _("Please paste the link that you copied for {messenger}.", messenger=demanding[messenger]),
        _check_link,
    )
    chat.solve(messenger, solution)
    chat.say(_("Thank you. We try it now and tell you what came of it."))


def _check_link(text: str) -> str:
    """Return a link as it was pasted. Raises: Invalid."""
    link = "".join(text.split())
    if "://" not in link or not 20 <= len(link) <= LONGEST_SOLUTION:
        raise Invalid(_("This is not the whole link. It is long and has :// in it. Please copy it again."))
    return link
