"""A text that somebody pastes is that of a page which the build has judged: that verdict comes first."""

from __future__ import annotations

from pathlib import Path

import pytest
from starlette.testclient import TestClient

from c4pipe.facts.corpus import open_corpus
from c4pipe.inspect.serve import make_app, same_text
from c4pipe.page import Page
from tests.inspect import tiny
from tests.inspect.serve.test_app import POST, text_of

SPAN = "The harbour was built in 1898. Its crane still works every morning. Visitors may see it on Sundays."
KEPT = "A kept page has three sentences. Here is the second one of them. And this one is the third and last."
RAW = f"Home\n{KEPT}"


@pytest.fixture
def client(tmp_path: Path) -> TestClient:
    rows = [
        tiny.lost("http://span.example/", "spans", "nothing_left", SPAN),
        tiny.lost("http://old.example/", "url", "older_copy", "Eine alte Kopie."),
        tiny.lost("http://kept.example/", "", "kept", RAW, source="a#1"),
        tiny.lost("http://secret.example/", "read", "excluded", ""),
    ]
    page = Page("http://kept.example/", KEPT, "2024", "a#1", language="en")
    return TestClient(
        make_app(open_corpus(tiny.write(tmp_path / "c4", [page], rows))), base_url="http://127.0.0.1:8000"
    )


def said(client: TestClient, text: str) -> str:
    return text_of(client.post("/why?part=verdict", data={"text": text, "preset": "en", "url": ""}, headers=POST).text)


@pytest.mark.parametrize(
    ("text", "first"),
    [
        (
            SPAN,
            "spans/nothing_left http://span.example/ 2024-05-22 This text is that of a page that was",
        ),
        (
            "Eine alte Kopie.",
            "url/older_copy http://old.example/ 2024-05-22 This text is that of a page that was",
        ),
        (KEPT, "kept http://kept.example/ 2024 This text is that of a page that was kept , as the build"),
        (RAW, "kept http://kept.example/ 2024 This text is that of a page that was kept , as the build"),
        (f"\n{RAW}\r\n  ", "kept http://kept.example/ 2024 This text is that of a page that was kept , as the build"),
    ],
)
def test_what_the_build_made_of_it_comes_first(client: TestClient, text: str, first: str) -> None:
    words = said(client, text)
    assert words.startswith(f"Exactly this text is here {first}")
    assert ("was rejected at" in words) == ("kept http" not in first)
    assert "Judged again, by itself" in words


def test_by_its_text_alone_a_page_is_not_surely_kept(client: TestClient) -> None:
    words = said(client, SPAN.replace("1898", "1899"))
    assert "This corpus: no page in it, kept or rejected, has exactly this text." in words
    assert "Kept by its own text alone , unless a comparison with other pages removes it, or text from it" in words
    assert "Exactly this text" not in words


@pytest.mark.parametrize("text", ["", " ", "\n"])
def test_no_text_is_no_page_s(client: TestClient, text: str) -> None:
    """A page whose text is withheld has an empty one: nobody finds it so."""
    assert "secret" not in said(client, text)


def test_a_large_corpus_is_not_looked_through_and_says_so(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(same_text, "MOST_TEXT_FILES", 10)
    words = said(client, SPAN)
    assert "This corpus: not searched for this text: its files have more than 0 MB" in words
    assert "Kept by its own text alone" in words
