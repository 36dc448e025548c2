"""The limits of the translation of Telegram's Bot API, each reached and passed by one."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from suhbat.errors import FileTooLarge, NotFound
from suhbat.http.telegram.call import Call
from suhbat.http.telegram.callbacks import LONGEST, MOST_KEY
from suhbat.http.telegram.form import CallForm
from suhbat.http.telegram.methods import METHODS
from suhbat.http.telegram.reading import MOST_FIELDS, MOST_SKIPPED, _read_form, parse
from suhbat.http.telegram.sending import MOST_CAPTION
from suhbat.http.telegram.updates import MOST_UPDATES
from suhbat.identity.user_directory import Login
from suhbat.programs.telegram.errors import TelegramError
from suhbat.programs.telegram.parameters import Parameters

from .test_telegram_webhooks import Place, place_at


async def refusal(place: Place, method: str, **parameters: Any) -> str:
    with pytest.raises(TelegramError) as refused:
        await place.call(method, **parameters)
    return refused.value.description


async def test_captions(tmp_path: Path) -> None:
    """1,024 characters; a text that is not too long is refused for what follows, the missing file."""
    async with place_at(tmp_path / "data") as place:
        for method, name in (("sendDocument", "document"), ("sendPhoto", "photo")):
            given = {"chat_id": place.chat, "caption": "a" * MOST_CAPTION}
            assert await refusal(place, method, **given) == f"Bad Request: there is no {name} in the request"
            given["caption"] += "a"
            assert await refusal(place, method, **given) == "Bad Request: message is too long"
        given = {"chat_id": place.chat, "message_id": 1, "caption": "a" * (MOST_CAPTION + 1)}
        assert await refusal(place, "editMessageCaption", **given) == "Bad Request: message is too long"


async def test_notices_to_whoever_pressed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """200 characters; and a key that is longer than any is not looked for."""
    async with place_at(tmp_path / "data") as place:
        looked: list[str] = []
        commands = place.services.commands
        execute = commands.execute

        async def looking(actor: Any, command: Any, **named: Any) -> Any:
            looked.append(command.key)
            return await execute(actor, command, **named)

        monkeypatch.setattr(commands, "execute", looking)
        for key, text in (("k" * MOST_KEY, "a" * LONGEST), ("k" * (MOST_KEY + 1), "a")):
            with pytest.raises(NotFound):
                await place.call("answerCallbackQuery", callback_query_id=key, text=text)
        told = await refusal(place, "answerCallbackQuery", callback_query_id="k", text="a" * (LONGEST + 1))
        assert told == "Bad Request: MESSAGE_TOO_LONG"
        assert looked == ["k" * MOST_KEY]


async def test_fields_of_a_query() -> None:
    """100 of them."""

    def fields(count: int) -> bytes:
        return "&".join(f"f{n}={n}" for n in range(count)).encode()

    kind = "application/x-www-form-urlencoded"
    assert (await parse(kind, fields(MOST_FIELDS))).text(f"f{MOST_FIELDS - 1}") == f"{MOST_FIELDS - 1}"
    with pytest.raises(TelegramError):
        await parse(kind, fields(MOST_FIELDS + 1))


async def skipped(*sizes: int) -> None:
    """Read a form with thumbnails of these sizes."""

    async def body() -> AsyncIterator[bytes]:
        for size in sizes:
            yield b'--x\r\ncontent-disposition: form-data; name="thumbnail"; filename="a"\r\n\r\n'
            for start in range(0, size, 65_536):
                yield b"a" * min(65_536, size - start)
            yield b"\r\n"
        yield b"--x--\r\n"

    nobody = cast(Any, None)  # nothing is uploaded
    assert await _read_form(CallForm("multipart/form-data; boundary=x", body()), nobody, nobody, nobody) is None


async def test_what_is_passed_over_in_a_form() -> None:
    """A million bytes of thumbnails, in one or several."""
    await skipped(MOST_SKIPPED)
    await skipped(MOST_SKIPPED // 2, MOST_SKIPPED // 2)
    for sizes in ((MOST_SKIPPED + 1,), (MOST_SKIPPED // 2, MOST_SKIPPED // 2 + 1)):
        with pytest.raises(FileTooLarge):
            await skipped(*sizes)


async def test_updates_of_one_answer(tmp_path: Path) -> None:
    """100 at most, whatever is asked for; the rest comes with the next."""
    async with place_at(tmp_path / "data", send_rate=0) as place:
        for n in range(MOST_UPDATES):
            await place.say(f"{n}")

        async def never() -> None:
            await asyncio.Event().wait()

        async def asks(**parameters: Any) -> list[str]:
            request = cast(Any, SimpleNamespace(receive=never))
            made = Call(place.services, Login(place.bot), Parameters(parameters), request)
            return [one["message"]["text"] for one in await METHODS["getUpdates"](made)]

        texts = ["salom", *(f"{n}" for n in range(MOST_UPDATES))]
        for limit in (MOST_UPDATES, MOST_UPDATES + 1, 10_000):
            assert await asks(limit=limit) == texts[:MOST_UPDATES]
        assert await asks(limit=0) == await asks(limit=-5) == texts[:1]
        assert await asks(offset=MOST_UPDATES + 1) == texts[MOST_UPDATES:]
