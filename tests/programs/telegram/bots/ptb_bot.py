"""An ordinary bot of python-telegram-bot. Only the two lines with `base_…` are not as Telegram's users write it."""

# mypy: ignore-errors
import os
import pathlib

from telegram import BotCommand, InlineKeyboardButton, InlineKeyboardMarkup, Update
from telegram.constants import ParseMode
from telegram.ext import Application, CallbackQueryHandler, CommandHandler, ContextTypes, MessageHandler, filters


async def start(update: Update, context: ContextTypes.DEFAULT_TYPE) -> None:
    keyboard = InlineKeyboardMarkup(
        [[InlineKeyboardButton("Ha", callback_data="yes"), InlineKeyboardButton("Yoʻq", callback_data="no")]]
    )
    await update.message.reply_html(f"Salom, <b>{update.effective_user.first_name}</b>!", reply_markup=keyboard)


async def press(update: Update, context: ContextTypes.DEFAULT_TYPE) -> None:
    query = update.callback_query
    await query.answer(f"Javob: {query.data}")
    await query.edit_message_text(f"Tanlandi: _{query.data}_", parse_mode=ParseMode.MARKDOWN_V2)


async def photo(update: Update, context: ContextTypes.DEFAULT_TYPE) -> None:
    with pathlib.Path(os.environ["PHOTO"]).open("rb") as file:
        await update.message.reply_photo(file, caption="*Choy*", parse_mode=ParseMode.MARKDOWN_V2)


async def measure(update: Update, context: ContextTypes.DEFAULT_TYPE) -> None:
    file = await update.message.photo[-1].get_file()
    data = await file.download_as_bytearray()
    await update.message.reply_text(f"{len(data)} bayt", do_quote=True)


async def echo(update: Update, context: ContextTypes.DEFAULT_TYPE) -> None:
    await update.message.reply_text(update.message.text)


async def prepare(application: Application) -> None:
    await application.bot.set_my_commands([BotCommand("start", "Boshlash")])


application = (
    Application.builder()
    .token(os.environ["TOKEN"])
    .base_url(f"{os.environ['BASE']}/bot")
    .base_file_url(f"{os.environ['BASE']}/file/bot")
    .post_init(prepare)
    .build()
)
application.add_handler(CommandHandler("start", start))
application.add_handler(CommandHandler("photo", photo))
application.add_handler(CallbackQueryHandler(press))
application.add_handler(MessageHandler(filters.PHOTO, measure))
application.add_handler(MessageHandler(filters.TEXT & ~filters.COMMAND, echo))
application.run_polling(timeout=10, allowed_updates=Update.ALL_TYPES)
