"""Telegram, through python-telegram-bot's `Bot`: the only module that knows what Telegram is like.

The polling loop is our own, over raw JSON: python-telegram-bot's acknowledges updates before they are handled, waits
for ever on one that it cannot parse, and stops for good after one 401. An update is acknowledged (by the next
`getUpdates` offset, or by 200 to the webhook) only after it is stored. https://core.telegram.org/bots/api
"""

import asyncio
import hmac
import json
import logging
import random
import time
from dataclasses import dataclass
from typing import Any

from aiohttp import web
from telegram import Bot, InputFile
from telegram.error import BadRequest, Conflict, Forbidden, InvalidToken, TelegramError

from bot import words
from bot.layout import with_buttons
from bot.messages import Abilities, Button, Hear, Incoming, Kind, Outcome, Outgoing, Reason, State, Unreadable
from bot.pace import Limits
from bot.settings import Telegram as Settings
from bot.transports.telegram_request import AiohttpRequest, NotSent, SlowDown, Unclear

log = logging.getLogger(__name__)

POLL = 25
"""Seconds that Telegram holds an empty getUpdates open."""
LATE = 10.0
"""Seconds by which the answer to a getUpdates may come later than that."""
LONGEST_PAUSE = 30.0
HEARD = ["message", "edited_message", "callback_query", "my_chat_member", "channel_post"]
WEBHOOK_PATH = "/telegram"
LARGEST_ID = 2**52
NOBODY = (777000, 1087968824, 136817688)
"""Telegram itself, anonymous admins and channels: they look like people."""
UNREACHABLE = {
    "bot was blocked by the user": Reason.BLOCKED,
    "user is deactivated": Reason.GONE,
    "chat not found": Reason.GONE,
    "bot can't initiate conversation with a user": Reason.NEVER_WROTE,
}
DONE = ("message is not modified", "query is too old", "message to delete not found")
NOT_THERE = ("message to edit not found", "message can't be edited")


class NoAccess(Exception):
    """Telegram cannot be used; the text is a plain sentence for the operator."""


class _RawBot(Bot):
    """python-telegram-bot's Bot, asked for raw results: building objects costs more than all the rest of a turn."""

    async def raw(self, method: str, parameters: dict[str, Any], wait: float | None) -> Any:
        """Call a method and return its JSON as it is. Raises: TelegramError."""
        return await self._post(method, parameters, read_timeout=wait)


