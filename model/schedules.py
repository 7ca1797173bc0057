"""Learning rates: peak and shape, as a function of only the step, so that resuming needs no state."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from model.errors import ConfigError, unknown


@dataclass(frozen=True)
class Schedule:
    """The learning rate of each step of a run. Steps count from 0, the number of updates made before.

        rate(step) = lr * warm-up(step) * shape(step)

    `inverse-sqrt` is T5's: with lr 0.01 and the plateau of 10,000 it is 1 / sqrt(max(step, 10,000)), without warm-up.
    nanoT5's is `cosine` from lr 0.02 to 1e-5 with a warm-up of 10,000 steps from half the rate; its warm-up reaches the
    full rate one step later than ours.

    >>> t5 = Schedule("inverse-sqrt", lr=0.01, steps=524_288)
    >>> t5(0), t5(10_000), t5(40_000)
    (0.01, 0.01, 0.005)
    """

    shape: str  # a key of SHAPES
    lr: float  # the peak rate
    steps: int  # steps of the run, at which `cosine` and `linear` end
    warmup: int = 0  # steps over which the rate rises, reaching the full rate at the last
    warmup_from: float = 0.0  # the share of the full rate that the rise starts from
    floor: float = 0.0  # the rate at which `cosine` and `linear` end
    plateau: int = 10_000  # steps before `inverse-sqrt` falls: Raffel et al., arXiv 1910.10683, section 3.1.2

    def __post_init__(self) -> None:
        if self.shape not in SHAPES:
            raise unknown("schedule", self.shape, SHAPES)
        checks = (
            ("lr", 0 <= self.lr < math.inf, "a number of at least 0"),
            ("steps", self.steps >= 1, "1 or more"),
            ("warmup", 0 <= self.warmup <= self.steps, f"0 to the {self.steps} steps of the run"),
            ("warmup_from", 0 <= self.warmup_from <= 1, "a share of 0 to 1"),
            ("floor", 0 <= self.floor <= self.lr, f"0 to the highest rate, {self.lr}"),
            ("plateau", self.plateau >= 1, "1 or more"),
        )
        for name, good, expected in checks:
            if not good:
                raise ConfigError(f"the schedule's {name} is {getattr(self, name)}, expected {expected}")

    def __call__(self, step: int) -> float:
        """The rate of update number `step`."""
        rise = 1.0
        if step < self.warmup:
            rise = self.warmup_from + (1 - self.warmup_from) * (step + 1) / self.warmup
        return rise * SHAPES[self.shape](self, step)

    def progress(self, step: int) -> float:
        """From 0 at the end of the warm-up to 1 at the end of the run, and 1 from there on."""
        if step >= self.steps:
            return 1.0
        return max(0, step - self.warmup) / max(1, self.steps - self.warmup)


def _constant(schedule: Schedule, _: int) -> float:
    return schedule.lr


def _inverse_sqrt(schedule: Schedule, step: int) -> float:
    return schedule.lr * math.sqrt(schedule.plateau / max(step, schedule.plateau))


def _cosine(schedule: Schedule, step: int) -> float:
    height = (1 + math.cos(math.pi * schedule.progress(step))) / 2
    return schedule.floor + (schedule.lr - schedule.floor) * height


def _linear(schedule: Schedule, step: int) -> float:
    return schedule.lr + (schedule.floor - schedule.lr) * schedule.progress(step)


SHAPES: dict[str, Callable[[Schedule, int], float]] = {
    "inverse-sqrt": _inverse_sqrt,
    "constant": _constant,
    "cosine": _cosine,
    "linear": _linear,
}
