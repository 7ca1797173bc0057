"""The same bytes, however they are built: workers, order, spilling, partitions, environment, retried bundles."""

import os
import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path

import apache_beam as beam
import pytest

from beam_jobs import build_c4
from beam_jobs.arguments import parse
from beam_jobs.corpora import make_corpora
from c4pipe.files.assets import find_assets
from c4pipe.flow import build, inputs, settings
from c4pipe.flow.apply import ApplyGroup
from c4pipe.flow.build import BuildCorpora
from c4pipe.flow.dedup import ClaimText, ClaimUrls, Resolve
from c4pipe.flow.files import BeamStore
from c4pipe.flow.inputs import units_of, write_input_list, write_units
from c4pipe.flow.read import StageUnit
from c4pipe.flow.searching import find_inputs
from c4pipe.flow.write import WriteAllRejected, WriteSample, WriteShard
from c4pipe.passes.ordering import ShardRows
from c4pipe.presets import find_preset
from c4pipe.text import sentence_splitter
from tests.conftest import TOGETHER
from tests.wetfiles import REPEATED, ROOT, WebPage, corpus, digests, manifest_of, rows, sentence, story, wet


@pytest.fixture
def again(badwords, tmp_path):
    """`again(input, ...)`: builds into a new folder and returns the digests of all its files."""

    def call(*options, name="c4", code=0):
        arguments = ["--output", str(tmp_path / name), "--badwords-dir", str(badwords), *map(str, options)]
        assert build_c4.main(arguments if "--workers" in options else [*arguments, "--workers", "1"]) == code
        return digests(tmp_path / name)

    return call


@pytest.fixture(scope="session")
def crawl(once):
    """Five files in which spans repeat within pages, between them and between files."""
    return once("crawl of spans", write_crawl)


def write_crawl(folder):
    corpus(folder, plain=10)
    for number in range(2):
        pages = [
            WebPage(
                f"http://mixed{number}.example/{i}",
                "\n".join(
                    [
                        story(50_000 + 1000 * number + 10 * i, 3),
                        *(sentence(60_000 + j) for j in range(i % 7, i % 7 + 4)),  # overlapping runs
                        sentence(70_000 + 1000 * number + i),
                        *([REPEATED] if i % 3 == 0 else []),
                    ]
                ),
            )
            for i in range(25)
        ]
        (folder / f"mixed-{number}.warc.wet.gz").write_bytes(wet(pages))


@pytest.fixture(scope="module")
def expected(built, crawl):
    """The digests that every build of `crawl` must have."""
    return digests(built(crawl))


# --- the corpus -------------------------------------------------------------------------------------------------


def spans(rows_of_pages):
    """How often each run of three sentences occurs."""
    found = Counter()
    for row in rows_of_pages:
        sentences = [
            s.strip().lower() for line in row["text"].split("\n") for s in sentence_splitter("sentencex:en")(line)
        ]
        found.update(zip(sentences, sentences[1:], sentences[2:], strict=False))
    return found


def test_of_every_repeated_span_at_most_one_survives(built, crawl):
    before = spans(rows(built(crawl, "--preset", "en.noclean")))
    after = spans(rows(built(crawl)))
    repeated = {span for span, n in before.items() if n > 1}
    assert len(repeated) == 9  # 8 runs of the overlapping sentences, and REPEATED
    assert {span: after[span] for span in repeated if after[span] > 1} == {}
    assert after[tuple(line.lower() for line in REPEATED.split("\n"))] == 1


def test_what_is_not_repeated_is_not_touched(built, crawl):
    before = {row["url"]: row["text"] for row in rows(built(crawl, "--preset", "en.noclean"))}
    for row in rows(built(crawl)):
        if "site" in row["url"]:
            assert row["text"] == before[row["url"]]


# --- the same bytes ---------------------------------------------------------------------------------------------


def test_again(again, crawl, expected):
    assert again("--input", crawl) == expected


@pytest.mark.slow
def test_two_workers(again, crawl, expected):
    assert again("--input", crawl, "--workers", "2") == expected


def test_inputs_in_another_order(again, crawl, expected):
    assert again("--input", *sorted(crawl.iterdir(), reverse=True)) == expected


def test_every_shuffle_through_files(again, crawl, expected):
    assert again("--input", crawl, "--spill-rows", "1") == expected


@pytest.mark.parametrize(("options", "held"), [([], "SHARD_HELD"), (["--low-memory"], "LITTLE_HELD")])
def test_shards_in_parts(again, crawl, expected, monkeypatch, options, held):
    monkeypatch.setattr("beam_jobs.low_memory.LOW_SPILL_ROWS", 1)
    monkeypatch.setattr(f"beam_jobs.corpora.{held}", 20_000)  # a third of what the train shard has
    given, init = [], ShardRows.__init__
    monkeypatch.setattr(ShardRows, "__init__", lambda *args: given.append(args[-1]) or init(*args))
    assert again("--input", crawl, *options) == expected
    assert {*given} == {20_000}


@pytest.mark.parametrize(("input_bytes", "groups"), [(1 << 10, 1), (1 << 12, 2), (256 << 20, 3)])
def test_other_partitions_and_groups(again, crawl, expected, monkeypatch, input_bytes, groups):
    monkeypatch.setattr(settings, "PARTITION_INPUT", input_bytes)
    monkeypatch.setattr(settings, "MAX_GROUPS", groups)
    assert again("--input", crawl) == expected


def test_the_folder_under_another_name(again, crawl, expected, tmp_path, monkeypatch):
    shutil.copytree(crawl, tmp_path / "moved" / "elsewhere")
    monkeypatch.chdir(tmp_path / "moved")
    assert again("--input", "elsewhere") == expected


