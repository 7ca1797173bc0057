"""Asking a model for passages as the papers do.

A run that was trained to restore text gets a passage under its own corruption, T5's hides 15 %, and must write every
hidden token. A language model gets the beginning and must go on with the last tokens, greedily (Carlini et al. 2022).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray

from model.decode import greedy
from model.errors import ConfigError
from model.ids import PAD
from model.objectives import LM, Objective, PrefixLM, SpanCorruption, Vocabulary, chunk_rng
from model.scoring import TOKENS_AT_ONCE, batches_by_length
from model.settings import TrainSettings
from model.source import Denoising
from model.t5 import T5, padding
from model.tokens import Tokenizer

MASK_SEED = 0  # of the corruption, with the key of the passage: every run is asked for the same places of its tokens
WRITING = (LM.name, PrefixLM.name)  # objectives of runs that go on with a text
LONGEST_CONTINUATION = 50  # tokens; Carlini et al. 2022

TokenRow = NDArray[np.int32]


class PassageQuestion(NamedTuple):
    """What a model reads, and what it has to write, without pad."""

    inputs: TokenRow
    answer: TokenRow


class Answered(NamedTuple):
    """How a model did."""

    asked: int  # tokens
    right: int  # of these the ones that stand where they should

    @property
    def whole(self) -> bool:
        """Whether every token came out."""
        return self.right == self.asked


class Asking(NamedTuple):
    """How a run is asked."""

    objective: Objective
    inputs: int  # longest inputs, in tokens
    tokens: int  # of a continuation, at most

    @property
    def continues(self) -> bool:
        """Whether it is asked for a continuation, and not for what is hidden."""
        return self.objective.name in WRITING

    def question(self, ids: TokenRow, key: int, vocabulary: Vocabulary) -> PassageQuestion | None:
        """Of a passage of these tokens; None for one that is too short."""
        chunk = ids[: self.objective.lengths(self.inputs).chunk]
        if self.continues:
            count = min(self.tokens, len(chunk) // 2)
            eos = np.array([vocabulary.eos], np.int32)
            parts = (eos, chunk[:-count]) if isinstance(self.objective, LM) else (chunk[:-count], eos)
            return PassageQuestion(np.concatenate(parts), chunk[-count:]) if count else None
        if len(chunk) < self.objective.shortest:
            return None
        made = self.objective(chunk[None], [chunk_rng(MASK_SEED, key)], vocabulary, self.inputs)
        return PassageQuestion(*(row[0][row[0] != vocabulary.pad] for row in made))


def asking_of(settings: TrainSettings, has_encoder: bool, tokens: int) -> Asking:
    """How a run of these settings is asked: by its own objective; by T5's where it has seen salient spans alone.

    ConfigError for what cannot be asked.
    """
    rule = settings.rule_of("en")
    objective = rule.objective if isinstance(rule, Denoising) else SpanCorruption()
    if isinstance(objective, LM) and has_encoder:
        raise ConfigError(
            f"{settings.run}: a language model with an encoder reads nothing, so it cannot be asked to continue a "
            "text. Train a --architecture decoder-lm, or another --objective."
        )
    return Asking(objective, settings.inputs, tokens)


def ask_passages(
    model: T5, tokenizer: Tokenizer, questions: Sequence[PassageQuestion], at_once: int = TOKENS_AT_ONCE
) -> Iterator[tuple[int, Answered, str]]:
    """(number of the question, how it was answered, what was written) for each, in batches of like length."""
    device = next(model.parameters()).device
    lengths = [len(question.inputs) + len(question.answer) for question in questions]
    for numbers in batches_by_length(lengths, at_once):
        mine = [questions[number] for number in numbers]
        inputs = torch.full((len(mine), max(len(one.inputs) for one in mine)), PAD, dtype=torch.int64)
        for row, one in zip(inputs, mine, strict=True):
            row[: len(one.inputs)] = torch.from_numpy(one.inputs)
        inputs = inputs.to(device)
        length = max(len(one.answer) for one in mine)
        written = greedy(model, inputs, length, padding(inputs), tokenizer.vocabulary.size).cpu().numpy()
        for number, one, ids in zip(numbers, mine, written, strict=True):
            yield (
                number,
                tokens_right(one, ids, tokenizer.vocabulary),
                tokenizer.decode(ids[: len(one.answer)].tolist()),
            )


def tokens_right(question: PassageQuestion, written: NDArray[Any], vocabulary: Vocabulary) -> Answered:
    """How many tokens of text in the answer were written at their place; sentinels and eos are no text, and where one
    is missing all behind it stand elsewhere."""
    answer = question.answer
    there = np.zeros(len(answer), np.int64)
    there[: len(written)] = written[: len(answer)]
    text = (answer != vocabulary.eos) & (answer < vocabulary.first_sentinel)
    return Answered(int(text.sum()), int((text & (there == answer)).sum()))