class TelegramTransport:
    """One bot account on Telegram; an `async with` opens and closes its connections."""

    messenger = "telegram"
    abilities = Abilities(title="Telegram", choices=10, lay_out=with_buttons(4096))
    limits = Limits()

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._request = AiohttpRequest()
        self._bot = _RawBot(
            settings.token,
            base_url=f"{settings.api_url}/bot",
            base_file_url=f"{settings.api_url}/file/bot",
            request=self._request,
            get_updates_request=self._request,
        )
        self._hear: Hear | None = None
        self.heard_at: float | None = None if self.has_webhook else time.monotonic()

    @property
    def has_webhook(self) -> bool:
        """Whether Telegram calls us, rather than we it."""
        return bool(self._settings.webhook_url)

    async def __aenter__(self) -> "TelegramTransport":
        await self._request.initialize()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._request.shutdown()

    async def call(self, method: str, wait: float | None = None, **parameters: Any) -> Any:
        """Call a method of the Bot API and return its raw result, waiting so many seconds. Raises: TelegramError."""
        given = {name: value for name, value in parameters.items() if value is not None}
        try:
            return await self._bot.raw(method, given, wait)
        except (LookupError, TypeError, AttributeError, RecursionError) as fault:  # JSON, but no answer of Telegram's
            raise Unclear(type(fault).__name__) from None

    # ------------------------------------------------------------------ listen

    async def run(self, hear: Hear) -> None:
        """Listen for ever, by webhook if one is set, else by polling."""
        self._hear = hear
        if self.has_webhook:
            await self._set_webhook()
            await asyncio.Event().wait()
        await self._patiently("deleteWebhook")
        await self._poll(hear)

    async def _poll(self, hear: Hear) -> None:
        offset, failures = None, 0
        while True:
            try:
                updates = await self.call("getUpdates", POLL + LATE, offset=offset, timeout=POLL, allowed_updates=HEARD)
                heard = _payloads(updates)
            except (TelegramError, RecursionError) as fault:
                failures += 1
                await self._pause("getUpdates", fault, failures)
                continue
            failures = 0
            self.heard_at = time.monotonic()
            if heard:
                await hear([(str(id), payload) for id, payload in heard])
                # Never the highest id known: after a quiet week Telegram begins anew at a random number.
                offset = heard[-1][0] + 1

    async def webhook(self, request: web.Request) -> web.Response:
        """Take one update that Telegram posts; the secret is checked before the body is read."""
        secret = request.headers.get("X-Telegram-Bot-Api-Secret-Token", "").encode(errors="surrogateescape")
        if not hmac.compare_digest(secret, self._settings.webhook_secret.encode()):
            return web.Response(status=403)
        try:
            update = json.loads(await request.read())
        except (ValueError, RecursionError):
            return web.Response(status=400)
        if not _has_id(update) or self._hear is None:
            return web.Response(status=400)
        await self._hear([(str(update["update_id"]), json.dumps(update))])
        return web.Response()

    async def _set_webhook(self) -> None:
        url = self._settings.webhook_url.rstrip("/") + WEBHOOK_PATH
        await self._patiently(
            "setWebhook", url=url, secret_token=self._settings.webhook_secret, allowed_updates=HEARD, max_connections=20
        )

    async def _patiently(self, method: str, **parameters: Any) -> Any:
        """Call a method until it works."""
        failures = 0
        while True:
            try:
                return await self.call(method, **parameters)
            except TelegramError as fault:
                failures += 1
                await self._pause(method, fault, failures)

    async def _pause(self, method: str, fault: Exception, failures: int) -> None:
        if isinstance(fault, SlowDown):
            seconds = fault.seconds
        else:
            seconds = min(0.5 * 2.0 ** min(failures, 10), LONGEST_PAUSE) * random.uniform(0.5, 1)  # noqa: S311 - no secret
        log.warning("%s failed (%s), again in %.1f s", method, _explain(fault), seconds)
        await asyncio.sleep(seconds)

    # ------------------------------------------------------------------ understand

    def understand(self, payload: str) -> Incoming | None:
        """Read an update. None: it does not concern us. Raises: Unreadable."""
        try:
            return _understand(json.loads(payload))
        except (KeyError, TypeError, ValueError, AttributeError, OverflowError, RecursionError) as fault:
            raise Unreadable(type(fault).__name__) from None

    # ------------------------------------------------------------------ send

    def answers_soon(self, address: str) -> None:
        """Show nothing: an answer is there at once."""

    async def send(self, address: str, outgoing: Outgoing) -> Outcome:
        """Try once, and say what is known of it."""
        if outgoing.act == "change" and not outgoing.replaces:
            return Outcome(State.ACCEPTED)  # there is nothing to change
        try:
            return Outcome(State.ACCEPTED, message=await self._send(address, outgoing))
        except TelegramError as fault:
            if outgoing.replaces and _words(fault).startswith(NOT_THERE):
                # What was to be changed is not there: a question is asked anew, a mere change is not worth a message.
                return await self.send(address, _anew(outgoing)) if outgoing.act == "send" else Outcome(State.ACCEPTED)
            outcome = _classify(fault)
        if outgoing.act == "acknowledge" and outcome.state is not State.ACCEPTED:  # too late is never
            return Outcome(State.REFUSED, reason=outcome.reason, seconds=outcome.seconds, everybody=outcome.everybody)
        return outcome

    async def reachable(self) -> bool:
        """Ask for something harmless and say whether there was an answer."""
        try:
            await self.call("getMe")
        except TelegramError:
            return False
        return True

    async def _send(self, address: str, outgoing: Outgoing) -> str:
        """Send or change a message, or do what else is asked; return the id of the message, if there is one."""
        match outgoing.act:
            case "acknowledge":
                await self.call("answerCallbackQuery", callback_query_id=outgoing.press_id, text=outgoing.text or None)
            case "commands":
                await self._set_commands(address, outgoing)
            case "leave":
                await self.call("leaveChat", chat_id=int(address))
            case _:
                return await self._send_message(address, outgoing)
        return ""

    async def _send_message(self, address: str, outgoing: Outgoing) -> str:
        if outgoing.file_name:
            document = InputFile(outgoing.file_text.encode(), outgoing.file_name)
            sent = await self.call(
                "sendDocument",
                chat_id=int(address),
                document=document,
                caption=outgoing.text,
                parse_mode="HTML",
                reply_markup=_keyboard(outgoing.buttons),
            )
        else:
            change = {"message_id": int(outgoing.replaces)} if outgoing.replaces else {}
            sent = await self.call(
                "editMessageText" if change else "sendMessage",
                chat_id=int(address),
                text=outgoing.text,
                parse_mode="HTML",
                link_preview_options={"is_disabled": True},
                reply_markup=_keyboard(outgoing.buttons),
                **change,
            )
        if not isinstance(sent, dict) or "message_id" not in sent:
            raise Unclear("no message")
        return str(sent["message_id"])

    async def _set_commands(self, address: str, outgoing: Outgoing) -> None:
        scope = {"type": "chat", "chat_id": int(address)}
        commands = [{"command": name, "description": text} for name, text in outgoing.commands]
        if commands:
            await self.call("setMyCommands", commands=commands, scope=scope)
        else:
            await self.call("deleteMyCommands", scope=scope)

    # ------------------------------------------------------------------ introduce

    async def introduce(self, cards: dict[str, "Card"]) -> None:
        """Show each language its name, description and commands; the language '' is for all others.

        Telegram allows few changes of a name a day, so only what differs is set.
        """
        for language, card in cards.items():
            for get, put, field, wanted in (
                ("getMyName", "setMyName", "name", card.name),
                ("getMyDescription", "setMyDescription", "description", card.description),
                ("getMyShortDescription", "setMyShortDescription", "short_description", card.short_description),
            ):
                shown = await self._patiently(get, language_code=language)
                if shown[field] != wanted:
                    await self._patiently(put, language_code=language, **{field: wanted})
            commands = [{"command": name, "description": text} for name, text in card.commands]
            if await self._patiently("getMyCommands", language_code=language) != commands:
                await self._patiently("setMyCommands", language_code=language, commands=commands)

    async def user_name(self) -> str:
        """Return the bot's own @name without the @. Raises: NoAccess."""
        try:
            return str((await self.call("getMe"))["username"])
        except InvalidToken:
            sentence = "Telegram refuses the token. Please compare it with what BotFather gave you."
            raise NoAccess(sentence) from None
        except TelegramError:
            raise NoAccess("Telegram cannot be reached from this machine.") from None


