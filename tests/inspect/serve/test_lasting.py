"""Links that last: by record and URL, into the corpus they were made of and into another build of it."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest
from starlette.testclient import TestClient

from c4pipe.facts.corpus import Corpus, open_corpus
from c4pipe.inspect.serve import make_app
from c4pipe.page import Page
from c4pipe.shards import PAGE_SCHEMA
from tests.inspect import tiny
from tests.inspect.serve.conftest import HOSTILE_URL, SCRIPT, Ask, served
from tests.inspect.serve.test_app import text_of

NEWS = "https://www.a.example/news/"
DATE = "2024-05-22T10:11:12Z"
PAGES = [
    Page("http://a.example/", "One sentence.", DATE, "a.wet.gz#1", "urn:uuid:1", "en", 0.99),
    Page(NEWS, "News sentence.", DATE, "a.wet.gz#2", "urn:uuid:2", "en", 0.99),
    Page("", "A page without a URL.", "", "a.wet.gz#3", "", "en", 0.99),
    Page("http://twin.example/", "The first twin.", DATE, "b#1", "7", "en", 0.99),
    Page("http://twin.example/", "The second twin.", DATE, "b#2", "7", "en", 0.99),
]
LOST = [
    tiny.lost("http://lost.example/", "clean", "few_sentences", "Lost.", source="a.wet.gz#9"),
    tiny.lost("http://a.example/", "", "kept", "Menu\nOne sentence.", source="a.wet.gz#1"),
    tiny.lost("https://a.example/news", "url", "older_copy", "Old news.", source="a.wet.gz#8"),
]
SHARD = "en/train-00000-of-00001.parquet"
PART = "__rejected/part-000000.parquet"


def client_of(folder: Path) -> TestClient:
    return TestClient(make_app(open_corpus(folder)), base_url="http://127.0.0.1:8000")


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory) -> Corpus:
    return open_corpus(tiny.write(tmp_path_factory.mktemp("first") / "c4", PAGES, LOST))


@pytest.fixture(scope="module")
def client(first: Corpus) -> Iterator[TestClient]:
    with client_of(first.folder) as made:
        yield made


@pytest.fixture(scope="module")
def again(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    """Another build: of inputs that are called otherwise; a rule rejects one page, and others were never read."""
    moved = [page._replace(source=page.source.replace("a.wet", "z.wet")) for page in (PAGES[2], PAGES[0])]
    lost = [tiny.lost(NEWS, "badwords", "bad_word", "News sentence.", source="z.wet.gz#2")]
    with client_of(tiny.write(tmp_path_factory.mktemp("again") / "c4", moved, lost)) as made:
        yield made


def asked(address: str) -> dict[str, str]:
    return dict(parse_qsl(urlsplit(address).query))


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ({"id": "urn:uuid:1"}, "One sentence."),
        ({"id": "a.wet.gz#1"}, "One sentence."),
        ({"id": "a.wet.gz#3"}, "A page without a URL."),
        ({"id": "a.wet.gz#9"}, "Rejected at clean : few_sentences"),
        ({"url": "http://a.example/"}, "One sentence."),
        (
            {"url": "A.example#top"},
            "No page here has the URL of the link as written: this is the one for",
        ),
        ({"id": "urn:uuid:2", "url": NEWS}, "News sentence."),
        ({"id": "urn:uuid:2", "row": f"{SHARD}/0"}, "News sentence."),
        ({"id": "urn:uuid:2", "row": "en/gone.parquet/7"}, "News sentence."),
        ({"row": f"{SHARD}/1"}, "News sentence."),
        ({"row": f"{PART}/1"}, "One sentence."),
        ({"id": "7", "row": f"{SHARD}/4"}, "The second twin."),
    ],
)
def test_a_page_by_what_a_link_says(client: TestClient, query: dict[str, str], words: str) -> None:
    answer = client.get("/page", params=query)
    assert answer.status_code == 200
    assert words in text_of(answer.text)


def test_an_address_that_may_mean_several_offers_them(client: TestClient) -> None:
    words = text_of(client.get("/page?id=7").text)
    assert "2 pages may be meant These have the record or source 7 . kept http://twin.example/ 2024-05-22" in words
    links = re.findall(r'<li><a href="(/page[?][^"]*)"', client.get("/page?url=a.example/news").text)
    assert [asked(html.unescape(link))["id"] for link in links] == ["urn:uuid:2", "a.wet.gz#8"]
    assert "Old news." in client.get(html.unescape(links[1])).text


@pytest.mark.parametrize(
    ("path", "link"),
    [
        (f"/page/{SHARD}/1?q=news&x=1", {"id": "urn:uuid:2", "url": NEWS, "row": f"{SHARD}/1", "q": "news", "x": "1"}),
        (f"/page/{PART}/1", {"id": "urn:uuid:1", "url": "http://a.example/", "row": f"{SHARD}/0"}),
        (f"/page/{SHARD}/2", {"id": "a.wet.gz#3", "row": f"{SHARD}/2"}),
        (f"/text/{PART}/1", {"id": "a.wet.gz#1", "url": "http://a.example/", "row": f"{PART}/1"}),
        (f"/stands/{PART}/0", {"id": "a.wet.gz#9", "url": "http://lost.example/", "row": f"{PART}/0"}),
        ("/page?id=a.wet.gz%231&q=x", {"id": "urn:uuid:1", "url": "http://a.example/", "row": f"{SHARD}/0", "q": "x"}),
    ],
)
def test_an_address_by_row_leads_to_the_one_that_lasts(client: TestClient, path: str, link: dict[str, str]) -> None:
    answer = client.get(path, follow_redirects=False)
    assert answer.status_code == 303
    assert urlsplit(answer.headers["location"]).path == "/" + re.split("[/?]", path)[1]
    assert asked(answer.headers["location"]) == link


def test_the_text_of_a_raw_row_is_the_raw_one(client: TestClient) -> None:
    assert client.get(f"/text/{PART}/1").text == "Menu\nOne sentence."
    assert client.get("/text?id=urn:uuid:1").text == "One sentence."
    assert client.get("/text?id=nothing").status_code == 404


def test_all_links_of_a_list_and_a_page_last(samples: Corpus, viewer: Ask) -> None:
    client = viewer(samples)
    for path in ("/", "/?outcome=rejected", "/?q=harbour"):
        links = re.findall(r'class="hit" href="([^"]*)"', client.get(path).text)
        assert len(links) > 3
        for link in links[:3]:
            said = asked(html.unescape(link))
            assert said["id"]
            body = client.get(html.unescape(link)).text
            assert f">{html.escape(said['url'], quote=False)}</bdi></a>" in body.replace("&#39;", "'").replace(
                "&#34;", '"'
            )
            assert not re.search(r'(href|value|data-from)="[^"]*/(page|text|stands)/', body)


@pytest.mark.parametrize(
    ("page", "status", "words"),
    [
        (PAGES[0], 200, "Kept"),
        (PAGES[1], 200, "Rejected at badwords : bad_word"),
        (
            PAGES[1],
            200,
            "No page of this corpus has the record or source urn:uuid:2 of the link; the rejected",
        ),
        (
            PAGES[2],
            404,
            "No page has the record or source a.wet.gz#3 , kept or in the table of",
        ),
        (PAGES[3], 404, "No page has the record or source 7 , and none has the URL http://twin.example/ , kept"),
        (PAGES[3], 404, "Every page that was read is here, kept or rejected, so it was not in the input."),
    ],
)
def test_a_link_of_another_build(
    first: Corpus, client: TestClient, again: TestClient, page: Page, status: int, words: str
) -> None:
    row = PAGES.index(page)
    body = client.get(f"/page/{SHARD}/{row}").text
    link = html.unescape(re.findall(r'id="lasting" readonly value="([^"]*)"', body)[0])
    assert link.startswith("http://127.0.0.1:8000/page?id=")
    assert asked(link) == {
        **{name: value for name, value in (("id", page.record_id or page.source), ("url", page.url)) if value},
        "was": "kept",
        "build": first.digest[:16],
    }
    assert "made from another build" not in client.get(link).text
    answer = again.get(link)
    assert answer.status_code == status
    assert words in text_of(answer.text)
    assert f"This link was made from another build (digest {first.digest[:16]})" in text_of(answer.text)


def cited(body: str) -> dict[str, str]:
    (block,) = re.findall(r'<textarea id="cited"[^>]*>\n(.*?)</textarea>', body, re.DOTALL)
    return {
        name: value.strip() for name, _, value in (line.partition(":") for line in html.unescape(block).split("\n"))
    }


def test_what_is_cited(client: TestClient, first: Corpus) -> None:
    said = cited(client.get("/page?id=a.wet.gz%239").text)
    link = said.pop("Link")
    assert said == {
        "Page": "http://lost.example/",
        "Crawled": DATE,
        "Source": "a.wet.gz#9",
        "Outcome": "rejected at clean: few_sentences, it has fewer than 3 sentences",
        "Rule from": said["Rule from"],
        "Corpus": "c4",
        "Digest": f"{first.digest} (sha256 of its manifest.json)",
        "Preset": "en",
        "Built by": "c4pipe (version not recorded)",
        "Shown by": said["Shown by"],
    }
    assert "TFDS c4 3.1.0" in said["Rule from"]
    assert asked(link)["id"] == "a.wet.gz#9"
    kept = cited(client.get("/page?id=urn:uuid:1").text)
    assert (kept["Record"], kept["Outcome"]) == ("urn:uuid:1", "kept")
    assert "Rule from" not in kept


def test_a_corpus_that_keeps_no_record_ids(tmp_path: Path) -> None:
    import pyarrow as pa

    columns = [PAGE_SCHEMA.field(name) for name in ("text", "timestamp", "url", "source")]
    with client_of(tiny.write(tmp_path / "c4", PAGES, schema=pa.schema(columns))) as client:
        assert "One sentence." in client.get("/page?id=a.wet.gz%231").text
        assert client.get("/page?id=urn:uuid:1").status_code == 404


@pytest.mark.parametrize(
    ("path", "status", "words"),
    [
        ("/page", 400, "no page is named. Expected id="),
        ("/page?row=x", 404, "No page was at x"),
        ("/page?row=en/x.parquet/y", 400, "is no whole number"),
        ("/page?row=../../etc/passwd/0", 404, "Not in this corpus"),
        ("/page?id=" + "x" * 5000, 404, "Not in this corpus"),
        ("/page?id=a&config=xx", 400, "unknown value of config"),
    ],
)
def test_bad_links_get_a_page_with_words(client: TestClient, path: str, status: int, words: str) -> None:
    answer = client.get(path)
    assert (answer.status_code, words in text_of(answer.text)) == (status, True)


def test_hostile_links_are_text(hostile: Corpus, viewer: Ask) -> None:
    for query in (
        {"id": SCRIPT},
        {"url": SCRIPT},
        {"url": HOSTILE_URL},
        {"row": SCRIPT},
        {"id": "x", "url": HOSTILE_URL},
    ):
        for more in ({}, {"build": SCRIPT, "mark": SCRIPT}):
            assert SCRIPT not in viewer(hostile).get("/page", params=query | more).text


def test_the_link_is_copied_and_without_a_script_it_stands_in_a_field(browser: Any, first: Corpus) -> None:
    with served(first) as address:
        context = browser.new_context()
        context.grant_permissions(["clipboard-read", "clipboard-write"], origin=address)
        page = context.new_page()
        page.goto(f"{address}/page?{urlencode({'id': 'urn:uuid:2'})}")
        page.get_by_text("Link and cite").click()
        page.get_by_role("button", name="Copy link").click()
        page.get_by_role("button", name="Copied").wait_for()
        copied = page.evaluate("navigator.clipboard.readText()")
        assert copied == page.locator("#lasting").input_value()
        page.goto(copied)
        assert page.locator("h1.address").inner_text() == NEWS
        context.close()
        context = browser.new_context(java_script_enabled=False)
        page = context.new_page()
        page.goto(copied)
        page.get_by_text("Link and cite").click()
        assert page.locator("#lasting").input_value() == copied
        assert page.get_by_role("button", name="Copy link").count() == 0
        context.close()


@pytest.mark.parametrize(
    "path", ["/", "/?q=a%26b&split=train", "/losses?by=domain", "/words?by=only", "/sql?q=SELECT+1", "/rule/few_words"]
)
def test_every_view_gives_a_link_with_its_build(languages: Corpus, viewer: Ask, path: str) -> None:
    made, build = viewer(languages), languages.digest[:16]
    body = made.get(path).text
    (link,) = re.findall(r'<input id="link-view" readonly value="([^"]*)">', body)
    asked = urlsplit(html.unescape(link))
    assert asked.path == urlsplit(path).path
    assert parse_qsl(asked.query) == [*parse_qsl(urlsplit(path).query), ("build", build)]
    cited = html.unescape(re.findall(r'<textarea id="cited-view"[^>]*>\n(.*?)</textarea>', body, re.S)[0])
    assert f"Digest:    {languages.digest} (sha256 of its manifest.json)" in cited
    assert cited.endswith(f"Link:      {html.unescape(link)}")
    again = made.get(f"{asked.path}?{asked.query}")
    assert again.status_code == 200
    assert "data-notice" not in again.text
    assert html.unescape(re.findall(r'id="link-view" readonly value="([^"]*)"', again.text)[0]) == html.unescape(link)
    other = made.get(f"{asked.path}?{asked.query.replace(build, '0' * 16)}").text
    assert f"This link was made from another build (digest {'0' * 16})" in text_of(other)


def test_a_page_has_one_link_and_a_refusal_none(samples: Corpus, viewer: Ask) -> None:
    hit = re.findall(r'class="hit" href="([^"]*)"', viewer(samples).get("/").text)[0]
    assert "cite-view" not in viewer(samples).get(html.unescape(hit)).text
    assert "cite-view" not in viewer(samples).get("/nowhere").text
