"""Damage to the folder of a run, and the required result of the next command: for a test and for `make soak`."""

from __future__ import annotations

import io
import random
import shutil
from collections.abc import Callable, Sequence
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from typing import NamedTuple

from model import evaluate, generate
from tests.model.training import train, untimed

OFTEN = ("--save-every", "2", "--eval-every", "4")
LOGS = ("metrics.csv", "eval.csv", "samples.txt")
TEXT = "The sea was <extra_id_0> and a small <extra_id_1> came in."


class Ended(NamedTuple):
    """A command in this process."""

    code: int
    out: str
    said: str


class Runs(NamedTuple):
    """Eight steps, and the same run two steps later: what all that follows a damage is held against."""

    data: Path
    eight: Path
    ten: Path
    answers: dict[str, str]  # command -> what it prints of the first


def ran(command: Callable[[], int]) -> Ended:
    out, said = io.StringIO(), io.StringIO()
    with redirect_stdout(out), redirect_stderr(said):
        code = command()
    return Ended(code, out.getvalue(), said.getvalue())


def commands(data: Path, run: Path) -> dict[str, Callable[[], int]]:
    """The three that read a run."""
    asked = ["--run", str(run), "--device", "cpu"]
    return {
        "train": lambda: train(data, run, *OFTEN, steps=10),
        "generate": lambda: generate.main([*asked, "--max-tokens", "6", "--raw", TEXT]),
        "evaluate": lambda: evaluate.main([*asked, "--data", str(data), "--documents", "1"]),
    }


def prepare(data: Path, folder: Path) -> Runs:
    eight, ten = folder / "eight/run", folder / "ten/run"
    assert ran(lambda: train(data, eight, *OFTEN, steps=8)).code == 0
    shutil.copytree(eight, ten)
    answers = {name: ran(commands(data, eight)[name]).out for name in ("generate", "evaluate")}
    assert ran(commands(data, ten)["train"]).code == 0
    return Runs(data, eight, ten, answers)


def harm(run: Path, draw: random.Random) -> list[Path]:
    """Flips a bit, cuts, or swaps, in one file or two that were drawn; these."""
    files = sorted(path for path in run.rglob("*") if path.is_file() and path.stat().st_size)
    path, other = draw.choice(files), draw.choice(files)
    content = bytearray(path.read_bytes())
    place = draw.randrange(len(content))
    kind = draw.choice(("flip", "cut", "swap within", "swap files"))
    if kind == "flip":
        content[place] ^= 1 << draw.randrange(8)
    elif kind == "cut":
        del content[place:]
    elif kind == "swap within":
        content = content[place:] + content[:place]
    else:
        there = other.read_bytes()
        other.write_bytes(content)
        content = bytearray(there)
    path.write_bytes(content)
    return [path, other] if kind == "swap files" else [path]


def verdict(runs: Runs, run: Path, command: str, harmed: Sequence[Path]) -> str:
    """`same`, `named` or `refused`: what a command made of a damaged copy of the first run. Anything else is a failure.

    Where training goes on, it is to the same weights, and a table that is another is named and lies aside as it was.
    """
    before = {path: path.read_bytes() for path in harmed}
    ended = ran(commands(runs.data, run)[command])
    named = any(_named(path, run, ended.said) for path in harmed)
    if ended.code:
        lines = [line for line in ended.said.splitlines() if line.startswith(f"{command}: ")]
        assert len(lines) == 1, ended
        assert named, (harmed, ended)
        assert "Traceback" not in ended.said, ended
        return "refused"
    if command != "train":
        same = ended.out.replace(str(run), str(runs.eight)) == runs.answers[command]
    else:
        _goes_on(runs, run, before, ended)
        same = all(_log(run, name) == _log(runs.ten, name) for name in LOGS)
    assert same or named, (harmed, ended)
    return "same" if same else "named"


def _goes_on(runs: Runs, run: Path, before: dict[Path, bytes], ended: Ended) -> None:
    for name in ("sha256.json", "tokenizer.json", "spiece.model"):
        newest = "checkpoints/step-00000010"
        assert (run / newest / name).read_bytes() == (runs.ten / newest / name).read_bytes(), name
    for path in (runs.ten / "tokenizer").iterdir():
        assert (run / "tokenizer" / path.name).read_bytes() == path.read_bytes(), path
    for path, content in before.items():
        if path.parent == run and path.name in LOGS and _log(run, path.name) != _log(runs.ten, path.name):
            assert path.with_name(f"{path.name}.old").read_bytes() == content, (path, ended)


def _named(path: Path, run: Path, said: str) -> bool:
    """By its path, or as a file of its checkpoint."""
    folder = path.parent
    return str(path) in said or (folder.parent == run / "checkpoints" and str(folder) in said and path.name in said)


def _log(run: Path, name: str) -> object:
    return untimed(run) if name == "metrics.csv" else (run / name).read_bytes()
