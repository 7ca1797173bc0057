"""Any number of dedups of text in a preset: each sees what the one before kept, on any engine."""

from dataclasses import dataclass
from typing import ClassVar

import pytest

from beam_jobs import build_c4
from c4pipe.dedup import LineLevel, SpanLevel, TextLevel
from c4pipe.flow import settings
from c4pipe.page import Kept, Reason, Rejected, Unit
from c4pipe.passes.restaging import Restager
from c4pipe.presets import EN, Preset
from c4pipe.rules import MinSentences
from c4pipe.stages import Dedup, Filter, Read
from c4pipe.text import hash64
from tests.flow.test_own_preset import NotTooShort
from tests.wetfiles import REPEATED, WebPage, corpus, digests, manifest_of, rejected, rows, sentence, story, wet


@dataclass(frozen=True)
class Near(TextLevel):
    """MinHash in a few lines: of pages whose runs of twenty words are nearly the same, one stays."""

    bands: int = 12
    enough: int = 1
    reasons: ClassVar = (Reason("near", Unit.PAGE, "shares {enough} of {bands} bands with a page", source="a test"),)

    def atoms(self, text):
        words = text.lower().split()
        runs = {" ".join(words[i : i + 20]) for i in range(max(1, len(words) - 19))}
        return [min(hash64(f"{band} {run}") for run in runs) for band in range(self.bands)]

    def apply(self, page, lost, dropped=None, owners=(), starts=()):
        return Rejected(page, self.reasons[0], f"{sum(lost)} bands") if sum(lost) >= self.enough else Kept(page)


THREE = (MinSentences(3),)
LINES = Dedup("lines", LineLevel(), then=THREE)
SPANS = Dedup("spans", SpanLevel(), then=THREE)
NEAR = Dedup("near", Near())
SHORT = Filter("short", (NotTooShort(200),))
CLEAN = Preset("clean", "no dedup of text", EN.stages[:4])
ONE = CLEAN.named("one", "lines").after("clean", LINES)
TWO = ONE.named("two", "lines, a rule, spans").after("lines", SHORT).after("short", SPANS)
ALL = TWO.named("all", "lines, a rule, spans, near").after("spans", NEAR)
# The same steps one at a time, over the corpus of the step before.
THEN_RULE = Preset("then-rule", "", (Read(), EN.stages[2], SHORT))
THEN_SPANS = Preset("then-spans", "", (Read(), EN.stages[2], SPANS))
THEN_NEAR = Preset("then-near", "", (Read(), EN.stages[2], NEAR))


@pytest.fixture(scope="module")
def crawl(tmp_path_factory):
    """Pages of which each level takes some, and some pages lose to two or three levels."""
    folder = corpus(tmp_path_factory.mktemp("legs") / "wet", plain=6)
    line, shared = sentence(80_000), [sentence(81_000 + i) for i in range(8)]
    run = " ".join(REPEATED.split("\n"))
    near = [
        " ".join(
            f"{one} {other} It is {n}{i}." for n, (one, other) in enumerate(zip(shared[::2], shared[1::2], strict=True))
        )
        for i in range(4)
    ]
    pages = [
        # Lines that are others hold the same run of sentences; the first page loses a line as well.
        WebPage("http://legs.example/runs/1", f"{line}\n{run} {sentence(82_000)}\n{story(83_000)}"),
        WebPage("http://legs.example/runs/2", f"{line}\n{sentence(84_000)} {run}\n{story(84_100)}"),
        WebPage("http://legs.example/runs/3", f"{line}\n{sentence(84_200)} {run} {sentence(84_300)}\n{story(84_400)}"),
        # Pages of one line that share their sentences and no three in a row.
        *(WebPage(f"http://legs.example/near/{i}", text) for i, text in enumerate(near)),
        WebPage(
            "http://legs.example/short", f"{line}\nIt is so, and so it was. It will be so again. Nobody knows why."
        ),
    ]
    (folder / "legs.warc.wet.gz").write_bytes(wet(pages))
    return folder


@pytest.fixture
def build(tmp_path):
    """`build(input, "ONE,TWO", ...)`: the folder of corpora of these presets of this module, new for each call."""

    def call(source, presets, *options):
        folder = tmp_path / f"c4-{len([*tmp_path.iterdir()])}"
        named = ",".join(f"{__name__}:{preset}" for preset in presets.split(","))
        arguments = ["--input", str(source), "--output", str(folder), "--preset", named]
        workers = () if "--workers" in options else ("--workers", "1")
        assert build_c4.main([*arguments, *workers, *options]) == 0
        return folder

    return call


@pytest.fixture(scope="module")
def alone(crawl, tmp_path_factory):
    """`alone("ALL")`: the folder of one corpus, built once."""
    made = {}

    def call(preset):
        if preset not in made:
            made[preset] = tmp_path_factory.mktemp("alone") / "c4"
            arguments = ["--input", str(crawl), "--output", str(made[preset]), "--preset", f"{__name__}:{preset}"]
            assert build_c4.main([*arguments, "--workers", "1"]) == 0
        return made[preset]

    return call


