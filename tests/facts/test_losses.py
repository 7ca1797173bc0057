"""What pages lost: every number is what SQL counts in a corpus that keeps all rejected pages, and in its stats.json."""

from __future__ import annotations

import shutil
import time
from collections import Counter
from itertools import product
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from c4pipe.corpus.cells import KEPT_CELL, LossCell
from c4pipe.corpus.cube import Cube, Origin
from c4pipe.corpus.stats import registered
from c4pipe.errors import BuildError, ConfigError
from c4pipe.facts.corpus import Corpus, connect, open_corpus
from c4pipe.facts.fallen import fallen_languages
from c4pipe.facts.losses import Amount, CorpusLosses, no_losses, read_losses, sorted_losses
from c4pipe.passes.cubes import DOMAINS_LOST, LOSSES, files_of_cube
from tests.conftest import Build
from tests.inspect.conftest import SAMPLES

PRESETS = ("en", "multilingual", "en.near", "dclm")


@pytest.fixture(scope="module", params=PRESETS)
def whole(request: pytest.FixtureRequest, built: Build) -> Corpus:
    """data_samples with every rejected page."""
    return open_corpus(built(SAMPLES, "--preset", request.param, "--rejected", "all"))


def losses_of(corpus: Corpus) -> CorpusLosses:
    found = read_losses(corpus)
    assert found is not None
    return found


def test_every_number_is_what_sql_counts(whole: Corpus) -> None:
    losses, db = losses_of(whole), connect(whole)
    first = whole.manifest["ledger"]["stages"][0]["stage"]
    dropped = "FROM (SELECT unnest(dropped) AS d, source, stage FROM rejected) "
    sql = f"SELECT d.reason, count(DISTINCT source), sum(length(d.line)) {dropped} GROUP BY ALL"
    cut = {reason: (pages, chars) for reason, pages, chars in db.execute(sql).fetchall()}
    sql = f"SELECT stage || '/' || reason, count(*) FROM rejected WHERE stage NOT IN ('', '{first}') GROUP BY ALL"
    fell = dict(db.execute(sql).fetchall())
    for row in losses.by_rule():
        assert row.cell is not None
        if row.cell.unit == "page":
            assert row.lost.pages == fell.pop(str(row.key), 0)
        elif row.cell.unit != "edit" and row.cell.reason in cut:
            codes = [cell for cell in losses.rules.values() if cell.reason == row.cell.reason]
            if len(codes) == 1:
                assert (row.lost.pages, row.lost.characters) == cut[row.cell.reason], row.key
    assert not fell
    read, chars = db.execute(f"SELECT count(*), sum(length(text)) FROM rejected WHERE stage <> '{first}'").fetchone()
    assert (losses.read.pages, losses.read.characters) == (read, chars)
    assert losses.read.characters == whole.stats["chars_read"]
    kept = sum(row.amount.characters for row in losses.rows if row.cell == KEPT_CELL)
    assert kept == db.execute("SELECT sum(length(text)) FROM pages").fetchone()[0] == whole.stats["chars_kept"]


def test_lengths_and_domains_are_those_of_the_pages(whole: Corpus) -> None:
    losses, first = losses_of(whole), whole.manifest["ledger"]["stages"][0]["stage"]
    lengths = {str(row.key): row.came.pages for row in losses.by_group("length")}
    assert lengths == whole.stats["lengths_read"]
    pages = connect(whole).execute(f"SELECT url, stage, reason FROM rejected WHERE stage <> '{first}'").fetchall()
    assert not losses.bounded
    domains = Counter(registered(url) for url, _, _ in pages)
    assert {row.key: row.came.pages for row in losses.by_group("domain")} == domains
    for rule, cell in losses.rules.items():
        if cell.unit == "page":
            fell = Counter(registered(url) for url, stage, reason in pages if f"{stage}/{reason}" == rule)
            assert +Counter({row.key: row.lost.pages for row in losses.by_group("domain", rule)}) == fell


def test_languages_are_those_that_the_build_found(whole: Corpus) -> None:
    kept = Counter[str]()
    for row in losses_of(whole).rows:
        if row.cell == KEPT_CELL:
            kept[row.group["language"]] += row.amount.pages
    assert kept == Counter(dict(connect(whole).execute("SELECT language, count(*) FROM pages GROUP BY 1").fetchall()))


def test_the_ledger_says_the_same(whole: Corpus) -> None:
    said = {}
    for stage in whole.manifest["ledger"]["stages"][1:]:
        chars = stage["characters"]
        assert chars["in"] == chars["kept"] + chars["edited"] + sum(
            (Counter(chars["rejected"]) + Counter(chars["dropped"])).values()
        )
        said |= {f"{stage['stage']}/{code}": n for kind in ("rejected", "dropped") for code, n in chars[kind].items()}
    told = {row.key: row.lost.characters for row in losses_of(whole).by_rule() if row.cell and row.cell.unit != "edit"}
    assert {key: n for key, n in told.items() if n} == said


