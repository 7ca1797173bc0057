"""What is said of two samples in words."""

from __future__ import annotations

import random

import numpy as np
import pytest

from c4pipe.compare.intervals import HostRatio, gap, host_ratio, least_ratio, upper_tail
from c4pipe.compare.ngrams import LINE, overused
from c4pipe.compare.reading import CorpusPage
from c4pipe.compare.sample import Drawing, PageSample
from c4pipe.compare.words import Said, again, again_on_another_page, what_differs

SUBJECTS, VERBS, PLACES = (
    [f"{stem}{end}" for stem in stems.split() for end in ("er", "ing", "ed", "ful", "ish", "")]
    for stems in ("farm walk sing read paint", "like see find hold take lift", "hill lake barn road town mill")
)


def text(rng: random.Random) -> str:
    lines = []
    for number in range(14):
        subject, verb, place = (rng.choice(words) for words in (SUBJECTS, VERBS, PLACES))
        lines.append(f"{number} the {subject} will {verb} in the {place} of {rng.randrange(10**6)}")
    return "\n".join(lines)


def pages(count: int, seed: int, site: str = "s") -> list[CorpusPage]:
    rng = random.Random(seed)
    return [CorpusPage(text(rng), f"http://{site}{seed}-{n // 2}.example/{n}", "en") for n in range(count)]


def said(b: list[CorpusPage], count: int = 300) -> dict[str, Said]:
    return {one.kind: one for one in what_differs(PageSample(pages(count, 1)), PageSample(b), None)}


def test_nothing_is_said_of_pages_drawn_alike() -> None:
    for seed in range(2, 6):
        assert said(pages(300, seed)) == {}


def test_words_in_no_order() -> None:
    b, rng = pages(300, 2), random.Random(3)
    for number in range(0, 300, 10):
        words = b[number].text.split()
        rng.shuffle(words)
        b[number] = b[number]._replace(text=" ".join(words))
    assert "order" in said(b)


def test_another_language_and_one_host() -> None:
    b = pages(300, 2)
    b[:90] = [page._replace(language="fr", url=f"http://one.example/{n}") for n, page in enumerate(b[:90])]
    found = said(b)
    assert found["host"].name == "one.example"
    assert found["host"].values == (0, 0.3)
    assert "language" not in found  # all of it is one host's: one draw tells nothing of a language
    b[:90] = [page._replace(url=f"http://{n}.example/") for n, page in enumerate(b[:90])]
    assert said(b)["language"].sentence.startswith(
        "B has more pages in fr: 30.0 % of its pages (A: 0 %; difference 30.0"
    )


def test_longer_pages() -> None:
    found = said([page._replace(text=f"{page.text}\nIt has {n} more words") for n, page in enumerate(pages(300, 2))])
    assert found["length"].values[1] > 1.02 * found["length"].values[0]


def test_rules_by_the_ledgers() -> None:
    one, other = ({"ledger": {"records": 3000, "stages": [_stage(n)]}} for n in (30, 300))
    found = what_differs(PageSample(pages(300, 1)), PageSample(pages(300, 2)), (one, other))
    assert [(row.kind, row.name, row.side, row.values) for row in found] == [
        ("rule", "clean: curly_brace", "B", (0.01, 0.1))
    ]


def test_records_that_are_of_no_page_are_neither_read_nor_lost() -> None:
    """A WARC file has two more a page, its request and its metadata; what a rule takes is a share of pages."""

    def side(none: int) -> dict[str, object]:
        reading = {"stage": "read", "in": 3000 + none, "kept": 3000, "rejected": {"not_a_page": none}}
        return {"ledger": {"records": 3000 + none, "stages": [reading, _stage(300)]}}

    one, other = PageSample(pages(300, 1)), PageSample(pages(300, 2))
    assert what_differs(one, other, (side(1), side(6000))) == []


def _stage(count: int) -> dict[str, object]:
    return {"stage": "clean", "in": 3000, "kept": 3000 - count, "rejected": {"curly_brace": count}}


def test_lines_and_runs_of_words_count_hosts() -> None:
    b = pages(300, 2)
    b[:90] = [page._replace(text=f"{page.text}\nSign up for our weekly letter") for page in b[:90]]
    found = overused(PageSample(pages(300, 1)), PageSample(b), 0.005)
    assert {(one.side, one.hosts, one.pages) for one in found if "weekly" in one.text} == {("B", (0, 45), (0, 0.3))}
    assert [one.text for one in found if one.words == LINE] == ["Sign up for our weekly letter"]
    assert "sign up for" in [one.text for one in found]
    assert all(one.times > 1 for one in found)
    one_host = [page._replace(url="http://one.example/") for page in b[:90]] + b[90:]
    assert overused(PageSample(pages(300, 1)), PageSample(one_host), 0.005) == []


def test_nothing_to_look_at() -> None:
    empty = PageSample([CorpusPage("!", "http://a.example/"), CorpusPage("?", "")])
    assert what_differs(empty, empty, None) == []


def test_repeats() -> None:
    assert again(np.array([1, 2, 1, 1])).tolist() == [0, 0, 1, 1]
    keys, places = np.array([5, 5, 5, 6], np.uint64), np.array([0, 0, 1, 1])
    assert again_on_another_page(keys, places).tolist() == [0, 0, 1, 0]


def test_the_interval_is_that_of_hosts() -> None:
    rng = np.random.default_rng(0)
    hosts = np.repeat(np.arange(100), 5)
    spread = [host_ratio(np.repeat(rng.random(100) < 0.3, 5), np.ones(500), hosts) for _ in range(300)]
    wanted = np.var([one.value for one in spread])
    assert np.mean([one.variance for one in spread]) == pytest.approx(wanted, rel=0.2)
    beyond = [gap(a, b, 0.01).is_sure for a, b in zip(spread[::2], spread[1::2], strict=True)]
    assert sum(beyond) <= 5
    assert not gap(HostRatio(0, 0, 9), HostRatio(0, 0, 9), 0.01).is_sure


def test_binomial_tails() -> None:
    assert upper_tail(0, 5, 0.3) == 1
    assert upper_tail(5, 5, 0.5) == pytest.approx(1 / 32)
    assert least_ratio(30, 0, 100, 100, 0.005) > 4
    assert least_ratio(5, 5, 100, 100, 0.005) < 1


def test_a_drawing_holds_no_more_than_it_may() -> None:
    drawing = Drawing(10)
    for page in pages(50, 1):
        drawing.add(page)
    assert (drawing.seen, len(drawing.sample(99).pages), len(drawing.sample(4).pages)) == (50, 10, 4)
