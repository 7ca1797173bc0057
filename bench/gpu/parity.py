"""Whether GPU and CPU agree: the loss and every gradient, by precision, compiled and not.

The reference is our own model on the CPU in fp32, which tests compare with transformers'. A relative error is the norm
of the difference over the norm of the reference; for gradients, the largest one is reported.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, NamedTuple

import torch
from torch import Tensor

from bench.gpu.cases import PRECISIONS, Row, Scale, draw, made_model, measured, set_precision
from bench.packed import packed_segments
from bench.step import EXAMPLES
from model.optim import OPTIMIZERS, make_optimizer
from model.t5 import T5

Gradients = dict[str, Tensor]


class Case(NamedTuple):
    precision: str
    compiled: bool = False
    packed: bool = False

    @property
    def name(self) -> str:
        return f"{self.precision}, {'compiled' if self.compiled else 'eager'}{', packed' * self.packed}"


EAGER = tuple(Case(precision, packed=packed) for precision in PRECISIONS for packed in (False, True))
COMPILED = (Case("bf16", True), Case("bf16", True, packed=True), Case("fp32", True))


def parity(scale: Scale) -> Iterator[Row]:
    """One row per precision, for plain and packed rows; a step of each optimizer; then compiled cases."""
    judges = {packed: passes_of(scale, "cpu", Case("fp32", packed=packed))() for packed in (False, True)}
    for case in EAGER:
        yield measured({"case": case.name}, partial(_errors, scale, judges[case.packed], case))
    for name in OPTIMIZERS:
        yield measured({"case": f"a step of {name}, fp32"}, partial(_step_error, scale, name))
    for case in COMPILED:  # each takes as long as all other cases together
        yield measured({"case": case.name}, partial(_errors, scale, judges[case.packed], case))


def passes_of(scale: Scale, device: str, case: Case, model: T5 | None = None) -> Callable[[], tuple[float, Gradients]]:
    """A function that returns the mean loss and the gradients, on the CPU."""
    autocast = set_precision(case.precision)
    torch.compiler.reset()
    made = (model or made_model(scale.parity)).to(device)
    batch = [draw(scale.parity, scale.batch_of_parity, length, device) for length in (scale.inputs, scale.targets)]
    segments = packed_segments(batch[0], batch[1], EXAMPLES) if case.packed else ()
    forward: Any = torch.compile(made, dynamic=False, backend=scale.backend) if case.compiled else made

    def passes() -> tuple[float, Gradients]:
        made.zero_grad()
        with torch.autocast(device, torch.bfloat16, enabled=autocast):
            out = forward(*batch, *segments)
        loss = out.loss / out.tokens
        loss.backward()
        gradients = {name: weight.grad.cpu() for name, weight in made.named_parameters() if weight.grad is not None}
        return loss.item(), gradients

    return passes


def _errors(scale: Scale, judge: tuple[float, Gradients], case: Case) -> Row:
    passes = passes_of(scale, scale.device, case)
    loss, gradients = passes()
    again = passes()[1]
    errors = {name: relative(gradients[name], right) for name, right in judge[1].items()}
    worst = max(errors, key=errors.__getitem__)
    return {
        "loss": round(loss, 6),
        "error of the loss": _short(abs(loss - judge[0]) / judge[0]),
        "largest error of a gradient": _short(errors[worst]),
        "of": worst,
        "same bits twice": all(torch.equal(gradients[name], again[name]) for name in gradients),
    }


def _step_error(scale: Scale, name: str) -> Row:
    """The distance of the weights from the CPU's after a step, relative to the length of the step."""
    before = made_model(scale.parity).state_dict()
    after = []
    for device in ("cpu", scale.device):
        model = made_model(scale.parity).to(device)
        passes_of(scale, device, Case("fp32"), model)()
        make_optimizer(name, model, 0.01).step()
        after.append({key: weight.cpu() for key, weight in model.state_dict().items()})
    errors = {key: relative(after[1][key] - before[key], after[0][key] - before[key]) for key in before}
    worst = max(errors, key=errors.__getitem__)
    return {"largest error of a step": _short(errors[worst]), "of": worst}


def relative(found: Tensor, right: Tensor) -> float:
    """The norm of the difference over that of the reference.

    >>> relative(torch.tensor([3.0, 4.5]), torch.tensor([3.0, 4.0]))
    0.1
    """
    return float((found.double() - right.double()).norm() / right.double().norm())


def _short(value: float) -> float:
    return float(f"{value:.2g}")
