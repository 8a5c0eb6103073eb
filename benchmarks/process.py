"""A bot as a process of its own: started, pinned to a core, measured, ended."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from pathlib import Path

ROOT = Path(__file__).parent.parent
PATIENCE = 10.0
"""Seconds that a process gets to end by itself."""
MEBIBYTE = 1024 * 1024


class Process:
    """A running Python program."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    @property
    def pid(self) -> int:
        """Return its number."""
        return self._process.pid

    @property
    def is_running(self) -> bool:
        """Say whether it has not ended yet."""
        return self._process.returncode is None

    @property
    def ended_by_itself(self) -> bool:
        """Say whether it has ended without having been killed."""
        return self._process.returncode not in (None, -signal.SIGKILL)

    def cpu_seconds(self) -> float:
        """Return how long it has computed so far, all threads together (proc(5), fields utime and stime)."""
        fields = Path(f"/proc/{self.pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def memory(self) -> float:
        """Return its resident memory in MiB (proc(5), second field of statm)."""
        pages = Path(f"/proc/{self.pid}/statm").read_text(encoding="utf-8").split()[1]
        return int(pages) * os.sysconf("SC_PAGE_SIZE") / MEBIBYTE

    def peak_memory(self) -> float:
        """Return the most resident memory it ever had, in MiB (proc(5), field VmHWM of status, in KiB)."""
        status = Path(f"/proc/{self.pid}/status").read_text(encoding="utf-8")
        return int(status.partition("VmHWM:")[2].split()[0]) / 1024

    def kill(self) -> None:
        """End it at once, as `kill -9` does."""
        self._send(signal.SIGKILL)

    def terminate(self) -> None:
        """Ask it to end, as a supervisor does."""
        self._send(signal.SIGTERM)

    def _send(self, number: signal.Signals) -> None:
        """Send a signal; asyncio's own way would take the exit code from under its watcher's hands."""
        if self._process.returncode is None:
            with suppress(ProcessLookupError):
                os.kill(self.pid, number)

    async def ended(self, seconds: float = PATIENCE) -> int:
        """Wait for its end and return its exit code. Raises: TimeoutError."""
        async with asyncio.timeout(seconds):
            return await self._process.wait()


async def start(arguments: list[str], settings: Mapping[str, str], log: Path, core: int | None = None) -> Process:
    """Start `python -m …` in the folder of its log with these settings and no `.env`, on one core if one is given."""
    environment = {**os.environ, **settings, "PYTHONPATH": str(ROOT)}
    with log.open("ab") as written:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", *arguments), env=environment, cwd=log.parent, stdout=written, stderr=written
        )
    if core is not None:
        os.sched_setaffinity(process.pid, {core})
    return Process(process)


@asynccontextmanager
async def running(
    arguments: list[str], settings: Mapping[str, str], log: Path, core: int | None
) -> AsyncIterator[Process]:
    """Let a program run while the block lasts."""
    process = await start(arguments, settings, log, core)
    try:
        yield process
    finally:
        process.terminate()
        try:
            await process.ended()
        except TimeoutError:
            process.kill()
            await process.ended()


def cores() -> tuple[int | None, int | None]:
    """Return the core for the bot and the one for everything else; None where there are not two."""
    usable = sorted(os.sched_getaffinity(0))
    return (usable[0], usable[1]) if len(usable) > 1 else (None, None)
