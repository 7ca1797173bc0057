"""model.tracing and model.exposure: what a step has read, against the tokens of its batches and against real runs."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import islice
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import torch

from c4pipe.errors import BuildError
from c4pipe.shards import EXPOSURE, Exposure, to_json
from c4pipe.shards.exposure import newest_step
from c4pipe.verify.run import check_run
from model.corpus import Shard, read_entry
from model.data import Batches
from model.exposure import main
from model.held_out import first_tokens, split_off
from model.journal import put_trace_aside
from model.lane import Tokens
from model.objectives import LM, PrefixLM, SpanCorruption, Vocabulary
from model.prepared import PAIR_COLUMNS
from model.settings import TrainSettings, complete
from model.source import Denoising, Source, TextToText
from model.stream import Recipe
from model.sums import RunSums
from model.tracing import RunTrace, open_trace, pages_of_step
from tests.conftest import Once
from tests.corpora import entries, sources_of, write_corpus
from tests.model.training import sums, train, write_stories
from tests.model.tuning import make_home

BATCH = 12
WORDS = 1 << 14


@pytest.fixture(autouse=True)
def _one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


class Words:
    """Each word is a number, and its own token: a page that repeats its number is told by any of its tokens."""

    vocabulary = Vocabulary(3 + WORDS + 40, sentinels=40)
    fingerprint = "words"

    def encode(self, texts: Sequence[str]) -> list[Tokens]:
        return [np.array(text.split(), np.int32) + 3 for text in texts]


def page(number: int) -> str:
    return " ".join([str(number)] * (1 + number * 37 % 90))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """500 English pages in two shards of row groups of 50 and 70, 120 German ones; shortest pages have one token."""

    def groups(first: int, *sizes: int) -> list[list[str]]:
        ends = np.cumsum(sizes) + first
        return [[page(n) for n in range(end - size, end)] for end, size in zip(ends, sizes, strict=True)]

    parts = {
        ("en", "train"): [groups(0, 50, 50, 50, 50, 50, 50), groups(300, 70, 70, 60)],
        ("de", "train"): [groups(1000, 120)],
    }
    return write_corpus(tmp_path_factory.mktemp("words"), parts)


def settings_of(folder: Path) -> TrainSettings:
    given = {"run": folder / "no run", "data": (folder,), "batch": BATCH, "device": "cpu"}
    return complete(given, cuda=False, cores=2)


def read_by(recipe: Recipe, steps: int, ranks: int = 1, state: object = None) -> list[set[int]]:
    """Of each row of some steps the words that its inputs and targets hold."""
    shares = []
    for rank in range(ranks):
        with Batches(recipe, BATCH, rank, ranks) as batches:
            if state:
                batches.restore(state)  # type: ignore[arg-type]
            shares.append([*islice(batches, steps)])
    found = []
    for parts in zip(*shares, strict=True):
        for number in range(BATCH):
            part = parts[number % ranks]
            ids = torch.cat([part.inputs[number // ranks], part.targets[number // ranks]]).tolist()
            found.append({one - 3 for one in ids if 3 <= one < 3 + WORDS})
    return found


def traced(recipe: Recipe, folder: Path, first: int, last: int) -> list[set[int]]:
    """The same by the trace: the words of the pages, as they lie in the shards."""
    trace = RunTrace(folder / "no run", recipe, settings_of(folder))
    words = {}
    for number, file in enumerate(trace.pages.files):
        for row, text in enumerate(pq.read_table(folder / file.shard)["text"].to_pylist()):
            words[trace.pages.firsts[number] + row] = int(text.split()[0])
    found: dict[int, set[int]] = defaultdict(set)
    for _, read in trace.steps(first, last):
        for one in read:
            found[one.number].add(words[one.page])
    return [found[number] for number in range((first - 1) * BATCH, last * BATCH)]


RECIPES = {
    "span": lambda source: source,
    "lm": lambda source: replace(source, rule=Denoising(LM(), 32)),
    "prefix": lambda source: replace(source, rule=Denoising(PrefixLM(), 64)),
    "packed": lambda source: replace(source, rule=Denoising(SpanCorruption(), 64, pack=True)),
    "held out": lambda source: replace(source, entry=split_off(source.entry, 0.2)[0]),
    "first tokens": lambda source: replace(source, entry=first_tokens(source.entry, Words(), 3000)),
}


@pytest.mark.parametrize("kind", RECIPES)
def test_a_row_has_read_the_pages_whose_words_it_holds(folder: Path, kind: str) -> None:
    """Of two sources at rates of 1 to 2, over more than an epoch of the smaller: 720 pairs of step and row each."""
    recipe = Recipe(sources_of(entries(folder), SpanCorruption(), 64, (1.0, 2.0)), Words(), seed=5)
    lanes = 1 if kind == "first tokens" else recipe.lanes
    recipe = replace(recipe, sources=tuple(map(RECIPES[kind], recipe.sources)), lanes=lanes)
    assert traced(recipe, folder, 1, 60) == read_by(recipe, 60)


@pytest.mark.parametrize("ranks", [2, 3])
def test_it_does_not_matter_who_makes_the_rows(folder: Path, ranks: int) -> None:
    recipe = Recipe(sources_of(entries(folder), SpanCorruption(), 64), Words(), seed=5)
    assert traced(recipe, folder, 1, 10) == read_by(recipe, 10, ranks)


def test_a_stream_that_was_resumed_is_traced_on(folder: Path) -> None:
    recipe = Recipe(sources_of(entries(folder), SpanCorruption(), 64), Words(), seed=5)
    with Batches(recipe, BATCH) as batches:
        _ = [*islice(batches, 11)]
        state = batches.state()
    assert traced(recipe, folder, 12, 20) == read_by(recipe, 9, state=state)


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_stories(tmp_path_factory.mktemp("data") / "c4")


@pytest.fixture(scope="module")
def run(data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Six steps, of which the last two came after a resume."""
    folder = tmp_path_factory.mktemp("run") / "run"
    torch.set_num_threads(1)
    more = ("--save-every", "2", "--eval-every", "9", "--eval-documents", "1")
    assert train(data, folder, *more, steps=4) == 0
    assert train(data, folder, *more, steps=6) == 0
    return folder


