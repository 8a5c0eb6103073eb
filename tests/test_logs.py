"""Whoever reads the logs learns what went wrong, and of nobody who they are or what they wrote."""

import asyncio
import io
import json
import logging
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

import handlers
from bot import logs
from bot.chat import Chat
from bot.conversations import Conversation
from bot.demo.telegram_faults import Fault, When
from bot.pace import Limits
from tests.bridge import TIMEOUT, OnTelegram, town

MARKERS = {
    "a name": "Zaunkoenigin",
    "a text": "Geheimnisvoll",
    "a telephone number": "9876543",
    "a first name at the messenger": "Oksanotschka",
    "an answer of Telegram": "Hotelseite",
    "a fault": "Unaussprechlich",
}
LINE = {
    "text": re.compile(r"\d{4}-\d\d-\d\dT[\d:.]+\+00:00 (DEBUG|INFO|WARNING|ERROR|CRITICAL) [\w.]+ .+"),
    "json": re.compile(r'\{"time": "[^"]+", "level": "[A-Z]+", "logger": "[\w.]+", "message": ".+\}'),
}


@dataclass(frozen=True)
class Log:
    """Our logs, at every level."""

    form: str
    stream: io.StringIO

    @property
    def lines(self) -> list[str]:
        return self.stream.getvalue().splitlines()


@pytest.fixture(params=["text", "json"])
def log(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Log]:
    """Our logs as they are set up, at every level, and written where a test can read them."""
    root, apscheduler = logging.getLogger(), logging.getLogger("apscheduler")
    handlers, levels = root.handlers[:], (root.level, apscheduler.level)
    for module, hook in ((sys, "excepthook"), (sys, "unraisablehook"), (threading, "excepthook")):
        monkeypatch.setattr(module, hook, getattr(module, hook))
    monkeypatch.setattr(logging, "raiseExceptions", True)
    root.handlers.clear()  # or setting up would close pytest's own
    logs.set_up(request.param)
    (ours,) = root.handlers
    assert isinstance(ours, logging.StreamHandler)
    written = Log(request.param, io.StringIO())
    ours.setStream(written.stream)
    root.setLevel(logging.DEBUG)
    apscheduler.setLevel(logging.DEBUG)
    yield written
    logging.captureWarnings(False)
    root.removeHandler(ours)
    root.handlers += handlers
    root.setLevel(levels[0])
    apscheduler.setLevel(levels[1])


def carries(somebody: OnTelegram, end: str) -> str:
    carried = [data for m in somebody.phone.received for row in m.buttons for _, data in row]
    return next(str(data) for data in reversed(carried) if data.endswith(end))


async def goes(somebody: OnTelegram, *steps: str) -> None:
    """Press what ends with ":…", and write everything else."""
    for step in steps:
        if step.startswith(":"):
            await somebody.presses(None, carries(somebody, step))
        else:
            await somebody.writes(step)
        await somebody.settles()


