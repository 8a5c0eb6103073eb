"""What the pretend Signal keeps: messages, groups, calls, violations; and how a telephone shows a message."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

Json = dict[str, Any]
Style = tuple[int, int, str]  # start and length in UTF-16 units, and BOLD, ITALIC, SPOILER, STRIKETHROUGH or MONOSPACE


class CannotDo(RuntimeError):
    """Say what a telephone does not offer: changing somebody else's message, writing while the bot is blocked."""


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file that was sent. `id` is what getAttachment takes; empty for what the bot sent."""

    id: str
    content_type: str
    filename: str | None
    content: bytes

    def as_json(self, timestamp: int) -> Json:
        """Describe the file as an event does; `timestamp` is when it was uploaded, in milliseconds."""
        return {
            "contentType": self.content_type,
            "filename": self.filename,
            "id": self.id,
            "size": len(self.content),
            "width": None,
            "height": None,
            "caption": None,
            "uploadTimestamp": timestamp,
        }


@dataclass(slots=True)
class SignalMessage:
    """One message in one chat, known by its author and the `timestamp` (milliseconds) of its first version."""

    timestamp: int
    author: str
    by_bot: bool
    text: str
    styles: list[Style] = field(default_factory=list)
    quote: int | None = None
    attachments: list[Attachment] = field(default_factory=list)
    kind: str = "text"
    versions: list[int] = field(default_factory=list)
    deleted: bool = False
    reactions: dict[str, str] = field(default_factory=dict)
    ticks: int = 1
    group_id: str | None = None
    votes: int = 0

    def __post_init__(self) -> None:
        self.versions.append(self.timestamp)

    def shown(self) -> SignalShown:
        """Return the message as the telephone shows it at this moment."""
        return SignalShown(
            message_id=str(self.timestamp),
            text=self.text,
            styles=tuple(self.styles),
            mine=not self.by_bot,
            edited=len(self.versions) > 1,
            deleted=self.deleted,
            quote=None if self.quote is None else str(self.quote),
            attachment=self.attachments[0] if self.attachments else None,
            reactions=tuple(self.reactions.values()),
            ticks=self.ticks,
            date=self.timestamp // 1000,
            kind=self.kind,
            group_id=self.group_id,
        )


@dataclass(frozen=True, slots=True)
class SignalShown:
    """A message as a telephone shows it now. `mine` is true for what people sent, false for what the bot sent.

    `message_id` is the timestamp of the first version in milliseconds, `date` is in seconds. `ticks`: 0 none, 1 sent,
    2 delivered, 3 read.
    """

    message_id: str
    text: str
    styles: tuple[Style, ...]
    mine: bool
    edited: bool
    deleted: bool
    quote: str | None
    attachment: Attachment | None
    reactions: tuple[str, ...]
    ticks: int
    date: int
    kind: str = "text"
    group_id: str | None = None

    @property
    def labels(self) -> list[str]:
        """Signal has no buttons, so this is always empty."""
        return []

    @property
    def buttons(self) -> list[list[tuple[str, str]]]:
        """Signal has no buttons, so this is always empty."""
        return []

    @property
    def document(self) -> tuple[str, bytes] | None:
        """The file's name and content."""
        return (self.attachment.filename or "", self.attachment.content) if self.attachment else None

    def as_json(self) -> Json:
        """Return it for the demo's page; of a file only its name and type."""
        return {
            "message_id": self.message_id,
            "text": self.text,
            "styles": [list(style) for style in self.styles],
            "mine": self.mine,
            "edited": self.edited,
            "deleted": self.deleted,
            "quote": self.quote,
            "attachment": {"name": self.attachment.filename, "type": self.attachment.content_type}
            if self.attachment
            else None,
            "reactions": list(self.reactions),
            "ticks": self.ticks,
            "date": self.date,
            "kind": self.kind,
        }


@dataclass(slots=True)
class SignalGroup:
    """A group (version 2) with the ids of its people; `messages` is what all of them see.

    The bot is a member, or only invited; as the only admin it may not leave. Its signal-cli keeps what it knows of it.
    """

    id: str
    name: str
    members: list[str]
    revision: int = 1
    bot_is_member: bool = True
    bot_is_invited: bool = False
    bot_is_only_admin: bool = False
    is_kept: bool = True
    messages: dict[tuple[str, int], SignalMessage] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Call:
    """One request of the bot. `answer` holds "result" or "error", or is None when none was given; `at` in seconds."""

    method: str
    params: Any
    answer: Json | None
    at: float

    @property
    def code(self) -> int:
        """The error's code, 0 for success and for no answer."""
        return int(self.answer["error"]["code"]) if self.answer and "error" in self.answer else 0


@dataclass(frozen=True, slots=True)
class Violation:
    """Something that Signal accepts but that harms: what was sent is not shown, or out of order."""

    kind: str
    person_id: str
    detail: str = ""


def utf16_length(text: str) -> int:
    """Return the length in UTF-16 units, in which Signal counts."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2
