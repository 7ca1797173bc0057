"""The data path: from the Parquet shards of finished corpora to batches on the trainer's device.

    folders --corpus--> Entry --order, lane--> tokens --rows--> Rows --data--> Batch
                                  (in worker processes, see stream)      (tensors, pinned)

The stream of rows is a function of the corpora and the `Recipe` alone: batch b of size B is rows b x B to (b + 1) x B
- 1, for any number of workers and ranks. Its position is the number of the next row and three integers per lane.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import count
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple, Self

import numpy as np
import torch
from torch import Tensor

from c4pipe.shards import check_sums
from c4pipe.text import many
from model.corpus import Entry, Reader, find_entries, read_entry
from model.errors import ConfigError
from model.lane import Cursor, Lane
from model.order import InOrder
from model.rows import Rows, padded, stacked, trimmed
from model.source import Source, TextToText
from model.stream import LaneKey, Recipe, Share, Stream, StreamSlice
from model.workers import Worker

ORDER = 2  # version of the order in `model.order`: a position in another order is invalid
VALIDATION_SEED = 0  # seed of the corruption: the same for every run, so that losses can be compared


def open_entries(
    folders: Sequence[Path], split: str, configs: Sequence[str] = (), note: Path | None = None, sums: bool = True
) -> tuple[Entry, ...]:
    """The entries of finished corpora, with every shard checked: its size, its footer, and with `sums` its sha256.

    `note` is the run's record of checksums, see `check_sums`. With several ranks the first checks them, the others
    pass `sums=False`. Errors as from `find_entries`, `check_sums` and `read_entry`.
    """
    found = find_entries(folders, split, configs)
    entries = tuple(read_entry(name, shards) for name, shards in found.items())
    if sums:
        check_sums(((shard.file, shard.sha256) for shards in found.values() for shard in shards), note)
    return entries


class Batch(NamedTuple):
    """The arguments of `T5.forward`, in order: int64, in pinned memory if CUDA is used.

    Segments are None if not needed: for inputs without padding, and for targets that are not packed.
    """

    inputs: Tensor  # (B, S)
    targets: Tensor  # (B, T), -100 for no loss
    input_segments: Tensor | None  # (B, S)
    target_segments: Tensor | None  # (B, T)

    def to(self, device: torch.device | str) -> Batch:
        """The batch on a device; from pinned memory without waiting."""
        segments = (None if ids is None else ids.to(device, non_blocking=True) for ids in self[2:])
        return Batch(self.inputs.to(device, non_blocking=True), self.targets.to(device, non_blocking=True), *segments)


def to_batch(rows: Rows, packed: bool) -> Batch:
    """Rows as tensors."""

    def tensor(ids: Any) -> Tensor:
        made = torch.from_numpy(ids.astype(np.int64))
        return made.pin_memory() if torch.cuda.is_available() else made

    input_segments = tensor(rows.input_segments) if packed or not rows.input_segments.all() else None
    target_segments = tensor(rows.target_segments) if packed else None
    return Batch(tensor(rows.inputs), tensor(rows.targets), input_segments, target_segments)


class Batches:
    """The endless batches of one rank, and their position.

        with Batches(recipe, batch=128, workers=4) as batches:
            batches.restore(state)  # else from the start
            for batch in batches: ...

    Workers are started by the first batch. A position can be restored with any number of workers and ranks.
    """

    def __init__(
        self, recipe: Recipe, batch: int, rank: int = 0, ranks: int = 1, workers: int = 0, trim: bool = False
    ) -> None:
        """`batch` counts the rows of all ranks. With `trim` a batch is as wide as its longest row.

        ConfigError for numbers that do not fit together.
        """
        if batch < 1 or batch % ranks:
            raise ConfigError(
                f"a batch of {many(batch, 'row')} cannot be split over {ranks} ranks: use a multiple of {ranks}"
            )
        recipe.check()
        self.waited = 0.0  # seconds spent waiting for batches, in total
        self._recipe = recipe
        self._batch = batch
        self._trim = trim
        self._share = Share(rank, ranks)
        # More workers than lanes would have nothing to do.
        self._workers = min(workers, len(self._share.lanes(recipe.lanes)))
        self._row = 0  # first row of the next batch
        self._cursors: dict[LaneKey, Cursor] = {}
        self._running: list[Worker] = []
        self._stream: Stream | None = None  # used instead of workers

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> Batch:
        began = time.perf_counter()
        try:
            parts = self._parts(self._row, self._row + self._batch)
        except BaseException:
            self.close()  # some lanes have advanced and others not; the position is still valid
            raise
        for part in parts:
            self._cursors |= part.moved
        self._row += self._batch
        rows = in_row_order(parts)
        batch = to_batch(trimmed(rows) if self._trim else rows, self._recipe.pack)
        self.waited += time.perf_counter() - began
        return batch

    def state(self) -> dict[str, Any]:
        """The position of the stream as JSON: the number of the next row, and (unit, row, token) of each lane.

        A rank knows only its own lanes: a checkpoint holds `merge_states` of all ranks' states.
        """
        lanes = {
            entry.name: [[*self._cursors.get((number, lane), _first(lane))] for lane in range(self._recipe.lanes)]
            for number, entry in enumerate(self._recipe.entries)
        }
        return {"row": self._row, "lanes": lanes, "of": _identity(self._recipe)}

    def restore(self, state: Mapping[str, Any]) -> None:
        """Resumes from a state. ConfigError if it is of other pages, tokens or lanes."""
        then, now = state["of"], _identity(self._recipe)
        if then != now:
            raise ConfigError(
                f"the checkpoint's place in the data does not apply here: {_changes(then, now)}. Resume with the run's "
                "data and settings, or start a new run."
            )
        self.close()
        self._row = state["row"]
        self._cursors = {
            (number, lane): Cursor(*cursor)
            for number, entry in enumerate(self._recipe.entries)
            for lane, cursor in enumerate(state["lanes"][entry.name])
        }

    @property
    def pids(self) -> list[int | None]:
        """The ids of the worker processes, for watching their memory."""
        return [worker.pid for worker in self._running]

    def close(self) -> None:
        """Ends the workers. The position stays: the next batch starts new workers."""
        self._stream = None
        while self._running:
            self._running.pop().close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _parts(self, start: int, stop: int) -> list[StreamSlice]:
        if not self._workers:
            self._stream = self._stream or Stream(self._recipe, self._share, self._cursors)
            return [self._stream.part(start, stop)]
        while len(self._running) < self._workers:
            share = self._share._replace(worker=len(self._running), workers=self._workers)
            self._running.append(Worker(self._recipe, share, self._cursors, start, self._batch))
        return [worker.part() for worker in self._running]


def in_row_order(parts: Sequence[StreamSlice]) -> Rows:
    """The rows of several parts in order of their numbers."""
    order = np.argsort(np.concatenate([part.numbers for part in parts]))
    return stacked([part.rows for part in parts]).take(order)


def merge_states(states: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """The position of all ranks: for each lane the furthest position, which is that of the rank reading it."""
    first, *others = states
    lanes = {
        name: [max(cursors) for cursors in zip(*(state["lanes"][name] for state in (first, *others)), strict=True)]
        for name in first["lanes"]
    }
    return {**first, "lanes": lanes}


def validation(recipe: Recipe, source: Source, batch: int, rank: int = 0, ranks: int = 1) -> Iterator[Batch]:
    """The pages of a source, once, in the order of the shards, with the same corruption in every run.

    Of each `batch` rows, a rank gets every `ranks`-th; the last batch is padded with rows without targets. A last
    piece with fewer tokens than the objective needs is left out.
    """
    rule = source.rule.builder(recipe.tokenizer.vocabulary, VALIDATION_SEED)
    lane = Lane(InOrder(source.entry), Reader(), source.rule.encoder(recipe.tokenizer), Cursor(0, 0, 0))
    for start in count(0, batch):
        drawn = {number: row for number in range(start, start + batch) if (row := rule.draw(lane, number)) is not None}
        if not drawn:
            return
        own = [number for number in drawn if number % ranks == rank]
        rows = rule.finish(own, [drawn[number] for number in own])
        yield to_batch(padded(rows, batch // ranks), source.rule.pack)
        if len(drawn) < batch:
            return


def _first(lane: int) -> Cursor:
    return Cursor(lane, 0, 0)


def _changes(then: Mapping[str, Any], now: Mapping[str, Any]) -> str:
    """How two identities differ, in words."""
    gone, new = ", ".join(sorted({*then} - {*now})), ", ".join(sorted({*now} - {*then}))
    said = []
    if gone:
        and_now = f"and the command names {new}" if new else "which the command does not name"
        said.append(f"this run was trained on {gone}, {and_now}")
    elif new:
        said.append(f"this run was not trained on {new}")
    for name in sorted({*then} & {*now}):
        if then[name] != now[name]:
            data = name.startswith(("corpus ", "task "))
            said.append(f"{name} has changed since this run began" if data else f"this run has a different {name}")
    return "; ".join(said)


def _identity(recipe: Recipe) -> dict[str, Any]:
    """The identity of the stream in which the cursors of a state are valid."""
    data = {
        f"{'task' if isinstance(source.rule, TextToText) else 'corpus'} {source.entry.name!r}": source.entry.digest
        for source in recipe.sources
    }
    ours = {"order of documents": ORDER, "seed": recipe.seed, "lanes": recipe.lanes}
    return {"tokenizer": recipe.tokenizer.fingerprint} | ours | data
