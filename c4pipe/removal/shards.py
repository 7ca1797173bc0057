"""The shards of a corpus without some pages: a shard keeps its bytes if no row of it is dropped, changed or
restored."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from c4pipe.benchmarks.items import ITEMS
from c4pipe.corpus.stats import Stats, registered
from c4pipe.page import Page
from c4pipe.passes.merging import OutputShard, write_rows
from c4pipe.passes.ordering import SortedTable, seeded
from c4pipe.removal.matching import read_columns
from c4pipe.removal.task import FileRow, Removal
from c4pipe.shards import added_to, files_of_shard, page_table, pages_of, shard_formats
from c4pipe.text import hash64
from c4pipe.text.urls import split_of, stand_in, url_key


class ShardsWritten(NamedTuple):
    """The shards of the new corpus."""

    rows: list[FileRow]
    touched: list[str]  # paths of those whose rows change
    gone: Stats  # of the rows that left
    come: Stats
    domains: Counter[str]  # of all kept pages now; empty if no shard changes
    marks: Stats | None  # benchmark items in all of them; None if no column names them, or none changes


def write_shards(removal: Removal) -> ShardsWritten:
    """Writes all of them."""
    rows, stay, leaving = _where(removal)
    coming = _coming(removal, stay)
    marks = Stats() if ITEMS in removal.plan.schema().names and (coming or leaving) else None
    found = ShardsWritten([], [], Stats(), Stats(), Counter(), marks)
    for row in sorted([*rows, *_new(rows, coming)], key=lambda row: str(row["path"])):
        path = row["path"]
        if path not in leaving and path not in coming:
            for file in files_of_shard(row):
                removal.copy(file["path"])
            found.rows.append(row)
        else:
            found.rows.append(_rewritten(row, coming.get(path, []), removal, found))
            found.touched.append(path)
    for row in found.rows if found.touched else ():
        columns = ["url"] if marks is None else ["url", ITEMS]
        for table in read_columns(Path(removal.made) / row["path"], columns):
            found.domains.update(map(registered, table["url"].to_pylist()))
            if marks is not None:
                for items in table[ITEMS].to_pylist():
                    marks.marked(Page("", "", "", extra={ITEMS: items}))
    return found


def _where(removal: Removal) -> tuple[list[FileRow], dict[str, FileRow], set[str]]:
    """The shards, the shard of each page that leaves, and the paths of those that lose any."""
    gone = pa.array(sorted(removal.replayed.gone), pa.string())
    at: dict[str, FileRow] = {}
    rows = removal.manifest["shards"]
    for row in rows if len(gone) else ():
        for table in read_columns(removal.folder / row["path"], ["source"]):
            sources = table["source"].filter(pc.is_in(table["source"], gone))
            at |= dict.fromkeys(sources.to_pylist(), row)
    if lacking := removal.replayed.gone - at.keys():
        raise AssertionError(f"{len(lacking)} pages are to leave the shards and are in none, such as {min(lacking)}")
    return rows, at, {row["path"] for row in at.values()}


def _coming(removal: Removal, at: dict[str, FileRow]) -> dict[str, list[Page]]:
    """The pages that enter, by the path of their shard: a page with a changed text stays in its shard, and any other is
    placed by its URL or its stand-in."""
    plan, paths = removal.plan, defaultdict(list)
    for row in removal.manifest["shards"]:
        paths[row["config"], row["split"]].append(row["path"])
    found = defaultdict(list)
    for source, page in removal.replayed.put.items():
        name = stand_in(page)
        config, split = plan.preset.config(page.language), split_of(url_key(name))
        before = at.get(source)
        if before is not None and (before["config"], before["split"]) == (config, split):
            path = before["path"]
        else:
            there = sorted(paths[config, split]) or [OutputShard(config, split, 0, 1, ()).path]
            path = there[hash64(name) % len(there)]
        found[path].append(page)
    return found


def _new(rows: list[FileRow], coming: dict[str, list[Page]]) -> Iterator[FileRow]:
    """Shards of configs and splits that had none."""
    for path in coming.keys() - {row["path"] for row in rows}:
        config, _, name = path.rpartition("/")
        yield {"path": path, "config": config, "split": name.partition("-")[0], "rows": 0}


def _rewritten(row: FileRow, coming: list[Page], removal: Removal, found: ShardsWritten) -> FileRow:
    schema = removal.plan.schema()
    gone = pa.array(sorted(removal.replayed.gone), pa.string())
    parts = []
    old = read_columns(removal.folder / row["path"], schema.names) if row["rows"] else ()
    for table in old:
        leaves = pc.is_in(table["source"], gone)
        schema = table.schema
        for page in pages_of(table.filter(leaves), added_to(schema)):
            found.gone.kept(page)
        parts.append(table.filter(pc.invert(leaves)))
    for page in coming:
        found.come.kept(page)
    place = row["path"], row["config"], row["split"]
    parts.append(page_table(coming, schema))
    formats = shard_formats(removal.manifest)
    pieces = [SortedTable(seeded(part), part.nbytes) for part in parts]
    return write_rows(place, pieces, schema, removal.store, removal.made, lambda _: None, formats=formats)
