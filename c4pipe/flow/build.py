"""The whole build as one transform. Its labels appear in a runner's graph."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import apache_beam as beam

from c4pipe.flow.apply import ApplyGroup, ConfigRows, Written, group_made, row_groups
from c4pipe.flow.bad import EnoughRead, JudgeUnit
from c4pipe.flow.dedup import ClaimText, ClaimUrls, Grouped, Resolve
from c4pipe.flow.inputs import WorkUnit, pack_unit, read_units
from c4pipe.flow.linking import LostPages
from c4pipe.flow.numbered import only
from c4pipe.flow.read import StagedUnit, StageUnit
from c4pipe.flow.settings import Settings
from c4pipe.flow.write import (
    SHARD_LEFT_OUT,
    SHARD_WRITTEN,
    Finalize,
    LeaveOut,
    PlanConfig,
    Planned,
    SampledRefs,
    WriteAllRejected,
    WriteRestore,
    WriteSample,
    WriteShard,
    groups_left_out,
)

Corpora = tuple[Settings, ...]


class _Transform(beam.PTransform):
    def __post_init__(self) -> None:  # for the dataclasses below, whose __init__ does not call Beam's
        super().__init__()


def in_order(element: tuple[int, Iterable[StagedUnit]]) -> Grouped:
    """A group with its inputs in the order of their numbers, which is the order of their rows."""
    group, inputs = element
    return group, sorted(inputs)


def alike(corpora: Sequence[Settings], key: Callable[[Settings], Hashable]) -> list[Corpora]:
    """The corpora grouped by key, in the order of each group's first corpus."""
    groups: dict[Hashable, list[Settings]] = {}
    for settings in corpora:
        groups.setdefault(key(settings), []).append(settings)
    return [tuple(group) for group in groups.values()]


@dataclass
class BuildCorpora(_Transform):
    """Inputs to corpora. Every file is written before a shuffle and read after it, so that a retry finds it complete.

    What presets have in common is done once: reading for those with the same reader, URL dedup for those with the same
    stages before it, staging and each text dedup for those that agree up to it.

    Only features that every engine supports are used: no tagged outputs, no side inputs, and one end that every
    transform leads to. Beam's DaskRunner mixes up the first, computes the second twice and wrongly, and skips whatever
    the last transform does not need.
    """

    corpora: Corpora

    def expand(self, begin: beam.Pipeline) -> beam.PCollection:
        first = self.corpora[0]
        units = (
            begin
            | "List" >> beam.Create([first.inputs_list])
            | "Units" >> beam.FlatMap(read_units, first.units_list).with_output_types(tuple[int, bytes])
            | "Spread" >> beam.Reshuffle()
        )
        readings = alike(self.corpora, lambda settings: settings.preset.stages[0])
        done = [done for n, corpora in enumerate(readings) for done in units | _named("Read", n) >> Reading(corpora)]
        return done | "Done" >> beam.Flatten()


@dataclass
class StageUnits(_Transform):
    """Some units, by their numbers, to staged files, which the build of the same corpora then finds."""

    corpora: Corpora
    units: dict[int, WorkUnit]

    def expand(self, begin: beam.Pipeline) -> beam.PCollection:
        packed = [(number, pack_unit(unit)) for number, unit in self.units.items()]
        units = begin | "Units" >> beam.Create(packed) | "Spread" >> beam.Reshuffle()
        readings = alike(self.corpora, lambda settings: settings.preset.stages[0])
        done = [units | _named("Stage", n) >> _stage(_prefixes(corpora)) for n, corpora in enumerate(readings)]
        return done | "Done" >> beam.Flatten()


def _prefixes(corpora: Corpora) -> list[Corpora]:
    """Corpora with the same reader, in groups that share staged files."""
    return alike(corpora, lambda settings: settings.prefix(0))


def _stage(prefixes: Sequence[Corpora]) -> beam.PTransform:
    return beam.ParDo(StageUnit([corpora[0] for corpora in prefixes]))


@dataclass
class Reading(_Transform):
    """Corpora whose inputs are read the same way."""

    corpora: Corpora

    def expand(self, inputs: beam.PCollection) -> list[beam.PCollection]:
        prefixes = _prefixes(self.corpora)
        staged = inputs | "Stage" >> _stage(prefixes)
        lost: dict[Any, beam.PCollection] = {}
        done = []
        for n, corpora in enumerate(prefixes):
            settings = corpora[0]
            mine = staged | _named("Staged", n) >> only(n, tuple[int, StagedUnit])
            if settings.max_bad_share < 1:
                mine = mine | _named("Check", n) >> Checked(settings)
            groups = mine | _named("Group", n) >> beam.GroupByKey() | _named("InOrder", n) >> beam.Map(in_order)
            if settings.urls not in lost:
                lost[settings.urls] = groups | _named("Urls", n) >> LostUrls(settings)
            done += {"inputs": groups, "urls": lost[settings.urls]} | _named("Leg", n) >> CarryOut(corpora, 0)
        return done


def _named(label: str, number: int) -> str:
    return f"{label}{number}" if number else label


@dataclass
class Checked(_Transform):
    """The same inputs, after all are staged and enough of them hold pages."""

    settings: Settings

    def expand(self, staged: beam.PCollection) -> beam.PCollection:
        return (
            staged
            | "Judge" >> beam.ParDo(JudgeUnit(self.settings))
            | "AllJudged" >> beam.GroupByKey()
            | "EnoughRead" >> beam.ParDo(EnoughRead(self.settings))
        )


