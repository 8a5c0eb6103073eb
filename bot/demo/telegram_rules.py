"""What Telegram refuses and in which words: parameters, keyboards, commands, webhooks. Knows no state.

The sentences are those of the Bot API server (`Client.cpp`) and of TDLib, and those that tests against the real API
have recorded. Where a refusal's exact words are not public, the rule is kept and the comment says so.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from bot.demo.telegram_html import (
    ENTITY_TYPES,
    CannotParse,
    parse_html,
    tidy,
    utf16_length,
    whole_url,
)

if TYPE_CHECKING:
    from bot.demo.telegram_html import (
        Json,
    )

TEXT_LIMIT = 4096
CAPTION_LIMIT = 1024
BUTTON_LIMIT = 100
ROW_LIMIT = 8
DATA_LIMIT = 64
TOAST_LIMIT = 200
COMMAND_LIMIT = 100
UPDATE_KINDS = (
    "message",
    "edited_message",
    "channel_post",
    "edited_channel_post",
    "business_connection",
    "business_message",
    "edited_business_message",
    "deleted_business_messages",
    "message_reaction",
    "message_reaction_count",
    "inline_query",
    "chosen_inline_result",
    "callback_query",
    "shipping_query",
    "pre_checkout_query",
    "purchased_paid_media",
    "poll",
    "poll_answer",
    "my_chat_member",
    "chat_member",
    "chat_join_request",
    "chat_boost",
    "removed_chat_boost",
)
USUAL_UPDATES = frozenset(UPDATE_KINDS) - {"chat_member", "message_reaction", "message_reaction_count"}
CHAT_ACTIONS = frozenset(
    {
        "cancel",
        "typing",
        "upload_photo",
        "record_video",
        "upload_video",
        "record_voice",
        "upload_voice",
        "record_audio",
        "upload_audio",
        "upload_document",
        "choose_sticker",
        "find_location",
        "record_video_note",
        "upload_video_note",
    }
)
SCOPES = frozenset(
    {
        "default",
        "all_private_chats",
        "all_group_chats",
        "all_chat_administrators",
        "chat",
        "chat_administrators",
        "chat_member",
    }
)
BUTTON_ACTIONS = frozenset(
    {
        "url",
        "callback_data",
        "copy_text",
        "web_app",
        "login_url",
        "switch_inline_query",
        "switch_inline_query_current_chat",
        "switch_inline_query_chosen_chat",
        "callback_game",
        "pay",
    }
)
UNMODIFIED = (
    "message is not modified: specified new message content and reply markup are exactly the same as a current "
    "content and reply markup of the message"
)
TOO_OLD = "query is too old and response timeout expired or query ID is invalid"


class Refused(Exception):
    """Carry what Telegram answers instead of a result."""

    def __init__(self, code: int, description: str, parameters: Json | None = None) -> None:
        super().__init__(description)
        self.code = code
        self.description = description
        self.parameters = parameters


def bad(reason: str) -> Refused:
    return Refused(400, f"Bad Request: {reason}")


def forbidden(reason: str) -> Refused:
    return Refused(403, f"Forbidden: {reason}")


def conflict(reason: str) -> Refused:
    return Refused(409, f"Conflict: {reason}")


def too_many(seconds: int) -> Refused:
    return Refused(429, f"Too Many Requests: retry after {seconds}", {"retry_after": seconds})


@dataclass(frozen=True, slots=True)
class Upload:
    """A file that came with a multipart request."""

    name: str
    content: bytes
    mime_type: str


class Params(dict[str, Any]):
    """The parameters of one call, read as leniently or strictly as the Bot API reads them."""

    __slots__ = ()

    def text(self, name: str) -> str:
        """Return a parameter as the string that every parameter is for the Bot API, "" if it is missing."""
        value = self.get(name, "")
        if isinstance(value, str):
            return value
        if value is None:
            return ""
        return json.dumps(value)

    def integer(self, name: str, default: int = 0) -> int:
        """Return a whole number; the Bot API reads what is none as the default."""
        value = self.get(name)
        if value.__class__ is int:
            return int(value)
        match = re.match(r"\s*(-?\d+)", self.text(name))
        return int(match[1]) if match else default

    def yes(self, name: str) -> bool:
        return self.text(name).lower() in {"true", "yes", "1"}

    def structure(self, name: str, refusal: str) -> Any:
        """Return a parameter that is JSON, None if it is missing.

        Raises: Refused with these words when it does not parse.
        """
        value = self.get(name)
        if not isinstance(value, str):
            return value
        if not value:
            return None
        try:
            return json.loads(value)
        except ValueError as error:
            raise bad(refusal) from error


def formatted(params: Params, name: str = "text", entities_name: str = "entities") -> tuple[str, list[Json]]:
    """Return text and entities of a call, after parsing and tidying."""
    source = params.text(name)
    mode = params.text("parse_mode").lower()
    if not encodable(source):
        raise bad(f"{'text' if name == 'text' else name} must be encoded in UTF-8")
    if mode == "html":
        try:
            text, entities = parse_html(source)
        except CannotParse as error:
            raise bad(f"can't parse entities: {error}") from error
    elif mode in {"", "none"}:
        text, entities = source, given_entities(params, source, entities_name)
    else:
        # Markdown is not pretended: the bot writes HTML.
        raise bad("unsupported parse_mode")
    return tidy(text, entities)


def encodable(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def given_entities(params: Params, text: str, name: str) -> list[Json]:
    entities = params.structure(name, "can't parse entities JSON object")
    if not entities:
        return []
    if not isinstance(entities, list):
        raise bad("expected an Array of MessageEntity")
    length = utf16_length(text)
    return [given_entity(entity, length) for entity in entities]


def given_entity(entity: Any, length: int) -> Json:
    if not isinstance(entity, dict):
        raise bad("can't parse MessageEntity: expected an Object")
    for name in ("offset", "length", "type"):
        if name not in entity:
            raise bad(f"can't parse MessageEntity: Can't find field \"{name}\"")
    if entity["type"] not in ENTITY_TYPES:
        raise bad("can't parse MessageEntity: Unsupported type specified")
    begin, size = entity["offset"], entity["length"]
    if not isinstance(begin, int) or not isinstance(size, int):
        raise bad('can\'t parse MessageEntity: Field "offset" must be of type Number')
    if begin < 0:
        raise bad(f"receive an entity with incorrect offset {begin}")
    if begin > length:
        raise bad(f"entity begins after the end of the text at UTF-16 offset {begin}")
    if begin + size > length:
        end = begin + size
        raise bad(f"entity beginning at UTF-16 offset {begin} ends after the end of the text at UTF-16 offset {end}")
    if entity["type"] == "text_link":
        check_link(entity)
    return dict(entity)


def check_link(entity: Json) -> None:
    url = entity.get("url")
    if not isinstance(url, str):
        raise bad("can't parse MessageEntity: Can't find field \"url\"")
    reason = fault_of_url(url)
    if reason:
        raise bad(f"entity URL '{url}' is invalid: {reason}")


def message_text(params: Params) -> tuple[str, list[Json]]:
    """Return the text of a message to send, not empty and of any length."""
    if not params.text("text"):
        raise bad("message text is empty")
    text, entities = formatted(params)
    if not text:
        raise bad("text must be non-empty")
    return text, entities


def keyboard(params: Params) -> Json | None:
    """Return the checked `reply_markup`, None if there is none or an empty one."""
    if "reply_markup" not in params or params["reply_markup"] == "":
        return None
    markup = params.structure("reply_markup", "can't parse reply keyboard markup JSON object")
    if not isinstance(markup, dict):
        raise bad("object expected as reply markup")
    for name in ("remove_keyboard", "force_reply"):
        if name in markup and not isinstance(markup[name], bool):
            raise bad(f'field "{name}" must be of type Boolean')
    if "inline_keyboard" in markup:
        rows = rows_of(markup, "inline_keyboard")
        inline = [[inline_button(button) for button in row] for row in rows if row]
        check_size(inline)
        return {"inline_keyboard": inline} if inline else None
    if "keyboard" in markup:
        rows = rows_of(markup, "keyboard")
        check_size(rows)
        return {**markup, "keyboard": [[plain_button(button) for button in row] for row in rows]}
    return markup


def rows_of(markup: Json, name: str) -> list[list[Any]]:
    rows = markup[name]
    if not isinstance(rows, list):
        raise bad(f'field "{name}" must be of type Array')
    if not all(isinstance(row, list) for row in rows):
        kind = "InlineKeyboardMarkup" if name == "inline_keyboard" else "ReplyKeyboardMarkup"
        raise bad(f'field "{name}" of the {kind} must be an Array of Arrays')
    return rows


def check_size(rows: list[list[Any]]) -> None:
    """Refuse more than 100 buttons or more than 8 in a row; for the row Telegram's words are not published."""
    if sum(map(len, rows)) > BUTTON_LIMIT or any(len(row) > ROW_LIMIT for row in rows):
        raise bad("reply markup is too long")


