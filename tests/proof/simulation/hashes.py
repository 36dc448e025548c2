"""The order of a set of texts differs from process to process, unless their hashes are told to be those of a number."""

from __future__ import annotations

import os


def surroundings(seed: int) -> dict[str, str]:
    """The environment of a process in which the histories of this seed are repeated exactly."""
    return os.environ | {"PYTHONHASHSEED": str(seed % 2**32)}
