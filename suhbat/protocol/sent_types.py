"""Scalar types of what the server sends. They have no limits, unlike those of `types`, which clients send.

A stored value was accepted once, perhaps under another limit of an older version. If a limit refused it when it is sent, its
readers could not connect any more. tests/protocol/test_sent_types.py checks every model that is sent.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from .types import LOBBY, ME

UserId = Annotated[str, Field(examples=["ali"])]
Uid = Annotated[str, Field(examples=["usrazxgnrfqirgosn73gmg"])]
ConversationId = Annotated[str, Field(examples=["rqegnj7zdywrwkkgt34yyk"])]
Seq = Annotated[int, Field(examples=[12])]
Cursor = Annotated[int, Field(examples=[12])]
"""The last applied `seq` of a log; 0 before the first."""
Cursors = Annotated[dict[ConversationId, Cursor], Field(examples=[{LOBBY: 1842, ME: 12}])]
Ordinal = Annotated[int, Field(examples=[9])]
Count = Annotated[int, Field(examples=[2])]
Days = Annotated[int, Field(examples=[365])]
Seconds = Annotated[int, Field(examples=[10])]
