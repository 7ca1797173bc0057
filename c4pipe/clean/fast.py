"""Fast equivalents of the loop: the same verdict, tally and dropped lines, several times faster.

They know C4's leading steps; `clean/counted` handles others that depend on counts or on strings. A line that is not
plain for these walks the steps as in the loop; a line that is clearly kept walks only those other steps that might
object to it.
"""

from __future__ import annotations

import ctypes
import threading
from array import array
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from c4pipe.clean.counted import counted_steps, dropped_lines, judged_lines, lines_verdict
from c4pipe.clean.loop import LineStep, clean, walk
from c4pipe.clean.sift import (
    ASKED,
    BY_END,
    BY_WORDS,
    FULL,
    NOWHERE,
    ROOM,
    ROW,
    ROWS,
    WALKED,
    sift,
)
from c4pipe.clean.steps import BLANKS, Leading, arguments_of, leading_of, others_of
from c4pipe.page import Dropped, Kept, Page, Rejected, Step, Unit, Verdict
from c4pipe.rules.base import LineEdit, LineRule
from c4pipe.rules.lines import MinWords
from c4pipe.text import know_lines
from c4pipe.text.utf8 import encoded, read_utf8

Fallen = tuple[int, ...]  # lines dropped for their end and for their words, and the characters of both
Falls = tuple[dict[str, int], dict[str, int]]  # lines and characters by the code of the rule


class Doubt(NamedTuple):
    """A line that is not plain."""

    place: int  # its position in the kept lines
    line: str  # with its newline; may be several to `str.splitlines`
    so_far: Fallen  # before it


class Answer(NamedTuple):
    """The steps' answer for a line that was not plain, or that was kept and is now dropped or changed."""

    start: int  # its bounds, with its newline, in the kept lines; equal if it is not in them
    end: int
    broken: LineRule | None
    line: str
    so_far: Fallen | None  # as in Doubt; None if it was kept


def fast_clean(steps: Sequence[LineStep]) -> Step:
    """`clean` for these steps; several times faster if they begin like C4's."""
    leading = leading_of(steps)
    if leading is None:
        return _by_counts(steps)
    others = others_of(leading.others)
    own = _Own(*arguments_of(leading, others))

    def by_bytes(page: Page) -> Verdict:
        sieve = own.sieve
        text = encoded(page.text)
        left = sieve(text)
        if left is None:
            return clean(page, steps)
        fallen, doubts, walked = sieve.fallen(), sieve.doubts(text, left), sieve.walked()
        falls: Falls = {}, {}
        if not doubts and not others.asked:
            _count_plain(falls, leading, fallen)
            return Kept(Page(page.url, _all_plain(page.text, left, fallen, walked), *page[2:]), *falls)
        know_lines(page.text, walked + sum(len(doubt.line.splitlines()) - 1 for doubt in doubts))
        stand, pieces, done = left.decode(errors="surrogatepass"), [], 0
        answers = _answers(stand, doubts, steps, others.asked)
        for start, end, broken, line, so_far in answers:
            if broken is not None and broken.reason.unit is Unit.PAGE:
                if so_far is None:
                    sieve(text, stop=len(stand[:start].encode(errors="surrogatepass")))
                    so_far = sieve.fallen()
                _count_plain(falls, leading, so_far)
                return Rejected(page, broken.reason, line, *falls)
            pieces.append(stand[done:start])
            done = end
            if broken is None:
                pieces.append(f"{line}\n")
            else:
                _count(falls, broken, 1, len(line))
        _count_plain(falls, leading, fallen)
        cleaned = "".join([*pieces, stand[done:]]).strip()
        return Kept(Page(page.url, cleaned, *page[2:]), *falls)

    return by_bytes


def _all_plain(text: str, left: bytes, fallen: Fallen, lines: int) -> str:
    """The text without the dropped lines, if all its lines are plain; caches what the next stages need of both."""
    know_lines(text, lines)
    try:
        stand = read_utf8(left[:-1])
    except UnicodeDecodeError:  # surrogates
        stand = left[:-1].decode(errors="surrogatepass")
    cleaned = stand.strip()
    if cleaned is stand:  # nearly always: no end mark is a blank
        know_lines(cleaned, lines - fallen[BY_END] - fallen[BY_WORDS])
    return cleaned


def _by_counts(steps: Sequence[LineStep]) -> Step:
    by = counted_steps(steps)

    def by_counts(page: Page) -> Verdict:
        judged = judged_lines(page.text, by) if by is not None else None
        return clean(page, steps) if by is None or judged is None else lines_verdict(page, by, judged)

    return by_counts


