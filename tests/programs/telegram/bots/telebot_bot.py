"""An ordinary bot of pyTelegramBotAPI. Only the two lines with `apihelper` are not as Telegram's users write it."""

# mypy: ignore-errors
import os
import pathlib

import telebot
from telebot import apihelper
from telebot.types import BotCommand, InlineKeyboardButton, InlineKeyboardMarkup

apihelper.API_URL = os.environ["BASE"] + "/bot{0}/{1}"
apihelper.FILE_URL = os.environ["BASE"] + "/file/bot{0}/{1}"
bot = telebot.TeleBot(os.environ["TOKEN"], parse_mode="HTML")


@bot.message_handler(commands=["start"])
def start(message):
    keyboard = InlineKeyboardMarkup()
    keyboard.row(InlineKeyboardButton("Ha", callback_data="yes"), InlineKeyboardButton("Yoʻq", callback_data="no"))
    bot.send_message(message.chat.id, f"Salom, <b>{message.from_user.first_name}</b>!", reply_markup=keyboard)


@bot.callback_query_handler(func=lambda query: True)
def press(query):
    bot.answer_callback_query(query.id, f"Javob: {query.data}")
    bot.edit_message_text(f"Tanlandi: <i>{query.data}</i>", query.message.chat.id, query.message.message_id)


@bot.message_handler(commands=["photo"])
def photo(message):
    with pathlib.Path(os.environ["PHOTO"]).open("rb") as file:
        bot.send_photo(message.chat.id, file, caption="<b>Choy</b>")


@bot.message_handler(content_types=["photo"])
def measure(message):
    data = bot.download_file(bot.get_file(message.photo[-1].file_id).file_path)
    bot.reply_to(message, f"{len(data)} bayt")


@bot.message_handler(func=lambda message: True)
def echo(message):
    bot.send_message(message.chat.id, message.text)


bot.set_my_commands([BotCommand("start", "Boshlash")])
bot.infinity_polling(timeout=10, long_polling_timeout=10)
