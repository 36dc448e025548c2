"""Short ways to make and execute commands in store tests. The context that a use case would look up is given directly."""

from __future__ import annotations

from typing import Any, get_args

from suhbat.chat.model import Actor, CommandContext, CommandResult
from suhbat.chat.ports import Store
from suhbat.protocol.http_commands import StateCommand


def made(kind: type[Any], **fields: Any) -> tuple[StateCommand, CommandContext]:
    """A command of this class, and its context. `person` or `people`: the users it names; `named`: the uids its text
    mentions.

    Nothing is validated, because a store gets validated commands only.
    """
    person, people = fields.pop("person", None), fields.pop("people", ())
    if person is not None:
        fields |= {"user_id": person.user_id, "uid": person.uid}
        people = (person,)
    elif people:
        fields |= {"users": [one.user_id for one in people], "uids": [one.uid for one in people]}
    context = CommandContext(tuple(people), tuple(fields.pop("named", ())), fields.pop("exempt", False))
    if "type" in kind.model_fields:
        fields["type"] = get_args(kind.model_fields["type"].annotation)[0]
    command: StateCommand = kind.model_construct(**fields)
    return command, context


async def execute(store: Store, kind: type[Any], actor: Actor, at: int, **fields: Any) -> CommandResult:
    """Execute the command on a store."""
    return await store.execute(actor, at, *made(kind, **fields))
