"""A removal where no page owns text of another: what is taken out is all that changes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from c4pipe.corpus.ledger import Ledger
from c4pipe.removal.matching import Matched
from c4pipe.removal.outcome import Replayed


def taken_out(manifest: Mapping[str, Any], matched: Matched) -> Replayed:
    """What becomes of a corpus of a preset without a dedup of text: its kept pages that are asked for leave it."""
    ledger = Ledger.from_json(manifest["ledger"])
    ledger.stages[-1].removed += len(matched.kept)
    removed = {source: matched.urls[source] for source in matched.kept}
    return Replayed(removed, frozenset(removed), {}, {}, {}, ledger, {}, {})
