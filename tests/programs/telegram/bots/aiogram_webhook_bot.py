"""An ordinary bot of aiogram 3 with a webhook. Only the line with `from_base` is not as Telegram's users write it."""

# mypy: ignore-errors
import os

from aiogram import Bot, Dispatcher, F
from aiogram.client.session.aiohttp import AiohttpSession
from aiogram.client.telegram import TelegramAPIServer
from aiogram.filters import CommandStart
from aiogram.methods import SendMessage
from aiogram.types import Message
from aiogram.webhook.aiohttp_server import SimpleRequestHandler, setup_application
from aiohttp import web

SECRET = "siru_Asror-1"
dispatcher = Dispatcher()


@dispatcher.message(CommandStart())
async def start(message: Message) -> None:
    await message.answer(f"Salom, {message.from_user.full_name}!")


@dispatcher.message(F.text)
async def echo(message: Message) -> SendMessage:
    return SendMessage(
        chat_id=message.chat.id, text=f"<b>{message.text}</b>", parse_mode="HTML"
    )  # in the answer itself


@dispatcher.startup()
async def begin(bot: Bot) -> None:
    await bot.set_webhook(os.environ["HOOK"], secret_token=SECRET)


session = AiohttpSession(api=TelegramAPIServer.from_base(os.environ["BASE"]))
bot = Bot(os.environ["TOKEN"], session=session)
application = web.Application()
handler = SimpleRequestHandler(dispatcher, bot, handle_in_background=False, secret_token=SECRET)
handler.register(application, path="/bot")
setup_application(application, dispatcher, bot=bot)
web.run_app(application, host="127.0.0.1", port=int(os.environ["PORT"]), print=None)
