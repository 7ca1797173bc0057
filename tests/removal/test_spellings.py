"""Pages whose URLs differ from a listed one only in spelling: named, never removed, and never proven gone."""

from __future__ import annotations

import json

import pyarrow as pa
import pytest

from beam_jobs import remove
from c4pipe.removal.asked import BY_URL, Wishes, wish_of
from c4pipe.removal.matching import Matcher
from c4pipe.removal.spellings import Near, Spellings
from tests.wetfiles import rows

STORED = "https://h.example/p"


def near(line: str, *urls: str) -> dict[int, Near]:
    asked = Wishes.of([wish for wish in [wish_of(BY_URL, line)] if wish is not None])
    found = Spellings(asked)
    found.add(pa.array(urls, pa.string()), Matcher(asked).mask(urls))
    return dict(found.near())


@pytest.mark.parametrize(
    ("line", "url", "prefix"),
    [
        ("https://h.example/p#top", STORED, "h.example/p*"),
        ("https://h.example/p#:~:text=foo", STORED, "h.example/p*"),
        (STORED, "https://h.example/p#one", "h.example/p*"),
        ("https://h.example/M%C3%BCll", "https://h.example/Müll", ""),
        ("https://h.example/~x", "http://www.h.example/%7Ex", ""),
        ("https://h.example:8443/p", STORED, ""),
        (STORED, "https://h.example:8443/p", ""),
        ("https://h.example/p,", STORED, ""),
        ("https://h.example/p.", STORED, ""),
        ("https://h.example/a//p", "https://h.example/a/p", ""),
        ("https://h.example/a/../p", STORED, ""),
        ("https://h.example/P", STORED, ""),
        ("https://h.example/", "https://h.example/#top", ""),
        ("https://bücher.example/P", "https://xn--bcher-kva.example/p", ""),
    ],
)
def test_what_differs_only_in_spelling(line: str, url: str, prefix: str) -> None:
    (found,) = near(line, url, "https://h.example/other", "https://other.example/p").values()
    assert (found.urls, found.prefix) == ({url}, prefix)


@pytest.mark.parametrize("url", [STORED, "http://www.h.example/p/?utm_source=x", "https://h.example/p?x", "", None])
def test_what_is_listed_or_another_page(url: str) -> None:
    assert near(STORED, url) == {}


@pytest.fixture(scope="module")
def corpus(once, built):
    urls = [STORED, f"{STORED}#one", f"{STORED}#two", "https://h.example/Q", "https://h.example/r"]

    def write(folder):
        folder.mkdir(parents=True)
        pages = [{"url": url, "text": f"page {n}", "timestamp": "2024-05-01T00:00:00Z"} for n, url in enumerate(urls)]
        (folder / "a.jsonl").write_text("".join(json.dumps(page) + "\n" for page in pages))

    return built(once("spellings", write), "--input-format", "jsonl", "--preset", "tests.removal.test_remove:WHOLE")


def test_they_are_named_and_not_proven(corpus, capsys, tmp_path) -> None:
    listed, made = tmp_path / "letter.txt", tmp_path / "made"
    listed.write_text(f"{STORED}\nhttps://h.example/q\n")
    assert remove.main(["--corpus", str(corpus), "--output", str(made), "--urls", str(listed), "--prove"]) == 1
    told = capsys.readouterr()
    assert {row["url"] for row in rows(made)} == {
        f"{STORED}#one",
        f"{STORED}#two",
        "https://h.example/Q",
        "https://h.example/r",
    }
    assert told.err.startswith(
        f"note: {STORED}: 2 more pages differ from it only in spelling, such as {STORED}#one. List them as they are "
        "stored, or h.example/p*.\n"
        "note: https://h.example/q matches no page, but 1 page differs from it only in spelling, such as "
        "https://h.example/Q. List them as they are stored.\n"
    )
    assert f"\nnote: {STORED}: 2 pages differ from it only in spelling" in told.out
    assert "remove: not proven: some URLs differ from listed ones only in spelling" in told.err
    listed.write_text("https://h.example/r")
    assert remove.main(["--corpus", str(corpus), "--output", f"{made}2", "--urls", str(listed), "--prove"]) == 0
