"""Builds an example of a JSON schema from the examples of its fields (`examples=`)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

JsonSchema = Mapping[str, Any]

_NULL = {"type": "null"}


def example(schema: JsonSchema, definitions: Mapping[str, JsonSchema]) -> Any:
    """A value that `schema` allows, from the first of several alternatives. `definitions`: by the last part of a `$ref`.

    Without an example of its own, a nullable field is null, and an optional field with an empty default is left out. Raises
    LookupError for a text or a number without an example.
    """
    if "examples" in schema:
        return schema["examples"][0]
    if "$ref" in schema:
        return example(definitions[schema["$ref"].rpartition("/")[2]], definitions)
    if "const" in schema:
        return schema["const"]
    if schema.get("default") is not None:
        return schema["default"]
    if "enum" in schema:
        return schema["enum"][0]
    if "properties" in schema:
        required = schema.get("required", ())
        return {
            name: example(part, definitions)
            for name, part in schema["properties"].items()
            if name in required or part.get("default") or "examples" in part
        }
    several = schema.get("anyOf") or schema.get("oneOf")
    if several:
        return None if _NULL in several else example(several[0], definitions)
    match schema.get("type"):
        case "array":
            return [example(schema["items"], definitions)]
        case "boolean":
            return False
        case "null":
            return None
        case None if not schema:
            return None
        case "object" if "additionalProperties" not in schema:
            return {}
    raise LookupError(f"no example: {dict(schema)}")
