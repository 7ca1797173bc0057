"""English words as spaCy 3.8 cuts them, which is what datatrove's rules count: a plain walk over spaCy's tables.

    "Don't stop (ever)." -> Do n't stop ( ever ) .

A text is cut at blanks into runs. The words of a known run are looked up; from any other, marks are cut off at both
ends until nothing changes, and the rest is kept whole as an address or cut between letters. Then runs of words that
form an exception, as ":" and ")" do, become what the exception says. (spaCy's documentation, "Linguistic features",
Tokenization; `spacy/tokenizer.pyx`.) `bench.recipes` compares the words with spaCy's own.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import cache, lru_cache
from itertools import chain
from typing import Any

from c4pipe.text.english_patterns import EnglishPatterns, english_patterns
from c4pipe.text.runs import REMEMBERED, REMEMBERED_CHARS

WordTuple = tuple[str, ...]

LOOK_BACK = 32  # characters from the end that hold a mark to be cut off and its required context
LONG_ADDRESS = 4096  # characters: a longer run with an @ is not an address; spaCy would take hours on it


@lru_cache(maxsize=4)
def english_words(text: str) -> WordTuple:
    """The words of a text, marks among them, in order. Cached for the most recent texts.

    >>> english_words("Don't stop (ever).")
    ('Do', "n't", 'stop', '(', 'ever', ')', '.')
    """
    known = _known_within_bounds()
    words = tuple(chain.from_iterable(map(known.__getitem__, text.split())))
    return words if None not in words else tuple(_put_together_over_blanks(text, known))


def known_words(run: str) -> WordTuple:
    """The words of a run without blanks, whatever surrounds it."""
    words: WordTuple = _known_within_bounds()[run]
    return words if words[0] is not None else words[1:]


def sure_words(run: str) -> WordTuple | None:
    """The words of a run without blanks; None if they depend on what surrounds it."""
    words: WordTuple = _known_within_bounds()[run]
    return words if words[0] is not None else None


class _Known(dict[str, Any]):
    """Runs between blanks -> their words, preceded by None where words were put together, which the surroundings may
    forbid."""

    chars = 0  # of all runs together

    def __missing__(self, run: str) -> tuple[str | None, ...]:
        found: tuple[str | None, ...] = _plainly(run) if run.isascii() else ()
        if not found:
            apart = cut(run)
            whole = put_together(apart, ("",) * len(apart))
            found = whole if whole == apart else (None, *whole)
        self[run] = found
        self.chars += len(run)
        return found

    def clear(self) -> None:
        super().clear()
        self.chars = 0


def _plainly(run: str) -> WordTuple:
    """What `cut` and `put_together` return for ASCII letters alone, or with one mark behind them; () otherwise."""
    exceptions = english_patterns().exceptions
    if run.isalpha():
        return exceptions.get(run, (run,))
    core, mark = run[:-1], run[-1]
    if not core.isalpha() or core in _phrases() or core in exceptions or run in exceptions:
        return ()
    if mark in _ALONE or (mark == "." and core[-1].islower()):
        return core, mark
    return ()


@cache
def _known() -> _Known:
    return _Known()


def _known_within_bounds() -> _Known:
    known = _known()
    if len(known) > REMEMBERED or known.chars > REMEMBERED_CHARS:
        known.clear()
    return known


def _put_together_over_blanks(text: str, known: _Known) -> Iterator[str]:
    """The words of a text in which words are put together. Exceptions are searched across single blanks, too; a match
    there is not one, but its words can no longer belong to another."""
    for stretch in _STRETCHES.split(text):
        runs = stretch.split()
        sure = tuple(chain.from_iterable(map(known.__getitem__, runs)))
        if None not in sure:
            yield from sure
            continue
        apart: list[str] = []
        behind: list[str] = []
        for run in runs:
            words = cut(run) if known[run][0] is None else known[run]
            apart += words
            behind += [""] * (len(words) - 1) + [" "]
        yield from put_together(apart, behind)


# Blanks other than a single one are words by themselves: nothing is put together across them.
_STRETCHES = re.compile(r"\s{2,}|[^\S ]")


def cut(run: str, by_heart: bool = True) -> WordTuple:
    """The words of a run without blanks, before any are put together."""
    rules = english_patterns()
    exceptions = rules.exceptions if by_heart else {}
    if run in exceptions:
        return exceptions[run]
    front: list[str] = []
    back: list[str] = []
    start, end, last, currency = 0, len(run), -1, "$" in run

    def known(start: int, end: int) -> bool:
        return 0 < end - start <= rules.longest and run[start:end] in exceptions

    while start < end and end - start != last and not known(start, end):
        last = end - start
        inner = _prefix(rules.prefix, run, start, end, currency)
        if inner > start and known(inner, end):
            front.append(run[start:inner])
            start = inner
            break
        outer = _suffix(rules.suffix, run, inner, end)
        if outer < end and known(start, outer):
            back.append(run[outer:end])
            end = outer
            break
        if inner > start:
            front.append(run[start:inner])
        if outer < end:
            back.append(run[outer:end])
        start, end = inner, outer
    middle = _middle(run[start:end], rules, exceptions)
    return (*front, *middle, *reversed(back))


def _prefix(pattern: re.Pattern[str], run: str, start: int, end: int, currency: bool) -> int:
    """The end of what is to be cut off in front; `start` if nothing is."""
    first = run[start]
    if first.isascii() and first.isalnum() and not currency:  # letters are cut off only from currencies
        return start
    found = pattern.match(run, start, end)
    return found.end() if found else start


def _suffix(pattern: re.Pattern[str], run: str, start: int, end: int) -> int:
    """The beginning of what is to be cut off behind; `end` if nothing is."""
    if start == end:
        return end
    near = max(start, end - LOOK_BACK)
    last = run[end - 1]
    if last in _ALONE:
        return end - 1
    # ASCII letters are cut off only behind a digit or an apostrophe, ASCII digits never.
    if last.isascii() and last.isalnum() and (last.isdigit() or not _DIGIT_OR_APOSTROPHE.search(run, near, end)):
        return end
    if run[end - 1] == ".":  # any number of dots is one word
        dots = end
        while dots > start and run[dots - 1] == ".":
            dots -= 1
        if end - dots > 1:
            return dots
    found = pattern.search(run[near:end])
    return near + found.start() if found else end


_ALONE = frozenset(",;:!?()[]{}<>_#*&\"'`")  # cut off whatever precedes them
_DIGIT_OR_APOSTROPHE = re.compile("[0-9'’]")


def _middle(run: str, rules: EnglishPatterns, exceptions: dict[str, WordTuple]) -> Sequence[str]:
    """The words of what is left between the marks that were cut off."""
    if not run or run in exceptions:
        return exceptions.get(run, ())
    if run.isascii() and run.isalnum():
        return (run,)
    if _is_address(run, rules):
        return (run,)
    words, done, seen = [], 0, False
    for mark in rules.infix.finditer(run):
        if mark.start() == 0:
            continue
        if mark.start() != done:
            words.append(run[done : mark.start()])
        words.append(mark[0])
        done, seen = mark.end(), True
    if not seen:
        return (run,)
    return [*words, run[done:]] if done < len(run) else words


def _is_address(run: str, rules: EnglishPatterns) -> bool:
    if "@" not in run:
        return "." in run and rules.address.match(run) is not None
    return "." in run and len(run) <= LONG_ADDRESS and rules.address_at.match(run) is not None


@cache
def _phrases() -> dict[str, list[WordTuple]]:
    """First word -> the exceptions that would otherwise be split at marks, as the words of that split; the longest
    first."""
    rules, found = english_patterns(), dict[str, list[WordTuple]]()
    for run in rules.exceptions:
        if rules.prefix.match(run) or rules.suffix.search(run) or rules.infix.search(run):
            words = cut(run, by_heart=False)
            found.setdefault(words[0], []).append(words)
    return {first: sorted(each, key=len, reverse=True) for first, each in found.items()}


def put_together(words: Sequence[str], behind: Sequence[str]) -> WordTuple:
    """The words, with each run of words that forms an exception replaced as the exception says. Of two that overlap,
    the one of more words wins, else the first.

    Args:
        words: in their order.
        behind: for each, what follows it, "" or " ". An exception never holds a blank: a run with one in it stays as
            it is, but its words are not available to others.
    """
    phrases, exceptions = _phrases(), english_patterns().exceptions
    found = [
        (-len(phrase), at)
        for at, word in enumerate(words)
        if word in phrases
        for phrase in phrases[word]
        if tuple(words[at : at + len(phrase)]) == phrase
    ]
    if not found:
        return tuple(words)
    taken: set[int] = set()
    chosen: dict[int, int] = {}
    for size, at in sorted(found):
        end = at - size
        if at not in taken and end - 1 not in taken:
            chosen[at] = end
        taken.update(range(at, end))
    left: list[str] = []
    at = 0
    while at < len(words):
        end = chosen.get(at, at + 1)
        run = "".join(words[at:end])
        whole = end > at + 1 and not any(behind[at : end - 1])
        left += exceptions.get(run, words[at:end]) if whole or (end == at + 1 and at in chosen) else words[at:end]
        at = end
    return tuple(left)
