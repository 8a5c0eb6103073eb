"""Signal, through the signal-cli daemon: the only module that knows what Signal is like, with its two neighbours.

signal-cli takes each message from Signal for good and gives it on once, without a way to acknowledge. So it is asked to
receive only while we listen (`--receive-mode manual`, `subscribeReceive`), what it gives is stored before the next line
is read, and before we leave it is told to stop and heard to the end. What it was just handing over when somebody pulled
the plug is lost; that we were deaf, and for how long, is heard as a message of its own.
"""

import asyncio
import logging
import random
import re
import time
from base64 import b64encode
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager, suppress
from itertools import groupby
from typing import Any
from urllib.parse import quote
from weakref import WeakValueDictionary

from bot import markup
from bot.layout import with_numbers
from bot.messages import Abilities, Hear, Incoming, Outcome, Outgoing, Reason, State, Unreadable
from bot.pace import Limits
from bot.settings import Signal as Settings
from bot.transports import signal_envelopes as envelopes
from bot.transports.signal_rpc import ANSWER, Connection, Fault, Lost, NotSent, Refused

log = logging.getLogger(__name__)

HEARTBEAT = 30.0
PATIENCE = 10.0
"""Seconds to wait for what the daemon answers out of itself, without asking Signal."""
SHORTEST_PAUSE, LONGEST_PAUSE = 0.2, 30.0
"""Seconds between tries to reach the daemon."""
QUIET, LONGEST_QUIET = 0.1, 1.0
"""Seconds without a message that are waited for before the daemon is told to stop, and for how long they are."""
GOODBYE, LAST_WORDS = 2.0, 4.0
"""Seconds for it to stop, and for all of that while the bot is being stopped."""
DEAF, STILL_DEAF = 3.0, 600.0
"""Seconds after which it is told that nothing was heard, and that still nothing is."""
TYPING_AFTER = 1.0
"""Seconds without an answer after which the telephone shows that we are typing."""
NO_TYPING = 600.0
"""Seconds for which it does not, after it failed: it costs a message each time."""
LONGEST_WAIT = 7 * 24 * 3600.0
CAPTCHA_PAGE = "https://signalcaptchas.org/challenge/generate.html"

IO, RATE_LIMIT = -3, -5
NO_METHOD, INVALID_PARAMS, INTERNAL = -32601, -32602, -32603
WITHOUT_ACCOUNT = ("version", "listAccounts", "startLink", "finishLink")
STYLES = {"b": "BOLD", "i": "ITALIC", "code": "MONOSPACE"}
_TOO_MANY = re.compile(r"\[(?:429|413)\]|RateLimit|Retry after")
_RETRY_AFTER = re.compile(r"[Rr]etry after (\d{1,9}) seconds")


UNTRUSTED = Outcome(State.REFUSED, reason=Reason.OTHER)
"""Refused because of a new identity key, until that is trusted."""
CUT_OFF = "signal-cli does not reach Signal"


class NoAccount(Exception):
    """signal-cli runs without our account: it was unregistered, or is not registered yet."""


