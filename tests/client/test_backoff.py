"""The wait before reconnecting."""

from __future__ import annotations

from suhbat.client.backoff import Backoff


def test_full_jitter_from_half_a_second_doubling_to_twenty() -> None:
    """The wait is random up to a limit. The limit doubles up to 20 s and starts again after a good opening."""
    asked: list[tuple[float, float]] = []

    def uniform(low: float, high: float) -> float:
        asked.append((low, high))
        return high / 2

    backoff = Backoff(uniform)
    assert [backoff.next() for _ in range(8)] == [0.25, 0.5, 1, 2, 4, 8, 10, 10]
    assert all(low == 0 for low, _ in asked) and asked[-1] == (0, 20)
    backoff.reset()
    assert backoff.next() == 0.25
