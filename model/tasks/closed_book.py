"""Closed-book questions, which a model answers from memory. Roberts, Raffel and Shazeer 2020, 2002.08910."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from model.tasks.base import UNLABELLED, DataRow, Format, Task, TaskExample, TaskLayout, filled_in, nested_column
from model.tasks.reading import accepted_texts

_SOURCE = "google-research t5_closed_book_qa: t5_cbqa/preprocessors.py, postprocessors.py, tasks.py"
_ANSWER = "answer:"


@dataclass(frozen=True)
class ByHeart(Format):
    """A question without a passage. The target is the first answer, and all answers are accepted."""

    prefix: str  # "nq question: "
    answers: str = "answers"  # its column: a list of strings, or TriviaQA's {"value": ..., "aliases": [...]}

    @property
    def columns(self) -> tuple[str, ...]:
        return ("question",)

    @property
    def answer_columns(self) -> tuple[str, ...]:
        return (self.answers,)

    def __call__(self, row: DataRow, training: bool) -> list[TaskExample]:
        inputs, found = self.prefix + row["question"], row.get(self.answers)
        if isinstance(found, Mapping) and "value" in found:
            accepted = [*(found.get("aliases") or [found["value"]])]
            # The Hub's test set marks hidden answers.
            known = found["value"] not in (None, "", "<unk>")
            return [TaskExample(inputs, found["value"], accepted) if known else TaskExample(inputs, UNLABELLED)]
        accepted = accepted_texts(found)
        return [TaskExample(inputs, accepted[0], accepted) if accepted else TaskExample(inputs, UNLABELLED)]


@dataclass(frozen=True)
class AllByHeart(Format):
    """Natural Questions with all short answers, and yes or no: "answer: Ada answer: Bob".

    Questions without an answer are skipped. The answer is one list per annotator, empty if that one gave no answer; the
    prediction is the list that was generated.
    """

    @property
    def columns(self) -> tuple[str, ...]:
        return ("question", "annotations")

    def __call__(self, row: DataRow, training: bool) -> list[TaskExample]:
        question, notes = row["question"], row["annotations"]
        yes_no = [_YES_NO[answer] for answer in nested_column(notes, "yes_no_answer")]
        short = [accepted_texts(answers) for answers in _each(notes)]
        given = [answer for answer in yes_no if answer] + [text for texts in short for text in texts]
        if not given:
            return []
        targets = " ".join(f"{_ANSWER} {text}" for text in given)
        answer = [[one] if one else texts for one, texts in zip(yes_no, short, strict=True)]
        text = question["text"] if isinstance(question, Mapping) else question
        return [TaskExample(filled_in("nq question: {text}", {"text": text}), targets, answer)]

    def read(self, written: str, example: TaskExample) -> list[str]:
        return [answer.strip() for answer in written.split(_ANSWER)[1:]]


_YES_NO = {-1: "", 0: "no", 1: "yes", "NONE": "", "NO": "no", "YES": "yes"}


def _each(notes: Any) -> list[Any]:
    """The short answers of each annotator: one list each or, as in TFDS, a table with a list for each."""
    if isinstance(notes, Mapping) and isinstance(notes["short_answers"], Mapping):
        return [*notes["short_answers"]["text"]]
    return nested_column(notes, "short_answers")


def trivia_rows(record: DataRow) -> Iterable[DataRow]:
    """A question of TriviaQA's own JSON with the Hub's column names."""
    if "Question" not in record:
        return [record]
    answer = record.get("Answer") or {}
    aliases = {"value": answer.get("Value"), "aliases": answer.get("Aliases")}
    return [{"question": record["Question"], "answer": aliases}]


CLOSED_BOOK: Sequence[Task] = (
    Task("nq_open", ByHeart("nq question: ", "answer"), ("squad",), source=_SOURCE),
    Task("nq", AllByHeart(), ("nq_multi",), source=_SOURCE),
    Task("webquestions", ByHeart("wq question: "), ("squad",), source=_SOURCE),
    Task(
        "triviaqa_open",
        ByHeart("trivia_qa question: ", "answer"),
        ("trivia_qa",),
        source=_SOURCE,
        layout=TaskLayout(unnest=trivia_rows),
    ),
)
