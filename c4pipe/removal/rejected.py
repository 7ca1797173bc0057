"""The rejected table of a corpus without some pages: their rows go, and others tell what became of theirs now."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from itertools import takewhile
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from c4pipe.corpus.plan import KEPT
from c4pipe.corpus.trunk import before_text
from c4pipe.page import Dropped
from c4pipe.passes.merging import write_rejected
from c4pipe.passes.sample import PER_REASON
from c4pipe.removal.matching import Matcher, read_columns
from c4pipe.removal.task import FileRow, Removal
from c4pipe.shards import REJECTED_FOLDER, REJECTED_SCHEMA
from c4pipe.text import hash64

_Record = dict[str, Any]  # a row of the table


class RejectedWritten(NamedTuple):
    """The rejected table of the new corpus."""

    rows: list[FileRow]
    early: int  # rows that went of pages which fell in front of the first dedup of text


class _Part(NamedTuple):
    """What becomes of a part: numbers of rows, those that go and those that are told otherwise or leave."""

    gone: list[int]
    other: list[int]
    early: int


def write_rejected_parts(removal: Removal) -> RejectedWritten:
    """Writes the parts of the table; one in which nothing changes keeps its bytes, and one without a row is none.

    A table of all pages has a row for each, whatever became of it. One that is a sample has the pages of an outcome in
    a part of their own: those that come back leave it, and those that fall now come in.
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
        rows += _write(path, REJECTED_SCHEMA.empty_table(), [], records, removal)
    return RejectedWritten(sorted(rows, key=lambda row: str(row["path"])), early)


def _look(removal: Removal, matcher: Matcher, path: Path) -> _Part:
    replayed, start, found = removal.replayed, 0, _Part([], [], 0)
    names = pa.array(sorted({*replayed.fallen, *replayed.put, *replayed.dropped}), pa.string())
    stages = {*before_text(removal.manifest)}
    for table in read_columns(path, ["url", "source", "stage"]):
        gone = matcher.rows(table).tolist()
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
    """The rows of a part that stay as they are, and those that are told otherwise, as they are now."""
    table = pa.concat_tables(read_columns(removal.folder / path, REJECTED_SCHEMA.names))
    leaving = {*part.gone, *part.other}
    stays = [number for number in range(table.num_rows) if number not in leaving]
    records = table.take(pa.array(part.other, pa.int64())).to_pylist()
    every = removal.manifest["settings"]["rejected"] == "all"
    now = (_now(record, removal, every) for record in records)
    return table.take(pa.array(stays, pa.int64())), [record for record in now if record is not None]


def _now(record: _Record, removal: Removal, every: bool) -> _Record | None:
    """The row of a page as it has to be now; None for one that leaves its part of a sample."""
    source = record["source"]
    if source in removal.replayed.fallen:
        outcome = _outcome(removal, source)
    elif source in removal.replayed.put:
        outcome = {"stage": "", "reason": KEPT, "detail": ""}
    else:
        outcome = {name: record[name] for name in ("stage", "reason", "detail")}
    if not every and outcome["stage"] != record["stage"]:
        return None
    return record | outcome | {"dropped": [*_cut_early(record, removal), *_cut(removal, source)]}


def _fallen(removal: Removal) -> Iterator[_Record]:
    """Rows of the pages that fall now, as they came into the stage that rejects them."""
    for source, (page, _, _) in sorted(removal.replayed.fallen.items()):
        row = {"url": page.url, "timestamp": page.timestamp, "text": page.text, "source": source}
        yield row | _outcome(removal, source) | {"dropped": _cut(removal, source)}


def _outcome(removal: Removal, source: str) -> _Record:
    _, stage, verdict = removal.replayed.fallen[source]
    return {"stage": stage, "reason": verdict.reason.code, "detail": verdict.detail}


def _cut(removal: Removal, source: str) -> list[_Record]:
    """What is cut from a page from the first dedup of text on."""
    return [_as_row(drop) for drop in removal.replayed.dropped.get(source, ())]


def _cut_early(record: _Record, removal: Removal) -> Iterator[_Record]:
    """What the stages in front of it have cut, which stands in front."""
    names = before_text(removal.manifest)
    codes = {told.code for stage in removal.plan.preset.stages if stage.name in names for told in stage.told()}
    return takewhile(lambda drop: drop["reason"] in codes, record["dropped"])


def _as_row(drop: Dropped) -> _Record:
    return {"reason": drop.code, "line": drop.line, "owner": drop.owner}


def _part_of(record: _Record) -> str:
    """The part of a sample in which pages of an outcome are."""
    return f"{_PART}{record['stage']}-{record['reason']}.parquet"


_PART = f"{REJECTED_FOLDER}/part-"


def _write(
    path: str, stays: pa.Table, others: Sequence[_Record], coming: Sequence[_Record], removal: Removal
) -> list[FileRow]:
    """Writes a part in the order of builds, if it has rows: by outcome and the hash of the source."""
    table = pa.concat_tables([stays, pa.Table.from_pylist([*others, *coming], REJECTED_SCHEMA)])
    names = zip(*(table[name].to_pylist() for name in ("stage", "reason", "source")), strict=True)
    ranked = sorted((stage, reason, hash64(source), source, row) for row, (stage, reason, source) in enumerate(names))
    if coming:  # of an outcome a sample has so many
        ranked = ranked[:PER_REASON]
    if not ranked:
        return []
    rows = table.take(pa.array([row for *_, row in ranked]))
    name = path.removeprefix(_PART).removesuffix(".parquet")
    return [write_rejected(name, rows, removal.store, removal.made)]
