"""What comes in and what goes out, as every messenger sees it, and the protocol that a messenger keeps.

A transport turns what it hears into `Incoming` and an `Outgoing` into whatever its messenger can show. Nothing here or
in `bot/turns.py` and `handlers/` knows which messenger it is.
"""

from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any, Protocol

from bot.pace import Limits

LONGEST_DATA = 64
"""Bytes that a button can carry (Bot API, InlineKeyboardButton.callback_data)."""


class Kind(StrEnum):
    """What happened on the person's side."""

    TEXT = "text"
    PRESS = "press"
    REACTION = "reaction"
    """An emoji under one of our messages."""
    MEDIA = "media"
    TOO_LONG = "too long"
    """A text of which only the beginning came."""
    EDITED = "edited"
    DELETED = "deleted"
    """The person took an own message back."""
    FORWARDED = "forwarded"
    """Somebody else's words."""
    CALL = "call"
    RECEIPT = "receipt"
    """Messages of ours arrived on the telephone."""
    LEFT = "left"
    """The person blocked us."""
    CAME_BACK = "came back"
    ADDED_TO_GROUP = "added to group"
    ADDED_TO_CHANNEL = "added to channel"
    DEAF = "deaf"
    """Nobody did anything: the messenger could not be heard for a while."""


@dataclass(frozen=True)
class Incoming:
    """Something a person did. Messages are named by the messenger's ids of them."""

    messenger: str
    address: str
    kind: Kind
    text: str = ""
    press: str = ""
    """The data of the button."""
    message: str = ""
    """The message of ours it belongs to: whose button was pressed, which was quoted or got a reaction."""
    own: str = ""
    """The person's message; of one that was edited or deleted the id by which the messenger names it."""
    version: str = ""
    """The id that an edited message has got, by which it may be named later."""
    press_id: str = ""
    """What the messenger needs to hear so that the button stops spinning."""
    arrived: tuple[tuple[str, float], ...] = ()
    """The messages of ours that a receipt is about, with the times at which they left: UTC in seconds, 0 if unknown."""
    since: int = 0
    until: int = 0
    """UTC in seconds: from when to when the messenger could not be heard; until 0: it still cannot."""


@dataclass(frozen=True)
class Button:
    """A choice on the screen; `data` comes back when it is taken. `wide`: it stands in a line of its own.

    Where there are no buttons `key` is typed, else the number of the button among those without a key.
    """

    label: str
    data: str
    wide: bool = True
    key: str = ""

    def __post_init__(self) -> None:
        if len(self.data.encode()) > LONGEST_DATA:
            raise ValueError(f"{self.data!r} is too long for a button")


@dataclass(frozen=True)
class Outgoing:
    """One message, or one other act, on its way to an address. Text is markup in the person's language."""

    act: str = "send"
    """send · change (a message that is there, else nothing) · acknowledge (a press) · commands (of this person) ·
    leave (a group) · forget (what the messenger's own program keeps of whoever deleted everything) · solve (what the
    messenger demands before it sends on; `text` is the solution)."""
    text: str = ""
    buttons: tuple[Button, ...] = ()
    replaces: str = ""
    """The messenger's id of a message to change; sent anew if it cannot be changed."""
    replaces_handle: str = ""
    """The same by a name of ours."""
    handle: str = ""
    """Remember the message under this name, to change it later."""
    file_name: str = ""
    file_text: str = ""
    typed: bool = False
    """The buttons stand in the text, to be typed."""
    press_id: str = ""
    commands: tuple[tuple[str, str], ...] = ()

    @property
    def is_message(self) -> bool:
        """Say whether it counts against a messenger's limits on messages; what ends a button's spinning does not."""
        return self.act in ("send", "change")

    def as_json(self) -> dict[str, Any]:
        """Return what differs from an empty message, for the outbox."""
        return {key: value for key, value in asdict(self).items() if value or key == "act"}

    @classmethod
    def from_json(cls, row: dict[str, Any]) -> "Outgoing":
        """Return the message that `as_json` wrote."""
        buttons = tuple(Button(**button) for button in row.pop("buttons", ()))
        commands = tuple((name, text) for name, text in row.pop("commands", ()))
        return cls(**row, buttons=buttons, commands=commands)


class State(StrEnum):
    """What is known of something that leaves. `unknown`: the connection broke after the request went out."""

    WAITING = "waiting"
    TRYING = "trying"
    ACCEPTED = "accepted"
    DELIVERED = "delivered"
    """On the telephone, as a receipt of the messenger says."""
    UNKNOWN = "unknown"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"


class Reason(StrEnum):
    """Why a message was refused for good, as far as people need to know."""

    BLOCKED = "blocked"
    GONE = "gone"
    NEVER_WROTE = "never wrote"
    OTHER = "other"


@dataclass(frozen=True)
class Outcome:
    """How a try ended.

    WAITING: certainly not sent, try again after `seconds` (0: nobody said when); with `everybody` the whole account has
    to wait that long. REFUSED: for good; with `unreachable` nothing reaches this address.
    """

    state: State
    message: str = ""
    reason: str = ""
    seconds: float = 0
    everybody: bool = False
    unreachable: bool = False
    doubtful: bool = False
    """Unreachable only if it is said again a day later: the messenger says so by mistake at times."""
    limited: bool = False
    """Too many messages for the messenger's taste: copies have to wait, answers may still pass."""
    challenge: str = ""
    """With `limited`: what somebody has to solve before more is sent, and where."""
    challenge_page: str = ""


LayOut = Callable[[Outgoing], list[Outgoing]]
"""Makes of a message those that are sent."""


@dataclass(frozen=True)
class Abilities:
    """What a messenger can show."""

    title: str
    """Its name, as people know it."""
    choices: int
    """How many choices fit on one screen."""
    lay_out: LayOut
    buttons: bool = True
    """Choices are pressed; else they are typed by their numbers."""
    changes: bool = True
    """A message can be changed as often as one likes."""


Hear = Callable[[list[tuple[str, str]]], Awaitable[None]]
"""Store payloads, each with the messenger's id of it; returns once they are on the disk."""


class Transport(Protocol):
    """A messenger account."""

    messenger: str
    abilities: Abilities
    limits: Limits

    @property
    def heard_at(self) -> float | None:
        """When the messenger last showed that it can be heard, on the monotonic clock; None: nobody can tell."""

    async def run(self, hear: Hear) -> None:
        """Listen for ever; what is heard is acknowledged only after `hear` returned."""

    def understand(self, payload: str) -> Incoming | None:
        """Read one stored payload. None: nothing that concerns us. Raises: Unreadable."""

    def answers_soon(self, address: str) -> None:
        """Hear that an answer waits to leave, to show it on the telephone if the messenger can."""

    async def send(self, address: str, outgoing: Outgoing) -> Outcome:
        """Try once. Never raises for what the network or the messenger does."""

    async def reachable(self) -> bool:
        """Say whether the messenger answers at all."""


class Unreadable(Exception):
    """A payload that is not what the messenger promises to send."""
