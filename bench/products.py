"""The matrix products of a training step alone: the lower bound for the time of a step.

They are the products that `model.cost.flops` counts, with their real shapes: for a layer y = x W the product and the
two of its gradients, for attention two in the forward and four in the backward pass. Each overwrites the same memory;
no gradient is summed, nothing is recomputed, no weight is updated. The library is the one that the step uses.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor

from model.config import ModelConfig
from model.linear import HAS_ONEDNN, onednn


class Product(NamedTuple):
    """(batch, rows, inner) times (batch, inner, columns); `count` of them in a step."""

    batch: int
    rows: int
    inner: int
    columns: int
    count: int = 1

    @property
    def flops(self) -> int:
        """FLOPs of all of them; a multiply-add counts as two."""
        return 2 * self.batch * self.rows * self.inner * self.columns * self.count


def forward_products(c: ModelConfig, batch: int, inputs: int, targets: int) -> list[Product]:
    """The products of a forward pass of an encoder-decoder over so many rows."""
    matrices = 3 if c.feed_forward == "gated-gelu" else 2
    read, written = batch * inputs, batch * targets

    def attention(layers: int, queries: int, keys: int) -> list[Product]:
        heads = batch * c.heads
        return [
            Product(1, batch * queries, c.d_model, c.inner, 2 * layers),  # of queries and the output
            Product(1, batch * keys, c.d_model, c.inner, 2 * layers),  # of keys and values
            Product(heads, queries, c.d_kv, keys, layers),
            Product(heads, queries, keys, c.d_kv, layers),
        ]

    return [
        *attention(c.layers, inputs, inputs),
        Product(1, read, c.d_model, c.d_ff, matrices * c.layers),
        *attention(c.decoder_layers, targets, targets),
        *attention(c.decoder_layers, targets, inputs),
        Product(1, written, c.d_model, c.d_ff, matrices * c.decoder_layers),
        Product(1, written, c.d_model, c.vocab),
    ]


def make_products(products: list[Product], device: torch.device, dtype: torch.dtype) -> Callable[[], Tensor]:
    """A function that computes each product and the two of its gradients; its result has no meaning."""
    by_onednn = HAS_ONEDNN and device.type == "cpu" and dtype == torch.float32  # as in `model.linear`
    made = [_matrices(product, device, dtype) for product in products]

    def step() -> Tensor:
        for product, (x, w, y, dx, dw) in zip(products, made, strict=True):
            for _ in range(product.count):
                if by_onednn and product.batch == 1:
                    onednn(x, w)
                    onednn(y, w.T)
                    onednn(y.T, x.T)
                else:
                    torch.matmul(x, w.mT, out=y)
                    torch.matmul(y, w, out=dx)
                    torch.matmul(y.mT, x, out=dw)
        return made[-1][2]

    return step


def _matrices(product: Product, device: torch.device, dtype: torch.dtype) -> list[Tensor]:
    """x, W as a Linear holds it, y, and the gradients of x and W; y also serves as its own gradient."""
    batch, rows, inner, columns, _ = product
    # Small numbers, so that repeated products stay finite.
    x = torch.rand(batch, rows, inner, device=device, dtype=dtype) / inner
    w = torch.rand(batch, columns, inner, device=device, dtype=dtype) / inner
    made = [x, w, x.new_empty(batch, rows, columns), torch.empty_like(x), torch.empty_like(w)]
    return [one[0] for one in made] if batch == 1 else made
