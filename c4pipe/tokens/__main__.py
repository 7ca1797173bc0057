"""`python -m c4pipe.tokens`: exports a corpus as tokens for Megatron-LM and similar. `--help` has examples and exit
codes."""

from __future__ import annotations

import argparse
import os
import sys
from argparse import Namespace
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from c4pipe.command import Parser, positive, refuse_idle, run_command, utf8, utf8_path
from c4pipe.errors import ConfigError, unknown
from c4pipe.progress import PLAIN, ProgressReporter
from c4pipe.shards import MANIFEST, SPLITS, sha256_of
from c4pipe.text import many, visible

EPILOG = """\
examples:
  with SentencePiece             python -m c4pipe.tokens out/c4 --tokenizer out/t5/tokenizer/spiece.model --out tok/c4
  with a Hugging Face tokenizer  python -m c4pipe.tokens out/c4 --tokenizer gpt2/tokenizer.json --out tok/c4
  one language                   python -m c4pipe.tokens out/mc4 --config de --tokenizer ... --out tok/de
  a mixture, in its order        python -m c4pipe.tokens out/mixed --tokenizer ... --out tok/mixed --workers 8
  read by Megatron-LM            pretrain_gpt.py --data-path tok/c4 ...

PREFIX.bin, PREFIX.idx   as tools/preprocess_data.py --append-eod writes them from the same texts in the same order
PREFIX.parquet           one row per document: document, start, tokens, url, timestamp, record_id, shard, row

Documents are in the order of the shards, so any prefix of a mixture has its rates. The same corpus and tokenizer
produce the same bytes with any number of workers. It takes twice the disk of PREFIX.bin while it works; a stopped run
resumes where it stopped.

exit codes: 0 done; 1 failed, such as for a damaged corpus; 2 wrong usage, reported before any work; 130 interrupted
"""


class _Documents(ProgressReporter):
    """Reports the progress."""

    def __init__(self, of: int) -> None:
        super().__init__()
        self._of, self._done = of, 0

    def done(self, documents: int) -> None:
        """Adds documents that were tokenised."""
        self._done += documents

    def show(self) -> None:
        while self.waited(PLAIN):
            print(f"tokens: {self._done:,} of {self._of:,} documents", file=sys.stderr, flush=True)


def main(argv: Sequence[str] | None = None) -> int:
    """Runs the command; the exit code."""
    return run_command("tokens", lambda: run(_parse(argv)), "interrupted. Run the same command again to resume.")


def run(args: Namespace) -> int:
    """Makes the files of one config and split."""
    from c4pipe.corpus.identity import fingerprint
    from c4pipe.facts.corpus import open_corpus
    from c4pipe.tokenizer import named_tokenizer
    from c4pipe.tokens.making import make_tokens, tokens_there
    from c4pipe.tokens.megatron import token_type
    from c4pipe.tokens.parts import TokenJob

    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")  # our worker processes share the machine
    named = named_tokenizer(args.tokenizer)
    tokenizer = named.cuts
    eod = None if args.no_eod else _end_of(tokenizer, args)
    corpus = open_corpus(args.folder)
    shards = _shards(corpus.shards(), args.config, args.split)
    paths, rows = tuple(row["path"] for row in shards), tuple(row["rows"] for row in shards)
    of = {
        "corpus": sha256_of(args.folder / MANIFEST),
        "shards": [row["sha256"] for row in shards],
        "tokenizer": named.digest,
        "library": tokenizer.library,
        "end of a document": eod,
        "type": token_type(tokenizer.size).str,
    }
    work = Path(f"{args.out}.parts-{fingerprint(of)[:12]}")
    made = tokens_there(args.out, of, args.overwrite, work.exists())
    if made is None:
        corpus.sums.check(paths)
        _make(work, args.out)
        job = TokenJob(args.folder, paths, rows, named.path, eod, work)
        with _Documents(sum(rows)) as progress:
            made = make_tokens(job, args.out, of, tokenizer, args.workers, progress.done)
    print(f"{many(made.documents, 'document')}, {many(made.tokens, 'token')}, {made.bytes / 1e6:,.1f} MB")
    print(f"  {visible(str(args.out))}.bin, .idx and .parquet{', already made' if made.already else ''}")
    return 0


def _make(work: Path, out: Path) -> None:
    """ConfigError if the folder cannot be created."""
    try:
        work.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigError(f"--out {out}: {work} cannot be created ({error.strerror}). Choose another one.") from None


def _end_of(tokenizer: Any, args: Namespace) -> int:
    found = tokenizer.eod if args.eod_token is None else tokenizer.id_of(args.eod_token)
    if found is None:
        what = "does not name an end-of-text token" if args.eod_token is None else f"has no token {args.eod_token!r}"
        raise ConfigError(f"--tokenizer {args.tokenizer} {what}. Name one: --eod-token TOKEN, or --no-eod.")
    return int(found)


def _shards(found: list[dict[str, Any]], config: str | None, split: str) -> list[dict[str, Any]]:
    """The shards of one config and split, in order. ConfigError for a missing one."""
    configs = sorted({row["config"] for row in found})
    if config is None and len(configs) > 1:
        raise ConfigError(f"it holds several configs. Name one with --config, or mix them first: {', '.join(configs)}.")
    if config is not None and config not in configs:
        raise unknown("config", config, configs)
    mine = [row for row in found if row["config"] == (config or configs[0]) and row["split"] == split]
    if not sum(row["rows"] for row in mine):
        raise ConfigError(f"there is no page in split {split!r}. Use another --split.")
    return sorted(mine, key=lambda row: str(row["path"]))


def _parse(argv: Sequence[str] | None) -> Namespace:
    p = Parser("python -m c4pipe.tokens", "Export a corpus as tokens for training elsewhere.", EPILOG)
    a = p.add_argument
    a("folder", type=utf8_path, metavar="DIR", help="folder of a corpus, or of a mixture")
    a(
        "--tokenizer",
        type=utf8_path,
        required=True,
        metavar="FILE_OR_RUN",
        help="a SentencePiece *.model, a tokenizer.json, or a run or folder that holds one",
    )
    a("--out", type=_prefix, required=True, metavar="PREFIX", help="prefix of the output files")
    a("--config", type=utf8, metavar="NAME", help="the language to write, for a corpus with several")
    a("--split", choices=SPLITS, default="train", help="the split to write (default: train)")
    a("--no-eod", action="store_true", help="add nothing after a document (default: the end-of-text token)")
    a("--eod-token", type=utf8, metavar="TOKEN", help="the token to add after a document, such as '<|endoftext|>'")
    a("--workers", type=positive, default=os.cpu_count() or 1, metavar="N", help="processes (default: all cores)")
    a("--overwrite", action="store_true", help="replace files with this prefix that were made from something else")
    args = p.parse_args(argv)
    refuse_idle(p.given, ("--eod-token", not args.no_eod, "--no-eod adds none. Leave one of them out."))
    return args


def _prefix(word: str) -> Path:
    if word.endswith("/") or Path(word).is_dir():
        name = f"{word.rstrip('/')}/NAME"
        raise argparse.ArgumentTypeError(f"{word} is a folder, expected a prefix of file names: {name}")
    return utf8_path(word)


if __name__ == "__main__":
    sys.exit(main())
