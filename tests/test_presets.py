"""c4pipe.presets: the stages by name, a preset derived from another, and a custom rule in ten lines."""

from __future__ import annotations

import pickle
import sys
from collections import Counter
from dataclasses import dataclass, replace
from pathlib import Path
from typing import ClassVar

import pytest

from c4pipe.corpus.catalogue import describe, reasons_of
from c4pipe.corpus.plan import Plan, run_steps
from c4pipe.dedup import LineLevel, NearLevel, SpanLevel, UrlLevel
from c4pipe.documents import FieldKeys
from c4pipe.errors import AssetError, ConfigError
from c4pipe.files.assets import Assets
from c4pipe.page import Dropped, Page, Reason, Rejected, Unit
from c4pipe.presets import (
    EN,
    EN_2019,
    EN_NEAR,
    EN_NOBLOCKLIST,
    EN_NOCLEAN,
    EN_TFDS,
    MULTILINGUAL,
    MULTILINGUAL_NEAR,
    PRESETS,
    REALNEWSLIKE,
    WEBTEXTLIKE,
    Preset,
    c4_lines,
    find_preset,
    for_format,
    for_languages,
    rule_codes,
)
from c4pipe.recipes import RECIPES
from c4pipe.rules import BadWords, EndMark, LineRule, MinParagraphs, MinSentences, MinWords
from c4pipe.stages import Clean, Dedup, Filter, Identify, Read, Size

# What C4 and mC4 do, in their order; a preset has some of it.
ORDER = [
    "read", "length", "domains", "url", "listed", "paragraphs", "clean",
    "lines", "spans", "language", "badwords", "near", "size",
]  # fmt: skip
C4_ORDER = [
    "MaxWordLength", "StripCitations", "EndMark", "MinWords", "NoLoremIpsum", "NoJavascript", "NoBrace", "NoPolicy",
]  # fmt: skip
EVERY_PRESET = pytest.mark.parametrize("preset", PRESETS.values(), ids=PRESETS)
OF_C4 = [preset for preset in PRESETS.values() if preset not in RECIPES]


def names(preset: Preset) -> list[str]:
    return [stage.name for stage in preset.stages]


STAGES = names(EN)


@pytest.mark.parametrize("preset", OF_C4, ids=lambda preset: preset.name)
def test_the_stages_of_a_preset_stand_in_c4s_order(preset: Preset) -> None:
    """Which they are is shown by data_samples/expected."""
    assert names(preset) == sorted(names(preset), key=ORDER.index)


def test_a_preset_is_listed_under_its_name() -> None:
    assert [preset.name for preset in PRESETS.values()] == list(PRESETS)


@pytest.mark.parametrize("preset", [p for p in PRESETS.values() if "clean" in names(p)], ids=lambda p: p.name)
def test_the_line_rules_stand_in_c4s_order(preset: Preset) -> None:
    (clean,) = (stage for stage in preset.stages if isinstance(stage, Clean))
    kinds = [type(step).__name__ for step in clean.lines]
    assert [kind for kind in kinds if kind in C4_ORDER] == C4_ORDER


def test_the_numbers_are_those_of_the_sources() -> None:
    def numbers(preset: Preset) -> tuple[int, int, int]:
        (clean,) = (stage for stage in preset.stages if isinstance(stage, Clean))
        text = next(s for s in preset.stages if isinstance(s, Dedup) and not isinstance(s.level, UrlLevel))
        (words,) = (step.words for step in clean.lines if isinstance(step, MinWords))
        (first,), (second,) = clean.then, text.then
        assert isinstance(first, MinSentences)
        assert isinstance(second, MinSentences)
        return words, first.sentences, second.sentences

    assert numbers(EN) == numbers(EN_TFDS) == numbers(REALNEWSLIKE) == numbers(EN_NOBLOCKLIST) == (5, 3, 3)
    assert numbers(EN_2019) == (3, 5, 5)
    for preset in (preset for preset in OF_C4 if preset not in (MULTILINGUAL, MULTILINGUAL_NEAR)):
        (language,) = (stage for stage in preset.stages if isinstance(stage, Identify))
        assert (language.by, language.languages, language.min_score) == ("langdetect", ("en",), 0.99)


