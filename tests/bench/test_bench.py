"""The parts of `make bench`, with literal numbers; no durations are asserted."""

import json
import os
import sys
from pathlib import Path

import pytest

from bench import build
from bench.competitors import OURS, Competitor, builds, chosen, readers
from bench.growth import BAD, PAGE_LINES, SIZES, make_lines
from bench.inputs import FILE_PAGES, Inputs, first, linked, pages_of, prepare
from bench.parity import ROOT, Lists
from bench.report import speed_up
from bench.rivals.datatrove_chain import listing
from bench.runs import Cost, FailedError, Rounds, Run, Times, costs, measure, times
from bench.stages import ORDER, STAGES, shares, stage_of
from bench.tables import cost_table, growth_table, ratio_table, stage_table, workers_table

SAMPLE = ROOT / "data_samples" / "world.warc.wet.gz"
SHORT = [Run(3.0, 2.0, 90.0), Run(3.5, 2.5, 90.0), Run(4.0, 3.0, 90.0)]
LONG = [Run(13.0, 12.0, 300.0), Run(33.5, 32.5, 310.0), Run(16.0, 15.0, 305.0)]
LINES = Path("lines")


def inputs(pages: int) -> Inputs:
    return Inputs((), LINES, pages, 5_000 * pages, 2_000 * pages)


def test_costs_are_medians_and_net_of_the_start() -> None:
    assert costs(Rounds(SHORT, LONG)) == Cost(16.0, 15.0, 305.0, start=2.5, net_cpu=12.5, net_wall=12.5)


def test_what_drowns_in_the_start_up_is_not_told() -> None:
    """Start-ups differ by one second; what is no more than that beyond them is noise."""
    rounds = Rounds(SHORT, [Run(4.5, 3.5, 90.0)] * 3)
    assert costs(rounds)[-2:] == (None, None)
    assert times(Rounds(SHORT, LONG), rounds) == (15.0 / 3.5, None)


def test_a_ratio_is_of_the_same_round() -> None:
    """The second round was slow for both; medians of each alone would give 15 / 5."""
    ours = Rounds([Run(1, 1.0, 9)] * 3, [Run(1, 5.0, 9), Run(1, 16.0, 9), Run(1, 4.0, 9)])
    assert times(Rounds(SHORT, LONG), ours) == (2.4, 12.5 / 4.0)


def test_two_workers_are_held_against_one_by_the_clock() -> None:
    one, two = Rounds(SHORT, LONG), Rounds([Run(4.0, 4.0, 9)] * 3, [Run(9.0, 12.0, 9)] * 3)
    field = {competitor("c4pipe en", ""): one, competitor("c4pipe en, 2 workers", ""): two, competitor("x", ""): two}
    assert speed_up(field) == {"c4pipe en, 2 workers": (16.0 / 9.0, 12.5 / 5.0)}


def test_cost_table() -> None:
    found = {"c4pipe en": Cost(10.0, 9.5, 512.4, start=2.5, net_cpu=7.0, net_wall=7.5)}
    assert cost_table("whole build", found, inputs(1020), inputs(20)) == (
        "whole build  wall s  CPU s  pages/s  text MB/s  gz MB/s  ms/page  start s  net ms/page  MiB\n"
        "c4pipe en      10.0    9.5      102        0.5      0.2    9.314      2.5        7.000  512"
    )


def test_ratio_table() -> None:
    ratios = {"reference": {"c4pipe en": Times(3.0, 10.25)}, "dolma": {"c4pipe en": Times(0.5, None)}}
    assert ratio_table(ratios).splitlines() == [
        "times the CPU of  c4pipe en  c4pipe en, net",
        "reference              3.00           10.25",
        "dolma                  0.50               -",
    ]


def test_stage_table_names_what_any_build_has() -> None:
    en = {"ms_per_page": 2.0, "shares": {"read": 0.25, "Beam": 0.75}}
    tfds = {"ms_per_page": 4.0, "shares": {"read": 1.0}}
    assert stage_table({"en": en, "en.tfds": tfds}).splitlines() == [
        "stage     en  ms/page  en.tfds  ms/page",
        "read   25.0%    0.500   100.0%    4.000",
        "Beam   75.0%    1.500     0.0%    0.000",
    ]


