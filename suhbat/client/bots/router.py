"""Which handler gets what: decorators that register functions, and the search for the first that fits."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Coroutine, Iterator
from dataclasses import dataclass
from typing import Any, TypeVar

from suhbat.protocol.bots import NewCommand

from .filters import F, Filter, passes

Work = TypeVar("Work", bound=Callable[..., Coroutine[Any, Any, object]])


@dataclass(frozen=True, slots=True)
class Route:
    """A function, and what it is for."""

    filters: tuple[Filter, ...]
    function: Callable[..., Coroutine[Any, Any, object]]
    wanted: frozenset[str] | None
    """The names of its arguments after the first one; None if it takes any."""

    async def given(self, update: Any) -> dict[str, Any] | None:
        """The arguments for this update; None if it is for another function."""
        found = await passes(self.filters, update)
        if found is None:
            return None
        found = {"bot": update.bot, "state": update.state, "chat_state": update.chat_state} | found
        return found if self.wanted is None else {name: found[name] for name in found if name in self.wanted}


class BotRouter:
    """Handlers of a part of a bot. Of all that fit, the first one gets the update; a router's own come before those of the
    routers that it includes. A handler is `async def`; after the update it may take `bot`, `state`, `chat_state`, and what its
    filters give, by name."""

    def __init__(self) -> None:
        self._routes: dict[str, list[Route]] = {}
        self._commands: dict[str, NewCommand] = {}
        self._included: list[BotRouter] = []

    def include_router(self, router: BotRouter) -> None:
        self._included.append(router)

    def message(self, *filters: Filter) -> Callable[[Work], Work]:
        """Handle messages of others. Gets a `BotMessage`."""
        return self._on("message", filters)

    def edited_message(self, *filters: Filter) -> Callable[[Work], Work]:
        """Handle messages whose text changed. Gets a `BotMessage`."""
        return self._on("edited_message", filters)

    def command(self, name: str, *filters: Filter, description: str = "", usage: str = "") -> Callable[[Work], Work]:
        """Handle `/name`, which the server offers to people who type `/`. Gets an `Invocation`. `description`: by default the
        first line of the function's docstring, or the name. Raises ValueError for a name, description or usage that the
        server would refuse."""
        on = self._on(f"command {name}", filters)

        def register(function: Work) -> Work:
            told = description or (inspect.getdoc(function) or name).partition("\n")[0]
            # A command may have several handlers; the first one that describes it counts.
            self._commands.setdefault(name, NewCommand(name=name, description=told, usage=usage))
            return on(function)

        return register

    def action(self, *filters: Filter | str) -> Callable[[Work], Work]:
        """Handle presses of buttons. A text stands for the button with this id. Gets a `ButtonPress`."""
        return self._on("action", tuple(F.data == one if isinstance(one, str) else one for one in filters))

    def event(self, type: str, *filters: Filter) -> Callable[[Work], Work]:
        """Handle other durable events, `member.joined` for example. Gets an `EventUpdate`."""
        return self._on(f"event {type}", filters)

    @property
    def commands(self) -> list[NewCommand]:
        """The commands of this router and of those that it includes, in their order."""
        found: dict[str, NewCommand] = {}
        for router in self._all():
            for name, command in router._commands.items():
                found.setdefault(name, command)
        return list(found.values())

    def hears(self, what: str) -> bool:
        """Whether there is a handler for updates of this kind."""
        return any(what in router._routes for router in self._all())

    async def route(self, what: str, update: Any) -> bool:
        """Let the first handler that fits handle the update. False if there is none. Raises what it raises."""
        for router in self._all():
            for route in router._routes.get(what, ()):
                given = await route.given(update)
                if given is not None:
                    await route.function(update, **given)
                    return True
        return False

    def _all(self) -> Iterator[BotRouter]:
        yield self
        for router in self._included:
            yield from router._all()

    def _on(self, what: str, filters: tuple[Filter, ...]) -> Callable[[Work], Work]:
        def register(function: Work) -> Work:
            self._routes.setdefault(what, []).append(Route(filters, function, _wanted(function)))
            return function

        return register


def _wanted(function: Callable[..., object]) -> frozenset[str] | None:
    if not inspect.iscoroutinefunction(function):
        raise TypeError(f"a handler is `async def`, and {function!r} is not")
    parameters = list(inspect.signature(function).parameters.values())
    if any(one.kind is inspect.Parameter.VAR_KEYWORD for one in parameters):
        return None
    return frozenset(one.name for one in parameters[1:])
