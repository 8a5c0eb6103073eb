"""run.py leads from Python alone to a running bot, whatever the machine has, and never twice."""

import ast
import importlib.util
import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from types import ModuleType
from typing import Any

import pytest

PROJECT = Path(__file__).parent.parent


class Checkout:
    """A copy of run.py with small locks, a bot that says who it is, and a uv of the test's making."""

    def __init__(self, home: Path) -> None:
        self.folder, self.tools, self.log = home / "checkout", home / "tools", home / "log"
        (self.folder / "bot").mkdir(parents=True)
        self.tools.mkdir()
        (self.folder / "run.py").write_bytes((PROJECT / "run.py").read_bytes())
        (self.folder / "requirements.lock").write_text("# runtime\n")
        (self.folder / "requirements-dev.lock").write_text("# tests\n")
        (self.folder / "bot/__main__.py").write_text("import os, sys; print('bot', os.getpid(), *sys.argv[1:])")
        (self.folder / "pytest.py").write_text("import sys; print('pytest', *sys.argv[1:])")
        self.has_tool("uv")

    def has_tool(self, name: str, installing: str = "exit 0") -> None:
        """Put a tool on the PATH that notes how it was called, makes a .venv, and installs with a line of shell."""
        tool = self.tools / name
        python = self.folder / ".venv/bin/python"
        make = f"/bin/mkdir -p {python.parent} && /bin/ln -s {os.path.realpath(sys.executable)} {python}"
        tool.write_text(
            f'#!/bin/sh\necho "{name} $*" >>{self.log}\nif [ "$1" = venv ]; then {make}; exit; fi\n{installing}\n'
        )
        tool.chmod(0o755)

    def starts(self, *words: str) -> subprocess.Popen[str]:
        environment = {"PATH": f"{self.tools}:/usr/bin:/bin", "HOME": str(self.folder.parent)}
        return subprocess.Popen(
            [sys.executable, str(self.folder / "run.py"), *words],
            env=environment, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        )  # fmt: skip

    def runs(self, *words: str) -> str:
        with self.starts(*words) as process:
            output, _ = process.communicate(timeout=60)
        assert process.returncode == 0, output
        return output

    @property
    def installed(self) -> list[str]:
        """The locks that were installed, in order."""
        calls = self.log.read_text() if self.log.exists() else ""
        return re.findall(r"--requirement=\S*/(\S+)", calls)

    @property
    def made_anew(self) -> int:
        """How often .venv was made."""
        return len(re.findall(r"^uv venv", self.log.read_text(), re.MULTILINE))


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    return Checkout(tmp_path)


