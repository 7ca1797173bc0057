"""What the staged pages of one input lost to other pages, batch by batch.

A batch is processed as columns: which pages lost something, and the level's verdict on all of them at once.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from c4pipe.dedup import TextBatch, TextLevel
from c4pipe.dedup.claims import LostAtoms
from c4pipe.page import Dropped, Page, Verdict
from c4pipe.part import is_own


class Losses(NamedTuple):
    """What an input lost to other pages."""

    urls: NDArray[np.void]  # pages that reached URL dedup, as `URL_LOSS`: none after the first leg
    atoms: LostAtoms  # of its staged pages
    against: bool  # whether earlier corpora may own what it loses
    likeness: Mapping[int, float]  # of linked pages, by their first atom: similarity to the page that stays
    clusters: Sequence[int] = ()  # sizes of the clusters whose remaining page is here


class PageLosses(NamedTuple):
    """What one page lost."""

    atoms: LostAtoms
    starts: NDArray[np.integer]  # where each begins, from `atoms_at`
    likeness: float | None  # to the page that stays instead of this one
    applied: Verdict | None = None  # the level's verdict, if many pages were judged at once

    @property
    def flags(self) -> list[bool]:
        """Whether each atom is dropped."""
        return self.atoms.flags.tolist()  # type: ignore[no-any-return]

    @property
    def owners(self) -> list[int]:
        """For each dropped atom the priority of the page that owns it."""
        return self.atoms.owners.tolist()  # type: ignore[no-any-return]


class Survivor(NamedTuple):
    """A staged page that won its URL, as it was staged."""

    row: int
    page: Page
    losses: PageLosses | None
    dropped: tuple[Dropped, ...]  # what earlier text dedups cut from it


class BatchLosses:
    """What the pages of a batch lost."""

    def __init__(self, lost: Losses, bounds: NDArray[np.int64], batch: pa.RecordBatch, level: TextLevel | None):
        """`bounds` delimit the atoms of each page."""
        self._lost, self._bounds = lost, bounds.tolist()
        flags = lost.atoms.flags[bounds[0] : bounds[-1]]
        falling = np.concatenate([[0], np.cumsum(flags)])
        self._any = np.diff(falling[bounds - bounds[0]]).astype(bool).tolist()
        starts = batch.column("starts")
        self._starts, self._offsets = starts.values.to_numpy(), starts.offsets.to_pylist()
        asks = level is not None and not is_own(level)
        self._applied = level.apply_all(texts_in(batch), flags) if asks else None  # type: ignore[union-attr]

    def of(self, i: int, page: Page) -> PageLosses | None:
        """The losses of one page, None if it has none."""
        if not self._any[i]:
            return None
        first = self._bounds[i]
        return PageLosses(
            self._lost.atoms.of(first, self._bounds[i + 1]),
            self._starts[self._offsets[i] : self._offsets[i + 1]],
            self._lost.likeness.get(first),
            self._applied(i, page) if self._applied is not None else None,
        )


def texts_in(batch: pa.RecordBatch) -> TextBatch:
    """Texts and atoms of staged pages, in place."""
    texts, starts = batch.column("text"), batch.column("starts")
    _, bounds, data = texts.buffers()
    bounds = np.frombuffer(bounds, np.int32)[texts.offset :][: len(texts) + 1]
    return TextBatch(np.frombuffer(data or b"", np.uint8), bounds, starts.values.to_numpy(), starts.offsets.to_numpy())
