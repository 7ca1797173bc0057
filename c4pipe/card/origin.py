"""Where the text of a corpus comes from: known for Common Crawl's files, unknown for all others."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

LICENCE = "odc-by"  # the licence of allenai/c4
COMMON_CRAWL = "https://commoncrawl.org"
NO_LICENCE = "unknown"  # the Hub's word for an unstated licence

_FILES = {"wet": "Common Crawl WET files", "jsonl": "JSONL files", "parquet": "Parquet files", "text": "text files"}


def formats_of(manifest: Mapping[str, Any]) -> list[str]:
    """The formats of the files that a corpus was read from, sorted; for a mixture, those of its corpora.

    "" if a manifest does not say: a mixture of an older build.
    """
    if "mixture" in manifest:
        return sorted({name for row in manifest["inputs"] for name in row.get("formats", [""])})
    reading: Mapping[str, Any] = next(iter(manifest["preset"]["stages"]), {})
    return [reading.get("format", "wet")]


def is_crawl(formats: Sequence[str]) -> bool:
    """Whether all of it was crawled by Common Crawl."""
    return [*formats] == ["wet"]


def licence_of(formats: Sequence[str]) -> str:
    """The licence for the front matter of a card, by the Hub's names."""
    return LICENCE if is_crawl(formats) else NO_LICENCE


def input_words(formats: Sequence[str]) -> str:
    """The inputs in words.

    >>> input_words(["jsonl", "wet"]), input_words(["warc"]), input_words([""])
    ('JSONL files and Common Crawl WET files', 'WARC files', 'files')
    """
    return " and ".join(_FILES.get(name, f"{name.upper()} files".lstrip()) for name in formats)


_URLS = {"odc-by": "https://opendatacommons.org/licenses/by/1-0/"}


def licence_url(name: str) -> str:
    """The address of a licence, by the Hub's name for it; "" for anything else."""
    return _URLS.get(name, "")


def crawls_of(inputs: Iterable[Mapping[str, Any]]) -> list[str]:
    """The crawls in the paths of inputs, sorted. A file that was moved out of its folders names none.

    >>> crawls_of([{"path": "crawl-data/CC-MAIN-2024-22/segments/1/wet/CC-MAIN-20240517-00000.warc.wet.gz"}])
    ['CC-MAIN-2024-22']
    """
    return sorted({found[0] for row in inputs if (found := _CRAWL.search(row["path"]))})


_CRAWL = re.compile(r"CC-MAIN-(?:19|20)\d{2}-\d{2}(?!\d)")