def _answers(
    stand: str, doubts: Iterable[Doubt], steps: Sequence[LineStep], asked: Sequence[LineStep]
) -> Iterator[Answer]:
    """In page order: lines that are not plain walk the steps, kept lines only the steps that may object."""
    done = 0
    for place, doubtful, so_far in doubts:
        if asked:
            yield from _objections(stand, done, place, asked)
            done = place
        for line in doubtful.splitlines():
            yield Answer(place, place, *walk(line.strip(), steps), so_far)
    if asked:
        yield from _objections(stand, done, len(stand), asked)


def _objections(stand: str, start: int, end: int, asked: Sequence[LineStep]) -> Iterator[Answer]:
    """Which of these lines are dropped or changed: `walk` inlined, because a call per line would double the time."""
    lines, passed = stand[start:end].split("\n")[:-1], 0
    for number, line in enumerate(lines):
        changed = line
        for step in asked:
            if isinstance(step, LineEdit):
                changed = step.edit(changed)
            elif step.breaks(changed):
                broken: LineRule | None = step
                break
        else:
            if changed is line:
                continue
            broken = None
        start += sum(len(each) + 1 for each in lines[passed:number])
        end, passed = start + len(line) + 1, number + 1
        yield Answer(start, end, broken, changed, None)
        start = end


def _count(falls: Falls, rule: LineRule | type[LineRule], lines: int, chars: int) -> None:
    """Counts dropped lines, and their characters."""
    if lines:
        code, (tally, sizes) = rule.reason.code, falls
        tally[code], sizes[code] = tally.get(code, 0) + lines, sizes.get(code, 0) + chars


def _count_plain(falls: Falls, leading: Leading, fallen: Fallen) -> None:
    """Counts the lines that `sift` dropped."""
    by_end, by_words, end_chars, word_chars = fallen
    _count(falls, leading.end, by_end, end_chars)
    _count(falls, MinWords, by_words, word_chars)


class _Sieve:
    """`sift` for certain steps, with its arrays, reused for every page."""

    def __init__(self, of_byte: bytes, known: bytes) -> None:
        self._of_byte, self._known = of_byte, known
        self.report = array("q", bytes(8 * (ROWS + ROW * ROOM)))
        self._make_room(0)

    def _make_room(self, size: int) -> None:
        """Makes room for what is kept of a page of this size."""
        self._room, self._kept = size, array("B", bytes(size + 1))
        self._places = self._kept.buffer_info()[0], self.report.buffer_info()[0]

    def __call__(self, text: bytes, stop: int = NOWHERE) -> bytes | None:
        """The kept lines of the page, as far as `stop`; None if too many are not plain."""
        if self._room < len(text):
            self._make_room(2 * len(text))
        size = sift(text, len(text), self._of_byte, self._known, *self._places, stop)
        return None if size == FULL else ctypes.string_at(self._places[0], size)

    def fallen(self) -> Fallen:
        """Of the page just read."""
        return tuple(self.report[:ASKED])

    def walked(self) -> int:
        """The number of lines in the page just read, if only newlines end them."""
        return self.report[WALKED]

    def doubts(self, text: bytes, left: bytes) -> list[Doubt]:
        """The lines of the page just read that are not plain, of which these lines are left."""
        doubtful = self.report[ASKED]
        if not doubtful:
            return []
        rows = self.report[ROWS : ROWS + ROW * doubtful]
        doubts, passed, place = [], 0, 0
        for start, end, at, *so_far in zip(*[iter(rows)] * ROW, strict=True):
            place, passed = place + len(left[passed:at].decode(errors="surrogatepass")), at
            line = text[start : end + 1].decode(errors="surrogatepass")
            doubts.append(Doubt(place, line, tuple(so_far)))
        return doubts


class _Own(threading.local):
    """A sieve for each thread."""

    def __init__(self, of_byte: bytes, known: bytes) -> None:
        self.sieve = _Sieve(of_byte, known)


def dropped_by(page: Page, steps: Sequence[LineStep]) -> list[Dropped]:
    """The lines that `clean` appends to `dropped`. Lines that clearly lack an end mark do not walk the steps."""
    dropped: list[Dropped] = []
    leading = leading_of(steps)
    if leading is None:
        by = counted_steps(steps)
        judged = judged_lines(page.text, by) if by is not None else None
        if by is not None and judged is not None:
            return dropped_lines(page.text, by, judged)
        clean(page, steps, dropped)
        return dropped
    last, code = frozenset(BLANKS + "]").union(mark[-1] for mark in leading.end.marks), leading.end.reason.code
    for line in page.text.splitlines():
        if line[-1:] not in last and len(line) <= leading.longest.chars:
            dropped.append(Dropped(code, leading.citations.edit(line.strip())))
            continue
        broken, line = walk(line.strip(), steps)
        if broken is not None:
            dropped.append(Dropped(broken.reason.code, line))
            if broken.reason.unit is Unit.PAGE:
                break
    return dropped
