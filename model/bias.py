"""What is added to the scores of an attention: by distance, and where a query may not look.

Letters as in t5.py and stack.py: B rows, Q queries, N keys, H heads.
"""

from __future__ import annotations

from itertools import count

import torch
import torch.nn.functional as F  # noqa: N812, what it is called everywhere
from torch import Tensor, nn

from model.config import ModelConfig

MASKED = -1e9  # its exp() is 0, and a query that sees no key at all gives no NaN, as it would with -inf


def bucket_edges(buckets: int, max_distance: int) -> tuple[int, ...]:
    """The distances at which the wider buckets of one direction begin, in whole numbers and so never off by one.

    Half of the buckets are for one distance each, the others grow by a constant factor up to `max_distance`.

    >>> bucket_edges(16, 128)
    (12, 16, 23, 32, 46, 64, 91)
    """
    exact = buckets // 2
    steps = buckets - exact
    powers = (exact ** (steps - i) * max_distance**i for i in range(1, steps))
    return tuple(next(n for n in count(exact) if n**steps >= power) for power in powers)


class RelativeBias(nn.Module):
    """What is added to the score of a query and a key for their distance, in all layers of a stack.

    A stack calls the one in its first block itself, so under FSDP2 it is a unit of its own, besides the blocks.
    """

    def __init__(self, c: ModelConfig):
        super().__init__()
        self.weight = nn.Parameter(torch.empty(c.buckets, c.heads))
        self.one_way = bucket_edges(c.buckets, c.max_distance)
        self.two_ways = bucket_edges(c.buckets // 2, c.max_distance)

    def bucket(self, distance: Tensor, causal: bool) -> Tensor:
        """Row of the table for key position - query position; to causal buckets all later keys are at distance 0."""
        n = (-distance).clamp(min=0) if causal else distance.abs()
        edges = self.one_way if causal else self.two_ways
        bucket = n.clamp(max=len(edges) + 1)
        for edge in edges:
            bucket = bucket + (n >= edge)
        return bucket if causal else bucket + (distance > 0) * (len(self.weight) // 2)

    def forward(self, queries: int, keys: int, causal: bool) -> Tensor:
        """(1, H, Q, N), the queries being the last of as many positions as there are keys.

        The table is read once a distance, not once a pair: row r of the result is row 0 turned right by r, and that
        is how copies of it lie in rows one element shorter. No gather or scatter over pairs, forwards or backwards.
        `as_strided` says so in a way that a compiler does not see through: it would else work out each element from the
        table again in every layer, which made attention 1.5 times slower on a CPU than uncompiled.
        """
        turn = queries + keys
        offset = torch.arange(turn, device=self.weight.device)  # column - row, modulo `turn`
        offset = torch.where(offset < keys, offset, offset - turn)
        row = F.embedding(self.bucket(offset - (keys - queries), causal), self.weight).T  # (H, turn)
        copies = row.repeat(1, queries)
        return copies.as_strided((1, len(row), queries, keys), (0, queries * turn, turn - 1, 1)).contiguous()


def attention_mask(queries: Tensor | None, keys: Tensor | None) -> Tensor | None:
    """Of segments (B, Q) and (B, N): which query may look at which key, (B, 1, Q, N).

    Without the queries' segments each may look at all but padding, (B, 1, 1, N).
    """
    if keys is None:
        return None
    return (keys != 0)[:, None, None] if queries is None else (queries[:, :, None] == keys[:, None])[:, None]


def with_mask(bias: Tensor, mask: Tensor) -> Tensor:
    """The bias, and MASKED added where the mask is false.

    With a mask each row of the batch has its own, so it is large: it comes in the type that attention computes in, once
    for all layers, where autocast would make a copy in each. It is a sum and no choice between two, for then the
    gradient of the bias need not be chosen from as well, element by element: what attention masks has none. Attention
    over packed rows of 512 tokens takes 400 ms so, forwards and backwards, and took 447; unpacked ones 420 (two layers,
    8 rows, 6 heads of 64, one thread, compiled).
    """
    device = bias.device.type
    dtype = torch.get_autocast_dtype(device) if torch.is_autocast_enabled(device) else bias.dtype
    return bias.to(dtype) + torch.zeros_like(mask, dtype=dtype).masked_fill(~mask, MASKED)
