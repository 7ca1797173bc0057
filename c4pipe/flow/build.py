"""The whole build as one transform. The labels are what a runner's graph shows."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import apache_beam as beam

from c4pipe.flow.bad import EnoughRead, JudgeShard
from c4pipe.flow.dedup import ClaimText, ClaimUrls, Grouped, Resolve
from c4pipe.flow.files import Input, read_inputs
from c4pipe.flow.finish import FinishGroup, RowGroup, Written, group_part, row_groups
from c4pipe.flow.read import StagedShard, StageFile
from c4pipe.flow.settings import Settings
from c4pipe.flow.write import (
    KEPT,
    LEFT_OUT,
    Conclude,
    LeaveOut,
    PlanConfig,
    Planned,
    SampledRefs,
    WriteAllRejected,
    WriteSample,
    WriteShard,
)

Corpora = tuple[Settings, ...]


class _Transform(beam.PTransform):
    def __post_init__(self) -> None:  # of the dataclasses below, whose own __init__ does not know Beam's
        super().__init__()


def in_order(element: tuple[int, Iterable[StagedShard]]) -> Grouped:
    """A group with its shards in the order of their numbers, which is the order of their rows."""
    group, shards = element
    return group, sorted(shards)


def alike(corpora: Sequence[Settings], key: Callable[[Settings], Hashable]) -> list[Corpora]:
    """The corpora in groups of the same key, in the order of their first ones."""
    groups: dict[Hashable, list[Settings]] = {}
    for settings in corpora:
        groups.setdefault(key(settings), []).append(settings)
    return [tuple(group) for group in groups.values()]


@dataclass
class BuildCorpora(_Transform):
    """Inputs to corpora. Every file is written before a shuffle and read behind it, so that a retry finds it whole.

    What presets have in common is done once: reading for those that read alike, the dedup of URLs for those with the
    same stages so far, staging and the dedup of text for those with the same trunk.

    What is here any engine can do. No tagged outputs, no side inputs, an end that everything leads to: Beam's
    DaskRunner mixes the first up, computes the second again and wrongly, and does nothing that the last transform
    does not need.
    """

    corpora: Corpora

    def expand(self, begin: beam.Pipeline) -> beam.PCollection:
        inputs = (
            begin
            | "List" >> beam.Create([self.corpora[0].inputs_list])
            | "Inputs" >> beam.FlatMap(read_inputs).with_output_types(tuple[int, Input])
            | "Spread" >> beam.Reshuffle()
        )
        readings = alike(self.corpora, lambda settings: settings.preset.stages[0])
        done = [done for n, corpora in enumerate(readings) for done in inputs | _named("Read", n) >> Reading(corpora)]
        return done | "Done" >> beam.Flatten()


@dataclass
class Reading(_Transform):
    """Corpora whose inputs are read alike."""

    corpora: Corpora

    def expand(self, inputs: beam.PCollection) -> list[beam.PCollection]:
        trunks = alike(self.corpora, lambda settings: settings.trunk)
        staged = inputs | "Stage" >> beam.ParDo(StageFile([corpora[0] for corpora in trunks]))
        lost: dict[Any, beam.PCollection] = {}
        done = []
        for n, corpora in enumerate(trunks):
            settings = corpora[0]
            shards = staged | _named("Staged", n) >> only(n, tuple[int, StagedShard])
            if settings.max_bad_share < 1:
                shards = shards | _named("Check", n) >> Checked(settings)
            groups = shards | _named("Group", n) >> beam.GroupByKey() | _named("InOrder", n) >> beam.Map(in_order)
            if settings.urls not in lost:
                lost[settings.urls] = groups | _named("Urls", n) >> LostUrls(settings)
            done += (groups, lost[settings.urls]) | _named("Trunk", n) >> Trunk(corpora)
        return done


def _named(label: str, number: int) -> str:
    return f"{label}{number}" if number else label


def only(number: int, kind: Any) -> beam.PTransform:
    """Of (number, element) the elements of one number; they are of that type."""
    return beam.FlatMap(lambda numbered: numbered[1:] if numbered[0] == number else ()).with_output_types(kind)


@dataclass
class Checked(_Transform):
    """The same shards, once all are staged and enough of them hold pages."""

    settings: Settings

    def expand(self, staged: beam.PCollection) -> beam.PCollection:
        return (
            staged
            | "Judge" >> beam.ParDo(JudgeShard(self.settings))
            | "AllJudged" >> beam.GroupByKey()
            | "EnoughRead" >> beam.ParDo(EnoughRead(self.settings))
        )


@dataclass
class LostUrls(_Transform):
    """Groups of staged shards to the rows of their pages that lose their URL: (group, packed numbers)."""

    settings: Settings

    def expand(self, groups: beam.PCollection) -> beam.PCollection:
        return (
            groups
            | "ClaimUrls" >> beam.ParDo(ClaimUrls(self.settings))
            | "UrlPartitions" >> beam.GroupByKey()
            | "ResolveUrls" >> beam.ParDo(Resolve(self.settings, "url"))
        )


@dataclass
class Trunk(_Transform):
    """Corpora that share their staged shards, from groups of these and the rows that lost their URL to their files."""

    corpora: Corpora

    def expand(self, groups_and_lost: tuple[beam.PCollection, beam.PCollection]) -> list[beam.PCollection]:
        groups, urls = groups_and_lost
        joined = {"shards": groups, "urls": urls}
        if self.corpora[0].plan.text is not None:
            joined["text"] = self._lost_text(joined)
        finished = joined | "JoinLost" >> beam.CoGroupByKey() | "Finish" >> beam.ParDo(FinishGroup(self.corpora))
        return [
            finished | _named("Finished", n) >> only(n, tuple[int, str]) | _named("Write", n) >> Write(settings)
            for n, settings in enumerate(self.corpora)
        ]

    def _lost_text(self, joined: dict[str, beam.PCollection]) -> beam.PCollection:
        settings = self.corpora[0]
        return (
            joined
            | "JoinUrls" >> beam.CoGroupByKey()
            | "ClaimText" >> beam.ParDo(ClaimText(settings))
            | "TextPartitions" >> beam.GroupByKey()
            | "ResolveText" >> beam.ParDo(Resolve(settings, "text"))
        )


@dataclass
class Write(_Transform):
    """The finished groups of one corpus to its files; the manifest comes last."""

    settings: Settings

    def expand(self, groups: beam.PCollection) -> beam.PCollection:
        finished = groups | "Spread" >> beam.Reshuffle()
        counts = finished | "Counts" >> beam.Map(group_part).with_output_types(Written)
        return (
            (*self._shards(finished), self._rejected(finished), counts)
            | "Parts" >> beam.Flatten()
            | "Gather" >> beam.GroupBy(lambda _: 0)
            | "Conclude" >> beam.ParDo(Conclude(self.settings))
        )

    def _shards(self, finished: beam.PCollection) -> list[beam.PCollection]:
        settings = self.settings
        planned = (
            finished
            | "RowGroups" >> beam.FlatMap(row_groups).with_output_types(RowGroup)
            | "Splits" >> beam.GroupByKey()
            | "PlanShards" >> beam.ParDo(PlanConfig(settings))
            | "SpreadShards" >> beam.Reshuffle()
        )
        written = planned | "Kept" >> only(KEPT, Planned) | "WriteShards" >> beam.ParDo(WriteShard(settings))
        if settings.plan.size is None:
            return [written]
        few = planned | "Few" >> only(LEFT_OUT, Planned) | "LeaveOut" >> beam.ParDo(LeaveOut(settings))
        return [written, few]

    def _rejected(self, finished: beam.PCollection) -> beam.PCollection:
        if self.settings.rejected == "all":
            return finished | "WriteRejected" >> beam.ParDo(WriteAllRejected(self.settings))
        return (
            finished
            | "Sampled" >> beam.ParDo(SampledRefs(self.settings))
            | "Outcomes" >> beam.GroupByKey()
            | "WriteSample" >> beam.ParDo(WriteSample(self.settings))
        )
