"""Accuracy of language identifiers on texts that were not used for tuning: precision at coverage, by language.

`python -m bench.web_languages [--fetch] [--kinds K,...] [--lines N] [--by NAMES] [--model NAME=FILE] [--json FILE]`

There are two sets. Texts written for this are in tests/langid/written/CODE.tsv (`kind TAB text`); the clean ones also
occur `framed`, inside the English surroundings found on pages in all languages. With `--fetch` there are labelled lines
from the web, see `bench.web_lines`. Do not tune on either: they are the only unbiased test.

For a language, *precision* is the share of texts labelled as this language that are in it, *coverage* the share of its
texts that are labelled correctly. For all languages together, the same: over texts with a label in mC4's list, and over
texts in its languages. Texts in other languages count if they are labelled as one of the list. `und`, and a score below
an identifier's own threshold, is no label. Intervals are Wilson's at 95 %, as if texts were drawn singly, which those
of one site are not.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

from bench.languages import find
from bench.web_lines import Labelled, fetch_sources, read_lines
from c4pipe.errors import BuildError, ConfigError
from c4pipe.files.pinned import DEFAULT_FOLDER
from c4pipe.langid import UND, LanguageIdentifier
from c4pipe.languages.codes import MC4, canonical
from model.memorise.curve import wilson

WRITTEN = Path(__file__).parent.parent / "tests" / "langid" / "written"
WRITTEN_KINDS = ("clean", "noisy", "short", "mixed", "romanised")
FRAME = (
    "Skip to main content | Home | Shop | About us | My account",  # before a text ...
    "We use cookies to improve your experience. Accept all | Privacy policy | All rights reserved",  # ... and below
)
LINES = DEFAULT_FOLDER / "web_lines"
THRESHOLDS = (0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.98, 0.99, 0.999)
WORST = 10
_MC4 = frozenset(MC4)


class Answer(NamedTuple):
    """An identifier's answer for a text."""

    language: str  # true language
    kind: str
    named: str  # mC4's code, UND if undetermined
    score: float

    def above(self, threshold: float) -> str:
        """The label, if it is in mC4's list and has at least that score; else UND."""
        return self.named if self.score >= threshold and self.named in _MC4 else UND


class Share(NamedTuple):
    """A share of texts, with the bounds of its interval.

    >>> str(Share(9, 10))
    '90.0 (59.6–98.2)'
    """

    hits: int
    n: int

    @property
    def value(self) -> float:
        return self.hits / self.n if self.n else 1.0

    def __str__(self) -> str:
        if not self.n:
            return "none"
        low, high = wilson(self.hits, self.n)
        return f"{self.value:.1%} ({low:.1%}–{high:.1%})".replace("%", "")


class Tally(NamedTuple):
    """The results for a language, or for all."""

    n: int  # texts in it
    right: int
    und: int
    named: int  # texts in any language with this label

    @property
    def precision(self) -> Share:
        return Share(self.right, self.named)

    @property
    def coverage(self) -> Share:
        return Share(self.right, self.n)

    @property
    def harmonic(self) -> float:
        """The harmonic mean of both, F1."""
        return 2 * self.right / ((self.n + self.named) or 1)


def read_written(folder: Path) -> list[Labelled]:
    """The texts of a folder, CODE.tsv each, `kind TAB text` a line."""
    return [
        Labelled(path.stem, *line.split("\t", 1))
        for path in sorted(folder.glob("*.tsv"))
        for line in path.read_text("utf-8").splitlines()
    ]


def framed(texts: Sequence[Labelled]) -> list[Labelled]:
    """The clean non-English texts inside an English page: a frame of 150 letters around 130 to 300."""
    above, below = FRAME
    return [
        Labelled(one.language, "framed", f"{above}\n{one.text}\n{below}")
        for one in texts
        if one.kind == "clean" and one.language != "en"
    ]


def answers(identifier: LanguageIdentifier, texts: Sequence[Labelled]) -> list[Answer]:
    """The identifier's answer for each text, whatever the score."""
    said = [identifier.guess(one.text) for one in texts]
    return [
        Answer(one.language, one.kind, canonical(guess.language) if guess else UND, guess.score if guess else 0.0)
        for one, guess in zip(texts, said, strict=True)
    ]


