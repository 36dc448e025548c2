"""Faults that are put into the server on purpose, so that it is seen that the proof finds them (negative controls).

Each is a patch of the running program; nothing of this is in the program itself.
"""

from __future__ import annotations

from collections.abc import Callable

SABOTAGE: dict[str, Callable[[], None]] = {}
"""By name: what makes this process break its promise."""


def sabotage(act: Callable[[], None]) -> Callable[[], None]:
    SABOTAGE[act.__name__] = act
    return act


@sabotage
def sync_off() -> None:
    """SQLite does not flush: only a power cut shows it, not kill -9."""
    from suhbat.store import connect

    connect._PRAGMAS = tuple(  # type: ignore[misc]
        "synchronous = OFF" if pragma.startswith("synchronous") else pragma for pragma in connect._PRAGMAS
    )