def inline_button(button: Any) -> Json:
    if not isinstance(button, dict):
        raise unparsable("InlineKeyboardButton must be an Object")
    if "text" not in button:
        raise unparsable('Can\'t find field "text"')
    if not isinstance(button["text"], str):
        raise unparsable('Field "text" must be of type String')
    data = button.get("callback_data")
    if data:
        return button_with_data(button, data)
    if not any(button.get(action) is not None and action != "callback_data" for action in BUTTON_ACTIONS):
        raise unparsable("Text buttons are unallowed in the inline keyboard")
    check_button_action(button)
    check_label(button)
    return dict(button)


def button_with_data(button: Json, data: Any) -> Json:
    if not isinstance(data, str):
        raise unparsable('Field "callback_data" must be of type String')
    check_label(button)
    if len(data) > DATA_LIMIT or len(data.encode("utf-8", "surrogatepass")) > DATA_LIMIT:
        raise bad("BUTTON_DATA_INVALID")
    return dict(button)


def check_label(button: Json) -> None:
    """Refuse a button without a label; the words are TDLib's for an empty string where one is required."""
    if not button["text"].strip():
        raise bad("inline keyboard button text must be non-empty")


def check_button_action(button: Json) -> None:
    url = button.get("url")
    if url is not None:
        reason = fault_of_url(str(url))
        if reason:
            raise bad(f"inline keyboard button URL '{url}' is invalid: {reason}")
    for name in ("web_app", "copy_text"):
        if not isinstance(button.get(name, {}), dict):
            raise unparsable(f'Field "{name}" must be of type Object')
    app = button.get("web_app", {"url": "https://"}).get("url", "")
    if not str(app).startswith("https://"):
        raise bad(f"inline keyboard button Web App URL '{app}' is invalid: Only HTTPS links are allowed")
    if not 1 <= len(str(button.get("copy_text", {"text": "x"}).get("text", ""))) <= 256:
        raise bad("BUTTON_COPY_TEXT_INVALID")


