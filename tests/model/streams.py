"""Properties of the batches of every recipe."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice

import torch

from model.data import Batch, Batches
from model.stream import Recipe


def assert_same_stream(recipe: Recipe, straight: Sequence[Batch], batch: int = 12) -> None:
    """That two workers, and two ranks, together make the first batches of a recipe."""
    for workers, ranks in ((2, 1), (0, 2)):
        shares = []
        for rank in range(ranks):
            with Batches(recipe, batch, rank, ranks, workers) as batches:
                shares.append(list(islice(batches, len(straight))))
        for number, whole in enumerate(straight):
            parts = torch.stack([share[number].inputs for share in shares], dim=1).flatten(0, 1)
            assert torch.equal(parts, whole.inputs)
