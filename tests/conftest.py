"""People and things that tests are about."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot import clock
from bot.staff import Role
from tests.bridge import Somebody, Town, town

LONG = {"test_any_sequence.py", "test_browser.py", "test_crash.py", "test_signal_crash.py"}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the longest tests, so that nobody waits for them at the end."""
    items.sort(key=lambda item: item.path.name not in LONG)


@pytest.fixture(autouse=True)
def impatient_staff(monkeypatch: pytest.MonkeyPatch) -> None:
    """Staff of the tests are told more often what becomes of their broadcasts, so that nobody has to wait for it."""
    monkeypatch.setattr(clock, "PROGRESS", 0.3)


@pytest.fixture(params=["telegram", "signal"])
def messenger(request: pytest.FixtureRequest) -> str:
    """The messenger of a test: what people experience is the same on each."""
    return str(request.param)


@pytest.fixture
async def bot(tmp_path: Path, messenger: str) -> AsyncIterator[Town]:
    """The bot of Dortmund and Schytomyr, running."""
    async with town(tmp_path, messengers=(messenger,)) as place:
        yield place


@pytest.fixture
async def refugee(bot: Town) -> Somebody:
    """Somebody from the region who speaks Ukrainian, in front of the menu."""
    oksana: Somebody = bot.somebody("Oksana", "uk")
    await oksana.writes("/start")
    await oksana.picks("Українська")
    await oksana.sees("Я з Житомирщини")
    return oksana


@pytest.fixture
async def volunteer(bot: Town) -> Somebody:
    """Somebody in Dortmund who speaks German, in front of the menu."""
    thomas: Somebody = bot.somebody("Thomas", "de")
    await thomas.writes("/start")
    await thomas.picks("Deutsch")
    await thomas.sees("Ich komme aus der Region Schytomyr")
    return thomas


@pytest.fixture
async def office(bot: Town) -> Somebody:
    """Somebody in the city's office, a member of staff."""
    code = await bot.invitation(Role.ADMIN)
    maria: Somebody = bot.somebody("Maria", "de")
    await maria.writes(f"/start join-{code}")
    await maria.picks("Deutsch")
    await maria.sees("Willkommen im Team")
    return maria
