"""A thumb, a number or a vote under a message may be an answer."""

import asyncio
import time
from typing import Any

import pytest
import time_machine

from tests.bridge import Somebody, Town
from tests.signal_talk import ADULT, last_question, writes


@pytest.fixture
def messenger() -> str:
    """The messenger, where a test does not say that it is about both."""
    return "signal"


@pytest.mark.parametrize(
    ("emoji", "seen"), [("👍", ADULT), ("👍🏿", ADULT), ("1️⃣", ADULT), ("👎", "Телефон"), ("2️⃣", "Телефон")]
)
async def test_a_thumb_or_a_number_under_the_open_question_is_its_answer(
    bot: Town, refugee: Somebody, emoji: str, seen: str
) -> None:
    await writes(refugee, "1")
    await bot.restart()
    refugee.look()
    await refugee.phone.reacts(last_question(refugee), emoji)
    assert await refugee.sees("✓", seen)


async def test_a_number_under_the_menu_is_an_entry_of_it(refugee: Somebody) -> None:
    refugee.look()
    await refugee.phone.reacts(last_question(refugee), "3️⃣")
    assert await refugee.sees("Що Ви хочете дізнатися?")
    refugee.look()
    await refugee.phone.reacts(last_question(refugee), "1️⃣")
    await refugee.settles()
    assert refugee.news()


@pytest.mark.parametrize("emoji", ["👍", "👎", "1️⃣", "❤️", "😮", "🙏"])
async def test_reactions_to_anything_else_are_only_kind(bot: Town, refugee: Somebody, emoji: str) -> None:
    await writes(refugee, "1")
    consent = last_question(refugee)
    await refugee.phone.takes_back_reaction(consent, emoji)
    await writes(refugee, "1")
    open_question = last_question(refugee)
    refugee.look()
    with time_machine.travel(time.time() + 60, tick=True):
        for message in [m for m in refugee.phone.messages if m.message_id != open_question.message_id]:
            await refugee.phone.reacts(message, emoji)
        if emoji in "❤️😮🙏":
            await refugee.phone.reacts(open_question, emoji)
        await refugee.phone.takes_back_reaction(open_question, emoji)
        assert await refugee.sees_nothing_new()
    assert await bot.rows("SELECT question FROM conversations") == [("adult",)]


async def test_a_thumb_answers_whether_something_was_meant(refugee: Somebody) -> None:
    await writes(refugee, "видалити", "так видалти")
    await refugee.sees("Ви мали на увазі")
    refugee.look()
    await refugee.phone.reacts(last_question(refugee), "👍")
    assert await refugee.sees("Ваші дані видалено")


async def test_a_vote_is_the_number_of_what_was_voted_for(bot: Town, refugee: Somebody) -> None:
    await writes(refugee, "1", "1")
    poll = int(last_question(refugee).message_id)  # as if it had been sent as one
    vote = {"authorUuid": bot.signal.aci, "targetSentTimestamp": poll, "voteCount": 1}
    await votes(refugee, vote, [])
    assert await refugee.sees_nothing_new()
    await votes(refugee, vote, [1])
    assert await refugee.sees("✓ Ні\n", "Ваших відповідей ми не зберігаємо")


async def test_a_vote_in_a_poll_of_their_own_answers_nothing(bot: Town, refugee: Somebody) -> None:
    await writes(refugee, "1", "1")
    with time_machine.travel(time.time() + 60, tick=True):
        own = await refugee.phone.sends_poll(options=("А", "Б"))
        await refugee.settles()
        vote = {"authorUuid": refugee.phone.id, "targetSentTimestamp": int(own.message_id), "voteCount": 1}
        await votes(refugee, vote, [1])
        await refugee.settles()
    assert await bot.rows("SELECT question FROM conversations") == [("adult",)]


async def votes(person: Somebody, vote: dict[str, Any], options: list[int]) -> None:
    person.look()
    person.phone.says_data(pollVote={**vote, "optionIndexes": options})
    await asyncio.sleep(0)
