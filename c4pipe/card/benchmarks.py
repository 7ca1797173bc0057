"""The card's text on test items of benchmarks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from c4pipe.benchmarks.items import ITEMS
from c4pipe.card.personal import kinds_masked_by
from c4pipe.card.words import markdown_table
from c4pipe.corpus.benchmarks import by_share, items_found
from c4pipe.corpus.stats import Stats
from c4pipe.stages import Preset
from c4pipe.stages.benchmarks import benchmarks_stage
from c4pipe.text import percent

Totals = Mapping[str, tuple[int, int]]  # for each task its items, and those searched for


def benchmarks_told(preset: Preset, stats: Stats, totals: Totals) -> Iterator[str]:
    """Empty for a corpus that was not searched for any."""
    stage = benchmarks_stage(preset)
    if stage is None:
        return
    rows = [
        (f"`{row['task']}`", f"{row['items']:,}", f"{row['found']:,}", percent(row["share"]), f"{row['pages']:,}")
        for row in by_share(items_found(stats, totals))
    ]
    yield "## Test items of benchmarks"
    yield ""
    yield from markdown_table(("benchmark", "items", "found", "of its items", "pages"), rows, " >>>>")
    yield ""
    named = f"No page was left out; the column `{ITEMS}` names them"
    fate = "Pages that hold one were left out" if stage.drop else named
    yield (
        f"An item counts once, however many pages hold it. {fate}. Items are found word for word, whatever the "
        "punctuation and case, and also in part; paraphrases are not found. Other benchmarks were not searched for."
    )
    yield ""


def not_looked_for(preset: Preset) -> str:
    """The limit of every corpus, and another one of most."""
    tests = ", or for test sets of benchmarks: look before you evaluate"
    searched, masked = benchmarks_stage(preset) is not None, bool(kinds_masked_by(preset))
    if masked:
        return f"Nothing here looks for falsehoods{'' if searched else tests}."
    if not searched:
        return f"Nothing here looks for personal data, falsehoods{tests}."
    return "Nothing here looks for personal data or for falsehoods."
