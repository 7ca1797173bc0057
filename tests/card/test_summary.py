"""c4pipe.card.summary: what the public summary says, and that it is what the shards hold."""

from __future__ import annotations

import csv
import html
import io
import re
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import duckdb
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from c4pipe.card.published import DOMAINS, SUMMARY, Publication
from c4pipe.card.summary import summarise
from c4pipe.card.summary.content import content_of, most_of
from c4pipe.corpus.stats import registered
from c4pipe.page import Page
from tests.inspect import tiny
from tests.wetfiles import manifest_of

Published = Callable[..., Path]
TODAY = Publication("2026-11-29")


def listed(data: bytes) -> list[list[str]]:
    head, *rows = csv.reader(io.StringIO(data.decode()))
    assert head == ["domain", "pages", "bytes", "share_of_bytes"]
    return rows


def shown(page: str) -> str:
    """The text of the page, a line an element."""
    text = re.sub(r"<style>.*?</style>", "", page, flags=re.DOTALL)
    return html.unescape(re.sub(r"\n\s*", "\n", re.sub(r"</?(?:bdi|a|strong)\b[^>]*>", "", text).replace("><", ">\n<")))


def answer(page: str, asked: str) -> str:
    """What stands beside a question, as text."""
    (found,) = re.findall(rf"<dt>{re.escape(html.escape(asked, quote=False))}</dt><dd>(.*?)</dd>", page, re.DOTALL)
    return " ".join(html.unescape(re.sub(r"<[^>]*>", " ", found)).split())


def small(folder: Path, *pages: tuple[str, str], **manifest: Any) -> Path:
    """A corpus of pages by URL and text."""
    rows = [Page(url, text, "2024-05-22T10:11:12Z", "a#1", language="en") for url, text in pages]
    return tiny.write(folder, rows, **manifest)


def summary_of(folder: Path, published: Publication = TODAY) -> tuple[str, list[str]]:
    files, gaps = summarise(folder, manifest_of(folder), published)
    return files[SUMMARY].decode(), gaps


