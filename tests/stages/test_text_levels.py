"""c4pipe.stages.text_levels: which stages a preset has with other levels of text than its own."""

from __future__ import annotations

from dataclasses import replace

import pytest

from c4pipe.corpus.catalogue import describe
from c4pipe.dedup import LineLevel, NearLevel, SpanLevel, TextLevel, UrlLevel, WindowLevel
from c4pipe.errors import ConfigError
from c4pipe.presets import EN, EN_NEAR, EN_NOCLEAN, EN_TFDS, MULTILINGUAL, PRESETS, for_languages
from c4pipe.rules import MaxChars, MinSentences
from c4pipe.stages import Dedup, Filter, Preset, Read, Scope
from c4pipe.stages.text_levels import TEXT_LEVELS, levels_named, near_level, with_levels, with_near

THREE = (MinSentences(3),)


def names(preset: Preset) -> str:
    return " ".join(stage.name for stage in preset.stages)


def stage(preset: Preset, name: str) -> Dedup | Filter:
    return next(stage for stage in preset.stages if stage.name == name)


@pytest.mark.parametrize(
    ("preset", "asked", "stages"),
    [
        (EN, "lines", "read length url clean lines language badwords"),
        (EN, "windows,spans", "read length url clean windows spans language badwords"),
        (EN, "near,lines", "read length url clean lines language badwords near"),
        (EN, "near", "read length url clean spans.rules language badwords near"),
        (EN, "none", "read length url clean spans.rules language badwords"),
        (EN_NEAR, "windows", "read length url clean windows language badwords"),
        (EN_TFDS, "none", "read length url clean lines.rules language badwords"),
        (EN_NOCLEAN, "lines,near", "read length url lines language near"),
        (MULTILINGUAL, "windows,near", "read length url paragraphs windows language badwords near size"),
        (MULTILINGUAL, "none", "read length url paragraphs language badwords size"),
        (MULTILINGUAL.without("lines"), "lines", "read length url paragraphs lines language badwords size"),
    ],
)
def test_levels_stand_where_those_of_the_preset_stood(preset: Preset, asked: str, stages: str) -> None:
    assert names(with_levels(preset, levels_named(asked))) == stages


def test_page_rules_stay_behind_the_last_level_or_where_none_is_left() -> None:
    changed = with_levels(EN, ("lines", "windows"))
    assert stage(changed, "lines") == Dedup("lines", LineLevel())
    assert stage(changed, "windows") == Dedup("windows", WindowLevel(), then=THREE)
    assert stage(with_levels(EN, ("near",)), "spans.rules") == Filter("spans.rules", THREE)


def test_rules_of_each_dedup_of_a_users_preset_keep_their_place() -> None:
    """Its second dedup of spans stands behind a filter, and moves; its rules do not."""
    spans = SpanLevel("sentencex:de", 4)
    longer, long = (MinSentences(5),), Filter("long", (MaxChars(9),))
    stages = (Read(), Dedup("url", UrlLevel()), Dedup("lines", LineLevel(), THREE), long, Dedup("few", spans, longer))
    own = Preset("own", "", stages)
    both = with_levels(own, ("spans", "lines"))
    assert names(both) == "read url few lines long few.rules"
    assert [stage(both, name).then for name in ("few", "lines")] == [(), THREE]
    assert stage(both, "few").level == spans  # its own fields stay
    assert stage(both, "few.rules") == Filter("few.rules", longer)
    near = replace(own, stages=(*stages, Dedup("alike", NearLevel(bands=5), THREE)))
    assert stage(with_levels(near, ("near",)), "alike") == stage(near, "alike")
    assert names(with_levels(near, ("near",))) == "read url lines.rules long few.rules alike"
    assert names(with_levels(near, ())) == "read url lines.rules long few.rules alike.rules"


@pytest.mark.parametrize("preset", PRESETS.values(), ids=PRESETS)
def test_its_own_levels_leave_a_preset_as_it_is(preset: Preset) -> None:
    kinds = {type(level): name for name, level in TEXT_LEVELS.items()}
    own = [kinds[type(stage.level)] for stage in preset.stages if stage.scope is Scope.TEXT]
    assert with_levels(preset, levels_named(",".join(own) or "none")) is preset


@pytest.mark.parametrize("preset", PRESETS.values(), ids=PRESETS)
@pytest.mark.parametrize("asked", ["none", "lines", "near,windows,spans,lines"])
def test_all_else_stays_in_its_order(preset: Preset, asked: str) -> None:
    changed = with_levels(preset, levels_named(asked))
    texts = [stage for stage in changed.stages if stage.scope is Scope.TEXT]
    assert [type(stage.level) for stage in texts] == [type(TEXT_LEVELS[name]) for name in levels_named(asked)]
    kept = [stage for stage in changed.stages if stage.scope is not Scope.TEXT and not stage.name.endswith(".rules")]
    assert kept == [stage for stage in preset.stages if stage.scope is not Scope.TEXT]
    rules = [rule for stage in preset.stages if stage.scope is Scope.TEXT for rule in stage.then]
    left = [rule for s in changed.stages for rule in (s.then if s in texts else s.rules if s not in kept else ())]
    assert left == rules
    assert with_levels(changed, levels_named(asked)) == changed


def test_a_preset_with_other_levels_says_so() -> None:
    assert with_levels(EN, ("lines", "near")).says == "`en` with other text levels: lines, near"
    assert describe(with_levels(EN, ()))["says"] == "`en` without text levels"


def test_a_new_level_of_sentences_is_for_the_languages_of_the_preset() -> None:
    german = with_levels(for_languages(EN_NOCLEAN, ["de"]), ("spans",))
    assert stage(german, "spans").level == SpanLevel("sentencex:de")
    assert for_languages(with_levels(EN_NOCLEAN, ("spans",)), ["de"]).stages == german.stages


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        (
            "lnies",
            "unknown text level in --dedup 'lnies'. Did you mean 'lines'? Known: lines, spans, windows, near",
        ),
        ("lines,none", "unknown text level in --dedup 'none'"),
        ("", "unknown text level in --dedup ''"),
        ("near,lines,near", "'near' is listed twice"),
    ],
)
def test_what_is_no_list_of_levels(asked: str, said: str) -> None:
    with pytest.raises(ConfigError) as error:
        levels_named(asked)
    assert said in str(error.value)


def test_near_duplicates_are_verified_and_chosen_as_asked() -> None:
    assert near_level(EN) is None
    assert with_near(EN, 0.5, "newest") == EN
    assert near_level(with_near(EN_NEAR, 0.9, None)) == NearLevel(verify=0.9)
    assert near_level(with_near(EN_NEAR, None, "longest")) == NearLevel(stays="longest")
    assert near_level(with_near(EN_NEAR, 0.0, None)) == NearLevel(verify=NearLevel().threshold)
    assert with_near(EN_NEAR, None, None) == EN_NEAR


def test_a_level_is_listed_once() -> None:
    assert len({type(level) for level in TEXT_LEVELS.values()}) == len(TEXT_LEVELS)
    assert all(isinstance(level, TextLevel) for level in TEXT_LEVELS.values())
