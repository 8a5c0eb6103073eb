"""What the pretend Telegram keeps: chats, messages, presses, files; and how a telephone shows a message."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from bot.demo.telegram_html import to_html

if TYPE_CHECKING:
    from collections.abc import Callable

    from bot.demo.telegram_html import Json

Rows = list[list[tuple[str, str]]]


@dataclass(slots=True)
class Message:
    """One message in one chat, as the Bot API shows it to the bot (`as_json`)."""

    message_id: int
    chat: Chat
    by_bot: bool
    sender: Json | None
    date: int
    text: str | None = None
    entities: list[Json] = field(default_factory=list)
    markup: Json | None = None
    edit_date: int | None = None
    rewritten: bool = False
    media: Json = field(default_factory=dict)
    caption: str | None = None
    document: Document | None = None
    reply_to: Message | None = None

    def as_json(self, *, with_reply: bool = True) -> Json:
        message: Json = {"message_id": self.message_id}
        if self.sender is not None:
            message["from"] = self.sender
        message["chat"] = self.chat.as_json
        message["date"] = self.date
        if self.edit_date is not None:
            message["edit_date"] = self.edit_date
        if with_reply and self.reply_to is not None:
            message["reply_to_message"] = self.reply_to.as_json(with_reply=False)
        if self.text is not None:
            message["text"] = self.text
        if self.caption is not None:
            message["caption"] = self.caption
        if self.entities:
            message["entities" if self.text is not None else "caption_entities"] = self.entities
        message.update(self.media)
        if self.markup is not None and "inline_keyboard" in self.markup:
            message["reply_markup"] = self.markup
        return message

    @property
    def buttons(self) -> Rows:
        if self.markup is None or "inline_keyboard" not in self.markup:
            return []
        return [[(button["text"], button_value(button)) for button in row] for row in self.markup["inline_keyboard"]]

    def shown(self) -> Shown:
        text = self.text if self.text is not None else self.caption or ""
        return Shown(
            message_id=self.message_id,
            mine=not self.by_bot,
            sender=self.sender["first_name"] if self.sender else self.chat.title,
            text=text,
            html=to_html(text, self.entities),
            buttons=self.buttons,
            edited=self.rewritten,
            document=(self.document.name, self.document.content) if self.document else None,
            date=self.date,
            kind=next(iter(self.media), "text"),
            reply_to=self.reply_to.message_id if self.reply_to else None,
            keyboard=plain_keyboard(self.markup),
        )


def button_value(button: Json) -> str:
    """Return what is behind a button: its callback data, else its address or the text it copies."""
    if "callback_data" in button:
        return str(button["callback_data"])
    if "copy_text" in button:
        return str(button["copy_text"]["text"])
    return str(button.get("url", ""))


def plain_keyboard(markup: Json | None) -> list[list[str]]:
    return [[button["text"] for button in row] for row in (markup or {}).get("keyboard", [])]


@dataclass(frozen=True, slots=True)
class Shown:
    """A message as a telephone shows it now. `mine` is true for what people sent, false for what the bot sent."""

    message_id: int
    mine: bool
    sender: str
    text: str
    html: str
    buttons: Rows
    edited: bool
    document: tuple[str, bytes] | None
    date: int
    kind: str
    reply_to: int | None
    keyboard: list[list[str]]

    @property
    def labels(self) -> list[str]:
        return [label for row in self.buttons for label, _ in row]

    def as_json(self) -> Json:
        return {
            "message_id": self.message_id,
            "mine": self.mine,
            "sender": self.sender,
            "text": self.text,
            "html": self.html,
            "buttons": self.buttons,
            "edited": self.edited,
            "document": self.document[0] if self.document else None,
            "date": self.date,
            "kind": self.kind,
            "reply_to": self.reply_to,
            "keyboard": self.keyboard,
        }


@dataclass(slots=True)
class Chat:
    """A private chat, group or channel with its messages by number."""

    id: int
    kind: str
    title: str
    as_json: Json
    messages: dict[int, Message] = field(default_factory=dict)
    last_number: int = 0
    refusal: str | None = None
    listener: Callable[[Message], None] | None = None
    remember: int | None = None

    def add(self, message: Message) -> None:
        self.messages[message.message_id] = message
        if self.remember is not None and len(self.messages) > self.remember:
            del self.messages[next(iter(self.messages))]

    def next_number(self) -> int:
        self.last_number += 1
        return self.last_number

    def shown(self) -> list[Shown]:
        return [message.shown() for message in self.messages.values()]


@dataclass(frozen=True, slots=True)
class Document:
    """A file that the bot or a person sent, kept in memory."""

    file_id: str
    name: str
    content: bytes
    mime_type: str

    def as_json(self) -> Json:
        return {
            "file_id": self.file_id,
            "file_unique_id": f"u{self.file_id}",
            "file_name": self.name,
            "mime_type": self.mime_type,
            "file_size": len(self.content),
        }


@dataclass(slots=True)
class Press:
    """A button that somebody pressed; its spinner turns until it is answered."""

    id: str
    person_id: int
    chat_id: int
    message_id: int
    data: str
    at: float
    answered: bool = False


@dataclass(frozen=True, slots=True)
class Toast:
    """What the answer to a press showed, for a moment or until it is closed (`alert`)."""

    text: str
    alert: bool
    press_id: str


@dataclass(frozen=True, slots=True)
class Call:
    """One request of the bot. `at` is in seconds of the pretend Telegram's clock."""

    method: str
    params: dict[str, Any]
    status: int
    at: float
    chat_id: int | None
    description: str = ""
