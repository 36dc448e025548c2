"""The command line's own texts for failures of the server.

The server's texts name fields and frames of the wire, such as `to_user`. They mean nothing to somebody at a terminal.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from suhbat.texts import TEXTS

from .terminal import escaped


def explain(code: str, detail: str, fields: Mapping[str, Any]) -> str:
    """The text for an error code. `detail`: the server's text; `fields`: the command's."""
    name, room = str(fields.get("user_id") or ""), str(fields.get("conversation") or "")
    match code:
        case "user_not_found":
            return no_account(name)
        case "not_found" if room:
            return no_conversation(room)
        case "name_taken":
            return f"the name {escaped(name)} is taken, or too similar to one that is; choose another one"
        case "name_in_use":
            return (
                f"somebody is connected under the name {escaped(name)}; choose another one, or wait until they are gone"
            )
        case "bad_request":
            before, after = TEXTS["bad_request"]["en"].split("{reason}")
            reason = detail.removeprefix(before).removesuffix(after)
            return no_conversation(room) if reason.startswith('"conversation"') else reason
        case _:
            return detail


def invalid(mistakes: Sequence[Any], fields: Mapping[str, Any]) -> str:
    """The text for a command that fails validation. `mistakes`: pydantic's list."""
    field = str(mistakes[0]["loc"][0]) if mistakes[0]["loc"] else ""
    if field == "conversation":
        return no_conversation(str(fields.get("conversation") or ""))
    if field == "user_id":
        return no_account(str(fields.get("user_id") or ""))
    return f"{field} cannot be used: {mistakes[0]['msg']}"


def no_account(name: str) -> str:
    return f"{escaped(name)} has no account; `suhbat user list` shows the accounts"


def no_conversation(id: str) -> str:
    return f"there is no conversation {escaped(id)}; `suhbat room list` shows the rooms"
