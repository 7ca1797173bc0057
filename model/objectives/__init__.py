"""Pre-training objectives: chunks of token ids become inputs and targets.

>>> import numpy as np
>>> vocabulary = Vocabulary(32_100)
>>> chunks = np.arange(1000, 1000 + 2 * 568, dtype=np.int32).reshape(2, 568)
>>> rngs = [chunk_rng(seed=7, chunk=number) for number in (0, 1)]
>>> inputs, targets = SpanCorruption()(chunks, rngs, vocabulary, inputs_length=512)
>>> inputs.shape, targets.shape
((2, 512), (2, 114))
"""

from __future__ import annotations

from dataclasses import fields, replace

from model.errors import ConfigError, unknown
from model.objectives.base import Examples, Lengths, Objective, Vocabulary, chunk_rng, illustrate
from model.objectives.iid import Bert, DropTokens, IidDenoising, Mass, ReplaceSpans
from model.objectives.mix import Mix
from model.objectives.plain import LM, Deshuffling, PrefixLM
from model.objectives.spans import BareSpans, SpanCorruption

__all__ = [
    "LM",
    "OBJECTIVES",
    "BareSpans",
    "Bert",
    "Deshuffling",
    "DropTokens",
    "Examples",
    "IidDenoising",
    "Lengths",
    "Mass",
    "Mix",
    "Objective",
    "PrefixLM",
    "ReplaceSpans",
    "SpanCorruption",
    "Vocabulary",
    "chunk_rng",
    "find_objective",
    "illustrate",
]

# The seven denoisers of UL2 (arXiv 2205.05131) with the weights of FAT5's README, without their mode tokens.
UL2 = Mix(
    (
        (SpanCorruption(0.15, 3), 0.165),
        (SpanCorruption(0.15, 8), 0.165),
        (PrefixLM(concatenates=True), 0.34),
        (SpanCorruption(0.5, 3), 0.0825),
        (SpanCorruption(0.15, 64), 0.0825),
        (SpanCorruption(0.5, 8), 0.0825),
        (SpanCorruption(0.5, 64), 0.0825),
    )
)

OBJECTIVES: dict[str, Objective] = {
    "span": SpanCorruption(),
    "span-bare": BareSpans(),
    "iid": IidDenoising(),
    "bert": Bert(),
    "mass": Mass(),
    "replace-spans": ReplaceSpans(),
    "drop-tokens": DropTokens(),
    "prefix-lm": PrefixLM(),
    "lm": LM(),
    "deshuffle": Deshuffling(),
    "ul2": UL2,
}


def find_objective(name: str, density: float | None = None, mean_span: float | None = None) -> Objective:
    """The objective of that name; arguments that are not None replace its defaults.

    >>> find_objective("span", mean_span=5)
    SpanCorruption(density=0.15, mean_span=5)

    ConfigError for an unknown name, a value out of range, or a parameter that the objective does not have.
    """
    if name not in OBJECTIVES:
        raise unknown("objective", name, OBJECTIVES)
    objective = OBJECTIVES[name]
    given = {key: value for key, value in (("density", density), ("mean_span", mean_span)) if value is not None}
    known = {field.name for field in fields(objective)}  # type: ignore[arg-type]  # each of them is a dataclass
    for key in given.keys() - known:
        raise ConfigError(f"the objective {name} has no {key.replace('_', ' ')}: leave it out, or use `span`")
    return replace(objective, **given)  # type: ignore[type-var]
