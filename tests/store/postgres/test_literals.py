"""Arrays in PostgreSQL's text format come back as the values that they were made of."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import psycopg
import pytest

from suhbat.store.postgres.literals import array_of_bytes, array_of_numbers, array_of_texts
from tests import engines


@pytest.fixture(scope="module")
def database() -> Iterator[psycopg.Connection]:
    with psycopg.connect(engines.database()) as connection:
        yield connection


@pytest.mark.parametrize(
    ("make", "type", "values"),
    [
        (array_of_numbers, "bigint", [1, None, -(2**63), 2**63 - 1]),
        (array_of_numbers, "bigint", []),
        (array_of_numbers, "boolean", [True, None, False]),
        (
            array_of_texts,
            "text",
            ["", "NULL", None, "null", "None", '"', "\\", '\\"', "{a,b}", " a ", "a\nb", "o‘g‘il 👍"],
        ),
        (array_of_texts, "text", ["\\N", '","', "'", "\x01\x1f"]),
        (array_of_texts, "text", [None, None]),
        (array_of_texts, "text", ['a"b', 'a"b']),
        (array_of_texts, "text", []),
        (array_of_bytes, "bytea", [b"", None, b"\\x00", bytes(range(256))]),
    ],
)
def test_values_return(
    database: psycopg.Connection, make: Callable[[Sequence[Any]], bytes], type: str, values: list[Any]
) -> None:
    """PostgreSQL reads an array as the values it was made of, nulls and quotes among them."""
    found = database.execute(f"SELECT %s::text::{type}[]", (make(values).decode(),)).fetchone()
    assert found == (values,)


@pytest.mark.parametrize("values", [["a\0b"], ["a", "b\0"], ["\ud800"]])
def test_texts_that_cannot_be_stored(values: list[str]) -> None:
    """A text that PostgreSQL cannot store raises ValueError, and does not become two texts."""
    with pytest.raises(ValueError):
        array_of_texts(values)
