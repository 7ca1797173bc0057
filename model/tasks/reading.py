"""Questions on a passage: SQuAD 1.1, and TriviaQA with its pages. Punctuation is separated in all texts.

>>> [*SQUAD.format({"question": "Who?", "context": "It was Ada.", "answers": {"text": ["Ada"]}}, training=True)]
[TaskExample(inputs='question: Who ? context: It was Ada . ', targets='Ada', answer=['Ada'])]
"""

from __future__ import annotations

import re
import string
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from model.tasks.base import UNLABELLED, DataRow, Format, Task, TaskExample, TaskLayout, TaskLengths, nested_column

_SOURCE = "PyPI t5 0.9.4: data/preprocessors.py (squad, trivia_qa), models/gin/sequence_lengths/squad_v010_allanswers"
_APART = {ord(mark): f" {mark} " for mark in string.punctuation}  # [[:punct:]] of RE2: ASCII only
_BLANKS = re.compile("[\t\n\f\r ]+")  # \s of RE2, which has no other


def one_blank(text: str) -> str:
    """The text with every run of white space as one space."""
    return _BLANKS.sub(" ", text)


def padded_ascii(text: str) -> str:
    """The text with ASCII punctuation between single spaces.

    >>> padded_ascii("It's  (almost) done.")
    "It ' s ( almost ) done . "
    """
    return one_blank(text.translate(_APART))


@dataclass(frozen=True)
class Extractive(Format):
    """SQuAD and its kin: a question and the passage that holds the answer. The target is the first answer given."""

    pad: Callable[[str], str] = padded_ascii
    ids: str = ""  # rows whose id begins otherwise are skipped: TyDiQA's ids name the language

    @property
    def columns(self) -> tuple[str, ...]:
        return ("question", "context", "id") if self.ids else ("question", "context")

    @property
    def answer_columns(self) -> tuple[str, ...]:
        return ("answers",)

    def __call__(self, row: DataRow, training: bool) -> list[TaskExample]:
        if self.ids and not str(row["id"]).startswith(self.ids):
            return []
        inputs = one_blank(f"question: {self.pad(row['question'])} context: {self.pad(row['context'])}")
        answers = [self.pad(answer) for answer in accepted_texts(row.get("answers"))]
        return [TaskExample(inputs, answers[0], answers) if answers else TaskExample(inputs, UNLABELLED)]


def accepted_texts(answers: Any) -> list[str]:
    """The texts of answers, given as {"text": [...]}, [{"text": ...}, ...] or strings; empty for None."""
    if isinstance(answers, str):
        return [answers]
    plain = isinstance(answers, Sequence) and all(isinstance(answer, str) for answer in answers)
    return [*answers] if plain else nested_column(answers, "text")


@dataclass(frozen=True)
class Pages(Format):
    """TriviaQA with context: an example for each page and each alias in it.

    All pages count, those of Wikipedia first, then those from search. T5 cuts a long input around the answer, by
    tokens; here it is cut at its end, like all inputs.
    """

    @property
    def columns(self) -> tuple[str, ...]:
        return ("question",)

    @property
    def answer_columns(self) -> tuple[str, ...]:
        return ("answer",)

    def __call__(self, row: DataRow, training: bool) -> Iterable[TaskExample]:
        aliases = [padded_ascii(alias) for alias in (row.get("answer") or {}).get("normalized_aliases", ())]
        pages = [
            *nested_column(row.get("entity_pages"), "wiki_context"),
            *nested_column(row.get("search_results"), "search_context"),
        ]
        question = padded_ascii(row["question"])
        for page in map(padded_ascii, pages):
            inputs = one_blank(f"question: {question} context: {page}")
            if not aliases:
                yield TaskExample(inputs, UNLABELLED)
            for alias in aliases:
                if _stands_in(alias, page):
                    yield TaskExample(inputs, alias, aliases)


def _stands_in(alias: str, page: str) -> bool:
    """Searches as T5 does: the alias is an unescaped part of an RE2 pattern, and only A to Z are lower-cased."""
    import re2  # imported here, so that the table of tasks loads fast

    try:
        return re2.fullmatch(f".*{_small(alias)}.*", _small(page)) is not None
    except re2.error:
        return _small(alias) in _small(page)  # an invalid pattern, on which T5 fails


def _small(text: str) -> str:
    return text.encode().lower().decode()  # for bytes, only ASCII letters change


def article_rows(record: DataRow) -> Iterable[DataRow]:
    """An article of SQuAD's JSON with its paragraphs and their questions, as rows; a flat row stays."""
    if "paragraphs" not in record:
        return [record]
    return [
        {
            "id": question.get("id", ""),
            "title": record.get("title", ""),
            "context": paragraph["context"],
            "question": question["question"],
            "answers": question.get("answers"),
        }
        for paragraph in record["paragraphs"]
        for question in paragraph["qas"]
    ]


ARTICLES = TaskLayout(unnest=article_rows)
SQUAD = Task("squad", Extractive(), ("squad",), TaskLengths(512, 97), source=_SOURCE, layout=ARTICLES)
PASSAGES: Sequence[Task] = (SQUAD, Task("triviaqa", Pages(), ("trivia_qa",), source=_SOURCE))
