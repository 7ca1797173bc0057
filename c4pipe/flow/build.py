"""The whole build as one transform. The labels are what a runner's graph shows."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import apache_beam as beam

from c4pipe.flow.bad import BadInputs, EnoughRead, FirstBad
from c4pipe.flow.dedup import ClaimText, ClaimUrls, Grouped, Resolve
from c4pipe.flow.files import Input, read_inputs
from c4pipe.flow.read import StagedShard, StageFile
from c4pipe.flow.settings import Settings
from c4pipe.flow.write import (
    Conclude,
    FinishGroup,
    PlanSplit,
    SampledRefs,
    WriteAllRejected,
    WriteSample,
    WriteShard,
    group_part,
    row_groups,
)


def in_order(element: tuple[int, Iterable[StagedShard]]) -> Grouped:
    """A group with its shards in the order of their numbers, which is the order of their rows."""
    group, shards = element
    return group, sorted(shards)


@dataclass
class BuildCorpus(beam.PTransform):
    """Inputs to corpus. Every file is written before a shuffle and read behind it, so that a retry finds it whole."""

    settings: Settings

    def __post_init__(self) -> None:
        super().__init__()

    def expand(self, begin: beam.Pipeline) -> beam.PCollection:
        settings = self.settings
        staged = (
            begin
            | "List" >> beam.Create([settings.inputs_list])
            | "Inputs" >> beam.FlatMap(read_inputs).with_output_types(tuple[int, Input])
            | "Spread" >> beam.Reshuffle()
            | "Stage" >> beam.ParDo(StageFile(settings))
        )
        if settings.max_bad_share < 1:
            staged = self._checked(staged)
        groups = staged | "Group" >> beam.GroupByKey() | "InOrder" >> beam.Map(in_order)
        joined = {"shards": groups, "urls": self._lost_urls(staged, groups)}
        if settings.plan.text is not None:
            joined["text"] = self._lost_text(staged, joined)
        finished = (
            joined
            | "JoinLost" >> beam.CoGroupByKey()
            | "Finish" >> beam.ParDo(FinishGroup(settings))
            | "Finished" >> beam.Reshuffle()
        )
        parts = (
            self._shards(finished),
            self._rejected(finished),
            finished | "Counts" >> beam.Map(group_part).with_output_types(tuple[str, bytes]),
        )
        return (
            parts
            | "Parts" >> beam.Flatten()
            | "Gather" >> beam.GroupBy(lambda _: 0)
            | "Conclude" >> beam.ParDo(Conclude(settings))
        )

    def _checked(self, staged: beam.PCollection) -> beam.PCollection:
        """The same shards, once all are staged and enough of them hold pages."""
        bad = staged | "Bad" >> beam.ParDo(BadInputs(self.settings)) | "AllBad" >> beam.CombineGlobally(FirstBad())
        return staged | "EnoughRead" >> beam.ParDo(EnoughRead(self.settings), bad=beam.pvalue.AsSingleton(bad))

    def _lost_urls(self, staged: beam.PCollection, groups: beam.PCollection) -> beam.PCollection:
        total = staged | "Rows" >> beam.Map(lambda item: item[1][1]) | "AllRows" >> beam.CombineGlobally(sum)
        return (
            groups
            | "ClaimUrls" >> beam.ParDo(ClaimUrls(self.settings), total=beam.pvalue.AsSingleton(total))
            | "UrlPartitions" >> beam.GroupByKey()
            | "ResolveUrls" >> beam.ParDo(Resolve(self.settings, "url"))
        )

    def _lost_text(self, staged: beam.PCollection, joined: dict[str, beam.PCollection]) -> beam.PCollection:
        total = staged | "Atoms" >> beam.Map(lambda item: item[1][2]) | "AllAtoms" >> beam.CombineGlobally(sum)
        return (
            joined
            | "JoinUrls" >> beam.CoGroupByKey()
            | "ClaimText" >> beam.ParDo(ClaimText(self.settings), total=beam.pvalue.AsSingleton(total))
            | "TextPartitions" >> beam.GroupByKey()
            | "ResolveText" >> beam.ParDo(Resolve(self.settings, "text"))
        )

    def _shards(self, finished: beam.PCollection) -> beam.PCollection:
        return (
            finished
            | "RowGroups"
            >> beam.FlatMap(row_groups).with_output_types(tuple[tuple[str, str], tuple[str, int, int, int]])
            | "Splits" >> beam.GroupByKey()
            | "PlanShards" >> beam.ParDo(PlanSplit(self.settings.shards))
            | "SpreadShards" >> beam.Reshuffle()
            | "WriteShards" >> beam.ParDo(WriteShard(self.settings))
        )

    def _rejected(self, finished: beam.PCollection) -> beam.PCollection:
        if self.settings.rejected == "all":
            return finished | "WriteRejected" >> beam.ParDo(WriteAllRejected(self.settings))
        return (
            finished
            | "Sampled" >> beam.ParDo(SampledRefs(self.settings))
            | "Outcomes" >> beam.GroupByKey()
            | "WriteSample" >> beam.ParDo(WriteSample(self.settings))
        )
