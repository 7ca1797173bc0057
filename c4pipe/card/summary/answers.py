"""The elements of the public summary: the template's questions, and their answers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from c4pipe.card.origin import formats_of
from c4pipe.card.published import Publication
from c4pipe.card.summary.content import Content


class Subject(NamedTuple):
    """What a summary describes."""

    manifest: Mapping[str, Any]
    content: Content
    published: Publication
    small: bool  # whether the publisher is a small or medium-sized firm

    @property
    def formats(self) -> list[str]:
        """The formats of the files that were read."""
        return formats_of(self.manifest)

    @property
    def mixed(self) -> bool:
        """Whether it was drawn from other corpora."""
        return "mixture" in self.manifest


class AnswerTable(NamedTuple):
    """Rows of text; `align` has ">" for each column of numbers."""

    head: tuple[str, ...]
    rows: Sequence[tuple[str, ...]]
    align: str = ""


class Reply(NamedTuple):
    """A question of the template with the corpus's answer, and what only its publisher can add."""

    asked: str
    said: tuple[str, ...] = ()  # paragraphs
    gap: str = ""  # to be filled in by hand, "" for nothing
    table: AnswerTable | None = None
    files: tuple[str, ...] = ()  # next to the page


class SummaryPart(NamedTuple):
    """A numbered part of the template."""

    number: str
    title: str
    answers: tuple[Reply, ...]
