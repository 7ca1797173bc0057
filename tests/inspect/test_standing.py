"""The page that stands for another one: here, in an earlier corpus, or where it would be."""

from __future__ import annotations

import json
import shutil
from collections import Counter
from hashlib import md5, sha256
from pathlib import Path
from typing import Any

import pytest

from c4pipe.corpus.catalogue import describe
from c4pipe.facts.corpus import Corpus, open_corpus
from c4pipe.inspect.__main__ import main
from c4pipe.inspect.lookup import look_up, with_standing
from c4pipe.inspect.query import of_reason
from c4pipe.inspect.standing import AS_READ, ONE_IS_CUT
from c4pipe.page import Page
from c4pipe.presets import EN_NEAR
from tests.inspect.tiny import ledger, lost, write

DATE = "2024-05-22T10:11:12Z"
FOG = "\n".join(f"The fog lay on the harbour for {day} days." for day in ("one", "two", "three", "four", "five"))
NEAR = {"preset": describe(EN_NEAR)}
HOSTILE = "\x1b[31mEVIL\u202e<script>"


def code(url: str) -> str:
    return md5(url.encode()).hexdigest()[:16]


def near(url: str, owner: str, text: str = FOG, detail: str = "", **rest: Any) -> dict[str, Any]:
    """A page that fell as a near duplicate."""
    dropped = [{"reason": "near_duplicate", "line": "", "owner": code(owner)}]
    return lost(url, "near", "near_duplicate", text, detail=detail, dropped=dropped, **rest)


def row_of(folder: Path) -> dict[str, str]:
    """What a corpus that was built against this one says of it."""
    sum_of = sha256((folder / "manifest.json").read_bytes()).hexdigest()
    return {"path": str(folder), "sha256": sum_of, "preset": "en.near", "keys": "all pages"}


def stands(corpus: Corpus, url: str) -> dict[str, Any]:
    (page,) = look_up(corpus, url)["pages"]
    found: dict[str, Any] = page["stands"]
    return found


def differing(found: dict[str, Any]) -> list[tuple[str, list[str]]]:
    """Lines with words that differ: mark, words."""
    lines = [(line["mark"], [p["text"] for p in line["pieces"] if p["differs"]]) for line in found["lines"]]
    return [line for line in lines if line[1]]


def test_a_page_of_this_corpus_with_the_difference_in_words(second_crawl: Corpus) -> None:
    found = stands(second_crawl, "http://new.example/a")
    assert found["page"]["url"] == "http://new.example/b"
    assert (found["page"]["earlier"], found["page"]["reason"]) == (False, "kept")
    assert found["says"] == "It is a kept page of this corpus."
    assert found["likeness"].startswith("Of all word 5-grams in either text, about 9")
    assert [words for mark, words in differing(found) if mark == "+"] == [["trumpets"]] * 4
    assert "Menu" not in json.dumps(found["lines"]), "cleaning cut that, and not the dedup"
    assert "[…]" in json.dumps(found["lines"], ensure_ascii=False)


def test_a_page_of_an_earlier_corpus(first_crawl: Corpus, second_crawl: Corpus) -> None:
    found = stands(second_crawl, "http://new.example/fog")
    assert found["page"]["url"] == "http://old.example/fog-again"
    assert found["page"]["corpus"] == str(first_crawl.folder)
    assert found["says"] == f"It is a kept page of the earlier corpus {first_crawl.folder}."
    assert found["likeness"].startswith("Of all word 5-grams in either text, about 92 %")
    assert "or of a page of an earlier corpus from 14 keys" in found["likeness"]
    assert differing(found)[:2] == [("-", ["umbrellas"]), ("+", ["elephants"])]


def test_an_earlier_copy_is_compared_by_its_url(second_crawl: Corpus) -> None:
    (page,) = with_standing(second_crawl, of_reason(second_crawl, "earlier_copy", None, 3)["pages"])
    found = page["stands"]
    assert (found["page"]["url"], found["page"]["earlier"], found["likeness"]) == ("http://old.example/news", True, "")
    assert not found["same"]
    assert found["shown"] == AS_READ


