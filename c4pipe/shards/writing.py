"""The files of one output shard, written together: each row group goes into all of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any, NamedTuple

import pyarrow as pa

from c4pipe.files.storage import Store
from c4pipe.shards.formats import SHARD_FORMATS, ShardWriter
from c4pipe.shards.memory import memory_of
from c4pipe.shards.sink import HashingStream


class _Written(NamedTuple):
    """A file that is being written."""

    path: str
    stream: HashingStream
    writer: ShardWriter

    def row(self) -> dict[str, Any]:
        return {"path": self.path, "bytes": self.stream.tell(), "sha256": self.stream.sha256}


class ShardFiles:
    """Takes the rows of a shard. Read `row` only after `shard_files` has ended."""

    def __init__(self, files: Sequence[_Written], formats: Sequence[str]):
        self._files = files
        regroup = SHARD_FORMATS[formats[0]].regroup
        assert regroup is not None
        self._groups = regroup()
        self._memory = 0

    def write(self, table: pa.Table) -> None:
        """The next rows, a row group or part of one."""
        self._write(self._groups.add(table))

    def close(self) -> None:
        """Writes the remaining rows."""
        self._write(self._groups.rest())
        for file in self._files:
            file.writer.close()

    def _write(self, groups: Iterable[pa.Table]) -> None:
        for group in groups:
            self._memory += memory_of(group)
            for file in self._files:
                file.writer.write(group)

    def row(self) -> dict[str, Any]:
        """The manifest's row for them: `bytes`, `memory` (what `datasets` counts while it reads Parquet), `sha256`, and
        any files `beside` it.
        """
        first, *others = (file.row() for file in self._files)
        row = {"bytes": first["bytes"], "memory": self._memory, "sha256": first["sha256"]}
        return row | ({"beside": others} if others else {})


@contextmanager
def shard_files(
    store: Store, folder: str, path: str, schema: pa.Schema, formats: Sequence[str]
) -> Iterator[ShardFiles]:
    """The files of the shard whose Parquet file is `path` in the folder; they appear at the end of the block."""
    with ExitStack() as stack:
        files = []
        for each in (SHARD_FORMATS[name] for name in formats):
            own = each.path(path)
            stream = HashingStream(stack.enter_context(store.write(f"{folder}/{own}")))
            files.append(_Written(own, stream, each.open(stream, schema)))  # type: ignore[arg-type]
        written = ShardFiles(files, formats)
        yield written
        written.close()
