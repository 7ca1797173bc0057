"""Every address of the viewer: what it shows, and what it says to what it cannot show."""

from __future__ import annotations

import html
import json
import re
import shutil
from collections import Counter
from pathlib import Path
from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest
from starlette.testclient import TestClient

from c4pipe.errors import BuildError, ConfigError
from c4pipe.facts.corpus import Corpus, connect, open_corpus
from c4pipe.facts.verdict import VERDICT_FILE, CorpusVerdict, Judgement
from c4pipe.inspect.serve import make_app
from c4pipe.inspect.serve.asking import LONGEST_TEXT
from c4pipe.presets import PRESETS
from c4pipe.text import punkt
from tests import manifests
from tests.inspect import tiny
from tests.inspect.serve.conftest import HOSTILE_URL, LONG, SCRIPT, TURNED, Ask, cursor, owner_of

POST = {"origin": "http://127.0.0.1:8000"}


def one(corpus: Corpus, sql: str) -> tuple:
    row = connect(corpus).execute(sql).fetchone()
    assert row is not None
    return row


def text_of(body: str) -> str:
    """The words of a page, without tags."""
    return " ".join(html.unescape(re.sub(r"<[^>]*>", " ", body.replace("<wbr>", ""))).split())


def test_the_list_shows_the_first_pages_and_where_it_goes_on(samples: Corpus, viewer: Ask) -> None:
    answer = viewer(samples).get("/")
    urls = connect(samples).execute("SELECT url FROM pages ORDER BY shard, row LIMIT 51").fetchall()
    shown = [html.unescape(url) for url in re.findall(r'class="hit"[^>]*><bdi>(.*?)</bdi>', answer.text)]
    assert shown == [url for (url,) in urls[:50]]
    assert 'rel="next"' in answer.text
    assert 'rel="prev"' not in answer.text
    following = re.search(r'rel="next" id="next" href="([^"]*)"', answer.text)
    assert following
    second = viewer(samples).get(html.unescape(following[1]))
    assert urls[50][0] in html.unescape(second.text)
    assert 'rel="prev"' in second.text


def test_first_paint_reads_no_counts(samples: Corpus, viewer: Ask, monkeypatch: pytest.MonkeyPatch) -> None:
    def never(*_: object) -> None:
        raise AssertionError("the list waits for the counts")

    monkeypatch.setattr("c4pipe.inspect.serve.lists.count_on", never)
    answer = viewer(samples).get("/?q=e")
    assert 'data-counts="/counts?q=e"' in answer.text
    assert f"{samples.stats['pages_kept']} pages" in text_of(viewer(samples).get("/").text)


def test_counts_come_by_themselves_and_without_a_script(samples: Corpus, viewer: Ask) -> None:
    (wanted,) = one(samples, "SELECT count(*) FROM pages WHERE text ILIKE '%harbour%' OR url ILIKE '%harbour%'")
    assert f"<p data-total hidden>{wanted} pages</p>" in viewer(samples).get("/counts?q=harbour").text
    assert f'<h1 id="total">{wanted} pages</h1>' in viewer(samples).get("/?q=harbour&counts=now").text


def test_a_rejected_list_says_why(samples: Corpus, viewer: Ask) -> None:
    words = text_of(viewer(samples).get("/?outcome=clean/few_sentences").text)
    assert "A page that has fewer than 3 sentences. TFDS c4 3.1.0" in words
    assert "The build rejected 23 pages for this. " in words
    assert "The table holds" not in words, "it holds all of them"


def test_a_list_of_a_sample_says_so(viewer: Ask, tmp_path: Path) -> None:
    rows = [tiny.lost(f"http://a.example/{number}", "clean", "few_sentences") for number in range(3)]
    counts = tiny.ledger(0, Counter({("clean", "few_sentences"): 1_234}))
    corpus = open_corpus(tiny.write(tmp_path / "c4", [], rows, ledger=counts))
    words = text_of(viewer(corpus).get("/?outcome=clean/few_sentences").text)
    assert "The build rejected 1,234 pages for this. The table holds a sample of 3 of them." in words


def test_a_kept_page_stands_beside_its_raw_text(samples: Corpus, viewer: Ask) -> None:
    source, dropped = one(
        samples, "SELECT source, dropped FROM rejected WHERE reason = 'kept' ORDER BY len(dropped) DESC, source LIMIT 1"
    )
    shard, row, text = one(samples, f"SELECT shard, row, text FROM pages WHERE source = '{source}'")
    body = viewer(samples).get(f"/page/{shard}/{row}").text
    cut = [html.unescape(line) for line in re.findall(r"<del[^>]*>(.*?)</del>", body)]
    assert len(dropped) > 10
    assert all(line["line"] in "\n".join(cut) for line in dropped)
    kept = [html.unescape(line) for line in re.findall(r'<div class="left" lang="en" dir="ltr">(.*?)</div>', body)]
    assert [line for line in kept if line] == text.split("\n")
    assert "Rules, in order" in body


