"""A selection as an SQL condition on the rows of a table, with its parameters."""

from __future__ import annotations

from typing import Any

import duckdb

from c4pipe.corpus.stats import registered
from c4pipe.facts.corpus import Corpus
from c4pipe.inspect.serve.aside import (
    CHANGED_PAGES,
    CUT_CODES,
    codes_table,
    edits_table,
    lost_lines_found,
    lost_lines_table,
)
from c4pipe.inspect.serve.selection import AGREED, ANY_REASON, DISAGREED, NO_MONTH, UNDETERMINED, Selection

LONE_WORDS = "lone_words"  # stage/code/entry -> sources of pages without any other entry of that list
_BEFORE, _SNIPPET = 90, 360  # characters of a snippet before the match, and in total
# The votes on a language, "cld2:nl fasttext:de": without scores, and without the script, which does not vote.
VOTES = "trim(regexp_replace(regexp_replace(language_votes, 'script:[^ ]* ?', ''), ':[^: ]*( |$)', ' ', 'g'))"
_LABELS = f"list_distinct(list_transform(string_split({VOTES}, ' '), lambda v: split_part(v, ':', 2)))"
# Whether all identifiers agree with the page's language, as a report counts; whether all agree on a language that was
# not accepted; and whether they disagree.
VOTED = {
    AGREED: f"{_LABELS} = [language]",
    UNDETERMINED: f"len({_LABELS}) = 1 AND {_LABELS} != [language]",
    DISAGREED: f"len({_LABELS}) > 1",
}


def teach(connection: duckdb.DuckDBPyConnection) -> None:
    """Registers the function `registered` on a connection, and all its cursors."""
    connection.create_function("registered", registered, ["VARCHAR"], "VARCHAR")


def set_aside(cursor: duckdb.DuckDBPyConnection, corpus: Corpus, selection: Selection) -> None:
    """Makes the temporary tables that the conditions of a selection and its neighbours need. ConfigError if it takes
    too long."""
    if selection.lost:
        codes_table(cursor, corpus)
    if selection.edit:
        edits_table(cursor, corpus)
    if selection.q and selection.field == "lost":
        lost_lines_table(cursor, corpus, selection)


def around(column: str, match: str) -> str:
    """SQL: the snippet of a column around character number `match`."""
    return f"substr({column}, greatest(1, {match} - {_BEFORE}), {_SNIPPET})"


def inside(match: str) -> str:
    """SQL: whether the snippet begins after the column's beginning."""
    return f"{match} > {_BEFORE} + 1"


def runs_on(column: str, match: str) -> str:
    """SQL: whether the column continues after the snippet."""
    return f"length({column}) >= greatest(1, {match} - {_BEFORE}) + {_SNIPPET}"


def condition(selection: Selection) -> tuple[str, dict[str, Any]]:
    """The condition on a row, in SQL with its parameters. The files are already chosen by config and split; `set_aside`
    makes the tables that it reads, and `Viewer.selected` that of lone words."""
    terms: list[str] = []
    values: dict[str, Any] = {}
    if selection.q:
        if selection.field == "lost":
            terms.append(
                _beside(lost_lines_found(selection)) if selection.kept else _among(lost_lines_found(selection))
            )
            values |= {"lost": selection.lost} if selection.lost else {}
        else:
            terms.append(_holds(selection))
            values |= needles(selection)
    if selection.domain:
        # The label before the suffix is in the URL unchanged, which excludes most rows quickly.
        terms.append("CASE WHEN contains(url, $label) THEN registered(url) = $domain ELSE false END")
        values |= {"label": selection.domain.partition(".")[0], "domain": selection.domain}
    if selection.lengths:
        terms.append("length(text) BETWEEN $least AND $most")
        values |= {"least": selection.least, "most": selection.most}
    for name in ("language", "detail"):
        if getattr(selection, name):
            terms.append(f"{name} = ${name}")
            values[name] = getattr(selection, name)
    if selection.month:
        terms.append("left(timestamp, 7) = $month")
        values["month"] = "" if selection.month == NO_MONTH else selection.month
    if selection.score:
        low, _, high = selection.score.partition("-")
        terms.append("language_score >= $low AND (language_score < $high OR $high = 1)")
        values |= {"low": float(low), "high": float(high)}
    if selection.votes:
        terms += _voted(selection.votes, values)
    if selection.lost:
        terms.append(_beside(f"{CUT_CODES} WHERE list_contains(codes, $lost)"))
        values["lost"] = selection.lost
    if selection.edit:
        terms.append(_beside(f"{CHANGED_PAGES} WHERE list_contains(edits, $edit)"))
        values["edit"] = selection.edit
    if selection.alone:
        terms.append(_beside(f"{LONE_WORDS} WHERE word = $alone"))
        values["alone"] = selection.alone
    if not selection.kept:
        terms.append("stage != ''")
        if selection.outcome != ANY_REASON:
            terms.append("stage = $stage AND reason = $reason")
            values["stage"], _, values["reason"] = selection.outcome.partition("/")
    return " AND ".join(terms) or "true", values


def _beside(rows: str) -> str:
    """Whether a page is in a temporary table. A plain condition would be a join, of which DuckDB may keep the side with
    the texts in memory."""
    return f"CASE WHEN source IN (SELECT source FROM {rows}) THEN true ELSE false END"


def _among(rows: str) -> str:
    """The same for a page of the rejected table, which is identified by its place."""
    return f"CASE WHEN (filename, file_row_number) IN (SELECT file, row FROM {rows}) THEN true ELSE false END"


def needles(selection: Selection) -> dict[str, str]:
    """The search terms, as parameters."""
    return {f"q{number}": pattern for number, pattern in enumerate(selection.needle.patterns())}


def _holds(selection: Selection) -> str:
    """Whether every search term is in at least one of the columns."""
    columns = ("url", "text") if selection.field == "any" else (selection.field,)
    test = selection.needle.test
    return " AND ".join(
        "(" + " OR ".join(test(column, f"${name}") for column in columns) + ")" for name in needles(selection)
    )


def _voted(votes: str, values: dict[str, Any]) -> list[str]:
    if votes in VOTED:
        return [f"language_votes != '' AND {VOTED[votes]}"]
    said = {f"vote{number}": f" {vote}:" for number, vote in enumerate(votes.split())}
    values |= said
    return [f"contains(' ' || language_votes, ${name})" for name in said]
