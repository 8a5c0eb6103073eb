"""The events that signal-cli tells about what people do, in the shapes of signal-cli 0.13.19 and later.

An event is `{"envelope": {...}, "account": "+49..."}`; the functions here return its parts. Times are in milliseconds.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from random import Random

    from bot.demo.signal_chats import Attachment, Json, SignalGroup, SignalMessage

LONG = 2000  # bytes of UTF-8 that a message itself holds; the rest travels as an attachment
DUPLICATE = "org.signal.libsignal.protocol.DuplicateMessageException: message with old counter 2 / 1"
INVALID = "org.signal.libsignal.protocol.InvalidMessageException: protobuf encoding was invalid"


def frame(aci: str, number: str | None, name: str, timestamp: int, received: int) -> Json:
    """Return what every envelope says, before its payload."""
    return {
        "source": number or aci,
        "sourceNumber": number,
        "sourceUuid": aci,
        "sourceName": name,
        "sourceDevice": 1,
        "timestamp": timestamp,
        "serverReceivedTimestamp": received,
        "serverDeliveredTimestamp": received + 1,
    }


def data(timestamp: int, text: str | None = None, **more: Any) -> Json:
    """Return a dataMessage."""
    return {"timestamp": timestamp, "message": text, "expiresInSeconds": 0, "viewOnce": False} | more


def quote(timestamp: int, author: str, number: str | None, text: str) -> Json:
    return {
        "id": timestamp,
        "author": number or author,
        "authorNumber": number,
        "authorUuid": author,
        "text": text,
        "attachments": [],
    }


def reaction(emoji: str, author: str, number: str | None, timestamp: int, *, removed: bool) -> Json:
    return {
        "emoji": emoji,
        "targetAuthor": number or author,
        "targetAuthorNumber": number,
        "targetAuthorUuid": author,
        "targetSentTimestamp": timestamp,
        "isRemove": removed,
    }


def poll_vote(author: str, number: str | None, timestamp: int, options: list[int], count: int) -> Json:
    return {
        "author": number or author,
        "authorNumber": number,
        "authorUuid": author,
        "targetSentTimestamp": timestamp,
        "optionIndexes": options,
        "voteCount": count,
    }


def receipt(kind: str, timestamps: list[int], when: int) -> Json:
    """Return a receiptMessage; `kind` is "delivery", "read" or "viewed"."""
    return {
        "when": when,
        "isDelivery": kind == "delivery",
        "isRead": kind == "read",
        "isViewed": kind == "viewed",
        "timestamps": timestamps,
    }


def contact(name: str, phone: str) -> Json:
    names = dict.fromkeys(("nickname", "given", "family", "prefix", "suffix", "middle")) | {"given": name}
    return {"name": names, "phone": [{"value": phone, "type": "MOBILE", "label": None}], "organization": None}


def group_info(group: SignalGroup, kind: str = "DELIVER") -> Json:
    return {"groupId": group.id, "groupName": group.name, "revision": group.revision, "type": kind}


def exception(kind: str, message: str) -> Json:
    return {"exception": {"message": message, "type": kind}}


def untrusted(aci: str) -> Json:
    return exception("UntrustedIdentityException", f"Untrusted identity: {aci}")


def duplicate() -> Json:
    return exception("ProtocolDuplicateMessageException", DUPLICATE)


def invalid() -> Json:
    return exception("ProtocolInvalidMessageException", INVALID)


def cut(text: str) -> str:
    """Return as much of a text as fits into 2000 bytes of UTF-8 without half a letter."""
    return text.encode()[:LONG].decode("utf-8", "ignore")


def sync_sent(message: SignalMessage, destination: str, number: str | None) -> Json:
    """Return a syncMessage: another device of the bot's own account wrote to somebody."""
    return {
        "sentMessage": {
            "destination": number or destination,
            "destinationNumber": number,
            "destinationUuid": destination,
            **data(message.timestamp, message.text),
        }
    }


def attachments(found: list[Attachment], timestamp: int) -> Json:
    return {"attachments": [attachment.as_json(timestamp) for attachment in found]} if found else {}


def sprinkle(event: Any, random: Random) -> None:
    """Add, now and then, fields that newer builds have and fields that nobody knows yet."""
    envelope = event.get("envelope") if isinstance(event, dict) else None
    if not isinstance(envelope, dict):
        return
    if random.random() < 0.3:
        envelope["serverGuid"] = f"{random.getrandbits(128):032x}"
    message = envelope.get("dataMessage")
    if isinstance(message, dict) and random.random() < 0.4:
        message |= {"isProfileKeyUpdate": False, "hasProfileKey": True, "isEndSession": False}
    if random.random() < 0.1:
        envelope["fieldOfTheFuture"] = {"nested": [1, None, "x"], "message": "not a message"}
