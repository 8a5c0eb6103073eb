"""An announcement in python-telegram-bot, in two ways that its users write it; people are answered by handlers beside.

With the argument `sleep` one copy after the other with a pause between them, the recipe most often given. With `gather`
all at once, held back by the library's own `AIORateLimiter`, which counts the answers as well.
"""

import asyncio
import sys

from telegram import Bot, InlineKeyboardButton, InlineKeyboardMarkup, Message, Update
from telegram.error import RetryAfter, TelegramError
from telegram.ext import AIORateLimiter, Application, CallbackQueryHandler, CommandHandler, ContextTypes

from benchmarks.bots import form, news

Context = ContextTypes.DEFAULT_TYPE
PAUSE = 0.05
"""Seconds between two copies: at most 20 a second, as everybody advises."""


async def answer_command(update: Update, _context: Context) -> None:
    """Answer what was written."""
    if update.message is not None and update.message.text is not None:
        await answer(update.message, update.message.text)


async def answer_press(update: Update, _context: Context) -> None:
    """Answer a press: first its spinner, then with a message."""
    press = update.callback_query
    if press is not None and press.data is not None and isinstance(press.message, Message):
        await press.answer()
        await answer(press.message, press.data)


async def answer(message: Message, about: str) -> None:
    """Send one message with buttons."""
    text, rows = news.ANSWERS[about]
    buttons = [[InlineKeyboardButton(label, callback_data=data) for label, data in row] for row in rows]
    await message.reply_text(text, reply_markup=InlineKeyboardMarkup(buttons))


async def broadcast(update: Update, context: Context) -> None:
    """Begin to send to everybody, in a task of its own."""
    if update.message is not None:
        context.application.create_task(send_to_all(context.bot, update.message))


async def send_to_all(bot: Bot, order: Message) -> None:
    """Send to everybody and say so."""
    if "gather" in sys.argv:
        copies = [bot.send_message(chat, news.ANNOUNCEMENT) for chat in news.recipients()]
        await asyncio.gather(*copies, return_exceptions=True)
    else:
        await one_by_one(bot)
    await order.reply_text(news.DONE)


async def one_by_one(bot: Bot) -> None:
    """Send one copy after the other."""
    for chat in news.recipients():
        try:
            await bot.send_message(chat, news.ANNOUNCEMENT)
        except RetryAfter as wait:
            await asyncio.sleep(float(wait.retry_after))  # type: ignore[arg-type] # a timedelta in future
            await bot.send_message(chat, news.ANNOUNCEMENT)
        except TelegramError:
            pass
        await asyncio.sleep(PAUSE)


def run() -> None:
    """Run until killed."""
    builder = Application.builder().token(form.token()).base_url(f"{form.api_url()}/bot")
    if "gather" in sys.argv:
        builder.rate_limiter(AIORateLimiter(max_retries=5))
    application = builder.build()
    application.add_handler(CommandHandler("broadcast", broadcast))
    application.add_handler(CommandHandler(["menu", "emergency"], answer_command))
    application.add_handler(CallbackQueryHandler(answer_press))
    application.run_polling()


if __name__ == "__main__":
    run()
