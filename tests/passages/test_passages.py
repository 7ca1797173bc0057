"""Passages and their counts: what is counted, that a build keeps what a scan finds, and the command."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.outside import ROOT
from c4pipe.dedup import LineLevel, SpanLevel, WindowLevel
from c4pipe.errors import BuildError, ConfigError
from c4pipe.facts.corpus import open_corpus
from c4pipe.passages.__main__ import main
from c4pipe.passages.counting import PassageCounts, count_passages, drawn, found_again
from c4pipe.passages.levels import level_of
from c4pipe.passages.reading import ReadPage, pages_came, pages_kept
from c4pipe.shards.passages import PASSAGES_SCHEMA, bucket_of, read_passages
from tests.corpora import write_corpus

RUN = "One stands here. Two follows it. Three ends it."


def pages(*texts: str) -> list[ReadPage]:
    return [ReadPage("a.parquet", row, text) for row, text in enumerate(texts)]


def told(texts: list[str], level: object) -> Counter[str]:
    """Passage -> count, of all of them."""
    read = pages(*texts)
    counts = count_passages(read, level)
    table = found_again(read, level, counts.keys, counts)
    for row in table.to_pylist():
        assert len(row["places"]) == row["count"]
        assert all(texts[one["row"]][one["start"] :].lower().startswith(row["text"].lower()) for one in row["places"])
    return Counter(dict(zip(table["text"].to_pylist(), table["count"].to_pylist(), strict=True)))


def test_spans_are_counted_wherever_they_stand() -> None:
    found = told([f"{RUN}\nFour is alone.", f"Zero.\n{RUN.upper()}", "Short page. Two."], SpanLevel())
    assert found[RUN] == 2
    assert found["Two follows it. Three ends it.\nFour is alone."] == 1
    assert sum(found.values()) == 4


def test_a_passage_is_alone_where_no_sentence_of_it_stands_more_often() -> None:
    read = pages(f"{RUN} More of it.", f"{RUN} Less of it.", "A dog ran. A cat ran. A cow ran.")
    counts = count_passages(read, SpanLevel())
    found = found_again(read, SpanLevel(), drawn(counts, 9, alone=True), counts).to_pylist()
    assert [(one["text"], one["count"], one["most"]) for one in found] == [
        ("A dog ran. A cat ran. A cow ran.", 1, 1),
        (RUN, 2, 2),
    ]
    every = found_again(read, SpanLevel(), drawn(counts, 9), counts).to_pylist()
    assert sorted((one["count"], one["most"]) for one in every) == [(1, 1), (1, 2), (1, 2), (2, 2)]


def test_a_page_that_repeats_itself_counts_twice() -> None:
    assert told(["A line.\nB line.\na line. "], LineLevel()) == {"A line.": 2, "B line.": 1}


def test_windows_of_words() -> None:
    text = " ".join(f"w{n}" for n in range(8))
    found = told([text, f"{text}!", "few words"], WindowLevel(words=8, gap=8))
    assert [*found.values()] == [2]


@pytest.mark.parametrize(("count", "bucket"), [(1, 0), (2, 4), (3, 6), (4, 8), (16, 16), (60_000, 63)])
def test_a_bucket_holds_counts_up_to_a_quarter_of_a_doubling(count: int, bucket: int) -> None:
    assert bucket_of(count) == bucket
    assert 2 ** (bucket / 4) <= count * (1 + 1e-12) < 2 ** ((bucket + 1) / 4)


@given(st.lists(st.integers(1, 2000), max_size=60), st.integers(1, 9))
def test_a_larger_draw_holds_a_smaller_one(numbers: list[int], each: int) -> None:
    keys, counted = np.arange(len(numbers), dtype=np.uint64) * np.uint64(77), np.array(numbers, np.int64)
    counts = PassageCounts(keys, counted, counted, keys, counted)
    some, more = drawn(counts, each), drawn(counts, each + 1)
    assert {*some.tolist()} <= {*more.tolist()}
    sizes = Counter(map(bucket_of, numbers))
    assert Counter(bucket_of(n) for n in counts.of(some).tolist()) == {n: min(each, size) for n, size in sizes.items()}
    assert [*map(bucket_of, numbers)] == counts.buckets.tolist()


WORDS = st.sampled_from(["Ann ran.", "Bob sat.", "Cat ate.", "Dog ran.", "Eve hid.\n"])


@given(st.lists(st.lists(WORDS, max_size=7).map(" ".join), max_size=6))
def test_counts_are_those_of_a_plain_count(texts: list[str]) -> None:
    level = SpanLevel()
    rows = [level.atoms(text) for text in texts]
    plain = Counter(tuple(row[at : at + 3]) for row in rows for at in range(len(row) - 2))
    counts = count_passages(pages(*texts), level)
    assert sorted(counts.counts.tolist()) == sorted(plain.values())


def test_what_a_build_keeps_is_what_a_scan_of_the_same_pages_finds(built) -> None:
    """A preset with the dedup counts, in the crawl, what a preset without it holds."""
    source = ROOT / "data_samples"
    deduped = open_corpus(built(source, "--preset", "tests.passages.presets:WITH"))
    plain = open_corpus(built(source, "--preset", "tests.passages.presets:WITHOUT"))
    name, level = level_of(deduped, None)
    assert (name, level) == ("spans", level_of(plain, "spans")[1])
    came, held = count_passages(pages_came(deduped), level), count_passages(pages_kept(plain, None), level)
    assert np.array_equal(came.keys, held.keys)
    assert np.array_equal(came.counts, held.counts)
    assert came.counts.max() > 1
    left = count_passages(pages_kept(deduped, None), level)
    assert left.counts.max() == 1
    assert (came.of(left.keys) >= 1).any()  # others have come about by what was cut between


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    return write_corpus(
        tmp_path / "corpus",
        {
            ("en", "train"): [[[RUN, f"{RUN} More of it."], ["Nothing. To. See."]]],
            ("en", "validation"): [[[RUN]]],
        },
    )


def test_the_command(corpus: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "found.parquet"
    assert main([str(corpus), "--out", str(out), "--least", "2"]) == 0
    assert "3 passages, 1 more than once, the most frequent 2 times; 1 row" in capsys.readouterr().out
    found = read_passages(out)
    (row,) = found.table.to_pylist()
    shard = "en/train-00000-of-00001.parquet"
    assert row["text"] == RUN
    assert row["places"] == [{"shard": shard, "row": 0, "start": 0}, {"shard": shard, "row": 1, "start": 0}]
    assert found.counted["passages"] == {"0": 2, "4": 1}
    there = tmp_path / "there.parquet"
    assert main([str(corpus), "--out", str(there), "--of", str(out), "--split", "validation"]) == 0
    assert [one["count"] for one in read_passages(there).table.to_pylist()] == [1]
    (tmp_path / "empty").mkdir()
    empty = write_corpus(tmp_path / "empty", {("en", "train"): [[["Nothing here."]]]})
    assert main([str(empty), "--out", str(there), "--of", str(out)]) == 0
    (row,) = read_passages(there).table.to_pylist()
    assert (row["count"], row["text"], row["places"]) == (0, RUN, [])


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--crawl"], "stores the input of its first text dedup, which does not use"),
        (["--level", "near"], "invalid choice"),
        (["--each", "0"], "expected a number of 1 or more"),
        (["--of", "nowhere.parquet"], "nowhere.parquet does not exist"),
        (["--of", "nowhere.parquet", "--each", "3"], "--each has no effect with --of"),
        (["--crawl", "--split", "train"], "--split has no effect with --crawl"),
    ],
)
def test_wrong_use_is_one_line(
    corpus: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], options: list[str], said: str
) -> None:
    assert main([str(corpus), "--out", str(tmp_path / "x.parquet"), *options]) == 2
    error = capsys.readouterr().err
    assert said in error
    assert error.count("\n") == 1
    assert not (tmp_path / "x.parquet").exists()


def test_a_file_of_somebody_else_is_not_replaced(
    corpus: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    mine = tmp_path / "mine.parquet"
    pq.write_table(pa.table({"a": [1]}), mine)
    before = mine.read_bytes()
    assert main([str(corpus), "--out", str(mine)]) == 2
    assert main([str(corpus), "--out", str(tmp_path / "no" / "x.parquet")]) == 2
    assert mine.read_bytes() == before
    with pytest.raises(BuildError, match="holds no passages"):
        read_passages(mine)
    with pytest.raises(ConfigError, match="does not exist"):
        read_passages(tmp_path / "none")
    assert "Name another one" in capsys.readouterr().err


def test_the_schema_has_what_is_promised() -> None:
    assert PASSAGES_SCHEMA.names == ["key", "count", "most", "text", "places"]
