"""The loop that applies the line rules in order: the definition of cleaning a page."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from c4pipe.page import Dropped, Kept, Page, Rejected, Unit, Verdict
from c4pipe.rules.base import LineEdit, LineRule

LineStep = LineRule | LineEdit


def clean(page: Page, steps: Sequence[LineStep], dropped: list[Dropped] | None = None) -> Verdict:
    """The page with the lines that pass every rule, or its rejection by a rule that drops the page.

    Each line is stripped, then goes through the steps in order. Dropped lines are appended to `dropped`, if given.
    """
    tally: Counter[str] = Counter()
    chars: Counter[str] = Counter()
    kept = []
    for line in page.text.splitlines():
        broken, line = walk(line.strip(), steps)
        if broken is None:
            kept.append(line)
            continue
        if dropped is not None:
            dropped.append(Dropped(broken.reason.code, line))
        if broken.reason.unit is Unit.PAGE:
            return Rejected(page, broken.reason, line, tally, chars)
        tally[broken.reason.code] += 1
        chars[broken.reason.code] += len(line)
    return Kept(page._replace(text="\n".join(kept).strip()), tally, chars)


def walk(line: str, steps: Sequence[LineStep]) -> tuple[LineRule | None, str]:
    """The first rule that a stripped line breaks, if any, and the line as that rule saw it, or as it is kept."""
    for step in steps:
        if isinstance(step, LineEdit):  # an edit changes the line, a rule judges it
            line = step.edit(line)
        elif step.breaks(line):
            return step, line
    return None, line


def edited_by(text: str, steps: Sequence[LineStep]) -> set[str]:
    """The names of the edits that change a line of a page, up to the rule that it breaks."""
    found: set[str] = set()
    for whole in text.splitlines():
        line = whole.strip()
        for step in steps:
            if isinstance(step, LineEdit):
                changed = step.edit(line)
                if changed != line:
                    found.add(type(step).__name__)
                line = changed
            elif step.breaks(line):
                if step.reason.unit is Unit.PAGE:
                    return found
                break
    return found
