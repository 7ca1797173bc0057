"""Testing a model for passages as the papers do.

A run trained to restore text gets a passage under its own corruption (T5's hides 15 %), and must write every hidden
token. A language model gets the beginning, and must continue greedily with the last tokens (Carlini et al. 2022).
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

MASK_SEED = 0  # seed of the corruption, with the passage's key: every run is tested on the same places
WRITING = (LM.name, PrefixLM.name)  # objectives of runs that continue a text
LONGEST_CONTINUATION = 50  # tokens; Carlini et al. 2022

TokenRow = NDArray[np.int32]


class PassageQuestion(NamedTuple):
    """The input of a model, and the expected output, without pad."""

    inputs: TokenRow
    answer: TokenRow


class Answered(NamedTuple):
    """The result of a model."""

    asked: int  # tokens
    right: int  # of these, correct tokens in the right place

    @property
    def whole(self) -> bool:
        """Whether every token was reproduced."""
        return self.right == self.asked


class Asking(NamedTuple):
    """How a run is tested."""

    objective: Objective
    inputs: int  # longest inputs, in tokens
    tokens: int  # most tokens of a continuation

    @property
    def continues(self) -> bool:
        """Whether it must continue a text, instead of restoring hidden tokens."""
        return self.objective.name in WRITING

    def question(self, ids: TokenRow, key: int, vocabulary: Vocabulary) -> PassageQuestion | None:
        """The question for a passage with these tokens; None if it is too short."""
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
    """How a run with these settings is tested: by its own objective, or by T5's if it saw only salient spans.

    ConfigError for a run that cannot be tested.
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
    """(number of the question, result, output) for each, in batches of similar length."""
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
    """The number of text tokens of the answer in the right place; sentinels and eos do not count, and after a missing
    sentinel all later tokens are in the wrong place.
    """
    answer = question.answer
    there = np.zeros(len(answer), np.int64)
    there[: len(written)] = written[: len(answer)]
    text = (answer != vocabulary.eos) & (answer < vocabulary.first_sentinel)
    return Answered(int(text.sum()), int((text & (there == answer)).sum()))
