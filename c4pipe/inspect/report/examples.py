"""How near duplicates were found, and some of them, each next to the page that replaces it."""

from __future__ import annotations

from typing import NamedTuple

import duckdb

from c4pipe.corpus.ancestors import AGAINST
from c4pipe.corpus.telling import near_told
from c4pipe.errors import C4Error
from c4pipe.facts.corpus import Corpus
from c4pipe.inspect.ancestry import Ancestry
from c4pipe.inspect.query import table_rows
from c4pipe.inspect.rebuild import preset_of
from c4pipe.inspect.standing import StandsFor, stands_for
from c4pipe.stages.text_levels import near_level


def near_words(corpus: Corpus) -> str:
    """How near duplicates were found; "" if the build did not look for them, or the preset is unavailable."""
    try:
        level = near_level(preset_of(corpus)[0])
    except C4Error:
        return ""
    return "" if level is None else near_told(level, bool(corpus.manifest.get(AGAINST)))


class Example(NamedTuple):
    """A page dropped as a whole, and the one of the same corpus that replaces it."""

    url: str
    source: str
    found: StandsFor


def examples(corpus: Corpus, views: duckdb.DuckDBPyConnection, few: int) -> list[Example]:
    """A few of them, chosen by a hash of their source. Pages dropped for earlier corpora are not used, since their
    availability must not matter here."""
    sql = (
        "SELECT * FROM rejected WHERE detail != '' AND len(list_filter(dropped, lambda drop: drop.reason = reason AND "
        f"drop.line = '' AND drop.owner != '')) > 0 ORDER BY md5(source), source LIMIT {int(few)}"
    )
    rows = table_rows(views.execute(sql)) if corpus.rejected else []
    ancestry = Ancestry(corpus._replace(manifest={**corpus.manifest, AGAINST: []}))
    pairs = [(row, stands_for(ancestry, views, row)) for row in rows]
    return [Example(row["url"], row["source"], found) for row, found in pairs if found is not None and found.page]
