"""The demo with the real bot on both messengers: people with telephones, and what they do to the machinery."""

import asyncio
import re
from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path

import aiohttp
import pytest

from bot.demo.demo import BOT, Demo, playing
from bot.demo.page import SOLUTION, free_port, serve
from tests.bridge import until_sent
from tests.demo_client import Browser, bot_is

READING = 1.1
"""Seconds that people read before they answer with a number: the bot takes no number that comes sooner."""


@pytest.fixture
async def demo(tmp_path: Path) -> AsyncIterator[Demo]:
    async with playing(tmp_path / "demo.db", BOT) as demo:
        yield demo


@pytest.fixture
async def city(demo: Demo) -> AsyncIterator[Browser]:
    """The demo as a browser knows it."""
    with free_port(0) as listening:
        async with (
            aiohttp.ClientSession() as session,
            serve(demo.page, listening) as address,
            Browser(address, session) as browser,
        ):
            await browser.shows(bot_is("running"))
            yield browser


async def number(browser: Browser, who: str, label: str) -> str:
    """Wait for a line with this label in the newest menu, and return what has to be typed for it."""
    line = re.compile(rf"^(\w+) – (?:☑ )?{re.escape(label)}$", re.MULTILINE)
    await browser.shows(lambda _: line.search(browser.texts(who)[-1]) if browser.texts(who) else None)
    found = line.search(browser.texts(who)[-1])
    assert found
    return found[1]


async def picks(browser: Browser, who: str, *labels: str) -> None:
    for label in labels:
        typed = await number(browser, who, label)
        await asyncio.sleep(READING)
        seen = len(browser.messages(who))
        await browser.posts(f"/telephones/{who}/writes", text=typed)
        await browser.shows(partial(has_more_than, browser, who, seen + 1))


def has_more_than(browser: Browser, who: str, seen: int, _: object) -> bool:
    return len(browser.messages(who)) > seen


async def presses(browser: Browser, who: str, *labels: str) -> None:
    """Press buttons one after the other, each on the newest message that has it."""
    for label in labels:

        def keys(label: str = label) -> list[tuple[str, str]]:
            return [
                (id, key["data"])
                for id, message in zip(browser.ids(who), browser.messages(who), strict=True)
                for row in message["buttons"]
                for key in row
                if key["label"] == label and "data" in key
            ]

        await browser.shows(lambda _: keys())
        id, data = keys()[-1]
        await browser.posts(f"/telephones/{who}/presses", message=id, data=data)
        await browser.shows(lambda parts: not parts[f"phone/{who}"]["waiting"])


async def sees(browser: Browser, who: str, text: str) -> None:
    await browser.shows(lambda _: any(text in shown for shown in browser.texts(who)))


async def the_office_joins(browser: Browser) -> None:
    await browser.posts("/telephones/office/invitation")
    await presses(browser, "office", "Deutsch")
    await sees(browser, "office", "Willkommen im Team")


async def test_a_captcha_is_told_to_the_office_which_pastes_the_solution(city: Browser) -> None:
    await the_office_joins(city)
    assert city.parts["demo"]["captcha"] == ""
    for _ in range(2):
        assert await city.posts("/signal/captcha") == 204
    await city.shows(lambda parts: parts["demo"]["captcha"] == SOLUTION)
    await city.posts("/telephones/oksana/writes", text="Привіт")
    await city.shows(lambda _: any("Signal wants a captcha" in line for line in city.told("oksana")))
    await sees(city, "office", "signalcaptchas.org")
    assert len(city.messages("oksana")) == 1
    await presses(city, "office", "Link eingeben")
    await city.posts("/telephones/office/writes", text=SOLUTION)
    await picks(city, "oksana", "Українська")
    assert city.parts["demo"]["captcha"] == ""
    await sees(city, "office", "Signal hat den Link angenommen")


async def test_what_was_written_while_signal_cli_was_dead_is_answered_when_it_is_back(
    city: Browser, demo: Demo
) -> None:
    await city.posts("/telephones/oksana/writes", text="Привіт")
    await picks(city, "oksana", "Українська")
    await until_sent(demo.database)  # an answer that dies with signal-cli comes again after half a minute
    await city.posts("/signal/daemon", runs=False)
    await city.posts("/telephones/oksana/writes", text="Меню")
    await city.posts("/telephones/thomas/writes", text="/start")
    await presses(city, "thomas", "Deutsch")
    await sees(city, "thomas", "Guten Tag")
    assert city.messages("oksana")[-1]["ticks"] == 1
    await city.posts("/signal/daemon", runs=True)
    await city.shows(lambda _: city.messages("oksana")[-1]["mine"] is False)
    assert all(message["ticks"] == 2 for message in city.messages("oksana") if message["mine"])


async def test_one_person_connects_telegram_and_signal(city: Browser) -> None:
    await city.posts("/telephones/thomas/writes", text="/start")
    await presses(city, "thomas", "Deutsch", "Meine Daten", "Anderen Messenger verbinden")
    code = re.compile(r"^\d{4} \d{4}$", re.MULTILINE)
    await city.shows(lambda _: code.search(city.texts("thomas")[-1]))
    found = code.search(city.texts("thomas")[-1])
    assert found
    await city.posts("/telephones/free/writes", text=found[0])
    await picks(city, "free", "Deutsch", "Ja, verbinden")
    await sees(city, "free", "sind jetzt verbunden")
    await sees(city, "thomas", "jetzt mit Signal verbunden")
