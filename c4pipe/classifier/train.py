"""`python -m c4pipe.classifier train`: trains a model that separates two corpora, and measures it."""

from __future__ import annotations

import json
import os
import sys
from argparse import Namespace
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

from c4pipe.classifier.training import (
    LEAST_READ,
    PACKAGE,
    TrainingSettings,
    check_trainer,
    epochs_for,
    train_model,
)
from c4pipe.command import Parser, positive, utf8, utf8_path
from c4pipe.errors import ConfigError
from c4pipe.fasttext.joining import JOININGS
from c4pipe.progress import PLAIN, ProgressReporter
from c4pipe.scratch import scratch
from c4pipe.text import many

if TYPE_CHECKING:
    from c4pipe.compare.reading import CorpusPage

PAGES_EACH = 50_000  # pages of a side; ours. DCLM trained on about 200,000 (Li et al. 2024, section 4.4)

EPILOG = f"""\
examples:
  on two corpora             python -m c4pipe.classifier train out/good out/c4 --out quality.bin
  on two folders of text     python -m c4pipe.classifier train essays/ web/ --out quality.bin --least 1

GOOD and BAD are c4pipe corpora, or folders of .txt, JSON Lines and Parquet. At most --each pages are drawn from each by
text hash, equally many from both; a tenth of them, by whole domains, is held out for testing. With one thread and a
seed, the same pages and settings give the same model.

Training needs a fasttext package that trains, which cannot share an environment with the one that only predicts:
  python -m venv V && V/bin/pip install {PACKAGE}, then --python V/bin/python
`make classifier` does that.

exit codes: 0 done; 1 failed, or a corpus is damaged; 2 wrong usage, reported before any work; 130 interrupted
"""


class _Read(ProgressReporter):
    """Reports how many pages were read."""

    def __init__(self) -> None:
        super().__init__()
        self._pages = 0

    def seen(self, pages: Iterable[CorpusPage]) -> Iterator[CorpusPage]:
        """The pages, counted."""
        for page in pages:
            self._pages += 1
            yield page

    def show(self) -> None:
        while self.waited(PLAIN):
            print(f"classifier: {many(self._pages, 'page')} read", file=sys.stderr, flush=True)


def parser() -> Parser:
    """The options."""
    p = Parser(
        "python -m c4pipe.classifier train", "Train a fastText model that separates good pages from others.", EPILOG
    )
    a = p.add_argument
    usual = TrainingSettings()
    a("good", type=utf8_path, metavar="GOOD", help="the corpus that should get high scores")
    a("bad", type=utf8_path, metavar="BAD", help="the corpus that should get low scores")
    a(
        "--out",
        type=utf8_path,
        required=True,
        metavar="MODEL.bin",
        help="the model file to write; it must not exist yet",
    )
    a(
        "--each",
        type=positive,
        default=PAGES_EACH,
        metavar="N",
        help=f"pages drawn from each side, at most (default: {PAGES_EACH:,})",
    )
    a("--joined", choices=[*JOININGS], default="dclm", help="how a page becomes one line (default: dclm)")
    a("--text-key", type=utf8, default="", metavar="KEY", help="field of the text in JSON Lines and Parquet")
    a("--python", type=utf8, default=sys.executable, metavar="FILE", help="a Python whose fasttext package trains")
    helps = {
        "dimensions": "size of the word vectors",
        "rate": "initial learning rate",
        "word_ngrams": "longest word n-gram",
        "buckets": "hash buckets for the n-grams",
        "least": "minimum count of a word in the training data",
        "seed": "seed of the initial vectors and of the sampling",
    }
    often = f"passes over the pages (default: {usual.epochs}; for few pages, enough to read {LEAST_READ:,})"
    a("--epochs", type=positive, metavar="N", help=often)
    for field in fields(TrainingSettings):
        if field.name == "epochs":
            continue
        value = getattr(usual, field.name)
        kind: Any = float if field.name == "rate" else positive if field.name != "seed" else int
        option = f"--{field.name.replace('_', '-')}"
        a(option, type=kind, default=value, metavar="N", help=f"{helps[field.name]} (default: {value:,})")
    a("--json", action="store_true", help="one JSON object instead of text")
    return p


def run(argv: Sequence[str]) -> int:
    """Trains, tests, saves the model and reports."""
    args = parser().parse_args(argv)
    _check(args)
    with_what = check_trainer(args.python)
    from c4pipe.classifier.sides import BAD, GOOD, draw, split
    from c4pipe.classifier.telling import reported, show_trained
    from c4pipe.compare.reading import open_source
    from c4pipe.documents import FORMATS

    sources = [open_source(folder, args.text_key, FORMATS) for folder in (args.good, args.bad)]
    joined = JOININGS[args.joined][0]
    with _Read() as progress:
        good, bad = (
            draw(f"{name} ({source.folder})", progress.seen(source.pages()), joined, args.each)
            for name, source in zip((GOOD, BAD), sources, strict=True)
        )
    for source in sources:
        if source.lost:
            print(f"note: {source.folder}: {source.told_lost}", file=sys.stderr)
    sides = split(good, bad)
    given = {field.name: getattr(args, field.name) for field in fields(TrainingSettings)}
    settings = TrainingSettings(**given | {"epochs": args.epochs or epochs_for(sides)})
    with scratch("classifier") as folder:
        made = folder / "model.bin"
        train_model(sides, settings, args.python, made, folder)
        report = reported(made, sides, (good, bad), args.joined, asdict(settings), with_what)
        _place(made, args.out)
    if args.json:
        print(json.dumps(report | {"model": str(args.out)}, ensure_ascii=False, indent=2))
    else:
        show_trained(report, args.out)
    return 0


def _check(args: Namespace) -> None:
    """Raises ConfigError for what cannot work, before any page is read."""
    if args.out.exists():
        raise ConfigError(f"--out {args.out} exists already. Name another file, or remove it.")
    if args.out.suffix != ".bin":
        raise ConfigError(f"--out {args.out}: a fastText model needs the suffix .bin.")
    if not args.out.absolute().parent.is_dir():
        raise ConfigError(
            f"--out {args.out}: {args.out.absolute().parent} is not a folder. Create it, or name another one."
        )
    if args.good.absolute() == args.bad.absolute():
        raise ConfigError(f"GOOD and BAD are both {args.good}: there is nothing to separate.")
    if not 0 < args.rate <= 10:
        raise ConfigError(f"--rate {args.rate}: expected more than 0, and 10 at most.")
    if args.word_ngrams > 16 or args.dimensions > 1 << 16 or args.buckets > 1 << 26:
        raise ConfigError("expected --word-ngrams 16, --dimensions 65,536 and --buckets 67,108,864 at most.")


def _place(made: Path, out: Path) -> None:
    """Moves the model into place, whole or not at all, and never over an existing file."""
    beside = out.with_name(f".{out.name}.{os.getpid()}")
    try:
        beside.write_bytes(made.read_bytes())
        os.link(beside, out)
    except FileExistsError:
        raise ConfigError(f"--out {out} already exists. Name another file, or remove it.") from None
    finally:
        beside.unlink(missing_ok=True)
