"""What signal-cli tells of what people do, read into `Incoming`: the only module that knows its envelopes.

An event is `{"envelope": {...}, "account": "+49..."}`, as org.asamk.signal.json of signal-cli writes it. It is
read leniently: fields that nobody knows are left alone, and what is not of the promised type makes the event
unreadable, never more. A person is named by the ACI (`sourceUuid`), a message by its author and its `timestamp` in
milliseconds. What is kept until its turn is what was read and nothing else: no names, no quotes, no text without end.
"""

import json
import re
from dataclasses import asdict
from typing import Any

from bot import words
from bot.fingerprint import fingerprint
from bot.messages import Incoming, Kind, Unreadable

MESSENGER = "signal"
GROUP = "group."
"""How the address of a group begins."""
MOST_RECEIPTS = 1000
"""Messages of ours that one receipt is about, at most."""
_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_GROUP_ID = re.compile(r"[A-Za-z0-9+/]{8,100}={0,2}")
_LATEST = 2**53
_LONG_TEXT = "text/x-signal-plain"
_MEDIA = ("sticker", "contacts", "payment", "storyContext", "pollCreate")
_FAULTS = (LookupError, TypeError, ValueError, OverflowError, AttributeError, RecursionError)


def stored(incoming: Incoming) -> str:
    """Return what is kept of something until its turn."""
    return json.dumps({key: value for key, value in asdict(incoming).items() if value})


def understand(payload: str) -> Incoming:
    """Read what `stored` wrote. Raises: Unreadable."""
    try:
        said = json.loads(payload)
        arrived = tuple((str(message), float(left_at)) for message, left_at in said.pop("arrived", ()))
        return Incoming(**{**said, "address": said.get("address", ""), "kind": Kind(said["kind"]), "arrived": arrived})
    except _FAULTS as fault:
        raise Unreadable(type(fault).__name__) from None


def deaf(since: float, until: float) -> tuple[str, str]:
    """Return id and payload that say that nothing could be heard, in UTC seconds; until 0: it still cannot."""
    id = f"deaf.{since:.3f}" if until else f"deaf.{since:.3f}.still"
    return id, stored(Incoming(MESSENGER, "", Kind.DEAF, since=int(since), until=int(until)))


def read(event: Any) -> Incoming | None:
    """Read an event. None: nothing that concerns us. Raises: Unreadable."""
    try:
        if event.get("exception") is not None:
            return None
        kind = _kind(event["envelope"])
        return _READERS[kind](event["envelope"], event["envelope"][kind]) if kind else None
    except _FAULTS as fault:
        raise Unreadable(type(fault).__name__) from None


def name(event: Any) -> str:
    """Return what tells an event that was read from all others.

    Its kind belongs to it: a receipt bears the timestamp of the message that it is about. Raises: Unreadable.
    """
    try:
        envelope = event["envelope"]
        device = envelope.get("sourceDevice")
        device = device if isinstance(device, int) else 0
        key = f"{_address(envelope)}.{device}.{_timestamp(envelope['timestamp'])}.{_kind(envelope)}"
    except _FAULTS as fault:
        raise Unreadable(type(fault).__name__) from None
    return fingerprint(key)  # who wrote is not to be read from it


def mistrusted(event: Any) -> str:
    """Return the address of somebody whose message is held back because of a new identity key, or ''."""
    try:
        if event["exception"]["type"] == "UntrustedIdentityException":
            return _address(event["envelope"])
    except _FAULTS:
        pass
    return ""


def _kind(envelope: dict[str, Any]) -> str:
    return next((kind for kind in _READERS if envelope.get(kind) is not None), "")


def _message(envelope: dict[str, Any], data: dict[str, Any]) -> Incoming | None:
    """Read a dataMessage. One without content is never answered: two bots would go on for ever."""
    if (group := _part(data, "groupInfo")) is not None:
        return _group(envelope, data, group)
    address, own = _address(envelope), _timestamp(data.get("timestamp") or envelope["timestamp"])
    if (reaction := _part(data, "reaction")) is not None:
        if reaction.get("isRemove"):
            return None
        message = _timestamp(reaction["targetSentTimestamp"])
        return Incoming(MESSENGER, address, Kind.REACTION, text=_text(reaction["emoji"]), message=message)
    if (deleted := _part(data, "remoteDelete")) is not None:
        return Incoming(MESSENGER, address, Kind.DELETED, own=_timestamp(deleted["timestamp"]))
    if (vote := _part(data, "pollVote")) is not None:
        return _vote(address, own, vote)
    quoted = _quoted(data)
    if kind := _media(data):
        return Incoming(MESSENGER, address, kind, own=own, message=quoted)
    text = _text(data.get("message") or "")
    if text:
        return Incoming(MESSENGER, address, Kind.TEXT, text=text, own=own, message=quoted)
    if any(data.get(content) for content in _MEDIA):
        return Incoming(MESSENGER, address, Kind.MEDIA, own=own, message=quoted)
    return None


