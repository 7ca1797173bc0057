"""The sizes of models for comparing two corpora."""

from __future__ import annotations

from typing import NamedTuple


class Level(NamedTuple):
    """A size of decoder-only models, whose loss on a text covers all of its tokens."""

    name: str
    model: str
    steps: int
    batch: int
    inputs: int  # tokens per row
    rates: tuple[float, ...]  # two small learning rates: with a single large one, rankings flip (2512.24503)


MODEL_LEVELS = {
    level.name: level
    for level in (
        Level("tiny", "tiny", 300, 16, 128, (0.003, 0.001)),
        Level("small", "small", 2_000, 64, 512, (0.003, 0.001)),
    )
}
