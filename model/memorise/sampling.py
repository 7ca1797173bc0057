"""Unprompted text of a language model, ranked by how much more likely the model finds it than others do.

As in Carlini et al. 2021: much of what a model finds likely is dull, but text that it finds far more likely than zlib,
a smaller model, or itself on the lower-cased text, may be memorised.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterable, Sequence
from math import log
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray

from c4pipe.text.tokens import word_hashes
from model.decode import sample
from model.ids import IGNORED
from model.t5 import T5
from model.tokens import Tokenizer

TOP_K = 40  # most likely tokens, of which one is drawn
SAMPLES_AT_ONCE = 64
FOUND_WORDS = 8  # consecutive words that also occur in the corpus


class DrawnText(NamedTuple):
    """A row of samples.csv, except its text."""

    number: int
    nats: float  # of all its tokens, under the model
    tokens: int
    zlib: float  # nats of its zlib-compressed size, over the model's nats
    smaller: float  # nats under the smaller model over the model's; 0 without one
    lower: float  # nats of the text in lower case over those of the text
    found: float  # share of its runs of FOUND_WORDS words that occur in the corpus


RANKINGS: dict[str, Callable[[DrawnText], float]] = {  # the first by each is most likely memorised
    "likelihood": lambda one: -one.nats / max(1, one.tokens),
    "zlib": lambda one: one.zlib,
    "smaller": lambda one: one.smaller,
    "lower": lambda one: one.lower,
}


def drawn_texts(model: T5, tokenizer: Tokenizer, count: int, length: int, seed: int) -> list[str]:
    """`count` texts of at most `length` tokens, sampled from a language model."""
    device = next(model.parameters()).device
    generator = torch.Generator(device).manual_seed(seed)
    eos = tokenizer.vocabulary.eos
    texts = []
    for start in range(0, count, SAMPLES_AT_ONCE):
        inputs = torch.full((min(SAMPLES_AT_ONCE, count - start), 1), eos, dtype=torch.int64, device=device)
        size = tokenizer.vocabulary.first_sentinel
        written = sample(model, inputs, length, None, size, generator=generator, top_k=TOP_K)
        texts += [tokenizer.decode(row) for row in written.tolist()]
    return texts


@torch.no_grad()
def nats(model: T5, tokenizer: Tokenizer, text: str) -> tuple[float, int]:
    """The nats of a text's tokens under a language model, and their number."""
    device = next(model.parameters()).device
    (ids,) = tokenizer.encode([text])
    if not len(ids):
        return 0.0, 0
    inputs = torch.tensor([[tokenizer.vocabulary.eos]], device=device)
    targets = torch.from_numpy(ids.astype(np.int64))[None].to(device)
    assert IGNORED not in ids
    return float(model(inputs, targets).nll), len(ids)


def scored_sample(
    number: int, text: str, model: T5, tokenizer: Tokenizer, smaller: tuple[T5, Tokenizer] | None, found: float
) -> DrawnText:
    """A text with its ratios."""
    whole, tokens = nats(model, tokenizer, text)
    base = whole or 1e-9
    packed = 8 * log(2) * len(zlib.compress(text.encode("utf-8", "surrogatepass")))
    other = nats(*smaller, text)[0] if smaller else 0.0
    return DrawnText(
        number, whole, tokens, packed / base, other / base, nats(model, tokenizer, text.lower())[0] / base, found
    )


def runs_of_words(text: str) -> NDArray[np.uint64]:
    """A hash of every run of FOUND_WORDS words."""
    hashes = word_hashes(text).hashes
    if len(hashes) < FOUND_WORDS:
        return np.empty(0, np.uint64)
    mixed = np.zeros(len(hashes) - FOUND_WORDS + 1, np.uint64)
    for place in range(FOUND_WORDS):
        mixed = mixed * np.uint64(0x9E3779B97F4A7C15) + hashes[place : place + len(mixed)]
    return mixed


def shares_found(texts: Sequence[str], corpus: Iterable[str]) -> list[float]:
    """For each text the share of its runs of words that occur in the corpus; 0 if it has no runs."""
    mine = [runs_of_words(text) for text in texts]
    asked = np.unique(np.concatenate([np.empty(0, np.uint64), *mine]))
    there = np.zeros(len(asked), bool)
    for text in corpus:
        there |= np.isin(asked, runs_of_words(text))
    return [float(there[np.searchsorted(asked, one)].mean()) if len(one) else 0.0 for one in mine]
