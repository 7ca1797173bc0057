"""c4pipe.corpus.ledger: input equals output, or the build stops."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from c4pipe.corpus.ledger import Ledger, StageCount
from c4pipe.errors import BuildError


def small() -> Ledger:
    return Ledger(
        [
            StageCount("read", 10, 8, Counter(no_url=2), flagged=Counter(length_mismatch=1)),
            StageCount(
                "clean",
                8,
                5,
                Counter(few_sentences=2, curly_brace=1),
                lines_dropped=Counter(no_end_mark=30, few_words=5),
                lines_in=100,
                lines_kept=55,
                lines_rejected=10,
            ),
            StageCount("spans", 5, 5, sentences_dropped=Counter(repeated_span=4)),
            StageCount("windows", 5, 5, passages_dropped=Counter(repeated_passage=3)),
        ]
    )


SMALL = {
    "records": 10,
    "stages": [
        {
            "stage": "read",
            "in": 10,
            "kept": 8,
            "rejected": {"no_url": 2},
            "lines_dropped": {},
            "flagged": {"length_mismatch": 1},
        },
        {
            "stage": "clean",
            "in": 8,
            "kept": 5,
            "rejected": {"curly_brace": 1, "few_sentences": 2},
            "lines_dropped": {"few_words": 5, "no_end_mark": 30},
            "lines": {"in": 100, "kept": 55, "rejected": 10},
        },
        {
            "stage": "spans",
            "in": 5,
            "kept": 5,
            "rejected": {},
            "lines_dropped": {},
            "sentences_dropped": {"repeated_span": 4},
        },
        {
            "stage": "windows",
            "in": 5,
            "kept": 5,
            "rejected": {},
            "lines_dropped": {},
            "passages_dropped": {"repeated_passage": 3},
        },
    ],
}


def test_a_ledger_is_what_the_manifest_shows() -> None:
    assert small().check().to_json() == SMALL
    assert Ledger.from_json(SMALL) == small()
    assert (small().records, small().kept) == (10, 5)


def test_equal_counts_are_equal_bytes_whatever_came_first() -> None:
    other = small()
    other.stages[1].rejected = Counter(curly_brace=1, few_sentences=2, policy=0)
    assert json.dumps(other.to_json()) == json.dumps(small().to_json())


@pytest.mark.parametrize(
    ("stage", "field", "value", "message"),
    [
        (0, "kept", 7, "stage read"),
        (0, "rejected", Counter(no_url=3), "stage read"),
        (1, "rejected", Counter(), "stage clean"),
        (1, "lines_kept", 54, "lines of stage clean"),
        (1, "lines_rejected", 11, "lines of stage clean"),
        (1, "lines_dropped", Counter(no_end_mark=34), "lines of stage clean"),
        (1, "lines_in", 0, "lines of stage clean"),
        (2, "rejected", Counter(nothing_left=1), "stage spans"),
    ],
)
def test_an_imbalance_stops_the_build_and_is_named(stage: int, field: str, value: object, message: str) -> None:
    ledger = small()
    ledger.stages[stage] = replace(ledger.stages[stage], **{field: value})
    with pytest.raises(BuildError, match=f"the ledger does not balance: {message}"):
        ledger.check()


def test_what_one_stage_kept_is_what_the_next_one_got() -> None:
    ledger = small()
    ledger.stages[2] = StageCount("spans", 4, 4)
    with pytest.raises(BuildError, match="does not balance between clean and spans"):
        ledger.check()


def test_pages_that_were_taken_out_do_not_come_to_the_next_stage() -> None:
    ledger = small()
    ledger.stages[1].removed = 1
    ledger.stages[2], ledger.stages[3] = StageCount("spans", 4, 4), StageCount("windows", 4, 4)
    assert ledger.check().kept == 4
    assert Ledger.from_json(ledger.to_json()) == ledger
    assert [row.get("removed") for row in ledger.to_json()["stages"]] == [None, 1, None, None]
    ledger.stages[1].removed = 6
    with pytest.raises(BuildError, match="clean kept fewer pages than were removed"):
        ledger.check()


def test_parts_of_a_build_add_up() -> None:
    total = Ledger.of(["read", "clean", "spans", "windows"])
    assert total.check().to_json()["records"] == 0
    for _ in range(3):
        total.add(small())
    assert total.records == 30
    assert total.check().stages[1] == StageCount(
        "clean",
        24,
        15,
        Counter(few_sentences=6, curly_brace=3),
        Counter(),
        Counter(no_end_mark=90, few_words=15),
        Counter(),
        300,
        165,
        30,
    )
    assert total.stages[0].flagged == {"length_mismatch": 3}
    assert total.stages[2].sentences_dropped == {"repeated_span": 12}
    assert small().to_json() == SMALL


def test_ledgers_of_other_stages_do_not_add() -> None:
    with pytest.raises(ValueError, match="shorter"):
        small().add(Ledger.of(["read", "clean"]))


COUNTS = st.dictionaries(st.sampled_from("abc"), st.integers(1, 9)).map(Counter)
NUMBERS = st.integers(0, 99)


@st.composite
def balanced(draw: st.DrawFn) -> Ledger:
    entered = draw(st.integers(100, 200))
    stages = []
    for name in ("x", "y", "z"):
        rejected, dropped, kept, gone = draw(COUNTS), draw(COUNTS), draw(NUMBERS), draw(NUMBERS)
        stages.append(
            StageCount(
                name, entered, entered - rejected.total(), rejected, draw(COUNTS), dropped, draw(COUNTS),
                kept + gone + dropped.total(), kept, gone,
            )
        )  # fmt: skip
        entered -= rejected.total()
    return Ledger(stages)


@given(balanced(), balanced())
def test_balanced_parts_make_a_balanced_whole_in_either_order(one: Ledger, other: Ledger) -> None:
    there, back = Ledger.of("xyz"), Ledger.of("xyz")
    for total, parts in ((there, (one, other)), (back, (other, one))):
        for part in parts:
            total.add(Ledger.from_json(json.loads(json.dumps(part.to_json()))))
    assert there.check() == back.check()
    assert there.records == one.records + other.records
    assert there.kept == one.kept + other.kept
