"""c4pipe.passes.counting: what a dedup did to one page, in the words of the ledger."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from c4pipe.corpus.cube import Cube
from c4pipe.corpus.ledger import Ledger, StageCount
from c4pipe.corpus.plan import Plan
from c4pipe.corpus.stats import Stats
from c4pipe.dedup import LineLevel, SpanLevel
from c4pipe.page import Kept, Page, Rejected, Verdict
from c4pipe.passes.counting import count_dedup, count_left, count_old
from c4pipe.passes.ended import TRAIL_FIELDS, Ended, Origins
from c4pipe.presets import EN, EN_TFDS
from c4pipe.text import count_lines

PIECES = st.lists(st.sampled_from(["One.", "Two. ", "Three.\n", "A b. \n\n"]), min_size=1)
LOST = {"repeated_in_page": 4, "repeated_line": 5}
PAGE = Page("http://a.example/x", "One. Two.\nThree.\nFour. Five. Six.", "2024-05-01T00:00:00Z")


def counted(preset: object, verdict: Verdict) -> dict[str, object]:
    stage = StageCount("spans")
    count_dedup(stage, PAGE, verdict, Plan(preset, None))  # type: ignore[arg-type]
    assert summed(Plan(preset, None), [(PAGE, verdict)]) == stage.to_json() | {"stage": "dedup"}  # type: ignore[arg-type]
    told = stage.to_json()
    del told["stage"], told["in"]
    return told


def summed(plan: Plan, verdicts: list[tuple[Page, Verdict]]) -> dict[str, object]:
    """The row of the dedup, as a build counts it: most of it for all pages at once."""
    index, ended = plan.texts[0], Ended(plan)
    ledger = Ledger.of([*plan.names()[:index], "dedup"])
    before, stage = ledger.stages[-2:]
    before.kept, before.chars.kept = len(verdicts), sum(len(page.text) for page, _ in verdicts)
    for row, (page, verdict) in enumerate(verdicts):
        count_left(stage, count_lines(page.text), verdict, plan)
        if isinstance(verdict, Rejected):
            ended.add(row, "en", plan.cells.end(index, verdict), plan.cells.cut(index, verdict))
        else:
            ended.stays(row, verdict.page, plan.cells.cut(index, verdict, page))
    columns = [["a.example"] * len(verdicts), [5] * len(verdicts), [[]] * len(verdicts)]
    table = pa.table([pa.array(c, f.type) for c, f in zip(columns, TRAIL_FIELDS, strict=True)], pa.schema(TRAIL_FIELDS))
    ended.count(Origins(table, np.arange(len(verdicts))), ledger, range(index, index + 1), Cube(), Stats())
    return stage.to_json()


@given(st.lists(st.tuples(PIECES, st.data())))
def test_pages_are_summed_as_they_are_counted_one_by_one(drawn: list[tuple[list[str], st.DataObject]]) -> None:
    plan, level, stage = Plan(EN, None), SpanLevel(), StageCount("dedup")
    verdicts: list[tuple[Page, Verdict]] = []
    for pieces, data in drawn:
        page = PAGE._replace(text="".join(pieces))
        atoms = len(level.atoms(page.text))
        lost = data.draw(st.lists(st.booleans(), min_size=atoms, max_size=atoms))
        verdicts.append((page, level.apply(page, lost) if any(lost) else Kept(page)))
        count_dedup(stage, *verdicts[-1], plan)
    assert summed(plan, verdicts) == stage.to_json()


def test_a_page_that_lost_nothing() -> None:
    assert counted(EN, Kept(PAGE)) == {
        "kept": 1,
        "rejected": {},
        "lines_dropped": {},
        "lines": {"in": 3, "kept": 3, "rejected": 0},
        "characters": {"in": 33, "kept": 33, "rejected": {}, "dropped": {}, "edited": 0},
    }


def test_a_line_falls_with_the_last_sentence_in_it() -> None:
    left = PAGE._replace(text="One.\nFour. Five. Six.")
    assert counted(EN, Kept(left, {"repeated_span": 2}, {"repeated_span": 10})) == {
        "kept": 1,
        "rejected": {},
        "lines_dropped": {"repeated_span": 1},
        "lines": {"in": 3, "kept": 2, "rejected": 0},
        "sentences_dropped": {"repeated_span": 2},
        "characters": {"in": 33, "kept": 21, "rejected": {}, "dropped": {"repeated_span": 10}, "edited": 2},
    }


def test_lines_that_fall_are_no_lines_of_the_page_that_goes_with_them() -> None:
    stage = next(stage for stage in EN_TFDS.stages if stage.name == "lines")
    few = next(rule.reason for rule in stage.then)  # type: ignore[attr-defined]
    verdict = Rejected(PAGE, few, "", {"repeated_line": 1, "repeated_in_page": 1}, LOST)
    chars = {"in": 33, "kept": 0, "rejected": {"few_sentences": 24}, "dropped": LOST, "edited": 0}
    assert counted(EN_TFDS, verdict) == {
        "kept": 0,
        "rejected": {"few_sentences": 1},
        "lines_dropped": {"repeated_in_page": 1, "repeated_line": 1},
        "lines": {"in": 3, "kept": 0, "rejected": 1},
        "characters": chars,
    }


@pytest.mark.parametrize(
    ("verdict", "earlier"),
    [(Kept(PAGE), {"spans:parts": 4}), (Rejected(PAGE, LineLevel.EMPTY), {"spans": 1})],
)
def test_what_an_earlier_corpus_had_is_the_page_or_parts_of_it(verdict: Verdict, earlier: dict[str, int]) -> None:
    stats = Stats()
    count_old(stats, PAGE, verdict, 4, "spans")
    assert stats.earlier == earlier
