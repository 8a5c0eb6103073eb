"""The methods of the pretend signal-cli that send something to people and groups, and what Signal answers to them."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from bot.demo.signal_chats import SignalMessage, Violation, utf16_length
from bot.demo.signal_rules import (
    EMPTY,
    RATE_LIMIT,
    UNTRUSTED,
    USER,
    Refused,
    attachment,
    group_id,
    recipient_kind,
    styles,
    user_error,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from bot.demo.signal_chats import Json
    from bot.demo.signal_faults import Fault
    from bot.demo.signal_people import SignalPerson
    from bot.demo.signal_rules import (
        Params,
    )
    from bot.demo.signal_world import SignalWorld

DAY = 86400
MOST_EDITS = 10
GRACE = 0.05  # seconds


@dataclass(frozen=True, slots=True)
class Target:
    """One account that something is sent to. `person` is None where there is none; `group` is the group's id."""

    uuid: str | None
    number: str | None
    username: str | None
    person: SignalPerson | None
    group: str | None = None

    def as_json(self, outcome: Json) -> Json:
        address = {"uuid": self.uuid, "number": self.number, "username": self.username}
        return {"recipientAddress": address} | ({"groupId": self.group} if self.group else {}) | outcome


# who


def targets(world: SignalWorld, params: Params) -> list[Target]:
    """Return whom the parameters name, each once."""
    found: dict[tuple[str | None, str], Target] = {}
    for given in [*params.texts("recipient"), *(f"u:{name}" for name in params.texts("username"))]:
        found.setdefault((None, given), one(world, given))
    for given in params.texts("groupId"):
        group = world.groups.get(group_id(given))
        if group is None:
            raise user_error(f"Group not found: {given}")
        if not group.bot_is_member:
            raise user_error(f"User is not a member in group: {group.name}")
        for member in group.members:
            person = world.people[member]
            found[given, member] = Target(member, person.known_number, None, person, given)
    if not found and params.yes("noteToSelf"):
        found[None, world.aci] = one(world, world.aci)
    if not found:
        raise user_error("No recipients given")
    return list(found.values())


def one(world: SignalWorld, given: str) -> Target:
    if given in {world.account, world.aci}:
        return Target(world.aci, world.account, None, None)
    kind = recipient_kind(given)
    if kind == "uuid":
        person = world.people.get(given.removeprefix("PNI:"))
        return Target(given, person.known_number if person else None, None, person)
    if kind == "username":
        return Target(None, None, given.removeprefix("u:"), None)
    person = world.by_number.get(given) if world.lookup_works else None
    return Target(person.id if person else None, given, None, person)


def outcome(world: SignalWorld, target: Target, fault: Fault | None, *, counts: bool) -> Json:
    """Return what becomes of one recipient: "type", and when to try again."""
    if world.network_gone:
        return {"type": "NETWORK_FAILURE"}
    if counts and world.now() < world.told_to_wait_until - GRACE:
        world.impatience.append(Violation("impatient", target.uuid or ""))
    if world.captcha_demanded is not None:
        return limited(world, world.captcha_demanded, world.captcha_retry_after)
    missing = world.limited.missing(world.now()) if counts and world.limited is not None else 0.0
    if missing:
        return limited(world, None, math.ceil(missing))
    if fault is not None and fault.type == "RATE_LIMIT_FAILURE":
        return limited(world, fault.token, fault.retry_after)
    if fault is not None:
        return {"type": fault.type}
    person = target.person
    if target.uuid == world.aci:
        return {"type": "SUCCESS"}
    if person is None or not person.registered:
        return {"type": "UNREGISTERED_FAILURE"}
    if not world.trusts(person.id, person.identity):
        return {"type": "IDENTITY_FAILURE"}
    return {"type": "SUCCESS"}


def limited(world: SignalWorld, token: str | None, retry_after: float | None) -> Json:
    found: Json = {"type": "RATE_LIMIT_FAILURE"}
    if token is not None:
        found["token"] = token
    if retry_after is not None and (token is not None or world.at_least(0, 14, 3)):
        found["retryAfterSeconds"] = int(retry_after)
        world.told_to_wait_until = world.now() + retry_after
    return found


