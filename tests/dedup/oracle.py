"""Dedup of text from its definition (c4-rules.md, "Repeated text"), with whole strings and nothing packed.

A corpus is a dict from URL to text, in the order of the input; what is not alive claims nothing. Lines are joined by
a line break, the sentences of a line by the splitter that cut them.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable

Corpus = dict[str, str]
Split = Callable[[str], list[str]]
Place = tuple[str, int]  # URL, number of the sentence in its page


def md5(url: str) -> str:
    """The hash by which pages compete."""
    return hashlib.md5(url.encode()).hexdigest()


def normal(piece: str) -> str:
    """The form in which lines and sentences are compared."""
    return piece.strip().lower()


def without_repeated_lines(corpus: Corpus) -> Corpus:
    """One page owns each line, the one with the smallest md5; it keeps its owned lines once each; empty pages go."""
    claimants: dict[str, list[str]] = {}
    for url, text in corpus.items():
        for line in text.split("\n"):
            claimants.setdefault(normal(line), []).append(url)
    owner = {line: min(urls, key=md5) for line, urls in claimants.items()}
    left = {}
    for url, text in corpus.items():
        kept: dict[str, str] = {}
        for line in text.split("\n"):
            if owner[normal(line)] == url:
                kept.setdefault(normal(line), line)
        if "".join(kept.values()):
            left[url] = "\n".join(kept.values())
    return left


def spans_of(corpus: Corpus, split: Split, width: int) -> dict[tuple[str, ...], list[Place]]:
    """Every run of `width` consecutive sentences of a page, and the places where it begins."""
    places: dict[tuple[str, ...], list[Place]] = {}
    for url, text in corpus.items():
        sentences = [normal(sentence) for line in text.split("\n") for sentence in split(line)]
        for start in range(len(sentences) - width + 1):
            places.setdefault(tuple(sentences[start : start + width]), []).append((url, start))
    return places


def removed_sentences(corpus: Corpus, split: Split, width: int) -> set[Place]:
    """The sentences of every occurrence but the owner: smallest md5 of the URL, then the first place in the page."""
    removed = set()
    for places in spans_of(corpus, split, width).values():
        owner = min(places, key=lambda place: (md5(place[0]), place[1]))
        removed |= {(url, start + i) for url, start in places if (url, start) != owner for i in range(width)}
    return removed


def without_repeated_spans(corpus: Corpus, split: Split, width: int = 3) -> Corpus:
    """Lines lose their removed sentences and stay if anything is left; so do pages."""
    removed = removed_sentences(corpus, split, width)
    left = {}
    for url, text in corpus.items():
        number, lines = 0, []
        for line in text.split("\n"):
            rest = ""
            for sentence in split(line):
                if (url, number) not in removed:
                    rest += sentence
                number += 1
            if rest.strip():
                lines.append(rest.strip())
        if lines:
            left[url] = "\n".join(lines)
    return left


def newest(claims: list[tuple[str, str]]) -> set[int]:
    """Of (key, date) in the order of the input, the numbers of those that stay: the greatest date, then the first."""
    best: dict[str, int] = {}
    for number, (key, date) in enumerate(claims):
        if key not in best or date > claims[best[key]][1]:
            best[key] = number
    return set(best.values())
