"""What few messages have beside a text and files: buttons, the face of a hook, and that they are still growing.

These fields are together in one object, so that a message without them costs nothing.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import Field
from pydantic_core import to_json

from .types import Schema


def _is_none(value: object) -> bool:
    return value is None


class MessageButton(Schema):
    """A button below a message. One with an `id` can be pressed, and then the bot that sent the message is told; one with a
    `url` is a link."""

    label: str = Field(examples=["Ha"])
    id: str | None = Field(default=None, exclude_if=_is_none, examples=["yes"])
    url: str | None = Field(default=None, exclude_if=_is_none, examples=["https://example.org/plov"])


class HookFace(Schema):
    """How a hook shows itself in one of its messages. The name proves nothing. `icon`: an emoji or an `:alias:`."""

    name: str = Field(examples=["Grafana"])
    icon: str | None = Field(default=None, exclude_if=_is_none, examples=["🔥"])


Buttons = tuple[tuple[MessageButton, ...], ...]
"""The rows of buttons below a message."""


@dataclass(frozen=True, slots=True)
class Extra:
    """The rare fields of a message; see `objects.Message`."""

    actions: Buttons = ()
    hook: HookFace | None = None
    streaming: bool = False
    cut: bool = False

    def shown(self) -> dict[str, Any]:
        """The fields that are not empty, for a `Message`."""
        return {name: value for name in FIELDS if (value := getattr(self, name))}

    def plain(self) -> dict[str, Any]:
        """The same as plain values, for JSON."""
        fields = self.shown()
        if self.actions:
            fields["actions"] = [[button.model_dump() for button in row] for row in self.actions]
        if self.hook is not None:
            fields["hook"] = self.hook.model_dump()
        return fields

    def encode(self) -> str:
        """The same as JSON that continues an object: `,"actions":…`."""
        text = to_json(self.plain()).decode()
        return f",{text[1:-1]}" if text != "{}" else ""

    def asked(self) -> str:
        """The part that the sender asked for, for the hash of the request. It must not change: a repetition may come after an
        upgrade."""
        actions = [[[one.id, one.url, one.label] for one in row] for row in self.actions]
        return (f" actions {json.dumps(actions)}" if actions else "") + (" streaming" if self.streaming else "")


FIELDS = ("actions", "hook", "streaming", "cut")
"""The fields of `Extra`, in the order in which a message has them."""


def extra_of(known: Mapping[str, Any]) -> Extra | None:
    """The extra of a message from its JSON, as it is stored or on the bus; None if it has none of these fields."""
    if not any(name in known for name in FIELDS):
        return None
    hook = known.get("hook")
    return Extra(
        tuple(tuple(map(MessageButton.model_validate, row)) for row in known.get("actions", ())),
        None if hook is None else HookFace.model_validate(hook),
        known.get("streaming", False),
        known.get("cut", False),
    )
