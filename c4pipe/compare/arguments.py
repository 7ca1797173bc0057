"""The command line of `python -m c4pipe.compare`."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from c4pipe.command import Parser, positive, refuse_idle, utf8, utf8_path
from c4pipe.compare.levels import COMPARE_LEVELS, TRAINER, check_level
from c4pipe.compare.placing import check_place, check_trial_place
from c4pipe.compare.texts import HELD_OUT_WORD, PINNED_WORD
from c4pipe.compare.trial import EVERY_RULE, rules_asked
from c4pipe.errors import ConfigError
from c4pipe.facts.verdict import BY_GRAMS

OUT = Path("out/compare")
TRAINING = ("--steps", "--seeds", "--lr", "--equal")  # options of the command that trains models

EPILOG = f"""\
examples:
  two corpora                   python -m c4pipe.compare out/en out/noclean
  on your own texts             python -m c4pipe.compare out/en out/noclean --on news=texts/bbc speeches=sotu.jsonl
  and on held-out pages         python -m c4pipe.compare out/en out/noclean --on {HELD_OUT_WORD} texts/
  with another tool's corpus    python -m c4pipe.compare out/en downloads/fineweb
  what a rule does              python -m c4pipe.compare --rule curly_brace en --input wet
  what each rule of C4 does     python -m c4pipe.compare --rule {EVERY_RULE} en --input wet
  for scripts                   python -m c4pipe.compare out/en out/noclean --json

A corpus is a folder built by c4pipe, or any folder of Parquet or JSON Lines with a text field; models are trained on
c4pipe corpora only. --on takes text files, JSON Lines, Parquet, or folders of them: each folder or long file is a
domain, and long texts are cut into documents of about 2 kB.
{PINNED_WORD} means the texts of `make assets`. {HELD_OUT_WORD} means pages of both corpora that are not trained on: the
validation splits and, at level {BY_GRAMS}, one host in 16 by hash. Without --on, both are used if present.
Documents that share 13 consecutive words with a page of either corpus are left out.

--out receives verdict.json, table.md, picture.svg and comparison.html. --json prints verdict.json:
`verdict` "A", "B" or "cannot tell"; `difference`, bits per byte of B minus A (positive: A is better); `null`, the most
that two samples of one corpus differ by in 99 of 100 cases (for models: pairs with the same seed and learning rate);
`sums`, sha256 of both manifests; `domains`, the same for each domain; `words`, what differs beyond chance in samples of
pages; `taken`, what each reason removed according to both ledgers; `overlaps`, documents left out.

exit codes: 0 done, whatever the verdict; 1 failed; 2 wrong usage, reported before any work; 130 interrupted.
"""


def parser() -> Parser:
    """The options."""
    p = Parser("python -m c4pipe.compare", "Tell which of two corpora is better, and how they differ.", EPILOG)
    a = p.add_argument
    a("names", type=utf8, nargs="+", metavar="A B", help="folders of two corpora; with --rule: the preset")
    a(
        "--on",
        type=utf8,
        nargs="+",
        default=[],
        metavar="TEXTS_FOLDER",
        help=f"test texts: PATH, NAME=PATH, {HELD_OUT_WORD} or {PINNED_WORD}",
    )
    a(
        "--level",
        choices=COMPARE_LEVELS,
        default=BY_GRAMS,
        help="compare by n-grams, or by models trained on both, which must be c4pipe corpora (default: grams)",
    )
    a(
        "--text-key",
        type=utf8,
        default="",
        metavar="KEY",
        help="field that holds the text in JSON Lines and Parquet",
    )
    a(
        "--rule",
        type=utf8,
        metavar="RULE",
        help=f"build a preset with and without this rule, and compare the two; or {EVERY_RULE}",
    )
    a(
        "--input",
        type=utf8,
        nargs="+",
        metavar="PATH",
        help="with --rule: the inputs to build from (default: data_samples)",
    )
    a("--workers", type=utf8, metavar="N", help="with --rule: worker processes of the build")
    of = f"with a model level: as in python -m {TRAINER}"
    a("--steps", type=positive, metavar="N", help=of)
    a("--seeds", type=positive, metavar="N", help=of)
    a("--lr", type=float, nargs="+", metavar="X", help=of)
    a("--equal", choices=("bytes", "epochs"), help=of)
    a("--json", action="store_true", help="one JSON object instead of text")
    a(
        "--out",
        type=utf8_path,
        metavar="DIR",
        help=f"folder for the results (default: {OUT}; with --rule: {OUT}-RULE)",
    )
    return p


def parse(argv: Sequence[str] | None) -> argparse.Namespace:
    """The arguments. ConfigError for contradictory ones."""
    options = parser()
    args = options.parse_args(argv)
    refuse_idle(
        options.given,
        ("--input", args.rule is not None, "it goes with --rule RULE; two corpora are compared as they are."),
        ("--workers", args.rule is not None, "it goes with --rule RULE; otherwise nothing is built."),
        *(
            (
                option,
                args.level != BY_GRAMS,
                "it goes with a model level, such as --level tiny; otherwise no model is trained.",
            )
            for option in TRAINING
        ),
        ("--text-key", args.rule is None, "a build knows where its text is. Leave it out."),
    )
    if args.rule is None and len(args.names) != 2:
        raise ConfigError(f"expected the folders of two corpora, got {len(args.names)}. See --help.")
    if args.rule is not None and len(args.names) != 1:
        raise ConfigError(f"--rule takes one preset, got {' '.join(args.names)}. See --help.")
    check_level(args.level)
    args.out = args.out or (OUT if args.rule is None else OUT.with_name(f"{OUT.name}-{args.rule}"))
    args.training = tuple(word for option in TRAINING for word in _words(option, getattr(args, option[2:])))
    read = [word.rpartition("=")[2] for word in args.on] + args.on
    if args.rule is None:
        check_place(args.out, [*args.names, *read])
    else:
        check_trial_place(args.out, rules_asked(args.names[0], args.rule), [*(args.input or ()), *read])
    return args


def _words(option: str, value: object) -> list[str]:
    """An option as given."""
    return [] if value is None else [option, *map(str, value if isinstance(value, list) else [value])]
