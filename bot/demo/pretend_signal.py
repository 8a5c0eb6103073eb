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

For benchmarks the daemon is a process of its own that can really be killed, and the world stays:

    world = SignalWorld()
    async with world.serve(folder / "world.sock"):
        ...                                    # python -m bot.demo.pretend_signal --socket ... --world ...

The modules: `signal_chats` (what is kept), `signal_events` (what the bot is told), `signal_telephone` and
`signal_people` (who acts), `signal_mailbox` (what waits), `signal_world` and `waiting` (all of it, and who is told),
`signal_methods`, `signal_sending`, `signal_account` and `signal_rules` (the methods and what they refuse),
`signal_server` and `signal_link` (all that a daemon knows of the world), `signal_rpc` and `signal_daemon` (the
daemon), `signal_faults`. Here they are put together.
"""

from __future__ import annotations

import argparse
import asyncio
import signal as signals
import sys
from pathlib import Path
from typing import Self

from bot.demo.signal_daemon import Daemon, DaemonExits, StaleSocket
from bot.demo.signal_link import RemoteServer
from bot.demo.signal_server import WorldServer
from bot.demo.signal_world import SignalWorld

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
        self.crashes: list[Exception] = []

    async def __aenter__(self) -> Self:
        await self.daemon_starts()
        return self

    async def __aexit__(self, *exc_info: object) -> None:
        await self.daemon_stops()
        self.stop_timers()
        if self.crashes and exc_info[0] is None:
            raise ExceptionGroup("the pretend signal-cli itself failed", self.crashes)

    # the daemon's life

    @property
    def running(self) -> bool:
        return bool(self.daemon_state["running"])

    async def daemon_starts(self) -> None:
        """Start the daemon. Raises: StaleSocket when the socket's file is there, DaemonExits without account."""
        if self.running:
            raise DaemonExits(1, "Config file is in use by another instance")
        daemon = Daemon(self.socket, self.server, self.receive_mode, self.random.getrandbits(32))
        daemon.crashes = self.crashes
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

    async def account_vanishes(self) -> None:
        """De-register the account: a daemon of one account exits, one of several says nothing at all."""
        await super().account_vanishes()
        if self.single_account and self.daemon is not None:
            daemon, self.daemon = self.daemon, None
            await daemon.ended.wait()
            self.gone_now()

    # waiting

    async def all_taken(self, timeout: float = 8.0) -> None:  # noqa: ASYNC109  # it says what did not happen
        """Return once nothing that people sent waits at the server, in the daemon or unread in a socket."""
        await super().all_taken(timeout)
        async with asyncio.timeout(timeout):
            while self.daemon is not None and self.daemon.unread():  # noqa: ASYNC110  # the kernel tells nobody
                await asyncio.sleep(0.002)


async def serve(path: Path, world: Path, receive_mode: str, seed: int) -> int:
    """Run a daemon until SIGTERM or until its account is gone, and return what to exit with.

    It says on standard output when it serves.
    """
    async with RemoteServer(world) as server:
        daemon = Daemon(path, server, receive_mode, seed)
        try:
            await daemon.start()
        except (StaleSocket, DaemonExits) as refused:
            sys.stderr.write(f"{refused}\n")
            return refused.code if isinstance(refused, DaemonExits) else 3
        asyncio.get_running_loop().add_signal_handler(signals.SIGTERM, daemon.ended.set)
        sys.stdout.write(f"{path}\n")
        sys.stdout.flush()
        ends = [asyncio.ensure_future(event.wait()) for event in (daemon.ended, server.gone)]
        await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
        for end in ends:
            end.cancel()
        await daemon.stop()
        for crash in daemon.crashes:
            sys.stderr.write(f"the pretend signal-cli itself failed: {crash!r}\n")
        return daemon.exit_code


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m bot.demo.pretend_signal", description="A pretend signal-cli.")
    parser.add_argument("--socket", type=Path, required=True, help="where the bot will connect")
    parser.add_argument("--world", type=Path, required=True, help="where the world listens")
    parser.add_argument("--receive-mode", choices=["manual", "on-connection", "on-start"], default="manual")
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args(arguments)
    return asyncio.run(serve(given.socket, given.world, given.receive_mode, given.seed))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
