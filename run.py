#!/usr/bin/env python3
"""Start the bot on a machine that has Python and nothing else: install what it needs into .venv, then become it.

    python3 run.py           the demo, in the browser
    python3 run.py test      every test, three at a time for each core, with coverage; what follows "test" goes to
                             pytest instead
    python3 run.py run …     this and any other word goes to python -m bot

What is installed is pinned to its hash in requirements.lock (in requirements-dev.lock for the tests), and the package
index is the only network used. Four ways lead there and the first that works is taken, because they are missing on
different machines: uv, venv with its own pip, a pip found elsewhere, a pip fetched from the index by its checksum.
"""

import sys

if sys.version_info < (3, 11):  # noqa: UP036 -- this is the file that older Pythons get to see
    sys.exit(f"This bot needs Python 3.11 or newer, and this is Python {sys.version.split()[0]}.")

import base64
import configparser
import contextlib
import hashlib
import html
import http.client
import importlib.util
import json
import os
import re
import shutil
import signal
import ssl
import subprocess
import sysconfig
import tempfile
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import NamedTuple, NoReturn
from urllib.parse import unquote, urljoin, urlsplit
from urllib.request import Request, urlopen

HERE = Path(__file__).resolve().parent
VENV = HERE / ".venv"
PYTHON = VENV / "bin" / "python"
BASE = os.path.realpath(sys.executable)  # also when run from within the .venv that is about to be made anew
MARKER = VENV / "installed"
LOCK, LOCK_FOR_TESTS = HERE / "requirements.lock", HERE / "requirements-dev.lock"

INDEX = "https://pypi.org/simple"
PIP = "pip-26.3-py3-none-any.whl"
PIP_SHA256 = "f3b60b20ffaadd4415ed7957212a38ac63fa4c5fa375bd0f4a797777940fad13"


class Failed(Exception):
    """A way did not work; the text says why, in a sentence for the person at the terminal."""


class Way(NamedTuple):
    """One way to install: its name, the command that makes .venv, and the one that installs a lock into it."""

    name: str
    make: list[str]
    install: list[str]


def main(arguments: list[str]) -> NoReturn:
    """Install what is missing, then become the demo, the tests or the bot."""
    os.chdir(HERE)
    lock = LOCK_FOR_TESTS if arguments[:1] == ["test"] else LOCK
    if not is_installed(lock):
        signal.signal(signal.SIGTERM, lambda *_: sys.exit("Stopped while installing; the next run begins anew."))
        with alone() as guard:
            if not is_installed(lock):  # a run that this one waited for may have done it
                install(lock, guard)
    if lock == LOCK_FOR_TESTS:
        # A job in the background ignores it, and so would every program that a test stops with it.
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    sys.stdout.flush()
    # The same process goes on as the child, so that Ctrl-C and SIGTERM reach it.
    os.execv(PYTHON, [str(PYTHON), *command(arguments)])


def command(arguments: list[str]) -> list[str]:
    """Say what Python is to run for the words after run.py."""
    if not arguments:
        return ["-m", "bot", "demo"]
    if arguments[0] == "test":
        return ["-m", "pytest", *(arguments[1:] or every_test(os.cpu_count() or 1))]
    return ["-m", "bot", *arguments]


def every_test(cores: int) -> list[str]:
    """Say how pytest runs all of them: most of a test is waiting, so there are more at a time than cores.

    Each that runs takes about 0.35 GB.
    """
    return ["--cov", f"--numprocesses={min(max(3 * cores, 4), 16)}", "--dist=worksteal"]


def fingerprint(lock: Path) -> str:
    """Say what .venv would hold: this lock, for this version and kind of Python."""
    digest = hashlib.sha256(lock.read_bytes()).hexdigest()
    return f"{lock.name} {digest} {sys.implementation.cache_tag} {sysconfig.get_platform()}"


def is_installed(lock: Path) -> bool:
    """Whether an installation of exactly this lock was finished."""
    return PYTHON.exists() and MARKER.exists() and fingerprint(lock) in MARKER.read_text().splitlines()


@contextlib.contextmanager
def alone() -> Iterator[int]:
    """Wait until no other run is installing; give the file descriptor that keeps others waiting."""
    import fcntl  # not on Windows, whose Python can still read this file and say so

    with (HERE / ".venv.lock").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            print("Another run is installing already; this one waits for it.", flush=True)
            fcntl.flock(file, fcntl.LOCK_EX)
        yield file.fileno()


