"""The pages in which passages are counted: those of a corpus, or those that reached its first text dedup."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

import pyarrow.parquet as pq

from c4pipe.errors import ConfigError
from c4pipe.facts.corpus import Corpus

PAGES_AT_A_TIME = 1000


class ReadPage(NamedTuple):
    """A page and its location: row `row` of a shard, or of a restore file."""

    file: str
    row: int
    text: str


def pages_kept(corpus: Corpus, split: str | None, configs: Iterable[str] = ()) -> Iterator[ReadPage]:
    """The pages of a corpus, in the order of its shards. BuildError names a shard whose bytes changed."""
    asked = frozenset(configs)
    shards = [shard["path"] for shard in corpus.shards(split=split) if not asked or shard["config"] in asked]
    if not shards:
        raise ConfigError(f"{corpus.folder} has no page of {split or 'any split'}{_among(asked)}. Name another one.")
    corpus.sums.check(shards)
    for path in shards:
        yield from (ReadPage(path, row, text) for row, (text, _) in enumerate(_columns(corpus, path)))


def pages_came(corpus: Corpus) -> Iterator[ReadPage]:
    """The pages of the crawl as they reached the first text dedup. The corpus stores those that lost something there or
    later in restore files; the others are in its shards.

    Raises ConfigError if it does not store them.
    """
    files = [row["path"] for row in corpus.manifest.get("restore", ())]
    if not corpus.manifest.get("keys"):
        raise ConfigError(
            f"{corpus.folder} does not store the input of its text dedup: build it with a text dedup and without "
            "--restorable no and --no-keys, or leave out --crawl to count its pages."
        )
    corpus.sums.check([*files, *(shard["path"] for shard in corpus.shards())])
    elsewhere = set()
    for path in files:
        for row, (text, source) in enumerate(_columns(corpus, path)):
            elsewhere.add(source)
            yield ReadPage(path, row, text)
    for shard in corpus.shards():
        for row, (text, source) in enumerate(_columns(corpus, shard["path"])):
            if source not in elsewhere:
                yield ReadPage(shard["path"], row, text)


def _columns(corpus: Corpus, path: str) -> Iterator[tuple[str, str]]:
    """(text, source) of each row of a file."""
    with pq.ParquetFile(corpus.folder / path) as file:
        names = [name for name in ("text", "source") if name in file.schema_arrow.names]
        for batch in file.iter_batches(PAGES_AT_A_TIME, columns=names, use_threads=False):
            texts = batch.column(0).to_pylist()
            yield from zip(texts, batch.column(1).to_pylist() if len(names) > 1 else texts, strict=True)


def _among(configs: frozenset[str]) -> str:
    return f" in {', '.join(sorted(configs))}" if configs else ""