def tallies(given: Iterable[Answer], threshold: float) -> dict[str, Tally]:
    """The tally of each mC4 language that occurs."""
    pairs = Counter((one.language, one.above(threshold)) for one in given)
    named: Counter[str] = Counter()
    n: Counter[str] = Counter()
    for (language, label), count in pairs.items():
        named[label] += count
        n[language] += count
    return {
        language: Tally(n[language], pairs[language, language], pairs[language, UND], named[language])
        for language in sorted(n.keys() & _MC4)
    }


def total(given: Sequence[Answer], threshold: float) -> Tally:
    """All languages of mC4 together."""
    labels = [(one.language, one.above(threshold)) for one in given]
    known = [(language, label) for language, label in labels if language in _MC4]
    return Tally(
        len(known),
        sum(language == label for language, label in known),
        sum(label == UND for _, label in known),
        sum(label != UND for _, label in labels),
    )


def curve(given: Sequence[Answer]) -> list[tuple[float, Tally]]:
    """The total at each of THRESHOLDS that changes it."""
    found: list[tuple[float, Tally]] = []
    for threshold in THRESHOLDS:
        tally = total(given, threshold)
        if not found or tally != found[-1][1]:
            found.append((threshold, tally))
    return found


def confusions(given: Sequence[Answer], threshold: float) -> list[tuple[str, str, int]]:
    """(language, wrong label, count), the most frequent first."""
    pairs = Counter((one.language, one.above(threshold)) for one in given)
    wrong = [(*pair, n) for pair, n in pairs.items() if pair[1] not in (pair[0], UND)]
    return sorted(wrong, key=lambda one: (-one[2], one))


def kinds_of(given: Iterable[Answer]) -> list[str]:
    """The kinds that occur, in order of appearance."""
    return list(dict.fromkeys(one.kind for one in given))


Said = dict[str, tuple[float, list[Answer]]]  # identifier -> its own threshold, and its answer for each text


def report(said: Said) -> str:
    """Markdown: totals by kind, the worst languages, the curves, then each language and kind."""
    kinds = kinds_of(next(iter(said.values()))[1])
    lines = ["Precision and coverage in per cent, with 95 % intervals.", ""]
    lines += ["| kind | by | texts | precision | coverage | wrong | und |", "|---|---|---|---|---|---|---|"]
    for kind in (*kinds, "all"):
        for name, (threshold, given) in said.items():
            tally = total([one for one in given if kind in (one.kind, "all")], threshold)
            wrong = tally.named - tally.right
            lines.append(
                f"| {kind} | {name} | {tally.n} | {tally.precision} | {tally.coverage} | {wrong} | {tally.und} |"
            )
    for name, (threshold, given) in said.items():
        lines += ["", f"The {WORST} languages that {name} names worst, by F1:", ""]
        lines += ["| language | texts | precision | coverage | taken for |", "|---|---|---|---|---|"]
        mistakes = confusions(given, threshold)
        ordered = sorted(tallies(given, threshold).items(), key=lambda item: (item[1].harmonic, item[0]))
        for language, tally in ordered[:WORST]:
            taken = ", ".join(f"{label} {n}" for truth, label, n in mistakes if truth == language)
            lines.append(f"| {language} | {tally.n} | {tally.precision} | {tally.coverage} | {taken or 'none'} |")
        shown = ", ".join(f"{truth} as {label} {n}" for truth, label, n in mistakes[:20])
        lines += ["", f"{name} confuses: {shown or 'nothing'}."]
    lines += ["", "Precision at coverage, by the threshold of the score:", ""]
    lines += ["| by | from | precision | coverage |", "|---|---|---|---|"]
    for name, (_, given) in said.items():
        lines += [f"| {name} | {at:g} | {tally.precision} | {tally.coverage} |" for at, tally in curve(given)]
    lines += ["", "Each language and kind, precision at coverage:", "", f"| | kind | texts | {' | '.join(said)} |"]
    lines.append("|---|---|---|" + "---|" * len(said))
    by_kind = {
        kind: [tallies([o for o in given if o.kind == kind], threshold) for threshold, given in said.values()]
        for kind in kinds
    }
    for language in sorted({language for found in by_kind.values() for language in found[0]}):
        for kind, found in by_kind.items():
            if language in found[0]:
                cells = " | ".join(f"{one[language].precision} at {one[language].coverage}" for one in found)
                lines.append(f"| {language} | {kind} | {found[0][language].n} | {cells} |")
    return "\n".join(lines)


