"""A pretend signal-cli, whoever is connected to it, and somebody with a telephone."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from bot.demo.pretend_signal import PretendSignal
from tests.pretend_signal_client import Client

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from bot.demo.signal_people import SignalPerson


@pytest.fixture
async def signal(tmp_path: Path) -> AsyncIterator[PretendSignal]:
    """signal-cli, which says only what has to be said."""
    async with PretendSignal(tmp_path / "s") as signal:
        signal.sprinkles = False
        yield signal


@pytest.fixture
async def bot(signal: PretendSignal) -> AsyncIterator[Client]:
    """A client that has subscribed."""
    async with Client(signal) as bot:
        await bot.subscribes()
        yield bot


@pytest.fixture
def olena(signal: PretendSignal) -> SignalPerson:
    """Somebody with a telephone."""
    return signal.person("Олена К.")
