"""The dependency that gives an endpoint the services of its application."""

from __future__ import annotations

from typing import Annotated, cast

from fastapi import Depends, Request

from suhbat.services import Services


def services_of(request: Request) -> Services:
    """The services that the application of this request was built with."""
    return cast(Services, request.app.state.services)


Served = Annotated[Services, Depends(services_of)]