def test_near_duplicates_are_looked_for_among_what_is_left() -> None:
    near = Dedup("near", NearLevel())
    assert EN_NEAR.stages == (*EN.stages, near)
    assert MULTILINGUAL_NEAR.stages == (*MULTILINGUAL.stages[:-1], near, MULTILINGUAL.stages[-1])
    assert (EN_NEAR.config("de"), MULTILINGUAL_NEAR.config("de")) == ("de.near", "de.near")


def test_the_exact_preset_reads_with_quirks_and_counts_with_punkt() -> None:
    assert EN_TFDS.stages[0] == Read(quirks=True)
    assert EN_TFDS.stages[3].then == (MinSentences(3, splitter="punkt:english"),)
    assert EN_TFDS.stages[4].level == LineLevel()
    assert EN_TFDS.stages[4].then == (MinSentences(3, splitter="punkt:english", per_line=False),)
    assert EN.stages[0] == Read(quirks=False)
    assert EN.stages[4].level == SpanLevel("sentencex:en", 3)


EXTRA = Filter("extra", ())


def test_a_variant_is_a_preset_with_one_change() -> None:
    assert names(EN.before("url", EXTRA)) == ["read", "length", "extra", *STAGES[2:]]
    assert names(EN.after("url", EXTRA)) == ["read", "length", "url", "extra", *STAGES[3:]]
    assert names(EN.after("badwords", EXTRA)) == [*STAGES, "extra"]
    assert names(EN.without("clean", "badwords")) == ["read", "length", "url", "spans", "language"]
    mine = EN.named("mine", "for me")
    assert (mine.name, mine.says, mine.stages) == ("mine", "for me", EN.stages)
    short = EN.on(Filter("length", ()))
    assert [a == b for a, b in zip(short.stages, EN.stages, strict=True)] == [True, False, *[True] * 5]
    assert names(EN) == STAGES  # and leaves the first as it was


@pytest.mark.parametrize(
    "change",
    [
        lambda: EN.without("claen"),
        lambda: EN.before("claen", EXTRA),
        lambda: EN.after("claen", EXTRA),
        lambda: EN.on(Clean("claen", ())),
    ],
)
def test_a_stage_that_is_not_there_is_answered_with_those_that_are(change: object) -> None:
    with pytest.raises(ConfigError) as error:
        change()  # type: ignore[operator]
    message = str(error.value)
    assert message.startswith("unknown stage of preset 'en', 'claen'. Did you mean 'clean'? Known: clean, ")
    assert set(message.partition("Known: ")[2].rstrip(".").split(", ")) == set(STAGES)


URL = Dedup("url", UrlLevel())
LINES = Dedup("lines", LineLevel())


@pytest.mark.parametrize(
    ("stages", "message"),
    [
        ((Read(), URL, EXTRA, EXTRA), "names a stage twice: read, url, extra, extra"),
        ((URL,), "must begin with exactly one Read stage; it has url"),
        ((EXTRA, Read(), URL), "must begin with exactly one Read stage"),
        ((Read(), Read("again"), URL), "must begin with exactly one Read stage"),
        ((Read(),), "needs one URL dedup, and any text dedups after it; it has read"),
        ((Read(), URL, Dedup("again", UrlLevel())), "needs one URL dedup"),
        ((Read(), LINES, URL), "needs one URL dedup, and any text dedups after it"),
        ((Read(), LINES), "needs one URL dedup"),
        ((Read(), Clean("clean", (MinWords(),)), URL), "cuts lines in stage 'clean', which must come after"),
        ((Read(), URL, "lines"), "holds 'lines', which is not a stage"),
    ],
)
def test_stages_that_cannot_work_are_refused_at_once(stages: tuple[Read, ...], message: str) -> None:
    with pytest.raises(ConfigError, match=f"^preset 'mine'.*{message}"):
        Preset("mine", "", stages)


def test_the_level_of_a_dedup_is_had_without_the_lists_of_other_stages() -> None:
    plan = Plan(EN, Assets())  # which has no bad words
    assert plan.level(0) == SpanLevel()
    assert Plan(EN_NOCLEAN, Assets()).level(0) is None
    with pytest.raises(AssetError, match="make assets"):
        plan.bind()


def test_the_least_preset_is_reading_and_one_page_a_url() -> None:
    assert names(Preset("mine", "", (Read(), URL))) == ["read", "url"]
    assert Preset("mine", "", (Read(), URL)).languages == ()


