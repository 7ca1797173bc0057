"""c4pipe.textindex: the pages that hold a text, by an index and without one, are those that plain search finds."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory

import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from beam_jobs import remove
from c4pipe.errors import BuildError, ConfigError
from c4pipe.keys import SortedRuns
from c4pipe.textindex import making, searching, texts
from c4pipe.textindex.__main__ import main
from c4pipe.textindex.index import PAGE_GRAMS, PAGE_TEXTS, open_index
from c4pipe.textindex.least import LEAST
from c4pipe.textindex.making import INDEX_FILES, make_index
from c4pipe.textindex.matches import longest_matches
from c4pipe.textindex.searching import search_text
from c4pipe.verify.corpus import check_corpus
from tests.conftest import Build
from tests.corpora import write_corpus
from tests.wetfiles import SAMPLES

FOG = "The fog lay on the river, and nobody saw the other bank."
RIGHTS = "All rights reserved by whoever wrote this."


def corpus(folder: Path, pages: Sequence[str]) -> Path:
    """Two shards, in row groups of three."""
    half = len(pages) // 2
    groups = [[part[at : at + 3] for at in range(0, len(part), 3)] for part in (pages[:half], pages[half:])]
    return write_corpus(folder, {("en", "train"): [group for group in groups if group]})


def places(folder: Path, text: str, limit: int = 1000) -> list[tuple[str, int]]:
    return [(page.shard, page.row) for page in search_text(folder, text, limit).pages]


def plain(folder: Path, text: str) -> list[tuple[str, int]]:
    """By reading all of it."""
    return [
        (path.relative_to(folder).as_posix(), row)
        for path in sorted(folder.glob("en/*.parquet"))
        for row, found in enumerate(pq.read_table(path)["text"].to_pylist())
        if text in found
    ]


@pytest.fixture(scope="module")
def foggy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A page of fog in each shard, 40 others, all of which end in the same words."""
    pages = [f"Page {n} is one of many. {RIGHTS}" for n in range(40)]
    pages[7], pages[31] = f"Über {FOG} {FOG}", f"{FOG.upper()} {FOG}"
    folder = corpus(tmp_path_factory.mktemp("foggy"), pages)
    make_index(folder)
    return folder


def test_a_text_is_found_where_it_stands(foggy: Path) -> None:
    found = search_text(foggy, "fog lay on the river", 10)
    first, second = found.pages
    assert (first.shard, first.row, first.url, first.timestamp) == (
        *("en/train-00000-of-00002.parquet", 7),
        *("http://en.example/", "2024"),
    )
    assert (first.start, first.times) == (9, 2)  # in characters
    assert first.text == f"Über {FOG} {FOG}"
    assert (second.shard, second.row, second.times) == ("en/train-00001-of-00002.parquet", 11, 1)
    assert found[1:] == (2, True, True)


@pytest.mark.parametrize("text", ["fog  lay on the river", "Fog lay on the river", "there is no such page"])
def test_every_character_counts(foggy: Path, text: str) -> None:
    assert search_text(foggy, text, 10) == ([], 0, True, True)


