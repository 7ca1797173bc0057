"""Every number beside a filter is what a plain query over the shards counts."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from c4pipe.corpus.stats import registered
from c4pipe.facts.corpus import Corpus
from c4pipe.inspect.serve.counting import TOP, count_pages, total
from c4pipe.inspect.serve.selection import LONGEST_SEARCH, Selection, known
from tests.inspect.serve.conftest import cursor

SELECTIONS = [
    Selection(),
    Selection(q="harbour"),
    Selection(q="Harbour"),
    Selection(q="harbour", field="url"),
    Selection(q="."),
    Selection(q="nowhere to be found"),
    Selection(split="train"),
    Selection(config="en"),
    Selection(config="en", split="validation", q="e"),
    Selection(least=200, most=999),
    Selection(least=1000, q="the"),
    Selection(domain="oddities.example"),
    Selection(domain="example.net", q="a"),
    Selection(language="de"),
    Selection(language="de", q="text"),
    Selection(outcome="rejected"),
    Selection(outcome="rejected", q="harbour"),
    Selection(outcome="url/older_copy"),
    Selection(outcome="url/older_copy", domain="oddities.example", least=100),
    Selection(outcome="rejected", language="en"),
    Selection(outcome="rejected", language="de", q="e"),
    Selection(outcome="url/older_copy", language="en"),
]


def plainly(corpus: Corpus, selection: Selection) -> list[tuple[Any, ...]]:
    """(config, split, language, outcome, characters, url) of the pages that meet what is asked of a row, one by one."""
    rows = cursor(corpus).execute(
        "SELECT config, split, language, '' AS outcome, text, url FROM pages UNION ALL "
        "SELECT '', '', language, stage || '/' || reason, text, url FROM rejected WHERE stage != ''"
    )
    found = []
    for *place, text, url in rows.fetchall():
        fields = {"any": (text, url), "text": (text,), "url": (url,)}[selection.field]
        exact = selection.q != selection.q.lower()
        if not any(selection.q in field if exact else selection.q in field.lower() for field in fields):
            continue
        if selection.domain and registered(url) != selection.domain:
            continue
        if selection.least <= len(text) <= selection.most:
            found.append((*place, len(text), url))
    return found


def check(corpus: Corpus, selection: Selection) -> int:
    has, rows = known(corpus), plainly(corpus, selection)
    counts = count_pages(cursor(corpus), corpus, selection, has)

    def tally(axis: int, *but: str) -> Counter[Any]:
        wanted = [
            (i, value)
            for i, name in enumerate(("config", "split", "language"))
            if (value := getattr(selection, name)) and name not in but
        ]
        of = [
            row
            for row in rows
            if ("outcome" in but or _outcome(row[3], selection)) and all(row[i] == v for i, v in wanted)
        ]
        return Counter(row[axis] for row in of)

    chosen = tally(4)
    assert counts.total == chosen.total()
    sizes = Counter[int]()
    for length, pages in chosen.items():
        sizes[max(0, length.bit_length() - 1)] += pages
    assert counts.lengths == sizes
    domains = Counter[str]()
    for url, pages in tally(5).items():
        domains[registered(url)] += pages
    assert counts.domains == sorted(domains.items(), key=lambda item: (-item[1], item[0]))[:TOP]
    assert counts.others == max(0, len(domains) - TOP)
    if selection.kept:
        assert counts.configs == {name: tally(0, "config")[name] for name in has.configs}
        assert counts.splits == {name: tally(1, "split")[name] for name in has.splits}
        if len(has.configs) == 1:
            assert counts.languages == tally(2, "language")
    elif corpus.rejected:
        assert counts.languages == Counter({name: n for name, n in tally(2, "language").items() if name})
    # Kept and rejected pages are counted without what the others are told apart by.
    kept = Counter(row[3] for row in rows if selection.kept or selection.language in ("", row[2]))
    kept[""] = counts.total if selection.kept else sum(not row[3] for row in rows)
    wanted = {name: kept[name] for name in ("", *has.outcomes)}
    if corpus.rejected:
        wanted["rejected"] = sum(kept[name] for name in has.outcomes)
    assert counts.outcomes == wanted
    return counts.total


def _outcome(outcome: str, selection: Selection) -> bool:
    return outcome == selection.outcome or (selection.outcome == "rejected" and outcome != "")


@pytest.mark.parametrize("selection", SELECTIONS, ids=lambda s: s.query() or "all")
def test_counts_of_english(samples: Corpus, selection: Selection) -> None:
    check(samples, selection)


@pytest.mark.parametrize(
    "selection", [*SELECTIONS, Selection(config="de"), Selection(config="de", q="a")], ids=Selection.query
)
def test_counts_of_many_languages(languages: Corpus, selection: Selection) -> None:
    check(languages, selection)


@pytest.mark.parametrize("selection", SELECTIONS[:5] + SELECTIONS[13:15], ids=Selection.query)
def test_counts_of_a_mixture_and_of_hostile_pages(mixture: Corpus, hostile: Corpus, selection: Selection) -> None:
    check(mixture, selection)
    check(hostile, selection._replace(language=""))


def test_the_checks_are_about_something(samples: Corpus) -> None:
    assert check(samples, Selection()) == samples.stats["pages_kept"] == total(samples, Selection())
    assert check(samples, Selection(q="harbour")) > 1
    assert check(samples, Selection(outcome="url/older_copy")) == 8
    assert check(samples, Selection(domain="example.net")) > 1
    assert check(samples, Selection(outcome="rejected", language="de")) > 1
    assert count_pages(cursor(samples), samples, Selection(outcome="rejected"), known(samples)).languages["de"] > 1
    assert check(samples, Selection(domain="oddities.example")) > 1
    assert check(samples, Selection(least=200, most=999)) > 1


def test_the_manifest_tells_of_files_only() -> None:
    assert total(None, Selection(q="x")) is None  # type: ignore[arg-type]
    assert Selection(most=LONGEST_SEARCH - 1).by_row
