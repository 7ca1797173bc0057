"""Texts as read, staged next to the pages of a unit that the rejected table may show: those that stages changed and
that cannot be read again from their input (`reading`).

NNNNNN.raw.arrow   row, text
"""

from __future__ import annotations

from contextlib import ExitStack
from typing import Any

import pyarrow as pa

from c4pipe.files.storage import Store
from c4pipe.passes.staged import Staged
from c4pipe.passes.tables import TableSink, TableSource
from c4pipe.shards import RowGroupBuffer

RAW_SCHEMA = pa.schema([pa.field("row", pa.int64()), pa.field("text", pa.string(), nullable=False)])


class RawTexts:
    """Writes the texts of one unit; without texts there is no file."""

    def __init__(self, store: Store, path: str):
        self._store, self._path = store, path
        self._files = ExitStack()
        self._sink: TableSink | None = None
        self._batch = RowGroupBuffer()
        self.any = False

    def __enter__(self) -> RawTexts:
        return self

    def __exit__(self, *error: Any) -> None:
        self._files.__exit__(*error)

    def add(self, row: int, text: str) -> None:
        """A page's text, by its number among those that reached URL dedup."""
        self.any = True
        if self._batch.add((row, text), len(text)):
            self._flush()

    def _flush(self) -> None:
        if self._sink is None:
            stream = self._files.enter_context(self._store.write(self._path))
            self._sink = TableSink(stream, RAW_SCHEMA)
        rows, texts = zip(*self._batch.take(), strict=True)
        self._sink.write(pa.table([pa.array(rows, pa.int64()), pa.array(texts, pa.string())], schema=RAW_SCHEMA))

    def close(self) -> None:
        """Writes the remaining texts, and the footer."""
        if self._batch.rows:
            self._flush()
        if self._sink is not None:
            self._sink.close()


def raw_texts(store: Store, staged: Staged, edited: bool, rows: set[int]) -> dict[int, str]:
    """The texts, as read, of staged pages by row, as far as they are staged. `edited`: stages changed them, so they are
    in a separate file.
    """
    found: dict[int, str] = {}
    if edited and not store.exists(staged.raw):
        return found
    with store.read(staged.raw if edited else staged.pages) as stream:
        for batch in TableSource(stream, ["row", "text"]):
            numbers = batch.column("row").to_pylist()
            chosen = [i for i, row in enumerate(numbers) if row in rows]
            texts = batch.column("text").take(pa.array(chosen, pa.int64())).to_pylist()
            found.update(zip((numbers[i] for i in chosen), texts, strict=True))
    return found
