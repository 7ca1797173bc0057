"""Texts by their salient spans: one pair per span, and, as a control, sentences with a span under an objective.

    text --SalientPairs--> nem: Ada Lovelace died in _X_.  ->  1852        one row per span
    text --SalientSentences--> the sentences that have a span, joined      chunks of them, corrupted

Both are rules over any corpus (see `model.source`). The control is that of T5's closed-book code: the same sentences
with random spans (`span_corrupted_wikipedia`, arXiv 2002.08910).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from model.errors import ConfigError, unknown
from model.ids import EOS
from model.lane import LONGEST_DOCUMENT, Encoder, Tokens
from model.objectives import OBJECTIVES, find_objective
from model.rows import Widths
from model.source import Denoising, StreamTokenizer, TextToText
from model.tasks.salient import SalientSpans
from model.tasks.shapes import SPAN_KINDS

SALIENT = "salient"  # used like an objective's name
CORPUS_RULES = (*OBJECTIVES, SALIENT)  # what `--objective` may be
ALL_SPANS = "+".join(SPAN_KINDS)
BY_SHAPE = SalientSpans(ALL_SPANS)
TARGETS = 32  # tokens: of 100 names, dates and numbers of the sample pages the longest has 20 by T5's vocabulary


@dataclass(frozen=True)
class SalientPairs(TextToText):
    """A pair for each salient span of a text, in the order of the text.

    A pair whose inputs or targets are too long is skipped, not cut: the mask or the answer would be lost. If the pairs
    of a text have more than `LONGEST_DOCUMENT` tokens, only the first whole pairs that fit are used.
    """

    spans: SalientSpans = BY_SHAPE

    def rows(self, sample: Sequence[Tokens]) -> float:
        if self.pack:
            return super().rows(sample)
        return sum(np.count_nonzero(tokens == EOS) for tokens in sample) / 2

    def scored(self, document: tuple[str, str] | str) -> str:
        assert isinstance(document, str)
        return "\n".join(span for _, span in self.spans.pairs(document))

    def encoder(self, tokenizer: StreamTokenizer) -> Encoder:
        return SpanEncoder(tokenizer, self.widths, self.spans)


@dataclass(frozen=True)
class SalientSentences(Denoising):
    """The sentences of each text that have a salient span, joined by spaces, under an objective."""

    spans: SalientSpans = BY_SHAPE

    def scored(self, document: str) -> str:
        return salient_text(self.spans, document)

    def encoder(self, tokenizer: StreamTokenizer) -> Encoder:
        return SentenceEncoder(tokenizer, self.spans)


def salient_text(spans: SalientSpans, text: str) -> str:
    """The part of a text that the control reads.

    >>> salient_text(SalientSpans(), "Fog lay on the river. Ada Lovelace died in 1852. It rained.")
    'Ada Lovelace died in 1852.'
    """
    return " ".join(sentence for sentence, _ in spans.sentences(text))


class SpanEncoder(NamedTuple):
    """Texts as the tokens of their pairs, concatenated: inputs, eos, targets, eos, inputs, ..."""

    tokenizer: StreamTokenizer
    widths: Widths
    spans: SalientSpans

    def encode(self, texts: Sequence[str]) -> list[Tokens]:
        pairs = [[*self.spans.pairs(text)] for text in texts]
        sides = iter(self.tokenizer.encode([side for found in pairs for pair in found for side in pair]))
        return [self._fitting([(next(sides), next(sides)) for _ in found]) for found in pairs]

    def _fitting(self, pairs: Sequence[tuple[Tokens, Tokens]]) -> Tokens:
        eos, pieces, room = np.array([EOS], np.int32), [np.empty(0, np.int32)], LONGEST_DOCUMENT
        for inputs, targets in pairs:
            if len(inputs) < self.widths.inputs and len(targets) < self.widths.targets:
                room -= len(inputs) + len(targets) + 2
                if room < 0:
                    break
                pieces += (inputs, eos, targets, eos)
        return np.concatenate(pieces)


class SentenceEncoder(NamedTuple):
    """Texts as the tokens of their sentences that have a salient span."""

    tokenizer: StreamTokenizer
    spans: SalientSpans

    def encode(self, texts: Sequence[str]) -> list[Tokens]:
        return self.tokenizer.encode([salient_text(self.spans, text) for text in texts])


def corpus_rule(
    objective: str,
    density: float | None,
    mean_span: float | None,
    spans: str | None,
    language: str,
    inputs: int,
    targets: int | None,
    pack: bool,
) -> Denoising | SalientPairs:
    """The rule, from settings, by which texts of a language become rows.

    `objective` is one of `CORPUS_RULES`, `spans` a source of `SalientSpans` or None for whole texts. The language
    decides how sentences are split. ConfigError for combinations that cannot work.
    """
    if objective == SALIENT:
        if density is not None or mean_span is not None:
            raise ConfigError(f"the objective {SALIENT} masks one span per row: leave out --density and --mean-span")
        return SalientPairs(
            inputs,
            TARGETS if targets is None else targets,
            pack,
            spans=SalientSpans(ALL_SPANS if spans is None else spans, language),
        )
    if objective not in OBJECTIVES:
        raise unknown("objective", objective, CORPUS_RULES)
    found = find_objective(objective, density, mean_span)
    if spans is not None:
        return SalientSentences(found, inputs, pack, SalientSpans(spans, language))
    return Denoising(found, inputs, pack)
