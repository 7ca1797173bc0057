"""The loop's equivalent for steps that depend only on counts of a line, or that touch few lines.

Lines are counted, and rules on counts judge all lines of a page at once. Lines with a sign of any other step walk all
steps, as in the loop; those steps do not affect the rest.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from c4pipe.clean.loop import LineStep, walk
from c4pipe.page import Dropped, Kept, Page, Rejected, Unit, Verdict
from c4pipe.rules.base import LineRule
from c4pipe.text.kinds import LineCounts, known_points, line_counts


class CountedSteps(NamedTuple):
    """Steps, and what each says about the lines that concern it."""

    steps: tuple[LineStep, ...]
    counting: tuple[tuple[int, LineRule], ...]  # rules on counts; with their places among the steps
    touching: tuple[LineStep, ...]  # steps with signs


class JudgedLines(NamedTuple):
    """The lines of a page after the steps."""

    lines: LineCounts
    broken: NDArray[np.int64]  # (lines,) the place of the step that drops it; the number of steps if none does
    walked: dict[int, str]  # the lines that walked, as seen by the step that drops them, or as kept
    end: int  # the line that drops the page; the number of lines if none does


def counted_steps(steps: Sequence[LineStep]) -> CountedSteps | None:
    """The steps, if each is of these kinds. A class must declare it itself, because a subclass may judge otherwise."""
    counting = [(i, step) for i, step in enumerate(steps) if isinstance(step, LineRule) and _own(step, "broken_by")]
    touching = [step for step in steps if _own(step, "needs") or _own(step, "sign")]
    if len(counting) + len(touching) != len(steps) or any(rule.reason.unit is Unit.PAGE for _, rule in counting):
        return None
    if not all(string and string.isascii() for step in touching for string in step.needs):
        return None
    return CountedSteps(tuple(steps), tuple(counting), tuple(touching))


def _own(step: LineStep, name: str) -> bool:
    return name in vars(type(step))


def judged_lines(text: str, by: CountedSteps) -> JudgedLines | None:
    """The lines of a text after the steps; None if a character has a longer lower case."""
    lowered = text.lower()
    if len(lowered) != len(text):
        return None
    lines, none = line_counts(text), len(by.steps)
    count = len(lines.starts)
    broken = np.full(count, none)
    for place, rule in reversed(by.counting):
        broken[rule.broken_by(lines)] = place
    places = [at for step in by.touching for at in _signs(text, lowered, step)]
    # A sign may begin with a blank, so also before the first stripped line.
    touched = np.unique(np.searchsorted(lines.starts[1:], places, side="right")).tolist() if places else []
    walked, end = dict[int, str](), count
    for at in touched:
        fallen, walked[at] = walk(text[lines.starts[at] : lines.ends[at]], by.steps)
        broken[at] = none if fallen is None else by.steps.index(fallen)
        if fallen is not None and fallen.reason.unit is Unit.PAGE:
            end = at
            break
    return JudgedLines(lines, broken, walked, end)


def _signs(text: str, lowered: str, step: LineStep) -> Iterator[int]:
    """The offsets of a step's signs."""
    if step.sign is not None:
        yield from (found.start() for found in step.sign.finditer(text))
    for string in step.needs:
        at = lowered.find(string)
        while at >= 0:
            yield at
            at = lowered.find(string, at + 1)


def lines_verdict(page: Page, by: CountedSteps, judged: JudgedLines) -> Verdict:
    """`clean`'s verdict on the page."""
    none, (lines, broken, walked, end) = len(by.steps), judged
    lengths = (lines.ends - lines.starts).astype(np.int64)
    for at, line in walked.items():
        lengths[at] = len(line)
    counts = np.bincount(broken[:end], minlength=none + 1)[:none].tolist()
    sums = np.bincount(broken[:end], lengths[:end], none + 1)[:none].tolist()
    tally, chars = dict[str, int](), dict[str, int]()
    for step, number, size in zip(by.steps, counts, sums, strict=True):
        if number:
            code = step.reason.code  # type: ignore[union-attr]
            tally[code] = tally.get(code, 0) + number
            chars[code] = chars.get(code, 0) + int(size)
    if end < len(broken):
        return Rejected(page, by.steps[broken[end]].reason, walked[end], tally, chars)
    return Kept(page._replace(text=_joined(page.text, judged, broken == none).strip()), tally, chars)


def _joined(text: str, judged: JudgedLines, stands: NDArray[np.bool_]) -> str:
    """The kept lines, joined by newlines; those that are adjacent in the text are copied together."""
    (starts, ends, *_), _, walked, _ = judged
    changed = {at: line for at, line in walked.items() if stands[at] and line != text[starts[at] : ends[at]]}
    apart = np.ones(len(starts) + 1, bool)  # whether a line is not adjacent to the one before
    between = known_points(text)[ends[:-1]] == ord("\n")
    apart[1:-1] = ~(stands[:-1] & stands[1:] & between & (starts[1:] == ends[:-1] + 1))
    apart[[*changed]] = apart[[at + 1 for at in changed]] = True
    firsts, lasts = np.flatnonzero(apart[:-1] & stands), np.flatnonzero(apart[1:] & stands)
    spans = zip(firsts.tolist(), starts[firsts].tolist(), ends[lasts].tolist(), strict=True)
    return "\n".join([changed[at] if at in changed else text[start:end] for at, start, end in spans])


def dropped_lines(text: str, by: CountedSteps, judged: JudgedLines) -> list[Dropped]:
    """The lines that `clean` appends to `dropped`."""
    lines, broken, walked, end = judged
    fallen = np.flatnonzero(broken[: end + 1] < len(by.steps)).tolist()
    return [
        Dropped(
            by.steps[broken[at]].reason.code,
            walked[at] if at in walked else text[lines.starts[at] : lines.ends[at]],
        )
        for at in fallen
    ]
