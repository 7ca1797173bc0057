"""c4pipe.inspect.query and lookup: samples of a reason, the pages of a URL, the owners of lines, SQL."""

from __future__ import annotations

import hashlib
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from c4pipe.errors import BuildError, ConfigError
from c4pipe.facts.corpus import Corpus, connect, open_corpus
from c4pipe.inspect import query
from c4pipe.inspect.ancestry import Ancestry
from c4pipe.inspect.lookup import look_up, rules_behind
from c4pipe.inspect.query import answer, at_url, of_reason, sampled
from c4pipe.page import Page
from tests import manifests
from tests.inspect.tiny import ledger, lost, write

DATE = "2024-05-22T10:11:12Z"
SENTENCES = [f"This sentence stands on page number {n} too." for n in range(3)]
REPEATED = " ".join(SENTENCES)


def md5(url: str) -> str:
    return hashlib.md5(url.encode()).hexdigest()[:16]


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Corpus:
    """Two kept pages, of which one is sampled, and five rejected ones."""
    owner = md5("http://a.example/kept")
    cut = [
        {"reason": "no_end_mark", "line": "Menu", "owner": ""},
        {"reason": "policy", "line": "Cookies.", "owner": ""},
    ]
    text = "Menu\nOne sentence stands here. Another one stands there. And a third one follows.\nCookies."
    folder = write(
        tmp_path_factory.mktemp("tiny") / "c4",
        [
            Page("http://a.example/kept", "One. Two. Three.", DATE, "a.wet.gz#1", language="en", language_score=1.0),
            Page("http://www.a.example/twin/", "Four. Five. Six.", DATE, "a.wet.gz#2", language="en"),
        ],
        [
            lost("http://www.a.example/twin/", "", "kept", text, dropped=cut, source="a.wet.gz#2"),
            lost("http://a.example/kept", "", "kept", "One. Two. Three.", source="a.wet.gz#1"),
            lost("https://a.example/twin?utm_source=x", "url", "older_copy", "Old.", source="a.wet.gz#3"),
            *(
                lost(f"http://b.example/{n}", "clean", "few_sentences", f"Menu\nOnly {n} here.", dropped=cut[:1])
                for n in range(3)
            ),
            lost(
                "http://c.example/",
                "spans",
                "few_sentences",
                f"{REPEATED} This sentence stands here and nowhere else.",
                dropped=[{"reason": "repeated_span", "line": line, "owner": owner} for line in SENTENCES],
            ),
        ],
    )
    return open_corpus(folder)


def test_sampled_pages_are_of_the_most_frequent_reasons(tiny: Corpus) -> None:
    assert [(page["stage"], page["reason"], page["url"]) for page in sampled(tiny, 2)] == [
        ("", "kept", "http://a.example/kept"),
        ("", "kept", "http://www.a.example/twin/"),
        ("clean", "few_sentences", "http://b.example/0"),
        ("spans", "few_sentences", "http://c.example/"),
    ]


def test_a_page_in_short_is_short(tmp_path: Path) -> None:
    corpus = open_corpus(write(tmp_path / "c4", [Page("http://a.example/", "x" * 1_000_000, DATE, "a#1")]))
    assert [page["text"] for page in sampled(corpus, 1)] == ["x" * query.EXCERPT]


def test_pages_of_a_reason_are_chosen_by_their_hash(tiny: Corpus) -> None:
    found = of_reason(tiny, "few_sentences", "clean", 2)
    sources = [f"a.wet.gz#http://b.example/{n}" for n in range(3)]
    assert [page["source"] for page in found["pages"]] == sorted(
        sources, key=lambda s: hashlib.md5(s.encode()).hexdigest()
    )[:2]
    assert found["counted"] == [{"stage": "clean", "reason": "few_sentences", "unit": "pages", "count": 3}]
    assert found["sampled"] == 3


def test_a_reason_of_two_stages_is_of_both_unless_one_is_named(tiny: Corpus) -> None:
    both = of_reason(tiny, "few_sentences", None, 10)
    assert (both["sampled"], {page["stage"] for page in both["pages"]}) == (4, {"clean", "spans"})
    spans = of_reason(tiny, "few_sentences", "spans", 10)
    assert [page["url"] for page in spans["pages"]] == ["http://c.example/"]


def test_kept_pages_are_those_that_lost_something(tiny: Corpus) -> None:
    found = of_reason(tiny, "kept", None, 10)
    assert [page["url"] for page in found["pages"]] == ["http://www.a.example/twin/"]
    assert found["counted"] == [{"stage": "", "reason": "kept", "unit": "pages", "count": 2}]


def test_a_reason_of_lines_gives_the_pages_that_lost_them(samples: Corpus) -> None:
    found = of_reason(samples, "policy", None, 1000)
    with connect(samples) as views:
        sql = (
            "SELECT DISTINCT source FROM (SELECT source, unnest(dropped) AS d FROM rejected) WHERE d.reason = 'policy'"
        )
        rows = views.execute(sql).fetchall()
    assert found["sampled"] == len(rows) > 0
    assert {page["source"] for page in found["pages"]} == {source for (source,) in rows}
    assert found["counted"][0]["unit"] == "lines"


