"""An empty list says where the pages are that somebody looked for."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
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
LOST = [
    tiny.lost("http://lost.example/x", "clean", "few_sentences", "Lost."),
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
            ["1 rejected page has this URL : not in exactly this spelling, but its U"],
        ),
        ({"q": "http://lost.example/x", "in": "url"}, ["1 rejected page has this URL ."]),
        ({"q": "http://lost.example/x", "in": "text"}, []),
        ({"q": "http://lost.example/x and more"}, []),
        ({"q": "http://www.kept.example/news", "outcome": "rejected"}, ["1 kept page has this URL ."]),
        ({"q": "kept.example/news/", "outcome": "rejected"}, ["1 kept page has this URL : not in exactly this "]),
        ({"q": "http://both.example/2", "outcome": "clean/few_sentences"}, ["1 rejected page has this URL ."]),
        ({"domain": "lost.example"}, ["1 rejected page is of the domain lost.example , as far as the table"]),
        ({"domain": "kept.example", "outcome": "rejected"}, ["1 kept page is of the domain kept.example ."]),
        ({"domain": "both.example", "q": "zzz"}, ["2 rejected pages are of the domain both.example , as far"]),
        ({"domain": "nowhere.example"}, []),
        ({"q": "http://nowhere.example/"}, []),
        ({"q": "words"}, []),
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


def test_a_hostile_url_is_text(hostile: Corpus, viewer: Ask) -> None:
    for query in ({"q": HOSTILE_URL, "config": "de"}, {"q": f"http://{SCRIPT}/"}, {"domain": SCRIPT}):
        body = viewer(hostile).get("/?" + urlencode(query)).text
        assert SCRIPT not in body
    words = text_of(viewer(hostile).get("/?" + urlencode({"q": HOSTILE_URL, "config": "de"})).text)
    assert "1 kept page has this URL . 1 rejected page has this URL ." in words


def test_a_corpus_without_a_rejected_table(mixture: Corpus, viewer: Ask) -> None:
    assert viewer(mixture).get("/?q=http://nowhere.example/&domain=nowhere.example").status_code == 200
