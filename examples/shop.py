"""An application that talks in its chat: it announces orders, and answers questions.

    uvicorn --factory examples.shop:make_app

Open /chat, and order something: curl -X POST "localhost:8000/orders?item=choy"
"""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI

import suhbat


def make_app(settings: Any = None) -> FastAPI:
    """`settings`: for tests; without them Suhbat reads its own as usual."""
    app = FastAPI()
    chat = suhbat.mount(app, "/chat", settings=settings)
    stock = {"choy": 3, "non": 0}

    @app.post("/orders")
    async def order(item: str) -> dict[str, int]:
        """From a route: the message is stored when `send` returns."""
        stock[item] -= 1
        sent = await chat.send("lobby", f"Buyurtma: {item}", sender="shop")
        return {"seq": sent.seq}

    @app.post("/reports")
    def report() -> dict[str, int]:
        """FastAPI runs a route without `async` in a thread."""
        sent = chat.send_from_thread("lobby", f"Omborda {sum(stock.values())} ta", sender="shop")
        return {"seq": sent.seq}

    @chat.on("message.created")
    async def answer(event: Any) -> None:
        """Called after a message is stored, also after those of the shop itself."""
        words = event.message.text.split()
        if words[:1] == ["!bormi"]:
            item = " ".join(words[1:])
            await chat.send(event.conversation, f"{item}: {stock.get(item, 0)} ta", sender="shop", reply_to=event.seq)

    return app
