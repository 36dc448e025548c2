"""Suhbat as a part of your own application, whose people come with a JSON Web Token that another service signed.

    pip install "pyjwt[crypto]"
    SECRET="thirty-two bytes that only you two know" uvicorn examples.with_tokens:app

With a service that publishes its keys (Keycloak, Auth0, Entra …) write `jwks_url="https://…"` in the place of `secret`.
"""

from __future__ import annotations

import os

from fastapi import FastAPI

import suhbat

app = FastAPI()
issuer = suhbat.Issuer("https://login.example.org", "chat", secret=os.environ["SECRET"])
suhbat.mount(app, "/chat", authenticate=issuer)
