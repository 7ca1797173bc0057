"""Rebalancing as one transform: sources are scattered, then outputs are gathered. Only file numbers are shuffled."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import apache_beam as beam

from c4pipe.flow.files import BeamStore
from c4pipe.flow.rebalancing import Rebalancing
from c4pipe.rebalance.finalize import write_mixture_files
from c4pipe.rebalance.gather import write_output
from c4pipe.rebalance.plan import MixturePlan
from c4pipe.rebalance.scatter import Scattered, scatter_source
from c4pipe.shards import files_of_shard, to_json


class _WithPlan(beam.DoFn):
    def __init__(self, job: Rebalancing):
        self._job = job

    def setup(self) -> None:
        self._store = BeamStore(self._job.staging)
        with self._store.read(self._job.plan) as stream:
            self._plan = MixturePlan.from_bytes(stream.read())


@beam.typehints.with_output_types(int)
class Sources(_WithPlan):
    """The numbers of the source shards from which pages are drawn."""

    def process(self, _: None) -> Iterator[int]:
        for split in self._plan.splits:
            yield from self._plan.drawn(split)


@beam.typehints.with_output_types(tuple[int, int])
class Scatter(_WithPlan):
    """Scatters a source shard; emits (0, its number), since all must be done before the first output is gathered."""

    def process(self, number: int) -> Iterator[tuple[int, int]]:
        names = Scattered.of(self._job.staging, number)
        if not (self._store.exists(names.starts) and self._store.exists(names.rows)):  # an earlier run has done it
            scatter_source(self._plan, number, self._store, names)
        yield 0, number


@beam.typehints.with_output_types(int)
class Outputs(_WithPlan):
    """The numbers of the files to be written, once every source is scattered."""

    def process(self, _: tuple[int, Iterable[int]]) -> Iterator[int]:
        yield from range(len(self._plan.outputs))


@beam.typehints.with_output_types(tuple[int, bytes])
class Gather(_WithPlan):
    """Writes one file of the mixture; emits (0, its row of the manifest as JSON)."""

    def process(self, number: int) -> Iterator[tuple[int, bytes]]:
        output, job = self._plan.outputs[number], self._job
        path = self._plan.path(output)
        if not (self._store.exists(job.note(path)) and self._as_noted(path)):
            row = to_json(write_output(self._plan, output, job.staging, self._store, job.made, job.formats))
            with self._store.write(job.note(path)) as stream:  # written last: if it exists, the file is complete
                stream.write(row)
        with self._store.read(job.note(path)) as stream:
            yield 0, stream.read()

    def _as_noted(self, path: str) -> bool:
        """Whether the files match the note."""
        with self._store.read(self._job.note(path)) as stream:
            files = files_of_shard(json.load(stream))
        return all(self._store.holds(f"{self._job.made}/{file['path']}", file["sha256"]) for file in files)


class FinalizeMixture(_WithPlan):
    """Runs when everything else is written: statistics, the picture, the card, and last the manifest."""

    def process(self, element: tuple[int, Iterable[bytes]]) -> None:
        rows = [json.loads(row) for row in element[1]]
        write_mixture_files(rows, self._plan, self._job.description, self._store, self._job.made)


@dataclass
class Rebalance(beam.PTransform):
    """Corpora to mixture. Text goes through files, each written before a shuffle and read after it."""

    job: Rebalancing

    def __post_init__(self) -> None:
        super().__init__()

    def expand(self, begin: beam.Pipeline) -> beam.PCollection:
        job = self.job
        return (
            begin
            | "Begin" >> beam.Create([None])
            | "Sources" >> beam.ParDo(Sources(job))
            | "SpreadSources" >> beam.Reshuffle()
            | "Scatter" >> beam.ParDo(Scatter(job))
            | "AllScattered" >> beam.GroupByKey()
            | "Outputs" >> beam.ParDo(Outputs(job))
            | "SpreadOutputs" >> beam.Reshuffle()
            | "Gather" >> beam.ParDo(Gather(job))
            | "AllWritten" >> beam.GroupByKey()
            | "Finalize" >> beam.ParDo(FinalizeMixture(job))
        )
