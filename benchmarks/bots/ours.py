"""The form in this project: its own storage, turns, outbox and Telegram; only the limits on sending are off."""

import asyncio

from benchmarks.bots import form
from bot import profile
from bot.bridge import Account
from bot.chat import Chat
from bot.conversations import Conversation, Conversations
from bot.languages import Languages, _
from bot.pace import Limits
from bot.settings import DEFAULT_PROFILE, Telegram
from bot.storage import open_store
from bot.transports.telegram import TelegramTransport


async def ask_three(chat: Chat) -> None:
    """Ask three questions and repeat the answers."""
    name = await chat.ask("name", _(form.NAME), as_it_is)
    age = await chat.ask("age", _(form.AGE), as_it_is)
    town = await chat.ask("town", _(form.TOWN), as_it_is)
    chat.say(_(form.THANKS, name=name, age=age, town=town))


def as_it_is(text: str) -> str:
    """Take any answer."""
    return text


async def run() -> None:
    """Run until killed."""
    city = profile.read(DEFAULT_PROFILE)
    languages = Languages(city.languages)
    table = (Conversation("menu", ask_three, form.MENU, before_language=True),)
    settings = Telegram(form.token(), form.api_url(), "", "")
    async with open_store(form.folder() / "bot.db") as store, TelegramTransport(settings) as telegram:
        limits = Limits(None, None)
        abilities = {telegram.messenger: telegram.abilities}
        conversations = Conversations(city, languages, table, abilities, {telegram.messenger: limits})
        await Account(store, telegram, conversations, limits).run()


if __name__ == "__main__":
    asyncio.run(run())
