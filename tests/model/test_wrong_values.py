"""Every option of the trainer with values that it cannot have: one line, exit code 2, and nothing is written."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

import pytest
import torch

from model import evaluate, generate
from model.arguments import evaluate_parser, generate_parser, train_parser
from tests.model.training import train, write_stories

HUGE = str(2**64)
COUNTS = ("0", "-1", "1.5", "nan", "x", "", HUGE)  # of a whole number of 1 or more
SHARES = ("nan", "inf", "-inf", "-0.1", "x", "")  # of a number of 0 or more

# Option -> the values that are refused. A value is one word, or several with the options that it needs.
TRAINING: dict[str, tuple[str, ...]] = {
    "--data": ("nowhere", ""),
    "--run": ("/dev/null", "/dev/null/run", ""),
    "--model": ("smal", "", "pretrained"),
    "--steps": COUNTS,
    "--resume": ("nowhere", "/dev/null", "/tmp", ""),
    "--init-from": ("nowhere", "/dev/null", "/tmp", ""),
    "--batch": COUNTS,
    "--inputs": ("1", *COUNTS),
    "--objective": ("spam", ""),
    "--spans": ("dates+", "nowhere", "/dev/null", "/tmp", ""),
    "--targets": tuple(f"{value} --objective salient" for value in ("1", *COUNTS)),
    "--density": ("0", "1", *SHARES),
    "--mean-span": ("0", *SHARES),
    "--languages": ("fr", "", ","),
    "--mixture": ("equall", ""),
    "--alpha": SHARES,
    "--temperature": ("0", "nan", "-1", "1e-320", "x"),
    "--limit": ("0", "-1", "nan", "x", ""),
    "--tokenizer": ("nowhere", "/dev/null", "/tmp", ""),
    "--vocab-size": ("1000001", *COUNTS),
    "--sentinels": ("1", "10001", *COUNTS),  # one, where up to two are needed
    "--workers": ("-1", "1.5", "x", HUGE),
    "--seed": ("-1", "1.5", "x", HUGE),
    "--optimizer": ("adam", ""),
    "--schedule": ("square", ""),
    "--lr": SHARES,
    "--warmup": ("-1", "1.5", "5", HUGE),
    "--floor": tuple(f"{value} --schedule cosine" for value in ("nan", "inf", "-1", "1", "x")),
    "--weight-decay": SHARES,
    "--clip": ("0", *SHARES),
    "--z-loss": SHARES,
    "--dropout": ("1", *SHARES),
    "--architecture": ("decoder", ""),
    "--layers": ("0", "-1", "1.5", "x", "", HUGE),
    "--accumulate": ("3", "16", *COUNTS),
    "--device": ("gpu", "cuda:x", "cuda:", "cuda:9999", "cpu:0", "mps", "meta", "cuda:-1", ""),
    "--precision": ("fp16", "fp64", ""),
    "--parallel": ("fsdp", "dp", ""),
    "--log-every": COUNTS,
    "--eval-every": COUNTS,
    "--eval-documents": COUNTS,
    "--held-out": ("1", "60%", "%", *SHARES),
    "--first-tokens": ("0", "-1", "1.5", "nan", "x", ""),
    "--samples": ("-1", "1.5", "x", HUGE),
    "--save-every": COUNTS,
    "--keep": COUNTS,
    "--keep-every": ("-1", "1.5", "x", HUGE),
}
GENERATING: dict[str, tuple[str, ...]] = {
    "--run": ("nowhere", "/dev/null", ""),
    "--checkpoint": ("nowhere", "/dev/null", "/tmp"),
    "--device": TRAINING["--device"],
    "--beams": COUNTS,
    "--temperature": tuple(f"{value} --sample" for value in ("0", "-1", "nan", "inf", "x")),
    "--top-k": tuple(f"{value} --sample" for value in ("-1", "1.5", "x")),
    "--top-p": tuple(f"{value} --sample" for value in ("0", "1.1", "nan", "x")),
    "--seed": tuple(f"{value} --sample" for value in ("-1", "1.5", HUGE, "x")),
    "--max-tokens": COUNTS,
    "--trace": ("nowhere", "/dev/null", "/tmp"),
}
EVALUATING: dict[str, tuple[str, ...]] = {
    "--run": ("nowhere", "/dev/null", ""),
    "--checkpoint": ("nowhere", "/dev/null", "/tmp"),
    "--device": TRAINING["--device"],
    "--data": ("nowhere",),
    "--split": ("test",),
    "--languages": ("", ","),
    "--batch": COUNTS,
    "--documents": COUNTS,
    "--precision": ("fp16", ""),
}


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_stories(tmp_path_factory.mktemp("data") / "c4")


@pytest.fixture(autouse=True)
def _no_processes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of torchrun."""
    for name in ("WORLD_SIZE", "RANK", "LOCAL_RANK", "LOCAL_WORLD_SIZE", "MASTER_ADDR", "MASTER_PORT"):
        monkeypatch.delenv(name, raising=False)


