"""c4pipe.corpus.catalogue: every reason from its single declaration, and the declarations themselves."""

from __future__ import annotations

import importlib
import inspect
import json
import pkgutil
import string
from collections.abc import Iterator
from dataclasses import asdict, replace
from typing import Any

import pytest

import c4pipe.rules
from c4pipe.corpus.catalogue import (
    describe,
    other_reasons_table,
    presets_table,
    reasons_of,
    rules_table,
)
from c4pipe.dedup import LineLevel, SpanLevel
from c4pipe.page import Page, Reason, Unit
from c4pipe.part import Part, words_of
from c4pipe.presets import EN, EN_2019, EN_TFDS, PRESETS, REALNEWSLIKE, WEBTEXTLIKE, Preset, with_exclusions
from c4pipe.rules import (
    RULES,
    BadWords,
    EnglishRule,
    LineEdit,
    LineRule,
    MaxChars,
    MinSentences,
    MinWords,
    NoBrace,
    NotExcluded,
    PageRule,
    RobotsAllow,
)
from c4pipe.stages import Clean, Dedup, Filter, Identify, Stage
from c4pipe.wet import READ_REASONS

RULED = [rule for rule in RULES if not issubclass(rule, LineEdit)]
EVERY_PRESET = pytest.mark.parametrize("preset", PRESETS.values(), ids=PRESETS)


def every_reason() -> Iterator[tuple[str, Reason]]:
    """(where it is declared, reason), all of them."""
    yield from ((kind.__name__, kind.reason) for kind in RULED)
    yield from (("reading", reason) for reason in READ_REASONS)
    for preset in PRESETS.values():
        for stage in preset.stages:
            yield from ((f"{preset.name}/{stage.name}", reason) for reason in stage.all_reasons())


def test_a_code_belongs_to_one_reason() -> None:
    owners: dict[str, dict[Reason, str]] = {}
    for where, reason in every_reason():
        owners.setdefault(reason.code, {}).setdefault(reason, where)
    shared = {code: list(reasons.values()) for code, reasons in owners.items() if len(reasons) > 1}
    assert shared == {}
    assert len(owners) > 20


def test_codes_are_fit_for_columns_counters_and_anchors() -> None:
    codes = {reason.code for _, reason in every_reason()}
    assert [code for code in codes if not set(code) <= set(string.ascii_lowercase + "_")] == []
    assert "kept" not in codes  # the outcome of a page that nothing rejects


def test_every_reason_has_a_source_and_words() -> None:
    lacking = [where for where, reason in every_reason() if not (reason.source.strip() and reason.says.strip())]
    assert lacking == []


def rules_in(stage: Stage) -> list[Part]:
    """The rules that a stage holds."""
    return [part for part in stage.parts() if not isinstance(stage, Dedup) or part != stage.level]


def breaks(rule: Any, text: str) -> bool:
    if isinstance(rule, LineRule):
        return rule.breaks(text)
    return rule.offence(Page("http://a.example/", text, "2024-05-22T10:11:12Z")) is not None


@pytest.mark.parametrize("kind", RULED, ids=lambda kind: kind.__name__)
def test_the_examples_of_a_rule_are_true(kind: type[LineRule | PageRule]) -> None:
    """Only a rule that asks an outside list may have none: tests/rules shows those at work."""
    reason = kind.reason
    if reason.keeps or reason.drops:
        assert not breaks(kind(), reason.keeps)
        assert breaks(kind(), reason.drops)
    else:
        assert issubclass(kind, PageRule)
        assert kind.bind is not PageRule.bind


def test_the_examples_of_line_rules_break_no_rule_before_them() -> None:
    """A line of C4 falls for the first rule it breaks: an example that another rule takes shows nothing."""
    (clean,) = (stage for stage in EN.stages if isinstance(stage, Clean))
    rules = [step for step in clean.lines if isinstance(step, LineRule)]
    for rule in rules:
        assert next(other for other in rules if other.breaks(rule.reason.drops)) is rule
        assert not any(other.breaks(rule.reason.keeps) for other in rules)


def test_every_rule_of_the_package_is_listed() -> None:
    found = set()
    for info in pkgutil.iter_modules(c4pipe.rules.__path__, "c4pipe.rules."):
        for _, kind in inspect.getmembers(importlib.import_module(info.name), inspect.isclass):
            if issubclass(kind, LineRule | LineEdit | PageRule) and kind.__module__ == info.name:
                found.add(kind)
    assert found - {LineRule, LineEdit, PageRule, EnglishRule} == set(RULES)
    assert len(RULES) == len(set(RULES))
    assert {kind.__name__ for kind in RULES} <= set(c4pipe.rules.__all__)


def test_every_rule_is_used_by_a_preset() -> None:
    presets = [*PRESETS.values(), with_exclusions(EN, NotExcluded(), RobotsAllow())]
    used = {type(part) for preset in presets for stage in preset.stages for part in rules_in(stage)}
    assert set(RULES) <= used


@EVERY_PRESET
def test_every_reason_of_a_preset_has_words_with_its_numbers(preset: Preset) -> None:
    rows = list(reasons_of(preset))
    assert [stage for stage, _, _ in rows] == [stage.name for stage in preset.stages for _ in stage.all_reasons()]
    for _, reason, words in rows:
        fields = [name for _, name, _, _ in string.Formatter().parse(reason.says) if name]
        assert not any("{" + name + "}" in words for name in fields)
        assert words != "" if not fields else words != reason.says


