"""What was cut from the pages of the rejected table, read column by column from its Parquet files.

A page's `dropped` is a list of reason, line and owner. DuckDB unnests it before looking at a row: for 480,000 realistic
pages, with 40 million cuts, that takes 6 s of CPU, and adding them up three more. Parquet stores the three fields
separately, and each distinct text once per row group, with indices. Read in that form all lines take 1.3 s, and a
predicate on a line is evaluated once for all its copies.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Collection, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from c4pipe.errors import BuildError, ConfigError
from c4pipe.facts.corpus import Corpus

if TYPE_CHECKING:  # as in facts.corpus
    import duckdb

CUT_PLACE = 32  # bits of a page's place: the index of its file in the manifest's list, then of its row in the file
_THREADS = 2
_GROUPS = 8  # row groups read at once
_NAMES = ("stage", "reason", "language")  # columns with a few distinct values
_ROWS = pa.schema(
    [
        ("reason", pa.string()),
        ("line", pa.string()),
        ("owner", pa.string()),
        ("kept", pa.bool_()),
        ("place", pa.int64()),
    ]
)
# The blanks that DuckDB's `trim` removes: category Zs.
_BLANKS = "".join(map(chr, (0x20, 0xA0, 0x1680, *range(0x2000, 0x200B), 0x202F, 0x205F, 0x3000)))
T = TypeVar("T")


class CutPages(NamedTuple):
    """P consecutive pages of a file, and the C cuts from them, in order."""

    place: int  # of the first page
    pages: pa.RecordBatch  # [P] the requested columns
    page: NDArray[np.int64]  # [C] the index of the page here
    names: list[str]  # the reasons that occur
    codes: NDArray[np.int64]  # [C] the index of the reason in `names`
    lines: pa.DictionaryArray  # [C] of null if not requested; the same for owners
    owners: pa.DictionaryArray

    @property
    def kept(self) -> NDArray[np.bool_]:
        """[P] Whether the page is kept. Needs column `stage`."""
        found: NDArray[np.bool_] = pc.equal(self.pages.column("stage").cast(pa.string()), "").to_numpy(False)
        return found

    @property
    def met(self) -> NDArray[np.bool_]:
        """[P, names] Whether a page lost anything for a reason."""
        found = np.zeros((self.pages.num_rows, len(self.names)), bool)
        found[self.page, self.codes] = True
        return found

    def page_codes(self, met: NDArray[np.bool_] | None = None) -> pa.ListArray:
        """[P] The reasons for which a page lost anything, without duplicates, in the order of their names; or those in
        `met`, [any, names], for any pages."""
        met = self.met if met is None else met
        order = np.array(sorted(range(len(self.names)), key=self.names.__getitem__), np.int64)
        pages, codes = np.nonzero(met[:, order])
        offsets = np.searchsorted(pages, np.arange(len(met) + 1))
        values = pa.array([self.names[number] for number in order], pa.string()).take(pa.array(codes))
        return pa.ListArray.from_arrays(pa.array(offsets, pa.int32()), values)

    def of(self, reasons: Collection[str]) -> NDArray[np.bool_]:
        """[C] Whether a cut has one of these reasons."""
        wanted = np.array([name in reasons for name in self.names], bool)
        return wanted[self.codes] if len(wanted) else np.zeros(0, bool)

    def chars(self) -> NDArray[np.int64]:
        """[C] The characters of each line."""
        lengths = pc.fill_null(pc.utf8_length(self.lines.dictionary), 0).take(self.lines.indices)
        found: NDArray[np.int64] = pc.fill_null(lengths, 0).to_numpy(False).astype(np.int64)
        return found

    def rows(self, reasons: Collection[str]) -> pa.RecordBatch:
        """A row of `reason`, `line`, `owner`, `kept` and `place` for each cut with one of these reasons; lines trimmed
        and in lower case."""
        chosen = np.flatnonzero(self.of(reasons))
        page, lines = self.page[chosen], pc.utf8_lower(pc.utf8_trim(self.lines.dictionary, _BLANKS))
        return pa.record_batch(
            [
                pa.array(self.names, pa.string()).take(pa.array(self.codes[chosen])),
                lines.take(self.lines.indices.take(pa.array(chosen))),
                self.owners.dictionary.take(self.owners.indices.take(pa.array(chosen))),
                pa.array(self.kept[page]),
                pa.array(self.place + page),
            ],
            schema=_ROWS,
        )


def over_cuts(
    corpus: Corpus,
    work: Callable[[CutPages], T],
    leaves: Sequence[str] = ("reason",),
    columns: Sequence[str] = (),
    seconds: float | None = None,
    places: Collection[int] | None = None,
) -> Iterator[T]:
    """The results of `work` for all pages of the rejected table, one row group at a time, in order, by two threads.

    Reads the `leaves` of cuts and the `columns` of pages; with `places`, only the row groups of these. BuildError for
    an unreadable file; ConfigError if it takes longer than `seconds`.
    """
    until = None if seconds is None else time.monotonic() + seconds
    units = list(_units(corpus, places))
    waiting = deque[Future[list[T]]]()
    pool = ThreadPoolExecutor(_THREADS, "cuts")
    try:
        for unit in [*units, *[None] * (2 * _THREADS)]:
            if unit is not None:
                waiting.append(pool.submit(_worked, corpus, unit, work, leaves, columns))
            if waiting and (unit is None or len(waiting) > 2 * _THREADS):
                yield from waiting.popleft().result()
            if until is not None and time.monotonic() > until:
                raise ConfigError(
                    f"cuts are not counted: reading them takes more than {seconds:.0f} seconds here. Search the text "
                    "instead."
                )
    finally:
        pool.shutdown(cancel_futures=True)


def cut_rows(
    corpus: Corpus, reasons: Collection[str], places: Collection[int] | None = None, lines: bool = True
) -> pa.RecordBatchReader:
    """`CutPages.rows` of all pages, readable once. Without `lines` these are null."""
    leaves = ("reason", "line", "owner") if lines else ("reason", "owner")
    found = over_cuts(corpus, lambda cut: cut.rows(reasons), leaves, ["stage"], places=places)
    return pa.RecordBatchReader.from_batches(_ROWS, found)


def asked_of_cuts(
    db: duckdb.DuckDBPyConnection, cuts: pa.Table | pa.RecordBatchReader, sql: str
) -> list[tuple[Any, ...]]:
    """The result of a query over such rows, under the name `cuts`."""
    found = db.from_arrow(cuts).query("cuts", sql)
    assert found is not None
    return found.fetchall()


class _Unit(NamedTuple):
    """Row groups of a file."""

    number: int
    groups: list[int]


def _units(corpus: Corpus, places: Collection[int] | None) -> Iterator[_Unit]:
    files = None if places is None else {place >> CUT_PLACE for place in places}
    for number in range(len(corpus.rejected)):
        if files is not None and number not in files:
            continue
        with _opened(corpus, number, ()) as file:
            sizes = [file.metadata.row_group(group).num_rows for group in range(file.num_row_groups)]
        firsts = np.cumsum([0, *sizes])
        groups = list(range(len(sizes)))
        if places is not None:
            rows = [place & ((1 << CUT_PLACE) - 1) for place in places if place >> CUT_PLACE == number]
            groups = sorted({int(np.searchsorted(firsts, row, "right")) - 1 for row in rows})
        for at in range(0, len(groups), _GROUPS):
            yield _Unit(number, groups[at : at + _GROUPS])


def _opened(corpus: Corpus, number: int, names: Sequence[str]) -> pq.ParquetFile:
    path = corpus.folder / corpus.rejected[number]["path"]
    try:
        return pq.ParquetFile(path, read_dictionary=list(names))
    except (OSError, pa.ArrowException) as error:
        raise _unreadable(path, error) from None


def _worked(
    corpus: Corpus, unit: _Unit, work: Callable[[CutPages], T], leaves: Sequence[str], columns: Sequence[str]
) -> list[T]:
    with _opened(corpus, unit.number, ()) as whole:
        there = [whole.schema.column(number).path for number in range(len(whole.schema))]
        sizes = [whole.metadata.row_group(group).num_rows for group in range(whole.num_row_groups)]
    paths = [path for leaf in leaves for path in there if path.startswith("dropped.") and path.endswith(f".{leaf}")]
    firsts, found = np.cumsum([0, *sizes]), list[T]()
    with _opened(corpus, unit.number, [*paths, *(name for name in columns if name in _NAMES)]) as file:
        for group in unit.groups:
            place = unit.number << CUT_PLACE | int(firsts[group])
            try:  # one row group per batch: dictionaries of several would have to be merged
                batches = list(file.iter_batches(max(1, sizes[group]), [group], [*columns, *paths], use_threads=False))
            except (OSError, pa.ArrowException) as error:
                raise _unreadable(corpus.folder / corpus.rejected[unit.number]["path"], error) from None
            for batch in batches:
                found.append(work(_cut_pages(batch, place, leaves, columns)))
                place += batch.num_rows
    return found


def _cut_pages(batch: pa.RecordBatch, place: int, leaves: Sequence[str], columns: Sequence[str]) -> CutPages:
    none = pa.DictionaryArray.from_arrays(pa.array([], pa.int32()), pa.array([], pa.string()))
    lengths = np.zeros(batch.num_rows, np.int64)
    fields = dict.fromkeys(("reason", "line", "owner"), none)
    if "dropped" in batch.schema.names:
        dropped = batch.column("dropped")
        lengths = pc.fill_null(pc.list_value_length(dropped), 0).to_numpy(False)
        cuts = dropped.flatten()
        unread = pa.DictionaryArray.from_arrays(pa.nulls(len(cuts), pa.int32()), pa.array([], pa.string()))
        fields |= {name: _numbered(cuts.field(name)) if name in leaves else unread for name in fields}
    reasons = fields["reason"]
    return CutPages(
        place,
        batch.select(list(columns)),
        np.repeat(np.arange(batch.num_rows), lengths),
        reasons.dictionary.to_pylist(),
        reasons.indices.to_numpy(False).astype(np.int64),
        fields["line"],
        fields["owner"],
    )


def _numbered(column: pa.Array) -> pa.DictionaryArray:
    """A column without values is read as it is."""
    return column if pa.types.is_dictionary(column.type) else column.dictionary_encode()


def _unreadable(path: object, error: Exception) -> BuildError:
    return BuildError(f"{path} cannot be read ({error}). Copy or build the corpus again.")
