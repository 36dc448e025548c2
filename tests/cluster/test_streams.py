"""Messages that grow on two nodes over PostgreSQL and NATS."""

from __future__ import annotations

from pathlib import Path

from tests.system.test_streams import append, ask, begin, grown, guest
from tests.talk import V1

from .parts import LIMITS, running


async def test_two_nodes(tmp_path: Path) -> None:
    """Readers on both see it grow. The one who asked stops it from another node; and when the node that takes the appends is
    killed, the other one finishes it with what its readers have seen."""
    settings = {name[7:].lower(): value for name, value in LIMITS.items()}
    async with running(tmp_path, 2, **settings) as cluster:
        here, there = cluster.nodes
        tokens = {name: await guest(here, name) for name in ("bot", "ali", "vali")}
        async with V1(there.ws, tokens["ali"]) as ali:
            async with V1(here.ws, tokens["bot"]) as bot, V1(here.ws, tokens["vali"]) as vali:
                asked = await ali.ask("send", conversation="lobby", text="qanday?")
                place = await begin(bot, asked["seq"])
                await append(bot, **place, offset=0, text="Guruchni yuving")
                for reader in (vali, ali):
                    assert await grown(reader, place["seq"], "Guruchni yuving")
                assert (await vali.ask("finish", **place))["code"] == "forbidden"
                assert (await ali.ask("finish", **place))["type"] == "ok"
                finished = (await vali.until("message.finished"))["message"]
                assert (finished["text"], finished["cut"]) == ("Guruchni yuving", True)
                assert (await append(bot, **place, offset=15, text="!"))["code"] == "finished"
                sent = await bot.ask("send", conversation="lobby", text="", streaming=True)
                place = {"conversation": "lobby", "seq": sent["seq"]}
                await append(bot, **place, offset=0, text="Yogʻni")
                await grown(ali, place["seq"], "Yogʻni")
                await append(bot, **place, offset=6, text=" qizdiring")
                await grown(ali, place["seq"], "Yogʻni qizdiring", "Yogʻni")
                here.kill()
            finished = (await ali.until("message.finished", actor="bot"))["message"]
            assert (finished["seq"], finished["text"], finished["cut"]) == (place["seq"], "Yogʻni qizdiring", True)
            page = (await ask(there, tokens["ali"], "GET", "/conversations/lobby/messages"))[1]["messages"]
            assert page[-1]["text"] == "Yogʻni qizdiring" and "streaming" not in page[-1]
