"""What becomes of a corpus when pages are taken out of it: said once, and carried out by whoever writes a file of it.

asked + shards + __restore + keys --replay--> Replayed --records--> shards, tables, keys, counts
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

import pyarrow as pa

from c4pipe.corpus.ledger import Ledger
from c4pipe.page import Dropped, Page, Rejected
from c4pipe.passes.keeping import Pieces


class Fallen(NamedTuple):
    """A page that was kept, or fell elsewhere, and that a stage rejects now."""

    page: Page  # as it came into the stage
    stage: str
    verdict: Rejected


class Replayed(NamedTuple):
    """A page is known by its `source`, which is unique in a corpus."""

    removed: Mapping[str, str]  # source -> URL: pages that came to the first dedup of text, and were asked for
    gone: frozenset[str]  # sources of rows that leave the shards: removed, rejected now, or with another text
    put: Mapping[str, Page]  # by source pages that come into the shards: with another text, or back
    fallen: Mapping[str, Fallen]  # by source pages that are rejected now, and were not or elsewhere
    dropped: Mapping[str, list[Dropped]]  # by source what dedups cut from pages that have lost something else now
    ledger: Ledger  # of the corpus without them
    owned: Mapping[str, Pieces]  # of each dedup of text, by its stage, the keys and owners from now on
    restore: Mapping[str, Iterable[pa.Table]]  # by path the pieces of each restore file that is another one now
