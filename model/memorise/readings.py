"""How often a run has read each page: a function of its recipe and of the positions of its stream's lanes."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
from numpy.typing import NDArray

from model.corpus import Entry
from model.errors import ConfigError, TrainError
from model.lane import Cursor
from model.order import Shuffled
from model.settings import TrainSettings
from model.shelf import STATE
from model.start import make_recipe, make_sources, open_corpora
from model.tokens import Tokenizer


class PassageReadings:
    """For pages of a corpus, by shard and row: how often reading each of them began.

    A page counts once per epoch, wherever its lane stopped in it. Ends of pages that are too short for a row are
    skipped, but count. ConfigError if the run was trained on other data.
    """

    def __init__(self, folder: Path, settings: TrainSettings, tokenizer: Tokenizer) -> None:
        """`settings` are those of the run, with the current place of its data; `folder` is the checkpoint."""
        position = _position(folder)
        corpora, _ = open_corpora(settings, sums=False)
        recipe = make_recipe(settings, make_sources(settings, corpora), tokenizer)
        self._times: dict[str, NDArray[np.int64]] = {}
        for entry in recipe.entries:
            lanes = position["lanes"].get(entry.name)
            if lanes is None or position["of"].get(f"corpus {entry.name!r}") != entry.digest:
                raise ConfigError(
                    f"{', '.join(map(str, settings.data))}: {entry.name!r} is not what {settings.run} has read. Name "
                    "its corpus with --data."
                )
            cursors = [Cursor(*cursor) for cursor in lanes]
            self._add(entry, times_read(Shuffled(entry, recipe.seed, recipe.lanes), cursors))

    def of(self, corpus: Path, places: Iterable[Mapping[str, Any]]) -> int:
        """How often a passage with these places in a corpus was read."""
        found = ((self._times.get(str((corpus / one["shard"]).resolve())), one["row"]) for one in places)
        return int(sum(int(times[row]) for times, row in found if times is not None))

    def _add(self, entry: Entry, times: Sequence[NDArray[np.int64]]) -> None:
        for number, file in enumerate(entry.files):
            footer = pq.read_metadata(file)
            starts = np.cumsum([0, *(footer.row_group(group).num_rows for group in range(footer.num_row_groups))])
            mine = np.zeros(int(starts[-1]), np.int64)
            for place in np.flatnonzero(entry.file == number).tolist():
                rows = np.arange(len(times[place]))
                mine[starts[entry.group[place]] + rows] += times[place]
            self._times[str(Path(file).resolve())] = mine


def times_read(order: Shuffled, cursors: Sequence[Cursor]) -> list[NDArray[np.int64]]:
    """For each row group of an entry: how often lanes at these positions began each of its rows on disk."""
    entry, lanes = order.entry, len(cursors)
    sizes = entry.rows if entry.part is None else entry.part.rows
    times = [np.zeros(int(size), np.int64) for size in sizes]
    for lane, cursor in enumerate(cursors):
        for number in range(lane, cursor.unit + 1, lanes):
            unit = order.unit(number)
            assert unit is not None  # epochs never end
            begun = cursor.row + bool(cursor.token) if number == cursor.unit else len(unit.rows)
            times[unit.group][unit.rows[:begun]] += 1
    return times


def _position(folder: Path) -> Any:
    try:
        return json.loads((folder / STATE).read_bytes())["position"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise TrainError(f"{folder / STATE} cannot be read ({error!r}): its place in the stream is unknown.") from None