def install(lock: Path, guard: int) -> None:
    """Install a lock into .venv with the first way that works.

    The tests' lock is added to a finished .venv, as a demo may be running from it. In every other case .venv is made
    anew, so that nothing of an interrupted or older installation is left.
    """
    add = lock == LOCK_FOR_TESTS and is_installed(LOCK)
    MARKER.unlink(missing_ok=True)
    print(f"Installing what is needed into {VENV} (once, about a minute).", flush=True)
    reasons = []
    try:
        with contextlib.closing(ways(lock)) as every_way:
            for way in every_way:
                try:
                    if not add:
                        shutil.rmtree(VENV, ignore_errors=True)
                        run(way.make, guard)
                    run(way.install, guard)
                except Failed as failed:
                    reasons.append(f"With {way.name}: {failed}")
                else:
                    finished = [LOCK, LOCK_FOR_TESTS] if lock == LOCK_FOR_TESTS else [LOCK]
                    MARKER.write_text("".join(f"{fingerprint(each)}\n" for each in finished))
                    return
    except Failed as failed:
        reasons.append(f"With a pip from the package index: {failed}")
    sys.exit("Nothing could be installed.\n" + "\n".join(reasons) + advice("\n".join(reasons)))


def ways(lock: Path) -> Generator[Way, None, None]:
    """Yield the ways there are on this machine, best first. Raises Failed when pip cannot be fetched."""
    what = ["--require-hashes", "--only-binary=:all:", f"--requirement={lock}"]
    full = [BASE, "-m", "venv", str(VENV)]
    bare = [*full, "--without-pip"]
    uv, pip = shutil.which("uv"), shutil.which("pip3") or shutil.which("pip")
    if uv:
        make = [uv, "venv", f"--python={BASE}", str(VENV)]
        yield Way("uv", make, [uv, "pip", "install", f"--python={PYTHON}", *what])
    if importlib.util.find_spec("ensurepip"):  # Debian's python3 comes without
        yield Way("venv", full, [str(PYTHON), "-m", "pip", "install", *what])
    if importlib.util.find_spec("pip"):
        yield Way("the pip of this Python", bare, [BASE, "-m", "pip", f"--python={PYTHON}", "install", *what])
    if pip:
        yield Way(pip, bare, [pip, f"--python={PYTHON}", "install", *what])
    with tempfile.TemporaryDirectory() as folder:
        wheel = fetch_pip(Path(folder))
        yield Way("a pip from the package index", bare, [str(PYTHON), f"{wheel}/pip", "install", *what])


def run(words: list[str], guard: int) -> None:
    """Run a command to its end, silently. Raises Failed with what it said last."""
    try:
        with contextlib.ExitStack() as whatever_happens:
            with uninterrupted():  # or a child would go on that nobody knows
                child = subprocess.Popen(
                    words,
                    env=environment(),
                    text=True,
                    errors="replace",
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.STDOUT,
                    process_group=0,  # so that it can be stopped with its own children
                    pass_fds=[guard],  # so that the next run waits for it, should it outlive this one
                )
                whatever_happens.enter_context(child)
                whatever_happens.push(lambda error, *_: stop(child) if error else None)
            output, _ = child.communicate()
    except OSError as error:
        raise Failed(f"{words[0]} cannot be started ({error.strerror}).") from error
    if child.returncode:
        raise Failed(" ".join(output.split("\n")[-4:]).strip() or f"it ended with code {child.returncode}.")


def stop(child: subprocess.Popen[str]) -> None:
    """Kill a child with its own children."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(child.pid, signal.SIGKILL)


@contextlib.contextmanager
def uninterrupted() -> Iterator[None]:
    """Let SIGINT and SIGTERM wait for the end."""
    came: list[int] = []
    before = {
        each: signal.signal(each, lambda number, _: came.append(number)) for each in (signal.SIGINT, signal.SIGTERM)
    }
    try:
        yield
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)
        for number in came:
            signal.raise_signal(number)


def environment() -> dict[str, str]:
    """Give installers the person's environment, with one index for pip and uv and nothing that leads past .venv."""
    astray = {"PYTHONPATH", "PIP_TARGET", "PIP_PREFIX"}
    kept = {name: value for name, value in os.environ.items() if name not in astray}
    index = index_url()
    indexes = {} if index == INDEX else {"PIP_INDEX_URL": index, "UV_DEFAULT_INDEX": index}
    return {**kept, **indexes, "PIP_USER": "0", "PIP_DISABLE_PIP_VERSION_CHECK": "1"}


