"""People and groups of the pretend Telegram: what they can do on their telephones, and what they see there."""

from __future__ import annotations

import asyncio
import re
from typing import TYPE_CHECKING

from bot.demo.telegram_chats import Message
from bot.demo.telegram_html import utf16_length
from bot.demo.telegram_rules import TEXT_LIMIT

if TYPE_CHECKING:
    from bot.demo.telegram_chats import Chat, Document, Press, Shown, Toast
    from bot.demo.telegram_html import Json
    from bot.demo.telegram_world import World

COMMAND = re.compile(r"(?:(?<=\s)|^)/[A-Za-z0-9_]{1,32}(?:@[A-Za-z0-9_]{3,32})?(?![A-Za-z0-9_@/])")


class CannotDo(RuntimeError):
    """Say what a telephone does not offer: a button that is not there, writing while the bot is blocked."""


class Person:
    """Somebody with a telephone and a private chat with the bot."""

    def __init__(self, world: World, user: Json, chat: Chat) -> None:
        self.world = world
        self.user = user
        self.chat = chat
        self.id: int = user["id"]
        self.has_written = False
        self.blocked = False
        self.deactivated = False
        self.toasts_seen: list[Toast] = []
        self.presses_made: list[Press] = []

    def __repr__(self) -> str:
        return f"<{self.first_name} {self.id}>"

    @property
    def first_name(self) -> str:
        return str(self.user["first_name"])

    @first_name.setter
    def first_name(self, name: str) -> None:
        self.user["first_name"] = self.chat.as_json["first_name"] = self.chat.title = name

    @property
    def language_code(self) -> str | None:
        return self.user.get("language_code")

    @language_code.setter
    def language_code(self, code: str) -> None:
        self.user["language_code"] = code

    # what they see

    @property
    def messages(self) -> list[Shown]:
        """The private chat as the telephone shows it now, newest last."""
        return self.chat.shown()

    @property
    def received(self) -> list[Shown]:
        """What the bot sent, newest last."""
        return [message.shown() for message in self.chat.messages.values() if message.by_bot]

    @property
    def last(self) -> Shown | None:
        """The newest message from the bot."""
        for message in reversed(self.chat.messages.values()):
            if message.by_bot:
                return message.shown()
        return None

    @property
    def toasts(self) -> list[str]:
        """The texts that answers to presses showed, oldest first."""
        return [toast.text for toast in self.toasts_seen]

    @property
    def waiting(self) -> list[str]:
        """Ids of presses whose spinner still turns."""
        return [press.id for press in self.presses_made if not press.answered]

    @property
    def commands(self) -> list[Json]:
        return self.world.commands(self)

    def sees(self, text: str) -> bool:
        """Tell whether any message from the bot shows this text."""
        return any(text in message.text for message in self.received)

    # what they do

    async def writes(self, text: str, *, reply_to: Shown | int | None = None) -> Shown:
        """Send a text; one over 4096 UTF-16 units goes as several, as telephones send it. Return the last."""
        message = self.write(text, reply_to=reply_to)
        await asyncio.sleep(0)
        return message.shown()

    def write(self, text: str, *, reply_to: Shown | int | None = None) -> Message:
        """Do what `writes` does, at once."""
        if not text:
            raise CannotDo("Telegram sends no empty message")
        *before, last = in_parts(text)
        for part in before:
            self.send({}, text=part, reply_to=reply_to)
        return self.send({}, text=last, reply_to=reply_to)

    def send(
        self,
        media: Json,
        *,
        text: str | None = None,
        caption: str | None = None,
        document: Document | None = None,
        reply_to: Shown | int | None = None,
    ) -> Message:
        """Send any message at once and return it."""
        self.check_can_write()
        message = Message(
            message_id=self.chat.next_number(),
            chat=self.chat,
            by_bot=False,
            sender=self.user,
            date=int(self.world.now()),
            text=text,
            entities=commands_in(text or ""),
            media=media,
            caption=caption,
            document=document,
            reply_to=None if reply_to is None else self.chat.messages.get(number_of(reply_to)),
        )
        self.has_written = True
        self.chat.add(message)
        self.world.updates.push("message", message.as_json())
        self.world.message_changed("new", message)
        return message

    def check_can_write(self) -> None:
        if self.blocked:
            raise CannotDo(f"{self.first_name} has blocked the bot; first unblocks_bot()")
        if self.deactivated:
            raise CannotDo(f"{self.first_name} has deleted the account")

    async def sends(self, media: Json, caption: str | None = None) -> Shown:
        """Send media given as the part of a Message that describes it, for example {"dice": {...}}."""
        message = self.send(media, caption=caption)
        await asyncio.sleep(0)
        return message.shown()

    async def sends_photo(self, caption: str | None = None) -> Shown:
        sizes = [{**self.file("photo.jpg", "image/jpeg"), "width": side, "height": side} for side in (90, 320, 800)]
        return await self.sends({"photo": sizes}, caption)

    async def sends_voice(self, seconds: int = 3) -> Shown:
        return await self.sends({"voice": {**self.file("voice.ogg", "audio/ogg"), "duration": seconds}})

    async def sends_sticker(self, emoji: str = "👍") -> Shown:
        about = {"type": "regular", "width": 512, "height": 512, "is_animated": False, "is_video": False}
        return await self.sends({"sticker": {**self.file("sticker.webp", "image/webp"), **about, "emoji": emoji}})

    async def sends_video(self, caption: str | None = None) -> Shown:
        about = {"width": 640, "height": 360, "duration": 5}
        return await self.sends({"video": {**self.file("video.mp4", "video/mp4"), **about}}, caption)

    async def sends_location(self, latitude: float = 51.51, longitude: float = 7.46) -> Shown:
        return await self.sends({"location": {"latitude": latitude, "longitude": longitude}})

    async def sends_contact(self, phone_number: str = "+493012345", first_name: str | None = None) -> Shown:
        contact = {"phone_number": phone_number, "first_name": first_name or self.first_name, "user_id": self.id}
        return await self.sends({"contact": contact})

    async def sends_document(
        self, name: str = "paper.pdf", content: bytes = b"%PDF-1.4", mime_type: str = "application/pdf"
    ) -> Shown:
        document = self.world.keep_file(name, content, mime_type)
        message = self.send({"document": document.as_json()}, document=document)
        await asyncio.sleep(0)
        return message.shown()

    def file(self, name: str, mime_type: str) -> Json:
        return self.world.keep_file(name, b"pretended", mime_type).as_json()

    async def edits(self, message: Shown | int, text: str) -> Shown:
        """Change an own message that was sent before."""
        self.check_can_write()
        own = self.own(message)
        own.text, own.entities, own.edit_date = text, commands_in(text), int(self.world.now())
        own.rewritten = True
        self.world.updates.push("edited_message", own.as_json())
        self.world.message_changed("edited", own)
        await asyncio.sleep(0)
        return own.shown()

    async def forwards(self, text: str, *, origin: str = "Somebody") -> Shown:
        """Forward a text that somebody else wrote, who hides their account."""
        hidden = {"type": "hidden_user", "date": int(self.world.now()), "sender_user_name": origin}
        message = self.send({"forward_origin": hidden}, text=text)
        await asyncio.sleep(0)
        return message.shown()

    def own(self, message: Shown | int) -> Message:
        found = self.chat.messages.get(number_of(message))
        if found is None or found.by_bot:
            raise CannotDo(f"{self.first_name} has no own message {number_of(message)}")
        return found

    async def presses(self, message: Shown | int | None, button: str) -> str:
        """Press a button by its label or data, on the newest message that has it when none is given.

        Returns the id of the callback query. Raises: CannotDo when the telephone shows no such button.
        """
        press_id = self.press(message, button)
        await asyncio.sleep(0)
        return press_id

    def press(self, message: Shown | int | None, button: str) -> str:
        """Do what `presses` does, at once."""
        self.check_can_write()
        found = self.find_button(message, button)
        if found is None:
            raise CannotDo(f"{self.first_name} sees no button {button!r}; the newest buttons: {self.newest_labels()}")
        shown, pressed = found
        if "callback_data" not in pressed:
            raise CannotDo(f"the button {button!r} tells the bot nothing: {pressed}")
        return self.world.press(self, shown.message_id, pressed["callback_data"], shown.as_json())

    async def presses_data(self, message: Shown | int | None, data: str) -> str:
        """Press a forged or stale button: any data, also on a message that is gone."""
        self.check_can_write()
        last = self.last
        number = number_of(message) if message is not None else last.message_id if last else 0
        found = self.chat.messages.get(number)
        gone = {"chat": self.chat.as_json, "message_id": number, "date": 0}
        press_id = self.world.press(self, number, data, found.as_json() if found else gone)
        await asyncio.sleep(0)
        return press_id

    def find_button(self, message: Shown | int | None, button: str) -> tuple[Message, Json] | None:
        candidates = reversed(self.chat.messages.values()) if message is None else [self.on_screen(message)]
        for candidate in candidates:
            rows = (candidate.markup or {}).get("inline_keyboard", []) if candidate.by_bot else []
            buttons = [entry for row in rows for entry in row]
            for entry in buttons:
                if entry["text"] == button:
                    return candidate, entry
            for entry in buttons:
                if entry.get("callback_data") == button:
                    return candidate, entry
        return None

    def on_screen(self, message: Shown | int) -> Message:
        found = self.chat.messages.get(number_of(message))
        if found is None:
            raise CannotDo(f"message {number_of(message)} is no longer on the telephone of {self.first_name}")
        return found

    def newest_labels(self) -> list[str]:
        for shown in reversed(self.received):
            if shown.buttons:
                return shown.labels
        return []

    async def blocks_bot(self) -> None:
        await self.set_blocked(True)

    async def unblocks_bot(self) -> None:
        await self.set_blocked(False)

    async def set_blocked(self, blocked: bool) -> None:
        if self.blocked == blocked:
            return
        self.blocked = blocked
        self.chat.refusal = "bot was blocked by the user" if blocked else None
        before, after = ("member", "kicked") if blocked else ("kicked", "member")
        self.world.updates.push("my_chat_member", membership(self.world, self.chat, self.user, before, after))
        self.world.tell("person", change="blocked" if blocked else "unblocked", person_id=self.id)
        await asyncio.sleep(0)

    def deactivates(self) -> None:
        """Delete the account; the bot learns it only when it sends."""
        self.deactivated = True
        self.chat.refusal = "user is deactivated"
        self.world.tell("person", change="deactivated", person_id=self.id)


