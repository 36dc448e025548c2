"""What the command line says where the server says something else: `to_user` and frames mean nothing to who types here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from unicodedata import category

from suhbat.texts import TEXTS

JOINERS = "\u200c\u200d"
"""Of the format characters these are parts of words and emoji, and change no direction."""
_HIDDEN = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})


def explain(code: str, detail: str, fields: Mapping[str, Any]) -> str:
    """A failure of this code, which the server tells with `detail`, when this order was given."""
    name, room = str(fields.get("user_id") or ""), str(fields.get("conversation") or "")
    match code:
        case "user_not_found":
            return no_account(name)
        case "not_found" if room:
            return no_conversation(room)
        case "name_taken":
            return f"the name {shown(name)} is taken, or looks like one that is; choose another one"
        case "name_in_use":
            return (
                f"somebody is connected under the name {shown(name)}; choose another one, or wait until they are gone"
            )
        case "bad_request":
            before, after = TEXTS["bad_request"]["en"].split("{reason}")
            reason = detail.removeprefix(before).removesuffix(after)
            return no_conversation(room) if reason.startswith('"conversation"') else reason
        case _:
            return detail


def unusable(mistakes: Sequence[Any], fields: Mapping[str, Any]) -> str:
    """An order that could not even be read; pydantic's mistakes."""
    field = str(mistakes[0]["loc"][0]) if mistakes[0]["loc"] else ""
    if field == "conversation":
        return no_conversation(str(fields.get("conversation") or ""))
    if field == "user_id":
        return no_account(str(fields.get("user_id") or ""))
    return f"{field} cannot be used: {mistakes[0]['msg']}"


def no_account(name: str) -> str:
    return f"{shown(name)} has no account; `suhbat user list` shows those that there are"


def no_conversation(id: str) -> str:
    return f"there is no conversation {shown(id)}; `suhbat room list` shows the rooms that there are"


def shown(text: str) -> str:
    """A name or a title, which strangers chose: what would move the cursor, colour the terminal or turn the line around is
    escaped."""
    return "".join(
        one.encode("unicode_escape").decode() if category(one) in _HIDDEN and one not in JOINERS else one
        for one in text
    )
