"""The levels of a comparison: n-grams are counted here; models are trained by `python -m model.compare`.

That runs as a command, since this package does not import torch, and communicates through files:

    DIR/tests-SUM.jsonl   written here: a test document a line, with `domain`, `document` (its number) and `text`
    DIR/scores.csv        written there: side, seed, lr, domain, document, nats, bytes; a row a document and model
"""

from __future__ import annotations

import csv
import hashlib
import json
import os
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from importlib.util import find_spec
from math import log, sqrt
from pathlib import Path
from typing import TYPE_CHECKING

from c4pipe.command import own_name
from c4pipe.compare.measure import SETTLES, CorpusSide, measure
from c4pipe.compare.null import quantile, tail
from c4pipe.errors import BuildError, ConfigError
from c4pipe.facts.verdict import BY_GRAMS, OVERALL, CorpusVerdict, Judgement
from c4pipe.files.pinned import has_sum
from c4pipe.files.storage import LocalStore
from c4pipe.text import printable

if TYPE_CHECKING:
    from c4pipe.compare.comparing import Training
    from c4pipe.compare.reading import PageSource

COMPARE_LEVELS = (BY_GRAMS, "tiny", "small")
TRAINER = "model.compare"  # the module that trains models for a comparison
TESTS_FILE, MODEL_SCORES = "tests-{}.jsonl", "scores.csv"

Scores = dict[tuple[str, str], dict[str, dict[str, list[tuple[str, float, int]]]]]


def check_level(level: str) -> None:
    """ConfigError if the trainer of a level is not installed."""
    if level == BY_GRAMS:
        return
    if not _has_trainer():
        raise ConfigError(f"--level {level} trains models, and python -m {TRAINER} is missing. Use --level {BY_GRAMS}.")
    if find_spec("torch") is None:
        raise ConfigError(f"--level {level} needs torch, which is not installed: pip install 'c4pipe[train]'")


def check_sources(level: str, *sources: PageSource) -> None:
    """ConfigError for sources that models cannot be trained on; a line if both are the same corpus."""
    a, b = (source.folder.resolve() for source in sources)
    if level != BY_GRAMS:
        for source in sources:
            if source.corpus is None:
                raise ConfigError(
                    f"--level {level} trains on corpora made by c4pipe, and {source.folder} is a folder of other "
                    f"files. Use --level {BY_GRAMS}, or build one: --input {source.folder}."
                )
        if a == b:
            raise ConfigError(f"A and B are both {sources[0].folder}: name two corpora, or use --level {BY_GRAMS}.")
    if a == b:
        print(f"{own_name('compare')}: A and B are both {printable(str(a))}", file=sys.stderr)


def verdict_of(
    a: Training,
    b: Training,
    domains: Mapping[str, Sequence[str]],
    level: str,
    out: Path,
    training: Sequence[str] = (),
) -> CorpusVerdict:
    """The verdict of a level on these test texts. ConfigError for too little text, BuildError if training failed."""
    folders = (str(a.source.folder), str(b.source.folder))
    sums = (a.source.sum, b.source.sum)
    if level == BY_GRAMS:
        one, other = (CorpusSide(_sited(side), side.bytes, str(side.source.folder)) for side in (a, b))
        found = measure(one, other, domains)
        return CorpusVerdict(folders, level, SETTLES, found.overall, found.domains, sums)
    check_level(level)
    texts = ("--texts", str(_write_tests(out, domains)))
    command = [sys.executable, "-m", TRAINER, *folders, *texts, "--level", level, "--out", str(out), *training]
    done = subprocess.run(command, stdout=sys.stderr, check=False)
    if done.returncode == ConfigError.exit_code:
        raise ConfigError(f"python -m {TRAINER} refused to start; see its message above.")
    if done.returncode:
        raise BuildError(f"python -m {TRAINER} ended with exit code {done.returncode}; see its message above.")
    return CorpusVerdict(folders, level, SETTLES, *judgements_of(read_scores(out / MODEL_SCORES), domains), sums)


