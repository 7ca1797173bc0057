"""From finished inputs to the files of the corpus."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator
from typing import Any

import apache_beam as beam
import numpy as np
import pyarrow as pa

from c4pipe.flow.again import texts_again
from c4pipe.flow.allocators import give_back, keep_free_blocks
from c4pipe.flow.apply import Written, files_of_group
from c4pipe.flow.files import BeamStore
from c4pipe.flow.inputs import Input, read_inputs, read_left_out
from c4pipe.flow.owned import owned_keys
from c4pipe.flow.settings import WRITTEN, Settings
from c4pipe.passes.finalize import Made, write_corpus_files
from c4pipe.passes.finished import FinishedRows, GroupFound, RowSlice
from c4pipe.passes.merging import OutputShard, leave_out, plan_split, write_rejected, write_shard
from c4pipe.passes.rejected import cuts_unshown, explained, in_languages, with_texts
from c4pipe.passes.restoring import UnitFiles, write_restore
from c4pipe.passes.sample import PER_REASON, Sampled, sample_table, sampled_of
from c4pipe.passes.staged import Staged
from c4pipe.passes.tables import TableSource
from c4pipe.shards import files_of_shard, to_json
from c4pipe.text import printable

FEW_SHOWN = 100  # most pages of a dropped split in a sampled rejected table
SHARD_WRITTEN, SHARD_LEFT_OUT = 0, 1  # fate of an output shard

Planned = tuple[int, tuple]  # number of an output shard, what `planned_shard` reads


class _WithPlan(beam.DoFn):
    def __init__(self, settings: Settings):
        self._settings = settings

    def setup(self) -> None:
        self._plan = self._settings.plan
        self._store = BeamStore(self._settings.staging)


@beam.typehints.with_output_types(tuple[int, Planned])
class PlanConfig(beam.DoFn):
    """All row groups of one config: emits (`SHARD_WRITTEN`, shard), or `SHARD_LEFT_OUT` if it has too few pages."""

    def __init__(self, settings: Settings):
        self._settings = settings

    def process(self, element: tuple[str, Iterable]) -> Iterator[tuple[int, Planned]]:
        config, groups = element
        splits: dict[str, list[GroupFound]] = {}
        for split, group in groups:
            splits.setdefault(split, []).append(GroupFound(*group))
        pages = sum(group.rows for found in splits.values() for group in found)
        size = self._settings.plan.size
        fate = SHARD_LEFT_OUT if size is not None and pages < size.pages else SHARD_WRITTEN
        for split, found in splits.items():
            for shard in plan_split(config, split, found, self._settings.shards):
                pieces = tuple((tuple(group), *rows) for group, *rows in shard.pieces)
                yield fate, (shard.number, (*shard[:-1], pieces, pages))


def planned_shard(element: Any) -> tuple[OutputShard, int]:
    """What `PlanConfig` emits: the shard, and the pages of its config."""
    config, split, number, of, pieces, pages = element[1]
    return OutputShard(
        config, split, number, of, tuple(RowSlice(GroupFound(*group), *rows) for group, *rows in pieces)
    ), pages


@beam.typehints.with_output_types(Written)
class WriteShard(_WithPlan):
    """Writes one file of the corpus."""

    def process(self, element: Any) -> Iterator[Written]:
        shard, _ = planned_shard(element)
        note = f"{self._settings.own}/{WRITTEN}/{shard.path}.json"
        if not (self._store.exists(note) and self._as_noted(note)):
            give_back()  # this pass uses the most memory
            keep_free_blocks()
            settings = self._settings
            row, stats = write_shard(shard, self._store, settings.made, settings.held, settings.formats)
            with self._store.write(note) as stream:  # written after the shard: if it exists, the shard is complete
                stream.write(to_json({"shard": row, "stats": stats.to_json()}))
        with self._store.read(note) as stream:
            yield "shard", stream.read()

    def _as_noted(self, note: str) -> bool:
        """Whether the corpus holds the files in the note; another build may have replaced them."""
        with self._store.read(note) as stream:
            files = files_of_shard(json.load(stream)["shard"])
        return all(self._store.holds(f"{self._settings.made}/{file['path']}", file["sha256"]) for file in files)


@beam.typehints.with_output_types(Written)
class LeaveOut(_WithPlan):
    """Removes one shard of a config that is too small from the corpus."""

    def process(self, element: Any) -> Iterator[Written]:
        shard, pages = planned_shard(element)
        size = self._plan.size
        assert size is not None
        cap = {"none": 0, "sample": FEW_SHOWN, "all": None}[self._settings.rejected]
        row, stats = leave_out(shard, size, pages, cap, self._store, self._settings.made)
        rows = sum(piece.rows for piece in shard.pieces)
        yield "left_out", to_json({"config": shard.config, "rows": rows, "rejected": row, "stats": stats.to_json()})


@beam.typehints.with_output_types(tuple[tuple[str, str], tuple[str, int, bytes]])
class SampledRefs(_WithPlan):
    """((stage, reason), (path, number of the piece, packed priorities)) for the pages of each outcome in each input."""

    def process(self, element: tuple[int, str]) -> Iterator[tuple[tuple[str, str], tuple[str, int, bytes]]]:
        for path in files_of_group(element[1], self._store)["rejected"]:
            with self._store.read(path) as stream:
                for number, piece in enumerate(TableSource(stream, ["stage", "reason", "priority"])):
                    outcome = piece["stage"][0].as_py(), piece["reason"][0].as_py()
                    yield outcome, (path, number, piece["priority"].to_numpy().tobytes())


@beam.typehints.with_output_types(Written)
class WriteSample(_WithPlan):
    """Writes the pages of one outcome with the smallest priorities, from all inputs."""

    _known: dict[str, Input] | None = None

    def process(self, element: tuple[tuple[str, str], Iterable[tuple[str, int, bytes]]]) -> Iterator[Written]:
        (stage, reason), refs = element
        best = sorted(
            (priority, path, number, row)
            for path, number, packed in refs
            for row, priority in enumerate(np.frombuffer(packed, np.uint64).tolist())
        )[:PER_REASON]
        wanted: dict[tuple[str, int], list[int]] = {}
        for _, path, number, row in best:
            wanted.setdefault((path, number), []).append(row)
        tables: list[pa.Table] = []
        for (path, number), rows in sorted(wanted.items()):
            with self._store.read(path) as stream:
                tables.append(TableSource(stream).piece(number).take(pa.array(rows)))
        table = pa.concat_tables(tables).sort_by([("priority", "ascending"), ("source", "ascending")])
        shown = self._shown(table, stage)
        name, lacking = f"{stage}-{reason}" if stage else reason, table.num_rows - shown.num_rows
        part = write_rejected(name, in_languages(shown, self._plan), self._store, self._settings.made)
        yield "rejected", to_json(part | ({"lacking": lacking} if lacking else {}))

    def _shown(self, table: pa.Table, stage: str) -> pa.Table:
        """The rows, with texts read from the inputs where they were not staged, without pages that are gone, and with
        the lines that the first pass cut.
        """
        unread, unshown = table["text"].null_count > 0, cuts_unshown(stage, self._plan)
        if not unread and not unshown:
            return table
        sampled: Iterable[Sampled] = list(sampled_of(table))
        if unread:
            sampled = with_texts(sampled, self._texts(sampled), self._plan)
        return sample_table((explained(one, self._plan) for one in sampled) if unshown else sampled)

    def _texts(self, sampled: Iterable[Sampled]) -> dict[str, str]:
        again = texts_again([*sampled], self._inputs(), self._plan.read, self._store)
        for name, why in again.gone.items():
            print(f"note: pages of {printable(name)} are not in the rejected table: {why}", file=sys.stderr, flush=True)
        return again.texts

    def _inputs(self) -> dict[str, Input]:
        """Inputs by name, read on first use. Not a property, which Beam would evaluate while it builds the graph."""
        if self._known is None:
            self._known = {item.name: item for item in read_inputs(self._settings.inputs_list)}
        return self._known


@beam.typehints.with_output_types(Written)
class WriteAllRejected(_WithPlan):
    """Writes the whole rejected table, a part for each input."""

    def process(self, element: tuple[int, str]) -> Iterator[Written]:
        for path in files_of_group(element[1], self._store)["rejected"]:
            with self._store.read(path) as stream:
                table = TableSource(stream).table()
            number = path.rpartition("/")[2].split(".")[0]
            if table.num_rows:
                yield (
                    "rejected",
                    to_json(write_rejected(number, in_languages(table, self._plan), self._store, self._settings.made)),
                )


def groups_left_out(settings: Settings, element: Any) -> Iterator[tuple[int, str]]:
    """(group, config) for each group that has pages of a dropped output shard."""
    shard, _ = planned_shard(element)
    for group in sorted({_unit(piece.group.path) // settings.group_size for piece in shard.pieces}):
        yield group, shard.config


@beam.typehints.with_output_types(Written)
class WriteRestore(_WithPlan):
    """Writes what `remove` needs, a part for each input that has any, once it is known which languages are kept."""

    def process(self, element: tuple[int, str | dict[str, Iterable[str]]]) -> Iterator[Written]:
        """A group and its summary file, with the dropped configs if there are any."""
        _, found = element
        joined = {"finished": [found], "left_out": []} if isinstance(found, str) else found
        settings, store, configs = self._settings, self._store, {*joined["left_out"]}
        for path in joined["finished"]:
            files = files_of_group(path, store)
            for came in files["came"]:
                unit = UnitFiles(_unit(came), Staged.of(settings.prefix(0), _unit(came)).pages, came)
                few = [GroupFound(file, *sizes) for file, config, _, *sizes in files["groups"] if config in configs]
                left_out = {s for group in few if _unit(group.path) == unit.number for s in self._sources(group)}
                if row := write_restore(unit, len(self._plan.texts), left_out, store, settings.made):
                    yield "restore", to_json(row)

    def _sources(self, group: GroupFound) -> list[str]:
        rows = FinishedRows(RowSlice(group, 0, group.rows), self._store)
        sources: list[str] = rows.places()["source"].to_pylist()
        return sources


def _unit(path: str) -> int:
    """The number of the unit of a staged or finished file."""
    return int(path.rpartition("/")[2].partition(".")[0])


class Finalize(_WithPlan):
    """Runs when everything else is written: statistics, the card, and last the manifest."""

    def process(self, element: tuple[int, Iterable[Written]]) -> None:
        made = [Made(kind, json.loads(data)) for kind, data in element[1]]
        inputs = read_inputs(self._settings.inputs_list)
        settings = self._settings
        left_out = read_left_out(settings.left_out_list)
        owned = owned_keys(settings, self._plan, self._store) if settings.keys else {}
        store, folder = self._store, settings.made
        write_corpus_files(made, inputs, self._plan, settings.description, store, folder, left_out, owned)