def test_earlier_copies_are_compared_as_they_were_read(tmp_path: Path) -> None:
    url, cut = "http://a.example/", FOG.rpartition("\n")[0]
    kept, read = Page(url, cut, DATE, "a#1"), lost(url, "", "kept", FOG, source="a#1")
    old, sparse = (write(tmp_path / one, [kept], table, **NEAR) for one, table in (("old", [read]), ("sparse", [])))

    def beside(folder: Path) -> dict[str, Any]:
        rows = [lost(url, "url", "earlier_copy", FOG)]
        new = write(tmp_path / f"new-{folder.name}", [], rows, against=[row_of(folder)], **NEAR)
        return stands(open_corpus(new), url)

    found = beside(old)
    assert (found["same"], found["shown"]) == (True, AS_READ), "what was cut as repeated is no difference"
    found = beside(sparse)
    assert (found["same"], found["shown"]) == (False, ONE_IS_CUT)


def test_the_owner_of_a_repeated_sentence_may_be_of_an_earlier_corpus(
    first_crawl: Corpus, second_crawl: Corpus
) -> None:
    (page,) = look_up(second_crawl, "http://new.example/span")["pages"]
    owned = [segment for line in page["lines"] for segment in line if segment["owner"]]
    assert {(segment["owner_url"], segment["owner_in"]) for segment in owned} == {
        ("http://old.example/span", str(first_crawl.folder))
    }


def test_pages_that_fall_by_themselves_have_none(second_crawl: Corpus, tmp_path: Path) -> None:
    assert stands(second_crawl, "http://new.example/alone") is None
    corpus = open_corpus(write(tmp_path / "c4", [], [lost("http://a.example/", "clean", "few_sentences", "One.")]))
    assert stands(corpus, "http://a.example/") is None


def test_what_became_of_an_owner_that_was_rejected(tmp_path: Path) -> None:
    rows = [
        near("http://a.example/", "http://b.example/", detail="0.95"),
        lost("http://b.example/", "size", "small_language", FOG.replace("four", "six")),
        near("http://c.example/", "http://a.example/", detail="0.50"),
        lost("http://d.example/", "url", "older_copy", FOG),
        near("http://e.example/", "http://d.example/", detail="0.90"),
    ]
    preset = {"preset": describe(EN_NEAR) | {"stages": [*describe(EN_NEAR)["stages"], {"stage": "size"}]}}
    corpus = open_corpus(write(tmp_path / "c4", [], rows, **preset))
    found = stands(corpus, "http://a.example/")
    assert found["page"]["url"] == "http://b.example/"
    assert found["says"] == "It is a page of this corpus, and was itself rejected there: size/small_language."
    through = stands(corpus, "http://c.example/")
    assert (through["page"]["url"], through["through"]) == ("http://b.example/", ["http://a.example/"])
    found = stands(corpus, "http://e.example/")
    assert found["page"] is None, "a page that lost its URL has claimed nothing"
    assert found["says"].startswith(
        "It is neither among the kept pages of the corpus nor in the table of rejected pages."
    )
    assert code("http://d.example/") in found["says"]


def test_two_that_name_each_other_end(tmp_path: Path) -> None:
    rows = [near("http://a.example/", "http://b.example/"), near("http://b.example/", "http://a.example/")]
    corpus = open_corpus(write(tmp_path / "c4", [], rows, **NEAR))
    assert stands(corpus, "http://a.example/")["page"] is not None


def test_a_low_similarity_says_why_they_hang_together(tmp_path: Path) -> None:
    pages = [Page("http://b.example/", FOG, DATE, "a#1")]
    corpus = open_corpus(
        write(tmp_path / "c4", pages, [near("http://a.example/", pages[0].url, detail="0.31")], **NEAR)
    )
    found = stands(corpus, "http://a.example/")
    assert found["likeness"] == (
        "Of all word 5-grams in either text, about 31 % are in both (estimated from 112 of them). They may "
        "be linked through other pages, each similar to the next."
    )
    assert (found["same"], found["lines"]) == (True, [])


def test_the_owner_of_a_page_without_a_url_is_told_by_its_text(tmp_path: Path) -> None:
    raw = f"Menu\n{FOG}"
    pages = [Page("", FOG, DATE, "a#1")]
    rows = [
        lost("", "", "kept", raw, source="a#1"),
        near("http://a.example/", md5(raw.encode()).hexdigest(), detail="0.97"),
    ]
    found = stands(open_corpus(write(tmp_path / "c4", pages, rows, **NEAR)), "http://a.example/")
    assert (found["page"]["source"], found["page"]["reason"]) == ("a#1", "kept")