def deliver(
    world: SignalWorld,
    params: Params,
    fault: Fault | None,
    act: Callable[[SignalPerson, int, str | None], None],
    *,
    counts: bool = True,
) -> Json:
    """Send something to everybody who is named; `act` is what happens on a telephone, with the timestamp and group.

    `counts` says whether it counts against limits, as messages do, and receipts and typing do not.
    Returns {"timestamp", "results"}. Raises: Refused with the same as data when it reached nobody.
    """
    named = targets(world, params)
    timestamp = world.timestamp()
    results: list[Json] = []
    for left, target in zip(range(len(named), 0, -1), named, strict=True):
        met = fault if fault is not None and (fault.failing is None or left <= fault.failing) else None
        became = outcome(world, target, met, counts=counts)
        results.append(target.as_json(became))
        reached = became["type"] == "SUCCESS" or (met is not None and met.delivered)
        if target.person is not None:
            world.forgotten.discard(target.person.id)
        if reached and target.person is not None and target.person.registered:
            act(target.person, timestamp, target.group)
    world.random.shuffle(results)
    answer = {"timestamp": timestamp, "results": results}
    types = {result["type"] for result in results}
    if "SUCCESS" in types or not types:
        return answer
    raise failed(types, {"response": answer})


def failed(types: set[str], data: Json) -> Refused:
    if types == {"RATE_LIMIT_FAILURE"}:
        return Refused(RATE_LIMIT, "Failed to send message due to rate limiting", data)
    if types == {"IDENTITY_FAILURE"}:
        return Refused(UNTRUSTED, "Failed to send message due to untrusted identities", data)
    return Refused(USER, "Failed to send message", data)


def violated(world: SignalWorld, kind: str, person: SignalPerson, detail: str = "") -> None:
    world.violations.append(Violation(kind, person.id, detail))


# messages


def send(world: SignalWorld, params: Params, fault: Fault | None) -> Json:
    recipients_first = targets(world, params)
    text = params.text("message") or ""
    files = [attachment(given) for given in params.texts("attachment")]
    ranges = styles(params.texts("textStyle"))
    quoted = params.number("quoteTimestamp")
    if quoted is not None:
        recipient_kind(params.needed("quoteAuthor"))
        params.text("quoteMessage")
    sticker = params.text("sticker")
    if sticker is not None and not re.fullmatch(r"(?:[\da-f]{2})+:\d+", sticker):
        raise user_error(f"Invalid sticker syntax ({sticker}) expected 'stickerPackId:stickerId'")
    edited = params.number("editTimestamp")
    params.yes("noUrgent")
    if not (text or files or sticker or quoted is not None) and recipients_first:
        raise user_error(EMPTY)

    def arrives(person: SignalPerson, timestamp: int, group: str | None) -> None:
        message = SignalMessage(
            timestamp, world.aci, True, text, ranges, quoted, files, "sticker" if sticker else "text", group_id=group
        )
        if edited is None:
            shows(world, person, message)
        else:
            edits(world, person, message, edited)

    return deliver(world, params, fault, arrives)


def shows(world: SignalWorld, person: SignalPerson, message: SignalMessage) -> None:
    """Let a telephone show a new message, unless its styles are outside of the text: then it drops the message."""
    if out_of_text(message):
        violated(world, "style outside of the text", person, f"{message.text!r} {message.styles}")
        return
    person.asked_first = person.asked_first or not person.has_written

    def arrives() -> None:
        person.keep(message)
        person.bot_types = False
        world.message_changed("message", person, message)

    person.gets(arrives, message.timestamp)


def out_of_text(message: SignalMessage) -> bool:
    length = utf16_length(message.text)
    return any(start + size > length for start, size, _ in message.styles)


def edits(world: SignalWorld, person: SignalPerson, new: SignalMessage, target: int) -> None:
    """Let a telephone show another text instead of an old one, where Signal's rules allow it."""
    person.gets(partial(rewrites, world, person, new, target), new.timestamp)


def rewrites(world: SignalWorld, person: SignalPerson, new: SignalMessage, target: int) -> None:
    old = find(world, person, world.aci, target, new.group_id)
    if old is not None and new.timestamp in old.versions:
        return  # another member of the group got it before
    why = ""
    if old is None or old.deleted:
        why = "edit of a message that is not there"
    elif new.timestamp - old.timestamp > DAY * 1000:
        why = "edit after 24 hours"
    elif len(old.versions) > MOST_EDITS:
        why = "edit for the eleventh time"
    elif out_of_text(new):
        why = "style outside of the text"
    if why or old is None:
        violated(world, why, person, str(target))
        return
    old.text, old.styles = new.text, new.styles
    old.versions.append(new.timestamp)
    old.ticks = 1
    world.message_changed("edit", person, old)


