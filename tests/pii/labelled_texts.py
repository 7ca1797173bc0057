"""Texts of our own in ten languages, with what is personal in them: `[PHONE:020 7946 0958]`.

All of it is made up. They were written by who knew the rules, to hold what pages hold and what looks like it.
Two things were mended after the first reading (addresses beside Japanese letters, words for versions): what is found
now is a bit better for that.
`python -m tests.docs` writes what is found of it into the table of docs/explanation/measurements.md.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from math import sqrt
from pathlib import Path
from typing import NamedTuple

from c4pipe.pii import REGIONS, REGIONS_OF, Personal, find_personal

FOLDER = Path(__file__).parent / "labelled"
_LABEL = re.compile(r"\[(EMAIL|IP|PHONE|IBAN|CARD):([^\]]+)\]")
_SURE = 1.96  # standard deviations: intervals of 95 %


class Labelled(NamedTuple):
    """A line without its labels, and what they said."""

    language: str
    text: str
    said: frozenset[Personal]


def labelled() -> Iterator[Labelled]:
    """All lines."""
    for path in sorted(FOLDER.glob("*.txt")):
        for line in path.read_text(encoding="utf-8").splitlines():
            yield Labelled(path.stem, *unlabelled(line))


def unlabelled(line: str) -> tuple[str, frozenset[Personal]]:
    """
    >>> unlabelled("To [EMAIL:a@b.com].")
    ('To a@b.com.', frozenset({Personal(start=3, end=10, kind='EMAIL')}))
    """
    text, said, at = "", set(), 0
    for found in _LABEL.finditer(line):
        text += line[at : found.start()]
        said.add(Personal(len(text), len(text) + len(found[2]), found[1]))
        text, at = text + found[2], found.end()
    return text + line[at:], frozenset(said)


class Score(NamedTuple):
    """Pieces that were found as labelled, that were missed, and that were found and are none."""

    right: int
    missed: int
    wrong: int


def score(lines: Sequence[Labelled]) -> dict[str, Score]:
    """By language, by kind, and of "all": a piece counts where its begin, its end and its kind are right."""
    right, missed, wrong = Counter[str](), Counter[str](), Counter[str]()
    for line in lines:
        found = {*find_personal(line.text, regions=REGIONS_OF.get(line.language, REGIONS))}
        for counts, pieces in ((right, found & line.said), (missed, line.said - found), (wrong, found - line.said)):
            for piece in pieces:
                counts.update((line.language, piece.kind, "all"))
    names = [*dict.fromkeys(line.language for line in lines), *sorted({p.kind for line in lines for p in line.said})]
    return {name: Score(right[name], missed[name], wrong[name]) for name in (*names, "all")}


def interval(hits: int, of: int) -> tuple[float, float]:
    """Wilson's interval for a share, 95 %.

    >>> [round(end, 3) for end in interval(9, 10)]
    [0.596, 0.982]
    """
    share, spread = hits / of, _SURE * _SURE / of
    middle = (share + spread / 2) / (1 + spread)
    half = _SURE * sqrt(share * (1 - share) / of + spread / of / 4) / (1 + spread)
    return middle - half, middle + half


def table() -> str:
    """What is found, as Markdown."""
    rows = [
        "| | labelled | found | missed | wrong | recall | precision |",
        "| --- | --- | --- | --- | --- | --- | --- |",
    ]
    for name, (right, missed, wrong) in score([*labelled()]).items():
        shares = (_share(right, right + missed), _share(right, right + wrong))
        rows.append(f"| {name} | {right + missed} | {right} | {missed} | {wrong} | {shares[0]} | {shares[1]} |")
    return "\n".join(rows)


def _share(hits: int, of: int) -> str:
    low, high = interval(hits, of)
    return f"{100 * hits / of:.0f} % ({100 * low:.0f} to {100 * high:.0f})"
