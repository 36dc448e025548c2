"""Validating the most frequent frames without calls from pydantic into Python, which take half of its time.

A quick validator has the same fields and limits as its class, but none of its validators written in Python. Its caller
must check what those check, and must validate again with the class where it cannot tell. So all errors are those of the
class.
"""

from __future__ import annotations

from typing import Any, TypeVar

from pydantic import ValidationError
from pydantic_core import SchemaValidator

from .types import Schema

S = TypeVar("S", bound=Schema)

_CALLS = ("function-after", "function-before")


def quick_validator(model: type[Schema]) -> SchemaValidator:
    """A validator that makes objects of this class."""
    return SchemaValidator(_without_calls(model.__pydantic_core_schema__))


def validate_quickly(validator: SchemaValidator, made: type[S], text: str) -> S | None:
    """The object of the class `made`; None if it is invalid or if it may have a character that cannot be stored. Only an escape
    can bring such a character into a text that was UTF-8."""
    if "\\u" in text:
        return None
    try:
        found = validator.validate_json(text)
    except ValidationError:
        return None
    assert type(found) is made
    return found


def is_blank(text: str) -> bool:
    return not text or text.isspace()


def _without_calls(schema: Any) -> Any:
    if isinstance(schema, dict):
        while schema.get("type") in _CALLS:
            schema = schema["schema"]
        return {name: _without_calls(part) for name, part in schema.items()}
    if isinstance(schema, list | tuple):
        return type(schema)(_without_calls(part) for part in schema)
    return schema
