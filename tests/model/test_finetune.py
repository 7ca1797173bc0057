"""The fine-tuning command: what it trains and keeps, exact resuming, and what it refuses."""

from __future__ import annotations

import json
import re
import shutil
import sys
import time
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch

import model.train
from model.checkpoint import load_checkpoint
from model.config import ModelConfig
from model.data import open_entries
from model.distributed import ProcessGroup
from model.examples import RunTask
from model.methods import Method
from model.prepared import prepared_entry
from model.pretrained import init_from
from model.run import open_checkpoint, read_settings
from model.scoring import write_answers
from model.source import TextToText
from model.start import make_sources, open_model
from model.tasks.naming import parse_tasks
from model.tokens import Tokenizer
from tests.conftest import Once
from tests.model.training import rows, started, sums, untimed
from tests.model.tuning import OFTEN, both, make_home, tasks_of, tune, words_of_tuning

CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def home(once: Once) -> Path:
    """See `make_home`. Look at it, and leave it as it is."""
    return once("tuning", make_home)


def same(one: Path, other: Path, step: int) -> None:
    """Two runs have written the same, but for times."""
    assert untimed(one) == untimed(other)
    assert sums(one, step) == sums(other, step)
    for name in ("eval.csv", "validation.csv", "best.json", "samples.txt"):
        assert (one / name).read_bytes() == (other / name).read_bytes(), name


def test_a_run_leaves_these_files(home: Path) -> None:
    run = home / "straight"
    assert {"best.json", "checkpoints", "config.json", "tasks", "validation.csv"} <= {p.name for p in run.iterdir()}
    assert sorted(str(path.relative_to(run / "tasks")) for path in run.glob("tasks/*/*")) == [
        "squad/train.parquet",
        "squad/validation.parquet",
        "sst2/train.parquet",
        "sst2/validation.parquet",
    ]
    scored = [(row["step"], row["task"], row["metric"], row["examples"]) for row in rows(run / "validation.csv")]
    each = [("sst2", "accuracy", "8"), ("squad", "em", "6"), ("squad", "f1", "6")]
    assert scored == [(step, *one) for step in "036" for one in each]
    assert {row["lr"] for row in untimed(run)} == {"0.005"}
    entries = [row["entry"] for row in rows(run / "eval.csv") if row["step"] == "6"]
    assert entries == ["en", "sst2", "squad", "all"]


def test_the_best_checkpoint_of_each_task_is_kept_and_named(home: Path, tmp_path: Path) -> None:
    run = home / "straight"
    best = json.loads((run / "best.json").read_bytes())
    assert [*best] == ["sst2", "squad", "mean"]
    table = {
        (int(row["step"]), row["task"], row["metric"]): float(row["value"]) for row in rows(run / "validation.csv")
    }
    for task, metric in (("sst2", "accuracy"), ("squad", "em")):
        values = {step: table[step, task, metric] for step in (3, 6)}
        assert (best[task]["metric"], best[task]["value"]) == (metric, max(values.values()))
        assert best[task]["step"] == min(step for step, value in values.items() if value == max(values.values()))
        assert best[task]["checkpoint"] == f"checkpoints/step-{best[task]['step']:08d}"
        assert (run / best[task]["checkpoint"] / "model.safetensors").is_file()
    kept = {int(path.name[5:]) for path in (run / "checkpoints").iterdir()}
    assert kept == {6} | {one["step"] for one in best.values()}


class Death(BaseException):
    """Nobody expects it."""


