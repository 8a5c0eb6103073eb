"""signal-cli in both ways in which it can be started, whoever listens to it, and somebody with a telephone."""

import logging
import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from bot.demo.pretend_signal import PretendSignal
from bot.demo.signal_people import SignalPerson
from bot.transports import signal as transport
from tests.signal_edge.ears import PERSONAL, Listener, listening


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have less patience, so that nobody has to wait."""
    monkeypatch.setattr(transport, "HEARTBEAT", 0.05)
    monkeypatch.setattr(transport, "PATIENCE", 5.0)
    monkeypatch.setattr(transport, "SHORTEST_PAUSE", 0.01)
    monkeypatch.setattr(transport, "LONGEST_PAUSE", 0.03)
    monkeypatch.setattr(transport, "QUIET", 0.02)


@pytest.fixture(autouse=True)
def nothing_personal(caplog: pytest.LogCaptureFixture) -> Any:
    """No number, no uuid, and nothing that anybody wrote stands in the log, whatever happens."""
    caplog.set_level(logging.DEBUG, "bot")
    yield
    lines = [record.getMessage() for record in caplog.records if record.name.startswith("bot.")]
    assert [line for line in lines if PERSONAL.search(line) or re.search("[а-я]", line)] == []


@pytest.fixture(params=[True, False], ids=["one account", "several accounts"])
async def signal(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[PretendSignal]:
    """signal-cli with the bot's account, started in both ways."""
    async with PretendSignal(tmp_path / "socket", single_account=request.param) as daemon:
        yield daemon
        assert daemon.violations == []


@pytest.fixture
async def bot(signal: PretendSignal) -> AsyncIterator[Listener]:
    """Whoever listens."""
    async with listening(signal) as listener:
        await signal.subscribed()
        yield listener


@pytest.fixture
def oksana(signal: PretendSignal) -> SignalPerson:
    """Somebody with a telephone."""
    return signal.person("Оксана")
