"""A seeded sample of pages for inspection: for each outcome, those whose source has the smallest hash.

Which pages are shown depends only on the pages, not on the order or number of workers.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

import pyarrow as pa

from c4pipe.page import Dropped, Page
from c4pipe.shards import REJECTED_SCHEMA, dropped_column
from c4pipe.text import hash64

PER_REASON = 200  # pages shown per reason of a stage, and of kept pages: a few MB for any corpus
SPARE = 4  # an input keeps this many times its fair share, since some pages will lose their URL

SAMPLE_SCHEMA = REJECTED_SCHEMA.append(pa.field("priority", pa.uint64())).append(pa.field("row", pa.int64()))


FindDropped = Callable[[], Iterable[Dropped]]  # what a page loses, computed on demand


class Sampled(NamedTuple):
    """A page with its outcome. A kept page has `stage` "" and `reason` "kept". An `unread` page has no text yet; it can
    be read from its input.
    """

    priority: int  # hash of the source; smaller ones are shown first
    row: int  # number of the page among those that reached URL dedup in its input, -1 if it did not
    page: Page
    stage: str
    reason: str
    detail: str = ""
    dropped: tuple[Dropped, ...] = ()
    unread: bool = False


def per_input(mode: str, inputs: int) -> int | None:
    """How many pages of an outcome an input keeps for the sample: 0 for `none`, None (all of them) for `all`."""
    match mode:
        case "none":
            return 0
        case "all":
            return None
        case _:
            return min(PER_REASON, max(32, -(-SPARE * PER_REASON // inputs)))


class _Held(NamedTuple):
    """A page of the sample, until pages of higher priority replace it; of equal hashes the later is replaced first."""

    last: int  # -priority
    number: int  # unique
    sampled: Sampled
    dropped: FindDropped | None  # None once it was called

    def asked(self) -> _Held:
        if self.dropped is None:
            return self
        return self._replace(sampled=self.sampled._replace(dropped=tuple(self.dropped())), dropped=None)


Heaps = dict[tuple[str, str], list[_Held]]  # by stage and reason


class Sample:
    """The pages of a unit of work that are kept for the sample: a cap per input, and for all inputs together the cap of
    one large input.
    """

    def __init__(self, cap: int | None):
        """`cap`: pages of an outcome and input, None for all."""
        self._cap = cap
        self._heaps: Heaps = {}
        self._closed: Heaps = {}
        self._count = 0

    def add(
        self, page: Page, stage: str, reason: str, detail: str = "", row: int = -1, dropped: FindDropped = tuple
    ) -> None:
        """Offers a page; `dropped` is called if the page is among those of its input."""
        if self._cap == 0:
            return
        priority = hash64(page.source)
        heap = self._heaps.get((stage, reason))
        if heap is None:
            heap = self._heaps[stage, reason] = []
        if self._cap is not None and len(heap) >= self._cap:
            if priority >= -heap[0].last:
                return
            heapq.heappop(heap)
        self._count += 1
        sampled = Sampled(priority, row, page, stage, reason, detail)
        heapq.heappush(heap, _Held(-priority, self._count, sampled, None if dropped is tuple else dropped))

    def close(self) -> None:
        """Marks the end of an input: what follows is from another."""
        for outcome, heap in self._heaps.items():
            known = self._closed.setdefault(outcome, [])
            known += [held.asked() for held in heap]
            if self._cap is not None and len(known) > SPARE * PER_REASON:
                self._closed[outcome] = heapq.nlargest(SPARE * PER_REASON, known)
        self._heaps = {}

    def __iter__(self) -> Iterator[Sampled]:
        """The pages in the order of `ranked`."""
        self.close()
        return iter(ranked(held.sampled for heap in self._closed.values() for held in heap))


def ranked(sampled: Iterable[Sampled]) -> list[Sampled]:
    """By stage and reason, then by priority."""
    return sorted(sampled, key=lambda s: (s.stage, s.reason, s.priority, s.page.source))


def sample_table(sampled: Iterable[Sampled]) -> pa.Table:
    """As `SAMPLE_SCHEMA`."""
    rows = list(sampled)
    columns = [
        [s.page.url for s in rows],
        [s.page.timestamp for s in rows],
        [s.stage for s in rows],
        [s.reason for s in rows],
        [s.detail for s in rows],
        [None if s.unread else s.page.text for s in rows],
        dropped_column([s.dropped for s in rows]),
        [s.page.source for s in rows],
        [s.page.language for s in rows],
        [s.priority for s in rows],
        [s.row for s in rows],
    ]
    return pa.table(
        [pa.array(c, f.type) if isinstance(c, list) else c for c, f in zip(columns, SAMPLE_SCHEMA, strict=True)],
        schema=SAMPLE_SCHEMA,
    )


def sampled_of(table: pa.Table) -> Iterator[Sampled]:
    """The inverse of `sample_table`; of the pages only the columns it has."""
    for row in table.to_pylist():
        unread = row["text"] is None
        page = Page(row["url"], row["text"] or "", row["timestamp"], row["source"], language=row["language"])
        dropped = tuple(Dropped(d["reason"], d["line"], d["owner"]) for d in row["dropped"])
        yield Sampled(row["priority"], row["row"], page, row["stage"], row["reason"], row["detail"], dropped, unread)
