"""Arrays in PostgreSQL's text format. (psycopg makes them too, but value by value: most of the time of a batch.)"""

from __future__ import annotations

from collections.abc import Sequence


def array_of_numbers(values: Sequence[int | None]) -> bytes:
    """An array of numbers or booleans."""
    return f"{{{','.join(map(str, values))}}}".replace("None", "NULL").encode()


def array_of_texts(values: Sequence[str | None]) -> bytes:
    """An array of texts. Raises ValueError for a text with a NUL character, which PostgreSQL cannot store, or with half of a
    surrogate pair."""
    quoted = [
        "NULL" if value is None else '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"' for value in values
    ]
    array = "{" + ",".join(quoted) + "}"
    if "\0" in array:
        raise ValueError("a text has a NUL character")
    return array.encode()


def array_of_bytes(values: Sequence[bytes | None]) -> bytes:
    return ("{" + ",".join("NULL" if value is None else f'"\\\\x{value.hex()}"' for value in values) + "}").encode()
