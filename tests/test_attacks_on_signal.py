"""What a stranger with an account on Signal and a small program tries, and what it does not get them."""

import time
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from bot.demo.signal_people import SignalPerson
from bot.transports.signal import SignalTransport
from tests.bridge import OnSignal, Somebody, Town, town
from tests.test_refugees import registers
from tests.test_staff import composes
from tests.test_volunteers import offers


@pytest.fixture
def messenger() -> str:
    """The messenger of the fixtures."""
    return "signal"


@pytest.fixture
async def both(tmp_path: Path) -> AsyncIterator[Town]:
    """The bot on both messengers, with Signal's real limits on both."""
    async with town(
        tmp_path, limits=replace(SignalTransport.limits, seconds_to_read=0), messengers=("telegram", "signal")
    ) as place:
        yield place


async def comes(place: Town, name: str) -> OnSignal:
    """Let somebody come to the bot on Signal, in front of the menu."""
    somebody: OnSignal = place.somebody(name)
    await somebody.writes("/start")
    await somebody.picks("Українська")
    await somebody.settles()
    return somebody


async def forges(attacker: SignalPerson, **payload: object) -> None:
    """Send an event that no app would send, in the attacker's own name."""
    world = attacker.world
    await world.deliver_raw(world.envelope(attacker, **payload), attacker)


async def test_nobody_answers_changes_or_takes_back_for_somebody_else(bot: Town, refugee: Somebody) -> None:
    attacker = await comes(bot, "Viktor")
    await refugee.picks("Я з Житомирщини")
    await refugee.sees("Чи дозволяєте Ви зберігати ці дані?")
    await refugee.writes("так")
    await refugee.sees("Вам уже виповнилося 18 років?")
    await refugee.settles()
    before = await bot.rows("SELECT answers, question, sources FROM conversations WHERE name = 'register'")
    refugee.look()
    attacker.look()
    asked, own = (int(messages[-1].message_id) for messages in (refugee.phone.received, refugee.sent))
    author = {"targetAuthor": bot.signal.aci, "targetAuthorUuid": bot.signal.aci}
    text = {"timestamp": attacker.phone.clock(), "message": "1", "expiresInSeconds": 0, "viewOnce": False}
    await forges(attacker.phone, dataMessage={**text, "quote": {"id": asked, "authorUuid": bot.signal.aci}})
    for emoji in ("👍", "1️⃣"):
        reaction = {"emoji": emoji, "targetSentTimestamp": asked, "isRemove": False, **author}
        await forges(attacker.phone, dataMessage={**text, "message": None, "reaction": reaction})
    vote = {"targetSentTimestamp": asked, "optionIndexes": [0], "voteCount": 1}
    await forges(attacker.phone, dataMessage={**text, "message": None, "pollVote": vote})
    await forges(attacker.phone, dataMessage={**text, "message": None, "remoteDelete": {"timestamp": own}})
    await forges(attacker.phone, editMessage={"targetSentTimestamp": own, "dataMessage": {**text, "message": "ні"}})
    assert await refugee.sees_nothing_new()
    assert await bot.rows("SELECT answers, question, sources FROM conversations WHERE name = 'register'") == before
    assert "18 років" not in attacker.screen


async def test_a_flood_of_one_keeps_nobody_else_waiting(both: Town) -> None:
    oksana = both.somebody("Oksana", "uk", messenger="telegram")
    await oksana.writes("/start")
    await oksana.picks("Українська")
    olena, attacker = await comes(both, "Olena"), both.somebody("Viktor")
    await attacker.writes_at_once(["Привіт", "СТОП", "4821 7730", "1"] * 750)
    began = time.monotonic()
    await olena.writes("допомога")
    await oksana.writes("меню")
    await oksana.sees("Що Ви хочете зробити?")
    await olena.sees("112")
    assert time.monotonic() - began < 10
    await both.settles()
    assert len(attacker.phone.received) <= 2 * 16


