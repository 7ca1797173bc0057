"""The pages that a training step read: a function of the run's recipe, without a log.

    RUN/config.json --> Recipe --lanes followed, nothing corrupted--> row g of the stream --> its pages

Step n read the rows (n - 1) x batch to n x batch - 1 of the stream, whichever rank and worker made them. A checkpoint
stores the positions of all lanes: a trace begins at the last checkpoint before the requested step, and whenever it
passes another one, it checks its position against it.
"""

from __future__ import annotations

import json
from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pyarrow.parquet as pq
from numpy.typing import NDArray

from c4pipe.shards import sha256_of
from c4pipe.text import many
from model.checkpoint import changed_settings
from model.corpus import Entry, find_entries
from model.errors import ConfigError, TrainError
from model.examples import open_run_tasks
from model.lane import Cursor, TracedLane, Visit
from model.prepared import PAIR_COLUMNS
from model.run import TOKENIZER_FOLDER, run_config
from model.settings import TrainSettings
from model.shelf import CHECKPOINT_SUMS, STATE, checkpoints, is_checkpoint, run_of
from model.start import make_recipe, make_sources, open_corpora
from model.stream import LaneKey, Recipe, Share, Stream
from model.tokens import Tokenizer

# Settings that affect weights, but not what is read. All other settings count as affecting it.
_OF_WEIGHTS = {
    *("model", "steps", "lr", "optimizer", "schedule", "warmup", "floor", "weight_decay", "clip", "z_loss", "dropout"),
    *("precision", "method", "adapter_width", "architecture", "layers"),
}


class TracedPage(NamedTuple):
    """A page of a corpus, or an example of a task, by its place on disk."""

    corpus: str  # its folder as the run names it; for an example, the run's own
    config: str  # for an example, the task
    shard: str  # path from that folder
    row: int  # in the shard, from 0


class RowRead(NamedTuple):
    """A page with tokens in a row of the stream."""

    number: int  # of the row
    page: int  # its number, see `PageNumbers`
    begins: bool  # whether it is the first row of this visit within the trace


class PageNumbers:
    """The pages of all files that a recipe reads, numbered from 0 in the order of its sources and their files.

    Attributes:
        files: the first page of each file; `sums`: the sha256 of each.
        firsts: the number of the first page of each file, and the total number.
    """

    def __init__(self, recipe: Recipe, settings: TrainSettings) -> None:
        self.files: list[TracedPage] = []
        self.sums: list[str] = []
        self.firsts = [0]
        found = find_entries(settings.data, "train", settings.languages) if settings.data else {}
        self._known = {str(shard.file): shard.sha256 for shards in found.values() for shard in shards}
        self._groups = [self._numbered(source.entry, settings) for source in recipe.sources]

    def _numbered(self, entry: Entry, settings: TrainSettings) -> NDArray[np.int64]:
        """The number of the first page of each row group of an entry."""
        of_task = entry.columns == PAIR_COLUMNS
        config = entry.name if of_task else entry.name.rpartition("/")[2]
        starts = []
        for file in map(Path, entry.files):
            footer = pq.read_metadata(file)
            rows = [footer.row_group(group).num_rows for group in range(footer.num_row_groups)]
            starts.append(self.firsts[-1] + np.cumsum([0, *rows]))
            self.firsts.append(int(starts[-1][-1]))
            folders = [settings.run] if of_task else settings.data
            folder = next(one for one in folders if file.is_relative_to(one))
            self.files.append(TracedPage(str(folder), config, file.relative_to(folder).as_posix(), 0))
            self.sums.append(self._known.get(str(file)) or sha256_of(file))
        places = zip(entry.file.tolist(), entry.group.tolist(), strict=True)
        return np.array([starts[file][group] for file, group in places], np.int64)

    def number(self, source: int, visit: Visit) -> int:
        """The number of the document of a visit."""
        return int(self._groups[source][visit.group]) + visit.row

    def page(self, number: int) -> TracedPage:
        """The page with this number."""
        file = bisect_right(self.firsts, number) - 1
        return self.files[file]._replace(row=number - self.firsts[file])


class _Start(NamedTuple):
    """The position of the stream after a step."""

    step: int
    row: int
    cursors: Mapping[LaneKey, Cursor]
    settings: Mapping[str, Any]  # settings of the steps before it; {} at the start
    where: str
    sha256: str  # of its state


