"""What differs between two texts, such as those that two corpora keep of one page: line by line, or word by word."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby, pairwise
from typing import NamedTuple

from c4pipe.text.tokens import word_hashes

MOST_TEXT = 200_000  # characters of a page that are compared; C4 has none longer
MOST_DIFF_LINES = 40  # shown of a page
MOST_LINE_CHARS = 400  # shown of a line
MOST_COMPARED = 1_000  # lines; `difflib` takes the square of them, and what stands behind them is not shown
MOST_DIFF_WORDS = 2_000  # of lines that stand for one another; where there are more, nothing in them is told apart
PAIRED = 20  # lines ahead in which one that stands for another is looked for
FOLDED = 160  # characters of a passage that is the same in both beyond which only its ends are shown
ALIKE = 0.5  # share of words that lines have in common, below which nothing in them is told apart either
SAME_LINES = 3  # shown at each end of a run of lines that are the same in two texts beside each other
MOST_BESIDE_WORDS = 20_000  # of lines that differ; in those behind them nothing is told apart
FOLD_END = 50  # characters of such an end


class DiffLine(NamedTuple):
    """A line of a page in both corpora."""

    mark: str  # " " in both, "-" in the first only, "+" in the second only, "…" where lines are left out
    text: str
    code: str = ""  # the reason for which the other corpus cut it, where that is recorded


class SideBySide(NamedTuple):
    """A line of each text that stand for one another; None where the other text has none for it."""

    left: list[tuple[str, bool]] | None  # in pieces, as `WordedLine` has them
    right: list[tuple[str, bool]] | None
    codes: tuple[str, str] = ("", "")  # why the other corpus cut the left one, and the right one, where that is known
    folded: int = 0  # lines that are the same in both and left out here; then there is no other
    hidden: int = 0  # lines that one corpus cut and that are left out here; then there is no other

    @property
    def is_cut(self) -> bool:
        """Whether it is a line of one text that the other corpus is known to have cut."""
        return (self.left is None) != (self.right is None) and any(self.codes)


class WordedLine(NamedTuple):
    """A line as `DiffLine` has it, in pieces."""

    mark: str
    pieces: list[tuple[str, bool]]  # text, and whether the other has other words there


def diff(
    a: str, b: str, cut_a: Sequence[tuple[str, str]] = (), cut_b: Sequence[tuple[str, str]] = ()
) -> list[DiffLine]:
    """The lines that differ between two texts, each with a line around it, at most `MOST_DIFF_LINES`.

    A line of one text that the other corpus is known to have cut, whole or a sentence of it, has its reason.
    """
    lines = [line._replace(text=_short(line.text)) for line in _lines(a, b, cut_a, cut_b)]
    return [*lines[:MOST_DIFF_LINES], DiffLine("…", "")] if len(lines) > MOST_DIFF_LINES else lines


def diff_words(a: str, b: str) -> list[WordedLine]:
    """The lines that differ, as `diff` has them, with the words that differ marked; long passages that do not are
    folded. Nothing where the texts are the same."""
    lines: list[WordedLine] = []
    for differ, group in groupby(_lines(a, b), lambda line: line.mark in ("-", "+")):
        if differ:
            block = [*group]
            sides = [[line.text for line in block if line.mark == mark] for mark in "-+"]
            told = _told_apart("\n".join(sides[0]), "\n".join(sides[1]))
            for pair in _paired(*(map(list, map(_by_line, told)))):
                lines += [
                    WordedLine(mark, _folded(line)) for mark, line in zip("-+", pair, strict=True) if line is not None
                ]
        else:
            lines += [WordedLine(line.mark, _folded([(line.text, False)])) for line in group]
    return [*lines[:MOST_DIFF_LINES], WordedLine("…", [])] if len(lines) > MOST_DIFF_LINES else lines


def diff_beside(
    a: str, b: str, cut_a: Sequence[tuple[str, str]] = (), cut_b: Sequence[tuple[str, str]] = (), whole: bool = False
) -> list[SideBySide]:
    """Two texts beside each other, line by line, with the words that differ marked, of the first `MOST_COMPARED` lines.
    Long runs of lines that are the same in both are folded, unless they are wanted `whole`."""
    first, second = ([*text.split("\n")[:MOST_COMPARED]] if text else [] for text in (a, b))
    rows: list[SideBySide] = []
    words = MOST_BESIDE_WORDS
    for kind, i, j, k, m in difflib.SequenceMatcher(None, first, second, autojunk=False).get_opcodes():
        if kind == "equal":
            rows += _same_lines(first[i:j], whole)
            continue
        mine, theirs = "\n".join(first[i:j]), "\n".join(second[k:m])
        words -= len(mine.split()) + len(theirs.split())
        told = _told_apart(mine, theirs) if words > 0 else ([(mine, True)], [(theirs, True)])
        sides = [
            list(_by_line(text)) if lines else [] for text, lines in zip(told, (first[i:j], second[k:m]), strict=True)
        ]
        for left, right in _paired(*sides):
            cut = zip((left, right), (cut_b, cut_a), strict=True)
            codes = ["" if line is None else _code("".join(text for text, _ in line), reasons) for line, reasons in cut]
            rows.append(SideBySide(left, right, (codes[0], codes[1])))
    return rows


def without_cut(rows: Iterable[SideBySide]) -> list[SideBySide]:
    """Two texts beside each other without the lines that one of the corpora cut: a row for each run of them.

    >>> line = SideBySide([("Home", True)], None, ("few_words", ""))
    >>> [row.hidden for row in without_cut([line, line, SideBySide([("A", False)], [("A", False)])])]
    [2, 0]
    """
    runs = ((cut, list(run)) for cut, run in groupby(rows, lambda row: row.is_cut))
    return [row for cut, run in runs for row in ([SideBySide(None, None, hidden=len(run))] if cut else run)]


def _same_lines(lines: Sequence[str], whole: bool) -> list[SideBySide]:
    rows = [SideBySide([(line, False)], [(line, False)]) for line in lines]
    hidden = len(rows) - 2 * SAME_LINES
    if whole or hidden < 2:
        return rows
    return [*rows[:SAME_LINES], SideBySide(None, None, folded=hidden), *rows[-SAME_LINES:]]


_Pieces = list[tuple[str, bool]]


def _lines(
    a: str, b: str, cut_a: Sequence[tuple[str, str]] = (), cut_b: Sequence[tuple[str, str]] = ()
) -> Iterator[DiffLine]:
    first, second = a.split("\n")[:MOST_COMPARED] if a else [], b.split("\n")[:MOST_COMPARED] if b else []
    for number, group in enumerate(difflib.SequenceMatcher(None, first, second).get_grouped_opcodes(1)):
        if number:
            yield DiffLine("…", "")
        for kind, i, j, k, m in group:
            if kind == "equal":
                yield from (DiffLine(" ", line) for line in first[i:j])
            else:
                yield from (DiffLine("-", line, _code(line, cut_b)) for line in first[i:j])
                yield from (DiffLine("+", line, _code(line, cut_a)) for line in second[k:m])


def _told_apart(a: str, b: str) -> tuple[_Pieces, _Pieces]:
    """Both texts in pieces."""
    mine, theirs = _tokens(a), _tokens(b)
    if not (a and b) or max(len(mine), len(theirs)) > MOST_DIFF_WORDS:
        return [(a, True)] if a else [], [(b, True)] if b else []
    sides: tuple[_Pieces, _Pieces] = [], []
    one, other = (["".join(token.split()) for token in tokens] for tokens in (mine, theirs))  # without blanks
    matcher = difflib.SequenceMatcher(None, one, other, autojunk=False)
    if matcher.ratio() < ALIKE:
        return [(a, True)], [(b, True)]
    for kind, i, j, k, m in matcher.get_opcodes():
        for side, tokens in zip(sides, (mine[i:j], theirs[k:m]), strict=True):
            text = "".join(tokens)
            words = text.rstrip() if kind != "equal" else ""
            for piece, differs in ((words, True), (text[len(words) :], False)):
                if piece:
                    before = side.pop()[0] if side and side[-1][1] == differs else ""
                    side.append((before + piece, differs))
    return sides


def _paired(gone: list[_Pieces], come: list[_Pieces]) -> Iterator[tuple[_Pieces | None, _Pieces | None]]:
    """The lines of a block in order, each of the first text with the one below it that stands for it in the second."""
    sets = [[_words("".join(text for text, _ in line)) for line in side] for side in (gone, come)]
    done = 0
    for line, words in zip(gone, sets[0], strict=True):
        ahead = range(done, min(done + PAIRED, len(come)))
        other = next((k for k in ahead if len(words & sets[1][k]) > ALIKE * max(len(words), len(sets[1][k]))), None)
        if other is not None:
            yield from ((None, between) for between in come[done:other])
        yield line, None if other is None else come[other]
        if other is not None:
            done = other + 1
    yield from ((None, line) for line in come[done:])


def _words(text: str) -> set[str]:
    return {token.strip() for token in _tokens(text)}


def _tokens(text: str) -> list[str]:
    """Words in every script, each with what stands behind it up to the next one."""
    places = sorted({0, len(text), *word_hashes(text).starts.tolist()})
    return [text[start:end] for start, end in pairwise(places)]


def _by_line(pieces: _Pieces) -> Iterator[_Pieces]:
    line: _Pieces = []
    for text, differs in pieces:
        for part in re.split("(\n)", text):
            if part == "\n":
                yield line
                line = []
            elif part:
                line.append((part, differs))
    if pieces:
        yield line


def _folded(line: _Pieces) -> _Pieces:
    """The pieces of a line, those that are the same in both without their middles: of the first and last one the end
    that is beside a difference is shown."""
    folded = []
    for number, (text, differs) in enumerate(line):
        if not differs and len(text) > FOLDED:
            before = _beginning(text, FOLD_END) if number or len(line) == 1 else ""
            behind = _beginning(text[::-1], FOLD_END)[::-1] if number < len(line) - 1 else ""
            text = f"{before} […] {behind}"
        folded.append((_short(text), differs))
    return folded


def _code(line: str, cut: Sequence[tuple[str, str]]) -> str:
    """Why the line was cut: as a whole, else a sentence of it."""
    stripped = line.strip()
    whole = next((code for code, text in cut if text.strip() == stripped), "")
    return whole or next((code for code, text in cut if text and text in line), "")


def _short(text: str) -> str:
    return text if len(text) <= MOST_LINE_CHARS else f"{_beginning(text, MOST_LINE_CHARS)}…"


def _beginning(text: str, most: int) -> str:
    """So many characters of it at most, up to the end of a word where blanks part words.

    >>> _beginning("the fog lay on the sea", 9), _beginning("x" * 9, 4)
    ('the fog', 'xxxx')
    """
    if len(text) <= most or text[most].isspace():
        return text[:most]
    words = re.fullmatch(r"(?s)(.+)\s\S*", text[:most])
    return words[1].rstrip() if words and 2 * len(words[1]) > most else text[:most]
