"""All studies by name."""

from __future__ import annotations

from model.errors import unknown
from model.study.base import Study
from model.study.closed_book import CLOSED_BOOK_STUDY
from model.study.finetuning import FINETUNING
from model.study.languages import LANGUAGES
from model.study.pretraining import PRETRAINING

STUDIES: dict[str, Study] = {study.name: study for study in (*PRETRAINING, *FINETUNING, CLOSED_BOOK_STUDY, LANGUAGES)}


def find_study(name: str) -> Study:
    """The study of that name; ConfigError with the closest ones if there is none."""
    if name not in STUDIES:
        raise unknown("study", name, STUDIES)
    return STUDIES[name]


def studies_table() -> str:
    """All studies as a Markdown table."""
    rows = [f"| `{study.name}` | {study.question} | {study.paper_table.number} |" for study in STUDIES.values()]
    return "\n".join(["| study | question | the paper's tables |", "| --- | --- | --- |", *rows])
