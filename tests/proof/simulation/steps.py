"""The steps of a history: how they are drawn by chance, and how those of a failing history are made few and simple."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple, TypeVar

F = TypeVar("F", bound=Callable[..., None])

RULES: dict[str, Mapping[str, Sequence[Any]]] = {}
"""By the name of a method: what each of its arguments may be, the simplest first."""


def rule(**choices: Sequence[Any]) -> Callable[[F], F]:
    """Make a method a rule: an operation or a fault that a history may have as a step."""

    def add(method: F) -> F:
        RULES[method.__name__] = choices
        return method

    return add


class Step(NamedTuple):
    """A rule with its arguments. `salt`: the seed of whatever else is left to chance while it is carried out. It stays the same
    when other steps are left out."""

    rule: str
    arguments: Mapping[str, Any]
    salt: int

    def __str__(self) -> str:
        return f"{self.rule}({', '.join(f'{name}={value!r}' for name, value in self.arguments.items())})"


def draw(chance: random.Random, count: int) -> list[Step]:
    """Draw this many steps. A history has some of the rules only, few or many: a fault that takes many steps of one kind would
    hardly ever show if each history mixed all of them."""
    share = chance.random()
    rules = [name for name in RULES if chance.random() >= share] or [chance.choice(list(RULES))]
    return [_step(chance, chance.choice(rules)) for _ in range(count)]


def _step(chance: random.Random, name: str) -> Step:
    arguments = {argument: chance.choice(choices) for argument, choices in RULES[name].items()}
    return Step(name, arguments, chance.getrandbits(32))


def shortest(steps: Sequence[Step], fails: Callable[[Sequence[Step]], bool], most: int = 1_000) -> list[Step]:
    """Leave out steps, and make the arguments of the others simple, as long as the history fails. Tries `most` histories."""
    kept = list(steps)
    tried = 0

    def may_be(other: list[Step]) -> bool:
        nonlocal kept, tried
        tried += 1
        if tried > most or not fails(other):
            return False
        kept = other
        return True

    before: list[Step] = []
    while kept != before:
        before = kept
        size = max(len(kept) // 2, 1)
        while size:
            at = len(kept)
            while at > 0:  # from the end: late steps are the least likely to be needed
                at = max(at - size, 0)
                may_be(kept[:at] + kept[at + size :])
            size //= 2
        for at in range(len(kept)):
            for argument, choices in RULES[kept[at].rule].items():
                for simple in choices[:3]:
                    if simple == kept[at].arguments[argument]:
                        break
                    step = kept[at]._replace(arguments={**kept[at].arguments, argument: simple})
                    if may_be([*kept[:at], step, *kept[at + 1 :]]):
                        break
    return kept