class Group:
    """A group, supergroup or channel, of which the bot may be a member.

    Unless the bot reads all group messages, as its owner may set with BotFather, it is given only commands, replies
    to it and messages that name it; in channels it is an administrator and gets every post.
    """

    def __init__(self, world: World, chat: Chat) -> None:
        self.world = world
        self.chat = chat
        self.id = chat.id
        self.kind = chat.kind
        self.bot_is_member = False

    @property
    def messages(self) -> list[Shown]:
        return self.chat.shown()

    async def adds_bot(self, by: Person) -> None:
        """Make the bot a member, in a channel an administrator."""
        self.set_member(True, by.user, "administrator" if self.kind == "channel" else "member")
        if self.kind != "channel":
            self.post(by, None, {"new_chat_members": [self.world.bot_user]})
        await asyncio.sleep(0)

    async def removes_bot(self, by: Person) -> None:
        self.set_member(False, by.user, "kicked")
        await asyncio.sleep(0)

    def set_member(self, member: bool, by: Json, status: str) -> None:
        before = "left" if member else "administrator" if self.kind == "channel" else "member"
        self.bot_is_member = member
        self.world.updates.push("my_chat_member", membership(self.world, self.chat, by, before, status))
        self.world.tell("group", change=status, chat_id=self.id)

    async def writes(self, person: Person, text: str, *, reply_to: Shown | int | None = None) -> Shown:
        message = self.post(person, text, {}, reply_to)
        await asyncio.sleep(0)
        return message.shown()

    def post(self, person: Person, text: str | None, media: Json, reply_to: Shown | int | None = None) -> Message:
        message = Message(
            message_id=self.chat.next_number(),
            chat=self.chat,
            by_bot=False,
            sender=None if self.kind == "channel" else person.user,
            date=int(self.world.now()),
            text=text,
            entities=commands_in(text or ""),
            media=media,
            reply_to=None if reply_to is None else self.chat.messages.get(number_of(reply_to)),
        )
        self.chat.add(message)
        if self.bot_is_member and self.bot_gets(message):
            self.world.updates.push("channel_post" if self.kind == "channel" else "message", message.as_json())
        self.world.message_changed("new", message)
        return message

    def bot_gets(self, message: Message) -> bool:
        if self.kind == "channel" or self.world.reads_all_group_messages or message.text is None:
            return True
        named = f"@{self.world.bot_username}".lower() in message.text.lower()
        return named or bool(message.entities) or (message.reply_to is not None and message.reply_to.by_bot)


