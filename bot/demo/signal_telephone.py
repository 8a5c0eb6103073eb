"""A telephone with Signal on it: what it keeps, shows, and answers by itself to what the bot sends."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.demo import signal_events as events
from bot.demo.signal_chats import CannotDo

if TYPE_CHECKING:
    from collections.abc import Callable

    from bot.demo.signal_chats import Json, SignalMessage, SignalShown
    from bot.demo.signal_world import SignalWorld


class Telephone:
    """One account with one device and its chat with the bot. `id` is the account's UUID (ACI).

    Online it answers what arrives with delivery receipts by itself, and with read receipts if it `reads_by_itself`.
    """

    def __init__(self, world: SignalWorld, aci: str, name: str, number: str | None, shares_number: bool) -> None:
        self.world = world
        self.id = aci
        self.name = name
        self.number = number
        self.shares_number = shares_number
        self.name_known = True
        self.reads_by_itself = False
        self.read_receipts = True
        self.sealed_sender = True
        self.refers_to_newest = False  # whether an edited message is named by its newest version, not by its first
        self.has_written = False
        self.asked_first = False  # whether the bot wrote before the person did, which shows a message request
        self.blocked = False
        self.registered = True
        self.identity = 1
        self.timer = 0
        self.clock_ahead = 0.0  # seconds by which the telephone's clock is wrong
        self.bot_types = False
        self.chat: dict[tuple[str, int], SignalMessage] = {}
        self.arriving: list[Callable[[], None]] = []
        self.receipts: list[int] = []
        self.is_online = True
        self.confirms = True  # its receipts arrive; a real one's may come late or never
        self.last_time = 0

    def __repr__(self) -> str:
        return f"<{self.name} {self.id}>"

    # what they see

    @property
    def messages(self) -> list[SignalShown]:
        """The chat with the bot as the telephone shows it now, newest last."""
        return [message.shown() for message in self.chat.values()]

    @property
    def received(self) -> list[SignalShown]:
        """What the bot sent, newest last."""
        return [message.shown() for message in self.chat.values() if message.by_bot]

    @property
    def last(self) -> SignalShown | None:
        """The newest message from the bot."""
        found = next((message for message in reversed(self.chat.values()) if message.by_bot), None)
        return found.shown() if found else None

    def sees(self, text: str) -> bool:
        """Tell whether any message from the bot shows this text."""
        return any(message.by_bot and text in message.text for message in self.chat.values())

    def on_screen(self, shown: SignalShown) -> SignalMessage:
        """Return the message itself. Raises: CannotDo when this telephone does not have it."""
        groups = (group.messages for group in self.world.groups.values() if self.id in group.members)
        key = int(shown.message_id)
        for chat in (self.chat, *groups):
            for message in chat.values():
                if message.by_bot is not shown.mine and key in message.versions:
                    return message
        raise CannotDo(f"{self.name} does not see the message {shown.message_id} {shown.text!r}")

    def own(self, shown: SignalShown) -> SignalMessage:
        message = self.on_screen(shown)
        if message.author != self.id:
            raise CannotDo(f"{self.name} did not write {message.text!r}")
        return message

    def reference(self, message: SignalMessage) -> int:
        """Return the timestamp by which this telephone names a message, in milliseconds."""
        return message.versions[-1] if self.refers_to_newest else message.timestamp

    # what they tell

    @property
    def known_number(self) -> str | None:
        """The number, if the bot may know it."""
        return self.number if self.shares_number else None

    def clock(self) -> int:
        """Return the telephone's time in milliseconds, never the same twice; other telephones may return it too."""
        self.last_time = max(self.last_time + 1, int((self.world.now() + self.clock_ahead) * 1000))
        return self.last_time

    def check_can_write(self) -> None:
        if self.blocked:
            raise CannotDo(f"{self.name} has blocked the bot; first unblocks_bot()")
        if not self.registered:
            raise CannotDo(f"{self.name} has no account any more")

    def says_data(self, **more: object) -> None:
        """Send a data message without a text."""
        self.check_can_write()
        timestamp = self.clock()
        self.tells({"dataMessage": events.data(timestamp, None, expiresInSeconds=self.timer) | more}, timestamp)

    def tells(self, payload: Json, timestamp: int, message: SignalMessage | None = None) -> None:
        """Give an event to Signal's server, for the bot."""
        self.world.post(self, payload, timestamp, message)

    def keep(self, message: SignalMessage) -> None:
        if message.group_id is not None:
            self.world.groups[message.group_id].messages[message.author, message.timestamp] = message
        else:
            self.chat[message.author, message.timestamp] = message

    # what arrives

    @property
    def online(self) -> bool:
        return self.is_online

    @online.setter
    def online(self, online: bool) -> None:
        """Switch the telephone on or off; what came meanwhile arrives when it is on, with one receipt for all."""
        self.is_online = online
        if online:
            arrived, self.arriving = self.arriving, []
            for act in arrived:
                act()
            self.confirm()

    def gets(self, act: Callable[[], None], timestamp: int | None = None) -> None:
        """Let something arrive; with its timestamp, a receipt for it goes back."""
        if self.blocked:
            return

        def arrives() -> None:
            act()
            if timestamp is not None:
                self.receipts.append(timestamp)

        if self.is_online:
            arrives()
            if self.confirms:
                self.world.soon(self.confirm)
        else:
            self.arriving.append(arrives)

    def confirm(self) -> None:
        """Send the receipts that are due."""
        due, self.receipts = self.receipts, []
        if not due or self.blocked or not self.registered:
            return
        self.receipt("delivery", due, due[0])
        for message in self.chat.values() if len(due) > 1 else reversed(self.chat.values()):
            if message.by_bot and message.versions[-1] in due:
                message.ticks = max(message.ticks, 2)
                self.world.message_changed("receipt", self, message)
                if self.reads_by_itself:
                    self.read([message])
                if len(due) == 1:
                    break

    def read(self, messages: list[SignalMessage]) -> None:
        for message in messages:
            if self.read_receipts:
                message.ticks = 3
                self.world.message_changed("receipt", self, message)
        if self.read_receipts:
            self.receipt("read", [message.versions[-1] for message in messages], None)

    def receipt(self, kind: str, timestamps: list[int], envelope: int | None) -> None:
        """Tell a receipt; that of a delivery has the referenced message's timestamp on its envelope."""
        now = self.clock()
        self.tells({"receiptMessage": events.receipt(kind, timestamps, now)}, envelope or now)

    # what they do with the account

    async def blocks_bot(self) -> None:
        """Let Signal go on accepting what the bot sends, and show nothing of it."""
        self.set_account("blocked", blocked=True)

    async def unblocks_bot(self) -> None:
        self.set_account("unblocked", blocked=False)

    async def unregisters(self) -> None:
        """Delete the account: whoever sends gets UNREGISTERED_FAILURE."""
        self.set_account("unregistered", registered=False)

    async def reinstalls(self) -> None:
        """Install Signal anew, also after having unregistered: same account, new identity key, empty screen."""
        self.chat.clear()
        self.set_account("reinstalled", registered=True, identity=self.identity + 1)

    def set_account(self, change: str, **values: bool | int) -> None:
        for name, value in values.items():
            setattr(self, name, value)
        self.world.tell("person", change=change, person_id=self.id)
