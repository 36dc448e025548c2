"""A chat after some days of use, for screenshots and accessibility checks."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from tests.servers import Server

from .files import File, recorded, uploaded
from .paintings import DAWN, DAY, NIGHT
from .person import PASSWORD

Make = Callable[..., Any]

TALK = (
    ("nodira", "Assalomu alaykum! Ertaga soat 10 da uchrashamizmi?"),
    ("jasur", "Va alaykum assalom. Menga toʻgʻri keladi 👍"),
    ("nodira", "Zoʻr. Kun tartibi:\n\n1. **Yangi versiya** haqida\n2. `deploy` tartibi\n3. Savollar"),
    ("olga", "Я смогу подключиться с 10:15, начните без меня."),
    ("jasur", "Mana, shu kodni koʻrib chiqing:\n```python\nasync def salom(kimga):\n    return f\"Salom, {kimga}!\"\n```"),
    ("ali", "Koʻrdim, ajoyib. Hujjat: https://suhbat.example.org/docs"),
    ("olga", "> Koʻrdim, ajoyib\n\nСогласна! @ali, спасибо"),
    ("nodira", "🎉"),
)  # fmt: skip


class Town:
    """Users with accounts, a room, directs, reactions and pins. `ali` is the user at the page. With the code of the setup
    link (`setup`), ali is the owner of the server."""

    def __init__(self, server: Server, setup: str | None = None) -> None:
        self.server = server
        self.tokens: dict[str, str] = {}
        for name, shown in (("ali", "Ali Valiyev"), ("nodira", "Nodira"), ("jasur", "Jasur"), ("olga", "Ольга")):
            account = {"user_id": name, "password": PASSWORD, "display_name": shown}
            if name == "ali" and setup:
                account["setup"] = setup
            self.tokens[name] = self.ask("", "POST", "/accounts", account)["token"]
        room = {"title": "Choyxona", "topic": "Ish haqida, choy ustida", "visibility": "public"}
        self.room: str = self.ask("nodira", "POST", "/conversations", room)["conversation"]
        for name in ("ali", "jasur", "olga"):
            self.ask(name, "PUT", f"/conversations/{self.room}/members/{name}", {})
        self.ask("nodira", "PATCH", f"/conversations/{self.room}/members/ali", {"role": "moderator"})
        self.seqs = [self.say(name, self.room, text) for name, text in TALK]
        for name, emoji in (("ali", "👍"), ("olga", "👍"), ("jasur", "❤️")):
            self.ask(
                name, "PUT", f"/conversations/{self.room}/messages/{self.seqs[2]}/reactions/{emoji_path(emoji)}", {}
            )
        self.ask("nodira", "PUT", f"/conversations/{self.room}/messages/{self.seqs[2]}/pin", {})
        self.say("ali", self.room, "Albatta, kelaman", reply_to=self.seqs[0])
        for name, text in (("jasur", "Kechqurun futbolga borasanmi?"), ("olga", "Отправила отчёт на почту")):
            direct = self.ask(name, "POST", "/directs", {"users": ["ali"]})["conversation"]
            self.say(name, direct, text)
        self.say("olga", "lobby", "Всем доброе утро!")
        self.say("jasur", "lobby", "Hayrli tong!")

    def furnish(self) -> int:
        """Add faces, pictures, a voice message, a document and a thread to the room; gives the root of the thread."""
        for name, painted in (("nodira", DAY), ("jasur", NIGHT), ("ali", DAWN)):
            face = painted.paint("face.png", 256, 256)
            self.ask(name, "PUT", "/me/picture", {"file": self._upload(name, face)})
        views = ((DAWN, "tong.png"), (DAY, "kunduzi.png"), (NIGHT, "kechasi.png"))
        pictures = [self._upload("nodira", painted.paint(name, 1200, 800)) for painted, name in views]
        root = self.say("nodira", self.room, "Chimgʻondan rasmlar", files=pictures)
        for name, emoji in (("ali", "😍"), ("olga", "😍")):
            self.ask(name, "PUT", f"/conversations/{self.room}/messages/{root}/reactions/{emoji_path(emoji)}", {})
        report = ("Hisobot noyabr.pdf", "application/pdf", b"%PDF-1.4 " + bytes(482_000))
        self.say("olga", self.room, "", files=[self._upload("olga", report)])
        loudness = bytes(round(255 * abs(math.sin(0.9 * at) * math.sin(0.21 * at + 0.4))) for at in range(48))
        voice = recorded(self.server, self.tokens["jasur"], 14, loudness)
        self.say("jasur", self.room, "", files=[voice])
        for name, text in (
            ("jasur", "Qanday goʻzal! Yoʻl ochiqmi?"),
            ("nodira", "Ha, ikki soatda yetib bordik."),
            ("ali", "Keyingi safar men ham boraman"),
        ):
            self.say(name, self.room, text, thread=root)
        photo = self._upload("nodira", DAY.paint("yoʻl.png", 900, 600))
        self.say("nodira", self.room, "Mana yoʻl", thread=root, files=[photo])
        return root

    def _upload(self, name: str, file: File) -> str:
        return uploaded(self.server, self.tokens[name], file)

    def ask(self, name: str, method: str, path: str, body: object) -> Any:
        status, answer = self.server.request(method, f"/api/v1{path}", body, token=self.tokens.get(name))
        assert status < 300, (path, answer)
        return answer

    def say(self, name: str, conversation: str, text: str, **fields: Any) -> int:
        seq: int = self.ask(name, "POST", f"/conversations/{conversation}/messages", {"text": text, **fields})["seq"]
        return seq


def emoji_path(emoji: str) -> str:
    return "".join(f"%{byte:02X}" for byte in emoji.encode())
