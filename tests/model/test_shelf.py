"""Which checkpoints go: the damaged ones first, and never what is not plainly ours."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Sequence
from pathlib import Path

import pytest
import torch

from model.checkpoint import load_checkpoint, save_checkpoint
from model.errors import TrainError
from model.shelf import CHECKPOINT_SUMS, check_copy, checkpoint_faults, latest, prune
from tests.model.test_checkpoint import checkpoint, flip, names

TOKENIZER = {"spiece.model": b"pieces", "tokenizer.json": b"{}"}


@pytest.fixture
def run(tmp_path: Path) -> Path:
    """With checkpoints of the steps 100 to 400."""
    for step in (100, 200, 300, 400):
        save_checkpoint(tmp_path, checkpoint(step), TOKENIZER)
    return tmp_path


def at(run: Path, step: int) -> Path:
    return run / f"checkpoints/step-{step:08d}"


def steps(run: Path) -> list[int]:
    return [int(name.removeprefix("step-")) for name in names(run) if name.removeprefix("step-").isdigit()]


@pytest.mark.parametrize(
    ("damaged", "last", "every", "left"),
    [
        ([], 2, 0, [300, 400]),
        ([400], 2, 0, [200, 300]),  # the newest counts as none
        ([300], 2, 0, [200, 400]),
        ([300, 400], 1, 0, [200]),
        ([400], 1, 100, [100, 200, 300]),
        ([100], 2, 0, [300, 400]),
        ([100, 200, 300, 400], 2, 0, [100, 200, 300, 400]),  # nothing goes where nothing is good
        ([200, 300, 400], 2, 0, [100]),
    ],
)
def test_damaged_ones_go_first(run: Path, damaged: Sequence[int], last: int, every: int, left: list[int]) -> None:
    for step in damaged:
        flip(at(run, step) / "model.safetensors")
    prune(run, last, every)
    assert steps(run) == left


def test_one_that_was_damaged_since_it_was_looked_at_counts_as_none(run: Path) -> None:
    prune(run, 3)
    flip(at(run, 400) / "training.pt")
    prune(run, 2)
    assert steps(run) == [200, 300]


@pytest.mark.parametrize(
    "kind", ["a note in it", "a folder in it", "no marker", "a damaged marker", "a link", "a file"]
)
def test_what_is_not_plainly_ours_stays(run: Path, tmp_path: Path, kind: str) -> None:
    old = at(run, 100)
    match kind:
        case "a note in it":
            (old / "notes.txt").write_text("mine")
        case "a folder in it":
            (old / "onnx").mkdir()
        case "no marker":
            (old / CHECKPOINT_SUMS).unlink()
        case "a damaged marker":
            (old / CHECKPOINT_SUMS).write_text("{")
        case "a link":
            old.rename(tmp_path / "elsewhere")
            old.symlink_to(tmp_path / "elsewhere")
        case "a file":
            shutil.rmtree(old)
            old.write_text("mine")
    for name in ("step-notes", "step-best.tmp", ".step-x.tmp", ".step-00000900.tmp", "step-000000100"):
        (run / "checkpoints" / name).mkdir()
        (run / "checkpoints" / name / "notes.txt").write_text("mine")
    before = names(run)
    prune(run, 1)
    save_checkpoint(run, checkpoint(500), TOKENIZER)
    prune(run, 1)
    gone = {"step-00000200", "step-00000300", "step-00000400"}
    assert {*names(run)} == ({*before} - gone) | {"step-00000500"}
    assert latest(run)[0] == at(run, 500)


def test_what_stands_under_the_name_of_a_new_checkpoint_is_kept_aside(run: Path) -> None:
    target = at(run, 500)
    target.mkdir()
    (target / "notes.txt").write_text("mine")
    save_checkpoint(run, checkpoint(500), TOKENIZER)
    assert checkpoint_faults(target) == []
    assert (target.with_name("step-00000500.old") / "notes.txt").read_text() == "mine"
    assert latest(run) == (target, [])


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ('["config.json"]', "expected an object of names and sums"),
        ('{"config.json": 3}', "expected an object of names and sums"),
        ('{"../config.json": "0"}', r"'../config.json' is not a file name"),
        ("[" * 100_000, "recursion"),
    ],
)
def test_a_marker_of_others_is_named(run: Path, text: str, fault: str) -> None:
    (at(run, 400) / CHECKPOINT_SUMS).write_text(text)
    (found,) = checkpoint_faults(at(run, 400))
    assert found.startswith("sha256.json cannot be read (")
    assert fault in found


class Evil:
    def __reduce__(self) -> tuple[object, ...]:
        return print, ("a pickle was run",)


@pytest.mark.parametrize("name", ["training.pt", "model.safetensors", "state.json", "config.json"])
def test_a_checkpoint_that_somebody_made_is_refused_in_one_line(
    run: Path, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    """Its sums are right: pickles are never run, and a header of 2**40 bytes is not believed."""
    folder = at(run, 400)
    match name:
        case "training.pt":
            torch.save({"a": Evil()}, folder / name)
        case "model.safetensors":
            (folder / name).write_bytes((2**40).to_bytes(8, "little") + b"{}")
        case _:
            (folder / name).write_text("[" if name == "config.json" else "{}")
    sums = json.loads((folder / CHECKPOINT_SUMS).read_bytes())
    (folder / CHECKPOINT_SUMS).write_text(
        json.dumps(sums | {name: hashlib.sha256((folder / name).read_bytes()).hexdigest()})
    )
    with pytest.raises(TrainError, match="step-00000400 is not a checkpoint of this trainer"):
        load_checkpoint(folder)
    assert "a pickle was run" not in "".join(capsys.readouterr())


def test_a_copy_of_a_checkpoint_is_checked_by_the_sums_that_it_carries(run: Path, tmp_path: Path) -> None:
    folder = at(run, 400)
    (folder / "training.pt").unlink()  # as to publish it
    check_copy(folder)
    check_copy(tmp_path)
    flip(folder / "spiece.model")
    with pytest.raises(TrainError, match=r"is damaged: spiece\.model does not match sha256\.json"):
        check_copy(folder)
