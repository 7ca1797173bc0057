"""The files of one unit of work that a pass writes for the next one, in the folder of the stages so far.

NNNNNN.pages.arrow        kept pages, with the hashes of their atoms for the next dedup of text
NNNNNN.raw.arrow          texts as read that cannot be read again from the input (`raw`)
NNNNNN.came.arrow         after a text dedup, how far each page came that reached the first one (`restoring`)
NNNNNN.outcomes.arrow     one row for each page that reached URL dedup: its claim, and what became of it so far
NNNNNN.sample.arrow       pages for the rejected table, as read
NNNNNN.summary.json       counts: the ledger so far, statistics, the account of inputs; which of the other files exist
"""

from __future__ import annotations

import json
from array import array
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa

from c4pipe.corpus.cells import Trail
from c4pipe.corpus.cube import NO_ORIGIN, Cube, Origin
from c4pipe.corpus.ledger import Ledger
from c4pipe.corpus.plan import Plan
from c4pipe.corpus.stats import Stats
from c4pipe.dedup import LinkLevel, TextLevel
from c4pipe.dedup.claims import page_priority
from c4pipe.errors import BuildError
from c4pipe.files.storage import Store
from c4pipe.page import Dropped, Page
from c4pipe.passes.account import Account
from c4pipe.passes.ended import NOTED_TRAIL, TRAIL_FIELDS
from c4pipe.passes.tables import TableSink
from c4pipe.shards import (
    DROPPED_TYPE,
    TEXT_MD5,
    RowGroupBuffer,
    dropped_column,
    number_lists,
    page_table,
    to_json,
)
from c4pipe.stages import Stage
from c4pipe.stages.checking import blame, page_named
from c4pipe.text.urls import stand_in
from c4pipe.text.utf8 import strict_utf8

# What staged pages claim, and how those compared as a whole rank.
CLAIM_FIELDS = (
    pa.field("row", pa.int64()),
    pa.field("priority", pa.uint64()),
    pa.field("atoms", pa.list_(pa.uint64())),
    pa.field("starts", pa.list_(pa.uint32())),
)
LINK_FIELDS = (pa.field("rank", pa.uint64()), pa.field("sketch", pa.binary()))


class Staged(NamedTuple):
    """The names of a unit's staged files."""

    pages: str
    raw: str
    outcomes: str
    sample: str
    came: str
    summary: str

    @classmethod
    def of(cls, folder: str, number: int) -> Staged:
        """The files of a unit by its number, in the folder of the stages so far."""
        base = f"{folder}/staged/{number:06d}"
        pages, raw, outcomes, sample, came = (f"{base}.{name}.arrow" for name in cls._fields[:-1])
        return cls(pages, raw, outcomes, sample, came, f"{base}.summary.json")


class Summary(NamedTuple):
    """The numbers of a unit, up to some stage."""

    ledger: Ledger
    stats: Stats
    accounts: Sequence[Account]  # of its pieces of inputs
    rows: int  # pages that reached URL dedup
    atoms: int
    staged: int  # pages
    files: Sequence[str]  # of `Staged`, those that exist
    cube: Cube  # of dropped pages, except those in `outcomes`

    def write(self, store: Store, staged: Staged) -> None:
        """Written last: if it exists, the input is staged."""
        told: dict[str, Any] = {"ledger": self.ledger.to_json(), "stats": self.stats.to_json(domains=None)}
        told["cube"] = self.cube.to_json()
        told["accounts"] = [account.to_json() for account in self.accounts]
        counts = {name: getattr(self, name) for name in _COUNTS} | {"files": self.files}
        with store.write(staged.summary) as stream:
            stream.write(to_json(told | counts, indent=None))

    @classmethod
    def read(cls, store: Store, staged: Staged) -> Summary:
        """The inverse of `write`."""
        with store.read(staged.summary) as stream:
            told = json.load(stream)
        accounts = [Account.from_json(row) for row in told["accounts"]]
        counts = {name: told[name] for name in (*_COUNTS, "files")}
        ledger, stats, cube = (Ledger.from_json(told["ledger"]), Stats.from_json(told["stats"]), told["cube"])
        return cls(ledger, stats, accounts, **counts, cube=Cube.from_json(cube))


_COUNTS = ("rows", "atoms", "staged")


def staged_already(store: Store, staged: Staged) -> tuple[int, int] | None:
    """(rows of outcomes, atoms) of a unit, if it is staged: a resumed build need not stage it again."""
    if not store.exists(staged.summary):
        return None
    with store.read(staged.summary) as stream:
        summary = json.load(stream)
    if not all(store.exists(getattr(staged, name)) for name in summary["files"]):
        return None
    return summary["rows"], summary["atoms"]


