"""Checks what a manifest lists: complete numbers, one schema; and finds unlisted files."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from pathlib import Path
from typing import Any

import pyarrow as pa

from c4pipe.corpus.trunk import deduped
from c4pipe.files.storage import TEMPORARY
from c4pipe.passes.restoring import restore_fields
from c4pipe.shards import MANIFEST, PAGE_SCHEMA, SPLITS, rejected_schema, shard_name
from c4pipe.verify.findings import Finding, damaged, noted

UNFINISHED = (".staging-", ".made-", ".lock")  # prefixes of what a build keeps while it works
NAMES_SHOWN = 3  # names in a note


def listing_findings(folder: Path, manifest: Mapping[str, Any], schemas: Mapping[str, pa.Schema]) -> Iterator[Finding]:
    """Shards missing from the list, and files (`schemas`, by path) with wrong columns."""
    groups: dict[tuple[str, str], list[str]] = {}
    for row in manifest["shards"]:
        groups.setdefault((row["config"], row["split"]), []).append(row["path"])
    for (config, split), paths in sorted(groups.items()):
        expected = [f"{config}/{shard_name(split, index, len(paths))}" for index in range(len(paths))]
        if split not in SPLITS or (wrong := sorted({*paths} ^ {*expected})):
            what = f"it lists no complete {config}/{split}, see {wrong[0]}" if split in SPLITS else f"a split {split!r}"
            yield damaged(folder / MANIFEST, "format", what, "every number of a split, once")
    rejected, restored = ({row["path"] for row in manifest.get(key, ())} for key in ("rejected", "restore"))
    pages = {path: schema for path, schema in schemas.items() if path not in rejected | restored}
    columns = _columns(manifest, pages)
    for path, schema in sorted(schemas.items()):
        mine = _types(rejected_schema(schema)) if path in rejected else columns
        if path in restored:
            mine = [*_early(manifest, columns), *_types(restore_fields("rank" in schema.names))]
        if _types(schema) != mine:
            yield damaged(folder / path, "schema", f"columns {_shown(_types(schema))}", _shown(mine))


def _columns(manifest: Mapping[str, Any], pages: Mapping[str, pa.Schema]) -> list[tuple[str, str]]:
    """The columns of every page by the manifest; if it does not list them, as in mixtures, those of the first file."""
    if "columns" in manifest:
        return [(row["name"], _spelt(row["type"])) for row in manifest["columns"]]
    return _types(next(iter(pages.values()), PAGE_SCHEMA))


def _early(manifest: Mapping[str, Any], columns: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
    """Of the columns of every page, those that it has before the first text dedup."""
    names = [row["stage"] for row in manifest["preset"]["stages"]]
    before = {"", *names[: names.index(deduped(manifest)[1])]}
    came = {row["name"] for row in manifest["columns"] if row["from"] in before}
    return [column for column in columns if column[0] in came]


def _types(schema: Iterable[pa.Field]) -> list[tuple[str, str]]:
    return [(field.name, _spelt(str(field.type))) for field in schema]


def _spelt(kind: str) -> str:
    """A type as it is in memory: Parquet uses another name for list items."""
    return kind.replace("<element: ", "<item: ")


def _shown(types: list[tuple[str, str]]) -> str:
    return ", ".join(f"{name} {kind}" for name, kind in types)


def stray_notes(folder: Path, known: Set[str]) -> Iterator[Finding]:
    """A note on the leftovers of a running or killed build, and one on files that are not ours."""
    unfinished, strange = [], []
    for name in sorted(_below(folder)):
        first, last = name.partition("/")[0], name.rpartition("/")[2]
        if first.startswith(UNFINISHED) or (last.startswith(".") and last.endswith(TEMPORARY)):
            unfinished.append(first if first.startswith(UNFINISHED) else name)
        elif name not in known:
            strange.append(name)
    if unfinished:
        yield noted(folder, f"a build is under way or was stopped: {_few([*dict.fromkeys(unfinished)])}")
    if strange:
        yield noted(folder, f"not of this corpus: {_few(strange)}")


def _below(folder: Path) -> Iterator[str]:
    for path, folders, files in os.walk(folder):
        links = [name for name in folders if os.path.islink(os.path.join(path, name))]
        yield from ((Path(path) / name).relative_to(folder).as_posix() for name in (*files, *links))


def _few(names: list[str]) -> str:
    more = f" and {len(names) - NAMES_SHOWN:,} more" if len(names) > NAMES_SHOWN else ""
    return ", ".join(names[:NAMES_SHOWN]) + more
