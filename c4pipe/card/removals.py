"""The card's text on pages removed from the finished corpus."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from c4pipe.card.earlier import code_span
from c4pipe.corpus.removed import came_of, told_removed, were
from c4pipe.files.record import EXCLUDE, LISTS
from c4pipe.text import many

LISTS_BEGIN = "The lists of what was excluded (`--exclude`)"


def removals_told(manifest: Mapping[str, Any]) -> Iterator[str]:
    """Empty for a corpus that is as it was built."""
    rows = manifest.get("removed", ())
    if not rows:
        return
    yield "## Removed since"
    yield ""
    yield (
        f"{told_removed(manifest)}. Text that other pages had lost to them came back, as in a build without them: "
        f"rebuilding it needs the same lists. `{rows[-1]['log']}` has digests of the requests, and no URLs."
    )
    yield ""
    for row in rows:
        when = f"{code_span(row['date'])}: " if row["date"] else ""
        why = f" ({code_span(row['reason'])})" if row["reason"] else ""
        yield (f"* {when}{many(row['matched'], 'page')}{why}; {were(row['kept'])} kept; other pages: {came_of(row)}")
    yield ""


def lists_told(manifest: Mapping[str, Any]) -> Iterator[str]:
    """On exclusion lists that are published with the corpus, because they may name requesters."""
    if not any(file.get("kind") == EXCLUDE and file.get("at") for file in manifest.get("files", ())):
        return
    yield (
        f"{LISTS_BEGIN} are stored in `{LISTS}/{EXCLUDE}/` as plain text. If they must "
        "not be public, publish the corpus without that folder: no loader needs it."
    )
    yield ""