@dataclass
class LostUrls(_Transform):
    """Groups of staged inputs to the rows of their pages that lose their URL: (group, packed numbers)."""

    settings: Settings

    def expand(self, groups: beam.PCollection) -> beam.PCollection:
        return (
            groups
            | "ClaimUrls" >> beam.ParDo(ClaimUrls(self.settings))
            | "UrlPartitions" >> beam.GroupByKey()
            | "ResolveUrls" >> beam.ParDo(Resolve(self.settings, "url"))
        )


@dataclass
class CarryOut(_Transform):
    """Corpora that agree up to a text dedup: from groups of staged inputs (and, for the first leg, the rows that lost
    their URL) to the files of those that end here, and to the next dedup for the others.
    """

    corpora: Corpora
    number: int

    def expand(self, joined: dict[str, beam.PCollection]) -> list[beam.PCollection]:
        if self.corpora[0].plan.texts:
            joined = {**joined, "text": self._lost_text(joined)}
        last = [settings for settings in self.corpora if len(settings.plan.starts) == self.number + 1]
        others = [settings for settings in self.corpora if len(settings.plan.starts) > self.number + 1]
        onward = alike(others, lambda settings: settings.prefix(self.number + 1))
        takers = [*((settings, True) for settings in last), *((corpora[0], False) for corpora in onward)]
        applied = joined | "JoinLost" >> beam.CoGroupByKey() | "Apply" >> beam.ParDo(ApplyGroup(takers, self.number))
        done = [
            applied | _named("Finished", n) >> only(n, tuple[int, str]) | _named("Write", n) >> Write(settings)
            for n, settings in enumerate(last)
        ]
        for n, corpora in enumerate(onward, len(last)):
            groups = applied | _named("Restaged", n) >> only(n, Grouped)
            # A retry must find the files of an earlier leg complete.
            groups = groups | _named("SpreadRestaged", n) >> beam.Reshuffle()
            done += {"inputs": groups} | _named("NextLeg", n) >> CarryOut(corpora, self.number + 1)
        return done

    def _lost_text(self, joined: dict[str, beam.PCollection]) -> beam.PCollection:
        settings = self.corpora[0]
        if settings.plan.links(self.number):
            return joined | LostPages(settings, self.number)
        return (
            joined
            | "JoinUrls" >> beam.CoGroupByKey()
            | "ClaimText" >> beam.ParDo(ClaimText(settings, self.number))
            | "TextPartitions" >> beam.GroupByKey()
            | "ResolveText" >> beam.ParDo(Resolve(settings, "text", self.number))
        )


@dataclass
class Write(_Transform):
    """The finished groups of one corpus to its files; the manifest comes last."""

    settings: Settings

    def expand(self, groups: beam.PCollection) -> beam.PCollection:
        settings = self.settings
        finished = groups | "Spread" >> beam.Reshuffle()
        made = partial(group_made, settings.staging)
        counts = finished | "Counts" >> beam.Map(made).with_output_types(Written)
        planned = self._planned(finished)
        written = planned | "Kept" >> only(SHARD_WRITTEN, Planned) | "WriteShards" >> beam.ParDo(WriteShard(settings))
        parts = [written, self._rejected(finished), counts]
        few = None if settings.plan.size is None else planned | "Few" >> only(SHARD_LEFT_OUT, Planned)
        if few is not None:
            parts.append(few | "LeaveOut" >> beam.ParDo(LeaveOut(settings)))
        if settings.restorable:
            parts.append(self._restore(finished, few))
        return (
            parts
            | "Made" >> beam.Flatten()
            | "Gather" >> beam.GroupBy(lambda _: 0)
            | "Finalize" >> beam.ParDo(Finalize(settings))
        )

    def _planned(self, finished: beam.PCollection) -> beam.PCollection:
        settings = self.settings
        return (
            finished
            | "RowGroups" >> beam.FlatMap(partial(row_groups, settings.staging)).with_output_types(ConfigRows)
            | "Splits" >> beam.GroupByKey()
            | "PlanShards" >> beam.ParDo(PlanConfig(settings))
            | "SpreadShards" >> beam.Reshuffle()
        )

    def _restore(self, finished: beam.PCollection, few: beam.PCollection | None) -> beam.PCollection:
        if few is None:  # no group to wait for
            return finished | "Restore" >> beam.ParDo(WriteRestore(self.settings))
        groups = partial(groups_left_out, self.settings)
        left_out = few | "LeftOut" >> beam.FlatMap(groups).with_output_types(tuple[int, str])
        joined = {"finished": finished, "left_out": left_out} | "JoinLeftOut" >> beam.CoGroupByKey()
        return joined | "Restore" >> beam.ParDo(WriteRestore(self.settings))

    def _rejected(self, finished: beam.PCollection) -> beam.PCollection:
        if self.settings.rejected == "all":
            return finished | "WriteRejected" >> beam.ParDo(WriteAllRejected(self.settings))
        return (
            finished
            | "Sampled" >> beam.ParDo(SampledRefs(self.settings))
            | "Outcomes" >> beam.GroupByKey()
            | "WriteSample" >> beam.ParDo(WriteSample(self.settings))
        )
