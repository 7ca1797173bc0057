"""Which of two corpora is better, as it was measured: what `c4pipe.compare` writes and others read.

A difference is in bits a byte of text that neither corpus holds: what B's model needs less what A's does, so that a
positive one says that A is better. It stands beside its null: half the width, at 99 %, of what two samples of one and
the same corpus differ by. Nothing is said of a difference that lies within it.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final, Literal, NamedTuple

from c4pipe.errors import BuildError
from c4pipe.text import many, visible

VERDICT_FILE = "verdict.json"  # in the folder that a comparison is written to

OVERALL = "overall"
CANNOT_TELL: Final = "cannot tell"
MISTAKEN = 0.01  # how often a verdict may be one on nothing

Winner = Literal["A", "B", "cannot tell"]


class Judgement(NamedTuple):
    """Of one domain of test texts, or of all."""

    domain: str  # OVERALL for the mean of all domains, each counted alike
    documents: int
    bytes: int
    bits: tuple[float, float]  # a byte, of A and of B
    difference: float  # B less A
    null: float
    pages: int | None  # more a side that would settle `CorpusVerdict.settles` bits a byte; None where it is settled,
    # and where the null is wider than that and stays so, for the documents are too few
    chance: float  # of so large a difference, or a larger one, between two samples of one corpus

    @property
    def winner(self) -> Winner:
        """Whose text predicts it better, if that can be told."""
        if abs(self.difference) <= self.null:
            return CANNOT_TELL
        return "A" if self.difference > 0 else "B"


class CorpusVerdict(NamedTuple):
    """What was measured."""

    folders: tuple[str, str]
    level: str  # "grams", "tiny" or "small"
    settles: float  # bits a byte that are worth telling apart
    overall: Judgement
    domains: list[Judgement]

    @property
    def certain(self) -> list[Judgement]:
        """The domains that can be told apart when all are looked at: of many some lie beyond their null for nothing.

        By Holm's rule (1979): in `MISTAKEN` of all comparisons of equals at most is there one among them.
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
        'B is better on news; overall cannot tell: 11,000 more pages a side would settle 0.02 bits a byte'
        """
        on = {side: [visible(one.domain) for one in self.certain if one.winner == side] for side in "AB"}
        whole = self.overall
        if whole.winner != CANNOT_TELL:
            said = f"{whole.winner} is better by {abs(whole.difference):.3f} ± {whole.null:.3f} bits a byte"
            worse = on["A" if whole.winner == "B" else "B"]
            return f"{said}, and worse on {_listed(worse)}" if worse else said
        first, second = ("B", "A") if on["B"] else ("A", "B")
        parts = [f"{word} on {_listed(on[side])}" for word, side in (("better", first), ("worse", second)) if on[side]]
        said = f"{first} is {' and '.join(parts)}; overall {CANNOT_TELL}" if parts else CANNOT_TELL
        if whole.pages is None:
            return f"{said}: they lie less than {max(0.001, abs(whole.difference) + whole.null):.3f} bits a byte apart"
        return f"{said}: {many(whole.pages, 'more page')} a side would settle {self.settles:g} bits a byte"

    def as_json(self) -> dict[str, Any]:
        """With the words that scripts ask for: `verdict`, `difference` and `null` of the whole and of each domain."""
        return {
            "folders": list(self.folders),
            "level": self.level,
            "settles": self.settles,
            **_plain(self.overall),
            "domains": [_plain(domain) for domain in self.domains],
        }


def read_verdict(folder: Path) -> CorpusVerdict:
    """The verdict that a comparison left in a folder. BuildError where there is none, or none that can be read."""
    path = folder / VERDICT_FILE
    try:
        found = json.loads(path.read_bytes())
        a, b = found["folders"]
        domains = [_judgement(row) for row in found["domains"]]
        return CorpusVerdict((a, b), found["level"], found["settles"], _judgement(found), domains)
    except FileNotFoundError:
        raise BuildError(f"{path} is not there. Expected what python -m c4pipe.compare --out writes.") from None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise BuildError(f"{path} is no verdict of a comparison: {error!r}. Make it again.") from None


def _listed(names: list[str]) -> str:
    """Names as a sentence has them: "news, speeches and law"."""
    return " and ".join(filter(None, [", ".join(names[:-1]), names[-1]]))


def _plain(judgement: Judgement) -> dict[str, Any]:
    return {"verdict": judgement.winner, **judgement._asdict()}


def _judgement(row: dict[str, Any]) -> Judgement:
    values = [row[name] for name in Judgement._fields]
    found = Judgement(*values)
    a, b = found.bits
    return found._replace(bits=(float(a), float(b)))
