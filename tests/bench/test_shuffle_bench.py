"""bench.shuffle and bench.scale: arithmetic with literals, and every part at a small size."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from bench import scale, shuffle
from bench.crawls import CRAWL_PAGES, Crawl, Shape, packet_bytes, partition_sizes, skew
from bench.runs import Run
from bench.scale import Bill, Cost, filled, markdown, tables
from bench.shuffle import PARTS, SIZES, simulate, text_of
from bench.shuffle_parts import Load, main

SHAPE = Shape(0.7, 16, 15, 3000, 1000, 20)
SMALL = Crawl(1, 40, 20, 16, 6000, 96_000, 90_000)


def test_a_crawl_has_the_groups_and_partitions_of_the_settings() -> None:
    crawl = Crawl.of(1, SHAPE)
    assert (crawl.inputs, crawl.groups, crawl.partitions) == (90_000, 2046, 4096)
    assert (crawl.atoms, crawl.claims) == (16 * CRAWL_PAGES, 15 * CRAWL_PAGES)
    other = Crawl.of(10, SHAPE, group_files=44, partition_claims=10_000_000)
    assert (other.inputs, other.groups, other.partitions) == (900_000, 20_455, 65_536)


def test_partitions_hold_every_claim_that_no_group_has_twice() -> None:
    rng = np.random.default_rng(1)
    assert partition_sizes(SMALL, 1.0, 0, rng).sum() == SMALL.claims
    assert partition_sizes(SMALL, 1.0, 3, rng).sum() == SMALL.claims + 3 * SMALL.groups
    web = partition_sizes(SMALL, 0.6, 0, rng).sum()
    assert 0.6 * SMALL.claims < web < SMALL.claims


def test_the_arithmetic_of_repeats_is_that_of_drawing_them() -> None:
    """Zipf's law over a tenth as many keys: draw them, a group after the other, and collapse."""
    rng, keys = np.random.default_rng(2), SMALL.claims // 10
    weights = 1 / np.arange(1, keys + 1)
    drawn = rng.choice(keys, (SMALL.groups, int(0.4 * SMALL.claims) // SMALL.groups), p=weights / weights.sum())
    rows = sum(len(np.unique(group)) for group in drawn) + round(0.6 * SMALL.claims)
    assert partition_sizes(SMALL, 0.6, 0, rng).sum() == pytest.approx(rows, rel=0.01)


def test_hot_keys_make_a_partition_a_little_larger() -> None:
    spreads = skew(Crawl.of(1, SHAPE))
    assert all(1 < spread["skew"] < 1.02 for spread in spreads.values())
    assert packet_bytes(SMALL)["text"] == pytest.approx(20 * skew(SMALL)["web"]["rows"])


@pytest.mark.parametrize("part", PARTS)
def test_every_part_runs(part: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([part, "2000", "4", "16"]) == 0
    if part == "Finalize":
        assert json.loads(capsys.readouterr().out)["manifest"] > 2000 * 100  # every input has its line


def test_a_load_is_cut_into_groups() -> None:
    assert list(Load(10, 4, 16).shares()) == [2, 3, 2, 3]


def simulated(monkeypatch: pytest.MonkeyPatch) -> dict[str, object]:
    """As if every process took a second and a mebibyte for each thousand, and 50 more."""

    def measure(command: list[str], log: Path, _: Path) -> Run:
        log.write_text('{"manifest": 5000}' if "Finalize" in command else "")
        size = int(command[4])
        return Run(1, 50 + size / 1000, 50 + size / 1000)

    monkeypatch.setattr(shuffle, "measure", measure)
    return simulate([Crawl.of(1, SHAPE), Crawl.of(10, SHAPE)], 1_000_000)


def test_parts_grow_with_the_build(monkeypatch: pytest.MonkeyPatch) -> None:
    found = simulated(monkeypatch)
    assert found["measured"]["ClaimText"]["measured_on"] == 1_000_000
    one, ten = found["builds"]
    assert SIZES.keys() == one["parts"].keys()
    claim = one["parts"]["ClaimText"]
    assert claim["size"] == round(16 * CRAWL_PAGES / 2046)
    assert claim["mib"] == pytest.approx(claim["size"] / 1000 * 0.999, rel=0.01)
    assert ten["parts"]["Finalize"]["file"] == pytest.approx(10 * one["parts"]["Finalize"]["file"])
    assert "2,046 groups x 4,096 partitions = 8,380,416 elements" in text_of(one)


def test_a_bill() -> None:
    cost = Cost(1.1576, 11.5776, {})  # the reference here as there: 335 days of 2.5 billion pages
    assert cost.factor == pytest.approx(1, abs=1e-4)
    ours = scale.bill(cost, SHAPE, {"bytes": {"text": 800e9, "losses": 200e9}})
    assert ours.vcpu_hours == pytest.approx(CRAWL_PAGES * 1.1576 / 3_600_000, rel=1e-3)
    assert ours[1:] == (2000, CRAWL_PAGES * 1020 / 1e9)
    assert Bill(1000, 100, 0).dollars() == pytest.approx(1000 * (0.056 + 4 * 0.003557) + 1.1)


def test_the_tables_of_the_docs_are_made_from_the_results(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    dedup = [{"rows": n, "way": "memory", "cpu": 1 + n, "rss": 200 + n} for n in (0, 1 << 20)]
    net = {"c4pipe en": {"net_ms_per_page": 1.0}, "reference": {"net_ms_per_page": 10.0}}
    bench = {"costs": net, "stages": {"c4pipe en": {"shares": {"read": 0.25, "clean": 0.75}}}}
    results = {"shape": SHAPE._asdict(), "shuffle": simulated(monkeypatch), "dedup": dedup, "bench": bench}
    for name, data in results.items():
        (tmp_path / f"{name}.json").write_text(json.dumps(data))
    blocks = tables(tmp_path)
    text = scale.DOCS.read_text(encoding="utf-8")
    written = filled(text, blocks)
    assert filled(written, blocks) == written
    assert set(blocks) == {name for name in blocks if f"<!-- generated: {name} -->\n\n|" in written}
    assert "| read | 25.0% | 0.250 |" in blocks["stages"]
    assert "| 1,048,576 | memory | 1048577.0 | 1,048,776 | 1000000.00 | 1048576.0 |" in blocks["dedup"]


def test_a_table_in_markdown() -> None:
    assert markdown([("a", "b"), ("1", "2")]) == "| a | b |\n| --- | ---: |\n| 1 | 2 |"
