"""Whole examples of requests and answers, put together from the examples that stand at the fields."""

from __future__ import annotations

from typing import Any

Schema = dict[str, Any]

UID, ROOM = "u3kq7f2m5xw1c", "r6bq2hx5n0d8t"
BY_NAME: dict[str, Any] = {
    "action": "mute", "actor": "ali", "actor_uid": UID, "after": ROOM, "client_id": "c1f0a9d2", "code": "q9Zb3kTn0sWc",
    "conversation": ROOM, "created_by": "ali", "current_password": "togʻda bahor", "cursor": "1842", "data": "until 2026-12-01",
    "display_name": "Ali Valiyev", "draft": "", "duplicate": False, "emoji": "👍", "expires_in": 604_800, "head": 42,
    "connection": "n7", "epoch": "7.k2f9", "from_user": "ali", "message": "Salom hammaga!", "removed": ROOM, "target": ROOM,
    "from_uid": UID, "to_uid": "uw2m8c4t6yq9f", "to_user": "vali", "id": "s8dk2m",
    "invite": "q9Zb3kTn0sWc", "invited_by": "ali", "label": "Mozilla/5.0 … Firefox/150.0", "locale": "uz", "member_count": 3,
    "ordinal": 17, "password": "qishda yomgʻir", "reason": "spam", "retention": 0, "role": "member",
    "sender": "ali", "sender_uid": UID, "seq": 42, "setup": "5m0GJeGgGoL1", "slow_mode": 0, "subject": UID,
    "text": "Salom hammaga!",
    "ticket": "Yx2Vd9…", "title": "Choyxona", "token": "ss_pQ4w…", "topic": "Choy ustida", "uid": UID, "user_id": "ali",
    "users": ["vali"], "version": "0.1.0", "words": ["yomon soʻz"],
}  # fmt: skip
"""What a field may hold, by its name: a name has one meaning here (docs/reference)."""


def example_of(schema: Schema, schemas: dict[str, Schema]) -> Any:
    """A value of this JSON Schema (2020-12): its own example, else one made of its parts. `schemas`: what `$ref` leads to."""
    if "$ref" in schema:
        return example_of(schemas[schema["$ref"].rpartition("/")[2]], schemas)
    for known in ("examples", "enum"):
        if known in schema:
            return schema[known][0]
    for known in ("example", "const", "default"):
        if known in schema:
            return schema[known]
    for several in ("anyOf", "oneOf", "allOf"):
        if several in schema:
            return example_of(next(one for one in schema[several] if one.get("type") != "null"), schemas)
    match schema.get("type"):
        case "object":
            return {name: _field(name, part, schemas) for name, part in schema.get("properties", {}).items()}
        case "array":
            return [example_of(schema["items"], schemas)] if "items" in schema else []
        case "integer":
            return int(schema.get("minimum", 0))
        case "number":
            return schema.get("minimum", 0.0)
        case "boolean":
            return False
        case "null":
            return None
    return "string"


def _field(name: str, schema: Schema, schemas: dict[str, Schema]) -> Any:
    """By its name where that says it and the kind of value is right; of what may be null the other."""
    kinds = {one.get("type") for one in (schema, *schema.get("anyOf", ()))}
    known = BY_NAME.get(name)
    if isinstance(known, bool):
        fits = "boolean" in kinds
    elif isinstance(known, int):
        fits = "integer" in kinds
    elif isinstance(known, str):
        fits = "string" in kinds and not any("format" in one for one in (schema, *schema.get("anyOf", ())))
    else:
        fits = known is not None and "array" in kinds and schema.get("items", {}).get("type") == "string"
    return known if fits and "const" not in schema and "enum" not in schema else example_of(schema, schemas)


def fill(operation: Schema, schemas: dict[str, Schema]) -> None:
    """Give the body and the good answers of an operation an example each."""
    bodies = [operation.get("requestBody", {})]
    bodies += [answer for status, answer in operation["responses"].items() if status.startswith("2")]
    for body in bodies:
        content = body.get("content", {}).get("application/json")
        if content is not None and content.get("schema"):
            content["example"] = example_of(content["schema"], schemas)