def test_a_rejected_page_shows_the_rule_that_broke_it(samples: Corpus, viewer: Ask) -> None:
    part, row, url = one(samples, "SELECT part, row, url FROM rejected WHERE reason = 'few_sentences' LIMIT 1")
    words = text_of(viewer(samples).get(f"/page/{part}/{row}").text)
    assert "Rejected at clean : few_sentences , it has fewer than 3 sentences" in words
    assert url in words
    assert "Left when it was rejected" in words
    assert "bad_word not reached" in words


def test_every_recorded_page_can_be_shown(samples: Corpus, viewer: Ask) -> None:
    """The rules as they are now say of each page what the build said."""
    rows = connect(samples).execute("SELECT part, row, stage, reason FROM rejected").fetchall()
    assert len(rows) > 200
    for part, row, stage, reason in rows[::3]:
        body = text_of(viewer(samples).get(f"/page/{part}/{row}").text)
        assert ("Kept" if reason == "kept" else f"Rejected at {stage} : {reason}") in body
        if "with the rules and files here it is" in body:  # this build had a word list of its own
            assert "it is badwords/bad_word" in body
            assert "differs from the build's" in body


def test_an_owner_is_found_or_said_not_to_be_here(languages: Corpus, viewer: Ask) -> None:
    url, source = one(
        languages,
        "SELECT d.owner, source FROM (SELECT source, unnest(dropped) AS d FROM rejected WHERE reason = 'kept') "
        "WHERE d.owner IN (SELECT left(md5(url), 16) FROM pages) LIMIT 1",
    )
    shard, row = one(languages, f"SELECT shard, row FROM pages WHERE source = '{source}'")
    assert f'href="/owner/{url}?mark=' in viewer(languages).get(f"/page/{shard}/{row}").text
    shard, row, record = one(languages, f"SELECT shard, row, record_id FROM pages WHERE left(md5(url), 16) = '{url}'")
    answer = viewer(languages).get(f"/owner/{url}", follow_redirects=False)
    said = dict(parse_qsl(urlsplit(answer.headers["location"]).query))
    assert (answer.status_code, said["id"], said["row"]) == (303, record, f"{shard}/{row}")
    answer = viewer(languages).get("/owner/0123456789abcdef")
    assert answer.status_code == 404
    assert "neither among the kept pages nor in the sample of rejected pages" in answer.text
    assert "Nothing in the table of rejected pages names it" in answer.text


def test_owners_among_kept_rejected_and_unknown_pages(hostile: Corpus, viewer: Ask) -> None:
    kept, lost = owner_of(TURNED), owner_of("http://gone.example/")
    answer = viewer(hostile).get(f"/owners?name={kept}&name={lost}&name=0123456789abcdef&name=nonsense")
    assert answer.json() == {
        kept: {"url": TURNED, "kept": True, "earlier": ""},
        lost: {"url": "http://gone.example/", "kept": False, "earlier": ""},
        "0123456789abcdef": None,
    }
    location = viewer(hostile).get(f"/owner/{lost}", follow_redirects=False).headers["location"]
    link = {"id": "a#92", "url": "http://gone.example/", "row": "__rejected/part-000000.parquet/2"}
    assert location == f"/page?{urlencode(link)}"


def test_a_page_outside_the_sample_says_why_it_stands_alone(hostile: Corpus, mixture: Corpus, viewer: Ask) -> None:
    body = viewer(hostile).get("/page/en/train-00000-of-00002.parquet/1").text
    assert "this one is not in it" in body
    assert "Rules, in order" not in body
    body = viewer(mixture).get("/page/mixture/train-00000-of-00001.parquet/0").text
    assert "A mixture keeps no raw pages" in body


def test_a_mixture_has_its_languages_and_no_outcomes(mixture: Corpus, viewer: Ask) -> None:
    body = text_of(viewer(mixture).get("/counts").text)
    assert "This corpus has no table of rejected pages." in body
    assert "Language en 6 de 3" in body
    assert viewer(mixture).get("/why?url=http://a.example/1").status_code == 200