@pytest.mark.parametrize(
    ("code", "stage", "said"),
    [
        ("few_sentence", None, "this corpus was built without a rule 'few_sentence'. Its reasons: "),
        ("older_copy", "clean", "without a rule 'older_copy' in stage clean. Its reasons: few_sentences, kept."),
        ("few_sentences", "cleen", "unknown stage 'cleen'. Did you mean 'clean'?"),
        ("kept", "clean", "--reason kept has no stage"),
        ("", None, "without a rule ''. Its reasons: "),
    ],
)
def test_an_unknown_reason_is_told_with_those_there_are(tiny: Corpus, code: str, stage: str | None, said: str) -> None:
    with pytest.raises(ConfigError) as error:
        of_reason(tiny, code, stage, 1)
    assert said in str(error.value)


def test_a_reason_that_is_only_noted_has_no_pages(samples: Corpus) -> None:
    with pytest.raises(ConfigError, match="length_mismatch only flags pages"):
        of_reason(samples, "length_mismatch", None, 1)


def test_a_corpus_without_rejected_pages_says_so(tmp_path: Path) -> None:
    counts = ledger(1, Counter({("clean", "few_sentences"): 2}))
    folder = write(tmp_path / "c4", [Page("http://a.example/", "One.", DATE, "a#1")], ledger=counts)
    with pytest.raises(BuildError, match=r"keeps no rejected pages\. Build it with --rejected sample or all"):
        of_reason(open_corpus(folder), "few_sentences", None, 1)


def test_a_url_is_found_as_it_is_written_first(tiny: Corpus) -> None:
    found, pages = at_url(tiny, "http://www.a.example/twin/")
    assert found == 1
    assert (pages[0]["shard"], pages[0]["row"], pages[0]["text"]) == (
        "en/train-00000-of-00001.parquet",
        1,
        "Four. Five. Six.",
    )
    assert pages[0]["rejected"]["text"].startswith("Menu\n")


def test_a_url_is_found_as_url_dedup_sees_it(tiny: Corpus) -> None:
    found, pages = at_url(tiny, "https://a.example/twin")
    assert found == 2
    assert [page.get("source", page["rejected"]["source"]) for page in pages] == ["a.wet.gz#2", "a.wet.gz#3"]
    assert pages[1]["rejected"]["reason"] == "older_copy"


def test_of_a_url_that_was_crawled_often_the_first_pages_are_read(tmp_path: Path) -> None:
    rows = [lost("http://a.example/", "url", "older_copy", source=f"a#{n:03}") for n in range(50)]
    found, pages = at_url(open_corpus(write(tmp_path / "c4", [], rows)), "http://a.example/")
    assert found == 50
    assert [page["rejected"]["source"] for page in pages] == [f"a#{n:03}" for n in range(query.FOUND)]


def test_owners_are_found_among_pages_that_have_claimed_something(tiny: Corpus) -> None:
    codes = [md5(f"http://{url}") for url in ("a.example/kept", "c.example/", "b.example/0")]
    with connect(tiny) as views:
        found = Ancestry(tiny).owners(views, [*codes, "0" * 16, ""])
    assert {code: (page.url, page.stage, page.reason, page.earlier) for code, page in found.items()} == {
        codes[0]: ("http://a.example/kept", "", "kept", False),
        codes[1]: ("http://c.example/", "spans", "few_sentences", False),
    }, "b.example fell before its text was compared"


def test_a_page_is_judged_again_line_by_line(tiny: Corpus) -> None:
    (page,) = look_up(tiny, "http://www.a.example/twin/")["pages"]
    assert (page["stage"], page["reason"], page["raw"], page["config"], page["split"]) == (
        "",
        "kept",
        True,
        "en",
        "train",
    )
    assert [[(s["text"], s["code"]) for s in line] for line in page["lines"]] == [
        [("Menu", "no_end_mark")],
        [("One sentence stands here. Another one stands there. And a third one follows.", "")],
        [("Cookies.", "few_words")],
    ]
    assert {rule["code"]: rule["outcome"] for rule in page["tried"] if rule["stage"] == "clean"}[
        "few_words"
    ] == "broken"


def test_the_owner_of_a_repeated_sentence_is_named_by_its_url(tiny: Corpus) -> None:
    (page,) = look_up(tiny, "http://c.example/")["pages"]
    ((*gone, left),) = page["lines"]
    assert [(s["text"].strip(), s["code"], s["owner_url"]) for s in gone] == [
        (line, "repeated_span", "http://a.example/kept") for line in SENTENCES
    ]
    assert (left["code"], left["owner_url"]) == ("", None)
    assert (page["stage"], page["reason"]) == ("spans", "few_sentences")


