"""The one loop that walks the line rules in order, and its fast twin.

`clean` is the specification. `fast_clean` gives the same verdict and the same tally (`tests/test_clean.py` holds
them equal): it passes over the many lines that only the leading rules can touch without calling a rule.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Sequence

from c4pipe.page import Dropped, Kept, Page, Rejected, Step, Unit, Verdict
from c4pipe.rules.base import LineEdit, LineRule
from c4pipe.rules.lines import EndMark, MaxWordLength, StripCitations

LineStep = LineRule | LineEdit
_ODD_BREAK = re.compile("[\r\x0b\x0c\x1c-\x1e\x85\u2028\u2029]")  # where str.splitlines breaks beside "\n"


def clean(page: Page, steps: Sequence[LineStep], dropped: list[Dropped] | None = None) -> Verdict:
    """The page with the lines that every rule lets pass, or its rejection by a rule that costs the page.

    Each line is stripped, then walks the steps in order. Lines that fall are appended to `dropped` where given.
    """
    tally: Counter[str] = Counter()
    kept = []
    for line in page.text.splitlines():
        line = line.strip()
        for step in steps:
            if isinstance(step, LineEdit):
                line = step.edit(line)
            elif step.breaks(line):
                if dropped is not None:
                    dropped.append(Dropped(step.reason.code, line))
                if step.reason.unit is Unit.PAGE:
                    return Rejected(page, step.reason, line, tally)
                tally[step.reason.code] += 1
                break
        else:
            kept.append(line)
    return Kept(page._replace(text="\n".join(kept).strip()), tally)


def fast_clean(steps: Sequence[LineStep]) -> Step:
    """`clean` for these steps; several times faster where they begin as C4's do."""
    match tuple(steps[:3]):
        case (MaxWordLength(chars=chars), StripCitations(), EndMark() as end) if all(end.marks):
            # A class of the user's own that stands on one of these may judge otherwise.
            if [type(step) for step in steps[:3]] == [MaxWordLength, StripCitations, EndMark]:
                return _skipping(steps, chars, end)
    return lambda page: clean(page, steps)


def _skipping(steps: Sequence[LineStep], chars: int, end: EndMark) -> Callable[[Page], Verdict]:
    """Most lines of a crawled page have no end mark. Its last character tells, unless the line is so long that it
    may hold a long word, or holds a bracket and may lose a citation at its end: those walk the rules."""
    last = frozenset(mark[-1] for mark in end.marks)
    alive = _alive(steps, chars, end, last)

    def run(page: Page) -> Verdict:
        text = page.text
        lines = text.split("\n")
        if "" in lines or _ODD_BREAK.search(text):
            return clean(page, steps)
        walk = [line for line in lines if line[-1] in last or "[" in line or len(line) > chars or line[-1].isspace()]
        verdict = clean(page._replace(text="\n".join(walk)), alive(walk))
        if isinstance(verdict, Rejected):
            return clean(page, steps)  # rare; the tally must stop at the line that cost the page
        skipped = len(lines) - len(walk)
        if not skipped:
            return verdict
        tally = Counter(verdict.tally)
        tally[end.reason.code] += skipped
        return Kept(verdict.page, tally)

    return run


def _alive(
    steps: Sequence[LineStep], chars: int, end: EndMark, last: frozenset[str]
) -> Callable[[list[str]], Sequence[LineStep]]:
    """Tells which steps can do anything to these lines.

    Without brackets, long lines and blanks at the end, the three leading ones cannot, but for lines that are cut off,
    if each mark is one character; of the others those cannot whose `needs` are nowhere.
    """
    # A class of the user's own may have inherited them.
    needs = [
        (step, step.needs if isinstance(step, LineRule) and "needs" in vars(type(step)) else ()) for step in steps[3:]
    ]
    short = all(len(mark) == 1 and not mark.isspace() for mark in end.marks)
    changing = any(isinstance(step, LineEdit) for step in steps[3:])  # into what a rule behind it needs

    def alive(lines: list[str]) -> Sequence[LineStep]:
        text = "\n".join(lines) + "\n"
        if "[" in text or changing or not short or any(line[-1] not in last or len(line) > chars for line in lines):
            return steps
        lowered = text.lower()
        left = [step for step, strings in needs if not strings or any(string in lowered for string in strings)]
        return [end, *left] if f"{end.cut}\n" in text else left

    return alive