def test_the_text_of_a_row_as_it_is(hostile: Corpus, viewer: Ask) -> None:
    answer = viewer(hostile).get("/text/en/train-00000-of-00002.parquet/3")
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    assert answer.text == LONG


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/counts",
        "/?q=script",
        "/?outcome=rejected",
        "/page/en/train-00000-of-00002.parquet/{}",
        "/page/__rejected/part-000000.parquet/{}",
        "/why?" + urlencode({"url": HOSTILE_URL}),
    ],
)
def test_no_page_runs_what_a_crawled_page_says(hostile: Corpus, viewer: Ask, path: str) -> None:
    for row in range(4 if "{}" in path else 1):
        body = viewer(hostile).get(path.format(row)).text
        assert set(re.findall(r"<script[^>]*>", body)) <= {'<script src="/static/viewer.js" defer>'}
        assert "<b>" not in body
        assert "<i>" not in body
        assert not re.search(r"[\x00\x1b\u202e\u2066]", body)
        assert not re.search(r' (href|src|action)="(?!/|\?|#|https?://)', body)
        assert not re.search(r'href="https?://[^"]*"(?! rel="noopener noreferrer nofollow")', body)
        assert not re.search(r"\s(on\w+|style)=", re.sub(r'"[^"]*"', '""', "".join(re.findall(r"<[^>]*>", body))))
        assert len(body) < 500_000


def test_a_link_is_the_address_in_full(hostile: Corpus, viewer: Ask) -> None:
    body = viewer(hostile).get("/page/en/train-00000-of-00002.parquet/3").text
    assert '<a class="url" href="http://example.org/long" rel="noopener noreferrer nofollow"' in body
    body = viewer(hostile).get("/page/en/train-00000-of-00002.parquet/1").text
    assert 'href="http' not in body
    assert "U+202E" in body


def test_why_not_judges_a_text_by_any_preset(samples: Corpus, viewer: Ask) -> None:
    text = "Menu\nThe crane has stood on the quay for many years.\nRead our cookie policy before you go on.\n"
    words = text_of(viewer(samples).post("/why", data={"text": text, "preset": "en"}, headers=POST).text)
    assert "Rejected at clean : few_sentences , it has fewer than 3 sentences 1 sentence" in words
    assert "Menu no_end_mark" in words
    assert "Read our cookie policy before you go on. policy" in words
    assert "older_copy not judged" in words
    words = text_of(viewer(samples).post("/why", data={"text": text, "preset": "en.2019"}, headers=POST).text)
    assert "it has fewer than 5 sentences" in words
    words = text_of(viewer(samples).post("/why", data={"text": text, "preset": "multilingual"}, headers=POST).text)
    assert "few_paragraphs" in words


def test_why_not_offers_every_preset_and_the_corpus_s_own_first(languages: Corpus, viewer: Ask) -> None:
    body = viewer(languages).get("/why").text
    form = body[body.index('id="preset"') : body.index("</select>")]
    names = re.findall(r"<option[^>]*>([^<]*)", form)
    assert names[0] == "multilingual"
    assert sorted(names) == sorted(PRESETS)


def test_why_not_looks_a_url_up(samples: Corpus, viewer: Ask) -> None:
    url, stage, reason = one(samples, "SELECT url, stage, reason FROM rejected WHERE reason = 'curly_brace' LIMIT 1")
    words = text_of(viewer(samples).get("/why?" + urlencode({"url": url})).text)
    assert f"Found here {stage}/{reason} {url}" in words
    assert f"Rejected here at {stage} : {reason} , as the build recorded it" in words
    assert "Judged again, by itself The same verdict. By preset" in words


def test_why_not_says_first_what_the_build_recorded(second_crawl: Corpus, viewer: Ask) -> None:
    words = text_of(viewer(second_crawl).get("/why?url=http://new.example/fog").text)
    assert "Rejected here at near : near_duplicate , as the build recorded it Judged again, by itself Kept" in words
    words = text_of(viewer(second_crawl).get("/why?url=http://new.example/alone").text)
    assert "Kept here , as the build recorded it Judged again" in words


def test_why_not_looks_for_a_page_that_is_not_there(samples: Corpus, viewer: Ask) -> None:
    words = text_of(viewer(samples).get("/why?url=http://nobody.example/").text)
    assert "No page has the URL, record or source http://nobody.example/ , or a similar URL" in words


def test_why_not_part_is_for_the_script(samples: Corpus, viewer: Ask) -> None:
    body = viewer(samples).post("/why?part=verdict", data={"text": "Home"}, headers=POST).text
    assert "<html" not in body
    assert "no_end_mark" in body