def test_every_sampled_page_can_be_looked_up(samples: Corpus) -> None:
    with connect(samples) as views:
        rows = views.execute(
            "SELECT url, any_value(stage), any_value(reason) FROM rejected WHERE url != '' GROUP BY url, stage, reason "
            "QUALIFY row_number() OVER (PARTITION BY stage, reason ORDER BY url) <= 1"
        ).fetchall()
    assert len(rows) > 12
    for url, stage, reason in rows:
        pages = look_up(samples, url)["pages"]
        assert (stage, reason) in {(page["stage"], page["reason"]) for page in pages}, url


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"rejected": "all"}, "Every page that was read is here, kept or rejected, so it was not in the input."),
        (
            {"rejected": "sample"},
            "It keeps a sample of rejected pages; a build with --rejected all keeps all of them.",
        ),
    ],
)
def test_a_url_that_is_not_there(tmp_path: Path, settings: dict[str, Any], said: str) -> None:
    corpus = open_corpus(write(tmp_path / "c4", [], [lost("http://a.example/", "read", "no_text")], settings=settings))
    with pytest.raises(BuildError) as error:
        look_up(corpus, "http://b.example/")
    assert str(error.value) == f"{corpus.folder} has no page of 'http://b.example/'. {said}"


def test_a_preset_that_cannot_be_told_leaves_the_record(tmp_path: Path) -> None:
    gone = [{"reason": "policy", "line": "Cookies.", "owner": ""}]
    row = lost("http://a.example/", "clean", "few_sentences", "Cookies.\nText.", dropped=gone)
    preset = {"name": "own", "says": "of somebody else", "stages": []}
    found = look_up(open_corpus(write(tmp_path / "c4", [], [row], preset=preset)), "http://a.example/")
    assert found["note"].startswith("The rules cannot be run again: ")
    assert found["pages"][0]["dropped"] == gone
    assert found["pages"][0]["lines"] == [
        [{"text": text, "code": "", "owner": "", "quoted": False, "owner_url": None, "owner_in": None}]
        for text in ("Cookies.", "Text.")
    ]


def test_a_reason_in_words_has_its_threshold_and_source(tiny: Corpus) -> None:
    assert rules_behind(tiny, "few_words", None) == [
        {
            "stage": "clean",
            "unit": "line",
            "words": "has fewer than 5 words",
            "source": "TFDS c4 3.1.0 c4_utils.clean_page, _MIN_WORDS_PER_LINE; 3 in the early text of the paper",
            "quotes": True,
        }
    ]
    assert [rule["stage"] for rule in rules_behind(tiny, "few_sentences", None)] == ["clean", "spans"]
    assert [rule["stage"] for rule in rules_behind(tiny, "few_sentences", "spans")] == ["spans"]


def test_an_answer_has_so_many_rows_and_says_if_there_are_more(tiny: Corpus) -> None:
    assert answer(tiny, "SELECT reason, count(*) AS n FROM rejected GROUP BY 1 ORDER BY 1", 2) == {
        "columns": ["reason", "n"],
        "rows": [["few_sentences", 4], ["kept", 2]],
        "more": True,
    }
    assert answer(tiny, "SELECT 1 AS one WHERE false", 1) == {"columns": ["one"], "rows": [], "more": False}


def test_a_query_that_fails_while_it_runs_is_wrong_use(tiny: Corpus) -> None:
    with pytest.raises(ConfigError, match=r"pagez does not exist! The views are pages, rejected, shards and ledger\.$"):
        answer(tiny, "SELECT * FROM pagez", 10)
    with pytest.raises(ConfigError, match="DuckDB refuses the query"):
        answer(tiny, "SELECT CAST(url AS INTEGER) FROM pages", 10)


def test_a_file_that_is_damaged_inside_is_named(tiny: Corpus, tmp_path: Path) -> None:
    folder = write(tmp_path / "c4", [Page("http://a.example/", "One.", DATE, "a#1")])
    shard = next((folder / "en").iterdir())
    data = shard.read_bytes()
    shard.write_bytes(b"x" * len(data))
    with pytest.raises(BuildError, match=r"train-00000-of-00001.parquet was changed or damaged"):
        open_corpus(folder)
    manifests.write_again(folder, manifests.read(folder))  # a stranger's, whose sums are right
    with pytest.raises(BuildError, match=r"train-00000-of-00001.parquet cannot be read"):
        open_corpus(folder)
    footer = int.from_bytes(data[-8:-4], "little") + 8
    shard.write_bytes(b"x" * (len(data) - footer) + data[-footer:])
    manifests.write_again(folder, manifests.read(folder))
    corpus = open_corpus(folder)
    for ask in (lambda: sampled(corpus, 1), lambda: at_url(corpus, "http://a.example/")):
        with pytest.raises(BuildError, match=r"c4 cannot be read \(.*\). Copy or build the corpus again"):
            ask()