def test_growth_table() -> None:
    grown = {3000: Run(10.0, 9.0, 400.0), 6000: Run(16.0, 15.0, 401.0)}
    assert growth_table(grown, {3000: 20_000, 6000: 62_943}, {3000: 0.0, 6000: 0.021}).splitlines() == [
        "c4pipe en, pages  wall s  CPU s  ms/page  kept lines  MiB  apart  bytes a line more",
        "3,000               10.0    9.0    3.000      20,000  400   0.0%",
        "6,000               16.0   15.0    2.500      62,943  401   2.1%                 24",
    ]


def test_workers_table() -> None:
    grown = {1: Run(10.0, 9.0, 400.0), 2: Run(6.0, 10.0, 560.0), 4: Run(5.0, 12.0, 800.0)}
    assert workers_table(grown, 24_000).splitlines() == [
        "workers, 24,000 pages  wall s  CPU s  MiB  MiB a worker more",
        "1                        10.0    9.0  400",
        "2                         6.0   10.0  560                160",
        "4                         5.0   12.0  800                120",
    ]


@pytest.mark.skipif(sys.platform != "linux", reason="/proc")
def test_memory_that_forks_share_counts_once(tmp_path: Path) -> None:
    forks = (
        "import os, time; x = bytearray(b'1') * (60 << 20)\n"
        "pids = [os.fork() for _ in range(1)]\n"
        "if not pids[0]: time.sleep(1.5); os._exit(0)\n"
        "os.waitpid(pids[0], 0)"
    )
    assert 60 < measure([sys.executable, "-c", forks], tmp_path / "log", ROOT).rss < 110


STAGING = "process (c4pipe/flow/read.py:9);take (c4pipe/passes/staging.py:7)"
BEAM = "main (beam_jobs/build_c4.py:40);run (apache_beam/pipeline.py:5)"
RAW = f"""\
<module> (beam_jobs/build_c4.py:9);_find_and_load (<frozen importlib._bootstrap>:1176) 30
{BEAM};process (c4pipe/flow/read.py:9);read_wet (c4pipe/wet/pages.py:3) 10
{STAGING};clean (c4pipe/clean/loop.py:3);sentences (c4pipe/text/__init__.py:8) 20
{STAGING};add (c4pipe/shards.py:3);write_table (pyarrow/parquet/core.py:8) 5
{STAGING};open (apache_beam/io/filesystems.py:3) 5
{BEAM};process_encoded (apache_beam/runners/worker/bundle_processor.py:2) 20
kernel (c4pipe/langid/langdetect.py:9);compile (numba/core/dispatcher.py:9) 10
{BEAM};Condition.wait (threading.py:331) 400
 7
"""


def test_stages_of_stacks(tmp_path: Path) -> None:
    """Helpers work for their caller; imports and compilers are start-up anywhere; who waits is left out."""
    raw = tmp_path / "stacks.raw"
    raw.write_text(RAW)
    assert shares(raw) == {"read": 0.1, "clean": 0.2, "write": 0.1, "Beam": 0.2, "start-up": 0.4}


def test_a_stack_of_nobody() -> None:
    assert stage_of("main (rich/console.py:3)") == "other"
    assert {stage for _, stage in STAGES} - {""} <= set(ORDER)


def test_stages_name_files_that_there_are() -> None:
    """A file that moves would take its time to another stage without a word."""
    ours = [beginning for beginning, _ in STAGES if beginning.startswith("c4pipe/")]
    assert ours
    assert [beginning for beginning in ours if not (ROOT / beginning).exists()] == []


def test_rivals_are_chosen_by_name() -> None:
    field = [*readers(), *builds(Lists.find(None), ("en",), (1, 2))]
    names = [competitor.name for competitor in field]
    mine = ["c4pipe reader", "c4pipe en", "c4pipe en, 2 workers"]
    rivals = ["gunzip", "isal", "warcio", "fastwarc", "fastwarc+lines", "reference", "datatrove", "dolma"]
    assert sorted(names) == sorted([*mine, *rivals])
    assert [competitor.name for competitor in chosen(field, ["none"])] == mine
    assert [competitor.name for competitor in chosen(field, ["dolma"])] == ["c4pipe reader", "dolma", *mine[1:]]
    with pytest.raises(SystemExit, match="no rival dolmas"):
        chosen(field, ["dolmas"])


def competitor(name: str, code: str, missing: str = "") -> Competitor:
    return Competitor(name, "build", lambda *_: [sys.executable, "-c", code], missing)


