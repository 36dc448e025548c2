"""An ordinary bot of aiogram 3. Only the line with `from_base` is not as Telegram's users write it."""

# mypy: ignore-errors
import asyncio
import os
import pathlib

from aiogram import Bot, Dispatcher, F
from aiogram.client.default import DefaultBotProperties
from aiogram.client.session.aiohttp import AiohttpSession
from aiogram.client.telegram import TelegramAPIServer
from aiogram.filters import Command, CommandStart
from aiogram.types import (
    BotCommand,
    BufferedInputFile,
    CallbackQuery,
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    Message,
)

dispatcher = Dispatcher()


@dispatcher.message(CommandStart())
async def start(message: Message) -> None:
    keyboard = InlineKeyboardMarkup(
        inline_keyboard=[
            [
                InlineKeyboardButton(text="Ha", callback_data="yes"),
                InlineKeyboardButton(text="Yoʻq", callback_data="no"),
            ]
        ]
    )
    await message.answer(f"Salom, <b>{message.from_user.full_name}</b>!", reply_markup=keyboard)


@dispatcher.callback_query()
async def press(query: CallbackQuery) -> None:
    await query.answer(f"Javob: {query.data}")
    await query.message.edit_text(f"Tanlandi: <i>{query.data}</i>")


@dispatcher.message(Command("photo"))
async def photo(message: Message) -> None:
    with pathlib.Path(os.environ["PHOTO"]).open("rb") as file:
        await message.answer_photo(BufferedInputFile(file.read(), "choy.png"), caption="<b>Choy</b>")


@dispatcher.message(F.photo)
async def measure(message: Message, bot: Bot) -> None:
    data = await bot.download(message.photo[-1])
    await message.reply(f"{len(data.read())} bayt")


@dispatcher.message(F.text)
async def echo(message: Message) -> None:
    await message.send_copy(message.chat.id)


async def main() -> None:
    session = AiohttpSession(api=TelegramAPIServer.from_base(os.environ["BASE"]))
    bot = Bot(os.environ["TOKEN"], session=session, default=DefaultBotProperties(parse_mode="HTML"))
    await bot.set_my_commands([BotCommand(command="start", description="Boshlash")])
    await dispatcher.start_polling(bot, polling_timeout=10)


asyncio.run(main())
