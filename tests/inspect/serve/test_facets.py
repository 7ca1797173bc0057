"""Every filter is what plain Python makes of every row: in lists, counts, exports, steps and random orders."""

from __future__ import annotations

import html
import io
import json
import re
import unicodedata
from collections import Counter
from pathlib import Path
from typing import NamedTuple

import pyarrow.parquet as pq
import pytest

from c4pipe.clean import edited_by
from c4pipe.corpus.stats import registered
from c4pipe.errors import ConfigError
from c4pipe.facts.corpus import Corpus, connect, open_corpus
from c4pipe.inspect.serve import aside, finding, limits
from c4pipe.inspect.serve.counting import TOP, count_pages
from c4pipe.inspect.serve.cut_codes import cut_codes
from c4pipe.inspect.serve.finding import Place, find, find_back, step
from c4pipe.inspect.serve.hits import Hit
from c4pipe.inspect.serve.selection import Selection, known, parse, parts_of
from c4pipe.page import Dropped, Page
from c4pipe.rules.lines import MinWords, NoLoremIpsum, StripCitations
from tests.conftest import Build
from tests.inspect import tiny
from tests.inspect.conftest import SAMPLES
from tests.inspect.serve.conftest import Ask, cursor, write
from tests.inspect.serve.test_app import text_of

KEPT = [
    Selection(lost="no_end_mark"),
    Selection(lost="repeated_span", q="the"),
    Selection(q="policy", field="lost"),
    Selection(q="cookie policy", field="lost", how="words"),
    Selection(month="2024-05"),
    Selection(month="none"),
    Selection(score="0.99-1"),
    Selection(score="0-0.7", q="e"),
    Selection(votes="agreed"),
    Selection(votes="disagreed"),
    Selection(votes="fasttext:de cld2:de"),
    Selection(q="harbour the", how="words"),
    Selection(q="The harbour", how="words"),
    Selection(q="in the", how="phrase"),
    Selection(q="  ", how="phrase"),
    Selection(q="the", how="phrase", field="url"),
    Selection(votes="undetermined"),
]
REJECTED = [
    Selection(outcome="rejected", lost="no_end_mark"),
    Selection(outcome="rejected", lost="no_end_mark", q="the", field="lost", how="words"),
    Selection(outcome="rejected", detail="2 sentences"),
    Selection(outcome="rejected", q="sentences", field="detail"),
    Selection(outcome="rejected", q="2 sentences", field="detail", how="phrase", month="2024-05"),
    Selection(outcome="rejected", q="the of", how="words"),
    Selection(outcome="rejected", language="de"),
    Selection(outcome="rejected", language="en", lost="no_end_mark", q="the"),
]


class Row(NamedTuple):
    """A page with all that a filter may ask of it."""

    url: str
    text: str
    timestamp: str
    outcome: str
    detail: str
    score: float
    language: str
    votes: str
    dropped: list[dict[str, str]]


def rows_of(corpus: Corpus) -> list[Row]:
    """Kept pages, with what the rejected table says that they lost, and rejected ones."""
    asked = cursor(corpus)
    noted = dict(asked.execute("SELECT source, dropped FROM rejected WHERE stage = ''").fetchall())
    kept = asked.execute(
        "SELECT url, text, timestamp, language_score, language, language_votes, source FROM pages"
    ).fetchall()
    found = [Row(*row[:3], "", "", *row[3:6], noted.get(row[6], [])) for row in kept]
    lost = asked.execute(
        "SELECT url, text, timestamp, stage || '/' || reason, detail, language, dropped FROM rejected WHERE stage != ''"
    ).fetchall()
    return found + [Row(*row[:5], 0.0, row[5], "", row[6]) for row in lost]


def whole(text: str, words: str) -> bool:
    """Whether words stand in a text as such, with any blanks between: by the categories of Unicode."""
    exact = words != words.lower()
    text, wanted = (text, words) if exact else (text.lower(), words.lower())
    for match in re.finditer(r"\s+".join(map(re.escape, wanted.split())), text):
        around = text[match.start() - 1 : match.start()] + text[match.end() : match.end() + 1]
        if not any(unicodedata.category(char)[0] in "LMN" or char == "_" for char in around):
            return True
    return False


