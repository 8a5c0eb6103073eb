"""A telephone with Signal as the page shows it, and what its person can do there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aiohttp import web

from bot.demo.bubbles import styled
from bot.demo.screens import described, file_shown, one_of, text_of
from bot.demo.signal_chats import CannotDo

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator, Mapping

    from bot.demo.pretend_signal import PretendSignal
    from bot.demo.screens import Parts, Place
    from bot.demo.signal_chats import SignalMessage, SignalShown
    from bot.demo.signal_people import SignalPerson

DAY = 24 * 3600
ATTACHMENTS: dict[str, Callable[[SignalPerson], Awaitable[object]]] = {
    "photo": lambda person: person.sends_photo(),
    "view_once": lambda person: person.sends_view_once(),
    "voice": lambda person: person.sends_voice(),
    "sticker": lambda person: person.sends_sticker(),
    "contact": lambda person: person.sends_contact(),
    "document": lambda person: person.sends_document(),
}
EMOJIS = {emoji: emoji for emoji in ("👍", "👎")}


class SignalScreen:
    """A chat of plain messages that can be quoted, changed, deleted and reacted to; the telephone can be off."""

    def __init__(self, place: Place, signal: PretendSignal) -> None:
        self.place = place
        self.signal = signal
        self.person = signal.person(place.name)
        self.person.reads_by_itself = True  # the chat is open on the page, so what arrives is read

    def belongs_to(self, id: object) -> bool:
        return self.person.id == id

    # what it shows

    def phone(self) -> Parts:
        person = self.person
        return described(self.place) | {
            "bot": self.signal.profile.get("givenName", "Brücke – Міст"),
            "description": self.signal.profile.get("about", ""),
            "attachments": list(ATTACHMENTS),
            "emojis": list(EMOJIS),
            "untouched": not person.chat,
            "blocked": person.blocked,
            "offline": not person.online,
            "typing": person.bot_types,
            "timer": person.timer,
        }

    def messages(self) -> Iterator[tuple[str, Parts]]:
        for message in self.person.chat.values():
            yield name(message), self.message(message)

    def message(self, message: SignalMessage) -> Parts:
        quoted = self.quoted(message)
        file = self.file_in(message)
        return {
            "mine": not message.by_bot,
            "at": message.timestamp // 1000,
            "plain": message.text,
            "body": styled(message.text, tuple(message.styles)),
            "thing": message.kind if message.kind not in {"text", "document"} and not message.deleted else None,
            "document": file_shown(self.place, name(message), *file) if file else None,
            "edited": len(message.versions) > 1,
            "deleted": message.deleted,
            "quote": {"mine": not quoted.by_bot, "plain": quoted.text} if quoted else None,
            "reactions": list(message.reactions.values()),
            "reacted": message.reactions.get(self.person.id),
            "ticks": 0 if message.by_bot else message.ticks,
        }

    def quoted(self, message: SignalMessage) -> SignalMessage | None:
        return next((each for each in self.person.chat.values() if message.quote in each.versions), None)

    def file_in(self, message: SignalMessage) -> tuple[str, bytes] | None:
        if message.deleted or not message.attachments or message.kind not in {"text", "document"}:
            return None
        file = message.attachments[0]
        return file.filename or "", file.content

    def file(self, id: str) -> tuple[str, bytes] | None:
        return next((self.file_in(each) for each in self.person.chat.values() if name(each) == id), None)

    # what can be done

    @property
    def actions(self) -> Mapping[str, Callable[[Parts], Awaitable[None]]]:
        written = (self.writes, self.edits, self.deletes, self.reacts, self.sends)
        other = (self.calls, self.sets_timer, self.blocks, self.unblocks, self.goes_offline, self.comes_online)
        return {each.__name__: each for each in (*written, *other)}

    async def writes(self, asked: Parts) -> None:
        self.check_online()
        quote = self.shown(asked, "quote") if asked.get("quote") else None
        await self.person.writes(text_of(asked, "text"), quote=quote)

    async def edits(self, asked: Parts) -> None:
        self.check_online()
        await self.person.edits(self.shown(asked, "message"), text_of(asked, "text"))

    async def deletes(self, asked: Parts) -> None:
        self.check_online()
        await self.person.deletes(self.shown(asked, "message"))

    async def reacts(self, asked: Parts) -> None:
        """Put an emoji on a message; take it back if it is there already."""
        self.check_online()
        shown, emoji = self.shown(asked, "message"), one_of(asked, "emoji", EMOJIS)
        if self.person.on_screen(shown).reactions.get(self.person.id) == emoji:
            await self.person.takes_back_reaction(shown, emoji)
        else:
            await self.person.reacts(shown, emoji)

    async def sends(self, asked: Parts) -> None:
        self.check_online()
        await one_of(asked, "kind", ATTACHMENTS)(self.person)

    async def calls(self, _: Parts) -> None:
        self.check_online()
        self.person.check_can_write()
        await self.person.calls()

    async def sets_timer(self, asked: Parts) -> None:
        """Let messages disappear after a day, or keep them again."""
        self.check_online()
        await self.person.sets_timer(DAY if asked.get("on") is True else 0)

    async def blocks(self, _: Parts) -> None:
        await self.person.blocks_bot()

    async def unblocks(self, _: Parts) -> None:
        await self.person.unblocks_bot()

    async def goes_offline(self, _: Parts) -> None:
        self.person.online = False

    async def comes_online(self, _: Parts) -> None:
        self.person.online = True

    def check_online(self) -> None:
        """Raises: CannotDo."""
        if not self.person.online:
            raise CannotDo("This telephone is offline.")

    def shown(self, asked: Parts, field: str) -> SignalShown:
        """Return the message that is named. Raises: HTTPBadRequest."""
        wanted = text_of(asked, field)
        found = next((each for each in self.person.chat.values() if name(each) == wanted), None)
        if found is None:
            raise web.HTTPBadRequest(text="Which message?")
        return found.shown()


def name(message: SignalMessage) -> str:
    """Return what a message is called on the page; both sides may have written in the same millisecond."""
    return f"{message.timestamp}.{int(message.by_bot)}"
