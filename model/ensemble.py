"""Several models with one tokenizer that generate together: the mean of their logits chooses each token.

Raffel et al. 2020, section 3.6: "ensembling" averages the logits that go into the softmax.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from model.cache import Cache
from model.t5 import T5


class EnsembleCache:
    """The caches of all models."""

    def __init__(self, caches: Sequence[Cache]) -> None:
        self.caches = caches

    def select(self, rows: Tensor) -> None:
        """See `Cache.select`."""
        for cache in self.caches:
            cache.select(rows)


class Ensemble(nn.Module):
    """Generates like a `T5`, see `model.decode`."""

    def __init__(self, models: Sequence[T5]) -> None:
        """Models may differ in everything except the ids; embedding rows that only some have are ignored."""
        super().__init__()
        self.models = nn.ModuleList(models)
        self._members = [*models]
        self._rows = min(model.config.vocab for model in models)

    def start(self, inputs: Tensor, segments: Tensor | None = None) -> tuple[EnsembleCache, Tensor]:
        """See `T5.start`."""
        caches, logits = zip(*(model.start(inputs, segments) for model in self._members), strict=True)
        return EnsembleCache(caches), self._mean(logits)

    def step(self, tokens: Tensor, cache: EnsembleCache) -> Tensor:
        """See `T5.step`."""
        pairs = zip(self._members, cache.caches, strict=True)
        return self._mean([model.step(tokens, one) for model, one in pairs])

    def _mean(self, logits: Sequence[Tensor]) -> Tensor:
        return torch.stack([one[:, : self._rows].float() for one in logits]).mean(0)