def holds(row: Row, selection: Selection) -> bool:
    columns = {
        "any": [row.url, row.text], "text": [row.text], "url": [row.url], "detail": [row.detail],
        "lost": ["\n".join(d["line"] for d in row.dropped if selection.lost in ("", d["reason"]))],
    }[selection.field]  # fmt: skip
    if selection.how == "words" and selection.q.split():
        exact = selection.q != selection.q.lower()
        return all(
            any(whole(column, word) if exact else whole(column.lower(), word.lower()) for column in columns)
            for word in selection.q.split()
        )
    if selection.how == "phrase" and selection.q.split():
        return any(whole(column, selection.q) for column in columns)
    return any(selection.q in (column if selection.q != selection.q.lower() else column.lower()) for column in columns)


def meets(row: Row, selection: Selection) -> bool:
    """All but the outcome."""
    said = {vote.rpartition(":")[0] for vote in row.votes.split()}
    labels = {vote.partition(":")[2] for vote in said if not vote.startswith("script:")}
    low, _, high = (selection.score or "0-1").partition("-")
    return all(
        [
            not selection.q or holds(row, selection),
            selection.lost in ("", *(d["reason"] for d in row.dropped)),
            selection.detail in ("", row.detail),
            selection.language in ("", row.language),
            selection.month in ("", row.timestamp[:7] or "none"),
            float(low) <= row.score and (row.score < float(high) or high == "1"),
            selection.votes != "agreed" or labels == {row.language},
            selection.votes != "undetermined" or (len(labels) == 1 and labels != {row.language}),
            selection.votes != "disagreed" or len(labels) > 1,
            selection.votes in ("", "agreed", "undetermined", "disagreed") or said >= set(selection.votes.split()),
            selection.domain in ("", registered(row.url)),
        ]
    )


def chosen(corpus: Corpus, selection: Selection) -> list[Row]:
    rows = [row for row in rows_of(corpus) if meets(row, selection)]
    if selection.outcome == "rejected":
        return [row for row in rows if row.outcome]
    return [row for row in rows if row.outcome == selection.outcome]


def listed(corpus: Corpus, selection: Selection) -> list[Hit]:
    connection, place, hits = cursor(corpus), None, list[Hit]()
    while True:
        found = find(connection, corpus, selection, place)
        hits += found.hits
        if found.on is None:
            return hits
        place = found.on


def check(corpus: Corpus, selection: Selection) -> int:
    wanted = chosen(corpus, selection)
    assert sorted(hit.url for hit in listed(corpus, selection)) == sorted(row.url for row in wanted)
    counts = count_pages(cursor(corpus), corpus, selection, known(corpus))
    assert counts.total == len(wanted)
    assert counts.months == Counter(row.timestamp[:7] for row in wanted)
    rows = chosen(corpus, selection._replace(lost=""))
    beside = {code: selection._replace(lost=code) for code in known(corpus).lost}  # what a click on it would show
    assert counts.lost == {code: sum(meets(row, other) for row in rows) for code, other in beside.items()}
    details = Counter(row.detail for row in wanted if row.detail)
    assert counts.details == sorted(details.items(), key=lambda item: (-item[1], item[0]))[:TOP]
    if selection.kept:
        for name, pages in counts.scores.items():
            assert pages == sum(meets(row, Selection(score=name)) for row in wanted)
        assert sum(counts.scores.values()) == len(wanted)
        for name, pages in counts.votes.items():
            same = {frozenset(name.split())} if ":" in name else set()
            said = (
                frozenset(v.rpartition(":")[0] for v in row.votes.split() if not v.startswith("script"))
                for row in wanted
                if not meets(row, Selection(votes="agreed")) and not meets(row, Selection(votes="undetermined"))
            )
            assert pages == (sum(s in same for s in said) if same else len(chosen_by(wanted, name)))
    return len(wanted)


def chosen_by(rows: list[Row], votes: str) -> list[Row]:
    return [row for row in rows if meets(row, Selection(votes=votes))]


