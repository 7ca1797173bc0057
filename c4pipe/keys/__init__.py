"""What a corpus stores for later builds: the keys that its pages claimed, as files, without Beam and without texts.

    keys/url.keys  keys/spans.keys      one file per dedup, by the name of its stage

A later crawl built against the corpus loses pages with these keys. A file holds ascending 64-bit keys, each with the
priority of the page that owns it if the level needs one; `keys.file` describes the format.

>>> import io, numpy as np
>>> stream = io.BytesIO()
>>> writer = KeyWriter(stream, {"of": ALL_PAGES, "stage": "spans"}, owners=True)
>>> writer.add(np.array([5, 9], np.uint64), np.array([70, 80], np.uint64))
>>> writer.close()
>>> writer.count, key_path("spans")
(2, 'keys/spans.keys')
"""

from c4pipe.keys.file import KeyReader, KeyWriter
from c4pipe.keys.runs import SortedRuns
from c4pipe.keys.union import merged, ranges, united

KEYS_FOLDER = "keys"  # below the corpus
KEYS_SUFFIX = ".keys"
ALL_PAGES, KEPT_PAGES = "all pages", "kept pages"  # the pages whose keys a file holds

__all__ = [
    "ALL_PAGES",
    "KEPT_PAGES",
    "KEYS_FOLDER",
    "KEYS_SUFFIX",
    "KeyReader",
    "KeyWriter",
    "SortedRuns",
    "is_key_path",
    "key_path",
    "merged",
    "ranges",
    "united",
]


def is_key_path(path: str) -> bool:
    """Whether a path is that of a file of keys in a corpus, by its names.

    >>> is_key_path("out/c4/keys/url.keys"), is_key_path("crawl/site.keys")
    (True, False)
    """
    return path.endswith(KEYS_SUFFIX) and path.split("/")[-2:-1] == [KEYS_FOLDER]


def key_path(stage: str) -> str:
    """Where a corpus stores the keys of a dedup, by the name of its stage."""
    return f"{KEYS_FOLDER}/{stage}{KEYS_SUFFIX}"
