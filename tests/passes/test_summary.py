"""c4pipe.passes.summary: the closing words of a build."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from c4pipe.corpus.telling import COMPARED
from c4pipe.passes.summary import faulty, funnel, inputs_told, printable, splits, summary, summary_of_several

MANIFEST: dict[str, Any] = {
    "preset": {"name": "en", "says": "C4 as the paper describes it"},
    "inputs": [
        {"path": "a.wet.gz", "bytes": 10, "records": 6000, "faults": {}},
        {"path": "b\x1b[2J\n.wet.gz", "bytes": 10, "records": 6000, "faults": {"truncated": 1, "damaged_member": 1234}},
    ],
    "shards": [
        {"config": "en", "split": "validation", "rows": 1, "bytes": 10_000},
        {"config": "en", "split": "train", "rows": 1000, "bytes": 1_500_000},
        {"config": "en", "split": "train", "rows": 499, "bytes": 1_000_000},
    ],
    "ledger": {
        "records": 12000,
        "stages": [
            {
                "stage": "read",
                "in": 12000,
                "kept": 12000,
                "rejected": {},
                "lines_dropped": {},
                "flagged": {"length_mismatch": 3},
            },
            {
                "stage": "clean",
                "in": 12000,
                "kept": 3000,
                "rejected": {"curly_brace": 4500, "few_sentences": 4500},
                "lines_dropped": {"few_words": 10, "no_end_mark": 123456},
            },
            {
                "stage": "spans",
                "in": 3000,
                "kept": 1500,
                "rejected": {"nothing_left": 1500},
                "lines_dropped": {},
                "sentences_dropped": {"repeated_span": 77},
            },
        ],
    },
}


def test_the_funnel_is_the_ledger_in_lines() -> None:
    assert list(funnel(MANIFEST)) == [
        f"  read             12,000 kept  100.00%  {'█' * 24}",
        "             kept, but flagged: length_mismatch 3",
        f"  clean             3,000 kept   25.00%  {'█' * 6}",
        "             dropped: curly_brace 4,500, few_sentences 4,500",
        "             lines cut: no_end_mark 123,456, few_words 10",
        f"  spans             1,500 kept   12.50%  {'█' * 3}",
        "             dropped: nothing_left 1,500",
        "             sentences cut: repeated_span 77",
    ]


def test_a_build_of_nothing_has_a_funnel() -> None:
    stages = [{"stage": "read", "in": 0, "kept": 0, "rejected": {}, "lines_dropped": {}}]
    assert list(funnel({"ledger": {"stages": stages}})) == ["  read                  0 kept    0.00%  "]


def test_splits_are_summed_over_their_files() -> None:
    assert list(splits(MANIFEST)) == [
        "  en/train: 1,499 pages in 2 files, 2.50 MB",
        "  en/validation: 1 page in 1 file, 0.01 MB",
    ]


def test_the_summary_is_all_of_it_with_control_characters_spelt_out() -> None:
    text = summary(MANIFEST, "out/c4")
    assert text.split("\n") == [
        "en: C4 as the paper describes it",
        *funnel(MANIFEST),
        "             shares of 12,000 records",
        *splits(MANIFEST),
        "  1 of 2 inputs has faults:",
        r"    b\x1b[2J\n.wet.gz: truncated 1, damaged_member 1,234",
        "  corpus: out/c4",
    ]
    assert faulty(MANIFEST) == MANIFEST["inputs"][1:]


def test_a_build_without_faults_and_without_pages_says_so() -> None:
    text = summary(MANIFEST | {"shards": [], "inputs": MANIFEST["inputs"][:1]}, "out/c4")
    assert text.split("\n")[-2:] == ["  no page was kept", "  corpus: out/c4"]


@pytest.mark.parametrize(("number", "rest"), [(10, []), (11, ["    ... and 1 more, in manifest.json"])])
def test_of_many_damaged_inputs_ten_are_named(number: int, rest: list[str]) -> None:
    inputs = [{"path": f"{n}.wet", "faults": {"truncated": 1}} for n in range(number)]
    lines = summary(MANIFEST | {"inputs": inputs}, "out/c4").split("\n")
    at = lines.index(f"  {number} of {number} inputs have faults:")
    assert lines[at + 1 : -1] == [f"    {n}.wet: truncated 1" for n in range(10)] + rest


def test_of_inputs_that_no_manifest_names_the_rest_is_said_to_come() -> None:
    rows = [{"path": f"{n}.wet", "faults": {}, "why": "empty"} for n in range(11)]
    *_, last = inputs_told({"inputs": rows}, rest="which a build names in")
    assert last == "    ... and 1 more, which a build names in manifest.json"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain name.wet.gz", "plain name.wet.gz"),
        ("é女😀", "é女😀"),
        ("a\tb\r\nc", r"a\tb\r\nc"),
        ("\x1b]0;title\x07", r"\x1b]0;title\x07"),
        ("\x7f\x9b", r"\x7f\x9b"),
        ("a\u202eb\u2028", r"a\u202eb\u2028"),  # turns the direction of what follows
        ("\udcff", r"\udcff"),  # a byte of a name that is no UTF-8
        ("\U000e0001", r"\U000e0001"),
        ("", ""),
    ],
)
def test_what_a_terminal_would_obey_is_spelt_out(text: str, shown: str) -> None:
    assert printable(text) == shown


@given(st.text())
def test_whatever_is_shown_can_be_printed(text: str) -> None:
    assert printable(text).isprintable()
    assert printable(text) == text or not text.isprintable()


def test_of_a_build_against_earlier_corpora_it_says_how_much_was_old() -> None:
    stats = {"months_came": {"2024-05": 10}, "months_old": {"2024-05": 4}, "earlier": {"url": 4}}
    old = f"Of the 10 pages {COMPARED} 4 (40.0 %) fell to earlier corpora: 4 by stage url"
    assert f"\n  {old}\n" in summary(MANIFEST, "out/c4", stats)
    assert "earlier" not in summary(MANIFEST, "out/c4")
    several = summary_of_several([MANIFEST, MANIFEST], ["a", "b"], [stats, {}]).split("\n")
    assert [line.strip() for line in several].count(old) == 1


def test_skipped_paths_are_one_line_with_an_example_of_each_reason() -> None:
    other = [{"path": f"{name}.txt", "why": "no WET file by its name"} for name in "abc"]
    other.append({"path": "d", "why": "a folder"})
    rows = {"inputs": [], "no_inputs": other[:1]}
    assert list(inputs_told(rows)) == [
        "  1 other path skipped, such as a.txt (no WET file by its name); manifest.json lists all"
    ]
    (line,) = inputs_told(rows | {"no_inputs": other}, rest="which a build names in")
    assert line == (
        "  4 other paths skipped, 3 such as a.txt (no WET file by its name); 1 such as d (a folder); the manifest.json "
        "of a build lists all"
    )
