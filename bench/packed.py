"""Rows that hold several examples, to measure the cost of packing."""

from __future__ import annotations

import torch
from torch import Tensor


def packed_segments(inputs: Tensor, targets: Tensor, count: int) -> tuple[Tensor, Tensor]:
    """The segments of rows that hold `count` examples of equal length, of inputs (B, S) and targets (B, T).

    >>> [part.tolist() for part in packed_segments(torch.zeros(1, 5), torch.zeros(1, 2), count=2)]
    [[[1, 1, 1, 2, 2]], [[1, 2]]]
    """
    rows = [torch.arange(ids.shape[1], device=ids.device) * count // ids.shape[1] + 1 for ids in (inputs, targets)]
    return rows[0].expand(len(inputs), -1).contiguous(), rows[1].expand(len(targets), -1).contiguous()
