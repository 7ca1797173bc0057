"""The card's text on pages represented by others: near duplicates, and pages of earlier corpora."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from c4pipe.corpus.ancestors import AGAINST
from c4pipe.corpus.stats import Stats
from c4pipe.corpus.telling import levels_told, near_told, overlap_of, overlap_told
from c4pipe.stages import Preset
from c4pipe.stages.text_levels import near_level
from c4pipe.text import printable


def relatives_told(preset: Preset, manifest: Mapping[str, Any], stats: Stats) -> Iterator[str]:
    """Empty for a corpus that has neither."""
    chosen, level = levels_told(manifest.get("settings", {})), near_level(preset)
    if chosen:
        yield chosen
        yield ""
    if level is not None:
        yield f"Near duplicates: {near_told(level, bool(manifest.get(AGAINST)))}"
        yield ""
    yield from _earlier(manifest.get(AGAINST, ()), stats)


def _earlier(rows: list[Mapping[str, Any]], stats: Stats) -> Iterator[str]:
    if not rows:
        return
    overlap = overlap_of(vars(stats))
    yield "## Built against earlier corpora"
    yield ""
    yield "Their pages, and the text these own, take precedence over this corpus: use it together with them."
    if overlap is not None:
        yield f"{overlap_told(overlap)}."
    yield ""
    for row in rows:
        yield f"* {code_span(row['path'])}, preset `{row['preset']}`, sha256 of its manifest `{row['sha256']}`"
    yield ""


def code_span(text: str) -> str:
    """Markdown that displays a text unchanged, with its control characters escaped.

    >>> code_span("out/a"), code_span("a`b")
    ('`out/a`', '`` a`b ``')
    """
    shown = printable(text)
    fence = "`" * (1 + max(map(len, re.findall("`+", shown)), default=0))
    return f"`{shown}`" if fence == "`" else f"{fence} {shown} {fence}"