async def test_no_name_text_number_or_token_ever_stands_in_a_log(
    log: Log, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.transports.telegram.LONGEST_PAUSE", 0.02)
    monkeypatch.setattr("bot.sender.LONGEST_PAUSE", 0.02)
    monkeypatch.setattr("bot.outbox.RESEND_ANSWER", 0.01)
    usual = handlers.conversations

    async def fail(chat: Chat) -> None:
        try:
            int(MARKERS["a fault"])
        except ValueError as fault:
            words = MARKERS["a fault"]
            raise LookupError(f"{chat.person} {words}\n2026 ERROR") from fault

    broken = Conversation("broken", fail, "Broken", command="broken")
    monkeypatch.setattr(handlers, "conversations", lambda city: (*usual(city), broken))
    page = MARKERS["an answer of Telegram"].encode()
    async with town(tmp_path, limits=Limits(None, None)) as place:
        telegram = place.telegram
        somebody = place.somebody(MARKERS["a first name at the messenger"], "de")
        await goes(somebody, "/start", "de", "/register", ":consent:yes", ":adult:yes")
        await goes(somebody, f"{MARKERS['a text']}\x1b[31m\n2026 ERROR", ":topics:culture", ":topics:!done", "/broken")
        for fault in (
            Fault(When.REPLY, 200, page, "text/html"),
            Fault(When.REPLY, 400, b'{"ok":false,"description":"Bad Request: %s"}' % page),
            Fault(When.REPLY, 404, page),
            Fault.unauthorized(),
            Fault.reset_before(),
        ):
            telegram.fail("getUpdates", fault)
            telegram.fail("sendMessage", fault)
            await somebody.writes(MARKERS["a text"])
            await telegram.changed(lambda: not telegram.faults.left("sendMessage"), TIMEOUT)
            await telegram.changed(lambda: not telegram.faults.left("getUpdates"), TIMEOUT)
        await goes(somebody, "/cancel", "/help_others", ":consent:yes", ":adult:yes", ":roles:rides", ":roles:!done")
        await goes(somebody, ":spoken:de", ":spoken:!done", ":times:!skip", ":district:!skip", ":rules:yes")
        await goes(somebody, f"Maria {MARKERS['a name']}", f"+49 231 {MARKERS['a telephone number']}")
        await goes(somebody, ":organisation:!skip", ":!review:!right")
        stored = await place.rows("SELECT name, contact FROM offers")
        telegram.listener.close()
        telegram.network_gone = True
        async with asyncio.timeout(TIMEOUT):
            while "(NotSent" not in log.stream.getvalue():  # noqa: ASYNC110 - there is nothing to wait for in a log
                await asyncio.sleep(0.01)
    assert stored == [(f"Maria {MARKERS['a name']}", f"+49231{MARKERS['a telephone number']}")]
    written, lines = log.stream.getvalue(), log.lines
    secrets = {**MARKERS, "the token": telegram.token.partition(":")[2], "the person": str(somebody.phone.id)}
    assert {what: marker for what, marker in secrets.items() if marker in written} == {}
    assert len(lines) > 200
    assert [line for line in lines if not LINE[log.form].fullmatch(line)] == []
    if log.form == "json":
        assert {json.loads(line)["logger"].partition(".")[0] for line in lines} >= {"bot", "telegram", "aiosqlite"}
    assert "a turn failed: LookupError in" in written
    assert "fail (test_logs.py:" in written
    assert "because of ValueError" in written


def test_what_a_log_line_quotes_cannot_make_another_line(log: Log) -> None:
    logging.getLogger("bot.x").warning("quotes %s", "a\r\n2026-01-01 ERROR forged\u2028\x1b[2J\x00")
    (line,) = log.lines
    assert LINE[log.form].fullmatch(line)
    assert "\x1b" not in line


def test_what_nobody_caught_is_told_without_its_words() -> None:
    program = (
        "import asyncio, logging, sys, threading, warnings\nfrom bot import logs\nlogs.set_up('text')\n"
        "class Odd:\n    def __del__(self): raise ValueError('Geheimnisvoll')\n"
        "Odd()\n"
        "def fail(): raise ValueError('Geheimnisvoll')\n"
        "thread = threading.Thread(target=fail)\nthread.start()\nthread.join()\n"
        "warnings.warn('Geheimnisvoll')\n"
        "logging.getLogger('bot').warning('%d', 'Geheimnisvoll')\n"
        "async def main():\n    async with asyncio.TaskGroup() as tasks: tasks.create_task(asyncio.to_thread(fail))\n"
        "asyncio.run(main())\n"
    )
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60)
    assert ended.returncode == 1
    assert "Geheimnisvoll" not in ended.stderr
    lines = ended.stderr.splitlines()
    assert [line for line in lines if not LINE["text"].fullmatch(line)] == []
    assert len(lines) == 4
    assert re.search(r"ExceptionGroup in .*\[ValueError in .*fail \(<string>:7\)\]", lines[-1])
