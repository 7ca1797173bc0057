"""Optimizers that scale each step by the size of the weight, and their use by the trainer.

    name --make_optimizer--> Adafactor | AdamWScale | torch's AdamW; norms and bias tables are a separate group
    gradients --clip_gradients--> their norm; gradients scaled down to the limit

The learning rate is set from outside before each step, see `schedules`. Weights and states are fp32. Nothing here waits
for the device: no number leaves it. Under FSDP2 the tensors are DTensors; every mean and norm then covers all shards.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim import AdamW, Optimizer

from model.errors import ConfigError, unknown
from model.spread import gathered, is_spread

SMALLEST_RMS = 1e-3  # a weight moves as if its RMS were at least this: Adafactor's eps2, and nanoT5's constant
PORTION = 1 << 24  # weights updated at once, which bounds a step's memory: 64 MiB per temporary


class Adafactor(Optimizer):
    """Adafactor as T5 was trained: Shazeer and Stern, arXiv 1804.04235, algorithms 4 and 5, without a first moment.

    Step t = 1, 2, ... of a weight X with gradient G, mean(.) over the named dimension:

        beta = 1 - t**-decay
        R = beta R + (1 - beta) (mean over columns of G**2 + eps)       C likewise over rows
        U = G / sqrt(R C / mean(C))                                     mean(C) is mean(R)
        X = X - lr max(1e-3, RMS(X)) U / max(1, RMS(U) / clip)

    A matrix with a side below `factored_from`, and a vector, keep their whole second moment instead of R and C: 128 as
    in t5x, so that the 32 x heads bias tables do. `weight_decay` w first subtracts lr w X from X, as t5x does with a
    `weight_decay_rate_lr_exponent` of 1.

    Why not `torch.optim.Adafactor` (2.13)? Its rate is min(lr, 1 / sqrt(t)), right for T5's own schedule but a silent
    limit on every other. It has no eps in R and C but keeps mean(R) above 1.2e-7, while gradients of norm 1 over the
    2.5e8 weights of a base model have a mean square of 4e-9. It factors bias tables, and it reads two numbers from the
    device per weight and step. Where none of this matters the two agree, as a test shows.
    """

    def __init__(
        self,
        params: Iterable[Tensor] | Iterable[dict[str, Any]],
        lr: float = 0.01,
        *,
        weight_decay: float = 0.0,
        decay: float = 0.8,
        clip: float = 1.0,
        eps: float = 1e-30,
        factored_from: int = 128,
    ) -> None:
        settings = {"lr": lr, "weight_decay": weight_decay, "decay": decay, "clip": clip, "eps": eps}
        super().__init__(params, settings | {"factored_from": factored_from, "step": 0})

    @torch.no_grad()
    def step(self, closure: None = None) -> None:  # type: ignore[override]
        """One step of every weight that has a gradient."""
        for group in self.param_groups:
            group["step"] += 1
            for weights in _portions(group["params"]):
                self._start(weights, group["factored_from"])
                rates = _rms(weights, at_least=SMALLEST_RMS)
                updates = self._updates(weights, group)
                torch._foreach_div_(rates, _rms(updates, at_least=group["clip"]))
                torch._foreach_mul_(rates, -group["lr"] * group["clip"])
                if group["weight_decay"]:
                    torch._foreach_mul_(weights, 1 - group["lr"] * group["weight_decay"])
                torch._foreach_mul_(updates, rates)
                torch._foreach_add_(weights, updates)

    def _start(self, weights: Iterable[Tensor], factored_from: int) -> None:
        for weight in weights:
            if self.state[weight]:
                continue
            if weight.dim() == 2 and min(weight.shape) >= factored_from:
                # FSDP2 shards rows: R is sharded with them, and C is replicated.
                column = weight.new_zeros((1, weight.shape[1]))
                self.state[weight] = {"row": torch.zeros_like(weight[:, :1]), "column": column}
            else:
                self.state[weight] = {"moment": torch.zeros_like(weight)}

    def _updates(self, weights: list[Tensor], group: dict[str, Any]) -> list[Tensor]:
        """U of the formula, in the order of the weights."""
        share = group["step"] ** -group["decay"]  # 1 - beta
        updates: dict[Tensor, Tensor] = {}
        if factored := [weight for weight in weights if "row" in self.state[weight]]:
            grads = [_grad(weight) for weight in factored]
            rows = [self.state[weight]["row"] for weight in factored]
            columns = [self.state[weight]["column"] for weight in factored]
            squares = list(torch._foreach_mul(grads, grads))
            torch._foreach_lerp_(rows, _means(squares, 1, group["eps"]), share)
            torch._foreach_lerp_(columns, _means(squares, 0, group["eps"]), share)
            del squares
            # Take roots of the factors separately: the product of two values of 1e-30 would be 0.
            by_column = torch._foreach_div(columns, [column.mean(1, keepdim=True) for column in columns])
            torch._foreach_rsqrt_(by_column)
            scaled = torch._foreach_mul(grads, torch._foreach_rsqrt(rows))
            torch._foreach_mul_(scaled, by_column)
            updates |= zip(factored, scaled, strict=True)
        if whole := [weight for weight in weights if "moment" in self.state[weight]]:
            grads = [_grad(weight) for weight in whole]
            moments = [self.state[weight]["moment"] for weight in whole]
            squares = list(torch._foreach_mul(grads, grads))
            torch._foreach_add_(squares, group["eps"])
            torch._foreach_lerp_(moments, squares, share)
            scaled = torch._foreach_rsqrt(moments)
            torch._foreach_mul_(scaled, grads)
            updates |= zip(whole, scaled, strict=True)
        return [updates[weight] for weight in weights]


class AdamWScale(Optimizer):
    """AdamW whose steps are scaled by the RMS of the weight, as nanoT5 trains T5: better than Adafactor with a cosine
    schedule.

    Step t = 1, 2, ... of a weight X with gradient G:

        M = beta1 M + (1 - beta1) G            V = beta2 V + (1 - beta2) G**2
        X = X - lr max(1e-3, RMS(X)) sqrt(1 - beta2**t) / (1 - beta1**t) M / (sqrt(V) + eps)
        X = X - lr weight_decay X

    Defaults: nanoT5's, whose peak rate is 0.02.
    """

    def __init__(
        self,
        params: Iterable[Tensor] | Iterable[dict[str, Any]],
        lr: float = 0.02,
        *,
        weight_decay: float = 0.0,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-6,
    ) -> None:
        super().__init__(params, {"lr": lr, "weight_decay": weight_decay, "betas": betas, "eps": eps, "step": 0})

    @torch.no_grad()
    def step(self, closure: None = None) -> None:  # type: ignore[override]
        """One step of every weight that has a gradient."""
        for group in self.param_groups:
            group["step"] += 1
            beta1, beta2 = group["betas"]
            correction = math.sqrt(1 - beta2 ** group["step"]) / (1 - beta1 ** group["step"])
            for weights in _portions(group["params"]):
                for weight in weights:
                    if not self.state[weight]:
                        self.state[weight] = {"mean": torch.zeros_like(weight), "square": torch.zeros_like(weight)}
                grads = [_grad(weight) for weight in weights]
                means = [self.state[weight]["mean"] for weight in weights]
                squares = [self.state[weight]["square"] for weight in weights]
                torch._foreach_lerp_(means, grads, 1 - beta1)
                torch._foreach_mul_(squares, beta2)
                torch._foreach_addcmul_(squares, grads, grads, 1 - beta2)
                scales = torch._foreach_sqrt(squares)
                torch._foreach_add_(scales, group["eps"])
                updates = torch._foreach_div(means, scales)
                rates = _rms(weights, at_least=SMALLEST_RMS)
                torch._foreach_mul_(rates, -group["lr"] * correction)
                torch._foreach_mul_(updates, rates)
                torch._foreach_add_(weights, updates)
                if group["weight_decay"]:
                    torch._foreach_mul_(weights, 1 - group["lr"] * group["weight_decay"])


def _adamw(groups: list[dict[str, Any]], lr: float) -> Optimizer:
    """torch's AdamW with its betas and eps; fused on both GPU and CPU."""
    return AdamW(groups, lr=lr, fused=True)


