"""What `remove` needs of a corpus: together with the shards, every page that reached the first text dedup, each
once.
"""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from beam_jobs import build_c4
from c4pipe.corpus.trunk import deduped
from c4pipe.dedup import LineLevel, UrlLevel
from c4pipe.flow import write
from c4pipe.flow.searching import find_inputs
from c4pipe.presets import Preset
from c4pipe.rules import MaxChars
from c4pipe.shards import RESTORE_FOLDER, SUMS
from c4pipe.stages import Dedup, Filter, Read, Size
from c4pipe.verify.corpus import check_corpus
from tests import manifests
from tests.flow.test_linking import Tokens
from tests.wetfiles import digests, manifest_of, rejected, rows

READ, URL, LINES, LINKS = Read(), Dedup("url", UrlLevel()), Dedup("lines", LineLevel()), Dedup("links", Tokens())
EARLY, LATE = Filter("early", (MaxChars(60),)), Filter("late", (MaxChars(45),))
ONE = Preset("one", "lines, and a rule behind them", (READ, URL, EARLY, LINES, LATE))
TWO = Preset("two", "lines, a rule, pages that share a word", (READ, URL, EARLY, LINES, LATE, LINKS))
LINKED = Preset("linked", "pages that share a word, then lines", (READ, URL, LINKS, LINES))
THREE = Preset("three", "lines, pages that share a word, lines again", (*TWO.stages, Dedup("again", LineLevel())))
SIZED = Preset("sized", "lines, and no language with few pages", (*ONE.stages, Size("size", 100)))
WHOLE = Preset("whole", "no dedup of text", (READ, URL, EARLY))

WORDS = st.integers(0, 40).map("w{}".format)
TEXTS = st.lists(st.lists(WORDS, min_size=1, max_size=4).map(" ".join), min_size=1, max_size=5).map("\n".join)
PAGES = st.lists(st.tuples(st.integers(0, 20), TEXTS), min_size=1, max_size=16)
SLOW = {"deadline": None, "suppress_health_check": [HealthCheck.function_scoped_fixture, HealthCheck.too_slow]}


@pytest.fixture
def crawl(tmp_path):
    """`crawl([(number of a URL, text), ...], "TWO", ...)`: the folder of a corpus from two files."""

    def call(pages, preset="TWO", *options, code=(0, 4)):
        folder = tmp_path / str(len([*tmp_path.iterdir()]))
        (folder / "in").mkdir(parents=True)
        for number in range(2):
            records = [
                {"url": f"http://a.example/{url}", "text": text, "timestamp": f"2024-05-{day % 28 + 1:02}T00:00:00Z"}
                for day, (url, text) in [*enumerate(pages)][number::2]
            ]
            (folder / "in" / f"{number}.jsonl").write_text("".join(json.dumps(record) + "\n" for record in records))
        arguments = ["--input", str(folder / "in"), "--input-format", "jsonl", "--output", str(folder / "c4")]
        named = ",".join(f"{__name__}:{name}" for name in preset.split(","))
        workers = () if "--workers" in options else ("--workers", "1")
        assert build_c4.main([*arguments, "--preset", named, *workers, *options]) in code
        return folder / "c4"

    return call


def restored(folder: Path) -> list[dict]:
    return list(rows(folder, f"{RESTORE_FOLDER}/*.parquet"))


def texts_read(folder: Path) -> dict[tuple[str, str], str]:
    """(url, timestamp) -> text."""
    place = next(parent / "in" for parent in folder.parents if (parent / "in").is_dir())
    lines = [json.loads(line) for path in place.iterdir() for line in path.read_text().splitlines()]
    return {(line["url"], line["timestamp"]): line["text"] for line in lines}


def came(folder: Path) -> tuple[dict[str, int], set[str]]:
    """By the table of all rejected pages: source -> legs of each page that came to the first dedup of text, and those
    from which something was cut."""
    manifest = manifest_of(folder)
    names = [row["stage"] for row in manifest["ledger"]["stages"]]
    dedups = [names.index(stage) for stage in deduped(manifest)[1:]]
    legs = dict.fromkeys((row["source"] for row in rows(folder)), len(dedups) + 1)
    for row in rejected(folder):
        if row["reason"] != "kept" and names.index(row["stage"]) >= dedups[0]:
            legs[row["source"]] = sum(dedup <= names.index(row["stage"]) for dedup in dedups)
    return legs, {row["source"] for row in rejected(folder) if row["dropped"]}


