"""The text deduplication levels by name, and presets with other levels than their own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import dropwhile, takewhile
from typing import cast

from c4pipe.dedup import LineLevel, NearLevel, SpanLevel, TextLevel, WindowLevel
from c4pipe.errors import ConfigError, unknown
from c4pipe.stages.base import Scope, Stage
from c4pipe.stages.dedup import Dedup
from c4pipe.stages.filter import Filter
from c4pipe.stages.preset import Preset

TEXT_LEVELS: dict[str, TextLevel] = {
    "lines": LineLevel(),
    "spans": SpanLevel(),
    "windows": WindowLevel(),
    "near": NearLevel(),
}
NO_LEVELS = "none"
_CLEANING = ("clean", "paragraphs")  # the stages after which text is compared, for presets without text dedup


def levels_named(text: str) -> tuple[str, ...]:
    """The names of `lines,near`, none for `none`: in the order of their levels, those that link pages last.
    Raises ConfigError for an unknown name, or one listed twice."""
    names = text.split(",")
    if names == [NO_LEVELS]:
        return ()
    for name in names:
        if name not in TEXT_LEVELS:
            raise unknown("text level in --dedup", name, [*TEXT_LEVELS, f"{NO_LEVELS} by itself"])
        if names.count(name) > 1:
            raise ConfigError(f"--dedup {text}: {name!r} is listed twice. Leave one of them out.")
    return tuple(sorted(names, key=lambda name: TEXT_LEVELS[name].links))


def with_levels(preset: Preset, names: Sequence[str]) -> Preset:
    """The preset with these levels instead of its own text dedups.

    They replace its first text dedup, or else follow its cleaning, or URLs; a level that links pages is last. A level
    that the preset has keeps its fields, and page rules after a dedup keep their place if that is removed.
    """
    old = [cast(Dedup, preset.stages[i]) for i in preset.indices(Scope.TEXT)]
    chosen = [_standing(name, old, preset.languages) for name in names]
    cutting = [replace(stage, then=()) for stage in chosen if not _links(stage)]
    linking = [stage for stage in chosen if _links(stage)]
    before = _first_ones(preset)
    if cutting:
        cutting[-1] = replace(cutting[-1], then=tuple(rule for stage in before for rule in stage.then))
    stages: list[Stage] = []
    place = 0
    for stage in preset.stages:
        if before and stage is before[0]:
            place = len(stages)
        elif not before and (stage.scope is Scope.URL or stage.name in _CLEANING):
            place = len(stages) + 1
        if stage not in old:
            stages.append(stage)
        elif stage.then and stage not in linking and not (stage in before and cutting):
            stages.append(Filter(f"{stage.name}.rules", stage.then))
    end = len(stages) - (stages[-1].scope is Scope.CONFIG)
    changed = (*stages[:place], *cutting, *stages[place:end], *linking, *stages[end:])
    if changed == preset.stages:
        return preset
    says = f"with other text levels: {', '.join(names)}" if names else "without text levels"
    return replace(preset, says=f"`{preset.name}` {says}", stages=changed)


def near_level(preset: Preset) -> NearLevel | None:
    """The level of a preset that finds near duplicates, if any."""
    levels = (stage.level for stage in preset.stages if isinstance(stage, Dedup))
    return next((level for level in levels if isinstance(level, NearLevel)), None)


def with_near(preset: Preset, verify: float | None, stays: str | None) -> Preset:
    """The preset with these fields of its `NearLevel`, None for unchanged; a `verify` of 0 becomes its threshold."""
    for stage in preset.stages:
        if isinstance(stage, Dedup) and isinstance(stage.level, NearLevel):
            level = stage.level
            if verify is not None:
                level = replace(level, verify=verify or level.threshold)
            preset = preset.on(replace(stage, level=replace(level, stays=stays or level.stays)))
    return preset


def _first_ones(preset: Preset) -> list[Dedup]:
    """The first text dedup that removes pieces, and those that directly follow it."""
    is_one = [isinstance(s, Dedup) and s.scope is Scope.TEXT and not _links(s) for s in preset.stages]
    behind = dropwhile(lambda pair: not pair[1], zip(preset.stages, is_one, strict=True))
    return [cast(Dedup, stage) for stage, _ in takewhile(lambda pair: pair[1], behind)]


def _standing(name: str, old: Sequence[Dedup], languages: tuple[str, ...]) -> Dedup:
    """The stage of a level: the preset's own, or a new one for its languages."""
    level = TEXT_LEVELS[name]
    new = Dedup(name, level.for_languages(languages) if languages else level)
    return next((stage for stage in old if type(stage.level) is type(level)), new)


def _links(stage: Dedup) -> bool:
    return cast(TextLevel, stage.level).links
