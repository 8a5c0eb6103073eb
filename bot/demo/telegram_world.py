"""Everybody and everything behind the pretend Bot API: people, groups, presses, files, and who is told of changes.

A `World` knows no HTTP. People act on it (`telegram_people.py`), the bot's calls act on it (`telegram_api.py`).
"""

from __future__ import annotations

import itertools
import time
from collections import deque
from typing import TYPE_CHECKING, Any

from bot.demo.telegram_chats import Chat, Document, Press
from bot.demo.telegram_people import Group, Person
from bot.demo.telegram_updates import Updates
from bot.demo.waiting import Watched

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from bot.demo.telegram_chats import Call, Message
    from bot.demo.telegram_html import Json

Event = dict[str, Any]


class World(Watched):
    """Keeps the state of the pretend Telegram and tells those who watch what changed."""

    def __init__(
        self,
        bot_id: int,
        bot_name: str,
        bot_username: str,
        *,
        reads_all_group_messages: bool = False,
        calls_kept: int = 100_000,
        messages_kept: int | None = None,
    ) -> None:
        super().__init__()
        self.bot_username = bot_username
        self.bot_user: Json = {"id": bot_id, "is_bot": True, "first_name": bot_name, "username": bot_username}
        self.reads_all_group_messages = reads_all_group_messages
        self.messages_kept = messages_kept
        self.calls: deque[Call] = deque(maxlen=calls_kept)
        self.press_lifetime = 60.0
        self.clock: Callable[[], float] = time.time
        self.forward = 0.0
        self.subscribers: list[Callable[[Event], None]] = []
        self.clear()

    def clear(self) -> None:
        """Forget everybody and everything."""
        self.people: dict[int, Person] = {}
        self.groups: dict[int, Group] = {}
        self.chats: dict[int, Chat] = {}
        self.presses: dict[str, Press] = {}
        self.files: dict[str, Document] = {}
        self.command_lists: dict[tuple[str, str], list[Json]] = {}
        self.descriptions: dict[tuple[str, str], str] = {}
        self.updates = Updates()
        self.updates.changed = self.look_again
        self.updates.now = self.now
        self.person_ids = itertools.count(700_000_001)
        self.group_ids = itertools.count(1)
        self.press_ids = itertools.count(4_000_000_000_000_000_001)
        self.file_ids = itertools.count(1)
        self.calls.clear()

    def now(self) -> float:
        """Return the seconds since 1970 by this world's clock."""
        return self.clock() + self.forward

    def goes_forward(self, seconds: float) -> None:
        """Let time pass at once, for what depends on age: old messages, old presses."""
        self.forward += seconds

    # people and groups

    def person(
        self,
        first_name: str,
        *,
        language_code: str | None = None,
        username: str | None = None,
        last_name: str | None = None,
        user_id: int | None = None,
    ) -> Person:
        """Return somebody new, who has not written to the bot yet."""
        user: Json = {
            "id": next(self.person_ids) if user_id is None else user_id,
            "is_bot": False,
            "first_name": first_name,
        }
        user |= {"last_name": last_name} if last_name else {}
        user |= {"username": username} if username else {}
        names = {key: value for key, value in user.items() if key != "is_bot"} | {"type": "private"}
        user |= {"language_code": language_code} if language_code else {}
        chat = Chat(user["id"], "private", first_name, names, remember=self.messages_kept)
        person = Person(self, user, chat)
        self.people[person.id] = person
        self.chats[chat.id] = chat
        return person

    def group(self, title: str, *, kind: str = "group") -> Group:
        """Return a new group, supergroup or channel, where the bot is not yet."""
        number = next(self.group_ids)
        chat_id = -number if kind == "group" else -1_000_000_000_000 - number
        as_json: Json = {"id": chat_id, "type": kind, "title": title}
        if kind == "group":
            as_json["all_members_are_administrators"] = False
        chat = Chat(chat_id, kind, title, as_json, remember=self.messages_kept)
        group = Group(self, chat)
        self.groups[chat_id] = group
        self.chats[chat_id] = chat
        return group

    def commands(self, person: Person) -> list[Json]:
        """Return the commands that this person's telephone offers in the chat with the bot."""
        language = person.language_code or ""
        for scope in (f"chat {person.id}", "all_private_chats", "default"):
            for code in (language, ""):
                found = self.command_lists.get((scope, code))
                if found:
                    return found
        return []

    def description(self, field: str, language: str = "") -> str:
        """Return the bot's "name", "description" or "short_description" as people of a language see it."""
        usual = self.bot_user["first_name"] if field == "name" else ""
        return self.descriptions.get((field, language)) or self.descriptions.get((field, "")) or str(usual)

    def keep_file(self, name: str, content: bytes, mime_type: str) -> Document:
        document = Document(f"BQACAgIAAxkBAAIB{next(self.file_ids):06d}", name, content, mime_type)
        self.files[document.file_id] = document
        return document

    # watching

    def subscribe(self, callback: Callable[[Event], None]) -> Callable[[], None]:
        """Call back with every change from now on; return what ends that."""
        self.subscribers.append(callback)
        return lambda: self.subscribers.remove(callback)

    def tell(self, event: str, **fields: Any) -> None:
        """Tell all subscribers what happened and let those who wait look again."""
        for callback in self.subscribers:
            callback({"event": event, "at": self.now(), **fields})
        if self.waiting_for:
            self.look_again()

    def message_changed(self, change: str, message: Message) -> None:
        if self.subscribers:
            shown = message.shown().as_json()
            self.tell("message", change=change, chat_id=message.chat.id, message_id=message.message_id, message=shown)
        elif self.waiting_for:
            self.look_again()
        if message.by_bot and message.chat.listener is not None and change != "deleted":
            message.chat.listener(message)

    def overview(self) -> str:
        """Describe in a few lines what the telephones show and what the bot last did."""
        lines = [f"  {call.method} -> {call.status} {call.description}".rstrip() for call in list(self.calls)[-8:]]
        seen = itertools.chain(*(self.last_lines(chat) for chat in list(self.chats.values())[:6]))
        waiting = f"updates not confirmed: {len(self.updates.queue)}, polls: {self.updates.polls}"
        return "\n".join(["telephones:", *seen, "last calls:", *lines, waiting])

    def last_lines(self, chat: Chat) -> Iterable[str]:
        for message in list(chat.messages.values())[-3:]:
            shown = message.shown()
            labels = f"  [{' | '.join(shown.labels)}]" if shown.labels else ""
            yield f"  {chat.title} {'>' if shown.mine else '<'} {shown.text[:200]!r}{labels}"

    async def polled(self, times: int = 1, timeout: float = 5.0) -> None:  # noqa: ASYNC109  # it says what did not happen
        """Return once the bot has polled so many times from now on, or waits in a poll with nothing left to take."""
        begin = self.updates.polls
        await self.changed(
            lambda: self.updates.polls >= begin + times or (self.updates.polls > begin and self.updates.waiting),
            timeout,
            f"{times} polls",
        )

    async def polled_twice(self, timeout: float = 5.0) -> None:  # noqa: ASYNC109  # it says what did not happen
        """Return once a bot that was just started has certainly taken what was there."""
        await self.polled(2, timeout)

    async def all_taken(self, timeout: float = 5.0) -> None:  # noqa: ASYNC109  # it says what did not happen
        """Return once every update is confirmed, so that Telegram would never give it again."""
        await self.changed(lambda: not self.updates.queue, timeout, "all updates confirmed")

    # presses

    def press(self, person: Person, message_id: int, data: str, message: Json) -> str:
        """Queue a callback query and return its id."""
        press = Press(str(next(self.press_ids)), person.id, message["chat"]["id"], message_id, data, self.now())
        self.presses[press.id] = press
        person.presses_made.append(press)
        query = {
            "id": press.id,
            "from": person.user,
            "message": message,
            "chat_instance": str(-3_000_000_000_000 - press.chat_id),
            "data": data,
        }
        self.updates.push("callback_query", query)
        self.tell("press", person_id=person.id, press_id=press.id, message_id=message_id, data=data)
        return press.id
