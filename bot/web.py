"""The small HTTP server of the bot: `/health` for its supervisor, and the webhook if one is set."""

import os
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from aiohttp import web

LARGEST_BODY = 1024 * 1024
"""Bytes of a webhook's body."""
DEAF = 120
"""Seconds without an answer of a messenger after which the bot counts as not healthy."""


class CannotListen(Exception):
    """The address is taken or not ours; the text is a sentence for whoever runs the bot."""


@asynccontextmanager
async def serve(
    listen: tuple[str, int],
    heard_at: Callable[[], list[float | None]],
    webhook: tuple[str, Callable[[web.Request], Awaitable[web.StreamResponse]]] | None,
) -> AsyncIterator[int]:
    """Serve while the block lasts and yield the port.

    `heard_at`: when each messenger could last be heard, None if nobody can tell.

    Raises: CannotListen.
    """

    async def health(_: web.Request) -> web.Response:
        deaf = any(heard is not None and time.monotonic() - heard > DEAF for heard in heard_at())
        return web.json_response({"status": "deaf" if deaf else "ok"}, status=503 if deaf else 200)

    app = web.Application(client_max_size=LARGEST_BODY)
    app.router.add_get("/health", health)
    if webhook:
        app.router.add_post(*webhook)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=1)
    await runner.setup()
    try:
        site = web.TCPSite(runner, *listen)
        try:
            await site.start()
        except OSError as fault:
            reason = os.strerror(fault.errno) if fault.errno and fault.errno > 0 else "there is no such address"
            raise CannotListen(f"LISTEN: {listen[0]}:{listen[1]} cannot be used: {reason}.") from fault
        yield runner.addresses[0][1]
    finally:
        await runner.cleanup()
