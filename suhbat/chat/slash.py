"""Commands in texts: `/name`, `/name@bot` and what follows. Pure; which of them a bot takes is decided in the store."""

from __future__ import annotations

import re
from dataclasses import dataclass

from suhbat.protocol.mentions import fold

_COMMAND = re.compile(r"(//?)([A-Za-z0-9_]{1,32})(?:@(\S{1,64}))?(?:\s+(.*))?", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Slash:
    """A text that may be a command. `name`: in lower case; `bot`: the folded name of the bot for which it is meant, if one is
    given; `args`: the text behind it. `escaped`: it begins with `//`, so that it is a message that begins with `/`."""

    name: str
    bot: str | None
    args: str
    escaped: bool = False


def slash_of(text: str) -> Slash | None:
    """The command that a text may be; None for an ordinary text."""
    if text[:1] != "/" or (found := _COMMAND.fullmatch(text)) is None:
        return None
    signs, name, bot, args = found.groups()
    return Slash(name.lower(), None if bot is None else fold(bot), (args or "").rstrip(), signs == "//")
