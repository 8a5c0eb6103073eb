"""People of the pretend Signal: what they can do on their telephones, and what they see there."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from bot.demo import signal_events as events
from bot.demo.signal_chats import CannotDo, SignalMessage
from bot.demo.signal_telephone import Telephone

if TYPE_CHECKING:
    from bot.demo.signal_chats import Attachment, Json, SignalShown

PIXEL = b"\x89PNG\r\n\x1a\n pretended"


class SignalPerson(Telephone):
    """Somebody with a telephone and a chat with the bot. `id` is the account's UUID (ACI)."""

    # text

    async def writes(self, text: str, *, quote: SignalShown | None = None) -> SignalShown:
        """Send a text and return it as shown."""
        message = self.write(text, quote=quote)
        await asyncio.sleep(0)
        return message.shown()

    def write(self, text: str, *, quote: SignalShown | None = None) -> SignalMessage:
        """Do what `writes` does, at once."""
        if not text:
            raise CannotDo("Signal sends no empty message")
        quoted = None if quote is None else self.on_screen(quote)
        more: Json = {}
        if quoted is not None:
            number = self.world.account if quoted.by_bot else self.known_number
            more["quote"] = events.quote(self.reference(quoted), quoted.author, number, quoted.text)
        return self.send(text, quote=quoted.timestamp if quoted else None, more=more)

    def send(
        self,
        text: str | None,
        *,
        kind: str = "text",
        attachments: list[Attachment] | None = None,
        quote: int | None = None,
        more: Json | None = None,
        group_id: str | None = None,
    ) -> SignalMessage:
        """Send any message at once; `more` is what its dataMessage has besides the usual fields."""
        self.check_can_write()
        files = attachments or []
        message = SignalMessage(
            self.clock(), self.id, False, text or "", quote=quote, attachments=list(files), kind=kind, group_id=group_id
        )
        self.has_written = True
        self.keep(message)
        if group_id is None or self.world.groups[group_id].bot_is_member:
            self.tells({"dataMessage": self.data(message.timestamp, text, files, more)}, message.timestamp, message)
        self.world.message_changed("message", self, message)
        return message

    def data(self, timestamp: int, text: str | None, files: list[Attachment], more: Json | None) -> Json:
        """Return a dataMessage as this version of signal-cli tells it."""
        sent = text
        if text is not None and len(text.encode()) > events.LONG and not self.world.at_least(0, 14):
            whole = self.world.keep_file("text/x-signal-plain", None, text.encode(), "")
            sent, files = events.cut(text), [whole, *files]
        message = events.data(timestamp, sent, expiresInSeconds=self.timer) | (more or {})
        return message | events.attachments(files, timestamp)

    async def edits(self, message: SignalShown, text: str) -> SignalShown:
        """Change an own message that was sent before; within 24 hours and at most ten times, as telephones allow."""
        self.check_can_write()
        own = self.own(message)
        target = self.reference(own)
        if own.deleted or len(own.versions) > 10 or self.world.now() - own.timestamp / 1000 > 86400:
            raise CannotDo(f"{self.name} can no longer edit this message")
        timestamp = self.clock()
        own.text = text
        own.versions.append(timestamp)
        edit = {"targetSentTimestamp": target, "dataMessage": self.data(timestamp, text, [], None)}
        self.tells({"editMessage": edit}, timestamp, own)
        self.world.message_changed("edit", self, own)
        await asyncio.sleep(0)
        return own.shown()

    async def deletes(self, message: SignalShown) -> None:
        """Delete an own message for everyone."""
        own = self.own(message)
        own.deleted, own.text = True, ""
        self.says_data(remoteDelete={"timestamp": self.reference(own)})
        self.world.message_changed("delete", self, own)
        await asyncio.sleep(0)

    # answers to a message

    async def reacts(self, message: SignalShown, emoji: str) -> None:
        """Put an emoji on a message; a second one replaces the first."""
        self.react(message, emoji, removed=False)
        await asyncio.sleep(0)

    async def takes_back_reaction(self, message: SignalShown, emoji: str) -> None:
        self.react(message, emoji, removed=True)
        await asyncio.sleep(0)

    def react(self, message: SignalShown, emoji: str, *, removed: bool) -> None:
        target = self.on_screen(message)
        target.reactions.pop(self.id, None)
        if not removed:
            target.reactions[self.id] = emoji
        number = self.world.account if target.by_bot else self.known_number
        about = events.reaction(emoji, target.author, number, self.reference(target), removed=removed)
        self.says_data(reaction=about)
        self.world.message_changed("reaction", self, target)

    async def votes(self, message: SignalShown, *indexes: int) -> None:
        """Vote in a poll of the bot; no index withdraws the vote."""
        poll = self.on_screen(message)
        if poll.kind != "poll":
            raise CannotDo(f"{self.name} can vote in polls only")
        poll.votes += 1
        about = events.poll_vote(poll.author, self.world.account, poll.timestamp, list(indexes), poll.votes)
        self.says_data(pollVote=about)
        await asyncio.sleep(0)

    async def reads(self, *messages: SignalShown) -> None:
        """Read messages of the bot, which one receipt tells about all of them."""
        self.read([self.on_screen(message) for message in messages])
        await asyncio.sleep(0)

    # other kinds of messages

    async def sends_photo(self, caption: str | None = None) -> SignalShown:
        return await self.sends_file("photo", "image/png", "photo.png", PIXEL, caption)

    async def sends_voice(self) -> SignalShown:
        return await self.sends_file("voice", "audio/aac", None, b"pretended")

    async def sends_video(self, caption: str | None = None) -> SignalShown:
        return await self.sends_file("video", "video/mp4", None, b"pretended", caption)

    async def sends_document(
        self, name: str = "paper.pdf", content: bytes = b"%PDF-1.4", mime_type: str = "application/pdf"
    ) -> SignalShown:
        return await self.sends_file("document", mime_type, name, content)

    async def sends_file(
        self, kind: str, mime_type: str, name: str | None, content: bytes, caption: str | None = None
    ) -> SignalShown:
        file = self.world.keep_file(mime_type, name, content, mime_type.rpartition("/")[2])
        return await self.sends(kind, text=caption, attachments=[file])

    async def sends_view_once(self) -> SignalShown:
        """Send a photo that may be looked at once, and must not be kept."""
        file = self.world.keep_file("image/jpeg", None, PIXEL, "jpg")
        return await self.sends("view_once", attachments=[file], more={"viewOnce": True})

    async def sends_sticker(self) -> SignalShown:
        sticker = {"packId": "9acc9e8a" * 4, "stickerId": 3}
        return await self.sends("sticker", more={"sticker": sticker})

    async def sends_contact(self, phone_number: str = "+493012345") -> SignalShown:
        return await self.sends("contact", more={"contacts": [events.contact(self.name, phone_number)]})

    async def sends_location(self, latitude: float = 51.51, longitude: float = 7.46) -> SignalShown:
        """Send a place, which Signal sends as a text with a link to a map, and sometimes a picture of it."""
        return await self.sends("text", text=f"https://maps.google.com/maps?q={latitude}%2C{longitude}")

    async def sends_payment(self) -> SignalShown:
        return await self.sends("payment", more={"payment": {"note": "Danke", "receipt": "AAAA"}})

    async def sends_poll(self, question: str = "?", options: tuple[str, ...] = ("A", "B")) -> SignalShown:
        poll = {"question": question, "allowMultiple": False, "options": list(options)}
        return await self.sends("poll", more={"pollCreate": poll})

    async def answers_story(self, text: str) -> SignalShown:
        """Write under a story, one of the bot's account; it comes as a text with a context."""
        context = {"authorNumber": self.world.account, "authorUuid": self.world.aci, "sentTimestamp": 1}
        return await self.sends("text", text=text, more={"storyContext": context})

    async def sends(
        self,
        kind: str,
        *,
        text: str | None = None,
        attachments: list[Attachment] | None = None,
        more: Json | None = None,
    ) -> SignalShown:
        """Send any message; `more` is what its dataMessage has besides the usual fields."""
        message = self.send(text, kind=kind, attachments=attachments, more=more)
        await asyncio.sleep(0)
        return message.shown()

    # what is no message

    async def sets_timer(self, seconds: int) -> None:
        """Let messages of this chat disappear after so many seconds; 0 ends that."""
        self.timer = seconds
        about: Json = {"isExpirationUpdate": True} if self.world.at_least(0, 13, 21) else {}
        self.says_data(**about)
        await asyncio.sleep(0)

    async def empty_message(self) -> None:
        """Send a data message without content, as profile-key updates are."""
        self.says_data()
        await asyncio.sleep(0)

    async def types(self, *, stops: bool = False) -> None:
        timestamp = self.clock()
        action = "STOPPED" if stops else "STARTED"
        self.tells({"typingMessage": {"action": action, "timestamp": timestamp}}, timestamp)
        await asyncio.sleep(0)

    async def calls(self) -> None:
        """Call, wait a moment, and hang up."""
        number = self.world.random.getrandbits(60)
        offer = {"id": number, "type": "AUDIO_CALL", "opaque": "cHJldGVuZGVk"}
        self.tells({"callMessage": {"offerMessage": offer}}, self.clock())
        hangup = {"id": number, "type": "NORMAL", "deviceId": 0}
        self.tells({"callMessage": {"hangupMessage": hangup}}, self.clock())
        await asyncio.sleep(0)

    async def posts_story(self) -> None:
        if not self.world.ignore_stories:
            story = {"allowsReplies": True, "textAttachment": {"text": "Story"}}
            self.tells({"storyMessage": story}, self.clock())
        await asyncio.sleep(0)

    async def sends_broken(self) -> None:
        """Send something that cannot be decrypted, which the bot is told as an exception."""
        self.tells(events.invalid(), self.clock())
        await asyncio.sleep(0)

    def redelivers(self, message: SignalShown) -> None:
        """Let Signal deliver a message again; signal-cli tells it as a duplicate, without its text."""
        self.tells(events.duplicate(), self.own(message).timestamp)

    # groups

    async def adds_bot_to_group(self, name: str = "Nachbarn", *, invites: bool = False) -> str:
        """Make a group with the bot in it, or only invited to it, and return its id."""
        group = self.world.group(name, [self.id])
        await self.adds_bot_again(group.id, invites=invites)
        return group.id

    async def adds_bot_again(self, group_id: str, *, invites: bool = False) -> None:
        """Let the bot be in a group, or invited to it, that it may have left."""
        group = self.world.groups[group_id]
        group.bot_is_member, group.bot_is_invited, group.is_kept = not invites, invites, True
        self.says_data(groupInfo=events.group_info(group, "UPDATE"))
        await asyncio.sleep(0)

    async def writes_in_group(self, group_id: str, text: str, **more: Any) -> SignalShown:
        group = self.world.groups[group_id]
        if self.id not in group.members:
            raise CannotDo(f"{self.name} is not in the group {group.name}")
        info = {"groupInfo": events.group_info(group)} | more
        message = self.send(text, more=info, group_id=group_id)
        await asyncio.sleep(0)
        return message.shown()