def check(folder: Path) -> None:
    """The law."""
    legs, cut = came(folder)
    kept, table, read = {row["source"]: row for row in rows(folder)}, restored(folder), texts_read(folder)
    as_they_came = {source for source in kept if source not in cut}
    assert {row["source"]: row["legs"] for row in table} == {s: n for s, n in legs.items() if s not in as_they_came}
    assert len(table) + len(as_they_came) == len(legs)
    for row in (*table, *(kept[source] for source in as_they_came)):
        assert row["text"] == read[row["url"], row["timestamp"]]
    counts = Counter(row["legs"] for row in table)
    for number, stage in enumerate(deduped(manifest_of(folder))[1:], 1):
        entered = next(row["in"] for row in manifest_of(folder)["ledger"]["stages"] if row["stage"] == stage)
        assert entered == len(as_they_came) + sum(n for far, n in counts.items() if far >= number)
    for path in folder.glob(f"{RESTORE_FOLDER}/*"):
        numbers = [row["row"] for row in rows(folder, str(path.relative_to(folder)))]
        assert numbers == sorted(set(numbers))
    assert check_corpus(folder, lambda size: None).findings == []


@settings(max_examples=3, **SLOW)
@given(PAGES)
def test_shards_and_restore_files_hold_every_page_that_came(crawl, pages):
    folder = crawl(pages, "ONE,TWO,LINKED,THREE", "--rejected", "all")
    for preset in ("one", "two", "linked", "three"):
        check(folder / preset)


# In two files. The second lines of 1 and 2 are the same, 3 has nothing of its own, 4 is too long behind the dedup of
# lines, 5 in front of it, 6 shares a word with 7, and of 8 there is a newer one.
LITERAL = [
    (1, "one of\nthe same words"),
    (2, "two two\nthe same words"),
    (3, "the same words"),
    (4, "four has more words than a late rule bears ..."),
    (5, "longer than 60 characters " * 4),
    (6, "shared six"),
    (7, "shared seven"),
    (8, "eight older"),
    (8, "eight newer"),
]


def test_of_each_page_that_came_how_far_it_did(crawl):
    folder = crawl(LITERAL, "TWO", "--rejected", "all")
    check(folder)
    found = {row["url"].rpartition("/")[2]: (row["text"], row["legs"]) for row in restored(folder)}
    kept = {row["url"].rpartition("/")[2]: row["text"] for row in rows(folder)}
    assert "5" not in found
    assert "8" not in found
    assert kept["8"] == "eight newer"
    assert found["4"] == (LITERAL[3][1], 1)
    (fell,) = {"6", "7"} & found.keys()
    assert found[fell][1] == 2
    changed = [url for url in "1234" if url in kept and url in found]
    assert {url: found[url][1] for url in changed} == dict.fromkeys(changed, 3)
    owner = [url for url in "1234" if "the same words" in kept.get(url, "")]
    assert all(url not in found for url in owner)


def test_pages_of_a_language_that_is_left_out_may_come_back(crawl):
    """They came to the dedup of text and are kept nowhere, also those that lost nothing."""
    folder = crawl(LITERAL, "SIZED", "--rejected", "all", code=(4,))
    check(folder)
    assert {row["url"].rpartition("/")[2]: row["legs"] for row in restored(folder)} == dict.fromkeys("1234678", 1)


