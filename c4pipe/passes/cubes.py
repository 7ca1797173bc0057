"""The cube of a build as files of the corpus, in `__facts/`."""

from __future__ import annotations

from collections.abc import Sequence
from io import BytesIO
from typing import Any

import pyarrow as pa

from c4pipe.corpus.cube import REST, Cube
from c4pipe.shards import FACTS_FOLDER, ParquetSink

LOSSES = f"{FACTS_FOLDER}/losses.parquet"
DOMAINS_LOST = f"{FACTS_FOLDER}/domains.parquet"
_CELL = [("stage", pa.string()), ("reason", pa.string()), ("unit", pa.string())]
_COUNTS = [("pages", pa.int64()), ("lines", pa.int64()), ("characters", pa.int64())]
LOSSES_SCHEMA = pa.schema([*_CELL, ("language", pa.string()), ("bin", pa.int8()), *_COUNTS])
DOMAINS_SCHEMA = pa.schema([*_CELL, ("domain", pa.string()), *_COUNTS])  # null: all domains that are not named


def files_of_cube(cube: Cube, stages: Sequence[str]) -> dict[str, bytes]:
    """Both files by their paths in a corpus. `stages` are the names of the preset's stages, in order."""
    place = {name: number for number, name in enumerate([*stages, ""])}
    losses = [
        (*cell, language, length, *counts)
        for (cell, language, length), counts in sorted(
            cube.by_language.items(), key=lambda row: (place[row[0][0].stage], *row[0])
        )
    ]
    named = [(cell, domain, counts) for domain, cells in cube.by_domain.items() for cell, counts in cells.items()]
    named.sort(key=lambda row: (place[row[0].stage], row[0], row[1] is not REST, row[1] or ""))
    domains = [(*cell, domain, *counts) for cell, domain, counts in named]
    return {LOSSES: _file(losses, LOSSES_SCHEMA), DOMAINS_LOST: _file(domains, DOMAINS_SCHEMA)}


def _file(rows: Sequence[tuple[Any, ...]], schema: pa.Schema) -> bytes:
    columns = list(zip(*rows, strict=True)) or [()] * len(schema)
    arrays = [pa.array(column, field.type) for column, field in zip(columns, schema, strict=True)]
    stream = BytesIO()
    sink = ParquetSink(stream, schema)
    sink.write(pa.table(arrays, schema=schema))
    sink.close()
    return stream.getvalue()
