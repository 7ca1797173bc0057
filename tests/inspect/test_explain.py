"""The verdict of every rule on one page, and where each loss stands in it: by literal pages, then against the build."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import ClassVar

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from c4pipe.clean import clean
from c4pipe.corpus.plan import KEPT, Plan, run_steps
from c4pipe.dedup import SpanLevel
from c4pipe.dedup.claims import LOSS, Atoms, all_losses, claims, collapse, lost_atoms
from c4pipe.dedup.recorded import dropped_atoms
from c4pipe.errors import ConfigError
from c4pipe.facts.corpus import Corpus, connect
from c4pipe.files.assets import Assets
from c4pipe.inspect.explain import Explanation, Recorded, Segment, Tried, explain
from c4pipe.inspect.rebuild import plan_of, preset_of
from c4pipe.page import Dropped, Kept, Page, Reason, Rejected, Unit, Verdict
from c4pipe.presets import EN, MULTILINGUAL, PRESETS, Preset
from c4pipe.rules import LineEdit, MinSentences, MinWords, PageRule, StripCitations
from c4pipe.stages import Clean, Filter, Identify
from c4pipe.stages.text_levels import with_levels

GOOD = "This is a good line of prose about the weather in the north of England."
CATS = "The cats of this house sleep all day and never want to hear of it."
NIGHT = "At night they walk over the roof and talk about the people below."
BRACKET = "It has eleven rooms, as everybody knows.[12] The garden is larger than all of them.[citation needed]"


@cache
def plan(preset: Preset = EN) -> Plan:
    """A plan with a list of one word; URL lists and Punkt are not asked for."""
    folder = Path(__file__).parents[2] / "c4pipe" / "data"
    return Plan(preset, Assets(folder / "badwords", folder / "news_domains.json"))


def page(*lines: str, url: str = "http://a.example/") -> Page:
    return Page(url, "\n".join(lines), "2024-05-22T10:11:12Z", "x.wet#0")


def of(found: Explanation, stage: str) -> list[tuple[str, str, str]]:
    return [(tried.code, tried.outcome, tried.detail) for tried in found.tried if tried.stage == stage]


def cut(found: Explanation) -> list[list[tuple[str, str]]]:
    return [[(segment.text, segment.code) for segment in line] for line in found.lines]


def test_a_kept_page_passes_every_rule_and_its_lost_lines_have_their_reasons() -> None:
    found = explain(page(f"  {GOOD} ", "Read more", "Too short.", CATS, "", NIGHT), plan())
    assert (found.stage, found.reason, found.text) == ("", KEPT, f"{GOOD}\n{CATS}\n{NIGHT}")
    assert cut(found) == [
        [(f"  {GOOD} ", "")],
        [("Read more", "no_end_mark")],
        [("Too short.", "few_words")],
        [(CATS, "")],
        [],  # cut as well, but nothing of it can be shown
        [(NIGHT, "")],
    ]
    assert of(found, "read") == []
    assert of(found, "url") == [("older_copy", "not judged", ""), ("earlier_copy", "not judged", "")]
    assert of(found, "clean") == [
        ("long_word", "passed", ""),
        ("StripCitations", "passed", ""),
        ("no_end_mark", "broken", "2 lines"),
        ("few_words", "broken", "1 line"),
        ("lorem_ipsum", "passed", ""),
        ("javascript", "passed", ""),
        ("curly_brace", "passed", ""),
        ("policy", "passed", ""),
        ("few_sentences", "passed", ""),
    ]
    assert of(found, "spans") == [
        ("repeated_span", "not judged", ""),
        ("nothing_left", "not judged", ""),
        ("few_sentences", "passed", ""),
    ]
    assert [code for code, outcome, _ in of(found, "language") if outcome == "passed"] == [
        "no_language",
        "unsure_language",
        "other_language",
    ]
    assert of(found, "language")[2][2] == "en 1.0000"
    assert of(found, "badwords") == [("bad_word", "passed", "")]


def test_a_rule_comes_with_its_threshold_and_source() -> None:
    few = next(t for t in explain(page(GOOD), plan()).tried if t.code == "few_words")
    assert few == Tried(
        "clean",
        "few_words",
        "has fewer than 5 words",
        "TFDS c4 3.1.0 c4_utils.clean_page, _MIN_WORDS_PER_LINE; 3 in the early text of the paper",
        "line",
        "passed",
        "",
    )


def test_what_an_edit_takes_is_a_piece_of_its_line() -> None:
    found = explain(page(GOOD, BRACKET.removesuffix("[citation needed]"), CATS, f"{NIGHT}[edit]"), plan())
    assert cut(found)[1] == [
        ("It has eleven rooms, as everybody knows.", ""),
        ("[12]", "StripCitations"),
        (" The garden is larger than all of them.", ""),
    ]
    assert cut(found)[3] == [(NIGHT, ""), ("[edit]", "StripCitations")]
    assert of(found, "clean")[1] == ("StripCitations", "passed", "changed 2 lines")


def test_a_line_that_costs_the_page_ends_the_walk() -> None:
    found = explain(page(GOOD, "A brace { stands in this line.", "Read more"), plan())
    assert (found.stage, found.reason) == ("clean", "curly_brace")
    assert found.text == found.page.text
    assert cut(found) == [[(GOOD, "")], [("A brace { stands in this line.", "curly_brace")], [("Read more", "")]]
    assert of(found, "clean")[-3:] == [
        ("curly_brace", "broken", "A brace { stands in this line."),
        ("policy", "passed", ""),  # the first line met it
        ("few_sentences", "not reached", ""),
    ]
    assert {outcome for _, outcome, _ in of(found, "language") + of(found, "spans")} == {"not reached"}


def test_a_page_rule_shows_what_is_left_by_then() -> None:
    found = explain(page(GOOD, "Read more"), plan())
    assert (found.stage, found.reason, found.text) == ("clean", "few_sentences", GOOD)
    assert of(found, "clean")[-1] == ("few_sentences", "broken", "1 sentences")


def test_rules_behind_the_first_broken_one_are_not_reached() -> None:
    two = Preset("two", "", (*EN.stages[:1], Filter("long", (MinSentences(1), MinSentences(9))), *EN.stages[2:3]))
    found = explain(page(GOOD, CATS), plan(two))
    assert of(found, "long") == [("few_sentences", "passed", ""), ("few_sentences", "broken", "2 sentences")]
    other = two.on(Filter("long", (MinSentences(8), MinSentences(9))))
    assert [outcome for _, outcome, _ in of(explain(page(GOOD, CATS), plan(other)), "long")] == [
        "broken",
        "not reached",
    ]


def test_a_language_and_a_bad_word_are_named() -> None:
    german = ["Das ist eine gute Zeile über das Wetter im hohen Norden.", "Die Katzen schlafen den ganzen Tag im Haus."]
    found = explain(page(*german, "In der Nacht laufen sie über das Dach und reden."), plan())
    assert (found.stage, found.reason) == ("language", "other_language")
    assert of(found, "language") == [
        ("no_language", "passed", ""),
        ("unsure_language", "passed", ""),
        ("other_language", "broken", "de"),
    ]
    word = sorted(Assets(Path(__file__).parents[2] / "c4pipe/data/badwords").badwords()["en"])[0]
    found = explain(page(GOOD, CATS, f"{NIGHT} What a {word} story that is."), plan())
    assert (found.stage, found.reason, of(found, "badwords")) == (
        "badwords",
        "bad_word",
        [("bad_word", "broken", word)],
    )


def test_recorded_sentences_are_cut_out_of_their_lines_with_their_owner() -> None:
    first, second, third = "One comes here. ", "Two comes then. ", "Three comes last."
    lines = [GOOD, f"{CATS} {first}{second}{third}", f"{NIGHT} And so on it goes."]
    dropped = [Dropped("few_words", "x")]
    dropped += [Dropped("repeated_span", sentence.strip(), "0123456789abcdef") for sentence in (first, second, third)]
    found = explain(page(*lines), plan(), dropped, Recorded("", KEPT))
    assert found.lines[1] == [
        Segment(f"{CATS} "),
        Segment(first, "repeated_span", "0123456789abcdef"),
        Segment(second, "repeated_span", "0123456789abcdef"),
        Segment(third, "repeated_span", "0123456789abcdef"),
    ]
    assert found.text == f"{GOOD}\n{CATS}\n{lines[2]}"
    assert of(found, "spans")[:2] == [("repeated_span", "broken", "3 sentences"), ("nothing_left", "passed", "")]
    assert of(found, "url") == [("older_copy", "passed", ""), ("earlier_copy", "passed", "")]


def test_a_page_of_which_all_sentences_fell_has_nothing_left() -> None:
    lines = [GOOD, CATS, NIGHT]
    found = explain(
        page(*lines), plan(), [Dropped("repeated_span", line) for line in lines], Recorded("spans", "nothing_left")
    )
    assert (found.stage, found.reason, found.text) == ("spans", "nothing_left", "")
    assert of(found, "spans")[1] == ("nothing_left", "broken", "")


def test_of_a_line_of_its_own_a_page_keeps_the_first_copy_and_of_anothers_none() -> None:
    long = [f"{letter} " + "Das ist eine gute Zeile über das Wetter. " * 6 for letter in "abc"]
    text = [*long, "Home", "home ", "Menu", *long[:1], "MENU"]
    dropped = [
        Dropped("repeated_line", "Menu", "ff" * 8),
        Dropped("repeated_in_page", "home "),
        Dropped("repeated_in_page", long[0]),
    ]
    found = explain(page(*text), plan(MULTILINGUAL), dropped, Recorded("", KEPT))
    codes = [[code for _, code in line] for line in cut(found)]
    assert codes == [
        [""],
        [""],
        [""],
        [""],
        ["repeated_in_page"],
        ["repeated_line"],
        ["repeated_in_page"],
        ["repeated_line"],
    ]
    assert found.lines[5] == [Segment("Menu", "repeated_line", "ff" * 8)]
    assert found.text.split("\n") == [*long, "Home"]


def test_what_only_a_build_knows_ends_the_walk_there() -> None:
    found = explain(page(GOOD, CATS, NIGHT), plan(), (), Recorded("url", "older_copy"))
    assert (found.stage, found.reason) == ("url", "older_copy")
    assert of(found, "url") == [("older_copy", "broken", ""), ("earlier_copy", "not reached", "")]
    assert {outcome for _, outcome, _ in of(found, "clean")} == {"not reached"}
    read = explain(page("x"), plan(), (), Recorded("read", "unreadable"))
    assert (read.stage, read.reason, of(read, "read")) == ("read", "unreadable", [("unreadable", "broken", "")])


def test_odd_line_breaks_are_part_of_the_raw_line() -> None:
    found = explain(page(f"{GOOD}\u2028Read more\r\n{CATS}", NIGHT), plan())
    assert cut(found) == [
        [(f"{GOOD}\u2028", ""), ("Read more", "no_end_mark"), ("\r", "")],
        [(CATS, "")],
        [(NIGHT, "")],
    ]
    assert found.text == f"{GOOD}\n{CATS}\n{NIGHT}"


class Shout(LineEdit):
    """Writes where there was nothing."""

    says: ClassVar = "gets louder"
    source: ClassVar = "a test"

    def edit(self, line: str) -> str:
        return line.replace("quiet", "LOUD!").replace(" x y ", " ")


def test_an_edit_of_ones_own_may_write_what_it_likes() -> None:
    own = EN.on(Clean("clean", (Shout(), MinWords(3)))).without("spans", "badwords")
    found = explain(page("It is quiet here.", "Take x y away from me.", "No"), plan(own))
    assert found.text == "It is LOUD! here.\nTake away from me."
    assert cut(found) == [
        [("It is ", ""), ("quiet", "Shout"), (" here.", "")],
        [("Take ", ""), ("x y ", "Shout"), ("away from me.", "")],
        [("No", "few_words")],
    ]


# One preset of every kind of row-wise judgement, without the slow identifier where it does not matter.
WALKED = (EN, EN.without("language"), MULTILINGUAL)
PIECES = st.one_of(
    st.sampled_from([GOOD, CATS, NIGHT, BRACKET, "x" * 1001, "Das ist eine gute Zeile über das Wetter im Norden."]),
    st.sampled_from(["Read more", "Two words.", "Please enable JavaScript to go on.", "It has a { in it, this one."]),
    st.sampled_from(
        ["Lorem ipsum dolor sit amet today.", "This site uses cookies for comfort.", "[1]", "[[", "[edit]"]
    ),
    st.sampled_from(["", " ", "\t", "\r", "\x85", "\u2028", "..."]),
)
LINES = st.lists(st.lists(PIECES, max_size=4).map("".join) | st.text(max_size=20), max_size=12)


@settings(max_examples=60, deadline=None)
@given(LINES, st.sampled_from(range(len(WALKED))))
def test_an_explanation_is_the_verdict_of_the_build(lines: list[str], preset: int) -> None:
    agrees_with_the_steps(page(*lines), plan(WALKED[preset]))


def agrees_with_the_steps(one: Page, by: Plan) -> None:
    """Nothing is recorded, so the dedups take nothing: the row-wise stages decide alone."""
    found = explain(one, by)
    verdict: Verdict = Kept(one)
    names = by.names()
    for part in (by.before, by.between, *(leg.steps for leg in by.legs)):
        if isinstance(verdict, Kept):
            index, verdict, _ = run_steps(verdict.page, part)
    rejected = isinstance(verdict, Rejected)
    assert found.reason == (verdict.reason.code if isinstance(verdict, Rejected) else KEPT)
    assert found.stage == (names[index] if rejected else "")
    if not rejected:
        assert found.text == verdict.page.text
    broken = [t for t in found.tried if t.outcome == "broken" and (t.unit == "page")]
    assert [t.detail for t in broken] == ([verdict.detail] if isinstance(verdict, Rejected) else [])
    assert "\n".join("".join(s.text for s in line) for line in found.lines) == one.text
    stages = by.preset.stages
    step = next((s for s in stages if isinstance(s, Clean)), None)
    if step is not None and any(t.outcome != "not reached" for t in found.tried if t.stage == step.name):
        lost: list[Dropped] = []
        clean(one, step.lines, lost)
        shown = (Dropped(s.code, s.text) for line in found.lines for s in line if s.code not in ("", "StripCitations"))
        assert lines_cut(found) == Counter(drop.code for drop in lost)
        assert visible(shown) == visible(lost)
    else:
        assert not any(segment.code for line in found.lines for segment in line)


def visible(dropped: Iterable[Dropped]) -> Counter[tuple[str, str]]:
    """The lines that fell, less their citations: a raw line has them, a dropped one may have lost them."""
    lines = ((drop.code, StripCitations().edit(drop.line.strip()).strip()) for drop in dropped)
    return Counter((code, line) for code, line in lines if line)


def lines_cut(found: Explanation) -> Counter[str]:
    """Lines by the rule that cut them, as the rules tell it."""
    rules = [t for t in found.tried if t.stage == "clean" and t.outcome == "broken" and t.code != "few_sentences"]
    return Counter({t.code: 1 if t.unit == "page" else int(t.detail.split()[0].replace(",", "")) for t in rules})


@pytest.mark.parametrize("preset", ["samples", "languages"])
def test_every_page_of_a_build_is_explained_as_it_was_built(
    request: pytest.FixtureRequest, preset: str, badwords: Path
) -> None:
    """Outcome, reason, detail, kept text and owners; the raw text of every page that was read."""
    corpus: Corpus = request.getfixturevalue(preset)
    by = plan_of(corpus)
    connection = connect(corpus)
    texts = dict(connection.execute("SELECT source, text FROM pages").fetchall())
    rows = connection.execute(
        "SELECT url, timestamp, stage, reason, detail, text, dropped, source FROM rejected WHERE stage != 'read'"
    ).fetchall()
    assert len(rows) > 200
    for url, timestamp, stage, reason, detail, text, losses, source in rows:
        dropped = [Dropped(loss["reason"], loss["line"], loss["owner"]) for loss in losses]
        found = explain(Page(url, text, timestamp, source), by, dropped, Recorded(stage, reason, detail))
        assert found.now is None, source
        assert (found.stage, found.reason) == (stage, reason), source
        assert "\n".join("".join(s.text for s in line) for line in found.lines) == text
        assert [t.detail for t in found.tried if t.outcome == "broken" and t.unit == "page"] == [detail] * (stage != "")
        if not stage:
            assert found.text == texts[source], source
            shown = [s.owner for line in found.lines for s in line if s.owner]
            assert Counter(shown) == Counter(drop.owner for drop in dropped if drop.owner), source


def test_the_preset_of_a_corpus_is_the_one_that_built_it(samples: Corpus, languages: Corpus) -> None:
    assert preset_of(samples)[0] == EN
    assert preset_of(languages)[0] == MULTILINGUAL
    changed = samples._replace(manifest=json.loads(json.dumps(samples.manifest)))
    changed.manifest["preset"]["stages"][3]["rules"][3]["words"] = 3
    found, _ = preset_of(changed)
    clean_stage = found.stages[3]
    assert isinstance(clean_stage, Clean)
    assert clean_stage.lines[3] == MinWords(3)


@pytest.mark.parametrize("preset", PRESETS.values(), ids=PRESETS)
def test_every_preset_can_be_told_from_its_description(samples: Corpus, preset: Preset) -> None:
    from c4pipe.corpus.catalogue import describe

    described = json.loads(json.dumps(describe(preset)))
    found, differences = preset_of(samples._replace(manifest={"preset": described, "assets": {}}))
    assert (found, differences) == (preset, [])


def test_changed_settings_come_back() -> None:
    from c4pipe.corpus.catalogue import describe
    from c4pipe.presets import for_languages

    asked = for_languages(EN, ["de"])
    asked = asked.on(Identify("language", by="cld2", languages=("de",), min_score=0.5))
    described = json.loads(json.dumps(describe(asked)))
    found, differences = preset_of(Corpus(Path("x"), {"preset": described}, {}))
    assert (found, differences) == (asked, [])


class Polite(PageRule):
    """A rule that is not one of ours."""

    reason: ClassVar = Reason("polite", Unit.PAGE, "says please", source="a test")


def test_what_is_not_here_any_more_is_told_in_words(samples: Corpus) -> None:
    manifest = json.loads(json.dumps(samples.manifest))
    stages = manifest["preset"]["stages"]
    stages[3]["rules"][3]["source"] = "an older paper"
    stages[1]["rules"][0]["letters"] = 7
    _, differences = preset_of(samples._replace(manifest=manifest))
    assert "length, MaxChars, letters: then 7, now nothing" in differences
    assert any(d.startswith("clean, MinWords, source: then an older paper, now TFDS") for d in differences)
    stages[1]["rules"].append({"rule": "Gone", "reason": "gone", "source": "?"})
    stages.append({"stage": "magic", "kind": "Wand"})
    found, differences = preset_of(samples._replace(manifest=manifest))
    assert "stage 'length': rule Gone is not found here; left out" in differences
    assert "stage 'magic': kind Wand is not found here; left out" in differences
    assert [stage.name for stage in found.stages] == [*(stage.name for stage in EN.stages), "magic"]


@pytest.mark.parametrize("where", ["rule", "stage", "package", "identifier"])
def test_a_manifest_imports_nothing_but_a_module_with_that_class(
    samples: Corpus, where: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "evil_package").mkdir()
    for name in ("evil_module.py", "evil_package/__init__.py", "evil_package/inside.py"):
        (tmp_path / name).write_text("raise SystemExit('it ran')\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    manifest = json.loads(json.dumps(samples.manifest))
    stages = manifest["preset"]["stages"]
    if where == "identifier":
        stages[5]["by"] = "evil_module:X"
    elif where == "rule":
        stages[1]["rules"][0]["class"] = "evil_module:X"
    else:
        stages[1]["class"] = "evil_module:X" if where == "stage" else "evil_package.inside:X"
    _, differences = preset_of(samples._replace(manifest=manifest))
    assert any("is not found here" in line for line in differences)


@pytest.mark.parametrize("wrong", [None, 5, [5], {"stages": 5}, {"name": "x", "stages": [{"stage": 1}]}])
def test_a_damaged_description_is_an_error_in_words(samples: Corpus, wrong: object) -> None:
    with pytest.raises(ConfigError):
        preset_of(samples._replace(manifest=samples.manifest | {"preset": wrong}))


def test_a_rule_of_ones_own_is_found_where_its_module_is_loaded(samples: Corpus) -> None:
    from c4pipe.corpus.catalogue import describe

    own = replace(EN, name="own").after("url", Filter("polite", (Polite(),)))
    described = json.loads(json.dumps(describe(own)))
    assert preset_of(samples._replace(manifest={"preset": described})) == (own, [])


def test_a_page_is_judged_with_the_word_list_of_the_build(samples: Corpus, badwords: Path, tmp_path: Path) -> None:
    words = Assets(badwords).badwords()  # of one word; the package's own has others
    assert plan_of(samples).assets.badwords() == words
    elsewhere = samples._replace(folder=tmp_path)  # without the copy that it keeps
    with pytest.raises(
        ConfigError, match=r"^badwords: en\.txt \(sha256 .*…\) differs from the build's.*: --file FILE\.$"
    ):
        plan_of(elsewhere)
    assert plan_of(elsewhere, [badwords / "en.txt"]).assets.badwords() == words


def test_a_mixture_has_no_preset(samples: Corpus) -> None:
    mixture = samples._replace(manifest={"preset": {"name": "mixture", "says": "", "stages": []}, "mixture": {}})
    with pytest.raises(ConfigError, match="is a mixture"):
        preset_of(mixture)


def test_a_plan_without_its_lists_says_what_is_missing(samples: Corpus) -> None:
    with pytest.raises(ConfigError, match="url-list"):
        plan_of(samples, preset=PRESETS["webtextlike"])


# What a build recorded, and what is found now

STRICT = replace(EN.stages[3], then=(MinSentences(9),))


def test_the_recorded_rejection_outranks_a_page_that_passes_now() -> None:
    found = explain(page(GOOD, CATS, NIGHT), plan(), (), Recorded("badwords", "bad_word", "cats"))
    assert (found.stage, found.reason, found.now) == ("badwords", "bad_word", Recorded("", KEPT))
    assert of(found, "badwords") == [("bad_word", "broken", "cats")]
    assert cut(found)[1] == [("The ", ""), ("cats", "bad_word"), (CATS.removeprefix("The cats"), "")]


def test_a_page_that_was_kept_goes_on_where_it_would_be_rejected_now() -> None:
    """Its lines fall as the rules here have it, and what they leave is what later stages see."""
    found = explain(page(GOOD, "Read more", f"{CATS} {NIGHT}"), plan(EN.on(STRICT)), (), Recorded("", KEPT))
    assert (found.stage, found.reason, found.text) == ("", KEPT, f"{GOOD}\n{CATS} {NIGHT}")
    assert found.now == Recorded("clean", "few_sentences", "3 sentences")
    clean_outcomes = of(found, "clean")
    assert ("no_end_mark", "broken", "1 line") in clean_outcomes
    assert clean_outcomes[-1] == ("few_sentences", "passed", "")
    assert of(found, "spans")[-1] == ("few_sentences", "passed", "")


def test_another_reason_of_the_same_stage_is_told() -> None:
    text = page(GOOD, "A brace { stands in this line.")
    found = explain(text, plan(), (), Recorded("clean", "few_sentences", "1 sentences"))
    assert (found.stage, found.reason) == ("clean", "few_sentences")
    assert found.now == Recorded("clean", "curly_brace", "A brace { stands in this line.")
    assert of(found, "clean")[-1] == ("few_sentences", "broken", "1 sentences")


def test_of_the_same_reason_the_recorded_detail_is_shown() -> None:
    found = explain(page(GOOD), plan(), (), Recorded("clean", "few_sentences", "2 sentences"))
    assert found.now is None
    assert of(found, "clean")[-1] == ("few_sentences", "broken", "2 sentences")


@pytest.mark.parametrize(
    ("sentences", "dropped", "flags"),
    [
        ("a b c d", "b c d", "0111"),
        ("a b c x a b c", "a b c", "0000111"),  # the first copy stays
        ("a a b c", "a b c", "0111"),  # they fall in runs
        ("a b c a", "a b c", "1110"),
        ("a b c x d e f x a b c", "a b c d e f", "11101110000"),
        ("a b c d e", "a b c d e", "11111"),
        ("a b c", "", "000"),
        ("a b c", "a c", "101"),  # not a run: of another splitter
        ("a b c", "z a b c", "111"),
        ("", "", ""),
    ],
)
def test_fallen_sentences_find_their_places(sentences: str, dropped: str, flags: str) -> None:
    drops = [Dropped("repeated_span", text) for text in dropped.split()]
    found = dropped_atoms(sentences.split(), drops, 3)
    assert "".join("0" if drop is None else "1" for drop in found) == flags


@settings(max_examples=100, deadline=None)
@given(st.text("ab", max_size=14), st.lists(st.tuples(st.integers(0, 10), st.integers(3, 5)), max_size=3))
def test_the_places_give_back_what_fell_in_its_order(text: str, runs: list[tuple[int, int]]) -> None:
    sentences = list(text)
    flags = [any(start <= i < start + width <= len(text) for start, width in runs) for i in range(len(text))]
    drops = [
        Dropped("repeated_span", s, str(i)) for i, (s, gone) in enumerate(zip(sentences, flags, strict=True)) if gone
    ]
    found = dropped_atoms(sentences, drops, 3)
    assert [drop for drop in found if drop is not None] == drops
    assert all(drop is None or drop.line == s for drop, s in zip(found, sentences, strict=True))
    runs_found = "".join("0" if drop is None else "1" for drop in found).split("0")
    assert all(len(run) >= 3 for run in runs_found if run)


def test_a_page_of_one_sentence_said_thousands_of_times_takes_no_time() -> None:
    sentences = ["Buy now."] * 20_000
    drops = [Dropped("repeated_span", "Buy now.")] * 10_000
    assert sum(drop is not None for drop in dropped_atoms(sentences, drops, 3)) == 10_000


def test_what_a_page_repeats_itself_is_judged_without_others() -> None:
    """Of lines all of it, of spans what has stood on the page before; what others own is not judged."""
    lines = plan(with_levels(EN, ("lines",)))
    found = explain(page(GOOD, CATS, NIGHT, f" {CATS.upper()} ", GOOD), lines)
    said = {code: (outcome, detail) for code, outcome, detail in of(found, "lines")}
    assert said["repeated_in_page"] == ("broken", "2 lines")
    assert said["repeated_line"] == said["nothing_left"] == ("not judged", "")
    assert found.text == f"{GOOD}\n{CATS}\n{NIGHT}"
    cut = [max(piece.code for piece in line) for line in found.lines]
    assert cut == ["", "", "", "repeated_in_page", "repeated_in_page"]
    codes = [max(piece.code for piece in line) for line in found.lines]
    assert codes == ["", "", "", "repeated_in_page", "repeated_in_page"]
    once = explain(page(GOOD, CATS, NIGHT), lines)
    assert {code: outcome for code, outcome, _ in of(once, "lines")}["repeated_in_page"] == "passed"
    again = explain(page(GOOD, CATS, NIGHT, "It is a house like any other.", GOOD, CATS, NIGHT), plan())
    assert {code: (outcome, detail) for code, outcome, detail in of(again, "spans")} == {
        "repeated_span": ("broken", "3 sentences"),
        "nothing_left": ("not judged", ""),
        "few_sentences": ("passed", ""),
    }
    assert again.text == f"{GOOD}\n{CATS}\n{NIGHT}\nIt is a house like any other."


@given(st.lists(st.sampled_from("abcd"), max_size=14), st.integers(1, 4))
def test_what_falls_on_a_page_alone_is_what_a_build_of_it_alone_takes(sentences: list[str], width: int) -> None:
    level = SpanLevel(width=width)
    text = "\n".join(f"Here is sentence {one}." for one in sentences)
    hashes = level.atoms(text)
    inside = collapse(claims(Atoms.of([hashes], np.array([7], np.uint64)), width, np.ones(1, np.bool_)))[1]
    losses = all_losses(inside, np.empty(0, LOSS))
    assert level.repeated_within(text) == lost_atoms(len(hashes), losses, width).flags.tolist()