def test_a_preset_is_found_by_its_name() -> None:
    assert find_preset("en.noclean") is EN_NOCLEAN
    with pytest.raises(ConfigError, match=r"unknown preset 'en-noclean'. Did you mean 'en.noclean'\?.*webtextlike"):
        find_preset("en-noclean")


@pytest.fixture
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    (tmp_path / "presets_of_a_test.py").write_text(
        "from c4pipe.presets import EN\nSTRICT = EN.named('strict', 'mine')\nNUMBER = 5\n", encoding="utf-8"
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delitem(sys.modules, "presets_of_a_test", raising=False)
    return "presets_of_a_test"


def test_a_preset_is_found_in_a_module_of_ones_own(module: str) -> None:
    assert find_preset(f"{module}:STRICT") == EN.named("strict", "mine")
    with pytest.raises(ConfigError, match=f"^--preset {module}:NUMBER is a int, not a c4pipe.presets.Preset"):
        find_preset(f"{module}:NUMBER")
    with pytest.raises(ConfigError, match=f"^--preset {module}:GONE: .*'GONE'. Expected MODULE:NAME"):
        find_preset(f"{module}:GONE")
    with pytest.raises(ConfigError, match=r"^--preset no_such_module:EN: No module named 'no_such_module'"):
        find_preset("no_such_module:EN")


def test_another_language_changes_the_identifier_and_the_splitter() -> None:
    german = for_languages(EN, ["de"])
    assert german.languages == ("de",)
    assert german.stages[3].then == (MinSentences(3, splitter="sentencex:de"),)
    assert german.stages[4] == Dedup("spans", SpanLevel("sentencex:de", 3), (MinSentences(3, splitter="sentencex:de"),))
    assert [a == b for a, b in zip(german.stages, EN.stages, strict=True)] == [True] * 3 + [False] * 3 + [True]
    assert for_languages(EN_2019, ["de"]).stages[3].then == (MinSentences(5, splitter="sentencex:de"),)


def test_several_languages_leave_the_splitter_alone() -> None:
    both = for_languages(EN, ["en", "de", "en"])
    assert both.languages == ("en", "de")
    assert both == replace(EN, stages=(*EN.stages[:5], replace(EN.stages[5], languages=("en", "de")), EN.stages[6]))


def test_a_presets_own_languages_change_nothing() -> None:
    assert for_languages(EN, ["en"]) is EN
    assert for_languages(EN_TFDS, ["en"]) is EN_TFDS


def test_the_exact_preset_is_exact_for_its_own_language_only() -> None:
    with pytest.raises(ConfigError, match=r"preset 'en.tfds' is exact for en only; use `en` instead"):
        for_languages(EN_TFDS, ["de"])


@pytest.mark.parametrize(
    ("preset", "language", "folder"),
    [
        (EN, "en", "en"),
        (EN, "de", "de"),
        (MULTILINGUAL, "de", "de"),
        (EN_2019, "en", "en.2019"),
        (EN_2019, "de", "de.2019"),
        (EN_NOCLEAN, "zh-cn", "zh-cn.noclean"),
        (EN.without("language", "badwords"), "", "en"),
        (EN.named("mine", ""), "", "mine"),
        (REALNEWSLIKE, "en", "realnewslike"),
        (REALNEWSLIKE, "de", "realnewslike.de"),
        (WEBTEXTLIKE, "en", "webtextlike"),
        (EN.named("english", ""), "en", "english"),
        (EN.named("english", ""), "de", "english.de"),
        (EN.named("en.a.b", ""), "de", "de.a.b"),
    ],
)
def test_pages_of_a_language_have_a_folder(preset: Preset, language: str, folder: str) -> None:
    assert preset.config(language) == folder


def test_the_folders_of_two_languages_are_never_one() -> None:
    for preset in PRESETS.values():
        assert len({preset.config(language) for language in ("en", "de", "fr")}) == 3


@EVERY_PRESET
def test_presets_travel_to_workers_as_they_are(preset: Preset) -> None:
    assert pickle.loads(pickle.dumps(preset)) == preset


def test_a_rule_of_ones_own_takes_ten_lines() -> None:
    @dataclass(frozen=True)
    class MaxCommas(LineRule):
        """Lines of many commas are lists."""

        commas: int = 3
        reason: ClassVar = Reason("commas", Unit.LINE, "has more than {commas} commas", source="this test")

        def breaks(self, line: str) -> bool:
            return line.count(",") > self.commas

    mine = EN.named("mine", "`en` without lists").on(Clean("clean", (*c4_lines(), MaxCommas(2)), (MinSentences(2),)))

    prose = "This line is prose, and it stays.\nSo does this one, which is prose too."
    listing = "Apples, pears, plums, figs, and many more."
    pages = [Page("http://a.example/1", f"{prose}\n{listing}\nMenu", ""), Page("http://a.example/2", listing, "")]
    plan = Plan(mine, assets=None)
    _, kept, _ = run_steps(pages[0], plan.between)
    _, lost, _ = run_steps(pages[1], plan.between)
    assert kept.page.text == prose
    assert kept.tally == {"commas": 1, "no_end_mark": 1}
    assert isinstance(lost, Rejected)
    assert (lost.reason.code, lost.tally) == ("few_sentences", {"commas": 1})
    assert plan.cut_early(pages[0]) == [Dropped("commas", listing), Dropped("no_end_mark", "Menu")]
    assert "commas" in plan.cutting[3]
    assert ("clean", MaxCommas.reason, "has more than 2 commas") in reasons_of(mine)
    told = {"rule": "MaxCommas", "commas": 2, "reason": "commas", "source": "this test", "in": "lines"}
    assert [told] == [
        {key: value for key, value in rule.items() if key != "class"}
        for rule in describe(mine)["stages"][3]["rules"]
        if rule["class"].endswith("MaxCommas")
    ]


def test_a_plan_cuts_a_preset_at_its_dedups() -> None:
    class Lists:
        def badwords(self) -> dict[str, frozenset[str]]:
            return {}

        def news_domains(self) -> dict[str, bool]:
            return {}

    plan = Plan(REALNEWSLIKE, Lists())
    plan.bind()
    assert [[i for i, _ in steps] for steps in (plan.before, plan.between)] == [[1, 2], [4]]
    assert [(leg.start, leg.level, [i for i, _ in leg.steps]) for leg in plan.legs] == [(5, SpanLevel(), [6, 7])]
    assert (plan.url_index, plan.url, list(plan.cutting)) == (3, UrlLevel(), [4])
    assert plan.names() == names(REALNEWSLIKE)

    plain = Plan(EN_NOCLEAN, Lists())
    # Without a text dedup nothing waits for the corpus: language is told behind URL dedup, of winners only.
    assert [[i for i, _ in steps] for steps in (plain.before, plain.between)] == [[1], []]
    assert [(leg.start, leg.level, [i for i, _ in leg.steps]) for leg in plain.legs] == [(2, None, [3])]
    assert (plain.url_index, plain.texts, plain.cutting) == (2, (), {})


def test_each_dedup_of_text_begins_a_leg() -> None:
    rules = Filter("long", (MinParagraphs(1, 10),))
    both = EN.after("spans", rules).after("long", Dedup("lines", LineLevel(), (MinSentences(3),)))
    plan = Plan(both.without("badwords"), None)
    assert [(leg.start, leg.level, leg.then, [i for i, _ in leg.steps]) for leg in plan.legs] == [
        (4, SpanLevel(), (MinSentences(3),), [5]),
        (6, LineLevel(), (MinSentences(3),), [7]),
    ]
    assert [[stage.name for stage in plan.prefix(leg)][-1] for leg in (0, 1)] == ["spans", "lines"]


def test_a_page_walks_until_a_stage_rejects_it() -> None:
    def step(letter: str) -> object:
        def run(page: Page) -> object:
            from c4pipe.page import Kept

            if letter in page.text:
                return Rejected(page, Reason(letter, Unit.PAGE, "", ""))
            return Kept(page._replace(text=page.text + letter), Counter({letter: 1}))

        return run

    steps = tuple((n, step(letter)) for n, letter in ((3, "a"), (5, "b"), (7, "c")))
    index, verdict, passed = run_steps(Page("", "-", ""), steps)  # type: ignore[arg-type]
    assert (index, verdict.page.text, [(n, before.text) for n, before, _ in passed]) == (
        7, "-abc", [(3, "-"), (5, "-a"), (7, "-ab")],
    )  # fmt: skip
    index, verdict, passed = run_steps(Page("", "-b", ""), steps)  # type: ignore[arg-type]
    assert isinstance(verdict, Rejected)
    assert (index, verdict.reason.code, verdict.page.text, [n for n, _, _ in passed]) == (5, "b", "-ba", [3])
    index, verdict, passed = run_steps(Page("", "-", ""), ())
    assert (index, verdict.page.text, passed) == (-1, "-", [])


# --- several languages, several presets -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("languages", "marks"),
    [
        (["de"], (".", "?", "!", '"')),
        (["hi"], (".", "?", "!", '"', "।", "॥")),
        (["de", "ar", "hy"], (".", "?", "!", '"', "؟", "۔", "։")),
    ],
)
def test_a_language_brings_its_end_marks(languages: list[str], marks: tuple[str, ...]) -> None:
    (clean,) = (stage for stage in for_languages(EN, languages).stages if isinstance(stage, Clean))
    (end,) = (step for step in clean.lines if isinstance(step, EndMark))
    assert end.marks == marks


