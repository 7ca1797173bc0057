"""A selection as SQL over the rows of a table: what a row must meet, and the parameters."""

from __future__ import annotations

from typing import Any

import duckdb

from c4pipe.corpus.stats import registered
from c4pipe.inspect.serve.selection import AGREED, ANY_REASON, DISAGREED, NO_MONTH, Selection

# What was cut from a page of the rejected table: the reasons, each once, and the lines.
CODES = "list_sort(list_distinct(list_transform(dropped, lambda d: d.reason)))"
LINES = "array_to_string(list_transform(dropped, lambda d: d.line), chr(10))"
# Who said which language, "cld2:nl fasttext:de": without the scores, and without the script, which is no voter.
VOTES = "trim(regexp_replace(regexp_replace(language_votes, 'script:[^ ]* ?', ''), ':[^: ]*( |$)', ' ', 'g'))"
AGREES = (  # whether all who were asked said the language of the page; a report counts so too
    f"list_distinct(list_transform(string_split({VOTES}, ' '), lambda v: split_part(v, ':', 2))) = [language]"
)
_NOTED = (  # the kept pages of the rejected table, which are there for what was cut from them
    f"SELECT source, {CODES} AS codes, {LINES} AS lines FROM rejected WHERE stage = '' AND source != '' AND "
    "len(dropped) > 0"
)


def teach(connection: duckdb.DuckDBPyConnection) -> None:
    """Gives a connection the function `registered` and the view `noted`, for it and all its cursors."""
    connection.create_function("registered", registered, ["VARCHAR"], "VARCHAR")
    connection.execute(f"CREATE VIEW noted AS {_NOTED}")


def condition(selection: Selection) -> tuple[str, dict[str, Any]]:
    """What a row must meet, in SQL with its parameters. The files are chosen by config and split already."""
    terms: list[str] = []
    values: dict[str, Any] = {}
    if selection.q:
        terms.append(_holds(selection))
        values |= needles(selection)
    if selection.domain:
        # The label in front of the suffix stands in the URL as it is, which tells quickly for most.
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
        own = "list_contains({}, $lost)"
        terms.append(
            f"source IN (SELECT source FROM noted WHERE {own.format('codes')})" if selection.kept else own.format(CODES)
        )
        values["lost"] = selection.lost
    if not selection.kept:
        terms.append("stage != ''")
        if selection.outcome != ANY_REASON:
            terms.append("stage = $stage AND reason = $reason")
            values["stage"], _, values["reason"] = selection.outcome.partition("/")
    return " AND ".join(terms) or "true", values


def needles(selection: Selection) -> dict[str, str]:
    """What is searched for, as parameters."""
    return {f"q{number}": pattern for number, pattern in enumerate(selection.needle.patterns())}


def _holds(selection: Selection) -> str:
    """All that is searched for, each in one of the columns."""
    columns = ("url", "text") if selection.field == "any" else (selection.field,)
    if selection.field == "lost":
        columns = ("lines",) if selection.kept else (LINES,)
    test = selection.needle.test
    found = " AND ".join(
        "(" + " OR ".join(test(column, f"${name}") for column in columns) + ")" for name in needles(selection)
    )
    return f"source IN (SELECT source FROM noted WHERE {found})" if columns == ("lines",) else found


def _voted(votes: str, values: dict[str, Any]) -> list[str]:
    if votes in (AGREED, DISAGREED):
        return [f"language_votes != '' AND {'' if votes == AGREED else 'NOT '}{AGREES}"]
    said = {f"vote{number}": f" {vote}:" for number, vote in enumerate(votes.split())}
    values |= said
    return [f"contains(' ' || language_votes, ${name})" for name in said]
