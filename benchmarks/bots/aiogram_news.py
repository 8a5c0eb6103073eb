"""An announcement in aiogram 3 as its users write it: a semaphore of 30, and again after what a 429 asks to wait."""

import asyncio

from aiogram import Bot, Dispatcher
from aiogram.client.session.aiohttp import AiohttpSession
from aiogram.client.telegram import TelegramAPIServer
from aiogram.exceptions import TelegramAPIError, TelegramRetryAfter
from aiogram.filters import Command
from aiogram.types import CallbackQuery, InlineKeyboardButton, InlineKeyboardMarkup, Message

from benchmarks.bots import form, news

AT_ONCE = 30


async def answer_command(message: Message) -> None:
    """Answer what was written."""
    await answer(message, message.text or "")


async def answer_press(press: CallbackQuery) -> None:
    """Answer a press: first its spinner, then with a message."""
    await press.answer()
    if isinstance(press.message, Message):
        await answer(press.message, press.data or "")


async def answer(message: Message, about: str) -> None:
    """Send one message with buttons."""
    text, rows = news.ANSWERS[about]
    buttons = [[InlineKeyboardButton(text=label, callback_data=data) for label, data in row] for row in rows]
    await message.answer(text, reply_markup=InlineKeyboardMarkup(inline_keyboard=buttons))


async def broadcast(message: Message, bot: Bot) -> None:
    """Send to everybody and say so; aiogram handles every update in a task of its own."""
    few = asyncio.Semaphore(AT_ONCE)

    async def send(chat: int) -> None:
        async with few:
            try:
                await bot.send_message(chat, news.ANNOUNCEMENT)
                return
            except TelegramRetryAfter as wait:
                await asyncio.sleep(wait.retry_after)
            except TelegramAPIError:
                return
        await send(chat)

    await asyncio.gather(*(send(chat) for chat in news.recipients()))
    await message.answer(news.DONE)


async def run() -> None:
    """Run until killed."""
    dispatcher = Dispatcher()
    dispatcher.message.register(broadcast, Command("broadcast"))
    dispatcher.message.register(answer_command, Command("menu", "emergency"))
    dispatcher.callback_query.register(answer_press)
    session = AiohttpSession(api=TelegramAPIServer.from_base(form.api_url()))
    await dispatcher.start_polling(Bot(form.token(), session))


if __name__ == "__main__":
    asyncio.run(run())
