"""Which words of a text make a label likely: the logarithm of its odds, as a sum over words and a rest.

A classifier is linear up to its last step: an output is the sum of the words' contributions, divided by the number of
rows (word vectors and vectors of n-grams) of the text. fastText has no bias.

    softmax of two labels     logit = output - output of the other label; no rest
    one against all           logit = output; no rest
    softmax of more           words: output - output of the strongest other label; rest: the effect of the other ones
    hierarchical softmax      words: the least certain turn on the way to the label; rest: the effect of the others
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from c4pipe.fasttext.model import ONE_VS_ALL, FastTextModel, WordOutputs


class WordLogits(NamedTuple):
    """Words and rest add up to the logit, to the last bits of 64. The model sums in 32 bits: for long texts its
    probability may differ from that of this logit by some 1e-5."""

    logit: float  # log(p / (1 - p)) of the probability, before fastText adds 1e-5 to that
    rest: float  # the rest, see above
    words: tuple[str, ...]  # of the text, in its order, the end of its line ("</s>") last
    shares: npt.NDArray[np.float64]  # (words,) the contribution of each


def word_logits(model: FastTextModel, label: int, text: str) -> WordLogits | None:
    """The logit of a label by its number; None if the model knows no part of the text.

    The model must have at least two labels: without a rival a softmax has no odds.
    """
    found = model.word_outputs(text)
    if found is None:
        return None
    outputs = found.shares.sum(axis=0)
    if model.tree is not None:
        return _of_tree(found, outputs, list(_way(model.tree, label)))
    if model.loss == ONE_VS_ALL:
        return WordLogits(float(outputs[label]), 0.0, found.words, found.shares[:, label])
    others = np.delete(np.arange(len(outputs)), label)
    rival = others[outputs[others].argmax()]
    shares = found.shares[:, label] - found.shares[:, rival]
    rest = -float(np.log(np.exp(outputs[others] - outputs[rival]).sum()))
    return WordLogits(float(outputs[label] - outputs[rival]) + rest, rest, found.words, shares)


def _way(tree: npt.NDArray[np.int32], label: int) -> Iterator[tuple[int, int]]:
    """(inner node, 1 or -1 for a turn to the right or left) from the label up to the root."""
    at = label
    while True:
        nodes, sides = np.nonzero(tree == at)
        if not len(nodes):
            return
        yield int(nodes[0]), 1 if sides[0] else -1
        at = int(nodes[0]) + len(tree) + 1


def _of_tree(found: WordOutputs, outputs: npt.NDArray[np.float64], way: list[tuple[int, int]]) -> WordLogits:
    turns = np.array([side * outputs[node] for node, side in way])
    doubtful = int(turns.argmin())
    likely = -float(np.logaddexp(0, -turns).sum())  # log p
    with np.errstate(divide="ignore"):  # 1 - p is 0 if p rounds to 1 in 64 bits
        logit = float(turns[0]) if len(way) == 1 else likely - float(np.log(-np.expm1(likely)))
    node, side = way[doubtful]
    return WordLogits(logit, logit - float(turns[doubtful]), found.words, side * found.shares[:, node])
