"""One page for display: raw next to kept, the cuts and their reasons, and explanations of missing parts."""

from __future__ import annotations

import re
from typing import NamedTuple

import duckdb

from c4pipe.corpus.plan import KEPT
from c4pipe.dedup.claims import owner_of, page_priority
from c4pipe.errors import C4Error
from c4pipe.facts.corpus import Corpus
from c4pipe.inspect.explain import Explanation, Recorded, Segment
from c4pipe.inspect.moved import StrongestWords, strongest_words
from c4pipe.inspect.output import as_text
from c4pipe.inspect.serve.judging import Judges, hues
from c4pipe.inspect.serve.records import Record, kept_of, raw_of
from c4pipe.inspect.serve.repeats import lines_with
from c4pipe.inspect.serve.shown import LONGEST_PIECE, MOST_LINES, Line, as_kept, lines_of, plain_lines
from c4pipe.page import Dropped, Page
from c4pipe.stages import Identify
from c4pipe.text.urls import as_read, stand_in

_OWNER = re.compile(r"[0-9a-f]{16}")


# Fields of a page that the template places itself.
_PLACED = {"url", "text", "timestamp", "source", "language", "language_score", "language_votes", "extra"}


class View(NamedTuple):
    """The content of a page view."""

    page: Page
    stage: str  # that rejected it; "" for a kept page
    reason: str
    detail: str
    says: str  # the reason in words, with the thresholds of the judging preset
    explanation: Explanation | None
    lines: list[Line]  # raw, if available
    beside: bool  # the kept text is what is left of each line, so it is shown next to it
    text: list[Line]  # the kept text alone, if it is not
    hidden: int  # number of omitted lines
    hues: dict[str, int]
    notes: list[str]
    marked: list[int]  # numbers of the lines that contain the text to be marked

    @property
    def first_left(self) -> int:
        """The number of the first line that is not completely cut, if an earlier one is; else 0."""
        cut, left = ([line.number for line in self.lines if bool(line.gone) == gone] for gone in (True, False))
        left = [number for number in left if self.lines[number - 1].kept]
        return left[0] if cut and left and cut[0] < left[0] else 0

    @property
    def language(self) -> str:
        """The language of its text, if the build has recorded it."""
        return self.detail if self.reason == Identify.OTHER.code else self.page.language

    @property
    def moved(self) -> list[StrongestWords]:
        """The words that moved its scores."""
        return [*map(strongest_words, self.explanation.moved)] if self.explanation else []

    @property
    def columns(self) -> list[tuple[str, str]]:
        """Columns without a place of their own on the page, with their values; without empty ones."""
        values = {name: value for name, value in self.page._asdict().items() if name not in _PLACED}
        values.update(self.page.extra)
        return [(name, as_text(value)[:LONGEST_PIECE]) for name, value in values.items() if value not in ("", None)]


def view(cursor: duckdb.DuckDBPyConnection, corpus: Corpus, judges: Judges, record: Record, mark: str = "") -> View:
    """The page with the build's record, and the current verdict of the rules; `mark` is a text to mark on it."""
    raw: Record | None = record
    kept = record if not record.reason else kept_of(cursor, record.page.source) if record.reason == KEPT else None
    if not record.reason:
        raw = raw_of(cursor, corpus, record.page.source)
    notes = [] if raw else [_why_alone(corpus)]
    explanation = None
    if raw is not None:
        try:
            dropped = [Dropped(d["reason"], d["line"], d.get("owner") or "") for d in raw.dropped]
            then = Recorded(raw.stage, raw.reason, raw.detail)
            explanation = judges.explain(judges.own, raw.page, dropped, then)
        except C4Error as error:
            notes.append(f"The rules cannot be run on this page again: {error}")
    segments = explanation.lines if explanation else _segments(raw.page.text) if raw else []
    left = kept.page.text if kept else explanation.text if explanation else ""
    outcome = (record.stage, record.reason or KEPT, record.detail)
    notes += _changed(judges, raw, kept, explanation)
    own = _own_code(raw.page) if raw else ""
    return _drawn((kept or record).page, outcome, segments, left, explanation, notes, own, mark)


def judged(explanation: Explanation) -> View:
    """A page from a user's question, which no build has seen."""
    stage, reason = explanation.stage, explanation.reason
    detail = next((rule.detail for rule in explanation.tried if (rule.stage, rule.code) == (stage, reason)), "")
    own = _own_code(explanation.page)
    return _drawn(explanation.page, (stage, reason, detail), explanation.lines, explanation.text, explanation, [], own)


def _drawn(
    page: Page,
    outcome: tuple[str, str, str],
    segments: list[list[Segment]],
    left: str,
    explanation: Explanation | None,
    notes: list[str],
    own: str,
    mark: str = "",
) -> View:
    """Raw lines next to what is left of them. If that cannot be determined line by line, the kept text is shown
    separately."""
    beside = bool(segments) and as_kept(segments, left)
    text = plain_lines(left) if not beside and outcome[1] == KEPT else []
    hidden = max(0, len(segments) - MOST_LINES, len(text) - MOST_LINES)
    colours = hues(explanation) if explanation else {}
    tried = explanation.tried if explanation else []
    says = next((rule.words for rule in tried if (rule.stage, rule.code) == outcome[:2]), "")
    lines, text = lines_of(segments, own), text[:MOST_LINES]
    shown = ["".join(piece.text for piece in line.pieces) for line in lines] or [line.kept for line in text]
    marked = lines_with(shown, mark)
    return View(page, *outcome, says, explanation, lines, beside, text, hidden, colours, notes, marked)


def _own_code(page: Page) -> str:
    """The code under which a page owns text."""
    return owner_of(page_priority(stand_in(as_read(page))))


def _segments(text: str) -> list[list[Segment]]:
    return [[Segment(line)] for line in text.split("\n")]


def _why_alone(corpus: Corpus) -> str:
    if "mixture" in corpus.manifest:
        return "A mixture keeps no raw pages: look at this page in the corpus that it was drawn from."
    if not corpus.rejected:
        return "This corpus was built without a table of rejected pages, so pages as they were read are not kept."
    return (
        "Only the kept text is shown: the build keeps the raw text of a sample of its pages, and this one is not in "
        "it. A build that keeps all rejected pages keeps every one."
    )


def _changed(judges: Judges, raw: Record | None, kept: Record | None, explanation: Explanation | None) -> list[str]:
    """The differences between the rules' current verdict and that of the build."""
    if raw is None or explanation is None:
        return []
    notes = []
    if explanation.now is not None:
        then, now = (f"{stage}/{reason}".strip("/") for stage, reason in ((raw.stage, raw.reason), explanation.now[:2]))
        notes.append(f"The build says {then}; with the rules and files here it is {now}.")
    elif kept is not None and judges.veiled(kept.page.text) != explanation.text:
        notes.append("With the rules and files here, different text would be kept.")
    return notes + (judges.differences if notes else [])


def is_owner(name: str) -> bool:
    """Whether it may be the code of an owner: the first 16 hexadecimal digits of an MD5."""
    return bool(_OWNER.fullmatch(name))
