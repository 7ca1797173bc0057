"""From facts to one HTML file."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import NamedTuple

import duckdb
import jinja2

from c4pipe.card.standalone import styled, templates_of
from c4pipe.corpus.telling import COMPARED
from c4pipe.errors import BuildError
from c4pipe.facts.corpus import Corpus
from c4pipe.facts.fates import Comparison, compare
from c4pipe.facts.losses import ORDER_OF_STAGES
from c4pipe.facts.shares import told_between
from c4pipe.facts.verdict import CorpusVerdict
from c4pipe.inspect.quoted import fold_codes
from c4pipe.inspect.report import show
from c4pipe.inspect.report.draw import LogScale, columns, stream
from c4pipe.inspect.report.facts import Facts, gather
from c4pipe.inspect.report.place import place_of, place_report
from c4pipe.inspect.sankey import compact, legend, svg
from c4pipe.text import in_english


class Section(NamedTuple):
    """A part of the report; its template is `sections/{id}.html`."""

    id: str
    title: str


def write_report(
    corpus: Corpus, named: Path | None = None, against: Corpus | None = None, verdict: CorpusVerdict | None = None
) -> Path:
    """Writes the report of a corpus and, if a second one is given, of their differences; returns its file.

    `verdict` is the result of comparing these two. Without a name the file is report.html next to the corpus. The same
    corpora produce the same bytes, wherever their folders are: only the folders' names are part of the title.
    BuildError for a manifest or statistics that no build writes, ConfigError for a file that must not be replaced.
    """
    path = place_of(corpus, named)
    facts = _facts(corpus)
    html = render(facts, None if against is None else compare(corpus, against), against and against.manifest, verdict)
    place_report(path, html.encode())
    return path


def _facts(corpus: Corpus) -> Facts:
    try:
        return gather(corpus)
    except duckdb.Error as error:
        what = str(error).partition("\n")[0]
        raise BuildError(f"{corpus.folder} cannot be read ({what}). Copy or build the corpus again.") from None
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        what = f"{type(error).__name__}: {error}"
        raise BuildError(f"{corpus.folder}: manifest.json or stats.json is damaged ({what}). Build it again.") from None


def render(
    facts: Facts,
    comparison: Comparison | None = None,
    other: dict[str, object] | None = None,
    verdict: CorpusVerdict | None = None,
) -> str:
    """The page as a string."""
    return styled_page(
        "report.html",
        facts=facts,
        comparison=comparison,
        other=other,
        compared=COMPARED,
        verdict=verdict,
        picture=None,
        sections=list(sections(facts, comparison, verdict)),
    )


def styled_page(template: str, **values: object) -> str:
    """A page in this style, with its style sheet and the checksum of that."""
    return styled(_environment().get_template(template), _read("report.css"), **values)


def sections(facts: Facts, comparison: Comparison | None, verdict: CorpusVerdict | None) -> Iterator[Section]:
    """The sections for this corpus, in order; a section without data is left out."""
    if facts.flow is not None:
        yield Section("flow", "From the crawl to the corpus")
    yield Section("built", "Inputs and preset")
    if comparison is not None:
        yield Section("against", "Compared with another corpus")
    if verdict is not None:
        yield Section("verdict", "Which is better")
    if facts.funnel:
        yield Section("funnel", "What became of the documents" if facts.mixture.rows else "What became of the pages")
    if facts.losses is not None or facts.ledger_losses is not None or facts.mixture.rows:
        yield Section("losses", "Which rule dropped most text")
    if facts.clusters or facts.near:
        yield Section("clusters", "Linked pages")
    if facts.earlier:
        yield Section("earlier", "Pages of earlier corpora")
    if facts.benchmarks:
        yield Section("benchmarks", "Test items of benchmarks")
    if facts.yardsticks:
        yield Section("yardsticks", "Next to the released C4")
    if facts.stages:
        yield Section("rules", "Every rule and what it dropped")
    if facts.bins:
        yield Section("lengths", "Page lengths")
    if facts.mixture.rows or facts.languages.rows:
        yield Section("languages", "Languages before and after" if facts.mixture.rows else "Languages")
    if facts.listed:
        yield Section("listed", "Listed words")
    if facts.repeated:
        yield Section("repeats", "Most repeated")
    if facts.domains.rows or facts.tlds.rows:
        yield Section("domains", "Domains")
    if facts.months.rows:
        yield Section("months", "Crawl dates")
    if facts.parts.rows:
        yield Section("splits", "Train and validation")
    yield Section("faults", "Faults of the inputs")


@cache
def _environment() -> jinja2.Environment:
    environment = templates_of("c4pipe.inspect.report")
    environment.globals |= {"between": told_between, "order": ORDER_OF_STAGES}
    environment.filters |= {
        "counted": in_english,
        "shown": show.shown,
        "spelt": show.spelt_out,
        "linked": show.linked,
        "jointed": show.jointed,
        "name": show.name,
        "number": show.figure,
        "percent": show.unbroken_percent,
        "size": show.size,
        "plain": show.setting_text,
        "list_entries": show.list_entries,
        "folded": fold_codes,
        "stream": stream,
        "columns": columns,
        "scale": LogScale.of,
        "compact": compact,
        "sankey": svg,
        "legend": legend,
    }
    return environment


def _read(name: str) -> str:
    return (files("c4pipe.inspect.report") / "templates" / name).read_text(encoding="utf-8")
