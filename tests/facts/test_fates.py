"""Two corpora side by side: small ones whose every difference is known, then real ones against counting by hand."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from c4pipe.corpus.catalogue import describe
from c4pipe.corpus.plan import KEPT
from c4pipe.errors import BuildError
from c4pipe.facts.corpus import Corpus, connect, open_corpus
from c4pipe.facts.diff import DiffLine, diff
from c4pipe.facts.differences import settings
from c4pipe.facts.fates import Comparison, Fate, Removed, compare
from c4pipe.page import Dropped, Page
from c4pipe.presets import EN, EN_2019, Preset
from c4pipe.shards import MANIFEST, REJECTED_SCHEMA, SCHEMA_VERSION, ParquetSink, dropped_column, page_table

Rejected = tuple[int, str, str, str, Sequence[Dropped]]  # number of the page, stage, reason, detail, what was cut


def page(number: int, text: str = "Some text.", language: str = "en", file: str = "a.wet") -> Page:
    return Page(f"http://{number}.example/", text, "2024", f"{file}#{number}", language=language)


def write(
    folder: Path, pages: Sequence[Page], rejected: Sequence[Rejected] = (), preset: Preset = EN, **manifest: Any
) -> Corpus:
    """A corpus of these pages in one shard."""
    table = pa.table(
        [
            pa.array([f"http://{row[0]}.example/" for row in rejected], pa.string()),
            pa.array(["2024"] * len(rejected), pa.string()),
            *(pa.array([row[i] for row in rejected], pa.string()) for i in (1, 2, 3)),
            pa.array(["Raw text."] * len(rejected), pa.string()),
            dropped_column([row[4] for row in rejected]),
            pa.array([f"a.wet#{row[0]}" for row in rejected], pa.string()),
            pa.array(["en"] * len(rejected), pa.string()),
        ],
        schema=REJECTED_SCHEMA,
    )
    described = {"schema_version": SCHEMA_VERSION, "preset": json.loads(json.dumps(describe(preset)))}
    described |= {"settings": {"rejected": "all"}, "inputs": [{"path": "a.wet", "bytes": 9}], "ledger": {"stages": []}}
    described |= {
        "shards": [part(folder, "en/train-00000-of-00001.parquet", page_table(pages)) | {"split": "train"}],
        "rejected": [part(folder, "__rejected/part-000000.parquet", table)],
    }
    (folder / MANIFEST).write_text(json.dumps(described | manifest))
    return open_corpus(folder)


def part(folder: Path, path: str, table: pa.Table) -> dict[str, Any]:
    file = folder / path
    file.parent.mkdir(parents=True)
    with file.open("wb") as stream:
        sink = ParquetSink(stream, table.schema)
        sink.write(table)
        sink.close()
    data = file.read_bytes()
    row = {"path": path, "config": "en", "rows": table.num_rows, "bytes": len(data)}
    return row | {"sha256": hashlib.sha256(data).hexdigest()}


def pair(folder: Path, **of_b: Any) -> tuple[Corpus, Corpus]:
    """Page 1 is the same; 2 lost a line; 3 is of another language; 4 is rejected there, 5 here; 6 was never read there,
    and of 7 nobody knows."""
    a = write(
        folder / "a",
        [page(1), page(2, "One.\nTwo.\nThree."), page(3), page(4), page(6, file="b.wet"), page(7)],
        [(5, "badwords", "bad_word", "darn", ())],
        inputs=[{"path": "a.wet", "bytes": 9}, {"path": "b.wet", "bytes": 9}],
    )
    b = write(
        folder / "b",
        [page(1), page(2, "One.\nThree."), page(3, language="de"), page(5, "Oh darn.\nOh well.")],
        [
            (4, "clean", "few_sentences", "1 sentences", [Dropped("few_words", "Some text.")]),
            (2, "", KEPT, "", [Dropped("few_words", " Two. ")]),
        ],
        **of_b,
    )
    return a, b


@pytest.fixture
def found(tmp_path: Path) -> Comparison:
    return compare(*pair(tmp_path, preset=EN_2019, settings={"rejected": "sample"}))


def test_every_page_is_counted_once(found: Comparison) -> None:
    assert (found.kept, found.same, found.other_text, found.other_language, found.only) == ((6, 4), 1, 1, 1, (3, 1))
    assert found.bytes == (10 + 16 + 10 + 10 + 10 + 10, 10 + 11 + 10 + 17)
    assert found.complete == (True, False)
    assert found.languages == [("en", "de", 1)]


def test_a_page_that_only_one_keeps_has_its_reason_in_the_other(found: Comparison) -> None:
    assert [(why.stage, why.reason, why.pages) for why in found.gone] == [
        ("", "not_read", 1),
        ("", "not_recorded", 1),
        ("clean", "few_sentences", 1),
    ]
    (four,) = found.gone[2].shown
    assert (four.url, four.source, four.languages) == ("http://4.example/", "a.wet#4", ("en", ""))
    assert four.fates == (Fate(), Fate("clean", "few_sentences", "1 sentences"))
    assert four.lines == [DiffLine("-", "Some text.", "few_words")]
    assert found.gone[0].shown[0].fates == (Fate(), Fate("", "not_read"))
    assert [(why.stage, why.reason, why.pages) for why in found.come] == [("badwords", "bad_word", 1)]
    (five,) = found.come[0].shown
    assert five.fates == (Fate("badwords", "bad_word", "darn"), Fate())
    assert five.lines == [DiffLine("+", "Oh darn."), DiffLine("+", "Oh well.")]


def test_another_text_is_shown_line_by_line_with_the_rule_that_cut_it(found: Comparison) -> None:
    (two,) = found.changed
    assert two.source == "a.wet#2"
    assert two.lines == [DiffLine(" ", "One."), DiffLine("-", "Two.", "few_words"), DiffLine(" ", "Three.")]


def test_other_rules_and_inputs_are_told_in_words(found: Comparison) -> None:
    assert found.settings == [
        "preset: A en, B en.2019",
        f"description of the preset: A {EN.says}, B {EN_2019.says}",
        "clean, MinWords, words: A 5, B 3",
        "clean, MinSentences, sentences: A 3, B 5",
        "spans, MinSentences, sentences: A 3, B 5",
        "settings, rejected: A all, B sample",
        "inputs: 1 of A only, 0 of B only, 1 of both",
    ]


def test_a_stage_that_one_preset_lacks_is_named(tmp_path: Path) -> None:
    without = EN.without("badwords")
    found = compare(write(tmp_path / "a", [page(1)]), write(tmp_path / "b", [page(1)], preset=without))
    assert found.settings == ["badwords: A only"]


def test_a_corpus_is_the_same_as_itself(samples: Corpus) -> None:
    found = compare(samples, samples)
    assert (found.same, found.only) == (found.kept[0], (0, 0))
    assert (found.settings, found.gone, found.come, found.changed, found.languages) == ([], [], [], [], [])


def test_what_the_files_are_called_makes_no_difference(tmp_path: Path) -> None:
    """A page is known by its URL and the second of its date; without a URL by its place in a file of that name."""
    dated = Page("http://x.example/", "Text.", "2024-05-22T10:11:12Z", "wet/crawl-7.warc.wet.gz#12")
    bare = Page("", "A text.", "", "here/b.jsonl#3")
    a = write(tmp_path / "a", [dated, bare, page(4, file="wet/crawl-7.warc.wet.gz")])
    other = dated._replace(text="Other.", timestamp="2024-05-22T10:11:12.250Z", source="s3://b/crawl-7.warc.gz#98")
    b = write(
        tmp_path / "b",
        [other, bare._replace(source="there/b.jsonl#3"), bare._replace(source="there/b.jsonl#4")],
        inputs=[{"path": "s3://b/crawl-7.warc.gz", "bytes": 9}],
    )
    found = compare(a, b)
    assert (found.same, found.other_text, found.only) == (1, 1, (1, 1))
    assert [(why.reason, why.pages) for why in found.gone] == [("not_recorded", 1)]  # of that file it was read
    later = write(tmp_path / "c", [dated._replace(timestamp="2024-05-22T10:11:13Z")])
    assert compare(a, later).same == 0


def test_that_a_copy_fell_says_nothing_of_the_page_that_was_kept(tmp_path: Path) -> None:
    a = write(tmp_path / "a", [page(1)])
    b = write(tmp_path / "b", [page(1, "Another text.")], [(1, "url", "older_copy", "", ())])
    (changed,) = compare(a, b).changed
    assert changed.fates == (Fate(), Fate())


def test_a_page_that_a_mixture_repeats_counts_once(tmp_path: Path) -> None:
    mixture = write(tmp_path / "a", [page(1), page(1), page(2)], mixture={"en": {}}, rejected=[])
    found = compare(mixture, write(tmp_path / "b", [page(1), page(3)]))
    assert (found.kept, found.same, found.only) == ((2, 2), 1, (1, 1))
    assert [why.reason for why in found.come] == ["not_recorded"]  # it reads corpora, not the files of its pages


def test_real_corpora_differ_as_counting_by_hand_says(samples: Corpus, languages: Corpus) -> None:
    found = compare(samples, languages, shown=1000)
    sides = [
        {(r[0], r[1]): r[2:] for r in rows(corpus, "url, source, text, language FROM pages")}
        for corpus in (samples, languages)
    ]
    both = sides[0].keys() & sides[1].keys()
    assert found.kept == (len(sides[0]), len(sides[1]))
    assert found.same == sum(sides[0][key] == sides[1][key] for key in both)
    assert found.other_text == sum(sides[0][key][0] != sides[1][key][0] for key in both) > 10
    assert found.only == (len(sides[0]) - len(both), len(sides[1]) - len(both))
    for whys, mine, other, corpus in ((found.gone, 0, 1, languages), (found.come, 1, 0, samples)):
        lone = sides[mine].keys() - sides[other].keys()
        fates = {(r[0], r[1]): r[2:] for r in rows(corpus, "url, source, stage, reason FROM rejected")}
        assert Counter({(why.stage, why.reason): why.pages for why in whys}) == Counter(fates[key] for key in lone)
        assert {(page.url, page.source) for why in whys for page in why.shown} == lone
    text_only = {(page.url, page.source) for page in found.changed}
    assert text_only == {key for key in both if sides[0][key][0] != sides[1][key][0]}
    assert compare(samples, languages, shown=1000) == found


def test_the_ledgers_stand_side_by_side(samples: Corpus, languages: Corpus) -> None:
    found = compare(samples, languages, shown=0)
    assert not any(why.shown for why in (*found.gone, *found.come))
    assert found.changed == []
    stages = [{row["stage"]: row for row in c.manifest["ledger"]["stages"]} for c in (samples, languages)]
    few = stages[0]["clean"]["lines_dropped"]["few_words"]
    short = stages[1]["paragraphs"]["rejected"]["few_paragraphs"]
    assert Removed("clean", "few_words", "line", (few, 0)) in found.removed
    assert Removed("paragraphs", "few_paragraphs", "page", (0, short)) in found.removed


def rows(corpus: Corpus, sql: str) -> list[Any]:
    return connect(corpus).execute(f"SELECT {sql}").fetchall()


def test_corpora_that_are_too_large_end_with_a_message(tmp_path: Path) -> None:
    pages = [page(number, f"{number} " * 2_000) for number in range(1500)]
    a, b = write(tmp_path / "a", pages), write(tmp_path / "b", pages)
    with pytest.raises(BuildError, match="cannot be compared: Out of Memory"):
        compare(a, b, memory="1MB")


@pytest.mark.parametrize(
    ("a", "b", "marks"),
    [
        ("", "", ""),
        ("x", "x", ""),
        ("x", "", "-x"),
        ("x\ny\nz", "x\nz", " x-y z"),
        ("a\nb\nc\nd\ne\nf\ng", "A\nb\nc\nd\ne\nf\nG", "-a+A b… f-g+G"),
    ],
)
def test_a_difference_is_shown_with_a_line_around_it(a: str, b: str, marks: str) -> None:
    assert "".join(line.mark + line.text for line in diff(a, b)) == marks


def test_long_differences_are_cut() -> None:
    lines = diff("\n".join(map(str, range(90))), "y" * 500)
    assert len(lines) == 41
    assert lines[-1] == DiffLine("…", "")
    (long,) = diff("", "y" * 500)
    assert long == DiffLine("+", "y" * 400 + "…")


def test_a_page_of_a_hundred_thousand_lines_takes_no_time() -> None:
    assert diff("\n".join("ab" * 50_000), "\n".join("ba" * 50_000))


def test_a_line_of_which_sentences_fell_has_their_reason() -> None:
    assert diff("One is here. Two is gone.", "One is here.", cut_b=[("repeated_span", "Two is gone.")]) == [
        DiffLine("-", "One is here. Two is gone.", "repeated_span"),
        DiffLine("+", "One is here."),
    ]


def test_a_preset_and_a_mixture_differ_in_words() -> None:
    a = {"preset": {"name": "en", "stages": [{"stage": "read", "kind": "Read", "reasons": {"no_url": "a paper"}}]}}
    b = {"preset": {"name": "mixture", "stages": []}, "identifiers": [{"identifier": "cld2", "model": ""}]}
    assert settings(a, b) == ["preset: A en, B mixture", "read: A only", "language identifier, cld2: B only"]
    c = {"preset": {"name": "en", "stages": [{"stage": "read", "kind": "Read"}]}}
    assert settings(a, c) == ["read, no_url: A a paper, B nothing"]
    old, older = ({"path": f"out/{name}", "sha256": name} for name in ("old", "older"))
    assert settings({}, {"against": [old]}) == ["earlier corpora: only B was built against out/old, A against none"]
    assert settings({"against": [older, old]}, {"against": [old | {"path": "moved"}]}) == [
        "earlier corpora: only A was built against out/older"
    ]
    assert settings({"settings": {"x": True}}, {"settings": {"x": False}}) == ["settings, x: A yes, B no"]


def test_language_identifiers_differ_in_words_and_not_in_keys() -> None:
    row = {"stage": "language", "identifier": "langdetect", "model": "", "sha256": "", "versions": {"langdetect": "1"}}
    other = {
        "stage": "language",
        "identifier": "consensus",
        "model": "lid.176.ftz",
        "sha256": "8f3472cfe873" + "a" * 52,
    }
    a = {"preset": {"own": "en", "stages": [{"stage": "language", "by": "langdetect"}]}, "identifiers": [row]}
    b = {"preset": {"own": "de", "stages": [{"stage": "language", "by": "consensus"}]}, "identifiers": [other]}
    assert settings(a, b) == [
        "language of the preset's name: A en, B de",
        "language, identified by: A langdetect, B consensus",
        "language, available identifier: A langdetect, B consensus",
        "language, model file of the identifier: A none, B lid.176.ftz",
        "language, sha256 of that model file: A none, B 8f3472cfe873…",
        "language, version of langdetect: A 1, B none",
    ]
