"""Moves the people of a pretend Telegram that is a process of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aiohttp import web

if TYPE_CHECKING:
    from bot.demo.pretend_telegram import PretendTelegram


class Control:
    """Answers requests under /control/."""

    def __init__(self, telegram: PretendTelegram) -> None:
        self.telegram = telegram

    async def handle(self, request: web.BaseRequest, path: str) -> web.Response:
        return web.json_response({"error": "unknown"}, status=404)