def test_english_stays_as_it_is_beside_others() -> None:
    assert for_languages(EN, ["en"]) is EN


def test_the_numbers_of_mc4() -> None:
    paragraphs, lines, language, badwords, size = MULTILINGUAL.stages[3:]
    assert paragraphs == Filter("paragraphs", (MinParagraphs(paragraphs=3, chars=200),))
    assert isinstance(lines, Dedup)
    assert (lines.level, lines.then) == (LineLevel(), ())
    assert isinstance(language, Identify)
    assert (language.by, language.min_score) == ("consensus", 0.0)
    assert badwords == Filter("badwords", (BadWords(fraction=0.999),))
    assert size == Size("size", pages=0)


def test_multilingual_keeps_und_only_when_it_is_asked_for() -> None:
    assert MULTILINGUAL.languages[-1] == "und"
    assert len(MULTILINGUAL.languages) == 108
    assert for_languages(MULTILINGUAL, ["de", "ko"]).languages == ("de", "ko")


@pytest.mark.parametrize(
    ("one", "other", "shared"),
    [
        (EN, EN_NOBLOCKLIST, True),
        (MULTILINGUAL, for_languages(MULTILINGUAL, ["de", "ko"]), True),
        (EN, EN_NOCLEAN, False),
        (EN, for_languages(EN, ["de"]), False),  # other sentences
        (EN, EN_2019, False),
    ],
)
def test_which_presets_share_their_staged_pages(one: Preset, other: Preset, shared: bool) -> None:
    assert (Plan(one, None).prefix(0) == Plan(other, None).prefix(0)) == shared


