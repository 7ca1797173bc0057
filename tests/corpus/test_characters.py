"""The ledger in characters: input = kept + lost, and lines count as recorded."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any, ClassVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

from c4pipe.clean import dropped_by, fast_clean
from c4pipe.corpus.characters import Characters
from c4pipe.corpus.ledger import Ledger, StageCount
from c4pipe.errors import BuildError
from c4pipe.page import Dropped, Kept, Page, Reason, Rejected, Step, Unit, characters_of
from c4pipe.presets import PRESETS
from c4pipe.stages import Clean, PageStage
from c4pipe.stages.checking import watched
from tests.clean.texts import TEXTS

CLEAN = next(stage for stage in PRESETS["en"].stages if isinstance(stage, Clean))
FATAL = {step.reason.code for step in CLEAN.lines if hasattr(step, "reason") and step.reason.unit is Unit.PAGE}

NUMBERS = st.integers(0, 50)


def test_a_page_that_is_kept_and_one_that_is_rejected() -> None:
    """13 characters: "A.[1]\\nMenu\\nB." loses the line Menu, a citation and a line break."""
    text = "A b c d e.[1]\nMenu\nFive words are quite enough."
    kept = fast_clean(CLEAN.lines)(Page("", text, ""))
    assert (kept.page.text, kept.chars) == ("A b c d e.\nFive words are quite enough.", {"no_end_mark": 4})
    chars = Characters()
    chars.take(len(text), len(kept.page.text), kept.chars)
    assert chars.to_json() == {
        "in": 47, "kept": 39, "rejected": {}, "dropped": {"no_end_mark": 4}, "edited": 4,
    }  # fmt: skip
    rejected = fast_clean(CLEAN.lines)(Page("", "Menu\nIt has a { in it, it has.\nMenu", ""))
    assert isinstance(rejected, Rejected)
    chars.lose(35, rejected.reason.code, rejected.chars)
    assert (chars.came, chars.rejected, chars.dropped, chars.edited) == (
        82, {"curly_brace": 31}, {"no_end_mark": 8}, 4,
    )  # fmt: skip
    assert chars.balanced


@given(TEXTS)
def test_lines_count_as_they_are_recorded(text: str) -> None:
    page = Page("", text, "")
    verdict = fast_clean(CLEAN.lines)(page)
    dropped = [drop for drop in dropped_by(page, CLEAN.lines) if drop.code not in FATAL]
    assert verdict.chars == characters_of(dropped)
    assert sum(verdict.chars.values()) <= len(text)


@given(st.lists(st.tuples(NUMBERS, NUMBERS, st.dictionaries(st.sampled_from("abc"), NUMBERS), st.booleans())))
def test_whatever_is_counted_balances(pages: list[tuple[int, int, dict[str, int], bool]]) -> None:
    chars, half = Characters(), Characters()
    for number, (came, left, dropped, stays) in enumerate(pages):
        for counted in (chars, half)[: 1 + number % 2]:
            if stays:
                counted.take(came, left, dropped)
            else:
                counted.lose(came, "why", dropped)
    assert chars.balanced
    assert Characters.from_json(chars.to_json()).to_json() == chars.to_json()
    rest = Characters.from_json(chars.to_json())
    rest.add(half, -1)
    rest.add(half)
    assert rest.to_json() == chars.to_json()


def ledger(**second: int) -> Ledger:
    row = {"came": 9, "kept": 5, "dropped": Counter({"few_words": 3}), "edited": 1} | second
    return Ledger([StageCount("read", chars=Characters(9, 9)), StageCount("clean", chars=Characters(**row))])


def test_a_ledger_that_does_not_balance_in_characters_is_a_bug() -> None:
    assert ledger().check().to_json()["stages"][1]["characters"] == {
        "in": 9, "kept": 5, "rejected": {}, "dropped": {"few_words": 3}, "edited": 1,
    }  # fmt: skip
    for other, message in (({"kept": 6}, "characters of stage clean"), ({"came": 8, "kept": 4}, "between read and")):
        with pytest.raises(BuildError, match=message):
            ledger(**other).check()


@dataclass(frozen=True)
class NoMenus(PageStage):
    """A stage of somebody's own, which counts lines and says nothing of characters."""

    name: str = "menus"
    MENU: ClassVar = Reason("menu", Unit.LINE, "is a menu", source="a test")
    reasons: ClassVar = (MENU,)

    def bind(self, assets: Any) -> Step:
        def step(page: Page) -> Kept:
            lines = page.text.split("\n")
            stay = [line for line in lines if not line.startswith("Menu")]
            return Kept(page._replace(text="\n".join(stay)), {"menu": len(lines) - len(stay)})

        return step

    def dropped(self, page: Page, assets: Any) -> list[Dropped]:
        return [Dropped("menu", line) for line in page.text.split("\n") if line.startswith("Menu")]


def test_a_stage_of_ones_own_is_asked_for_its_lines() -> None:
    stage = NoMenus()
    verdict = watched(stage, stage.bind(None), None)(Page("", "Menu one\nA text.\nMenu", ""))
    assert (verdict.page.text, verdict.chars) == ("A text.", {"menu": 12})