OPTIMIZERS: dict[str, Callable[[list[dict[str, Any]], float], Optimizer]] = {
    "adafactor": Adafactor,
    "adamw-scale": AdamWScale,
    "adamw": _adamw,
}


def make_optimizer(name: str, model: nn.Module, lr: float, weight_decay: float = 0.0) -> Optimizer:
    """The optimizer of that name in `OPTIMIZERS` for the trained weights of a model.

    ConfigError for an unknown name, a negative or infinite rate or decay, and weights narrower than fp32: steps of a
    hundredth of a weight's RMS or less are lost in the 8 bits of bf16.
    """
    if name not in OPTIMIZERS:
        raise unknown("optimizer", name, OPTIMIZERS)
    for setting, value in (("learning rate", lr), ("weight decay", weight_decay)):
        if not 0 <= value < math.inf:
            raise ConfigError(f"the {setting} is {value}, expected a number of at least 0")
    groups = parameter_groups(model, weight_decay)
    narrow = {weight.dtype for group in groups for weight in group["params"] if weight.dtype.itemsize < 4}
    if narrow:
        raise ConfigError(f"the model has weights of {', '.join(map(str, narrow))}; train fp32 weights under autocast")
    return OPTIMIZERS[name](groups, lr)


def parameter_groups(model: nn.Module, weight_decay: float) -> list[dict[str, Any]]:
    """Two groups: matrices and embeddings with decay; norms and relative bias tables without, as in nanoT5."""
    named = [(name, weight) for name, weight in model.named_parameters() if weight.requires_grad]
    apart = {name for name, weight in named if weight.dim() < 2 or "relative_attention_bias" in name}
    return [
        {"params": [weight for name, weight in named if name not in apart], "weight_decay": weight_decay},
        {"params": [weight for name, weight in named if name in apart], "weight_decay": 0.0},
    ]