def fault_of_url(url: str) -> str | None:
    if not url:
        return "URL host is empty"
    scheme = re.match(r"([A-Za-z][\w+.-]*)://", url)
    if scheme and scheme[1].lower() not in {"http", "https", "tg", "ton"}:
        return "Unsupported URL protocol"
    return None if whole_url(url) else "Wrong HTTP URL"


def unparsable(reason: str) -> Refused:
    return bad(f"can't parse inline keyboard button: {reason}")


def plain_button(button: Any) -> Json:
    if isinstance(button, str):
        return {"text": button}
    if not isinstance(button, dict) or not isinstance(button.get("text"), str):
        raise bad("can't parse keyboard button: Can't find field \"text\"")
    return dict(button)


def language_code(params: Params) -> str:
    code = params.text("language_code")
    if code and not re.fullmatch(r"[a-z]{2}", code):
        raise bad("invalid language code specified")
    return code


def command_list(params: Params) -> list[Json]:
    """Return the checked commands of `setMyCommands`; an empty list removes them."""
    commands = params.structure("commands", "can't parse commands JSON object")
    if commands is None:
        return []
    if not isinstance(commands, list):
        raise bad("expected an Array of BotCommand")
    if len(commands) > COMMAND_LIMIT:
        raise bad("BOT_COMMANDS_TOO_MUCH")
    return [command(entry) for entry in commands]


