"""The flow from the crawl into a corpus, and the losses on the way, by the ledger: in characters if it counts them, in
pages if an older build wrote it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import duckdb

from c4pipe.corpus.characters import EDITED
from c4pipe.facts.corpus import Corpus
from c4pipe.languages.named import NAMED

IN_CHARACTERS, IN_PAGES, IN_DOCUMENTS = "characters", "pages", "documents"
FELL, CUT, LATER_TAKEN = "whole pages", "cut from pages", "removed later"  # how it was lost
LANGUAGES_SHOWN = 12
_CALLED = {code: name.title() for name, code in reversed(NAMED.items())}  # the first of its names


class Outflow(NamedTuple):
    """What one reason dropped at a stage."""

    stage: str
    place: int  # of the stage in the preset, from 0
    code: str
    how: str  # one of FELL, CUT, EDITED, LATER_TAKEN
    amount: int  # negative for edits that made texts longer


class LanguageFlow(NamedTuple):
    """What a corpus has of one language."""

    code: str  # "" without language identification
    called: str  # in English, "" if unknown
    amount: int


class TextFlow(NamedTuple):
    """Everything that entered, in `unit`: the sum of what was lost and of what is in the corpus."""

    unit: str  # IN_CHARACTERS, IN_PAGES or IN_DOCUMENTS
    came: int
    stages: tuple[str, ...]
    lost: tuple[Outflow, ...]  # in the order of the stages, within each the largest first
    kept: tuple[LanguageFlow, ...]  # the largest first

    @property
    def read(self) -> str:
        """What entered, as a noun: an input holds records, some of which are not pages."""
        return "records" if self.unit == IN_PAGES else self.unit

    @property
    def left(self) -> int:
        """What is in the corpus."""
        return sum(language.amount for language in self.kept)

    @property
    def largest(self) -> list[Outflow]:
        """The three largest losses."""
        return sorted((loss for loss in self.lost if loss.amount > 0), key=lambda loss: -loss.amount)[:3]

    @property
    def languages_shown(self) -> list[LanguageFlow]:
        """The first `LANGUAGES_SHOWN`, and the others as one."""
        shown, others = [*self.kept[:LANGUAGES_SHOWN]], self.kept[LANGUAGES_SHOWN:]
        if len(others) == 1:
            return [*shown, *others]
        rest = sum(language.amount for language in others)
        return [*shown, LanguageFlow(f"{len(others)} others", "", rest)] if others else shown


def text_flow(corpus: Corpus, db: duckdb.DuckDBPyConnection) -> TextFlow | None:
    """The flow of a corpus; None if its manifest has no ledger, or if nothing was read. If the ledger counts
    characters, it reads the lengths of all texts, but no text."""
    rows = corpus.manifest.get("ledger", {}).get("stages", [])
    if not rows or not rows[0].get("in"):
        return None
    if any("characters" in row for row in rows):
        sql = "SELECT language, sum(length(text)) FROM pages GROUP BY ALL"
        return _of_characters(rows, {code: int(chars) for code, chars in db.execute(sql).fetchall()})
    unit = IN_DOCUMENTS if "mixture" in corpus.manifest else IN_PAGES
    return _of_pages(rows, corpus.stats.get("languages", {}), unit)


def _of_characters(rows: Sequence[Mapping[str, Any]], languages: Mapping[str, int]) -> TextFlow:
    lost = []
    for place, row in enumerate(rows):
        count = row.get("characters", {})  # absent if no page reached the stage
        found = [Outflow(row["stage"], place, code, FELL, n) for code, n in count.get("rejected", {}).items()]
        found += [Outflow(row["stage"], place, code, CUT, n) for code, n in count.get("dropped", {}).items()]
        found.append(Outflow(row["stage"], place, "edits and blanks", EDITED, count.get(EDITED, 0)))
        found.append(Outflow(row["stage"], place, "removed", LATER_TAKEN, count.get("removed", 0)))
        lost += _largest_first(found)
    came = next(row["characters"]["in"] for row in rows if "characters" in row)
    return _flow(IN_CHARACTERS, came, rows, lost, languages, came - sum(loss.amount for loss in lost))


def _of_pages(rows: Sequence[Mapping[str, Any]], languages: Mapping[str, int], unit: str) -> TextFlow:
    lost = []
    for place, row in enumerate(rows):
        found = [Outflow(row["stage"], place, code, FELL, n) for code, n in row["rejected"].items()]
        found.append(Outflow(row["stage"], place, "removed", LATER_TAKEN, row.get("removed", 0)))
        lost += _largest_first(found)
    left = rows[-1]["kept"] - rows[-1].get("removed", 0)
    return _flow(unit, rows[0]["in"], rows, lost, languages, left)


def _flow(
    unit: str,
    came: int,
    rows: Sequence[Mapping[str, Any]],
    lost: list[Outflow],
    languages: Mapping[str, int],
    left: int,
) -> TextFlow:
    """With the languages, if only they are left."""
    names = tuple(row["stage"] for row in rows)
    known = languages if sum(languages.values()) == left else {"": left}
    ranked = sorted(known.items(), key=lambda item: (-item[1], item[0]))
    kept = tuple(LanguageFlow(code, _CALLED.get(code, ""), n) for code, n in ranked if n)
    return TextFlow(unit, came, names, tuple(lost), kept)


def _largest_first(found: list[Outflow]) -> list[Outflow]:
    return sorted((loss for loss in found if loss.amount), key=lambda loss: (-loss.amount, loss.code))
