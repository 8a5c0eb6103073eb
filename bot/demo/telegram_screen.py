"""A telephone with Telegram as the page shows it, and what its person can do there."""

from __future__ import annotations

import json
from functools import lru_cache
from typing import TYPE_CHECKING

from aiohttp import web

from bot.demo.bubbles import key, nodes
from bot.demo.screens import described, file_shown, one_of, text_of

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator, Mapping

    from bot.demo.pretend_telegram import PretendTelegram
    from bot.demo.screens import Parts, Place
    from bot.demo.telegram_chats import Shown
    from bot.demo.telegram_people import Person

ATTACHMENTS: dict[str, Callable[[Person], Awaitable[object]]] = {
    "photo": lambda person: person.sends_photo(),
    "voice": lambda person: person.sends_voice(),
    "sticker": lambda person: person.sends_sticker("🌻"),
    "location": lambda person: person.sends_location(),
    "contact": lambda person: person.sends_contact(),
    "document": lambda person: person.sends_document(),
}


class TelegramScreen:
    """A chat with buttons and commands."""

    def __init__(self, place: Place, telegram: PretendTelegram) -> None:
        self.place = place
        self.telegram = telegram
        self.person = telegram.person(place.name, language_code=place.language)

    def belongs_to(self, id: object) -> bool:
        return self.person.id == id

    # what it shows

    def phone(self) -> Parts:
        person, language = self.person, self.place.language
        return described(self.place) | {
            "bot": self.telegram.description("name", language),
            "description": self.telegram.description("description", language),
            "commands": [[each["command"], each["description"]] for each in person.commands],
            "attachments": list(ATTACHMENTS),
            "untouched": not person.has_written,
            "blocked": person.blocked,
            "waiting": [[str(press.message_id), press.data] for press in person.presses_made if not press.answered],
            "toasts": [{"text": toast.text, "alert": toast.alert} for toast in person.toasts_seen],
        }

    def messages(self) -> Iterator[tuple[str, Parts]]:
        waiting = waiting_messages(self.telegram)
        for message in self.person.messages:
            ticks = 1 if (self.person.id, message.message_id) in waiting else 2
            yield str(message.message_id), self.message(message) | {"ticks": ticks if message.mine else 0}

    def message(self, message: Shown) -> Parts:
        bot = self.telegram.bot_username
        return {
            "mine": message.mine,
            "at": message.date,
            "plain": message.text,
            "body": nodes(message.html, bot),
            "thing": message.kind if message.kind not in {"text", "document"} else None,
            "document": file_shown(self.place, str(message.message_id), *message.document)
            if message.document
            else None,
            "edited": message.edited,
            "buttons": [[key(label, value, bot) for label, value in row] for row in message.buttons],
        }

    def file(self, id: str) -> tuple[str, bytes] | None:
        return next((each.document for each in self.person.messages if str(each.message_id) == id), None)

    # what can be done

    @property
    def actions(self) -> Mapping[str, Callable[[Parts], Awaitable[None]]]:
        known = (self.writes, self.sends, self.presses, self.blocks, self.unblocks)
        return {each.__name__: each for each in known}

    async def writes(self, asked: Parts) -> None:
        await self.person.writes(text_of(asked, "text"))

    async def sends(self, asked: Parts) -> None:
        await one_of(asked, "kind", ATTACHMENTS)(self.person)

    async def presses(self, asked: Parts) -> None:
        message = text_of(asked, "message")
        if not message.isdecimal():
            raise web.HTTPBadRequest(text="Which message?")
        await self.person.presses_data(int(message), text_of(asked, "data"))

    async def blocks(self, _: Parts) -> None:
        await self.person.blocks_bot()

    async def unblocks(self, _: Parts) -> None:
        await self.person.unblocks_bot()


def waiting_messages(telegram: PretendTelegram) -> set[tuple[int, int]]:
    """Return the chat and number of each message that the bot has not confirmed."""
    return {place for _, update in telegram.updates.queue if (place := message_in(update))}


@lru_cache(maxsize=4096)
def message_in(update: bytes) -> tuple[int, int] | None:
    message = json.loads(update).get("message")
    return (message["chat"]["id"], message["message_id"]) if message else None