def test_who_is_missing_or_fails_is_skipped_by_name(tmp_path: Path) -> None:
    field = [
        competitor("absent", "", "not installed: make bench-rivals"),
        competitor("broken", "raise OSError('no network')"),
        competitor("fine", """print('noise'); print('{"kept": 3}')"""),
        competitor(f"{OURS} en", "print('done')"),
    ]
    rounds, skipped, said = build.interleaved(field, inputs(1), inputs(2), 2, tmp_path)
    assert {c.name: [len(runs) for runs in made] for c, made in rounds.items()} == {"fine": [2, 2], "c4pipe en": [2, 2]}
    assert skipped == {"absent": "not installed: make bench-rivals", "broken": "failed: OSError: no network"}
    assert said == {"fine": {"kept": 3}}


def test_our_own_failure_ends_the_bench(tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match="c4pipe en failed: ValueError: a bug"):
        build.interleaved([competitor("c4pipe en", "raise ValueError('a bug')")], inputs(1), inputs(2), 1, tmp_path)


def test_memory_is_the_commands_own_with_its_children(tmp_path: Path) -> None:
    """A fork begins with its parent's peak, and the kernel's own figure knows the largest process alone."""
    ballast = bytearray(os.urandom(1)) * (300 << 20)
    small = measure([sys.executable, "-c", "pass"], tmp_path / "log", ROOT)
    assert 1 < small.rss < 100
    child = "import time; x = bytearray(b'1') * (60 << 20); time.sleep(2.5)"
    parent = (
        f"import subprocess, sys; x = bytearray(b'1') * (60 << 20); subprocess.run([sys.executable, '-c', {child!r}])"
    )
    assert 120 < measure([sys.executable, "-c", parent], tmp_path / "log", ROOT).rss < 250
    assert len(ballast)


def test_a_failed_command_says_its_last_words(tmp_path: Path) -> None:
    with pytest.raises(FailedError, match=r"^ValueError: so it is$"):
        measure([sys.executable, "-c", "raise ValueError('so it is')"], tmp_path / "log", ROOT)


def test_everybody_reads_the_same_pages(tmp_path: Path) -> None:
    [link] = linked([SAMPLE], tmp_path / "wet")
    long, short = prepare([link], tmp_path / "long"), first([link], 5, tmp_path / "short")
    pages = list(pages_of([SAMPLE]))
    assert (long.pages, short.pages) == (len(pages), 5)
    assert long.text == sum(len(page.text.encode()) for page in pages)
    assert [(page.url, page.timestamp, page.text) for page in pages_of(short.files)] == [
        (page.url, page.timestamp, page.text) for page in pages[:5]
    ]
    with pytest.raises(SystemExit, match="does not exist"):
        linked([tmp_path / "absent"], tmp_path / "other")


def test_datatrove_finds_files_of_ones_own(tmp_path: Path) -> None:
    """They are links, of names of their own, to files that lie elsewhere."""
    links = linked([SAMPLE, SAMPLE.with_name("news.warc.wet.gz")], tmp_path / "wet")
    parent, names = listing(links, tmp_path)
    listed = names.read_text(encoding="utf-8").splitlines()
    assert listed == ["00000-world.warc.wet.gz", "00001-news.warc.wet.gz"]
    assert [(parent / name).read_bytes() for name in listed] == [link.read_bytes() for link in links]


def test_pages_made_for_their_lines_have_no_line_twice_and_mostly_a_bad_word(tmp_path: Path) -> None:
    [file] = make_lines(tmp_path / "lines", 60 * PAGE_LINES)
    texts = [page.text.split("\n") for page in pages_of([file])]
    assert [lines[0] == BAD for lines in texts] == [number % 50 > 0 for number in range(60)]
    made = [line for lines in texts for line in lines if line != BAD]
    assert len({*made}) == len(made) == 60 * PAGE_LINES


def test_growth_takes_whole_files() -> None:
    assert (SIZES[0], SIZES[-1]) == (3000, 96_000)
    assert [size % FILE_PAGES for size in SIZES] == [0] * len(SIZES)


@pytest.mark.soak
def test_quick(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """It runs, with a rival that needs no installation."""
    output = tmp_path / "bench.json"
    assert build.main(["--quick", "--rivals", "gunzip", "--input", str(SAMPLE), "--output", str(output)]) == 0
    results = json.loads(output.read_bytes())
    assert list(results["costs"]) == ["gunzip", "c4pipe reader", "c4pipe en"]
    assert list(results["ratios"]) == ["gunzip"]
    assert results["rivals"]["c4pipe reader"]["pages"] == results["inputs"]["pages"]
    assert "gunzip" in capsys.readouterr().out
