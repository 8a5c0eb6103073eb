"""The form in aiogram 3: a state machine kept in memory, or with the argument `sqlite` in a file of SQLite."""

import asyncio
import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import aiosqlite
from aiogram import Bot, Dispatcher, F
from aiogram.client.default import DefaultBotProperties
from aiogram.client.session.aiohttp import AiohttpSession
from aiogram.client.telegram import TelegramAPIServer
from aiogram.filters import CommandStart
from aiogram.fsm.context import FSMContext
from aiogram.fsm.state import State, StatesGroup
from aiogram.fsm.storage.base import BaseStorage, StateType, StorageKey
from aiogram.fsm.storage.memory import MemoryStorage
from aiogram.types import InlineKeyboardButton, InlineKeyboardMarkup, Message

from benchmarks.bots import form

WAYS_OUT = InlineKeyboardMarkup(
    inline_keyboard=[
        [
            InlineKeyboardButton(text=form.BACK, callback_data="a:1:q:!back"),
            InlineKeyboardButton(text=form.CANCEL, callback_data="a:1:q:!cancel"),
        ]
    ]
)
TO_MENU = InlineKeyboardMarkup(inline_keyboard=[[InlineKeyboardButton(text=form.MENU, callback_data="go:menu")]])


class Form(StatesGroup):
    """Which question is open."""

    name = State()
    age = State()
    town = State()


class SQLiteStorage(BaseStorage):
    """One row for each person; every change is committed, in WAL at NORMAL: fast, but a power cut loses some."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._db: aiosqlite.Connection | None = None

    async def open(self) -> None:
        """Open the file and make the table."""
        self._db = await aiosqlite.connect(self._path)
        await self._db.execute("PRAGMA journal_mode=WAL")
        await self._db.execute("PRAGMA synchronous=NORMAL")
        await self._db.execute(
            "CREATE TABLE states (key TEXT PRIMARY KEY, state TEXT, data TEXT NOT NULL DEFAULT '{}')"
        )

    async def set_state(self, key: StorageKey, state: StateType = None) -> None:
        """Keep a state."""
        await self._write(
            "INSERT INTO states (key, state) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET state = excluded.state",
            _name(key),
            state.state if isinstance(state, State) else state,
        )

    async def get_state(self, key: StorageKey) -> str | None:
        """Return the state, None if there is none."""
        row = await self._read("SELECT state FROM states WHERE key = ?", key)
        return None if row is None else row[0]

    async def set_data(self, key: StorageKey, data: Mapping[str, Any]) -> None:
        """Keep the answers."""
        await self._write(
            "INSERT INTO states (key, data) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET data = excluded.data",
            _name(key),
            json.dumps(data),
        )

    async def get_data(self, key: StorageKey) -> dict[str, Any]:
        """Return the answers."""
        row = await self._read("SELECT data FROM states WHERE key = ?", key)
        return json.loads(row[0]) if row else {}

    async def close(self) -> None:
        """Close the file."""
        await self._opened().close()

    async def _write(self, statement: str, *values: str | None) -> None:
        await self._opened().execute(statement, values)
        await self._opened().commit()

    async def _read(self, query: str, key: StorageKey) -> Any:
        async with self._opened().execute(query, (_name(key),)) as found:
            return await found.fetchone()

    def _opened(self) -> aiosqlite.Connection:
        if self._db is None:
            raise RuntimeError("the storage is not open")
        return self._db


def _name(key: StorageKey) -> str:
    return f"{key.bot_id}:{key.chat_id}:{key.user_id}"


async def begin(message: Message, state: FSMContext) -> None:
    """Ask the first question."""
    await state.set_state(Form.name)
    await message.answer(form.NAME, reply_markup=WAYS_OUT)


async def take_name(message: Message, state: FSMContext) -> None:
    """Keep the name, ask for the age."""
    await state.update_data(name=message.text)
    await state.set_state(Form.age)
    await message.answer(form.AGE, reply_markup=WAYS_OUT)


async def take_age(message: Message, state: FSMContext) -> None:
    """Keep the age, ask for the town."""
    await state.update_data(age=message.text)
    await state.set_state(Form.town)
    await message.answer(form.TOWN, reply_markup=WAYS_OUT)


async def take_town(message: Message, state: FSMContext) -> None:
    """Repeat the answers and end."""
    answers = await state.update_data(town=message.text)
    await state.clear()
    await message.answer(form.THANKS.format_map(answers), reply_markup=TO_MENU)


async def run(storage: BaseStorage) -> None:
    """Run until killed."""
    if isinstance(storage, SQLiteStorage):
        await storage.open()
    dispatcher = Dispatcher(storage=storage)
    dispatcher.message.register(begin, CommandStart())
    dispatcher.message.register(take_name, Form.name, F.text)
    dispatcher.message.register(take_age, Form.age, F.text)
    dispatcher.message.register(take_town, Form.town, F.text)
    session = AiohttpSession(api=TelegramAPIServer.from_base(form.api_url()))
    bot = Bot(form.token(), session, DefaultBotProperties(parse_mode="HTML"))
    await dispatcher.start_polling(bot)


if __name__ == "__main__":
    asyncio.run(run(SQLiteStorage(form.folder() / "states.db") if "sqlite" in sys.argv else MemoryStorage()))
