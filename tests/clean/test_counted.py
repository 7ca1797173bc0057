"""c4pipe.clean.counted: steps that judge all lines of a page at once say what they say line by line."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from c4pipe.clean import LineStep, clean, dropped_by, fast_clean
from c4pipe.clean.counted import counted_steps
from c4pipe.page import Dropped
from c4pipe.recipes import DCLM, FINEWEB
from c4pipe.rules import (
    DCLM_LINES,
    EndMark,
    LineRule,
    MaxDigits,
    MaxUppercase,
    MaxWordLength,
    MinWords,
    NoBlankLine,
    NoBrace,
    NoCounter,
    NoJavascript,
    NoSingleWord,
    StripAddresses,
    StripCitations,
    StripPhrases,
)
from c4pipe.stages import Clean
from c4pipe.text.kinds import line_counts
from tests.clean.texts import BREAKS, TEXTS, page, told

STEPS: dict[str, tuple[LineStep, ...]] = {
    **{f"fineweb {stage.name}": stage.lines for stage in FINEWEB.stages if isinstance(stage, Clean)},
    **{f"dclm {stage.name}": stage.lines for stage in DCLM.stages if isinstance(stage, Clean)},
    "counts alone": (MaxWordLength(11), MinWords(2), MaxUppercase(0.2), MaxDigits(0.1), NoBlankLine()),
    "edits in front": (StripCitations(), StripPhrases(), NoJavascript(), MinWords(3), NoBrace(), NoSingleWord(4)),
    "edits behind": (NoBlankLine(), NoCounter(), StripAddresses(), MinWords(2), MaxUppercase(0.5), NoBrace()),
    "none": (),
}
LIVE = [
    "www.example.com/a?b=1", "a.b", "me@example.org", "http://93.184.216.34:80/x", "1.2.3.4", "3.14", "end.Next",
    "U.S.A", "3 likes", "1,234.5K Views", "likes", "READ IT", "É", "ß", "2026", "٣", "½", "Read more...", "Sign-in",
    "java[1]script", "3 items in cart", "𝒜", "😀", "{", "[edit]", "lorem ipsum", "İ", "\u212a", "x" * 12, "two words",
    "privacy policy",
]  # fmt: skip
LIVELY = st.lists(
    st.sampled_from(LIVE) | st.sampled_from([" ", " ", "\n", "\n", "\t", "\u00a0", "\r\n", *BREAKS]), max_size=24
).map("".join)


@pytest.mark.parametrize("steps", STEPS.values(), ids=STEPS)
@settings(max_examples=150, deadline=None)
@given(text=LIVELY | TEXTS)
@example(text="")
@example(text="\n")
@example(text="java[1]script is here now\nA line { that costs\n3 likes")
def test_all_lines_at_once_are_line_by_line(steps: tuple[LineStep, ...], text: str) -> None:
    assert counted_steps(steps) is not None
    told_by_loop: list[Dropped] = []
    expected = clean(page(text), steps, told_by_loop)
    assert told(fast_clean(steps)(page(text))) == told(expected)
    assert dropped_by(page(text), steps) == told_by_loop


@given(LIVELY | st.text(max_size=30))
def test_lines_are_cut_and_stripped_as_python_does(text: str) -> None:
    lines, counts = [line.strip() for line in text.splitlines()], line_counts(text)
    assert [text[a:b] for a, b in zip(counts.starts, counts.ends, strict=True)] == lines
    assert counts.chars.tolist() == list(map(len, lines))
    assert counts.words.tolist() == [len(line.split()) for line in lines]
    assert counts.longest.tolist() == [max(map(len, line.split()), default=0) for line in lines]
    assert counts.upper.tolist() == [sum(map(str.isupper, line)) for line in lines]
    assert counts.digits.tolist() == [sum(map(str.isdigit, line)) for line in lines]


@dataclass(frozen=True)
class NoSpacedDash(LineRule):
    """A rule whose sign begins with a blank."""

    reason: ClassVar = NoJavascript.reason
    needs: ClassVar = (" -",)

    def breaks(self, line: str) -> bool:
        return " -" in line


def test_a_sign_in_front_of_the_first_line() -> None:
    steps, text = (NoSpacedDash(),), " -one\ntwo - three\n -four\nfive"
    assert told(fast_clean(steps)(page(text))) == told(clean(page(text), steps))


@dataclass(frozen=True)
class Laxer(MinWords):
    """A rule of a user's own that stands on ours."""

    def breaks(self, line: str) -> bool:
        return line != "one" and super().breaks(line)


@pytest.mark.parametrize("steps", [(Laxer(3),), (MinWords(3), EndMark()), (NoBlankLine(), Laxer(2))])
def test_other_steps_walk_the_loop(steps: Sequence[LineStep]) -> None:
    assert counted_steps(steps) is None
    text = "one\ntwo\nthree words here."
    assert told(fast_clean(steps)(page(text))) == told(clean(page(text), steps))


def test_a_rule_on_counts_that_costs_pages_walks_the_loop() -> None:
    costly = type("Costly", (MinWords,), {"reason": NoBrace.reason, "broken_by": MinWords.broken_by})
    assert counted_steps((costly(),)) is None


@pytest.mark.parametrize("rule", [rule for rule in (*STEPS["counts alone"], *DCLM_LINES) if isinstance(rule, LineRule)])
def test_each_of_them_has_a_way_of_its_own(rule: LineRule) -> None:
    assert counted_steps((rule,)) is not None