def test_languages_of_pages_that_fell_before_are_counted_or_estimated(built: Build) -> None:
    every = open_corpus(built(SAMPLES, "--preset", "en", "--rejected", "all"))
    found = fallen_languages(connect(every).cursor(), every, "clean", "few_sentences")
    assert found is not None
    assert (found.by, found.sampled, found.seen) == ("cld2", False, found.pages)
    assert sum(each.pages for each in found.languages) == found.pages
    assert all(each.interval is None for each in found.languages)
    sampled = every._replace(manifest={**every.manifest, "ledger": {"stages": [
        {**row, "rejected": {**row["rejected"], "few_sentences": 1000}} if row["stage"] == "clean" else row
        for row in every.manifest["ledger"]["stages"]
    ]}})  # fmt: skip
    estimated = fallen_languages(connect(every).cursor(), sampled, "clean", "few_sentences")
    assert estimated is not None
    assert estimated.sampled
    for each in estimated.languages:
        assert each.interval is not None
        assert each.interval[0] < each.share < each.interval[1]
    assert fallen_languages(connect(every).cursor(), every, "badwords", "bad_word") is None


ROW: dict[str, Any] = {"language": "en", "bin": 9}
FELL = LossCell("clean", "few_sentences", "page")


def test_who_loses_more_than_their_share_is_told_where_it_is_sure() -> None:
    """500 domains of ten pages, of which few_sentences takes one each; of one in a hundred it takes all."""
    cube = Cube()
    for number in range(500):
        unlucky = number < 5
        for page in range(10):
            lost = page == 0 or unlucky
            cell, language = (FELL if lost else KEPT_CELL), ("de" if unlucky else "en")
            cube.add_page(Origin(f"{number}.example", 9), language, [(cell, 3, 600)])
    losses = _as_losses(cube)
    german, english = sorted_losses(losses.by_group("language", "clean/few_sentences"), "key")
    assert (german.lost, german.came) == (Amount(50, 150, 30_000), Amount(50, 150, 30_000))
    assert (german.key, german.more, english.more) == ("de", 1, 0)
    assert losses.effect(FELL) == pytest.approx(1.0, abs=0.1)
    assert not [row for row in losses.by_group("domain", "clean/few_sentences") if row.more]  # ten pages say little
    with pytest.raises(ConfigError, match="clean/few_words"):
        losses.by_group("domain", "clean/few_words")
    with pytest.raises(ConfigError, match="share of pages"):
        sorted_losses([german], "size")


def _as_losses(cube: Cube, stages: tuple[str, ...] = ("read", "clean")) -> CorpusLosses:
    from io import BytesIO

    from c4pipe.facts.losses import _as_row

    files = files_of_cube(cube, stages)
    tables = (pq.read_table(BytesIO(files[name])).to_pylist() for name in (LOSSES, DOMAINS_LOST))
    return CorpusLosses(*(list(map(_as_row, rows)) for rows in tables))


PAGES = st.tuples(st.sampled_from("abcdef"), st.integers(0, 20), st.sampled_from(["", "en", "de"]), st.booleans())


@given(st.lists(PAGES), st.integers(0, 6))
def test_parts_add_up_in_any_order_and_domains_that_are_too_many_stay_in_the_sum(
    pages: list[tuple[str, int, str, bool]], domains: int
) -> None:
    parts = [Cube(), Cube()]
    for number, (domain, length, language, lost) in enumerate(pages):
        row = [(FELL if lost else KEPT_CELL, 1, 2**length)]
        parts[number % 2].add_page(Origin(domain, length), language, row)
    one, other = Cube(), Cube()
    for part, back in zip(parts, reversed(parts), strict=True):
        one.add(Cube.from_json(part.to_json()))
        other.add(back)
    assert files_of_cube(one, ["clean"]) == files_of_cube(other, ["clean"])
    assert one.shorten(domains) == (len({page[0] for page in pages}) > domains)
    losses = _as_losses(one)
    assert losses.bounded == (len({page[0] for page in pages}) > domains)
    for by in ("language", "domain", "length"):
        assert sum(row.came.characters for row in losses.by_group(by)) == sum(2 ** page[1] for page in pages)
        assert sum(row.lost.pages for row in losses.by_group(by)) == sum(page[3] for page in pages)


def test_many_languages_and_domains_take_no_time() -> None:
    """The largest cube that `multilingual` could write: 107 languages, 18 lengths, 1,000 domains, 12 rules."""
    cells = [LossCell("clean", f"rule_{n}", "page") for n in range(12)]
    cube = Cube()
    for number, (cell, language, length) in enumerate(product(cells, range(107), range(18))):
        cube.add_language(cell, f"l{language}", length, [number, 9 * number, 4000 * number])
    for number, (cell, domain) in enumerate(product(cells, range(1000))):
        cube.add_domain(cell, f"d{domain}.example", [number, 9 * number, 4000 * number])
    assert sum(map(len, files_of_cube(cube, ["clean"]).values())) < 1_000_000
    before = time.process_time()
    losses = _as_losses(cube)
    for by in ("language", "domain", "length"):
        assert losses.by_group(by, "clean/rule_0")
    assert losses.most()
    assert time.process_time() - before < 2


def test_corpora_without_a_count_say_why(whole: Corpus, tmp_path: Path) -> None:
    older = whole._replace(manifest={**whole.manifest, "about": []})
    assert read_losses(older) is None
    assert "did not count" in str(no_losses(older))
    assert "mixture" in str(no_losses(whole._replace(manifest={"mixture": {}})))
    assert "removed from it" in str(no_losses(whole._replace(manifest={"removed": [{}]})))
    folder = shutil.copytree(whole.folder, tmp_path / "other")
    damaged = (folder / LOSSES).read_bytes()[:-9] + b"x" * 9
    (folder / LOSSES).write_bytes(damaged)
    with pytest.raises(BuildError, match="losses"):
        read_losses(open_corpus(folder))
