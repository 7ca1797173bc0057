"""The accuracy of each language identifier, by language, on texts in known languages.

`python -m bench.languages --texts DIR [--by consensus,fasttext,cld2,langdetect,package] [--bytes 1500] [--json FILE]`

DIR holds one UTF-8 file per language, or a folder of them: `CODE.txt`, `CODE.NOTE.txt` or `CODE/*.txt`, with mC4's
codes. Each is cut into pieces of about so many bytes at word ends. A guess below the identifier's own threshold, or
none, counts as `und`, which is a miss but not an error. Texts in languages outside mC4's list count only as what they
are mistaken for. `langdetect` is ours; `package` is the package langdetect, which takes 10 ms per text.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from bench.identity import package
from c4pipe.langid import UND, Guess, LanguageIdentifier, default_score, load
from c4pipe.languages.codes import MC4, canonical

ENOUGH = 0.5  # share of a piece's bytes that the last one of a file needs to count
_WORD = re.compile(
    r"[\u2e80-\U0010ffff]\s*|[^\s\u2e80-\U0010ffff]+\s*"
)  # a Chinese, Japanese or Korean character is a word


class Sample(NamedTuple):
    """A piece of text."""

    language: str  # mC4's code
    text: str


class Score(NamedTuple):
    """The results of an identifier for one language."""

    n: int
    right: int
    und: int
    taken: int  # pieces of other languages labelled as this one

    @property
    def recall(self) -> float:
        return self.right / self.n if self.n else 0.0

    @property
    def precision(self) -> float:
        called = self.right + self.taken
        return self.right / called if called else 1.0


class Result(NamedTuple):
    """The results of an identifier for all languages."""

    name: str
    scores: dict[str, Score]  # for mC4's languages
    confusions: list[tuple[str, str, int]]  # language, label, count; the most frequent first
    seconds: float  # CPU seconds for all pieces

    @property
    def n(self) -> int:
        return sum(score.n for score in self.scores.values())

    @property
    def macro(self) -> float:
        """The mean over mC4's languages of the share that is correct."""
        return sum(score.recall for score in self.scores.values()) / len(self.scores)

    @property
    def wrong(self) -> float:
        """The share of the pieces in mC4's languages labelled as another language."""
        return sum(score.n - score.right - score.und for score in self.scores.values()) / self.n


def pieces(text: str, size: int) -> Iterator[str]:
    """The text in pieces of about `size` bytes, each a whole number of words.

    >>> list(pieces("one two three four", 7))
    ['one two ', 'three four']
    """
    piece, length = [], 0
    for word in _WORD.findall(text):
        piece.append(word)
        length += len(word.encode())
        if length >= size:
            yield "".join(piece)
            piece, length = [], 0
    if length >= ENOUGH * size:
        yield "".join(piece)


def read_samples(folder: Path, size: int) -> list[Sample]:
    """The pieces of all texts of a folder."""
    files = [(path.parent.name if path.parent != folder else path.name.partition(".")[0], path)
             for path in sorted([*folder.glob("*.txt"), *folder.glob("*/*.txt")])]  # fmt: skip
    return [Sample(canonical(code), piece) for code, path in files for piece in pieces(path.read_text("utf-8"), size)]


class Package:
    """The package langdetect, called as in the reference."""

    name = "package"
    languages: Sequence[str] = ()  # not used

    def guess(self, text: str) -> Guess | None:
        return package(text)


def find(name: str) -> tuple[LanguageIdentifier, float]:
    """An identifier, loaded and warm, and its threshold."""
    identifier = Package() if name == Package.name else load(name)
    identifier.guess("Loading for the first text is not counted.")
    return identifier, default_score("langdetect" if name == Package.name else name)


def judge(name: str, identifier: LanguageIdentifier, threshold: float, samples: Sequence[Sample]) -> Result:
    """Runs the identifier on each sample."""
    started = time.process_time()
    guesses = [identifier.guess(sample.text) for sample in samples]
    seconds = time.process_time() - started
    called = [canonical(g.language) if g and g.score >= threshold else UND for g in guesses]
    pairs = Counter((sample.language, label) for sample, label in zip(samples, called, strict=True))
    scores = {}
    for language in sorted({sample.language for sample in samples} & set(MC4)):
        row = {label: n for (truth, label), n in pairs.items() if truth == language}
        taken = sum(n for (truth, label), n in pairs.items() if label == language != truth)
        scores[language] = Score(sum(row.values()), row.get(language, 0), row.get(UND, 0), taken)
    mistakes = [(truth, label, n) for (truth, label), n in pairs.items() if label not in (truth, UND)]
    return Result(name, scores, sorted(mistakes, key=lambda m: (-m[2], m)), seconds)


def table(results: Sequence[Result], pieces_judged: int) -> str:
    """Markdown: one row per identifier, then one row per language with precision / recall of each."""
    lines = ["| | macro accuracy | wrong | und | called English | µs a text |", "|---|---|---|---|---|---|"]
    for result in results:
        und = sum(score.und for score in result.scores.values()) / result.n
        english = result.scores["en"].taken if "en" in result.scores else 0
        lines.append(
            f"| {result.name} | {result.macro:.4f} | {result.wrong:.2%} | {und:.2%} | {english} "
            f"| {result.seconds / pieces_judged * 1e6:,.0f} |"
        )
    lines += ["", "Precision / recall (und):", "", f"| | n | {' | '.join(result.name for result in results)} |"]
    lines.append("|---|---|" + "---|" * len(results))
    for language, first in results[0].scores.items():
        cells = [f"{s.precision:.3f} / {s.recall:.3f} ({s.und})" for s in (r.scores[language] for r in results)]
        lines.append(f"| {language} | {first.n} | {' | '.join(cells)} |")
    for result in results:
        shown = ", ".join(f"{truth} as {label} {n}" for truth, label, n in result.confusions[:20])
        lines += ["", f"{result.name} confuses: {shown or 'nothing'}."]
    return "\n".join(lines)


def main(argv: Sequence[str] | None = None) -> int:
    """Prints the table, and writes the numbers if a file is named."""
    parser = argparse.ArgumentParser(prog="python -m bench.languages", description=__doc__.partition("\n")[0])
    parser.add_argument("--texts", type=Path, required=True, metavar="DIR")
    parser.add_argument(
        "--by", default="consensus,fasttext,cld2,langdetect", metavar="NAMES", help="as for --langid, and `package`"
    )
    parser.add_argument("--bytes", type=int, default=1500, help="of a piece (default 1500)")
    parser.add_argument("--json", type=Path, metavar="FILE")
    arguments = parser.parse_args(argv)
    samples = read_samples(arguments.texts, arguments.bytes)
    if not {sample.language for sample in samples} & set(MC4):
        print(
            f"bench: no text of {arguments.bytes} bytes in {arguments.texts}/CODE.txt or CODE/*.txt.", file=sys.stderr
        )
        return 2
    results = [judge(name, *find(name), samples) for name in arguments.by.split(",")]
    print(table(results, len(samples)))
    if arguments.json:
        found = {
            result.name: {
                "macro_accuracy": result.macro,
                "wrong": result.wrong,
                "seconds": result.seconds,
                "languages": {code: score._asdict() for code, score in result.scores.items()},
                "confusions": result.confusions,
            }
            for result in results
        }
        arguments.json.write_text(
            json.dumps({"bytes": arguments.bytes, "n": len(samples), "by": found}, indent=1) + "\n"
        )
    return 0


if __name__ == "__main__":
    sys.exit(main())
