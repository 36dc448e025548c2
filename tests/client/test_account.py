"""The e-mail address of an account, with the SDK."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from suhbat.client import Refused, Suhbat, ask_for_password, confirm_email, reset_password
from tests.mail.parts import MailBox, code_in
from tests.servers import running

from .server import PATIENCE

PASSWORD = "uzun parol 1"
ADDRESS = "ali@example.org"


async def test_an_address(tmp_path: Path) -> None:
    """It is set, confirmed and removed, digests are switched off, and a link to a new password is used once."""
    box = MailBox(tmp_path / "mails")
    box.directory.mkdir()
    settings = {"smtp_url": f"smtp://127.0.0.1:{box.port}", "mail_from": "chat@example.org"}
    with box.running(), running("suhbat", tmp_path / "data", public_url="http://chat.example.org", **settings) as real:
        account = {"user_id": "ali", "password": PASSWORD}
        token = real.request("POST", "/api/v1/accounts", account)[1]["token"]
        async with asyncio.timeout(PATIENCE), Suhbat(real.url, token=token) as ali:
            assert (await ali.email()).address is None
            with pytest.raises(Refused) as refused:
                await ali.set_email(ADDRESS, "wrong one")
            assert refused.value.code == "forbidden"
            assert (await ali.set_email(ADDRESS, PASSWORD)).wanted == ADDRESS
            mails = await asyncio.to_thread(box.wait, 1)
            await confirm_email(real.url, code_in(mails[0], "confirm"))
            assert (await ali.email()).address == ADDRESS
            assert not (await ali.set_digest(False)).digest

            await ask_for_password(real.url, ADDRESS)
            code = code_in((await asyncio.to_thread(box.wait, 2))[1], "reset")
            await ali.remove_email(PASSWORD)
            assert (await ali.email()).address is None
            with pytest.raises(Refused):
                await reset_password(real.url, code, "yana bir parol")
        async with asyncio.timeout(PATIENCE), Suhbat(real.url, name="mehmon") as guest:
            with pytest.raises(Refused):
                await guest.email()