@pytest.mark.parametrize(
    "environment",
    [
        pytest.param({"PYTHONHASHSEED": "0", "TZ": "Pacific/Kiritimati", "LC_ALL": "C"}, marks=pytest.mark.soak),
        {"PYTHONHASHSEED": "4711", "TZ": "America/St_Johns", "LC_ALL": "tr_TR.UTF-8", "LANG": "tr_TR.UTF-8"},
    ],
    ids=["C", "tr_TR"],
)
def test_another_environment(badwords, crawl, again, tmp_path, environment, monkeypatch):
    monkeypatch.setattr(inputs, "TOGETHER", TOGETHER)  # as in the process that knows nothing of tests
    expected = again("--input", crawl, name="here")
    command = [sys.executable, "-m", "beam_jobs.build_c4", "--input", crawl, "--output", tmp_path / "c4"]
    lists = ["--badwords-dir", badwords, "--workers", "1"]
    kept = {name: value for name, value in os.environ.items() if name not in ("HOME", "PYTHONUTF8")}
    subprocess.run([*command, *lists], cwd=ROOT, env=kept | environment, check=True, stdout=subprocess.DEVNULL)
    assert digests(tmp_path / "c4") == expected


@pytest.mark.usefixtures("punkt")
def test_the_line_level_too(again, crawl):
    first = again("--input", crawl, "--preset", "en.tfds")
    options = ("--input", *sorted(crawl.iterdir(), reverse=True), "--preset", "en.tfds", "--spill-rows", "1")
    assert again(*options, name="other") == first


# --- a bundle that runs again -----------------------------------------------------------------------------------

STEPS = (StageUnit, ClaimUrls, ClaimText, Resolve, ApplyGroup, WriteShard, WriteSample, WriteAllRejected)


def run_twice(step, monkeypatch):
    """Each element twice; what the first run gave is thrown away, as a runner does with a bundle that failed."""
    process = step.process

    def twice(self, element, *args, **kwargs):
        element = _reusable(element)
        list(process(self, element, *args, **kwargs))
        yield from process(self, element, *args, **kwargs)

    monkeypatch.setattr(step, "process", twice)


def _reusable(element):
    """A group's values can be read once only on some runners; a retried bundle gets them anew."""
    if isinstance(element, tuple) and len(element) == 2:
        key, values = element
        if isinstance(values, dict):
            return key, {name: list(part) for name, part in values.items()}
        if not isinstance(values, str | bytes | tuple):
            return key, list(values)
    return element


@pytest.mark.parametrize("rejected", ["sample", "all"])
def test_every_bundle_twice(again, built, crawl, monkeypatch, rejected):
    expected = digests(built(crawl, "--rejected", rejected))
    for step in STEPS:
        run_twice(step, monkeypatch)
    assert again("--input", crawl, "--spill-rows", "1", "--rejected", rejected) == expected


@pytest.mark.parametrize(
    "step",
    [step for step in STEPS if step is not WriteAllRejected],
    ids=lambda step: step.__name__,
)
def test_a_bundle_that_fails_after_its_side_effects(badwords, crawl, expected, monkeypatch, tmp_path, step):
    """The local runner does not retry: the whole pipeline runs again over what the failed one left behind."""
    arguments = ["--input", str(crawl), "--output", str(tmp_path / "c4"), "--badwords-dir", str(badwords)]
    args, _ = parse(arguments)
    inputs = find_inputs(args.input).inputs
    (made,) = make_corpora(args, [find_preset("en")], find_assets(badwords), inputs)
    write_input_list([], BeamStore(made.staging), made.left_out_list)
    write_units(units_of(inputs, made.cut, made.limit_pages), BeamStore(made.staging), made.units_list)
    write_input_list(inputs, BeamStore(made.staging), made.inputs_list)

    def run():
        with beam.Pipeline(runner="FnApiRunner") as pipeline:
            pipeline | BuildCorpora((made,))

    process = step.process

    def fails(self, element, *arguments, **named):
        list(process(self, element, *arguments, **named))
        raise RuntimeError("the machine is gone")

    monkeypatch.setattr(step, "process", fails)
    with pytest.raises(RuntimeError, match="the machine is gone"):
        run()
    assert not (tmp_path / "c4" / "manifest.json").exists()
    monkeypatch.setattr(step, "process", process)
    run()
    BeamStore().remove(made.staging)
    lists = {name for name in expected if name.startswith("lists/")}  # which the command puts there
    assert digests(Path(made.made)) == {name: digest for name, digest in expected.items() if name not in lists}


def test_shards_of_a_group_come_in_the_order_of_their_numbers():
    assert build.in_order((7, iter([(3, 10, 20), (1, 5, 6), (2, 0, 0)]))) == (7, [(1, 5, 6), (2, 0, 0), (3, 10, 20)])


def test_inputs_without_a_page_that_stays(again, tmp_path):
    """Empty staged files, empty claims, one shard without a row: a manifest all the same."""
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "0.warc.wet").write_bytes(wet([WebPage("http://a.example/", "Menu")], packed=False))
    (tmp_path / "in" / "1.warc.wet").write_bytes(wet([], packed=True))
    for name, options in {"all": ("--rejected", "all"), "none": ("--rejected", "none"), "some": ()}.items():
        found = again("--input", tmp_path / "in", *options, name=name, code=4)
        assert [file for file in found if file.startswith("en/")] == ["en/train-00000-of-00001.parquet"]
        assert [shard["rows"] for shard in manifest_of(tmp_path / name)["shards"]] == [0]
