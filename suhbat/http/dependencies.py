"""What a router is given: the services of the application that it belongs to."""

from __future__ import annotations

from typing import Annotated, cast

from fastapi import Depends, Request

from suhbat.services import Services


def services_of(request: Request) -> Services:
    """What the application of this request was built with."""
    return cast(Services, request.app.state.services)


Served = Annotated[Services, Depends(services_of)]
