"""A guest of the SDK on a real server."""

from __future__ import annotations

from pathlib import Path

import pytest

from suhbat.client import Refused, Suhbat, new_guest, people_of
from tests.servers import running


async def test_a_program_runs_twice_in_a_row(tmp_path: Path) -> None:
    """A guest made by name ends with its chat, also after a failure, so the same program can run again. Until then the
    name is taken. Others find it by its uid even when it is gone."""
    with running("suhbat", tmp_path / "data") as server:
        for text in ("bir", "ikki"):
            async with Suhbat(server.url, name="script") as chat:
                assert chat.user.user_id == "script"
                await chat.send("lobby", text)
        with pytest.raises(ZeroDivisionError):
            async with Suhbat(server.url, name="script"):
                raise ZeroDivisionError
        user, token = await new_guest(server.url, "asker")
        found = await people_of(server.url, token, [chat.user.uid, user.uid, "unknown"])
        assert [(one.user_id, one.display_name, one.kind) for one in found] == [
            ("asker", "asker", "guest"),
            ("script", "script", "guest"),
        ]
        with pytest.raises(Refused, match="unauthenticated"):
            await people_of(server.url, "none", ["unknown"])
        async with Suhbat(server.url, name="script"):
            with pytest.raises(Refused, match="name_in_use"):
                async with Suhbat(server.url, name="script"):
                    raise AssertionError("two at once")