class SignalTransport:
    """One account on Signal; an `async with` allows requests and ends the connection for them."""

    messenger = envelopes.MESSENGER
    abilities = Abilities(title="Signal", choices=7, lay_out=with_numbers(2000), buttons=False, changes=False)
    limits = Limits(per_second=0.5, per_chat_second=None, jitter=0.25, turns_per_minute=15, seconds_to_read=1)

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self.heard_at = time.monotonic()
        self._is_open = False
        self._connection: Connection | None = None
        self._named: dict[str, str] = {}
        self._connecting = asyncio.Lock()
        self._hear: Hear | None = None
        self._tasks: asyncio.TaskGroup | None = None
        self._locks: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
        self._trusting: set[str] = set()
        self._unanswered: set[str] = set()
        self._no_typing_until = 0.0
        self._is_cut_off = False
        self._warned_of_mode = False

    async def __aenter__(self) -> "SignalTransport":
        self._is_open = True
        return self

    async def __aexit__(self, *_: object) -> None:
        self._is_open = False
        await self._disconnect()

    # ------------------------------------------------------------------ ask

    async def request(self, method: str, **params: Any) -> Any:
        """Call a method of signal-cli for our account and return its result. Raises: NotSent, Lost, Refused."""
        return await self._request(method, params, ANSWER)

    async def version(self) -> str:
        """Return signal-cli's version. Raises: NotSent, Lost, Refused."""
        answer = await self._request("version", {}, PATIENCE)
        return str(answer.get("version", "")) if isinstance(answer, dict) else ""

    async def reachable(self) -> bool:
        """Say whether signal-cli answers, and Signal behind it if that was not so the last time.

        Else an answer's last try would be wasted while the internet is away.
        """
        try:
            await self._request("version", {}, PATIENCE)
        except Fault:
            return False
        self._is_cut_off = self._is_cut_off and not await self._signal_answers()
        return not self._is_cut_off

    async def _signal_answers(self) -> bool:
        """Ask Signal for something of which nothing comes."""
        try:
            await self._request("listDevices", {}, PATIENCE)
        except Refused as refusal:
            return refusal.code != IO
        except Fault:
            return False
        return True

    async def _request(self, method: str, params: dict[str, Any], wait: float) -> Any:
        async with self._connecting:
            connection = await self._connected()
        named = {} if method in WITHOUT_ACCOUNT else self._named
        return await connection.request(method, {**named, **params}, wait)

    async def _connected(self) -> Connection:
        """Return the connection for requests. Raises: NotSent."""
        if not self._is_open:
            raise NotSent("the transport is closed")
        if self._connection is None or self._connection.is_over:
            await self._disconnect()
            connection = await Connection.open(self._settings.place, self._notified)
            try:
                accounts = await _accounts(connection)
            except Fault as fault:
                await connection.abort()
                raise NotSent(_explain(fault)) from None
            except BaseException:
                await connection.abort()
                raise
            self._connection, self._named = connection, self._name(accounts)
        return self._connection

    def _name(self, accounts: list[str] | None) -> dict[str, str]:
        """Return what says for whom a request is: nothing if the daemon has only us, it refuses that at times."""
        return {} if accounts is None else {"account": self._settings.account}

    async def _disconnect(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            await (connection.close() if connection.is_over else connection.abort())

    # ------------------------------------------------------------------ listen

    async def run(self, hear: Hear) -> None:
        """Listen for ever. Cancelled, what the daemon has begun to hand over is still heard."""
        self._hear = hear
        async with asyncio.TaskGroup() as self._tasks:
            await self._listen(hear)

    async def _listen(self, hear: Hear) -> None:
        deafness, failures = _Deafness(time.monotonic()), 0
        while True:
            reason, tried_at = "it ended the connection", time.monotonic()
            try:
                async with self._subscribed() as ears:
                    self.heard_at = time.monotonic()
                    await _tell(hear, deafness.ends())
                    await self._stay(ears)
            except (Fault, NoAccount) as fault:
                reason = _explain(fault)
                await self._disconnect()
            if deafness.is_over:
                deafness = _Deafness(self.heard_at)
                failures = failures if time.monotonic() - tried_at < LONGEST_PAUSE else 0
            await _tell(hear, deafness.lasts())
            seconds = min(SHORTEST_PAUSE * 2.0 ** min(failures, 10), LONGEST_PAUSE) * random.uniform(0.5, 1)  # noqa: S311 - no secret
            failures += 1
            log.warning("signal-cli cannot be listened to (%s), again in %.1f s", reason, seconds)
            await asyncio.sleep(seconds)

    @asynccontextmanager
    async def _subscribed(self) -> AsyncIterator[Connection]:
        """Connect, and let the daemon receive for us while the block lasts. Raises: Fault, NoAccount."""
        ears = await Connection.open(self._settings.place, self._notified)
        subscription, patience = None, None
        try:
            accounts = await _accounts(ears)
            if accounts is not None and self._settings.account not in accounts:
                raise NoAccount
            subscription = await ears.request("subscribeReceive", self._name(accounts), PATIENCE)
            yield ears
        except asyncio.CancelledError:
            self._tasks, patience = None, LAST_WORDS
            raise
        finally:
            # A task of its own: this one may be cancelled, and is to be waited for only so long.
            farewell = asyncio.create_task(_say_goodbye(ears, subscription))
            try:
                done, _ = await asyncio.wait([farewell], timeout=patience)
            finally:
                farewell.cancel()
                await ears.abort()
            if done:
                farewell.result()

    async def _stay(self, ears: Connection) -> None:
        """Return when the daemon ends the connection. Raises: Fault, NoAccount if it lives and yet does not work."""
        while True:
            await asyncio.wait([ears.reading], timeout=HEARTBEAT)
            if ears.reading.done():
                self.heard_at = time.monotonic()
                return await ears.reading
            try:
                await self._heartbeat(ears)
            except Fault:
                if not ears.reading.done():
                    raise

    async def _heartbeat(self, ears: Connection) -> None:
        try:
            await ears.request("version", {}, PATIENCE)
        except Lost:
            if not ears.is_notifying:  # else nobody read the answer: it is our disk that keeps us waiting
                raise
        await self._request("version", {}, PATIENCE)
        if self._named:
            accounts = await self._request("listAccounts", {}, PATIENCE)
            if self._settings.account not in _numbers(accounts):
                raise NoAccount
        self.heard_at = time.monotonic()

    async def _notified(self, notifications: list[dict[str, Any]]) -> None:
        """Store what was heard, before anything else; only then is more read."""
        heard: list[tuple[str, str]] = []
        for event in map(self._unwrapped, notifications):
            try:
                incoming = envelopes.read(event)
                if incoming is not None:
                    heard.append((envelopes.name(event), envelopes.stored(incoming)))
            except (Unreadable, ValueError, RecursionError):
                log.warning("an event of signal-cli cannot be read and is put aside")
                continue
            if (mistrusted := envelopes.mistrusted(event)) and mistrusted not in self._trusting:
                self._trusting.add(mistrusted)
                self._start(self._trust(mistrusted))
        self.heard_at = time.monotonic()
        if heard and self._hear is not None:
            await self._hear(heard)

    def _unwrapped(self, params: dict[str, Any]) -> Any:
        """Return the event of a notification. Bare, it says that the daemon receives even if nobody listens."""
        if "result" in params:
            return params["result"]
        if not self._warned_of_mode:
            self._warned_of_mode = True
            log.warning("signal-cli loses messages like this: please start it with --receive-mode manual")
        is_ours = not self._named or params.get("account") == self._settings.account
        return params if is_ours else {"envelope": {}}

    # ------------------------------------------------------------------ beside

    def _start(self, act: Coroutine[Any, Any, None]) -> None:
        """Let something happen that nobody waits for; it ends with `run`."""
        if self._tasks is None:
            act.close()
        else:
            self._tasks.create_task(act)

    async def _trust(self, address: str) -> None:
        """Take a new telephone for the same person, so that the message that is held back comes."""
        try:
            await self.request("trust", recipient=address, trustAllKnownKeys=True)
        except Fault as fault:
            log.warning("a new identity key could not be trusted (%s)", _explain(fault))
        finally:
            self._trusting.discard(address)

    def answers_soon(self, address: str) -> None:
        """Let somebody see that an answer is being written, if it does not leave soon."""
        is_person = not address.startswith(envelopes.GROUP)
        if is_person and address not in self._unanswered and time.monotonic() >= self._no_typing_until:
            self._unanswered.add(address)
            self._start(self._type(address))

    async def _type(self, address: str) -> None:
        """Show somebody that an answer is on its way, if it takes its time."""
        try:
            await asyncio.sleep(TYPING_AFTER)
            if address in self._unanswered and time.monotonic() >= self._no_typing_until:
                await self.request("sendTyping", recipient=[address])
        except Fault:
            self._no_typing_until = time.monotonic() + NO_TYPING
        finally:
            self._unanswered.discard(address)

    # ------------------------------------------------------------------ understand

    def understand(self, payload: str) -> Incoming:
        """Read a stored payload. Raises: Unreadable."""
        return envelopes.understand(payload)

    # ------------------------------------------------------------------ send

    async def send(self, address: str, outgoing: Outgoing) -> Outcome:
        """Try once, and say what is known of it."""
        self._unanswered.discard(address)
        lock = self._locks.setdefault(address, asyncio.Lock())  # signal-cli keeps no order between requests
        async with lock:
            try:
                outcome = await self._send(address, outgoing)
            except Fault as fault:
                outcome = _outcome(fault)
            except ValueError:  # markup that does not match: a fault of ours, and no reason to stop
                outcome = Outcome(State.REFUSED, reason=Reason.OTHER)
        if outcome.limited:
            self._no_typing_until = time.monotonic() + NO_TYPING
        if outcome.reason == CUT_OFF:
            self._is_cut_off = not await self._signal_answers()
            if not self._is_cut_off:  # it is about this person alone, such as one without prekeys
                outcome = Outcome(State.UNKNOWN, reason="Signal may have taken it or not")
        return outcome

    async def _send(self, address: str, outgoing: Outgoing) -> Outcome:
        match outgoing.act:
            case "acknowledge" | "commands":
                pass  # there are no buttons that spin and no lists of commands
            case "leave":
                await self._leave(address.removeprefix(envelopes.GROUP))
            case "forget":
                await self.request("removeContact", recipient=address, forget=True)
            case "solve":
                captcha = markup.plain(outgoing.text).strip()
                await self.request("submitRateLimitChallenge", challenge=outgoing.handle, captcha=captcha)
            case "change" if not outgoing.replaces:
                pass  # there is nothing to change
            case "change":
                return await self._send_message(address, outgoing, editTimestamp=int(outgoing.replaces))
            case _:
                return await self._send_message(address, outgoing)
        return Outcome(State.ACCEPTED)

    async def _leave(self, group: str) -> None:
        """Leave a group, or decline to come into it, and keep nothing of it. Raises: Fault.

        Its only admin may not leave, so somebody else is made one: else anybody could keep us there.
        """
        try:
            await self.request("quitGroup", groupId=group, delete=True)
        except Refused as refusal:
            others = _not_admins(await self.request("listGroups", groupId=[group]))
            if not others:
                raise refusal from None
            await self.request("quitGroup", groupId=group, delete=True, admin=others[:1])

    async def _send_message(self, address: str, outgoing: Outgoing, **more: Any) -> Outcome:
        params = {**_recipient(address), **_message(outgoing), **more}
        outcome = await self._try(params)
        if outcome is UNTRUSTED and not address.startswith(envelopes.GROUP):
            try:
                await self.request("trust", recipient=address, trustAllKnownKeys=True)
            except Lost as fault:
                return Outcome(State.WAITING, reason=_explain(fault), everybody=True)
            outcome = await self._try(params)
        return outcome

    async def _try(self, params: dict[str, Any]) -> Outcome:
        try:
            return _judge(await self.request("send", **params))
        except Refused as refusal:
            return _outcome(refusal)


class _Deafness:
    """A time in which nothing could be heard, from `since` on the monotonic clock."""

    def __init__(self, since: float) -> None:
        self.is_over = False
        self._since = since
        self._since_utc = time.time() - (time.monotonic() - since)
        self._was_told = False

    def ends(self) -> tuple[str, str] | None:
        """Return what is to be heard of it now that it is over, if it was worth mentioning."""
        self.is_over = True
        lasted = time.monotonic() - self._since
        return envelopes.deaf(self._since_utc, time.time()) if lasted >= DEAF else None

    def lasts(self) -> tuple[str, str] | None:
        """Return what is to be heard while it lasts, once."""
        if self._was_told or time.monotonic() - self._since < STILL_DEAF:
            return None
        self._was_told = True
        return envelopes.deaf(self._since_utc, 0)


async def _tell(hear: Hear, told: tuple[str, str] | None) -> None:
    if told is not None:
        await hear([told])


async def _say_goodbye(ears: Connection, subscription: Any) -> None:
    """End a subscription; what was handed over before has been heard then. Raises: what `hear` raised.

    signal-cli loses a message that it is decrypting at that moment (ManagerImpl.removeReceiveHandler), so first there
    has to be a moment of quiet.
    """
    began = time.monotonic()
    while time.monotonic() < min(ears.read_at + QUIET, began + LONGEST_QUIET) and not ears.reading.done():
        await asyncio.wait([ears.reading], timeout=QUIET)
    if subscription is not None and not ears.reading.done():
        with suppress(Fault):
            await ears.request("unsubscribeReceive", {"subscription": subscription}, GOODBYE)
    await ears.close()


async def _accounts(connection: Connection) -> list[str] | None:
    """Return the accounts of a daemon that can have several; None: it was started with one (`-a`). Raises: Fault."""
    try:
        return _numbers(await connection.request("listAccounts", {}, PATIENCE))
    except Refused as refusal:
        if refusal.code != NO_METHOD:
            raise
        return None


def _numbers(accounts: Any) -> list[str]:
    listed = accounts if isinstance(accounts, list) else []
    return [str(account.get("number")) for account in listed if isinstance(account, dict)]


def _not_admins(groups: Any) -> list[str]:
    """Return the members of the one group that was asked for, but for its admins."""
    group = groups[0] if isinstance(groups, list) and groups and isinstance(groups[0], dict) else {}
    members, admins = (_uuids(group.get(part)) for part in ("members", "admins"))
    return [member for member in members if member not in admins]


def _uuids(people: Any) -> list[str]:
    listed = people if isinstance(people, list) else []
    return [str(person["uuid"]) for person in listed if isinstance(person, dict) and person.get("uuid")]


def _recipient(address: str) -> dict[str, Any]:
    if address.startswith(envelopes.GROUP):
        return {"groupId": address.removeprefix(envelopes.GROUP)}
    return {"recipient": [address]}


def _message(outgoing: Outgoing) -> dict[str, Any]:
    text, styles = _flatten(outgoing.text)
    message: dict[str, Any] = {"message": text}
    if styles:
        message["textStyle"] = styles
    if outgoing.file_name:
        message["attachment"] = [_attachment(outgoing.file_name, outgoing.file_text)]
    return message


def _flatten(text: str) -> tuple[str, list[str]]:
    """Return the text and its styles as START:LENGTH:STYLE in UTF-16 units. Raises: ValueError."""
    shown, styles = "", []
    for address, runs in groupby(markup.parse(text), _address_of_link):
        start = len(shown)
        for run in runs:
            position, length = markup.units(shown), markup.units(run.text)
            styles += [f"{position}:{length}:{STYLES[tag]}" for tag in run.tags if tag in STYLES]
            shown += run.text
        if address and shown[start:] != re.sub("^(mailto|tel):", "", address):
            shown += f" ({address})"
    return shown, styles


def _address_of_link(run: markup.Run) -> str:
    return next((tag.removeprefix("a:") for tag in run.tags if tag.startswith("a:")), "")


def _attachment(name: str, text: str) -> str:
    """Return a data: URI. signal-cli reads one parameter in it, and that is percent-encoded."""
    kind = "application/json" if name.endswith(".json") else "text/plain"
    return f"data:{kind};filename={quote(name, safe='')};base64,{b64encode(text.encode(errors='replace')).decode()}"


def _judge(answer: Any) -> Outcome:
    """Say what became of a message, by what signal-cli says of each recipient: its codes do not tell."""
    if not isinstance(answer, dict):
        return Outcome(State.UNKNOWN, reason="an answer that says nothing")
    results = answer.get("results")
    results = [result for result in results if isinstance(result, dict)] if isinstance(results, list) else []
    if not results or any(result.get("type") == "SUCCESS" for result in results):
        timestamp = answer.get("timestamp")
        return Outcome(State.ACCEPTED, message=str(timestamp) if isinstance(timestamp, int) else "")
    return _failure(results[0])


def _failure(result: dict[str, Any]) -> Outcome:
    match result.get("type"):
        case "UNREGISTERED_FAILURE":  # Signal says so by mistake at times
            return Outcome(State.REFUSED, reason=Reason.GONE, unreachable=True, doubtful=True)
        case "RATE_LIMIT_FAILURE":
            return _limited(result.get("retryAfterSeconds"), result.get("token"))
        case "IDENTITY_FAILURE":
            return UNTRUSTED
        case "INVALID_PRE_KEY_FAILURE":
            # Nothing was sent, but to wait would be for ever: only the person's own telephone can renew its keys.
            return Outcome(State.REFUSED, reason=Reason.OTHER)
        case "NETWORK_FAILURE":  # before or after Signal took it: signal-cli does not say
            return Outcome(State.UNKNOWN, reason=CUT_OFF, everybody=True)
    return Outcome(State.UNKNOWN, reason="a failure that nobody knows", limited=True)


def _outcome(fault: Fault) -> Outcome:
    """Say what it means that a request did not succeed."""
    if isinstance(fault, NotSent):
        return Outcome(State.WAITING, reason=_explain(fault), everybody=True)
    if not isinstance(fault, Refused):
        return Outcome(State.UNKNOWN, reason=_explain(fault))
    response = fault.data.get("response") if isinstance(fault.data, dict) else None
    if isinstance(response, dict) and response.get("results"):
        return _judge(response)
    if fault.code == INVALID_PARAMS:
        return Outcome(State.WAITING, reason=_explain(NoAccount()), everybody=True)
    if fault.code == IO:
        return Outcome(State.UNKNOWN, reason=CUT_OFF, everybody=True)
    if fault.code == RATE_LIMIT:
        return _limited(None)
    if fault.code == INTERNAL and _TOO_MANY.search(fault.message):
        found = _RETRY_AFTER.search(fault.message)
        return _limited(int(found[1]) if found else None)
    return Outcome(State.REFUSED, reason=Reason.OTHER)


def _limited(seconds: Any, token: Any = None) -> Outcome:
    is_number = isinstance(seconds, int | float) and not isinstance(seconds, bool)
    sane = min(seconds, LONGEST_WAIT) if is_number and seconds > 0 else 0
    challenge = token if isinstance(token, str) else ""
    return Outcome(
        State.WAITING,
        reason="rate limit",
        seconds=sane,
        everybody=True,
        limited=True,
        challenge=challenge,
        challenge_page=CAPTCHA_PAGE if challenge else "",
    )


def _explain(fault: Exception) -> str:
    """Return a reason that can stand in a log; nothing of it came from signal-cli."""
    if isinstance(fault, NoAccount):
        return "it does not have the account"
    return f"{type(fault).__name__}: {fault}"
