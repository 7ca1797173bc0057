"""One page per reason, made from what is declared and measured, so a new reason gets one automatically."""

from __future__ import annotations

import json
import re
from collections import Counter

from c4pipe.corpus.catalogue import known_reasons
from c4pipe.page import Unit
from c4pipe.presets import PRESETS
from c4pipe.rules import RULES
from tests.rule_measure import MetPage, _groups, _whom, written
from tests.rule_pages import FOLDER, _cell, pages
from tests.rule_samples import Example, sampled

GOLDEN = """\
# en
  read    4 kept  80.00%  ███
             dropped: no_url 1
  clean   2 kept  40.00%  █
             dropped: few_sentences 1, curly_brace 1
             lines cut: no_end_mark 1,273, few_words 2
             sentences cut: repeated_span 3

## kept  http://a.example/1
train, 2024, a.wet#1
en 0.999997
  The first line stands.
  The second one too.
  - few_words: Home. <- http://b.example/
  - no_end_mark: Menu

## clean: few_sentences  http://a.example/2
2024, a.wet#2
  because of: 1 sentence
  Only one sentence.
"""


def test_the_golden_text_is_read() -> None:
    found = sampled(GOLDEN)
    assert {code: one.took for code, one in found.items()} == {
        "no_url": {("read", "dropped"): 1},
        "few_sentences": {("clean", "dropped"): 1},
        "curly_brace": {("clean", "dropped"): 1},
        "no_end_mark": {("clean", "lines cut"): 1273},
        "few_words": {("clean", "lines cut"): 2},
        "repeated_span": {("clean", "sentences cut"): 3},
    }
    here = "http://a.example/1"
    assert found["few_words"].examples == [Example(here, "Home.", here, "The first line stands.")]
    assert found["few_sentences"].examples == [
        Example("http://a.example/2", "(because of: 1 sentence) Only one sentence.", here, "The first line stands.")
    ]


def test_a_cell_is_one_line_of_plain_text_and_whole_spans_of_code() -> None:
    assert _cell("a | b\n  c <td> & `<EMAIL>`") == "a \\| b c &lt;td> &amp; `<EMAIL>`"
    assert _cell("an odd ` and <b>") == "an odd \\` and &lt;b>"
    assert _cell("lists `` a`b `` here") == "lists `` a`b `` here"


def test_groups_that_are_touched_more_than_all_are_told() -> None:
    reached = [MetPage("de", "x.example", 9, frozenset({"few_words"} if i < 15 else ())) for i in range(20)]
    reached += [MetPage("en", "y.example", 9, frozenset({"few_words"} if i < 5 else ())) for i in range(30)]
    reached += [MetPage("fr", "z.example", 9, frozenset({"few_words"}))] * 2  # too few to say anything of them
    assert _whom(reached, "few_words") == {
        "pages": 22,
        "of_pages": 52,
        "languages": [["de", 15, 20]],
        "sites": [["x.example", 15, 20]],
    }
    assert _whom(reached, "policy")["languages"] == []


def test_sites_without_a_suffix_are_no_sites() -> None:
    assert _groups(Counter({"invalid.": 9, "a.example": 0}), Counter({"invalid.": 10, "a.example": 90}), "sites") == []


def test_the_measures_are_json_with_a_line_each() -> None:
    told = {"took": 1, "of": 2}
    text = written({"records": 3, "pages": 2, "reasons": {"a": {"en read": told, "de read": told}}})
    assert json.loads(text) == {"records": 3, "pages": 2, "a de read": told, "a en read": told}
    assert len(text.splitlines()) == 6


def test_every_reason_has_a_page_with_all_parts() -> None:
    written_pages = pages()
    assert {name.removesuffix(".md") for name in written_pages} == {*known_reasons(), "README", "since.json"}
    for code in known_reasons():
        text = written_pages[f"{code}.md"]
        parts = [
            "| why |",
            "| source |",
            "| since |",
            "## In the samples",
            "## On real pages",
            "## Result of `compare`",
        ]
        assert [part for part in parts if part not in text] == [], code
        assert f"[`{code}`]({code}.md)" in written_pages["README.md"]


def test_a_rule_that_takes_something_shows_it() -> None:
    text = pages()["few_words.md"]
    assert "words `5`" in text
    assert "`--preset en.without.few_words`" in text
    assert re.search(r"lost +https://\S+example/\S+\n +\S", text)
    assert "| `few_words` | 3,060 lines |" in text  # of rules-on-trial.md


def test_thresholds_name_the_presets_that_have_others() -> None:
    found = pages()
    assert "words `5`, but `3` in `en.2019`, `fineweb` and `fineweb.near` |" in found["few_words.md"]
    assert "sentences `3`, but `5` in `en.2019`, `fineweb` and `fineweb.near`;" in found["few_sentences.md"]
    assert "`0.65` in `gopher`, `fineweb`, `fineweb.near` and `dclm`" in found["unsure_language.md"]


def test_why_is_of_the_reason_itself() -> None:
    whys = Counter(re.findall(r"^\| why \| (.+) \|$", "\n".join(pages().values()), re.MULTILINE))
    assert whys.total() == len(known_reasons())
    assert [why for why, times in whys.items() if times > 1] == []


def test_what_no_preset_has_names_what_brings_it_and_no_value_of_ours() -> None:
    found = pages()
    brought = {
        "email_address": "`--mask-personal email`",
        "phone_number": "`--mask-personal phone`",
        "bad_http": "`--input-format warc`",
        "bad_json": "`--input-format`, such as `jsonl`, adds it",
        "excluded": "`--exclude`",
        "robots": "`--robots`",
        "repeated_passage": "`--dedup windows`",
        "benchmark": "`--benchmarks`",
        "low_score": "a `Classifier` with `above`",
    }
    for code, by in brought.items():
        assert f"| used in | no preset: {by}" in found[f"{code}.md"]
        assert "| without it | any build without that option |" in found[f"{code}.md"]
    assert {code for code, one in known_reasons().items() if not one.stands and not one.brought_by} == set()
    assert not re.search(r"hq|0\.5", found["low_score.md"])
    assert "| thresholds | none |" in found["bad_http.md"]
    assert "| thresholds | model (yours); label (yours); above (yours); joined" in found["low_score.md"]


def test_what_is_only_counted_costs_nothing() -> None:
    for code, one in known_reasons().items():
        kept = one.told.words.endswith("(kept)")
        assert ("| costs | nothing: the page is kept, and counted |" in pages()[f"{code}.md"]) == kept


def test_words_are_sentences() -> None:
    """ "has more than 0.3 of its lines stand" is none."""
    broken = re.compile(r"(?:more|fewer) than [\d.,]+ of its \w+,? (?:stand|occur|begin|end|be|no longer)\b")
    assert [one.told.words for one in known_reasons().values() if broken.search(one.told.words)] == []
    assert "fewer than 0" not in known_reasons()["few_pages"].told.words


def test_the_catalogue_knows_every_reason_of_every_preset_and_rule() -> None:
    known = known_reasons()
    for preset in PRESETS.values():
        for stage in preset.stages:
            assert {reason.code for reason in stage.all_reasons()} <= known.keys()
    assert {kind.reason.code for kind in RULES if hasattr(kind, "reason")} <= known.keys()
    assert known["few_words"].told.unit is Unit.LINE
    assert ("multilingual", "paragraphs") in [stand[:2] for stand in known["few_paragraphs"].stands]


def test_no_page_is_left_of_a_reason_that_is_gone() -> None:
    assert {path.stem for path in FOLDER.glob("*.md")} == {*known_reasons(), "README"}
