"""model.linear: equal to F.linear, by another library."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor
from torch.nn.functional import linear

from model.linear import HAS_ONEDNN, Linear, product
from tests.model.test_t5 import MODELS, batch_of, mean, model_of

onednn = pytest.mark.skipif(not HAS_ONEDNN, reason="this torch has no oneDNN")
NEAR = 2e-6  # relative: sums of at most 100 numbers in fp32, in another order


def passes(multiply: Callable[[Tensor, Tensor], Tensor], x: Tensor, weight: Tensor, gradient: Tensor) -> list[Tensor]:
    """What comes out, and the gradients of x and the weight."""
    leaves = [one.detach().clone().requires_grad_() for one in (x, weight)]
    y = multiply(*leaves)
    y.backward(gradient.to(y.dtype))
    return [y.detach(), *(leaf.grad for leaf in leaves if leaf.grad is not None)]


@onednn
@settings(max_examples=60)
@given(
    st.lists(st.integers(0, 9), min_size=1, max_size=3),
    st.integers(1, 100),
    st.integers(1, 40),
    st.sampled_from(["plain", "turned", "spread"]),
)
def test_it_is_linear(rows: list[int], inner: int, outer: int, lies: str) -> None:
    draw = torch.Generator().manual_seed(sum(rows) + inner)
    x, weight = torch.randn(*rows, inner, generator=draw), torch.randn(outer, inner, generator=draw)
    gradient = torch.randn(*rows, outer, generator=draw)
    if lies == "turned":
        x, weight = x.mT.contiguous().mT if x.dim() > 1 else x, weight.mT.contiguous().mT
        gradient = gradient.mT.contiguous().mT if x.dim() > 1 else gradient
    elif lies == "spread":
        gradient = torch.ones(()).expand(*rows, outer)
    exact = passes(linear, x.double(), weight.double(), gradient)
    for found, right in zip(passes(product, x, weight, gradient), exact, strict=True):
        assert found.shape == right.shape
        assert (found - right).norm() <= NEAR * right.norm() + 1e-5
    again = passes(product, x, weight, gradient)
    assert all(torch.equal(a, b) for a, b in zip(again, passes(product, x, weight, gradient), strict=True))


@onednn
def test_it_is_taken_in_training_in_fp32_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    x, layer = torch.randn(4, 8), Linear(8, 3, bias=False)
    taken = "_ProductBackward"
    assert layer(x).grad_fn.name() == taken
    with torch.autocast("cpu", torch.bfloat16):
        assert layer(x).dtype == torch.bfloat16
    with torch.no_grad():
        assert torch.equal(layer(x), linear(x, layer.weight))
    assert layer.double()(x.double()).grad_fn.name() != taken
    monkeypatch.setattr("model.linear.HAS_ONEDNN", False)
    assert layer.float()(x).grad_fn.name() != taken


@onednn
def test_weights_that_are_not_trained_get_no_gradient() -> None:
    x, layer = torch.randn(4, 8, requires_grad=True), Linear(8, 3, bias=False)
    layer.weight.requires_grad_(False)
    layer(x).sum().backward()
    assert layer.weight.grad is None
    assert x.grad is not None


@onednn
@MODELS
def test_a_model_learns_the_same_by_either_library(config, monkeypatch: pytest.MonkeyPatch) -> None:  # type: ignore[no-untyped-def]
    found = []
    for has in (True, False):
        monkeypatch.setattr("model.linear.HAS_ONEDNN", has)
        model = model_of(config)
        loss = mean(model(*batch_of(3, 50, 20)))
        loss.backward()
        found.append((loss.item(), {name: weight.grad for name, weight in model.named_parameters()}))
    (ours, gradients), (plain, right) = found
    assert ours == pytest.approx(plain, rel=1e-6)
    for name, gradient in gradients.items():
        assert (gradient - right[name]).norm() <= 5e-6 * right[name].norm(), name


@onednn
def test_a_compiler_leaves_it_whole() -> None:
    x, weight, gradient = torch.randn(2, 5, 8), torch.randn(3, 8), torch.randn(2, 5, 3)
    compiled = torch.compile(product, backend="aot_eager", fullgraph=True)
    for ours, right in zip(passes(compiled, x, weight, gradient), passes(product, x, weight, gradient), strict=True):
        assert torch.equal(ours, right)