def _media(data: dict[str, Any]) -> Kind | None:
    """Say whether it is a file, whose caption nobody reads, or a text that signal-cli before 0.14 cut."""
    attachments = data.get("attachments") or []
    if not isinstance(attachments, list):
        raise TypeError("attachments")
    if len(attachments) == 1 and isinstance(attachments[0], dict) and attachments[0].get("contentType") == _LONG_TEXT:
        return Kind.TOO_LONG
    return Kind.MEDIA if attachments or data.get("viewOnce") else None


def _vote(address: str, own: str, vote: dict[str, Any]) -> Incoming | None:
    """Read a vote as the number of the option, typed in answer to the poll. None: a vote was taken back."""
    options = vote.get("optionIndexes")
    if not options:
        return None
    option = options[0]
    if not isinstance(option, int) or isinstance(option, bool) or not 0 <= option < 100:
        raise ValueError("optionIndexes")
    message = _timestamp(vote["targetSentTimestamp"])
    return Incoming(MESSENGER, address, Kind.TEXT, text=str(option + 1), own=own, message=message)


def _group(envelope: dict[str, Any], data: dict[str, Any], group: dict[str, Any]) -> Incoming | None:
    """Read anything in a group: all that matters is that we are in it, and should not be."""
    id = group["groupId"]
    if not _GROUP_ID.fullmatch(id):
        raise ValueError("groupId")
    if group.get("type") not in ("DELIVER", "UPDATE") or data.get("groupCallUpdate") is not None:
        return None
    _address(envelope)
    return Incoming(MESSENGER, f"{GROUP}{id}", Kind.ADDED_TO_GROUP)


def _edit(envelope: dict[str, Any], edit: dict[str, Any]) -> Incoming | None:
    data = edit["dataMessage"]
    if (group := _part(data, "groupInfo")) is not None:
        return _group(envelope, data, group)
    text = "" if _media(data) else _text(data.get("message") or "")
    own, version = _timestamp(edit["targetSentTimestamp"]), _timestamp(envelope["timestamp"])
    quoted = _quoted(data)
    return Incoming(MESSENGER, _address(envelope), Kind.EDITED, text=text, own=own, version=version, message=quoted)


def _receipt(envelope: dict[str, Any], receipt: dict[str, Any]) -> Incoming | None:
    """Read a receipt: delivered, read or viewed, it has arrived. A timestamp is when we sent the message."""
    timestamps = receipt.get("timestamps") or []
    arrived = tuple((_timestamp(at), at / 1000) for at in timestamps[:MOST_RECEIPTS])
    return Incoming(MESSENGER, _address(envelope), Kind.RECEIPT, arrived=arrived) if arrived else None


def _call(envelope: dict[str, Any], call: dict[str, Any]) -> Incoming | None:
    """Read a call: only the offer is one; what follows belongs to it."""
    return Incoming(MESSENGER, _address(envelope), Kind.CALL) if _part(call, "offerMessage") is not None else None


def _address(envelope: dict[str, Any]) -> str:
    address: str = envelope["sourceUuid"].lower()
    if not _UUID.fullmatch(address):
        raise ValueError("sourceUuid")
    return address


def _timestamp(value: Any) -> str:
    if not isinstance(value, int) or isinstance(value, bool) or not 0 < value < _LATEST:
        raise ValueError("timestamp")
    return str(value)


def _quoted(data: dict[str, Any]) -> str:
    quote = _part(data, "quote")
    return _timestamp(quote["id"]) if quote is not None else ""


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError("text")
    return words.clean(value)


def _part(holder: dict[str, Any], key: str) -> dict[str, Any] | None:
    part = holder.get(key)
    if part is not None and not isinstance(part, dict):
        raise TypeError(key)
    return part


_READERS = {"dataMessage": _message, "editMessage": _edit, "receiptMessage": _receipt, "callMessage": _call}
