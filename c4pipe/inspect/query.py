"""Queries on the pages themselves: samples of a reason, the page of a URL, SQL."""

from __future__ import annotations

import math
import pickle
import re
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from typing import Any

import duckdb

from c4pipe.benchmarks import ItemOverlap
from c4pipe.benchmarks.items import ITEMS
from c4pipe.corpus.ledger import LOST_AS
from c4pipe.corpus.plan import KEPT
from c4pipe.errors import BuildError, ConfigError, unknown
from c4pipe.facts.corpus import VIEWS, Corpus, connect, select
from c4pipe.facts.functions import CHARS, REGISTERED_DOMAIN, teach_functions
from c4pipe.inspect.absent import recorded_codes
from c4pipe.inspect.addressed import pages_addressed
from c4pipe.inspect.confined import Caller, confined
from c4pipe.inspect.overview import ledger_of
from c4pipe.stages.personal import PERSONAL_REASONS
from c4pipe.text import many

FOUND = 10  # pages of one URL that are shown; a crawl may have fetched it a thousand times
MOST_ANSWERED = 128 << 20  # bytes, as passed on from the process of the query
EXCERPT = 200  # characters of a page in the overview
# Functions that read a file, or run a query given as a text.
_READS_FILES = re.compile("parquet|csv|json|read_|text|blob|glob|scan|query", re.IGNORECASE)


@contextmanager
def database(corpus: Corpus, reads: Collection[str] = VIEWS) -> Iterator[duckdb.DuckDBPyConnection]:
    """The views, of which these will be read. BuildError for a damaged file."""
    try:
        with connect(corpus, reads=reads) as connection:
            yield connection
    except duckdb.Error as error:
        first = str(error).partition("\n")[0]
        raise BuildError(f"{corpus.folder} cannot be read ({first}). Copy or build the corpus again.") from None


def sampled(corpus: Corpus, count: int) -> list[dict[str, Any]]:
    """A few pages in short: one for each of the most frequent reasons, and as many kept ones."""
    ledger = ledger_of(corpus)
    reasons = sorted(
        (-n, stage.stage, code) for stage in (ledger.stages if ledger else []) for code, n in stage.rejected.items()
    )
    short = f"url, timestamp, source, left(text, {EXCERPT}) AS text"
    with database(corpus) as views:
        kept = table_rows(views.execute(f"SELECT {short}, language FROM pages LIMIT $1", [count]))
        found = [
            row
            for _, stage, code in (reasons[:count] if corpus.rejected else [])
            for row in table_rows(
                views.execute(
                    f"SELECT {short}, stage, reason, detail FROM rejected WHERE stage = $1 AND reason = $2 LIMIT 1",
                    [stage, code],
                )
            )
        ]
    return [{"stage": "", "reason": KEPT, "detail": "", **page} for page in kept] + found


def of_reason(corpus: Corpus, code: str, stage: str | None, count: int) -> dict[str, Any]:
    """Pages that were dropped or lost lines for a reason, chosen by a hash of their place in the input.

    ConfigError for a reason that dropped nothing from this corpus, BuildError if it keeps no such pages.
    """
    counted = _counted(corpus, code, stage)
    if not corpus.rejected:
        raise BuildError(f"{corpus.folder} keeps no rejected pages. {_no_table(corpus)}")
    if code == KEPT:
        where, values = f"reason = '{KEPT}' AND len(dropped) > 0", []
    elif any(row["unit"] == "pages" for row in counted):
        where, values = "reason = $1 AND list_contains($2, stage)", [code, [row["stage"] for row in counted]]
    else:
        where, values = "list_contains([d.reason FOR d IN dropped], $1)", [code]
    with database(corpus, ["rejected"]) as views:
        total = views.execute(f"SELECT count(*) FROM rejected WHERE {where}", values).fetchone()
        # Their sources first: sorting rows would read all of their texts.
        chosen = views.execute(
            f"SELECT source FROM rejected WHERE {where} ORDER BY md5(source), source LIMIT {count}", values
        ).fetchall()
        pages = _rejected(views, [source for (source,) in chosen])
    order = {source: n for n, (source,) in enumerate(chosen)}
    return {
        "reason": code,
        "stage": stage,
        "counted": counted,
        "sampled": total[0] if total else 0,
        "note": _where_masked(code),
        "pages": sorted(pages, key=lambda page: order[page["source"]]),
    }


def _where_masked(code: str) -> str:
    """How to find the pages from which a reason cut text that is stored nowhere; "" for any other."""
    kind = next((kind for kind, reason in PERSONAL_REASONS.items() if reason.code == code), "")
    if not kind:
        return ""
    mark = f"<{kind.upper()}>"
    query = f"select url, text from pages where contains(text, '{mark}')"
    return f'The original is not stored; {mark} replaces it: --sql "{query}" shows the pages.'


def _no_table(corpus: Corpus) -> str:
    """Why there is no rejected table, and what to do about it."""
    if corpus.manifest.get("mixture"):
        return "It is a mixture: look into the corpora that it was made from."
    return "Build it with --rejected sample or all."


