"""c4pipe.passes.counting: what a dedup did to one page, in the words of the ledger."""

from __future__ import annotations

import pytest

from c4pipe.corpus.ledger import StageCount
from c4pipe.corpus.plan import Plan
from c4pipe.corpus.stats import Stats
from c4pipe.dedup import LineLevel
from c4pipe.page import Kept, Page, Rejected, Verdict
from c4pipe.passes.counting import count_dedup, count_old
from c4pipe.presets import EN, EN_TFDS

PAGE = Page("http://a.example/x", "One. Two.\nThree.\nFour. Five. Six.", "2024-05-01T00:00:00Z")


def counted(preset: object, verdict: Verdict) -> dict[str, object]:
    stage = StageCount("spans")
    count_dedup(stage, PAGE, verdict, Plan(preset, None))  # type: ignore[arg-type]
    told = stage.to_json()
    del told["stage"], told["in"]
    return told


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
    verdict = Rejected(PAGE, few, "", {"repeated_line": 1, "repeated_in_page": 1}, {"repeated_line": 9})
    chars = {"in": 33, "kept": 0, "rejected": {"few_sentences": 24}, "dropped": {"repeated_line": 9}, "edited": 0}
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
