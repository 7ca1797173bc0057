"""The differences between two texts, such as two corpora's versions of a page: line by line, or word by word."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby, pairwise
from typing import NamedTuple

from c4pipe.text.tokens import word_hashes

MOST_TEXT = 200_000  # characters compared of a page; pages of C4 are not longer
MOST_DIFF_LINES = 40  # shown per page
MOST_LINE_CHARS = 400  # shown per line
MOST_COMPARED = 1_000  # lines; `difflib` takes quadratic time, and later lines are not shown
MOST_DIFF_WORDS = 2_000  # in paired lines; if there are more, differences in them are not marked
PAIRED = 20  # lines ahead in which the counterpart of a line is searched for
FOLDED = 160  # characters of an unchanged passage above which only its ends are shown
ALIKE = 0.5  # share of common words in paired lines below which differences in them are not marked either
SAME_LINES = 3  # shown at each end of a run of unchanged lines, in texts side by side
MOST_BESIDE_WORDS = 20_000  # of lines that differ; in later lines differences are not marked
FOLD_END = 50  # characters of such an end


class DiffLine(NamedTuple):
    """A line of a page in both corpora."""

    mark: str  # " " in both, "-" in the first only, "+" in the second only, "…" for omitted lines
    text: str
    code: str = ""  # the reason for which the other corpus cut it, if recorded


class SideBySide(NamedTuple):
    """Two lines, one of each text, that correspond; None if the other text has no such line."""

    left: list[tuple[str, bool]] | None  # in pieces, as in `WordedLine`
    right: list[tuple[str, bool]] | None
    codes: tuple[str, str] = ("", "")  # why the other corpus cut the left one, and the right one, if known
    folded: int = 0  # unchanged lines omitted here; the row has nothing else then
    hidden: int = 0  # lines cut by one corpus and omitted here; the row has nothing else then

    @property
    def is_cut(self) -> bool:
        """Whether it is a line of one text that the other corpus is known to have cut."""
        return (self.left is None) != (self.right is None) and any(self.codes)


class WordedLine(NamedTuple):
    """A `DiffLine` in pieces."""

    mark: str
    pieces: list[tuple[str, bool]]  # text, and whether the other text differs there


def diff(
    a: str, b: str, cut_a: Sequence[tuple[str, str]] = (), cut_b: Sequence[tuple[str, str]] = ()
) -> list[DiffLine]:
    """The lines that differ between two texts, each with a line of context, at most `MOST_DIFF_LINES`.

    A line of one text that the other corpus is known to have cut, completely or in part, has its reason.
    """
    lines = [line._replace(text=_short(line.text)) for line in _lines(a, b, cut_a, cut_b)]
    return [*lines[:MOST_DIFF_LINES], DiffLine("…", "")] if len(lines) > MOST_DIFF_LINES else lines


def diff_words(a: str, b: str) -> list[WordedLine]:
    """The lines that differ, as from `diff`, with the differing words marked and long unchanged passages folded. Empty
    if the texts are the same."""
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
    """Two texts side by side, line by line, with the differing words marked, for the first `MOST_COMPARED` lines. Long
    runs of unchanged lines are folded, unless `whole` is set."""
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
    """Two texts side by side without the lines that one of the corpora cut: one row for each run of them.

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
    """The lines of a block in order, each of the first text before its counterpart in the second."""
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
    """Words in every script, each with the characters before the next one."""
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
    """The pieces of a line, with the unchanged ones folded: of the first and last piece the end next to a difference is
    shown."""
    folded = []
    for number, (text, differs) in enumerate(line):
        if not differs and len(text) > FOLDED:
            before = _beginning(text, FOLD_END) if number or len(line) == 1 else ""
            behind = _beginning(text[::-1], FOLD_END)[::-1] if number < len(line) - 1 else ""
            text = f"{before} […] {behind}"
        folded.append((_short(text), differs))
    return folded


def _code(line: str, cut: Sequence[tuple[str, str]]) -> str:
    """Why the line was cut: the whole line, else a sentence of it."""
    stripped = line.strip()
    whole = next((code for code, text in cut if text.strip() == stripped), "")
    return whole or next((code for code, text in cut if text and text in line), "")


def _short(text: str) -> str:
    return text if len(text) <= MOST_LINE_CHARS else f"{_beginning(text, MOST_LINE_CHARS)}…"


def _beginning(text: str, most: int) -> str:
    """The beginning of a text, with at most so many characters, up to the end of a word if blanks separate words.

    >>> _beginning("the fog lay on the sea", 9), _beginning("x" * 9, 4)
    ('the fog', 'xxxx')
    """
    if len(text) <= most or text[most].isspace():
        return text[:most]
    words = re.fullmatch(r"(?s)(.+)\s\S*", text[:most])
    return words[1].rstrip() if words and 2 * len(words[1]) > most else text[:most]
