"""The tokens of each registered domain of a corpus: counted once, and stored in the user's cache by the digests of the
corpus and of the tokenizer."""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from threading import Thread

import pyarrow.parquet as pq

from c4pipe.corpus.stats import registered
from c4pipe.errors import C4Error
from c4pipe.facts.corpus import Corpus
from c4pipe.private import our_cache
from c4pipe.tokenizer import NamedTokenizer

_BATCH = 16  # pages at a time: a user of the viewer meanwhile waits no longer


def nobody_told(pages: int) -> None:
    """Used if nobody needs the progress."""


def count_tokens(
    corpus: Corpus, tokenizer: NamedTokenizer, told: Callable[[int], None] = nobody_told
) -> dict[str, int]:
    """Tokens by registered domain, of all kept pages. `told` is called with the pages counted so far. BuildError for a
    damaged file."""
    found = Counter[str]()
    for shard in corpus.shards():
        corpus.sums.check([shard["path"]])
        with pq.ParquetFile(corpus.folder / shard["path"]) as file:
            for batch in file.iter_batches(_BATCH, columns=["url", "text"], use_threads=False):
                urls, texts = (batch.column(name).to_pylist() for name in ("url", "text"))
                for url, tokens in zip(urls, tokenizer.count(texts), strict=True):
                    found[registered(url)] += tokens
                told(batch.num_rows)
    return dict(found)


def remembered_counts(digest: str, tokenizer: NamedTokenizer) -> dict[str, int] | None:
    """The counts of a corpus by its digest, if stored before."""
    with suppress(OSError, RuntimeError, ValueError):
        found = json.loads(_note(digest, tokenizer).read_bytes())
        if isinstance(found, dict) and all(isinstance(tokens, int) for tokens in found.values()):
            return found
    return None


def remember_counts(digest: str, tokenizer: NamedTokenizer, counts: dict[str, int]) -> None:
    """Stores them. Without a cache they are counted again the next time."""
    with suppress(OSError, RuntimeError):
        note = _note(digest, tokenizer)
        draft = note.with_name(f".{note.name}.{os.getpid()}")
        draft.write_text(json.dumps(counts, ensure_ascii=True), encoding="ascii")
        draft.replace(note)


def _note(digest: str, tokenizer: NamedTokenizer) -> Path:
    return our_cache() / f"tokens-{digest[:32]}-{tokenizer.digest[:32]}.json"


class TokenCounting:
    """Tokens by domain, counted in the background from the first request on."""

    def __init__(self, corpus: Corpus, digest: str, tokenizer: NamedTokenizer):
        self.tokenizer = tokenizer
        self.pages = sum(shard["rows"] for shard in corpus.shards())
        self.done, self.problem = 0, ""  # pages counted; why counting stopped
        self.counts: dict[str, int] | None = None  # None until complete
        self._corpus, self._digest = corpus, digest
        self._thread: Thread | None = None

    def begin(self) -> None:
        """Starts counting, if not started yet."""
        if self.counts is not None or self._thread is not None:
            return
        self.counts = remembered_counts(self._digest, self.tokenizer)
        if self.counts is None:
            self._thread = Thread(target=self._count, name="tokens", daemon=True)
            self._thread.start()

    def wait(self, seconds: float | None = None) -> None:
        """Waits until it is done, or so long."""
        if self._thread is not None:
            self._thread.join(seconds)

    def _count(self) -> None:
        try:
            counts = count_tokens(self._corpus, self.tokenizer, self._told)
        except (C4Error, OSError, ValueError) as error:  # includes pyarrow's
            self.problem = str(error)
            return
        remember_counts(self._digest, self.tokenizer, counts)
        self.counts = counts

    def _told(self, pages: int) -> None:
        self.done += pages
