"""The training command: what it leaves, that it goes on as if never stopped, and what it refuses."""

from __future__ import annotations

import fcntl
import json
import os
import random
import shutil
import signal
import sys
import time
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest

import model.train
from model.arguments import train_parser
from model.checkpoint import load_checkpoint
from model.evaluate import main as evaluate_main
from model.finetune_arguments import finetune_parser
from model.run import read_settings
from model.settings import TrainSettings
from tests.corpora import documents, write_corpus
from tests.model.training import command, rows, started, story, sums, train, untimed, write_stories


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_stories(tmp_path_factory.mktemp("data") / "c4")


@pytest.fixture(scope="module")
def straight(data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of eight steps that nothing has disturbed. Look at it, and leave it as it is."""
    run = tmp_path_factory.mktemp("straight") / "run"
    assert train(data, run, "--save-every", "2", "--eval-every", "4", steps=8) == 0
    return run


def copied(run: Path, folder: Path) -> Path:
    return Path(shutil.copytree(run, folder / "run"))


def same(one: Path, other: Path, step: int) -> None:
    """Two runs have written the same, but for times."""
    assert untimed(one) == untimed(other)
    assert sums(one, step) == sums(other, step)
    for name in ("eval.csv", "samples.txt", "loss.svg"):
        assert (one / name).read_bytes() == (other / name).read_bytes(), name


def test_a_run_leaves_these_files(straight: Path) -> None:
    assert sorted(path.name for path in straight.iterdir()) == [
        *(".lock", "checkpoints", "config.json", "eval.csv", "loss.svg", "metrics.csv", "samples.txt", "sha256.json"),
        *("sums.json", "tokenizer"),
    ]
    assert sorted(path.name for path in (straight / "checkpoints").iterdir()) == ["step-00000006", "step-00000008"]
    metrics = rows(straight / "metrics.csv")
    assert [int(row["step"]) for row in metrics] == [1, 2, 3, 4, 5, 6, 7, 8]
    assert [int(row["tokens"]) for row in metrics] == [8 * 32 * step for step in range(1, 9)]
    assert {row["lr"] for row in metrics} == {"0.01"}
    evals = rows(straight / "eval.csv")
    assert [(row["step"], row["entry"]) for row in evals] == [(n, name) for n in "048" for name in ("en", "all")]
    assert float(evals[0]["bits_per_byte"]) > float(evals[-1]["bits_per_byte"])
    samples = (straight / "samples.txt").read_text()
    assert [line.split()[0] for line in samples.splitlines()] == ["==", "inputs", "targets", "written"] * 2
    settings = json.loads((straight / "config.json").read_text())["settings"]
    assert (settings["model"], settings["batch"], settings["objective"]) == ("tiny", 8, "span")


def test_what_is_scored_does_not_depend_on_the_batch(data: Path, straight: Path, tmp_path: Path) -> None:
    """Its weights, another batch, in parts: the same text, and the same score but for the order of sums."""
    source = ("--init-from", str(straight / "checkpoints/step-00000008"), "--samples", "0")
    assert train(data, tmp_path / "run", *source, "--batch", "12", "--accumulate", "4", steps=1) == 0
    (found, *_), (*_, before, _) = rows(tmp_path / "run/eval.csv"), rows(straight / "eval.csv")
    for column in ("tokens", "unigram", "accuracy"):
        assert found[column] == before[column]
    for column in ("loss", "bits_per_byte"):
        assert float(found[column]) == pytest.approx(float(before[column]), rel=1e-5)


def test_the_loss_falls(straight: Path) -> None:
    losses = [float(row["loss"]) for row in rows(straight / "metrics.csv")]
    assert losses[-1] < losses[0] - 1


def test_more_steps_go_on_as_if_there_had_been_no_end(data: Path, straight: Path, tmp_path: Path) -> None:
    run, often = tmp_path / "run", ("--save-every", "2", "--eval-every", "4")
    assert train(data, run, *often, steps=4) == 0
    assert train(data, run, *often, steps=8) == 0
    same(run, straight, 8)


def test_what_follows_the_checkpoint_is_written_anew(
    data: Path, straight: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Steps 5 to 8 were logged and evaluated, and no checkpoint of them is there."""
    run = copied(straight, tmp_path)
    for name in ("step-00000006", "step-00000008"):
        shutil.rmtree(run / "checkpoints" / name)
    fourth = tmp_path / "fourth"
    assert train(data, fourth, "--save-every", "2", "--eval-every", "4", steps=4) == 0
    shutil.copytree(fourth / "checkpoints/step-00000004", run / "checkpoints/step-00000004")
    with (run / "metrics.csv").open("a") as file:
        file.write("9,1.0,0.0")  # cut off by a kill
    assert train(data, run, "--save-every", "2", "--eval-every", "4", steps=8) == 0
    same(run, straight, 8)


def test_dropout_goes_on_as_well(data: Path, tmp_path: Path) -> None:
    for run, stops in (("one", (4,)), ("two", (2, 4))):
        for steps in stops:
            assert train(data, tmp_path / run, "--dropout", "0.1", "--save-every", "2", steps=steps) == 0
    assert untimed(tmp_path / "one") == untimed(tmp_path / "two")
    assert sums(tmp_path / "one", 4) == sums(tmp_path / "two", 4)


@pytest.mark.parametrize("optimizer", ["adamw-scale", "adamw"])
def test_other_optimizers_go_on_as_well(data: Path, tmp_path: Path, optimizer: str) -> None:
    for run, stops in (("one", (4,)), ("two", (2, 4))):
        for steps in stops:
            arguments = ("--optimizer", optimizer, "--clip", "1", "--z-loss", "1e-4", "--save-every", "2")
            assert train(data, tmp_path / run, *arguments, steps=steps) == 0
    assert untimed(tmp_path / "one") == untimed(tmp_path / "two")


@pytest.mark.soak
def test_kills_at_any_moment_change_nothing(data: Path, tmp_path: Path) -> None:
    """SIGKILL again and again: the losses, the weights and the tables are those of an unbroken run to the last bit."""
    arguments = ("--save-every", "2", "--eval-every", "3", "--workers", "1")
    one, run, moments = tmp_path / "one/run", tmp_path / "two/run", random.Random(5)
    assert started(command(data, one, *arguments, steps=12)).wait(300) == 0
    line = command(data, run, *arguments, steps=12)
    for kill in range(3):
        process = started(line)
        wanted = 3 * kill + moments.randrange(3)
        while process.poll() is None and (not (run / "metrics.csv").exists() or len(untimed(run)) < wanted):
            time.sleep(0.01)
        time.sleep(moments.random() / 2)
        process.kill()
        process.communicate()
    assert started(line).wait(300) == 0
    same(one, run, 12)


def test_a_batch_in_parts_is_the_same_batch(data: Path, tmp_path: Path) -> None:
    """Targets of unequal length: a mean of the parts' means would be another number."""
    for name, parts in (("whole", "1"), ("parts", "4")):
        assert train(data, tmp_path / name, "--objective", "iid", "--accumulate", parts) == 0
    whole, parts = untimed(tmp_path / "whole"), untimed(tmp_path / "parts")
    assert len({row["targets"] for row in whole}) > 1
    for one, other in zip(whole, parts, strict=True):
        assert (one["targets"], one["tokens"]) == (other["targets"], other["tokens"])
        assert float(one["loss"]) == pytest.approx(float(other["loss"]), rel=1e-4)
        assert float(one["norm"]) == pytest.approx(float(other["norm"]), rel=1e-3)


def torchrun(data: Path, run: Path, *arguments: str) -> None:
    line = command(data, run, *arguments)
    launcher = [sys.executable, "-m", "torch.distributed.run", "--nproc_per_node", "2", "--master_port", _port()]
    process = started([*launcher, *("--run-dir" if word == "--run" else word for word in line[1:])])
    _, errors = process.communicate(timeout=400)
    assert process.returncode == 0, errors


def _port() -> str:
    import socket

    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return str(listener.getsockname()[1])


@pytest.mark.soak
@pytest.mark.parametrize(
    "arguments",
    [
        pytest.param(("--accumulate", "2"), id="ddp"),
        pytest.param((), id="without accumulation", marks=pytest.mark.soak),
        pytest.param(("--parallel", "fsdp", "--clip", "1"), id="fsdp", marks=pytest.mark.soak),
    ],
)
def test_two_processes_train_the_same_model(data: Path, tmp_path: Path, arguments: tuple[str, ...]) -> None:
    torchrun(data, tmp_path / "two", *arguments)
    assert train(data, tmp_path / "one", *arguments[2:]) == 0
    for one, two in zip(untimed(tmp_path / "one"), untimed(tmp_path / "two"), strict=True):
        assert (one["step"], one["targets"], one["tokens"]) == (two["step"], two["targets"], two["tokens"])
        assert float(one["loss"]) == pytest.approx(float(two["loss"]), rel=1e-4)
        assert float(one["norm"]) == pytest.approx(float(two["norm"]), rel=1e-3)
    for one, two in zip(rows(tmp_path / "one/eval.csv"), rows(tmp_path / "two/eval.csv"), strict=True):
        assert float(one["loss"]) == pytest.approx(float(two["loss"]), rel=1e-3)
        assert (one["entry"], one["tokens"], one["unigram"]) == (two["entry"], two["tokens"], two["unigram"])
    # One process goes on where two have stopped.
    assert train(data, tmp_path / "two", *arguments[2:], steps=5) == 0
    assert [row["step"] for row in untimed(tmp_path / "two")] == ["1", "2", "3", "4", "5"]


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
def test_a_signal_saves_and_ends(
    data: Path,
    straight: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    number: signal.Signals,
    code: int,
) -> None:
    run, backward, calls = tmp_path / "run", model.train.backward, []

    def signalled(*arguments: Any) -> Any:
        calls.append(1)
        if len(calls) == 3:
            os.kill(os.getpid(), number)
        return backward(*arguments)

    with monkeypatch.context() as patch:
        patch.setattr(model.train, "backward", signalled)
        assert train(data, run, "--eval-every", "4", steps=8) == code
    assert "stopped after step 3, which is saved. Run the same command again to resume." in capsys.readouterr().err
    assert (run / "checkpoints/step-00000003").is_dir()
    assert train(data, run, "--eval-every", "4", steps=8) == 0
    same(run, straight, 8)


def test_what_is_not_finite_stops_the_run(
    data: Path, straight: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = copied(straight, tmp_path)
    assert train(data, run, "--lr", "1e30", "--force", steps=12) == 1
    said = capsys.readouterr().err
    assert "train: the loss is nan" in said
    assert f"The last good checkpoint is {run}/checkpoints/step-00000008: resume from it with --force" in said
    assert all(
        weight.isfinite().all() for weight in load_checkpoint(run / "checkpoints/step-00000008").weights.values()
    )
    assert not (run / "checkpoints/step-00000012").exists()


def test_weights_that_are_not_finite_are_not_saved(
    data: Path, straight: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The last loss was good, and the last step was not."""
    run = copied(straight, tmp_path)
    assert train(data, run, "--lr", "1e39", "--force", "--save-every", "9", steps=9) == 1
    assert "is not finite after step 9. The last good checkpoint is" in capsys.readouterr().err
    assert not (run / "checkpoints/step-00000009").exists()


def test_a_damaged_checkpoint_is_passed_over(
    data: Path, straight: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = copied(straight, tmp_path)
    weights = run / "checkpoints/step-00000008/model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-1])
    assert train(data, run, "--save-every", "2", "--eval-every", "4", steps=8) == 0
    said = capsys.readouterr().err
    assert "step-00000008 is damaged and skipped: model.safetensors does not match sha256.json" in said
    assert f"resuming from {run}/checkpoints/step-00000006" in said
    same(run, straight, 8)
    weights.write_bytes(b"")
    shutil.rmtree(run / "checkpoints/step-00000006")
    assert train(data, run, steps=8) == 1
    assert "has no good checkpoint" in capsys.readouterr().err


def test_a_finished_run_has_nothing_left_to_do(
    data: Path, straight: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = copied(straight, tmp_path)
    assert train(data, run, steps=8) == 0
    assert "all were already done: --steps N trains further" in capsys.readouterr().out
    same(run, straight, 8)
    assert train(data, run, steps=7) == 2
    assert "has 8 steps done, but --steps is 7" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--held-out", "0.1"), "held_out was 0.0 and is now 0.1"),
        (("--lr", "0.02"), "lr was 0.01 and is now 0.02"),
        (("--batch", "16"), "batch was 8 and is now 16"),
        (("--objective", "iid"), 'objective was "span" and is now "iid"'),
        (("--languages", "en"), 'languages was [] and is now ["en"]'),
        (("--seed", "1"), "seed was 0 and is now 1"),
        (("--schedule", "cosine"), 'schedule was "inverse-sqrt" and is now "cosine"; steps was null and is now 8'),
        (("--vocab-size", "99"), "was made with --vocab-size 80: use that, or another --run"),
        (("--model", "efficient-tiny", "--force"), "the checkpoint holds a different model: d_ff 1024, not 512; "),
        (("--architecture", "shared", "--force"), "architecture shared, not encoder-decoder. Its weights do not fit."),
        (("--optimizer", "adamw", "--force"), "holds the state of adafactor, which --optimizer adamw cannot use"),
        (("--resume", "none"), "holds a run: resume it with --resume auto, or name another folder"),
        (("--resume", "nowhere"), "there is no checkpoint nowhere"),
    ],
)
def test_a_run_goes_on_with_its_own_settings_only(
    data: Path,
    straight: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    arguments: tuple[str, ...],
    message: str,
) -> None:
    run = copied(straight, tmp_path)
    assert train(data, run, *arguments, steps=8) == 2
    assert message in capsys.readouterr().err
    same(run, straight, 8)


def test_a_run_goes_on_with_its_own_data_only(
    data: Path, straight: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = copied(straight, tmp_path)
    other = write_corpus(tmp_path / "c4", {("en", "train"): [[[story(n) for n in range(9)]]]})
    assert train(other, run, steps=8) == 2
    said = capsys.readouterr().err
    assert "this run was trained on corpus 'de', which the command does not name; corpus 'en' has changed" in said
    moved = Path(shutil.copytree(data, tmp_path / "moved"))
    assert train(moved, run, steps=8) == 0


def test_a_named_checkpoint_of_another_run_begins_a_branch(
    data: Path, straight: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    sixth = straight / "checkpoints/step-00000006"
    assert train(data, tmp_path / "run", "--resume", str(sixth), "--eval-every", "4", steps=8) == 0
    assert untimed(tmp_path / "run") == untimed(straight)[6:]
    assert sums(tmp_path / "run", 8) == sums(straight, 8)
    again = copied(straight, tmp_path / "again")
    assert train(data, again, "--resume", str(again / "checkpoints/step-00000006"), steps=8) == 2
    assert "has checkpoints later than" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--precision", "fp16"), "--precision fp16 is not supported: activations of a T5 exceed 65,504"),
        (("--model", "smal"), "unknown model size 'smal'. Did you mean 'small'?"),
        (("--optimizer", "adam"), "unknown optimizer 'adam'. Did you mean 'adamw'?"),
        (("--batch", "6", "--accumulate", "4"), "a batch of 6 rows cannot be split into 4 equal parts"),
        (("--inputs", "2048"), "needs up to 114 sentinels"),
        (("--mixture", "equal", "--alpha", "0.5"), "--alpha and --temperature do not apply to --mixture equal"),
        (("--languages", "fr"), "unknown config of split 'train' 'fr'"),
        (("--objective", "lm", "--architecture", "decoder-lm", "--pack"), "--pack needs an encoder"),
        (("--held-out", "some"), "expected a share such as 1% or 0.01, got 'some'"),
        (("--held-out", "1"), "--held-out 1: expected a share such as 1%, of at most one half"),
        (("--held-out", "1%"), "--held-out 0.01 of the 30 documents of 'de' is less than one: use 3.4% or more"),
        (("--first-tokens", "90000"), "'de' has"),
        (("--steps", "0"), "--steps 0: expected 1 or more"),
        (("--warmup", "9"), "the schedule's warmup is 9, expected 0 to the 4 steps of the run"),
        (("--model", "small", "--init-from", "x"), "--model names a size and --init-from implies one"),
        (("--nonsense",), "unrecognized arguments: --nonsense. See --help."),
        (("--data", "nowhere"), "nowhere holds no finished corpus"),
    ],
)
def test_wrong_use_is_refused_before_any_work(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], message: str
) -> None:
    assert train(data, tmp_path / "run", *arguments) == 2
    assert message in capsys.readouterr().err
    assert not (tmp_path / "run/checkpoints").exists()


def test_one_training_at_a_time(data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run = tmp_path / "run"
    run.mkdir()
    with (run / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        assert train(data, run) == 2
    assert "is being written by another training" in capsys.readouterr().err


def test_a_changed_shard_is_named(data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    copy = Path(shutil.copytree(data, tmp_path / "c4"))
    shard = copy / "en/train-00000-of-00001.parquet"
    shard.write_bytes(shard.read_bytes().replace(b"PAR1", b"PAR2", 1))
    assert train(copy, tmp_path / "run") == 1
    assert f"{shard} was changed or damaged" in capsys.readouterr().err


def test_a_corpus_without_validation_split_trains_all_the_same(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = write_corpus(tmp_path / "c4", {("en", "train"): [[documents(0, 30)]]})
    assert train(folder, tmp_path / "run", steps=2) == 0
    assert "nothing is evaluated. --held-out 1%" in capsys.readouterr().err
    assert rows(tmp_path / "run/eval.csv") == []
    assert train(folder, tmp_path / "held", "--held-out", "10%", "--first-tokens", "100", steps=2) == 0
    assert "on held-out training pages, not on the validation split of a corpus: 3 of en" in capsys.readouterr().err
    assert [row["step"] for row in rows(tmp_path / "held/eval.csv")] == ["0", "0", "2", "2"]
    settings = json.loads((tmp_path / "held/config.json").read_text())["settings"]
    assert (settings["held_out"], settings["first_tokens"]) == (0.1, 100)
    assert evaluate_main(["--run", str(tmp_path / "held"), "--device", "cpu"]) == 0
    said = capsys.readouterr().out.splitlines()
    assert "held-out text of" in said[0]
    last = rows(tmp_path / "held/eval.csv")[-1]
    assert said[-1].split()[1] == f"{float(last['loss']):.4f}"
    assert train(folder, tmp_path / "held", "--held-out", "20%", "--first-tokens", "100", steps=3) == 2
    assert "held_out was 0.1 and is now 0.2" in capsys.readouterr().err


@pytest.mark.parametrize(
    "arguments",
    [
        pytest.param(("--objective", "prefix-lm"), marks=pytest.mark.soak),  # as the next one
        ("--objective", "prefix-lm", "--pack", "--inputs", "64"),
        ("--objective", "ul2", "--inputs", "64"),
        ("--objective", "lm", "--architecture", "decoder-lm"),
        ("--architecture", "prefix-lm"),
        ("--architecture", "shared"),
        pytest.param(("--precision", "bf16"), marks=pytest.mark.soak),  # which is slow on CPUs
    ],
)
def test_variants_train(data: Path, tmp_path: Path, arguments: tuple[str, ...]) -> None:
    assert train(data, tmp_path / "run", *arguments, steps=3) == 0
    losses = [float(row["loss"]) for row in rows(tmp_path / "run/metrics.csv")]
    assert losses[-1] < losses[0]
    assert float(rows(tmp_path / "run/eval.csv")[-1]["loss"]) < losses[0]


@pytest.mark.soak
def test_a_compiled_step_is_the_same_step(data: Path, straight: Path, tmp_path: Path) -> None:
    assert train(data, tmp_path / "run", "--compile", steps=4) == 0
    for one, other in zip(untimed(straight), untimed(tmp_path / "run"), strict=False):
        assert float(one["loss"]) == pytest.approx(float(other["loss"]), rel=1e-4)


def test_a_run_can_start_from_trained_weights(data: Path, straight: Path, tmp_path: Path) -> None:
    """Continued pre-training, from a folder as transformers has them."""
    source = straight / "checkpoints/step-00000008"
    arguments = ("--init-from", str(source), "--schedule", "constant", "--lr", "0.001", "--seed", "7")
    assert train(data, tmp_path / "run", *arguments, steps=2) == 0
    (start, *_) = rows(tmp_path / "run/eval.csv")
    assert start == rows(straight / "eval.csv")[-2] | {"step": "0"}  # what the weights score that it begins with
    before = [float(row["loss"]) for row in rows(straight / "metrics.csv")]
    (first, *_) = [float(row["loss"]) for row in rows(tmp_path / "run/metrics.csv")]
    assert abs(first - before[-1]) < abs(first - before[0])
    name = "tokenizer/spiece.model"
    assert (tmp_path / "run" / name).read_bytes() == (straight / name).read_bytes()


def test_a_dry_run_tells_and_leaves_nothing(data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert train(data, tmp_path / "run", "--dry-run") == 0
    said = capsys.readouterr().out
    assert not (tmp_path / "run").exists()
    assert "34 tokens of text -> inputs 32, targets 8" in said
    for word in ("parameters", "FLOPs", "GiB", "steps per epoch", "no validation split", "<extra_id_0>"):
        assert word in said


def test_every_setting_has_an_option() -> None:
    options = {action.dest for parser in (train_parser(), finetune_parser()) for action in parser._actions}
    # Of --unsupervised, and of --mixture and what goes with it in `model.finetune`.
    otherwise = {"corpus_rates", "task_mixture", "task_limit", "task_temperature"}
    assert {field.name for field in fields(TrainSettings)} - options == otherwise


def test_settings_are_read_as_they_were_written(straight: Path) -> None:
    settings = read_settings(straight)
    assert TrainSettings.from_json(json.loads(json.dumps(settings.to_json()))) == settings
    assert (settings.run, settings.languages, settings.init_from) == (straight, (), None)


def test_tensorboard_has_the_numbers(data: Path, tmp_path: Path) -> None:
    """Also of a run that was stopped and went on: what it had logged after its checkpoint is hidden."""
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    for steps in (2, 4):
        assert train(data, tmp_path / "run", "--tensorboard", steps=steps) == 0
    events = EventAccumulator(str(tmp_path / "run/tensorboard"))
    events.Reload()
    losses = {event.step: event.value for event in events.Scalars("train/loss")}
    written = {int(row["step"]): float(row["loss"]) for row in untimed(tmp_path / "run")}
    assert losses == pytest.approx(written)
    assert [event.step for event in events.Scalars("validation/loss/en")] == [0, 2, 4]
