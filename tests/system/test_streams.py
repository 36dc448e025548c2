"""Messages that grow, on a real server over SQLite."""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

from tests.servers import PATIENCE, Server, running
from tests.talk import V1, Simple

LIMITS = {"send_rate": "0", "address_rate": "0", "room_rate": "0"}


async def ask(server: Server, token: str, method: str, path: str, body: object = None) -> tuple[int, Any]:
    return await asyncio.to_thread(server.request, method, f"/api/v1{path}", body, token=token)


async def guest(server: Server, name: str) -> str:
    status, made = await asyncio.to_thread(server.request, "POST", "/api/v1/guests", {"user_id": name})
    assert status == 201, made
    token: str = made["token"]
    return token


async def grown(reader: V1, seq: int, until: str, text: str = "") -> str:
    """The text of a message as the notices tell it, once it is `until`. `text`: what it is now."""
    async with asyncio.timeout(PATIENCE):
        while text != until:
            frame = await reader.hear()
            if frame["type"] == "message.append" and frame["seq"] == seq:
                assert frame["offset"] <= len(text)
                text = text[: frame["offset"]] + frame["text"]
                assert until.startswith(text)
    return text


async def append(bot: V1, **fields: Any) -> dict[str, Any]:
    """Append, as slowly as the server asks for."""
    while (reply := await bot.ask("append", **fields)).get("code") == "rate_limited":
        await asyncio.sleep(reply["retry_after"])
    return reply


async def test_a_message_grows(tmp_path: Path) -> None:
    """Readers see it grow; those who come later have the text so far; the log has two events, also after a thousand appends;
    the simple dialect and the search have it when it is finished."""
    with running("suhbat", tmp_path / "data", **LIMITS) as server:
        tokens = [await guest(server, name) for name in ("bot", "ali", "vali")]
        async with (
            V1(server.ws, tokens[0]) as bot,
            V1(server.ws, tokens[1]) as ali,
            Simple(server.ws, "old") as old,
        ):
            asked = await ali.ask("send", conversation="lobby", text="@bot palov qanday damlanadi?")
            sent = await bot.ask("send", conversation="lobby", text="", streaming=True, reply_to=asked["seq"])
            place = {"conversation": "lobby", "seq": sent["seq"]}
            created = await ali.until("message.created", seq=sent["seq"])
            assert created["message"]["streaming"] is True
            text = ""
            for number in range(1000):
                word = "🍚" if number % 10 == 0 else " osh"
                reply = await append(bot, **place, offset=len(text), text=word)
                text += word
                assert reply == {"type": "ok", "id": reply["id"], "offset": len(text)}
            wrong = await bot.ask("append", **place, offset=3, text="?")
            assert (wrong["code"], wrong["offset"]) == ("wrong_offset", len(text))
            assert await grown(ali, sent["seq"], text) == text
            page = await ali.ask("history", conversation="lobby")
            assert page["messages"][-1]["text"] == text and page["messages"][-1]["streaming"]
            status, found = await ask(server, tokens[1], "GET", "/conversations/lobby/messages")
            assert status == 200 and found["messages"][-1]["text"] == text
            async with V1(server.ws, tokens[2]) as vali:
                assert await grown(vali, sent["seq"], text) == text
            refused = await ali.ask("append", **place, offset=len(text), text="men ham")
            assert refused["code"] == "forbidden"
            refused = await bot.ask("edit", **place, text="boshqa")
            assert refused["code"] == "still_growing"
            assert (await ask(server, tokens[1], "GET", "/search?q=osh&conversation=lobby"))[1]["messages"] == []
            done = await bot.ask("finish", **place)
            assert done["seq"] == sent["seq"] + 1, "a thousand appends leave two events"
            finished = await ali.until("message.finished")
            assert finished["message"]["text"] == text and "streaming" not in finished["message"]
            assert "cut" not in finished["message"]
            shown = await old.until("message")
            assert shown["from_user"] == "ali"
            shown = await old.until("message")
            assert (shown["from_user"], shown["message"], shown["seq"]) == ("bot", text, done["seq"])
            again = await bot.ask("finish", **place, text=text)
            assert again["type"] == "ok"
            assert (await bot.ask("finish", **place, text="boshqa"))["code"] == "finished"
            assert (await bot.ask("append", **place, offset=len(text), text="!"))["code"] == "finished"
            found = (await ask(server, tokens[1], "GET", "/search?q=osh&conversation=lobby"))[1]
            assert [one["seq"] for one in found["messages"]] == [sent["seq"]]


async def begin(bot: V1, reply_to: int | None = None) -> dict[str, Any]:
    sent = await bot.ask("send", conversation="lobby", text="", streaming=True, reply_to=reply_to, client_id="k1")
    assert sent["type"] == "ok", sent
    return {"conversation": "lobby", "seq": sent["seq"]}


def stored(server: Server, seq: int) -> str:
    """The text of a message of the lobby in the database."""
    query = "SELECT e.text FROM events e JOIN conversations c ON c.id = e.conversation_id WHERE c.name = 'lobby' AND seq = ?"
    with closing(sqlite3.connect(f"file:{server.data / 'suhbat.db'}?mode=ro", uri=True)) as database:
        return str(database.execute(query, (seq,)).fetchone()[0])


async def test_a_crash(tmp_path: Path) -> None:
    """After kill -9 what was stored is a beginning of what was appended; its sender goes on where the error says, and the end
    that is acknowledged is stored, over one more kill -9."""
    with running("suhbat", tmp_path / "data", **LIMITS) as server:
        token = await guest(server, "bot")
        text = "Guruchni yuving. "
        async with V1(server.ws, token) as bot:
            place = await begin(bot)
            await append(bot, **place, offset=0, text=text)
            async with asyncio.timeout(PATIENCE):  # the text is stored every two seconds
                while not stored(server, place["seq"]):
                    await asyncio.sleep(0.1)
            await append(bot, **place, offset=len(text), text="Keyin")
        server.kill()
        server.start()
        async with V1(server.ws, token) as bot:
            assert await begin(bot) == place, "the repeated beginning is the same message"
            wrong = await bot.ask("append", **place, offset=4_000, text="x")
            assert wrong["code"] == "wrong_offset" and 0 < wrong["offset"] <= len(text) + 5
            left = (text + "Keyin toʻkib tashlang.")[wrong["offset"] :]
            await append(bot, **place, offset=wrong["offset"], text=left)
            assert (await bot.ask("finish", **place))["type"] == "ok"
            server.kill()
        server.start()
        async with V1(server.ws, token) as bot:
            page = await bot.ask("history", conversation="lobby")
            assert page["messages"][-1]["text"] == text + "Keyin toʻkib tashlang."
            assert "cut" not in page["messages"][-1] and page["head"] == place["seq"] + 1
