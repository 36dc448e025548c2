"""A bot inside a web application: a build server posts what it built, and the bot tells the conversations that want to know.

    SUHBAT_URL=http://localhost:8000 SUHBAT_TOKEN=… uvicorn examples.ci_bot:app --port 8001
    curl --json '{"project": "shop", "passed": false, "url": "https://ci.example.org/7"}' http://localhost:8001/builds

In a conversation with the bot, `/ci on` asks for it, and `/ci off` ends it.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI
from pydantic import BaseModel

from suhbat.client.bots import Bot, FileStore, Invocation, button

bot = Bot(
    os.environ.get("SUHBAT_URL", "http://localhost:8000"),
    os.environ.get("SUHBAT_TOKEN", ""),
    store=FileStore(os.environ.get("BOT_FILE", "ci.db")),
)


class Build(BaseModel):
    project: str
    passed: bool
    url: str


@bot.command("ci", description="Tells this conversation about builds", usage="on | off")
async def subscribe(command: Invocation) -> None:
    is_on = command.args.strip() == "on"
    await bot.state.update_data(**{command.conversation: is_on})
    await command.answer("Builds are announced here." if is_on else "Builds are not announced here.")


@asynccontextmanager
async def lifespan(_: FastAPI) -> AsyncIterator[None]:
    running = asyncio.create_task(bot.start())
    yield
    bot.stop()
    await running


app = FastAPI(lifespan=lifespan)


@app.post("/builds", status_code=202)
async def built(build: Build) -> None:
    text = f"{'✅' if build.passed else '❌'} {build.project}"
    for conversation, is_on in (await bot.state.get_data()).items():
        if is_on:
            await bot.send_message(conversation, text, buttons=[[button("Open", url=build.url)]])