def texts(folder):
    return {row["url"]: row["text"] for row in rows(folder)}


def test_several_levels_are_the_levels_one_after_the_other(alone, build):
    lines = alone("ONE")
    ruled = build(lines / "one", "THEN_RULE", "--input-format", "parquet")
    spans = build(ruled / "then-rule", "THEN_SPANS", "--input-format", "parquet")
    near = build(spans / "then-spans", "THEN_NEAR", "--input-format", "parquet")
    assert texts(alone("TWO")) == texts(spans)
    assert texts(alone("ALL")) == texts(near)
    counts = [len(texts(folder)) for folder in (lines, ruled, spans, near)]
    assert counts == sorted(counts, reverse=True)
    assert len({*counts}) >= 3  # each of them has something to do
    assert len(texts(spans)) > len(texts(near))


def test_the_ledger_tells_of_each_level_and_balances(alone):
    stages = {row["stage"]: row for row in manifest_of(alone("ALL"))["ledger"]["stages"]}
    assert list(stages) == ["read", "length", "url", "clean", "lines", "short", "spans", "near"]
    assert stages["lines"]["lines_dropped"]["repeated_line"] > 0
    assert stages["spans"]["sentences_dropped"]["repeated_span"] > 0
    assert stages["near"]["rejected"]["near"] >= 2
    for before, after in zip(stages.values(), list(stages.values())[1:], strict=False):
        assert after["in"] == before["kept"]


def test_the_rejected_table_shows_pages_as_read_with_what_every_level_cut(alone):
    table = {row["url"]: row for row in rejected(alone("ALL"))}
    near = [row for row in table.values() if row["reason"] == "near"]
    assert {row["stage"] for row in near} == {"near"}
    assert all(row["text"].startswith(sentence(81_000)) and "bands" in row["detail"] for row in near)
    both = [
        row for row in table.values() if {d["reason"] for d in row["dropped"]} >= {"repeated_line", "repeated_span"}
    ]
    assert both  # two of three pages lose the line, two of three the run
    for row in table.values():
        for drop in row["dropped"]:
            assert drop["line"] in row["text"]


def test_a_table_of_all_pages_holds_each_page_once(build, crawl):
    folder = build(crawl, "ALL", "--rejected", "all")
    sources = [row["source"] for row in rejected(folder)]
    assert len(sources) == len({*sources})
    ledger = manifest_of(folder)["ledger"]
    assert len(sources) == ledger["records"]
    cut = {row["url"]: [d["reason"] for d in row["dropped"]] for row in rejected(folder)}
    assert sum(codes.count("repeated_line") for codes in cut.values()) == sum(
        stage["lines_dropped"].get("repeated_line", 0) for stage in ledger["stages"]
    )


@pytest.mark.parametrize("options", [("--spill-rows", "1"), ("--workers", "2")], ids=["spilled", "two workers"])
def test_the_same_bytes_whoever_builds_them(alone, build, crawl, options):
    assert digests(build(crawl, "ALL", *options)) == digests(alone("ALL"))


def test_the_same_bytes_from_other_partitions_and_groups(alone, build, crawl, monkeypatch):
    expected = digests(alone("ALL"))
    monkeypatch.setattr(settings, "PARTITION_INPUT", 1 << 10)
    monkeypatch.setattr(settings, "MAX_GROUPS", 2)
    assert digests(build(crawl, "ALL")) == expected


def test_presets_over_one_reading_share_the_levels_that_they_agree_in(alone, build, crawl):
    folder = build(crawl, "ONE,ALL,CLEAN,TWO", "--keep-staging")
    for preset in ("ALL", "ONE", "TWO", "CLEAN"):
        assert digests(folder / preset.lower()) == digests(alone(preset))
    # clean; lines of one, two and all; spans of two and all; near of all
    assert len(list(folder.glob(".staging-*/prefix-*"))) == 4


def test_a_build_that_dies_between_two_levels_goes_on(alone, crawl, monkeypatch, tmp_path):
    real, calls = Restager.conclude, []

    def dies(self, summary):
        calls.append(1)
        if len(calls) == 6:
            raise OSError("no space left on device")
        return real(self, summary)

    monkeypatch.setattr(Restager, "conclude", dies)
    arguments = ["--input", str(crawl), "--output", str(tmp_path / "all"), "--preset", f"{__name__}:ALL"]
    arguments += ["--workers", "1"]
    assert build_c4.main(arguments) == 1
    monkeypatch.setattr(Restager, "conclude", real)
    written = {path: path.stat().st_mtime_ns for path in tmp_path.glob("all/.staging-*/prefix-*/staged/*.summary.json")}
    assert build_c4.main([*arguments, "--keep-staging"]) == 0
    assert {path: path.stat().st_mtime_ns for path in written} == written  # none of them was done again
    made = {name: total for name, total in digests(tmp_path / "all").items() if not name.startswith(".")}
    assert made == digests(alone("ALL"))