def options(parser: ArgumentParser) -> set[str]:
    """Those that take a value."""
    return {action.option_strings[0] for action in parser._actions if action.option_strings and action.nargs != 0}


@pytest.mark.parametrize(
    ("parser", "table"),
    [(train_parser(), TRAINING), (generate_parser(), GENERATING), (evaluate_parser(), EVALUATING)],
)
def test_no_option_is_left_out(parser: ArgumentParser, table: dict[str, Any]) -> None:
    assert options(parser) == {*table}


def line(said: str, command: str) -> None:
    assert said.startswith(f"{command}: ")
    assert said.count("\n") == 1
    assert said.rstrip()[-1] != ":"


@pytest.mark.parametrize("option", TRAINING)
@pytest.mark.parametrize("more", [(), ("--dry-run",)], ids=["train", "dry run"])
def test_training(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], option: str, more: tuple[str, ...]
) -> None:
    for value in TRAINING[option]:
        word, *needs = value.split(" ")
        assert train(data, tmp_path / "run", f"{option}={word}", *needs, *more) == 2, value
        line(capsys.readouterr().err, "train")
        assert [*tmp_path.iterdir()] == [], value


@pytest.mark.parametrize("option", GENERATING)
def test_generating(tmp_path: Path, capsys: pytest.CaptureFixture[str], option: str) -> None:
    for value in GENERATING[option]:
        words = [f"{option}={value.split(' ')[0]}", *value.split(" ")[1:]]
        assert generate.main(["--run", str(tmp_path), "--device=cpu", *words, "text"]) == 2, value
        line(capsys.readouterr().err, "generate")


@pytest.mark.parametrize("option", EVALUATING)
def test_evaluating(tmp_path: Path, capsys: pytest.CaptureFixture[str], option: str) -> None:
    for value in EVALUATING[option]:
        assert evaluate.main(["--run", str(tmp_path), "--device=cpu", f"{option}={value}"]) == 2, value
        line(capsys.readouterr().err, "evaluate")


@pytest.mark.parametrize("device", ["cuda", "cuda:0"])
def test_a_device_that_is_not_there(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, device: str
) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert generate.main(["--run", str(tmp_path), "--device", device, "text"]) == 2
    assert evaluate.main(["--run", str(tmp_path), "--device", device]) == 2
    assert train(data, tmp_path / "run", "--device", device) == 2
    assert capsys.readouterr().err.count(f"--device {device}: this machine or this torch has no CUDA") == 3


TWO = {"WORLD_SIZE": "2", "RANK": "0", "LOCAL_RANK": "0", "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": "29500"}


@pytest.mark.parametrize(
    ("changes", "arguments", "said"),
    [
        ({"RANK": ""}, (), "WORLD_SIZE is 2, but RANK is not set. Start several processes with torchrun"),
        ({"LOCAL_RANK": ""}, (), "LOCAL_RANK is not set"),
        ({"MASTER_ADDR": ""}, (), "MASTER_ADDR is not set"),
        ({"MASTER_PORT": ""}, (), "MASTER_PORT is not set"),
        ({"MASTER_PORT": "99999"}, (), "MASTER_PORT is 99999, expected 1 to 65535"),
        ({"WORLD_SIZE": "two"}, (), "WORLD_SIZE is 'two', expected a whole number"),
        ({"WORLD_SIZE": "-2"}, (), "WORLD_SIZE is '-2', expected a whole number"),
        ({"RANK": "first"}, (), "RANK is 'first', expected a whole number"),
        ({"WORLD_SIZE": "3", "RANK": "0"}, (), "a batch of 8 rows cannot be split over 3 ranks"),
        ({}, ("--accumulate", "8"), "each with 8 equal parts: use a multiple of 16"),
        ({}, ("--parallel", "fsdp", "--architecture", "shared"), "cannot spread blocks that encoder and decoder share"),
    ],
)
def test_what_torchrun_says(
    data: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    changes: dict[str, str],
    arguments: tuple[str, ...],
    said: str,
) -> None:
    for name, value in (TWO | changes).items():
        monkeypatch.setenv(name, value)
    assert train(data, tmp_path / "run", *arguments) == 2
    error = capsys.readouterr().err
    assert said in error
    line(error, "train")
