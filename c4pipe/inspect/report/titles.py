"""The title of a corpus, which distinguishes two of one preset."""

from __future__ import annotations

import re
from typing import NamedTuple

from c4pipe.facts.corpus import Corpus
from c4pipe.text import many

CRAWLS_NAMED = 3
_DIGITS = 8  # of the corpus's digest
_CRAWL = re.compile(r"CC-MAIN-\d{4}-\d{2}(?!\d)")


class Title(NamedTuple):
    """A corpus in a few words."""

    name: str  # of its preset
    says: str
    folder: str
    inputs: str  # the crawls that they name, else the first input; "" without any
    digest: str  # the first digits of its manifest's sha256

    @property
    def which(self) -> str:
        """What distinguishes it from others of its preset."""
        return " · ".join(filter(None, (self.folder, self.inputs, self.digest)))


def corpus_title(corpus: Corpus) -> Title:
    """The title of a corpus. It includes the name of its folder, but not its path."""
    paths = [item["path"] for item in corpus.manifest.get("inputs", [])]
    crawls = sorted({crawl for path in paths for crawl in _CRAWL.findall(path)})
    if crawls:
        others = len(crawls) - CRAWLS_NAMED
        inputs = ", ".join(crawls[:CRAWLS_NAMED]) + (f" and {many(others, 'other crawl')}" if others > 0 else "")
    else:
        first = min(paths, default="").rpartition("/")[2]
        inputs = f"{first} and {len(paths) - 1} more" if len(paths) > 1 else first
    preset = corpus.manifest["preset"]
    return Title(preset["name"], preset["says"], corpus.folder.resolve().name, inputs, corpus.digest[:_DIGITS])
