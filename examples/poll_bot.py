"""A bot for polls: `/poll Where do we eat? | Plov | Somsa` makes a message with buttons, which counts the votes.

SUHBAT_URL=http://localhost:8000 SUHBAT_TOKEN=… python examples/poll_bot.py
"""

from __future__ import annotations

import os
from collections import Counter
from typing import Any

from suhbat.client.bots import Bot, ChatState, F, FileStore, Invocation, Press, button

bot = Bot(
    os.environ.get("SUHBAT_URL", "http://localhost:8000"),
    os.environ.get("SUHBAT_TOKEN", ""),
    store=FileStore(os.environ.get("BOT_FILE", "poll.db")),
)


def shown(poll: dict[str, Any]) -> str:
    votes = Counter(poll["votes"].values())
    return "\n".join([poll["question"], *(f"{choice}: {votes[str(at)]}" for at, choice in enumerate(poll["choices"]))])


@bot.command("poll", description="Asks everybody", usage="<question> | <choice> | <choice>")
async def ask(command: Invocation, chat_state: ChatState) -> None:
    question, *choices = (part.strip() for part in command.args.split("|"))
    if len(choices) < 2:
        await command.answer_privately("For example: /poll Where do we eat? | Plov | Somsa")
        return
    poll = {"question": question, "choices": choices, "votes": {}}
    rows = [[button(choice, f"vote:{at}")] for at, choice in enumerate(choices)]
    message = await command.answer(shown(poll), buttons=[*rows, [button("Close", "close")]])
    await chat_state.update_data(**{str(message.seq): poll})


@bot.action(F.data.regexp(r"vote:(\d+)").as_("match"))
async def vote(press: Press, chat_state: ChatState, match: Any) -> None:
    poll = (await chat_state.get_data()).get(str(press.seq))
    if poll is None:
        await press.answer_privately("This poll is closed.")
        return
    poll["votes"][press.from_user.uid] = match[1]  # a second vote replaces the first
    await chat_state.update_data(**{str(press.seq): poll})
    await press.edit_text(shown(poll))
    await press.answer_privately(f"You voted for {poll['choices'][int(match[1])]}.")


@bot.action("close")
async def close(press: Press, chat_state: ChatState) -> None:
    poll = (await chat_state.get_data()).get(str(press.seq))
    if poll is not None:
        await press.edit_text(f"{shown(poll)}\n(closed)", buttons=[])
        await chat_state.update_data(**{str(press.seq): None})


if __name__ == "__main__":
    bot.run()
