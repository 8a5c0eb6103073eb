"""How a pretend messenger lets others wait for what happens in it."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


class Watched:
    """Something that others wait for changes of; it says so at each with `look_again`."""

    patience = 30.0
    """Seconds that `changed` waits if nobody says how long."""
    missed: type[Exception] = TimeoutError
    """What it raises when they are over."""

    def __init__(self) -> None:
        self.waiting_for: list[tuple[Callable[[], object], asyncio.Future[None]]] = []

    def overview(self) -> str:
        """Describe in a few lines how things stand, for whoever waited in vain."""
        raise NotImplementedError

    def look_again(self) -> None:
        """Wake those whose condition is true now; a condition that raises wakes with its exception."""
        for entry in list(self.waiting_for):
            condition, future = entry
            try:
                fulfilled = future.done() or bool(condition())
            except Exception as error:  # noqa: BLE001  # it belongs to the one who waits
                future.set_exception(error)
                self.waiting_for.remove(entry)
                continue
            if fulfilled:
                self.waiting_for.remove(entry)
                if not future.done():
                    future.set_result(None)

    async def changed(self, condition: Callable[[], object], timeout: float | None = None, what: str = "") -> None:  # noqa: ASYNC109  # it says what did not happen
        """Return once the condition is true; it is looked at now and after every change.

        Raises: `missed` after `timeout` seconds, with what the telephones show and the last calls.
        """
        if condition():
            return
        seconds = self.patience if timeout is None else timeout
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        entry = (condition, future)
        self.waiting_for.append(entry)
        try:
            async with asyncio.timeout(seconds):
                await future
        except TimeoutError:
            raise self.missed(f"not within {seconds:g} s: {what or 'the change'}\n{self.overview()}") from None
        finally:
            if entry in self.waiting_for:
                self.waiting_for.remove(entry)
