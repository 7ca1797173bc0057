"""The tasks of mT5: XNLI, PAWS-X, TyDiQA, XQuAD, MLQA and WikiAnn's names. Xue et al. 2021, 2010.11934.

`xnli` uses all languages of its files; `xnli/de` only German rows, if rows name their language. PAWS-X, XQuAD and
WikiAnn have separate files per language: `pawsx/de=PATH` is `pawsx` under that name.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from model.tasks.base import (
    UNLABELLED,
    DataRow,
    Format,
    Task,
    TaskExample,
    TaskLayout,
    TaskLengths,
    filled_in,
    labelled,
    nested_column,
)
from model.tasks.glue import feature_task
from model.tasks.reading import ARTICLES, Extractive, one_blank

_SOURCE = "google-research/multilingual-t5: preprocessors.py, tasks.py, gin/sequence_lengths"
CLASSES, SPANS = TaskLengths(1024, 128), TaskLengths(1024, 512)
_NUMBERS = {"entailment": 0, "neutral": 1, "contradiction": 2, "contradictory": 2}
_XNLI_INPUTS = "xnli: premise: {premise} hypothesis: {hypothesis}"
TAGS = ("O", "B-PER", "I-PER", "B-ORG", "I-ORG", "B-LOC", "I-LOC")  # the order of the Hub's numbers


class _Apart(dict[int, str]):
    """Maps every character other than letters, numbers, marks, underscore and white space to itself between spaces, on
    demand.
    """

    def __missing__(self, code: int) -> str:
        char = chr(code)
        whole = char in "_\t\n\f\r " or unicodedata.category(char)[0] in "LNM"
        self[code] = char if whole else f" {char} "
        return self[code]


_APART = _Apart()


def padded_anywhere(text: str) -> str:
    """Puts punctuation of all scripts between spaces; accents stay with their letters.

    >>> padded_anywhere("¿Está (aquí)?")
    ' ¿ Está ( aquí ) ? '
    """
    return one_blank(text.translate(_APART))


@dataclass(frozen=True)
class Xnli(Format):
    """XNLI: rows of one language; or nested rows of all languages: {"de": ...} and {"language", "translation"}."""

    language: str = ""  # "": all
    labels: tuple[str, ...] = ("0", "1", "2")

    @property
    def columns(self) -> tuple[str, ...]:
        return ("premise", "hypothesis")

    @property
    def answer_columns(self) -> tuple[str, ...]:
        return ("label",)

    def __call__(self, row: DataRow, training: bool) -> Iterable[TaskExample]:
        label = row.get("label")
        for language, premise, hypothesis in _translations(row):
            if not self.language or not language or language == self.language:
                text = filled_in(_XNLI_INPUTS, {"premise": premise, "hypothesis": hypothesis})
                yield labelled(text, _NUMBERS.get(str(label), label), self.labels)


def _translations(row: DataRow) -> Iterable[tuple[str, str, str]]:
    """(language or "", premise, hypothesis) of each language of a row."""
    premise, hypothesis = row["premise"], row["hypothesis"]
    if isinstance(premise, Mapping):
        languages, texts = (nested_column(hypothesis, name) for name in ("language", "translation"))
        translated = zip(languages, texts, strict=True)
        return [(language, premise[language], text) for language, text in translated]
    return [(row.get("language") or "", premise, hypothesis)]


@dataclass(frozen=True)
class Names(Format):
    """WikiAnn: the names in a sentence with their kinds: "PER: Ada Byron $$ LOC: London"; "" if there are none.

    They are in `spans`, or in `ner_tags`: words or numbers of `TAGS`.
    """

    @property
    def columns(self) -> tuple[str, ...]:
        return ("tokens",)

    def __call__(self, row: DataRow, training: bool) -> list[TaskExample]:
        inputs = f"tag: {' '.join(row['tokens'])}"
        spans, tags = row.get("spans"), row.get("ner_tags", row.get("tags"))
        if spans is None and tags is None:
            return [TaskExample(inputs, UNLABELLED)]
        targets = " $$ ".join(spans if spans is not None else _spans(row["tokens"], tags))
        return [TaskExample(inputs, targets, targets)]


def _spans(tokens: Sequence[str], tags: Sequence[Any]) -> list[str]:
    """Each run of a B- and its I-, such as "PER: Ada Byron". An I- without a B- starts a run.

    >>> _spans(["Ada", "Byron", "in", "London"], [1, 2, 0, 5])
    ['PER: Ada Byron', 'LOC: London']
    """
    found: list[str] = []
    before = "O"
    for token, tag in zip(tokens, [TAGS[tag] if isinstance(tag, int) else tag for tag in tags], strict=True):
        if tag.startswith("I-") and before[2:] == tag[2:]:
            found[-1] += f" {token}"
        elif tag != "O":
            found.append(f"{tag[2:]}: {token}")
        before = tag
    return found


_XNLI = TaskLayout(
    (("sentence1", "premise"), ("sentence2", "hypothesis"), ("hypo", "hypothesis"), ("gold_label", "label"))
)
_XNLI_LANGUAGES = ["ar", "bg", "de", "el", "en", "es", "fr", "hi", "ru", "sw", "th", "tr", "ur", "vi", "zh"]
_TYDIQA_LANGUAGES = {
    "ar": "arabic",
    "bn": "bengali",
    "en": "english",
    "fi": "finnish",
    "id": "indonesian",
    "ko": "korean",
    "ru": "russian",
    "sw": "swahili",
    "te": "telugu",
}
_MLQA_LANGUAGES = ["ar", "de", "en", "es", "hi", "vi", "zh"]


def _asked(name: str, metric: str = "squad", ids: str = "", layout: TaskLayout = ARTICLES) -> Task:
    return Task(name, Extractive(padded_anywhere, ids), (metric,), SPANS, source=_SOURCE, layout=layout)


def _mlqa(code: str) -> Task:
    """Question and context in one language: of MLQA's 49 pairs, mT5 uses these."""
    layout = replace(ARTICLES, only=(f"context-{code}-question-{code}",))
    return _asked(f"mlqa/{code}", f"mlqa_{code}", layout=layout)


MT5: Sequence[Task] = (
    *(
        Task(f"xnli/{code}".removesuffix("/"), Xnli(code), ("accuracy",), CLASSES, source=_SOURCE, layout=_XNLI)
        for code in ("", *_XNLI_LANGUAGES)
    ),
    feature_task(
        "pawsx",
        ("sentence1", "sentence2"),
        ("different_meaning", "paraphrase"),
        ("accuracy",),
        prefix="paws",
        lengths=CLASSES,
        source=_SOURCE,
    ),
    _asked("tydiqa"),
    *(_asked(f"tydiqa/{code}", ids=f"{name}-") for code, name in _TYDIQA_LANGUAGES.items()),
    _asked("xquad"),
    _asked("mlqa"),
    *map(_mlqa, _MLQA_LANGUAGES),
    Task("ner", Names(), ("span_f1",), SPANS, source=_SOURCE),
)