@pytest.fixture
def run(checkout: Checkout, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The module run.py of the checkout, on a machine that has nothing but Python and the checkout's tools."""
    for name in [
        name for name in os.environ if name.startswith(("PIP_", "UV_", "XDG_")) or name.lower().endswith("_proxy")
    ]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("PATH", str(checkout.tools))
    monkeypatch.setenv("HOME", str(checkout.folder.parent))
    (checkout.tools / "uv").unlink()
    found = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name in {"ensurepip", "pip"} else found(name))
    spec = importlib.util.spec_from_file_location("run_of_the_checkout", checkout.folder / "run.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@dataclass
class Index:
    """A package index on loopback."""

    address: str = ""
    pages: dict[str, bytes] = field(default_factory=dict)
    asked: list[str | None] = field(default_factory=list)


@pytest.fixture
def index(monkeypatch: pytest.MonkeyPatch) -> Iterator[Index]:
    index = Index()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            index.asked.append(self.headers["Authorization"])
            self.send_response(200 if self.path in index.pages else 404)
            self.end_headers()
            self.wfile.write(index.pages.get(self.path, b""))

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 -- the name in http.server
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = Thread(target=server.serve_forever, args=[0.01])
        thread.start()
        index.address = f"http://127.0.0.1:{server.server_port}"
        monkeypatch.setenv("PIP_INDEX_URL", f"{index.address}/simple/")
        yield index
        server.shutdown()
        thread.join()


@pytest.mark.parametrize(
    ("words", "becomes"),
    [
        ([], ["-m", "bot", "demo"]),
        (["test", "-x", "tests/test_run.py"], ["-m", "pytest", "-x", "tests/test_run.py"]),
        (["invite", "--role", "desk"], ["-m", "bot", "invite", "--role", "desk"]),
        (["--help"], ["-m", "bot", "--help"]),
    ],
)
def test_each_word_leads_to_its_program(run: ModuleType, words: list[str], becomes: list[str]) -> None:
    assert run.command(words) == becomes


@pytest.mark.parametrize(("cores", "at_a_time"), [(None, 4), (1, 4), (2, 6), (4, 12), (64, 16)])
def test_all_tests_run_several_at_a_time(
    run: ModuleType, monkeypatch: pytest.MonkeyPatch, cores: int | None, at_a_time: int
) -> None:
    monkeypatch.setattr(os, "cpu_count", lambda: cores)
    assert run.command(["test"]) == ["-m", "pytest", "--cov", f"--numprocesses={at_a_time}", "--dist=worksteal"]


def test_the_bot_takes_the_place_of_run_so_that_signals_reach_it(checkout: Checkout) -> None:
    with checkout.starts("check", "--all") as process:
        output, _ = process.communicate(timeout=60)
    assert output.splitlines()[-1] == f"bot {process.pid} check --all"


def test_what_the_tests_start_can_be_interrupted_also_where_they_run_in_the_background(checkout: Checkout) -> None:
    (checkout.folder / "pytest.py").write_text("import signal; print(signal.getsignal(signal.SIGINT).__name__)")
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        assert checkout.runs("test").endswith("\ndefault_int_handler\n")
    finally:
        signal.signal(signal.SIGINT, before)


def test_nothing_is_installed_twice(checkout: Checkout) -> None:
    checkout.runs()
    checkout.runs()
    assert checkout.installed == ["requirements.lock"]


def test_the_tests_install_their_own_lock_and_leave_the_demo_its_venv(checkout: Checkout) -> None:
    checkout.runs()
    assert "\npytest --cov " in checkout.runs("test")
    checkout.runs("test")
    checkout.runs()
    assert checkout.installed == ["requirements.lock", "requirements-dev.lock"]
    assert checkout.made_anew == 1


def test_a_lock_that_an_update_changed_is_installed_into_a_new_venv(checkout: Checkout) -> None:
    checkout.runs()
    (checkout.folder / "requirements.lock").write_text("# updated\n")
    checkout.runs()
    assert checkout.made_anew == 2


def test_another_python_gets_a_venv_of_its_own(checkout: Checkout) -> None:
    checkout.runs()
    marker = checkout.folder / ".venv/installed"
    marker.write_text(marker.read_text().replace(str(sys.implementation.cache_tag), "cpython-310"))
    checkout.runs()
    assert checkout.made_anew == 2


def test_a_venv_whose_python_is_gone_is_made_anew(checkout: Checkout) -> None:
    checkout.runs()
    (checkout.folder / ".venv/bin/python").unlink()
    checkout.runs()
    assert checkout.made_anew == 2


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_an_interrupted_installation_is_repaired(checkout: Checkout, how: signal.Signals) -> None:
    begun = checkout.folder.parent / "begun"
    os.mkfifo(begun)
    checkout.has_tool("uv", f"echo >{begun}; exec cat {begun}")  # begins, and does not end
    with checkout.starts() as process:
        begun.read_text()
        process.send_signal(how)
        if how is signal.SIGKILL:
            begun.write_text("")  # a child of somebody who was killed goes on, and ends some time
        output, _ = process.communicate(timeout=60)
    assert process.returncode != 0
    assert "Traceback" not in output
    checkout.has_tool("uv")
    checkout.runs()
    assert checkout.made_anew == 2


def test_an_installer_is_not_left_behind_if_that_is_the_moment_to_stop(
    run: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    started: list[subprocess.Popen[str]] = []

    def stopped_while_it_starts(*words: Any, **settings: Any) -> subprocess.Popen[str]:
        started.append(popen(*words, **settings))
        signal.raise_signal(signal.SIGTERM)
        return started[0]

    popen = subprocess.Popen
    monkeypatch.setattr(subprocess, "Popen", stopped_while_it_starts)
    before = signal.signal(signal.SIGTERM, lambda *_: sys.exit("stopped"))
    try:
        with Path(os.devnull).open() as guard, pytest.raises(SystemExit):
            run.run(["/bin/sleep", "60"], guard.fileno())
    finally:
        signal.signal(signal.SIGTERM, before)
    assert started[0].poll() == -signal.SIGKILL


def test_of_two_runs_at_once_one_installs_and_the_other_waits(checkout: Checkout) -> None:
    begun = checkout.folder.parent / "begun"
    os.mkfifo(begun)
    checkout.has_tool("uv", f"echo >{begun}; cat {begun}")
    with checkout.starts() as first:
        begun.read_text()
        with checkout.starts() as second:
            assert second.stdout
            assert second.stdout.readline() == "Another run is installing already; this one waits for it.\n"
            begun.write_text("")  # the first one's installation ends
            assert second.communicate(timeout=60)[0].startswith("bot")
        first.communicate(timeout=60)
    assert (first.returncode, second.returncode) == (0, 0)
    assert checkout.installed == ["requirements.lock"]


def test_the_first_way_that_the_machine_has_is_taken(
    run: ModuleType, checkout: Checkout, monkeypatch: pytest.MonkeyPatch
) -> None:
    def first_way() -> str:
        return str(next(run.ways(run.LOCK)).name)

    checkout.has_tool("pip3")
    assert first_way() == str(checkout.tools / "pip3")
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: name == "pip")
    assert first_way() == "the pip of this Python"
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: name in {"pip", "ensurepip"})
    assert first_way() == "venv"
    checkout.has_tool("uv")
    assert first_way() == "uv"


def test_a_way_that_does_not_work_is_followed_by_the_next(run: ModuleType, checkout: Checkout) -> None:
    checkout.has_tool("uv", "exit 2")
    checkout.has_tool("pip3")
    with run.alone() as guard:
        run.install(run.LOCK, guard)
    assert run.is_installed(run.LOCK)
    assert checkout.installed == ["requirements.lock", "requirements.lock"]


