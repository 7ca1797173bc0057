"""Matrix products for training on a CPU, by the library that is faster on the processor.

torch multiplies fp32 matrices with MKL, which on an AMD processor reaches 105 GFLOP/s where oneDNN, shipped with torch
for its compiler, reaches 240 (one core of an EPYC with AVX-512, products of T5's shapes, 30 November 2026). oneDNN
copies transposed inputs, a twentieth of a step; products of attention, many and small, stay with torch. The bits are
the same for the same number of threads.
"""

from __future__ import annotations

from typing import Any

import torch
import torch.nn.functional as F  # noqa: N812, what it is called everywhere
from torch import Tensor, nn

HAS_ONEDNN = hasattr(torch.ops.mkldnn, "_linear_pointwise")


def _onednn(x: Tensor, weight: Tensor) -> Tensor:
    if not (x.numel() and len(weight)):  # it refuses empty inputs
        return x.new_zeros((*x.shape[:-1], len(weight)))
    y: Tensor = torch.ops.mkldnn._linear_pointwise(x, weight, None, "none", [], "")
    return y


def _shape(x: Tensor, weight: Tensor) -> Tensor:
    return x.new_empty((*x.shape[:-1], len(weight)))


# A custom operator, which the compiler calls unchanged: it uses torch's own only for constant weights.
_LIBRARY: Any = torch.library.Library("c4pipe", "DEF")  # type: ignore[no-untyped-call]
_LIBRARY.define("onednn(Tensor x, Tensor weight) -> Tensor")
_LIBRARY.impl("onednn", _onednn, "CPU")
_LIBRARY.impl("onednn", _shape, "Meta")


def onednn(x: Tensor, weight: Tensor) -> Tensor:
    """(..., n) by (m, n) -> (..., m), in fp32, contiguous; without gradients."""
    y: Tensor = torch.ops.c4pipe.onednn(x, weight)
    return y


class _Product(torch.autograd.Function):
    """x W^T and the gradients of both."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, weight: Tensor) -> Tensor:
        ctx.save_for_backward(x, weight)
        return onednn(x, weight)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, Tensor | None]:
        x, weight = ctx.saved_tensors
        of_x = onednn(gradient, weight.T) if ctx.needs_input_grad[0] else None
        of_weight = onednn(gradient.flatten(0, -2).T, x.flatten(0, -2).T) if ctx.needs_input_grad[1] else None
        return of_x, of_weight


def product(x: Tensor, weight: Tensor) -> Tensor:
    """`F.linear`, (..., n) by (m, n) -> (..., m): in fp32 training on a CPU by oneDNN, which sums in another order."""
    in_fp32 = x.dtype == torch.float32 and not torch.is_autocast_enabled("cpu")
    if HAS_ONEDNN and in_fp32 and x.device.type == "cpu" and torch.is_grad_enabled():
        y: Tensor = _Product.apply(x, weight)  # type: ignore[no-untyped-call]
        return y
    return F.linear(x, weight)


class Linear(nn.Linear):
    """A linear layer without bias."""

    def forward(self, x: Tensor) -> Tensor:
        return product(x, self.weight)
