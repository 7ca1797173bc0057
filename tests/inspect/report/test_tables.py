"""Rows, pictures and yardsticks from literal counts."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import pytest

from c4pipe.corpus.cells import KEPT_CELL, LossCell
from c4pipe.facts.corpus import Corpus, connect
from c4pipe.facts.losses import Amount, CorpusLosses, _Row
from c4pipe.facts.repeated import OwnedCuts, Repeat, owned_cuts, repeats
from c4pipe.inspect.report.draw import FULL_WIDTH, LogScale, columns, stream
from c4pipe.inspect.report.facts import Loss, funnel_stages
from c4pipe.inspect.report.likeness import split_likeness
from c4pipe.inspect.report.queries import SplitCounts, kept_of_domains
from c4pipe.inspect.report.tables import (
    Bin,
    MixtureRow,
    Rivals,
    TopRows,
    all_domains,
    bins,
    domains,
    first,
    languages,
    tlds,
)
from c4pipe.inspect.report.yardsticks import FEWEST, yardsticks
from c4pipe.page import Dropped, Page
from tests.inspect.report.written import write_corpus

FELL = LossCell("clean", "few_sentences", "page")


def test_a_long_table_says_how_much_is_left() -> None:
    assert first([1, 2, 3], 2) == TopRows([1, 2], 1)
    assert first([1], 2) == TopRows([1], 0)


def test_bins_are_powers_of_two_without_gaps() -> None:
    assert bins({"lengths_read": {"0": 2, "2": 5}, "lengths_kept": {"1": 1}}) == [
        Bin(0, 1, 2, 0), Bin(2, 3, 0, 1), Bin(4, 7, 5, 0),
    ]  # fmt: skip
    assert bins({}) == []


def test_domains_that_no_list_holds_are_unknown_unless_the_list_is_whole() -> None:
    stats = {"pages_read": 10, "pages_kept": 4, "domains_kept": {"a.org": 3}, "domains_rejected": {"b.org": 6}}
    assert domains(stats) == [Rivals("b.org", None, 6, 3, 6), Rivals("a.org", 3, 0, 3, 6)]


def test_top_level_domains_are_ranked_by_all_their_pages() -> None:
    assert tlds({"org": 1, "": 2}, {"com": 2.5}) == [
        Rivals("com", 0, 2.5), Rivals("none, or an address in figures", 2, 0.0), Rivals("org", 1, 0.0),
    ]  # fmt: skip


@pytest.mark.parametrize(
    "votes",
    [
        {"de fasttext=de cld2=nl": 1, "de fasttext=de cld2=de": 2},  # as a mixture has them
        {"de": {"fasttext=de cld2=nl": 1, "fasttext=de cld2=de": 2}},
    ],
)
def test_identifiers_agree_when_all_name_the_language(votes: dict[str, Any]) -> None:
    found = languages({"languages": {"en": 1, "de": 3}, "votes": votes})
    assert [(row.code, row.pages, row.share, row.agreed, row.voted) for row in found] == [
        ("de", 3, 0.75, 2, 3), ("en", 1, 0.25, 0, 0),
    ]  # fmt: skip
    assert found[0].tempered == pytest.approx(3**0.3 / (3**0.3 + 1))


def test_losses_stand_behind_what_is_kept_the_largest_first() -> None:
    row = {"stage": "s", "in": 10, "kept": 4, "rejected": {"a": 1, "b": 3, "c": 1, "d": 1}, "lines_dropped": {}}
    (step,) = funnel_stages([row])
    assert step.lost == [Loss("b", 3, 4, 1), Loss("a", 1, 7, 2), Loss("c", 1, 8, 3), Loss("d", 1, 9, 4)]
    width, bands = stream(step, 20)
    assert width == FULL_WIDTH * 4 / 20
    assert bands[0].path.startswith(f"M{FULL_WIDTH * 4 / 20:.2f} 0L{FULL_WIDTH * 7 / 20:.2f} 0C")


def test_columns_are_in_percent_of_the_highest() -> None:
    drawn = columns([Bin(1 << k, (2 << k) - 1, 10 * k, k) for k in range(8)])
    assert [column.label for column in drawn] == ["", "2", "", "", "16", "", "", "128"]
    assert (drawn[7].read, drawn[7].kept, drawn[7].x) == (100, 10, 87.5)


def test_a_scale_has_whole_decades_and_a_place_for_every_share() -> None:
    scale = LogScale.of([MixtureRow("a", 1, 0.002, 0, 0, 1, 0.3), MixtureRow("b", 1, 0.0, 0, 0, 1, 0.7)])
    assert (scale.low, scale.high) == (-3, 0)
    assert [name for _, name in scale.ticks()] == ["0.1 %", "1 %", "10 %", "100 %"]
    assert (scale.at(0.001), scale.at(1.0), scale.at(0.0)) == (3, 97, 3)


def corpus(train: int, validation: int, size: int, bad: tuple[int, int], clean: int, foreign: int) -> Corpus:
    stages = [
        {"stage": "clean", "in": clean, "rejected": {}},
        {"stage": "language", "in": clean, "rejected": {"other_language": foreign}},
        {"stage": "badwords", "in": bad[1], "rejected": {"bad_word": bad[0]}},
    ]
    shards = [{"config": "en", "split": s, "rows": n} for s, n in (("train", train), ("validation", validation))]
    manifest = {"preset": {"name": "en"}, "settings": {"languages": ["en"]}, "shards": shards}
    stats = {"pages_kept": train + validation, "bytes_kept": size * (train + validation)}
    return Corpus(Path(), manifest | {"ledger": {"stages": stages}}, stats)


@pytest.mark.parametrize(
    ("made", "verdicts"),
    [
        (corpus(36_000, 36, 2271, (73, 1000), 106_000, 1000), "alike alike alike alike"),
        (corpus(80_000, 400, 1000, (300, 1000), 106_000, 0), "unlike unlike unlike unlike"),
        (corpus(9, 1, 9, (0, 10), 10, 0), "unlike few few few"),
        (corpus(36_000, 0, 4543, (150, 1000), 106_000, 0), "alike unlike unlike unlike"),
    ],
)
def test_a_build_stands_out_when_it_is_off_by_a_factor_and_by_more_than_chance(made: Corpus, verdicts: str) -> None:
    found = {y.key: y.verdict for y in yardsticks(made)}
    assert list(found) == ["kept", "blocklist", "validation", "mean_bytes"]
    assert " ".join("few" if "few" in verdict else verdict for verdict in found.values()) == verdicts


def test_a_mean_of_few_pages_is_not_compared_and_one_of_more_has_its_margin() -> None:
    train = SplitCounts("en", "train", 900, 90_000, 0, 9_900_000)  # mean 100, mean square 11,000
    few = SplitCounts("en", "validation", FEWEST - 1, 2_900, 0, 0)
    more = SplitCounts("de", "validation", 100, 10_500, 0, 1_100_000)
    assert split_likeness([train, few]) is None
    found = split_likeness([train, more])
    assert found is not None
    deviation = (11_000 - 100.5**2) ** 0.5
    assert (found.train, found.validation) == (100, 105)
    assert (found.low, found.high) == pytest.approx((100 - 0.2576 * deviation, 100 + 0.2576 * deviation))
    assert found.alike
    assert not found._replace(validation=150.0).alike


def test_domains_that_no_list_of_kept_ones_holds_are_counted_in_the_shards(tmp_path: Path) -> None:
    urls = ["http://a.example.co.uk/", "https://b.example.co.uk:80/x", "http://notexample.co.uk", "http://x.org/co.uk"]
    corpus = write_corpus(tmp_path, [Page(url, "t", "2024", f"a#{i}") for i, url in enumerate(urls)])
    with connect(corpus) as db:
        assert kept_of_domains(db, {"example.co.uk", "other.org"}) == {"example.co.uk": 2, "other.org": 0}
        assert kept_of_domains(db, set()) == {}


def test_what_repeats_is_told_by_characters_with_its_pages_and_owner(tmp_path: Path) -> None:
    url = "http://owner.example/"
    owner = hashlib.md5(url.encode()).hexdigest()[:16]
    long = Dropped("repeated_line", "A long line that says more.", owner)
    short = Dropped("repeated_line", "Reply", "0" * 16)
    rows = [
        ("http://x.example/1", "", "kept", "", "t", [short] * 4),
        ("http://x.example/2", "", "kept", "", "t", [short]),
    ]
    rows = [(*row[:5], [*row[5], long]) for row in rows]
    corpus = write_corpus(tmp_path, [Page(url, "t", "2024", "a#0")], rows)
    with connect(corpus) as db:
        assert repeats(db, corpus, 9) == [
            Repeat("repeated_line", "a long line that says more.", 54, 54, 2, 2, url, False, owner, 2),
            Repeat("repeated_line", "reply", 10, 25, 2, 5, "", True, "0" * 16, 2),
        ]


def test_cuts_whose_owner_is_no_kept_page_are_counted(tmp_path: Path) -> None:
    url = "http://owner.example/"
    owner = hashlib.md5(url.encode()).hexdigest()[:16]
    cut = [Dropped("repeated_span", "A.", owner), Dropped("repeated_span", "B.", "0" * 16)]
    alone = Dropped("policy", "Cookies.", "")
    rows = [("http://x.example/1", "", "kept", "", "t", [*cut, cut[1], alone])]
    corpus = write_corpus(tmp_path / "a", [Page(url, "t", "2024", "a#0")], rows)
    with connect(corpus) as db:
        assert owned_cuts(db, corpus) == {"repeated_span": OwnedCuts(3, 2)}
    unknown = write_corpus(tmp_path / "b", [Page("", "t", "2024", "a#0")], rows)
    with connect(unknown) as db:
        assert owned_cuts(db, unknown) == {}  # a page without a URL may be the owner


def test_all_domains_are_told_where_the_losses_know_them() -> None:
    cells = [(KEPT_CELL, "a.example", 3), (FELL, "a.example", 1), (KEPT_CELL, "b.example", 5), (FELL, "", 2)]
    domains_of = [_Row(cell, Amount(n, n, n), {"domain": domain}) for cell, domain, n in cells]
    assert all_domains(CorpusLosses([], domains_of)) == [
        Rivals("b.example", 5, 0),
        Rivals("a.example", 3, 1),
        Rivals("", 0, 2),
    ]


def test_nothing_is_said_of_what_c4_has_no_number_for() -> None:
    made = corpus(900, 1, 9, (0, 10), 10, 0)
    mc4 = made._replace(manifest=made.manifest | {"preset": {"name": "multilingual"}})
    assert [y.key for y in yardsticks(mc4)] == ["validation"]
    assert yardsticks(made._replace(manifest=made.manifest | {"mixture": {}})) == []
