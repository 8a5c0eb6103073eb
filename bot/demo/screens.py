"""Whose telephones stand on the page, and what the page asks of each, whatever its messenger is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from aiohttp import web

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator, Mapping

Parts = dict[str, Any]


@dataclass(frozen=True)
class Place:
    """One of the telephones on the page."""

    who: str
    name: str
    role: str
    language: str
    messenger: str
    is_invitable: bool = False


PLACES = (
    Place("oksana", "Oksana", "from the region, in Ukrainian", "uk", "Signal"),
    Place("thomas", "Thomas", "a volunteer, in German", "de", "Telegram"),
    Place("office", "Büro", "the city's office, in German", "de", "Telegram", is_invitable=True),
    Place("free", "Guest", "an empty telephone, for you", "en", "Signal"),
)


class Screen(Protocol):
    """A telephone as the page shows it."""

    place: Place

    @property
    def actions(self) -> Mapping[str, Callable[[Parts], Awaitable[None]]]:
        """What can be done on it, by name, with what the browser said of it.

        They raise HTTPBadRequest for what makes no sense, and CannotDo for what the telephone does not allow now.
        """

    def belongs_to(self, id: object) -> bool:
        """Tell whether this is the telephone of an account of its messenger."""

    async def writes(self, asked: Parts) -> None: ...
    def phone(self) -> Parts:
        """Return what it shows besides its messages."""

    def messages(self) -> Iterator[tuple[str, Parts]]:
        """Yield what it shows of each message, by a name that sorts as the messages came."""

    def file(self, id: str) -> tuple[str, bytes] | None:
        """Return name and content of the file in a message, if there is one."""


def described(place: Place) -> Parts:
    """Return what every telephone shows of whose it is."""
    return {
        "name": place.name,
        "role": place.role,
        "language": place.language,
        "messenger": place.messenger,
        "invitable": place.is_invitable,
    }


def file_shown(place: Place, id: str, name: str, content: bytes) -> Parts:
    """Return how a file is shown, and where it can be had."""
    return {"name": name, "size": len(content), "address": f"/telephones/{place.who}/documents/{id}"}


def text_of(asked: Parts, name: str) -> str:
    """Return a text that is not empty. Raises: HTTPBadRequest."""
    text = asked.get(name)
    if not isinstance(text, str) or not text:
        raise web.HTTPBadRequest(text=f"There is no {name}.")
    return text


def one_of(asked: Parts, name: str, known: Mapping[str, Any]) -> Any:
    """Return what a word stands for. Raises: HTTPBadRequest."""
    word = text_of(asked, name)
    if word not in known:
        raise web.HTTPBadRequest(text="A telephone cannot do that.")
    return known[word]
