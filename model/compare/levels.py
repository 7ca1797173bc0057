"""At which size two corpora are compared by models."""

from __future__ import annotations

from typing import NamedTuple


class Level(NamedTuple):
    """Decoder-only models, since their loss on a text is that of all of its tokens."""

    name: str
    model: str
    steps: int
    batch: int
    inputs: int  # tokens of a row
    rates: tuple[float, ...]  # learning rates: two small ones, for with a single large one rankings flip (2512.24503)


MODEL_LEVELS = {
    level.name: level
    for level in (
        Level("tiny", "tiny", 300, 16, 128, (0.003, 0.001)),
        Level("small", "small", 2_000, 64, 512, (0.003, 0.001)),
    )
}