def test_a_death_and_other_processes_change_nothing(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two tasks and a text: it ends in the fifth step, with a checkpoint of the third, and goes on with two readers."""
    run, backward, calls = tmp_path / "straight", model.train.backward, []

    def deadly(*arguments: Any) -> Any:
        calls.append(1)
        if len(calls) == 5:
            raise Death
        return backward(*arguments)

    with monkeypatch.context() as patch:
        patch.setattr(model.train, "backward", deadly)
        with pytest.raises(Death):
            tune(run, home / "base", tasks_of(home), *both(home), *OFTEN, steps=6)
    assert [row["step"] for row in untimed(run)] == ["1", "2", "3", "4"]
    assert tune(run, home / "base", tasks_of(home), *both(home), *OFTEN, "--workers", "2", steps=6) == 0
    same(run, home / "straight", 6)
    assert read(run / "config.json")["settings"]["workers"] == 2


@pytest.mark.soak
def test_a_kill_changes_nothing(home: Path, tmp_path: Path) -> None:
    """The same by SIGKILL, at some moment after its fourth step."""
    run = tmp_path / "straight"
    line = words_of_tuning(run, home / "base", tasks_of(home), *both(home), *OFTEN, steps=6)
    process = started([sys.executable, "-m", "model.finetune", *line])
    while process.poll() is None and not ((run / "metrics.csv").exists() and len(untimed(run)) >= 4):
        time.sleep(0.01)
    process.kill()
    process.communicate()
    assert tune(run, home / "base", tasks_of(home), *both(home), *OFTEN, steps=6) == 0
    same(run, home / "straight", 6)


@pytest.mark.soak
def test_two_processes_train_and_answer_together(home: Path, tmp_path: Path) -> None:
    run = tmp_path / "two"
    line = words_of_tuning(run, home / "base", tasks_of(home), *both(home), *OFTEN, steps=3)
    launcher = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc_per_node", "2"]
    process = started([*launcher, "-m", "model.finetune", *("--run-dir" if word == "--run" else word for word in line)])
    _, errors = process.communicate(timeout=400)
    assert process.returncode == 0, errors
    for one, two in zip(untimed(home / "straight")[:3], untimed(run), strict=True):
        assert (one["step"], one["targets"], one["tokens"]) == (two["step"], two["targets"], two["tokens"])
    scored = [(row["step"], row["task"], row["metric"], row["examples"]) for row in rows(run / "validation.csv")]
    straight = rows(home / "straight/validation.csv")
    assert scored == [(row["step"], row["task"], row["metric"], row["examples"]) for row in straight][: len(scored)]
    # One process goes on where two have stopped.
    assert tune(run, home / "base", tasks_of(home), *both(home), *OFTEN, steps=6) == 0


def read(path: Path) -> dict:
    return json.loads(path.read_bytes())


def copied(run: Path, folder: Path) -> Path:
    return Path(shutil.copytree(run, folder / run.name))


@pytest.mark.parametrize("split", ["train", "dev"])
def test_data_that_have_changed_are_refused(
    home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], split: str
) -> None:
    run, tasks = copied(home / "straight", tmp_path), tmp_path / "tasks"
    shutil.copytree(home / "tasks", tasks)
    with (tasks / f"sst2/{split}.tsv").open("a") as file:
        file.write("the sea was new\t0\n")
    assert tune(run, home / "base", tasks_of(tmp_path), *both(home), *OFTEN, steps=8) == 2
    said = capsys.readouterr().err
    assert (
        "task 'sst2' has changed since this run began" if split == "train" else "finetune: dev.tsv of sst2 are not what"
    ) in said
    same(run, home / "straight", 6)
    # Where they lie, and under which name, is of no account.
    shutil.copyfile(home / f"tasks/sst2/{split}.tsv", tasks / f"sst2/{split}.tsv")
    assert tune(run, home / "base", tasks_of(tmp_path), *both(home), *OFTEN, steps=6) == 0
    same(run, home / "straight", 6)


def test_adapters_change_themselves_and_norms_alone(
    home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = tmp_path / "run"
    few = ("--method", "adapters", "--adapter-width", "3")
    assert tune(run, home / "base", tasks_of(home)[:1], *few, steps=2) == 0
    before = init_from(home / "base/checkpoints/step-00000001")[1]
    after = load_checkpoint(run / "checkpoints/step-00000002").weights
    added = {name for name in after if name not in before}
    assert added
    assert all(re.search(r"Adapter\.w[io]\.|layer_norm", name) for name in added)
    changed = {name for name in before if not torch.equal(before[name], after[name])}
    assert changed == {name for name in before if name.endswith("layer_norm.weight")}
    told = capsys.readouterr()
    assert "transformers' T5ForConditionalGeneration silently drops them" in told.out
    assert told.out.endswith(f"\npython -m model.score --run {run}\n")
    assert f"taking the tokenizer of {home / 'base'}/checkpoints" in told.err
    # It is a source for others.
    assert tune(tmp_path / "next", run, tasks_of(home)[:1], *few, "--eval-examples", "1", steps=1) == 0
    # With all of its weights, or with adapters of this width.
    data: Any = SimpleNamespace(recipe=SimpleNamespace(tokenizer=Tokenizer.load(run / "tokenizer")))
    settings = replace(read_settings(tmp_path / "next"), method="all", adapter_width=0)
    assert open_model(settings, data, None, ProcessGroup(CPU)).config.adapter == 3
    assert "has adapters of width 3: they stay, and are trained like all other weights" in capsys.readouterr().err
    other = ("--method", "adapters", "--adapter-width", "4")
    assert tune(tmp_path / "other", run, tasks_of(home)[:1], *other) == 2
    assert "has adapters of width 3, which cannot change: use --adapter-width 3" in capsys.readouterr().err
    assert not (tmp_path / "other").exists()


def test_adapters_begin_as_the_model_without(home: Path) -> None:
    settings = read_settings(home / "straight")
    data: Any = SimpleNamespace(recipe=SimpleNamespace(tokenizer=Tokenizer.load(home / "straight/tokenizer")))
    inputs, targets = torch.randint(3, 80, (2, 4, 9), generator=torch.Generator().manual_seed(0))
    logits = []
    for changes in ({}, {"method": "adapters", "adapter_width": 2}, {"method": "adapters", "adapter_width": 256}):
        made = open_model(replace(settings, **changes), data, None, ProcessGroup(CPU)).eval()
        logits.append(made(inputs, targets, with_logits=True).logits)
    for other in logits[1:]:
        assert 0 < float((logits[0] - other).std() / logits[0].std()) < 1e-2


def test_layers_are_unfrozen_from_the_top(home: Path, tmp_path: Path) -> None:
    """Three layers, three steps: one more at each; what is in no layer is trained from the first."""
    run = tmp_path / "run"
    often = ("--method", "gradual", "--eval-examples", "1", "--save-every", "1", "--keep", "9", "--dropout", "0")
    assert tune(run, home / "base", tasks_of(home)[:1], *often, steps=3) == 0
    states = [init_from(home / "base/checkpoints/step-00000001")[1]]
    states += [load_checkpoint(run / f"checkpoints/step-0000000{step}").weights for step in (1, 2, 3)]
    for episode, (before, after) in enumerate(pairwise(states), 1):
        changed = {name for name in before if not torch.equal(before[name], after[name])}
        layers = {int(match[1]) for name in changed if (match := re.search(r"block\.(\d)\.", name))}
        assert layers == {*range(3 - episode, 3)}
        assert {"shared.weight", "lm_head.weight", "encoder.final_layer_norm.weight"} <= changed
    # A stop in the middle changes nothing, nor may another number of steps change what was trained when.
    whole = sums(run, 3)
    for step in (2, 3):
        shutil.rmtree(run / f"checkpoints/step-0000000{step}")
    assert tune(run, home / "base", tasks_of(home)[:1], *often, steps=6) == 2
    assert tune(run, home / "base", tasks_of(home)[:1], *often, steps=3) == 0
    assert sums(run, 3) == whole


def test_which_layers_are_trained_by_steps() -> None:
    """Two stacks of unequal depth: the shorter one keeps pace. 4 layers, 8 steps: an episode is two steps."""
    config = ModelConfig("x", 4, 4, 1, 4, 4, 2, 8, "relu", tied=True, dropout=0.0)
    found = {}
    for step in (1, 2, 3, 5, 7, 8):
        trains = Method("gradual").trains(config, step, 8)
        found[step] = [
            "".join(str(n) for n in range(layers) if trains(f"{stack}.block.{n}.layer.0.SelfAttention.q.weight"))
            for stack, layers in (("encoder", 4), ("decoder", 2))
        ]
    assert found == {
        1: ["3", "1"],
        2: ["3", "1"],
        3: ["23", "1"],
        5: ["123", "01"],
        7: ["0123", "01"],
        8: ["0123", "01"],
    }


def test_several_examples_share_a_row(home: Path, tmp_path: Path) -> None:
    for name, how in (("single", ()), ("packed", ("--pack",))):
        lengths = ("--inputs", "96", "--targets", "32", "--batch", "4", "--eval-examples", "1")
        assert tune(tmp_path / name, home / "base", tasks_of(home)[:1], *lengths, *how, steps=1) == 0
    single, packed = (rows(tmp_path / name / "metrics.csv") for name in ("single", "packed"))
    assert int(packed[-1]["targets"]) > 2 * int(single[-1]["targets"])
    evals = [rows(tmp_path / name / "eval.csv")[:1] for name in ("single", "packed")]
    for one, other in zip(*evals, strict=True):  # of the same weights, on the same examples
        assert (one["entry"], one["tokens"]) == (other["entry"], other["tokens"])
        assert float(one["loss"]) == pytest.approx(float(other["loss"]), rel=1e-4)


def test_transformers_gives_the_same_answers(home: Path) -> None:
    import transformers

    folder = home / "straight/checkpoints/step-00000006"
    judge = transformers.T5ForConditionalGeneration.from_pretrained(folder)
    theirs = transformers.AutoTokenizer.from_pretrained(folder)
    _, mine, tokenizer = open_checkpoint(home / "straight", folder, CPU)
    texts = ["sst2 sentence: the sea was grey and", "question: what was it context: it was a boat and the pier"]
    ours = write_answers(mine, tokenizer, texts, TextToText(64, 8))
    ids = theirs(texts, padding=True, return_tensors="pt")
    size = tokenizer.vocabulary.size
    banned = [[number] for number in range(size, mine.config.vocab)]
    told = judge.generate(**ids, max_new_tokens=8, do_sample=False, num_beams=1, bad_words_ids=banned)
    assert [tokenizer.decode(row) for row in told.tolist()] == ours


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--tasks", "sst2=nowhere"), "nowhere does not exist: expected a file, or a folder with"),
        (("--tasks", "sst2"), "--tasks sst2: expected NAME=PATH"),
        (("--tasks", "sst3=TASKS/sst2"), "unknown task 'sst3'. Did you mean 'sst2'?"),
        (("--tasks", "sst2=TASKS/sst2/dev.tsv"), "no task of --tasks has a train split"),
        (("--tasks", "sst2=TASKS/sst2", "sst2=TASKS/sst2"), "--tasks has sst2 twice"),
        (("--mixture", "equal", "--limit", "5"), "--limit 5 does not apply to --mixture equal"),
        (("--unsupervised", "x"), "--unsupervised x: expected DIR=RATE"),
        (("--unsupervised", "x=-1"), "--unsupervised x=-1: expected DIR=RATE, a rate above 0"),
        (("--unsupervised", "nowhere=1"), "nowhere holds no finished corpus"),
        (("--objective", "span"), "--objective has no effect: it applies to --unsupervised"),
        (("--unsupervised", "x=1", "--languages", ","), "expected names with commas between them"),
        (("--method", "adapters"), "--method adapters needs --adapter-width D"),
        (("--method", "adapters", "--adapter-width", "100000000"), "--adapter-width 100000000: expected 0 to 65,536"),
        (("--adapter-width", "4"), "--adapter-width 4 applies to --method adapters"),
        (("--method", "adaptors"), "unknown method 'adaptors'. Did you mean 'adapters'"),
        (("--parallel", "fsdp"), "--parallel fsdp spreads the weights"),
        (("--targets", "1"), "--targets 1: expected 2 to"),
        (("--eval-examples", "0"), "--eval-examples 0: expected 1 or more"),
        (("--model", "tiny"), "--model names a size and --init-from implies one"),
        (("--vocab-size", "50"), "--vocab-size has no effect: the tokenizer exists"),
        (("--init-from", "nowhere"), "nowhere does not exist: name a run"),
        (("--init-from", "TASKS"), "expected the folder of a run, of a checkpoint, or of a T5"),
    ],
)
def test_wrong_use_is_said_before_any_work(
    home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], message: str
) -> None:
    words = [word.replace("TASKS", str(home / "tasks")) for word in arguments]
    assert tune(tmp_path / "run", home / "base", tasks_of(home), *words) == 2
    assert message in capsys.readouterr().err
    assert not (tmp_path / "run").exists()


def test_a_run_without_a_good_checkpoint_is_no_source(
    home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copytree(home / "base", tmp_path / "base")
    shutil.rmtree(tmp_path / "base/checkpoints")
    assert tune(tmp_path / "run", tmp_path / "base", tasks_of(home)) == 2
    assert "base has no good checkpoint. Resume its training" in capsys.readouterr().err


def test_the_rates_are_those_of_seqio(home: Path) -> None:
    """rate_num_examples with a maximum of 20: 24 examples count 20, 16 count 16; beside them text at a rate of 16."""
    settings = replace(read_settings(home / "straight"), task_mixture="examples", task_limit=20)
    corpora = open_entries(settings.data, "train", ("en",))
    tasks = [
        RunTask(data.task, prepared_entry(data, "train", settings.run), None, {})
        for data in parse_tasks(settings.tasks)
    ]
    found = {source.entry.name: source.rate for source in make_sources(settings, corpora, tasks)}
    assert found == pytest.approx({"en": 16 / 52, "sst2": 20 / 52, "squad": 16 / 52})
    warm = replace(settings, task_mixture="temperature", task_temperature=2.0)
    found = {source.entry.name: source.rate for source in make_sources(warm, corpora, tasks)}
    total = 20**0.5 + 4 + 16
    assert found == pytest.approx({"en": 16 / total, "sst2": 20**0.5 / total, "squad": 4 / total})