def test_a_machine_on_which_nothing_works_is_told_why_in_sentences(
    run: ModuleType, checkout: Checkout, monkeypatch: pytest.MonkeyPatch
) -> None:
    checkout.has_tool("uv", "echo I know no such interpreter.; exit 2")
    monkeypatch.setenv("PIP_INDEX_URL", "http://127.0.0.1:1/simple")
    with run.alone() as guard, pytest.raises(SystemExit) as end:
        run.install(run.LOCK, guard)
    assert str(end.value).splitlines() == [
        "Nothing could be installed.",
        "With uv: I know no such interpreter.",
        "With a pip from the package index: http://127.0.0.1:1/simple/pip/ cannot be read (Connection refused).",
        "Is there a network? http://127.0.0.1:1/simple has to be reachable, or the index that PIP_INDEX_URL names.",
    ]
    assert not run.is_installed(run.LOCK)


def as_html(run: ModuleType) -> bytes:
    links = [f'<a href="../../files/{name}">{name}</a>' for name in ("pip-1.0.tar.gz", f"{run.PIP}#sha256=0")]
    return "<br>".join(links).encode()


def as_json(run: ModuleType) -> bytes:
    return json.dumps({"files": [{"url": f"/files/{name}"} for name in ("pip-1.0.tar.gz", run.PIP)]}).encode()


@pytest.mark.parametrize("listing", [as_html, as_json])
def test_a_pip_with_another_checksum_is_refused(
    run: ModuleType, index: Index, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, listing: type[bytes]
) -> None:
    index.pages = {"/simple/pip/": listing(run), f"/files/{run.PIP}": b"a pip"}
    with pytest.raises(run.Failed, match="not the one whose checksum is known"):
        run.fetch_pip(tmp_path)
    assert not list(tmp_path.glob("*.whl"))

    monkeypatch.setattr(run, "PIP_SHA256", run.hashlib.sha256(b"a pip").hexdigest())
    assert run.fetch_pip(tmp_path).read_bytes() == b"a pip"


@pytest.mark.parametrize("page", [b"{}", b"{", b"\xff", b"<p>Please log in", b'{"files": []}'])
def test_an_index_that_answers_something_else_is_named(
    run: ModuleType, index: Index, tmp_path: Path, page: bytes
) -> None:
    index.pages = {"/simple/pip/": page}
    with pytest.raises(run.Failed, match=f"{index.address}/simple/pip/ "):
        run.fetch_pip(tmp_path)


def test_the_index_gets_the_name_and_password_of_its_address_and_nobody_else_sees_them(
    run: ModuleType, index: Index, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PIP_INDEX_URL", index.address.replace("://", "://city:s%40cret@"))
    index.pages = {"/pip/": b"nothing here"}
    with pytest.raises(run.Failed) as failed:
        run.fetch_pip(tmp_path)
    assert index.asked == ["Basic Y2l0eTpzQGNyZXQ="]
    assert "cret" not in str(failed.value)


def test_the_index_is_the_one_that_pip_and_uv_are_set_to(
    run: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PIP_CONFIG_FILE", str(tmp_path / "pip.conf"))
    (tmp_path / "pip.conf").write_text("[global]\nindex-url = https://of-pip.example/simple\n")
    assert run.index_url() == "https://of-pip.example/simple"
    monkeypatch.setenv("UV_DEFAULT_INDEX", "https://of-uv.example/simple")
    assert run.index_url() == "https://of-uv.example/simple"
    monkeypatch.setenv("PIP_INDEX_URL", "https://of-both.example/simple")
    assert run.index_url() == "https://of-both.example/simple"
    given = run.environment()
    assert given["PIP_INDEX_URL"] == given["UV_DEFAULT_INDEX"] == "https://of-both.example/simple"


def test_installers_cannot_be_led_past_the_venv(run: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", "/elsewhere")
    monkeypatch.setenv("PIP_TARGET", "/elsewhere")
    monkeypatch.setenv("PIP_USER", "1")
    given = run.environment()
    assert given["PIP_USER"] == "0"
    assert "/elsewhere" not in given.values()


def test_an_old_python_can_read_far_enough_to_say_that_it_is_too_old() -> None:
    ast.parse((PROJECT / "run.py").read_text(), feature_version=(3, 7))


def test_the_locks_pin_every_package_to_hashes_and_agree() -> None:
    """The tests' lock holds everything the bot runs with, in the same versions: run.py relies on it."""
    pinned = []
    for name in ("requirements.lock", "requirements-dev.lock"):
        text = (PROJECT / name).read_text()
        packages = dict(re.findall(r"^(\S+)==(\S+).*\\\n    --hash=sha256:[0-9a-f]{64}", text, re.MULTILINE))
        assert len(packages) == len(re.findall(r"^[^\s#]", text, re.MULTILINE))
        assert not re.search(r"file:|index-url|find-links| @ ", text)
        pinned.append(packages)
    runtime, tests = pinned
    assert runtime.items() <= tests.items()
