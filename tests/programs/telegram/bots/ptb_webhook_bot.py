"""An ordinary bot of python-telegram-bot with a webhook. Only the line with `base_url` is not as Telegram's users write it."""

# mypy: ignore-errors
import os

from telegram import Update
from telegram.ext import Application, CommandHandler, ContextTypes, MessageHandler, filters


async def start(update: Update, context: ContextTypes.DEFAULT_TYPE) -> None:
    await update.message.reply_text(f"Salom, {update.effective_user.first_name}!")


async def echo(update: Update, context: ContextTypes.DEFAULT_TYPE) -> None:
    await update.message.reply_html(f"<b>{update.message.text}</b>")


application = Application.builder().token(os.environ["TOKEN"]).base_url(f"{os.environ['BASE']}/bot").build()
application.add_handler(CommandHandler("start", start))
application.add_handler(MessageHandler(filters.TEXT & ~filters.COMMAND, echo))
application.run_webhook(
    listen="127.0.0.1",
    port=int(os.environ["PORT"]),
    url_path="bot",
    webhook_url=os.environ["HOOK"],
    secret_token="siru_Asror-1",
    drop_pending_updates=True,
)
