"""What differs between two corpora in plain words: each a share or a mean of both, with its interval.

All intervals together are wrong in at most 1 % of comparisons of a corpus with itself: half of that chance is for runs
of words and lines (`ngrams`), and the other half is divided by the number of all other measures.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from math import exp, inf
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from c4pipe.compare.intervals import Gap, HostRatio, gap, host_ratio
from c4pipe.compare.ngrams import LINE, Overused, on_pages, overused
from c4pipe.compare.order import disordered
from c4pipe.compare.sample import PageSample
from c4pipe.facts.fates import removed
from c4pipe.text import hash64, many, percent, visible
from c4pipe.wet.reasons import NOT_A_PAGE

CHANCE = 0.01  # of reporting anything for two samples of one corpus
COMMON_SHARE = 0.005  # share of both samples below which a language or a top-level domain is ignored
HOST_LEAST = 0.05  # of the pages: a host is one draw, and the presence of smaller ones is chance
ON_MANY = 10  # hosts of a sample that have a line which belongs to no site
MOST_LISTED = 5  # runs of words, and lines, in a sentence


class Said(NamedTuple):
    """One significant difference."""

    kind: str  # "repeats", "boilerplate", "order", "language", "length", "source", "host", "rule", "words", "lines"
    name: str  # of the language, host or rule; "" if the kind says it all
    side: str  # "A" or "B": the one that has more
    values: tuple[float, float]  # shares of 0..1, or characters
    difference: float  # B less A; for lengths of their logarithms
    half: float | None  # half the width of the interval; None if hosts were counted
    sentence: str


class _Measure(NamedTuple):
    """One measure of both sides."""

    kind: str
    name: str
    sides: tuple[HostRatio, HostRatio]
    says: Callable[[str, str, str], str]  # called with the side that has more, its value, and the other's


def what_differs(
    a: PageSample, b: PageSample, manifests: tuple[Mapping[str, Any], Mapping[str, Any]] | None
) -> list[Said]:
    """All significant differences; manifests are those of our corpora."""
    found = [*_repeats(a, b), *_orders(a, b), *_languages(a, b), *_lengths(a, b), *_sources(a, b)]
    if manifests is not None:
        found += _rules(*manifests, max(map(_likeness, (a, b))))
    chance = CHANCE / 2 / max(1, len(found))
    said = [one for measure in found if (one := _said(measure, chance))]
    return [*said, *_overused(overused(a, b, CHANCE / 2))]


def _said(measure: _Measure, chance: float) -> Said | None:
    apart = gap(*measure.sides, chance)
    if not apart.is_sure:
        return None
    values = (measure.sides[0].value, measure.sides[1].value)
    shown = _shown(measure.kind, values)
    more = int(apart.difference > 0)
    sentence = f"{measure.says('AB'[more], shown[more], shown[1 - more])} ({'BA'[more]}: {shown[1 - more]}"
    sentence += f"; difference {_points(measure.kind, apart)})"
    if measure.kind == "length":
        values = (exp(values[0]), exp(values[1]))
    return Said(measure.kind, measure.name, "AB"[more], values, *apart, sentence)


def _shown(kind: str, values: tuple[float, float]) -> tuple[str, str]:
    if kind == "length":
        return f"{exp(values[0]):,.0f}", f"{exp(values[1]):,.0f}"
    return percent(values[0]), percent(values[1])


def _points(kind: str, apart: Gap) -> str:
    if kind == "length":
        return f"{exp(abs(apart.difference)):.2f}-fold, {exp(abs(apart.difference) - apart.half):.2f} at least"
    return f"{100 * abs(apart.difference):.1f} ± {100 * apart.half:.1f} points"


def _repeats(a: PageSample, b: PageSample) -> Iterator[_Measure]:
    sides = (a, b)
    whole = tuple(host_ratio(again(_page_keys(side)), np.ones(len(side.pages)), side.hosts) for side in sides)
    yield _Measure(
        "repeats",
        "pages",
        _two(whole),
        lambda x, has, _: f"{x} repeats itself: {has} of its pages are copies of others",
    )
    lines = []
    for side in sides:
        keys, pages = side.lines
        hosts = side.hosts[pages] if len(pages) else pages
        lines.append(host_ratio(again_on_another_page(keys, pages), np.ones(len(keys)), hosts))
    yield _Measure(
        "repeats", "lines", _two(lines), lambda x, has, _: f"{x} repeats lines: {has} of them occur on an earlier page"
    )
    common = [host_ratio(with_common_lines(side), np.ones(len(side.pages)), side.hosts) for side in sides]
    yield _Measure(
        "boilerplate",
        "",
        _two(common),
        lambda x, has, _: f"{x} has more boilerplate: {has} of its pages have lines that {ON_MANY} hosts or more share",
    )


def _two(found: Any) -> tuple[HostRatio, HostRatio]:
    a, b = found
    return a, b


def _page_keys(side: PageSample) -> NDArray[np.uint64]:
    return np.array([hash64(text) for text in side.texts], np.uint64)


def again(keys: NDArray[Any]) -> NDArray[np.float64]:
    """[keys] Whether each has occurred before."""
    _, first = np.unique(keys, return_index=True)
    before = np.ones(len(keys))
    before[first] = 0
    return before


def again_on_another_page(keys: NDArray[np.uint64], pages: NDArray[np.int64]) -> NDArray[np.float64]:
    """[lines] Whether each has occurred on an earlier page."""
    _, first, which = np.unique(keys, return_index=True, return_inverse=True)
    return (pages != pages[first][which]).astype(np.float64) if len(keys) else np.zeros(0)


def with_common_lines(side: PageSample) -> NDArray[np.float64]:
    """[pages] Whether the page has a line that `ON_MANY` hosts have."""
    found = on_pages(side, LINE)
    keys, pages = side.lines
    carrying = np.zeros(len(side.pages))
    if len(keys):
        carrying[pages[(found.hosts >= ON_MANY)[np.searchsorted(found.keys, keys)]]] = 1
    return carrying


def _orders(a: PageSample, b: PageSample) -> Iterator[_Measure]:
    judged = disordered((a, b))
    sides = tuple(host_ratio(found, could, side.hosts) for side, (found, could) in zip((a, b), judged, strict=True))
    yield _Measure(
        "order",
        "",
        _two(sides),
        lambda x, has, _: (
            f"{x} has unordered words: on {has} of its pages, words predict each other hardly better than when shuffled"
        ),
    )


def _languages(a: PageSample, b: PageSample) -> Iterator[_Measure]:
    for name, sides in _shares(a, b, a.languages, b.languages):
        yield _Measure("language", name, sides, _language_says(name))


def _language_says(name: str) -> Callable[[str, str, str], str]:
    return lambda x, has, _: f"{x} has more pages in {visible(name)}: {has} of its pages"


def _sources(a: PageSample, b: PageSample) -> Iterator[_Measure]:
    hosts = [[page.host for page in side.pages] for side in (a, b)]
    ends = [[host.rpartition(".")[2] for host in side] for side in hosts]
    for name, sides in _shares(a, b, *ends):
        if name:
            yield _Measure("source", f".{name}", sides, _source_says(f".{name}"))
    counts = [Counter(side) for side in hosts]
    sizes = [max(1, len(side)) for side in hosts]
    for name in sorted({*counts[0], *counts[1]} - {""}):
        shares = [count[name] / size for count, size in zip(counts, sizes, strict=True)]
        if abs(shares[1] - shares[0]) >= HOST_LEAST:
            drawn = [HostRatio(p, p * (1 - p) / n, inf) for p, n in zip(shares, sizes, strict=True)]
            yield _Measure("host", name, _two(drawn), _source_says(name))


def _source_says(name: str) -> Callable[[str, str, str], str]:
    return lambda x, has, _: f"{x} has more of {visible(name)}: {has} of its pages"


def _shares(
    a: PageSample, b: PageSample, of_a: list[str], of_b: list[str]
) -> Iterator[tuple[str, tuple[HostRatio, HostRatio]]]:
    """For each name that is common enough, its share of the pages of both."""
    counts = Counter(of_a) + Counter(of_b)
    for name, count in sorted(counts.items()):
        if count >= COMMON_SHARE * (len(of_a) + len(of_b)):
            sides = tuple(
                host_ratio(np.array([one == name for one in names], np.float64), np.ones(len(names)), side.hosts)
                for side, names in ((a, of_a), (b, of_b))
            )
            yield name, _two(sides)


def _lengths(a: PageSample, b: PageSample) -> Iterator[_Measure]:
    sides = tuple(
        host_ratio(np.log([max(1, len(page.text)) for page in side.pages]), np.ones(len(side.pages)), side.hosts)
        for side in (a, b)
    )
    yield _Measure(
        "length", "", _two(sides), lambda x, has, _: f"{x} has longer pages: {has} characters in the geometric mean"
    )


def _rules(a: Mapping[str, Any], b: Mapping[str, Any], likeness: float) -> Iterator[_Measure]:
    """Shares of the records that each reason dropped, by the ledgers. In the worst case all pages of a host have the
    same outcome.

    Records without a page, such as the requests in a WARC file, count neither as read nor as dropped.
    """
    rows = [row for row in removed(dict(a), dict(b)) if row.unit == "page"]
    none = next((row.counts for row in rows if row.reason == NOT_A_PAGE.code), (0, 0))
    records = [max(1, side["ledger"]["records"] - count) for side, count in zip((a, b), none, strict=True)]
    for row in rows:
        if row.reason == NOT_A_PAGE.code:
            continue
        shares = [count / size for count, size in zip(row.counts, records, strict=True)]
        drawn = [HostRatio(p, likeness * p * (1 - p) / n, inf) for p, n in zip(shares, records, strict=True)]
        yield _Measure("rule", f"{row.stage}: {row.reason}", _two(drawn), _rule_says(row.reason))


def _rule_says(reason: str) -> Callable[[str, str, str], str]:
    return lambda x, has, _: f"{x} lost more to {reason}: {has} of what it read"


def _likeness(side: PageSample) -> float:
    """The factor by which the variance of a share grows if all pages of a host are the same."""
    sizes = np.bincount(side.hosts)
    return float((sizes**2).sum() / max(1, sizes.sum()))


def _overused(found: list[Overused]) -> Iterator[Said]:
    """One sentence each for the lines and for the runs of words of either side, naming the most telling ones."""
    for side in "AB":
        for kind, chosen in (
            ("lines", [one for one in found if one.side == side and one.words == LINE]),
            ("words", [one for one in found if one.side == side and one.words != LINE]),
        ):
            if chosen:
                named = _telling(chosen)
                first = named[0]
                other = "AB".replace(side, "")
                words = "; ".join(
                    f"“{visible(one.text)}” on {percent(one.pages['AB'.index(side)])} of its pages "
                    f"({other}: {percent(one.pages['AB'.index(other)])})"
                    for one in named
                )
                noun = "line" if kind == "lines" else "run of words"
                yield Said(
                    kind,
                    first.text,
                    side,
                    first.pages,
                    first.pages[1] - first.pages[0],
                    None,
                    f"{side} has {many(len(chosen), noun) if kind == 'lines' else _runs(len(chosen))} "
                    f"more often than chance: {words}",
                )


def _runs(count: int) -> str:
    return f"{count:,} {'run' if count == 1 else 'runs'} of words"


def _telling(found: list[Overused]) -> list[Overused]:
    """The first few, none of which is part of another."""
    chosen: list[Overused] = []
    for one in sorted(found, key=lambda one: (-round(abs(one.pages[1] - one.pages[0]), 2), -one.words, one.text)):
        if not any(one.text in other.text or other.text in one.text for other in chosen):
            chosen.append(one)
        if len(chosen) == MOST_LISTED:
            break
    return chosen
