"""Reports as a test reads them, and small corpora that are written without a build."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Sequence
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pyarrow as pa

from c4pipe.corpus.catalogue import describe
from c4pipe.facts.corpus import Corpus, open_corpus
from c4pipe.inspect.report import write_report
from c4pipe.page import Dropped, Page
from c4pipe.presets import EN
from c4pipe.shards import REJECTED_SCHEMA, SCHEMA_VERSION, ParquetSink, dropped_column, page_table
from tests import manifests

VOID = {"meta", "link", "br", "hr", "img", "input", "wbr"}


class Read(HTMLParser):
    """What a report holds: its elements, its numbers by their names, its text."""

    def __init__(self, html: str):
        super().__init__()
        self.elements: list[tuple[str, dict[str, str]]] = []
        self.numbers: dict[str, list[float]] = defaultdict(list)
        self.text = ""
        self.open: list[str] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = {name: value or "" for name, value in attrs}
        self.elements.append((tag, found))
        if tag not in VOID:
            self.open.append(tag)
        if tag == "data":
            self.numbers[found["data-of"]].append(float(found["value"]))

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, {name: value or "" for name, value in attrs}))

    def handle_endtag(self, tag: str) -> None:
        assert self.open[-1] == tag, f"</{tag}> closes <{self.open[-1]}>"
        self.open.pop()

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] != "style":
            self.text += data

    def all(self, tag: str) -> list[dict[str, str]]:
        return [attributes for found, attributes in self.elements if found == tag]


def report_of(corpus: Corpus, folder: Path, against: Corpus | None = None) -> str:
    write_report(corpus, folder / "report.html", against)
    return (folder / "report.html").read_text(encoding="utf-8")


Rejected = tuple[str, str, str, str, str, Sequence[Dropped]]  # url, stage, reason, detail, text, what was cut


def write_corpus(folder: Path, pages: Sequence[Page], rejected: Sequence[Rejected] = (), **manifest: Any) -> Corpus:
    """A corpus of these pages in one shard, without stats.json."""
    columns: list[Any] = [[row[0] for row in rejected], ["2024"] * len(rejected)]
    columns += [[row[i] for row in rejected] for i in (1, 2, 3, 4)]
    columns += [dropped_column([row[5] for row in rejected]), [f"a.wet#{i}" for i in range(len(rejected))]]
    columns.append(["en"] * len(rejected))
    arrays = [
        pa.array(column, field.type) if isinstance(column, list) else column
        for column, field in zip(columns, REJECTED_SCHEMA, strict=True)
    ]
    described: dict[str, Any] = {
        "schema_version": SCHEMA_VERSION,
        "preset": json.loads(json.dumps(describe(EN))),
        "shards": [],
        "rejected": [],
    }
    if pages:
        path = "en/train-00000-of-00001.parquet"
        described["shards"] = [_file(folder, path, page_table(pages)) | {"config": "en", "split": "train"}]
    if rejected:
        table = pa.table(arrays, schema=REJECTED_SCHEMA)
        described["rejected"] = [_file(folder, "__rejected/part-000000.parquet", table)]
    folder.mkdir(parents=True, exist_ok=True)
    manifests.write_again(folder, described | manifest)
    return open_corpus(folder)


def ledger(**reasons: dict[str, int]) -> dict[str, Any]:
    """A ledger with one count a stage of `en`; lines where the reason is of lines."""
    lines = {"no_end_mark", "few_words", "javascript", "policy", "long_word"}
    stages, kept = [], 1_000_000
    for stage in EN.stages:
        lost = reasons.get(stage.name, {})
        pages = {code: n for code, n in lost.items() if code not in lines}
        row = {"stage": stage.name, "in": kept, "kept": kept - sum(pages.values()), "rejected": pages}
        row["lines_dropped"] = cut = {code: n for code, n in lost.items() if code in lines}
        if cut:
            row["lines"] = {"in": sum(cut.values()) + 10, "kept": 10, "rejected": 0}
        kept = row["kept"]
        stages.append(row)
    return {"records": 1_000_000, "stages": stages}


def _file(folder: Path, path: str, table: pa.Table) -> dict[str, Any]:
    file = folder / path
    file.parent.mkdir(parents=True)
    with file.open("wb") as stream:
        sink = ParquetSink(stream, table.schema)
        sink.write(table)
        sink.close()
    return {"path": path, "rows": table.num_rows, "bytes": file.stat().st_size, "sha256": ""}
