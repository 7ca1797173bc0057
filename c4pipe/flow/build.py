"""The whole build as one transform. The labels are what a runner's graph shows."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import apache_beam as beam

from c4pipe.flow.bad import BadInputs, EnoughRead, FirstBad
from c4pipe.flow.dedup import ClaimText, ClaimUrls, Grouped, Resolve
from c4pipe.flow.files import Input, read_inputs
from c4pipe.flow.finish import FinishGroup, group_part, row_groups
from c4pipe.flow.read import StagedShard, StageFile
from c4pipe.flow.settings import Settings, tag_of
from c4pipe.flow.write import (
    LEFT_OUT,
    Conclude,
    LeaveOut,
    PlanSplit,
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


def rows_in(grouped: Grouped) -> int:
    """The pages of a group that reached URL dedup."""
    return sum(rows for _, rows, _ in grouped[1])


def atoms_in(grouped: Grouped) -> int:
    """The lines or sentences of a group."""
    return sum(atoms for _, _, atoms in grouped[1])


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
    """

    corpora: Corpora

    def expand(self, begin: beam.Pipeline) -> list[beam.PCollection]:
        inputs = (
            begin
            | "List" >> beam.Create([self.corpora[0].inputs_list])
            | "Inputs" >> beam.FlatMap(read_inputs).with_output_types(tuple[int, Input])
            | "Spread" >> beam.Reshuffle()
        )
        readings = alike(self.corpora, lambda settings: settings.preset.stages[0])
        return [done for n, corpora in enumerate(readings) for done in inputs | _named("Read", n) >> Reading(corpora)]


@dataclass
class Reading(_Transform):
    """Corpora whose inputs are read alike."""

    corpora: Corpora

    def expand(self, inputs: beam.PCollection) -> list[beam.PCollection]:
        trunks = alike(self.corpora, lambda settings: settings.trunk)
        first = [corpora[0] for corpora in trunks]
        staged = inputs | "Stage" >> beam.ParDo(StageFile(first)).with_outputs(*(tag_of(s.trunk) for s in first))
        lost: dict[Any, beam.PCollection] = {}
        done = []
        for n, corpora in enumerate(trunks):
            settings = corpora[0]
            shards = _tagged(staged, tag_of(settings.trunk), tuple[int, StagedShard], _named("Staged", n))
            if settings.max_bad_share < 1:
                shards = shards | _named("Check", n) >> Checked(settings)
            groups = shards | _named("Group", n) >> beam.GroupByKey() | _named("InOrder", n) >> beam.Map(in_order)
            if settings.urls not in lost:
                lost[settings.urls] = groups | _named("Urls", n) >> LostUrls(settings)
            done += (groups, lost[settings.urls]) | _named("Trunk", n) >> Trunk(corpora)
        return done


def _named(label: str, number: int) -> str:
    return f"{label}{number}" if number else label


def _tagged(outputs: Any, tag: str, kind: Any, label: str) -> beam.PCollection:
    """One of several outputs, with the type that its transform could not declare."""
    return outputs[tag] | label >> beam.Map(lambda element: element).with_output_types(kind)


@dataclass
class Checked(_Transform):
    """The same shards, once all are staged and enough of them hold pages."""

    settings: Settings

    def expand(self, staged: beam.PCollection) -> beam.PCollection:
        bad = staged | "Bad" >> beam.ParDo(BadInputs(self.settings)) | "AllBad" >> beam.CombineGlobally(FirstBad())
        return staged | "EnoughRead" >> beam.ParDo(EnoughRead(self.settings), bad=beam.pvalue.AsSingleton(bad))


@dataclass
class LostUrls(_Transform):
    """Groups of staged shards to the rows of their pages that lose their URL: (group, packed numbers)."""

    settings: Settings

    def expand(self, groups: beam.PCollection) -> beam.PCollection:
        total = groups | "Rows" >> beam.Map(rows_in) | "AllRows" >> beam.CombineGlobally(sum)
        return (
            groups
            | "ClaimUrls" >> beam.ParDo(ClaimUrls(self.settings), total=beam.pvalue.AsSingleton(total))
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
        finished = (
            joined
            | "JoinLost" >> beam.CoGroupByKey()
            | "Finish" >> beam.ParDo(FinishGroup(self.corpora)).with_outputs(*(tag_of(s.own) for s in self.corpora))
        )
        return [
            _tagged(finished, tag_of(settings.own), tuple[int, str], _named("Finished", n))
            | _named("Write", n) >> Write(settings)
            for n, settings in enumerate(self.corpora)
        ]

    def _lost_text(self, joined: dict[str, beam.PCollection]) -> beam.PCollection:
        settings = self.corpora[0]
        total = joined["shards"] | "Atoms" >> beam.Map(atoms_in) | "AllAtoms" >> beam.CombineGlobally(sum)
        return (
            joined
            | "JoinUrls" >> beam.CoGroupByKey()
            | "ClaimText" >> beam.ParDo(ClaimText(settings), total=beam.pvalue.AsSingleton(total))
            | "TextPartitions" >> beam.GroupByKey()
            | "ResolveText" >> beam.ParDo(Resolve(settings, "text"))
        )


@dataclass
class Write(_Transform):
    """The finished groups of one corpus to its files; the manifest comes last."""

    settings: Settings

    def expand(self, groups: beam.PCollection) -> beam.PCollection:
        finished = groups | "Spread" >> beam.Reshuffle()
        counts = finished | "Counts" >> beam.Map(group_part).with_output_types(tuple[str, bytes])
        return (
            (*self._shards(finished), self._rejected(finished), counts)
            | "Parts" >> beam.Flatten()
            | "Gather" >> beam.GroupBy(lambda _: 0)
            | "Conclude" >> beam.ParDo(Conclude(self.settings))
        )

    def _shards(self, finished: beam.PCollection) -> list[beam.PCollection]:
        settings = self.settings
        rows = finished | "RowGroups" >> beam.FlatMap(row_groups).with_output_types(
            tuple[tuple[str, str], tuple[str, int, int, int]]
        )
        pages = rows | "Pages" >> beam.Map(lambda row: (row[0][0], row[1][2])) | "AllPages" >> beam.CombinePerKey(sum)
        planned = (
            rows
            | "Splits" >> beam.GroupByKey()
            | "PlanShards"
            >> beam.ParDo(PlanSplit(settings), pages=beam.pvalue.AsDict(pages)).with_outputs(LEFT_OUT, main="kept")
        )
        written = (
            planned["kept"] | "SpreadShards" >> beam.Reshuffle() | "WriteShards" >> beam.ParDo(WriteShard(settings))
        )
        if settings.plan.size is None:
            return [written]
        return [
            written,
            planned[LEFT_OUT] | "SpreadFew" >> beam.Reshuffle() | "LeaveOut" >> beam.ParDo(LeaveOut(settings)),
        ]

    def _rejected(self, finished: beam.PCollection) -> beam.PCollection:
        if self.settings.rejected == "all":
            return finished | "WriteRejected" >> beam.ParDo(WriteAllRejected(self.settings))
        return (
            finished
            | "Sampled" >> beam.ParDo(SampledRefs(self.settings))
            | "Outcomes" >> beam.GroupByKey()
            | "WriteSample" >> beam.ParDo(WriteSample(self.settings))
        )
