"""Corpora with pages written to hurt, and viewers of corpora: in process, and behind a real port."""

from __future__ import annotations

import hashlib
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import uvicorn
from starlette.testclient import TestClient

from c4pipe.facts.corpus import Corpus, connect, open_corpus
from c4pipe.inspect.serve import make_app
from c4pipe.inspect.serve.finding import teach
from c4pipe.page import Dropped, Page
from c4pipe.shards import (
    REJECTED_SCHEMA,
    SCHEMA_VERSION,
    dropped_column,
    page_table,
    shard_name,
)
from c4pipe.tokenizer import NamedTokenizer
from tests import manifests


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Views wait for their answers, however busy the machine is."""
    monkeypatch.setattr("c4pipe.inspect.serve.later.PATIENT_SECONDS", 60.0)
    monkeypatch.setattr("c4pipe.inspect.serve.lists.COUNT_STEP", 60.0)


SCRIPT = "<script>alert(1)</script>"
HOSTILE_URL = "http://evil.example/\"><script>alert('url')</script>"
TURNED = "http://example.org/\u202egpj.exe"
LONG = "The longest line of all " + "x" * 1_000_000 + " ends here."
Lost = tuple[Page, str, str, str, Sequence[Dropped]]  # page as read, stage, reason, detail, dropped lines


def owner_of(url: str) -> str:
    return hashlib.md5(url.encode()).hexdigest()[:16]


def write(folder: Path, kept: Mapping[tuple[str, str], Sequence[Sequence[Page]]], lost: Sequence[Lost] = ()) -> Corpus:
    """A finished corpus: (config, split) -> shards -> pages, and the rejected table in one part, two pages a group."""
    shards = []
    for (config, split), files in kept.items():
        (folder / config).mkdir(parents=True, exist_ok=True)
        for number, pages in enumerate(files):
            path = f"{config}/{shard_name(split, number, len(files))}"
            pq.write_table(page_table(pages), folder / path, row_group_size=3)
            size = (folder / path).stat().st_size
            shards.append({"path": path, "config": config, "split": split, "rows": len(pages), "bytes": size})
    rejected: list[dict[str, Any]] = []
    stages: dict[str, dict[str, int]] = {}
    if lost:
        columns = [
            [page.url for page, *_ in lost], [page.timestamp for page, *_ in lost], [row[1] for row in lost],
            [row[2] for row in lost], [row[3] for row in lost], [page.text for page, *_ in lost],
            dropped_column([row[4] for row in lost]), [page.source for page, *_ in lost],
            [page.language for page, *_ in lost],
        ]  # fmt: skip
        (folder / "__rejected").mkdir()
        path = "__rejected/part-000000.parquet"
        pq.write_table(pa.table(columns, schema=REJECTED_SCHEMA), folder / path, row_group_size=2)
        rejected = [{"path": path, "rows": len(lost), "bytes": (folder / path).stat().st_size}]
    for _, stage, reason, *_ in lost:
        if stage:
            stages.setdefault(stage, {}).setdefault(reason, 0)
            stages[stage][reason] += 1
    ledger = {"records": 0, "stages": [{"stage": stage, "rejected": reasons} for stage, reasons in stages.items()]}
    manifest = {
        "schema_version": SCHEMA_VERSION,
        "preset": {},
        "settings": {"rejected": "sample"},
        "shards": [shard | {"sha256": ""} for shard in shards],
        "rejected": [part | {"sha256": ""} for part in rejected],
        "ledger": ledger,
    }
    manifests.write_again(folder, manifest)
    return open_corpus(folder)


@pytest.fixture(scope="session")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Corpus:
    """Pages that would run, turn around or never end if they were let; no rule is known for them."""
    long = "http://example.org/long"
    pages = [
        Page(HOSTILE_URL, f"{SCRIPT}\nHarbour & <b>bold</b> </textarea>", "2024", "a#0", language="en"),
        Page(TURNED, "abc\u202edef\u2066ghi\x00\x1b[31m", "2024", "a#1", language="en"),
        Page("javascript:alert(1)", "=HYPERLINK(\"http://x\")\n'quoted', text", "2024", "a#2", language="en"),
        Page(long, LONG, "2024", "a#3", language="en"),
        Page("http://example.org/rtl", "שלום עולם", "2024", "a#4", language="he"),
        Page("http://sub.example.co.uk/x?q=%00", "harbour 100% [a-z]* \\ _", "2024", "a#5", language="en"),
        Page("@host", "+1 -1", "2024\t", "a#6", language="en"),
    ]
    more = [
        Page(f"http://n{i}.example.com/{i}", f"page {i} harbour" + "!" * i, "2023", f"b#{i}", language="en")
        for i in range(7)
    ]
    lost: list[Lost] = [
        (Page(HOSTILE_URL, SCRIPT, "2024", "a#90"), "clean", "few_words", SCRIPT, []),
        (Page("", "no harbour here", "", "a#91"), "read", "no_url", "", []),
        (Page("http://gone.example/", "x", "2024", "a#92"), "clean", "few_words", "x\u202e", []),
        (
            Page(long, f"{LONG}\nRepeated.", "2024", "a#3"), "", "kept", "",
            [Dropped("repeated_line", "Repeated.", owner_of(HOSTILE_URL))],
        ),
    ]  # fmt: skip
    folder = tmp_path_factory.mktemp("hostile") / "c4 <i>"
    kept = {("en", "train"): [pages, more], ("en", "validation"): [more[:2]], ("de", "train"): [more[2:4]]}
    return write(folder, kept, lost)


@pytest.fixture(scope="session")
def mixture(tmp_path_factory: pytest.TempPathFactory) -> Corpus:
    """A corpus with one config for several languages, and without a rejected table."""
    pages = [
        Page(f"http://a.example/{i}", f"text {i}", "2024", f"m#{i}", language="en" if i % 3 else "de") for i in range(9)
    ]
    corpus = write(tmp_path_factory.mktemp("mixture") / "mix", {("mixture", "train"): [pages]})
    corpus.manifest["mixture"] = {"en": {}, "de": {}}
    return corpus


Ask = Callable[[Corpus], TestClient]


@pytest.fixture(scope="session")
def viewer() -> Iterator[Ask]:
    """`viewer(corpus)`: a client of its viewer, made once."""
    made: dict[Path, TestClient] = {}
    with ExitStack() as stack:

        def client(corpus: Corpus) -> TestClient:
            if corpus.folder not in made:
                app = make_app(corpus)
                made[corpus.folder] = stack.enter_context(TestClient(app, base_url="http://127.0.0.1:8000"))
            return made[corpus.folder]

        yield client


def cursor(corpus: Corpus) -> duckdb.DuckDBPyConnection:
    """A connection as the viewer has it."""
    connection = connect(corpus)
    teach(connection)
    return connection


@contextmanager
def served(
    corpus: Corpus,
    run: Path | None = None,
    others: Sequence[Corpus] = (),
    tokenizer: NamedTokenizer | None = None,
) -> Iterator[str]:
    """The viewer behind a port of its own: its address."""
    app = make_app(corpus, run=run, others=others, tokenizer=tokenizer)
    config = uvicorn.Config(app, port=0, lifespan="off", log_level="warning", ws="none")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        assert thread.is_alive(), "the server has not started"
        time.sleep(0.01)
    yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    server.should_exit = True
    thread.join(10)
