"""Every rule and reason in words, from its single declaration: for the docs, the manifest, the card and the report."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import fields
from functools import cache
from typing import Any, NamedTuple

from c4pipe.corpus.identity import class_name
from c4pipe.page import Reason
from c4pipe.part import Part, Told
from c4pipe.presets import EN, PRESETS, for_format, with_exclusions
from c4pipe.rules import RULES, NotExcluded, RobotsAllow
from c4pipe.stages import Classifier, Preset, Stage
from c4pipe.stages.benchmarks import with_benchmarks
from c4pipe.stages.personal import PERSONAL_REASONS, with_personal_masked
from c4pipe.stages.text_levels import TEXT_LEVELS, with_levels


def reasons_of(preset: Preset) -> Iterator[tuple[str, Reason, str]]:
    """(stage, reason, its words) in the order in which a page meets them."""
    for stage in preset.stages:
        for told in stage.told():
            if told.reason is not None:
                yield stage.name, told.reason, told.words


def describe(preset: Preset) -> dict[str, Any]:
    """The preset with every threshold and its source, for the manifest."""
    return {
        "name": preset.name,
        "says": preset.says,
        "own": preset.own,
        "stages": [describe_stage(stage) for stage in preset.stages],
    }


def describe_stage(stage: Stage) -> dict[str, Any]:
    """A stage with every threshold and its source: `inspect.rebuild` recreates it from that.

    `class` is what to import. A level is under `level`, rules are under `rules`. `in` names the field that holds a
    part, and `alone` is set if that field is not a tuple. `reasons` are those that no rule returns, with their sources.
    """
    row: dict[str, Any] = {"stage": stage.name, "kind": type(stage).__name__, "class": class_name(stage)}
    row |= {name: value for name, value in _plain_fields(stage).items() if name != "name"}
    rules = []
    for field, part in _held(stage):
        if part.kind == "level":
            row["level"] = {"level": type(part).__name__, "class": class_name(part), **_plain_fields(part)}
        else:
            alone = {} if isinstance(getattr(stage, field), tuple) else {"alone": True}
            rules.append(_describe_rule(part) | {"in": field} | alone)
    if rules:
        row["rules"] = rules
    ruled = {rule.get("reason") for rule in rules}
    others = {t.code: t.source for t in stage.told() if t.reason is not None and t.code not in ruled}
    if others:
        row["reasons"] = others
    if columns := _columns(stage):
        row["columns"] = columns
    return row


def _held(part: Part) -> Iterator[tuple[str, Part]]:
    """(field, part) for the parts of a part."""
    for field in fields(part):  # type: ignore[arg-type]
        value = getattr(part, field.name)
        yield from (
            (field.name, one) for one in (value if isinstance(value, tuple) else (value,)) if isinstance(one, Part)
        )


def _plain_fields(part: Part) -> dict[str, Any]:
    held = {name for name, _ in _held(part)}
    own = (field.name for field in fields(part))  # type: ignore[arg-type]
    values = {name: getattr(part, name) for name in own if name not in held}
    return {name: value for name, value in values.items() if value != () or name not in ("then", "lines", "rules")}


def _describe_rule(rule: Part) -> dict[str, Any]:
    (told,) = rule.told()
    code = {} if told.reason is None else {"reason": told.code}
    columns = {"columns": _columns(rule)} if rule.columns else {}
    chooses = {"chooses": True} if rule.chooses else {}
    return {
        "rule": type(rule).__name__,
        "class": class_name(rule),
        **_plain_fields(rule),
        **code,
        "source": told.source,
        **columns,
        **chooses,
    }


def _columns(part: Part) -> dict[str, str]:
    return {name: str(kind) for name, kind in part.columns.items()}


def rules_table() -> str:
    """Every rule with its default thresholds as a Markdown table."""
    rows = []
    for kind in RULES:
        doc = " ".join((kind.__doc__ or "").split())
        (told,) = kind().told()
        code = "" if told.reason is None else f"`{told.code}`"
        rows.append((kind.__name__, code, told.unit.value, f"{told.words}. {doc}", told.source))
    return _markdown(("rule", "reason", "costs", "the line or page …", "source"), rows)


class Stand(NamedTuple):
    """Where a reason may occur."""

    preset: str
    stage: str
    owner: Part  # the part that returns it: its fields are the thresholds


class KnownReason(NamedTuple):
    """A reason, as its first part declares it, and where it may occur."""

    told: Told
    reason: Reason
    stands: tuple[Stand, ...]  # in the built-in presets
    brought_by: str = ""  # for a reason in no preset, what adds it: an option of a build, or a part


@cache
def known_reasons() -> dict[str, KnownReason]:
    """Every reason by its code: those of rules in the order of the docs, then those of reading, dedup and language."""
    found: dict[str, Told] = {}
    for kind in RULES:
        found.update({told.code: told for told in kind().told() if told.reason is not None})
    stands: dict[str, dict[Stand, None]] = {}
    for preset, stage, told in _met(PRESETS.values()):
        found.setdefault(told.code, told)
        stands.setdefault(told.code, {})[Stand(preset, stage, told.owner)] = None
    brought: dict[str, str] = {}
    for by, changed in _changed():
        for _, _, told in _met([changed]):
            if told.code not in stands:
                found.setdefault(told.code, _unset(told) if isinstance(told.owner, Classifier) else told)
                brought.setdefault(told.code, by)
    return {
        code: KnownReason(told, told.reason, tuple(stands.get(code, ())), brought.get(code, ""))
        for code, told in found.items()
        if told.reason is not None
    }


def _met(presets: Iterable[Preset]) -> Iterator[tuple[str, str, Told]]:
    for preset in presets:
        for stage in preset.stages:
            yield from ((preset.name, stage.name, told) for told in stage.told() if told.reason is not None)


def _unset(told: Told) -> Told:
    """The words with names of fields instead of values that the user has to choose."""
    assert told.reason is not None
    return told._replace(words=re.sub(r"\{(\w+)\}", r"`\1`", told.reason.says))


def _changed() -> Iterator[tuple[str, Preset]]:
    """`en` with options of a build and custom parts that no preset has, each with what adds it."""
    yield "`--input-format`, such as `jsonl`,", for_format(EN, "jsonl")
    yield "`--input-format warc`", for_format(EN, "warc")
    yield "`--exclude`", with_exclusions(EN, NotExcluded())
    yield "`--robots`", with_exclusions(EN, RobotsAllow())
    for level in TEXT_LEVELS:
        yield f"`--dedup {level}`", with_levels(EN, (level,))
    yield "`--benchmarks` with `--benchmarks-drop`", with_benchmarks(EN, drop=True)
    # Describing them reads no model.
    yield (
        "a `Classifier` with `above` in your own preset",
        EN.after("language", Classifier("model.bin", "hq", above=0.5)),
    )
    drawing = Classifier("model.bin", "hq", bins=((1.0, 1.0),))
    yield "a `Classifier` with `bins` in your own preset", EN.after("language", drawing)
    for kind in PERSONAL_REASONS:
        yield f"`--mask-personal {kind}`", with_personal_masked(EN, (kind,))


def other_reasons_table() -> str:
    """Every reason that does not belong to a rule: of reading, dedup and language."""
    ruled = {told.code for kind in RULES for told in kind().told()}
    found: dict[str, tuple[str, ...]] = {}
    for _, stage, told in _met([*PRESETS.values(), *(preset for _, preset in _changed())]):
        if told.code not in ruled:
            words = known_reasons()[told.code].told.words
            found.setdefault(told.code, (stage, f"`{told.code}`", told.unit.value, words, told.source))
    return _markdown(("stage", "reason", "costs", "the sentence, passage, line or page …", "source"), found.values())


def presets_table() -> str:
    """Every preset with its stages."""
    rows = [(f"`{p.name}`", p.says, " → ".join(stage.name for stage in p.stages)) for p in PRESETS.values()]
    return _markdown(("preset", "what it is", "stages"), rows)


def _markdown(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = [head, ("---",) * len(head), *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines)
