"""The files that later builds and removals need, keys and restorable pages, without some pages."""

from __future__ import annotations

import numpy as np

from c4pipe.corpus.trunk import deduped
from c4pipe.files.storage import LocalStore
from c4pipe.keys import KeyReader, key_path, ranges
from c4pipe.passes.keeping import PIECE_KEYS, Pieces, write_keys
from c4pipe.removal.task import FileRow, Removal
from c4pipe.shards import ROW_GROUP_ROWS, HashingStream, ParquetSink


def write_keys_again(removal: Removal) -> list[FileRow]:
    """Writes the key files: URL keys of all other pages, and for each text dedup the keys that are owned now."""
    stages = {key_path(stage): stage for stage in deduped(removal.manifest)}
    url, rows = deduped(removal.manifest)[0], []
    for row in removal.manifest.get("keys", ()):
        stage = stages[row["path"]]
        reader = KeyReader(LocalStore(), str(removal.folder / row["path"]))
        pieces = _others(reader, removal) if stage == url else removal.replayed.owned.get(stage)
        if pieces is None:
            removal.copy(row["path"])
            rows.append(row)
        else:
            of = reader.header["of"]
            rows.append(write_keys(removal.store, removal.made, stage, removal.manifest, pieces, of))
    return rows


def _others(reader: KeyReader, removal: Removal) -> Pieces:
    """The URL keys, except those of the removed pages."""
    for first, last in ranges([reader], PIECE_KEYS):
        keys, owners = reader.between(first, last)
        stay = ~np.isin(keys, removal.matched.hashes)
        yield keys[stay], owners[stay]


def write_restore_again(removal: Removal) -> list[FileRow]:
    """Writes the restore files; one without rows is not written."""
    rows = {row["path"]: row for row in removal.manifest.get("restore", ())}
    for path in sorted({*rows, *removal.replayed.restore}):
        if path not in removal.replayed.restore:
            removal.copy(path)
        elif found := _restore(removal, path):
            rows[path] = found
        else:
            rows.pop(path, None)
    return [rows[path] for path in sorted(rows)]


def _restore(removal: Removal, path: str) -> FileRow | None:
    tables = (piece.replace_schema_metadata() for piece in removal.replayed.restore[path])
    pieces = (table for table in tables if table.num_rows)
    first = next(pieces, None)
    if first is None:
        return None
    rows = 0
    with removal.store.write(f"{removal.made}/{path}") as raw:
        stream = HashingStream(raw)
        sink = ParquetSink(stream, first.schema)  # type: ignore[arg-type]
        for piece in (first, *pieces):
            for start in range(0, piece.num_rows, ROW_GROUP_ROWS):
                sink.write(piece.slice(start, ROW_GROUP_ROWS))
            rows += piece.num_rows
        sink.close()
    return {"path": path, "rows": rows, "bytes": stream.tell(), "sha256": stream.sha256}
