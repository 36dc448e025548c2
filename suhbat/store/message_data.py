"""The `data` of a message's row: the fields that few messages have, as JSON.

`tables.files` has more of files than is here; a message is shown without reading its records.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from suhbat.protocol.extras import FIELDS, Extra, extra_of
from suhbat.protocol.files import File, kept, restored


def message_json(
    everyone: int,
    mentions_all: bool,
    from_thread: int | None = None,
    files: Sequence[File] = (),
    extra: Extra | None = None,
) -> str | None:
    """The `data` of a message's row: `everyone` of its `message.created`, whether it mentions everybody now, its `from_thread`,
    its files, and its rare fields."""
    if not everyone and not mentions_all and from_thread is None and not files and extra is None:
        return None
    fields: dict[str, Any] = {"everyone": everyone, "mentions_all": mentions_all}
    if from_thread is not None:
        fields["from_thread"] = from_thread
    if files:
        fields["files"] = [kept(file) for file in files]
    if extra is not None:
        fields |= extra.plain()
        if extra.streaming:
            fields["grew"] = True  # for ever: see `has_grown`
    return json.dumps(fields, separators=(",", ":"), ensure_ascii=False)


def changed_json(data: str | None, **changed: Any) -> str | None:
    """The `data` of a message's row with some of its fields changed; None removes a field."""
    known = ({} if data is None else json.loads(data)) | changed
    left = {name: value for name, value in known.items() if value is not None}
    return json.dumps(left, separators=(",", ":"), ensure_ascii=False) if any(left.values()) else None


def without_content(data: str | None) -> str | None:
    """The `data` of a message that is being deleted: without everything that its sender said."""
    return changed_json(data, **dict.fromkeys(("files", *FIELDS)))


def is_streaming(data: str | None) -> bool:
    """Whether a message with this `data` is still growing."""
    return data is not None and bool(json.loads(data).get("streaming"))


def has_grown(data: str | None) -> bool:
    """Whether a message with this `data` is growing, or has grown. Then those who want whole messages only find it where it was
    finished."""
    return data is not None and "grew" in json.loads(data)


def says_something(text: str | None, data: str | None) -> bool:
    """Whether a message has a text or files. One that grew has none if it was cut before."""
    return bool((text or "").strip()) or has_files(data)


def has_files(data: str | None) -> bool:
    """Whether a message with this `data` has files."""
    return data is not None and "files" in json.loads(data)


def stored_fields(known: Mapping[str, Any], *, is_deleted: bool) -> dict[str, Any]:
    """The fields of a message that it has of its `data`."""
    fields: dict[str, Any] = {"from_thread": known.get("from_thread")}
    if not is_deleted:
        fields["mentions_all"] = known.get("mentions_all", False)
        fields["files"] = tuple(map(restored, known.get("files", ())))
        if (extra := extra_of(known)) is not None:
            fields |= extra.shown()
    return fields
