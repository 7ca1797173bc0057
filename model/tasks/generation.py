"""Translation and summaries: WMT's three pairs and CNN/DailyMail, as in T5."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from model.tasks.base import UNLABELLED, DataRow, Format, Task, TaskExample, TaskLayout, Template, filled_in

_SOURCE = "PyPI t5 0.9.4: data/preprocessors.py (translate, summarize), data/tasks.py; names of languages by CLDR"
BEAMS = 4  # with length penalty 0.6: models/gin/beam_search.gin

LANGUAGE_NAMES = {
    "ar": "Arabic",
    "cs": "Czech",
    "de": "German",
    "en": "English",
    "es": "Spanish",
    "et": "Estonian",
    "fi": "Finnish",
    "fr": "French",
    "gu": "Gujarati",
    "hi": "Hindi",
    "it": "Italian",
    "ja": "Japanese",
    "kk": "Kazakh",
    "ko": "Korean",
    "lt": "Lithuanian",
    "lv": "Latvian",
    "nl": "Dutch",
    "pl": "Polish",
    "pt": "Portuguese",
    "ro": "Romanian",
    "ru": "Russian",
    "tr": "Turkish",
    "uk": "Ukrainian",
    "zh": "Chinese",
}


@dataclass(frozen=True)
class Translation(Format):
    """Translation between two languages; their codes are the columns.

    >>> [*Translation("en", "de")({"en": "That is good.", "de": "Das ist gut."}, training=True)]
    [TaskExample(inputs='translate English to German: That is good.', targets='Das ist gut.', answer='Das ist gut.')]
    """

    origin: str
    target: str

    @property
    def columns(self) -> tuple[str, ...]:
        return (self.origin,)

    @property
    def answer_columns(self) -> tuple[str, ...]:
        return (self.target,)

    def __call__(self, row: DataRow, training: bool) -> list[TaskExample]:
        names = (LANGUAGE_NAMES[code[:2]] for code in (self.origin, self.target))
        inputs, targets = f"translate {' to '.join(names)}: ", row.get(self.target)
        inputs += filled_in(f"{{{self.origin}}}", row)
        return [TaskExample(inputs, UNLABELLED) if targets is None else TaskExample(inputs, targets, targets)]


def translation_rows(record: DataRow) -> Iterable[DataRow]:
    """The texts of the Hub's column `translation` as separate columns; a flat row stays."""
    nested = record.get("translation")
    return [nested] if isinstance(nested, Mapping) else [record]


def _wmt(name: str, target: str) -> Task:
    layout = TaskLayout(unnest=translation_rows)
    return Task(name, Translation("en", target), ("bleu",), beams=BEAMS, source=_SOURCE, layout=layout)


GENERATION: Sequence[Task] = (
    _wmt("wmt_ende", "de"),
    _wmt("wmt_enfr", "fr"),
    _wmt("wmt_enro", "ro"),
    Task("cnn_dailymail", Template("summarize: {article}", "{highlights}"), ("rouge",), beams=BEAMS, source=_SOURCE),
)
