"""Scalars of what the server tells: their shape, and no limit.

Limits are for what strangers send (`types`). What is stored was taken once, perhaps under another limit or by an older
version; to refuse it when it is told would shut out the very people who need it. tests/protocol/test_told.py walks every
model that goes out.
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
"""The last `seq` of a log that was applied; 0 before the first."""
Cursors = Annotated[dict[ConversationId, Cursor], Field(examples=[{LOBBY: 1842, ME: 12}])]
Ordinal = Annotated[int, Field(examples=[9])]
Count = Annotated[int, Field(examples=[2])]
Days = Annotated[int, Field(examples=[365])]
Seconds = Annotated[int, Field(examples=[10])]
