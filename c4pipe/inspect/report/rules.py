"""Every rule of the preset with what it dropped, and sampled pages from which it dropped it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from c4pipe.corpus.ledger import LOST_AS
from c4pipe.errors import C4Error
from c4pipe.facts.corpus import Corpus
from c4pipe.inspect.rebuild import preset_of
from c4pipe.inspect.report.marks import ExcerptLine, excerpt
from c4pipe.inspect.report.queries import SampledPage
from c4pipe.inspect.report.scored import TellMoved, words_of_scores
from c4pipe.page import Unit

SAMPLES_SHOWN = 3  # pages shown per rule
_BESIDE = (
    "rule",
    "reason",
    "source",
    "level",
    "class",
    "in",
    "columns",
)  # keys of a description that are not thresholds


class ShownSample(NamedTuple):
    """A sampled page: its origin, its outcome, and the lines that explain it."""

    url: str
    source: str
    outcome: str  # "rejected", or "kept" with less text, or rejected "for few_words"
    detail: str
    lines: list[ExcerptLine]
    moved: str = ""  # the words that moved the score for which it was dropped


class RuleRow(NamedTuple):
    """A rule, or a reason that a stage gives without one."""

    code: str  # "" for an edit, which drops nothing
    name: str
    words: str
    unit: str  # what is counted: page, line, sentence, or "noted" for a page that was kept nevertheless
    thresholds: list[tuple[str, Any]]
    source: str
    took: int
    of: int  # such units that reached it; 0 if they are not counted
    emptied: int  # lines dropped with their last sentence or passage
    samples: list[ShownSample]


class RuledStage(NamedTuple):
    """A stage of the preset with its rules in order."""

    name: str
    kind: str
    entered: int
    kept: int
    thresholds: list[tuple[str, Any]]  # of the stage itself
    rules: list[RuleRow]


_Words = Mapping[
    tuple[str, str], tuple[str, str, bool]
]  # (stage, code) -> in words, unit, whether a detail quotes the page
_Samples = Mapping[tuple[str, str], Sequence[SampledPage]]


def ruled_stages(corpus: Corpus, samples: _Samples) -> tuple[list[RuledStage], list[str]]:
    """The stages of the manifest, and how the current rules differ from those that built the corpus."""
    words, changed = _words(corpus)
    counts = {stage["stage"]: stage for stage in corpus.manifest.get("ledger", {}).get("stages", [])}
    said = corpus.manifest["preset"].get("stages", [])
    moved = words_of_scores(corpus)
    return [_stage(row, counts[row["stage"]], words, samples, moved) for row in said if row["stage"] in counts], changed


def _words(corpus: Corpus) -> tuple[_Words, list[str]]:
    try:
        preset, changed = preset_of(corpus)
    except C4Error as error:  # an unavailable user-supplied preset or rule: only its codes are known
        return {}, [str(error)] if corpus.manifest["preset"].get("stages") else []
    found = {
        (stage.name, told.code): (told.words, told.unit.value, stage.quotes)
        for stage in preset.stages
        for told in stage.told()
    }
    return found, changed


def _stage(
    row: dict[str, Any], count: dict[str, Any], words: _Words, samples: _Samples, moved: TellMoved
) -> RuledStage:
    rules = [_rule(row, count, said, words, samples, moved) for said in _in_order(row)]
    own = row.get("level", row)
    beside = (*_BESIDE, "stage", "kind", "rules", "reasons")
    thresholds = [(name, value) for name, value in own.items() if name not in beside]
    return RuledStage(row["stage"], row["kind"], count["in"], count["kept"], thresholds, rules)


def _in_order(row: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Rules and reasons as a page meets them: a dedup's own reasons come before the rules after it."""
    rules, reasons = row.get("rules", []), [{"reason": c, "source": s} for c, s in row.get("reasons", {}).items()]
    yield from (*reasons, *rules) if "level" in row else (*rules, *reasons)


def _rule(
    row: dict[str, Any],
    count: dict[str, Any],
    said: dict[str, Any],
    words: _Words,
    samples: _Samples,
    moved: TellMoved,
) -> RuleRow:
    stage, code = row["stage"], said.get("reason", "")
    text, unit, quotes = words.get((stage, code), ("", _unit(count, code), False))
    if code in count.get("flagged", {}) and code not in count["rejected"]:
        unit = "noted"
    table = "flagged" if unit == "noted" else LOST_AS[Unit(unit)]
    of = {"page": count["in"], "noted": count["in"], "line": count.get("lines", {}).get("in", 0)}.get(unit, 0)
    emptied = count["lines_dropped"].get(code, 0) if unit in (Unit.SENTENCE.value, Unit.PASSAGE.value) else 0
    quoting = quotes and unit == Unit.PAGE.value
    chosen = samples.get((stage if unit == Unit.PAGE.value else "", code), []) if code else []
    return RuleRow(
        code,
        said.get("rule", ""),
        text,
        unit,
        [(name, value) for name, value in said.items() if name not in _BESIDE],
        said["source"],
        count.get(table, {}).get(code, 0),
        of,
        emptied,
        [_shown(sample, code, quoting, moved) for sample in chosen[:SAMPLES_SHOWN]],
    )


def _unit(count: dict[str, Any], code: str) -> str:
    """What the ledger counts for a reason that is no longer described."""
    for unit in (Unit.SENTENCE, Unit.PASSAGE, Unit.LINE):
        if code in count.get(LOST_AS[unit], {}):
            return str(unit.value)
    return str(Unit.PAGE.value)


def _shown(sample: SampledPage, code: str, quoting: bool, moved: TellMoved) -> ShownSample:
    kept = "kept, less what is marked" if not sample.stage else f"rejected at {sample.stage}: {sample.reason}"
    lines = excerpt(sample.text, sample.dropped, code, sample.detail if quoting else "")
    detail, words = (sample.detail, moved(sample)) if sample.reason == code else ("", "")
    return ShownSample(sample.url, sample.source, kept, detail, lines, words)
