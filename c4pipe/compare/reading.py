"""The pages of a corpus in a fixed order: one of ours by its manifest, or any folder of Parquet and JSON Lines."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import pyarrow.parquet as pq

from c4pipe.documents import KEYED, FieldKeys, check_text_key, format_of, read_documents
from c4pipe.errors import BuildError, ConfigError
from c4pipe.facts.corpus import Corpus, open_corpus
from c4pipe.page import Kept
from c4pipe.shards import MANIFEST, SUMS, read_manifest
from c4pipe.shards.manifest import SHOWN_BELOW
from c4pipe.text import counts_told, hash64, many, visible
from c4pipe.text.hosts import address_of

READ_COLUMNS = ("text", "url", "language")
TIMES_UNPACKED = 3  # approximate bytes of text per byte of Parquet or of a compressed file
_PLAIN = (".jsonl", ".json", ".ndjson", ".jsonlines", ".jl")
BATCH_PAGES = 256  # decoded at a time
HELD_OUT_HOSTS = 16  # one host in so many is kept for testing


def unheard(size: int) -> None:
    """Used if nobody needs the progress of reading."""


class CorpusPage(NamedTuple):
    """A page as both kinds of corpora have it."""

    text: str
    url: str = ""
    language: str = ""  # "" if unknown
    split: str = "train"

    @property
    def host(self) -> str:
        """The host of the page; "" for one without a URL."""
        return address_of(self.url)[0] if self.url else ""

    def is_held_out(self, by_host: bool) -> bool:
        """Whether models are tested on it and not trained: pages of the validation split and, with `by_host`, all pages
        of one host in `HELD_OUT_HOSTS`, chosen by hash. So they are the same in every corpus, and no line that a site
        repeats is in the training. A page without a URL is chosen by its text."""
        return self.split == "validation" or (by_host and hash64(self.host or self.text) % HELD_OUT_HOSTS == 0)


class PageSource:
    """A corpus that can be read from its beginning repeatedly.

    Attributes:
        corpus: one of ours; None for a folder of other files.
        sum: sha256 of the manifest; "" for other files.
        lost: records of other files that gave no page, in the last reading, by reason.
        size: bytes on disk of what is read.
        unpacked: approximate bytes after unpacking.
    """

    def __init__(self, folder: Path, corpus: Corpus | None, files: list[Path], text_key: str = ""):
        self.folder, self.corpus = folder, corpus
        self._files, self._keys = files, FieldKeys(text=text_key)
        self.sum = "" if corpus is None else corpus.digest
        self.lost = Counter[str]()
        self._first_lost = ""
        sizes = {path: path.stat().st_size for path in files}
        self.size = sum(sizes.values())
        self.unpacked = sum(size * (1 if path.suffix in _PLAIN else TIMES_UNPACKED) for path, size in sizes.items())

    def pages(self, read: Callable[[int], None] = unheard) -> Iterator[CorpusPage]:
        """All pages, of every split. `read` is called with the size in bytes of each file that was read."""
        self.lost = Counter()
        for number, path in enumerate(self._files):
            yield from self._others(path) if self.corpus is None else self._ours(number)
            read(path.stat().st_size)

    def _ours(self, number: int) -> Iterator[CorpusPage]:
        assert self.corpus is not None
        shard = self.corpus.shards()[number]
        with pq.ParquetFile(self._files[number]) as file:
            columns = [name for name in READ_COLUMNS if name in file.schema_arrow.names]
            for batch in file.iter_batches(BATCH_PAGES, columns=columns, use_threads=False):
                for row in zip(*(batch.column(name).to_pylist() for name in columns), strict=True):
                    yield CorpusPage(**dict(zip(columns, row, strict=True)), split=shard["split"])

    def _others(self, path: Path) -> Iterator[CorpusPage]:
        with path.open("rb") as stream:
            for verdict in read_documents(stream, path.name, format_of(path) or "text", keys=self._keys):
                if isinstance(verdict, Kept):
                    yield CorpusPage(verdict.page.text, verdict.page.url)
                else:
                    if not self.lost:
                        self._first_lost = f"{path}: {verdict.detail}" if verdict.detail else str(path)
                    self.lost[verdict.reason.code] += 1

    @property
    def told_lost(self) -> str:
        """How many records gave no page, why, and the file of the first one."""
        first = visible(self._first_lost[:200])
        return f"{many(self.lost.total(), 'record')} gave no page ({counts_told(self.lost)}; first {first})"


def open_source(folder: Path, text_key: str = "", formats: Sequence[str] = KEYED) -> PageSource:
    """The corpus in a folder, with verified checksums, or its files of these formats. ConfigError if there is none;
    BuildError if it is damaged."""
    if (folder / MANIFEST).is_file():
        if text_key:
            raise ConfigError(
                f"--text-key has no effect on {folder}: a corpus made by c4pipe records where its text is."
            )
        corpus = open_corpus(folder)
        corpus.check(["pages"])
        return PageSource(folder, corpus, [folder / shard["path"] for shard in corpus.shards()])
    if not folder.is_dir():
        found = "is a file" if folder.exists() else "does not exist"
        raise ConfigError(f"{folder} {found}. Expected a c4pipe corpus, or a folder of {_told_formats(formats)}.")
    if below := _corpora_below(folder):
        more = f" and {len(below) - SHOWN_BELOW:,} more" if len(below) > SHOWN_BELOW else ""
        named = ", ".join(below[:SHOWN_BELOW])
        raise ConfigError(f"{folder} holds several corpora: {named}{more}. Name one, such as {folder / below[0]}.")
    files = [path for path in sorted(folder.rglob("*")) if path.is_file() and format_of(path) in formats]
    if not files:
        raise ConfigError(f"{folder} holds no corpus: no {MANIFEST}, and no {_told_formats(formats)} file.")
    if keyed := [path for path in files if format_of(path) in KEYED]:
        check_text_key(folder, keyed, text_key)
    return PageSource(folder, None, files, text_key)


def _told_formats(formats: Sequence[str]) -> str:
    names = {"parquet": "Parquet", "jsonl": "JSON Lines", "text": ".txt"}
    return " or ".join(name for kind, name in names.items() if kind in formats)


def _corpora_below(folder: Path) -> list[str]:
    """The finished corpora of ours below a folder."""
    return sorted(path.parent.relative_to(folder).as_posix() for path in folder.rglob(MANIFEST) if _is_ours(path))


def _is_ours(manifest: Path) -> bool:
    try:
        read_manifest(manifest.parent)
    except ConfigError:
        return False
    except BuildError:  # it is damaged
        return (manifest.parent / SUMS).exists()
    return True
