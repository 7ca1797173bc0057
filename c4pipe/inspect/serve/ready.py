"""Suggested queries for a corpus: an auditor's first questions, to be edited."""

from __future__ import annotations

from typing import NamedTuple

from c4pipe.facts.corpus import Corpus


class ReadyQuery(NamedTuple):
    """A query that the viewer offers."""

    title: str
    sql: str


def ready_queries(corpus: Corpus) -> list[ReadyQuery]:
    """Those whose views and columns the corpus has. If the rejected table is a sample, titles say so."""
    columns = set(corpus.schema.names)
    found = [
        ReadyQuery(
            "pages and characters per domain",
            "SELECT registered_domain(url) AS domain, count(*) AS pages, sum(chars(text)) AS characters\n"
            "FROM pages GROUP BY ALL ORDER BY pages DESC, domain",
        ),
        ReadyQuery(
            "tokens per domain, if a tokenizer was given",
            "SELECT domain, pages, characters, tokens, tokens / characters AS tokens_a_character FROM domains\n"
            "ORDER BY pages DESC, domain",
        ),
        ReadyQuery(
            "the 50 longest pages",
            "SELECT url, chars(text) AS characters FROM pages ORDER BY characters DESC, url LIMIT 50",
        ),
        ReadyQuery(
            "pages by month",
            "SELECT left(timestamp, 7) AS month, count(*) AS pages FROM pages GROUP BY ALL ORDER BY month",
        ),
    ]
    if {"language", "language_score"} <= columns:
        found.append(
            ReadyQuery(
                "languages by score",
                "SELECT language, count(*) AS pages, avg(language_score) AS mean_score, min(language_score) AS least\n"
                "FROM pages GROUP BY ALL ORDER BY pages DESC, language",
            )
        )
        found.append(
            ReadyQuery(
                "the 50 lowest language scores",
                "SELECT url, language, language_score FROM pages ORDER BY language_score, url LIMIT 50",
            )
        )
    if corpus.manifest.get("ledger", {}).get("stages"):
        found.append(
            ReadyQuery(
                "cut by rule, over all pages read",
                "SELECT reason AS rule, unit, sum(taken)::BIGINT AS taken FROM ledger WHERE unit != 'page'\n"
                "GROUP BY ALL ORDER BY taken DESC, rule",
            )
        )
    return found + (_of_rejected(corpus) if corpus.rejected else [])


def _of_rejected(corpus: Corpus) -> list[ReadyQuery]:
    of = ", in the sample" if corpus.sampled else ""
    head = (
        "-- From the sample of rejected pages, and of kept ones as read: not from the corpus.\n"
        if corpus.sampled
        else ""
    )
    # A rule's cuts are recorded in the finest unit that it drops, and units sort from fine to coarse.
    cut = (
        f"{head}SELECT part.reason || coalesce(' (' || unit || 's)', '') AS rule, count(*) AS cuts, "
        "sum(chars(part.line)) AS characters\n"
        "FROM (SELECT unnest(dropped) AS part FROM rejected WHERE stage {} '') LEFT JOIN\n"
        "(SELECT reason, max(unit) AS unit FROM ledger WHERE unit != 'page' GROUP BY reason) ON reason = part.reason\n"
        "GROUP BY ALL ORDER BY cuts DESC, rule"
    )
    stages = corpus.manifest.get("ledger", {}).get("stages", [])
    reasons = [(-n, str(row["stage"]), str(code)) for row in stages for code, n in row.get("rejected", {}).items()]
    found = [
        ReadyQuery(
            f"rejected pages by reason{of}",
            f"{head}SELECT stage || '/' || reason AS outcome, count(*) AS pages FROM rejected WHERE stage != ''\n"
            "GROUP BY ALL ORDER BY pages DESC, outcome",
        ),
        ReadyQuery(f"cuts in kept pages by rule{of}", cut.format("=")),
        ReadyQuery(f"cuts in rejected pages by rule{of}", cut.format("!=")),
    ]
    if reasons:
        _, stage, code = min(reasons)
        stage_sql, code_sql = (text.replace("'", "''") for text in (stage, code))
        found.append(
            ReadyQuery(
                f"pages of {code} by month{of}",
                f"{head}SELECT left(timestamp, 7) AS month, count(*) AS pages FROM rejected\n"
                f"WHERE stage = '{stage_sql}' AND reason = '{code_sql}' GROUP BY ALL ORDER BY month",
            )
        )
    return found