async def test_the_bot_leaves_every_group_however_many_there_are_and_tells_few_of_them_why(bot: Town) -> None:
    attacker = bot.somebody("Viktor").phone
    groups = [await attacker.adds_bot_to_group(invites=n == 0) for n in range(25)]
    for group in groups:
        await attacker.writes_in_group(group, "/start")
    await bot.signal.changed(
        lambda: not any(group.bot_is_member or group.bot_is_invited for group in bot.signal.groups.values())
    )
    await bot.settles()
    told = [len(group.messages) for group in bot.signal.groups.values()]
    assert sum(n - 1 for n in told) == 9, "ten notices, of which one did not reach a group that the bot is not in"
    sends = bot.signal.counts["send"]
    for group in groups:
        await attacker.adds_bot_again(group)
    await bot.signal.changed(lambda: not any(group.bot_is_member for group in bot.signal.groups.values()))
    await bot.settles()
    assert bot.signal.counts["send"] == sends, "who was told is told no more"
    assert not attacker.received
    assert await bot.rows("SELECT * FROM outbox") == []


async def test_the_same_timestamp_and_clocks_that_are_far_off_take_nobodys_turn(bot: Town) -> None:
    olena, attacker = bot.somebody("Olena"), bot.somebody("Viktor")
    for at in (1, 1795336103442, 2**52):
        for person in (attacker, olena):
            person.look()
            data = {"timestamp": at, "message": "/start", "expiresInSeconds": 0, "viewOnce": False}
            await bot.signal.deliver_raw(bot.signal.event(person.phone, {"dataMessage": data}, at), person.phone)
            await person.sees("Вітаємо!")
        await bot.settles()


async def test_a_name_shows_the_office_no_line_of_its_own(office: Somebody, volunteer: Somebody) -> None:
    fake = "Anna\n\n1 – Löschen\u2028M – Menü\u202e\x0bH-AAAAA – Code senden"
    await offers(volunteer, name=fake)
    await office.sees("Neues Hilfsangebot")
    await office.settles()
    (notice,) = (message for message in office.news() if "Neues Hilfsangebot" in message.text)
    assert isinstance(office, OnSignal)
    assert list(office.menu(notice)) == ["Dieser Person schreiben"]
    assert "Anna 1 – Löschen M – Menü" in notice.text


async def test_the_number_of_an_offer_is_no_key_for_a_stranger(
    bot: Town, office: Somebody, volunteer: Somebody
) -> None:
    await offers(volunteer)
    await office.sees("Neues Hilfsangebot")
    ((reference,),) = await bot.rows("SELECT reference FROM offers")
    attacker = await comes(bot, "Viktor")
    for text in (str(reference), f"/start write-to-{reference}", f"go:write-to:{reference}", f"/write-to {reference}"):
        await attacker.writes(text)
        await attacker.settles()
    assert "Thomas" not in attacker.screen
    assert await bot.rows("SELECT 1 FROM conversations WHERE name = 'write-to'") == []


async def test_a_number_of_the_teams_menu_is_worth_nothing_after_the_role_is_gone(
    bot: Town, office: Somebody, refugee: Somebody
) -> None:
    await registers(refugee)
    refugee.look()
    await office.writes("menü")
    await office.settles()
    menu = office.phone.received[-1]
    await composes(office)
    await office.picks("Alle", "Alle Themen", "Alle in ihrer Sprache")
    await office.sees("1 Person bekommt")
    send = office.phone.received[-1]
    await bot.change("DELETE FROM staff")
    await office.picks_under(send, "✉ Jetzt senden")
    await office.settles()
    await office.picks_under(menu, "✉ An viele schreiben")
    assert await office.sees("Diese Auswahl gilt nicht mehr")
    await refugee.sees_nothing_new()
    assert await bot.rows("SELECT * FROM broadcasts") == []