def membership(world: World, chat: Chat, by: Json, before: str, after: str) -> Json:
    """Return a ChatMemberUpdated about the bot."""
    return {
        "chat": chat.as_json,
        "from": by,
        "date": int(world.now()),
        "old_chat_member": member(world.bot_user, before),
        "new_chat_member": member(world.bot_user, after),
    }


def member(user: Json, status: str) -> Json:
    about: Json = {"user": user, "status": status}
    if status == "kicked":
        about["until_date"] = 0
    if status == "administrator":
        about |= dict.fromkeys(ADMINISTRATOR_RIGHTS, False) | {"can_be_edited": False, "can_post_messages": True}
    return about


ADMINISTRATOR_RIGHTS = (
    "is_anonymous",
    "can_manage_chat",
    "can_delete_messages",
    "can_manage_video_chats",
    "can_restrict_members",
    "can_promote_members",
    "can_change_info",
    "can_invite_users",
    "can_post_stories",
    "can_edit_stories",
    "can_delete_stories",
)


def number_of(message: Shown | int) -> int:
    return message if isinstance(message, int) else message.message_id


def commands_in(text: str) -> list[Json]:
    """Return the entities of the commands in a text, as Telegram finds them."""
    if "/" not in text:
        return []
    return [
        {"type": "bot_command", "offset": utf16_length(text[: found.start()]), "length": utf16_length(found[0])}
        for found in COMMAND.finditer(text)
    ]


def in_parts(text: str) -> list[str]:
    """Cut a text as telephones do when it is longer than one message may be."""
    if utf16_length(text) <= TEXT_LIMIT:
        return [text]
    parts: list[str] = []
    part, length = "", 0
    for character in text:
        size = 2 if character > "\uffff" else 1
        if length + size > TEXT_LIMIT:
            parts.append(part)
            part, length = "", 0
        part += character
        length += size
    return [*parts, part]
