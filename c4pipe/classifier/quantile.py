"""`python -m c4pipe.classifier quantile`: the distribution of a corpus's scores, and the threshold for a share of it.

The number is put into a preset, so that a verdict depends only on the page and not on later corpora.
"""

from __future__ import annotations

import argparse
import json
import math
import sys
from argparse import Namespace
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from c4pipe.command import Parser, refuse_idle, utf8, utf8_path
from c4pipe.errors import ConfigError, unknown
from c4pipe.fasttext.joining import JOININGS
from c4pipe.text import many, percent, visible

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

SHARES_BELOW = (0.0, 0.01, 0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99, 1.0)
COLUMN = "classifier_score"

EPILOG = """\
examples:
  from a column            python -m c4pipe.classifier quantile out/scored --keep 0.1
  by scoring texts         python -m c4pipe.classifier quantile out/c4 --model quality.bin --label good --keep 0.1

It prints the score that the given share of the pages reaches, as a 32-bit number: use it in a preset as above=. Pages
without a score count as below every threshold.

exit codes: 0 done; 1 a file is damaged; 2 wrong usage; 130 interrupted
"""


class Cut(NamedTuple):
    """A threshold, and the pages above it."""

    keep: float  # requested share
    above: float  # the shortest decimal of a 32-bit number
    kept: int  # pages that reach it: more than requested if several have the same score
    share: float


def parser() -> Parser:
    """The options."""
    p = Parser(
        "python -m c4pipe.classifier quantile",
        "Measure the scores of a corpus and the thresholds for given shares.",
        EPILOG,
    )
    a = p.add_argument
    a("corpus", type=utf8_path, metavar="CORPUS", help="a c4pipe corpus; with --model any folder of texts")
    a("--keep", type=_share, nargs="+", default=[], metavar="SHARE", help="shares of pages to keep, 0 to 1")
    a("--column", type=utf8, default=COLUMN, metavar="NAME", help=f"the column of scores (default: {COLUMN})")
    a("--model", type=utf8_path, metavar="FILE", help="score the texts with this model instead of reading a column")
    a("--label", type=utf8, metavar="NAME", help="with --model: the label whose probability is the score")
    a("--joined", choices=[*JOININGS], default="dclm", help="with --model: how a page becomes one line (default: dclm)")
    a("--text-key", type=utf8, default="", metavar="KEY", help="with --model: field of the text in other files")
    a("--json", action="store_true", help="one JSON object instead of text")
    return p


def run(argv: Sequence[str]) -> int:
    """Measures, and prints."""
    options = parser()
    args = options.parse_args(argv)
    by_model = args.model is not None
    of_model = [(option, by_model, "it needs a model: --model FILE.") for option in ("--label", "--joined")]
    of_model += [("--text-key", by_model, "it needs a model: --model FILE. Without one, a column is read.")]
    refuse_idle(
        options.given, *of_model, ("--column", not by_model, "--model scores the texts. Leave one of them out.")
    )
    if by_model and args.label is None:
        raise ConfigError("--model needs the label to score: --label NAME.")
    scores, without = _scored(args) if by_model else _column(args.corpus, args.column)
    if not len(scores):
        raise ConfigError(f"{args.corpus} has no page with a score ({many(without, 'page')} without).")
    report = {
        "corpus": str(args.corpus),
        "scored": len(scores),
        "without": without,
        "below": {str(share): _number(_at(scores, share)) for share in SHARES_BELOW},
        "cuts": [cut_at(scores, without, keep)._asdict() for keep in args.keep],
    }
    if args.json:
        print(json.dumps(report, indent=2))
    else:
        _show(report)
    return 0