def test_a_size_stage_stands_last() -> None:
    with pytest.raises(ConfigError, match="may have one Size stage, after all others"):
        EN.before("badwords", Size("size", 10))


def test_the_presets_of_the_table_can_be_taken_for_other_formats() -> None:
    read = for_format(EN, "jsonl").stages[0]
    assert isinstance(read, Read)
    assert read.format == "jsonl"
    assert {reason.code for reason in read.all_reasons()} >= {"bad_json", "no_url_given", "no_date_given", "bad_date"}
    assert for_format(EN, "wet") is EN
    keyed = for_format(EN, "parquet", FieldKeys(url="meta.url")).read
    assert (keyed.format, keyed.url_key, keyed.keys) == ("parquet", "meta.url", FieldKeys(url="meta.url"))
    for name in ("wet", "text"):
        with pytest.raises(
            ConfigError, match=f"--url-key is for jsonl and parquet: a file of format {name} has no fields"
        ):
            for_format(EN, name, FieldKeys(url="u"))
    with pytest.raises(ConfigError, match="reads WET files as the reference does"):
        for_format(EN_TFDS, "parquet")


def test_a_preset_less_a_rule() -> None:
    less = find_preset("en.without.few_sentences")
    assert less.name == "en.without.few_sentences"
    assert "few_sentences" in rule_codes(find_preset("en"))
    assert "few_sentences" not in rule_codes(less)
    assert find_preset("en.without.bad_word").stages == EN_NOBLOCKLIST.stages


@pytest.mark.parametrize("name", ["en.without.", "en.without.curly", "en.without.no_such", "e.without.curly_brace"])
def test_a_rule_that_no_preset_has(name: str) -> None:
    with pytest.raises(ConfigError, match="unknown"):
        find_preset(name)