def test_nothing_is_kept_where_nothing_can_come_back(crawl, capsys):
    def without(*options, preset="ONE"):
        folder = crawl(LITERAL, preset, *options)
        assert not (folder / RESTORE_FOLDER).exists()
        assert "restore" not in manifest_of(folder)
        return folder, capsys.readouterr().out

    impossible = "  pages cannot be removed and the text they own restored; rebuild without "
    folder, said = without("--restorable", "no")
    assert f"{impossible}--restorable no\n" in said
    assert impossible.strip()[1:] in (folder / "README.md").read_text()
    assert "--restorable no" in (folder / "README.md").read_text().partition("How to build it again")[2]
    folder, said = without("--no-keys")
    assert f"{impossible}--no-keys\n" in said
    assert "--restorable" not in (folder / "README.md").read_text()
    _, said = without(preset="WHOLE")
    assert impossible not in said
    same = [(1, "one\nof its own"), (2, "another one")]
    folder = crawl(same, "ONE")
    assert "restore" not in manifest_of(folder)


def test_what_it_takes_is_told(crawl, capsys):
    folder = crawl(LITERAL)
    rows_of_it, keys = manifest_of(folder)["restore"], manifest_of(folder)["keys"]
    count, size = (sum(row[name] for row in rows_of_it) for name in ("rows", "bytes"))
    sizes = f"({size / 1e6:,.2f} MB), keys ({sum(row['bytes'] for row in keys) / 1e6:,.2f} MB)"
    said = f"stored for later removals: {count} pages {sizes}"
    assert f"  {said}\n" in capsys.readouterr().out
    assert f"`{RESTORE_FOLDER}/` is not part of the corpus: {said}." in (folder / "README.md").read_text()
    assert all(f"{row['sha256']}  {row['path']}\n" in (folder / SUMS).read_text() for row in rows_of_it)

    from c4pipe.inspect.__main__ import main

    assert main([str(folder)]) == 0
    assert f"  restore   {count} pages for later removals, {size / 1e6:,.2f} MB\n" in capsys.readouterr().out
    assert main([str(folder), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["restore"] == {"pages": count, "files": len(rows_of_it), "bytes": size}
    assert told["corpus"]["pages"] == len([*rows(folder)])


def test_it_is_no_input_of_another_build(crawl):
    folder = crawl(LITERAL)
    found = find_inputs([str(folder)], format="parquet")
    assert not [item.path for item in found.inputs if RESTORE_FOLDER in item.path]
    assert (f"{folder}/{RESTORE_FOLDER}/", "pages that may come back, not part of the corpus") in found.left_out
    part = f"{folder}/{RESTORE_FOLDER}/part-000000.parquet"
    found = find_inputs([f"{folder}/*/*.parquet"], format="parquet")
    assert [item.path for item in found.inputs] == [str(path) for path in sorted(folder.glob("*/*-of-*.parquet"))]
    assert (part, "pages that may come back, not part of the corpus") in found.left_out
    assert [item.path for item in find_inputs([f"{folder}/{RESTORE_FOLDER}/*00.parquet"], format="parquet").inputs] == [
        part
    ]


def test_the_same_bytes_by_whatever_way(crawl, monkeypatch, tmp_path):
    expected = digests(crawl(LITERAL, "THREE"))
    assert f"{RESTORE_FOLDER}/part-000001.parquet" in expected
    assert digests(crawl(LITERAL, "THREE", "--workers", "2", "--spill-rows", "1")) == expected
    together = crawl(LITERAL, "ONE,THREE")
    assert digests(together / "three") == expected

    def die(*_):
        raise RuntimeError("killed")

    with monkeypatch.context() as patched:
        patched.setattr(write, "write_restore", die)
        with pytest.raises(RuntimeError):
            crawl(LITERAL, "THREE")
    dead = max((folder for folder in tmp_path.iterdir()), key=lambda folder: int(folder.name))
    arguments = ["--input", str(dead / "in"), "--input-format", "jsonl", "--output", str(dead / "c4")]
    assert build_c4.main([*arguments, "--preset", f"{__name__}:THREE", "--workers", "1"]) == 0
    assert digests(dead / "c4") == expected


def test_verify_counts_them(crawl):
    folder = crawl(LITERAL)
    manifest = manifests.read(folder)
    parts = manifest["restore"]
    manifests.write_again(folder, manifest | {"restore": parts[1:]})
    lines = [finding.line() for finding in check_corpus(folder, lambda size: None).findings]
    assert [line for line in lines if "that reached stage lines are in shards and restore files" in line]