def test_a_common_text_is_not_looked_for_to_the_end(foggy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The first pages are shown, and how many there are at most: 38 hold it, and share its rarest gram."""
    monkeypatch.setattr(searching, "CHECKED", 5)
    found = search_text(foggy, RIGHTS, 3)
    assert [(page.shard[:13], page.row) for page in found.pages] == [("en/train-0000", n) for n in range(3)]
    assert (found.number, found.exact) == (38, False)
    assert search_text(foggy, RIGHTS, 100)[1:] == (38, True, True)


def test_a_text_that_is_too_short_is_refused(foggy: Path) -> None:
    assert LEAST == 20
    with pytest.raises(ConfigError, match=r"a text of 19 characters is too short .* give 20 or more"):
        search_text(foggy, "fog lay on the rive", 1)
    assert len(places(foggy, "fog lay on the river")) == 2


words = st.text(st.sampled_from("ab é猫🙂\n\0"), max_size=60)
page_texts = st.one_of(words, st.text(max_size=40), st.builds(lambda word, n: word * n, words, st.integers(1, 4)))
pages = st.lists(page_texts, max_size=14)


@settings(max_examples=25, deadline=None)
@given(pages, st.data())
def test_an_index_and_a_scan_find_what_plain_search_finds(found: list[str], data: st.DataObject) -> None:
    found = [page.encode("utf-8", "ignore").decode() for page in found]
    with TemporaryDirectory() as name:
        folder, scanned = Path(name, "indexed"), Path(name, "scanned")
        for one in (folder, scanned):
            corpus(one, found)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(texts, "TEXT_BLOCK", data.draw(st.integers(1, 200)))
            patch.setattr(making, "KEYS_AT_ONCE", data.draw(st.integers(1, 50)))
            make_index(folder)
        long_ones = [page for page in found if len(page) >= LEAST]
        for _ in range(5):
            text = "a text that nobody wrote"
            if long_ones and data.draw(st.booleans()):
                page = data.draw(st.sampled_from(long_ones))
                start = data.draw(st.integers(0, len(page) - LEAST))
                text = page[start : data.draw(st.integers(start + LEAST, len(page)))]
            expected = plain(folder, text)
            by_index, by_scan = search_text(folder, text, 1000), search_text(scanned, text, 1000)
            assert [(page.shard, page.row) for page in by_index.pages] == expected
            assert by_index.pages == by_scan.pages
            assert by_index.number == by_scan.number == len(expected)
            assert (by_index.indexed, by_scan.indexed) == (True, False)
            assert places(folder, text, 2) == expected[:2]


def test_the_bytes_are_a_function_of_the_pages(foggy: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """However little is held in memory at a time."""
    again = Path(shutil.copytree(foggy, tmp_path / "again"))
    monkeypatch.setattr(making, "SortedRuns", lambda path: SortedRuns(path, held=50))
    monkeypatch.setattr(making, "KEYS_AT_ONCE", 20)
    make_index(again)
    for name in INDEX_FILES:
        assert (again / name).read_bytes() == (foggy / name).read_bytes()
    assert sorted(path.name for path in again.iterdir()) == ["__text", "added.json", "en", "manifest.json"]


def test_an_index_of_other_pages_is_refused(foggy: Path, tmp_path: Path) -> None:
    """So that nobody finds by an old index what has left the corpus."""
    other = corpus(tmp_path / "other", [FOG] * 4)
    shutil.copytree(foggy / "__text", other / "__text")
    with pytest.raises(BuildError, match="is the index of other pages than the corpus has now"):
        search_text(other, FOG, 1)


@pytest.fixture
def sample(built: Build, tmp_path: Path) -> Path:
    """The sample corpus with an index."""
    copy = Path(shutil.copytree(built(SAMPLES), tmp_path / "c4"))
    assert main([str(copy)]) == 0
    return copy


def text_of(folder: Path) -> tuple[str, str]:
    """The URL of a page and a text that it alone has."""
    row = pq.read_table(sorted(folder.glob("en/train*"))[0]).to_pylist()[0]
    return row["url"], row["text"][:60]


def test_verify_knows_the_index_and_names_it_when_damaged(sample: Path) -> None:
    assert check_corpus(sample, int).findings == []
    for name in INDEX_FILES:
        whole = (sample / name).read_bytes()
        for at in range(0, len(whole), len(whole) // 5 + 1):
            (sample / name).write_bytes(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :])
            [finding] = check_corpus(sample, int).findings
            assert (finding.path, finding.kind) == (str(sample / name), "sha256")
        (sample / name).write_bytes(whole)


def test_a_damaged_byte_is_named_before_it_misleads(foggy: Path, tmp_path: Path) -> None:
    copy = Path(shutil.copytree(foggy, tmp_path / "copy"))
    for name in INDEX_FILES:
        whole = (copy / name).read_bytes()
        for at in range(0, len(whole), 97):
            (copy / name).write_bytes(whole[:at] + bytes([whole[at] ^ 64]) + whole[at + 1 :])
            with suppress(BuildError):  # one that names the file
                assert places(copy, "fog lay on the river") == places(foggy, "fog lay on the river")
        (copy / name).write_bytes(whole[: len(whole) // 2])
        with pytest.raises(BuildError, match=name):
            places(copy, "fog lay on the river")
        (copy / name).unlink()
        with pytest.raises(BuildError, match=name):
            places(copy, "fog lay on the river")
        (copy / name).write_bytes(whole)


def test_pages_that_were_taken_out_are_found_no_more(sample: Path, tmp_path: Path) -> None:
    url, text = text_of(sample)
    assert [page.url for page in search_text(sample, text, 5).pages] == [url]
    (tmp_path / "urls.txt").write_text(f"{url}\n")
    command = ["--corpus", str(sample), "--output", str(tmp_path / "less"), "--urls", str(tmp_path / "urls.txt")]
    assert remove.main(command) == 0
    assert search_text(tmp_path / "less", text, 5) == ([], 0, True, False)
    assert not (tmp_path / "less/__text").exists()
    assert main([str(tmp_path / "less")]) == 0
    assert search_text(tmp_path / "less", text, 5) == ([], 0, True, True)


def test_the_command(foggy: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    copy = Path(shutil.copytree(foggy, tmp_path / "c4"))
    assert main([str(copy)]) == 0
    assert capsys.readouterr().out.startswith(f"{copy}: 40 pages, ")
    assert main([str(tmp_path)]) == 2
    assert "manifest.json" in capsys.readouterr().err
    (copy / "added.json").unlink()
    (copy / PAGE_TEXTS).write_bytes(b"mine")
    assert main([str(copy)]) == 2
    assert f"{PAGE_GRAMS} was not written by this command: added.json does not name it" in capsys.readouterr().err
    assert (copy / PAGE_TEXTS).read_bytes() == b"mine"


def test_a_damaged_shard_leaves_no_index(foggy: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    copy = Path(shutil.copytree(foggy, tmp_path / "c4", ignore=shutil.ignore_patterns("__text", "added.json")))
    shard = copy / "en/train-00001-of-00002.parquet"
    shard.write_bytes(shard.read_bytes()[:-20])
    assert main([str(copy)]) == 1
    assert f"{shard} is damaged" in capsys.readouterr().err
    assert open_index(copy) is None
    assert sorted(path.name for path in copy.iterdir()) == ["en", "manifest.json"]
    with pytest.raises(BuildError, match="is damaged"):
        search_text(copy, FOG, 1)


def test_the_index_is_small(sample: Path) -> None:
    size = sum((sample / name).stat().st_size for name in (PAGE_GRAMS, PAGE_TEXTS))
    text = sum(
        len(page.encode()) for path in sample.glob("en/*.parquet") for page in pq.read_table(path)["text"].to_pylist()
    )
    assert size < 4 * text


@given(st.text(st.sampled_from("ab"), max_size=25), st.text(st.sampled_from("ab"), max_size=60), st.integers(1, 6))
def test_longest_matches_are_those_that_no_longer_one_holds(text: str, held: str, least: int) -> None:
    pieces = [
        (start, end)
        for start in range(len(text))
        for end in range(start + least, len(text) + 1)
        if text[start:end] in held
    ]
    expected = [one for one in pieces if not any(a <= one[0] and one[1] <= b and (a, b) != one for a, b in pieces)]
    assert longest_matches(text, held.__contains__, least) == expected