def test_a_run_says_what_each_step_has_read(run: Path, data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = sums(run, 6)
    assert main(["--run", str(run)]) == 0
    assert capsys.readouterr().out.startswith(f"{run / EXPOSURE}: ")
    table = pq.read_table(run / EXPOSURE).to_pylist()
    by_step: dict[int, set[tuple[str, int]]] = defaultdict(set)
    for row in table:
        assert row["corpus"] == str(data)
        assert row["url"] == f"http://{row['config']}.example/"
        assert row["times"] >= 1
        assert row["steps"] == sorted({*row["steps"]})
        for step in row["steps"]:
            by_step[step].add((row["shard"], row["row"]))
    assert sorted(by_step) == [1, 2, 3, 4, 5, 6]
    for step in by_step:  # from the beginning in one, from the checkpoint before it in the other
        assert {(one.shard, one.row) for one in pages_of_step(run, step)} == by_step[step]
    assert [(row["shard"], row["row"]) for row in table] == sorted((row["shard"], row["row"]) for row in table)
    assert sums(run, 6) == before
    assert check_run(run, lambda _: None).findings == []


def test_the_file_is_looked_into_by_shard_and_row(run: Path) -> None:
    assert main(["--run", str(run)]) == 0
    seen, table = Exposure(run), pq.read_table(run / EXPOSURE).to_pylist()
    assert (seen.step, seen.note, newest_step(run)) == (6, "", 6)
    assert seen.shards >= {row["sha256"] for row in table}
    for row in table:
        assert seen.of(row["sha256"], [row["row"]]) == {row["row"]: (row["times"], row["steps"])}
    assert seen.of(table[0]["sha256"], [10**6]) == seen.of("0" * 64, [0]) == {}


def test_steps_are_printed(run: Path, data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--run", str(run), "--step", "5", "--to", "6"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert {line.partition(":")[0] for line in lines} == {"step 5", "step 6"}
    assert all(f": {data}/" in line and " row " in line for line in lines)
    assert main(["--run", str(run), "--step", "5", "--json"]) == 0
    [found] = map(json.loads, capsys.readouterr().out.splitlines())
    assert found["step"] == 5
    assert len(found["pages"]) == sum(line.startswith("step 5:") for line in lines)


@pytest.mark.parametrize("pack", [False, True])
def test_examples_of_tasks_are_pages_of_the_run(folder: Path, tmp_path: Path, pack: bool) -> None:
    """Beside a corpus; an example is a pair of columns in a file of the run."""
    run, path = tmp_path / "run", tmp_path / "run/tasks/rte/train.parquet"
    path.parent.mkdir(parents=True)
    texts = [f"{n} {n}" for n in range(2000, 2050)]
    pq.write_table(pa.table([texts, texts], names=[*PAIR_COLUMNS]), path, row_group_size=20)
    shard = Shard(path, 50, path.stat().st_size, hashlib.sha256(path.read_bytes()).hexdigest())
    task = Source(read_entry("rte", [shard], PAIR_COLUMNS), TextToText(32, 32, pack), 1.0)
    recipe = Recipe((*sources_of(entries(folder), LM(), 32), task), Words())
    trace = RunTrace(run, recipe, replace(settings_of(folder), run=run))
    held = read_by(recipe, 20)
    found: dict[int, set[int]] = defaultdict(set)
    for _, read in trace.steps(1, 20):
        for one in read:
            where = trace.pages.page(one.page)
            if where.config == "rte":
                assert where[:3] == (str(run), "rte", "tasks/rte/train.parquet")
                found[one.number].add(2000 + where.row)
    assert found == {number: words for number, words in enumerate(held) if min(words) >= 2000}
    assert len(found) == pytest.approx(80, abs=3)


def test_a_fine_tuning_over_tasks_and_text(once: Once) -> None:
    """Its examples lie in the run, its corpus where it was."""
    home = once("tuning", make_home)
    trace = open_trace(home / "straight")
    found = [read for _, read in trace.steps(1, trace.done)]
    assert len(found) == 6
    where = {trace.pages.page(one.page)[:3] for read in found for one in read}
    assert where == {
        (str(home / "straight"), "sst2", "tasks/sst2/train.parquet"),
        (str(home / "straight"), "squad", "tasks/squad/train.parquet"),
        (str(home / "c4"), "en", "en/train-00000-of-00001.parquet"),
    }
    assert {one.number for read in found for one in read} == {*range(6 * 8)}


def changed(run: Path, folder: Path, **settings: object) -> Path:
    """A copy of a run that was last started with other settings."""
    copy = Path(shutil.copytree(run, folder / "run"))
    config = json.loads((copy / "config.json").read_bytes())
    config["settings"] |= settings
    RunSums(copy).put("config.json", to_json(config))
    return copy


def test_steps_of_other_settings_are_refused(run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """As after a resume with --force."""
    forced = changed(run, tmp_path, inputs=24)
    assert main(["--run", str(forced)]) == 1
    [line] = capsys.readouterr().err.splitlines()
    assert line.startswith("exposure: the steps up to 4 were trained with other settings (inputs was 32 and is now 24)")
    assert [step for step, _ in open_trace(forced).steps(7, 7)] == [7]  # what it would read next


def test_a_rate_that_was_forced_changes_nothing(run: Path, tmp_path: Path) -> None:
    assert main(["--run", str(changed(run, tmp_path, lr=0.5))]) == 0


def test_a_trace_that_does_not_arrive_where_the_run_stood_is_refused(
    run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    copy = Path(shutil.copytree(run, tmp_path / "run"))
    (copy / EXPOSURE).unlink(missing_ok=True)
    step = copy / "checkpoints/step-00000004"
    state = json.loads((step / "state.json").read_bytes())
    state["position"]["lanes"]["en"][0][2] += 1
    (step / "state.json").write_bytes(to_json(state))
    known = json.loads((step / "sha256.json").read_bytes())
    known["state.json"] = hashlib.sha256((step / "state.json").read_bytes()).hexdigest()
    (step / "sha256.json").write_bytes(to_json(known))
    assert main(["--run", str(copy)]) == 1
    [line] = capsys.readouterr().err.splitlines()
    assert "is at a different place in the data than the run's settings give" in line
    assert not (copy / EXPOSURE).exists()


def test_another_corpus_is_refused_and_one_that_has_moved_is_found(
    run: Path, data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    moved = Path(shutil.copytree(data, tmp_path / "moved"))
    assert main(["--run", str(run), "--data", str(moved), "--step", "1"]) == 0
    assert str(moved) in capsys.readouterr().out
    other = write_corpus(tmp_path / "other", {("en", "train"): [[["a b c d"] * 40]]})
    assert main(["--run", str(run), "--data", str(other), "--step", "1"]) == 2
    assert "de, en: not what" in capsys.readouterr().err


def test_verify_and_readers_say_when_the_run_has_gone_on(run: Path, tmp_path: Path) -> None:
    copy = Path(shutil.copytree(run, tmp_path / "run"))
    assert main(["--run", str(copy)]) == 0
    (copy / "checkpoints/step-00000004").rename(copy / "checkpoints/step-00000008")
    assert "covers 6 steps, but the run has 8" in Exposure(copy).note
    [line] = [finding.line() for finding in check_run(copy, lambda _: None).findings if EXPOSURE in finding.path]
    again = f"Make it again: python -m model.exposure --run {copy}."
    assert line == f"note: {copy / EXPOSURE}: it covers 6 steps, but the run has 8. {again}"


def test_steps_that_were_trained_anew_are_not_told_of(
    run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Of step 6, by the state of its checkpoint."""
    copy = Path(shutil.copytree(run, tmp_path / "run"))
    assert main(["--run", str(copy)]) == 0
    state = copy / "checkpoints/step-00000006/state.json"
    state.write_bytes(state.read_bytes() + b" ")
    with pytest.raises(BuildError, match="covers other steps than the run has now: step 6 was trained again"):
        Exposure(copy)
    assert any(finding.path == str(copy / EXPOSURE) for finding in check_run(copy, lambda _: None).findings)


def test_a_training_that_goes_on_from_before_puts_its_exposure_aside(
    run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    copy = Path(shutil.copytree(run, tmp_path / "run"))
    assert main(["--run", str(copy)]) == 0
    whole = (copy / EXPOSURE).read_bytes()
    put_trace_aside(copy, RunSums(copy), 6)
    assert (copy / EXPOSURE).read_bytes() == whole
    put_trace_aside(copy, RunSums(copy), 4)
    assert (copy / f"{EXPOSURE}.old").read_bytes() == whole
    assert not (copy / EXPOSURE).exists()
    assert RunSums(copy).is_whole(EXPOSURE) is None
    put_trace_aside(copy, RunSums(copy), 0)
    assert "kept as exposure.parquet.old" in capsys.readouterr().err


def test_a_damaged_file_is_named(run: Path, tmp_path: Path) -> None:
    copy = Path(shutil.copytree(run, tmp_path / "run"))
    assert main(["--run", str(copy)]) == 0
    whole = (copy / EXPOSURE).read_bytes()
    (copy / EXPOSURE).write_bytes(whole[:-9])
    with pytest.raises(BuildError, match="is damaged"):
        Exposure(copy)
    assert [finding.kind for finding in check_run(copy, lambda _: None).findings] == ["sha256"]
    assert main(["--run", str(copy)]) == 0  # what lay there is kept
    assert (copy / f"{EXPOSURE}.old").read_bytes() == whole[:-9]
    assert (copy / EXPOSURE).read_bytes() == whole


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["--to", "3"], 2, "--to needs --step"),
        (["--json"], 2, "--json needs --step"),
        (["--step", "4", "--to", "3"], 2, "--to 3 is before --step 4"),
        (["--step", "0"], 2, "not a whole number from 1"),
        (["--step", "7"], 2, "--step 7: the newest checkpoint of"),
        (["--step", "5", "--to", "2147483647"], 2, "--to 2147483647: the newest checkpoint of"),
        (["--data", "a", "b"], 2, "expected 1 folder"),
        (["--data", "nowhere"], 2, "nowhere does not exist. Give the current folders of the corpora of"),
    ],
)
def test_wrong_use_is_a_line(
    run: Path, words: list[str], code: int, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["--run", str(run), *words]) == code
    [line] = capsys.readouterr().err.splitlines()
    assert said in line


def test_what_is_no_run_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--run", str(tmp_path)]) == 2
    assert "is not a run" in capsys.readouterr().err
