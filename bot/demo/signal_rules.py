"""What signal-cli refuses, and in which words: parameters of methods, recipients, styles, attachments."""

from __future__ import annotations

import base64
import binascii
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote_plus, unquote_to_bytes
from uuid import UUID

from bot.demo.signal_chats import Attachment

if TYPE_CHECKING:
    from bot.demo.signal_chats import Json, Style

USER, IO, UNTRUSTED, RATE_LIMIT, CAPTCHA_REJECTED = -1, -3, -4, -5, -6
PARSE, INVALID_REQUEST, NO_METHOD, INVALID_PARAMS, INTERNAL = -32700, -32600, -32601, -32602, -32603
STYLES = ("BOLD", "ITALIC", "SPOILER", "STRIKETHROUGH", "MONOSPACE")
EMPTY = "Sending empty message is not allowed, either a message, attachment or sticker must be given."
JAVA = {str: "String", int: "Integer", float: "Double", bool: "Boolean", list: "ArrayList", dict: "LinkedHashMap"}


class Refused(Exception):
    """An error answer; `data` is null or {"response": ...}."""

    def __init__(self, code: int, message: str, data: Json | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.data = data

    def as_json(self) -> Json:
        return {"code": self.code, "message": self.message, "data": self.data}


def user_error(message: str) -> Refused:
    return Refused(USER, message)


def class_cast(value: object, wanted: str) -> Refused:
    """Return what a value of the wrong type gives."""
    given = f"java.{'util' if isinstance(value, list | dict) else 'lang'}.{JAVA.get(type(value), 'Object')}"
    words = f"class {given} cannot be cast to class java.lang.{wanted}"
    return Refused(INTERNAL, f"{words} ({given} and java.lang.{wanted} are in module java.base) (ClassCastException)")


class Params:
    """The parameters of a method. Unknown ones are never looked at, null counts as absent."""

    def __init__(self, given: Json | None) -> None:
        self.given = given or {}

    def text(self, name: str) -> str | None:
        value = self.given.get(name)
        if value is not None and not isinstance(value, str):
            raise class_cast(value, "String")
        return value

    def needed(self, name: str) -> str:
        """Return a text that the method cannot do without."""
        value = self.text(name)
        if value is None:
            raise Refused(INTERNAL, f"{name} is null (NullPointerException)")
        return value

    def number(self, name: str) -> int | None:
        value = self.given.get(name)
        if value is not None and (not isinstance(value, int) or isinstance(value, bool)):
            raise class_cast(value, "Long")
        return value

    def yes(self, name: str) -> bool:
        value = self.given.get(name)
        if value is not None and not isinstance(value, bool):
            raise class_cast(value, "Boolean")
        return value is True

    def list_of(self, name: str) -> list[Any]:
        """Return a list that may be given as an array or one value, under its singular or plural name."""
        for key in (name, f"{name}s"):
            value = self.given.get(key)
            if value is not None:
                return value if isinstance(value, list) else [value]
        return []

    def texts(self, name: str) -> list[str]:
        values = self.list_of(name)
        for value in values:
            if not isinstance(value, str):
                raise class_cast(value, "String")
        return values

    def numbers(self, name: str) -> list[int]:
        values = self.list_of(name)
        for value in values:
            if not isinstance(value, int) or isinstance(value, bool):
                raise class_cast(value, "Long")
        return values


def recipient_kind(recipient: str) -> str:
    """Return "uuid", "number" or "username"; anything else is refused as a bad number."""
    bare = recipient.removeprefix("PNI:")
    try:
        UUID(bare)
    except ValueError:
        pass
    else:
        return "uuid"
    if recipient.startswith("u:"):
        return "username"
    if re.fullmatch(r"\+[1-9]\d{5,14}", recipient):
        return "number"
    raise user_error(f"Invalid phone number '{recipient}': Failed to parse number (NumberFormatException)")


def group_id(given: str) -> str:
    try:
        size = len(base64.b64decode(given, validate=True))
    except (binascii.Error, ValueError) as bad:
        raise user_error(f'Invalid group id: Failed to decode groupId (must be base64) "{given}": {bad}') from bad
    if size not in {16, 32}:
        raise user_error(f'Invalid group id: Failed to decode groupId (must be base64) "{given}"')
    return given


def styles(given: list[str]) -> list[Style]:
    """Return "start:length:STYLE" in parts; whether they lie in the text nobody looks at before the telephones."""
    found: list[Style] = []
    for entry in given:
        parts = re.fullmatch(r"(\d+):(\d+):(.+)", entry)
        if parts is None:
            raise user_error(f"Invalid textStyle syntax ({entry}) expected 'start:length:STYLE'")
        if parts[3] not in STYLES:
            raise user_error(f"Invalid style: {parts[3]}")
        found.append((int(parts[1]), int(parts[2]), parts[3]))
    return found


def attachment(given: str) -> Attachment:
    """Read a data: URI (`data:<mime>;filename=<name>;base64,<...>`) or the file at a path of the daemon's machine."""
    if not given.startswith("data:"):
        try:
            return Attachment("", "application/octet-stream", Path(given).name, Path(given).read_bytes())
        except OSError as missing:
            raise bad_attachment(given, f"{given}: File not found") from missing
    head, comma, body = given.removeprefix("data:").partition(",")
    mime, *options = head.split(";")
    named = [unquote_plus(option.removeprefix("filename=")) for option in options if option.startswith("filename=")]
    try:
        content = base64.b64decode(body, validate=True) if "base64" in options else unquote_to_bytes(body)
    except binascii.Error as bad:
        raise bad_attachment(given, str(bad)) from bad
    if not comma:
        raise bad_attachment(given, "The given data URI is not valid")
    return Attachment("", mime or "text/plain", named[0] if named else None, content)


def bad_attachment(given: str, why: str) -> Refused:
    words = f"Failed to send message: Invalid attachment: {given[:40]}: {why}"
    return Refused(INTERNAL, f"{words} (AttachmentInvalidException) (UnexpectedErrorException)")
