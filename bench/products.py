"""The matrix products of a training step, and nothing else: the limit that a step is held against.

They are those that `model.cost.flops` counts, each with its real shape: of a layer y = x W the product itself and the
two of its gradients, of an attention two forwards and four backwards. Each writes over the same memory again, no
gradient is summed, nothing is recomputed and no weight is moved. The library is that which the step takes.
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
        """Of all of them, a multiply-add being two."""
        return 2 * self.batch * self.rows * self.inner * self.columns * self.count


def forward_products(c: ModelConfig, batch: int, inputs: int, targets: int) -> list[Product]:
    """Of a forward pass of an encoder-decoder over so many rows."""
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
    """A function that does each of them, and the two of its gradients; what it returns means nothing."""
    by_onednn = HAS_ONEDNN and device.type == "cpu" and dtype == torch.float32  # as `model.linear` does
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
    """x, W as a Linear holds it, y, and the gradients of x and W; the gradient of y may as well be y."""
    batch, rows, inner, columns, _ = product
    # Small numbers, so that what is multiplied again and again stays finite.
    x = torch.rand(batch, rows, inner, device=device, dtype=dtype) / inner
    w = torch.rand(batch, columns, inner, device=device, dtype=dtype) / inner
    made = [x, w, x.new_empty(batch, rows, columns), torch.empty_like(x), torch.empty_like(w)]
    return [one[0] for one in made] if batch == 1 else made