@pytest.mark.parametrize("options", [(), ("--preset", "multilingual")], ids=" ".join)
def test_the_domain_table_is_that_of_sql_over_the_shards(published: Published, options: tuple[str, ...]) -> None:
    """The samples have domains of two labels, so SQL can tell them without the public suffix list."""
    folder = published(*options)
    found = (
        duckdb.connect()
        .sql(
            f"""
        SELECT regexp_extract(url, '^https?://(?:[^/]*[.])?([^./]+[.][^./]+)(?:/|$)', 1) AS domain,
               count(*) AS pages, sum(octet_length(encode(text))) AS bytes
        FROM read_parquet('{folder}/*/*-of-*.parquet') GROUP BY domain ORDER BY bytes DESC, domain
        """
        )
        .fetchall()
    )
    total = sum(row[2] for row in found)
    most = -(-len(found) // 10)
    assert listed((folder / DOMAINS).read_bytes()) == [
        [domain, str(pages), str(size), f"{size / total:.6f}"] for domain, pages, size in found[:most]
    ]
    assert len(found) > 19
    content = content_of(folder, manifest_of(folder))
    assert (content.size, content.domains, content.listed) == (total, len(found), most)
    assert sum(row.bytes for row in content.languages) == total


def test_hosts_in_every_spelling(tmp_path: Path) -> None:
    folder = small(
        tmp_path / "c4",
        ("http://News.BBC.co.uk/a", "äöü"),  # 6 bytes
        ("https://www.bbc.co.uk:8080?x", "ab"),
        ("//user@bbc.co.uk/", "a"),
        ("http://1.2.3.4/", "abcd"),
        ("http://xn--mnchen-3ya.de/", "abc"),
        ("gov.uk/", "ab"),
        ("http://=1+1.example/", "a"),
        ("", "no url"),
    )
    files, _ = summarise(folder, manifest_of(folder), TODAY)
    content = content_of(folder, manifest_of(folder))
    assert [(row.name, row.pages, row.bytes) for row in content.largest] == [("bbc.co.uk", 3, 9)]
    assert (content.pages, content.domains, content.nameless.pages, content.nameless.bytes) == (8, 5, 1, 6)
    assert listed(files[DOMAINS]) == [["bbc.co.uk", "3", "9", "0.360000"]]


hosts = st.sampled_from(
    [
        "a.com",
        "www.a.com",
        "A.com",
        "b.co.uk",
        "x.b.co.uk",
        "c.github.io",
        "localhost",
        "10.0.0.1",
        "ü.de",
        "-.x",
        "a b.fr",
    ]
)
schemes = st.sampled_from(["http://", "https://", "//", "", "HTTP://", "a+b.c-1://"])


@settings(max_examples=10)
@given(st.lists(st.tuples(schemes, hosts, st.sampled_from(["", "/", "/x//y", "?q"]), st.text(max_size=3)), max_size=12))
@example([("http://", "co.uk", "/", "of a suffix")])
def test_law_each_domain_has_the_bytes_of_its_pages(rows: list[tuple[str, str, str, str]]) -> None:
    """The list, made whole, is what a plain loop counts."""
    sizes: Counter[str] = Counter()
    for scheme, host, rest, text in rows:
        sizes[registered(f"{scheme}{host}{rest}".lower()).lstrip(".")] += len(text.encode("utf-8", "surrogatepass"))
    with TemporaryDirectory() as place:
        pages = [(f"{scheme}{host}{rest}", text) for scheme, host, rest, text in rows]
        folder = small(Path(place) / "c4", *pages)
        content = content_of(folder, manifest_of(folder)) if rows else None
        if content is not None:
            ordered = sorted(sizes.items(), key=lambda item: (-item[1], item[0]))
            assert content.domains == len(sizes)
            assert [(row.name, row.bytes) for row in content.largest] == ordered[: most_of(len(sizes))]
            assert content.size == sizes.total()


def test_it_counts_what_the_corpus_holds(published: Published) -> None:
    page = (published() / SUMMARY).read_text()
    text = answer(page, "Text: size")
    assert text == (
        "140,104 bytes of UTF-8 text in 139 pages, train and validation together. "
        "Less than 1 billion tokens, since it has fewer bytes than that."
    )
    assert answer(page, "Latest date of acquisition") == "05/2024: the newest page is of 2024-05-24."
    assert answer(page, "Period of collection") == "05/2024, by the dates of the pages kept."
    assert answer(page, "Size of the inputs").startswith("9 inputs of 286,516 bytes, 270 records;")
    assert answer(page, "Domains by size").startswith(
        "domains.csv lists 2 of 20 domains: the top 10 % by bytes of text"
    )
    assert answer(page, "Word block list (bad_word)").startswith("Dropped: 0 pages of the 139 that reached it (0 %).")
    assert answer(page, "Measures of this build") == "No robots.txt and no list of opt-outs was applied."
    made = answer(page, "How it was made")
    assert "url 244 236 older_copy 8 pages clean 236 211 curly_brace 1 page, few_sentences 23 pages" in made
    assert made.endswith("badwords 139 139 nothing")


def test_each_gap_is_marked_and_listed(published: Published) -> None:
    page = (published() / SUMMARY).read_text()
    marked = re.findall(r'<p class="gap" id="gap-(\d+)">\[TO FILL IN: ', page)
    assert marked == [str(number) for number in range(1, 18)] == re.findall(r'href="#gap-(\d+)"', page)
    assert "17 gaps to fill in by hand" in page
    for number in ("1.1", "1.2", "1.3", "2.1", "2.2", "2.3", "2.4", "2.5", "2.6", "3.1", "3.2", "3.3"):
        assert f"<h3>{number} " in page


def test_what_the_publisher_says_fills_gaps(tmp_path: Path) -> None:
    folder = small(tmp_path / "c4", ("http://a.example/", "Text."))
    _, before = summary_of(folder)
    page, gaps = summary_of(folder, Publication("2026-11-29", "A <Lab>", "https://data.example/c4", "", "2.0.0"))
    assert answer(page, "Name and contact details") == "A <Lab> [TO FILL IN: address, and how to reach you]"
    assert "Version 2.0.0, last updated" in shown(page)
    assert len(gaps) == len(before)
    manifest = manifest_of(folder) | {"inputs": [{"path": "crawl-data/CC-MAIN-2024-22/a.gz", "bytes": 7}]}
    files, fewer = summarise(folder, manifest, TODAY)
    assert answer(files[SUMMARY].decode(), "Crawls") == "CC-MAIN-2024-22"
    assert len(fewer) == len(before) - 1


def test_words_of_strangers_are_shown_and_never_obeyed(tmp_path: Path) -> None:
    folder = small(tmp_path / "c4", ("http://<script>alert(1)<.example\u202e/", "Text."))
    page, _ = summary_of(folder)
    assert "<script" not in page
    assert "&lt;script&gt;" in page
    assert "\u202e" not in page


def test_rules_that_keep_pages_out_are_measures(tmp_path: Path) -> None:
    """As manifests of builds with --exclude and --robots have them, and one of which pages were removed."""
    folder = small(tmp_path / "c4", ("http://a.example/", "Text."))
    manifest = manifest_of(folder)
    stage = manifest["preset"]["stages"][1]
    stage["rules"] += [
        {
            "rule": "NotExcluded",
            "class": "c4pipe.rules.exclusion:NotExcluded",
            "reason": "excluded",
            "in": "rules",
            "fold": True,
        },
        {"rule": "RobotsAllow", "class": "c4pipe.rules.robots:RobotsAllow", "agent": "CCBot", "reason": "robots"},
    ]
    row = manifest["ledger"]["stages"][1]
    row |= {"in": 10, "rejected": {"excluded": 3, "robots": 1}, "removed": 2}
    manifest["removed"] = [{"matched": 3, "kept": 1}]
    manifest["files"] = [
        {"kind": "exclude", "name": "adult/domains", "sha256": "ab" * 32, "read_by": ["NotExcluded"], "at": ""}
    ]
    files, _ = summarise(folder, manifest, TODAY)
    page = files[SUMMARY].decode()
    rights, illegal = page.split("<h3>3.2 Removal of illegal content</h3>")
    assert (
        answer(rights, "robots.txt (robots)")
        == "Dropped: 1 page of the 10 that reached it (10.0 %). Settings: agent CCBot."
    )
    said = (
        "Dropped: 3 pages of the 10 that reached it (30.0 %). Files: adult/domains; manifest.json has their checksums."
    )
    assert answer(rights, "Exclusion lists (excluded)") == said
    assert "excluded" not in illegal.partition("<h3>3.3")[0]
    told = "3 pages, of which 1 was kept and 2 had reached the first text dedup, after the corpus was first built."
    assert answer(rights, "Removed on request") == told
    assert "Measures of this build" not in rights


def test_of_other_files_nothing_is_claimed(tmp_path: Path) -> None:
    folder = small(tmp_path / "c4", ("", "Text."))
    manifest = manifest_of(folder)
    manifest["preset"]["stages"][0]["format"] = "jsonl"
    files, gaps = summarise(folder, manifest, TODAY)
    page = files[SUMMARY].decode()
    assert "Common Crawl" not in page
    assert "CCBot" not in page
    assert answer(page, "Domains by size").startswith("No page has a URL. [TO FILL IN: where the text comes from")
    assert (
        "2.1 Name and link of each dataset: name, link and description of each dataset, or that these are none" in gaps
    )
    assert listed(files[DOMAINS]) == []


def test_of_a_mixture_it_says_which_corpora_and_how_often(tmp_path: Path) -> None:
    folder = small(tmp_path / "c4", ("http://a.example/", "Text."))
    manifest = manifest_of(folder) | {"mixture": {}, "inputs": [{"path": "mc4", "formats": ["wet"], "sha256": "f00"}]}
    manifest["preset"] |= {"stages": []}
    manifest["ledger"] |= {"repeats": 4}
    files, _ = summarise(folder, manifest, TODAY)
    page = files[SUMMARY].decode()
    assert answer(page, "Text: size").startswith(
        "5 bytes of UTF-8 text in 1 document, train and validation together; 4 of them are repeats of others."
    )
    assert "corpus sha256 of its manifest mc4 f00" in answer(page, "Corpora that it was drawn from")
    assert page.count("Those of the corpora that it was drawn from.") == 2


def test_how_many_domains_are_asked_for() -> None:
    assert [most_of(n) for n in (0, 1, 10, 11, 20, 10**6)] == [0, 1, 1, 2, 2, 100_000]
    assert [most_of(n, small=True) for n in (0, 1, 20, 21, 20_000, 20_001)] == [0, 1, 1, 2, 1000, 1000]


CSS = Path(__file__).parents[2] / "c4pipe"


def palettes(path: str) -> list[dict[str, str]]:
    blocks = re.findall(r":root \{(.*?)\}", (CSS / path).read_text(), re.DOTALL)
    return [dict(re.findall(r"--([a-z0-9]+): (#[0-9a-f]{3,6})", block)) for block in blocks]


def test_its_colours_are_those_of_the_report_whose_contrast_is_counted() -> None:
    ours, theirs = palettes("card/summary/templates/summary.css"), palettes("inspect/report/templates/report.css")
    assert [set(palette) for palette in ours] == [{"paper", "ink", "soft", "rule", "link", "warn", "warned"}] * 3
    assert all(mine.items() <= known.items() for mine, known in zip(ours, theirs, strict=True))


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_opens_from_disk_asks_for_nothing_and_fits_a_telephone(
    browser: Any, published: Published, scheme: str
) -> None:
    path = published("--preset", "multilingual") / SUMMARY
    context = browser.new_context(viewport={"width": 375, "height": 800}, color_scheme=scheme)
    page, messages, requests = context.new_page(), [], []
    page.on("console", lambda message: messages.append(message.text))
    page.on("request", lambda request: requests.append(request.url))
    page.goto(path.as_uri())
    assert messages == []
    assert [url for url in requests if url not in (path.as_uri(), "data:,")] == []
    assert page.evaluate("document.documentElement.scrollWidth") == 375
    background = "getComputedStyle(document.body).backgroundColor"
    assert page.evaluate(background) == {"light": "rgb(251, 250, 248)", "dark": "rgb(20, 23, 26)"}[scheme]
    page.emulate_media(media="print")
    assert page.evaluate(background) == "rgb(255, 255, 255)"
    context.close()
