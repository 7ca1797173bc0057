"""What a removal changes in a corpus: computed once, then applied by the writer of each file.

asked + shards + __restore + keys --Replay--> replayed --> shards, tables, keys, counts
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Mapping
from io import BytesIO
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from c4pipe.corpus.characters import Characters
from c4pipe.corpus.ledger import Ledger, has_characters
from c4pipe.corpus.plan import Plan
from c4pipe.errors import BuildError
from c4pipe.page import Dropped, Page
from c4pipe.passes.keeping import Pieces
from c4pipe.passes.staged import StagedPages, staged_schema
from c4pipe.passes.tables import TableSource
from c4pipe.removal.replay import Replay
from c4pipe.removal.sides import End

LATER = "__restore/part-later.parquet"  # pages that were kept unchanged until a removal


class Redropped(NamedTuple):
    """What text dedups, and the stages after them, cut from a page: before and now."""

    then: tuple[Dropped, ...]
    now: tuple[Dropped, ...]


class Replayed(NamedTuple):
    """The result of a replay. A page is identified by its `source`, which is unique in a corpus."""

    removed: Mapping[str, str]  # source -> URL: listed pages that reached the first text dedup
    gone: frozenset[str]  # sources of rows that leave the shards: removed, now rejected, or with a changed text
    put: Mapping[str, Page]  # by source, pages that enter the shards: changed texts, or pages that come back
    fallen: Mapping[str, End]  # by source, pages that are now rejected, or rejected for another reason
    dropped: Mapping[str, Redropped]  # by source, pages of the rejected table from which other parts were cut
    ledger: Ledger  # of the corpus without them
    owned: Mapping[str, Pieces]  # for each text dedup, by stage, the keys and owners from now on
    restore: Mapping[str, Iterable[pa.Table]]  # by path, the pieces of each restore file that changes


def replayed(replay: Replay, plan: Plan, ledger: Ledger, folder: Path, shown: Container[str]) -> Replayed:
    """The outcome of a replay. BuildError if its pages differ from what the corpus recorded.

    Args:
        ledger: of the unchanged corpus.
        folder: of the corpus.
        shown: the sources of pages in its rejected table.
    """
    then, now = replay.then, replay.now
    removed, gone, put, fallen, dropped = {}, set(), {}, {}, {}
    numbers = sorted({*then.ends, *now.ends, *replay.moved})
    for number, page in replay.pages.read(np.array(numbers, np.int64)):
        source = page.source
        if number in then.ends and then.ends[number].legs != replay.pages.stored.legs[number]:
            raise BuildError(f"{folder}: page {source} comes out differently than in the build. {_OTHER_CODE}")
        if number in now.out:
            removed[source] = page.url
            gone |= {source} if then.ends[number].verdict is None else set()
            continue
        if number in then.ends:
            before, after = then.ends[number], now.ends[number]
            if before.verdict is None and (after.verdict is not None or before.page != after.page):
                gone.add(source)
            if after.verdict is None and (before.verdict is not None or before.page != after.page):
                put[source] = after.page
            if after.verdict is not None and before[1:3] != after[1:3]:
                fallen[source] = after
        if source in shown:
            dropped[source] = Redropped(then.end(number, page).dropped, now.end(number, page).dropped)
    owned = {stage: each.pieces() for stage, each in replay.owned.items()}
    counted = _counted(replay, plan, ledger, sum(len(page.text) for _, page in replay.pages.read(replay.asked)))
    return Replayed(removed, frozenset(gone), put, fallen, dropped, counted, owned, _restore(replay, plan, folder))


_OTHER_CODE = "The code of its rules has changed since the build: remove pages with the version that built it."


def _counted(replay: Replay, plan: Plan, ledger: Ledger, chars: int) -> Ledger:
    """The ledger without the pages, counting those of the first text dedup as removed before it, with their `chars`."""
    stages = Ledger.from_json(ledger.to_json()).stages
    for mine, less, more in zip(stages, replay.then.counts, replay.now.counts, strict=True):
        mine.subtract(less)
        mine.add(more)
    last = stages[plan.texts[0] - 1 if plan.texts else -1]
    last.removed += len(replay.asked)
    last.chars.removed += chars
    if not has_characters(ledger):
        for stage in stages:
            stage.chars = Characters()
    return Ledger(stages).check()


def _restore(replay: Replay, plan: Plan, folder: Path) -> dict[str, Iterable[pa.Table]]:
    """The restore files that change."""
    pages = replay.pages
    found: dict[str, Iterable[pa.Table]] = {}
    legs = pages.stored.legs.copy()
    for number, end in replay.now.ends.items():
        legs[number] = end.legs
    changed = (legs != pages.stored.legs) | pages.stored.asked
    for path, start, stop in zip(pages.paths, pages.bounds, pages.bounds[1:], strict=False):
        if changed[start:stop].any():
            found[path] = _pieces(folder / path, legs[start:stop], ~pages.stored.asked[start:stop])
    later = [number for number in replay.now.ends if number >= pages.restored]
    if later:
        before = found.get(LATER) or (_pieces(folder / LATER, None, None) if LATER in pages.paths else ())
        added = _as_staged([page for _, page in pages.read(np.array(sorted(later), np.int64))], plan)
        column = pa.array(legs[sorted(later)], pa.int8())
        found[LATER] = [*before, added.append_column(pa.field("legs", pa.int8()), column)]
    return found


def _pieces(path: Path, legs: np.ndarray | None, stays: np.ndarray | None) -> Iterator[pa.Table]:
    """The rows of a file that stay, with the dedups that they reach now."""
    start = 0
    for batch in pq.ParquetFile(path).iter_batches(use_threads=False):
        table, rows = pa.Table.from_batches([batch]), slice(start, start + batch.num_rows)
        start = rows.stop
        if legs is not None and stays is not None:
            at = table.schema.get_field_index("legs")
            table = table.set_column(at, table.schema.field(at), pa.array(legs[rows], pa.int8()))
            table = table.filter(pa.array(stays[rows]))
        yield table


def _as_staged(pages: list[Page], plan: Plan) -> pa.Table:
    """Pages as the first pass stages them."""
    stream = BytesIO()
    schema = staged_schema(plan, plan.prefix(0)[:-1], lossy=False, linked=plan.links(0))
    sink = StagedPages(stream, schema, plan.level(0))
    for page in pages:
        sink.add(page, 0, 0)
    sink.close()
    return TableSource(stream).table()
