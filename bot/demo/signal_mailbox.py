"""What waits for the bot at Signal's server, and what the daemon took from there and has not handed over yet.

An event goes: waiting -> taken (in signal-cli's cache, acknowledged to the server) -> decrypted (only in the daemon's
memory) -> handed over to whoever holds a subscription. Between the last two it is lost when the daemon dies, before
it is tried again at the next start.
"""

from __future__ import annotations

import asyncio
import itertools
from collections import defaultdict, deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from bot.demo import signal_events as events

if TYPE_CHECKING:
    from bot.demo.signal_chats import Json, SignalMessage
    from bot.demo.signal_people import SignalPerson
    from bot.demo.signal_world import SignalWorld


@dataclass(slots=True)
class Waiting:
    """One event. `line` is sent as it is instead of a notification; `identity` is the key that it was written with."""

    number: int
    person: SignalPerson | None
    event: Any
    identity: int = 0
    message: SignalMessage | None = None
    line: str | None = None


class Mailbox:
    """The queue of one account, which survives the daemon."""

    def __init__(self, world: SignalWorld) -> None:
        self.world = world
        self.numbers = itertools.count(1)
        self.waiting: deque[Waiting] = deque()
        self.taken: dict[int, Waiting] = {}
        self.decrypted: dict[int, Waiting] = {}
        self.held: dict[str, list[Waiting]] = defaultdict(list)
        self.trusted_again: deque[Waiting] = deque()
        self.lost: list[Any] = []
        self.handed_over_count = 0
        self.something = asyncio.Event()

    def put(self, person: SignalPerson | None, event: Any, message: SignalMessage | None, line: str | None) -> None:
        identity = person.identity if person else 0
        self.waiting.append(Waiting(next(self.numbers), person, event, identity, message, line))
        self.deliver_what_is_trusted()
        self.look()

    def look(self) -> None:
        """Let the daemon see whether something waits that it can reach."""
        if self.reachable():
            self.something.set()
        else:
            self.something.clear()

    def reachable(self) -> bool:
        return bool(self.waiting) and not self.world.network_gone and self.world.registered

    @property
    def empty(self) -> bool:
        """Whether nothing waits at the server or in the daemon, apart from what an untrusted key holds back."""
        return not (self.waiting or self.taken or self.decrypted)

    # what the daemon does

    def take(self) -> int | None:
        """Acknowledge the next event to the server and return its number."""
        if not self.reachable():
            self.look()
            return None
        entry = self.waiting.popleft()
        self.taken[entry.number] = entry
        self.look()
        return entry.number

    def decrypt(self, number: int) -> Json | None:
        """Return {"event": ...} or {"line": ...}; None for what the bot is never told: people whom it blocked."""
        entry = self.taken.pop(number, None)
        if entry is None:
            return None
        self.decrypted[number] = entry
        person = entry.person
        if entry.line is not None:
            return {"line": entry.line}
        if person is not None and person.id in self.world.blocked_by_bot:
            return None
        if person is not None and not self.world.trusts(person.id, entry.identity):
            self.held[person.id].append(entry)
            return {"event": self.untrusted(entry.event, person)}
        if person is not None:
            self.world.forgotten.discard(person.id)
        if entry.message is not None and person is not None and entry.message.ticks < 2:
            entry.message.ticks = 2
            self.world.message_changed("receipt", person, entry.message)
        return {"event": entry.event}

    def untrusted(self, event: Any, person: SignalPerson) -> Json:
        envelope = {key: value for key, value in event["envelope"].items() if not key.endswith("Message")}
        return events.untrusted(person.id) | {"envelope": envelope, "account": self.world.account}

    def handed_over(self, number: int, readers: int) -> None:
        """Forget an event; with no readers it is lost."""
        entry = self.decrypted.pop(number, None)
        if entry is not None and not readers:
            self.lost.append(entry.event)
        self.handed_over_count += 1

    def daemon_gone(self) -> None:
        """Lose what was only in the daemon's memory, and try again what was in its cache, in the old order."""
        self.lost.extend(entry.event for entry in self.decrypted.values())
        self.decrypted.clear()
        self.waiting.extendleft(reversed(self.taken.values()))
        self.taken.clear()
        self.look()

    # keys

    def trust(self, aci: str) -> None:
        """Deliver what was held back, at the next turn of the receive loop: with the next event, or after a while."""
        self.trusted_again.extend(self.held.pop(aci, []))
        if self.trusted_again:
            self.world.later(self.world.turn_of_receive_loop, self.deliver_what_is_trusted)

    def deliver_what_is_trusted(self) -> None:
        self.waiting.extendleft(reversed(self.trusted_again))
        self.trusted_again.clear()
        self.look()