def test_a_preset_whose_files_are_missing_says_so(
    samples: Corpus, viewer: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    punkt.punkt.cache_clear()  # another test may have loaded it
    monkeypatch.setattr("c4pipe.text.punkt.find_punkt", lambda: None)
    answer = viewer(samples).post("/why", data={"text": "A page.", "preset": "en.tfds"}, headers=POST)
    assert answer.status_code == 200
    assert "Run `make assets`" in html.unescape(answer.text)


def test_a_form_is_bounded(samples: Corpus, viewer: Ask) -> None:
    answer = viewer(samples).post("/why", data={"text": "x" * (LONGEST_TEXT + 1)}, headers=POST)
    assert answer.status_code == 413
    assert "Up to 1,000,000 bytes" in answer.text
    assert viewer(samples).post("/why", content=b"x" * 4_000_000, headers=POST).status_code == 413
    assert viewer(samples).post("/why", data={"text": "あ" * (LONGEST_TEXT // 3)}, headers=POST).status_code == 200


@pytest.mark.parametrize(
    ("path", "status", "words"),
    [
        ("/?config=xx", 400, "unknown value of config, 'xx'"),
        ("/?min=a", 400, "min='a' is no whole number"),
        ("/?after=7", 400, "after='7' is not a place in this list"),
        ("/?after=9:0", 400, "is not a place in this list"),
        ("/?after=0:99999", 400, "is not a place in this list"),
        ("/?after=0:1&before=0:2", 400, "after and before are both given"),
        ("/counts?outcome=x", 400, "unknown value of outcome"),
        ("/page/en/train-00000-of-00001.parquet/99999", 404, "has this address"),
        ("/page/en/train-00000-of-00001.parquet/x", 400, "row='x' is no whole number"),
        ("/page/../../etc/passwd/0", 404, ""),
        ("/page/%2E%2E/manifest.json/0", 404, "has this address"),
        ("/page/manifest.json/0", 404, "has this address"),
        ("/text/stats.json/0", 404, "has this address"),
        ("/owner/zz", 400, "does not name an owner"),
        ("/step?at=0:0&way=up", 400, "Known: next, previous"),
        ("/step?at=", 400, "is not a place in this list"),
        ("/step?at=0:0&way=previous", 404, "That was the first page"),
        ("/why?preset=fr", 200, "Why not?"),
        ("/why?preset=fr&url=http://x/", 200, "No page has the URL"),
        ("/static/../app.py", 404, ""),
        ("/static/%2E%2E%2Fapp.py", 404, ""),
        ("/docs", 404, "has this address"),
    ],
)
def test_bad_input_gets_a_page_with_words(samples: Corpus, viewer: Ask, path: str, status: int, words: str) -> None:
    answer = viewer(samples).get(path)
    assert answer.status_code == status
    assert words in text_of(answer.text)


def test_an_unknown_preset_and_method_are_refused(samples: Corpus, viewer: Ask) -> None:
    answer = viewer(samples).post("/why", data={"text": "x", "preset": "fr"}, headers=POST)
    assert answer.status_code == 400
    assert "unknown preset 'fr'" in html.unescape(answer.text)
    assert viewer(samples).post("/", headers=POST).status_code == 405
    assert viewer(samples).post("/why", content=b"\xff=\xfe", headers=POST).status_code == 400


def test_a_step_goes_on_in_the_list(samples: Corpus, viewer: Ask) -> None:
    answer = viewer(samples).get("/step?q=harbour&at=0:0&way=next", follow_redirects=False)
    assert answer.status_code == 303
    said = dict(parse_qsl(urlsplit(answer.headers["location"]).query))
    assert set(said) == {"id", "url", "row", "q"}


def test_a_file_that_is_damaged_while_it_is_shown_is_named_and_nothing_else_is_said(
    samples: Corpus, tmp_path: Path
) -> None:
    folder = Path(shutil.copytree(samples.folder, tmp_path / "c4"))
    shard = next((folder / "en").glob("train-*"))
    whole = shard.read_bytes()
    with TestClient(make_app(open_corpus(folder)), base_url="http://127.0.0.1:8000") as client:
        shown = client.get("/").text
        shard.write_bytes(whole[:1000] + bytes(3000) + whole[4000:])
        for path in ("/", "/?q=harbour", "/counts?q=x", f"/page/en/{shard.name}/0", "/export?format=csv"):
            answer = client.get(path)
            assert answer.status_code == 500
            assert f"{shard.name} was changed or damaged" in answer.text
        shard.write_bytes(whole)
        assert client.get("/").text == shown
    shard.write_bytes(bytes(len(whole)))
    with pytest.raises(BuildError, match=f"{shard.name} was changed or damaged"):
        make_app(open_corpus(folder))


def test_a_comparison_is_told_on_the_list_of_all_pages(samples: Corpus, tmp_path: Path) -> None:
    whole = Judgement("overall", 40, 140_000, (2.25, 2.215), -0.035, 0.004, None, 1e-9)
    found = CorpusVerdict(("out/<b>", "out/en"), "grams", 0.02, whole, [], ("aa", samples.digest))
    (tmp_path / VERDICT_FILE).write_text(json.dumps(found.as_json()))
    app = make_app(samples, compared=tmp_path)
    with TestClient(app, base_url="http://127.0.0.1:8000") as client:
        shown = text_of(client.get("/").text)
        assert "Beside B , out/<b> , with this corpus as A : A is better by 0.035 ± 0.004 bits per byte." in shown
        assert "Beside B" not in text_of(client.get("/?q=harbour").text)
    (tmp_path / VERDICT_FILE).write_text(json.dumps(found._replace(sums=("aa", "bb")).as_json()))
    with pytest.raises(ConfigError, match="this corpus is neither"):
        make_app(samples, compared=tmp_path)


def test_a_corpus_without_pages(samples: Corpus, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(samples.folder, tmp_path / "c4"))
    manifests.write_older(folder, manifests.read(folder) | {"shards": [], "rejected": []})
    with TestClient(make_app(open_corpus(folder)), base_url="http://127.0.0.1:8000") as client:
        assert "No page." in text_of(client.get("/").text)
        assert client.get("/counts?q=x").status_code == 200
        assert client.get("/export?format=parquet").status_code == 200


def test_scripted_markup_in_a_query_is_text(samples: Corpus, viewer: Ask) -> None:
    body = viewer(samples).get("/?" + urlencode({"q": f'"{SCRIPT}'})).text
    assert SCRIPT not in body


@pytest.mark.parametrize("query", ["language=he&q=o", "outcome=clean/few_words&q=x", "config=de&q=page+2", "q=page+3"])
def test_counts_are_the_same_before_and_after_a_search(hostile: Corpus, query: str) -> None:
    """What a list has learnt of files without a hit serves the counts, where it holds for them."""
    answers = []
    for first in ("/static/viewer.js", f"/?{query}"):
        with TestClient(make_app(hostile), base_url="http://127.0.0.1:8000") as client:
            client.get(first)
            answers.append(client.get(f"/counts?{query}").text)
    assert answers[0] == answers[1]


def test_a_reason_leads_to_its_page(samples: Corpus, viewer: Ask) -> None:
    answer = viewer(samples).get("/rule/few_words")
    assert answer.status_code == 200
    assert "docs/rules/few_words.md in the c4pipe repository" in text_of(answer.text)
    assert "Drops a line that has fewer than 5 words." in text_of(answer.text)
    assert viewer(samples).get("/rule/nothing").status_code == 404
    asked = viewer(samples).post("/why", data={"text": "Short.", "preset": "en", "url": ""}, headers=POST)
    assert 'href="/rule/few_sentences"' in asked.text


def test_a_url_that_is_pasted_as_a_text_is_looked_up(samples: Corpus, viewer: Ask) -> None:
    """And judged as a text on demand: one line of text is no URL because it has a dot."""
    ask = viewer(samples)
    ((url,),) = cursor(samples).execute("SELECT url FROM pages LIMIT 1").fetchall()
    for pasted in (url, f" {url}\n", url.partition("//")[2]):
        words = text_of(ask.post("/why?part=verdict", data={"text": pasted, "preset": "en"}, headers=POST).text)
        assert "What you pasted is a URL, and was looked up." in words
        assert "Kept here" in words
    assert "Found here" in text_of(ask.post("/why", data={"text": url}, headers=POST).text)
    judged = text_of(ask.post("/why", data={"text": url, "as_text": "1"}, headers=POST).text)
    assert "few_sentences" in judged
    assert "What you pasted is a URL" not in judged
    for plain in ("Go to http://a.example/ now.", "Hello.", "node.js", f"{url}\n{url}"):
        assert "What you pasted is a URL" not in ask.post("/why", data={"text": plain}, headers=POST).text
    everywhere = ask.post("/why/presets", data={"text": "http://nobody.example/"}, headers=POST).text
    assert "No corpus here has a page of" in text_of(everywhere)