@pytest.mark.parametrize(
    "selection", [Selection(), *KEPT, Selection(outcome="rejected"), *REJECTED], ids=Selection.query
)
def test_english_by_every_filter(samples: Corpus, selection: Selection) -> None:
    check(samples, selection)


@pytest.mark.parametrize("selection", [Selection(), *KEPT, *REJECTED[3:]], ids=Selection.query)
def test_many_languages_by_every_filter(languages: Corpus, selection: Selection) -> None:
    check(languages, selection)


def test_the_filters_find_something(samples: Corpus, languages: Corpus) -> None:
    found = {s.query(): check(samples, s) for s in (KEPT[0], KEPT[2], KEPT[3], KEPT[4], KEPT[11], KEPT[13], *REJECTED)}
    assert all(found.values()), found
    many = {s.query(): check(languages, s) for s in (KEPT[7], KEPT[8], KEPT[10])}
    assert all(many.values()), many


TEXTS = [
    "The old crane\nworks still.", "A craned neck.", "crane; works", "Über die Brücke", "uber die", "हिन्दी भाषा",
    "हिन्द", "東京都の港", "snake_case", "C++ and C#", "works crane", "the\u00a0old\u3000crane",
]  # fmt: skip


@pytest.mark.parametrize(
    ("q", "how", "wanted"),
    [
        ("crane", "words", [0, 2, 10, 11]),
        ("Crane", "words", []),
        ("works crane", "words", [0, 2, 10]),
        ("crane works", "phrase", [0]),
        ("old crane", "phrase", [0, 11]),
        ("über", "words", [3]),
        ("uber", "words", [4]),
        ("हिन्द", "words", [6]),
        ("京都", "words", [7]),
        ("case", "words", []),
        ("c++", "words", [9]),
        ("crane", "", [0, 1, 2, 10, 11]),
        ("[a-z]*", "words", []),
    ],
)
def test_words_are_whole_and_phrases_go_over_line_ends(tmp_path: Path, q: str, how: str, wanted: list[int]) -> None:
    pages = [Page(f"http://a.example/{n}", text, "2024", f"a#{n}", language="en") for n, text in enumerate(TEXTS)]
    corpus = write(tmp_path / "c4", {("en", "train"): [pages]})
    selection = Selection(q=q, how=how, field="text")
    assert [hit.row for hit in listed(corpus, selection)] == wanted
    marking = selection.needle.marking()
    assert marking is not None
    assert [n for n in wanted if not marking.search(TEXTS[n])] == []


def test_a_search_in_lost_lines_shows_the_line(samples: Corpus, viewer: Ask) -> None:
    for word, outcome in (("cookie policy", ""), ("about", "rejected")):
        selection = Selection(q=word, field="lost", outcome=outcome, how="phrase")
        hits = listed(samples, selection)
        assert hits
        assert all(word in hit.snippet.lower() for hit in hits)
        assert "Cut:" in viewer(samples).get(f"/?{selection.query()}").text


@pytest.mark.parametrize("selection", [KEPT[0], KEPT[8], REJECTED[0], REJECTED[2], REJECTED[6]], ids=Selection.query)
def test_exports_and_steps_keep_to_the_filters(
    languages: Corpus, samples: Corpus, viewer: Ask, selection: Selection
) -> None:
    corpus = languages if selection.votes else samples
    answer = viewer(corpus).get(f"/export?format=parquet&{selection.query()}")
    table = pq.read_table(io.BytesIO(answer.content))
    hits, connection = listed(corpus, selection), cursor(corpus)
    assert table.column("url").to_pylist() == [hit.url for hit in hits]
    numbers = {part["path"]: number for number, part in enumerate(parts_of(corpus, selection))}
    at = Place(numbers[hits[0].path], hits[0].row)
    assert step(connection, corpus, selection, at, back=False) == (hits[1] if len(hits) > 1 else None)


