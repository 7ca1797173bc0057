"""Sampling rates: the share of each language or corpus in a mixture.

One formula covers all four kinds: the rate of an entry with n documents is proportional to min(n, limit)**alpha.

| kind | alpha | limit | source |
|---|---|---|---|
| proportional | 1 | none | the corpus as it is |
| equal | 0 | none | T5 (Raffel et al. 2020, 3.5.2) |
| examples | 1 | K | T5's examples-proportional mixing with an artificial limit |
| temperature | 0.3 in mT5 | none, or K as in T5 | mT5 (Xue et al. 2021, 3.1); T = 1 / alpha in T5 |
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import fsum, inf, isfinite
from typing import Literal, get_args

from c4pipe.errors import ConfigError, unknown
from c4pipe.text import many

Kind = Literal["temperature", "proportional", "equal", "examples"]
KINDS: tuple[Kind, ...] = get_args(Kind)
MT5_ALPHA = 0.3  # mT5 (Xue et al. 2021), section 3.1


@dataclass(frozen=True)
class Mixture:
    """How a mixture weights its entries. `Mixture.parse` creates one from command-line options.

    >>> Mixture.parse("temperature", alpha=0.5).rates({"en": 900, "sw": 100})
    {'en': 0.75, 'sw': 0.25}
    """

    kind: Kind
    alpha: float
    limit: int | None = None  # most documents that an entry counts for

    @classmethod
    def parse(
        cls,
        kind: str = "temperature",
        alpha: float | None = None,
        limit: int | None = None,
        temperature: float | None = None,
    ) -> Mixture:
        """The mixture of that name: `--mixture KIND --alpha A --temperature T --limit K` of both command lines.

        A temperature is another way to give alpha: T = 1 / alpha.

        Raises ConfigError for an unknown kind, for a number that the kind does not use or lacks, and for one out of
        range.
        """
        if kind not in KINDS:
            raise unknown("mixture", kind, KINDS)
        if temperature is not None:
            if alpha is not None:
                raise ConfigError("--alpha and --temperature set the same value (T = 1 / alpha): give one of them.")
            if not temperature > 0:
                raise ConfigError(f"--temperature {temperature}: expected a number above 0; 1 is proportional.")
            alpha = 1 / temperature
        if alpha is not None and kind != "temperature":
            raise ConfigError(f"--alpha and --temperature do not apply to --mixture {kind}.")
        if limit is not None and kind not in ("temperature", "examples"):
            raise ConfigError(
                f"--limit {limit} does not apply to --mixture {kind}; it applies to examples and temperature."
            )
        if alpha is not None and not (isfinite(alpha) and alpha >= 0):
            raise ConfigError(
                f"--alpha {alpha}: expected a number of 0 (equal) or more; 1 is proportional, mT5 uses 0.3."
            )
        if limit is not None and limit < 1:
            raise ConfigError(f"--limit {limit}: expected a number of documents, 1 or more.")
        if kind == "examples" and limit is None:
            raise ConfigError("--mixture examples needs --limit K: the most documents that an entry counts for.")
        if kind == "temperature":
            return cls(kind, MT5_ALPHA if alpha is None else alpha, limit)
        return cls(kind, 0.0 if kind == "equal" else 1.0, limit)

    @property
    def temperature(self) -> float:
        """T of the T5 paper: 1 / alpha, infinite if all entries count the same."""
        return 1 / self.alpha if self.alpha else inf

    def rates(self, counts: Mapping[str, int]) -> dict[str, float]:
        """The rate of each entry, given its number of documents; they sum to 1, and an entry without documents has 0.

        Raises ConfigError if no entry has a document.
        """
        capped = self._capped(counts)
        most = max(capped.values(), default=0)
        if most < 1:
            raise ConfigError(f"none of the {len(counts)} entries of the mixture has any documents.")
        unit = most if self.alpha > 1 else 1  # relative to the largest, so that no power overflows
        weights = {name: (n / unit) ** self.alpha if n else 0.0 for name, n in capped.items()}
        total = fsum(weights.values())
        return {name: weight / total for name, weight in weights.items()}

    def weights(self, counts: Mapping[str, int]) -> dict[str, float]:
        """The rates before normalisation, min(n, limit) ** alpha: what seqio calls the rate of a task.

        Raises ConfigError if a weight overflows.
        """
        try:
            return {name: float(n) ** self.alpha if n else 0.0 for name, n in self._capped(counts).items()}
        except OverflowError:
            raise ConfigError(f"alpha {self.alpha} makes weights beyond 1e308: use 1 or less.") from None

    def _capped(self, counts: Mapping[str, int]) -> dict[str, int]:
        return {name: n if self.limit is None else min(n, self.limit) for name, n in counts.items()}

    def __str__(self) -> str:
        limit = "" if self.limit is None else f", at most {many(self.limit, 'document')} of an entry counted"
        alpha = f" with alpha {self.alpha:g} (T = {self.temperature:.4g})" if self.kind == "temperature" else ""
        return f"{self.kind}{alpha}{limit}"
