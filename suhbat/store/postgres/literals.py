"""Arrays in PostgreSQL's text format. (psycopg makes them too, but value by value: most of the time of a batch.)"""

from __future__ import annotations

from collections.abc import Sequence


def array_of_numbers(values: Sequence[int | None]) -> bytes:
    """An array of numbers or booleans."""
    # The text of a list is made in C, and differs only in its brackets and in the word for null.
    return f"{{{str(list(values))[1:-1]}}}".replace("None", "NULL").encode()


def array_of_texts(values: Sequence[str | None]) -> bytes:
    """An array of texts. Raises ValueError for a text with a NUL character, which PostgreSQL cannot store, or with half of a
    surrogate pair."""
    if values and values.count(values[0]) == len(values):  # the type of the events of a batch, for example
        array = "{" + ",".join([_quoted(values[0])] * len(values)) + "}"
    else:
        array = "{" + ",".join(map(_quoted, values)) + "}"
    if "\0" in array:
        raise ValueError("a text has a NUL character")
    return array.encode()


def array_of_bytes(values: Sequence[bytes | None]) -> bytes:
    """An array of byte strings."""
    return ("{" + ",".join("NULL" if value is None else f'"\\\\x{value.hex()}"' for value in values) + "}").encode()


def _quoted(value: str | None) -> str:
    if value is None:
        return "NULL"
    if "\\" in value:
        value = value.replace("\\", "\\\\")
    return f'"{value}"' if '"' not in value else '"' + value.replace('"', '\\"') + '"'