@pytest.mark.parametrize(
    "selection",
    [Selection(order="random", seed="7"), Selection(order="random", outcome="rejected", q="e")],
    ids=Selection.query,
)
def test_a_random_order_is_one_order_of_all(
    languages: Corpus, selection: Selection, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = listed(languages, selection._replace(order="", seed=""))
    whole_list = listed(languages, selection)
    assert sorted(whole_list) == sorted(plain)
    assert whole_list != plain
    monkeypatch.setattr(finding, "PAGE_ROWS", 7)
    assert listed(languages, selection) == whole_list, "of lists of any length, and by another connection"
    assert listed(languages, selection._replace(seed="8")) != whole_list
    connection = cursor(languages)
    numbers = {part["path"]: number for number, part in enumerate(parts_of(languages, selection))}
    places = [Place(numbers[hit.path], hit.row) for hit in whole_list]
    back = find_back(connection, languages, selection, places[9])
    assert back.hits == whole_list[2:9]
    assert back.back == places[2]
    assert find_back(connection, languages, selection, places[5]).back is None
    for n in (0, 7, len(places) - 1):
        following = step(connection, languages, selection, places[n], back=False)
        assert following == (whole_list[n + 1] if n + 1 < len(places) else None)
        assert step(connection, languages, selection, places[n], back=True) == (whole_list[n - 1] if n else None)


@pytest.mark.parametrize("votes", ["", "agreed"])
def test_the_lowest_scores_come_first(
    languages: Corpus, viewer: Ask, votes: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Mislabelled pages in two clicks from the first page: the link, and the language."""
    selection = Selection(order="score", votes=votes)
    for ready in (Selection(order="score"), Selection(order="score", votes="disagreed")):
        offered = f'<a href="/?{html.escape(ready.query())}">' in viewer(languages).get("/").text
        assert offered == bool(chosen(languages, ready))
        assert viewer(languages).get(f"/?{ready.query()}").status_code == 200
    monkeypatch.setattr(finding, "PAGE_ROWS", 7)
    found = listed(languages, selection)
    assert [hit.score for hit in found] == sorted(row.score for row in chosen(languages, selection))
    english = listed(languages, selection._replace(config="en"))
    assert english == [hit for hit in found if hit.language == "en"]
    body = viewer(languages).get(f"/?{selection.query()}").text
    assert html.escape(selection.but(config="en").query()) in body
    assert f"{found[0].language} {found[0].score:.3f}" in text_of(body)
    assert selection.but(outcome="rejected") == Selection(outcome="rejected")


def test_old_orders_are_forgotten(samples: Corpus) -> None:
    connection = cursor(samples)
    for seed in range(aside.ASIDE + 3):
        find(connection, samples, Selection(order="random", seed=str(seed)), None)
    ((kept,),) = connection.execute(
        "SELECT count(*) FROM duckdb_tables() WHERE starts_with(table_name, 'aside_')"
    ).fetchall()
    assert kept == aside.ASIDE


def test_what_takes_too_long_ends_in_words(samples: Corpus, monkeypatch: pytest.MonkeyPatch) -> None:
    slow = "SELECT count(*) FROM range(1000000000) a, range(100) b WHERE sqrt(a.range) < b.range"
    with pytest.raises(ConfigError, match="too long"), limits.within(connection := cursor(samples), 0.05, "too long"):
        connection.execute(slow).fetchall()
    monkeypatch.setattr(finding, "LIST_SECONDS", -1.0)
    monkeypatch.setattr(finding, "_AT_ONCE", 1)
    found = find(cursor(samples), samples, Selection(q="nowhere to be found"), None)
    assert (found.hits, found.on, found.files) == ([], Place(1, 0), (1, 2))
    assert found.searched == samples.shards()[0]["rows"]


def test_a_list_says_how_far_it_searched(samples: Corpus, viewer: Ask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(finding, "LIST_SECONDS", -1.0)
    monkeypatch.setattr(finding, "_AT_ONCE", 1)
    words = text_of(viewer(samples).get("/?q=nowhere+to+be+found").text)
    rows = [shard["rows"] for shard in samples.shards()]
    assert f"Searched {rows[0]:,} of {sum(rows):,} pages, 1 of 2 files" in words


@pytest.fixture(scope="module")
def sampled(tmp_path_factory: pytest.TempPathFactory) -> Corpus:
    """A corpus whose rejected table holds 5 of 1,300 pages, and says of 2 of 4 kept ones what they lost."""
    kept = [
        Page(f"http://k.example/{n}", f"Kept page {n}.", "2024-05-01T00:00:00Z", f"k#{n}", language="en")
        for n in range(4)
    ]
    cut = [Dropped("policy", "Cookie policy."), Dropped("policy", "Privacy policy."), Dropped("few_words", "Home")]
    rows = [
        tiny.lost(f"http://{'abc'[n % 3]}.example/{n}", "clean", "few_sentences", detail=f"{n % 2} sentences")
        for n in range(4)
    ]
    rows += [tiny.lost("http://d.example/", "badwords", "bad_word", detail="hell", dropped=[_drop(cut[0])])]
    rows += [
        tiny.lost(page.url, "", "kept", page.text, dropped=list(map(_drop, cut[n:])), source=page.source)
        for n, page in enumerate(kept[:2])
    ]
    ledger = tiny.ledger(
        4, Counter({("clean", "few_sentences"): 1_234, ("clean", "curly_brace"): 65, ("badwords", "bad_word"): 1})
    )
    clean = next(stage for stage in ledger["stages"] if stage["stage"] == "clean")
    clean["lines_dropped"] = {"policy": 900, "few_words": 40}
    folder = tiny.write(
        tmp_path_factory.mktemp("sampled") / "c4",
        kept,
        rows,
        ledger=ledger,
        settings={"languages": ["en"], "rejected": "sample"},
    )
    stats = json.loads((folder / "stats.json").read_bytes())
    stats |= {"domains_rejected": {"z.example": 800, "a.example": 500}, "domains_exact": False}
    (folder / "stats.json").write_text(json.dumps(stats))
    return open_corpus(folder)


def _drop(dropped: Dropped) -> dict[str, str]:
    return {"reason": dropped.code, "line": dropped.line, "owner": dropped.owner}


def test_numbers_of_a_sample_are_called_so_and_stand_beside_those_of_the_build(sampled: Corpus, viewer: Ask) -> None:
    words = text_of(viewer(sampled).get("/counts?outcome=rejected").text)
    assert words.startswith("5 sample pages of 1,300 Outcome kept 4 rejected, any reason 1,300 (5 shown)")
    assert "clean few_sentences 1,234 (4 shown) curly_brace 65 (0 shown) badwords bad_word 1 Numbers of all" in words
    assert "The table holds a sample of the rejected pages, 5 of them, and the lists show these." in words
    assert "Lost lines to policy 900 lines (1 page shown) few_words 40 lines (0 pages shown)" in words
    assert "Detail, in the sample 0 sentences 2 1 sentence 2 hell 1" in words
    assert "Domain z.example ≥ 800 (0 shown) a.example ≥ 500 (2 shown)" in words
    words = text_of(viewer(sampled).get("/counts?outcome=clean/few_sentences&q=no").text)
    assert words.startswith("0 sample pages Outcome kept 0 rejected, any reason 0 shown")  # none of all
    assert "policy 0 pages shown few_words 0 pages shown" in words
    words = text_of(viewer(sampled).get("/?outcome=clean/few_sentences&counts=now").text)
    assert "4 sample pages of 1,234" in words
    assert "Sample pages" in viewer(sampled).get("/?outcome=rejected").text
    assert '<h1 id="total">Pages</h1>' in viewer(sampled).get("/?outcome=badwords/bad_word").text, "all of them"


def test_what_is_whole_says_nothing_of_samples(sampled: Corpus, samples: Corpus, viewer: Ask) -> None:
    for corpus, query in ((sampled, ""), (sampled, "outcome=badwords/bad_word"), (samples, "outcome=rejected")):
        words = text_of(viewer(corpus).get(f"/counts?{query}").text)
        assert words.partition(" Outcome")[0].endswith(("page", "pages"))
        assert "sample page" not in words


def test_kept_pages_that_lost_lines_are_of_the_sample(sampled: Corpus, viewer: Ask) -> None:
    words = text_of(viewer(sampled).get("/?lost=policy&counts=now").text)
    assert "2 sample pages" in words
    assert "policy removes lines, not pages: these pages lost some to it and were kept." in words
    assert "The build removed 900 lines at clean" in words
    assert "policy 2 pages shown few_words 2 pages shown" in words
    same = text_of(viewer(sampled).get("/?outcome=clean/policy&counts=now").text)
    assert same.partition("Link and cite")[0] == words.partition("Link and cite")[0]
    assert "Kept pages that lost some" in viewer(sampled).get("/?lost=policy&outcome=rejected").text


@pytest.mark.parametrize(
    ("query", "named", "sample"),
    [
        ("outcome=clean/few_sentences", "outcome-clean_few_sentences", "the table has 4 of 1,234 pages"),
        ("outcome=rejected", "outcome-rejected", "the table has 5 of 1,300 pages"),
        ("lost=policy", "lost-policy", "what was cut is known only for the kept pages in the rejected table's sample"),
        ("outcome=badwords/bad_word", "outcome-badwords_bad_word", ""),
        ("split=train", "split-train", ""),
    ],
)
def test_a_file_says_that_it_is_of_a_sample(sampled: Corpus, viewer: Ask, query: str, named: str, sample: str) -> None:
    for kind in ("csv", "parquet"):
        answer = viewer(sampled).get(f"/export?format={kind}&{query}")
        name = f"c4-{sampled.digest[:8]}-{named}{'-sample' if sample else ''}.{kind}"
        assert answer.headers["content-disposition"] == f'attachment; filename="{name}"'
    told = pq.read_schema(io.BytesIO(answer.content)).metadata.get(b"c4pipe.sample", b"").decode()
    assert told.startswith(sample)
    assert bool(told) == bool(sample)


def test_rules_and_pages_lead_to_what_lost_so(samples: Corpus, viewer: Ask) -> None:
    body = viewer(samples).get("/rule/policy").text
    assert 'href="/?lost=policy"' in body
    assert 'href="/?outcome=rejected&amp;lost=policy"' in body
    assert 'href="/?outcome=clean%2Ffew_sentences"' in viewer(samples).get("/rule/few_sentences").text
    hit = listed(samples, Selection(lost="no_end_mark"))[0]
    page = viewer(samples).get(f"/page/{hit.path}/{hit.row}").text
    assert 'href="/?lost=no_end_mark">more pages that lost some to it' in page


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ([("lost", "x")], "unknown value of lost"),
        ([("month", "May")], "Expected YYYY-MM"),
        ([("score", "high")], "Expected LOW-HIGH"),
        ([("score", "0.9-0.5")], "Write the lower one first"),
        ([("votes", "x")], "what each identifier said"),
        ([("order", "size")], "unknown value of order"),
        ([("seed", "x")], "whole number"),
        ([("how", "fuzzy")], "Known: words, phrase"),
    ],
)
def test_what_no_filter_takes_is_refused_in_words(samples: Corpus, query: list[tuple[str, str]], words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        parse(query, known(samples))


def test_a_domain_is_taken_by_its_registered_name(samples: Corpus) -> None:
    assert parse([("domain", "www.news.example.co.uk")], known(samples)).domain == "example.co.uk"


def test_a_mixture_has_the_facets_of_its_pages(mixture: Corpus, viewer: Ask) -> None:
    assert check(mixture, Selection(month="none")) == 0
    assert viewer(mixture).get("/counts?order=random&seed=3").status_code == 200
    assert viewer(mixture).get("/?q=text&how=words&in=text&order=random").status_code == 200
    assert viewer(mixture).get("/?lost=policy").status_code == 400


def test_codes_by_source_are_what_the_table_says(samples: Corpus, languages: Corpus, mixture: Corpus) -> None:
    sql = (
        "SELECT source, list_sort(list_distinct(list_transform(dropped, lambda d: d.reason))) FROM rejected "
        "WHERE len(dropped) > 0 ORDER BY source"
    )
    for corpus in (samples, languages, mixture):
        found = cut_codes(corpus).sort_by("source").to_pylist()
        assert [(row["source"], row["codes"]) for row in found] == connect(corpus).execute(sql).fetchall()
        assert bool(found) == bool(corpus.rejected)


def test_reading_codes_ends_in_words_where_it_takes_long(samples: Corpus, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("c4pipe.inspect.serve.cut_codes.CODES_SECONDS", -1.0)
    with pytest.raises(ConfigError, match="Search the text instead"):
        cut_codes(samples)


def test_pages_that_an_edit_changed(samples: Corpus, viewer: Ask) -> None:
    """By the kept text: what is left of a line that had a mark has none."""
    assert known(samples).edits == ("StripCitations",)
    for outcome in ("", "rejected"):
        selection = Selection(outcome=outcome, edit="StripCitations")
        hits = listed(samples, selection)
        assert count_pages(cursor(samples), samples, selection, known(samples)).total == len(hits)
        rows = connect(samples).execute("SELECT url, stage, text FROM rejected").fetchall()
        late = ("clean", "spans", "language", "badwords")
        mark = re.compile(r"\[\d*\]|\[edit\]|\[citation needed\]")
        wanted = [url for url, stage, text in rows if (stage in late if outcome else not stage) and mark.search(text)]
        assert sorted(hit.url for hit in hits) == sorted(wanted)
    assert listed(samples, Selection(edit="StripCitations"))
    assert "the rules were run again" in viewer(samples).get("/?edit=StripCitations&counts=now").text
    assert viewer(samples).get("/export?format=csv&edit=StripCitations").status_code == 200
    assert viewer(samples).get("/?edit=Nothing").status_code == 400


def test_an_edit_counts_up_to_the_rule_that_a_line_breaks() -> None:
    steps = (MinWords(2), StripCitations(), NoLoremIpsum())
    assert edited_by("Word[1]\nTwo words[1]", steps) == {"StripCitations"}
    assert edited_by("Word[1]\nTwo words", steps) == set()
    assert edited_by("Lorem ipsum dolor\nTwo words[1]", steps) == set()


@pytest.mark.parametrize(
    "asked", ["score=1.5-1.9", "score=0.5-1.000001", "score=1.5-1", "month=2024-13", "month=2024-00"]
)
def test_what_no_page_can_be_of_is_refused(samples: Corpus, viewer: Ask, asked: str) -> None:
    assert viewer(samples).get(f"/?{asked}").status_code == 400


def test_a_code_of_two_rules_stands_once_with_both_units(built: Build, viewer: Ask) -> None:
    corpus = open_corpus(built(SAMPLES, "--preset", "en"))
    cuts = [cut for cut in known(corpus).cuts if cut.code == "repeated_span"]
    assert [cut.unit for cut in cuts] == ["line", "sentence"]
    words = text_of(viewer(corpus).get("/counts?outcome=rejected").text)
    both = ", ".join(f"{cut.taken:,} {cut.unit}{'s' if cut.taken != 1 else ''}" for cut in cuts)
    assert words.count("repeated_span") == 1
    assert f"repeated_span {both} (" in words


def test_of_no_domain_more_pages_are_shown_than_there_are(built: Build) -> None:
    whole = open_corpus(built(SAMPLES, "--preset", "en"))
    stages = whole.manifest["ledger"]["stages"]
    more = [
        *stages[:-1],
        {**stages[-1], "rejected": {**stages[-1]["rejected"], "bad_word": 1000}},
    ]  # than the table has
    corpus = whole._replace(manifest={**whole.manifest, "ledger": {**whole.manifest["ledger"], "stages": more}})
    counts = count_pages(cursor(corpus), corpus, Selection(outcome="rejected"), known(corpus)._replace(sampled=True))
    assert counts.domains_built
    assert all(counts.domains_built[name] >= pages for name, pages in counts.domains if name in counts.domains_built)


def test_doubtful_languages_are_offered_where_several_were_asked(tmp_path: Path, viewer: Ask) -> None:
    """And where they disagreed: of one that was asked alone the link would lead to no page."""
    votes = {"alike": "fasttext:de:0.9", "one": "fasttext:en:0.9"}
    votes |= {
        "agreed": "fasttext:en:0.9 cld2:en:0.8",
        "not": "fasttext:en:0.9 cld2:de:0.8",
    }
    for name, said in votes.items():
        page = Page("http://a.example/", "One page.", "2024", "a#1", "", "en", 0.9, said)
        client = viewer(open_corpus(tiny.write(tmp_path / name, [page])))
        words = text_of(client.get("/").text)
        assert "lowest score first" in words
        assert ("1 page for which the identifiers disagreed" in words) == (name == "not")
        assert ("1 page for which all agreed, but not confidently enough" in words) == (name == "alike")
        by_score = text_of(client.get("/?order=score").text)
        assert f"language en 0.900 {said.replace(' ', ', ').replace(':', ' ')}" in by_score
        assert said.replace(":", " ") not in text_of(client.get("/").text)
        listed_pages = client.get("/counts?votes=disagreed&order=score").text
        assert f"data-total hidden>{int(name == 'not')} page" in listed_pages


def test_a_list_of_all_rejected_pages_is_no_sample(sampled: Corpus, viewer: Ask) -> None:
    """Whatever the build was asked for: the table has all of some reasons, and may have all of every one."""
    assert "Sample pages" in viewer(sampled).get("/?outcome=rejected").text
    table = connect(sampled).execute("SELECT stage, reason, count(*) FROM rejected WHERE stage != '' GROUP BY ALL")
    stages = sampled.manifest["ledger"]["stages"]
    held = {(stage, reason): pages for stage, reason, pages in table.fetchall()}
    for row in stages:
        for reason, pages in row["rejected"].items():
            shown = viewer(sampled).get(f"/?outcome={row['stage']}/{reason}").text
            assert ("Sample pages" in shown) == (held.get((row["stage"], reason), 0) < pages), reason


def test_a_complete_table_is_no_sample_of_any_reason(tmp_path: Path, viewer: Ask) -> None:
    rows = [tiny.lost(f"http://a.example/{n}", "clean", "few_sentences") for n in range(3)]
    page = Page("http://b.example/", "One page.", "2024", "a#1", language="en")
    corpus = open_corpus(tiny.write(tmp_path / "c4", [page], rows, settings={"rejected": "sample"}))
    for query in ("outcome=rejected", "outcome=clean/few_sentences"):
        body = viewer(corpus).get(f"/?{query}").text
        assert "ample" not in re.findall(r'<h1 id="total">(.*?)</h1>', body)[0]
        assert "in the sample" not in body


def test_numbers_that_the_manifest_tells_do_not_wait(languages: Corpus, samples: Corpus, viewer: Ask) -> None:
    for corpus in (languages, samples):
        body = viewer(corpus).get("/").text
        for facet in ("outcome", "config", "split"):
            section = re.findall(rf'<section data-facet="{facet}">(.*?)</section>', body, re.S)
            assert all("…" not in each for each in section), facet


def test_rejected_pages_are_told_apart_from_records(samples: Corpus, mixture: Corpus, viewer: Ask) -> None:
    """What is rejected and what is kept add up to more than the pages that were read, by the records that gave none."""
    first, *others = samples.manifest["ledger"]["stages"]
    records, fell = sum(first["rejected"].values()), sum(sum(stage["rejected"].values()) for stage in others)
    assert records > 1
    said = text_of(viewer(samples).get("/?counts=now").text)
    assert (
        f"{records} of the rejected are records that gave no page: {fell} pages of those that were read were rejected."
        in said
    )
    assert first["kept"] == fell + sum(shard["rows"] for shard in samples.shards())
    assert "gave no page" not in viewer(mixture).get("/").text


def test_a_detail_that_is_the_language_stands_once(samples: Corpus, viewer: Ask) -> None:
    body = viewer(samples).get("/?outcome=language/other_language").text
    metas = [text_of(meta) for meta in re.findall(r'<p class="meta">(.*?)</p>', body, re.S)]
    assert metas
    assert not [meta for meta in metas if re.search(r"\b([a-z]{2}) \1\b", meta)]
