"""What a page view does not have: the text of pages that were left out, and scores that nobody gave."""

from __future__ import annotations

import html
import re
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from c4pipe.corpus.catalogue import describe
from c4pipe.facts.corpus import Corpus, connect, open_corpus
from c4pipe.presets import EN, with_exclusions
from c4pipe.rules import NotExcluded
from tests.inspect import tiny
from tests.inspect.serve.conftest import Ask
from tests.inspect.serve.test_app import text_of


def test_a_page_that_was_left_out_says_that_its_text_is_withheld(tmp_path: Path, viewer: Ask) -> None:
    url = "http://a.example/1"
    left_out = tiny.lost(url, "exclude", "excluded", "", detail="a.example (opt-out.txt)")
    ledger: dict[str, Any] = {"stages": [{"stage": "exclude", "rejected": {"excluded": 1}, "lines_dropped": {}}]}
    preset = describe(with_exclusions(EN, NotExcluded()))
    client = viewer(open_corpus(tiny.write(tmp_path / "c4", [], [left_out], preset=preset, ledger=ledger)))
    answer = client.get("/page", params={"url": url})
    assert answer.status_code == 200
    words = text_of(answer.text)
    assert "text withheld" in words
    assert "The text of this page is withheld" in words
    assert "0 characters" not in words
    assert "Plain text" not in words
    assert '<li id="line-1"' not in answer.text
    assert "excluded broken" not in words
    own = re.search(r'href="/page\?([^"]+)"', client.get("/?outcome=rejected").text)
    assert own is not None
    assert "text withheld" in text_of(client.get("/?outcome=rejected").text)
    raw = client.get(f"/text?{html.unescape(own[1])}")
    assert raw.status_code == 404
    assert "withheld" in raw.text


def test_a_score_stands_where_one_was_given_and_is_called_so(samples: Corpus, viewer: Ask) -> None:
    db, client = connect(samples), viewer(samples)
    url, score = db.execute("SELECT url, language_score FROM pages WHERE url <> '' ORDER BY url LIMIT 1").fetchall()[0]
    assert f"language score {score:.4f}" in text_of(client.get(f"/page?{urlencode({'url': url})}").text)
    sql = "SELECT url FROM rejected WHERE stage = 'clean' AND language <> '' AND url NOT IN (SELECT url FROM pages)"
    urls = db.execute(f"{sql} ORDER BY url LIMIT 1").fetchall()
    assert "0.0000" not in text_of(client.get(f"/page?{urlencode({'url': urls[0][0]})}").text)
