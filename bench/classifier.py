"""The stage `Classifier` next to fastText's own `predict`, on the same pages and models, alternately.

`python -m bench.classifier [--model FILE...] [--pages 1000] [--rounds 5] [--input WET...]`. Both join the lines of a
page as DCLM does, and decide whether its first label is more likely than not. The largest difference of any label's
score is printed, too. Without --model, the language model is measured.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from itertools import islice
from pathlib import Path
from typing import Any

from bench.inputs import pages_of
from bench.parity import default_inputs
from bench.ways import Part, run, table
from c4pipe.fasttext.joining import lines_by_blanks
from c4pipe.fasttext.model import FastTextModel
from c4pipe.files.assets import Assets
from c4pipe.langid.fasttext import default_model
from c4pipe.page import Page
from c4pipe.stages import Classifier

FURTHEST = 1e-6  # largest allowed difference from the library's score


def against_library(path: Path, pages: Sequence[Page]) -> tuple[Part, float]:
    """Both ways, and the largest difference of any score."""
    import fasttext

    theirs, ours = fasttext.load_model(str(path)), FastTextModel(path)
    first, step = ours.labels[0], Classifier(str(path), ours.labels[0]).bind(Assets())
    lines = [lines_by_blanks(page.text) for page in pages]
    step(pages[0])

    def by_library() -> list[bool]:
        found = (theirs.predict(lines_by_blanks(page.text)) for page in pages)
        return [bool(told) and told[0] == first and scores[0] >= 0.5 for told, scores in found]

    def by_stage() -> list[bool]:
        return [(step(page).page.extra["classifier_score"] or 0.0) >= 0.5 for page in pages]

    part = Part(path.name, len(pages), {"fasttext predict": by_library, "c4pipe Classifier": by_stage}, judges=True)
    return part, max(_difference(theirs, ours, line) for line in lines)


def _difference(theirs: Any, ours: FastTextModel, line: str) -> float:
    """The largest difference; the library omits labels with almost no probability."""
    found, told = ours.probabilities(line), dict(zip(*theirs.predict(line, -1), strict=True))
    if found is None:
        return float(bool(told))
    by_label = dict(zip(ours.labels, found.tolist(), strict=True))
    return max((abs(by_label[label] - score) for label, score in told.items()), default=1.0)


def main(argv: Sequence[str] | None = None) -> int:
    """Measures and prints. Exit code 1 if scores differ."""
    parser = argparse.ArgumentParser(prog="python -m bench.classifier", description=__doc__.partition("\n")[0])
    parser.add_argument("--input", nargs="+", type=Path, metavar="WET", help="default: ../shared/wet_bench, or samples")
    parser.add_argument("--model", nargs="+", type=Path, metavar="FILE", help="default: the model of languages")
    parser.add_argument("--pages", type=int, default=1000)
    parser.add_argument("--rounds", type=int, default=5)
    args = parser.parse_args(argv)
    pages = list(islice(pages_of(args.input or default_inputs()), args.pages))
    failed = False
    for number, path in enumerate(args.model or [default_model()]):
        part, furthest = against_library(path, pages)
        print(table(run(part, args.rounds), header=not number))
        print(f"{path.name}: scores differ by {furthest:.1e} at most")
        failed |= not furthest < FURTHEST
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
