"""No page can stall a build: what rules, edits and finders take grows with a page, and not with its square, nor is it
much for each character: a pattern that tries 256 starts with each of a thousand names grows with the page as well."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from c4pipe.errors import AssetError
from c4pipe.page import Page
from c4pipe.part import everything
from c4pipe.pii import PERSONAL_KINDS, find_personal
from c4pipe.presets import PRESETS
from c4pipe.rules import RULES, BadWords, LineEdit, LineRule, PageRule

BY_ADDRESS = {"ListedDomain", "ListedSubdomain", "ListedUrl", "NotExcluded", "RobotsAllow"}  # look at no text
UNITS = [
    "a.", "the.", "a.b@", "x.y@", "zz.co", "@", "a:@", "(", "()", "['", "[1", "{", "1", "1 ", "1.", "+1 ", "2:",
    "a,", "$,", "a-", " ", " \n", "\n", "\u00a0", "http://", "http://a.", "A. ", "…", "e\u0301", "東", "\u00ad", "the ",
    "%40",
]  # fmt: skip
AROUND = [("", ""), ("http://", ""), ("a", "_"), ("Some words. ", " and more.")]  # what only an end shows
SIZE, TIMES = 24_000, 4
HARMLESS = 0.03  # seconds of CPU for SIZE characters: by the square it would be two for the longest page of `en`
SLOW = 2.0  # seconds of CPU for them, however they grow: a hundred times what most take
MOST = 8.0  # times as long a text of TIMES the size may take; by the square it would be 16


class NoFiles:
    """The lists of the rules that look for words."""

    def badwords(self) -> dict[str, list[str]]:
        return {"en": ["zounds", "the a", "a.b"]}


def judges() -> Iterator[tuple[str, Callable[[str], object]]]:
    """All that presets ask about a text, by name, and the finders of personal data."""
    parts = {part for preset in PRESETS.values() for part in everything(preset.stages)}
    for part in sorted(parts, key=repr):
        if type(part).__name__ in BY_ADDRESS:
            continue
        bound: Any = part.bind(NoFiles()) if isinstance(part, BadWords) else part
        if isinstance(part, PageRule):
            yield repr(part), lambda text, rule=bound: rule.offence(page(text))
        elif isinstance(part, LineRule | LineEdit):
            yield repr(part), bound.breaks if isinstance(part, LineRule) else bound.edit
    for kind in PERSONAL_KINDS:
        yield kind, lambda text, kind=kind: find_personal(text, [kind])


def page(text: str) -> Page:
    return Page("http://a.example/", text, "2024-05-22T10:11:12Z", language="en")


def at_hand() -> list[tuple[str, Callable[[str], object]]]:
    """Those whose files are here; asked once, so that they have read them."""
    found = []
    for name, judge in judges():
        try:
            judge("Write to a.b@example.org, 1.2.3.4 or http://a.example.")
        except AssetError:  # Punkt's data
            continue
        found.append((name, judge))
    return found


def seconds(judge: Callable[[str], object], text: str) -> float:
    start = time.process_time()
    judge(text)
    return time.process_time() - start


def test_all_that_looks_at_a_text_is_asked() -> None:
    names = {name.partition("(")[0] for name, _ in judges()}
    of_presets = {type(part) for preset in PRESETS.values() for part in everything(preset.stages)}
    assert names >= {rule.__name__ for rule in RULES if rule in of_presets} - BY_ADDRESS
    assert {"StripAddresses", "StripCitations", "MinSentences", "BadWords", "EMAIL", "PHONE"} <= names


@pytest.mark.parametrize("unit", UNITS, ids=ascii)
def test_time_grows_with_the_text(unit: str) -> None:
    judges = at_hand()
    for before, behind in AROUND:
        for name, judge in judges:
            stalls = stalling(judge, lambda size, at=(before, behind): at[0] + (unit * size)[:size] + at[1])
            assert stalls is None, f"{name} takes {stalls} for {SIZE} characters of {unit!r}"


def stalling(judge: Callable[[str], object], text: Callable[[int], str]) -> str | None:
    """What a text takes, and how many times a shorter one, where that is too much. The machine may be busy, so what
    seems slow is asked again, each time about a text that nobody remembers."""
    taken = seconds(judge, text(SIZE))
    again = 0
    while taken >= HARMLESS:
        again += 1
        taken = seconds(judge, text(SIZE + again))
        ratio = taken / max(seconds(judge, text(SIZE // TIMES + again)), 1e-6)
        if taken < SLOW and ratio < MOST:
            break
        if again == 3:
            return f"{taken:.2f} s, {ratio:.1f} times as long as a quarter,"
    return None


def test_what_stalls_is_found() -> None:
    square = stalling(lambda text: [text[at:].find("!") for at in range(0, len(text), 2)], lambda size: "a" * 4 * size)
    assert square is not None
    assert stalling(lambda text: [char.upper() for _ in range(30) for char in text], lambda size: "a" * size) is None
