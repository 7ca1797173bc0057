"""Corpora of older builds, whose tables lack columns: every address of the viewer answers, and says what it lacks."""

from __future__ import annotations

import io
import json
from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from starlette.testclient import TestClient

from c4pipe.facts.corpus import Corpus, open_corpus
from c4pipe.inspect.__main__ import main
from c4pipe.inspect.serve import make_app
from c4pipe.page import Page
from c4pipe.shards import PAGE_SCHEMA, sha256_of
from tests.inspect import tiny
from tests.inspect.report.written import report_of
from tests.inspect.serve.conftest import Ask
from tests.inspect.serve.test_app import text_of

TOLD = ("language", "language_score", "language_votes")
URL = "http://a.example/1"
HARBOUR = "The harbour was full of old ships. Nobody counted them that day. They left at night."


def _without(schema: pa.Schema, names: Sequence[str]) -> pa.Schema:
    return pa.schema([field for field in schema if field.name not in names])


@pytest.fixture(scope="module", params=[TOLD, TOLD[1:], ()], ids=["no language", "no scores", "all columns"])
def older(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Corpus:
    """A corpus without these columns; of all of them the rejected table lacks the language."""
    pages = [
        Page(f"http://a.example/{n}", f"{HARBOUR} It was day {n}.", "2024-05-01T00:00:00Z", f"a.wet.gz#{n}")
        for n in range(60)
    ]
    lost = [tiny.lost(f"http://b.example/{n}", "clean", "few_sentences", HARBOUR, detail="2 sentences") for n in "123"]
    cut = [{"reason": "policy", "line": "Cookie policy.", "owner": ""}]
    lost.append(tiny.lost(URL, "", "kept", f"{HARBOUR}\nCookie policy.", dropped=cut, source="a.wet.gz#1"))
    folder = tiny.write(
        tmp_path_factory.mktemp("older") / "c4", pages, lost, schema=_without(PAGE_SCHEMA, request.param)
    )
    path = folder / "__rejected" / "part-000000.parquet"
    pq.write_table(pq.read_table(path).drop_columns(["language"]), path)
    manifest = json.loads((folder / "manifest.json").read_bytes())
    for part in manifest["rejected"]:
        part |= {"bytes": path.stat().st_size, "sha256": sha256_of(path)}
    clean = next(stage for stage in manifest["ledger"]["stages"] if stage["stage"] == "clean")
    clean["lines_dropped"] = {"policy": 1}
    (folder / "manifest.json").write_text(json.dumps(manifest))
    return open_corpus(folder)


ADDRESSES = [
    "/", "/?outcome=rejected", "/?q=harbour", "/?q=harbour&counts=now", "/?outcome=rejected&counts=now&q=harbour",
    "/?q=nowhere&domain=a.example", "/?domain=a.example&counts=now", "/?lost=policy&counts=now",
    "/?q=cookie&in=lost", "/?outcome=rejected&q=cookie&in=lost", "/?edit=StripCitations", "/?month=2024-05",
    "/?min=10&max=1000", "/?detail=2+sentences&outcome=rejected", "/?order=random&seed=3", "/?after=0:50",
    "/?order=random&outcome=rejected", "/?before=0:55", "/counts", "/counts?outcome=rejected", "/counts?q=harbour",
    "/step?at=0:3", "/step?at=0:3&way=previous", f"/page?url={URL}", "/page?url=http://b.example/1",
    "/page/en/train-00000-of-00001.parquet/3", f"/text?url={URL}", "/why", f"/why?url={URL}", f"/why/presets?url={URL}",
    "/rule/policy", "/rule/few_sentences", "/export?format=csv", "/export?format=parquet&q=harbour",
    "/export?format=csv&outcome=rejected", "/export?format=parquet&order=random", "/words", "/sql",
    "/sql?q=SELECT+count(*)+FROM+pages", "/sql?q=SELECT+language,+count(*)+FROM+rejected+GROUP+BY+1",
    "/losses", "/losses?by=language", "/flow", "/owners", "/holding?text=The+harbour+was+full+of+old+ships.",
]  # fmt: skip


@pytest.mark.parametrize("address", ADDRESSES)
def test_every_address_answers(older: Corpus, viewer: Ask, address: str) -> None:
    answer = viewer(older).get(address)
    assert answer.status_code == 200, text_of(answer.text)[:500]


def test_pages_are_listed_saved_and_compared(older: Corpus, viewer: Ask) -> None:
    client = viewer(older)
    assert "60 pages" in text_of(client.get("/?counts=now").text)
    table = pq.read_table(io.BytesIO(client.get("/export?format=parquet&q=day+7").content))
    assert table.column_names == older.schema.names
    assert table.column("url").to_pylist() == ["http://a.example/7"]
    with TestClient(make_app(older, others=[older]), base_url="http://127.0.0.1:8000") as both:
        assert "Same in both 60" in text_of(both.get("/compare").text)


def test_a_filter_by_what_a_table_lacks_is_refused_in_words(older: Corpus, viewer: Ask) -> None:
    client, columns = viewer(older), older.schema.names
    asked = {"language=en": "language", "score=0-0.5": "language_score", "order=score": "language_score"}
    for query, column in asked.items():
        answer = client.get(f"/?{query}")
        assert answer.status_code == (200 if column in columns else 400)
        assert ("have no column" in answer.text) == (column not in columns)
    assert client.get("/?outcome=rejected&language=en").status_code == 400
    assert "Language" not in text_of(client.get("/counts?outcome=rejected").text)
    assert ("Doubtful languages: " in client.get("/").text) == ("language_score" in columns)


@pytest.mark.parametrize(
    "options",
    [
        (), ("--json",), ("--sample", "2"), ("--reason", "few_sentences"), ("--url", URL), ("--losses",),
        ("--text", HARBOUR[:40]), ("--sql", "SELECT language, count(*) FROM pages GROUP BY 1"), ("--compare", "."),
    ],
    ids=" ".join,
)  # fmt: skip
def test_the_terminal_answers_too(older: Corpus, options: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> None:
    options = tuple(str(older.folder) if option == "." else option for option in options)
    assert main([str(older.folder), *options]) == 0
    assert capsys.readouterr().out


def test_there_is_a_report(older: Corpus, tmp_path: Path) -> None:
    report = report_of(older, tmp_path)
    assert "its build did not count what pages lost" in report
    assert 'data-of="losses.clean/policy.taken"' in report


def test_losses_are_those_of_the_ledger(older: Corpus, viewer: Ask) -> None:
    words = text_of(viewer(older).get("/losses").text)
    assert "clean/few_sentences 3 pages clean/policy 1 line Its build did not count characters." in words
    assert "Languages, domains and lengths are unknown: its build did not count what pages lost;" in words
    assert viewer(older).get("/losses.csv").status_code == 400
