"""The page as a whole: the same bytes, the same structure, nothing from outside."""

from __future__ import annotations

import base64
import hashlib
import re
import shutil
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import pytest

from c4pipe.facts.corpus import Corpus, open_corpus
from c4pipe.facts.fates import compare
from c4pipe.inspect.report.titles import corpus_title
from tests.inspect.report.written import Read, report_of

Reported = Callable[[str], tuple[Corpus, str]]
NAMES = ["samples", "languages", "mixture"]


def test_the_same_corpus_gives_the_same_bytes_wherever_it_lies(reported: Reported, tmp_path: Path) -> None:
    corpus, html = reported("samples")
    copy = Path(shutil.copytree(corpus.folder, tmp_path / "o'ther [place]" / corpus.folder.name))
    assert report_of(open_corpus(copy), tmp_path) == html


def test_titles_tell_corpora_of_one_preset_apart(reported: Reported, tmp_path: Path) -> None:
    corpus, html = reported("samples")
    copy = open_corpus(Path(shutil.copytree(corpus.folder, tmp_path / "another & <b>")))
    inputs = [{"path": f"{crawl}/a.wet.gz"} for crawl in ("CC-MAIN-2024-22", "CC-MAIN-2024-10", "CC-MAIN-20240518")]
    crawls = corpus_title(copy._replace(manifest=copy.manifest | {"inputs": inputs}))
    assert crawls.which == f"another & <b> · CC-MAIN-2024-10, CC-MAIN-2024-22 · {copy.digest[:8]}"
    assert corpus_title(copy).inputs == "damaged.warc.wet.gz and 8 more"
    titles = [re.findall("<title>(.*?)</title>", page)[0] for page in (html, report_of(copy, tmp_path))]
    assert titles[0] != titles[1]
    assert titles[1].startswith("en · another &amp; &lt;b&gt; · damaged.warc.wet.gz and 8 more · ")


@pytest.mark.parametrize("name", NAMES)
def test_headings_landmarks_and_ids_are_in_order(reported: Reported, name: str) -> None:
    read = Read(reported(name)[1])
    levels = [int(tag[1]) for tag, _ in read.elements if re.fullmatch("h[1-6]", tag)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after <= before + 1 for before, after in pairwise(levels)), levels
    for landmark in ("header", "nav", "main", "footer"):
        assert len(read.all(landmark)) == 1
    ids = [attributes["id"] for _, attributes in read.elements if "id" in attributes]
    assert len(ids) == len(set(ids))
    named = {word for _, a in read.elements for word in a.get("aria-labelledby", "").split()}
    linked = {a["href"][1:] for a in read.all("a") if a["href"].startswith("#")}
    assert named | linked <= set(ids)
    assert read.all("html")[0]["lang"] == "en"
    assert read.open == []


@pytest.mark.parametrize("name", NAMES)
def test_every_picture_has_a_name_or_stands_beside_its_numbers(reported: Reported, name: str) -> None:
    read = Read(reported(name)[1])
    pictures = read.all("svg")
    assert len(pictures) > 3
    inner = [a for a in pictures if a.get("overflow") == "visible"]  # a mark inside a hidden one
    named = [a for a in pictures if a.get("role") == "img" and (a.get("aria-label") or a.get("aria-labelledby"))]
    hidden = [a for a in pictures if a.get("aria-hidden") == "true"]
    assert len(named) + len(hidden) + len(inner) == len(pictures)
    assert {a.get("scope") for a in read.all("th")} <= {"col", "row"}


@pytest.mark.parametrize("name", NAMES)
def test_the_policy_allows_the_one_style_sheet_and_nothing_else(reported: Reported, name: str) -> None:
    html = reported(name)[1]
    (policy,) = [a["content"] for a in Read(html).all("meta") if a.get("http-equiv") == "Content-Security-Policy"]
    css = re.findall("<style>(.*?)</style>", html, re.DOTALL)
    assert len(css) == 1
    digest = base64.b64encode(hashlib.sha256(css[0].encode()).digest()).decode()
    assert policy == (
        f"default-src 'none'; style-src 'sha256-{digest}'; img-src data:; base-uri 'none'; form-action 'none'"
    )
    assert "url(" not in css[0]
    assert "@import" not in css[0]
    assert re.findall(r"\b(?:src|srcset|poster|action)=", html) == []


def test_every_rule_of_the_preset_is_there_with_its_words_thresholds_and_source(reported: Reported) -> None:
    corpus, html = reported("samples")
    text = " ".join(Read(html).text.split())
    for stage in corpus.manifest["preset"]["stages"]:
        for rule in stage.get("rules", []):
            assert rule["source"] in text
            assert rule["rule"] in text
        for code, source in stage.get("reasons", {}).items():
            assert code in text
            assert source in text
    assert "docs/rules" not in html, "who was given the report alone has no such file"
    assert "A line that has fewer than 5 words" in text
    assert "words 5" in text
    assert "A page that has more than 190,000 characters" in text


def test_the_offending_text_is_marked_with_its_reason(reported: Reported) -> None:
    html = reported("samples")[1]
    marked = re.findall('<mark>([^<]*)</mark><span class="why" dir="ltr">([a-z_]*)</span>', html)
    assert any("{" in text for text, code in marked if code == "curly_brace")
    assert any("lorem ipsum" in text.lower() for text, code in marked if code == "lorem_ipsum")
    assert any("javascript" in text.lower() for text, code in marked if code == "javascript")
    assert {"no_end_mark", "few_words", "policy", "repeated_span"} <= {code for _, code in marked}


def test_another_corpus_is_set_beside_it_with_the_numbers_of_the_comparison(
    samples: Corpus, languages: Corpus, tmp_path: Path
) -> None:
    read, expected = Read(report_of(samples, tmp_path, languages)), compare(samples, languages)
    found = {of.removeprefix("against."): n[0] for of, n in read.numbers.items() if of.startswith("against.")}
    assert (found["same"], found["other_text"], found["other_language"]) == (
        expected.same, expected.other_text, expected.other_language,
    )  # fmt: skip
    assert (found["only.a"], found["only.b"]) == expected.only
    assert sum(n for of, n in found.items() if of.startswith("gone.")) == expected.only[0]
    assert sum(n for of, n in found.items() if of.startswith("come.")) == expected.only[1]
    assert found["kept.a"] == found["same"] + found["other_text"] + found["only.a"] + found["other_language"] or (
        found["other_language"] == 0
    )
    assert [a["id"] for a in read.all("section")][2] == "against"
    assert "few_paragraphs" in read.text