def test_where_it_would_be(tmp_path: Path) -> None:
    old = write(tmp_path / "old", [Page("http://b.example/", FOG, DATE, "a#1")], **NEAR)
    rows = [near("http://a.example/", "http://b.example/")]
    new = open_corpus(write(tmp_path / "new", [], rows, **NEAR, against=[row_of(old)]))
    assert stands(new, "http://a.example/")["page"]["url"] == "http://b.example/"
    old.rename(tmp_path / "moved")
    told = stands(new, "http://a.example/")["says"]
    assert f"Or it is a page of an earlier corpus that was not found ({old}, sha256" in told
    assert "it is not there" in told
    write(tmp_path / "old", [], **NEAR)
    assert "another corpus is there now" in stands(new, "http://a.example/")["says"]
    shutil.rmtree(tmp_path / "old")
    (tmp_path / "moved").rename(tmp_path / "old")
    (next((tmp_path / "old" / "en").iterdir())).write_bytes(b"damaged")
    assert "Copy or build the corpus again" in stands(new, "http://a.example/")["says"]


def test_an_earlier_corpus_that_moved_beside_this_one_is_found(tmp_path: Path) -> None:
    old = write(tmp_path / "there" / "old", [Page("http://b.example/", FOG, DATE, "a#1")], **NEAR)
    row = row_of(old)
    shutil.move(old, tmp_path / "old")
    rows = [near("http://a.example/", "http://b.example/")]
    new = open_corpus(write(tmp_path / "new", [], rows, **NEAR, against=[row]))
    assert stands(new, "http://a.example/")["page"]["corpus"] == str(tmp_path / "old")


def test_an_earlier_corpus_that_moved_elsewhere_can_be_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    old = write(tmp_path / "there" / "old", [Page("http://b.example/", FOG, DATE, "a#1")], **NEAR)
    rows = [near("http://a.example/", "http://b.example/")]
    new = write(tmp_path / "new", [], rows, **NEAR, against=[row_of(old)])
    moved = shutil.move(old, tmp_path / "other name")
    for view in (["--url", "http://a.example/"], ["--url", "http://a.example/", "--earlier", str(new), str(moved)]):
        assert main([str(new), "--json", *view]) == 0
        (page,) = json.loads(capsys.readouterr().out)["pages"]
        where = page["stands"]["page"]
        assert (where and where["corpus"]) == (str(moved) if "--earlier" in view else None)
    assert main([str(new), "--earlier", str(moved)]) == 2
    assert "--earlier needs --url, --reason or --serve" in capsys.readouterr().err
    assert main([str(new), "--url", "http://a.example/", "--earlier", str(tmp_path / "none")]) == 2
    assert "is not a folder" in capsys.readouterr().err


@pytest.mark.parametrize("view", [("--url", "http://a.example/"), ("--reason", "near_duplicate")])
def test_the_terminal_shows_it_and_obeys_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], view: tuple[str, str]
) -> None:
    other = f"http://b.example/{HOSTILE}"
    pages = [Page(other, f"{FOG}\n{HOSTILE}", DATE, "a#1")]
    rows = [near("http://a.example/", other, detail="0.94")]
    counts = ledger(2, Counter())
    row = {"stage": "near", "in": 2, "kept": 1, "rejected": {"near_duplicate": 1}, "lines_dropped": {}}
    counts["stages"].append(row)
    against = [{"path": HOSTILE, "sha256": HOSTILE}]
    folder = write(tmp_path / "c4", pages, rows, **NEAR, ledger=counts, against=against)
    assert main([str(folder), *view]) == 0
    out = capsys.readouterr().out
    assert "The page that replaces it" in out
    assert "about 94 % are in both" in out
    assert "\x1b[31mEVIL" not in out
    assert "\u202e" not in out
    assert "+ " in out


def test_a_similarity_quotes_nothing(tmp_path: Path) -> None:
    text = f"{FOG}\nIt was 0.95 metres deep on the second day."
    pages = [Page("http://b.example/", text, DATE, "a#1")]
    rows = [near("http://a.example/", "http://b.example/", text, "0.95")]
    (page,) = look_up(open_corpus(write(tmp_path / "c4", pages, rows, **NEAR)), "http://a.example/")["pages"]
    assert not any(segment["quoted"] for line in page["lines"] for segment in line)