def set_lr(optimizer: Optimizer, lr: float) -> None:
    """Sets the learning rate of the next step."""
    for group in optimizer.param_groups:
        group["lr"] = lr


def clip_gradients(weights: Iterable[Tensor], limit: float | None) -> Tensor:
    """The norm of all gradients, a tensor () on their device. Scales the gradients down to `limit` if it is above.

    None only measures: T5 was trained without a limit, nanoT5 with 1. A norm that is not finite makes every gradient
    non-finite or zero: check it before the step.
    """
    weights = [weight for weight in weights if weight.grad is not None]
    norm = torch.nn.utils.get_total_norm([_grad(weight) for weight in weights])
    norm = gathered(norm)
    if limit is not None:
        torch.nn.utils.clip_grads_with_norm_(weights, limit, norm)
    return norm


def _portions(weights: Iterable[Tensor]) -> Iterator[list[Tensor]]:
    """Weights with a gradient, in lists of at most `PORTION` numbers, or of one weight."""
    portion: list[Tensor] = []
    room = PORTION
    for weight in weights:
        if weight.grad is None:
            continue
        if portion and weight.numel() > room:
            yield portion
            portion, room = [], PORTION
        portion.append(weight)
        room -= weight.numel()
    if portion:
        yield portion


def _grad(weight: Tensor) -> Tensor:
    assert weight.grad is not None  # `_portions` skips the others
    return weight.grad


def _rms(tensors: list[Tensor], at_least: float) -> list[Tensor]:
    """The root mean square of each, a tensor () or `at_least`; for a DTensor over all its shards, in one exchange."""
    norms = list(torch._foreach_norm(tensors))
    if is_spread(stacked := torch.stack(norms)):
        norms = list(gathered(stacked).unbind())
    norms = list(torch._foreach_div(norms, [math.sqrt(tensor.numel()) for tensor in tensors]))
    torch._foreach_clamp_min_(norms, at_least)
    return norms


def _means(squares: list[Tensor], dim: int, eps: float) -> list[Tensor]:
    """The mean over one dimension, which keeps length 1, plus `eps`.

    Computed from sums, and not in place: shards may have unequal rows, and their sums are partial.
    """
    sums = [square.sum(dim, keepdim=True) for square in squares]
    means = torch._foreach_div(sums, [float(square.shape[dim]) for square in squares])
    return list(torch._foreach_add(means, eps))