def index_url() -> str:
    """Find the package index where pip and uv look for it: the environment, pip's files, else PyPI."""
    for name in ("PIP_INDEX_URL", "UV_DEFAULT_INDEX", "UV_INDEX_URL"):
        if os.environ.get(name):
            return os.environ[name]
    settings = Path(os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config")
    files = [Path("/etc/xdg/pip/pip.conf"), Path("/etc/pip.conf"), Path.home() / ".pip/pip.conf"]
    files += [settings / "pip/pip.conf", Path(os.environ.get("PIP_CONFIG_FILE", os.devnull))]
    config = configparser.RawConfigParser(strict=False)
    with contextlib.suppress(configparser.Error):  # pip itself will say what is wrong with it
        config.read(files)
    return config.get("install", "index-url", fallback=config.get("global", "index-url", fallback=INDEX))


def fetch_pip(folder: Path) -> Path:
    """Fetch the one pip whose checksum is known. Raises Failed where there is none, or another one."""
    page = f"{index_url().rstrip('/')}/pip/"
    try:
        address = address_of_pip(fetch(page).decode(), page)
    except (KeyError, ValueError) as error:
        raise Failed(f"{shown(page)} is not a page of a package index.") from error
    content = fetch(address)
    if hashlib.sha256(content).hexdigest() != PIP_SHA256:
        raise Failed(f"the {PIP} of {shown(page)} is not the one whose checksum is known, so it was not used.")
    wheel = folder / PIP
    wheel.write_bytes(content)
    return wheel


def address_of_pip(listing: str, page: str) -> str:
    """Find the wheel in a page of the index, which is JSON or HTML as the index likes."""
    if listing.lstrip().startswith("{"):
        links = [str(file["url"]) for file in json.loads(listing)["files"]]
    else:
        links = [html.unescape(link) for link in re.findall(r"""href\s*=\s*["']([^"']+)""", listing)]
    for link in links:
        address = urljoin(page, link).partition("#")[0]
        if address.endswith(f"/{PIP}"):
            return address
    raise Failed(f"{shown(page)} does not have {PIP}.")


def shown(address: str) -> str:
    """Give an address without the name and password that may be in it."""
    parts = urlsplit(address)
    return parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()


def fetch(address: str) -> bytes:
    """Read an address of the index, through the proxies of the environment. Raises Failed when that cannot be done."""
    login = urlsplit(address).netloc.rpartition("@")[0]
    request = Request(shown(address))
    request.add_header("Accept", "application/vnd.pypi.simple.v1+json, text/html;q=0.5, */*;q=0.1")
    if login:
        request.add_header("Authorization", "Basic " + base64.b64encode(unquote(login).encode()).decode())
    try:
        with urlopen(request, timeout=60, context=tls(secret=bool(login))) as answer:
            return bytes(answer.read())
    except (OSError, http.client.HTTPException) as error:
        cause = getattr(error, "reason", error)  # urllib wraps what happened
        raise Failed(f"{request.full_url} cannot be read ({getattr(cause, 'strerror', None) or cause}).") from error


def tls(*, secret: bool) -> ssl.SSLContext:
    """Trust whom the machine trusts; one that knows no authority at all is no hindrance, unless a secret is sent."""
    context = ssl.create_default_context(cafile=os.environ.get("PIP_CERT"))
    paths = ssl.get_default_verify_paths()
    known = os.environ.get("PIP_CERT") or paths.cafile or (paths.capath and any(Path(paths.capath).glob("*.0")))
    if not known and not secret:
        # A bare Debian. Only pip is fetched like this, and its checksum says whether it is the right one, whoever
        # brings it; pip has authorities of its own and checks everything that comes after it.
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context


def advice(reasons: str) -> str:
    """Say what helps against the faults that people can do something about."""
    if re.search(r"certificate.verify.failed|UnknownIssuer", reasons, re.IGNORECASE):
        return (
            "\nThe package index shows a certificate that is not trusted here. Install ca-certificates "
            "(Debian: apt-get install ca-certificates), or name the file with the authority of your own network "
            "in SSL_CERT_FILE and PIP_CERT."
        )
    if re.search(r"resolv|name or service|unreachable|timed out|refused|dns error", reasons, re.IGNORECASE):
        return f"\nIs there a network? {shown(index_url())} has to be reachable, or the index that PIP_INDEX_URL names."
    return ""


if __name__ == "__main__":
    try:
        main(sys.argv[1:])
    except KeyboardInterrupt:
        sys.exit("Stopped while installing; the next run begins anew.")
    except ModuleNotFoundError as error:
        sys.exit(f"This Python lacks {error.name}: the bot runs on Linux and macOS (on Windows, in WSL).")
    except OSError as error:
        sys.exit(f"{error.filename or HERE} cannot be used: {error.strerror or error}.")