class RunTrace:
    """The pages that the steps of a run read, or will read.

    Attributes:
        done: the step of the newest checkpoint; 0 without any.
        state: the sha256 of that checkpoint's state; "" without any.
    """

    def __init__(self, run: Path, recipe: Recipe, settings: TrainSettings) -> None:
        self.pages = PageNumbers(recipe, settings)
        self._recipe = recipe
        self._settings = settings
        self._starts = [_Start(0, 0, {}, {}, str(run), ""), *_starts(run, recipe)]
        self.done, self.state = self._starts[-1].step, self._starts[-1].sha256

    def steps(self, first: int, last: int) -> Iterator[tuple[int, list[RowRead]]]:
        """(step, what its rows read) for the steps `first` to `last`.

        TrainError if steps were trained with other settings than the run's last ones, since those are no longer known.
        """
        start = next(one for one in reversed(self._starts) if one.step < first)
        self._check_settings(start.step, last)
        stream = Stream(self._recipe, Share(), start.cursors, TracedLane)
        cursors = dict(start.cursors)
        visits: dict[LaneKey, Visit] = {}  # last visit of each lane
        checks = {one.step: one for one in self._starts}
        for step in range(start.step + 1, last + 1):
            row = start.row + (step - start.step - 1) * self._settings.batch
            read = []
            for number, place, lane, _ in stream.drawn(row, row + self._settings.batch):
                assert isinstance(lane, TracedLane)
                cursors[place] = lane.cursor
                for visit in lane.read:
                    read.append(RowRead(number, self.pages.number(place[0], visit), visits.get(place) != visit))
                    visits[place] = visit
                lane.read.clear()
            if step >= first:
                yield step, read
            if step in checks:
                self._check_place(checks[step], row + self._settings.batch, cursors)

    def _check_settings(self, first: int, last: int) -> None:
        """TrainError if a checkpoint after one of the steps `first` + 1 to `last` has other settings."""
        for before, one in pairwise(self._starts):
            if one.step <= first or before.step >= last:
                continue
            then, now = (
                {name: value for name, value in settings.items() if name not in _OF_WEIGHTS}
                for settings in (one.settings, self._settings.fixed())
            )
            if changed := changed_settings(then, now):
                raise TrainError(
                    f"the steps up to {one.step:,} were trained with other settings ({'; '.join(changed)}), so what "
                    f"they have read is no longer known: use --step {one.step + 1} or a later one"
                )

    def _check_place(self, check: _Start, row: int, cursors: Mapping[LaneKey, Cursor]) -> None:
        lanes = [(source, lane) for source in range(len(self._recipe.sources)) for lane in range(self._recipe.lanes)]
        there = [check.cursors[place] for place in lanes]
        if row != check.row or there != [cursors.get(place, Cursor(place[1], 0, 0)) for place in lanes]:
            raise TrainError(
                f"{check.where} is at a different place in the data than the run's settings give: it was resumed with "
                f"others (--force), so what the steps up to {check.step:,} have read is no longer known: use --step "
                f"{check.step + 1} or a later one"
            )


def open_trace(run: Path, data: Sequence[Path] = ()) -> RunTrace:
    """Opens what is needed to trace a run; `data` are the current places of its corpora, in the order of its settings.

    ConfigError if run or corpora do not exist, or the corpora differ from those of the training.
    """
    if is_checkpoint(run):
        raise ConfigError(f"{run} is a checkpoint: name its run, {run_of(run)}")
    settings, config = run_config(run)
    if data and len(data) != len(settings.data):
        before = ", ".join(map(str, settings.data))
        raise ConfigError(f"--data: expected {many(len(settings.data), 'folder')}, in place of {before or 'none'}")
    settings = replace(settings, run=run, data=tuple(data) or settings.data)
    if gone := next((folder for folder in settings.data if not folder.is_dir()), None):
        raise ConfigError(f"{gone} does not exist. Give the current folders of the corpora of {run} with --data.")
    tokenizer = Tokenizer.load(run / TOKENIZER_FOLDER)
    corpora = open_corpora(settings, sums=False)[0] if settings.data else ()
    recipe = make_recipe(settings, make_sources(settings, corpora, open_run_tasks(settings, False)), tokenizer)
    then = {name: one["sha256"] for name, one in config["data"].items()} | {"the tokenizer": config["tokenizer"]}
    now = {entry.name: entry.digest for entry in recipe.entries} | {"the tokenizer": tokenizer.fingerprint}
    if then != now:
        names = ", ".join(sorted(name for name in {*then, *now} if then.get(name) != now.get(name)))
        raise ConfigError(
            f"{names}: not what {run} was trained on. Restore its corpora as they were, or give their current folders "
            "with --data."
        )
    return RunTrace(run, recipe, settings)


def pages_of_step(run: Path, step: int) -> list[TracedPage]:
    """The pages that a step of a run read, each once, in the order of the corpora; errors as from `open_trace`."""
    trace = open_trace(run)
    [(_, read)] = trace.steps(step, step)
    return [trace.pages.page(number) for number in sorted({one.page for one in read})]


def _starts(run: Path, recipe: Recipe) -> Iterator[_Start]:
    """The positions from the intact checkpoints of a run."""
    for step, folder in sorted(checkpoints(run).items()):
        try:
            sha256 = sha256_of(folder / STATE)
            if json.loads((folder / CHECKPOINT_SUMS).read_bytes())[STATE] != sha256:
                continue
            state = json.loads((folder / STATE).read_bytes())
            position = state["position"]
            cursors = {
                (number, lane): Cursor(*cursor)
                for number, entry in enumerate(recipe.entries)
                for lane, cursor in enumerate(position["lanes"][entry.name])
            }
        except (OSError, ValueError, KeyError, TypeError, RecursionError):
            continue
        yield _Start(step, position["row"], cursors, state["settings"], str(folder), sha256)