@pytest.mark.parametrize(
    ("owner", "words"),
    [
        (MaxChars(), "has more than 190,000 characters"),
        (MaxChars(10), "has more than 10 characters"),
        (MinWords(3), "has fewer than 3 words"),
        (MinSentences(), "has fewer than 3 sentences"),
        (NoBrace(), "contains “{”"),
        (BadWords(0.999), "contains a listed bad word"),
    ],
)
def test_the_words_of_a_reason_hold_the_numbers_of_the_rule(owner: Any, words: str) -> None:
    assert words_of(owner.reason, owner) == words


def test_the_numbers_in_the_words_are_those_of_the_preset() -> None:
    words = {(stage, reason.code): text for stage, reason, text in reasons_of(EN_2019)}
    assert words["clean", "few_words"] == "has fewer than 3 words"
    assert words["clean", "few_sentences"] == "has fewer than 5 sentences"
    assert words["language", "unsure_language"] == "has a language with a probability below 0.99"
    assert words["language", "other_language"] == "is in none of the languages en"


def numbers_of(value: Any) -> Iterator[Any]:
    """Everything plain inside a value, as JSON would hold it."""
    if isinstance(value, dict):
        for inner in value.values():
            yield from numbers_of(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from numbers_of(inner)
    else:
        yield value


@EVERY_PRESET
def test_the_description_survives_json_and_holds_every_threshold_and_source(preset: Preset) -> None:
    told = json.loads(json.dumps(describe(preset)))
    assert (told["name"], told["says"]) == (preset.name, preset.says)
    assert [row["stage"] for row in told["stages"]] == [stage.name for stage in preset.stages]
    for stage, row in zip(preset.stages, told["stages"], strict=True):
        for part, rule in zip(rules_in(stage), row.get("rules", []), strict=True):
            plain = json.loads(json.dumps(asdict(part)))
            assert rule.items() >= {"rule": type(part).__name__, **plain}.items()
            assert rule["source"] == (part.source if isinstance(part, LineEdit) else part.reason.source)
        sources = set(numbers_of(row))
        assert [r.code for r in stage.all_reasons() if r.source not in sources] == []
        if isinstance(stage, Identify):
            assert (row["by"], row["languages"], row["min_score"]) == (stage.by, list(stage.languages), stage.min_score)
        if isinstance(stage, Dedup):
            assert row["level"].items() >= {"level": type(stage.level).__name__, **asdict(stage.level)}.items()
            assert row["level"]["class"] == f"{type(stage.level).__module__}:{type(stage.level).__name__}"


@pytest.mark.parametrize(
    "changed",
    [
        EN.on(Filter("length", (MaxChars(189_999),))),
        EN.on(replace(EN.stages[3], then=(MinSentences(4),))),
        EN.on(replace(EN.stages[3], then=(MinSentences(3, splitter="punkt:english"),))),
        EN.on(replace(EN.stages[3], lines=EN.stages[3].lines[1:])),
        EN.on(replace(EN.stages[4], level=replace(EN.stages[4].level, width=4))),
        EN.on(replace(EN.stages[5], min_score=0.98)),
        EN.on(Filter("badwords", (BadWords(0.999),))),
        EN.on(replace(EN.stages[0], quirks=True)),
        EN.without("badwords"),
        EN.named("other", EN.says),
    ],
    ids=["chars", "sentences", "splitter", "a rule less", "width", "score", "fraction", "quirks", "stage", "name"],
)
def test_whatever_changes_a_preset_changes_its_description(changed: Preset) -> None:
    assert json.dumps(describe(changed)) != json.dumps(describe(EN))


def test_presets_are_told_apart() -> None:
    assert len({json.dumps(describe(preset)) for preset in PRESETS.values()}) == len(PRESETS)


def rows(table: str) -> list[list[str]]:
    return [[cell.strip() for cell in line.strip("| ").split(" | ")] for line in table.split("\n")]


def test_the_tables_name_every_rule_every_reason_and_every_preset_once() -> None:
    assert [row[0] for row in rows(rules_table())[2:]] == [kind.__name__ for kind in RULES]
    assert [row[0].strip("`") for row in rows(presets_table())[2:]] == list(PRESETS)
    codes = [row[1].strip("`") for table in (rules_table(), other_reasons_table()) for row in rows(table)[2:]]
    named = [code for code in codes if code]
    assert sorted(named) == sorted(set(named))
    assert {reason.code for preset in PRESETS.values() for _, reason, _ in reasons_of(preset)} <= set(named)


def test_the_tables_have_rows_of_one_width() -> None:
    for table in (rules_table(), other_reasons_table(), presets_table()):
        assert len({line.replace("\\|", "").count("|") for line in table.split("\n")}) == 1


def test_what_is_lost_is_what_its_owner_can_take() -> None:
    """A line rule takes a line or the page, a level what it compares or the page that it empties, all else the page."""
    for kind in RULED:
        assert kind.reason.unit in ({Unit.LINE, Unit.PAGE} if issubclass(kind, LineRule) else {Unit.PAGE})
    assert {reason.unit for reason in READ_REASONS} == {Unit.PAGE}
    assert {reason.unit for reason in LineLevel.reasons} == {Unit.LINE, Unit.PAGE}
    assert {reason.unit for reason in SpanLevel.reasons} == {Unit.SENTENCE, Unit.PAGE}
    for preset in PRESETS.values():
        for stage in preset.stages:
            if not isinstance(stage, Clean | Dedup):
                assert {reason.unit for reason in stage.all_reasons()} <= {Unit.PAGE}


def test_stages_of_the_named_presets_show_their_rules() -> None:
    assert [type(part).__name__ for part in rules_in(REALNEWSLIKE.stages[2])] == ["ListedDomain", "ListedSubdomain"]
    assert [type(part).__name__ for part in rules_in(WEBTEXTLIKE.stages[3])] == ["ListedUrl"]
    assert rules_in(EN_TFDS.stages[0]) == []
