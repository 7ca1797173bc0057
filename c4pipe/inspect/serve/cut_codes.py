"""For what each page of the rejected table lost lines, sentences or passages: a small table of codes by source.

The table has the lines themselves beside the codes, which are a hundred times as long: Parquet keeps the two apart, and
only the codes are read here.
"""

from __future__ import annotations

import time
from collections.abc import Iterator

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from c4pipe.errors import BuildError, ConfigError
from c4pipe.facts.corpus import Corpus

CODES_SECONDS = 20.0  # that reading them may take; 550,000 pages take one
_BATCH = 1000  # pages
_SCHEMA = pa.schema([("source", pa.string()), ("codes", pa.list_(pa.string()))])


def cut_codes(corpus: Corpus) -> pa.Table:
    """`source` and `codes`, each once and sorted, of the pages that lost anything.

    ConfigError where it takes longer than `CODES_SECONDS`, BuildError for a file that cannot be read.
    """
    until = time.monotonic() + CODES_SECONDS
    tables = [_SCHEMA.empty_table()]
    for part in corpus.rejected:
        path = corpus.folder / part["path"]
        try:
            tables += _codes_in(path)
        except (OSError, pa.ArrowException) as error:
            raise BuildError(f"{path} cannot be read ({error}). Copy or build the corpus again.") from None
        if time.monotonic() > until:
            raise ConfigError(
                f"what was cut from pages is not counted: to read it takes more than {CODES_SECONDS:.0f} seconds here. "
                "Search the text instead."
            )
    return pa.concat_tables(tables)


def _codes_in(path: object) -> Iterator[pa.Table]:
    with pq.ParquetFile(path) as whole:
        leaves = [whole.schema.column(number).path for number in range(len(whole.schema))]
    leaf = next((name for name in leaves if name.startswith("dropped.") and name.endswith(".reason")), None)
    if leaf is None:
        return
    with pq.ParquetFile(path, read_dictionary=[leaf]) as file:
        for batch in file.iter_batches(_BATCH, columns=["source", leaf]):
            yield _codes_of(batch.column("source"), batch.column("dropped"))


def _codes_of(sources: pa.Array, dropped: pa.ListArray) -> pa.Table:
    """Of a batch of pages."""
    reasons = dropped.flatten().field("reason")
    if pa.types.is_dictionary(reasons.type):
        names, numbers = reasons.dictionary.to_pylist(), reasons.indices
    else:
        names, numbers = [], pa.array([], pa.int32())
    order = sorted(range(len(names)), key=names.__getitem__)
    place = np.argsort(order)  # of each name in order
    lengths = np.diff(dropped.offsets.to_numpy())
    met = np.zeros((len(sources), len(names)), dtype=bool)
    met[np.repeat(np.arange(len(sources)), lengths), place[numbers.to_numpy()] if names else []] = True
    chosen = met.any(axis=1)
    rows, codes = np.nonzero(met[chosen])
    offsets = np.searchsorted(rows, np.arange(chosen.sum() + 1))
    values = pa.array([names[number] for number in order], pa.string()).take(pa.array(codes))
    lists = pa.ListArray.from_arrays(pa.array(offsets, pa.int32()), values)
    return pa.table([sources.filter(pa.array(chosen)), lists], schema=_SCHEMA)


def codes_made(cursor: duckdb.DuckDBPyConnection, name: str, corpus: Corpus) -> None:
    """Makes a table of DuckDB of them."""
    cursor.from_arrow(cut_codes(corpus)).create(name)
