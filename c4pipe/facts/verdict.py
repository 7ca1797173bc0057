"""The measured verdict on which of two corpora is better: written by `c4pipe.compare`, read by others.

A difference is in bits per byte of text that neither corpus contains: the cost by B's model less that by A's, so a
positive one means that A is better. It is shown next to its null, at 99 %: `CorpusVerdict.null_note` explains that. A
difference within its null decides nothing.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from math import isfinite
from pathlib import Path
from typing import Any, Final, Literal, NamedTuple, TypeVar

from c4pipe.errors import BuildError, ConfigError
from c4pipe.text import many, visible

VERDICT_FILE = "verdict.json"  # in the folder of a comparison

BY_GRAMS = "grams"  # the level that trains nothing
OVERALL = "overall"
HELD_OUT_OF = "held out of {}"  # the domain of a side's own pages
CANNOT_TELL: Final = "cannot tell"
MISTAKEN = 0.01  # how often a verdict may be wrong for equal corpora

_T = TypeVar("_T")
Winner = Literal["A", "B", "cannot tell"]


class Judgement(NamedTuple):
    """On one domain of test texts, or on all."""

    domain: str  # OVERALL for the mean of all domains, equally weighted
    documents: int
    bytes: int
    bits: tuple[float, float]  # per byte, of A and of B
    difference: float  # B less A
    null: float
    pages: int | None  # how many more per side would settle `CorpusVerdict.settles` bits per byte; None if settled,
    # and if the null stays wider than that, because there are too few documents
    chance: float  # of a difference this large or larger, by the components of the null

    @property
    def winner(self) -> Winner:
        """The side that predicts it better, if that is certain."""
        if abs(self.difference) <= self.null:
            return CANNOT_TELL
        return "A" if self.difference > 0 else "B"

    def turned(self) -> Judgement:
        """The same with A and B swapped."""
        names = {HELD_OUT_OF.format(one): HELD_OUT_OF.format(other) for one, other in ("AB", "BA")}
        domain, (a, b) = names.get(self.domain, self.domain), self.bits
        return self._replace(domain=domain, bits=(b, a), difference=-self.difference)


class CorpusVerdict(NamedTuple):
    """The results of a measurement."""

    folders: tuple[str, str]
    level: str  # "grams", "tiny" or "small"
    settles: float  # bits per byte: smaller differences do not matter
    overall: Judgement
    domains: list[Judgement]
    sums: tuple[str, str] = ("", "")  # sha256 of their manifests; "" for a folder of other files

    def between(self, a: str, b: str) -> CorpusVerdict:
        """The same for the corpora with these checksums, swapped if they were compared in the other order. ConfigError
        if others were compared."""
        if (a, b) == self.sums:
            return self
        if (b, a) == self.sums:
            return self._turned()
        first, second = map(visible, self.folders)
        raise ConfigError(
            f"the verdict is on {first} and {second} as they were then, not on these two corpora. Compare these: "
            "python -m c4pipe.compare."
        )

    def seen_from(self, corpus: str) -> CorpusVerdict:
        """The same with the corpus of this checksum as A. ConfigError if it was not compared."""
        if corpus in self.sums:
            return self if self.sums[0] == corpus else self._turned()
        first, second = map(visible, self.folders)
        raise ConfigError(
            f"the verdict is on {first} and {second} as they were then, and this corpus is neither. Compare it: "
            "python -m c4pipe.compare."
        )

    def _turned(self) -> CorpusVerdict:
        (a, b), (first, second) = self.folders, self.sums
        rows = [domain.turned() for domain in self.domains]
        return self._replace(folders=(b, a), overall=self.overall.turned(), domains=rows, sums=(second, first))

    def winner(self, judgement: Judgement) -> Winner:
        """The winner on a domain or on all, if significant among the others."""
        if judgement == self.overall:
            return CANNOT_TELL if self.each_its_own or self.on_own_alone else judgement.winner
        return judgement.winner if judgement in self.certain else CANNOT_TELL

    @property
    def each_its_own(self) -> bool:
        """Whether each side is better on its own held-out pages, and no other text agrees with the mean: then the mean
        only says whose own text is easier."""
        own = {HELD_OUT_OF.format(side): side for side in "AB"}
        found = {one.domain: one.winner for one in self.certain}
        others = {winner for name, winner in found.items() if name not in own}
        return all(found.get(name) == side for name, side in own.items()) and self.overall.winner not in others

    @property
    def on_own_alone(self) -> bool:
        """Whether the side with the better mean is better on its own held-out pages only, and on no other text with a
        significant result: then the mean only says that its own text resembles itself."""
        won = {one.domain for one in self.certain if one.winner == self.overall.winner}
        return won == {HELD_OUT_OF.format(self.overall.winner)}

    @property
    def null_note(self) -> str:
        """What the null is, in one sentence."""
        return (
            "the largest difference between two samples of the same corpus, in 99 of 100 cases"
            if self.level == BY_GRAMS
            else "how far chance moves the mean over pairs of models with the same seed and learning rate, one "
            "of A and one of B, in 99 of 100 cases; the effect of other samples of the corpora is not measured"
        )

    @property
    def certain(self) -> list[Judgement]:
        """The domains with significant differences when all are examined: among many, some exceed their null by chance.

        By Holm's rule (1979): at most in `MISTAKEN` of all comparisons of equal corpora is there one among them.
        """
        found = []
        for at, domain in enumerate(sorted(self.domains, key=lambda domain: domain.chance)):
            if domain.winner == "cannot tell" or domain.chance * (len(self.domains) - at) > MISTAKEN:
                break
            found.append(domain)
        return [domain for domain in self.domains if domain in found]

    @property
    def line(self) -> str:
        """The answer in one line.

        >>> tie = Judgement("overall", 9, 900, (2.0, 1.99), -0.01, 0.03, 11000, 0.5)
        >>> news = Judgement("news", 9, 900, (2.0, 1.9), -0.1, 0.03, None, 1e-6)
        >>> CorpusVerdict(("A", "B"), "grams", 0.02, tie, [news]).line
        'B is better on news; overall cannot tell: 11,000 more pages per side would settle 0.02 bits per byte'
        """
        on = {side: [visible(one.domain) for one in self.certain if one.winner == side] for side in "AB"}
        whole = self.overall
        if self.each_its_own:
            also = [(side, [name for name in on[side] if name != HELD_OUT_OF.format(side)]) for side in "AB"]
            named = "".join(f", {side} on {_listed(names)} too" for side, names in also if names)
            return f"each is better on its own text{named}; overall {CANNOT_TELL}"
        if self.on_own_alone:
            other = "A" if whole.winner == "B" else "B"
            but = f", and worse on {_listed(on[other])}" if on[other] else ""
            return f"{whole.winner} is better only on its own text{but}; overall {CANNOT_TELL}"
        if whole.winner != CANNOT_TELL:
            unit = "bits per byte" if self.level == BY_GRAMS else "bits per byte over pairs of models"
            said = f"{whole.winner} is better by {abs(whole.difference):.3f} ± {whole.null:.3f} {unit}"
            worse = on["A" if whole.winner == "B" else "B"]
            return f"{said}, and worse on {_listed(worse)}" if worse else said
        first, second = ("B", "A") if on["B"] else ("A", "B")
        parts = [f"{word} on {_listed(on[side])}" for word, side in (("better", first), ("worse", second)) if on[side]]
        said = f"{first} is {' and '.join(parts)}; overall {CANNOT_TELL}" if parts else CANNOT_TELL
        if whole.pages is None:
            who = "they" if self.level == BY_GRAMS else "these models"
            return (
                f"{said}: {who} differ by less than {max(0.001, abs(whole.difference) + whole.null):.3f} bits per byte"
            )
        return f"{said}: {many(whole.pages, 'more page')} per side would settle {self.settles:g} bits per byte"

    def as_json(self) -> dict[str, Any]:
        """With the keys that scripts use: `verdict`, `difference` and `null` of the whole and of each domain."""
        return {
            "folders": list(self.folders),
            "sums": list(self.sums),
            "level": self.level,
            "settles": self.settles,
            **_plain(self.overall),
            "verdict": self.winner(self.overall),
            "domains": [_plain(domain) for domain in self.domains],
        }


def read_verdict(folder: Path) -> CorpusVerdict:
    """The verdict in the folder of a comparison. BuildError if it is missing or unreadable."""
    path = folder / VERDICT_FILE
    try:
        found = json.loads(path.read_bytes())
        domains = [_judgement(row) for row in found["domains"]]
        folders, sums = _two(found["folders"], _text), _two(found.get("sums", ("", "")), _text)
        level, settles = _text(found["level"]), _number(found["settles"])
        return CorpusVerdict(folders, level, settles, _judgement(found), domains, sums)
    except FileNotFoundError:
        raise BuildError(f"{path} does not exist. Expected what python -m c4pipe.compare --out writes.") from None
    except (OSError, ValueError, LookupError, TypeError, AttributeError, ArithmeticError, RecursionError) as error:
        what = visible(repr(error))[:200]
        raise BuildError(f"{path} is not the verdict of a comparison: {what}. Make it again.") from None


def _listed(names: list[str]) -> str:
    """Names as in a sentence: "news, speeches and law"."""
    return " and ".join(filter(None, [", ".join(names[:-1]), names[-1]]))


def _plain(judgement: Judgement) -> dict[str, Any]:
    return {"verdict": judgement.winner, **judgement._asdict()}


def _judgement(row: dict[str, Any]) -> Judgement:
    """ValueError for a value that no judgement has."""
    pages = row["pages"]
    return Judgement(
        _text(row["domain"]),
        _whole(row["documents"]),
        _whole(row["bytes"]),
        _two(row["bits"], _number),
        _number(row["difference"]),
        _number(row["null"]),
        None if pages is None else _whole(pages),
        _number(row["chance"]),
    )


def _two(pair: Any, read: Callable[[Any], _T]) -> tuple[_T, _T]:
    a, b = pair
    return read(a), read(b)


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise ValueError(f"expected a text, found {value!r}")
    return value


def _whole(value: Any) -> int:
    if type(value) is not int:
        raise ValueError(f"expected a whole number, found {value!r}")
    return value


def _number(value: Any) -> float:
    if type(value) not in (int, float) or not isfinite(value):
        raise ValueError(f"expected a number, found {value!r}")
    return float(value)
