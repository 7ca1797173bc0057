"""An empty list says where the pages are that somebody looked for."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlencode

import pytest
from starlette.testclient import TestClient

from c4pipe.facts.corpus import Corpus, open_corpus
from c4pipe.inspect.serve import make_app
from c4pipe.page import Page
from tests.inspect import tiny
from tests.inspect.serve.conftest import HOSTILE_URL, SCRIPT, Ask
from tests.inspect.serve.test_app import text_of

PAGES = [
    Page("http://www.kept.example/news", "Some words.", "2024", "a#1"),
    Page("http://both.example/1", "More words.", "2024", "a#2"),
]
CUT = {"reason": "no_end_mark", "line": "Click here", "owner": ""}
LOST = [
    tiny.lost("http://lost.example/x", "clean", "few_sentences", "Lost.", dropped=[CUT]),
    tiny.lost("http://both.example/2", "clean", "curly_brace", "{"),
    tiny.lost("http://both.example/3", "clean", "few_sentences", "No."),
    tiny.lost("http://both.example/1", "", "kept", "More words."),
]


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    folder = tiny.write(tmp_path_factory.mktemp("elsewhere") / "c4", PAGES, LOST)
    with TestClient(make_app(open_corpus(folder)), base_url="http://127.0.0.1:8000") as made:
        yield made


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ({"q": "http://lost.example/x"}, ["1 rejected page has this URL ."]),
        (
            {"q": "www.lost.example/x/#top"},
            ["1 rejected page has this URL : not with exactly this spelling, but the URL"],
        ),
        ({"q": "http://lost.example/x", "in": "url"}, ["1 rejected page has this URL ."]),
        ({"q": "http://lost.example/x", "in": "text"}, []),
        ({"q": "http://lost.example/x and more"}, []),
        ({"q": "http://www.kept.example/news", "outcome": "rejected"}, ["1 kept page has this URL ."]),
        ({"q": "kept.example/news/", "outcome": "rejected"}, ["1 kept page has this URL : not with exactly this "]),
        ({"q": "http://both.example/2", "outcome": "clean/few_sentences"}, ["1 rejected page has this URL ."]),
        ({"domain": "lost.example"}, ["1 rejected page is of the domain lost.example , as far as the table"]),
        ({"domain": "kept.example", "outcome": "rejected"}, ["1 kept page is of the domain kept.example ."]),
        ({"domain": "both.example", "q": "zzz"}, ["2 rejected pages are of the domain both.example , as far"]),
        ({"domain": "nowhere.example"}, []),
        ({"q": "http://nowhere.example/"}, []),
        ({"q": "words"}, []),
        ({"q": "Click here", "in": "lost"}, ["1 rejected page matches ."]),
        ({"q": "lost. ", "how": "words"}, ["1 rejected page matches ."]),
        ({"q": "words", "outcome": "rejected"}, ["2 kept pages match ."]),
        ({"q": "words", "outcome": "clean/few_sentences", "min": "9"}, ["2 kept pages match ."]),
        ({"q": "words", "outcome": "clean/few_sentences", "min": "12"}, []),
        ({"q": "Lost", "config": "en", "language": "en"}, ["1 rejected page matches ."]),
        ({"q": "zzz"}, []),
    ],
)
def test_what_is_elsewhere(client: TestClient, query: dict[str, str], said: list[str]) -> None:
    body = client.get("/", params=query).text
    found = [text_of(piece) for piece in re.findall(r'<p class="elsewhere">(.*?)</p>', body)]
    assert len(found) == len(said)
    assert all(start in one for start, one in zip(said, found, strict=True))
    for link in re.findall(r'<p class="elsewhere"><a href="([^"]*)"', body):
        answer = client.get(html.unescape(link))
        assert answer.status_code == 200
        assert 'id="none"' not in answer.text


def test_kept_is_the_name_of_a_facet_and_of_an_outcome(client: TestClient) -> None:
    answer = client.get("/", params={"outcome": "kept", "q": "words"})
    assert answer.status_code == 200
    assert "http://both.example/1" in answer.text
    assert "lost.example" not in answer.text
    assert "outcome=kept" not in answer.text.partition("Link and cite")[0]  # which has the address as it was asked


def test_a_sample_of_rejected_pages_is_called_one_where_a_list_is_empty(tmp_path: Path) -> None:
    corpus = open_corpus(tiny.write(tmp_path / "c4", PAGES, LOST, settings={"rejected": "sample"}))
    with TestClient(make_app(corpus), base_url="http://127.0.0.1:8000") as client:
        words = text_of(client.get("/", params={"q": "Click here", "in": "lost"}).text)
    assert "1 rejected page matches , as far as the table of rejected pages holds them." in words


def test_a_hostile_url_is_text(hostile: Corpus, viewer: Ask) -> None:
    for query in ({"q": HOSTILE_URL, "config": "de"}, {"q": f"http://{SCRIPT}/"}, {"domain": SCRIPT}):
        body = viewer(hostile).get("/?" + urlencode(query)).text
        assert SCRIPT not in body
    words = text_of(viewer(hostile).get("/?" + urlencode({"q": HOSTILE_URL, "config": "de"})).text)
    assert "1 kept page has this URL . 1 rejected page has this URL ." in words


def test_a_corpus_without_a_rejected_table(mixture: Corpus, viewer: Ask) -> None:
    assert viewer(mixture).get("/?q=http://nowhere.example/&domain=nowhere.example").status_code == 200


@pytest.mark.parametrize(
    ("query", "says"),
    [
        ("q=http://lost.example/x", "No kept page matches, but: 1 rejected page has this URL"),
        ("q=kept.example/news&outcome=rejected", "No rejected page matches, but: 1 kept page has this URL"),
        ("q=zzzz+nowhere", "No kept page matches."),
    ],
)
def test_what_was_found_elsewhere_is_not_called_nothing(client: TestClient, query: str, says: str) -> None:
    assert says in text_of(client.get(f"/?{query}").text)
