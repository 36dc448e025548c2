"""How the steps of simulated histories are drawn and made fewer."""

from __future__ import annotations

import random
from collections.abc import Sequence

import pytest

from .simulation import steps
from .simulation.steps import Step, draw, rule, shortest


@pytest.fixture(autouse=True)
def rules(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(steps, "RULES", {})

    @rule(who=range(4), pause=(0.0, 0.0, 0.3))
    def say(who: int, pause: float) -> None: ...

    @rule(node=range(2))
    def kill(node: int) -> None: ...

    @rule()
    def wait() -> None: ...


def test_steps_are_drawn_again() -> None:
    """The same seed gives the same steps, another seed others, and every argument is one of its choices."""
    drawn = draw(random.Random("7/1"), 40)
    assert drawn == draw(random.Random("7/1"), 40) and len(drawn) == 40
    assert drawn != draw(random.Random("7/2"), 40)
    for step in drawn:
        assert step.arguments.keys() == steps.RULES[step.rule].keys()
        assert all(value in steps.RULES[step.rule][name] for name, value in step.arguments.items())


def test_histories_differ_in_their_rules() -> None:
    """Some histories have one rule only, and some have all."""
    numbers = {len({step.rule for step in draw(random.Random(seed), 40)}) for seed in range(100)}
    assert numbers == {1, 2, 3}


def test_a_failing_history_is_made_short() -> None:
    """What does not matter is left out, arguments become the simplest with which it still fails, and the salts stay."""
    history = [step for seed in range(20) for step in draw(random.Random(seed), 5)]
    tried = 0

    def fails(steps: Sequence[Step]) -> bool:
        nonlocal tried
        tried += 1
        kills = [number for number, step in enumerate(steps) if step.rule == "kill" and step.arguments["node"]]
        return bool(kills) and any(step.rule == "say" for step in steps[kills[0] :])

    short = shortest(history, fails)
    assert [str(step) for step in short] == ["kill(node=1)", "say(who=0, pause=0.0)"]
    assert {step.salt for step in short} < {step.salt for step in history}
    assert tried < 200


def test_shortening_comes_to_an_end() -> None:
    """It gives up after so many histories, with one that fails."""
    tried: list[Sequence[Step]] = []

    def fails(steps: Sequence[Step]) -> bool:
        tried.append(steps)
        return len(steps) >= 5

    assert len(shortest(draw(random.Random(1), 40), fails, most=5)) >= 5 and len(tried) == 5