def _has_trainer() -> bool:
    try:
        return find_spec(TRAINER) is not None
    except ModuleNotFoundError:  # not even its package
        return False


def _sited(side: Training) -> Iterator[tuple[str, str]]:
    return ((page.host or page.text, page.text) for page in side)


def _write_tests(out: Path, domains: Mapping[str, Sequence[str]]) -> Path:
    """The file of tests. Its name contains its checksum, so it replaces no other file: an existing one is the same, or
    refused."""
    rows = (
        {"domain": name, "document": str(number), "text": text}
        for name, documents in domains.items()
        for number, text in enumerate(documents)
    )
    body = b"".join(json.dumps(row).encode() + b"\n" for row in rows)
    sha256 = hashlib.sha256(body).hexdigest()
    path = out / TESTS_FILE.format(sha256[:16])
    if not has_sum(path, sha256):
        if os.path.lexists(path):
            raise BuildError(f"{path} was not written by a comparison, or was changed since. Remove it.")
        with LocalStore().write(str(path)) as stream:
            stream.write(body)
    return path


def read_scores(path: Path) -> Scores:
    """(seed, lr) -> side -> domain -> (document, nats, bytes) of each. BuildError for an invalid file."""
    found: Scores = defaultdict(lambda: defaultdict(lambda: defaultdict(list)))
    try:
        with path.open(encoding="utf-8", newline="") as stream:
            for row in csv.DictReader(stream):
                scored = (row["document"], float(row["nats"]), int(row["bytes"]))
                found[row["seed"], row["lr"]][row["side"]][row["domain"]].append(scored)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise BuildError(f"{path} is not a table of scores: {error!r}. Run python -m {TRAINER} again.") from None
    if not found:
        raise BuildError(f"{path} contains no scores. Run python -m {TRAINER} again.")
    return found


def judgements_of(scores: Scores, names: Iterable[str]) -> tuple[Judgement, list[Judgement]]:
    """Judgements on all domains together and on each, from pairs of models that differ only in the corpus.

    The null is the spread of these pairs, at 99 %: it does not cover other samples of the corpora. BuildError if a pair
    lacks a side or a domain.
    """
    domains = [*names]
    rates = {name: [_rates(models, name) for _, models in sorted(scores.items())] for name in domains}
    documents = {name: next(iter(scores.values()))["A"][name] for name in domains}
    found = []
    for name in domains:
        sizes = [size for _, _, size in documents[name]]
        found.append(_judgement(name, len(sizes), sum(sizes), rates[name]))
    means = [
        (sum(a for a, _ in row) / len(domains), sum(b for _, b in row) / len(domains))
        for row in zip(*rates.values(), strict=True)
    ]
    overall = _judgement(OVERALL, sum(one.documents for one in found), sum(one.bytes for one in found), means)
    return overall, found


def _rates(models: Mapping[str, Mapping[str, Sequence[tuple[str, float, int]]]], name: str) -> tuple[float, float]:
    """Bits per byte of A's model and of B's."""
    found = []
    for side in "AB":
        rows = models.get(side, {}).get(name, ())
        size = sum(row[2] for row in rows)
        if not size:
            raise BuildError(f"{MODEL_SCORES} has no score of {side} on {name!r}. Run python -m {TRAINER} again.")
        found.append(sum(row[1] for row in rows) / log(2) / size)
    return found[0], found[1]


def _judgement(name: str, documents: int, size: int, pairs: Sequence[tuple[float, float]]) -> Judgement:
    count = len(pairs)
    if count < 2:
        raise BuildError(f"{MODEL_SCORES} has one pair of models. Expected several seeds or learning rates.")
    apart = [b - a for a, b in pairs]
    mean = sum(apart) / count
    error = sqrt(sum((one - mean) ** 2 for one in apart) / (count - 1) / count)
    bits = (sum(a for a, _ in pairs) / count, sum(b for _, b in pairs) / count)
    null = quantile(count - 1) * error
    return Judgement(name, documents, size, bits, mean, null, None, tail(mean / error, count - 1) if error else 1.0)
