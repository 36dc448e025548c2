"""Routers whose routes have their whole path, so that the application takes the routes themselves.

FastAPI's `include_router` makes each route once more for every router around it, at each start, and a request is then
compared with all paths again in each of these routers. That was a third of the processor time of a start.
"""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, FastAPI
from fastapi.routing import APIRoute

PREFIX = "/api/v1"


def resource(path: str = "", **options: Any) -> APIRouter:
    """A router below `/api/v1`. `options`: of APIRouter."""
    return apart(prefix=PREFIX + path, **options)


def apart(**options: Any) -> APIRouter:
    """A router of another place. `options`: of APIRouter."""
    return APIRouter(generate_unique_id_function=_operation_id, **options)


def take(app: FastAPI, router: APIRouter) -> None:
    """Add the routes of a router, which several applications may share."""
    app.router.routes += router.routes


def _operation_id(route: APIRoute) -> str:
    return f"{route.tags[0]}.{route.name}" if route.tags else route.name
