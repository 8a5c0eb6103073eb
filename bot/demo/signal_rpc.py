"""JSON-RPC 2.0 as signal-cli reads it: one value per line, and its words for what is none."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from bot.demo.signal_rules import INVALID_REQUEST, PARSE, Refused

if TYPE_CHECKING:
    from bot.demo.signal_chats import Json

FIELDS = {"jsonrpc", "method", "params", "id"}
NODES: dict[type, str] = {type(None): "NULL", bool: "BOOLEAN", int: "NUMBER", float: "NUMBER", str: "STRING"}


@dataclass(frozen=True, slots=True)
class Request:
    """One request. Without `wants_answer` it is a notification: it is done and nobody is told."""

    method: str
    params: Json | None
    id: Any
    wants_answer: bool


def parse(line: str) -> Any:
    """Return the value of a line. Raises: Refused with a parse error."""
    if not line.strip():
        raise Refused(PARSE, "Empty input line")
    try:
        return json.loads(line)
    except (ValueError, RecursionError) as error:
        at = min(getattr(error, "pos", 0), len(line) - 1)
        words = f"Unexpected character ('{line[at]}' (code {ord(line[at])})): was expecting a valid value"
        raise Refused(PARSE, f"{words}\n at [Source: REDACTED; line: 1, column: {at + 1}]") from error


def request(value: Any) -> Request | None:
    """Return the request that a value is, None for an answer, which signal-cli ignores. Raises: Refused."""
    if not isinstance(value, dict):
        kind = "ARRAY" if isinstance(value, list) else NODES.get(type(value), "MISSING")
        raise Refused(INVALID_REQUEST, f"unexpected type: {kind}")
    if "result" in value or "error" in value:
        return None
    for field in value:
        if field not in FIELDS:
            words = f'Unrecognized field "{field}" (class org.asamk.signal.jsonrpc.JsonRpcRequest)'
            raise Refused(INVALID_REQUEST, f"{words}, not marked as ignorable")
    params = value.get("params")
    if isinstance(value.get("id"), dict | list) or (params is not None and not isinstance(params, dict | list)):
        raise Refused(INVALID_REQUEST, "Cannot construct instance of `org.asamk.signal.jsonrpc.JsonRpcRequest`")
    if value.get("jsonrpc") != "2.0":
        raise Refused(INVALID_REQUEST, "only jsonrpc version 2.0 is supported")
    method = value.get("method")
    if method is None:
        raise Refused(INVALID_REQUEST, "method field must be set")
    if isinstance(params, list):
        words = "Cannot deserialize value of type `java.util.LinkedHashMap<java.lang.String,java.lang.Object>`"
        raise Refused(INVALID_REQUEST, f"{words} from Array value (token `JsonToken.START_ARRAY`)")
    return Request(str(method), params, value.get("id"), "id" in value)


def id_of(value: Any) -> Any:
    """Return the id to answer with, null where there is none that could be one."""
    found = value.get("id") if isinstance(value, dict) else None
    return None if isinstance(found, dict | list) else found


def response(answer: Json, number: Any) -> Json:
    """Return an answer; `answer` is {"result": ...} or {"error": ...}."""
    return {"jsonrpc": "2.0", **answer, "id": number}


def refusal(refused: Refused, number: Any = None) -> Json:
    return response({"error": refused.as_json()}, number)


def encode(value: Any) -> bytes:
    """Return a line as signal-cli writes it: UTF-8, nothing escaped that needs no escape."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace") + b"\n"
