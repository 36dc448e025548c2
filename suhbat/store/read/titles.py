"""What a direct is called."""

from __future__ import annotations

from collections.abc import Mapping


def title_of(others: Mapping[str, str]) -> str:
    """The names of the others, in the order of their uids, which is everybody's."""
    return ", ".join(others[uid] for uid in sorted(others))
