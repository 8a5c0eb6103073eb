"""One telephone of the demo's page in a real browser, used as people use it: writing, pressing, looking."""

import re
from pathlib import Path

from playwright.async_api import Locator, Page, expect

READING = 1_100
"""Milliseconds that people read before they answer with a number: the bot takes no number that comes sooner."""
expect.set_options(timeout=30_000)  # milliseconds after which what should be on a telephone is missing


class Telephone:
    """A telephone on the page, found by the name of whose it is."""

    def __init__(self, page: Page, who: str) -> None:
        self.page = page
        self.who = who
        self.place = page.locator(f"#{who}")
        self.chat = self.place.get_by_role("log")

    async def look(self) -> None:
        """Turn to this telephone where only one is shown at a time."""
        tab = self.page.locator(f'.tabs [aria-controls="{self.who}"]')
        if await tab.is_visible():
            await tab.click()

    async def starts(self) -> None:
        await self.look()
        await self.place.locator(".begin").click()

    async def writes(self, text: str) -> None:
        """Write a text and send it with the Enter key."""
        await self.look()
        await self.place.locator("textarea").fill(text)
        await self.place.locator("textarea").press("Enter")

    async def picks(self, *labels: str) -> None:
        """Press buttons one after the other, each on the newest message that has it, and wait until it is answered."""
        for label in labels:
            await self.presses(label)

    async def presses(self, label: str) -> None:
        await self.look()
        key = self.key(label)
        await expect(key).to_be_visible()
        await key.click()
        await expect(self.place.locator(".key.waiting")).to_have_count(0)

    async def attaches(self, kind: str) -> None:
        """Send a photo, a voice message and the like, by the label in the menu."""
        await self.look()
        await self.place.locator(".attach").click()
        await self.place.locator(".attachments").get_by_role("button", name=kind).click()

    async def chooses_command(self, command: str) -> None:
        await self.look()
        await self.place.locator(".composer .menu").click()
        await self.place.locator(".commands").get_by_role("button", name=f"/{command}").click()

    async def opens_invitation(self) -> None:
        await self.look()
        await self.place.locator(".card button").click()

    async def sees(self, text: str) -> None:
        """Wait until a message from the bot shows a text. Raises: AssertionError."""
        await self.look()
        message = self.chat.locator(".message.theirs").filter(has_text=text).last
        await expect(message).to_be_visible()

    async def offers(self, *labels: str) -> None:
        """Wait until there are buttons with these labels."""
        await self.look()
        for label in labels:
            await expect(self.key(label)).to_be_visible()

    async def has_ticks(self, ticks: int) -> None:
        """Wait until the newest own message has one tick (sent) or two (the bot has it, on Signal signal-cli)."""
        newest = self.chat.locator(".message.mine").last.locator(".meta:not(.space) .tick")
        await expect(newest).to_have_attribute("data-ticks", str(ticks))

    async def does_not_see(self, text: str) -> None:
        await expect(self.chat.locator(".message").filter(has_text=text)).to_have_count(0)

    async def is_told(self, text: str) -> None:
        """Wait for a toast or an alert."""
        told = self.place.locator(".toast, .alert").filter(has_text=text)
        await expect(told).to_be_visible()

    async def sees_row_written(self, table: str) -> None:
        """Wait until the strip under the telephone tells of a table."""
        line = self.place.locator(".strip li.rows").filter(has_text=re.compile(rf"^{table} "))
        await expect(line).to_be_visible()

    def key(self, label: str) -> Locator:
        """Return the newest button with a label: all of it, or its beginning before a tick or a number."""
        whole = re.compile(rf"^\W*{re.escape(label)}\W*$")
        return self.chat.locator(".key").filter(has_text=whole).last

    async def labels(self) -> list[str]:
        """Return the labels of the newest keyboard."""
        return (
            await self.chat.locator(".message")
            .filter(has=self.page.locator(".key"))
            .last.locator(".key")
            .all_inner_texts()
        )

    async def picture(self, path: Path) -> None:
        """Take a picture of the telephone."""
        await self.look()
        await self.page.mouse.move(0, 0)  # no button looks as if it were about to be pressed
        await self.place.locator("textarea").blur()
        await self.place.locator(".telephone").screenshot(path=path, animations="disabled")


class SignalTelephone(Telephone):
    """A telephone on which one writes the number of what one wants."""

    async def starts(self) -> None:
        """Write the first word, as there is no start button."""
        await self.writes("Привіт")

    async def presses(self, label: str) -> None:
        await self.picks_together(label)

    async def picks_together(self, *labels: str) -> None:
        """Write the numbers that stand before these words in the newest menu, and wait until that is answered."""
        await self.offers(*labels)
        menu = await self.newest_menu().locator(".text").inner_text()
        answers = self.chat.locator(".message.theirs")
        answered = await answers.count()
        await self.page.wait_for_timeout(READING)
        await self.writes(" ".join(number_of(label, menu) for label in labels))
        await expect(answers.nth(answered)).to_be_visible()

    async def offers(self, *labels: str) -> None:
        """Wait until the newest menu has lines with these words."""
        await self.look()
        for label in labels:
            line = self.newest_menu().filter(has_text=re.compile(rf"\S – (☑ )?{re.escape(label)}"))
            await expect(line).to_be_visible()

    async def does(self, label: str, message: Locator) -> None:
        """Choose something from the list that belongs to a message."""
        await self.look()
        await message.get_by_role("button", name=ACTIONS).click()
        await self.place.locator(".message-sheet").get_by_role("button", name=label).click()

    async def chooses(self, label: str) -> None:
        """Choose something from the list at the top."""
        await self.look()
        await self.place.locator(".more").click()
        await self.place.locator(".more-sheet").get_by_role("button", name=label).click()

    def newest_menu(self) -> Locator:
        return self.chat.locator(".message.theirs").filter(has_text=re.compile(r"1 – ")).last


ACTIONS = re.compile("Дії з повідомленням|Aktionen zur Nachricht|Message actions")


def number_of(label: str, menu: str) -> str:
    """Return what stands before a label in a menu."""
    found = re.search(rf"^(\w+) – (?:☑ )?{re.escape(label)}$", menu, re.MULTILINE)
    assert found, menu
    return found[1]