def find(
    world: SignalWorld, person: SignalPerson, author: str, timestamp: int, group: str | None
) -> SignalMessage | None:
    """Return the message of an author that a timestamp names, on the screen of a person or in a group."""
    chat = world.groups[group].messages if group else person.chat
    message = chat.get((author, timestamp))
    if message is not None:
        return message
    return next((each for each in chat.values() if each.author == author and timestamp in each.versions), None)


def remote_delete(world: SignalWorld, params: Params, fault: Fault | None) -> Json:
    target = required(params, "targetTimestamp")

    def arrives(person: SignalPerson, timestamp: int, group: str | None) -> None:
        def act() -> None:
            message = find(world, person, world.aci, target, group)
            if message is None or timestamp - message.timestamp > DAY * 1000:
                violated(world, "deletion of a message that is not there or too old", person, str(target))
                return
            message.deleted, message.text, message.styles = True, "", []
            message.attachments = []
            world.message_changed("delete", person, message)

        person.gets(act, timestamp)

    return deliver(world, params, fault, arrives)


def required(params: Params, name: str) -> int:
    value = params.number(name)
    if value is None:
        raise Refused(-32603, f'Cannot invoke "java.lang.Long.longValue()" because "{name}" is null')
    return value


def send_reaction(world: SignalWorld, params: Params, fault: Fault | None) -> Json:
    emoji = params.needed("emoji")
    target = required(params, "targetTimestamp")
    author = one(world, params.needed("targetAuthor"))
    removed = params.yes("remove")
    by = author.uuid or ""

    def arrives(person: SignalPerson, timestamp: int, group: str | None) -> None:
        def act() -> None:
            message = find(world, person, by, target, group)
            if message is None:
                violated(world, "reaction to a message that is not there", person, str(target))
                return
            message.reactions.pop(world.aci, None)
            if not removed:
                message.reactions[world.aci] = emoji
            world.message_changed("reaction", person, message)

        person.gets(act, timestamp)

    return deliver(world, params, fault, arrives)


def send_receipt(world: SignalWorld, params: Params, fault: Fault | None) -> Json:
    timestamps = params.numbers("targetTimestamp")
    kind = params.text("type") or "read"
    if kind not in {"read", "viewed"}:
        raise user_error(f"Unknown receipt type: {kind}")

    def arrives(person: SignalPerson, _timestamp: int, _group: str | None) -> None:
        def act() -> None:
            for timestamp in timestamps:
                message = find(world, person, person.id, timestamp, None)
                if message is None:
                    violated(world, "receipt for a message that is not there", person, str(timestamp))
                else:
                    message.ticks = 3
                    world.message_changed("receipt", person, message)

        person.gets(act)

    return deliver(world, params, fault, arrives, counts=False)


def send_typing(world: SignalWorld, params: Params, fault: Fault | None) -> Json:
    stops = params.yes("stop")
    named = targets(world, params)
    if fault is None and any(target.person is not None and not target.person.sealed_sender for target in named):
        results = [target.as_json({"type": "NETWORK_FAILURE"}) for target in named]
        raise failed({"NETWORK_FAILURE"}, {"response": {"timestamp": world.timestamp(), "results": results}})

    def arrives(person: SignalPerson, _timestamp: int, _group: str | None) -> None:
        if person.is_online and not person.blocked:
            person.bot_types = not stops
            world.tell("typing", person_id=person.id, typing=person.bot_types)

    return deliver(world, params, fault, arrives, counts=False)


# polls


def send_poll(world: SignalWorld, params: Params, fault: Fault | None) -> Json:
    question, options = params.needed("question"), params.texts("option")
    if not 2 <= len(options) <= 10:
        raise user_error("Poll needs between 2 and 10 options")
    text = "\n".join([question, *(f"{number}. {option}" for number, option in enumerate(options, 1))])

    def arrives(person: SignalPerson, timestamp: int, group: str | None) -> None:
        shows(world, person, SignalMessage(timestamp, world.aci, True, text, kind="poll", group_id=group))

    return deliver(world, params, fault, arrives)


def send_poll_part(world: SignalWorld, params: Params, fault: Fault | None) -> Json:
    """Vote in a poll, or end it; telephones show nothing of it here."""
    required(params, "pollTimestamp")
    return deliver(world, params, fault, lambda person, timestamp, _group: person.gets(lambda: None, timestamp))


METHODS: dict[str, Callable[[SignalWorld, Params, Fault | None], Any]] = {
    "send": send,
    "remoteDelete": remote_delete,
    "sendReaction": send_reaction,
    "sendReceipt": send_receipt,
    "sendTyping": send_typing,
    "sendPollCreate": send_poll,
    "sendPollVote": send_poll_part,
    "sendPollTerminate": send_poll_part,
}
