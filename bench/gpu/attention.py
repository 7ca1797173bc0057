"""Ways to compute an attention with T5's bias, forward and backward: time, error, and whether results are
bit-identical.

The model's is "sdpa, any": torch chooses a kernel that takes the bias as its mask. The reference is matrix products and
a softmax in fp32. The error is that of the bias's gradient, a sum over the batch, which is the largest error in bf16.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, NamedTuple

import torch
import torch.nn.functional as F  # noqa: N812, what it is called everywhere
from torch import Tensor
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.nn.attention.flex_attention import flex_attention

from bench.gpu.cases import Row, Scale, halvings, measured, timed
from bench.gpu.parity import relative

Attend = Callable[[Tensor, Tensor, Tensor, Tensor], Tensor]  # queries, keys, values, bias -> heads


class Shape(NamedTuple):
    name: str
    queries: int
    keys: int


def by_products(q: Tensor, k: Tensor, v: Tensor, bias: Tensor) -> Tensor:
    """Scores (B, H, Q, N), their softmax in fp32, and the values weighted by it."""
    scores = q @ k.transpose(-1, -2) + bias
    return scores.float().softmax(-1).to(v.dtype) @ v


def by_flex(q: Tensor, k: Tensor, v: Tensor, bias: Tensor) -> Tensor:
    """flex_attention, which looks up the bias for each score; its gradient is summed by atomic additions."""

    def add(score: Tensor, _: Tensor, head: Tensor, row: Tensor, column: Tensor) -> Tensor:
        return score + bias[0, head, row, column]

    return flex_attention(q, k, v, score_mod=add, scale=1.0)  # type: ignore[return-value]


def by_sdpa(backend: SDPBackend | None, q: Tensor, k: Tensor, v: Tensor, bias: Tensor) -> Tensor:
    """Through torch's SDPA; None lets torch choose the kernel, as the model does."""
    if backend is None:
        return F.scaled_dot_product_attention(q, k, v, bias, scale=1.0)
    with sdpa_kernel(backend):
        return F.scaled_dot_product_attention(q, k, v, bias, scale=1.0)


def by_padded_sdpa(q: Tensor, k: Tensor, v: Tensor, bias: Tensor) -> Tensor:
    """The same with bias rows aligned to 16 bytes, as the kernels require."""
    room = -bias.shape[-1] % 8
    return F.scaled_dot_product_attention(q, k, v, F.pad(bias, (0, room))[..., : bias.shape[-1]], scale=1.0)


def ways(scale: Scale) -> dict[str, Attend]:
    """The ways by name; compiled ones say so."""
    torch.compiler.reset()
    compiled: Callable[[Attend], Any] = partial(torch.compile, dynamic=False, backend=scale.backend)
    return {
        "sdpa, any": partial(by_sdpa, None),
        "sdpa, efficient": partial(by_sdpa, SDPBackend.EFFICIENT_ATTENTION),
        "sdpa, cudnn": partial(by_sdpa, SDPBackend.CUDNN_ATTENTION),
        "sdpa, math": partial(by_sdpa, SDPBackend.MATH),
        "sdpa, padded bias": by_padded_sdpa,
        "products, compiled": compiled(by_products),
        "flex, compiled": compiled(by_flex),
    }


def attention(scale: Scale) -> Iterator[Row]:
    """One row per way and shape, for one layer of the last model."""
    shapes = (
        Shape("encoder", scale.inputs, scale.inputs),
        Shape("decoder", scale.targets, scale.targets),
        Shape("crossing", scale.targets, scale.inputs),
    )
    for name, attend in ways(scale).items():  # compiled ones last: a compiler may use up the time
        for shape in shapes:
            named = {"way": name, "attention": shape.name}
            yield measured(named, partial(halvings, scale.batch, partial(_measure, scale, shape, attend)))


def _measure(scale: Scale, shape: Shape, attend: Attend, batch: int) -> Row:
    config, device = scale.models[-1], torch.device(scale.device)

    def leaves(dtype: torch.dtype) -> list[Tensor]:
        generator = torch.Generator().manual_seed(0)
        lengths = (shape.queries, shape.keys, shape.keys)
        sizes = [(batch, config.heads, length, config.d_kv) for length in lengths]
        sizes.append((1, config.heads, shape.queries, shape.keys))
        made = [torch.randn(size, generator=generator) * size[-1] ** -0.25 for size in sizes]
        return [one.bfloat16().to(device, dtype).requires_grad_() for one in made]

    def passes(attend: Attend, tensors: list[Tensor]) -> Tensor:
        for one in tensors:
            one.grad = None
        heads = attend(*tensors)
        heads.backward(torch.ones_like(heads) / 8 + heads.detach())
        assert tensors[3].grad is not None  # it is a leaf in use
        return tensors[3].grad

    bf16 = leaves(torch.bfloat16)
    first, second = passes(attend, bf16).clone(), passes(attend, bf16).clone()
    seconds = timed(lambda: passes(attend, bf16), device, scale.seconds / 4)
    right = passes(by_products, leaves(torch.float32))
    work = 12 * batch * config.inner * shape.queries * shape.keys
    return {
        "ms": round(1000 * seconds, 3),
        "TFLOP/s": float(f"{work / seconds / 1e12:.3g}"),
        "error of the bias": float(f"{relative(first, right):.2g}"),
        "same bits twice": torch.equal(first, second),
    }
