"""The form in python-telegram-bot: a `ConversationHandler` kept by `PicklePersistence`, as its own examples do it.

With the argument `fast` it gets what makes it fastest: this project's request backend, and 64 updates at a time, those
of one chat in order (out of the box, all updates wait for each other).
"""

import asyncio
import sys
from collections.abc import Awaitable
from typing import Any
from weakref import WeakValueDictionary

from telegram import InlineKeyboardButton, InlineKeyboardMarkup, Update
from telegram.constants import ParseMode
from telegram.ext import (
    Application,
    BaseUpdateProcessor,
    CommandHandler,
    ContextTypes,
    ConversationHandler,
    Defaults,
    MessageHandler,
    PicklePersistence,
    filters,
)

from benchmarks.bots import form
from bot.transports.telegram_request import AiohttpRequest

NAME, AGE, TOWN = range(3)
WAYS_OUT = InlineKeyboardMarkup(
    [
        [
            InlineKeyboardButton(form.BACK, callback_data="a:1:q:!back"),
            InlineKeyboardButton(form.CANCEL, callback_data="a:1:q:!cancel"),
        ]
    ]
)
TO_MENU = InlineKeyboardMarkup([[InlineKeyboardButton(form.MENU, callback_data="go:menu")]])
Context = ContextTypes.DEFAULT_TYPE


class InOrder(BaseUpdateProcessor):
    """Handles many updates at a time, those of one chat one after the other."""

    def __init__(self) -> None:
        super().__init__(64)
        self._locks: WeakValueDictionary[int, asyncio.Lock] = WeakValueDictionary()

    async def do_process_update(self, update: object, coroutine: Awaitable[Any]) -> None:
        """Wait for the chat, then handle."""
        chat = update.effective_chat.id if isinstance(update, Update) and update.effective_chat else 0
        async with self._locks.setdefault(chat, asyncio.Lock()):
            await coroutine

    async def initialize(self) -> None:
        """Nothing to open."""

    async def shutdown(self) -> None:
        """Nothing to close."""


async def begin(update: Update, _context: Context) -> int:
    """Ask the first question."""
    await answer(update, form.NAME)
    return NAME


async def take_name(update: Update, context: Context) -> int:
    """Keep the name, ask for the age."""
    keep(update, context, "name")
    await answer(update, form.AGE)
    return AGE


async def take_age(update: Update, context: Context) -> int:
    """Keep the age, ask for the town."""
    keep(update, context, "age")
    await answer(update, form.TOWN)
    return TOWN


async def take_town(update: Update, context: Context) -> int:
    """Repeat the answers and end."""
    keep(update, context, "town")
    await answer(update, form.THANKS.format_map(context.user_data or {}), TO_MENU)
    if context.user_data is not None:
        context.user_data.clear()
    return ConversationHandler.END


def keep(update: Update, context: Context, key: str) -> None:
    """Keep what was written among this person's answers."""
    if context.user_data is not None and update.message is not None:
        context.user_data[key] = update.message.text


async def answer(update: Update, text: str, keyboard: InlineKeyboardMarkup = WAYS_OUT) -> None:
    """Send one message with buttons."""
    if update.message is not None:
        await update.message.reply_text(text, reply_markup=keyboard)


def conversation() -> ConversationHandler[Context]:
    """Return the form."""
    text = filters.TEXT & ~filters.COMMAND
    return ConversationHandler(
        entry_points=[CommandHandler("start", begin)],
        states={
            NAME: [MessageHandler(text, take_name)],
            AGE: [MessageHandler(text, take_age)],
            TOWN: [MessageHandler(text, take_town)],
        },
        fallbacks=[CommandHandler("start", begin)],
        name="form",
        persistent=True,
    )


def run(fast: bool) -> None:
    """Run until killed."""
    builder = (
        Application.builder()
        .token(form.token())
        .base_url(f"{form.api_url()}/bot")
        .defaults(Defaults(parse_mode=ParseMode.HTML))
        .persistence(PicklePersistence(form.folder() / "form.pickle"))
    )
    if fast:
        builder = builder.request(AiohttpRequest()).get_updates_request(AiohttpRequest())
        builder = builder.concurrent_updates(InOrder())
    application = builder.build()
    application.add_handler(conversation())
    application.run_polling()


if __name__ == "__main__":
    run("fast" in sys.argv)
