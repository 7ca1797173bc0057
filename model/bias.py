"""Terms added to attention scores: the bias by distance, and the mask.

Letters as in t5.py and stack.py: B rows, Q queries, N keys, H heads.
"""

from __future__ import annotations

from itertools import count

import torch
import torch.nn.functional as F  # noqa: N812, what it is called everywhere
from torch import Tensor, nn

from model.config import ModelConfig

MASKED = -1e9  # its exp() is 0, and a query that sees no key gives no NaN, as it would with -inf


def bucket_edges(buckets: int, max_distance: int) -> tuple[int, ...]:
    """The distances at which the wider buckets of one direction begin, as integers to avoid rounding errors.

    Half of the buckets are for one distance each, the others grow by a constant factor up to `max_distance`.

    >>> bucket_edges(16, 128)
    (12, 16, 23, 32, 46, 64, 91)
    """
    exact = buckets // 2
    steps = buckets - exact
    powers = (exact ** (steps - i) * max_distance**i for i in range(1, steps))
    return tuple(next(n for n in count(exact) if n**steps >= power) for power in powers)


class RelativeBias(nn.Module):
    """The bias added to the score of a query and a key for their distance, in all layers of a stack.

    A stack calls the one in its first block directly, so under FSDP2 it is a separate unit besides the blocks.
    """

    def __init__(self, c: ModelConfig):
        super().__init__()
        self.weight = nn.Parameter(torch.empty(c.buckets, c.heads))
        self.one_way = bucket_edges(c.buckets, c.max_distance)
        self.two_ways = bucket_edges(c.buckets // 2, c.max_distance)

    def bucket(self, distance: Tensor, causal: bool) -> Tensor:
        """The table row for (key position - query position); with causal buckets, all later keys are at distance 0."""
        n = (-distance).clamp(min=0) if causal else distance.abs()
        edges = self.one_way if causal else self.two_ways
        bucket = n.clamp(max=len(edges) + 1)
        for edge in edges:
            bucket = bucket + (n >= edge)
        return bucket if causal else bucket + (distance > 0) * (len(self.weight) // 2)

    def forward(self, queries: int, keys: int, causal: bool) -> Tensor:
        """(1, H, Q, N); the queries are the last of as many positions as there are keys.

        The table is read once per distance, not once per pair: row r of the result is row 0 rotated right by r, which
        equals copies of it laid out in rows one element shorter. No gather or scatter over pairs is needed in either
        pass. `as_strided` hides this from the compiler, which would otherwise compute each element from the table again
        in every layer; that made attention 1.5 times slower on a CPU than uncompiled.
        """
        turn = queries + keys
        offset = torch.arange(turn, device=self.weight.device)  # column - row, modulo `turn`
        offset = torch.where(offset < keys, offset, offset - turn)
        row = F.embedding(self.bucket(offset - (keys - queries), causal), self.weight).T  # (H, turn)
        copies = row.repeat(1, queries)
        return copies.as_strided((1, len(row), queries, keys), (0, queries * turn, turn - 1, 1)).contiguous()


def attention_mask(queries: Tensor | None, keys: Tensor | None) -> Tensor | None:
    """From segments (B, Q) and (B, N): which query may attend to which key, (B, 1, Q, N).

    Without the queries' segments, each may attend to everything except padding, (B, 1, 1, N).
    """
    if keys is None:
        return None
    return (keys != 0)[:, None, None] if queries is None else (queries[:, :, None] == keys[:, None])[:, None]


def with_mask(bias: Tensor, mask: Tensor) -> Tensor:
    """The bias, plus MASKED where the mask is false.

    With a mask, each row of the batch has its own bias, so the sum is large: it is made once for all layers, in the
    type in which attention computes, where autocast would copy it in each layer. It is a sum instead of a choice
    between two, so that the gradient of the bias needs no selection by element: masked positions have none. Attention
    over packed rows of 512 tokens takes 400 ms this way, forward and backward, instead of 447; unpacked rows take 420
    (two layers, 8 rows, 6 heads of 64, one thread, compiled).
    """
    device = bias.device.type
    dtype = torch.get_autocast_dtype(device) if torch.is_autocast_enabled(device) else bias.dtype
    return bias.to(dtype) + torch.zeros_like(mask, dtype=dtype).masked_fill(~mask, MASKED)
