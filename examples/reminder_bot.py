"""A bot that reminds: `/remind 10 choy` says "choy" in ten minutes, also if the bot was stopped and started meanwhile.

SUHBAT_URL=http://localhost:8000 SUHBAT_TOKEN=… python examples/reminder_bot.py
"""

from __future__ import annotations

import asyncio
import os
import re
import time

from suhbat.client.bots import Bot, FileStore, Invocation

bot = Bot(
    os.environ.get("SUHBAT_URL", "http://localhost:8000"),
    os.environ.get("SUHBAT_TOKEN", ""),
    store=FileStore(os.environ.get("BOT_FILE", "reminder.db")),
)
changed = asyncio.Event()


@bot.command("remind", description="Reminds you of something", usage="<minutes> <text>")
async def remind(command: Invocation) -> None:
    asked = re.fullmatch(r"(\d+(?:\.\d+)?)\s+(.+)", command.args, re.DOTALL)
    if asked is None:
        await command.answer_privately("For example: /remind 10 choy")
        return
    due = time.time() + 60 * float(asked[1])
    # The number of the event names the reminder: if this runs again after a crash, there is still one.
    await bot.state.update_data(
        **{str(command.event.seq): [due, command.conversation, command.from_user.user_id, asked[2]]}
    )
    changed.set()
    await command.answer_privately(f"I will remind you in {asked[1]} min.")


@bot.task
async def watch() -> None:
    """Runs as long as the bot does."""
    while True:
        changed.clear()
        reminders = await bot.state.get_data()
        now = time.time()
        for key, (due, conversation, who, text) in reminders.items():
            if due <= now:
                # With a `client_id` of its own, a message that is sent again after a crash is stored once.
                await bot.send_message(conversation, f"@{who} {text}", client_id=f"reminder-{key}")
                await bot.state.update_data(**{key: None})
        waits = [due - now for due, *_ in reminders.values() if due > now]
        try:
            async with asyncio.timeout(min(waits, default=None)):
                await changed.wait()
        except TimeoutError:
            pass


if __name__ == "__main__":
    bot.run()
