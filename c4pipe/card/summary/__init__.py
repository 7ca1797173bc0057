"""The public summary of training content required by Article 53(1)(d) of Regulation (EU) 2024/1689, for one corpus.

    manifest, shards --content--> Content --general, sources, processing--> answers --page--> summary.html, domains.csv

The parts are those of the Commission's template, C(2025) 5235 of 24 July 2025; the sentences are ours. What only the
publisher knows is a gap.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from c4pipe.card.published import DOMAINS, SUMMARY, Publication
from c4pipe.card.summary.answers import Subject
from c4pipe.card.summary.content import content_of
from c4pipe.card.summary.general import general
from c4pipe.card.summary.page import gaps_of, render_summary
from c4pipe.card.summary.processing import processing
from c4pipe.card.summary.sources import sources
from c4pipe.text import many, visible

_LONG = 10**9  # bytes of files; above this, reading is announced


def summarise(
    folder: Path, manifest: Mapping[str, Any], published: Publication, small: bool = False
) -> tuple[dict[str, bytes], list[str]]:
    """The files of the summary by name, and its gaps. Raises BuildError for a changed shard.

    Args:
        small: whether the publisher is a small or medium-sized firm, which may list fewer domains.
    """
    if (size := sum(row["bytes"] for row in manifest["shards"])) > _LONG:
        counted = f"{many(len(manifest['shards']), 'file')} ({size / 1e9:,.1f} GB)"
        print(f"card: reading {counted} of {visible(str(folder))} ...", file=sys.stderr, flush=True)
    subject = Subject(manifest, content_of(folder, manifest, small), published, small)
    parts = [*general(subject), *sources(subject), *processing(subject)]
    files = {SUMMARY: render_summary(subject, parts).encode(), DOMAINS: subject.content.csv}
    return files, gaps_of(parts)
