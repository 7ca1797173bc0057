"""Rates by hand at the corners, and nanoT5's recipe against the schedulers of torch that it is made of."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.optim.lr_scheduler import CosineAnnealingLR, LinearLR, SequentialLR

from model.errors import ConfigError
from model.schedules import SHAPES, Schedule


@pytest.mark.parametrize(("step", "rate"), [(0, 0.01), (9_999, 0.01), (10_000, 0.01), (20_000, 20_000**-0.5)])
def test_inverse_sqrt_is_the_papers(step: int, rate: float) -> None:
    assert Schedule("inverse-sqrt", 0.01, 524_288)(step) == pytest.approx(rate, rel=1e-15)


def test_inverse_sqrt_goes_on_after_the_end() -> None:
    assert Schedule("inverse-sqrt", 0.01, 100, plateau=100)(400) == 0.005


@pytest.mark.parametrize(
    ("shape", "rates"),
    [
        ("constant", [1.0, 1.0, 1.0, 1.0, 1.0, 1.0]),
        ("linear", [1.0, 0.8, 0.6, 0.4, 0.2, 0.2]),
        ("cosine", [1.0, 0.2 + 0.4 * (1 + 2**-0.5), 0.6, 0.2 + 0.4 * (1 - 2**-0.5), 0.2, 0.2]),
    ],
)
def test_shapes_by_hand(shape: str, rates: list[float]) -> None:
    schedule = Schedule(shape, 1.0, steps=8, floor=0.2)
    assert [schedule(step) for step in (0, 2, 4, 6, 8, 9)] == pytest.approx(rates, abs=1e-15)


def test_the_warm_up_ends_at_the_full_rate_and_no_step_is_lost() -> None:
    schedule = Schedule("linear", 0.4, steps=8, warmup=4)
    assert [schedule(step) for step in range(9)] == pytest.approx([0.1, 0.2, 0.3, 0.4, 0.4, 0.3, 0.2, 0.1, 0.0])


def test_the_warm_up_can_start_from_a_share_of_the_rate() -> None:
    schedule = Schedule("constant", 0.4, steps=8, warmup=4, warmup_from=0.5)
    assert [schedule(step) for step in range(5)] == pytest.approx([0.25, 0.3, 0.35, 0.4, 0.4])


def test_a_warm_up_as_long_as_the_run() -> None:
    assert [Schedule("cosine", 1.0, steps=2, warmup=2)(step) for step in (0, 1, 2)] == [0.5, 1.0, 0.0]


def test_nanot5s_recipe() -> None:
    """Its warm-up is `LinearLR` from a half, whose first step is at the half: ours is one step ahead."""
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=0.02)
    rise = LinearLR(optimizer, start_factor=0.5, end_factor=1, total_iters=10)
    fall = CosineAnnealingLR(optimizer, T_max=50, eta_min=1e-5)
    theirs = SequentialLR(optimizer, [rise, fall], milestones=[10])
    rates = []
    for _ in range(60):
        rates.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        theirs.step()
    ours = Schedule("cosine", 0.02, steps=60, warmup=10, warmup_from=0.5, floor=1e-5)
    assert [ours(step) for step in range(10)] == pytest.approx(rates[1:11], rel=1e-12)
    assert [ours(step) for step in range(10, 60)] == pytest.approx(rates[10:], rel=1e-9)


@given(st.sampled_from(sorted(SHAPES)), st.integers(1, 2000), st.floats(0, 1), st.integers(0, 3000))
def test_no_rate_lies_outside(shape: str, steps: int, share: float, step: int) -> None:
    schedule = Schedule(shape, 0.5, steps, warmup=int(share * steps), floor=0.1, plateau=100)
    assert 0 < schedule(step) <= 0.5
    if step >= schedule.warmup:
        assert schedule(step) >= schedule(step + 1)


@pytest.mark.parametrize(
    ("settings", "complaint"),
    [
        ({"shape": "cosin"}, "unknown schedule 'cosin'. Did you mean 'cosine'?"),
        ({"lr": -1.0}, "the schedule's lr is -1.0, expected a number of at least 0"),
        ({"lr": float("nan")}, "the schedule's lr is nan, expected a number of at least 0"),
        ({"steps": 0}, "the schedule's steps is 0, expected 1 or more"),
        ({"warmup": 101}, "the schedule's warmup is 101, expected 0 to the 100 steps of the run"),
        ({"warmup_from": 1.5}, "the schedule's warmup_from is 1.5, expected a share of 0 to 1"),
        ({"floor": 0.2}, "the schedule's floor is 0.2, expected 0 to the highest rate, 0.1"),
        ({"plateau": 0}, "the schedule's plateau is 0, expected 1 or more"),
    ],
)
def test_wrong_settings_are_named(settings: dict[str, object], complaint: str) -> None:
    with pytest.raises(ConfigError) as raised:
        Schedule(**{"shape": "cosine", "lr": 0.1, "steps": 100} | settings)  # type: ignore[arg-type]
    assert str(raised.value).startswith(complaint)
