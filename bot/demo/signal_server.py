"""What the signal-cli daemon needs of the world behind it, in values that fit into JSON, and the world's side of it."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Protocol

from bot.demo.signal_chats import Call, Violation
from bot.demo.signal_faults import Kind
from bot.demo.signal_methods import do
from bot.demo.signal_rules import Refused

if TYPE_CHECKING:
    from bot.demo.signal_chats import Json
    from bot.demo.signal_faults import Fault
    from bot.demo.signal_world import SignalWorld

ORDERED = {"send", "remoteDelete", "sendReaction", "sendPollCreate"}  # what people must get in the order of sending


class SignalServer(Protocol):
    """All that a daemon knows of the world."""

    async def starts(self) -> Json:
        """Begin a daemon's life; return "single_account", "account", "version" and "exit": 0, or why it cannot."""
        ...

    async def ends(self) -> int:
        """Return the code with which the daemon has to exit, once it has to."""
        ...

    async def call(self, method: str, params: Json | None) -> Json:
        """Do what a method does; return "answer" ({"result": ...} or {"error": ...} or None), "line" and "breaks"."""
        ...

    async def waits(self) -> None:
        """Return once something waits at the server."""
        ...

    async def take(self) -> int | None:
        """Take the next event off the server, into signal-cli's cache."""
        ...

    async def decrypt(self, number: int) -> Json | None:
        """Take an event out of the cache; from now on it is only in the daemon's memory. See `Mailbox.decrypt`."""
        ...

    async def handed_over(self, number: int, readers: int) -> None:
        """Say to how many subscriptions an event was written."""
        ...

    async def reports(self, state: Json) -> None:
        """Say what changed of "running", "subscriptions" and "connections"."""
        ...


class WorldServer:
    """The world's side: faults, latency and order of the calls."""

    def __init__(self, world: SignalWorld) -> None:
        self.world = world

    async def starts(self) -> Json:
        world = self.world
        world.exit.clear()
        code = 0
        if world.single_account:
            code = 1 if not world.registered else 3 if world.network_gone else 0
        return {
            "single_account": world.single_account,
            "account": world.account,
            "version": world.version,
            "exit": code,
        }

    async def ends(self) -> int:
        await self.world.exit.wait()
        return 1

    async def call(self, method: str, params: Json | None) -> Json:
        world = self.world
        world.counts[method] = world.counts.get(method, 0) + 1
        fault = world.faults.next(method)
        recipients = self.begins(method, params)
        effect = False
        try:
            await self.pause()
            effect = True
            answer = self.answer(method, params, fault)
            await self.pause()
            if fault is not None and fault.kind is Kind.LATE:
                await asyncio.sleep(fault.seconds)
        except asyncio.CancelledError:
            # The daemon died: some of what it was doing had reached Signal, some had not.
            if not effect and world.random.random() < 0.5:
                self.answer(method, params, fault)
            self.record(method, params, None)
            raise
        finally:
            self.finishes(recipients)
        return self.reply(method, params, fault, answer)

    def reply(self, method: str, params: Json | None, fault: Fault | None, answer: Json) -> Json:
        """Spoil the answer as ordered."""
        kind = fault.kind if fault else None
        silent = kind in {Kind.SILENCE, Kind.BREAK}
        self.record(method, params, None if silent else answer)
        return {
            "answer": None if silent else answer,
            "breaks": kind is Kind.BREAK,
            "line": fault.line if fault is not None and kind is Kind.GARBAGE else None,
        }

    def answer(self, method: str, params: Json | None, fault: Fault | None) -> Json:
        """Let a call have its effect, unless a fault says that it has none."""
        try:
            if fault is not None and fault.kind is Kind.ERROR:
                raise Refused(fault.code, fault.message)
            if fault is not None and fault.kind in {Kind.SILENCE, Kind.BREAK} and not fault.delivered:
                return {}
            return {"result": do(self.world, method, params, fault)}
        except Refused as refused:
            return {"error": refused.as_json()}

    def record(self, method: str, params: Json | None, answer: Json | None) -> None:
        world = self.world
        world.calls.append(Call(method, params, answer, world.now()))
        world.tell("call", method=method, params=params, answer=answer)

    async def pause(self) -> None:
        """Let half of a request's time pass: by `latency`, or only long enough that others come in between."""
        world = self.world
        if world.latency[1]:
            await asyncio.sleep(world.random.uniform(*world.latency) / 2)
            return
        for _ in range(world.random.randrange(4)):
            await asyncio.sleep(0)

    def begins(self, method: str, params: Json | None) -> list[str]:
        """Note who is being sent to, and that somebody is being sent two things at once."""
        if method not in ORDERED or params is None:
            return []
        world = self.world
        given = params.get("recipient", params.get("recipients"))
        recipients = [str(each) for each in given] if isinstance(given, list) else [str(given)]
        for recipient in recipients:
            if world.in_flight.get(recipient):
                world.in_flight_violations.append(Violation("in flight", recipient, method))
            world.in_flight[recipient] = world.in_flight.get(recipient, 0) + 1
        world.look_again()
        return recipients

    def finishes(self, recipients: list[str]) -> None:
        for recipient in recipients:
            self.world.in_flight[recipient] -= 1
            if not self.world.in_flight[recipient]:
                del self.world.in_flight[recipient]

    async def waits(self) -> None:
        await self.world.mailbox.something.wait()

    async def take(self) -> int | None:
        return self.world.mailbox.take()

    async def decrypt(self, number: int) -> Json | None:
        cached, in_memory = self.world.decryption
        await asyncio.sleep(cached)
        decrypted = self.world.mailbox.decrypt(number)
        self.world.look_again()
        await asyncio.sleep(in_memory)
        return decrypted

    async def handed_over(self, number: int, readers: int) -> None:
        self.world.mailbox.handed_over(number, readers)
        self.world.look_again()

    async def reports(self, state: Json) -> None:
        self.reported(state)

    def reported(self, state: Json) -> None:
        """Note what changed of the daemon; one that ended has lost what it had in memory."""
        world = self.world
        world.daemon_state |= state
        if state.get("running") is False:
            world.mailbox.daemon_gone()
        if state.get("subscriptions"):
            world.mailbox.deliver_what_is_trusted()
        world.tell("daemon", **world.daemon_state)
