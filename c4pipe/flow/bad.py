"""Inputs of which nothing could be read, and a build that stops when they are too many."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator

import apache_beam as beam

from c4pipe.errors import BuildError
from c4pipe.flow.files import BeamStore
from c4pipe.flow.read import StagedShard
from c4pipe.flow.settings import Settings
from c4pipe.staging import Fault, Staged

SHOWN = 5  # bad inputs that the message names

Bad = tuple[int, str]  # shard number, what is the matter with it
AllBad = tuple[int, list[Bad]]  # how many, and the first of them


@beam.typehints.with_output_types(tuple[int, str])
class BadInputs(beam.DoFn):
    """Of staged shards, those that hold no page because of what is damaged in their inputs."""

    def __init__(self, settings: Settings):
        self._settings = settings

    def process(self, element: tuple[int, StagedShard]) -> Iterator[Bad]:
        shard = element[1][0]
        with BeamStore().read(Staged.of(self._settings.trunk, shard).summary) as stream:
            summary = json.load(stream)
        if summary["faults"] and not summary["ledger"]["stages"][0]["kept"]:
            fault = Fault(*summary["faults"][0])
            name = fault.source.rpartition("#")[0]
            detail = fault.detail.removeprefix(f"{name}: ")
            yield shard, f"{name}: {fault.reason}" + (f" ({detail})" if detail else "")


class FirstBad(beam.CombineFn):
    """Counts bad inputs and keeps the first few."""

    def create_accumulator(self) -> AllBad:
        return 0, []

    def add_input(self, so_far: AllBad, bad: Bad) -> AllBad:
        return so_far[0] + 1, sorted([*so_far[1], bad])[:SHOWN]

    def merge_accumulators(self, accumulators: Iterable[AllBad]) -> AllBad:
        all_of = list(accumulators)
        return sum(n for n, _ in all_of), sorted(bad for _, first in all_of for bad in first)[:SHOWN]

    def extract_output(self, all_bad: AllBad) -> AllBad:
        return all_bad


@beam.typehints.with_output_types(tuple[int, StagedShard])
class EnoughRead(beam.DoFn):
    """Passes shards on; BuildError instead where too many inputs are bad."""

    def __init__(self, settings: Settings):
        self._settings = settings

    def process(self, element: tuple[int, StagedShard], bad: AllBad) -> Iterator[tuple[int, StagedShard]]:
        count, first = bad
        total, most = self._settings.inputs, self._settings.max_bad_share
        if count > most * total:
            raise BuildError(
                f"{count} of {total} inputs gave no page because they are damaged or unreadable, more than "
                f"--max-bad-share {most:g} allows: {'; '.join(text for _, text in first)}"
                + ("; ..." if count > len(first) else ".")
            )
        yield element
