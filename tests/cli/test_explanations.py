"""The command line has its own texts for errors of the server."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from suhbat.chat.room_administration import RoomCommand
from suhbat.cli import explanations
from suhbat.errors import ERRORS, BadRequest, NotFound, SuhbatError, UserNotFound
from suhbat.identity.administration import AccountCommand

FIELDS = {"user_id": "ali", "conversation": "r1", "verb": "erase"}


def explained(error: SuhbatError) -> str:
    return explanations.explain(error.code, error.message("en"), FIELDS)


@pytest.mark.parametrize("kind", ERRORS)
def test_no_failure_speaks_of_the_wire(kind: type[SuhbatError]) -> None:
    """No text names a field of a frame or a path of HTTP, whatever the error."""
    said = explained(kind(user_id="ali", reason="last_owner", seconds=1, limit=1))
    for word in ("to_user", "/docs", "send it again", "frame", "JSON", "{"):
        assert word not in said, said


def test_what_is_not_there() -> None:
    """The text names the account or the room that does not exist, and the command that lists those that do."""
    assert explained(UserNotFound(user_id="ali")).startswith("ali has no account; `suhbat user list`")
    assert explained(NotFound()).startswith("there is no conversation r1; `suhbat room list`")


def test_a_reason_stands_alone() -> None:
    """Only the reason is shown, without the sentence about the request."""
    assert explained(BadRequest(reason="nobody owns this room")) == "nobody owns this room"


def test_a_command_that_cannot_be_read() -> None:
    """An invalid room id gets the text of a room that does not exist. For any other field, the text names the field."""
    for id in ("", "r" * 65, "r\0"):
        with pytest.raises(ValidationError) as caught:
            RoomCommand(verb="erase", conversation=id)
        assert explanations.invalid(caught.value.errors(include_url=False), {"conversation": id}).startswith(
            "there is no conv"
        )
    with pytest.raises(ValidationError) as caught:
        AccountCommand(verb="add", role="king")
    assert explanations.invalid(caught.value.errors(include_url=False), {}).startswith("role cannot be used")