@dataclass(frozen=True)
class Card:
    """What Telegram shows of the bot before anybody wrote to it: at most 64, 512 and 120 characters."""

    name: str
    description: str
    short_description: str
    commands: tuple[tuple[str, str], ...]


def _payloads(updates: Any) -> list[tuple[int, str]]:
    """Return what getUpdates brought, by number. Raises: Unclear if it is none of Telegram's answers."""
    if not isinstance(updates, list):
        raise Unclear("no list of updates")
    heard = [(update["update_id"], json.dumps(update)) for update in updates if _has_id(update)]
    if updates and not heard:
        raise Unclear("no update with a number")
    return heard


def _has_id(update: Any) -> bool:
    id = update.get("update_id") if isinstance(update, dict) else None
    return isinstance(id, int) and not isinstance(id, bool)


def _understand(update: dict[str, Any]) -> Incoming | None:
    if "message" in update:
        return _understand_message(update["message"])
    if "callback_query" in update:
        return _understand_press(update["callback_query"])
    if "edited_message" in update:
        return _understand_edit(update["edited_message"])
    if "my_chat_member" in update:
        return _understand_membership(update["my_chat_member"])
    if "channel_post" in update:
        return Incoming(TelegramTransport.messenger, _id(update["channel_post"]["chat"]), Kind.ADDED_TO_CHANNEL)
    return None


def _understand_message(message: dict[str, Any]) -> Incoming | None:
    address = _private(message)
    if not address:
        return None
    if "forward_origin" in message or "via_bot" in message:
        return Incoming(TelegramTransport.messenger, address, Kind.FORWARDED)
    text = message.get("text")
    if isinstance(text, str):
        return Incoming(TelegramTransport.messenger, address, Kind.TEXT, text=words.clean(text), own=_own(message))
    if any(kind in message for kind in _MEDIA):
        return Incoming(TelegramTransport.messenger, address, Kind.MEDIA)
    return None


