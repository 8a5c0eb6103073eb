"""A pretend signal-cli: a strict fake of its daemon on a UNIX socket, with the people who have Signal behind it.

In a test or the demo it lives in the same process:

    async with PretendSignal(folder / "signal.sock") as signal:
        ...                                    # start the bot with that socket
        await signal.subscribed()
        oksana = signal.person("Оксана")
        await oksana.writes("Привіт")
        await signal.changed(lambda: oksana.sees("Вітаємо"))

It does what was measured on signal-cli 0.13.19 and read in the sources of 0.14: answers out of order and between
events, at-most-once delivery, failures per recipient, no order among sends that overlap, outcomes nobody can know.

The modules: `signal_chats` (what is kept), `signal_events` (what the bot is told), `signal_telephone` and
`signal_people` (who acts), `signal_mailbox` (what waits), `signal_world` (all of it, and who is told),
`signal_methods`, `signal_sending`, `signal_account` and `signal_rules` (the methods and what they refuse),
`signal_server` (all that a daemon knows of the world), `signal_rpc` and `signal_daemon` (the daemon),
`signal_faults`. Here they are put together.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Self

from bot.demo.signal_daemon import Daemon, DaemonExits, StaleSocket
from bot.demo.signal_server import WorldServer
from bot.demo.signal_world import SignalWorld

if TYPE_CHECKING:
    from pathlib import Path

    from bot.demo.signal_faults import Fault

__all__ = ["DaemonExits", "PretendSignal", "StaleSocket"]


class PretendSignal(SignalWorld):
    """A signal-cli daemon for one account, Signal's server behind it, and everybody who talks to the bot."""

    def __init__(
        self,
        socket: Path,
        account: str = "+4915100000001",
        *,
        single_account: bool = True,
        seed: int = 0,
        receive_mode: str = "manual",
        version: str = "0.14.7",
        trust_new_identities: str = "on-first-use",
    ) -> None:
        super().__init__(
            account,
            single_account=single_account,
            seed=seed,
            version=version,
            trust_new_identities=trust_new_identities,
        )
        self.socket = socket
        self.receive_mode = receive_mode
        self.server = WorldServer(self)
        self.daemon: Daemon | None = None

    async def __aenter__(self) -> Self:
        await self.daemon_starts()
        return self

    async def __aexit__(self, *exc_info: object) -> None:
        await self.daemon_stops()
        self.stop_timers()

    # the daemon's life

    @property
    def running(self) -> bool:
        return bool(self.daemon_state["running"])

    async def daemon_starts(self) -> None:
        """Start the daemon. Raises: StaleSocket when the socket's file is there, DaemonExits without account."""
        if self.running:
            raise DaemonExits(1, "Config file is in use by another instance")
        daemon = Daemon(self.socket, self.server, self.receive_mode, self.random.getrandbits(32))
        await daemon.start()
        self.daemon = daemon

    async def daemon_dies(self) -> None:
        """Kill it (-9): no request in flight is answered, connections break, the socket's file stays."""
        if self.daemon is not None:
            daemon, self.daemon = self.daemon, None
            await daemon.die()
            self.gone_now()

    async def daemon_stops(self) -> None:
        """Stop it as SIGTERM does: connections end properly, the socket's file is removed."""
        if self.daemon is not None:
            daemon, self.daemon = self.daemon, None
            await daemon.stop()
            self.gone_now()

    async def revive(self) -> None:
        """Start it as its systemd unit does: the socket's file is removed before."""
        self.socket.unlink(missing_ok=True)
        await self.daemon_starts()

    def gone_now(self) -> None:
        self.server.reported({"running": False, "subscriptions": 0, "connections": 0})

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

    async def account_vanishes(self) -> None:
        """De-register the account: a daemon of one account exits, one of several says nothing at all."""
        self.registered = False
        self.mailbox.look()
        if self.single_account and self.daemon is not None:
            daemon, self.daemon = self.daemon, None
            self.server.exit.set()
            await daemon.ended.wait()
            self.gone_now()

    # waiting

    async def all_taken(self, timeout: float = 8.0) -> None:  # noqa: ASYNC109  # it says what did not happen
        """Return once nothing that people sent waits at the server, in the daemon or unread in a socket."""
        await self.changed(lambda: self.mailbox.empty, timeout, "everything taken")
        async with asyncio.timeout(timeout):
            while self.daemon is not None and self.daemon.unread():  # noqa: ASYNC110  # the kernel tells nobody
                await asyncio.sleep(0.002)
