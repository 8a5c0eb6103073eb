"""Pictures, calls, groups and all that a telephone with Signal sends and nobody wrote."""

from pathlib import Path
from typing import Any

import pytest

from tests.bridge import Somebody, Town, town
from tests.signal_talk import ADULT, CONSENT, Act, assert_nothing_stands_in_any_file, stored, writes
from tests.test_refugees import registers
from tests.test_volunteers import comes_to_the_name


@pytest.fixture
def messenger() -> str:
    """The messenger, where a test does not say that it is about both."""
    return "signal"


MEDIA: dict[str, Act] = {
    "a photo": lambda p: p.sends_photo(),
    "a photo with words": lambda p: p.sends_photo("ТАЄМНЕ 1"),
    "a file": lambda p: p.sends_document("ТАЄМНЕ.pdf"),
    "a photo to be seen once": lambda p: p.sends_view_once(),
    "a voice": lambda p: p.sends_voice(),
    "a film": lambda p: p.sends_video("ТАЄМНЕ"),
    "a sticker": lambda p: p.sends_sticker(),
    "somebody's card": lambda p: p.sends_contact("+493012345678"),
    "a place": lambda p: p.sends_location(),
    "money": lambda p: p.sends_payment(),
    "a poll": lambda p: p.sends_poll("ТАЄМНЕ"),
}
SECRETS = ("ТАЄМНЕ", "+493012345678", "51.51", "pic.png", "image/png", "9acc9e8a", "Danke")


@pytest.mark.parametrize("act", MEDIA.values(), ids=MEDIA.keys())
async def test_what_is_no_text_gets_one_kind_answer_and_is_not_kept(bot: Town, volunteer: Somebody, act: Act) -> None:
    await comes_to_the_name(volunteer)
    volunteer.look()
    await act(volunteer.phone)
    await volunteer.sees("Ich habe nichts gespeichert", "Ausweis", "Wie heißen Sie?")
    for _ in range(4):
        await act(volunteer.phone)
    await volunteer.settles()
    assert volunteer.times_seen("Ich habe nichts gespeichert") == 1
    assert await stored(bot, "name") is None
    await bot.stop()
    assert_nothing_stands_in_any_file(bot, *SECRETS)


async def test_a_call_is_answered_once(refugee: Somebody) -> None:
    await writes(refugee, "1")
    refugee.look()
    await refugee.phone.calls()
    assert await refugee.sees("Я не приймаю дзвінків", CONSENT)
    refugee.look()
    await refugee.phone.calls()
    assert await refugee.sees_nothing_new()


async def test_a_call_after_a_picture_is_answered_too(refugee: Somebody) -> None:
    await refugee.sends("photo")
    await refugee.sees("Я не приймаю зображень")
    refugee.look()
    await refugee.phone.calls()
    assert await refugee.sees("Я не приймаю дзвінків")


async def data(phone: Any, **fields: object) -> None:
    phone.says_data(**fields)


async def own_device(phone: Any) -> None:
    sent: dict[str, Any] = {"sentMessage": {"message": "1", "destinationUuid": phone.id}}
    read: dict[str, Any] = {"readMessages": []}
    for told in (sent, read):
        phone.world.own_device_tells({"syncMessage": told})


SILENCE: dict[str, Act] = {
    "a timer": lambda p: p.sets_timer(604800),
    "a profile key": lambda p: data(p, isProfileKeyUpdate=True),
    "the end of a session": lambda p: data(p, isEndSession=True),
    "nothing": lambda p: p.empty_message(),
    "typing": lambda p: p.types(),
    "a story": lambda p: p.posts_story(),
    "a call in a group": lambda p: data(
        p, groupInfo={"groupId": "A" * 43 + "=", "type": "DELIVER"}, groupCallUpdate={}
    ),
    "another device of the bot": own_device,
    "what cannot be decrypted": lambda p: p.sends_broken(),
    "a pin": lambda p: data(p, pinMessage={"targetSentTimestamp": 1}),
    "the end of a poll": lambda p: data(p, pollTerminate={"targetSentTimestamp": 1}),
}


@pytest.mark.parametrize("act", SILENCE.values(), ids=SILENCE.keys())
async def test_what_says_nothing_is_never_answered(bot: Town, refugee: Somebody, act: Act) -> None:
    await writes(refugee, "1")
    stranger = bot.somebody("Petro")
    refugee.look()
    before = await bot.rows("SELECT * FROM conversations")
    for _ in range(3):
        await act(refugee.phone)
        await act(stranger.phone)
    assert await refugee.sees_nothing_new()
    assert not stranger.phone.received
    assert await bot.rows("SELECT * FROM conversations") == before
    assert len(await bot.rows("SELECT * FROM people")) == 1
    await refugee.writes("1")
    assert await refugee.sees(ADULT)


async def test_a_group_is_told_once_and_for_ever_and_nobody_in_it_can_do_anything(bot: Town, refugee: Somebody) -> None:
    await registers(refugee)
    refugee.look()
    group = await refugee.phone.adds_bot_to_group()
    for text in ("СТОП", "ВИДАЛИТИ", "1", "/start"):
        await refugee.phone.writes_in_group(group, text)
        await bot.settles()
        await bot.restart()
    assert await refugee.sees_nothing_new()
    told = [message.text for message in bot.signal.groups[group].messages.values() if message.by_bot]
    assert len(told) == 1
    assert "Я відповідаю лише в приватному чаті. Напишіть мені, будь ласка, туди." in told[0]
    assert "Ich antworte nur" in told[0]
    assert await bot.rows("SELECT news_stopped_at FROM people") == [(None,)]
    assert await bot.rows("SELECT * FROM conversations") == []
    await bot.stop()
    assert_nothing_stands_in_any_file(bot, group)


async def test_a_text_that_an_old_signal_cli_cut_is_no_answer(tmp_path: Path) -> None:
    async with town(tmp_path, messengers=("signal",), version="0.13.19") as bot:
        thomas = bot.somebody("Thomas")
        await writes(thomas, "Guten Tag", "Deutsch")
        await comes_to_the_name(thomas)
        await thomas.writes("Wolfgang " * 300)
        assert await thomas.sees("zu lang", "Wie heißen Sie?")
        assert await stored(bot, "name") is None
        await writes(thomas, "Wolfgang Beispiel")
        await thomas.edits_last("Wolfgang " * 300)
        await thomas.settles()
        assert await stored(bot, "name") is None
