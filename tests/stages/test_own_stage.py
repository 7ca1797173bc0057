"""A stage and a level of a user's own on a page that is explained: its text, columns, marks and reasons."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from c4pipe.corpus.plan import KEPT, Plan
from c4pipe.dedup import TextLevel
from c4pipe.inspect.explain import Explanation, Recorded, explain
from c4pipe.page import Dropped, Kept, Page, Reason, Rejected, Step, Unit, Verdict
from c4pipe.presets import EN, Preset
from c4pipe.rules import MinWords
from c4pipe.stages import Clean, Dedup, PageStage, Read
from c4pipe.text import hash64

URL = EN.stages[2]


@dataclass(frozen=True)
class Heads(PageStage):
    """Cuts lines that begin with a mark, counts them in a column, and wants a line that does not."""

    CUT: ClassVar = Reason("head", Unit.LINE, "begins with {mark}", source="a test")
    ALL: ClassVar = Reason("only_heads", Unit.PAGE, "has no line without {mark}", source="a test")

    name: str = "heads"
    mark: str = "#"
    reasons: ClassVar = (CUT, ALL)
    columns: ClassVar = {"heads": "int32"}

    def bind(self, assets: Any) -> Step:
        def step(page: Page) -> Verdict:
            lines = page.text.split("\n")
            kept = [line for line in lines if not line.startswith(self.mark)]
            cut = len(lines) - len(kept)
            if not kept:
                return Rejected(page, self.ALL, f"{cut} heads", {"head": cut})
            return Kept(page._replace(text="\n".join(kept)).adding(heads=cut), {"head": cut} if cut else {})

        return step


@dataclass(frozen=True)
class Same(TextLevel):
    """A whole page for each set of words: one atom, which has no place in the text."""

    SAME: ClassVar = Reason("same_words", Unit.PAGE, "has the words of another page", source="a test")
    reasons: ClassVar = (SAME,)

    def atoms(self, text: str) -> list[int]:
        return [hash64(" ".join(sorted(text.split())))]

    def apply(
        self,
        page: Page,
        lost: Sequence[bool],
        dropped: list[Dropped] | None = None,
        owners: Sequence[int] = (),
        starts: Sequence[int] = (),
    ) -> Verdict:
        return Rejected(page, self.SAME, "all of them") if any(lost) else Kept(page)


OWN = Preset("own", "", (Read(), URL, Heads(), Dedup("same", Same()), Clean("short", (MinWords(2),))))


def explained(*lines: str, dropped: Sequence[Dropped] = (), outcome: Recorded | None = None) -> Explanation:
    page = Page("http://a.example/", "\n".join(lines), "2024-05-22T10:11:12Z", "x.wet#0")
    return explain(page, Plan(OWN, None), dropped, outcome)


def outcomes(found: Explanation) -> list[tuple[str, str, str]]:
    return [(tried.code, tried.outcome, tried.detail) for tried in found.tried]


def cut(found: Explanation) -> list[list[tuple[str, str]]]:
    return [[(segment.text, segment.code) for segment in line] for line in found.lines]


def test_what_an_own_stage_cuts_is_marked_and_what_it_found_is_told() -> None:
    found = explained("# Head", "Some words.", "# Another", "word", "More words.")
    assert (found.stage, found.reason, found.text) == ("", KEPT, "Some words.\nMore words.")
    assert cut(found) == [
        [("# Head", "head")],
        [("Some words.", "")],
        [("# Another", "head")],
        [("word", "few_words")],
        [("More words.", "")],
    ]
    assert outcomes(found) == [
        ("older_copy", "not judged", ""),
        ("earlier_copy", "not judged", ""),
        ("head", "broken", "2 lines"),
        ("only_heads", "passed", "heads 2"),
        ("same_words", "not judged", ""),
        ("few_words", "broken", "1 line"),
    ]


def test_a_rule_of_an_own_stage_is_told_with_its_threshold() -> None:
    told = next(tried for tried in explained("x").tried if tried.code == "head")
    assert (told.stage, told.words, told.source, told.unit) == ("heads", "begins with #", "a test", "line")


def test_an_own_stage_rejects_with_its_own_reason() -> None:
    found = explained("# Head", "# Another")
    assert (found.stage, found.reason, found.text) == ("heads", "only_heads", found.page.text)
    assert outcomes(found)[2:] == [
        ("head", "passed", ""),
        ("only_heads", "broken", "2 heads"),
        ("same_words", "not reached", ""),
        ("few_words", "not reached", ""),
    ]


def test_the_record_outranks_an_own_stage() -> None:
    found = explained("# Head", "Some words.", outcome=Recorded("heads", "only_heads", "Some"))
    assert (found.stage, found.reason, found.now) == ("heads", "only_heads", Recorded("", KEPT))
    assert outcomes(found)[2:4] == [("head", "passed", ""), ("only_heads", "broken", "Some")]
    assert cut(found) == [[("# Head", "head")], [("Some", "only_heads"), (" words.", "")]]
    found = explained("# Head", outcome=Recorded("", KEPT))
    assert (found.stage, found.reason, found.now) == ("", KEPT, Recorded("heads", "only_heads", "1 heads"))
    assert outcomes(found)[2:] == [
        ("head", "passed", ""),
        ("only_heads", "passed", ""),
        ("same_words", "passed", ""),
        ("few_words", "passed", ""),
    ]


def test_a_level_without_places_rejects_where_the_record_says_so() -> None:
    found = explained("# Head", "Some words.", outcome=Recorded("same", "same_words", "all of them"))
    assert (found.stage, found.reason, found.now) == ("same", "same_words", None)
    assert found.text == "Some words."  # what it was shown
    assert outcomes(found)[4:] == [("same_words", "broken", "all of them"), ("few_words", "not reached", "")]
    assert cut(found) == [[("# Head", "head")], [("Some words.", "")]]


def test_a_level_without_places_lets_pass_where_the_record_says_so() -> None:
    found = explained("Some words.", "word", outcome=Recorded("", KEPT))
    assert (found.reason, found.text, found.now) == (KEPT, "Some words.", None)
    assert outcomes(found)[4:] == [("same_words", "passed", ""), ("few_words", "broken", "1 line")]


def test_an_own_level_has_no_places_and_loses_none() -> None:
    assert Same().places("Some words.") == []
    assert Same().lost("Some words.", [Dropped("same_words", "Some words.")]) == []


def test_cleaning_may_stand_twice() -> None:
    twice = Preset("twice", "", (Read(), URL, Clean("short", (MinWords(2),)), Heads(), Clean("long", (MinWords(3),))))
    page = Page("http://a.example/", "word\nTwo words.\n# These are three.\nThree words here.", "")
    found = explain(page, Plan(twice, None))
    assert found.text == "Three words here."
    assert [(t.stage, t.code, t.detail) for t in found.tried if t.unit == "line"] == [
        ("short", "few_words", "1 line"),
        ("heads", "head", "1 line"),
        ("long", "few_words", "1 line"),
    ]
    assert cut(found) == [
        [("word", "few_words")],
        [("Two words.", "few_words")],
        [("# These are three.", "head")],
        [("Three words here.", "")],
    ]