def cut_at(scores: NDArray[np.float32], without: int, keep: float) -> Cut:
    """The score that a share of all pages reaches, given `scores` in ascending order and pages `without` one.

    Raises ConfigError if fewer pages than that have a score.
    """
    pages = len(scores) + without
    wanted = max(1, math.floor(keep * pages + 1e-9))  # the product of a decimal may fall short of a whole number
    if wanted > len(scores):
        share = percent(len(scores) / pages)
        raise ConfigError(f"--keep {keep:g}: {share} of the pages have a score. Expected no more than that.")
    above = min(1.0, _number(scores[len(scores) - wanted]))  # fastText adds 1e-5 to each probability
    import numpy as np

    kept = len(scores) - int(np.searchsorted(scores, np.float32(above)))
    return Cut(keep, above, kept, kept / pages)


def _at(scores: NDArray[np.float32], share: float) -> Any:
    """The score below which that share is, given scores in ascending order."""
    return scores[min(len(scores) - 1, int(share * len(scores)))]


def _number(score: Any) -> float:
    """The shortest decimal that identifies this 32-bit number."""
    return float(str(score))


def _column(folder: Path, column: str) -> tuple[NDArray[np.float32], int]:
    """The scores of one of our corpora in ascending order, and how many pages have none."""
    import numpy as np
    import pyarrow as pa

    from c4pipe.facts.corpus import open_corpus
    from c4pipe.shards import added_to

    corpus = open_corpus(folder)
    corpus.check(["pages"])
    if column not in corpus.schema.names:
        known = [name for name in added_to(corpus.schema) if pa.types.is_floating(corpus.schema.field(name).type)]
        if known:
            raise unknown(f"column of {folder},", column, known)
        raise ConfigError(f"{folder} has no column {column!r}, and no column of scores. Score its texts: --model FILE.")
    if not pa.types.is_floating(corpus.schema.field(column).type):
        raise ConfigError(f"column {column!r} of {folder} holds {corpus.schema.field(column).type}: expected scores.")
    parts = list(_read_column([folder / shard["path"] for shard in corpus.shards()], column))
    found = np.concatenate([np.empty(0, np.float32), *parts])
    scored = np.sort(found[~np.isnan(found)])
    return scored, len(found) - len(scored)


def _read_column(paths: Sequence[Path], column: str) -> Iterator[NDArray[np.float32]]:
    import numpy as np
    import pyarrow.parquet as pq

    for path in paths:
        values = pq.read_table(path, columns=[column], use_threads=False).column(column)
        yield values.to_numpy().astype(np.float32)  # null becomes NaN


def _scored(args: Namespace) -> tuple[NDArray[np.float32], int]:
    """The scores of texts by a model in ascending order, and how many pages have none."""
    import numpy as np

    from c4pipe.compare.reading import open_source
    from c4pipe.documents import FORMATS
    from c4pipe.files.assets import Assets
    from c4pipe.page import Page
    from c4pipe.stages import Classifier

    step = Classifier(str(args.model), args.label, joined=args.joined, column="score").bind(Assets())
    source = open_source(args.corpus, args.text_key, FORMATS)
    found = [step(Page("", page.text, "")).page.extra["score"] for page in source.pages()]
    if source.lost:
        print(f"note: {source.folder}: {source.told_lost}", file=sys.stderr)
    scores = np.array([score for score in found if score is not None], np.float32)
    return np.sort(scores), len(found) - len(scores)


def _show(report: dict[str, Any]) -> None:
    without = f", {report['without']:,} without" if report["without"] else ""
    lines = [f"{report['corpus']}: {many(report['scored'], 'page')} with a score{without}"]
    lines += [f"  {percent(float(share)):>6} below  {score:g}" for share, score in report["below"].items()]
    for each in report["cuts"]:
        lines.append(
            f"--keep {each['keep']:g}: above={each['above']!r} keeps {each['kept']:,} ({percent(each['share'])})"
        )
    sys.stdout.writelines(visible(line) + "\n" for line in lines)


def _share(word: str) -> float:
    try:
        share = float(word)
    except ValueError:
        share = math.nan
    if not 0 < share <= 1:
        raise argparse.ArgumentTypeError(f"{word!r}: expected a share above 0, and 1 at most")
    return share
