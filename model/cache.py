"""The state that a decoder keeps from one token to the next."""

from __future__ import annotations

from torch import Tensor, cat


class KeyValues:
    """Keys and values (B, H, N, K) that one attention layer computed so far."""

    def __init__(self) -> None:
        self.pair: tuple[Tensor, Tensor] | None = None

    def append(self, keys: Tensor, values: Tensor) -> tuple[Tensor, Tensor]:
        """All keys and values, with these appended."""
        if self.pair:
            keys, values = cat((self.pair[0], keys), 2), cat((self.pair[1], values), 2)
        self.pair = keys, values
        return self.pair


class Cache:
    """The caches of all layers, see `T5.start`: self-attention grows by one position per step, cross-attention is
    fixed.
    """

    def __init__(self, layers: int, memory: Tensor | None = None, mask: Tensor | None = None) -> None:
        self.self_attention = [KeyValues() for _ in range(layers)]
        self.cross_attention = [KeyValues() for _ in range(layers)]
        self.length = 0  # positions in self-attention
        self.memory = memory  # (B, S, D), the encoder's output
        self.mask = mask  # (B, 1, 1, S), false for padding: of the memory, or of the row if there is no encoder

    def select(self, rows: Tensor) -> None:
        """Replaces the batch by these rows: indices of current rows, (B',) int64, with repeats and omissions."""
        for entry in self.self_attention + self.cross_attention:
            if entry.pair:
                entry.pair = entry.pair[0][rows], entry.pair[1][rows]
        if self.memory is not None:
            self.memory = self.memory[rows]
        if self.mask is not None:
            self.mask = self.mask[rows]
