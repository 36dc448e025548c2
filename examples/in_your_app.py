"""Suhbat as a part of your own FastAPI application, which knows its people already.

    uvicorn examples.in_your_app:app

Here people are known by a cookie that your login page would set. Open /login/ali, then /chat: you are there as ali.
"""

from __future__ import annotations

from fastapi import FastAPI
from fastapi.responses import RedirectResponse, Response

import suhbat

PEOPLE = {"s3cret-of-ali": ("user-17", "ali"), "s3cret-of-vali": ("user-42", "vali")}
"""Your sessions: a secret, and who it belongs to. Yours would be in a database."""

app = FastAPI()


@app.get("/login/{name}")
async def login(name: str) -> Response:
    """What a login of yours would do after it has checked the password."""
    answer = RedirectResponse("/chat")
    for secret, (_, known) in PEOPLE.items():
        if known == name:
            answer.set_cookie("session", secret, httponly=True, samesite="lax")
    return answer


def authenticate(asked: suhbat.Asked) -> suhbat.Person | None:
    """Who asks: called for every request below /chat, and for every socket."""
    cookies = dict(part.strip().split("=", 1) for part in asked.headers.get("cookie", "").split(";") if "=" in part)
    known = PEOPLE.get(cookies.get("session", ""))
    return None if known is None else suhbat.Person(id=known[0], name=known[1])


suhbat.mount(app, "/chat", authenticate=authenticate)
