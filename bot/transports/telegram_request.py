"""The HTTP client behind python-telegram-bot: aiohttp, and an answer to the question whether a failed request had left.

python-telegram-bot's own client gets slower with every connection and cannot tell a refused connection from a lost
answer. The token stands in every address, so no foreign exception passes: their texts name addresses.
"""

import json
import ssl
import urllib.request
from collections.abc import Mapping
from functools import cache
from types import SimpleNamespace
from typing import Any
from urllib.parse import urlsplit

import aiohttp
import certifi
from telegram._utils.defaultvalue import DefaultValue  # the type of "not given" in the signature we fulfil
from telegram._utils.types import ODVInput
from telegram.error import NetworkError, TelegramError
from telegram.request import BaseRequest, RequestData

CONNECT = 10.0
READ = 60.0
KEEP_ALIVE = 300.0
"""Seconds. A short keep-alive makes each answer after a quiet spell open a new TLS connection."""
UNSAID = 5.0
"""Seconds to wait after a 429 that does not say how long."""


class NotSent(NetworkError):
    """The request certainly did not leave: no connection came about."""


class Unclear(NetworkError):
    """The request left and no answer came that says what became of it."""


class SlowDown(TelegramError):
    """Telegram asks to wait so many seconds (429). RetryAfter of python-telegram-bot is changing its unit."""

    def __init__(self, seconds: float) -> None:
        super().__init__(f"slow down for {seconds:g} s")
        self.seconds = seconds


class AiohttpRequest(BaseRequest):
    """A `BaseRequest` on one aiohttp session."""

    def __init__(self) -> None:
        self._session: aiohttp.ClientSession | None = None

    @property
    def read_timeout(self) -> float:
        """Return the seconds to wait for an answer."""
        return READ

    async def initialize(self) -> None:
        """Open the session, once."""
        if self._session is None:
            trace = aiohttp.TraceConfig()
            trace.on_request_headers_sent.append(_left)
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=0, keepalive_timeout=KEEP_ALIVE, ssl=_trust()),
                cookie_jar=aiohttp.DummyCookieJar(),
                trace_configs=[trace],
            )

    async def shutdown(self) -> None:
        """Close the session."""
        if self._session is not None:
            session, self._session = self._session, None
            await session.close()

    async def do_request(
        self,
        url: str,
        method: str,
        request_data: RequestData | None = None,
        read_timeout: ODVInput[float] = BaseRequest.DEFAULT_NONE,
        write_timeout: ODVInput[float] = BaseRequest.DEFAULT_NONE,
        connect_timeout: ODVInput[float] = BaseRequest.DEFAULT_NONE,
        pool_timeout: ODVInput[float] = BaseRequest.DEFAULT_NONE,
    ) -> tuple[int, bytes]:
        """Return status and body. Raises: NotSent, Unclear (also for every status of 500 and above), SlowDown."""
        if self._session is None:
            raise NotSent("the session is closed")
        progress = SimpleNamespace(left=False)
        wait = READ if isinstance(read_timeout, DefaultValue) or read_timeout is None else read_timeout
        body, headers = _body(request_data)
        try:
            async with self._session.request(
                method,
                url,
                data=body,
                headers=headers,
                timeout=aiohttp.ClientTimeout(total=None, sock_connect=CONNECT, sock_read=wait),
                trace_request_ctx=progress,
                proxy=_proxy(*urlsplit(url)[:2]),
                allow_redirects=False,
            ) as response:
                status, answer = response.status, await response.read()
        except (aiohttp.ClientError, OSError, TimeoutError) as fault:
            raise (Unclear if progress.left else NotSent)(type(fault).__name__) from None
        if status >= 500:
            raise Unclear(f"status {status}")
        if 400 <= status < 500 and not _is_telegrams(answer):  # a proxy or the page of a hotspot: it never got there
            raise NotSent(f"status {status}, but not from Telegram")
        if status == 429:
            raise SlowDown(_retry_after(answer))
        return status, answer


@cache
def _trust() -> ssl.SSLContext:
    """Trust the authorities of the machine and certifi's: a bare Debian has none of its own."""
    context = ssl.create_default_context()
    context.load_verify_locations(certifi.where())
    return context


@cache
def _proxy(scheme: str, host: str) -> str | None:
    """Return the proxy that the environment names. aiohttp's `trust_env` reads ~/.netrc too, in a thread, each time."""
    if urlsplit(f"//{host}").hostname in ("127.0.0.1", "localhost", "::1"):
        return None
    return None if urllib.request.proxy_bypass(host) else urllib.request.getproxies().get(scheme)


async def _left(_session: aiohttp.ClientSession, context: SimpleNamespace, _params: Any) -> None:
    context.trace_request_ctx.left = True


def _is_telegrams(answer: bytes) -> bool:
    try:
        return json.loads(answer)["ok"] is False
    except (ValueError, LookupError, TypeError, RecursionError):
        return False


def _retry_after(answer: bytes) -> float:
    try:
        return max(0.0, float(json.loads(answer)["parameters"]["retry_after"]))
    except (ValueError, LookupError, TypeError):
        return UNSAID


def _body(data: RequestData | None) -> tuple[bytes | aiohttp.FormData | None, Mapping[str, str]]:
    if data is None:
        return None, {}
    if not data.contains_files:
        return json.dumps(data.parameters).encode(), {"Content-Type": "application/json"}
    form = aiohttp.FormData(data.json_parameters)
    for name, (file_name, content, kind) in data.multipart_data.items():
        form.add_field(name, content, filename=file_name, content_type=kind)
    return form, {}