def _counted(corpus: Corpus, code: str, stage: str | None) -> list[dict[str, Any]]:
    """The ledger's count for a reason: stage, unit (pages, lines, sentences or passages), count."""
    ledger = ledger_of(corpus)
    stages = ledger.stages if ledger else []
    if stage is not None and stage not in (names := [row.stage for row in stages]):
        raise unknown("stage", stage, names)
    rows: list[dict[str, Any]] = [
        {"stage": row.stage, "reason": reason, "unit": f"{unit.value}s", "count": n}
        for row in stages
        for unit, name in LOST_AS.items()
        for reason, n in getattr(row, name).items()
        if n
    ]
    if code == KEPT:
        if stage is not None:
            raise ConfigError(f"--reason {KEPT} has no stage: these pages passed all stages.")
        return [{"stage": "", "reason": KEPT, "unit": "pages", "count": ledger.kept}] if ledger else []
    if any(code in row.flagged for row in stages) and not any(row["reason"] == code for row in rows):
        which = "c4pipe does not record which."
        if code == ItemOverlap.BENCHMARK.code:
            which = f'--sql "select url, {ITEMS} from pages where len({ITEMS}) > 0" lists them.'
        raise ConfigError(f"{code} only flags pages and keeps them; {which}")
    known = [*dict.fromkeys(row["reason"] for row in rows if stage in (None, row["stage"])), KEPT]
    if code not in known and (unused := _declared(corpus, code, stage)):
        return unused
    if code not in known:
        of = "" if stage is None else f" in stage {stage}"
        raise ConfigError(f"this corpus was built without a rule {code!r}{of}. Its reasons: {', '.join(known)}.")
    return [row for row in rows if row["reason"] == code and stage in (None, row["stage"])]


def _declared(corpus: Corpus, code: str, stage: str | None) -> list[dict[str, Any]]:
    """A reason that the preset has and that dropped nothing: a count of 0 for each stage that has it."""
    return [
        {"stage": row["stage"], "reason": code, "unit": "pages", "count": 0}
        for row in corpus.manifest.get("preset", {}).get("stages", ())
        if stage in (None, row["stage"]) and code in dict(recorded_codes(row))
    ]


def at_url(corpus: Corpus, url: str) -> tuple[int, list[dict[str, Any]]]:
    """(their number, the first ones): pages of an address as `pages_addressed` finds them, kept ones first, then by
    source.

    A kept page has the columns of `pages`, and its row of the rejected table, if sampled there, under `rejected`;
    others have only that row.
    """
    with database(corpus) as views:
        at = pages_addressed(views, url)
        places = at.kept[:FOUND]
        pages = [
            row
            for place in places
            for row in table_rows(
                views.execute("SELECT * FROM pages WHERE shard = $1 AND row = $2", [place.path, place.row])
            )
        ]
        others = [place.source for place in at.lost[: FOUND - len(places)]]
        table = _rejected(views, [*(page["source"] for page in pages), *others])
    raw = {row["source"]: row for row in table if row["reason"] == KEPT}
    found = [page | {"rejected": raw.get(page["source"])} for page in pages]
    found += [{"rejected": row} for row in sorted(table, key=lambda row: str(row["source"])) if row["reason"] != KEPT]
    return at.number, found


def answer(corpus: Corpus, sql: str, limit: int) -> dict[str, Any]:
    """The columns and the first rows of a query that a user typed. ConfigError if DuckDB rejects it, or if it takes
    more memory than allowed."""
    # During a task, which may take minutes, DuckDB does not check for Ctrl-C; killing the process ends it.
    (found,) = confined(Caller(), math.inf, _answer, corpus, sql, limit)
    return dict(found)


def _read_by(sql: str) -> Collection[str]:
    """The views that a query reads: all, unless it plainly reads fewer. It may also name files.

    >>> _read_by("select count(*) from rejected"), _read_by("from pages, shards"), _read_by("from read_parquet('x')")
    (['rejected'], ['pages'], ('pages', 'rejected'))
    """
    try:
        named = {name.lower() for name in duckdb.get_table_names(sql)}
    except duckdb.Error:  # reported when the query runs
        return VIEWS
    if named <= {*VIEWS, "shards"} and not _READS_FILES.search(sql):
        return sorted(named.intersection(VIEWS))
    return VIEWS


def _answer(corpus: Corpus, sql: str, limit: int) -> Iterator[dict[str, Any]]:
    with connect(corpus, reads=_read_by(sql)) as views:
        if REGISTERED_DOMAIN in sql.lower() or CHARS in sql.lower():
            teach_functions(views)
        result = select(views, sql)
        columns = [column[0] for column in result.description or []]
        rows: list[list[Any]] = []
        size = 0
        while len(rows) < limit and (row := result.fetchone()) is not None:
            size += len(pickle.dumps(row))
            if size > MOST_ANSWERED:
                raise ConfigError(
                    f"the first {many(len(rows) + 1, 'row')} of the answer take more than {MOST_ANSWERED:,} bytes. Ask "
                    "for fewer rows with --limit, or for the beginning of a text: left(text, 500)."
                )
            rows.append(list(row))
        yield {"columns": columns, "rows": rows, "more": result.fetchone() is not None}


def _rejected(views: duckdb.DuckDBPyConnection, sources: list[str]) -> list[dict[str, Any]]:
    if not sources:
        return []
    return table_rows(views.execute("SELECT * FROM rejected WHERE list_contains($1, source)", [sources]))


def table_rows(result: duckdb.DuckDBPyConnection) -> list[dict[str, Any]]:
    """The results of a query, each row as an object."""
    names = [column[0] for column in result.description or []]
    return [dict(zip(names, row, strict=True)) for row in result.fetchall()]
