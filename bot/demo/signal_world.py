"""Everybody and everything behind the pretend signal-cli: people, groups, Signal's server, and who is told of changes.

A `SignalWorld` knows no sockets and survives the daemon. People act on it (`signal_people.py`), the bot's calls act on
it (`signal_methods.py`), the daemon reaches it through `SignalServer` only (`signal_server.py`). What signal-cli keeps
on its disk (keys, contacts, attachments) is here too, as it survives as well.
"""

from __future__ import annotations

import asyncio
import base64
import itertools
import random
import time
from collections import deque
from typing import TYPE_CHECKING, Any
from uuid import UUID

from bot.demo import signal_events as events
from bot.demo.signal_chats import Attachment, SignalGroup, SignalMessage
from bot.demo.signal_faults import Faults, Limit
from bot.demo.signal_mailbox import Mailbox
from bot.demo.signal_people import SignalPerson
from bot.demo.waiting import Watched

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from contextlib import AbstractAsyncContextManager
    from pathlib import Path

    from bot.demo.signal_chats import Call, Json, Violation
    from bot.demo.signal_faults import Fault
    from bot.demo.signal_telephone import Telephone

KEPT = 100_000  # calls that are remembered


class SignalWorld(Watched):
    """Keeps the state of the pretend Signal and tells those who watch what changed."""

    patience = 30.0
    missed = AssertionError

    def __init__(
        self,
        account: str = "+4915100000001",
        *,
        single_account: bool = True,
        seed: int = 0,
        version: str = "0.14.7",
        trust_new_identities: str = "on-first-use",
    ) -> None:
        super().__init__()
        self.random = random.Random(seed)  # noqa: S311  # guards nothing, and has to be the same every time
        self.account = account
        self.aci = self.new_uuid()
        self.single_account = single_account
        self.version = version
        self.trust_new_identities = trust_new_identities
        self.registered = True
        self.gone = False
        self.people: dict[str, SignalPerson] = {}
        self.by_number: dict[str, SignalPerson] = {}
        self.groups: dict[str, SignalGroup] = {}
        self.files: dict[str, Attachment] = {}
        self.known_identities: dict[str, int] = {}
        self.blocked_by_bot: set[str] = set()
        self.forgotten: set[str] = set()  # until they write, are written to, or a receipt of theirs comes
        self.profile: Json = {}
        self.settings: Json = {}
        self.username: str | None = None
        self.pin: str | None = None
        self.numbers_asked: dict[str, Json] = {}
        self.captcha_demanded: str | None = None
        self.captcha_retry_after = 86400.0
        self.limited: Limit | None = None
        self.told_to_wait_until = 0.0
        self.impatience: list[Violation] = []  # sends that came although the bot had been told to wait
        self.lookup_works = True
        self.ignore_stories = True
        self.sprinkles = True
        self.turn_of_receive_loop = 0.05  # seconds until held-back messages come after trust; up to 60 in reality
        self.decryption = (0.0, 0.0)  # seconds that an event is in the cache, and then only in the daemon's memory
        self.receipt_delay = 0.005  # seconds within which receipts come that do not come at once
        self.latency = (0.0, 0.0)  # seconds that a request takes, at least and at most
        self.faults = Faults()
        self.calls: deque[Call] = deque(maxlen=KEPT)
        self.counts: dict[str, int] = {}
        self.violations: list[Violation] = []
        self.in_flight: dict[str, int] = {}
        self.in_flight_violations: list[Violation] = []
        self.daemon_state: Json = {"running": False, "subscriptions": 0, "connections": 0}
        self.clock: Callable[[], float] = time.time
        self.forward = 0.0
        self.last_timestamp = 0
        self.file_numbers = itertools.count(1)
        self.timers: set[asyncio.TimerHandle] = set()
        self.listeners: list[Callable[[Mapping[str, Any]], None]] = []
        self.mailbox = Mailbox(self)
        self.exit = asyncio.Event()

    # time and chance

    def now(self) -> float:
        """Return the seconds since 1970 by this world's clock."""
        return self.clock() + self.forward

    def goes_forward(self, seconds: float) -> None:
        """Let time pass at once, for what depends on age."""
        self.forward += seconds

    def timestamp(self) -> int:
        """Return a timestamp in milliseconds for something that the bot sends; always greater than the last."""
        self.last_timestamp = max(self.last_timestamp + 1, int(self.now() * 1000))
        return self.last_timestamp

    def new_uuid(self) -> str:
        return str(UUID(int=self.random.getrandbits(128), version=4))

    def soon(self, act: Callable[[], None]) -> None:
        """Do something at once or within some milliseconds, as chance has it."""
        if self.random.random() < 0.5:
            act()
        else:
            self.later(self.random.uniform(0, self.receipt_delay), act)

    def later(self, seconds: float, act: Callable[[], None]) -> None:
        def acts() -> None:
            self.timers.discard(timer)
            act()

        timer = asyncio.get_running_loop().call_later(seconds, acts)
        self.timers.add(timer)

    def stop_timers(self) -> None:
        for timer in self.timers:
            timer.cancel()
        self.timers.clear()

    def at_least(self, *version: int) -> bool:
        """Tell whether the pretended signal-cli is this version or a newer one."""
        return tuple(int(part) for part in self.version.split(".")) >= version

    @property
    def network_gone(self) -> bool:
        """Whether Signal's server is out of the daemon's reach: nothing comes, all sends fail, the socket stays."""
        return self.gone

    @network_gone.setter
    def network_gone(self, gone: bool) -> None:
        self.gone = gone
        self.mailbox.look()
        self.tell("network", gone=gone)

    # people, groups, files, keys

    def person(self, name: str, *, number: str | None = None, shares_number: bool | None = None) -> SignalPerson:
        """Return somebody new, who has not written to the bot yet.

        The bot sees a number that is given, unless `shares_number` is false: then it only can be looked up.
        """
        shares = number is not None if shares_number is None else shares_number
        person = SignalPerson(self, self.new_uuid(), name, number, shares)
        person.name_known = self.random.random() < 0.7
        self.people[person.id] = person
        if number is not None:
            self.by_number[number] = person
        return person

    def group(self, name: str, members: list[str]) -> SignalGroup:
        group = SignalGroup(base64.b64encode(self.random.randbytes(32)).decode(), name, members)
        self.groups[group.id] = group
        return group

    def keep_file(self, mime_type: str, name: str | None, content: bytes, ending: str) -> Attachment:
        """Keep what a person sent, so that getAttachment finds it."""
        number = f"{self.random.getrandbits(64):016x}{next(self.file_numbers):x}"
        file = Attachment(f"{number}.{ending}" if ending else number, mime_type, name, content)
        self.files[file.id] = file
        return file

    def trusts(self, aci: str, identity: int) -> bool:
        """Tell whether the daemon takes this identity key: the first one it sees, and any if it trusts always."""
        known = self.known_identities.setdefault(aci, identity)
        if known != identity and self.trust_new_identities == "always":
            self.known_identities[aci] = identity
            return True
        return known == identity

    # what goes to the bot

    def post(self, person: Telephone, payload: Json, timestamp: int, message: SignalMessage | None = None) -> None:
        """Let somebody's event wait at the server."""
        event = self.event(person, payload, timestamp)
        if self.sprinkles:
            events.sprinkle(event, self.random)
        self.mailbox.put(self.people[person.id], event, message, None)
        person.name_known = True
        self.look_again()

    def event(self, person: Telephone, payload: Json, timestamp: int) -> Json:
        """Return a correct event with this payload; an "exception" stands beside the envelope."""
        name = person.name if person.name_known else ""
        envelope = events.frame(person.id, person.known_number, name, timestamp, int(self.now() * 1000))
        if "exception" in payload:
            return payload | {"envelope": envelope, "account": self.account}
        return {"envelope": envelope | payload, "account": self.account}

    def envelope(self, person: Telephone, **payload: Any) -> Json:
        """Return a correct event to spoil: `envelope(oksana, dataMessage={...})`; without payload, a text."""
        timestamp = person.clock()
        return self.event(person, payload or {"dataMessage": events.data(timestamp, "Привіт")}, timestamp)

    async def deliver_raw(self, params: Any, person: Telephone | None = None) -> None:
        """Let any JSON value come to the bot as an event; it waits for a subscription as all do."""
        self.mailbox.put(self.people[person.id] if person else None, params, None, None)
        self.look_again()
        await asyncio.sleep(0)

    async def deliver_line(self, line: str) -> None:
        """Let any line come to the bot between its events."""
        self.mailbox.put(None, None, None, line)
        self.look_again()
        await asyncio.sleep(0)

    def own_device_tells(self, payload: Json) -> None:
        """Let another device of the bot's own account tell something: {"syncMessage": {...}}."""
        timestamp = self.timestamp()
        envelope = events.frame(self.aci, self.account, "", timestamp, timestamp)
        self.mailbox.put(None, {"envelope": envelope | payload, "account": self.account}, None, None)
        self.look_again()

    def own_device_writes(self, person: SignalPerson, text: str) -> None:
        """Let somebody write to a person from another device of the bot's own account."""
        message = SignalMessage(self.timestamp(), self.aci, True, text)
        person.keep(message)
        self.own_device_tells({"syncMessage": events.sync_sent(message, person.id, person.known_number)})
        self.message_changed("message", person, message)

    # orders

    def fail(self, method: str, fault: Fault, times: int = 1) -> None:
        """Let the next calls of a method ("*": of any) fail, after those that were ordered before."""
        self.faults.add(method, fault, times)

    def wants_captcha(self, retry_after: float = 86400) -> str:
        """Let every send fail until the token that is returned is submitted with a right captcha."""
        self.captcha_demanded = self.new_uuid()
        self.captcha_retry_after = retry_after
        self.tell("captcha", token=self.captcha_demanded)
        return self.captcha_demanded

    def limit(self, burst: float, every: float) -> None:
        """Let the account send `burst` messages at once and then one in `every` seconds; more are refused with 429."""
        self.limited = Limit(burst, every, self.now())

    async def account_vanishes(self) -> None:
        """De-register the account: a daemon of one account exits, one of several says nothing at all."""
        self.registered = False
        self.mailbox.look()
        if self.single_account:
            self.exit.set()
        self.tell("account", registered=False)

    def serve(self, path: Path) -> AbstractAsyncContextManager[None]:
        """Let a daemon that is a process of its own reach this world through a UNIX socket, in `async with`."""
        from bot.demo.signal_link import serving

        return serving(self, path)

    # watching

    def subscribe(self, listener: Callable[[Mapping[str, Any]], None]) -> Callable[[], None]:
        """Tell every event from now on: "event" names it, "at" is in seconds; return what ends that."""
        self.listeners.append(listener)
        return lambda: self.listeners.remove(listener)

    def tell(self, event: str, **fields: Any) -> None:
        """Tell all listeners what happened and let those who wait look again."""
        for listener in self.listeners:
            listener({"event": event, "at": self.now(), **fields})
        self.look_again()

    def message_changed(self, change: str, person: Telephone, message: SignalMessage) -> None:
        """Tell that a telephone shows something new: "message", "edit", "delete" or "reaction"."""
        if self.listeners:
            shown = message.shown().as_json()
            self.tell(change, person_id=person.id, message_id=shown["message_id"], message=shown)
        else:
            self.look_again()

    def overview(self) -> str:
        """Describe in a few lines what the telephones show and what the bot last did."""
        calls = [f"  {call.method} {str(call.params)[:160]} -> {str(call.answer)[:160]}" for call in [*self.calls][-8:]]
        seen = itertools.chain(*(last_lines(person) for person in [*self.people.values()][:6]))
        box = self.mailbox
        waiting = f"waiting: {len(box.waiting)}, in the daemon: {len(box.taken) + len(box.decrypted)}"
        return "\n".join(["telephones:", *seen, "last calls:", *calls, waiting, f"daemon: {self.daemon_state}"])

    async def all_taken(self, timeout: float = 8.0) -> None:  # noqa: ASYNC109  # it says what did not happen
        """Return once nothing that people sent waits at the server or in the daemon."""
        await self.changed(lambda: self.mailbox.empty, timeout, "everything taken")

    async def subscribed(self, timeout: float = 8.0) -> None:  # noqa: ASYNC109  # it says what did not happen
        """Return once somebody holds a subscription."""
        await self.changed(lambda: self.daemon_state["subscriptions"], timeout, "a subscription")


def last_lines(person: SignalPerson) -> Iterable[str]:
    for shown in person.messages[-3:]:
        yield f"  {person.name} {'>' if shown.mine else '<'} {shown.text[:200]!r}"
