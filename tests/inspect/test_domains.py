"""Domains by pages, characters and tokens: in the terminal and in the viewer, estimated first and counted once."""

from __future__ import annotations

import csv
import html
import io
import json
import re
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.testclient import TestClient

from c4pipe.corpus.stats import registered
from c4pipe.facts.corpus import Corpus, connect, open_corpus
from c4pipe.facts.domain_sizes import domain_sizes, pages_for_rate, token_rate
from c4pipe.inspect import token_counts
from c4pipe.inspect.__main__ import main
from c4pipe.inspect.serve import make_app
from c4pipe.inspect.token_counts import TokenCounting, count_tokens, remembered_counts
from c4pipe.page import Page
from c4pipe.tokenizer import NamedTokenizer, named_tokenizer
from tests.inspect import tiny
from tests.inspect.serve.test_losing import numbers_of
from tests.pieces import pieces_of

HERE = "http://127.0.0.1"


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    place = tmp_path / "cache"
    monkeypatch.setenv("C4PIPE_CACHE_DIR", str(place))
    return place


class Words:
    """Words between blanks."""

    library, size, eod = "words", 1, None

    def encode(self, texts: Sequence[str]) -> list[list[int]]:
        return [[0] * len(text.split()) for text in texts]

    def id_of(self, token: str) -> int | None:
        return None


def by_words(path: Path = Path("out/words.json")) -> NamedTokenizer:
    """One whose tokens anybody can count."""
    return NamedTokenizer(path, "0" * 64, Words())


def expected(corpus: Corpus, count: Callable[[str], int]) -> Counter[str]:
    found = Counter[str]()
    for url, text in connect(corpus).execute("SELECT url, text FROM pages").fetchall():
        found[registered(url)] += count(text)
    return found


def test_sizes_are_those_of_the_pages(languages: Corpus) -> None:
    sizes = domain_sizes(connect(languages))
    assert {size.domain: size.pages for size in sizes} == expected(languages, lambda _: 1)
    assert {size.domain: size.characters for size in sizes} == expected(languages, len)
    assert [size.pages for size in sizes] == sorted((size.pages for size in sizes), reverse=True)


def test_a_sample_is_the_same_each_time_and_all_of_a_small_corpus(languages: Corpus, monkeypatch: Any) -> None:
    whole = connect(languages).execute("SELECT url, text FROM pages").fetchall()
    assert sorted(pages_for_rate(connect(languages), languages)) == sorted(
        (registered(url), text) for url, text in whole
    )
    monkeypatch.setattr("c4pipe.facts.domain_sizes.RATE_PAGES", 7)
    few = pages_for_rate(connect(languages), languages)
    assert len(few) == 7
    assert few == pages_for_rate(connect(languages), languages)


def test_a_rate_and_what_it_lies_between() -> None:
    pages = [("a", 100, 20), ("a", 100, 20), ("b", 100, 40), ("c", 0, 0)]
    found = token_rate(pages)
    assert found is not None
    assert (found.pages, round(found.rate, 4), found.domain_low, found.domain_high) == (4, 0.2667, 0.2, 0.4)
    assert found.of_domain(1000) == (267, 200, 400)
    assert found.low < found.rate < found.high
    assert token_rate([("a", 0, 0)]) is None
    assert token_rate([]) is None


@given(st.lists(st.tuples(st.sampled_from("abcdef"), st.integers(1, 999), st.integers(0, 400)), min_size=1))
def test_a_rate_is_between_its_ends(pages: list[tuple[str, int, int]]) -> None:
    found = token_rate(pages)
    assert found is not None
    assert found.rate == pytest.approx(sum(page[2] for page in pages) / sum(page[1] for page in pages))
    assert 0 <= found.low <= found.rate * (1 + 1e-9)
    assert found.domain_low * (1 - 1e-9) <= found.rate <= found.domain_high * (1 + 1e-9)


def test_the_viewer_estimates_counts_and_remembers(languages: Corpus, cache: Path, monkeypatch: Any) -> None:
    truth = expected(languages, lambda text: len(text.split()))
    begun: list[TokenCounting] = []
    monkeypatch.setattr(TokenCounting, "begin", lambda counting: begun.append(counting))
    client = TestClient(make_app(languages, tokenizer=by_words()), HERE)
    before = client.get("/domains").text
    assert (
        f"Tokens are being counted: 0 of {sum(size.pages for size in domain_sizes(connect(languages)))} pages"
        in " ".join(re.sub("<[^>]*>", "", before).split())
    )
    assert "<strong>estimates</strong>" in before
    rows = numbers_of(before)
    assert rows[0][0] == "all domains"
    assert all(re.match(r"about [\d,]+", row[3]) for row in rows)
    told, low, high = (int(part.replace(",", "")) for part in re.findall(r"[\d,]+", rows[0][3]))
    assert low <= sum(truth.values()) <= high
    assert told == sum(truth.values())  # of a sample that is all of them
    assert "-sample.csv" in client.get("/domains/export?format=csv").headers["content-disposition"]
    (counting, *_) = begun
    monkeypatch.undo()
    monkeypatch.setenv("C4PIPE_CACHE_DIR", str(cache))
    counting.begin()
    counting.wait()
    after = client.get("/domains?sort=tokens").text
    assert "estimates" not in after
    assert "being counted" not in after
    assert [row[3] for row in numbers_of(after)[1:]] == [
        f"{tokens:,}" for tokens in sorted(truth.values(), reverse=True)
    ]
    saved = list(csv.DictReader(io.StringIO(client.get("/domains/export?format=csv").text)))
    assert {row["domain"]: int(row["tokens"]) for row in saved} == truth
    assert all(row["tokens_low"] == row["tokens"] == row["tokens_high"] for row in saved)
    table = pq.read_table(io.BytesIO(client.get("/domains/export?format=parquet").content))
    assert table.column_names == ["domain", "pages", "characters", "tokens", "tokens_low", "tokens_high"]
    query = {"q": "SELECT domain, pages, tokens FROM domains", "format": "csv"}
    answered = list(csv.DictReader(io.StringIO(client.get("/sql/export", params=query).text)))
    assert {row["domain"]: int(row["tokens"]) for row in answered} == truth
    assert "there is no table" in client.get("/sql", params={"q": "SELECT * FROM domain_tokens"}).text
    monkeypatch.setattr(token_counts, "count_tokens", None)  # another viewer need not count again
    again = TestClient(make_app(languages, tokenizer=by_words()), HERE).get("/domains?sort=tokens").text
    assert numbers_of(again) == numbers_of(after)


