"""Scores a T5 on tasks: it generates an answer to each input, and the task's metrics score it.

examples --write_answers--> texts --score_examples--> {"accuracy": 87.5}
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from model.decode import Writer, beam_search, greedy
from model.ids import PAD
from model.source import TextToText
from model.t5 import padding
from model.tasks import METRICS, Task, TaskExample
from model.tokens import Tokenizer

TOKENS_AT_ONCE = 8_192  # input tokens with padding, over all beams: fastest on two cores, and fits any GPU

SCORE_COLUMNS = ("step", "task", "split", "metric", "value", "examples")


class TaskScore(NamedTuple):
    """A row of a table of scores, without its step."""

    task: str
    split: str
    metric: str
    value: float
    examples: int


def write_answers(
    model: Writer, tokenizer: Tokenizer, texts: Sequence[str], rule: TextToText, beams: int = 1, bf16: bool = False
) -> list[str]:
    """The output of a model in eval mode for each text, greedily or with so many beams.

    Inputs are cut and ended as the rule says, and an answer has at most as many tokens as the targets. Texts of similar
    length share a batch; the batch affects only the last bits of a text's logits.
    """
    device = next(model.parameters()).device
    rows = rule.pairs(tokenizer).inputs(texts)
    written = [""] * len(texts)
    for numbers in batches_by_length([len(row) for row in rows], TOKENS_AT_ONCE // beams):
        inputs = torch.full((len(numbers), max(len(rows[number]) for number in numbers)), PAD, dtype=torch.int64)
        for place, number in enumerate(numbers):
            inputs[place, : len(rows[number])] = torch.from_numpy(rows[number])
        with torch.autocast(device.type, torch.bfloat16, enabled=bf16):
            found = _decoded(model, inputs.to(device), rule.targets_length, tokenizer.vocabulary.size, beams)
        for number, ids in zip(numbers, found.tolist(), strict=True):
            written[number] = tokenizer.decode(ids)
    return written


def _decoded(model: Writer, inputs: Tensor, length: int, vocabulary: int, beams: int) -> Tensor:
    segments = padding(inputs)
    if beams == 1:
        return greedy(model, inputs, length, segments, vocabulary)
    return beam_search(model, inputs, length, segments, vocabulary, beams=beams)


def batches_by_length(lengths: Sequence[int], most: int) -> Iterator[list[int]]:
    """Row numbers in batches of at most `most` tokens with padding; a longer row gets its own batch.

    >>> [*batches_by_length([3, 9, 2, 3], most=9)]
    [[2, 0, 3], [1]]
    """
    batch: list[int] = []
    for number in sorted(range(len(lengths)), key=lambda number: lengths[number]):
        if batch and lengths[number] * (len(batch) + 1) > most:
            yield batch
            batch = []
        batch.append(number)
    if batch:
        yield batch


def score_examples(task: Task, split: str, examples: Sequence[TaskExample], written: Sequence[str]) -> list[TaskScore]:
    """The metrics of a task over the labelled examples, in the task's order."""
    answered = [(one, text) for one, text in zip(examples, written, strict=True) if one.answer is not None]
    answers = [example.answer for example, _ in answered]
    predictions = [task.read(text, example) for example, text in answered]
    values: dict[str, float] = {}
    for name in task.metrics:
        values |= METRICS[name](answers, predictions)
    return [TaskScore(task.name, split, metric, value, len(answers)) for metric, value in values.items()]
