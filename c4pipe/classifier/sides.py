"""The pages of two corpora that a classifier learns to separate, and those that it is tested on.

    pages --line of its text, by hash--> `each` of a side --domains by hash--> training | held out

All pages of a registered domain are on one side of that cut, so that no model is tested on a site that it knows. A
page without a URL is its own domain.
"""

from __future__ import annotations

import heapq
import re
from collections import Counter
from collections.abc import Callable, Iterable
from typing import NamedTuple

from c4pipe.compare.reading import CorpusPage
from c4pipe.errors import ConfigError
from c4pipe.stages.classifier import LABEL_PREFIX
from c4pipe.text import hash64, many
from c4pipe.text.urls import domain_of

GOOD, BAD = "good", "bad"  # the labels
HELD_OUT_SHARE = 0.1  # of the pages of each side, approximately
_END = "</s>"
_BLANKS = re.compile("[\0 \t-\r]+")  # the only blanks at which fastText ends a word: dictionary.cc readWord


class TrainingLine(NamedTuple):
    """A page as one line for a model."""

    key: int  # hash of the line
    line: str
    group: str  # its registered domain; unique for a page without a URL


class DrawnSide(NamedTuple):
    """The drawn pages of one corpus, by their keys."""

    name: str
    read: int  # pages
    lines: list[TrainingLine]  # each text once


class Sides(NamedTuple):
    """The lines for training and testing, equally many of each side."""

    training: tuple[list[TrainingLine], list[TrainingLine]]  # good, bad
    held_out: tuple[list[TrainingLine], list[TrainingLine]]
    shared: int  # texts drawn on both sides, which neither keeps


def draw(name: str, pages: Iterable[CorpusPage], joined: Callable[[str], str], each: int) -> DrawnSide:
    """At most `each` lines of a corpus, those with the smallest hashes, independent of the order of its files."""
    heap: list[tuple[int, str, str]] = []
    held: set[int] = set()
    read = 0
    for page in pages:
        read += 1
        line = trainable(joined(page.text))
        key = hash64(line)
        if not line or key in held:
            continue
        entry = (-key, line, _group(page))
        if len(heap) < each:
            heapq.heappush(heap, entry)
        elif key < -heap[0][0]:
            held.discard(-heapq.heapreplace(heap, entry)[0])
        else:
            continue
        held.add(key)
    lines = [TrainingLine(-minus, line, group or f"page {-minus}") for minus, line, group in heap]
    return DrawnSide(name, read, sorted(lines))


def _group(page: CorpusPage) -> str:
    """The registered domain; for an address without a public suffix the host."""
    found = domain_of(page.url).registered if page.url else ""
    return page.host if found.endswith(".") else found


def trainable(line: str) -> str:
    """The page in one line, without what fastText reads as a label or as the end of a line (dictionary.cc getLine).

    >>> trainable("A __label__good line </s> of four\\x00words.")
    'A line of four words.'
    """
    words = _BLANKS.split(line)
    return " ".join(word for word in words if word and word != _END and not word.startswith(LABEL_PREFIX))


def split(good: DrawnSide, bad: DrawnSide) -> Sides:
    """Both sides without what they share, each cut to the size of the other, and some domains held out.

    Raises ConfigError for a side that is empty, has nothing of its own, or has no domain that can be held out.
    """
    for side in (good, bad):
        if not side.lines:
            raise ConfigError(f"{side.name} has no page with a text ({many(side.read, 'page')} read).")
    shared = {each.key for each in good.lines} & {each.key for each in bad.lines}
    own = tuple([line for line in side.lines if line.key not in shared] for side in (good, bad))
    for side, lines in zip((good, bad), own, strict=True):
        if not lines:
            raise ConfigError(f"every text of {side.name} is on the other side too: there is nothing to separate.")
    fewer = min(map(len, own))
    equal = [lines[:fewer] for lines in own]
    apart = _held_domains((good.name, bad.name), equal)
    training = tuple([line for line in lines if line.group not in apart] for lines in equal)
    held_out = tuple([line for line in lines if line.group in apart] for lines in equal)
    return Sides(_as_many(training), _as_many(held_out), len(shared))


def _as_many(sides: tuple[list[TrainingLine], ...]) -> tuple[list[TrainingLine], list[TrainingLine]]:
    fewer = min(map(len, sides))
    return sides[0][:fewer], sides[1][:fewer]


def _held_domains(names: tuple[str, str], sides: list[list[TrainingLine]]) -> set[str]:
    """Domains in the order of their hashes, until HELD_OUT_SHARE of each side is held out; never one that would leave a
    side without training pages."""
    counts = [Counter(line.group for line in lines) for lines in sides]
    wanted = [HELD_OUT_SHARE * len(lines) for lines in sides]
    held, sums = set[str](), [0, 0]
    for group in sorted({*counts[0], *counts[1]}, key=lambda name: (hash64(name), name)):
        needed = any(count[group] and found < want for count, found, want in zip(counts, sums, wanted, strict=True))
        most = [len(lines) // 2 for lines in sides]  # a large domain stays in the training set
        if needed and all(n + count[group] <= m for n, count, m in zip(sums, counts, most, strict=True)):
            held.add(group)
            sums = [n + count[group] for n, count in zip(sums, counts, strict=True)]
    for name, count, found in zip(names, counts, sums, strict=True):
        if not found:
            raise ConfigError(
                f"no page of {name} can be held out: its sample comes from {many(len(count), 'domain')}, and a model "
                "is tested on domains that it was not trained on. Give it pages from more sites."
            )
    return held
