"""Copies and notices for somebody with two chats: what waits while they are connected, parted, or prefer the other."""

import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import time_machine

from tests.bridge import TIMEOUT, Somebody, Town, town
from tests.test_refugees import registers
from tests.test_two_messengers import BOTH_WAYS, NEWS, code_of, comes, connects, office_on, sends_to_all
from tests.test_volunteers import offers


@pytest.fixture
async def place(tmp_path: Path) -> AsyncIterator[Town]:
    """The bot on both messengers."""
    async with town(tmp_path, messengers=("telegram", "signal")) as both:
        yield both


async def register(place: Town, first: str, second: str) -> tuple[Somebody, Somebody]:
    """Let somebody register in each of two chats."""
    there, here = await comes(place, "Oksana", first), await comes(place, "Oksana", second)
    await registers(there)
    await registers(here)
    return there, here


async def waits_until_friday(place: Town, somebody: Somebody) -> None:
    """Let somebody want news once a week."""
    person = f"(SELECT person FROM addresses WHERE address = '{somebody.phone.id}')"  # noqa: S608 - an id of ours
    await place.change(f"UPDATE interests SET frequency = 'weekly' WHERE person = {person}")  # noqa: S608 - the same


async def gets_it_on_friday(place: Town, chat: Somebody) -> None:
    """Let what waits for Friday leave, and wait until it is in a chat."""
    await place.change("UPDATE outbox SET not_before = 0")
    await chat.world.changed(lambda: chat.times_seen(NEWS), TIMEOUT, "the news")


@BOTH_WAYS
@pytest.mark.parametrize("prefers", ["telegram", "signal"])
async def test_of_two_copies_that_wait_exactly_one_arrives_where_it_is_preferred(
    place: Town, first: str, second: str, prefers: str
) -> None:
    maria = await office_on(place, "telegram")
    there, here = await register(place, first, second)
    await place.change("UPDATE interests SET frequency = 'weekly'")
    code = await code_of(there)
    await sends_to_all(maria)
    await connects(here, code, prefers)
    await gets_it_on_friday(place, there if prefers == first else here)
    await place.settles()
    assert there.times_seen(NEWS) + here.times_seen(NEWS) == 1
    assert await place.rows("SELECT state, count(*) FROM outbox WHERE broadcast GROUP BY state ORDER BY state") == [
        ("accepted", 1),
        ("withdrawn", 1),
    ]


@BOTH_WAYS
@pytest.mark.parametrize("weekly", ["there", "here"])
async def test_a_copy_that_has_left_for_one_chat_lets_the_others_not_leave(
    place: Town, first: str, second: str, weekly: str
) -> None:
    maria = await office_on(place, "telegram")
    there, here = await register(place, first, second)
    late = there if weekly == "there" else here
    await waits_until_friday(place, late)
    code = await code_of(there)
    await sends_to_all(maria)
    await connects(here, code)
    await place.stop()
    with time_machine.travel(time.time() + 8 * 24 * 3600, tick=True):
        await place.start()
        await place.settles()
    assert there.times_seen(NEWS) + here.times_seen(NEWS) == 1


async def test_a_copy_refused_in_one_chat_leaves_that_of_the_other(place: Town) -> None:
    maria = await office_on(place, "signal")
    there, here = await register(place, "telegram", "signal")
    await waits_until_friday(place, here)
    code = await code_of(there)
    await there.phone.blocks_bot()
    await place.settles()
    await place.change("UPDATE addresses SET unreachable_since = NULL")
    await sends_to_all(maria)
    await connects(here, code)
    await gets_it_on_friday(place, here)
    assert here.times_seen(NEWS) == 1


async def test_news_follow_a_preference_that_changes_also_those_that_wait(place: Town) -> None:
    maria = await office_on(place, "telegram")
    there, here = await comes(place, "Oksana", "telegram"), await comes(place, "Oksana", "signal")
    await registers(there)
    await place.change("UPDATE interests SET frequency = 'weekly'")
    await connects(here, await code_of(there), prefers="telegram")
    await sends_to_all(maria)
    await here.writes("мої дані")
    await here.picks("Куди надсилати новини", "Signal")
    await here.sees("Новини тепер надходитимуть сюди: Signal")
    await gets_it_on_friday(place, here)
    await place.change("UPDATE interests SET frequency = 'at-once'")
    await there.writes("мої дані")
    await there.picks("Куди надсилати новини", "Telegram")
    await there.sees("Новини тепер надходитимуть сюди: Telegram")
    await sends_to_all(maria, ukrainian="Друге оголошення")
    await there.sees("Друге оголошення")
    await place.settles()
    assert (here.times_seen(NEWS), there.times_seen(NEWS), here.times_seen("Друге")) == (1, 0, 0)


async def test_a_copy_on_its_way_to_a_chat_that_is_disconnected_goes_nowhere_else_than_to_the_person(
    place: Town,
) -> None:
    maria = await office_on(place, "telegram")
    there, here = await comes(place, "Oksana", "telegram"), await comes(place, "Oksana", "signal")
    await registers(there)
    await connects(here, await code_of(there), prefers="signal")
    await place.change("UPDATE interests SET frequency = 'weekly'")
    await sends_to_all(maria)
    await there.writes("мої дані")
    await there.picks("Від’єднати месенджер", "Signal")
    await there.sees("від’єднано")
    await gets_it_on_friday(place, there)
    await place.settles()
    assert here.times_seen(NEWS) == 0


async def test_notices_go_where_somebody_prefers_them(place: Town) -> None:
    maria, here = await office_on(place, "telegram"), await comes(place, "Maria", "signal", "Deutsch")
    await here.writes(await code_of(maria, german=True))
    await here.picks("Ja, verbinden")
    await maria.picks("Ja, das war ich", "Ja, verbinden", "Signal")
    await maria.sees("Neues kommt jetzt hier an: Signal")
    thomas = await comes(place, "Thomas", "telegram", "Deutsch")
    reference = await offers(thomas)
    await here.sees(f"Neues Hilfsangebot {reference}")
    await place.settles()
    assert reference not in maria.screen
    await here.writes(reference)
    await here.sees("Was möchten Sie Thomas Beispiel schreiben?")
