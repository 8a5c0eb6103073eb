"""Brings updates to the bot's own address, one after the other, each again until it is taken."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import aiohttp

if TYPE_CHECKING:
    from bot.demo.pretend_telegram import PretendTelegram
    from bot.demo.telegram_html import Json


class Webhook:
    """The address that `setWebhook` gave and the task that delivers to it."""

    def __init__(self, telegram: PretendTelegram) -> None:
        self.telegram = telegram
        self.url = ""
        self.secret = ""
        self.error = ""
        self.error_date = 0
        self.delivered = 0
        self.first_pause = 0.05
        self.longest_pause = 5.0
        self.patience = 60.0
        self.task: asyncio.Task[None] | None = None
        self.network_back = asyncio.Event()

    def set(self, url: str, secret: str) -> None:
        """Deliver to this address from now on; "" ends delivery."""
        self.url, self.secret, self.error, self.error_date = url, secret, "", 0
        if self.task is not None:
            self.task.cancel()
            self.task = None
        self.look_again()
        if url:
            self.task = asyncio.get_running_loop().create_task(self.deliver_all(), name="webhook deliveries")

    def look_again(self) -> None:
        if self.telegram.gone:
            self.network_back.clear()
        else:
            self.network_back.set()

    async def stop(self) -> None:
        if self.task is not None:
            self.task.cancel()
            await asyncio.gather(self.task, return_exceptions=True)

    async def deliver_all(self) -> None:
        updates = self.telegram.updates
        timeout = aiohttp.ClientTimeout(total=self.patience)
        async with aiohttp.ClientSession(timeout=timeout) as session:
            pause = self.first_pause
            while True:
                if not updates.queue:
                    updates.arrived.clear()
                    await updates.arrived.wait()
                await self.network_back.wait()
                number, body = updates.queue[0]
                if await self.deliver(session, body):
                    self.taken(number)
                    pause = self.first_pause
                else:
                    await asyncio.sleep(pause)
                    pause = min(self.longest_pause, pause * 2)

    async def deliver(self, session: aiohttp.ClientSession, body: bytes) -> bool:
        """Tell whether the bot has taken an update, that is, has answered with 2xx."""
        headers = {"Content-Type": "application/json"}
        if self.secret:
            headers["X-Telegram-Bot-Api-Secret-Token"] = self.secret
        try:
            async with session.post(self.url, data=body, headers=headers) as response:
                if 200 <= response.status < 300:
                    return True
                self.failed(f"Wrong response from the webhook: {response.status} {response.reason}")
        except TimeoutError:
            self.failed("Read timeout expired")
        except aiohttp.ClientConnectorError:
            self.failed("Connection refused")
        except aiohttp.ClientError:
            self.failed("Connection reset by peer")
        return False

    def taken(self, number: int) -> None:
        queue = self.telegram.updates.queue
        if queue and queue[0][0] == number:
            self.telegram.updates.forget_first()
        self.delivered += 1
        self.telegram.look_again()

    def failed(self, error: str) -> None:
        self.error, self.error_date = error, int(self.telegram.now())
        self.telegram.tell("webhook", error=error)

    def info(self) -> Json:
        """Return a WebhookInfo."""
        info: Json = {
            "url": self.url,
            "has_custom_certificate": False,
            "pending_update_count": len(self.telegram.updates.queue),
            "max_connections": 40,
        }
        if self.error:
            info |= {"last_error_date": self.error_date, "last_error_message": self.error}
        return info
