"""Clusters and earlier corpora in the report: numbers, words, and strings that want to be run."""

from __future__ import annotations

import io
import json
import shutil
from hashlib import sha256
from pathlib import Path

import pytest

from c4pipe.corpus.catalogue import describe
from c4pipe.facts.corpus import Corpus, connect, open_corpus
from c4pipe.inspect.__main__ import facts_of, show
from c4pipe.inspect.arguments import parse
from c4pipe.inspect.overview import overview
from c4pipe.inspect.relatives import with_largest
from c4pipe.inspect.report.render import sections
from c4pipe.inspect.terminal import Screen
from c4pipe.page import Page
from c4pipe.presets import EN_NEAR
from tests.inspect import tiny
from tests.inspect.report.test_browser import Visit
from tests.inspect.report.written import Read, report_of
from tests.inspect.test_standing import FOG, NEAR, code, near

HOSTILE = "<script>\u202e\x1b[31m"


def with_stats(folder: Path, **stats: object) -> None:
    """Writes more into stats.json, and its sum into the manifest's list."""
    path = folder / "stats.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | stats))


@pytest.fixture(scope="module")
def clustered(tmp_path_factory: pytest.TempPathFactory) -> Corpus:
    """Clusters of many sizes, months and domains, of a corpus built against one with a hostile name."""
    pages = [Page(f"http://a.example/{i}", "One. Two. Three.", "2024-05-01", f"a#{i}") for i in range(30)]
    counts = {"records": 60, "stages": [{"stage": "near", "in": 60, "kept": 30, "rejected": {"near_duplicate": 30}}]}
    for stage in counts["stages"]:
        stage["lines_dropped"] = {}
    folder = tiny.write(
        tmp_path_factory.mktemp("clustered") / "c4",
        pages,
        preset=describe(EN_NEAR),
        ledger=counts,
        settings={"dedup": "lines,near", "rejected": "sample"},
        against=[{"path": HOSTILE, "sha256": HOSTILE, "preset": HOSTILE, "keys": HOSTILE}],
    )
    with_stats(
        folder,
        clusters={"near": {"2": 5, "3": 2, "4": 1, "9": 1}},
        months_came={"2024-05": 40, "": 20},
        months_old={"2024-05": 10},
        domains_came={"a.example": 50, HOSTILE: 10},
        domains_old={HOSTILE: 10},
        earlier={"url": 8, "near": 2, "spans:parts": 7},
    )
    return open_corpus(folder)


def test_clusters_are_told_by_size(clustered: Corpus, tmp_path: Path) -> None:
    assert overview(clustered)["clusters"] == [
        {
            "stage": "near",
            "alone": 21,
            "largest": 9,
            "sizes": [
                {"from": 2, "to": 2, "clusters": 5, "pages": 10},
                {"from": 3, "to": 4, "clusters": 3, "pages": 10},
                {"from": 9, "to": 16, "clusters": 1, "pages": 9},
            ],
        }
    ]
    read = Read(report_of(clustered, tmp_path))
    numbers = {of: values for of, values in read.numbers.items() if of.startswith("clusters.")}
    assert numbers == {
        "clusters.near.alone": [21],
        "clusters.near.largest": [9],
        "clusters.near.2": [5],
        "clusters.near.2.pages": [10],
        "clusters.near.3": [3],
        "clusters.near.3.pages": [10],
        "clusters.near.9": [1],
        "clusters.near.9.pages": [9],
    }
    assert "14 bands of 8 minima" in read.text
    assert "steepest near 0.72" in read.text
    assert "chosen for this corpus: --dedup lines,near" in read.text


def test_what_was_old_is_told_by_month_and_domain(clustered: Corpus, tmp_path: Path) -> None:
    told = overview(clustered)["earlier"]
    assert (told["came"], told["old"], told["share"]) == (60, 10, 1 / 6)
    assert told["pages"] == [{"stage": "url", "pages": 8}, {"stage": "near", "pages": 2}]
    assert told["parts"] == [{"stage": "spans", "parts": 7}]
    assert [(row["month"], row["old"], row["came"]) for row in told["months"]] == [("", 0, 20), ("2024-05", 10, 40)]
    assert [(row["domain"], row["old"]) for row in told["domains"]] == [(HOSTILE, 10), ("a.example", 0)]
    html = report_of(clustered, tmp_path)
    assert "<script>" not in html
    assert "\x1b" not in html
    read = Read(html)
    found = {of: values[0] for of, values in read.numbers.items() if of.startswith("earlier.")}
    assert found["earlier.old"] == 10
    assert found["earlier.share"] == pytest.approx(1 / 6)
    assert found["earlier.month.2024-05.old"] == 10
    assert found["earlier.domain.a.example.came"] == 50
    assert found["earlier.parts.spans"] == 7
    assert "built-in method" not in read.text


def test_domains_with_the_most_old_pages_come_first(clustered: Corpus) -> None:
    came = {"a.example": 900, "b.example": 4, "c.example": 9, "d.example": 3, "e.example": 70}
    old = {"b.example": 4, "c.example": 5, "a.example": 4}
    stats = clustered.stats | {"domains_came": came, "domains_old": old}
    told = overview(clustered._replace(stats=stats))["earlier"]["domains"]
    assert [row["domain"][0] for row in told] == ["c", "a", "b", "e", "d"]