def as_json(said: Said) -> dict[str, object]:
    """The numbers of `report`: by identifier, kind and language [texts, right, und, named], and the curve."""
    found: dict[str, object] = {}
    for name, (threshold, given) in said.items():
        kinds = {kind: tallies([one for one in given if one.kind == kind], threshold) for kind in kinds_of(given)}
        found[name] = {
            "threshold": threshold,
            "total": total(given, threshold),
            "kinds": kinds,
            "curve": curve(given),
            "confusions": confusions(given, threshold),
        }
    return found


def main(argv: Sequence[str] | None = None) -> int:
    """Prints the tables, and writes the numbers if a file is named."""
    parser = argparse.ArgumentParser(prog="python -m bench.web_languages", description=__doc__.partition("\n")[0])
    parser.add_argument("--by", default="consensus,cld2,fasttext", metavar="NAMES", help="see --langid")
    parser.add_argument(
        "--model", action="append", default=[], metavar="NAME=FILE", help="any fastText model: glotlid=/models/v3.bin"
    )
    parser.add_argument("--kinds", default="", metavar="K,...", help="clean,noisy,short,mixed,framed,...")
    parser.add_argument("--written", type=Path, default=WRITTEN, metavar="DIR", help="of CODE.tsv files")
    parser.add_argument("--packages", type=Path, default=LINES, metavar="DIR", help=f"default: {LINES}")
    parser.add_argument("--fetch", action="store_true", help="download the packages of lines that DIR lacks (72 MB)")
    parser.add_argument("--lines", type=int, default=0, metavar="N", help="per language and kind (default: all)")
    parser.add_argument("--json", type=Path, metavar="FILE")
    arguments = parser.parse_args(argv)
    try:
        named = {name: name for name in filter(None, arguments.by.split(","))}
        for given in arguments.model:
            name, equals, file = given.partition("=")
            if not (name and equals and file):
                raise ConfigError(f"--model {given}: expected NAME=FILE, such as glotlid=/models/glotlid_v3.bin.")
            named[name] = f"fasttext:{file}"
        if not named:
            raise ConfigError("no identifier is named: give --by or --model.")
        identifiers = {name: find(spec) for name, spec in named.items()}
        for line in fetch_sources(arguments.packages) if arguments.fetch else ():
            print(f"bench: {line}", file=sys.stderr)
        written = read_written(arguments.written)
        lines = read_lines(arguments.packages, arguments.lines)
        texts = _chosen([*written, *framed(written), *lines], arguments.kinds)
    except (BuildError, ConfigError) as error:
        print(f"bench: {error}", file=sys.stderr)
        return 2
    said = {name: (threshold, answers(identifier, texts)) for name, (identifier, threshold) in identifiers.items()}
    print(report(said))
    if arguments.json:
        arguments.json.write_text(json.dumps(as_json(said)) + "\n")
    return 0


def _chosen(texts: list[Labelled], kinds: str) -> list[Labelled]:
    """The texts of the requested kinds; all if none is given. ConfigError if there are no such texts."""
    known = list(dict.fromkeys(one.kind for one in texts))
    wanted = kinds.split(",") if kinds else known
    if unknown := [kind for kind in wanted if kind not in known]:
        raise ConfigError(
            f"no text of kind {unknown[0]!r}. There are: {', '.join(known) or 'none'}. --fetch brings lines of the web."
        )
    if not any(one.language in _MC4 for one in texts if one.kind in wanted):
        raise ConfigError("no text in a language of mC4.")
    return sorted((one for one in texts if one.kind in wanted), key=lambda one: wanted.index(one.kind))


if __name__ == "__main__":
    sys.exit(main())