def _understand_edit(message: dict[str, Any]) -> Incoming | None:
    address, text = _private(message), message.get("text")
    if not address:
        return None
    text = words.clean(text) if isinstance(text, str) else ""
    return Incoming(TelegramTransport.messenger, address, Kind.EDITED, text=text, own=_own(message))


def _own(message: dict[str, Any]) -> str:
    return str(int(message["message_id"]))


_MEDIA = (
    *("animation", "audio", "document", "paid_media", "photo", "sticker", "story", "video", "video_note", "voice"),
    *("checklist", "contact", "dice", "game", "poll", "venue", "location", "invoice", "users_shared", "passport_data"),
)


def _understand_press(press: dict[str, Any]) -> Incoming | None:
    message = press.get("message") or {}
    if message.get("chat", {}).get("type") != "private":
        return None
    data, press_id = press["data"], press["id"]
    if not isinstance(data, str) or not isinstance(press_id, str):
        raise TypeError("data")
    return Incoming(
        TelegramTransport.messenger,
        _id(press["from"]),
        Kind.PRESS,
        press=words.clean(data),
        message=str(int(message["message_id"])),
        press_id=words.clean(press_id),
    )


def _understand_membership(change: dict[str, Any]) -> Incoming | None:
    kind, before, now = change["chat"]["type"], change["old_chat_member"]["status"], change["new_chat_member"]["status"]
    here = now in ("member", "administrator")
    if kind == "private":
        return Incoming(TelegramTransport.messenger, _id(change["chat"]), Kind.CAME_BACK if here else Kind.LEFT)
    if not here or before in ("member", "administrator"):
        return None
    event = Kind.ADDED_TO_CHANNEL if kind == "channel" else Kind.ADDED_TO_GROUP
    return Incoming(TelegramTransport.messenger, _id(change["chat"]), event)


def _private(message: dict[str, Any]) -> str:
    """Return the address of the person who wrote in a private chat, '' for all other chats."""
    sender = message["from"]
    if message["chat"]["type"] != "private" or sender.get("is_bot") or sender.get("id") in NOBODY:
        return ""
    return _id(message["from"])


def _id(holder: dict[str, Any]) -> str:
    id = holder["id"]
    if not isinstance(id, int) or isinstance(id, bool) or not 0 < abs(id) < LARGEST_ID:
        raise ValueError("id")
    return str(id)


def _keyboard(buttons: tuple[Button, ...]) -> dict[str, Any] | None:
    if not buttons:
        return None
    rows: list[list[dict[str, str]]] = []
    beside = False
    for button in buttons:
        if button.wide or not beside:
            rows.append([])
        rows[-1].append({"text": button.label, "callback_data": button.data})
        beside = not button.wide
    return {"inline_keyboard": rows}


def _anew(outgoing: Outgoing) -> Outgoing:
    return Outgoing(text=outgoing.text, buttons=outgoing.buttons, handle=outgoing.handle)


def _classify(fault: TelegramError) -> Outcome:
    """Say what a refusal means. BadRequest is a NetworkError, so it comes first."""
    if isinstance(fault, SlowDown):
        return Outcome(State.WAITING, reason="slow down", seconds=fault.seconds, everybody=True)
    if isinstance(fault, BadRequest | Forbidden):
        words = _words(fault)
        if words.startswith(DONE):
            return Outcome(State.ACCEPTED)
        reason = next((reason for start, reason in UNREACHABLE.items() if words.startswith(start)), Reason.OTHER)
        return Outcome(State.REFUSED, reason=reason, unreachable=reason is not Reason.OTHER)
    if isinstance(fault, NotSent | InvalidToken | Conflict):
        return Outcome(State.WAITING, reason=_explain(fault), everybody=True)
    return Outcome(State.UNKNOWN, reason=_explain(fault))


def _words(fault: TelegramError) -> str:
    """Return Telegram's words. python-telegram-bot takes "Bad Request: " off and makes the first letter a capital."""
    return fault.message.lower().removeprefix("bad request: ").removeprefix("forbidden: ")


def _explain(fault: Exception) -> str:
    """Return a reason that can stand in a log: the kind of the fault; a refused token in words."""
    if isinstance(fault, InvalidToken):
        return "Telegram refuses the token"
    if isinstance(fault, Conflict):
        return "another program uses the same token, or a webhook is set"
    return f"{type(fault).__name__}: {fault.message}" if isinstance(fault, NotSent) else type(fault).__name__