def test_without_a_tokenizer_there_are_no_tokens(languages: Corpus) -> None:
    client = TestClient(make_app(languages), HERE)
    body = client.get("/domains").text
    assert "--tokenizer" in body
    assert all(len(row) == 3 for row in numbers_of(body))
    name = numbers_of(body)[1][0]
    assert [row[0] for row in numbers_of(client.get(f"/domains?q={name.upper()}").text)] == [name]
    link = html.unescape(re.findall(r'<th scope="row"><a href="(/[?][^"]*)"', body)[0])
    assert f"<p data-total hidden>{numbers_of(body)[1][1]} page" in client.get(f"/counts{link[1:]}").text
    back = numbers_of(client.get("/domains?sort=domain&rising=1").text)[1:]
    assert [row[0].replace("no URL", "") for row in back] == sorted(row[0].replace("no URL", "") for row in back)
    assert client.get("/domains?sort=length").status_code == 400
    assert client.get("/domains/export?format=xml").status_code == 400
    query = {"q": "SELECT domain, pages, characters, tokens FROM domains", "format": "csv"}
    answered = list(csv.DictReader(io.StringIO(client.get("/sql/export", params=query).text)))
    sizes = {size.domain: (size.pages, size.characters) for size in domain_sizes(connect(languages))}
    assert {row["domain"]: (int(row["pages"]), int(row["characters"])) for row in answered} == sizes
    assert {row["tokens"] for row in answered} == {""}
    assert "No domain." in client.get("/domains?q=<script>").text


def test_what_goes_wrong_while_counting_is_said(tmp_path: Path) -> None:
    corpus = open_corpus(
        tiny.write(tmp_path / "c4", [Page("http://a.example/", "One two.", "2024", "a#0", language="en")])
    )
    shard = corpus.folder / corpus.shards()[0]["path"]
    counting = TokenCounting(corpus, corpus.digest, by_words())
    whole = shard.read_bytes()
    shard.write_bytes(whole[:-9] + b"#" * 9)
    counting.begin()
    counting.wait()
    assert counting.counts is None
    assert str(shard.name) in counting.problem
    assert remembered_counts(corpus.digest, by_words()) is None


@pytest.fixture(scope="session")
def pieces(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SentencePiece model, as a run keeps it."""
    folder = tmp_path_factory.mktemp("run") / "checkpoints/step-00000010"
    folder.mkdir(parents=True)
    texts = [f"The harbour has {n} boats and a garden of rye." for n in range(60)]
    (folder / "spiece.model").write_bytes(pieces_of(texts, 60))
    return folder.parents[1]


def test_tokens_are_those_of_a_run(pieces: Path, languages: Corpus, capsys: pytest.CaptureFixture[str]) -> None:
    import sentencepiece

    processor = sentencepiece.SentencePieceProcessor(model_file=str(next(pieces.rglob("spiece.model"))))
    truth = expected(languages, lambda text: len(processor.encode(text)))
    assert count_tokens(languages, named_tokenizer(pieces)) == truth
    arguments = [str(languages.folder), "--domains", "--tokenizer", str(pieces)]
    assert main([*arguments, "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert {row["domain"]: row["tokens"] for row in told["domains"]} == truth
    assert told["of_all"]["tokens"] == sum(truth.values())
    assert main([*arguments, "--csv"]) == 0
    rows = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
    assert {row["domain"]: int(row["tokens"]) for row in rows} == truth
    assert main(arguments) == 0
    out = capsys.readouterr().out
    assert f"{sum(truth.values()):,}" in out
    assert "step-00000010/spiece.model" in out
    assert main([str(languages.folder), "--domains"]) == 0
    assert "tokens" not in capsys.readouterr().out


def test_options_that_need_one_another(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for arguments in (["--tokenizer", "x"], ["--domains", "--compare", "x"], ["--domains", "--sample", "3"]):
        assert main([str(tmp_path), *arguments]) == 2
        assert "--domains" in capsys.readouterr().err
