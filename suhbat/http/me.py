"""Who am I?"""

from __future__ import annotations

from fastapi import APIRouter

from suhbat.protocol.objects import User

from .security import Caller

router = APIRouter(prefix="/me", tags=["me"])


@router.get("")
async def show(actor: Caller) -> User:
    """The identity behind the token. A client whose socket never opened asks this, and stops on 401 or 403."""
    return actor.user
