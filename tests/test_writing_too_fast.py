"""Somebody, or a program, writes faster than answers can leave."""

import asyncio
import time
from contextlib import suppress
from pathlib import Path

import time_machine

from bot.pace import Limits
from tests.signal_talk import CONSENT, comes_to_the_place, in_front_of_the_menu, stored, writes

FASTER = "Ви пишете швидше, ніж я можу відповідати"


async def test_after_fifteen_answers_in_a_minute_there_is_one_notice_and_then_silence(tmp_path: Path) -> None:
    limits = Limits(None, None, turns_per_minute=15)
    async with in_front_of_the_menu(tmp_path, limits) as (bot, oksana):
        await oksana.phone.sends_sticker()  # a notice in this minute does not take the place of the other
        await writes(oksana, *["добридень"] * 12)
        assert FASTER not in oksana.screen
        await bot.restart()
        await writes(oksana, "добридень")
        assert [FASTER in message.text for message in oksana.news()] == [True]
        assert oksana.times_seen(FASTER) == 1
        await bot.restart()
        before = len(oksana.phone.received)
        await writes(oksana, *["1"] * 20)
        assert len(oksana.phone.received) == before
        petro = bot.somebody("Petro")
        await petro.writes("привіт")
        assert await petro.sees("Вітаємо!")
        with time_machine.travel(time.time() + 61, tick=True):
            await oksana.writes("1")
            assert await oksana.sees(CONSENT)
            assert await bot.rows("SELECT question FROM conversations WHERE person = 1") == [("consent",)]


async def test_nothing_that_was_taken_is_lost_by_writing_too_fast(tmp_path: Path) -> None:
    async with in_front_of_the_menu(tmp_path, Limits(None, None, turns_per_minute=15)) as (bot, oksana):
        await comes_to_the_place(oksana)
        await oksana.writes_at_once(["добридень"] * 40)
        await oksana.settles()
        assert oksana.times_seen(FASTER) == 1
        with time_machine.travel(time.time() + 61, tick=True):
            await oksana.writes("1")
            assert await oksana.sees("✓ У Дортмунді")
            assert await stored(bot, "topics") == '["health"]'


async def test_stop_works_even_for_who_writes_too_fast(tmp_path: Path) -> None:
    async with in_front_of_the_menu(tmp_path, Limits(None, None, turns_per_minute=15)) as (bot, oksana):
        await oksana.writes_at_once([*["добридень"] * 20, "СТОП"])
        await oksana.settles()
        assert await bot.rows("SELECT news_stopped_at IS NULL FROM people") == [(0,)]


async def test_two_bots_that_answer_each_other_come_to_an_end(tmp_path: Path) -> None:
    async with in_front_of_the_menu(tmp_path, Limits(None, None, turns_per_minute=15)) as (bot, other):

        async def answers() -> None:
            answered = 0
            while True:
                await bot.signal.changed(lambda answered=answered: len(other.phone.received) > answered, 60)  # type: ignore[misc]
                answered = len(other.phone.received)
                other.phone.write("Дякуємо за Ваше повідомлення! Ми скоро відповімо.")

        answering = asyncio.create_task(answers())
        await bot.signal.changed(lambda: FASTER in other.screen)
        await asyncio.sleep(0.3)
        await bot.settles()
        at_the_end = len(other.phone.received)
        await asyncio.sleep(0.3)
        assert len(other.phone.received) == at_the_end <= 20
        answering.cancel()
        with suppress(asyncio.CancelledError):
            await answering
