"""Every rule and reason in words, from their one declaration: for the docs, the manifest, the card and the report."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import asdict, is_dataclass
from typing import Any

from c4pipe.page import Reason
from c4pipe.presets import EN, PRESETS, Preset, for_format
from c4pipe.rules import RULES, LineEdit
from c4pipe.stages import Clean, Dedup, Filter, Stage


def says(reason: Reason, owner: object = None) -> str:
    """The reason in words, with the thresholds of the rule or stage that gives it."""
    fields = asdict(owner) if is_dataclass(owner) and not isinstance(owner, type) else {}
    return reason.says.format(**{name: _plain(value) for name, value in fields.items()})


def _plain(value: object) -> object:
    if isinstance(value, tuple):
        return ", ".join(map(str, value))
    return f"{value:,}" if isinstance(value, int) else value


def reasons_of(preset: Preset) -> Iterator[tuple[str, Reason, str]]:
    """(stage, reason, its words) in the order in which a page meets them."""
    for stage in preset.stages:
        owners = {rule.reason.code: rule for rule in parts_of(stage) if not isinstance(rule, LineEdit)}
        for reason in stage.reasons():
            yield stage.name, reason, says(reason, owners.get(reason.code, stage))


def parts_of(stage: Stage) -> list[Any]:
    """The rules and edits of a stage, in order."""
    match stage:
        case Filter(rules=rules):
            return list(rules)
        case Clean(lines=lines, then=then):
            return [*lines, *then]
        case Dedup(then=then):
            return list(then)
    return []


def describe(preset: Preset) -> dict[str, Any]:
    """The preset with every threshold and its source, for the manifest."""
    return {"name": preset.name, "says": preset.says, "stages": [describe_stage(stage) for stage in preset.stages]}


def describe_stage(stage: Stage) -> dict[str, Any]:
    """A stage with every threshold and its source."""
    row: dict[str, Any] = {"stage": stage.name, "kind": type(stage).__name__}
    if isinstance(stage, Dedup):
        row["level"] = {"level": type(stage.level).__name__, **asdict(stage.level)}
    elif not isinstance(stage, Filter | Clean):
        row |= {name: value for name, value in asdict(stage).items() if name != "name"}
    rules = [_describe_rule(rule) for rule in parts_of(stage)]
    if rules:
        row["rules"] = rules
    ruled = {rule.get("reason") for rule in rules}
    others = {reason.code: reason.source for reason in stage.reasons() if reason.code not in ruled}
    if others:
        row["reasons"] = others
    return row


def _describe_rule(rule: Any) -> dict[str, Any]:
    source = rule.source if isinstance(rule, LineEdit) else rule.reason.source
    code = {} if isinstance(rule, LineEdit) else {"reason": rule.reason.code}
    return {"rule": type(rule).__name__, **asdict(rule), **code, "source": source}


def rules_table() -> str:
    """Every rule with its default thresholds as a Markdown table."""
    rows = []
    for kind in RULES:
        rule: Any = kind()
        doc = " ".join((kind.__doc__ or "").split())
        if isinstance(rule, LineEdit):
            rows.append((kind.__name__, "", "line", f"{rule.says}. {doc}", rule.source))
        else:
            words = f"{says(rule.reason, rule)}. {doc}"
            rows.append((kind.__name__, f"`{rule.reason.code}`", rule.reason.unit.value, words, rule.reason.source))
    return _markdown(("rule", "reason", "costs", "the line or page …", "source"), rows)


def other_reasons_table() -> str:
    """Every reason that no rule gives: of reading, dedup and language."""
    ruled = {kind().reason.code for kind in RULES if not issubclass(kind, LineEdit)}
    found: dict[str, tuple[str, ...]] = {}
    for preset in (*PRESETS.values(), for_format(EN, "jsonl")):
        for stage, reason, words in reasons_of(preset):
            if reason.code not in ruled:
                found.setdefault(reason.code, (stage, f"`{reason.code}`", reason.unit.value, words, reason.source))
    return _markdown(("stage", "reason", "costs", "the sentence, line or page …", "source"), found.values())


def presets_table() -> str:
    """Every preset with its stages."""
    rows = [(f"`{p.name}`", p.says, " → ".join(stage.name for stage in p.stages)) for p in PRESETS.values()]
    return _markdown(("preset", "what it is", "stages"), rows)


def _markdown(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = [head, ("---",) * len(head), *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines)
