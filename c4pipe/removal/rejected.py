"""The rejected table of a corpus without some pages: their rows are dropped, and other rows get their new outcome."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from c4pipe.corpus.plan import KEPT
from c4pipe.corpus.trunk import before_text
from c4pipe.page import Dropped
from c4pipe.passes.merging import write_rejected
from c4pipe.passes.rejected import guessed_language
from c4pipe.passes.sample import PER_REASON
from c4pipe.removal.matching import Matcher, read_columns
from c4pipe.removal.task import FileRow, Removal
from c4pipe.shards import REJECTED_FOLDER, REJECTED_SCHEMA, rejected_schema
from c4pipe.text import hash64

_Record = dict[str, Any]  # a row of the table


class RejectedWritten(NamedTuple):
    """The rejected table of the new corpus."""

    rows: list[FileRow]
    early: int  # dropped rows of pages that were rejected before the first text dedup


class _Part(NamedTuple):
    """The changes to a part: the numbers of rows that are dropped, and of those that change or leave."""

    gone: list[int]
    other: list[int]
    early: int


def write_rejected_parts(removal: Removal) -> RejectedWritten:
    """Writes the parts of the table; an unchanged part keeps its bytes, and one without rows is not written.

    A table of all pages has a row for each, whatever its outcome. A sample has a part for each outcome: pages that come
    back leave it, and newly rejected ones enter it.
    """
    how, parts = removal.manifest["settings"]["rejected"], removal.manifest.get("rejected", [])
    matcher, rows, early = removal.matched.matcher(), [], 0
    coming: dict[str, list[_Record]] = defaultdict(list)
    for record in _fallen(removal) if how == "sample" else ():
        coming[_part_of(record)].append(record)
    for row in parts:
        part = _look(removal, matcher, removal.folder / row["path"])
        early += part.early
        if not (part.gone or part.other or row["path"] in coming):
            removal.copy(row["path"])
            rows.append(row)
            continue
        rows += _write(row["path"], *_split(removal, row["path"], part), coming.pop(row["path"], []), removal)
    for path, records in sorted(coming.items()):
        rows += _write(path, _schema(removal).empty_table(), [], records, removal)
    return RejectedWritten(sorted(rows, key=lambda row: str(row["path"])), early)


def _look(removal: Removal, matcher: Matcher, path: Path) -> _Part:
    replayed, start, found = removal.replayed, 0, _Part([], [], 0)
    names = pa.array(sorted({*replayed.fallen, *replayed.put, *replayed.dropped}), pa.string())
    stages = {*before_text(removal.manifest)}
    for table in read_columns(path, ["url", "source", "stage"]):
        gone = np.flatnonzero(matcher.mask(table["url"])).tolist()
        early = sum(table["stage"][number].as_py() in stages for number in gone)
        other = pc.is_in(table["source"], names).to_pylist()
        others = [number for number, told in enumerate(other) if told and number not in {*gone}]
        found = _Part(
            [*found.gone, *(start + number for number in gone)],
            [*found.other, *(start + number for number in others)],
            found.early + early,
        )
        start += table.num_rows
    return found


def _split(removal: Removal, path: str, part: _Part) -> tuple[pa.Table, list[_Record]]:
    """The rows of a part that do not change, and the new version of those that do."""
    table = pa.concat_tables(read_columns(removal.folder / path, REJECTED_SCHEMA.names))
    leaving = {*part.gone, *part.other}
    stays = [number for number in range(table.num_rows) if number not in leaving]
    records = table.take(pa.array(part.other, pa.int64())).to_pylist()
    every = removal.manifest["settings"]["rejected"] == "all"
    now = (_now(record, removal, every) for record in records)
    return table.take(pa.array(stays, pa.int64())), [record for record in now if record is not None]


def _schema(removal: Removal) -> pa.Schema:
    """The columns of the table."""
    parts = removal.manifest.get("rejected", [])
    return rejected_schema(pq.read_schema(removal.folder / parts[0]["path"])) if parts else REJECTED_SCHEMA


def _now(record: _Record, removal: Removal, every: bool) -> _Record | None:
    """The new row of a page; None if it leaves its part of a sample."""
    source = record["source"]
    if source in removal.replayed.fallen:
        outcome = _outcome(removal, source)
    elif source in removal.replayed.put:
        outcome = {"stage": "", "reason": KEPT, "detail": ""}
    else:
        outcome = {name: record[name] for name in ("stage", "reason", "detail")}
    if not every and outcome["stage"] != record["stage"]:
        return None
    return record | outcome | _language(record, removal) | {"dropped": _dropped(record, removal)}


def _language(record: _Record, removal: Removal) -> _Record:
    """The language of a page that now ends at a later or an earlier stage."""
    source = record["source"]
    if source in removal.replayed.put:
        said = removal.replayed.put[source].language
    elif source in removal.replayed.fallen:
        said = removal.replayed.fallen[source].page.language
    else:
        return {}
    return {"language": said or guessed_language(record["text"])} if "language" in record else {}


def _dropped(record: _Record, removal: Removal) -> list[_Record]:
    """What is cut from a page now: the last of the recorded parts were cut from the first text dedup on."""
    dropped: list[_Record] = record["dropped"]
    if (changed := removal.replayed.dropped.get(record["source"])) is None:
        return dropped
    return [*dropped[: len(dropped) - len(changed.then)], *map(_as_row, changed.now)]


def _fallen(removal: Removal) -> Iterator[_Record]:
    """Rows of the newly rejected pages, as they entered the stage that rejects them."""
    for source, end in sorted(removal.replayed.fallen.items()):
        row = {"url": end.page.url, "timestamp": end.page.timestamp, "text": end.page.text, "source": source}
        language = end.page.language or guessed_language(end.page.text)
        yield row | {"language": language} | _outcome(removal, source) | {"dropped": [*map(_as_row, end.dropped)]}


def _outcome(removal: Removal, source: str) -> _Record:
    end = removal.replayed.fallen[source]
    assert end.verdict is not None
    return {"stage": end.stage, "reason": end.verdict.reason.code, "detail": end.verdict.detail}


def _as_row(drop: Dropped) -> _Record:
    return {"reason": drop.code, "line": drop.line, "owner": drop.owner}


def _part_of(record: _Record) -> str:
    """The part of a sample that holds the pages of an outcome."""
    return f"{_PART}{record['stage']}-{record['reason']}.parquet"


_PART = f"{REJECTED_FOLDER}/part-"


def _write(
    path: str, stays: pa.Table, others: Sequence[_Record], coming: Sequence[_Record], removal: Removal
) -> list[FileRow]:
    """Writes a part, if it has rows, in the order of builds: by outcome and the hash of the source."""
    table = pa.concat_tables([stays, pa.Table.from_pylist([*others, *coming], stays.schema)])
    names = zip(*(table[name].to_pylist() for name in ("stage", "reason", "source")), strict=True)
    ranked = sorted((stage, reason, hash64(source), source, row) for row, (stage, reason, source) in enumerate(names))
    if coming:  # the size of a sample of one outcome
        ranked = ranked[:PER_REASON]
    if not ranked:
        return []
    rows = table.take(pa.array([row for *_, row in ranked]))
    name = path.removeprefix(_PART).removesuffix(".parquet")
    return [write_rejected(name, rows, removal.store, removal.made)]