def test_the_largest_clusters_are_named(tmp_path: Path) -> None:
    stays = [Page(f"http://b.example/{i}", f"{FOG}\nAnd {i}.", "2024-05-01", f"a#{i}") for i in range(7)]
    rows = [
        near(f"http://a.example/{i}/{k}", page.url, FOG, detail="0.90")
        for i, page in enumerate(stays)
        for k in range(i)
    ]
    rows += [near(f"http://a.example/old/{k}", "http://old.example/", FOG) for k in range(3)]
    folder = tiny.write(tmp_path / "c4", stays, rows, **NEAR)
    with_stats(folder, clusters={"near": {str(i + 1): 1 for i in range(1, 7)}})
    corpus = open_corpus(folder)
    with connect(corpus) as views:
        (found,) = with_largest(views, corpus, overview(corpus)["clusters"])
    assert [(row["url"], row["fell"]) for row in found["shown"]] == [
        *((stays[i].url, i) for i in (6, 5, 4)),
        *sorted([(stays[3].url, 3), ("", 3)], key=lambda row: code(row[0] or "http://old.example/")),
    ]
    assert not found["complete"], "this ledger counts none of them"
    read = Read(report_of(corpus, tmp_path))
    assert "The largest, in the sample that the rejected table holds." in read.text
    assert code(stays[6].url) in read.text
    facts = facts_of(parse([str(folder)]), corpus, None)
    assert facts["clusters"][0]["shown"] == found["shown"]
    drawn = io.StringIO()
    show(Screen(drawn), facts)
    assert f"list_contains([d.owner for d in dropped], '{code(stays[6].url)}')" in drawn.getvalue()


def test_a_build_counts_what_its_rows_say(second_crawl: Corpus, tmp_path: Path) -> None:
    with connect(second_crawl) as views:
        sql = (
            "SELECT count(*) FROM rejected WHERE reason = 'earlier_copy' OR (stage = 'near' AND "
            "dropped[len(dropped)].owner NOT IN (SELECT left(md5(url), 16) FROM pages))"
        )
        ((old,),) = views.execute(sql).fetchall()
    told = overview(second_crawl)
    assert (told["earlier"]["old"], told["earlier"]["came"]) == (old, 6) == (2, 6)
    assert told["clusters"] == [
        {
            "stage": "near",
            "alone": 2,
            "largest": 2,
            "sizes": [{"from": 2, "to": 2, "clusters": 1, "pages": 2}],
        }
    ]
    (row,) = told["earlier"]["corpora"]
    assert row["sha256"] == sha256((Path(row["path"]) / "manifest.json").read_bytes()).hexdigest()
    assert '<section id="earlier"' in report_of(second_crawl, tmp_path)


def test_there_is_nothing_of_it_elsewhere(samples: Corpus) -> None:
    from c4pipe.inspect.report.facts import gather

    assert (overview(samples)["clusters"], overview(samples)["earlier"]) == ([], None)
    assert not {"clusters", "earlier"} & {section.id for section in sections(gather(samples), None, None)}


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_telephone_shows_both(browser: object, clustered: Corpus, tmp_path: Path, scheme: str) -> None:
    report_of(clustered, tmp_path)
    with Visit(browser, tmp_path / "report.html", width=375, scheme=scheme) as visit:
        visit.open_all()
        assert visit.messages == []
        assert visit.page.evaluate("document.documentElement.scrollWidth") == 375
        drawn = visit.page.locator("#clusters svg.bar rect.lost")
        widths = [drawn.nth(i).bounding_box()["width"] for i in range(drawn.count())]
        assert len(widths) == 3
        assert widths[0] == pytest.approx(widths[1], rel=0.01)


def test_some_are_shown_beside_the_page_that_stands_for_them(second_crawl: Corpus, tmp_path: Path) -> None:
    html = report_of(second_crawl, tmp_path)
    assert html.count("<b>trumpets</b>") == 4
    assert "1 sampled page, each next to the one that replaces it" in html
    assert "umbrellas</b>" not in html, "whether an earlier corpus is at hand changes no byte"
    copy = Path(shutil.copytree(second_crawl.folder, tmp_path / "elsewhere" / "c4"))
    assert report_of(open_corpus(copy), tmp_path) == html


def test_their_texts_are_shown_and_never_obeyed(tmp_path: Path) -> None:
    url = f"http://b.example/{HOSTILE}"
    pages = [Page(url, f"{FOG}\n<b>{HOSTILE}</b>", "2024-05-01", "a#1")]
    rows = [near(f"http://a.example/{HOSTILE}", url, f"{FOG}\n{HOSTILE}", detail=f"0.9{HOSTILE}")]
    html = report_of(open_corpus(tiny.write(tmp_path / "c4", pages, rows, **NEAR)), tmp_path)
    assert "each next to the one that replaces it" in html
    assert "<script>" not in html
    assert "\u202e" not in html
    assert "<b><b>" not in html