def command(entry: Any) -> Json:
    if not isinstance(entry, dict):
        raise bad("can't parse BotCommand: expected an Object")
    for field in ("command", "description"):
        if not isinstance(entry.get(field), str):
            raise bad(f"can't parse BotCommand: Can't find field \"{field}\"")
    name, description = entry["command"].strip().removeprefix("/"), entry["description"].strip()
    if not name:
        raise bad("command must be non-empty")
    if len(name) > 32:
        raise bad("command length must not exceed 32")
    if not description:
        raise bad("command description must be non-empty")
    if len(description) > 256:
        raise bad("command description length must not exceed 256")
    if not re.fullmatch(r"[a-z0-9_]+", name):
        raise bad("BOT_COMMAND_INVALID")
    return {**entry, "command": name, "description": description}


def scope_key(params: Params) -> str:
    """Return a scope as one string: "default", "chat 42", "chat_member 42 7"."""
    scope = params.structure("scope", "can't parse BotCommandScope JSON object")
    if scope is None:
        return "default"
    if not isinstance(scope, dict):
        raise bad("can't parse BotCommandScope: expected an Object")
    kind = scope.get("type")
    if kind not in SCOPES:
        raise bad("can't parse BotCommandScope: unsupported type specified")
    words = [str(kind)]
    if kind in {"chat", "chat_administrators", "chat_member"}:
        if not scope.get("chat_id"):
            raise bad("can't parse BotCommandScope: chat_id is empty")
        words.append(str(scope["chat_id"]))
    if kind == "chat_member":
        words.append(str(scope.get("user_id", "")))
    return " ".join(words)


def allowed_updates(params: Params, current: frozenset[str]) -> frozenset[str]:
    """Return which kinds are wanted from now on; an empty list means all the usual ones, nothing means as before."""
    kinds = params.structure("allowed_updates", "can't parse allowed updates JSON object")
    if kinds is None:
        return current
    if not isinstance(kinds, list):
        raise bad("expected an Array of String as allowed_updates")
    wanted = frozenset(str(kind) for kind in kinds) & frozenset(UPDATE_KINDS)
    return wanted or USUAL_UPDATES


def webhook_url(params: Params) -> str:
    """Return the checked address; plain HTTP is taken for loopback, as a Bot API server of one's own does."""
    url = params.text("url")
    if not url:
        return ""
    parts = urlsplit(url)
    loopback = parts.hostname in {"127.0.0.1", "localhost", "::1"}
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise bad("bad webhook: invalid webhook URL specified")
    if parts.scheme == "http" and not loopback:
        raise bad("bad webhook: An HTTPS URL must be provided for webhook")
    if not loopback and (parts.port or 443) not in {80, 88, 443, 8443}:
        raise bad("bad webhook: Webhook can be set up only on ports 80, 88, 443 or 8443")
    return url


def webhook_secret(params: Params) -> str:
    secret = params.text("secret_token")
    if len(secret) > 256:
        raise bad("secret token is too long")
    if not re.fullmatch(r"[A-Za-z0-9_-]*", secret):
        raise bad("secret token contains unallowed characters")
    return secret
