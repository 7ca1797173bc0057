"""What becomes of a corpus without some pages, told by a build without them: for tests of who carries it out."""

from __future__ import annotations

import json
from pathlib import Path

import pyarrow.parquet as pq

from c4pipe.corpus.ledger import Ledger
from c4pipe.corpus.trunk import before_text, deduped
from c4pipe.files.storage import LocalStore
from c4pipe.keys import KeyReader, key_path
from c4pipe.page import Dropped, Page, Reason, Rejected, Unit
from c4pipe.removal.outcome import Redropped, Replayed
from c4pipe.removal.sides import End
from tests.wetfiles import manifest_of, rejected, rows


def write_pages(folder: Path, pages, without=()) -> Path:
    """(URL, text) pages in two files of JSON lines; of those `without` nothing but blanks, so that no other moves."""
    folder.mkdir(parents=True)
    for number in range(2):
        lines = []
        for url, text in pages[number::2]:
            line = json.dumps({"url": url, "text": text, "timestamp": "2024-05-01T00:00:00Z"})
            lines.append(" " * len(line) if url in without else line)
        (folder / f"{number}.jsonl").write_text("".join(f"{line}\n" for line in lines))
    return folder


def as_rebuilt(before: Path, after: Path, removed) -> Replayed:
    """From two corpora with all rejected pages, of which the second was built without the pages of these URLs."""
    old, new = ({row["source"]: row for row in rows(folder)} for folder in (before, after))
    fates = [{row["source"]: row for row in rejected(folder)} for folder in (before, after)]
    put = {source: row for source, row in new.items() if source not in old or old[source]["text"] != row["text"]}
    fallen = {
        source: row
        for source, row in fates[1].items()
        if row["stage"] and source in fates[0] and row["stage"] != fates[0][source]["stage"]
    }
    names = before_text(manifest_of(before))
    return Replayed(
        {source: row["url"] for source, row in fates[0].items() if row["url"] in removed},
        frozenset(source for source in old if source not in new or source in put),
        {source: Page(**row) for source, row in put.items()},
        {source: _fallen(row) for source, row in fallen.items()},
        {
            source: Redropped(*(_drops(fate[source]["dropped"]) for fate in fates))
            for source, row in fates[1].items()
            if source in fates[0] and row["dropped"] != fates[0][source]["dropped"]
        },
        _ledger(before, after, names),
        {stage: _pieces(after, stage) for stage in deduped(manifest_of(before))[1:]},
        {row["path"]: _tables(after / row["path"]) for row in manifest_of(after).get("restore", ())}
        | {row["path"]: [] for row in manifest_of(before).get("restore", ()) if not (after / row["path"]).exists()},
    )


def _fallen(row):
    page = Page(row["url"], row["text"], row["timestamp"], row["source"])
    verdict = Rejected(page, Reason(row["reason"], Unit.PAGE, "", ""), row["detail"])
    return End(page, row["stage"], verdict, 1, _drops(row["dropped"]))


def _drops(rows):
    return tuple(Dropped(drop["reason"], drop["line"], drop["owner"]) for drop in rows)


def _ledger(before, after, names):
    old, new = (Ledger.from_json(manifest_of(folder)["ledger"]) for folder in (before, after))
    last = len(names)
    ledger = Ledger([*old.stages[:last], *new.stages[last:]])
    ledger.stages[last - 1].removed = old.stages[last - 1].kept - new.stages[last - 1].kept
    return ledger


def _pieces(folder, stage):
    reader = KeyReader(LocalStore(), str(folder / key_path(stage)))
    return [reader.between()] if reader.count else []


def _tables(path):
    file = pq.ParquetFile(path)
    return [file.read_row_group(group).replace_schema_metadata() for group in range(file.num_row_groups)]
