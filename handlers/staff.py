"""What staff can do: join with an invitation, write to many in both languages, see numbers."""

from collections.abc import Mapping
from functools import partial

from bot import broadcasts, numbers, staff
from bot.broadcasts import Audience, Broadcast, Group
from bot.chat import Chat
from bot.languages import Bold, Lines, Rendered, Text, Words, _, _n, lines, listing, own_name, paragraphs
from bot.messages import Reason, State
from bot.questions import Choice, Link
from handlers.summary import ROLES, check_text_in, named, named_for

ALL = "all"
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
        links=[Link(_("☰ Menu"), "menu")],
    )


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
    counted = _counted(counts, broadcasts.count_weekly(chat.db, audience))
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
    chat.say(progress(broadcasts.find(chat.db, id, chat.now.timestamp())), handle=f"broadcast-{id}")


async def _choose_audience(chat: Chat) -> Audience:
    group = Group(
        await chat.choose("group", _("Who is it for?"), [Choice(value, label) for value, label in GROUPS.items()])
    )
    topic = ALL
    if group is not Group.VOLUNTEERS:
        topic = await chat.choose(
            "topic",
            _("Which topic is it about? Only people who chose this topic will get it."),
            [Choice(ALL, _("All topics")), *(Choice(topic.id, topic.name) for topic in chat.profile.topics)],
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


def _counted(counts: Mapping[str, int], weekly: int) -> Words:
    total = sum(counts.values())
    if not total:
        return _("Nobody would receive this at the moment. Please change the audience.")
    return paragraphs(
        _n("{n} person will receive this.", "{n} people will receive this.", total),
        lines(*(named(own_name(language), str(n)) for language, n in counts.items())),
        *([_("Of these on Friday, once a week: {n}", n=weekly)] if weekly else []),
        _("What shall we do?"),
    )


def _acts(chat: Chat, counts: Mapping[str, int]) -> list[Choice]:
    send = [Choice("send", _("✉ Send now")), Choice("test", _("Send a test to me"))] if counts else []
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


def progress(broadcast: Broadcast) -> Words:
    """Say how far a broadcast is."""
    done = broadcast.total - sum(broadcast.counts.get(line, 0) for line in (State.WAITING, State.TRYING, "weekly"))
    bar = "▓" * (10 * done // max(broadcast.total, 1))
    return lines(_("Sending: {done} of {total}", done=done, total=broadcast.total), bar + "░" * (10 - len(bar)))


LINES: dict[str, Text] = {
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