def staged_schema(
    plan: Plan, stages: Iterable[Stage], lossy: bool, linked: bool = False, later: bool = False
) -> pa.Schema:
    """Columns of pages that have passed these stages. `lossy` ones record what text dedups cut, `linked` ones are
    compared as a whole, and `later` ones follow a text dedup.
    """
    added = (*CLAIM_FIELDS, *(LINK_FIELDS if linked else ()), *(TRAIL_FIELDS if later else ()))
    added = (*added, *([pa.field("dropped", DROPPED_TYPE)] if lossy else ()))
    return pa.schema([*plan.schema(stages), TEXT_MD5, *added])


class StagedPages:
    """Writes kept pages, row group by row group, with the hashes of their atoms for a level."""

    def __init__(self, stream: Any, schema: pa.Schema, level: TextLevel | None):
        self._sink, self._schema, self._level = TableSink(stream, schema), schema, level
        self._pages = pa.schema([field for field in schema if field.name not in _ADDED])
        self._batch = RowGroupBuffer()
        self.rows = 0
        self.atoms = 0

    def add(
        self,
        page: Page,
        chars: int,
        row: int,
        dropped: Sequence[Dropped] = (),
        origin: Origin = NO_ORIGIN,
        trail: Trail = (),
    ) -> None:
        """Adds a page. The other arguments: its characters as read, its row among pages that reached URL dedup, what it
        lost to dedups, its origin, and everything it has lost.
        """
        self.rows += 1
        try:
            atoms, starts, rank, sketch = _claimed(page, self._level)
        except Exception as error:
            blame([self._level] if self._level else [], page_named(page), error)
            raise
        if not isinstance(atoms, list | tuple | array):
            raise BuildError(
                f"level {type(self._level).__name__} returned atoms as {type(atoms).__name__}: expected a list."
            )
        self.atoms += len(atoms)
        data = strict_utf8(page.text)  # requested a moment ago
        if self._batch.add((page, data, row, atoms, starts, rank, sketch, dropped, *origin, trail), chars):
            self._flush()

    def _flush(self) -> None:
        held = zip(*self._batch.take(), strict=True)
        pages, texts, rows, atoms, starts, ranks, sketches, dropped, domains, bins, trails = held
        priorities = [page_priority(stand_in(page)) for page in pages]
        try:
            columns = [pa.array(np.array(rows, np.int64)), pa.array(np.array(priorities, np.uint64))]
            columns += [number_lists(atoms, np.uint64), number_lists(starts, np.uint32)]
            if "rank" in self._schema.names:
                columns += [pa.array(ranks, pa.uint64()), pa.array(sketches, pa.binary())]
        except (OverflowError, TypeError, ValueError) as error:
            name = type(self._level).__name__
            raise BuildError(
                f"level {name} returned atoms that are not hashes: {error}. Expected integers from 0 to 2**64 - 1, "
                "such as c4pipe.text.hash64 gives."
            ) from None
        if NOTED_TRAIL in self._schema.names:
            columns += [pa.array(domains, pa.string()), pa.array(bins, pa.int8()), number_lists(trails, np.int64)]
        if "dropped" in self._schema.names:
            columns.append(dropped_column(dropped))
        table = page_table(pages, self._pages, texts)
        for name, column in zip(self._schema.names[table.num_columns :], columns, strict=True):
            table = table.append_column(self._schema.field(name), column)
        self._sink.write(table)

    def close(self) -> None:
        """Writes the remaining pages, and the footer."""
        if self._batch.rows:
            self._flush()
        self._sink.close()


def _claimed(page: Page, level: TextLevel | None) -> tuple[Sequence[int], Sequence[int], int, bytes]:
    """What the page claims: atoms, where they begin, and, if it is compared as a whole, its rank and sketch."""
    if level is None:
        return [], [], 0, b""
    if isinstance(level, LinkLevel):
        atoms, sketch = level.signature(page.text)
        return atoms, [], level.rank(page), sketch
    return *level.atoms_at(page.text), 0, b""


_ADDED = frozenset((*(field.name for field in (*CLAIM_FIELDS, *LINK_FIELDS, *TRAIL_FIELDS)), "dropped"))


def extra_columns(schema: pa.Schema) -> list[str]:
    """The columns of staged pages that stages added."""
    return [name for name in schema.names if name not in _ADDED and name not in Page._fields]
