"""Where the losses of a raw page are, and the few lines around them that are worth showing."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Sequence
from itertools import islice
from typing import NamedTuple

from c4pipe.inspect.quoted import ways_to_stand
from c4pipe.page import Dropped

EXCERPT_LINES = 6  # of an excerpt
LEAD_IN, WIDE = 70, 260  # characters of a line before its first mark, and in total
MISSED = 20  # losses not found in the whole page before the search stops; citations that were cut first hide them


class MarkedText(NamedTuple):
    """A piece of a line; `code` is the reason that cut it, "" for the rest."""

    text: str
    code: str = ""


class ExcerptLine(NamedTuple):
    """A line of an excerpt, `skipped` lines after the previous one."""

    pieces: tuple[MarkedText, ...]
    skipped: int = 0


_Span = tuple[int, int, str]  # start, end, reason


def excerpt(text: str, dropped: Sequence[Dropped], code: str, offending: str = "") -> list[ExcerptLine]:
    """A few lines of a raw page: those that lost something for this reason with their neighbours, or the first ones.

    `offending` is the word or line for which the page was rejected; it is marked in the text.
    """
    lines = text.split("\n")
    spans = _spans(lines, dropped)
    if offending:
        _mark_offence(lines, spans, code, offending)
    focus = [i for i in sorted(spans) if any(span[2] == code for span in spans[i])]
    numbers = sorted({j for i in focus[:3] for j in (i - 1, i, i + 1) if 0 <= j < len(lines)})[:EXCERPT_LINES]
    numbers = numbers or list(range(min(EXCERPT_LINES, len(lines)))) if text else []
    found, last = [], -1
    for number in numbers:
        found.append(ExcerptLine(_pieces(lines[number], spans.get(number, []), code), number - last - 1))
        last = number
    return found


def _spans(lines: list[str], dropped: Sequence[Dropped]) -> dict[int, list[_Span]]:
    """Line -> what was cut from it. A loss is the line itself, or the next one that contains it; for a passage over
    several lines each of its lines is one."""
    spans: dict[int, list[_Span]] = defaultdict(list)
    whole: dict[str, deque[int]] = defaultdict(deque)
    for i, line in enumerate(lines):
        whole[line.strip()].append(i)
    at = missed = 0
    for drop, lost in ((each, lost.strip()) for each in dropped for lost in each.line.split("\n")):
        if whole.get(lost):
            i = whole[lost].popleft()
            spans[i].append((0, len(lines[i]), drop.code))
            continue
        if not lost or missed >= MISSED:
            continue
        for i in (*range(at, len(lines)), *range(at)):
            start = lines[i].find(lost, max((end for _, end, _ in spans.get(i, ())), default=0))
            if start >= 0:
                spans[i].append((start, start + len(lost), drop.code))
                at = i
                break
        else:
            missed += 1
    return spans


def _mark_offence(lines: list[str], spans: dict[int, list[_Span]], code: str, offending: str) -> None:
    """Marks the offending line, else the first places where a remaining line contains it."""
    left = [i for i in range(len(lines)) if not any(end > 0 for _, end, _ in spans.get(i, ()))]
    whole = next((i for i in left if lines[i].strip() == offending.strip()), None)
    if whole is not None:
        spans[whole] = [(0, len(lines[whole]), code)]
        return
    for pattern in ways_to_stand(offending):
        places = ((i, match.span()) for i in left for match in pattern.finditer(lines[i]))
        if found := [*islice(places, 3)]:
            for i, (start, end) in found:
                spans[i].append((start, end, code))
            return


def _pieces(line: str, spans: list[_Span], code: str) -> tuple[MarkedText, ...]:
    """The line around its first mark of this reason, split at the marks."""
    first = min((start for start, _, found in spans if found == code), default=0)
    begin = max(0, first - LEAD_IN) if len(line) > WIDE else 0
    end = min(len(line), begin + WIDE)
    pieces, at = [MarkedText("…")] if begin else [], begin
    for start, stop, found in sorted(spans):
        start, stop = max(start, at), min(stop, end)
        if start < stop:
            pieces += [MarkedText(line[at:start]), MarkedText(line[start:stop], found)]
            at = stop
    pieces += [MarkedText(line[at:end]), MarkedText("…" if end < len(line) else "")]
    return tuple(piece for piece in pieces if piece.text)
